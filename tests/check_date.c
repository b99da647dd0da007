/* SPDX-License-Identifier: MIT */
/*
 * HTTP-dates (RFC 9110, 5.6.7). Written: known moments, the calendar's traps,
 * and agreement with the C library over eight thousand years. Read: all three
 * forms, what is none of them, and the century of a year of two digits.
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

/* --- reading --- */

#define NOW_S	  1795341114 /* 22 November 2026 */
#define UNTOUCHED INT64_C(4711)

/* Reads a text that ends at a guard page. */
static bool parse(const char *text, int64_t now_s, int64_t *out_s)
{
	static char *guard;
	size_t len = strlen(text);

	if (!guard)
		guard = guard_new();
	*out_s = UNTOUCHED;
	return http_date_parse(
		(struct slice){guard_copy(guard, text, len), len}, now_s,
		out_s);
}

static const struct read_row {
	const char *text;
	int64_t time_s;
	const char *why; /* of RFC 9110, 5.6.7 */
} reads[] = {
	{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777, "the RFC's IMF-fixdate"},
	{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777, "the RFC's rfc850-date"},
	{"Sun Nov  6 08:49:37 1994", 784111777, "the RFC's asctime-date"},
	{"Wed Nov 16 08:49:37 1994", 784975777, "two digits of a day"},
	{"Sun Nov 06 08:49:37 1994", 784111777, "2DIGIT may begin with 0"},

	{"Thu, 01 Jan 1970 00:00:00 GMT", 0, "the first second"},
	{"Wed, 31 Dec 1969 23:59:59 GMT", -1, "before 1970"},
	{"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799, "the last that fits"},
	{"Tue, 19 Jan 2038 03:14:08 GMT", 2147483648, "beyond 31 bits"},
	{"Sun, 07 Feb 2106 06:28:16 GMT", 4294967296, "beyond 32 bits"},

	{"Tue, 29 Feb 2000 00:00:00 GMT", 951782400, "2000 is a leap year"},
	{"Wed, 01 Mar 2000 00:00:00 GMT", 951868800, "2000 is a leap year"},
	{"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800, "2024 is a leap year"},
	{"Sun, 28 Feb 2100 23:59:59 GMT", 4107542399, "2100 is none"},
	{"Mon, 01 Mar 2100 00:00:00 GMT", 4107542400, "2100 is none"},
	{"Thursday, 29-Feb-24 00:00:00 GMT", 1709164800, "in the second form"},
	{"Thu Feb 29 00:00:00 2024", 1709164800, "in the third form"},

	{"Mon, 07 Nov 1994 08:49:60 GMT", 784198200, "60 is a leap second"},
	{"Mon, 06 Nov 1994 08:49:37 GMT", 784111777,
	 "another weekday: the date says enough"},

	{"Monday, 01-Jan-24 00:00:00 GMT", 1704067200, "each weekday's name"},
	{"Tuesday, 02-Jan-24 00:00:00 GMT", 1704153600, "each weekday's name"},
	{"Wednesday, 03-Jan-24 00:00:00 GMT", 1704240000, "each weekday's"},
	{"Thursday, 04-Jan-24 00:00:00 GMT", 1704326400, "each weekday's name"},
	{"Friday, 05-Jan-24 00:00:00 GMT", 1704412800, "each weekday's name"},
	{"Saturday, 06-Jan-24 00:00:00 GMT", 1704499200, "each weekday's name"},
	{"Sunday, 07-Jan-24 00:00:00 GMT", 1704585600, "each weekday's name"},
	{"Mon, 01 Apr 2024 00:00:00 GMT", 1711929600, "each month's name"},
	{"Wed, 01 May 2024 00:00:00 GMT", 1714521600, "each month's name"},
	{"Sat, 01 Jun 2024 00:00:00 GMT", 1717200000, "each month's name"},
	{"Mon, 01 Jul 2024 00:00:00 GMT", 1719792000, "each month's name"},
	{"Thu, 01 Aug 2024 00:00:00 GMT", 1722470400, "each month's name"},
	{"Sun, 01 Sep 2024 00:00:00 GMT", 1725148800, "each month's name"},
	{"Tue, 01 Oct 2024 00:00:00 GMT", 1727740800, "each month's name"},
	{"Sun, 01 Dec 2024 00:00:00 GMT", 1733011200, "each month's name"},
};

START_TEST(a_date_of_any_form_is_read)
{
	const struct read_row *row = &reads[_i];
	int64_t time_s;

	ck_assert_msg(parse(row->text, NOW_S, &time_s), "%s: %s", row->text,
		      row->why);
	ck_assert_msg(time_s == row->time_s, "%s: %lld, not %lld: %s",
		      row->text, (long long)time_s, (long long)row->time_s,
		      row->why);
}
END_TEST

static const struct none_row {
	const char *text;
	const char *why;
} nones[] = {
	{"", "nothing"},
	{"0", "a number"},
	{"784111777", "seconds"},
	{"Sun", "a weekday alone"},
	{"Sunday", "a weekday alone"},
	{"Sun,", "a weekday alone"},
	{"Sun, 06 Nov 1994", "no time"},
	{"Sun, 06 Nov 1994 08:49:37", "no zone"},
	{"06 Nov 1994 08:49:37 GMT", "no weekday"},
	{", 06 Nov 1994 08:49:37 GMT", "no weekday"},
	{"Sun, 06 Nov 1994 08:49:37 GMT ", "a blank behind"},
	{" Sun, 06 Nov 1994 08:49:37 GMT", "a blank ahead"},
	{"Sun,  06 Nov 1994 08:49:37 GMT", "two blanks"},
	{"Sun, 06 Nov 1994 08:49:37 GMTx", "a letter behind"},
	{"Sun, 06 Nov 1994 08:49:37 UTC", "another zone's name"},
	{"Sun, 06 Nov 1994 08:49:37 EST", "another zone"},
	{"Sun, 06 Nov 1994 08:49:37 gmt", "case-sensitive"},
	{"SUN, 06 Nov 1994 08:49:37 GMT", "case-sensitive"},
	{"sun, 06 Nov 1994 08:49:37 GMT", "case-sensitive"},
	{"Sun, 06 NOV 1994 08:49:37 GMT", "case-sensitive"},
	{"Son, 06 Nov 1994 08:49:37 GMT", "no such weekday"},
	{"unM, 06 Nov 1994 08:49:37 GMT", "across two weekdays' names"},
	{"Sun, 06 anF 1994 08:49:37 GMT", "across two months' names"},
	{"Sun, 06 Okt 1994 08:49:37 GMT", "no such month"},
	{"Sun, 06 11 1994 08:49:37 GMT", "a month's number"},
	{"Sun, 6 Nov 1994 08:49:37 GMT", "one digit of a day"},
	{"Sun,  6 Nov 1994 08:49:37 GMT", "a blank is the third form's"},
	{"Sun, 06 Nov 94 08:49:37 GMT", "two digits of a year"},
	{"Sun, 06 Nov 01994 08:49:37 GMT", "five digits of a year"},
	{"Sun, 06-Nov-1994 08:49:37 GMT", "dashes and four digits: Netscape's"},
	{"Sun, 06-Nov-94 08:49:37 GMT", "the second form has whole weekdays"},
	{"Sunday, 06 Nov 1994 08:49:37 GMT", "the first has short ones"},
	{"Sunday, 06-Nov-1994 08:49:37 GMT", "four digits of a year"},
	{"Sunday, 6-Nov-94 08:49:37 GMT", "one digit of a day"},
	{"Sunday, 06-Nov-94 08:49:37", "no zone"},
	{"Sunda, 06-Nov-94 08:49:37 GMT", "a weekday that is cut"},
	{"Sunday 06-Nov-94 08:49:37 GMT", "no comma"},
	{"Sundays, 06-Nov-94 08:49:37 GMT", "a weekday and more"},
	{"Monnesday, 06-Nov-94 08:49:37 GMT", "of two weekdays"},
	{"Sun Nov 6 08:49:37 1994", "one blank"},
	{"Sun Nov  6 08:49:37 94", "two digits of a year"},
	{"Sun Nov  6 08:49:37 1994 GMT", "a zone"},
	{"Sun Nov  6 08:49:37 GMT 1994", "date(1)'s"},
	{"Sun, Nov  6 08:49:37 1994", "a comma"},
	{"Sunday Nov  6 08:49:37 1994", "a whole weekday"},
	{"Sun Nov 6  08:49:37 1994", "the blank on the wrong side"},
	{"Sun Nov    08:49:37 1994", "no day: two blanks for digits"},
	{"Sun, 06 Nov 1994 8:49:37 GMT", "one digit of an hour"},
	{"Sun, 06 Nov 1994 08-49-37 GMT", "dashes"},
	{"Sun, 06 Nov 1994 08:49 GMT", "no seconds"},
	{"Sun, 06 Nov 1994 +8:49:37 GMT", "a sign"},
	{"Sun, -6 Nov 1994 08:49:37 GMT", "a sign"},
	{"Sun, 0x Nov 1994 08:49:37 GMT", "a letter"},
	{"Sun, 06 Nov 1994 08:49:3\xb2 GMT", "a digit of another script"},
	{"1994-11-06T08:49:37Z", "RFC 3339"},
	{"Sun, 06 Nov 1994 08:49:37 +0000", "RFC 5322"},
	{"\"Sun, 06 Nov 1994 08:49:37 GMT\"", "quotes"},

	/* no such time */
	{"Sun, 00 Nov 1994 08:49:37 GMT", "day 0"},
	{"Tue, 29 Feb 0000 12:34:56 GMT", "no year 0"},
	{"Sun, 31 Nov 1994 08:49:37 GMT", "November has 30"},
	{"Sun, 32 Dec 1994 08:49:37 GMT", "December has 31"},
	{"Sun, 31 Apr 1994 08:49:37 GMT", "April has 30"},
	{"Wed, 29 Feb 2023 00:00:00 GMT", "2023 is no leap year"},
	{"Mon, 29 Feb 2100 00:00:00 GMT", "2100 is no leap year"},
	{"Thu, 29 Feb 1900 00:00:00 GMT", "1900 is no leap year"},
	{"Sun, 30 Feb 2000 00:00:00 GMT", "no February has 30"},
	{"Tuesday, 29-Feb-23 00:00:00 GMT", "2023 is no leap year"},
	{"Tue Feb 29 00:00:00 2023", "2023 is no leap year"},
	{"Sun, 06 Nov 1994 24:00:00 GMT", "hour 24"},
	{"Sun, 06 Nov 1994 08:60:00 GMT", "minute 60"},
	{"Sun, 06 Nov 1994 08:49:61 GMT", "second 61"},
	{"Sun, 06 Nov 1994 99:99:99 GMT", "all of them"},
};

START_TEST(anything_else_is_no_date)
{
	const struct none_row *row = &nones[_i];
	int64_t time_s;

	ck_assert_msg(!parse(row->text, NOW_S, &time_s), "\"%s\": %s",
		      row->text, row->why);
	ck_assert_int_eq(time_s, UNTOUCHED);
}
END_TEST

/* A NUL is a byte like others, not an end. */
START_TEST(a_nul_in_a_date_spoils_it)
{
	static const char text[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	int64_t time_s;
	char copy[sizeof(text)];

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		memcpy(copy, text, sizeof(text));
		copy[i] = '\0';
		ck_assert(
			!http_date_parse((struct slice){copy, sizeof(text) - 1},
					 NOW_S, &time_s));
	}
}
END_TEST

START_TEST(part_of_a_date_is_no_date)
{
	static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
					    "Sunday, 06-Nov-94 08:49:37 GMT",
					    "Sun Nov  6 08:49:37 1994"};
	char part[64];
	int64_t time_s;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (size_t len = 0; len < strlen(texts[i]); len++) {
			memcpy(part, texts[i], len);
			part[len] = '\0';
			ck_assert_msg(!parse(part, NOW_S, &time_s), "%s", part);
			ck_assert(!parse(texts[i] + strlen(texts[i]) - len,
					 NOW_S, &time_s));
		}
	}
}
END_TEST

