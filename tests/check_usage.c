/* SPDX-License-Identifier: MIT */
/*
 * What this process uses: the figures follow what it does.
 */
#include "os/usage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"

#define LARGE ((size_t)64 << 20)

static struct usage_source source;

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

static struct usage now(void)
{
	struct usage usage;

	usage_read(&source, &usage);
	return usage;
}

static void set_up(void)
{
	usage_open(&source);
}

static void tear_down(void)
{
	usage_close(&source);
}

START_TEST(processor_time_grows_with_work)
{
	uint64_t before = now().cpu_ns, after = before;
	int64_t deadline = harness_deadline();

	while (after == before && harness_left_ms(deadline) > 0)
		after = now().cpu_ns;
	ck_assert_uint_gt(after, before);
}
END_TEST

START_TEST(processor_time_is_in_nanoseconds)
{
	told = (struct rusage){.ru_utime = {1, 234567}, .ru_stime = {20, 8}};
	is_told = true;
	ck_assert_uint_eq(now().cpu_ns, UINT64_C(21234575000));
	is_told = false;
}
END_TEST

START_TEST(memory_that_is_written_is_resident)
{
	uint64_t before = now().resident_bytes;
	volatile char *large = bytes_new(LARGE);

	for (size_t i = 0; i < LARGE; i += 1024)
		large[i] = 1;
	ck_assert_uint_gt(before, 0);
	ck_assert_uint_ge(now().resident_bytes, before + LARGE / 2);
	free((char *)(uintptr_t)large);
}
END_TEST

START_TEST(each_open_descriptor_counts)
{
	size_t before = now().n_descriptors;
	int fds[2];

	harness_pipe(fds);
	ck_assert_uint_eq(now().n_descriptors, before + 2);
	(void)close(fds[0]);
	(void)close(fds[1]);
	ck_assert_uint_eq(now().n_descriptors, before);
}
END_TEST

/* As where /proc is not to be had. */
START_TEST(what_nobody_tells_is_0)
{
	usage_close(&source);
	ck_assert_uint_eq(now().resident_bytes, 0);
	ck_assert_uint_eq(now().n_descriptors, 0);
}
END_TEST

/* Standard input was closed. */
START_TEST(a_descriptor_may_be_0)
{
	int fd;

	usage_close(&source);
	(void)close(STDIN_FILENO);
	usage_open(&source);
	ck_assert_uint_gt(now().resident_bytes, 0);
	usage_close(&source);
	ck_assert_int_lt(fcntl(STDIN_FILENO, F_GETFD), 0);
	/* Nor is it taken for one. */
	fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fd, STDIN_FILENO);
	ck_assert_uint_eq(now().resident_bytes, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usage");
	TCase *tcase = harness_case(suite, "usage");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, processor_time_grows_with_work);
	tcase_add_test(tcase, processor_time_is_in_nanoseconds);
	tcase_add_test(tcase, memory_that_is_written_is_resident);
	tcase_add_test(tcase, each_open_descriptor_counts);
	tcase_add_test(tcase, what_nobody_tells_is_0);
	tcase_add_test(tcase, a_descriptor_may_be_0);
	return harness_run(suite);
}
