/* SPDX-License-Identifier: MIT */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/*
 * The reason phrase of a status code that this server sends (RFC 9110, 15),
 * a constant string; "Unknown" for any other.
 */
const char *http_status_reason(unsigned status);

/*
 * All of them, in order, and one more, the last, for any other: its index from
 * 0 to HTTP_STATUSES - 1, and back. The code of that last one is 0.
 */
#define HTTP_STATUSES 22
unsigned http_status_index(unsigned status);
unsigned http_status_at(unsigned index);

/* One sentence for people, for the page that goes with an error. */
const char *http_status_advice(unsigned status);

#endif
