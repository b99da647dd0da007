/* SPDX-License-Identifier: MIT */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define HTTP_RANGES_MAX 16 /* in one answer, after merging */

/*
 * Ranges that one field may list. Merging brings an honest request far below;
 * one that lists more wants to make us work, and gets the file whole.
 */
#define HTTP_RANGES_ASKED_MAX 64

/* Bytes first to first + len - 1 of a file; len is at least 1. */
struct http_range {
	uint64_t first;
	uint64_t len;
};

struct http_ranges {
	size_t n; /* at least 1 after HTTP_RANGE_PARTIAL */
	struct http_range list[HTTP_RANGES_MAX];
};

enum http_range_verdict {
	HTTP_RANGE_WHOLE,	  /* ignore the field: send everything, 200 */
	HTTP_RANGE_PARTIAL,	  /* send *ranges: 206 */
	HTTP_RANGE_UNSATISFIABLE, /* none lies within the file: 416 */
};

/*
 * Reads a Range field value for a file of size bytes, at most INT64_MAX as any
 * file has (RFC 9110, 14.1 and 14.2). The ranges come out in ascending order,
 * overlapping and adjacent ones merged. A value that is malformed, of another
 * unit, or asks for more ranges than the limits is to be ignored.
 */
enum http_range_verdict http_range_parse(struct slice value, uint64_t size,
					 struct http_ranges *ranges);

#endif
