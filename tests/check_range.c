/* SPDX-License-Identifier: MIT */
/*
 * Byte ranges (RFC 9110, 14.1 and 14.2): what is a range, what lies within a
 * file, what is sent once however often it is asked for, and how much may be
 * asked. Small files are tried with every set of up to three ranges, against a
 * map of the bytes that they name.
 */
#include "http/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "harness.h"

#define WHOLE	HTTP_RANGE_WHOLE
#define PARTIAL HTTP_RANGE_PARTIAL
#define NONE	HTTP_RANGE_UNSATISFIABLE

#define TWO_32	UINT64_C(4294967296)
#define TWO_63	UINT64_C(9223372036854775808)

/* Parses a value that ends at a guard page. */
static enum http_range_verdict parse(const char *value, uint64_t size,
				     struct http_ranges *ranges)
{
	static char *guard;
	size_t len = strlen(value);

	if (!guard)
		guard = guard_new();
	memset(ranges, 0xee, sizeof(*ranges));
	return http_range_parse(
		(struct slice){guard_copy(guard, value, len), len}, size,
		ranges);
}

/* "first-last,first-last" */
static const char *describe(const struct http_ranges *ranges)
{
	static char text[64 * HTTP_RANGES_MAX];
	size_t len = 0;

	ck_assert_uint_ge(ranges->n, 1);
	ck_assert_uint_le(ranges->n, HTTP_RANGES_MAX);
	for (size_t i = 0; i < ranges->n; i++) {
		const struct http_range *range = &ranges->list[i];

		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%llu-%llu",
			i > 0 ? "," : "", (unsigned long long)range->first,
			(unsigned long long)(range->first + range->len - 1));
	}
	return text;
}

