/* SPDX-License-Identifier: MIT */
/*
 * The last lines of many: whatever came before, the newest are there, in order,
 * and each is whole.
 */
#include "base/recent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static struct recent recent;

static void set_up(void)
{
	recent = (struct recent){0};
}

/* Line i is i and a row of x, as long as i demands. */
static size_t make_line(char *line, size_t size, unsigned i, size_t most)
{
	int n = snprintf(line, size, "%u ", i);
	size_t len = (size_t)n + i * 37 % most;

	memset(line + n, 'x', len - (size_t)n);
	line[len++] = '\n';
	return len;
}

static void add_lines(unsigned first, unsigned end, size_t most)
{
	char line[RECENT_SIZE];

	for (unsigned i = first; i < end; i++) {
		size_t len = make_line(line, sizeof(line), i, most);

		recent_add(&recent, (struct slice){line, len});
	}
}

/* Fails unless it is a row of whole lines that ends before `end`. */
static unsigned expect_lines(unsigned end, size_t most)
{
	struct slice text = recent_text(&recent);
	char line[RECENT_SIZE];
	unsigned first = 0;

	ck_assert_int_eq(sscanf(text.ptr, "%u", &first), 1);
	for (unsigned i = first; i < end; i++) {
		size_t len = make_line(line, sizeof(line), i, most);

		ck_assert_uint_le(len, text.len);
		ck_assert_mem_eq(text.ptr, line, len);
		text.ptr += len;
		text.len -= len;
	}
	ck_assert_uint_eq(text.len, 0);
	return first;
}

START_TEST(few_lines_are_all_there)
{
	ck_assert_uint_eq(recent_text(&recent).len, 0);
	add_lines(0, 10, 100);
	ck_assert_uint_eq(expect_lines(10, 100), 0);
}
END_TEST

static const size_t lengths[] = {1, 7, 100, 1000, 4000, 8000};

START_TEST(of_many_the_newest_are_whole_and_in_order)
{
	size_t most = lengths[_i];

	for (unsigned i = 0; i < 3000; i++) {
		add_lines(i, i + 1, most);
		(void)expect_lines(i + 1, most);
		/* Half of it is kept, when the lines let that be. */
		if (most <= 1000 && i > 2900)
			ck_assert_uint_gt(recent_text(&recent).len,
					  RECENT_SIZE / 2 - 2 * most);
	}
}
END_TEST

#define LINE ((size_t)64)

/* So many lines of LINE bytes, each with its number. */
static void add_equal_lines(unsigned first, unsigned n)
{
	char line[LINE + 1];

	for (unsigned i = first; i < first + n; i++) {
		(void)snprintf(line, sizeof(line), "%-63u\n", i);
		recent_add(&recent, (struct slice){line, LINE});
	}
}

static unsigned first_number(void)
{
	char line[LINE + 1] = "";

	memcpy(line, recent_text(&recent).ptr, LINE);
	return (unsigned)atoi(line);
}

START_TEST(all_that_fits_stays_and_then_just_half_of_it)
{
	const unsigned n = RECENT_SIZE / LINE;

	add_equal_lines(0, n);
	ck_assert_uint_eq(recent_text(&recent).len, RECENT_SIZE);
	ck_assert_uint_eq(first_number(), 0);
	add_equal_lines(n, 1);
	ck_assert_uint_eq(first_number(), n / 2);
	ck_assert_uint_eq(recent_text(&recent).len, (n / 2 + 1) * LINE);
}
END_TEST

/* When that is needed: the half would not do. */
START_TEST(as_much_goes_as_a_long_line_needs)
{
	static char line[RECENT_SIZE];
	const unsigned n = RECENT_SIZE / LINE;
	size_t len = RECENT_SIZE - 8 * LINE;

	memset(line, 'x', len);
	line[len - 1] = '\n';
	add_equal_lines(0, n);
	recent_add(&recent, (struct slice){line, len});
	ck_assert_uint_eq(recent_text(&recent).len, RECENT_SIZE);
	ck_assert_uint_eq(first_number(), n - 8);
	/* Of a line a part is none. */
	recent = (struct recent){0};
	add_equal_lines(0, n);
	recent_add(&recent, (struct slice){line + 1, len - 1});
	ck_assert_uint_eq(first_number(), n - 8);
	recent = (struct recent){0};
	add_equal_lines(0, n);
	line[len - 1] = 'x';
	line[len] = '\n';
	recent_add(&recent, (struct slice){line, len + 1});
	ck_assert_uint_eq(first_number(), n - 7);
}
END_TEST

/* Its last line but one ends just before a line of a byte. */
START_TEST(the_shortest_line_stays)
{
	static char line[RECENT_SIZE - 1];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	recent_add(&recent, (struct slice){line, sizeof(line)});
	recent_add(&recent, slice_of("\n"));
	ck_assert_uint_eq(recent_text(&recent).len, RECENT_SIZE);
	recent_add(&recent, slice_of("\n"));
	ck_assert(slice_is(recent_text(&recent), "\n\n"));
}
END_TEST

/* What others have behind it in memory is no line's end. */
START_TEST(nothing_behind_the_text_is_looked_at)
{
	static char line[RECENT_SIZE];

	memset(line, '\n', sizeof(line));
	recent_add(&recent, (struct slice){line, sizeof(line)});
	memset(line, 'x', sizeof(line));
	recent_add(&recent, (struct slice){line, 100});
	recent_add(&recent, (struct slice){line, sizeof(line)});
	ck_assert_uint_eq(recent_text(&recent).len, sizeof(line));
	ck_assert_mem_eq(recent_text(&recent).ptr, line, sizeof(line));
}
END_TEST

START_TEST(a_line_may_be_as_long_as_all_and_no_longer)
{
	static char line[RECENT_SIZE + 1];

	memset(line, 'x', sizeof(line));
	line[RECENT_SIZE - 1] = '\n';
	add_lines(0, 3, 100);
	recent_add(&recent, (struct slice){line, RECENT_SIZE});
	ck_assert_uint_eq(recent_text(&recent).len, RECENT_SIZE);
	recent_add(&recent, (struct slice){line, RECENT_SIZE + 1});
	ck_assert_uint_eq(recent_text(&recent).len, RECENT_SIZE);
	add_lines(0, 1, 100);
	ck_assert_uint_eq(expect_lines(1, 100), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recent");
	TCase *tcase = harness_case(suite, "recent");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, few_lines_are_all_there);
	tcase_add_loop_test(tcase, of_many_the_newest_are_whole_and_in_order, 0,
			    ARRAY_LEN(lengths));
	tcase_add_test(tcase, all_that_fits_stays_and_then_just_half_of_it);
	tcase_add_test(tcase, as_much_goes_as_a_long_line_needs);
	tcase_add_test(tcase, the_shortest_line_stays);
	tcase_add_test(tcase, nothing_behind_the_text_is_looked_at);
	tcase_add_test(tcase, a_line_may_be_as_long_as_all_and_no_longer);
	return harness_run(suite);
}
