/* SPDX-License-Identifier: MIT */
/*
 * Ramps and the search for the highest rate, fed with numbers: run_do() is
 * replaced by a server that keeps up with so many a second.
 */
#include "load/search.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "load/run.h"

/* The server, and the host that asks it. */
static struct {
	double capacity;	    /* of the server */
	double generator_capacity;  /* of us; 0: no limit */
	unsigned interrupted_after; /* runs; 0: never */
	unsigned fails_after;
	unsigned hiccup_at;	 /* that run does not hold */
	unsigned disturbed_from; /* then what does not hold is our host's */
	bool refuses, is_wrong;
	unsigned n;
	double rates[200];
	unsigned clients[200];
} story;

static struct load_options options;
static struct plan plan;
static struct monitor *monitor;
static struct result result;
static struct tally *tally;

int run_do(const struct plan *asked, struct monitor *watched, struct tally *out)
{
	double rate = asked->rate > 0 ? asked->rate : 100 * asked->clients;
	bool is_ours =
		story.generator_capacity > 0 && rate > story.generator_capacity;
	bool is_over = rate > story.capacity;

	ck_assert_ptr_eq(watched, monitor);
	if (story.n == story.fails_after && story.fails_after > 0) {
		errno = EAGAIN;
		return -1;
	}
	ck_assert_uint_lt(story.n, ARRAY_LEN(story.rates));
	story.rates[story.n] = rate;
	story.clients[story.n++] = asked->clients;
	memset(out, 0, sizeof(*out));
	out->target_rate = asked->rate;
	out->clients = asked->clients;
	out->duration_s = out->span_s = 1;
	out->stats.bytes_received = 1;
	is_over |= story.n == story.hiccup_at;
	is_ours |= is_over && story.disturbed_from > 0 &&
		   story.n > story.disturbed_from;
	out->busiest = is_ours ? 1 : 0.1;
	out->stats.sent = (uint64_t)(is_ours ? rate / 2 : rate);
	out->stats.unsent = is_ours ? (uint64_t)(rate / 2) : 0;
	out->stats.exchanges = is_over ? out->stats.sent / 2 : out->stats.sent;
	out->stats.lost = out->stats.sent - out->stats.exchanges;
	for (uint64_t i = 0; i < out->stats.exchanges && i < 1000; i++)
		histogram_add(&out->stats.latency, 1000000);
	if (story.refuses) {
		out->stats.exchanges = out->stats.bytes_received = 0;
		out->stats.errors[ECONNREFUSED] = 1;
	}
	out->stats.corrupt = story.is_wrong && story.n == 1;
	out->is_interrupted = story.n == story.interrupted_after;
	return 0;
}

static void set_up(void)
{
	memset(&story, 0, sizeof(story));
	options = (struct load_options){.ramp_from = 1, .jobs = 1};
	plan = (struct plan){.options = &options, .clients = 10};
	result_init(&result);
	monitor = monitor_new(NULL, &result.intervals, false);
	tally = calloc(1, sizeof(*tally));
	ck_assert_ptr_nonnull(monitor);
	ck_assert_ptr_nonnull(tally);
}

static void tear_down(void)
{
	monitor_free(monitor);
	result_clear(&result);
	free(tally);
}

static void find_max(const char *condition)
{
	struct slice bad;
	const char *cause;

	ck_assert_int_eq(
		thresholds_parse(&options.find_max, condition, &bad, &cause),
		0);
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), 0);
}

/* --- one run, and ramps --- */

START_TEST(without_steps_there_is_one_run)
{
	story.capacity = 1e9;
	story.is_wrong = true;
	plan.rate = 500;
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), 0);
	ck_assert_uint_eq(story.n, 1);
	ck_assert_uint_eq(result.steps.n, 0);
	ck_assert_double_eq(tally_rate(tally), 500);
	ck_assert(tally->saw_wrong);
	ck_assert_ptr_null(result.found.condition);
}
END_TEST

START_TEST(a_ramp_climbs_in_equal_steps)
{
	static const double rates[] = {100, 200, 300, 400};

	story.capacity = 250;
	story.is_wrong = true;
	options.ramp = RAMP_RATE;
	options.ramp_from = 100;
	options.ramp_to = 400;
	options.ramp_steps = 4;
	options.duration_ns = 8000;
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), 0);
	ck_assert_uint_eq(story.n, 4);
	ck_assert_uint_eq(result.steps.n, 4);
	ck_assert_uint_eq(plan.duration_ns, 2000);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_double_eq(story.rates[i], rates[i]);
		ck_assert_double_eq(result.steps.at[i].target_rate, rates[i]);
		ck_assert(result.steps.at[i].held == (i < 2));
	}
	ck_assert(tally->is_several);
	ck_assert(tally->saw_wrong);
	ck_assert_double_eq(tally->duration_s, 4);
	ck_assert_uint_eq(tally->stats.sent, 1000);
}
END_TEST

