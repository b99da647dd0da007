/* SPDX-License-Identifier: MIT */
#ifndef LOOP_CONNLOG_H
#define LOOP_CONNLOG_H

#include <stdint.h>

#include "base/text.h"
#include "loop/loop.h"
#include "os/address.h"

/*
 * The connection log: a line for each connection when it ends, in the loop's
 * spool of that name; and of what has no connections a line for each source.
 */
enum connlog_form {
	CONNLOG_TEXT,
	CONNLOG_JSON, /* one object a line */
};

/* Kept while the connection is open. */
struct connlog_note {
	struct address peer;
	uint64_t n_received; /* bytes, counted by the connection */
};

/* What is known of a connection at its end, its socket still open. */
struct connlog_end {
	const char *service;
	const char *why;
	uint64_t since_ns; /* when it was accepted */
	uint64_t n_sent;   /* bytes handed to the kernel */
	int fd;
};

/* NULL when the log is off, or out of memory, which costs the line. */
struct connlog_note *connlog_begin(struct loop *loop,
				   const struct address *peer);

/* Adds the connection's line; the note is freed. */
void connlog_end(struct loop *loop, struct connlog_note *note,
		 const struct connlog_end *end);

/* What a source without connections has done in some time. */
struct connlog_source {
	const char *service;
	struct address peer; /* its port means nothing; len 0: many */
	uint64_t n_datagrams;
	uint64_t n_bytes;
	uint64_t n_source_refused; /* cannot be a client's */
	uint64_t n_limit_refused;  /* by --allow, --deny, --udp-rate */
	uint64_t n_loop_refused;   /* may be part of an endless loop */
	uint64_t seconds;
};

void connlog_add_source(struct loop *loop, const struct connlog_source *source);

#endif
