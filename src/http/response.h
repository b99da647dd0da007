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
/* Interim responses before it included. */
#define RESPONSE_HEAD_MAX (32 << 10)
#define RESPONSE_MEMO_MAX 1024

/* What is wrong with a response. */
enum response_fault {
	RESPONSE_FAULTLESS,
	RESPONSE_NOT_HTTP,    /* it does not even begin as HTTP/1 does */
	RESPONSE_STATUS_LINE, /* HTTP, but no status line of version 1 */
	RESPONSE_BARE_LF,     /* a line that ends without CR */
	RESPONSE_FIELD,	   /* a line of the head or trailer that is no field */
	RESPONSE_LENGTH,   /* Content-Length is none, or is not alone */
	RESPONSE_CODING,   /* a transfer coding that is not chunked alone */
	RESPONSE_CONTENT,  /* content where there must be none (1xx, 204) */
	RESPONSE_CHUNK,	   /* the framing of chunks */
	RESPONSE_TOO_LONG, /* a head beyond RESPONSE_HEAD_MAX */
	RESPONSE_SWITCH,   /* 101, which nobody asked for */
	RESPONSE_UNENDED,  /* a head without its end: the caller's to judge */
	RESPONSE_FAULTS
};

struct response_head {
	unsigned status;
	bool is_old; /* HTTP/1.0 */
	bool ends_connection;
	bool is_chunked;
	bool has_length;
	uint64_t length;
};

/* The last head that was read. Most servers send the same one each time. */
struct response_memo {
	struct response_head head;
	size_t len; /* 0: none */
	char bytes[RESPONSE_MEMO_MAX];
};

/* All zero: at the beginning of a response. */
struct response {
	int part;
	enum response_fault fault; /* why it is bad */
	struct response_head head;
	uint64_t body;	/* bytes of content so far */
	uint64_t left;	/* of the content, or of a chunk */
	size_t n_lined; /* bytes of lines: of the head, or of a chunk's size */
	char *held;	/* a part of a line */
	size_t n_held;
};

enum response_verdict {
	RESPONSE_PARTIAL,
	RESPONSE_DONE,
	RESPONSE_BAD
};

/*
 * Reads on. *used is how much of buf it took; after RESPONSE_DONE what follows
 * belongs to the next response, for which response_next() makes ready. After
 * RESPONSE_BAD reply->fault says why, and reading is over.
 */
enum response_verdict response_feed(struct response *reply,
				    struct response_memo *memo, const char *buf,
				    size_t len, size_t *used);

/* The connection's end: RESPONSE_DONE when that ends the response properly. */
enum response_verdict response_end(const struct response *reply);

/* Whether a head has begun and not ended. */
bool response_is_in_head(const struct response *reply);

void response_next(struct response *reply);

/* Frees what it holds. */
void response_clear(struct response *reply);

#endif
