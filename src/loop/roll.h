/* SPDX-License-Identifier: MIT */
#ifndef LOOP_ROLL_H
#define LOOP_ROLL_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"

/*
 * Counts each client's messages, in bounded memory: of ROLL_CLIENTS_MAX and
 * more the one that has been silent longest among a few is forgotten, and
 * begins with 1 when it comes again.
 */
struct roll;

#define ROLL_SETS	 (1 << 14)
#define ROLL_WAYS	 8
#define ROLL_CLIENTS_MAX (ROLL_SETS * ROLL_WAYS)

/* Lives until another one is asked for. */
struct roll_entry {
	uint64_t tag;	   /* a hash of the client; 0 for nobody */
	uint64_t n;	   /* messages so far */
	uint64_t first_ns; /* when the first came, and the last */
	uint64_t last_ns;
	size_t n_waiting; /* answers that are held back, and their bytes */
	size_t bytes_waiting;
	void *held; /* the one that waits for the next to go before */
};

/* NULL when out of memory. */
struct roll *roll_new(void) MUST_CHECK;
void roll_free(struct roll *roll);

/* The client's entry, with one message more. */
struct roll_entry *roll_count(struct roll *roll, const struct address *client,
			      uint64_t now_ns);

/* The client's entry, or NULL when it is not known. */
struct roll_entry *roll_find(struct roll *roll, const struct address *client);

#endif
