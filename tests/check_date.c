/* SPDX-License-Identifier: MIT */
/*
 * IMF-fixdate (RFC 9110, 5.6.7): known moments, the calendar's traps, and
 * agreement with the C library over eight thousand years.
 */
#include "http/date.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guard.h"
#include "harness.h"

static const struct date_row {
	int64_t time_s;
	const char *text;
	const char *why;
} dates[] = {
	{784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "the RFC's example"},
	{0, "Thu, 01 Jan 1970 00:00:00 GMT", "the first second"},
	{1, "Thu, 01 Jan 1970 00:00:01 GMT", "the second one"},
	{86399, "Thu, 01 Jan 1970 23:59:59 GMT", "a day's last second"},
	{86400, "Fri, 02 Jan 1970 00:00:00 GMT", "a day's first second"},
	{946684799, "Fri, 31 Dec 1999 23:59:59 GMT", "the end of 1999"},
	{951782400, "Tue, 29 Feb 2000 00:00:00 GMT", "2000 is a leap year"},
	{1709164800, "Thu, 29 Feb 2024 00:00:00 GMT", "2024 is a leap year"},
	{2147483647, "Tue, 19 Jan 2038 03:14:07 GMT", "the last of 31 bits"},
	{2147483648, "Tue, 19 Jan 2038 03:14:08 GMT", "one beyond 31 bits"},
	{4107542399, "Sun, 28 Feb 2100 23:59:59 GMT", "2100 is no leap year"},
	{4107542400, "Mon, 01 Mar 2100 00:00:00 GMT", "2100 is no leap year"},
	{4294967296, "Sun, 07 Feb 2106 06:28:16 GMT", "one beyond 32 bits"},
	{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT", "the last that fits"},
	{253402300800, "Fri, 31 Dec 9999 23:59:59 GMT", "no fifth digit"},
	{INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT", "as late as can be"},
	{-1, "Thu, 01 Jan 1970 00:00:00 GMT", "before the first second"},
	{INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT", "as early as can be"},
};

START_TEST(a_moment_is_written_as_imf_fixdate)
{
	const struct date_row *row = &dates[_i];
	char out[HTTP_DATE_LEN + 1] = "";

	http_date_format(row->time_s, out);
	ck_assert_msg(strcmp(out, row->text) == 0, "\"%s\", not \"%s\": %s",
		      out, row->text, row->why);
}
END_TEST

START_TEST(just_the_bytes_of_a_date_are_written)
{
	char out[HTTP_DATE_LEN + 2];
	char *edge = guard_new() - HTTP_DATE_LEN;

	memset(out, '#', sizeof(out));
	http_date_format(784111777, out + 1);
	ck_assert_int_eq(out[0], '#');
	ck_assert_int_eq(out[HTTP_DATE_LEN + 1], '#');
	http_date_format(784111777, edge);
	ck_assert_int_eq(memcmp(edge, out + 1, HTTP_DATE_LEN), 0);
}
END_TEST

START_TEST(the_c_library_agrees)
{
	/* A prime number of seconds: every time of day and day of year. */
	const int64_t step_s = 7654321, end_s = 253402300799;
	char got[HTTP_DATE_LEN + 1] = "", want[64];
	struct tm tm;

	for (int64_t time_s = 0; time_s < end_s; time_s += step_s) {
		time_t t = (time_t)time_s;

		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		(void)strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT",
			       &tm);
		http_date_format(time_s, got);
		ck_assert_str_eq(got, want);
	}
}
END_TEST

START_TEST(neither_locale_nor_time_zone_matter)
{
	char out[HTTP_DATE_LEN + 1] = "";

	(void)setenv("TZ", "Asia/Tokyo", 1);
	(void)setenv("LC_ALL", "de_DE.UTF-8", 1);
	tzset();
	(void)setlocale(LC_ALL, "");
	http_date_format(784111777, out);
	ck_assert_str_eq(out, "Sun, 06 Nov 1994 08:49:37 GMT");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("date");
	TCase *tcase = harness_case(suite, "date");

	tcase_add_loop_test(tcase, a_moment_is_written_as_imf_fixdate, 0,
			    (int)ARRAY_LEN(dates));
	tcase_add_test(tcase, just_the_bytes_of_a_date_are_written);
	tcase_add_test(tcase, the_c_library_agrees);
	tcase_add_test(tcase, neither_locale_nor_time_zone_matter);
	return harness_run(suite);
}
