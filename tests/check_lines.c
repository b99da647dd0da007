/* SPDX-License-Identifier: MIT */
/*
 * Lines from a pipe: every way in which their bytes may arrive, the longest
 * one, and a descriptor that fails or does not block.
 */
#include "client/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct lines lines;
static int in, out = -1;
static size_t n_waits;
static const char *pending; /* given to the pipe byte by byte, in waits */

static void set_up(void)
{
	int fds[2];

	harness_pipe(fds);
	in = fds[0];
	out = fds[1];
	n_waits = 0;
	lines_init(&lines, in, NULL, NULL);
}

static void put(const void *bytes, size_t len)
{
	ck_assert_int_eq(write(out, bytes, len), (ssize_t)len);
}

static void end(void)
{
	ck_assert_int_eq(close(out), 0);
	out = -1;
}

static void expect_line(const char *bytes, size_t len)
{
	struct slice line;

	ck_assert_int_eq(lines_next(&lines, &line), LINES_LINE);
	ck_assert_uint_eq(line.len, len);
	ck_assert_mem_eq(line.ptr, bytes, len);
}

static void expect(enum lines_result result)
{
	struct slice line;

	ck_assert_int_eq(lines_next(&lines, &line), (int)result);
}

START_TEST(each_line_comes_without_its_newline)
{
	put("one\n\ntwo\n", 9);
	expect_line("one", 3);
	expect_line("", 0);
	expect_line("two", 3);
	ck_assert_uint_eq(lines.n_lines, 3);
	end();
	expect(LINES_END);
	expect(LINES_END);
	ck_assert_uint_eq(lines.n_lines, 3);
}
END_TEST

START_TEST(what_stands_behind_the_last_newline_is_a_line)
{
	put("one\ntwo", 7);
	end();
	expect_line("one", 3);
	expect_line("two", 3);
	expect(LINES_END);
}
END_TEST

START_TEST(an_empty_input_has_no_line)
{
	end();
	expect(LINES_END);
}
END_TEST

START_TEST(every_byte_but_the_newline_passes)
{
	unsigned char bytes[256], kept[255];
	size_t n = 0;

	for (int i = 0; i < 256; i++)
		if (i != '\n')
			bytes[n++] = (unsigned char)i;
	memcpy(kept, bytes, n);
	bytes[n] = '\n';
	put(bytes, n + 1);
	expect_line((const char *)kept, n);
}
END_TEST

/* The next byte comes only when it is waited for. */
static void feed_cb(void *arg)
{
	ck_assert_ptr_eq(arg, &pending);
	n_waits++;
	if (*pending != '\0')
		put(pending++, 1);
	else
		end();
}

START_TEST(bytes_may_come_one_by_one)
{
	pending = "ab\n\nc";
	lines_init(&lines, in, feed_cb, &pending);
	expect_line("ab", 2);
	/* And no more is read than was needed. */
	ck_assert_uint_eq(n_waits, 3);
	expect_line("", 0);
	ck_assert_uint_eq(n_waits, 4);
	expect_line("c", 1);
	expect(LINES_END);
	ck_assert_uint_eq(n_waits, 6);
}
END_TEST

/* A file takes more than a pipe. */
static void read_file(size_t len, char last)
{
	char *folder = folder_new(), *path = folder_path(folder, "lines");
	char *bytes = bytes_new(len);

	memset(bytes, 'a', len);
	bytes[len - 1] = last;
	folder_write(folder, "lines", bytes, len);
	lines_init(&lines, open(path, O_RDONLY | O_CLOEXEC), NULL, NULL);
	ck_assert_int_ge(lines.fd, 0);
	free(bytes);
	free(path);
	free(folder);
}

START_TEST(the_longest_line_fits)
{
	struct slice line;

	read_file(LINES_MAX + 1, '\n');
	ck_assert_int_eq(lines_next(&lines, &line), LINES_LINE);
	ck_assert_uint_eq(line.len, LINES_MAX);
	expect(LINES_END);
	read_file(LINES_MAX, 'a');
	ck_assert_int_eq(lines_next(&lines, &line), LINES_LINE);
	ck_assert_uint_eq(line.len, LINES_MAX);
	expect(LINES_END);
}
END_TEST

START_TEST(a_longer_one_is_too_long)
{
	read_file(LINES_MAX + 2, '\n');
	expect(LINES_TOO_LONG);
	read_file(LINES_MAX + 1, 'a');
	expect(LINES_TOO_LONG);
	read_file(4 * LINES_MAX, '\n');
	expect(LINES_TOO_LONG);
	ck_assert_uint_eq(lines.n_lines, 0);
}
END_TEST

START_TEST(many_lines_pass_through_the_buffer)
{
	char *bytes = bytes_new(10 * 60000), *folder = folder_new();
	char *path = folder_path(folder, "many");

	for (size_t i = 0; i < 10; i++) {
		memset(bytes + i * 60000, (int)('a' + i), 59999);
		bytes[i * 60000 + 59999] = '\n';
	}
	folder_write(folder, "many", bytes, 10 * 60000);
	lines_init(&lines, open(path, O_RDONLY | O_CLOEXEC), NULL, NULL);
	for (size_t i = 0; i < 10; i++)
		expect_line(bytes + i * 60000, 59999);
	expect(LINES_END);
	free(bytes);
	free(path);
	free(folder);
}
END_TEST

START_TEST(a_descriptor_that_does_not_block_is_waited_for)
{
	pid_t child;

	ck_assert_int_eq(fcntl(in, F_SETFL, O_NONBLOCK), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)usleep(50 * 1000);
		_exit(write(out, "late\n", 5) == 5 ? 0 : 1);
	}
	expect_line("late", 4);
}
END_TEST

START_TEST(a_failure_is_told)
{
	lines_init(&lines, -1, NULL, NULL);
	expect(LINES_FAILED);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lines");
	TCase *tcase = harness_case(suite, "lines");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, each_line_comes_without_its_newline);
	tcase_add_test(tcase, what_stands_behind_the_last_newline_is_a_line);
	tcase_add_test(tcase, an_empty_input_has_no_line);
	tcase_add_test(tcase, every_byte_but_the_newline_passes);
	tcase_add_test(tcase, bytes_may_come_one_by_one);
	tcase_add_test(tcase, the_longest_line_fits);
	tcase_add_test(tcase, a_longer_one_is_too_long);
	tcase_add_test(tcase, many_lines_pass_through_the_buffer);
	tcase_add_test(tcase, a_descriptor_that_does_not_block_is_waited_for);
	tcase_add_test(tcase, a_failure_is_told);
	return harness_run_together(suite);
}
