/* SPDX-License-Identifier: MIT */
/*
 * The alphabets, byte by byte, against the text of the standards that have
 * them.
 */
#include "http/syntax.h"

#include <string.h>

#include "guard.h"
#include "harness.h"

#define DIGITS	"0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct {
	enum http_byte class;
	const char *bytes;
	bool has_obs_text; /* 0x80 to 0xff */
	const char *why;
} alphabets[] = {
	{HTTP_BYTE_TOKEN, DIGITS LETTERS "!#$%&'*+-.^_`|~", false,
	 "RFC 9110, 5.6.2: tchar"},
	{HTTP_BYTE_VALUE,
	 "\t " DIGITS LETTERS "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true,
	 "RFC 9110, 5.5: field-vchar, SP and HTAB"},
	{HTTP_BYTE_HOST, DIGITS LETTERS "-._~!$&'()*+,;=", false,
	 "RFC 3986, 3.2.2: unreserved and sub-delims"},
	{HTTP_BYTE_TARGET, DIGITS LETTERS "-._~!$&'()*+,;=:@/?%[]", false,
	 "RFC 3986, 3: pchar, / and ?; and the brackets of browsers"},
};

START_TEST(a_class_has_these_bytes_and_no_others)
{
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool is_in = i >= 0x80
				     ? alphabets[_i].has_obs_text
				     : i > 0 && strchr(alphabets[_i].bytes, i);

		ck_assert_msg(http_is_all((struct slice){&c, 1},
					  alphabets[_i].class) == is_in,
			      "0x%02x: %s", (unsigned)i, alphabets[_i].why);
	}
}
END_TEST

START_TEST(digits_are_what_they_are_worth)
{
	static const char digits[] = "0123456789abcdef", upper[] = "ABCDEF";

	for (int i = 0; i < 256; i++) {
		const char *at = i > 0 ? strchr(digits, i) : NULL;
		const char *up = i > 0 ? strchr(upper, i) : NULL;
		int value = at	 ? (int)(at - digits)
			    : up ? (int)(up - upper) + 10
				 : -1;

		ck_assert_msg(http_hex_value((char)i) == value, "0x%02x",
			      (unsigned)i);
		ck_assert_msg(http_is_digit((char)i) ==
				      (value >= 0 && value < 10),
			      "0x%02x", (unsigned)i);
	}
}
END_TEST

START_TEST(a_span_ends_before_the_first_other_byte)
{
	struct slice s = {guard_copy(guard_new(), "ab c", 4), 4};

	ck_assert_uint_eq(http_span(s, HTTP_BYTE_TOKEN), 2);
	ck_assert_uint_eq(http_span(s, HTTP_BYTE_VALUE), 4);
	ck_assert(!http_is_all(s, HTTP_BYTE_TOKEN));
	ck_assert(http_is_all((struct slice){s.ptr, 2}, HTTP_BYTE_TOKEN));
	ck_assert(http_is_all((struct slice){s.ptr, 0}, HTTP_BYTE_TOKEN));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("syntax");
	TCase *tcase = harness_case(suite, "syntax");

	tcase_add_loop_test(tcase, a_class_has_these_bytes_and_no_others, 0,
			    (int)ARRAY_LEN(alphabets));
	tcase_add_test(tcase, digits_are_what_they_are_worth);
	tcase_add_test(tcase, a_span_ends_before_the_first_other_byte);
	return harness_run_together(suite);
}