START_TEST(a_ramp_of_clients_has_whole_ones)
{
	story.capacity = 1e9;
	options.ramp = RAMP_CLIENTS;
	options.ramp_from = 1;
	options.ramp_to = 2;
	options.ramp_steps = 4;
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), 0);
	ck_assert_uint_eq(story.clients[0], 1);
	ck_assert_uint_eq(story.clients[1], 1);
	ck_assert_uint_eq(story.clients[2], 2);
	ck_assert_uint_eq(story.clients[3], 2);
	ck_assert(isnan(result.steps.at[0].target_rate));
}
END_TEST

START_TEST(a_ramp_of_one_step_is_its_beginning)
{
	story.capacity = 1e9;
	options.ramp = RAMP_RATE;
	options.ramp_from = 100;
	options.ramp_to = 400;
	options.ramp_steps = 1;
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), 0);
	ck_assert_double_eq(story.rates[0], 100);
}
END_TEST

/* In the closed loop there is no rate to miss. */
START_TEST(without_an_exchange_no_step_holds)
{
	story.capacity = 1e9;
	story.refuses = true;
	options.ramp = RAMP_CLIENTS;
	options.ramp_from = options.ramp_to = 3;
	options.ramp_steps = 1;
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), 0);
	ck_assert(!result.steps.at[0].held);
}
END_TEST

START_TEST(one_exchange_is_enough_for_a_step)
{
	story.capacity = 1e9;
	options.ramp = RAMP_RATE;
	options.ramp_from = options.ramp_to = 1;
	options.ramp_steps = 1;
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), 0);
	ck_assert(result.steps.at[0].held);
}
END_TEST

START_TEST(a_ramp_ends_when_it_is_interrupted)
{
	story.capacity = 1e9;
	story.interrupted_after = 2;
	options.ramp = RAMP_RATE;
	options.ramp_to = 100;
	options.ramp_steps = 5;
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), 0);
	ck_assert_uint_eq(result.steps.n, 2);
	ck_assert(tally->is_interrupted);
	ck_assert(!result.steps.at[1].held);
}
END_TEST

START_TEST(a_run_that_cannot_start_ends_all)
{
	story.capacity = 1e9;
	story.fails_after = 2;
	options.ramp = RAMP_RATE;
	options.ramp_to = 100;
	options.ramp_steps = 5;
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(result.steps.n, 2);
}
END_TEST