/* Of 22 November in the year, so that "more than 50 years" falls on a day. */
static const struct century_row {
	int64_t now_s;
	const char *text;
	const char *meant;
	const char *why; /* of RFC 9110, 5.6.7 */
} centuries[] = {
	{NOW_S, "Sunday, 22-Nov-26 00:00:00 GMT",
	 "Sun, 22 Nov 2026 00:00:00 GMT", "this year"},
	{NOW_S, "Sunday, 06-Nov-94 08:49:37 GMT",
	 "Sun, 06 Nov 1994 08:49:37 GMT", "2094 is too far ahead"},
	{NOW_S, "Wednesday, 01-Jan-75 00:00:00 GMT",
	 "Tue, 01 Jan 2075 00:00:00 GMT", "49 years ahead"},
	{NOW_S, "Wednesday, 01-Jan-76 00:00:00 GMT",
	 "Wed, 01 Jan 2076 00:00:00 GMT", "less than 50 years ahead"},
	{NOW_S, "Friday, 31-Dec-76 00:00:00 GMT",
	 "Fri, 31 Dec 1976 00:00:00 GMT", "more than 50 years ahead"},
	{NOW_S, "Saturday, 01-Jan-77 00:00:00 GMT",
	 "Sat, 01 Jan 1977 00:00:00 GMT", "more than 50 years ahead"},
	{NOW_S, "Saturday, 01-Jan-00 00:00:00 GMT",
	 "Sat, 01 Jan 2000 00:00:00 GMT", "the century's first"},
	{NOW_S, "Friday, 31-Dec-99 23:59:59 GMT",
	 "Fri, 31 Dec 1999 23:59:59 GMT", "the last one's last"},
	{784111777, "Sunday, 06-Nov-94 08:49:37 GMT",
	 "Sun, 06 Nov 1994 08:49:37 GMT", "seen in 1994"},
	{784111777, "Sunday, 06-Nov-43 08:49:37 GMT",
	 "Sat, 06 Nov 1943 08:49:37 GMT", "seen in 1994"},
	{3786912000, "Sunday, 06-Nov-94 08:49:37 GMT",
	 "Sat, 06 Nov 2094 08:49:37 GMT", "seen in 2090"},
};

