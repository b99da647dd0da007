/* SPDX-License-Identifier: MIT */
/*
 * The histogram against the samples themselves, sorted: every percentile is at
 * most 1 % off, and merging is as if all had been added to one.
 */
#include "base/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define N 20000

static uint64_t samples[N];
static struct histogram h, other;

/* An even spread over the bits, from nanoseconds to an hour. */
static uint64_t any_bits(uint64_t r)
{
	return (r >> 22) >> (r % 42);
}

/* As latencies are: a base, a tail and rare outliers. */
static uint64_t latency(uint64_t r)
{
	uint64_t ns = 20000 + (r >> 40) % 10000;

	if (r % 10 == 0)
		ns *= 3;
	return r % 1000 == 0 ? ns * 1000 : ns;
}

static uint64_t constant(uint64_t r)
{
	(void)r;
	return 1234567;
}

static uint64_t small(uint64_t r)
{
	return (r >> 40) % 200;
}

static uint64_t hours(uint64_t r)
{
	return HISTOGRAM_MAX_NS - (r >> 40) % 1000000000;
}

static uint64_t (*const kinds[])(uint64_t) = {any_bits, latency, constant,
					      small, hours};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void fill(uint64_t (*kind)(uint64_t), size_t n)
{
	uint64_t state = 42;

	memset(&h, 0, sizeof(h));
	for (size_t i = 0; i < n; i++) {
		state = state * UINT64_C(6364136223846793005) +
			1442695040888963407u;
		samples[i] = kind(state);
		histogram_add(&h, samples[i]);
	}
	qsort(samples, n, sizeof(samples[0]), by_value);
}

/* The exact percentile: the least sample that so many are at or below. */
static uint64_t exact(size_t n, unsigned share)
{
	size_t rank = (n * share + 9999) / 10000;

	return samples[rank - 1];
}

static void expect_near(uint64_t got, uint64_t wanted)
{
	double error = (double)got - (double)wanted;

	ck_assert_msg(error >= 0 && error <= 0.01 * (double)wanted,
		      "%llu, but it is %llu", (unsigned long long)got,
		      (unsigned long long)wanted);
}

START_TEST(percentiles_are_within_one_percent)
{
	static const unsigned shares[] = {1,	100,  1000, 5000, 9000,
					  9900, 9990, 9999, 10000};
	double sum = 0;

	fill(kinds[_i], N);
	for (size_t i = 0; i < ARRAY_LEN(shares); i++)
		expect_near(histogram_percentile(&h, shares[i]),
			    exact(N, shares[i]));
	for (size_t i = 0; i < N; i++)
		sum += (double)samples[i];
	ck_assert_uint_eq(h.n, N);
	ck_assert_uint_eq(h.min_ns, samples[0]);
	ck_assert_uint_eq(h.max_ns, samples[N - 1]);
	ck_assert_double_eq_tol(histogram_mean_ns(&h), sum / N, 1e-9 * sum / N);
}
END_TEST

START_TEST(few_samples_have_exact_ranks)
{
	for (size_t n = 1; n <= 101; n++) {
		fill(latency, n);
		expect_near(histogram_percentile(&h, 5000), exact(n, 5000));
		expect_near(histogram_percentile(&h, 9900), exact(n, 9900));
	}
}
END_TEST

START_TEST(every_duration_is_in_a_bucket_that_reaches_up_to_it)
{
	uint64_t ns = 0;

	while (ns <= HISTOGRAM_MAX_NS) {
		memset(&h, 0, sizeof(h));
		histogram_add(&h, ns);
		/* A greater one, so that the greatest does not cap it. */
		histogram_add(&h, HISTOGRAM_MAX_NS);
		expect_near(histogram_percentile(&h, 5000), ns);
		ns += 1 + ns / 97;
	}
}
END_TEST

START_TEST(buckets_rise_and_are_narrow)
{
	for (size_t i = 1; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t below = histogram_bucket_top(i - 1);
		uint64_t top = histogram_bucket_top(i);

		ck_assert_uint_gt(top, below);
		ck_assert(top - below == 1 ||
			  (double)(top - below - 1) <= 0.01 * (double)below);
	}
	ck_assert_uint_ge(histogram_bucket_top(HISTOGRAM_BUCKETS - 1),
			  HISTOGRAM_MAX_NS);
}
END_TEST

START_TEST(merging_is_as_if_all_had_been_added_to_one)
{
	static struct histogram parts[3];

	memset(parts, 0, sizeof(parts));
	memset(&other, 0, sizeof(other));
	fill(any_bits, N);
	for (size_t i = 0; i < N; i++)
		histogram_add(&parts[i % 3], samples[i]);
	for (size_t i = 0; i < 3; i++)
		histogram_merge(&other, &parts[i]);
	ck_assert_mem_eq(&other, &h, sizeof(h));
	memset(parts, 0, sizeof(parts));
	histogram_merge(&other, &parts[0]);
	ck_assert_mem_eq(&other, &h, sizeof(h));
}
END_TEST

/* Into an empty one, and then from either side. */
START_TEST(merging_keeps_the_least_and_the_greatest)
{
	static const struct {
		uint64_t ns, least, greatest;
	} steps[] = {{500, 500, 500},
		     {700, 500, 700},
		     {600, 500, 700},
		     {300, 300, 700},
		     {300, 300, 700}};
	static struct histogram part;

	memset(&h, 0, sizeof(h));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		memset(&part, 0, sizeof(part));
		histogram_add(&part, steps[i].ns);
		histogram_merge(&h, &part);
		ck_assert_uint_eq(h.min_ns, steps[i].least);
		ck_assert_uint_eq(h.max_ns, steps[i].greatest);
		ck_assert_uint_eq(h.n, i + 1);
	}
}
END_TEST

