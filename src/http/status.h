/* SPDX-License-Identifier: MIT */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/*
 * The reason phrase of a status code that this server sends (RFC 9110, 15),
 * a constant string; "Unknown" for any other.
 */
const char *http_status_reason(unsigned status);

/* One sentence for people, for the page that goes with an error. */
const char *http_status_advice(unsigned status);

#endif
