/* SPDX-License-Identifier: MIT */
/*
 * The judge of chunked bodies (RFC 9112, 7.1): what is one, or may become one,
 * and what nothing can make one. Each is tried with every prefix of it, from
 * before a guard page.
 */
#include "http/chunk.h"

#include <string.h>

#include "guard.h"
#include "harness.h"

/* A string and its length, which counts any NUL in it. */
#define TEXT(s) s, sizeof(s) - 1

#define LAST	"0\r\n\r\n"

struct row {
	const char *text;
	size_t len;
	const char *why; /* with the section of RFC 9112 */
};

static bool is_sound(char *guard, const char *text, size_t len)
{
	return http_chunk_is_sound(
		(struct slice){guard_copy(guard, text, len), len});
}

static const struct row sound[] = {
	{TEXT(""), "nothing has come yet"},
	{TEXT(LAST), "7.1: the last chunk alone"},
	{TEXT("00000\r\n\r\n"), "7.1: 1*(\"0\")"},
	{TEXT("5\r\nabcde\r\n" LAST), "7.1: a chunk"},
	{TEXT("a\r\n0123456789\r\nA\r\n0123456789\r\n" LAST), "either case"},
	{TEXT("00000000000000000000000000000001\r\na\r\n" LAST),
	 "7.1: any number of zeros"},
	{TEXT("2\r\n\r\n\r\n" LAST), "a chunk may hold line ends"},
	{TEXT("3\r\n0\r\n\r\n" LAST), "a chunk may look like one"},
	{TEXT("4\r\n\0\xff\x01\n\r\n" LAST), "a chunk holds any byte"},
	{TEXT("7fffffffffffffff\r\na"), "the largest size, on its way"},
	{TEXT("0;a\r\n\r\n"), "7.1.1: an extension"},
	{TEXT("5;a=b;c=d;e\r\nabcde\r\n" LAST), "7.1.1: several"},
	{TEXT("0; a = b ; c\r\n\r\n"), "7.1.1: blanks that are tolerated"},
	{TEXT("0;\ta\t=\t\"b\"\t;c\r\n\r\n"), "7.1.1: tabs, too"},
	{TEXT("0;a=\"\"\r\n\r\n"), "9110, 5.6.4: an empty string"},
	{TEXT("0;a=\"b;c=d\\\"\\\\\t\x80 \"\r\n\r\n"),
	 "9110, 5.6.4: what may be quoted"},
	{TEXT("0\r\nA: b\r\nC:\r\n\r\n"), "7.1.2: trailers"},
	{TEXT("0\r\nContent-Length: 5\r\n\r\n"),
	 "9110, 6.5.1: to be ignored, but a field"},
	{TEXT(LAST "\0\n\xff"), "what stands behind it is none of it"},
	{TEXT(LAST "GET / HTTP/1.1\r\n"), "what stands behind it"},
};

START_TEST(a_chunked_body_is_sound_however_much_of_it_has_come)
{
	const struct row *row = &sound[_i];
	char *guard = guard_new();

	for (size_t len = 0; len <= row->len; len++)
		ck_assert_msg(is_sound(guard, row->text, len), "%zu bytes: %s",
			      len, row->why);
}
END_TEST