START_TEST(nor_does_a_search_go_on)
{
	struct slice bad;
	const char *cause;

	story.capacity = 1e9;
	story.fails_after = 2;
	ck_assert_int_eq(
		thresholds_parse(&options.find_max, "p99<1s", &bad, &cause), 0);
	ck_assert_int_eq(search_run(&plan, monitor, &result, tally), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(result.steps.n, 2);
}
END_TEST

/* --- the search --- */

static const double capacities[] = {200,   999,	   1000, 1001, 12345,
				    77777, 300000, 2e6,	 9.9e7};

START_TEST(the_highest_rate_is_found_to_three_percent)
{
	story.capacity = capacities[_i];
	find_max("loss<50%");
	ck_assert_double_le(result.found.rate, story.capacity);
	ck_assert_double_ge(result.found.rate * 1.03, story.capacity);
	ck_assert_str_eq(result.found.condition, "loss<50%");
	ck_assert(!result.found.generator_limited);
	ck_assert_ptr_null(result.found.remark);
	/* The best step, and not the last. */
	ck_assert_double_eq_tol(tally_rate(tally), result.found.rate, 1);
	ck_assert(!tally->is_interrupted);
}
END_TEST

START_TEST(it_begins_at_the_rate_that_is_given)
{
	story.capacity = 50000;
	options.rate = 40000;
	find_max("errors<1");
	ck_assert_double_eq(story.rates[0], 40000);
	ck_assert_double_eq(story.rates[1], 80000);
	ck_assert_double_eq(story.rates[2], 80000); /* once more */
	ck_assert_double_eq(story.rates[3], 60000);
}
END_TEST

START_TEST(one_hiccup_decides_nothing)
{
	story.capacity = 50000;
	story.hiccup_at = 3;
	find_max("loss<1%");
	ck_assert_double_eq(story.rates[2], story.rates[3]);
	ck_assert_double_ge(result.found.rate * 1.03, 50000);
}
END_TEST

START_TEST(the_condition_must_hold)
{
	story.capacity = 1e9;
	find_max("rate<5000");
	ck_assert_double_lt(result.found.rate, 5000);
	ck_assert_double_ge(result.found.rate * 1.03, 5000);
}
END_TEST

START_TEST(where_none_holds_none_is_found)
{
	find_max("loss<1%");
	ck_assert(isnan(result.found.rate));
	ck_assert_str_eq(result.found.condition, "loss<1%");
	ck_assert_uint_lt(story.n, 30);
}
END_TEST

START_TEST(it_ends_where_no_server_is_faster)
{
	story.capacity = 1e12;
	find_max("loss<1%");
	ck_assert_double_gt(result.found.rate, 1e8);
	ck_assert_uint_lt(story.n, 30);
}
END_TEST

START_TEST(our_own_limit_is_told)
{
	story.capacity = 1e12;
	story.generator_capacity = 30000;
	find_max("loss<1%");
	ck_assert_double_le(result.found.rate, 30000);
	ck_assert(result.found.generator_limited);
	ck_assert_ptr_nonnull(
		strstr(result.found.remark, "generator can do no more"));
}
END_TEST

/* It has sent 64,000 a second in time, twice, so at a lower rate something was
 * in its way: that is tried more often. */
START_TEST(a_disturbed_host_is_tried_again_and_told)
{
	story.capacity = 40000;
	options.rate = 64000;
	story.disturbed_from = 2;
	find_max("loss<10%");
	ck_assert_double_eq(story.rates[2], 16000);
	ck_assert_double_eq(story.rates[3], 40000);
	for (size_t i = 4; i < 4 + 6; i++)
		ck_assert_double_eq(story.rates[i], 52000);
	ck_assert_double_eq(story.rates[10], 46000);
	ck_assert_double_eq(story.rates[11], 46000);
	ck_assert_double_ne(story.rates[12], 46000);
	ck_assert(!result.found.generator_limited);
	ck_assert_ptr_nonnull(
		strstr(result.found.remark, "/s the generator was kept from"));
}
END_TEST

START_TEST(who_refuses_is_not_asked_again)
{
	story.refuses = true;
	find_max("loss<1%");
	ck_assert_uint_eq(story.n, 1);
	ck_assert(tally->is_given_up);
}
END_TEST

START_TEST(an_interrupted_search_tells_what_it_has)
{
	story.capacity = 1e9;
	story.interrupted_after = 3;
	find_max("loss<1%");
	ck_assert_uint_eq(story.n, 3);
	ck_assert_double_eq(result.found.rate, 2000);
	ck_assert(tally->is_interrupted);
	ck_assert_double_eq(tally_rate(tally), 2000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("search");
	TCase *tcase = harness_case(suite, "ramp");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, without_steps_there_is_one_run);
	tcase_add_test(tcase, a_ramp_climbs_in_equal_steps);
	tcase_add_test(tcase, a_ramp_of_clients_has_whole_ones);
	tcase_add_test(tcase, a_ramp_of_one_step_is_its_beginning);
	tcase_add_test(tcase, without_an_exchange_no_step_holds);
	tcase_add_test(tcase, one_exchange_is_enough_for_a_step);
	tcase_add_test(tcase, a_ramp_ends_when_it_is_interrupted);
	tcase_add_test(tcase, a_run_that_cannot_start_ends_all);
	tcase_add_test(tcase, nor_does_a_search_go_on);

	tcase = harness_case(suite, "search");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_highest_rate_is_found_to_three_percent,
			    0, (int)ARRAY_LEN(capacities));
	tcase_add_test(tcase, it_begins_at_the_rate_that_is_given);
	tcase_add_test(tcase, one_hiccup_decides_nothing);
	tcase_add_test(tcase, the_condition_must_hold);
	tcase_add_test(tcase, where_none_holds_none_is_found);
	tcase_add_test(tcase, it_ends_where_no_server_is_faster);
	tcase_add_test(tcase, our_own_limit_is_told);
	tcase_add_test(tcase, a_disturbed_host_is_tried_again_and_told);
	tcase_add_test(tcase, who_refuses_is_not_asked_again);
	tcase_add_test(tcase, an_interrupted_search_tells_what_it_has);
	return harness_run(suite);
}
