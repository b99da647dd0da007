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

static const struct seconds_row {
	const char *text;
	int result;
	uint64_t value_ns;
	const char *why;
} seconds[] = {
	{"5", 0, 5 * CLOCK_NS_PER_S, "whole seconds"},
	{"0.25", 0, 250 * CLOCK_NS_PER_MS, "a fraction"},
	{".5", 0, 500 * CLOCK_NS_PER_MS, "no digit ahead of the point"},
	{"5.", 0, 5 * CLOCK_NS_PER_S, "no digit behind the point"},
	{"1.000000001", 0, CLOCK_NS_PER_S + 1, "a nanosecond"},
	{"1.0000000009", 0, CLOCK_NS_PER_S, "what is finer is cut off"},
	{"0.001", 0, CLOCK_NS_PER_MS, "the least"},
	{"86400", 0, 86400 * CLOCK_NS_PER_S, "the most: a day"},
	{"86400.000", 0, 86400 * CLOCK_NS_PER_S, "the most: a day"},
	{"00005", 0, 5 * CLOCK_NS_PER_S, "zeros ahead change nothing"},
	{"0.0009", -1, 0, "below the least"},
	{"0", -1, 0, "below the least"},
	{"0.0", -1, 0, "below the least"},
	{"86400.001", -1, 0, "above the most"},
	{"86401", -1, 0, "above the most"},
	{"18446744074", -1, 0, "2^64 nanoseconds and some"},
	{"99999999999999999999999999", -1, 0, "far too long"},
	{"", -1, 0, "nothing"},
	{".", -1, 0, "a point alone"},
	{"-1", -1, 0, "a sign"},
	{"+1", -1, 0, "a sign"},
	{" 1", -1, 0, "a blank"},
	{"1 ", -1, 0, "a blank"},
	{"1s", -1, 0, "a unit"},
	{"1,5", -1, 0, "a comma"},
	{"1.5.5", -1, 0, "two points"},
	{"1e3", -1, 0, "an exponent"},
	{"inf", -1, 0, "a word"},
	{"nan", -1, 0, "a word"},
};

START_TEST(seconds_may_have_a_fraction)
{
	const struct seconds_row *row = &seconds[_i];
	uint64_t value_ns = UNTOUCHED;
	int result = units_parse_seconds(row->text, &value_ns);

	ck_assert_msg(result == row->result, "\"%s\": %s", row->text, row->why);
	ck_assert_msg(value_ns == (result == 0 ? row->value_ns : UNTOUCHED),
		      "\"%s\": %s", row->text, row->why);
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
	ck_assert_int_eq(units_parse_seconds(text, &value), 0);
	ck_assert_uint_eq(value, CLOCK_NS_PER_S);
	memset(text, '9', sizeof(text) - 1);
	ck_assert_int_eq(units_parse_uint(text, 0, UINT64_MAX, &value), -1);
	ck_assert_int_eq(units_parse_seconds(text, &value), -1);
	ck_assert_int_eq(units_parse_size(text, &value), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("units");
	TCase *tcase = harness_case(suite, "units");

	tcase_add_loop_test(tcase, a_number_is_decimal_digits_within_bounds, 0,
			    (int)ARRAY_LEN(uints));
	tcase_add_loop_test(tcase, seconds_may_have_a_fraction, 0,
			    (int)ARRAY_LEN(seconds));
	tcase_add_loop_test(tcase, a_size_may_have_a_unit, 0,
			    (int)ARRAY_LEN(sizes));
	tcase_add_test(tcase, a_long_row_of_digits_is_read_to_its_end);
	return harness_run(suite);
}
