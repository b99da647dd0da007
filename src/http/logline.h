/* SPDX-License-Identifier: MIT */
#ifndef HTTP_LOGLINE_H
#define HTTP_LOGLINE_H

#include <stdint.h>
#include <time.h>

#include "base/text.h"

enum http_log_format {
	HTTP_LOG_COMBINED, /* as Apache's "combined", for goaccess and others */
	HTTP_LOG_JSON,	   /* one object a line */
};

/* One request that has been answered, or broken off (status 499). */
struct http_log_record {
	struct timespec time; /* of day, when its answer was done */
	struct slice peer;    /* address as text */
	uint16_t port;	      /* the peer's; 0 of a Unix socket */
	struct slice method;  /* as sent; empty for an unreadable head */
	struct slice target;  /* as sent */
	struct slice line;    /* of an unreadable head: its first line */
	unsigned minor;	      /* of HTTP/1.minor */
	unsigned status;
	uint64_t content_bytes; /* of the answer that were sent */
	uint64_t duration_us;
	struct slice user_agent; /* ptr NULL when not sent */
	struct slice referer;	 /* ptr NULL when not sent */
	uint64_t connection_id;
	uint64_t request_number; /* on its connection, from 1 */
};

/* The most that one line takes for the given bytes of a request's head. */
#define HTTP_LOG_LINE_MAX(head_len) (512 + 6 * (size_t)(head_len))

/* Adds one line. All that a peer sent is escaped. */
void http_log_write(struct text *text, enum http_log_format format,
		    const struct http_log_record *record);

#endif