static const struct range_row {
	const char *value;
	uint64_t size;
	enum http_range_verdict verdict;
	const char *ranges; /* of PARTIAL */
	const char *why;    /* with the section of RFC 9110 */
} rows[] = {
	/* one range */
	{"bytes=0-499", 10000, PARTIAL, "0-499", "14.1.2: the first 500"},
	{"bytes=500-999", 10000, PARTIAL, "500-999", "14.1.2: the second 500"},
	{"bytes=-500", 10000, PARTIAL, "9500-9999", "14.1.2: the final 500"},
	{"bytes=9500-", 10000, PARTIAL, "9500-9999", "14.1.2: the final 500"},
	{"bytes=0-0", 10000, PARTIAL, "0-0", "14.1.2: the first byte"},
	{"bytes=-1", 10000, PARTIAL, "9999-9999", "14.1.2: the last byte"},
	{"bytes=0-", 10000, PARTIAL, "0-9999", "14.1.2: open-ended, all of it"},
	{"bytes=9999-9999", 10000, PARTIAL, "9999-9999", "the last byte"},
	{"bytes=0-9999", 10000, PARTIAL, "0-9999", "exactly the file"},
	{"bytes=00-007", 10000, PARTIAL, "0-7", "14.1.1: 1*DIGIT"},

	/* beyond the end */
	{"bytes=0-10000", 10000, PARTIAL, "0-9999", "14.1.2: cut to the file"},
	{"bytes=9999-10000", 10000, PARTIAL, "9999-9999", "14.1.2: cut"},
	{"bytes=-10000", 10000, PARTIAL, "0-9999", "14.1.2: just the file"},
	{"bytes=-10001", 10000, PARTIAL, "0-9999", "14.1.2: the entire one"},
	{"bytes=10000-", 10000, NONE, NULL, "14.1.2: begins behind the end"},
	{"bytes=10000-10001", 10000, NONE, NULL, "14.1.2: behind the end"},
	{"bytes=20000-30000", 10000, NONE, NULL, "14.1.2: far behind"},
	{"bytes=-0", 10000, NONE, NULL, "14.1.2: a suffix of no length"},
	{"bytes=-0,-00", 10000, NONE, NULL, "14.1.2: each is unsatisfiable"},
	{"bytes=10000-,-0", 10000, NONE, NULL, "each is unsatisfiable"},
	{"bytes=0-0,10000-", 10000, PARTIAL, "0-0",
	 "14.2: one satisfiable range is enough"},
	{"bytes=10000-,-1", 10000, PARTIAL, "9999-9999",
	 "14.2: one satisfiable range is enough"},

	/* an empty file has no byte that a Content-Range could name */
	{"bytes=0-", 0, WHOLE, NULL, "14.2: an empty file"},
	{"bytes=0-0", 0, WHOLE, NULL, "14.2: an empty file"},
	{"bytes=-1", 0, WHOLE, NULL, "14.1.2: the entire one, which is empty"},
	{"bytes=-0", 0, WHOLE, NULL, "14.2: an empty file"},
	{"bytes=0-,-1", 0, WHOLE, NULL, "14.2: an empty file"},
	{"bytes=5-4", 0, WHOLE, NULL, "14.2: an empty file"},

	/* a file of one byte */
	{"bytes=0-", 1, PARTIAL, "0-0", "its byte"},
	{"bytes=-1", 1, PARTIAL, "0-0", "its byte"},
	{"bytes=-2", 1, PARTIAL, "0-0", "its byte"},
	{"bytes=1-", 1, NONE, NULL, "behind it"},

	/* several */
	{"bytes=0-1,4-5", 100, PARTIAL, "0-1,4-5", "14.1.2: two"},
	{"bytes=0-0,-1", 100, PARTIAL, "0-0,99-99", "14.1.2: first and last"},
	{"bytes=4-5,0-1", 100, PARTIAL, "0-1,4-5", "in ascending order"},
	{"bytes=8-9,4-5,0-1", 100, PARTIAL, "0-1,4-5,8-9", "ascending order"},
	{"bytes=0-1,2-3", 100, PARTIAL, "0-3", "15.3.7.2: adjacent"},
	{"bytes=2-3,0-1", 100, PARTIAL, "0-3", "adjacent, the other way"},
	{"bytes=0-1,3-4", 100, PARTIAL, "0-1,3-4", "a byte lies between"},
	{"bytes=0-4,2-7", 100, PARTIAL, "0-7", "15.3.7.2: overlapping"},
	{"bytes=0-9,2-3", 100, PARTIAL, "0-9", "one within the other"},
	{"bytes=2-3,0-9", 100, PARTIAL, "0-9", "one within the other"},
	{"bytes=5-5,5-5,5-5", 100, PARTIAL, "5-5", "the same thrice"},
	{"bytes=0-,0-,0-,0-", 100, WHOLE, NULL, "17.15: overlapping"},
	{"bytes=0-3,-96", 100, WHOLE, NULL, "all of the file, in two"},
	{"bytes=0-5,-95", 100, WHOLE, NULL, "more than the file"},
	{"bytes=0-3,-94", 100, PARTIAL, "0-3,6-99", "less than the file"},
	{"bytes=0-3,-95", 100, PARTIAL, "0-3,5-99", "a byte lies between"},
	{"bytes=0-,0-0", 100, WHOLE, NULL, "more than the file"},
	{"bytes=0-0,200-,-98", 100, PARTIAL, "0-0,2-99",
	 "what lies behind the file asks for nothing"},
	{"bytes=5-5,5-5,5-5,5-5", 100, WHOLE, NULL, "17.15: three overlaps"},
	{"bytes=0-9,2-3,5-6", 100, PARTIAL, "0-9", "two overlaps"},
	{"bytes=0-9,2-3,5-6,9-11", 100, WHOLE, NULL, "three overlaps"},
	{"bytes=0-1,2-3,4-5,6-7,8-9", 100, PARTIAL, "0-9",
	 "adjacent ones do not overlap"},
	{"bytes=90-200,95-300", 100, PARTIAL, "90-99", "cut, then joined"},

	/* the list's syntax */
	{"bytes=0-1 , 4-5", 100, PARTIAL, "0-1,4-5", "5.6.1: OWS"},
	{"bytes=0-1\t,\t4-5", 100, PARTIAL, "0-1,4-5", "5.6.3: OWS"},
	{"bytes=,0-1,,4-5,", 100, PARTIAL, "0-1,4-5",
	 "5.6.1.2: empty elements"},
	{"BYTES=0-1", 100, PARTIAL, "0-1", "14.1: units ignore case"},
	{"Bytes=0-1", 100, PARTIAL, "0-1", "14.1: units ignore case"},

	/* large */
	{"bytes=4294967295-4294967296", TWO_32 + 10, PARTIAL,
	 "4294967295-4294967296", "across 2^32"},
	{"bytes=4294967296-", TWO_32 + 10, PARTIAL, "4294967296-4294967305",
	 "beyond 2^32"},
	{"bytes=-4294967297", TWO_32 + 10, PARTIAL, "9-4294967305",
	 "a suffix of more than 2^32"},
	{"bytes=0-0,4294967296-4294967296", TWO_32 + 10, PARTIAL,
	 "0-0,4294967296-4294967296", "2^32 is not 0"},
	{"bytes=4294967296-", 10, NONE, NULL, "2^32 is not 0"},
	{"bytes=0-4294967295", 10, PARTIAL, "0-9", "2^32 - 1 is not -1"},
	{"bytes=9223372036854775807-", TWO_63, PARTIAL,
	 "9223372036854775807-9223372036854775807", "2^63 - 1"},
	{"bytes=9223372036854775808-", TWO_63, NONE, NULL, "2^63"},
	{"bytes=0-9223372036854775808", 10, PARTIAL, "0-9", "2^63"},
	{"bytes=-9223372036854775808", 10, PARTIAL, "0-9", "2^63"},
	{"bytes=0-18446744073709551614", 10, PARTIAL, "0-9", "2^64 - 2"},
	{"bytes=0-18446744073709551615", 10, PARTIAL, "0-9", "2^64 - 1"},
	{"bytes=0-18446744073709551616", 10, PARTIAL, "0-9", "2^64 is not 0"},
	{"bytes=5-18446744073709551618", 10, PARTIAL, "5-9",
	 "2^64 + 2 is not below 5"},
	{"bytes=18446744073709551615-", 10, NONE, NULL, "2^64 - 1"},
	{"bytes=18446744073709551616-", 10, NONE, NULL, "2^64 is not 0"},
	{"bytes=-18446744073709551616", 10, PARTIAL, "0-9", "2^64 is not 0"},
	{"bytes=18446744073709551615-99999999999999999999", 10, NONE, NULL,
	 "14.1.2: well-formed, since the last is above the first"},
	{"bytes=0-999999999999999999999999999999", 10, PARTIAL, "0-9",
	 "30 digits"},
	{"bytes=999999999999999999999999999999-", 10, NONE, NULL, "30 digits"},
	{"bytes=-999999999999999999999999999999", 10, PARTIAL, "0-9",
	 "30 digits"},
	{"bytes=999999999999999999999999999998-"
	 "999999999999999999999999999999",
	 10, NONE, NULL, "30 digits twice"},
	{"bytes=000000000000000000000000000001-2", 10, PARTIAL, "1-2",
	 "30 digits of a small number"},
	{"bytes=999999999999999999999999999999-5", 10, NONE, NULL,
	 "14.1.1: the last is below the first"},
	{"bytes=63184467440737095556-18446744073709551615,0-1", 10, NONE, NULL,
	 "14.1.1, of 64 bits and more"},
	{"bytes=30000000000000000000000000000-29999999999999999999999999999,"
	 "0-1",
	 10, NONE, NULL, "14.1.1, of more than 64 bits both"},
	{"bytes=0030000000000000000000000-00030000000000000000000000,0-1", 10,
	 PARTIAL, "0-1", "the same, however many zeros are before it"},

	/* what is none may be refused, 14.2; another unit is ignored */
	{"", 100, WHOLE, NULL, "nothing"},
	{"bytes", 100, WHOLE, NULL, "a unit alone"},
	{"bytes=", 100, NONE, NULL, "no range"},
	{"bytes=,", 100, NONE, NULL, "no range"},
	{"bytes= ", 100, NONE, NULL, "no range"},
	{"bytes=-", 100, NONE, NULL, "no number"},
	{"bytes=20-10", 100, NONE, NULL, "14.1.1: last below first"},
	{"bytes=alpha", 100, NONE, NULL, "a word"},
	{"bytes=10", 100, NONE, NULL, "no dash"},
	{"bytes=0--", 100, NONE, NULL, "two dashes"},
	{"bytes=0 -1", 100, NONE, NULL, "a blank inside a range"},
	{"bytes=- 1", 100, NONE, NULL, "a blank inside a range"},
	{"bytes=5", 100, NONE, NULL, "no dash"},
	{"bytes=5-4", 100, NONE, NULL, "14.1.1: invalid, last below first"},
	{"bytes=0-1,5-4", 100, NONE, NULL, "one invalid range spoils all"},
	{"bytes=200-199", 100, NONE, NULL, "invalid, not unsatisfiable"},
	{"bytes=0-1,x", 100, NONE, NULL, "one that is none spoils all"},
	{"bytes=a-b", 100, NONE, NULL, "letters"},
	{"bytes=0-b", 100, NONE, NULL, "a letter"},
	{"bytes=-b", 100, NONE, NULL, "a letter"},
	{"bytes=0x0-0x9", 100, NONE, NULL, "hexadecimal"},
	{"bytes=+0-1", 100, NONE, NULL, "a sign"},
	{"bytes=--1", 100, NONE, NULL, "a sign"},
	{"bytes=0--1", 100, NONE, NULL, "a sign"},
	{"bytes=0-1-2", 100, NONE, NULL, "two dashes"},
	{"bytes=-5-", 100, NONE, NULL, "two dashes"},
	{"bytes=0 - 1", 100, NONE, NULL, "blanks inside a range"},
	{"bytes=0- 1", 100, NONE, NULL, "a blank inside a range"},
	{"bytes=0-1 2-3", 100, NONE, NULL, "a blank for a comma"},
	{"bytes=0-1;4-5", 100, NONE, NULL, "a semicolon for a comma"},
	{"bytes=0.5-1", 100, NONE, NULL, "a fraction"},
	{"bytes=\"0-1\"", 100, NONE, NULL, "quotes"},
	{"bytes=*", 100, NONE, NULL, "a star"},
	{"bytes =0-1", 100, WHOLE, NULL, "a blank behind the unit"},
	{"bytes 0-1", 100, WHOLE, NULL, "Content-Range's form"},
	{"bytes:0-1", 100, WHOLE, NULL, "a colon for the equals sign"},
	{"byte=0-1", 100, WHOLE, NULL, "14.1: a unit not known"},
	{"bytess=0-1", 100, WHOLE, NULL, "14.1: a unit not known"},
	{"items=0-1", 100, WHOLE, NULL, "14.1: a unit not known"},
	{"none=0-1", 100, WHOLE, NULL, "14.1: a unit not known"},
	{"=0-1", 100, WHOLE, NULL, "no unit"},
	{"0-1", 100, WHOLE, NULL, "no unit"},
	{"bytes=0-1, bytes=4-5", 100, NONE, NULL, "the unit twice"},
};

