/* SPDX-License-Identifier: MIT */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/coding.h"
#include "http/date.h"
#include "http/range.h"
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
	/* Of HTTP_FILE_REGULAR, and of the coding that was chosen: */
	uint64_t size;
	int64_t mtime_s; /* HTTP_NO_DATE: not to be told */
	struct slice etag;
	const char *media_type;	 /* of the file without its coding */
	unsigned codings;	 /* 1 << coding: it also stands encoded so */
	enum http_coding coding; /* chosen, or HTTP_CODING_REFUSED */
	/* Of a file that is stored encoded itself, such as a.js.gz: */
	const char *inner_type; /* of what is inside; NULL for any other file */
	enum http_coding inner_coding; /* how it is encoded */
};

/* What an operator has chosen, and the time. */
struct http_policy {
	int64_t now_s;
	int64_t max_age_s; /* Cache-Control: max-age; negative for none */
};

enum http_content {
	HTTP_CONTENT_NONE,
	HTTP_CONTENT_PAGE,    /* http_page_write() for the status */
	HTTP_CONTENT_PORTS,   /* the server's own ports, as JSON */
	HTTP_CONTENT_FILE,    /* the file, or its ranges */
	HTTP_CONTENT_LISTING, /* of a directory; its length is not known */
};

/* A whole decision: everything that the response's head and content need. */
struct http_answer {
	unsigned status;
	enum http_content content;
	bool head_only;	     /* leave the content out, but say its length */
	bool close;	     /* the connection ends after this answer */
	bool keep_said;	     /* HTTP/1.0 must be told that it may continue */
	bool chunked;	     /* of a listing: transfer-coding, not a length */
	bool allow;	     /* list the methods */
	bool varies;	     /* with Accept-Encoding */
	bool varies_by_type; /* with Accept */
	int64_t last_modified_s;
	int64_t max_age_s;	     /* negative for none */
	const char *media_type;	     /* NULL for none */
	const char *advice;	     /* of a page; NULL: its status's own */
	enum http_coding coding;     /* HTTP_CODING_IDENTITY for none */
	struct slice etag;	     /* ptr NULL for none */
	uint64_t size;		     /* of the whole representation */
	bool redirect;		     /* Location: "./" name "/" [ "?" query ] */
	struct slice location;	     /* the name: a decoded segment */
	struct slice location_query; /* ptr NULL for none */
	struct http_ranges ranges;   /* n 0: the whole. Last, as it is long */
};

/*
 * The answer to a head that http_request_parse() found bad, or that did not
 * arrive in time (request is NULL then). The connection ends with it.
 */
void http_answer_bad(const struct http_request *request, unsigned status,
		     struct http_answer *answer);

/*
 * The answer to a well-formed request that is not looked at further, for a
 * reason that lies with the connection or its peer.
 */
void http_answer_refused(const struct http_request *request, unsigned status,
			 struct http_answer *answer);

/*
 * Decides what can be decided without looking at a file: method, expectation
 * and target. target is NULL when http_target_parse() refused it. Returns true
 * when *answer is the answer, false when one of the others must decide.
 */
bool http_answer_early(const struct http_request *request,
		       const struct http_target *target,
		       struct http_answer *answer);

/*
 * Decides when the file is known. Pure: request + file facts -> answer, which
 * points to what file and target point to.
 */
void http_answer_file(const struct http_request *request,
		      const struct http_target *target,
		      const struct http_file *file,
		      const struct http_policy *policy,
		      struct http_answer *answer);

/* Makes the answer that a file is not there the one that tells the ports. */
void http_answer_ports(struct http_answer *answer);

/* The answer that lists a directory, as JSON or HTML. */
void http_answer_listing(const struct http_request *request,
			 const struct http_target *target, bool as_json,
			 struct http_answer *answer);

#endif
