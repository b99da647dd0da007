/* SPDX-License-Identifier: MIT */
/* The retransmission timer against numbers worked out by hand from RFC 6298. */
#include "client/rto.h"

#include "harness.h"

#define MS ((double)CLOCK_NS_PER_MS)

static void expect_ms(double ns, double ms)
{
	ck_assert_double_eq_tol(ns / MS, ms, 1e-9);
}

START_TEST(before_the_first_sample_the_timer_is_a_second)
{
	struct rto rto = rto_new(1);

	expect_ms(rto_timer_ns(&rto), 1000);
	expect_ms(rto_computed_ns(&rto), 0);
}
END_TEST

START_TEST(the_first_sample_is_the_estimate_and_half_of_it_the_deviation)
{
	struct rto rto = rto_new(1);

	rto_add(&rto, 500 * CLOCK_NS_PER_MS);
	expect_ms(rto.srtt_ns, 500);
	expect_ms(rto.rttvar_ns, 250);
	expect_ms(rto_computed_ns(&rto), 1500);
	expect_ms(rto_timer_ns(&rto), 1500);
}
END_TEST

/* The deviation is from the estimate of before: 0.75 * 50 + 0.25 * 100. */
START_TEST(a_further_sample_moves_both_by_alpha_and_beta)
{
	struct rto rto = rto_new(1);

	rto_add(&rto, 100 * CLOCK_NS_PER_MS);
	rto_add(&rto, 200 * CLOCK_NS_PER_MS);
	expect_ms(rto.rttvar_ns, 62.5);
	expect_ms(rto.srtt_ns, 112.5);
	rto_add(&rto, 12500 * CLOCK_NS_PER_MS / 1000);
	expect_ms(rto.rttvar_ns, 0.75 * 62.5 + 0.25 * 100);
	expect_ms(rto.srtt_ns, 0.875 * 112.5 + 0.125 * 12.5);
}
END_TEST

START_TEST(less_than_a_second_becomes_a_second)
{
	struct rto rto = rto_new(1);

	rto_add(&rto, CLOCK_NS_PER_MS);
	expect_ms(rto_computed_ns(&rto), 3);
	expect_ms(rto_timer_ns(&rto), 1000);
}
END_TEST

/* A deviation that the clock cannot see counts as one of its steps. */
START_TEST(the_granularity_is_the_least_spread)
{
	struct rto rto = rto_new(10 * CLOCK_NS_PER_MS);

	for (int i = 0; i < 200; i++)
		rto_add(&rto, 2000 * CLOCK_NS_PER_MS);
	expect_ms(rto_computed_ns(&rto), 2010);
	expect_ms(rto_timer_ns(&rto), 2010);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rto");
	TCase *tcase = harness_case(suite, "rto");

	tcase_add_test(tcase, before_the_first_sample_the_timer_is_a_second);
	tcase_add_test(
		tcase,
		the_first_sample_is_the_estimate_and_half_of_it_the_deviation);
	tcase_add_test(tcase, a_further_sample_moves_both_by_alpha_and_beta);
	tcase_add_test(tcase, less_than_a_second_becomes_a_second);
	tcase_add_test(tcase, the_granularity_is_the_least_spread);
	return harness_run_together(suite);
}
