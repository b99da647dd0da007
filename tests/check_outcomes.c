/* SPDX-License-Identifier: MIT */
/*
 * How requests ended: every method and every status has a place, and no two
 * have the same unless nothing is served by them.
 */
#include "web/outcomes.h"

#include "harness.h"

START_TEST(each_is_counted_in_its_place)
{
	struct outcomes outcomes = {0};

	outcomes_note(&outcomes, HTTP_METHOD_HEAD, 404);
	outcomes_note(&outcomes, HTTP_METHOD_HEAD, 404);
	outcomes_note(&outcomes, HTTP_METHOD_GET, 200);
	ck_assert_uint_eq(outcomes.n[HTTP_METHOD_HEAD][http_status_index(404)],
			  2);
	ck_assert_uint_eq(outcomes.n[HTTP_METHOD_GET][http_status_index(200)],
			  1);
	ck_assert_uint_eq(outcomes.n[HTTP_METHOD_GET][http_status_index(404)],
			  0);
}
END_TEST

START_TEST(methods_that_are_not_served_are_one)
{
	struct outcomes outcomes = {0};

	outcomes_note(&outcomes, HTTP_METHOD_KNOWN, 405);
	outcomes_note(&outcomes, HTTP_METHOD_UNKNOWN, 405);
	ck_assert_uint_eq(
		outcomes.n[OUTCOMES_METHODS - 1][http_status_index(405)], 2);
	ck_assert_str_eq(outcomes_method(OUTCOMES_METHODS - 1), "other");
	ck_assert_str_eq(outcomes_method(HTTP_METHOD_OPTIONS), "OPTIONS");
}
END_TEST

START_TEST(a_duration_is_counted_in_the_first_bound_that_is_not_below)
{
	struct outcomes outcomes = {0};

	outcomes_note_durations(&outcomes, 0, 2);
	for (unsigned i = 0; i < OUTCOMES_BOUNDS; i++) {
		outcomes_note_durations(&outcomes, outcomes_bound_ns(i), 1);
		outcomes_note_durations(&outcomes, outcomes_bound_ns(i) + 1, 1);
	}
	outcomes_note_durations(&outcomes, UINT64_MAX / 2, 1);
	ck_assert_uint_eq(outcomes.n_within[0], 3);
	for (unsigned i = 1; i < OUTCOMES_BOUNDS; i++)
		ck_assert_uint_eq(outcomes.n_within[i], 2);
	ck_assert_uint_eq(outcomes.n_within[OUTCOMES_BOUNDS], 2);
	outcomes = (struct outcomes){0};
	outcomes_note_durations(&outcomes, 7, 3);
	ck_assert_uint_eq(outcomes.duration_ns, 21);
}
END_TEST

START_TEST(bounds_are_powers_of_ten_from_a_millisecond)
{
	uint64_t bound_ns = 1000000;

	for (unsigned i = 0; i < OUTCOMES_BOUNDS; i++, bound_ns *= 10)
		ck_assert_uint_eq(outcomes_bound_ns(i), bound_ns);
	ck_assert_uint_eq(outcomes_bound_ns(OUTCOMES_BOUNDS), UINT64_MAX);
	ck_assert_str_eq(outcomes_method(HTTP_METHOD_GET), "GET");
	ck_assert_str_eq(outcomes_method(HTTP_METHOD_HEAD), "HEAD");
}
END_TEST

START_TEST(statuses_and_indices_are_one_to_one)
{
	for (unsigned i = 0; i < HTTP_STATUSES; i++)
		ck_assert_uint_eq(http_status_index(http_status_at(i)), i);
	for (unsigned i = 1; i < HTTP_STATUSES - 1; i++)
		ck_assert_uint_lt(http_status_at(i - 1), http_status_at(i));
	ck_assert_uint_eq(http_status_index(999), HTTP_STATUSES - 1);
	ck_assert_uint_eq(http_status_at(HTTP_STATUSES - 1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outcomes");
	TCase *tcase = harness_case(suite, "outcomes");

	tcase_add_test(
		tcase,
		a_duration_is_counted_in_the_first_bound_that_is_not_below);
	tcase_add_test(tcase, each_is_counted_in_its_place);
	tcase_add_test(tcase, methods_that_are_not_served_are_one);
	tcase_add_test(tcase, bounds_are_powers_of_ten_from_a_millisecond);
	tcase_add_test(tcase, statuses_and_indices_are_one_to_one);
	return harness_run_together(suite);
}