START_TEST(a_range_field_means_this)
{
	const struct range_row *row = &rows[_i];
	struct http_ranges ranges;
	enum http_range_verdict verdict = parse(row->value, row->size, &ranges);

	ck_assert_msg(verdict == row->verdict, "%s: %d, not %d: %s", row->value,
		      (int)verdict, (int)row->verdict, row->why);
	if (row->ranges)
		ck_assert_msg(strcmp(describe(&ranges), row->ranges) == 0,
			      "%s: %s, not %s: %s", row->value,
			      describe(&ranges), row->ranges, row->why);
}
END_TEST

/* --- how many --- */

/* n single bytes, step apart, as one value. */
static const char *many(size_t n, size_t step)
{
	static char text[8192];
	size_t len = (size_t)snprintf(text, sizeof(text), "bytes=");

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%zu-%zu%s", i * step, i * step,
					i + 1 < n ? "," : "");
	ck_assert_uint_lt(len, sizeof(text));
	return text;
}

static const struct number_row {
	size_t n;
	size_t step; /* 1: all of them touch */
	enum http_range_verdict verdict;
	size_t n_left;
	const char *why;
} numbers[] = {
	{20, 2, PARTIAL, 20, "what zsync asks for at a time"},
	{127, 2, PARTIAL, 127, "below the limit"},
	{128, 2, PARTIAL, 128, "at the limit"},
	{129, 2, WHOLE, 0, "17.15: above the limit"},
	{128, 1, PARTIAL, 1, "at the limit, and they touch"},
	{129, 1, WHOLE, 0, "17.15: above the limit, though they touch"},
	{3, 0, PARTIAL, 1, "the same byte thrice"},
	{4, 0, WHOLE, 0, "17.15: the same byte over and over"},
	{128, 0, WHOLE, 0, "17.15: the same byte over and over"},
	{800, 1, WHOLE, 0, "17.15: far above the limit"},
};