START_TEST(a_difference_is_what_came_between)
{
	static struct histogram before, part;

	memset(&part, 0, sizeof(part));
	fill(latency, N);
	before = h;
	for (uint64_t i = 0; i < 1000; i++) {
		histogram_add(&h, 50000 + i);
		histogram_add(&part, 50000 + i);
	}
	histogram_difference(&other, &h, &before);
	ck_assert_uint_eq(other.n, 1000);
	ck_assert_uint_eq(other.sum_ns, part.sum_ns);
	ck_assert_mem_eq(other.counts, part.counts, sizeof(part.counts));
	expect_near(other.max_ns, part.max_ns);
	ck_assert_uint_le(other.min_ns, part.min_ns);
	ck_assert_uint_ge(other.min_ns * 101 / 100, part.min_ns);
}
END_TEST

/* Below 256 ns a bucket is one duration. */
START_TEST(a_difference_is_exact_where_buckets_are)
{
	static struct histogram before;

	memset(&h, 0, sizeof(h));
	histogram_add(&h, 0);
	histogram_add(&h, 1000000);
	before = h;
	histogram_add(&h, (uint64_t)_i);
	histogram_difference(&other, &h, &before);
	ck_assert_uint_eq(other.n, 1);
	ck_assert_uint_eq(other.min_ns, (uint64_t)_i);
	ck_assert_uint_eq(other.max_ns, (uint64_t)_i);
	ck_assert_uint_eq(other.sum_ns, (uint64_t)_i);
}
END_TEST

START_TEST(a_difference_knows_the_least_where_all_is_new)
{
	static struct histogram before;

	for (size_t n = 1; n <= 3; n++) {
		memset(&h, 0, sizeof(h));
		for (size_t i = 0; i < n; i++)
			histogram_add(&h, 123456789);
		histogram_difference(&other, &h, &before);
		ck_assert_uint_eq(other.n, n);
		ck_assert_uint_eq(other.min_ns, 123456789);
		ck_assert_uint_eq(other.max_ns, 123456789);
	}
	histogram_difference(&other, &h, &h);
	ck_assert_uint_eq(other.n, 0);
	ck_assert_uint_eq(other.min_ns, 0);
}
END_TEST

/* What has a bucket of its own, and what has none any more. */
START_TEST(the_last_bucket_has_all_that_is_longer)
{
	const uint64_t end_ns = histogram_bucket_top(HISTOGRAM_BUCKETS - 1) + 1;
	const uint64_t long_ns[] = {end_ns - 1, end_ns, 2 * end_ns, UINT64_MAX};

	for (size_t i = 0; i < ARRAY_LEN(long_ns); i++) {
		memset(&h, 0, sizeof(h));
		histogram_add(&h, long_ns[i]);
		ck_assert_uint_eq(h.counts[HISTOGRAM_BUCKETS - 1], 1);
		ck_assert_uint_eq(h.max_ns, long_ns[i]);
	}
}
END_TEST

START_TEST(beyond_an_hour_the_greatest_is_still_exact)
{
	memset(&h, 0, sizeof(h));
	histogram_add(&h, 1000);
	histogram_add(&h, HISTOGRAM_MAX_NS * 24);
	ck_assert_uint_eq(h.max_ns, HISTOGRAM_MAX_NS * 24);
	ck_assert_uint_eq(histogram_percentile(&h, 10000),
			  HISTOGRAM_MAX_NS * 24);
	expect_near(histogram_percentile(&h, 5000), 1000);
}
END_TEST

START_TEST(a_percentile_needs_a_sample_beyond_it)
{
	static const struct {
		unsigned share;
		size_t least;
	} rows[] = {{5000, 2},
		    {9000, 10},
		    {9900, 100},
		    {9990, 1000},
		    {9999, 10000}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fill(latency, rows[i].least - 1);
		ck_assert(!histogram_supports(&h, rows[i].share));
		fill(latency, rows[i].least);
		ck_assert(histogram_supports(&h, rows[i].share));
	}
	fill(latency, 0);
	ck_assert(!histogram_supports(&h, 1));
}
END_TEST

START_TEST(nothing_has_no_percentiles)
{
	memset(&h, 0, sizeof(h));
	ck_assert_uint_eq(histogram_percentile(&h, 5000), 0);
	ck_assert_double_eq(histogram_mean_ns(&h), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("histogram");
	TCase *tcase = harness_case(suite, "histogram");

	tcase_add_loop_test(tcase, percentiles_are_within_one_percent, 0,
			    (int)ARRAY_LEN(kinds));
	tcase_add_test(tcase, few_samples_have_exact_ranks);
	tcase_add_test(tcase,
		       every_duration_is_in_a_bucket_that_reaches_up_to_it);
	tcase_add_test(tcase, buckets_rise_and_are_narrow);
	tcase_add_test(tcase, merging_is_as_if_all_had_been_added_to_one);
	tcase_add_test(tcase, merging_keeps_the_least_and_the_greatest);
	tcase_add_test(tcase, a_difference_is_what_came_between);
	tcase_add_loop_test(tcase, a_difference_is_exact_where_buckets_are, 0,
			    256);
	tcase_add_test(tcase, a_difference_knows_the_least_where_all_is_new);
	tcase_add_test(tcase, the_last_bucket_has_all_that_is_longer);
	tcase_add_test(tcase, beyond_an_hour_the_greatest_is_still_exact);
	tcase_add_test(tcase, a_percentile_needs_a_sample_beyond_it);
	tcase_add_test(tcase, nothing_has_no_percentiles);
	return harness_run_together(suite);
}
