/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "base/text.h"
#include "http/answer.h"
#include "http/date.h"

/*
 * Bytes that http_head_write() adds at most, beyond three per byte of a
 * redirect's path and the query's own length.
 */
#define HTTP_HEAD_FIXED_MAX 512

/*
 * Adds the status line and header section of an answer, with the empty line
 * that ends them. length is the content's length in bytes, whether or not the
 * content goes out. date is HTTP_DATE_LEN bytes.
 */
void http_head_write(struct text *text, const struct http_answer *answer,
		     uint64_t length, const char *date);

#endif
