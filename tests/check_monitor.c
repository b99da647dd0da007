/* SPDX-License-Identifier: MIT */
/*
 * Intervals out of running sums: where they are cut, what is in each, and that
 * together they are the whole.
 */
#include "load/monitor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define S  UINT64_C(1000000000)
#define T0 (UINT64_C(500) * S)

static const struct load_options options;
static struct plan plan;
static struct sink *sink;
static struct monitor *monitor;
static struct result result;
static struct stats sum;

static void set_up(void)
{
	char cause[SINK_CAUSE_SIZE];

	plan = (struct plan){.options = &options};
	memset(&sum, 0, sizeof(sum));
	result_init(&result);
	sink = sink_new(&options, cause);
	ck_assert_ptr_nonnull(sink);
	monitor = monitor_new(sink, &result.intervals, false);
	ck_assert_ptr_nonnull(monitor);
}

static void tear_down(void)
{
	monitor_free(monitor);
	sink_free(sink);
	result_clear(&result);
}

static void answer(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		histogram_add(&sum.latency, 1000000);
	sum.sent += n;
	sum.exchanges += n;
}

static void assert_row(size_t i, double t_s, double rate)
{
	ck_assert_uint_lt(i, result.intervals.n);
	ck_assert_double_eq_tol(result.intervals.at[i].t_s, t_s, 1e-6);
	ck_assert_double_eq_tol(result.intervals.at[i].rate, rate, 1e-3);
}

START_TEST(a_short_run_has_ten_parts)
{
	plan.duration_ns = 2 * S;
	monitor_begin(monitor, &plan, T0);
	ck_assert_uint_eq(monitor_next_ns(monitor), T0 + S / 5);
	for (uint64_t i = 1; i < 10; i++) {
		answer(i);
		monitor_update(monitor, &sum, T0 + i * S / 5 - 1);
		ck_assert_uint_eq(result.intervals.n, i - 1);
		monitor_update(monitor, &sum, T0 + i * S / 5);
		assert_row(i - 1, 0.2 * (double)i, 5 * (double)i);
	}
	ck_assert_uint_eq(monitor_next_ns(monitor), UINT64_MAX);
	answer(10);
	monitor_end(monitor, &sum, T0 + 2 * S);
	ck_assert_uint_eq(result.intervals.n, 10);
	assert_row(9, 2, 50);
}
END_TEST

START_TEST(a_long_run_has_one_a_second_and_no_splinter_at_the_end)
{
	plan.duration_ns = 10 * S + S / 4;
	monitor_begin(monitor, &plan, T0);
	for (uint64_t i = 1; i <= 10; i++)
		monitor_update(monitor, &sum, T0 + i * S);
	ck_assert_uint_eq(result.intervals.n, 9);
	monitor_end(monitor, &sum, T0 + plan.duration_ns);
	ck_assert_uint_eq(result.intervals.n, 10);
	assert_row(9, 10.25, 0);
}
END_TEST

/* We were kept from it: what is late is longer, and the next ends by plan. */
START_TEST(the_bounds_are_those_of_the_plan)
{
	plan.duration_ns = 20 * S;
	monitor_begin(monitor, &plan, T0);
	answer(7);
	monitor_update(monitor, &sum, T0 + 3 * S + S / 2);
	assert_row(0, 3.5, 2);
	ck_assert_uint_eq(monitor_next_ns(monitor), T0 + 4 * S);
	answer(7);
	monitor_update(monitor, &sum, T0 + 4 * S);
	assert_row(1, 4, 14);
}
END_TEST

