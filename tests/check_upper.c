/* SPDX-License-Identifier: MIT */
/*
 * The one thing that the services do, at every length and alignment that a
 * vector loop could stumble over, for every byte value, with the bytes on both
 * sides watched.
 */
#include "base/upper.h"

#include <string.h>

#include "guard.h"
#include "harness.h"

#define LENGTHS	   301 /* several blocks and their odd ends */
#define ALIGNMENTS 64

/* The rule, written a second time and without arithmetic. */
static unsigned char upper_of(unsigned char c)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *at = c != '\0' ? strchr(lower, c) : NULL;

	return at ? (unsigned char)upper[at - lower] : c;
}

START_TEST(every_byte_value_follows_the_rule)
{
	for (unsigned value = 0; value < 256; value++) {
		char byte = (char)value;

		upper_ascii(&byte, 1);
		ck_assert_uint_eq((unsigned char)byte,
				  upper_of((unsigned char)value));
	}
}
END_TEST

/*
 * What buf[0..size) must be when all of it was `around` but for data at
 * start[0..len), and only that was raised. An assertion per byte would take
 * longer than all the rest.
 */
static void assert_raised(const char *buf, size_t size, const char *start,
			  const unsigned char *data, size_t len, char around)
{
	for (const char *p = buf; p < buf + size; p++) {
		bool is_inside = p >= start && p < start + len;
		unsigned char want = is_inside ? upper_of(data[p - start])
					       : (unsigned char)around;

		if ((unsigned char)*p != want)
			ck_abort_msg("byte %td of %zu: %d, not %d", p - start,
				     len, (unsigned char)*p, want);
	}
}

START_TEST(every_byte_value_follows_the_rule_at_every_place_of_a_block)
{
	enum {
		PLACES = 200
	};
	char buf[PLACES];

	for (size_t place = 0; place < PLACES; place++)
		for (unsigned value = 0; value < 256; value++) {
			unsigned char byte = (unsigned char)value;

			memset(buf, 'q', PLACES);
			buf[place] = (char)value;
			upper_ascii(buf, PLACES);
			assert_raised(buf, PLACES, buf + place, &byte, 1, 'Q');
		}
}
END_TEST

/* In a text without any other, at each place, and what is said of it. */
START_TEST(a_single_letter_is_found_wherever_it_stands)
{
	char buf[LENGTHS], want[LENGTHS];

	memset(want, 'Q', LENGTHS);
	for (size_t len = 0; len <= LENGTHS; len++)
		ck_assert(!upper_ascii(want, len));
	for (size_t place = 0; place < LENGTHS; place++) {
		memset(buf, 'Q', LENGTHS);
		ck_assert(!upper_ascii(buf, LENGTHS));
		buf[place] = 'q';
		ck_assert(upper_ascii(buf, LENGTHS));
		ck_assert_mem_eq(buf, want, LENGTHS);
		ck_assert(!upper_ascii(buf, LENGTHS));
	}
}
END_TEST

static void check_at(const unsigned char *data, size_t align, size_t len)
{
	_Alignas(ALIGNMENTS) static char buf[3 * ALIGNMENTS + LENGTHS];
	char *start = buf + ALIGNMENTS + align;

	memset(buf, 'q', sizeof(buf));
	memcpy(start, data, len);
	upper_ascii(start, len);
	assert_raised(buf, sizeof(buf), start, data, len, 'q');
}

START_TEST(every_length_at_every_alignment_and_nothing_beside_it)
{
	unsigned char data[LENGTHS];

	bytes_pattern(data, sizeof(data), 1);
	for (size_t align = 0; align < ALIGNMENTS; align++)
		for (size_t len = 0; len < LENGTHS; len++)
			check_at(data, align, len);
}
END_TEST

START_TEST(no_byte_behind_the_end_is_touched)
{
	char *guard = guard_new();
	unsigned char data[LENGTHS];

	bytes_pattern(data, sizeof(data), 2);
	for (size_t len = 0; len < LENGTHS; len++) {
		char *start = guard_copy(guard, data, len);

		upper_ascii(start, len);
		assert_raised(start, len, start, data, len, 'q');
	}
}
END_TEST

START_TEST(nothing_at_all_may_be_nowhere)
{
	upper_ascii(NULL, 0);
}
END_TEST

START_TEST(twice_is_once)
{
	unsigned char data[LENGTHS];
	char once[LENGTHS], twice[LENGTHS];

	bytes_pattern(data, sizeof(data), 3);
	memcpy(once, data, LENGTHS);
	upper_ascii(once, LENGTHS);
	memcpy(twice, once, LENGTHS);
	upper_ascii(twice, LENGTHS);
	ck_assert_int_eq(memcmp(once, twice, LENGTHS), 0);
}
END_TEST

START_TEST(utf8_stays_what_it_was)
{
	/* a-umlaut, sharp s, the euro sign, a face outside the first plane */
	char text[] = "gr\xc3\xa4\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 end";

	upper_ascii(text, strlen(text));
	ck_assert_str_eq(
		text, "GR\xc3\xa4\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 END");
}
END_TEST

START_TEST(a_long_buffer_is_changed_throughout)
{
	enum {
		LEN = 1000003
	};
	char *start = guard_new() - LEN;
	unsigned char *data = (unsigned char *)start;
	static unsigned char copy[LEN];

	bytes_pattern(data, LEN, 4);
	memcpy(copy, data, LEN);
	upper_ascii(start, LEN);
	assert_raised(start, LEN, start, copy, LEN, 'q');
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("upper");
	TCase *tcase = harness_case(suite, "upper");

	tcase_add_test(tcase, every_byte_value_follows_the_rule);
	tcase_add_test(
		tcase,
		every_byte_value_follows_the_rule_at_every_place_of_a_block);
	tcase_add_test(tcase, a_single_letter_is_found_wherever_it_stands);
	tcase_add_test(tcase,
		       every_length_at_every_alignment_and_nothing_beside_it);
	tcase_add_test(tcase, no_byte_behind_the_end_is_touched);
	tcase_add_test(tcase, nothing_at_all_may_be_nowhere);
	tcase_add_test(tcase, twice_is_once);
	tcase_add_test(tcase, utf8_stays_what_it_was);
	tcase_add_test(tcase, a_long_buffer_is_changed_throughout);
	return harness_run_together(suite);
}