START_TEST(a_year_of_two_digits_is_at_most_fifty_years_ahead)
{
	const struct century_row *row = &centuries[_i];
	int64_t time_s, meant_s;

	ck_assert(parse(row->meant, row->now_s, &meant_s));
	ck_assert_msg(parse(row->text, row->now_s, &time_s), "%s", row->why);
	ck_assert_msg(time_s == meant_s, "%s: %lld, not %lld: %s", row->text,
		      (long long)time_s, (long long)meant_s, row->why);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
	const int64_t step_s = 7654321, end_s = 253402300799;
	char text[HTTP_DATE_LEN];
	int64_t got_s;

	for (int64_t time_s = 0; time_s < end_s; time_s += step_s) {
		http_date_format(time_s, text);
		ck_assert(http_date_parse((struct slice){text, HTTP_DATE_LEN},
					  NOW_S, &got_s));
		ck_assert_int_eq(got_s, time_s);
	}
}
END_TEST

/* The other forms, as the C library writes them, from 1977 to 2075. */
START_TEST(the_obsolete_forms_of_the_c_library_are_read)
{
	const int64_t step_s = 654321, end_s = 3345062400; /* 2076 */
	int64_t got_s, again_s;
	char text[64], asctime[64], *year;
	struct tm tm;

	for (int64_t time_s = 220924800; time_s < end_s; time_s += step_s) {
		time_t t = (time_t)time_s;

		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		(void)strftime(text, sizeof(text), "%A, %d-%b-%Y %H:%M:%S GMT",
			       &tm);
		year = strrchr(text, '-') + 1;
		memmove(year, year + 2, strlen(year + 2) + 1);
		(void)strftime(asctime, sizeof(asctime), "%a %b %e %H:%M:%S %Y",
			       &tm);
		ck_assert_msg(parse(text, NOW_S, &got_s), "%s", text);
		ck_assert_msg(parse(asctime, NOW_S, &again_s), "%s", asctime);
		ck_assert_int_eq(got_s, time_s);
		ck_assert_int_eq(again_s, time_s);
	}
}
END_TEST

