/* SPDX-License-Identifier: MIT */
/*
 * Many intervals put together to few: each number in its own way, nothing
 * counted that was not measured.
 */
#include "result/condense.h"

#include <math.h>

#include "harness.h"
#include "result/figure.h"
#include "result_fixture.h"

/* Condenses these, whose reference is taken, to n_max; n rows must result. */
static json_t *condense(json_t *intervals, size_t n_max, size_t n, size_t per)
{
	size_t got_per = 0;
	json_t *rows = condense_intervals(intervals, n_max, &got_per);

	ck_assert_uint_eq(json_array_size(rows), n);
	ck_assert_uint_eq(got_per, per);
	json_decref(intervals);
	return rows;
}

static json_t *row_with(double t_s, const char *key, json_t *value)
{
	json_t *row = json_pack("{s:f,s:o}", "t_s", t_s, key, value);

	ck_assert_ptr_nonnull(row);
	return row;
}

/* What becomes of these two values at the key. */
static double merged(const char *key, json_t *first, json_t *second)
{
	json_t *two = json_pack("[o,o]", row_with(1, key, first),
				row_with(2, key, second));
	json_t *rows = condense(two, 1, 1, 2);
	double value = figure_get(json_array_get(rows, 0), key);

	ck_assert_double_eq(figure_get(json_array_get(rows, 0), "t_s"), 2);
	json_decref(rows);
	return value;
}

START_TEST(each_number_is_merged_in_its_own_way)
{
	ck_assert_double_eq(merged("rate", json_real(10), json_real(20)), 15);
	ck_assert_double_eq(merged("lost", json_integer(3), json_integer(4)),
			    7);
	ck_assert_double_eq(merged("p50_us", json_real(80), json_real(60)), 80);
	ck_assert_double_eq(merged("max_us", json_real(8), json_real(9)), 9);
	ck_assert_double_eq(
		merged("errors", json_integer(1),
		       json_pack("{s:i,s:i}", "timeout", 2, "EPIPE", 3)),
		6);
}
END_TEST

START_TEST(a_null_does_not_count)
{
	ck_assert_double_eq(merged("rate", json_null(), json_real(20)), 20);
	ck_assert_double_eq(merged("p99_us", json_real(5), json_null()), 5);
	ck_assert_double_eq(merged("p99_us", json_real(-5), json_null()), -5);
	ck_assert(isnan(merged("p99_us", json_null(), json_null())));
}
END_TEST

START_TEST(few_intervals_stay_as_they_are)
{
	json_t *result = result_open(), *rows;
	json_t *intervals = json_object_get(result, "intervals");

	rows = condense(json_incref(intervals), 10, 10, 1);
	for (size_t i = 0; i < 10; i++) {
		const json_t *row = json_array_get(rows, i);
		const json_t *was = json_array_get(intervals, i);

		ck_assert_double_eq(figure_get(row, "t_s"),
				    figure_get(was, "t_s"));
		ck_assert_double_eq(figure_get(row, "p999_us"),
				    figure_get(was, "p999_us"));
	}
	json_decref(rows);
	json_decref(result);
}
END_TEST

START_TEST(a_group_may_be_cut_short_by_the_end)
{
	json_t *result = result_long(1001), *rows;

	rows = condense(json_incref(json_object_get(result, "intervals")), 100,
			91, 11);
	ck_assert_double_eq(figure_get(json_array_get(rows, 89), "t_s"), 990);
	ck_assert_double_eq(figure_get(json_array_get(rows, 90), "t_s"), 1001);
	json_decref(rows);
	json_decref(result);
}
END_TEST

START_TEST(an_interval_without_a_time_is_left_out)
{
	json_decref(condense(json_pack("[{s:f},{s:n,s:f},n,[],{s:f}]", "t_s",
				       1.0, "t_s", "rate", 5.0, "t_s", 2.0),
			     10, 2, 1));
}
END_TEST

START_TEST(no_intervals_are_no_rows)
{
	json_decref(condense(json_array(), 10, 0, 1));
	json_decref(condense(json_object(), 10, 0, 1));
	json_decref(condense(NULL, 10, 0, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("condense");
	TCase *tcase = harness_case(suite, "condense");

	tcase_add_test(tcase, each_number_is_merged_in_its_own_way);
	tcase_add_test(tcase, a_null_does_not_count);
	tcase_add_test(tcase, few_intervals_stay_as_they_are);
	tcase_add_test(tcase, a_group_may_be_cut_short_by_the_end);
	tcase_add_test(tcase, an_interval_without_a_time_is_left_out);
	tcase_add_test(tcase, no_intervals_are_no_rows);
	return harness_run(suite);
}
