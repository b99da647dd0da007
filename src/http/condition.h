/* SPDX-License-Identifier: MIT */
#ifndef HTTP_CONDITION_H
#define HTTP_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/request.h"

/* What a representation can be told apart by (RFC 9110, 8.8). */
struct http_validators {
	struct slice etag;	 /* strong, with its quotes */
	int64_t last_modified_s; /* as sent; HTTP_NO_DATE for none */
	int64_t now_s;		 /* the Date that goes with it */
};

enum http_condition {
	HTTP_CONDITION_NONE,	     /* perform the method */
	HTTP_CONDITION_NOT_MODIFIED, /* 304 */
	HTTP_CONDITION_FAILED,	     /* 412 */
};

/*
 * Evaluates a GET or HEAD's preconditions for a representation that exists, in
 * the order of RFC 9110, 13.2.2. A date that cannot be read is as good as
 * absent, and so is a date field that is sent twice.
 */
enum http_condition http_condition_judge(
	const struct http_request *request,
	const struct http_validators *validators);

/*
 * Whether Range applies: true without If-Range, or when it names the present
 * representation by a strong entity tag or a strong date (13.1.5).
 */
bool http_condition_range_applies(const struct http_request *request,
				  const struct http_validators *validators);

#endif
