/* SPDX-License-Identifier: MIT */
/*
 * Dates as HTTP writes them. strftime() would ask the locale for its names of
 * days, so they are spelled here; the calendar is gmtime_r()'s.
 */
#include "http/date.h"

#include <string.h>
#include <time.h>

#define DATE_MAX INT64_C(253402300799) /* the last second of the year 9999 */

static void put_digits(char *out, int n, int value)
{
	for (; n > 0; value /= 10)
		out[--n] = (char)('0' + value % 10);
}

void http_date_format(int64_t time_s, char out[HTTP_DATE_LEN])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;
	time_t t;

	if (time_s < 0)
		time_s = 0;
	if (time_s > DATE_MAX)
		time_s = DATE_MAX;
	t = (time_t)time_s;
	(void)gmtime_r(&t, &tm);
	memcpy(out, "ddd, DD mmm YYYY hh:mm:ss GMT", HTTP_DATE_LEN);
	memcpy(out, days + 3 * tm.tm_wday, 3);
	put_digits(out + 5, 2, tm.tm_mday);
	memcpy(out + 8, months + 3 * tm.tm_mon, 3);
	put_digits(out + 12, 4, tm.tm_year + 1900);
	put_digits(out + 17, 2, tm.tm_hour);
	put_digits(out + 20, 2, tm.tm_min);
	put_digits(out + 23, 2, tm.tm_sec);
}
