/* SPDX-License-Identifier: MIT */
/*
 * The order of names: as people count, and a total order, which a sort and a
 * merge rely on.
 */
#include "base/natural.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* Each before the next. */
static const char *const ordered[] = {
	"",
	" ",
	"!",
	"-1", /* no sign: it is a name */
	"-2",
	"0",
	"00", /* the same number: the bytes decide */
	"0x",
	"01",
	"1",
	"1.2",
	"1.10",
	"2",
	"010",
	"10",
	"10a",
	"99999999999999999999999999999999999999999999",
	"100000000000000000000000000000000000000000000",
	":",
	"A10",
	"a",
	"a0",
	"a:",
	"aa",
	"file",
	"file.txt",
	"file1",
	"file1.txt",
	"file2",
	"file002b",
	"file2b",
	"file09",
	"file9b",
	"file10",
	"file10-1",
	"file10-02",
	"file10-10",
	"z",
	"\xc3\xa9",
	"\xff",
};

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

START_TEST(names_stand_as_people_count)
{
	for (size_t i = 0; i < ARRAY_LEN(ordered); i++)
		for (size_t k = 0; k < ARRAY_LEN(ordered); k++) {
			int expected = (i > k) - (i < k);
			int is = sign(natural_compare(ordered[i], ordered[k]));

			ck_assert_msg(is == expected, "\"%s\", \"%s\": %d",
				      ordered[i], ordered[k], is);
		}
}
END_TEST

#define SHORT_MAX 4

/* Every name of up to four bytes out of those that matter. */
static size_t all_short(char names[][SHORT_MAX + 1])
{
	static const char bytes[] = "/019:";
	size_t n = 1, from = 0;

	names[0][0] = '\0';
	for (size_t len = 0; len < SHORT_MAX; len++) {
		size_t to = n;

		for (; from < to; from++)
			for (const char *c = bytes; *c; c++) {
				strcpy(names[n], names[from]);
				names[n][len] = *c;
				names[n++][len + 1] = '\0';
			}
	}
	return n;
}

static int compare_cb(const void *a, const void *b)
{
	return natural_compare(a, b);
}

/* In the order that a sort makes, each is before all that follow. */
START_TEST(the_order_is_total)
{
	static char names[1000][SHORT_MAX + 1];
	size_t n = all_short(names);

	ck_assert_uint_eq(n, 1 + 5 + 25 + 125 + 625);
	qsort(names, n, sizeof(names[0]), compare_cb);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			ck_assert_msg(
				sign(natural_compare(names[i], names[k])) ==
					(i > k) - (i < k),
				"\"%s\", \"%s\"", names[i], names[k]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("natural");
	TCase *tcase = harness_case(suite, "natural");

	tcase_add_test(tcase, names_stand_as_people_count);
	tcase_add_test(tcase, the_order_is_total);
	return harness_run_together(suite);
}
