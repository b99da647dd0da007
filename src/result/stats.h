/* SPDX-License-Identifier: MIT */
#ifndef RESULT_STATS_H
#define RESULT_STATS_H

#include <stdint.h>

#include "base/histogram.h"
#include "result/error.h"

/*
 * What is counted. Each message that was sent ends as exactly one of
 *
 *	sent = exchanges + lost + late + corrupt + failed + unfinished
 *
 * and what was due but never sent is `unsent`. Duplicates come on top.
 * Messages of the warm-up are in none of these.
 */
#define STATS_COUNTERS(X)                                                      \
	X(sent)	      /* messages started */                                   \
	X(exchanges)  /* answered, right and in time */                        \
	X(lost)	      /* never answered */                                     \
	X(late)	      /* answered after the timeout */                         \
	X(corrupt)    /* the answer was not what it must be */                 \
	X(failed)     /* ended by an error, which `errors` names */            \
	X(unfinished) /* still in flight when the run was broken off */        \
	X(unsent)     /* was due, but no client was free to send it */         \
	X(duplicate)  /* answered once more */                                 \
	X(reordered)  /* of `exchanges`: overtaken by a later answer */        \
	X(connects)   /* connections made */                                   \
	X(bytes_sent)                                                          \
	X(bytes_received)

struct stats {
#define X(name) uint64_t name;
	STATS_COUNTERS(X)
#undef X
	uint64_t errors[ERROR_SLOTS];
	struct histogram latency;  /* from when it was due */
	struct histogram service;  /* from when it was sent */
	struct histogram lateness; /* open loop: of our own sending */
};

/* Adds all of other. */
void stats_merge(struct stats *stats, const struct stats *other);

/* All errors together. */
uint64_t stats_errors(const struct stats *stats);

/* Of what was due, the percentage that was not answered in time; 0 to 100. */
double stats_loss_percent(const struct stats *stats);

/* Whether a reply was seen that is not right: corrupt, or a wrong status. */
bool stats_has_wrong(const struct stats *stats);

#endif
