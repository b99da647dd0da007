/* SPDX-License-Identifier: MIT */
/*
 * Many intervals put together to few: each number in its own way, nothing
 * counted that was not measured.
 */
#include "result/condense.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* Rows with an end each second. The caller frees rows.at. */
static struct result_rows rows_new(size_t n)
{
	struct result_rows rows = {0};

	for (size_t i = 0; i < n; i++) {
		struct result_row row = result_row_none();

		row.t_s = (double)i + 1;
		result_add_row(&rows, &row);
	}
	ck_assert_uint_eq(rows.n, n);
	return rows;
}

/* Condenses these to n_max; n rows must result, the first of them returned. */
static struct result_row condense(struct result_rows rows, size_t n_max,
				  size_t n, size_t per)
{
	struct result_row first = result_row_none();
	struct result_row out[100];
	size_t got_per = 0;

	ck_assert_uint_le(n_max, ARRAY_LEN(out));
	ck_assert_uint_eq(condense_rows(&rows, n_max, out, &got_per), n);
	ck_assert_uint_eq(got_per, per);
	if (n > 0) {
		first = out[0];
		ck_assert_double_eq(out[n - 1].t_s, rows.at[rows.n - 1].t_s);
	}
	free(rows.at);
	return first;
}

START_TEST(each_number_is_merged_in_its_own_way)
{
	struct result_rows rows = rows_new(2);
	struct result_row row;

	rows.at[0].rate = 10;
	rows.at[1].rate = 20;
	rows.at[0].lost = 3;
	rows.at[1].lost = 4;
	rows.at[0].errors = 1;
	rows.at[1].errors = 5;
	rows.at[0].latency.us[TIME_P50] = 80;
	rows.at[1].latency.us[TIME_P50] = 60;
	rows.at[0].latency.us[TIME_MIN] = 2;
	rows.at[1].latency.us[TIME_MIN] = 3;
	rows.at[0].latency.us[TIME_MAX] = 8;
	rows.at[1].latency.us[TIME_MAX] = 9;
	row = condense(rows, 1, 1, 2);
	ck_assert_double_eq(row.t_s, 2);
	ck_assert_double_eq(row.rate, 15);
	ck_assert_double_eq(row.lost, 7);
	ck_assert_double_eq(row.errors, 6);
	ck_assert_double_eq(row.latency.us[TIME_MIN], 3);
	ck_assert_double_eq(row.latency.us[TIME_P50], 80);
	ck_assert_double_eq(row.latency.us[TIME_MAX], 9);
}
END_TEST

START_TEST(what_is_not_known_does_not_count)
{
	struct result_rows rows = rows_new(2);
	struct result_row row;

	rows.at[1].rate = 20;
	rows.at[0].lost = 3;
	rows.at[0].latency.us[TIME_P90] = 5;
	rows.at[1].latency.us[TIME_P99] = -5;
	row = condense(rows, 1, 1, 2);
	ck_assert_double_eq(row.rate, 20);
	ck_assert_double_eq(row.lost, 3);
	ck_assert(isnan(row.errors));
	ck_assert_double_eq(row.latency.us[TIME_P90], 5);
	ck_assert_double_eq(row.latency.us[TIME_P99], -5);
	ck_assert(isnan(row.latency.us[TIME_P999]));
	row = condense(rows_new(2), 1, 1, 2);
	ck_assert(isnan(row.rate));
}
END_TEST

/* What has no sense in a group is not told of one. */
START_TEST(what_is_of_one_interval_alone_is_left_out)
{
	struct result_rows rows = rows_new(2);
	struct result_row row;

	for (size_t i = 0; i < 2; i++) {
		rows.at[i].held = true;
		memset(rows.at[i].time, '1', sizeof(rows.at[i].time) - 1);
	}
	row = condense(rows, 1, 1, 2);
	ck_assert(!row.held);
	ck_assert_str_eq(row.time, "");
	ck_assert(isnan(row.target_rate));
	ck_assert(isnan(row.loss_percent));
}
END_TEST

START_TEST(few_intervals_stay_as_they_are)
{
	struct result_rows rows = rows_new(10);
	struct result_row row;

	rows.at[0].latency.us[TIME_P999] = 7;
	row = condense(rows, 10, 10, 1);
	ck_assert_double_eq(row.t_s, 1);
	ck_assert_double_eq(row.latency.us[TIME_P999], 7);
}
END_TEST

START_TEST(a_group_may_be_cut_short_by_the_end)
{
	ck_assert_double_eq(condense(rows_new(1001), 100, 91, 11).t_s, 11);
	ck_assert_double_eq(condense(rows_new(11), 10, 6, 2).t_s, 2);
}
END_TEST

START_TEST(no_intervals_are_no_rows)
{
	(void)condense((struct result_rows){0}, 10, 0, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("condense");
	TCase *tcase = harness_case(suite, "condense");

	tcase_add_test(tcase, each_number_is_merged_in_its_own_way);
	tcase_add_test(tcase, what_is_not_known_does_not_count);
	tcase_add_test(tcase, what_is_of_one_interval_alone_is_left_out);
	tcase_add_test(tcase, few_intervals_stay_as_they_are);
	tcase_add_test(tcase, a_group_may_be_cut_short_by_the_end);
	tcase_add_test(tcase, no_intervals_are_no_rows);
	return harness_run_together(suite);
}
