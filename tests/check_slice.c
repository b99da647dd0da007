/* SPDX-License-Identifier: MIT */
/*
 * Pieces of memory: comparing, trimming and taking lists apart, on memory that
 * ends at an inaccessible page and holds whatever a peer may send.
 */
#include "base/slice.h"

#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "harness.h"

static struct slice at_guard(char *guard, const char *text)
{
	size_t len = strlen(text);

	return (struct slice){guard_copy(guard, text, len), len};
}

static const struct pair_row {
	const char *a;
	const char *b;
	bool eq;
	bool eq_nocase;
} pairs[] = {
	{"", "", true, true},
	{"", "a", false, false},
	{"a", "a", true, true},
	{"a", "A", false, true},
	{"a", "b", false, false},
	{"close", "close", true, true},
	{"close", "CLOSE", false, true},
	{"Close", "cLOSE", false, true},
	{"close", "clos", false, false},
	{"close", "closed", false, false},
	{"@", "`", false, false},	      /* next to A and a */
	{"[", "{", false, false},	      /* next to Z and z */
	{"\xc4", "\xe4", false, false},	      /* letters in Latin-1 only */
	{"0", "\x10", false, false},	      /* one bit apart, no letters */
	{"\xc3\xa4", "\xc3\xa4", true, true}, /* the same bytes */
};

START_TEST(equal_means_the_same_bytes)
{
	const struct pair_row *row = &pairs[_i];
	struct slice a = at_guard(guard_new(), row->a);
	struct slice b = at_guard(guard_new(), row->b);

	ck_assert_int_eq(slice_eq(a, b), row->eq);
	ck_assert_int_eq(slice_eq(b, a), row->eq);
	ck_assert_int_eq(slice_eq_nocase(a, b), row->eq_nocase);
	ck_assert_int_eq(slice_eq_nocase(b, a), row->eq_nocase);
	ck_assert_int_eq(slice_is(a, row->b), row->eq);
	ck_assert_int_eq(slice_is_nocase(a, row->b), row->eq_nocase);
}
END_TEST

START_TEST(an_absent_slice_equals_an_empty_one)
{
	struct slice absent = {NULL, 0};

	ck_assert(slice_eq(absent, slice_of("")));
	ck_assert(slice_eq_nocase(absent, absent));
	ck_assert(slice_is(absent, ""));
	ck_assert(!slice_is(absent, "a"));
	ck_assert_uint_eq(slice_trim(absent).len, 0);
}
END_TEST

START_TEST(a_nul_is_a_byte_like_any_other)
{
	ck_assert(!slice_is((struct slice){"a\0b", 3}, "a"));
	ck_assert(!slice_eq((struct slice){"a\0b", 3},
			    (struct slice){"a\0c", 3}));
	ck_assert(
		slice_eq((struct slice){"a\0b", 3}, (struct slice){"a\0b", 3}));
}
END_TEST

START_TEST(a_slice_of_a_string_is_the_whole_of_it)
{
	const char *text = "hello";
	struct slice s = slice_of(text);

	ck_assert_ptr_eq(s.ptr, text);
	ck_assert_uint_eq(s.len, 5);
	ck_assert_uint_eq(slice_of("").len, 0);
}
END_TEST

static const struct trim_row {
	const char *text;
	const char *trimmed;
} trims[] = {
	{"", ""},
	{"a", "a"},
	{" a", "a"},
	{"a ", "a"},
	{"\t a \t", "a"},
	{" a b ", "a b"},
	{" \t ", ""},
	{"\ra\n", "\ra\n"}, /* no OWS (RFC 9110, 5.6.3) */
	{"\va\f", "\va\f"}, /* no OWS */
	{"\xa0"
	 "a",
	 "\xa0"
	 "a"}, /* a space in Latin-1 only */
};

START_TEST(trimming_takes_spaces_and_tabs_off_both_ends)
{
	const struct trim_row *row = &trims[_i];
	struct slice s = at_guard(guard_new(), row->text);
	struct slice trimmed = slice_trim(s);

	ck_assert(slice_is(trimmed, row->trimmed));
	ck_assert(trimmed.ptr >= s.ptr);
	ck_assert(trimmed.ptr + trimmed.len <= s.ptr + s.len);
}
END_TEST

