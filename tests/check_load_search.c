/* SPDX-License-Identifier: MIT */
/*
 * Ramps and searches of uppercase-load, on a server with a known ceiling: it
 * answers 100 datagrams every 50 ms, 2000 a second, and drops the rest.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "load_fixture.h"

static struct peer rogue;
static json_t *result;

static void start_honest(void)
{
	rogue = rogue_start(SOCK_STREAM, (struct rogue_plan){MISCHIEF_NONE, 0,
							     0, 64, false});
}

static void finish(void)
{
	json_decref(result);
	rogue_stop(&rogue);
}

/* How much of what is below the ceiling comes back is the host's affair. */
START_TEST(a_ramp_climbs_and_shows_the_ceiling)
{
	static const double targets[] = {250, 1000, 1750, 2500, 3250};

	rogue = load_start_ceiling();
	result = load_run(0, rogue.port, "-u", "--ramp=250:3250:5", "-d", "2s",
			  "--timeout=100ms");
	ck_assert_uint_eq(json_array_size(json_object_get(result, "steps")), 5);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		ck_assert(
			fabs(load_number(load_step(result, i), "target_rate") -
			     targets[i]) < 1);
	ck_assert(load_step_held(result, 0));
	ck_assert(!load_step_held(result, 3));
	ck_assert(!load_step_held(result, 4));
	ck_assert(load_number(load_step(result, 0), "loss_percent") < 1);
	/* 1250 of 3250 are dropped, or more. */
	ck_assert(load_number(load_step(result, 4), "loss_percent") > 30);
	ck_assert(load_number(load_step(result, 4), "rate") <
		  LOAD_CEILING + 200);
	ck_assert(load_number(result, "lost") ==
		  (double)rogue_score()->tampered);
	load_expect_limited(result);
	ck_assert(json_array_size(json_object_get(result, "intervals")) >= 10);
	finish();
}
END_TEST

/* With -c it is the clients that climb. */
START_TEST(a_ramp_of_clients_climbs)
{
	start_honest();
	result = load_run(0, rogue.port, "-c", "1", "--ramp=1:9:3", "-d",
			  "600ms");
	for (size_t i = 0; i < 3; i++) {
		ck_assert(load_number(load_step(result, i), "clients") ==
			  (double)(1 + 4 * i));
		ck_assert(json_is_null(
			json_object_get(load_step(result, i), "target_rate")));
		ck_assert(load_step_held(result, i));
	}
	ck_assert_uint_eq(rogue_score()->connections, 1 + 5 + 9);
	finish();
}
END_TEST

START_TEST(a_ramp_says_what_climbs_when_both_are_given)
{
	start_honest();
	result = load_run(0, rogue.port, "-c", "3", "--ramp=rate:200:400:2",
			  "-d", "400ms");
	ck_assert(load_number(load_step(result, 0), "clients") == 3);
	ck_assert(load_number(load_step(result, 1), "target_rate") == 400);
	finish();
}
END_TEST

START_TEST(the_highest_rate_is_found)
{
	double rate;

	rogue = load_start_ceiling();
	result = load_run(0, rogue.port, "-u", "--find-max=loss<1%,p99<50ms",
			  "-d", "500ms", "--timeout=100ms");
	load_expect_found(result, LOAD_CEILING);
	rate = load_number(result, "find_max.rate");
	/* The result is that of the best step. */
	ck_assert(load_number(result, "target_rate") == rate);
	ck_assert(load_number(result, "loss_percent") < 1);
	finish();
}
END_TEST

/* The result is that of the best step, in which none may be. */
START_TEST(wrong_replies_in_any_step_end_with_4)
{
	rogue = rogue_start(SOCK_DGRAM, (struct rogue_plan){MISCHIEF_CORRUPT,
							    10, 0, 0, false});
	result = load_run(4, rogue.port, "-u", "--find-max=corrupt=0", "-d",
			  "50ms", "--timeout=20ms", "-R", "200");
	ck_assert(!load_step_held(result, 0));
	finish();
}
END_TEST

START_TEST(what_never_holds_is_not_found)
{
	rogue = load_start_ceiling();
	result = load_run(0, rogue.port, "-u", "--find-max=min<1us", "-d",
			  "20ms", "--timeout=20ms", "-R", "100");
	ck_assert(json_is_null(
		json_object_get(json_object_get(result, "find_max"), "rate")));
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load search");
	TCase *tcase = harness_case(suite, "search");

	load_use();
	tcase_add_test(tcase, a_ramp_climbs_and_shows_the_ceiling);
	tcase_add_test(tcase, a_ramp_of_clients_climbs);
	tcase_add_test(tcase, a_ramp_says_what_climbs_when_both_are_given);
	tcase_add_test(tcase, the_highest_rate_is_found);
	tcase_add_test(tcase, wrong_replies_in_any_step_end_with_4);
	tcase_add_test(tcase, what_never_holds_is_not_found);
	return harness_run(suite);
}