/* Where a clock is set to at its start, and what comes before and after. */
START_TEST(the_date_of_now_is_right_from_the_first)
{
	static const struct {
		int64_t now_s;
		const char *date;
	} rows[] = {
		{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
		{-1, "Thu, 01 Jan 1970 00:00:00 GMT"}, /* none is earlier */
		{1, "Thu, 01 Jan 1970 00:00:01 GMT"},
		{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
	};

	for (size_t first = 0; first < ARRAY_LEN(rows); first++) {
		struct http_date_memo memo = {0};

		for (size_t i = first; i < 3 * ARRAY_LEN(rows); i++) {
			size_t at = i / 2 % ARRAY_LEN(rows);

			ck_assert_mem_eq(http_date_now(&memo, rows[at].now_s),
					 rows[at].date, HTTP_DATE_LEN);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("date");
	TCase *tcase = harness_case(suite, "writing");

	tcase_add_loop_test(tcase, a_moment_is_written_as_imf_fixdate, 0,
			    (int)ARRAY_LEN(dates));
	tcase_add_test(tcase, just_the_bytes_of_a_date_are_written);
	tcase_add_test(tcase, the_c_library_agrees);
	tcase_add_test(tcase, neither_locale_nor_time_zone_matter);
	tcase_add_test(tcase, the_date_of_now_is_right_from_the_first);

	tcase = harness_case(suite, "reading");
	tcase_add_loop_test(tcase, a_date_of_any_form_is_read, 0,
			    (int)ARRAY_LEN(reads));
	tcase_add_loop_test(tcase, anything_else_is_no_date, 0,
			    (int)ARRAY_LEN(nones));
	tcase_add_test(tcase, a_nul_in_a_date_spoils_it);
	tcase_add_test(tcase, part_of_a_date_is_no_date);
	tcase_add_loop_test(tcase,
			    a_year_of_two_digits_is_at_most_fifty_years_ahead,
			    0, (int)ARRAY_LEN(centuries));
	tcase_add_test(tcase, what_is_written_is_read_back);
	tcase_add_test(tcase, the_obsolete_forms_of_the_c_library_are_read);
	return harness_run_together(suite);
}
