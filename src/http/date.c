/* SPDX-License-Identifier: MIT */
/* Dates as HTTP writes and reads them. */
#include "http/date.h"

#include <string.h>

#include "base/calendar.h"

/* --- writing --- */

static void put_two(char *out, int value)
{
	out[0] = (char)('0' + value / 10);
	out[1] = (char)('0' + value % 10);
}

void http_date_format(int64_t time_s, char out[HTTP_DATE_LEN])
{
	struct calendar at = calendar_of(time_s < 0 ? 0 : time_s);

	memcpy(out, "ddd, DD mmm YYYY hh:mm:ss GMT", HTTP_DATE_LEN);
	memcpy(out, &CALENDAR_DAYS[3 * at.weekday], 3);
	put_two(out + 5, at.day);
	memcpy(out + 8, &CALENDAR_MONTHS[3 * (at.month - 1)], 3);
	put_two(out + 12, at.year / 100);
	put_two(out + 14, at.year % 100);
	put_two(out + 17, at.hour);
	put_two(out + 20, at.minute);
	put_two(out + 23, at.second);
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
static int *date_part_of(struct calendar *at, char letter)
{
	switch (letter) {
	case 'D':
	case '_': /* a digit or a blank */
		return &at->day;
	case 'Y':
		return &at->year;
	case 'h':
		return &at->hour;
	case 'm':
		return &at->minute;
	case 's':
		return &at->second;
	default:
		return NULL;
	}
}

/* Reads text by a pattern of the same length; "@@@" is a month's name. */
static bool match(struct slice text, const char *pattern, struct calendar *at)
{
	*at = (struct calendar){0};
	if (text.len != strlen(pattern))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int *part = date_part_of(at, pattern[i]);

		if (pattern[i] == '@') {
			at->month = 1 + name_index(text.ptr + i,
						   CALENDAR_MONTHS, 12);
			if (at->month < 1)
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

/* More than 50 years ahead is in the past (RFC 9110, 5.6.7). */
static void choose_century(struct calendar *at, int64_t now_s)
{
	at->year += calendar_of(now_s).year / 100 * 100 - 50;
	at->year += calendar_seconds(at) > now_s ? -50 : 50;
}

/* Length of the weekday's name, short or whole, that text begins with. */
static size_t weekday_len(struct slice text, bool *is_whole)
{
	static const char *const rests[] = {"day",   "day", "sday", "nesday",
					    "rsday", "day", "urday"};
	int index = text.len > 3 ? name_index(text.ptr, CALENDAR_DAYS, 7) : -1;
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
	struct calendar at;
	bool is_whole;
	size_t len = weekday_len(text, &is_whole);

	if (len == 0)
		return false;
	text = (struct slice){text.ptr + len, text.len - len};
	if (is_whole) {
		if (!match(text, ", DD-@@@-YY hh:mm:ss GMT", &at))
			return false;
		choose_century(&at, now_s);
	} else if (!match(text, ", DD @@@ YYYY hh:mm:ss GMT", &at) &&
		   !match(text, " @@@ _D hh:mm:ss YYYY", &at)) {
		return false;
	}
	if (!calendar_is_valid(&at))
		return false;
	*out_s = calendar_seconds(&at);
	return true;
}
