/* SPDX-License-Identifier: MIT */
#ifndef LOOP_REFUSAL_H
#define LOOP_REFUSAL_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/counters.h"
#include "os/address.h"

/*
 * Who is turned away by a limit or a list, each kind with its counter, and what
 * the log says that was refused.
 */
#define REFUSALS(X)                                                            \
	X(udp_access_refused, "udp: datagrams refused by --allow and --deny")  \
	X(tcp_access_refused,                                                  \
	  "tcp: connections refused by --allow and --deny")                    \
	X(http_access_refused,                                                 \
	  "http: connections refused by --allow and --deny")                   \
	X(tcp_address_refused,                                                 \
	  "tcp: connections refused by --max-per-address")                     \
	X(http_address_refused,                                                \
	  "http: connections refused by --max-per-address")                    \
	X(tcp_limit_refused, "tcp: connections refused by --max-connections")  \
	X(http_limit_refused,                                                  \
	  "http: connections refused by --max-connections")                    \
	X(tcp_proxy_refused, "tcp: connections without a valid PROXY header")  \
	X(http_proxy_refused,                                                  \
	  "http: connections without a valid PROXY header")                    \
	X(admin_access_refused, "admin: connections refused by --admin-allow") \
	X(udp_rate_refused, "udp: datagrams refused by --udp-rate")            \
	X(http_rate_refused, "http: requests refused by --request-rate")

enum refusal {
#define X(name, text) REFUSAL_##name,
	REFUSALS(X)
#undef X
	REFUSAL_KINDS
};

#define REFUSAL_SUSPECTS 8 /* addresses that are counted at a time */

/* One that caused some; n is no more than it did. */
struct refusal_suspect {
	struct address owner;
	uint64_t n;
};

/* Those of one kind that have not been told of yet. */
struct refusal_tally {
	uint64_t n;
	struct refusal_suspect suspects[REFUSAL_SUSPECTS];
};

/*
 * Refusals are counted each, and told of in a line for each kind and second at
 * the most, with the address that caused most of them.
 */
struct refusals {
	struct counters *counters;
	struct event timer; /* a second since the last lines */
	bool is_waiting;
	struct refusal_tally tallies[REFUSAL_KINDS];
};

void refusals_init(struct refusals *refusals, struct event_base *base,
		   struct counters *counters);

/* Tells of what has not been told of. Harmless on a zeroed one. */
void refusals_clear(struct refusals *refusals);

/* One more of this kind, of this peer; peer may be on the caller's stack. */
void refusals_note(struct refusals *refusals, enum refusal kind,
		   const struct address *peer);

#endif
