/* SPDX-License-Identifier: MIT */
/*
 * Dates, read and written, against any bytes: an input is a date, and its first
 * eight bytes are also a time. These hold:
 *
 *	- A date is read when a second reader, who has the C library's calendar
 *	  and shares no code with the first, reads it too, and as that moment.
 *	- What is no date leaves the result alone.
 *	- A time is written as a date that is read as that time, or as the
 *	  nearest that can be written.
 *
 * The date ends at a guard page.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/date.h"

#define NOW_S	  INT64_C(1795341114) /* in November of 2026 */
#define LAST_S	  INT64_C(253402300799)
#define UNTOUCHED INT64_C(-42)
#define DATE_MAX  64

/* --- the second reader --- */

static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
				   "Thursday", "Friday", "Saturday"};
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Its number, or -1. */
static int month_of(const char *name)
{
	const char *at = strlen(name) == 3 ? strstr(months, name) : NULL;

	return at && (at - months) % 3 == 0 ? (int)(at - months) / 3 : -1;
}

/* What stands behind the weekday's name; NULL when there is none. */
static const char *behind_day(const char *text, bool whole)
{
	for (size_t i = 0; i < 7; i++) {
		size_t len = whole ? strlen(days[i]) : 3;

		if (strncmp(text, days[i], len) == 0)
			return text + len;
	}
	return NULL;
}

/* Whether the parts make a moment; *out is that, or near it. */
static bool moment_of(struct tm tm, const char *month, int64_t *out)
{
	struct tm noon = {.tm_year = tm.tm_year, .tm_mday = tm.tm_mday};

	tm.tm_mon = noon.tm_mon = month_of(month);
	if (tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_year < -1899 ||
	    tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
	    tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return false;
	*out = timegm(&tm);
	/* A day that is not in the month becomes one of the next. */
	noon.tm_hour = 12;
	(void)timegm(&noon);
	return noon.tm_mon == month_of(month);
}

/* The three forms; what was scanned must be written the same again. */
static bool read_again(const char *text, int64_t *out)
{
	const char *rest = behind_day(text, true);
	char month[4] = "", again[DATE_MAX + 64];
	struct tm tm = {0};
	int year = 0;

	if (rest &&
	    sscanf(rest, ", %2d-%3s-%2d %2d:%2d:%2d GMT", &tm.tm_mday, month,
		   &year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) == 6) {
		(void)snprintf(again, sizeof(again),
			       ", %02d-%s-%02d %02d:%02d:%02d GMT", tm.tm_mday,
			       month, year, tm.tm_hour, tm.tm_min, tm.tm_sec);
		if (year >= 0 && strcmp(again, rest) == 0) {
			/* More than 50 years ahead is in the past. */
			tm.tm_year = year + 50;
			*out = 0;
			(void)moment_of(tm, month, out);
			tm.tm_year += *out > NOW_S ? -50 : 50;
			return moment_of(tm, month, out);
		}
	}
	rest = behind_day(text, false);
	if (!rest)
		return false;
	if (sscanf(rest, ", %2d %3s %4d %2d:%2d:%2d GMT", &tm.tm_mday, month,
		   &year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) == 6) {
		(void)snprintf(again, sizeof(again),
			       ", %02d %s %04d %02d:%02d:%02d GMT", tm.tm_mday,
			       month, year, tm.tm_hour, tm.tm_min, tm.tm_sec);
		tm.tm_year = year - 1900;
		return strcmp(again, rest) == 0 && moment_of(tm, month, out);
	}
	if (sscanf(rest, " %3s %2d %2d:%2d:%2d %4d", month, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &year) != 6)
		return false;
	tm.tm_year = year - 1900;
	(void)snprintf(again, sizeof(again), " %s %2d %02d:%02d:%02d %04d",
		       month, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		       year);
	if (strcmp(again, rest) != 0)
		(void)snprintf(again, sizeof(again),
			       " %s %02d %02d:%02d:%02d %04d", month,
			       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			       year);
	return strcmp(again, rest) == 0 && moment_of(tm, month, out);
}

/* --- what must hold --- */

static void check_reading(const uint8_t *data, size_t size)
{
	char text[DATE_MAX + 1];
	int64_t time_s = UNTOUCHED, again_s = 0;
	bool is_date = http_date_parse(
		(struct slice){fuzz_copy(0, data, size), size}, NOW_S, &time_s);

	fuzz_require(is_date || time_s == UNTOUCHED,
		     "what is no date leaves the result alone");
	if (memchr(data, '\0', size)) {
		fuzz_require(!is_date, "a NUL is in no date");
		return;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	fuzz_require(is_date == read_again(text, &again_s),
		     "a second reader says whether it is a date");
	fuzz_require(!is_date || time_s == again_s,
		     "a second reader finds the same moment");
}

static void check_writing(const uint8_t *data)
{
	char date[HTTP_DATE_LEN];
	int64_t time_s, again_s;

	memcpy(&time_s, data, sizeof(time_s));
	http_date_format(time_s, date);
	fuzz_require(http_date_parse((struct slice){date, HTTP_DATE_LEN}, NOW_S,
				     &again_s),
		     "what is written can be read");
	fuzz_require(again_s == (time_s < 0	   ? 0
				 : time_s > LAST_S ? LAST_S
						   : time_s),
		     "it is the same moment, or the nearest");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > DATE_MAX)
		return 0;
	if (size >= sizeof(int64_t))
		check_writing(data);
	/* A seed is a file of one line. */
	if (size > 0 && data[size - 1] == '\n')
		size--;
	check_reading(data, size);
	return 0;
}
