/* SPDX-License-Identifier: MIT */
/*
 * A tally's counters and histograms as the figures of a result.
 */
#include "result/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static struct tally tally;
static struct result result;

static void set_up(void)
{
	memset(&tally, 0, sizeof(tally));
	result_init(&result);
}

static void tear_down(void)
{
	result_clear(&result);
}

START_TEST(nothing_is_known_of_a_new_one)
{
	memset(&result, 0, sizeof(result));
	result_init(&result);
	for (size_t i = 0; i < COUNTER_N; i++)
		ck_assert(isnan(result.counts[i]));
	ck_assert(isnan(result.rate));
	ck_assert(isnan(result.loss_percent));
	ck_assert(isnan(result.latency.us[TIME_P50]));
	ck_assert(!result_is_open_loop(&result));
	ck_assert_double_eq(result_count_errors(&result), 0);
	result_set_tally(&result, &tally);
	ck_assert_ptr_null(result.errors);
	ck_assert_ptr_null(result.buckets);
	ck_assert_double_eq(result.loss_percent, 0);
}
END_TEST

START_TEST(one_that_was_cleared_is_a_new_one)
{
	struct result_row row = result_row_none();

	tally.stats.errors[1] = 1;
	histogram_add(&tally.stats.latency, 1);
	result_set_tally(&result, &tally);
	result_add_row(&result.intervals, &row);
	result_add_row(&result.steps, &row);
	result_clear(&result);
	ck_assert_uint_eq(result.n_errors + result.n_buckets, 0);
	ck_assert_uint_eq(result.intervals.n + result.steps.n, 0);
	ck_assert_ptr_null(result.verdict);
	ck_assert(isnan(result.rate));
}
END_TEST

START_TEST(a_closed_loop_has_no_target)
{
	histogram_add(&tally.stats.latency, 5000);
	histogram_add(&tally.stats.service, 7000);
	histogram_add(&tally.stats.lateness, 9000);
	result_set_tally(&result, &tally);
	ck_assert_str_eq(result.mode, "closed");
	ck_assert(!result_is_open_loop(&result));
	ck_assert(isnan(result.target_rate));
	ck_assert_double_eq(result.latency.us[TIME_MAX], 5);
	/* A message is due when it is sent. */
	ck_assert_double_eq(result.service.us[TIME_MAX], 5);
	ck_assert_double_eq(result.generator.lateness.us[TIME_MAX], 9);
}
END_TEST

START_TEST(an_open_loop_has_service_times_of_its_own)
{
	tally.target_rate = 0.5;
	tally.span_s = 2;
	tally.duration_s = 1.5;
	tally.clients = 3;
	tally.stats.sent = 100;
	tally.stats.exchanges = 90;
	tally.stats.lost = 10;
	histogram_add(&tally.stats.latency, 5000);
	histogram_add(&tally.stats.service, 4000);
	result_set_tally(&result, &tally);
	ck_assert_str_eq(result.mode, "open");
	ck_assert(result_is_open_loop(&result));
	ck_assert_double_eq(result.target_rate, 0.5);
	ck_assert_double_eq(result.rate, 45);
	ck_assert_double_eq(result.duration_s, 1.5);
	ck_assert_double_eq(result.clients, 3);
	ck_assert_double_eq(result.loss_percent, 10);
	ck_assert_double_eq(result.counts[COUNTER_EXCHANGES], 90);
	ck_assert_double_eq(result.service.us[TIME_MAX], 4);
}
END_TEST

START_TEST(errors_and_buckets_are_those_that_occurred)
{
	tally.stats.errors[0] = 1;
	tally.stats.errors[error_of_errno(32)] = 2; /* EPIPE */
	tally.stats.errors[ERROR_STATUS + 404] = 3;
	histogram_add(&tally.stats.latency, 0);
	histogram_add(&tally.stats.latency, 100);
	histogram_add(&tally.stats.latency, 100);
	histogram_add(&tally.stats.latency, HISTOGRAM_MAX_NS);
	result_set_tally(&result, &tally);
	ck_assert_uint_eq(result.n_errors, 3);
	ck_assert_str_eq(result.errors[0].name, "errno 0");
	ck_assert_str_eq(result.errors[1].name, "EPIPE");
	ck_assert_double_eq(result.errors[1].n, 2);
	ck_assert_str_eq(result.errors[2].name, "HTTP 404");
	ck_assert_double_eq(result_count_errors(&result), 6);
	/* Those that count, and no more. */
	result.n_errors = 2;
	ck_assert_double_eq(result_count_errors(&result), 3);
	ck_assert_uint_eq(result.n_buckets, 3);
	ck_assert_double_eq(result.buckets[0].top_us, 0);
	ck_assert_double_eq(result.buckets[0].n, 1);
	ck_assert_double_eq(result.buckets[1].top_us, 0.1);
	ck_assert_double_eq(result.buckets[1].n, 2);
	ck_assert_double_ge(result.buckets[2].top_us, HISTOGRAM_MAX_NS / 1e3);
	ck_assert_double_eq(result.buckets[2].n, 1);
}
END_TEST

