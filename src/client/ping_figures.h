/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_FIGURES_H
#define CLIENT_PING_FIGURES_H

#include <stdint.h>

#include "client/ping_event.h"
#include "client/rto.h"

/* What came out of a run of numbered messages. Times are in nanoseconds. */
struct ping_figures {
	uint64_t n_sent;
	uint64_t n[PING_N_KINDS]; /* of each kind of event */
	uint64_t n_waiting;	  /* sent, and neither answered nor lost yet */
	uint64_t elapsed_ns;
	double min_ns, max_ns, mean_ns;
	double squares; /* the sum of squared differences from the mean */
	struct rto rto;
};

/* Begins with nothing; granularity_ns is that of the clock. */
struct ping_figures ping_figures_new(uint64_t granularity_ns);

/* Takes in an event; of a PING_REPLY its round trip too. */
void ping_figures_add(struct ping_figures *figures,
		      const struct ping_event *event);

/* Messages that were lost, and their part of those that are decided, 0 to 1. */
uint64_t ping_figures_lost(const struct ping_figures *figures);
double ping_figures_loss(const struct ping_figures *figures);

/* The standard deviation of all round trips; 0 without any. */
double ping_figures_deviation_ns(const struct ping_figures *figures);

#endif
