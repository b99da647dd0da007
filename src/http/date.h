/* SPDX-License-Identifier: MIT */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdint.h>

#define HTTP_DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/*
 * Writes the time, in seconds since 1970 and at most the year 9999, as an
 * IMF-fixdate (RFC 9110, 5.6.7): HTTP_DATE_LEN bytes without a NUL. An earlier
 * or later time is written as the nearest that can be.
 */
void http_date_format(int64_t time_s, char out[HTTP_DATE_LEN]);

#endif
