/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PROBE_H
#define CLIENT_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/slice.h"

/* As long as a datagram can be over IPv4. */
#define PROBE_SIZE_MAX 65507

/* Whatever the number and the time are, they fit: 5 + 20 + 1 + 20 + 7. */
#define PROBE_SIZE_MIN 56

/*
 * A numbered message as the textbook's pinger has it:
 *
 *	Ping 7 1764201600.123456
 *
 * with the seconds since 1970 at which it was made.
 */
struct probe {
	uint64_t seq;	      /* from 1 */
	struct timespec wall; /* in the text */
	uint64_t sent_ns;     /* the same time on the clock that measures */
	size_t size;	      /* of the whole; 0: as long as the text is */
};

/*
 * Writes the message, behind whose text small letters stand up to its size.
 * buf has room for PROBE_SIZE_MAX bytes. Returns the length.
 */
size_t probe_write(const struct probe *probe, char *buf);

/*
 * The number in what begins with "Ping N " in letters of either case; false
 * when it does not.
 */
bool probe_read_seq(struct slice text, uint64_t *seq);

#endif