START_TEST(each_has_its_own_times_losses_and_errors)
{
	const struct result_row *rows;

	plan.duration_ns = 20 * S;
	monitor_begin(monitor, &plan, T0);
	histogram_add(&sum.latency, 100);
	sum.lost = 3;
	sum.errors[ERROR_TIMEOUT] = 2;
	monitor_update(monitor, &sum, T0 + S);
	histogram_add(&sum.latency, 200);
	sum.lost = 1; /* two were late after all */
	sum.errors[ERROR_TIMEOUT] = 5;
	monitor_update(monitor, &sum, T0 + 2 * S);
	rows = result.intervals.at;
	ck_assert_double_eq(rows[0].latency.us[TIME_MAX], 0.1);
	ck_assert_double_eq(rows[1].latency.us[TIME_MAX], 0.2);
	ck_assert_double_eq(rows[0].lost, 3);
	ck_assert_double_eq(rows[1].lost, -2);
	ck_assert_double_eq(rows[0].errors, 2);
	ck_assert_double_eq(rows[1].errors, 3);
	ck_assert_uint_eq(strlen(rows[0].time), 24);
}
END_TEST

START_TEST(before_the_start_nothing_is_counted)
{
	ck_assert_uint_eq(monitor_next_ns(monitor), UINT64_MAX);
	monitor_update(monitor, &sum, T0);
	plan.duration_ns = 20 * S;
	monitor_begin(monitor, &plan, T0);
	monitor_update(monitor, &sum, T0 - 1);
	monitor_end(monitor, &sum, T0);
	ck_assert_uint_eq(result.intervals.n, 0);
}
END_TEST

START_TEST(steps_stand_one_behind_the_other)
{
	plan.duration_ns = 2 * S;
	monitor_begin(monitor, &plan, T0);
	monitor_end(monitor, &sum, T0 + 2 * S);
	monitor_begin(monitor, &plan, T0 + 100 * S);
	answer(4);
	monitor_end(monitor, &sum, T0 + 102 * S);
	assert_row(0, 2, 0);
	assert_row(1, 4, 2);
}
END_TEST

/* Two on a schedule of one a second are one a second and not two. */
START_TEST(the_last_one_has_the_time_of_all_that_was_due)
{
	plan.count = 2;
	plan.rate = 1;
	monitor_begin(monitor, &plan, T0);
	answer(2);
	monitor_update(monitor, &sum, T0 + S);
	ck_assert_uint_eq(result.intervals.n, 0); /* all is sent */
	monitor_end(monitor, &sum, T0 + S + 300000);
	assert_row(0, 1.0003, 1);
}
END_TEST

START_TEST(the_same_when_the_second_comes_after_the_cut)
{
	plan.count = 2;
	plan.rate = 1;
	monitor_begin(monitor, &plan, T0);
	answer(1);
	monitor_update(monitor, &sum, T0 + S);
	assert_row(0, 1, 1);
	answer(1);
	monitor_end(monitor, &sum, T0 + S + 300000);
	assert_row(1, 1.0003, 1);
}
END_TEST

/* What was due and not sent has its time as well. */
START_TEST(what_was_not_sent_was_due)
{
	plan.count = 4;
	plan.rate = 1;
	monitor_begin(monitor, &plan, T0);
	answer(2);
	sum.unsent = 2;
	monitor_end(monitor, &sum, T0 + S);
	assert_row(0, 1, 0.5);
}
END_TEST

/* What was behind its schedule at the cut is made up for, not told twice. */
START_TEST(a_run_with_a_duration_ends_with_it)
{
	plan.duration_ns = S;
	plan.rate = 2000;
	monitor_begin(monitor, &plan, T0);
	for (uint64_t i = 1; i < 10; i++) {
		answer(i == 9 ? 190 : 200);
		monitor_update(monitor, &sum, T0 + i * S / 10);
	}
	answer(210);
	monitor_end(monitor, &sum, T0 + S);
	assert_row(8, 0.9, 1900);
	assert_row(9, 1, 2100);
}
END_TEST

/* Half of one and less goes to the one before. */
static const struct {
	uint64_t tenths;
	size_t n;
} splinters[] = {{204, 20}, {205, 21}, {206, 21}, {210, 21}};

START_TEST(half_an_interval_at_the_end_is_one)
{
	plan.duration_ns = splinters[_i].tenths * S / 10;
	monitor_begin(monitor, &plan, T0);
	for (uint64_t i = 1; i <= 20; i++) {
		answer(1);
		monitor_update(monitor, &sum, T0 + i * S);
	}
	monitor_end(monitor, &sum, T0 + plan.duration_ns);
	ck_assert_uint_eq(result.intervals.n, splinters[_i].n);
}
END_TEST

