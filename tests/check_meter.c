/* SPDX-License-Identifier: MIT */
/*
 * What a job has used: in nanoseconds, and what it had to wait for.
 */
#include "load/meter.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"

/* What the kernel is to have said; stands before the C library's. */
static bool is_told;
static struct rusage told;

int getrusage(__rusage_who_t who, struct rusage *usage)
{
	if (!is_told)
		return (int)syscall(SYS_getrusage, who, usage);
	*usage = told;
	return 0;
}

START_TEST(processor_time_is_of_user_and_kernel)
{
	struct meter meter;

	told = (struct rusage){.ru_utime = {1, 234567}, .ru_stime = {20, 8}};
	is_told = true;
	meter_read(&meter);
	is_told = false;
	ck_assert_uint_eq(meter.cpu_ns, UINT64_C(21234575000));
}
END_TEST

START_TEST(it_is_read_at_a_time)
{
	uint64_t before = clock_mono_ns();
	struct meter meter;

	meter_read(&meter);
	ck_assert_uint_ge(meter.at_ns, before);
	ck_assert_uint_le(meter.at_ns, clock_mono_ns());
}
END_TEST

/* The second number in the kernel's file, read before and behind it. */
static unsigned long long waited(void)
{
	FILE *file = fopen("/proc/self/schedstat", "re");
	unsigned long long ns = 0;

	if (!file)
		return 0;
	ck_assert_int_eq(fscanf(file, "%*u %llu", &ns), 1);
	(void)fclose(file);
	return ns;
}

START_TEST(waiting_for_a_core_is_what_the_kernel_says)
{
	unsigned long long before = waited();
	struct meter meter;
	int next = dup(2), again;

	(void)close(next);
	meter_read(&meter);
	ck_assert_uint_ge(meter.delay_ns, before);
	ck_assert_uint_le(meter.delay_ns, waited());
	again = dup(2);
	ck_assert_int_eq(again, next);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter");
	TCase *tcase = harness_case(suite, "meter");

	tcase_add_test(tcase, processor_time_is_of_user_and_kernel);
	tcase_add_test(tcase, it_is_read_at_a_time);
	tcase_add_test(tcase, waiting_for_a_core_is_what_the_kernel_says);
	return harness_run_together(suite);
}
