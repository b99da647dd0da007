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

#define CEILING 2000.0

static struct peer rogue;
static json_t *result;

static void start_ceiling(void)
{
	rogue = rogue_start(SOCK_DGRAM, (struct rogue_plan){MISCHIEF_CEILING,
							    100, 0, 0, false});
}

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

static json_t *step(size_t i)
{
	return json_array_get(json_object_get(result, "steps"), i);
}

/* On a busy host it may be that the generator was too slow besides. */
static void expect_limited(void)
{
	const char *verdict =
		json_string_value(json_object_get(result, "verdict"));

	if (!strstr(verdict, "was the limit"))
		harness_fail("the verdict is: %s", verdict);
}

static bool is_held(size_t i)
{
	return json_is_true(json_object_get(step(i), "held"));
}

/* How much of what is below the ceiling comes back is the host's affair. */
START_TEST(a_ramp_climbs_and_shows_the_ceiling)
{
	static const double targets[] = {250, 1000, 1750, 2500, 3250};

	start_ceiling();
	result = load_run(0, rogue.port, "-u", "--ramp=250:3250:5", "-d", "2s",
			  "--timeout=100ms");
	ck_assert_uint_eq(json_array_size(json_object_get(result, "steps")), 5);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		ck_assert(fabs(load_number(step(i), "target_rate") -
			       targets[i]) < 1);
	ck_assert(is_held(0));
	ck_assert(!is_held(3));
	ck_assert(!is_held(4));
	ck_assert(load_number(step(0), "loss_percent") < 1);
	/* 1250 of 3250 are dropped, or more. */
	ck_assert(load_number(step(4), "loss_percent") > 30);
	ck_assert(load_number(step(4), "rate") < CEILING + 200);
	ck_assert(load_number(result, "lost") ==
		  (double)rogue_score()->tampered);
	expect_limited();
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
		ck_assert(load_number(step(i), "clients") ==
			  (double)(1 + 4 * i));
		ck_assert(
			json_is_null(json_object_get(step(i), "target_rate")));
		ck_assert(is_held(i));
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
	ck_assert(load_number(step(0), "clients") == 3);
	ck_assert(load_number(step(1), "target_rate") == 400);
	finish();
}
END_TEST

/*
 * What is found held, and nothing higher did; above the ceiling nothing can.
 * How far below it the search ends is the host's affair.
 */
static void expect_found(double rate)
{
	size_t n = json_array_size(json_object_get(result, "steps"));

	ck_assert_msg(rate > 0 && rate < 1.15 * CEILING, "found %g", rate);
	for (size_t i = 0; i < n; i++)
		if (is_held(i))
			ck_assert(load_number(step(i), "target_rate") <= rate);
}

START_TEST(the_highest_rate_is_found)
{
	double rate;

	start_ceiling();
	result = load_run(0, rogue.port, "-u", "--find-max=loss<1%,p99<50ms",
			  "-d", "500ms", "--timeout=100ms");
	rate = load_number(result, "find_max.rate");
	expect_found(rate);
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
	ck_assert(!is_held(0));
	finish();
}
END_TEST

START_TEST(what_never_holds_is_not_found)
{
	start_ceiling();
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
