/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of an axis: it holds the data, its ends and ticks are round,
 * and there are enough and not too many of them.
 */
#include "result/scale.h"

#include <math.h>

#include "harness.h"

#define NO_NUMBER ((double)NAN)

/* Fails unless a and b are equal but for rounding. */
static void assert_near(double a, double b)
{
	ck_assert_msg(fabs(a - b) <= 1e-6 * fabs(b), "%g, not %g", a, b);
}

static void assert_ticks(const struct scale *scale, size_t n, double first,
			 double second)
{
	struct scale_ticks ticks = scale_ticks(scale);

	ck_assert_uint_eq(ticks.n, n);
	assert_near(ticks.at[0], first);
	assert_near(ticks.at[1], second);
	for (size_t i = 1; i < ticks.n; i++)
		ck_assert_double_gt(ticks.at[i], ticks.at[i - 1]);
}

static const struct {
	double high;
	double end; /* of the rounded axis */
	double step;
	size_t n_ticks;
} linear[] = {
	{100, 100, 20, 6},	 {101, 120, 20, 7},
	{19812, 20000, 5000, 5}, {20000, 20000, 5000, 5},
	{0.3, 0.3, 0.05, 7},	 {7, 8, 2, 5},
	{1e9, 1e9, 2e8, 6},	 {0, 1, 0.2, 6}, /* nothing to show */
	{-5, 1, 0.2, 6},	 {0.5, 0.5, 0.1, 6},
	{1, 1, 0.2, 6},		 {10, 10, 2, 6},
	{12.1, 15, 5, 4},	 {60, 60, 10, 7},
	{61, 80, 20, 5},	 {NO_NUMBER, 1, 0.2, 6},
	{HUGE_VAL, 1, 0.2, 6},	 {1e300, 1e300, 2e299, 6},
};

START_TEST(a_linear_axis_ends_at_a_round_number)
{
	struct scale scale = scale_linear_round(linear[_i].high, 6);

	assert_near(scale.high, linear[_i].end);
	ck_assert_double_eq(scale.low, 0);
	assert_ticks(&scale, linear[_i].n_ticks, 0, linear[_i].step);
}
END_TEST

START_TEST(a_plain_linear_axis_ends_with_the_data)
{
	struct scale scale = scale_linear(9.3, 6);

	ck_assert_double_eq(scale.high, 9.3);
	assert_ticks(&scale, 5, 0, 2);
	ck_assert_double_eq(scale_place(&scale, 0), 0);
	ck_assert_double_eq(scale_place(&scale, 9.3), 1);
	assert_near(scale_place(&scale, 4.65), 0.5);
}
END_TEST

static const struct {
	struct scale_range range;
	double low, high;
	size_t n_ticks;
	double second;
} logs[] = {
	{{60, 900}, 50, 1000, 5, 100},
	{{100, 100}, 50, 200, 3, 100}, /* a single value has room around */
	{{100, 10000}, 50, 20000, 9, 100},
	{{20, 483000}, 10, 1e6, 6, 100}, /* too far apart for more */
	{{1, 3.6e9}, 1, 1e10, 11, 10},
	{{60, 90000}, 50, 1e5, 11, 100},       /* just near enough for more */
	{{60, 1000 / 1.05}, 50, 1000, 5, 100}, /* an end that is round */
	{{105, 900}, 100, 1000, 4, 200},       /* and at the other */
	{{0.3, 0.3}, 0.2, 0.5, 2, 0.5},
	{{0.3, 50}, 0.2, 100, 9, 0.5},
	{{60, 4000}, 50, 5000, 7, 100},
	{{30, 150}, 20, 200, 4, 50},
	{{0, 50}, 0.5, 100, 8, 1}, /* a zero is less than a microsecond */
	{{0, 0}, 1, 10, 4, 2},
	{{-5, -1}, 1, 10, 4, 2},
	{{1, 0}, 1, 10, 4, 2}, /* empty */
};

START_TEST(a_logarithmic_axis_holds_its_data_with_room)
{
	struct scale scale = scale_log(logs[_i].range);

	ck_assert(scale.is_log);
	assert_near(scale.low, logs[_i].low);
	assert_near(scale.high, logs[_i].high);
	assert_ticks(&scale, logs[_i].n_ticks, logs[_i].low, logs[_i].second);
	ck_assert_double_eq(scale_place(&scale, scale.low), 0);
	ck_assert_double_eq(scale_place(&scale, scale.high), 1);
	assert_near(scale_place(&scale, sqrt(scale.low * scale.high)), 0.5);
}
END_TEST

START_TEST(what_lies_beyond_is_drawn_at_the_end)
{
	struct scale scale = scale_log((struct scale_range){60, 900});

	ck_assert_double_eq(scale_place(&scale, 0), 0);
	ck_assert_double_eq(scale_place(&scale, -1), 0);
	ck_assert_double_eq(scale_place(&scale, 1e300), 1);
}
END_TEST

/* However far apart, the ticks fit into their array. */
START_TEST(an_endless_range_has_bounded_ticks)
{
	struct scale scale = scale_log((struct scale_range){1e-300, 1e300});

	ck_assert_uint_le(scale_ticks(&scale).n, SCALE_TICKS_MAX);
	ck_assert_uint_gt(scale_ticks(&scale).n, 2);
}
END_TEST

START_TEST(a_range_passes_over_what_is_no_number)
{
	struct scale_range range = SCALE_RANGE_EMPTY;

	ck_assert(scale_range_is_empty(&range));
	scale_range_add(&range, NO_NUMBER);
	scale_range_add(&range, HUGE_VAL);
	ck_assert(scale_range_is_empty(&range));
	scale_range_add(&range, 5);
	scale_range_add(&range, 3);
	ck_assert(!scale_range_is_empty(&range));
	ck_assert_double_eq(range.low, 3);
	ck_assert_double_eq(range.high, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scale");
	TCase *tcase = harness_case(suite, "scale");

	tcase_add_loop_test(tcase, a_linear_axis_ends_at_a_round_number, 0,
			    (int)ARRAY_LEN(linear));
	tcase_add_test(tcase, a_plain_linear_axis_ends_with_the_data);
	tcase_add_loop_test(tcase, a_logarithmic_axis_holds_its_data_with_room,
			    0, (int)ARRAY_LEN(logs));
	tcase_add_test(tcase, what_lies_beyond_is_drawn_at_the_end);
	tcase_add_test(tcase, an_endless_range_has_bounded_ticks);
	tcase_add_test(tcase, a_range_passes_over_what_is_no_number);
	return harness_run_together(suite);
}