static const struct list_row {
	const char *list;
	const char *elements; /* joined by bars */
	const char *why;
} lists[] = {
	{"", "", "no element"},
	{"a", "a", "one"},
	{"a,b", "a|b", "two"},
	{"a, b ,\tc", "a|b|c", "white space around them"},
	{"a b,c", "a b|c", "white space within one"},
	{",", "", "RFC 9110, 5.6.1.2: empty elements"},
	{" , ,, ", "", "RFC 9110, 5.6.1.2: empty elements"},
	{",a,,b,", "a|b", "RFC 9110, 5.6.1.2: empty elements"},
	{"\"a,b\",c", "\"a,b\"|c", "RFC 9110, 5.6.4: a comma in quotes"},
	{"a=\"b,c\";d,e", "a=\"b,c\";d|e", "quotes within an element"},
	{"\"a\\\",b\",c", "\"a\\\",b\"|c", "a quoted quote"},
	{"\"a\\\\\",b", "\"a\\\\\"|b", "a quoted backslash"},
	{"\"a,b", "\"a,b", "quotes that are not closed"},
	{"\"a\\", "\"a\\", "a backslash at the end"},
	{"\"", "\"", "a quote alone"},
	{"\"\",a", "\"\"|a", "empty quotes are an element"},
	{"a\\,b", "a\\|b", "a backslash outside quotes quotes nothing"},
};

START_TEST(a_list_is_taken_apart_in_order)
{
	const struct list_row *row = &lists[_i];
	struct slice rest = at_guard(guard_new(), row->list), element;
	char got[64] = "";

	while (slice_next_element(&rest, &element))
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got),
			       "%s%.*s", got[0] ? "|" : "", (int)element.len,
			       element.ptr);
	ck_assert_msg(strcmp(got, row->elements) == 0, "%s: %s", row->why, got);
	ck_assert_uint_eq(rest.len, 0);
	ck_assert(!slice_next_element(&rest, &element));
}
END_TEST

START_TEST(every_prefix_of_a_list_is_taken_apart_within_its_length)
{
	char *guard = guard_new();

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t n = 0; n <= strlen(lists[i].list); n++) {
			struct slice rest = {
				guard_copy(guard, lists[i].list, n), n};
			struct slice element;

			while (slice_next_element(&rest, &element)) {
				ck_assert_uint_gt(element.len, 0);
				ck_assert(element.ptr + element.len <= guard);
			}
		}
}
END_TEST

/* Else every table that is found by it would be one long list. */
START_TEST(names_are_spread_by_their_hashes)
{
	bool used[256] = {false};
	unsigned n_used = 0;
	char name[16];

	for (int i = 0; i < 256; i++) {
		uint64_t hash;

		(void)snprintf(name, sizeof(name), "file%d.txt", i);
		hash = slice_hash(slice_of(name));
		ck_assert_uint_eq(hash, slice_hash(slice_of(name)));
		n_used += !used[hash % 256];
		used[hash % 256] = true;
	}
	/* By chance alone 162 of 256 would be used. */
	ck_assert_uint_gt(n_used, 140);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slice");
	TCase *tcase = harness_case(suite, "slice");

	tcase_add_loop_test(tcase, equal_means_the_same_bytes, 0,
			    (int)ARRAY_LEN(pairs));
	tcase_add_test(tcase, an_absent_slice_equals_an_empty_one);
	tcase_add_test(tcase, a_nul_is_a_byte_like_any_other);
	tcase_add_test(tcase, a_slice_of_a_string_is_the_whole_of_it);
	tcase_add_loop_test(tcase, trimming_takes_spaces_and_tabs_off_both_ends,
			    0, (int)ARRAY_LEN(trims));
	tcase_add_loop_test(tcase, a_list_is_taken_apart_in_order, 0,
			    (int)ARRAY_LEN(lists));
	tcase_add_test(tcase, names_are_spread_by_their_hashes);
	tcase_add_test(tcase,
		       every_prefix_of_a_list_is_taken_apart_within_its_length);
	return harness_run_together(suite);
}
