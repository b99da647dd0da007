/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_ROSTER_H
#define CLIENT_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "client/probe.h"

#define ROSTER_MAX	1024 /* messages that are remembered, waiting or not */
#define ROSTER_WHY_SIZE 128

enum roster_state {
	ROSTER_UNSENT, /* numbered, and never left */
	ROSTER_WAITING,
	ROSTER_ANSWERED,
	ROSTER_LOST, /* timed out, or known not to have arrived */
	ROSTER_LATE, /* lost, then answered all the same */
};

/*
 * The numbered messages of a run, the last of them with what became of each.
 * Zero-initialise; large; nothing to free.
 */
struct roster {
	uint64_t n;	/* the last number given */
	uint64_t first; /* below it none waits; 0 before the first message */
	uint64_t n_waiting;
	struct roster_entry {
		struct probe probe;
		enum roster_state state;
	} ring[ROSTER_MAX];
	char expected[PROBE_SIZE_MAX];
};

/* What something that came from the server is. */
enum roster_verdict {
	ROSTER_IS_ANSWER,
	ROSTER_IS_LATE,
	ROSTER_IS_DUPLICATE,
	ROSTER_IS_CORRUPT,
};

struct roster_find {
	enum roster_verdict verdict;
	uint64_t seq;	 /* 0: it names none */
	bool has_rtt;	 /* it belongs to a message that is remembered */
	uint64_t rtt_ns; /* since that was sent */
	char why[ROSTER_WHY_SIZE]; /* of what is corrupt; else empty */
};

/* Whether one message more would push one out that still waits. */
bool roster_is_full(const struct roster *roster);

/*
 * Gives the next number to a message that is made now, and waits for its
 * answer. The result lives until ROSTER_MAX more were added.
 */
const struct probe *roster_add(struct roster *roster, struct timespec wall,
			       uint64_t now_ns, size_t size);

/* The last one did not leave. */
void roster_unsend(struct roster *roster);

/* The last one did not leave, and its number is the next one's. */
void roster_take_back(struct roster *roster);

/* This one is known to have been lost; false when it does not wait. */
bool roster_lose(struct roster *roster, uint64_t seq);

/*
 * The next one whose answer has not come for so long, which is then lost; 0
 * for none.
 */
uint64_t roster_expire(struct roster *roster, uint64_t now_ns,
		       uint64_t timeout_ns);

/* The next one that waits, which is then lost; 0 for none. */
uint64_t roster_lose_next(struct roster *roster);

/* When the next one expires; UINT64_MAX when none waits. */
uint64_t roster_deadline_ns(const struct roster *roster, uint64_t timeout_ns);

/*
 * Judges what the server sent, as it had come at that time. Who had expired by
 * then must have been taken out, so what still waits was answered in time.
 */
struct roster_find roster_judge(struct roster *roster, struct slice got,
				uint64_t at_ns);

#endif
