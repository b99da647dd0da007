/* SPDX-License-Identifier: MIT */
#ifndef WEB_TRACE_H
#define WEB_TRACE_H

#include <stdint.h>

#include "base/compiler.h"
#include "http/logline.h"
#include "http/request.h"
#include "loop/spool.h"
#include "os/address.h"

/*
 * What the access log wants to know of one connection: who it is, and which of
 * its requests are answered but not yet sent. A request's line is written when
 * the last byte of its answer is with the kernel, or with status 499 when the
 * connection ends before that.
 */
struct trace;

/* id numbers the connections. NULL when out of memory. */
struct trace *trace_new(struct loop *loop, struct spool *log,
			const struct address *peer, uint64_t id) MUST_CHECK;

/* Logs what is unfinished as broken off, then frees; harmless on NULL. */
void trace_free(struct trace *trace, uint64_t n_sent);

#define TRACE_END_UNKNOWN UINT64_MAX

/* An answer in the connection's stream of bytes. */
struct trace_answer {
	unsigned status;
	uint64_t content_at; /* where its content begins */
	uint64_t end_at;     /* where it ends, or TRACE_END_UNKNOWN */
};

/* Notes an answer, whose request was read in this turn. Harmless on NULL. */
void trace_add(struct trace *trace, const struct http_request *request,
	       const struct trace_answer *answer);

/* How much of the first line of what could not be read is logged. */
#define TRACE_LINE_MAX 1024

/*
 * The same for what could not be read as a request: input is what has come of
 * it, its first line first.
 */
void trace_add_unread(struct trace *trace, struct slice input,
		      const struct trace_answer *answer);

/* The last answer's end is known now. Harmless on NULL. */
void trace_end_known(struct trace *trace, uint64_t end_at);

/* Logs the answers that end within the first n_sent bytes. Harmless on NULL. */
void trace_sent(struct trace *trace, uint64_t n_sent);

#endif
