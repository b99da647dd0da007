/* SPDX-License-Identifier: MIT */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* What the limits below may be at most, and what they are by default. */
#define HTTP_LINE_MAX	8192
#define HTTP_HEAD_MAX	16384
#define HTTP_FIELDS_MAX 100

/* How large a head may be. */
struct http_limits {
	size_t line_size; /* request-line with its CRLF; 414, 501 beyond */
	size_t head_size; /* whole head with its last CRLF; 431 beyond */
	size_t n_fields;  /* field lines; 431 beyond */
};

extern const struct http_limits http_limits_standard;

enum http_method {
	HTTP_METHOD_GET,
	HTTP_METHOD_HEAD,
	HTTP_METHOD_OPTIONS,
	HTTP_METHOD_KNOWN,   /* of RFC 9110 or 5789, but not served: 405 */
	HTTP_METHOD_UNKNOWN, /* any other token: 501 */
};

/* The fields that the server reads. Others are checked and passed over. */
enum http_field_id {
	HTTP_FIELD_OTHER,
	HTTP_FIELD_ACCEPT,
	HTTP_FIELD_ACCEPT_ENCODING,
	HTTP_FIELD_CONNECTION,
	HTTP_FIELD_CONTENT_LENGTH,
	HTTP_FIELD_EXPECT,
	HTTP_FIELD_HOST,
	HTTP_FIELD_IF_MATCH,
	HTTP_FIELD_IF_MODIFIED_SINCE,
	HTTP_FIELD_IF_NONE_MATCH,
	HTTP_FIELD_IF_RANGE,
	HTTP_FIELD_IF_UNMODIFIED_SINCE,
	HTTP_FIELD_RANGE,
	HTTP_FIELD_REFERER,
	HTTP_FIELD_TRANSFER_ENCODING,
	HTTP_FIELD_USER_AGENT,
	HTTP_FIELD_N,
};

/* One field line, its value without the white space around it. */
struct http_field {
	enum http_field_id id;
	struct slice value;
};

/*
 * A request's head. The slices point into the buffer that was parsed and live
 * as long as it does.
 */
struct http_request {
	enum http_method method; /* HTTP_METHOD_UNKNOWN when not readable */
	struct slice method_text;
	struct slice target; /* as sent, not decoded */
	unsigned minor;	     /* of HTTP/1.minor, as sent */
	bool keep_alive;     /* the peer wants to use the connection again */
	bool has_content;    /* content follows the head; see below */
	bool is_chunked;     /* and it comes in chunks */
	size_t head_len;     /* bytes up to where the next message begins */
	unsigned status;     /* after HTTP_REQUEST_BAD: what to answer, ... */
	const char *advice;  /* ... and a sentence about it, or NULL */
	unsigned present;    /* bit 1 << id for each field that is there */
	size_t n_fields;
	struct http_field fields[HTTP_FIELDS_MAX];
};

enum http_verdict {
	HTTP_REQUEST_DONE,    /* *request is filled */
	HTTP_REQUEST_PARTIAL, /* no error so far; more bytes are needed */
	HTTP_REQUEST_BAD,     /* request->status is the answer, then close */
};

/*
 * Parses one request head at buf[0..len) (RFC 9112, strictly: nothing that two
 * readers could read in two ways passes). What no further byte can make a
 * request of is bad as soon as it has come. *scanned says how far earlier calls
 * looked at the same bytes: 0 at first, kept by the caller between calls that
 * see the same head with more bytes after it.
 *
 * A wrong message framing is found before anything else is judged. has_content
 * means that content follows which the server will not read: answer, then
 * close. Looks at no byte from buf + len on, and never at more than
 * limits->head_size bytes.
 */
enum http_verdict http_request_parse(struct http_request *request,
				     const struct http_limits *limits,
				     const char *buf, size_t len,
				     size_t *scanned);

/* The first field line with this id from *at on, or NULL; moves *at past it. */
const struct http_field *http_request_next(const struct http_request *request,
					   enum http_field_id id, size_t *at);

/* The field line with this id when there is exactly one, or NULL. */
const struct http_field *http_request_only(const struct http_request *request,
					   enum http_field_id id);

#endif