START_TEST(so_many_ranges_are_served)
{
	const struct number_row *row = &numbers[_i];
	struct http_ranges ranges;
	enum http_range_verdict verdict =
		parse(many(row->n, row->step), 10000, &ranges);

	ck_assert_msg(verdict == row->verdict, "%zu: %s", row->n, row->why);
	if (verdict == PARTIAL)
		ck_assert_uint_eq(ranges.n, row->n_left);
}
END_TEST

/* Ranges behind the file are read and counted, but are none to send. */
START_TEST(ranges_behind_the_end_count_as_asked_and_not_as_sent)
{
	struct http_ranges ranges;

	ck_assert_int_eq(parse(many(128, 2), 32, &ranges), PARTIAL);
	ck_assert_uint_eq(ranges.n, 16);
	ck_assert_int_eq(parse(many(128, 2), 1, &ranges), PARTIAL);
	ck_assert_uint_eq(ranges.n, 1);
	ck_assert_int_eq(parse(many(129, 2), 1, &ranges), WHOLE);
}
END_TEST

/* Each order of the same ranges comes to the same. */
START_TEST(the_order_in_which_ranges_are_asked_changes_nothing)
{
	static const char *const specs[] = {"0-1", "3-9", "5-12", "-3"};
	struct http_ranges ranges;
	char value[64];

	for (unsigned i = 0; i < 256; i++) {
		unsigned a = i & 3, b = i >> 2 & 3, c = i >> 4 & 3, d = i >> 6;

		if ((1U << a | 1U << b | 1U << c | 1U << d) != 15)
			continue;
		(void)snprintf(value, sizeof(value), "bytes=%s,%s,%s,%s",
			       specs[a], specs[b], specs[c], specs[d]);
		ck_assert_int_eq(parse(value, 21, &ranges), PARTIAL);
		ck_assert_str_eq(describe(&ranges), "0-1,3-12,18-20");
	}
}
END_TEST

