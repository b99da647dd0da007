/* SPDX-License-Identifier: MIT */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/request.h"
#include "http/target.h"

/* What the target turned out to be in the document root. */
enum http_file_kind {
	HTTP_FILE_REGULAR,
	HTTP_FILE_DIRECTORY, /* named without its final slash */
	HTTP_FILE_REFUSED,   /* cannot be served; `status` says why */
};

struct http_file {
	enum http_file_kind kind;
	unsigned status; /* of HTTP_FILE_REFUSED: 403, 404, 500 or 503 */
	uint64_t size;
	int64_t mtime_s;
	struct slice path; /* that it was opened by: its extension counts */
};

enum http_content {
	HTTP_CONTENT_NONE, /* length 0 */
	HTTP_CONTENT_PAGE, /* http_page_write() for the status */
	HTTP_CONTENT_FILE, /* the file, from its first byte */
};

#define HTTP_NO_DATE (-1) /* last_modified_s: leave the field out */

/* A whole decision: everything that the response's head and content need. */
struct http_answer {
	unsigned status;
	enum http_content content;
	bool head_only; /* leave the content out, but say its length */
	bool close;	/* the connection ends after this answer */
	bool keep_said; /* HTTP/1.0 must be told that it may continue */
	bool allow;	/* list the methods */
	int64_t last_modified_s;
	const char *media_type;	     /* NULL for none */
	uint64_t length;	     /* of HTTP_CONTENT_FILE */
	bool redirect;		     /* Location: "/" path "/" [ "?" query ] */
	struct slice location;	     /* decoded path */
	struct slice location_query; /* ptr NULL for none */
};

/*
 * The answer to a head that http_request_parse() found bad, or that did not
 * arrive in time (request is NULL then). The connection ends with it.
 */
struct http_answer http_answer_bad(const struct http_request *request,
				   unsigned status);

/*
 * Decides what can be decided without looking at a file: method and target.
 * target is NULL when http_target_parse() refused it. Returns true when
 * *answer is the answer, false when http_answer_file() must decide.
 */
bool http_answer_early(const struct http_request *request,
		       const struct http_target *target,
		       struct http_answer *answer);

/* Decides when the file is known. Pure: request + file facts -> answer. */
struct http_answer http_answer_file(const struct http_request *request,
				    const struct http_target *target,
				    const struct http_file *file);

#endif
