/* SPDX-License-Identifier: MIT */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * Reads HTTP/1.1 responses to GET requests off a stream, in pieces of any
 * size (RFC 9112). It wants to know three things: where one ends, its status,
 * and the length of its content. What the content is, it does not look at.
 *
 * Whatever could be read in two ways is bad, and is found out with the first
 * byte that makes it so: a load test must not wait for the end of a head that
 * will never come.
 */
#define REPLY_HEAD_MAX (32 << 10) /* interim responses before it included */
#define REPLY_MEMO_MAX 1024

/* What is wrong with a response. */
enum reply_fault {
	REPLY_FAULTLESS,
	REPLY_NOT_HTTP,	   /* it does not even begin as HTTP/1 does */
	REPLY_STATUS_LINE, /* HTTP, but no status line of version 1 */
	REPLY_BARE_LF,	   /* a line that ends without CR */
	REPLY_FIELD,	   /* a line of the head or trailer that is no field */
	REPLY_LENGTH,	   /* Content-Length is none, or is not alone */
	REPLY_CODING,	   /* a transfer coding that is not chunked alone */
	REPLY_CONTENT,	   /* content where there must be none (1xx, 204) */
	REPLY_CHUNK,	   /* the framing of chunks */
	REPLY_TOO_LONG,	   /* a head beyond REPLY_HEAD_MAX */
	REPLY_SWITCH,	   /* 101, which nobody asked for */
	REPLY_UNENDED,	   /* a head without its end: the caller's to judge */
	REPLY_FAULTS
};

struct reply_head {
	unsigned status;
	bool is_old; /* HTTP/1.0 */
	bool ends_connection;
	bool is_chunked;
	bool has_length;
	uint64_t length;
};

/* The last head that was read. Most servers send the same one each time. */
struct reply_memo {
	struct reply_head head;
	size_t len; /* 0: none */
	char bytes[REPLY_MEMO_MAX];
};

/* All zero: at the beginning of a response. */
struct reply {
	int part;
	enum reply_fault fault; /* why it is bad */
	struct reply_head head;
	uint64_t body;	/* bytes of content so far */
	uint64_t left;	/* of the content, or of a chunk */
	size_t n_lined; /* bytes of lines: of the head, or of a chunk's size */
	char *held;	/* a part of a line */
	size_t n_held;
};

enum reply_verdict {
	REPLY_PARTIAL,
	REPLY_DONE,
	REPLY_BAD
};

/*
 * Reads on. *used is how much of buf it took; after REPLY_DONE what follows
 * belongs to the next response, for which reply_next() makes ready. After
 * REPLY_BAD reply->fault says why, and reading is over.
 */
enum reply_verdict reply_feed(struct reply *reply, struct reply_memo *memo,
			      const char *buf, size_t len, size_t *used);

/* The connection's end: REPLY_DONE when that ends the response properly. */
enum reply_verdict reply_end(const struct reply *reply);

/* Whether a head has begun and not ended. */
bool reply_is_in_head(const struct reply *reply);

void reply_next(struct reply *reply);

/* Frees what it holds. */
void reply_clear(struct reply *reply);

#endif
