/* SPDX-License-Identifier: MIT */
#ifndef LOAD_WIRE_H
#define LOAD_WIRE_H

#include <stdbool.h>

struct client;

/* How an exchange ends. */
enum outcome {
	OUTCOME_ANSWERED,
	OUTCOME_CORRUPT,
	OUTCOME_LATE,
	OUTCOME_LOST,
	OUTCOME_FAILED,
	OUTCOME_UNFINISHED
};

/* What a protocol must know to do. */
struct wire {
	int socket_type;
	/* A new connection: nothing is half read. */
	void (*reset)(struct client *client);
	/* Hands the kernel what was started. */
	void (*flush)(struct client *client);
	void (*readable)(struct client *client);
	/* The oldest flight has had no answer in time. */
	void (*expire)(struct client *client);
	/* Of a stream with nothing in flight: whether bytes have come that
	 * answer nothing. They are read. */
	bool (*has_surplus)(struct client *client);
};

#endif