/* --- every small set, against a map of its bytes --- */

#define SIZE_MAX_TRIED 5
#define N_SPECS	       64

/* One range, as text and as what it is. */
struct spec {
	char text[16];
	bool is_valid;
	bool is_suffix;
	unsigned first;
	unsigned last; /* or the suffix's length */
};

/* Every "a-b" and "a-" and "-b" of numbers up to 6. */
static size_t make_specs(struct spec specs[N_SPECS])
{
	size_t n = 0;

	for (unsigned a = 0; a <= 6; a += a < 2 ? 1 : 2) {
		for (unsigned b = 0; b <= 6; b += b < 2 ? 1 : 2) {
			specs[n] = (struct spec){"", a <= b, false, a, b};
			(void)snprintf(specs[n++].text, 16, "%u-%u", a, b);
		}
		specs[n] = (struct spec){"", true, false, a, 1000};
		(void)snprintf(specs[n++].text, 16, "%u-", a);
		specs[n] = (struct spec){"", true, true, 0, a};
		(void)snprintf(specs[n++].text, 16, "-%u", a);
	}
	return n;
}

/* The bytes that it names, as bits. */
static unsigned map_of(const struct spec *spec, unsigned size)
{
	unsigned map = 0;

	for (unsigned i = 0; i < size; i++)
		if (spec->is_suffix ? i + spec->last >= size
				    : i >= spec->first && i <= spec->last)
			map |= 1U << i;
	return map;
}

