/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people type them: what is one, what is none, and that a refused
 * text leaves the result alone.
 */
#include "base/units.h"

#include <string.h>

#include "base/clock.h"
#include "harness.h"

#define UNTOUCHED UINT64_C(4711)

static const struct uint_row {
	const char *text;
	uint64_t min;
	uint64_t max;
	int result;
	uint64_t value;
	const char *why;
} uints[] = {
	{"0", 0, 10, 0, 0, "the least"},
	{"10", 0, 10, 0, 10, "the most"},
	{"5", 5, 5, 0, 5, "the only one"},
	{"007", 0, 10, 0, 7, "zeros ahead change nothing"},
	{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX, "64 bits"},
	{"11", 0, 10, -1, 0, "one above the most"},
	{"4", 5, 10, -1, 0, "one below the least"},
	{"18446744073709551616", 0, UINT64_MAX, -1, 0, "2^64"},
	{"18446744073709551621", 0, 10, -1, 0, "2^64 + 5 is not 5"},
	{"99999999999999999999999999", 0, UINT64_MAX, -1, 0, "far too long"},
	{"", 0, 10, -1, 0, "nothing"},
	{" 5", 0, 10, -1, 0, "a blank ahead"},
	{"5 ", 0, 10, -1, 0, "a blank behind"},
	{"+5", 0, 10, -1, 0, "a sign"},
	{"-5", 0, 10, -1, 0, "a sign"},
	{"-0", 0, 10, -1, 0, "a sign"},
	{"0x5", 0, 10, -1, 0, "hexadecimal"},
	{"a", 0, UINT64_MAX, -1, 0, "hexadecimal"},
	{"5.0", 0, 10, -1, 0, "a fraction"},
	{"5k", 0, 10, -1, 0, "a unit"},
	{"1e1", 0, 10, -1, 0, "an exponent"},
	{"1,000", 0, 2000, -1, 0, "a separator"},
	{"\xd9\xa5", 0, 10, -1, 0, "a digit of another script"},
};

START_TEST(a_number_is_decimal_digits_within_bounds)
{
	const struct uint_row *row = &uints[_i];
	uint64_t value = UNTOUCHED;
	int result = units_parse_uint(row->text, row->min, row->max, &value);

	ck_assert_msg(result == row->result, "\"%s\": %s", row->text, row->why);
	ck_assert_uint_eq(value, result == 0 ? row->value : UNTOUCHED);
}
END_TEST

static const struct time_row {
	const char *text;
	int result;
	uint64_t value_ns;
	const char *why;
} times[] = {
	{"5", 0, 5 * CLOCK_NS_PER_S, "whole seconds"},
	{"0.25", 0, 250 * CLOCK_NS_PER_MS, "a fraction"},
	{".5", 0, 500 * CLOCK_NS_PER_MS, "no digit ahead of the point"},
	{"5.", 0, 5 * CLOCK_NS_PER_S, "no digit behind the point"},
	{"1.000000001", 0, CLOCK_NS_PER_S + 1, "a nanosecond"},
	{"1.0000000004", 0, CLOCK_NS_PER_S, "what is finer is rounded"},
	{"0", 0, 0, "the least"},
	{"0us", 0, 0, "nothing, in a unit"},
	{"1us", 0, 1000, "a microsecond"},
	{"1.5ms", 0, 1500000, "milliseconds with a fraction"},
	{"10s", 0, 10 * CLOCK_NS_PER_S, "seconds"},
	{"2m", 0, 120 * CLOCK_NS_PER_S, "minutes"},
	{"24h", 0, 86400 * CLOCK_NS_PER_S, "hours"},
	{"1d", 0, 86400 * CLOCK_NS_PER_S, "a day"},
	{"00005", 0, 5 * CLOCK_NS_PER_S, "zeros ahead change nothing"},
	{"36525d", 0, UINT64_C(36525) * 86400 * CLOCK_NS_PER_S, "100 years"},
	{"36526d", -1, 0, "beyond"},
	{"18446744074", -1, 0, "2^64 nanoseconds and some"},
	{"99999999999999999999999999", -1, 0, "far too long"},
	{"", -1, 0, "nothing"},
	{"s", -1, 0, "a unit alone"},
	{".", -1, 0, "a point alone"},
	{".s", -1, 0, "a point and a unit"},
	{"-1", -1, 0, "a sign"},
	{"+1", -1, 0, "a sign"},
	{" 1", -1, 0, "a blank"},
	{"1 ", -1, 0, "a blank"},
	{"1 s", -1, 0, "a blank"},
	{"1S", -1, 0, "siemens?"},
	{"1M", -1, 0, "mega?"},
	{"1ns", -1, 0, "a unit not known"},
	{"1min", -1, 0, "a unit not known"},
	{"1s5", -1, 0, "a digit behind"},
	{"1m30s", -1, 0, "two of them"},
	{"1,5", -1, 0, "a comma"},
	{"1.5.5", -1, 0, "two points"},
	{"1e3", -1, 0, "an exponent"},
	{"0x1", -1, 0, "hexadecimal"},
	{"inf", -1, 0, "a word"},
	{"nan", -1, 0, "a word"},
};

