/* SPDX-License-Identifier: MIT */
#ifndef LOAD_MISSING_H
#define LOAD_MISSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * The messages that were given up for lost. An answer that comes to one of
 * these is late; an answer to any other one that is no longer awaited is a
 * duplicate. A set of (client, number), all zero when empty.
 */
#define MISSING_MAX (1u << 20) /* more are forgotten: 16 MiB */

struct missing {
	struct missing_key {
		uint64_t number; /* + 1; 0 is a free place */
		uint32_t client;
		uint32_t measured; /* carried for the caller */
	} * keys;
	size_t size; /* a power of two, or 0 */
	size_t n;
};

void missing_clear(struct missing *set);

/* Adds one; does nothing when there is no memory or no room. */
void missing_add(struct missing *set, uint32_t client, uint64_t number,
		 bool measured);

/* Takes one out; false when it is not in. */
bool missing_take(struct missing *set, uint32_t client, uint64_t number,
		  bool *measured);

#endif
