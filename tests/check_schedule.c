/* SPDX-License-Identifier: MIT */
/*
 * When messages are due, and what falls to each job.
 */
#include "load/schedule.h"

#include "harness.h"

#define START UINT64_C(1000000000000)

START_TEST(jobs_take_turns_at_equal_distances)
{
	struct schedule first = schedule_of(1000, 2, 0);
	struct schedule second = schedule_of(1000, 2, 1);

	for (uint64_t i = 0; i < 1000; i++) {
		first.n_due = second.n_due = i;
		ck_assert_uint_eq(schedule_next_ns(&first, START),
				  START + i * 2000000);
		ck_assert_uint_eq(schedule_next_ns(&second, START),
				  START + i * 2000000 + 1000000);
	}
}
END_TEST

START_TEST(rounding_does_not_add_up)
{
	struct schedule schedule = schedule_of(3, 1, 0);

	schedule.n_due = 3 * 3600;
	ck_assert_uint_eq(schedule_next_ns(&schedule, START),
			  START + UINT64_C(3600000000000));
}
END_TEST

START_TEST(the_parts_are_the_whole)
{
	for (uint64_t n = 0; n < 50; n++)
		for (unsigned jobs = 1; jobs < 9; jobs++) {
			uint64_t sum = 0;

			for (unsigned i = 0; i < jobs; i++) {
				uint64_t part = schedule_part(n, jobs, i);

				ck_assert_uint_ge(part, n / jobs);
				ck_assert_uint_le(part, n / jobs + 1);
				sum += part;
			}
			ck_assert_uint_eq(sum, n);
		}
	ck_assert_uint_eq(schedule_part(5, 3, 0), 2);
	ck_assert_uint_eq(schedule_part(5, 3, 1), 2);
	ck_assert_uint_eq(schedule_part(5, 3, 2), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *tcase = harness_case(suite, "schedule");

	tcase_add_test(tcase, jobs_take_turns_at_equal_distances);
	tcase_add_test(tcase, rounding_does_not_add_up);
	tcase_add_test(tcase, the_parts_are_the_whole);
	return harness_run(suite);
}
