/* SPDX-License-Identifier: MIT */
/*
 * The times of a distribution: each is the one that its name says, and what
 * too few samples support is not known.
 */
#include "result/times.h"

#include <math.h>
#include <string.h>

#include "harness.h"

/* Too large for a stack that a test may overflow. */
static struct histogram h;

static void add_times(size_t n, uint64_t ns)
{
	for (size_t i = 0; i < n; i++)
		histogram_add(&h, ns);
}

static const struct {
	enum time_id id;
	const char *key, *label;
	unsigned share;
} names[] = {
	{TIME_MIN, "min", "min", 0},
	{TIME_MEAN, "mean", "mean", 0},
	{TIME_P50, "p50", "p50", 5000},
	{TIME_P999, "p999", "p99.9", 9990},
	{TIME_P9999, "p9999", "p99.99", 9999},
	{TIME_MAX, "max", "max", 0},
};

START_TEST(each_has_its_names_and_its_share)
{
	ck_assert_str_eq(times_key(names[_i].id), names[_i].key);
	ck_assert_str_eq(times_label(names[_i].id), names[_i].label);
	ck_assert_uint_eq(times_share(names[_i].id), names[_i].share);
}
END_TEST

START_TEST(of_no_samples_nothing_is_known)
{
	struct times none = times_none(), empty;

	memset(&h, 0, sizeof(h));
	empty = times_of(&h);
	for (size_t i = 0; i < TIME_N; i++) {
		ck_assert(isnan(none.us[i]));
		ck_assert(isnan(empty.us[i]));
	}
	ck_assert(isnan(times_percentile(&h, 5000)));
}
END_TEST

START_TEST(of_one_sample_no_percentile_is_known)
{
	struct times times;

	memset(&h, 0, sizeof(h));
	add_times(1, 2500);
	times = times_of(&h);
	ck_assert_double_eq(times.us[TIME_MIN], 2.5);
	ck_assert_double_eq(times.us[TIME_MEAN], 2.5);
	ck_assert_double_eq(times.us[TIME_MAX], 2.5);
	for (size_t i = 0; i < TIME_N; i++)
		ck_assert(times_share(i) == 0 || isnan(times.us[i]));
}
END_TEST

/* 1000 samples support p99.9, and not p99.99. */
START_TEST(each_time_is_the_one_of_its_name)
{
	struct times times;

	memset(&h, 0, sizeof(h));
	add_times(740, 50);
	add_times(20, 75);
	add_times(140, 90);
	add_times(50, 95);
	add_times(40, 99);
	add_times(9, 200);
	add_times(1, 250);
	times = times_of(&h);
	ck_assert_double_eq(times.us[TIME_MIN], 0.05);
	ck_assert_double_eq_tol(times.us[TIME_MEAN], 0.06186, 1e-9);
	ck_assert_double_eq(times.us[TIME_P50], 0.05);
	ck_assert_double_eq(times.us[TIME_P75], 0.075);
	ck_assert_double_eq(times.us[TIME_P90], 0.09);
	ck_assert_double_eq(times.us[TIME_P95], 0.095);
	ck_assert_double_eq(times.us[TIME_P99], 0.099);
	ck_assert_double_eq(times.us[TIME_P999], 0.2);
	ck_assert(isnan(times.us[TIME_P9999]));
	ck_assert_double_eq(times.us[TIME_MAX], 0.25);
	ck_assert_double_eq(times_percentile(&h, 9900), 0.099);
	ck_assert(isnan(times_percentile(&h, 9999)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("times");
	TCase *tcase = harness_case(suite, "times");

	tcase_add_loop_test(tcase, each_has_its_names_and_its_share, 0,
			    (int)ARRAY_LEN(names));
	tcase_add_test(tcase, of_no_samples_nothing_is_known);
	tcase_add_test(tcase, of_one_sample_no_percentile_is_known);
	tcase_add_test(tcase, each_time_is_the_one_of_its_name);
	return harness_run_together(suite);
}