static const struct row unsound[] = {
	/* the size */
	{TEXT("\r\n"), "no size"},
	{TEXT("0x5\r\n"), "a prefix"},
	{TEXT("0X5\r\n"), "a prefix"},
	{TEXT("x5\r\n"), "half a prefix"},
	{TEXT("+5\r\n"), "a sign"},
	{TEXT("-5\r\n"), "a sign"},
	{TEXT("0_2e\r\n"), "an underscore"},
	{TEXT("5g\r\n"), "no hexadecimal digit"},
	{TEXT("5.0\r\n"), "a fraction"},
	{TEXT("5,\r\n"), "a list"},
	{TEXT("\"5\"\r\n"), "quotes"},
	{TEXT(" 5\r\n"), "a space ahead"},
	{TEXT("\t5\r\n"), "a tab ahead"},
	{TEXT("5 \r\n"), "a space behind"},
	{TEXT("5\t\r\n"), "a tab behind"},
	{TEXT("5 ;a=b\r\n"), "a space behind the size"},
	{TEXT("5 5\r\n"), "two sizes"},
	{TEXT("5\v\r\n"), "a control byte"},
	{TEXT("5\0\r\n"), "a NUL"},
	{TEXT("\xef\xbc\x95\r\n"), "a wide digit"},
	{TEXT("8000000000000000"), "2^63"},
	{TEXT("ffffffffffffffff"), "2^64 - 1"},
	{TEXT("10000000000000000"), "2^64 is not 0"},
	{TEXT("10000000000000005"), "2^64 + 5 is not 5"},
	{TEXT("FFFFFFFF00000000000000005"), "25 digits"},

	/* line ends */
	{TEXT("5\nabcde\r\n" LAST), "a bare LF behind a size"},
	{TEXT("5\rabcde\r\n" LAST), "a bare CR behind a size"},
	{TEXT("5\r\r\n"), "two CR"},
	{TEXT("5\r\nabcde\n" LAST), "a bare LF behind a chunk"},
	{TEXT("5\r\nabcde\r" LAST), "a bare CR behind a chunk"},
	{TEXT("5\r\nabcde" LAST), "no CRLF behind a chunk"},
	{TEXT("5\r\nabcdefg\r\n" LAST), "a chunk longer than its size"},
	{TEXT("5\r\nabc\r\n" LAST), "a chunk shorter than its size"},
	{TEXT("5\r\nabcde\r\n\r\n"), "an empty line for a size"},
	{TEXT("0\n\n"), "bare LF"},
	{TEXT("0\r\n\n"), "a bare LF at the end"},
	{TEXT("0\n\r\n"), "a bare LF behind the last size"},
	{TEXT("0\r\n\rG"), "a bare CR at the end"},
	{TEXT("0\r\n\0"), "a NUL for the end"},

	/* extensions */
	{TEXT("5;\r\n"), "7.1.1: no name"},
	{TEXT("5; \r\n"), "7.1.1: no name, but a blank"},
	{TEXT("5;=b\r\n"), "7.1.1: no name, but a value"},
	{TEXT("5;;a\r\n"), "7.1.1: no name between two"},
	{TEXT("5;a;\r\n"), "7.1.1: no name at the end"},
	{TEXT("5;a=\r\n"), "7.1.1: no value"},
	{TEXT("5;a= \r\n"), "7.1.1: no value, but a blank"},
	{TEXT("5;a \r\n"), "a blank at the end"},
	{TEXT("5;a=b \r\n"), "a blank at the end"},
	{TEXT("5;a b\r\n"), "7.1.1: a blank in a name"},
	{TEXT("5;a=b c\r\n"), "7.1.1: a blank in a value"},
	{TEXT("5;a=b=c\r\n"), "7.1.1: two values"},
	{TEXT("5;[a]\r\n"), "7.1.1: no token"},
	{TEXT("5;a=b,c\r\n"), "7.1.1: no token"},
	{TEXT("5;a\nb\r\n"), "a bare LF in an extension"},
	{TEXT("5;a\rb\r\n"), "a bare CR in an extension"},
	{TEXT("5;a\0b\r\n"), "a NUL in an extension"},
	{TEXT("5;a=\x01\r\n"), "a control byte in an extension"},
	{TEXT("5;a=\x7f\r\n"), "a control byte in an extension"},
	{TEXT("5;\x80\r\n"), "7.1.1: no token"},
	{TEXT("5;a=\"b\r\n"), "9110, 5.6.4: no closing quote"},
	{TEXT("5;a=\"b\n\"\r\n"), "9110, 5.6.4: a line end in quotes"},
	{TEXT("5;a=\"b\\\r\n\"\r\n"), "9110, 5.6.4: a line end escaped"},
	{TEXT("5;a=\"\0\"\r\n"), "9110, 5.6.4: a NUL in quotes"},
	{TEXT("5;a=\"\x1f\"\r\n"), "9110, 5.6.4: a control byte in quotes"},
	{TEXT("5;a=\"b\"c\r\n"), "9110, 5.6.4: more behind the quotes"},
	{TEXT("5;a=b\"c\"\r\n"), "7.1.1: quotes in a token"},

	/* trailers */
	{TEXT("0\r\nA\r\n\r\n"), "7.1.2: no colon"},
	{TEXT("0\r\n: b\r\n\r\n"), "7.1.2: no name"},
	{TEXT("0\r\nA : b\r\n\r\n"), "5.1: a space before the colon"},
	{TEXT("0\r\n A: b\r\n\r\n"), "2.2: a blank ahead"},
	{TEXT("0\r\nA: b\r\n c\r\n\r\n"), "5.2: obs-fold"},
	{TEXT("0\r\nA: b\nC: d\r\n\r\n"), "2.2: a bare LF"},
	{TEXT("0\r\nA: b\rC: d\r\n\r\n"), "2.2: a bare CR"},
	{TEXT("0\r\nA: \0\r\n\r\n"), "9110, 5.5: a NUL"},
	{TEXT("0\r\nA: \x01\r\n\r\n"), "9110, 5.5: a control byte"},
	{TEXT("0\r\nGET / HTTP/1.1\r\n"), "a request is no trailer"},
	{TEXT("0\r\nabcde"
	      "\r\n"),
	 "content is no trailer"},
};

/* A body that is unsound is so in the end, and stays so with more bytes. */
START_TEST(no_further_byte_makes_an_unsound_body_good)
{
	const struct row *row = &unsound[_i];
	char *guard = guard_new(), longer[128];
	bool was_sound = true;

	for (size_t len = 0; len <= row->len; len++) {
		bool is = is_sound(guard, row->text, len);

		ck_assert_msg(was_sound || !is, "%zu bytes: %s", len, row->why);
		was_sound = is;
	}
	ck_assert_msg(!was_sound, "let pass: %s", row->why);
	memcpy(longer, row->text, row->len);
	memcpy(longer + row->len, LAST, sizeof(LAST) - 1);
	ck_assert(!is_sound(guard, longer, row->len + sizeof(LAST) - 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chunk");
	TCase *tcase = harness_case(suite, "chunk");

	tcase_add_loop_test(tcase,
			    a_chunked_body_is_sound_however_much_of_it_has_come,
			    0, (int)ARRAY_LEN(sound));
	tcase_add_loop_test(tcase, no_further_byte_makes_an_unsound_body_good,
			    0, (int)ARRAY_LEN(unsound));
	return harness_run_together(suite);
}