START_TEST(one_error_and_one_bucket_are_there_too)
{
	tally.stats.errors[ERROR_CLOSED] = 1;
	histogram_add(&tally.stats.latency, 100);
	result_set_tally(&result, &tally);
	ck_assert_uint_eq(result.n_errors, 1);
	ck_assert_uint_eq(result.n_buckets, 1);
}
END_TEST

START_TEST(the_generator_tells_how_it_fared)
{
	tally.cpu_share = 0.5;
	tally.wait_share = 0.25;
	tally.own_drops = 4;
	tally.is_interrupted = true;
	result_set_tally(&result, &tally);
	ck_assert_double_eq(result.generator.cpu_share, 0.5);
	ck_assert_double_eq(result.generator.wait_share, 0.25);
	ck_assert_double_eq(result.generator.receive_drops, 4);
	ck_assert(!result.generator.limited);
	ck_assert(result.interrupted);
	ck_assert_str_eq(result.verdict, "cut short after 0 s: nothing was "
					 "measured");
	result_clear(&result);
	tally.stats.exchanges = 1;
	tally.has_failed = true;
	result_set_tally(&result, &tally);
	ck_assert(result.generator.limited);
}
END_TEST

START_TEST(a_step_is_a_row)
{
	struct result_row row;

	tally.clients = 5;
	tally.span_s = 2;
	tally.stats.sent = 100;
	tally.stats.exchanges = 90;
	tally.stats.lost = 10;
	tally.stats.errors[ERROR_TIMEOUT] = 6;
	for (int i = 0; i < 2; i++)
		histogram_add(&tally.stats.latency, 3000);
	row = result_step(&tally, true);
	ck_assert(isnan(row.target_rate));
	ck_assert_double_eq(row.clients, 5);
	ck_assert_double_eq(row.rate, 45);
	ck_assert_double_eq(row.loss_percent, 10);
	ck_assert_double_eq(row.errors, 6);
	ck_assert_double_eq(row.latency.us[TIME_P50], 3);
	ck_assert(row.held);
	tally.target_rate = 0.5;
	row = result_step(&tally, false);
	ck_assert_double_eq(row.target_rate, 0.5);
	ck_assert(!row.held);
}
END_TEST

START_TEST(rows_stay_when_more_are_added)
{
	for (size_t i = 0; i < 1000; i++) {
		struct result_row row = result_row_none();

		row.t_s = (double)i;
		result_add_row(&result.intervals, &row);
	}
	ck_assert_uint_eq(result.intervals.n, 1000);
	for (size_t i = 0; i < 1000; i++)
		ck_assert_double_eq(result.intervals.at[i].t_s, (double)i);
}
END_TEST

START_TEST(moments_are_told_in_utc)
{
	char buf[RESULT_TIME_SIZE];

	result_format_time(buf, 1e9 + 0.9996, false);
	ck_assert_str_eq(buf, "2001-09-09T01:46:41Z");
	result_format_time(buf, 1e9 + 0.0624, true);
	ck_assert_str_eq(buf, "2001-09-09T01:46:40.062Z");
	result_format_time(buf, 0, true);
	ck_assert_str_eq(buf, "1970-01-01T00:00:00.000Z");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("result");
	TCase *tcase = harness_case(suite, "result");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_is_known_of_a_new_one);
	tcase_add_test(tcase, one_that_was_cleared_is_a_new_one);
	tcase_add_test(tcase, a_closed_loop_has_no_target);
	tcase_add_test(tcase, an_open_loop_has_service_times_of_its_own);
	tcase_add_test(tcase, errors_and_buckets_are_those_that_occurred);
	tcase_add_test(tcase, one_error_and_one_bucket_are_there_too);
	tcase_add_test(tcase, the_generator_tells_how_it_fared);
	tcase_add_test(tcase, a_step_is_a_row);
	tcase_add_test(tcase, rows_stay_when_more_are_added);
	tcase_add_test(tcase, moments_are_told_in_utc);
	return harness_run_together(suite);
}
