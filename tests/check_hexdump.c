/* SPDX-License-Identifier: MIT */
/* Bytes in hexadecimal: whole lines, parts of one, and what is no text. */
#include "client/hexdump.h"

#include <stdio.h>

#include "harness.h"

static const struct {
	size_t offset;
	struct slice bytes;
	const char *line;
} lines[] = {
	{0,
	 {"hello, wide world", 16},
	 "0000  68 65 6c 6c 6f 2c 20 77  69 64 65 20 77 6f 72 6c   "
	 "hello, wide worl\n"},
	{16,
	 {"d", 1},
	 "0010  64                                                 d\n"},
	{0xfff0,
	 {"\0\x7f\xff\x1b\"\\~ ", 8},
	 "fff0  00 7f ff 1b 22 5c 7e 20                            "
	 "....\"\\~ \n"},
	{0x12340,
	 {"abcdefghi", 9},
	 "12340  61 62 63 64 65 66 67 68  69"
	 "                        abcdefghi\n"},
};

START_TEST(a_line_is_as_wireshark_has_it)
{
	char out[256];
	struct text text = text_in(out, sizeof(out) - 1);

	hexdump_add_line(&text, lines[_i].offset, lines[_i].bytes);
	ck_assert(!text.overflow);
	out[text.len] = '\0';
	ck_assert_str_eq(out, lines[_i].line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hexdump");
	TCase *tcase = harness_case(suite, "hexdump");

	tcase_add_loop_test(tcase, a_line_is_as_wireshark_has_it, 0,
			    (int)ARRAY_LEN(lines));
	return harness_run_together(suite);
}
