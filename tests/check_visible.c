/* SPDX-License-Identifier: MIT */
/*
 * What a terminal gets of what a server sends: the whole at once, and byte by
 * byte, as a stream may bring it.
 */
#include "client/visible.h"

#include <string.h>

#include "harness.h"

static const struct {
	const char *in, *out, *why;
} rows[] = {
	{"", "", "nothing"},
	{"HELLO, world!", "HELLO, world!", "text"},
	{"\\x1b", "\\x1b", "a backslash is text"},
	{"a\tb\nc", "a\tb\nc", "a text's own controls"},
	{"a\r\nb", "a\r\nb", "a line end of the network"},
	{"a\rb", "a\\x0db", "overwrites what the line shows"},
	{"a\r\r\nb", "a\\x0d\r\nb", "the first of them"},
	{"a\r", "a\\x0d", "nothing follows"},
	{"\x1b[2J", "\\x1b[2J", "clears the screen"},
	{"\x07\x08\x0b\x0c\x0e\x1f\x7f", "\\x07\\x08\\x0b\\x0c\\x0e\\x1f\\x7f",
	 "C0 and DEL"},
	{"\x9b"
	 "2J",
	 "\\x9b2J", "CSI of C1, as one byte"},
	{"\xc2\x9b"
	 "2J",
	 "\\xc2\\x9b2J", "the same in UTF-8"},
	{"\xc2\x80\xc2\x9f", "\\xc2\\x80\\xc2\\x9f", "all of C1"},
	{"\xc2\xa0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	 "\xc2\xa0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	 "UTF-8 of two, three and four"},
	{"\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
	 "\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
	 "the bounds that have second bytes of their own"},
	{"\xc0\x9b", "\\xc0\\x9b", "an overlong ESC"},
	{"\xe0\x80\x9b", "\\xe0\\x80\\x9b", "a longer one"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80", "a surrogate"},
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "beyond Unicode"},
	{"\xf5\xff", "\\xf5\\xff", "no bytes of UTF-8"},
	{"\xe2\x82"
	 "A",
	 "\\xe2\\x82A", "cut short by text"},
	{"\xf0\x9f\x98", "\\xf0\\x9f\\x98", "cut short by the end"},
	{"\xe2\x82\x1b[m", "\\xe2\\x82\\x1b[m", "by a command"},
	{"\xf0\x9f\xc2\x9b", "\\xf0\\x9f\\xc2\\x9b", "by C1"},
	{"\xc3\r\n", "\\xc3\r\n", "by a line end"},
};

/* Passes the text on in pieces of this size. */
static void pass(const char *in, size_t size, char *out)
{
	struct visible visible = {.n_held = 0};
	size_t len = strlen(in), at = 0;

	for (size_t i = 0; i < len; i += size) {
		size_t n = len - i < size ? len - i : size;

		at += visible_add(&visible, (struct slice){in + i, n},
				  out + at);
	}
	at += visible_end(&visible, out + at);
	out[at] = '\0';
}

START_TEST(a_terminal_only_shows)
{
	char out[512];

	for (size_t size = 1; size <= 16; size++) {
		pass(rows[_i].in, size, out);
		ck_assert_msg(strcmp(out, rows[_i].out) == 0,
			      "pieces of %zu: \"%s\": %s", size, out,
			      rows[_i].why);
	}
}
END_TEST

/* Of all pairs of bytes, none comes out that begins a command. */
START_TEST(no_two_bytes_are_a_command)
{
	char in[3] = "", out[64];

	for (unsigned i = 0; i < 255 * 255; i++) {
		in[0] = (char)(i / 255 + 1);
		in[1] = (char)(i % 255 + 1);
		pass(in, 2, out);
		ck_assert_ptr_null(strpbrk(out, "\x1b\x07\x08\x0e\x0f\x7f"));
		ck_assert_ptr_null(strstr(out, "\xc2\x9b"));
		ck_assert_uint_ne((unsigned char)out[0], 0x9b);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("visible");
	TCase *tcase = harness_case(suite, "visible");

	tcase_add_loop_test(tcase, a_terminal_only_shows, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, no_two_bytes_are_a_command);
	return harness_run_together(suite);
}
