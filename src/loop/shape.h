/* SPDX-License-Identifier: MIT */
#ifndef LOOP_SHAPE_H
#define LOOP_SHAPE_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "loop/faults.h"

/* How --fault has a stream end, behind so many bytes. */
enum shape_end {
	SHAPE_GOES_ON,
	SHAPE_STALLS,
	SHAPE_RESETS,
	SHAPE_CLOSES,
};

/*
 * What --fault does to the bytes of a stream: when how many of them may be
 * sent, and whether they end it. They are counted by `at`, the stream's bytes
 * that have gone before; now_ns is loop_now_ns().
 */
struct shape {
	uint64_t from;	     /* the byte that it begins with */
	uint64_t delay_ns;   /* of each answer; see shape_delay() */
	uint64_t until_ns;   /* nothing goes before */
	uint64_t drip_bytes; /* no more goes in drip_ns; 0: any */
	uint64_t drip_ns;
	uint64_t left;	  /* of the present portion ... */
	uint64_t next_ns; /* ... until the next */
	uint64_t end_bytes;
	uint64_t end_at; /* the byte at which it ends so: */
	enum shape_end end;
	bool has_ended;
	struct faults_event end_event;
	struct event timer; /* its owner's */
};

/*
 * The shape that a verdict asks for, of the bytes that begin with `from`,
 * n_ahead of which "after" does not count; notes what is delayed or drips. NULL
 * when it asks for none, or when out of memory, which is counted. The caller
 * frees it.
 */
struct shape *shape_new(struct loop *loop, const struct faults_verdict *verdict,
			uint64_t from, uint64_t n_ahead);

/* An answer begins, and with it its delay. */
void shape_delay(struct shape *shape, uint64_t now_ns);

/* When it lets more go; 0: now, UINT64_MAX: never. */
uint64_t shape_opens_ns(const struct shape *shape, uint64_t at,
			uint64_t now_ns);

/* How many of the next want bytes may go now; 0 for none. */
size_t shape_grant(struct shape *shape, uint64_t at, uint64_t now_ns,
		   size_t want) MUST_CHECK;

/*
 * Tells that n bytes went, the last of them before `at`; 0 will do. Says, once,
 * what is to be done with the stream, and notes it.
 */
enum shape_end shape_note_sent(struct loop *loop, struct shape *shape,
			       uint64_t at, size_t n) MUST_CHECK;

#endif
