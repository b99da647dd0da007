/* SPDX-License-Identifier: MIT */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define HTTP_NO_DATE                                                           \
	INT64_MIN	 /* where a time is not known or not to be told        \
			  */
#define HTTP_DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/*
 * Writes the time, in seconds since 1970 and at most the year 9999, as an
 * IMF-fixdate (RFC 9110, 5.6.7): HTTP_DATE_LEN bytes without a NUL. An earlier
 * or later time is written as the nearest that can be.
 */
void http_date_format(int64_t time_s, char out[HTTP_DATE_LEN]);

/* The date that was written last; zeroed for none. */
struct http_date_memo {
	int64_t at_s;
	char text[HTTP_DATE_LEN];
};

/*
 * The same, written anew only when the second is another one than last time.
 * What it returns is HTTP_DATE_LEN bytes of the memo, until the next call.
 */
const char *http_date_now(struct http_date_memo *memo, int64_t now_s);

/*
 * Reads an HTTP-date in any of the three forms of RFC 9110, 5.6.7, as seconds
 * since 1970. now_s tells which century a two-digit year belongs to. Returns
 * false, and leaves *out_s alone, for anything else.
 */
bool http_date_parse(struct slice text, int64_t now_s, int64_t *out_s);

#endif
