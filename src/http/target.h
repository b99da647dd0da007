/* SPDX-License-Identifier: MIT */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* What a request-target names, decoded. */
struct http_target {
	bool is_asterisk;  /* "*": the server itself, for OPTIONS */
	bool is_directory; /* the path ended in a slash (or named the root) */
	/*
	 * Decoded path relative to the document root: no leading, doubled or
	 * final slash, no dot-segment, no NUL; "" is the root. NUL-ended.
	 * Lives in the caller's buffer.
	 */
	struct slice path;
	/* As sent, without the question mark; ptr NULL when there is none. */
	struct slice query;
	/* host[:port] of an absolute-form; ptr NULL for origin-form. */
	struct slice authority;
};

/*
 * Decodes a request-target of origin-form, absolute-form or asterisk-form
 * (RFC 9112, 3.2): percent-decodes once, resolves dot-segments. buf[0..size)
 * receives the path; target.len + 1 bytes are always enough.
 *
 * Returns true; or false for what must be answered 400: a malformed target or
 * percent-encoding, an encoded NUL or slash, a path that climbs above the root.
 */
bool http_target_parse(struct slice text, struct http_target *target, char *buf,
		       size_t size);

#endif
