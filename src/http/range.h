/* SPDX-License-Identifier: MIT */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Ranges that one field may list, and one answer may have. A program that mends
 * an old copy of a large file asks for many at a time. What they can cost is
 * bounded: they ask for less than the file, and each head of a part is short.
 */
#define HTTP_RANGES_MAX 128

/* How many of them may begin within another (RFC 9110, 14.2 and 17.15). */
#define HTTP_RANGES_OVERLAPS_MAX 2

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
	HTTP_RANGE_UNSATISFIABLE, /* none within the file, or invalid: 416 */
};

/*
 * Reads a Range field value for a file of size bytes, at most INT64_MAX as any
 * file has (RFC 9110, 14.1 and 14.2). The ranges come out in ascending order,
 * overlapping and adjacent ones merged.
 *
 * Ignored is another unit, any range of an empty file, which no Content-Range
 * could describe, and more than an honest peer asks for: more ranges or
 * overlaps than the limits, or several that together are not less than the
 * file.
 */
enum http_range_verdict http_range_parse(struct slice value, uint64_t size,
					 struct http_ranges *ranges);

#endif