/* What still comes is of the last one. */
START_TEST(when_the_only_one_is_sent_nothing_is_cut)
{
	plan.count = 1;
	monitor_begin(monitor, &plan, T0);
	sum.sent = 1;
	monitor_update(monitor, &sum, T0 + S);
	ck_assert_uint_eq(result.intervals.n, 0);
	sum.exchanges = 1;
	histogram_add(&sum.latency, S);
	monitor_end(monitor, &sum, T0 + 2 * S);
	ck_assert_uint_eq(result.intervals.n, 1);
	assert_row(0, 2, 0.5);
}
END_TEST

START_TEST(each_interval_goes_to_the_files_too)
{
	char *folder = folder_new(), *path = folder_path(folder, "r.csv");
	char cause[SINK_CAUSE_SIZE], line[256] = "";
	struct load_options one = {.outputs = {path}, .n_outputs = 1};
	struct sink *file = sink_new(&one, cause);
	struct monitor *watch = monitor_new(file, &result.intervals, false);
	FILE *in;

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(watch);
	monitor_begin(watch, &plan, T0);
	answer(3);
	monitor_end(watch, &sum, T0 + S);
	ck_assert_int_eq(sink_finish(file, &result, true, cause), 0);
	in = fopen(path, "re");
	ck_assert_ptr_nonnull(in);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), in));
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), in));
	ck_assert_int_eq(strncmp(line, "1,3,", 4), 0);
	(void)fclose(in);
	monitor_free(watch);
	sink_free(file);
	free(path);
	free(folder);
}
END_TEST

START_TEST(one_exchange_has_its_time_too)
{
	plan.count = 1;
	plan.rate = 0.5;
	monitor_begin(monitor, &plan, T0);
	answer(1);
	monitor_end(monitor, &sum, T0 + S);
	assert_row(0, 1, 0.5);
	/* A second run has the numbers of its own sums. */
	memset(&sum, 0, sizeof(sum));
	plan = (struct plan){.options = &options, .duration_ns = 1};
	monitor_begin(monitor, &plan, T0 + 2 * S);
	answer(3);
	sum.lost = 2;
	monitor_end(monitor, &sum, T0 + 3 * S);
	assert_row(1, 2, 3);
	ck_assert_double_eq(result.intervals.at[1].lost, 2);
}
END_TEST

START_TEST(the_closed_loop_has_no_schedule)
{
	plan.count = 2;
	monitor_begin(monitor, &plan, T0);
	answer(2);
	monitor_end(monitor, &sum, T0 + S / 2);
	assert_row(0, 0.5, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor");
	TCase *tcase = harness_case(suite, "monitor");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_short_run_has_ten_parts);
	tcase_add_test(tcase,
		       a_long_run_has_one_a_second_and_no_splinter_at_the_end);
	tcase_add_test(tcase, the_bounds_are_those_of_the_plan);
	tcase_add_test(tcase, each_has_its_own_times_losses_and_errors);
	tcase_add_test(tcase, before_the_start_nothing_is_counted);
	tcase_add_test(tcase, steps_stand_one_behind_the_other);
	tcase_add_test(tcase, the_last_one_has_the_time_of_all_that_was_due);
	tcase_add_test(tcase, the_same_when_the_second_comes_after_the_cut);
	tcase_add_test(tcase, what_was_not_sent_was_due);
	tcase_add_loop_test(tcase, half_an_interval_at_the_end_is_one, 0,
			    (int)ARRAY_LEN(splinters));
	tcase_add_test(tcase, when_the_only_one_is_sent_nothing_is_cut);
	tcase_add_test(tcase, each_interval_goes_to_the_files_too);
	tcase_add_test(tcase, one_exchange_has_its_time_too);
	tcase_add_test(tcase, a_run_with_a_duration_ends_with_it);
	tcase_add_test(tcase, the_closed_loop_has_no_schedule);
	return harness_run(suite);
}
