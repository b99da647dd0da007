/* SPDX-License-Identifier: MIT */
/*
 * Dates as HTTP writes and reads them. strftime() would ask the locale for its
 * names of days, so they are spelled here. gmtime_r() asks for the time zone,
 * only to leave it aside, and costs more than all the rest of a small answer's
 * head; so the calendar is here too.
 */
#include "http/date.h"

#include <string.h>

#define DATE_MAX	  INT64_C(253402300799) /* the last second of the year 9999 */

#define DATE_DAY_S	  86400

#define DAYS_OF_400_YEARS 146097
#define EPOCH_DAY	  719468 /* from 1 March of the year 0 to 1970 */
#define EPOCH_DAY_WEEKDAY 3	 /* 1 March of the year 0: a Wednesday */

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* --- the calendar --- */

struct parts {
	int year, month, day; /* month from 0 */
	int weekday;	      /* from Sunday; not read */
	int hour, minute, second;
};

/*
 * Days from 1 January 1970 to a date of the Gregorian calendar. Years are
 * counted from March, so that the leap day is a year's last; a month begins
 * after (153 * month + 2) / 5 days then.
 */
static int64_t days_of(const struct parts *p)
{
	bool after_february = p->month > 1;
	int64_t year = after_february ? p->year : p->year - 1;
	int64_t month = after_february ? p->month - 2 : p->month + 10;

	return 365 * year + year / 4 - year / 100 + year / 400 +
	       (153 * month + 2) / 5 + p->day - 1 - EPOCH_DAY;
}

static int64_t seconds_of(const struct parts *p)
{
	return days_of(p) * DATE_DAY_S + p->hour * 3600 + p->minute * 60 +
	       p->second;
}

/* The same way back, within the years that can be written: 1970 to 9999. */
static struct parts parts_of(int64_t time_s)
{
	int64_t at_s = time_s < 0 ? 0 : time_s < DATE_MAX ? time_s : DATE_MAX;
	unsigned second = (unsigned)(at_s % DATE_DAY_S);
	unsigned day = (unsigned)(at_s / DATE_DAY_S) + EPOCH_DAY;
	unsigned weekday = (day + EPOCH_DAY_WEEKDAY) % 7;
	unsigned cycle = day / DAYS_OF_400_YEARS;
	unsigned year, month;

	day %= DAYS_OF_400_YEARS;
	/* Without the leap days before it, each year has 365. */
	year = (day - day / (4 * 365) + day / (100 * 365 + 24) -
		day / (DAYS_OF_400_YEARS - 1)) /
	       365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	return (struct parts){
		.year = (int)(400 * cycle + year + (month >= 10)),
		.month = (int)(month < 10 ? month + 2 : month - 10),
		.day = (int)day + 1,
		.weekday = (int)weekday,
		.hour = (int)(second / 3600),
		.minute = (int)(second / 60 % 60),
		.second = (int)(second % 60),
	};
}

/* --- writing --- */

static void put_two(char *out, int value)
{
	out[0] = (char)('0' + value / 10);
	out[1] = (char)('0' + value % 10);
}

void http_date_format(int64_t time_s, char out[HTTP_DATE_LEN])
{
	struct parts p = parts_of(time_s);

	memcpy(out, "ddd, DD mmm YYYY hh:mm:ss GMT", HTTP_DATE_LEN);
	memcpy(out, days + 3 * p.weekday, 3);
	put_two(out + 5, p.day);
	memcpy(out + 8, months + 3 * p.month, 3);
	put_two(out + 12, p.year / 100);
	put_two(out + 14, p.year % 100);
	put_two(out + 17, p.hour);
	put_two(out + 20, p.minute);
	put_two(out + 23, p.second);
}

const char *http_date_now(struct http_date_memo *memo, int64_t now_s)
{
	if (memo->at_s != now_s || memo->text[0] == '\0') {
		memo->at_s = now_s;
		http_date_format(now_s, memo->text);
	}
	return memo->text;
}

/* --- reading --- */

/* The index of a three-letter name in a table of them, or -1. */
static int name_index(const char *name, const char *table, int n)
{
	for (int i = 0; i < n; i++)
		if (memcmp(name, table + 3 * i, 3) == 0)
			return i;
	return -1;
}

/* Where the digits under this letter of a pattern go; NULL: a literal. */
static int *part_of(struct parts *p, char letter)
{
	switch (letter) {
	case 'D':
	case '_': /* a digit or a blank */
		return &p->day;
	case 'Y':
		return &p->year;
	case 'h':
		return &p->hour;
	case 'm':
		return &p->minute;
	case 's':
		return &p->second;
	default:
		return NULL;
	}
}

/* Reads text by a pattern of the same length; "@@@" is a month's name. */
static bool match(struct slice text, const char *pattern, struct parts *p)
{
	*p = (struct parts){0};
	if (text.len != strlen(pattern))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int *part = part_of(p, pattern[i]);

		if (pattern[i] == '@') {
			p->month = name_index(text.ptr + i, months, 12);
			if (p->month < 0)
				return false;
			i += 2;
		} else if (!part) {
			if (c != pattern[i])
				return false;
		} else if (c >= '0' && c <= '9') {
			*part = *part * 10 + (c - '0');
		} else if (pattern[i] != '_' || c != ' ') {
			return false;
		}
	}
	return true;
}

static bool is_calendar_date(const struct parts *p)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31};
	bool is_leap =
		(p->year % 4 == 0 && p->year % 100 != 0) || p->year % 400 == 0;
	int length = lengths[p->month] + (p->month == 1 && is_leap);

	return p->day >= 1 && p->day <= length && p->hour < 24 &&
	       p->minute < 60 && p->second <= 60;
}

/* More than 50 years ahead is in the past (RFC 9110, 5.6.7). */
static void choose_century(struct parts *p, int64_t now_s)
{
	p->year += parts_of(now_s).year / 100 * 100 - 50;
	p->year += seconds_of(p) > now_s ? -50 : 50;
}

/* Length of the weekday's name, short or whole, that text begins with. */
static size_t weekday_len(struct slice text, bool *is_whole)
{
	static const char *const rests[] = {"day",   "day", "sday", "nesday",
					    "rsday", "day", "urday"};
	int index = text.len > 3 ? name_index(text.ptr, days, 7) : -1;
	size_t rest;

	*is_whole = false;
	if (index < 0)
		return 0;
	rest = strlen(rests[index]);
	if (text.len > 3 + rest &&
	    memcmp(text.ptr + 3, rests[index], rest) == 0) {
		*is_whole = true;
		return 3 + rest;
	}
	return 3;
}

bool http_date_parse(struct slice text, int64_t now_s, int64_t *out_s)
{
	struct parts parts;
	bool is_whole;
	size_t len = weekday_len(text, &is_whole);

	if (len == 0)
		return false;
	text = (struct slice){text.ptr + len, text.len - len};
	if (is_whole) {
		if (!match(text, ", DD-@@@-YY hh:mm:ss GMT", &parts))
			return false;
		choose_century(&parts, now_s);
	} else if (!match(text, ", DD @@@ YYYY hh:mm:ss GMT", &parts) &&
		   !match(text, " @@@ _D hh:mm:ss YYYY", &parts)) {
		return false;
	}
	if (!is_calendar_date(&parts))
		return false;
	*out_s = seconds_of(&parts);
	return true;
}
