/* SPDX-License-Identifier: MIT */
/*
 * The calendar. gmtime_r() asks for the time zone, only to leave it aside, and
 * costs more than all the rest of a small answer's head; strftime() would ask
 * the locale for its names of days.
 *
 * Years are counted from March, so that the leap day is a year's last; a month
 * begins after (153 * month + 2) / 5 days then, March being the month 0.
 */
#include "base/calendar.h"

#define CALENDAR_DAY_S	  86400
#define DAYS_OF_400_YEARS 146097
#define EPOCH_DAY	  719468 /* from 1 March of the year 0 to 1970 */
#define EPOCH_DAY_WEEKDAY 3	 /* 1 March of the year 0: a Wednesday */

static int64_t days_of(const struct calendar *at)
{
	bool after_february = at->month > 2;
	int64_t year = after_february ? at->year : at->year - 1;
	int64_t month = after_february ? at->month - 3 : at->month + 9;

	return 365 * year + year / 4 - year / 100 + year / 400 +
	       (153 * month + 2) / 5 + at->day - 1 - EPOCH_DAY;
}

int64_t calendar_seconds(const struct calendar *at)
{
	return days_of(at) * CALENDAR_DAY_S + at->hour * 3600 +
	       at->minute * 60 + at->second;
}

struct calendar calendar_of(int64_t time_s)
{
	int64_t nearest_s = time_s < CALENDAR_MIN_S   ? CALENDAR_MIN_S
			    : time_s > CALENDAR_MAX_S ? CALENDAR_MAX_S
						      : time_s;
	/* Since 1 March of the year 0, so not negative. */
	uint64_t at_s =
		(uint64_t)nearest_s + (uint64_t)EPOCH_DAY * CALENDAR_DAY_S;
	unsigned second = (unsigned)(at_s % CALENDAR_DAY_S);
	unsigned day = (unsigned)(at_s / CALENDAR_DAY_S);
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
	return (struct calendar){
		.year = (int)(400 * cycle + year + (month >= 10)),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)day + 1,
		.weekday = (int)weekday,
		.hour = (int)(second / 3600),
		.minute = (int)(second / 60 % 60),
		.second = (int)(second % 60),
	};
}

bool calendar_is_valid(const struct calendar *at)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31};
	bool is_leap = (at->year % 4 == 0 && at->year % 100 != 0) ||
		       at->year % 400 == 0;

	return at->year >= 1 && at->month >= 1 && at->month <= 12 &&
	       at->day >= 1 &&
	       at->day <=
		       lengths[at->month - 1] + (at->month == 2 && is_leap) &&
	       at->hour < 24 && at->minute < 60 && at->second <= 60;
}

void calendar_add(struct text *text, const struct calendar *at, char middle)
{
	text_add_padded(text, (uint64_t)at->year, 4);
	text_add_char(text, '-');
	text_add_padded(text, (uint64_t)at->month, 2);
	text_add_char(text, '-');
	text_add_padded(text, (uint64_t)at->day, 2);
	text_add_char(text, middle);
	text_add_padded(text, (uint64_t)at->hour, 2);
	text_add_char(text, ':');
	text_add_padded(text, (uint64_t)at->minute, 2);
	text_add_char(text, ':');
	text_add_padded(text, (uint64_t)at->second, 2);
}

void calendar_add_time(struct text *text, const struct timespec *time)
{
	struct calendar at = calendar_of(time->tv_sec);

	calendar_add(text, &at, 'T');
	text_add_char(text, '.');
	text_add_padded(text, (uint64_t)time->tv_nsec / 1000, 6);
	text_add_char(text, 'Z');
}
