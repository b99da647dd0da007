/* SPDX-License-Identifier: MIT */
#ifndef WEB_BODY_H
#define WEB_BODY_H

#include <stddef.h>

#include "base/compiler.h"
#include "http/answer.h"
#include "loop/conn.h"
#include "web/cache.h"

/* What bodies are made from, and must not go before the last of them. */
struct body_owner {
	size_t n_bodies;
	/* Called when the last has gone; it may free the owner. */
	void (*left_cb)(struct body_owner *owner);
};

/*
 * Content that is sent after its head, in slices: too large to be sent in one
 * go, in several parts, or made while it is sent.
 */
struct body {
	/*
	 * Sends a bounded slice; nothing may be held by the connection.
	 * CONN_SENT: that was all of it.
	 */
	enum conn_sent (*send)(struct body *body, struct conn *conn);
	void (*free)(struct body *body);
	struct body_owner *owner; /* or NULL; see body_set_owner() */
};

/*
 * A file's content as the answer wants it: the whole, a range, or several as
 * multipart/byteranges. Holds the entry. boundary is HTTP_BOUNDARY_LEN bytes
 * and is copied. NULL when out of memory.
 */
struct body *body_new_file(struct cache_entry *entry,
			   const struct http_answer *answer,
			   const char *boundary) MUST_CHECK;

/* From now on owner counts this body; once. Harmless on NULL. */
void body_set_owner(struct body *body, struct body_owner *owner);

/* Harmless on NULL. */
void body_free(struct body *body);

#endif