START_TEST(a_time_has_a_unit_and_may_have_a_fraction)
{
	const struct time_row *row = &times[_i];
	uint64_t value_ns = UNTOUCHED;
	int result = units_parse_time(row->text, true, &value_ns);

	ck_assert_msg(result == row->result, "\"%s\": %s", row->text, row->why);
	ck_assert_msg(value_ns == (result == 0 ? row->value_ns : UNTOUCHED),
		      "\"%s\": %s", row->text, row->why);
}
END_TEST

START_TEST(a_number_alone_is_a_time_only_where_it_says_seconds)
{
	uint64_t value_ns = UNTOUCHED;

	ck_assert_int_eq(units_parse_time("5", false, &value_ns), -1);
	ck_assert_int_eq(units_parse_time("0.5", false, &value_ns), -1);
	ck_assert_uint_eq(value_ns, UNTOUCHED);
	ck_assert_int_eq(units_parse_time("5s", false, &value_ns), 0);
	ck_assert_uint_eq(value_ns, 5 * CLOCK_NS_PER_S);
	ck_assert_int_eq(units_parse_time("5us", false, &value_ns), 0);
	ck_assert_uint_eq(value_ns, 5000);
	ck_assert_int_eq(units_parse_time("0", false, &value_ns), 0);
	ck_assert_uint_eq(value_ns, 0);
}
END_TEST

static const struct count_row {
	const char *text;
	int result;
	uint64_t value;
	const char *why;
} counts[] = {
	{"2", 0, 2, "the least"},
	{"3M", 0, 3000000, "the most"},
	{"20k", 0, 20000, "thousands"},
	{"20K", 0, 20000, "in either case"},
	{"1.5k", 0, 1500, "a fraction that comes out whole"},
	{"0.002M", 0, 2000, "a fraction that comes out whole"},
	{"1", -1, 0, "below the least"},
	{"1.9", -1, 0, "below the least"},
	{"2.5", -1, 0, "a part of one"},
	{"1.0005k", -1, 0, "a part of one"},
	{"3000001", -1, 0, "above the most"},
	{"3.001M", -1, 0, "above the most"},
	{"1G", -1, 0, "a unit not known"},
	{"1m", -1, 0, "milli?"},
	{"5s", -1, 0, "a time"},
	{"", -1, 0, "nothing"},
	{"-2", -1, 0, "a sign"},
};

START_TEST(a_count_is_whole_and_may_have_a_unit)
{
	const struct count_row *row = &counts[_i];
	uint64_t value = UNTOUCHED;
	int result = units_parse_count(row->text, 2, 3000000, &value);

	ck_assert_msg(result == row->result, "\"%s\": %s", row->text, row->why);
	ck_assert_msg(value == (result == 0 ? row->value : UNTOUCHED),
		      "\"%s\": %s", row->text, row->why);
}
END_TEST

/* Up to 2^53 a double is exact; digits alone are read as an integer. */
START_TEST(a_large_count_is_exact)
{
	uint64_t value = UNTOUCHED;

	ck_assert_int_eq(
		units_parse_count("9007199254740993", 0, UINT64_MAX, &value),
		0);
	ck_assert_uint_eq(value, UINT64_C(9007199254740993));
	ck_assert_int_eq(
		units_parse_count("9007199254741k", 0, UINT64_MAX, &value), -1);
}
END_TEST

