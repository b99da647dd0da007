/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LOAD_ROGUE_H
#define TESTS_LOAD_ROGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e2e_client.h"

/*
 * Uppercase servers that misbehave in known ways, and count exactly how often,
 * so that a load test can be held against them.
 */
enum mischief {
	MISCHIEF_NONE,
	MISCHIEF_DROP,	    /* no answer */
	MISCHIEF_DUPLICATE, /* two answers */
	MISCHIEF_REORDER,   /* answers after the next message's answer */
	MISCHIEF_CORRUPT,   /* one byte, another one each time */
	MISCHIEF_ECHO,	    /* the answer is not uppercased */
	MISCHIEF_CUT,	  /* UDP: a byte less. TCP: closes within the answer */
	MISCHIEF_LATE,	  /* answers `ms` later */
	MISCHIEF_STALL,	  /* does nothing at all for 250 ms each second */
	MISCHIEF_SLOW,	  /* takes `ms` for each message; the rest queues */
	MISCHIEF_CEILING, /* answers `every` messages in 50 ms, no more */
	/* TCP: */
	MISCHIEF_HANG,	  /* no answer to this and what follows on its stream */
	MISCHIEF_RESET,	  /* breaks the connection off */
	MISCHIEF_SURPLUS, /* one byte more behind the answer, in one segment */
};

struct rogue_plan {
	enum mischief mischief;
	unsigned every; /* the how manyth message it concerns */
	unsigned ms;
	size_t size;  /* TCP: of each message */
	bool is_http; /* TCP: messages are requests, answers responses */
};

/* What it has done. In shared memory; final when the load is over. */
struct score {
	uint64_t received;
	uint64_t tampered;
	uint64_t connections;
};

/* Starts one, over UDP or (type SOCK_STREAM) TCP. End it by rogue_stop(). */
struct peer rogue_start(int type, struct rogue_plan plan);
void rogue_stop(struct peer *rogue);

/* The score of the one that was started last. */
const struct score *rogue_score(void);

/*
 * An HTTP server: answers each request on a connection with the next of these
 * texts, over and over (NULL-ended); after one that ends in "\001" it closes.
 */
struct peer rogue_start_http(const char *const *answers);

#endif