static void assert_ranges_are(const struct http_ranges *ranges, unsigned map,
			      const char *value)
{
	unsigned got = 0;
	uint64_t end = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		const struct http_range *range = &ranges->list[i];

		ck_assert_msg(i == 0 || range->first > end, "%s", value);
		ck_assert_msg(range->len > 0, "%s", value);
		end = range->first + range->len;
		ck_assert_msg(end <= SIZE_MAX_TRIED, "%s", value);
		for (uint64_t at = range->first; at < end; at++)
			got |= 1U << at;
	}
	ck_assert_msg(got == map, "%s: %s", value, describe(ranges));
}

static void try_set(const struct spec *const set[3], unsigned size)
{
	struct http_ranges ranges;
	enum http_range_verdict verdict, want = NONE;
	unsigned map = 0, n_bytes = 0, n_ranges = 0;
	char value[64];

	(void)snprintf(value, sizeof(value), "bytes=%s,%s,%s", set[0]->text,
		       set[1]->text, set[2]->text);
	verdict = parse(value, size, &ranges);
	for (int i = 0; i < 3; i++) {
		unsigned of_one = map_of(set[i], size);

		map |= of_one;
		n_bytes += (unsigned)__builtin_popcount(of_one);
		n_ranges += of_one != 0;
	}
	if (map != 0)
		want = n_bytes < size || n_ranges == 1 ? PARTIAL : WHOLE;
	for (int i = 0; i < 3; i++)
		if (!set[i]->is_valid)
			want = NONE;
	if (size == 0)
		want = WHOLE;
	ck_assert_msg(verdict == want, "%s of %u: %d, not %d", value, size,
		      (int)verdict, (int)want);
	if (verdict == PARTIAL)
		assert_ranges_are(&ranges, map, value);
}

START_TEST(every_small_set_names_the_bytes_that_it_says)
{
	struct spec specs[N_SPECS];
	size_t n = make_specs(specs);

	for (size_t i = 0; i < n * n * n; i++) {
		const struct spec *set[] = {&specs[i % n], &specs[i / n % n],
					    &specs[i / n / n]};

		try_set(set, (unsigned)_i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("range");
	TCase *tcase = harness_case(suite, "fields");

	tcase_add_loop_test(tcase, a_range_field_means_this, 0,
			    (int)ARRAY_LEN(rows));

	tcase = harness_case(suite, "numbers");
	tcase_add_loop_test(tcase, so_many_ranges_are_served, 0,
			    (int)ARRAY_LEN(numbers));
	tcase_add_test(tcase,
		       ranges_behind_the_end_count_as_asked_and_not_as_sent);
	tcase_add_test(tcase,
		       the_order_in_which_ranges_are_asked_changes_nothing);

	tcase = harness_case(suite, "sets");
	tcase_add_loop_test(tcase, every_small_set_names_the_bytes_that_it_says,
			    1, SIZE_MAX_TRIED + 1);
	return harness_run_together(suite);
}
