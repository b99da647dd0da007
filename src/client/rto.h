/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_RTO_H
#define CLIENT_RTO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* The constants of RFC 6298: section 2.3, 2.2 and 2.4. */
#define RTO_ALPHA	  (1.0 / 8)
#define RTO_BETA	  (1.0 / 4)
#define RTO_K		  4
#define RTO_MINIMUM_NS	  CLOCK_NS_PER_S /* 2.4: less SHOULD become 1 s */
#define RTO_UNMEASURED_NS CLOCK_NS_PER_S /* 2.1: before the first sample */

/* The estimate of a round trip. Times are in nanoseconds. */
struct rto {
	bool has_sample;
	double granularity_ns; /* G, of the clock that measures */
	double srtt_ns;	       /* the textbook's EstimatedRTT */
	double rttvar_ns;      /* the textbook's DevRTT */
};

/* Begins without a sample. */
struct rto rto_new(uint64_t granularity_ns);

/* Takes in the round trip of a message that was sent once. */
void rto_add(struct rto *rto, uint64_t rtt_ns);

/* SRTT + max(G, K * RTTVAR) as it comes out; 0 without a sample. */
double rto_computed_ns(const struct rto *rto);

/* The retransmission timer: the same, and at least RTO_MINIMUM_NS. */
double rto_timer_ns(const struct rto *rto);

#endif
