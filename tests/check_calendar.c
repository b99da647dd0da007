/* SPDX-License-Identifier: MIT */
/*
 * The calendar: known moments and its traps, there and back, agreement with
 * the C library over all years, and days that there are not.
 */
#include "base/calendar.h"

#include <time.h>

#include "harness.h"

#define DAY_S 86400

static const struct moment_row {
	int64_t time_s;
	const char *text;
	int weekday;
	const char *why;
} moments[] = {
	{0, "1970-01-01T00:00:00", 4, "where the seconds begin"},
	{-1, "1969-12-31T23:59:59", 3, "the second before"},
	{784111777, "1994-11-06T08:49:37", 0, "a Sunday"},
	{951782400, "2000-02-29T00:00:00", 2, "2000 is a leap year"},
	{1709251199, "2024-02-29T23:59:59", 4, "2024 is a leap year"},
	{4107542399, "2100-02-28T23:59:59", 0, "2100 is none"},
	{4107542400, "2100-03-01T00:00:00", 1, "2100 is none"},
	{-2203891201, "1900-02-28T23:59:59", 3, "1900 is none"},
	{-2203891200, "1900-03-01T00:00:00", 4, "1900 is none"},
	{CALENDAR_MIN_S, "0001-01-01T00:00:00", 1, "the first"},
	{CALENDAR_MAX_S, "9999-12-31T23:59:59", 5, "the last"},
	{CALENDAR_MIN_S - 1, "0001-01-01T00:00:00", 1, "no year 0"},
	{CALENDAR_MAX_S + 1, "9999-12-31T23:59:59", 5, "no fifth digit"},
	{INT64_MIN, "0001-01-01T00:00:00", 1, "as early as can be"},
	{INT64_MAX, "9999-12-31T23:59:59", 5, "as late as can be"},
};

START_TEST(a_moment_has_its_day_and_time)
{
	const struct moment_row *row = &moments[_i];
	struct calendar at = calendar_of(row->time_s);
	char buf[32];
	struct text text = text_in(buf, sizeof(buf));

	calendar_add(&text, &at, 'T');
	ck_assert_msg(slice_is(text_slice(&text), row->text),
		      "%.*s, not %s: %s", (int)text.len, text.ptr, row->text,
		      row->why);
	ck_assert_int_eq(at.weekday, row->weekday);
}
END_TEST

START_TEST(the_c_library_agrees_and_every_moment_leads_back)
{
	/* A prime number of seconds: every time of day and day of year. */
	for (int64_t time_s = CALENDAR_MIN_S; time_s < CALENDAR_MAX_S;
	     time_s += 7654321) {
		struct calendar at = calendar_of(time_s);
		time_t t = (time_t)time_s;
		struct tm tm;

		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		ck_assert_int_eq(at.year, tm.tm_year + 1900);
		ck_assert_int_eq(at.month, tm.tm_mon + 1);
		ck_assert_int_eq(at.day, tm.tm_mday);
		ck_assert_int_eq(at.weekday, tm.tm_wday);
		ck_assert_int_eq(at.hour, tm.tm_hour);
		ck_assert_int_eq(at.minute, tm.tm_min);
		ck_assert_int_eq(at.second, tm.tm_sec);
		ck_assert(calendar_is_valid(&at));
		ck_assert_int_eq(calendar_seconds(&at), time_s);
	}
}
END_TEST

START_TEST(day_follows_on_day)
{
	/* Four centuries have every kind of year. */
	for (int64_t day = -365; day < 146097; day++) {
		struct calendar at = calendar_of(day * DAY_S);

		ck_assert(calendar_is_valid(&at));
		ck_assert_int_eq(at.hour + at.minute + at.second, 0);
		ck_assert_int_eq(calendar_seconds(&at), day * DAY_S);
	}
}
END_TEST

static const struct {
	struct calendar at;
	bool is_valid;
} days[] = {
	{{2024, 2, 29, 0, 0, 0, 0}, true},
	{{2023, 2, 29, 0, 0, 0, 0}, false},
	{{2000, 2, 29, 0, 0, 0, 0}, true},
	{{1900, 2, 29, 0, 0, 0, 0}, false},
	{{2024, 2, 30, 0, 0, 0, 0}, false},
	{{2024, 1, 31, 0, 0, 0, 0}, true},
	{{2024, 1, 32, 0, 0, 0, 0}, false},
	{{2024, 4, 30, 0, 0, 0, 0}, true},
	{{2024, 4, 31, 0, 0, 0, 0}, false},
	{{2024, 12, 31, 0, 23, 59, 59}, true},
	{{2024, 12, 31, 0, 23, 59, 60}, true}, /* a leap second */
	{{2024, 12, 31, 0, 23, 59, 61}, false},
	{{2024, 12, 31, 0, 23, 60, 0}, false},
	{{2024, 12, 31, 0, 24, 0, 0}, false},
	{{2024, 0, 1, 0, 0, 0, 0}, false},
	{{0, 2, 29, 0, 0, 0, 0}, false},
	{{0, 12, 31, 0, 0, 0, 0}, false},
	{{1, 1, 1, 0, 0, 0, 0}, true},
	{{2024, 13, 1, 0, 0, 0, 0}, false},
	{{2024, 1, 0, 0, 0, 0, 0}, false},
};

START_TEST(there_are_days_that_are_not)
{
	ck_assert(calendar_is_valid(&days[_i].at) == days[_i].is_valid);
}
END_TEST

START_TEST(every_month_has_its_last_day)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31};

	for (int i = 0; i < 12; i++) {
		struct calendar at = {
			.year = 2023, .month = i + 1, .day = lengths[i]};

		ck_assert(calendar_is_valid(&at));
		at.day++;
		ck_assert(!calendar_is_valid(&at));
	}
}
END_TEST

static const struct {
	struct timespec time;
	const char *text;
} times[] = {
	{{0, 0}, "1970-01-01T00:00:00.000000Z"},
	{{784111777, 999}, "1994-11-06T08:49:37.000000Z"},
	{{784111777, 1000}, "1994-11-06T08:49:37.000001Z"},
	{{784111777, 123456789}, "1994-11-06T08:49:37.123456Z"},
	{{784111777, 999999999}, "1994-11-06T08:49:37.999999Z"},
};

START_TEST(a_time_is_told_to_the_microsecond)
{
	char buf[32];
	struct text text = text_in(buf, sizeof(buf));

	calendar_add_time(&text, &times[_i].time);
	ck_assert_msg(slice_is(text_slice(&text), times[_i].text), "%.*s",
		      (int)text.len, text.ptr);
}
END_TEST

START_TEST(what_does_not_fit_is_an_overflow)
{
	struct calendar at = calendar_of(0);
	char buf[18];
	struct text text = text_in(buf, sizeof(buf));

	calendar_add(&text, &at, ' ');
	ck_assert(text.overflow);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calendar");
	TCase *tcase = harness_case(suite, "calendar");

	tcase_add_loop_test(tcase, a_moment_has_its_day_and_time, 0,
			    ARRAY_LEN(moments));
	tcase_add_test(tcase, the_c_library_agrees_and_every_moment_leads_back);
	tcase_add_test(tcase, day_follows_on_day);
	tcase_add_loop_test(tcase, there_are_days_that_are_not, 0,
			    ARRAY_LEN(days));
	tcase_add_test(tcase, every_month_has_its_last_day);
	tcase_add_loop_test(tcase, a_time_is_told_to_the_microsecond, 0,
			    ARRAY_LEN(times));
	tcase_add_test(tcase, what_does_not_fit_is_an_overflow);
	return harness_run_together(suite);
}
