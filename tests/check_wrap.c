/* SPDX-License-Identifier: MIT */
/*
 * Running text in lines: where they break, what becomes of the blanks there,
 * and words that are longer than a line.
 */
#include "result/wrap.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define W10 "aaaaaaaaa "
#define W70 W10 W10 W10 W10 W10 W10 W10
#define X70                                                                    \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xx"

static const struct {
	const char *indent, *text, *want, *why;
} rows[] = {
	{"", "", "", "no text is no line"},
	{"  ", "a b", "  a b\n", "the indent stands before it"},
	{"", W70 "0123456789", W70 "0123456789\n", "as long as a line"},
	{"", W70 "0123456789a", W70 "\n0123456789a\n",
	 "a column more breaks at the last blank"},
	{"", W70 "0123456789 b", W70 "0123456789\nb\n",
	 "the blank itself needs no column"},
	{"", W70 "0123456789   b", W70 "0123456789\nb\n",
	 "blanks at the break are gone"},
	{"--", W70 "01234567 b", "--" W70 "01234567\n--b\n",
	 "the indent takes its columns of every line"},
	{"--", W70 "012345678 b", "--" W70 "\n--012345678 b\n",
	 "and a column more is too many"},
	{"", X70 "0123456789b", X70 "0123456789\nb\n",
	 "a word longer than a line is cut"},
	{"", X70 "0123456789", X70 "0123456789\n", "one as long is not"},
	{"", "a" X70 "0123456789b", "a" X70 "012345678\n9b\n",
	 "no blank to break at"},
	{"", "a " X70 "0123456789b", "a\n" X70 "0123456789\nb\n",
	 "a blank after the first byte will do"},
	{"", "a  b", "a  b\n", "blanks within a line stay"},
	{"", W70 "0123456789  ", W70 "0123456789\n",
	 "blanks at the end make no line of their own"},
};

/* The text is not ended by a NUL: what stands behind it does not show. */
static void try_row(int i, char behind)
{
	char *got = NULL, *want = strdup(rows[i].want);
	char *text = bytes_new(strlen(rows[i].text) + 1);
	size_t got_len = 0, len = strlen(rows[i].text);
	FILE *out = open_memstream(&got, &got_len);

	memcpy(text, rows[i].text, len);
	text[len] = behind;
	wrap_print(out, rows[i].indent, (struct slice){text, len});
	ck_assert_int_eq(fclose(out), 0);
	/* W70 ends in a blank, which a break takes away. */
	for (char *at; (at = strstr(want, " \n"));)
		memmove(at, at + 1, strlen(at));
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s", rows[i].why, got);
	free(text);
	free(want);
	free(got);
}

START_TEST(text_is_broken_between_words)
{
	static const char behind[] = "! \n";

	for (const char *c = behind; *c; c++)
		try_row(_i, *c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wrap");
	TCase *tcase = harness_case(suite, "wrap");

	tcase_add_loop_test(tcase, text_is_broken_between_words, 0,
			    (int)ARRAY_LEN(rows));
	return harness_run_together(suite);
}