START_TEST(a_number_may_have_a_fraction_and_a_unit)
{
	double value = 4711;

	ck_assert_int_eq(units_parse_number("0.5", &value), 0);
	ck_assert_double_eq(value, 0.5);
	ck_assert_int_eq(units_parse_number("1.5k", &value), 0);
	ck_assert_double_eq(value, 1500);
	ck_assert_int_eq(units_parse_number("2M", &value), 0);
	ck_assert_double_eq(value, 2e6);
	ck_assert_int_eq(units_parse_number("1e3", &value), -1);
	ck_assert_int_eq(units_parse_number("", &value), -1);
	ck_assert_int_eq(units_parse_number("-1", &value), -1);
	ck_assert_double_eq(value, 2e6);
}
END_TEST

static const struct sizes_row {
	const char *text;
	int result;
	size_t from, to;
	const char *why;
} sizes_rows[] = {
	{"64", 0, 64, 64, "one"},
	{"0", 0, 0, 0, "none"},
	{"10-1000", 0, 10, 1000, "a range"},
	{"1k-1M", 0, 1024, 1 << 20, "the most"},
	{"5-5", 0, 5, 5, "a range of one"},
	{"1000-10", -1, 0, 0, "the wrong way round"},
	{"1048577", -1, 0, 0, "above the most"},
	{"1-1048577", -1, 0, 0, "above the most"},
	{"-5", -1, 0, 0, "no first"},
	{"5-", -1, 0, 0, "no second"},
	{"-", -1, 0, 0, "neither"},
	{"", -1, 0, 0, "nothing"},
	{"1-2-3", -1, 0, 0, "three"},
	{"000000000000000000000000000000001-2", -1, 0, 0, "far too long"},
	{"1s", -1, 0, 0, "a time"},
};

START_TEST(sizes_are_one_or_a_range)
{
	const struct sizes_row *row = &sizes_rows[_i];
	size_t from = UNTOUCHED, to = UNTOUCHED;
	int result = units_parse_sizes(row->text, 1 << 20, &from, &to);

	ck_assert_msg(result == row->result, "\"%s\": %s", row->text, row->why);
	ck_assert_uint_eq(from, result == 0 ? row->from : UNTOUCHED);
	ck_assert_uint_eq(to, result == 0 ? row->to : UNTOUCHED);
}
END_TEST

START_TEST(what_is_written_is_short_and_reads_back)
{
	static const struct {
		uint64_t value;
		const char *as_time, *as_size;
	} rows[] = {
		{0, "0", "0"},
		{1000, "1us", "1000"},
		{1024, "1us", "1k"},
		{CLOCK_NS_PER_MS, "1ms", "1000000"},
		{90 * CLOCK_NS_PER_S, "90s", "87890625k"},
		{300 * CLOCK_NS_PER_S, "5m", "292968750k"},
		{UINT64_C(7) * 86400 * CLOCK_NS_PER_S, "7d", "590625000000k"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[UNITS_TEXT_SIZE];
		uint64_t value;

		units_format_time(rows[i].value, text);
		ck_assert_str_eq(text, rows[i].as_time);
		units_format_size(rows[i].value, text);
		ck_assert_str_eq(text, rows[i].as_size);
		ck_assert_int_eq(units_parse_size(text, &value), 0);
		ck_assert_uint_eq(value, rows[i].value);
	}
}
END_TEST

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)

