/* SPDX-License-Identifier: MIT */
#ifndef LOAD_REPLY_H
#define LOAD_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * Reads HTTP/1.1 responses to GET requests off a stream, in pieces of any
 * size (RFC 9112). It wants to know three things: where one ends, its status,
 * and the length of its content. What the content is, it does not look at.
 */
#define REPLY_HEAD_MAX (32 << 10)
#define REPLY_MEMO_MAX 1024

struct reply_head {
	unsigned status;
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
	struct reply_head head;
	uint64_t body; /* bytes of content so far */
	uint64_t left; /* of the content, or of a chunk */
	char *held;    /* a part of a head */
	size_t n_held;
};

enum reply_verdict {
	REPLY_PARTIAL,
	REPLY_DONE,
	REPLY_BAD
};

/*
 * Reads on. *used is how much of buf it took; after REPLY_DONE what follows
 * belongs to the next response, for which reply_next() makes ready.
 */
enum reply_verdict reply_feed(struct reply *reply, struct reply_memo *memo,
			      const char *buf, size_t len, size_t *used);

/* The connection's end: REPLY_DONE when that ends the response properly. */
enum reply_verdict reply_end(const struct reply *reply);

/* Whether a part of a response has been read. */
bool reply_is_begun(const struct reply *reply);

void reply_next(struct reply *reply);

/* Frees what it holds. */
void reply_clear(struct reply *reply);

#endif
