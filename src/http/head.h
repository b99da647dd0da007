/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "base/text.h"
#include "http/answer.h"
#include "http/date.h"

/*
 * Bytes that http_head_write() adds at most, beyond three per byte of a
 * redirect's name and the query's own length; and http_part_write().
 */
#define HTTP_HEAD_FIXED_MAX 1024
#define HTTP_PART_MAX	    512

/* What separates the parts of several ranges. */
#define HTTP_BOUNDARY_LEN 16

/*
 * Adds the status line and header section of an answer, with the empty line
 * that ends them. length is the content's length in bytes, whether or not the
 * content goes out. date is HTTP_DATE_LEN bytes. boundary is HTTP_BOUNDARY_LEN
 * bytes and is looked at only for several ranges.
 */
void http_head_write(struct text *text, const struct http_answer *answer,
		     uint64_t length, const char *date, const char *boundary);

/*
 * Adds what stands before part i of several ranges (RFC 9110, 14.6), or, when
 * i is the number of ranges, what ends them.
 */
void http_part_write(struct text *text, const struct http_answer *answer,
		     size_t i, const char *boundary);

/* The length of the content of a HTTP_CONTENT_FILE answer, with its parts. */
uint64_t http_content_length(const struct http_answer *answer,
			     const char *boundary);

#endif