static const struct size_row {
	const char *text;
	int result;
	uint64_t value;
	const char *why;
} sizes[] = {
	{"0", 0, 0, "the least"},
	{"1", 0, 1, "a byte"},
	{"4096", 0, 4096, "bytes"},
	{"1k", 0, KIB, "a kibibyte"},
	{"1K", 0, KIB, "in either case"},
	{"64M", 0, 64 * MIB, "mebibytes"},
	{"2G", 0, 2 * GIB, "gibibytes"},
	{"0G", 0, 0, "none of them"},
	{"007k", 0, 7 * KIB, "zeros ahead change nothing"},
	{"18446744073709551615", 0, UINT64_MAX, "64 bits"},
	{"18014398509481983k", 0, UINT64_MAX - KIB + 1, "64 bits, in k"},
	{"17179869183G", 0, UINT64_MAX - GIB + 1, "64 bits, in G"},
	{"18446744073709551616", -1, 0, "2^64"},
	{"18014398509481984k", -1, 0, "2^64, in k"},
	{"17592186044416M", -1, 0, "2^64, in M"},
	{"17179869184G", -1, 0, "2^64, in G"},
	{"18446744073709551615k", -1, 0, "far beyond 2^64"},
	{"99999999999999999999", -1, 0, "20 digits, beyond 2^64"},
	{"999999999999999999999", -1, 0, "21 digits"},
	{"99999999999999999999999999G", -1, 0, "far too long"},
	{"", -1, 0, "nothing"},
	{"k", -1, 0, "a unit alone"},
	{"G", -1, 0, "a unit alone"},
	{"1m", -1, 0, "milli?"},
	{"1g", -1, 0, "grams?"},
	{"1T", -1, 0, "a unit not known"},
	{"1B", -1, 0, "a unit not known"},
	{"1kB", -1, 0, "two letters"},
	{"1KiB", -1, 0, "three letters"},
	{"1kk", -1, 0, "two units"},
	{"1k1", -1, 0, "a digit behind"},
	{"1 k", -1, 0, "a blank"},
	{" 1k", -1, 0, "a blank ahead"},
	{"1k ", -1, 0, "a blank behind"},
	{"-1", -1, 0, "a sign"},
	{"+1", -1, 0, "a sign"},
	{"-1k", -1, 0, "a sign"},
	{"1.5G", -1, 0, "a fraction"},
	{"0x10", -1, 0, "hexadecimal"},
	{"1e3", -1, 0, "an exponent"},
};

START_TEST(a_size_may_have_a_unit)
{
	const struct size_row *row = &sizes[_i];
	uint64_t value = UNTOUCHED;
	int result = units_parse_size(row->text, &value);

	ck_assert_msg(result == row->result, "\"%s\": %s", row->text, row->why);
	ck_assert_msg(value == (result == 0 ? row->value : UNTOUCHED),
		      "\"%s\": %s", row->text, row->why);
}
END_TEST

/* Without bounds on the digits a loop over them might never end well. */
START_TEST(a_long_row_of_digits_is_read_to_its_end)
{
	static char text[100001];
	uint64_t value = UNTOUCHED;

	memset(text, '0', sizeof(text) - 1);
	ck_assert_int_eq(units_parse_uint(text, 0, 10, &value), 0);
	ck_assert_uint_eq(value, 0);
	text[0] = '1';
	text[1] = '.';
	ck_assert_int_eq(units_parse_time(text, true, &value), -1);
	memset(text, '9', sizeof(text) - 1);
	ck_assert_int_eq(units_parse_uint(text, 0, UINT64_MAX, &value), -1);
	ck_assert_int_eq(units_parse_time(text, true, &value), -1);
	ck_assert_int_eq(units_parse_size(text, &value), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("units");
	TCase *tcase = harness_case(suite, "units");

	tcase_add_loop_test(tcase, a_number_is_decimal_digits_within_bounds, 0,
			    (int)ARRAY_LEN(uints));
	tcase_add_loop_test(tcase, a_time_has_a_unit_and_may_have_a_fraction, 0,
			    (int)ARRAY_LEN(times));
	tcase_add_test(tcase,
		       a_number_alone_is_a_time_only_where_it_says_seconds);
	tcase_add_loop_test(tcase, a_count_is_whole_and_may_have_a_unit, 0,
			    (int)ARRAY_LEN(counts));
	tcase_add_test(tcase, a_large_count_is_exact);
	tcase_add_test(tcase, a_number_may_have_a_fraction_and_a_unit);
	tcase_add_loop_test(tcase, sizes_are_one_or_a_range, 0,
			    (int)ARRAY_LEN(sizes_rows));
	tcase_add_test(tcase, what_is_written_is_short_and_reads_back);
	tcase_add_loop_test(tcase, a_size_may_have_a_unit, 0,
			    (int)ARRAY_LEN(sizes));
	tcase_add_test(tcase, a_long_row_of_digits_is_read_to_its_end);
	return harness_run_together(suite);
}
