/* SPDX-License-Identifier: MIT */
/* Sentences about failures, and standard output that does not take a result. */
#include "cli/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

START_TEST(an_advice_stands_in_parentheses)
{
	char buf[FAILURE_SIZE];

	ck_assert_str_eq(failure_text(buf, "no", "try again"),
			 "no (try again)");
	ck_assert_str_eq(failure_text(buf, "no", NULL), "no");
	ck_assert_str_eq(failure_of_output(buf, ENOSPC),
			 "standard output: No space left on device (make room "
			 "there, or write elsewhere)");
	ck_assert_str_eq(failure_of_output(buf, EIO),
			 "standard output: Input/output error");
}
END_TEST

START_TEST(what_is_too_long_is_cut)
{
	char buf[FAILURE_SIZE + 1], reason[2 * FAILURE_SIZE];

	memset(reason, 'a', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	buf[FAILURE_SIZE] = '#';
	(void)failure_text(buf, reason, reason);
	ck_assert_uint_eq(strlen(buf), FAILURE_SIZE - 1);
	ck_assert_int_eq(buf[FAILURE_SIZE], '#');
}
END_TEST

/* The one that all bytes go to from now on. */
static void print_to(int fd)
{
	ck_assert_int_eq(fflush(stdout), 0);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
}

START_TEST(a_result_that_arrives_is_no_failure)
{
	char buf[FAILURE_SIZE] = "", got[8] = "";
	int fds[2];

	harness_pipe(fds);
	print_to(fds[1]);
	printf("result");
	ck_assert_int_eq(failure_flush_output(buf), 0);
	ck_assert_int_eq(read(fds[0], got, sizeof(got)), 6);
	ck_assert_str_eq(got, "result");
	ck_assert_str_eq(buf, "");
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	char buf[FAILURE_SIZE];

	print_to(open("/dev/full", O_WRONLY | O_CLOEXEC));
	printf("result");
	ck_assert_int_eq(failure_flush_output(buf), -1);
	ck_assert_ptr_nonnull(strstr(buf, "No space left on device (make"));
	/* It stays a failure, though nothing is left to be written. */
	ck_assert_int_eq(failure_flush_output(buf), -1);
}
END_TEST

START_TEST(a_reader_that_has_left_is_told)
{
	char buf[FAILURE_SIZE];
	int fds[2];

	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	harness_pipe(fds);
	print_to(fds[1]);
	(void)close(fds[0]);
	printf("result");
	ck_assert_int_eq(failure_flush_output(buf), -1);
	ck_assert_ptr_nonnull(strstr(buf, "Broken pipe (whoever"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("failure");
	TCase *tcase = harness_case(suite, "failure");

	tcase_add_test(tcase, an_advice_stands_in_parentheses);
	tcase_add_test(tcase, what_is_too_long_is_cut);
	tcase_add_test(tcase, a_result_that_arrives_is_no_failure);
	tcase_add_test(tcase, a_full_disk_is_told);
	tcase_add_test(tcase, a_reader_that_has_left_is_told);
	return harness_run(suite);
}
