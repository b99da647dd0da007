/* SPDX-License-Identifier: MIT */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/text.h"

#define CALENDAR_MIN_S INT64_C(-62135596800) /* the year 1 begins */
#define CALENDAR_MAX_S INT64_C(253402300799) /* the year 9999 ends */

/* Three letters each, as dates of the Internet have them. */
#define CALENDAR_DAYS	"SunMonTueWedThuFriSat"
#define CALENDAR_MONTHS "JanFebMarAprMayJunJulAugSepOctNovDec"

/* A moment of the Gregorian calendar in UTC. */
struct calendar {
	int year;
	int month;   /* from 1 */
	int day;     /* from 1 */
	int weekday; /* Sunday is 0 */
	int hour, minute, second;
};

/*
 * The moment that lies so many seconds after 1970 began; of one outside the
 * years 1 to 9999, the nearest inside.
 */
struct calendar calendar_of(int64_t time_s);

/* The way back. The weekday is not looked at. */
int64_t calendar_seconds(const struct calendar *at);

/* Whether there is such a day and time, from the year 1 on; a leap second may
 * be one. */
bool calendar_is_valid(const struct calendar *at);

/* Adds "2026-11-22T09:51:54" with this byte in the middle. */
void calendar_add(struct text *text, const struct calendar *at, char middle);

/* Adds a time of day as RFC 3339 has it: "2026-11-22T09:51:54.123456Z". */
void calendar_add_time(struct text *text, const struct timespec *time);

#endif
