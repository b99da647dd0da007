/* SPDX-License-Identifier: MIT */
#ifndef RESULT_STATS_H
#define RESULT_STATS_H

#include <stddef.h>
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
#define STATS_MESSAGES(X)                                                      \
	X(EXCHANGES, exchanges, "exchanges") /* answered, right and in time */ \
	X(SENT, sent, "sent")		     /* messages started */            \
	X(UNSENT, unsent, "unsent")	     /* due, but no client was free */ \
	X(UNFINISHED, unfinished,                                              \
	  "unfinished")		    /* in flight at the break-off */           \
	X(FAILED, failed, "failed") /* by an error that `errors` names */      \
	X(CONNECTS, connects, "connects")    /* connections made */            \
	X(LOST, lost, "lost")		     /* never answered */              \
	X(DUPLICATE, duplicate, "duplicate") /* answered once more */          \
	X(REORDERED, reordered, "reordered") /* of `exchanges`: overtaken */   \
	X(LATE, late, "late")		     /* answered after the timeout */  \
	X(CORRUPT, corrupt, "corrupt")	     /* not what it must be */
#define STATS_BYTES(X)                                                         \
	X(BYTES_SENT, bytes_sent, "bytes sent")                                \
	X(BYTES_RECEIVED, bytes_received, "bytes received")

/* Each with its name in files, which is its member's, and for people. */
#define STATS_COUNTERS(X) STATS_MESSAGES(X) STATS_BYTES(X)

enum counter_id {
#define X(id, member, label) COUNTER_##id,
	STATS_COUNTERS(X)
#undef X
	COUNTER_N
};

struct stats {
#define X(id, member, label) uint64_t member;
	STATS_COUNTERS(X)
#undef X
	uint64_t errors[ERROR_SLOTS];
	struct histogram latency;  /* from when it was due */
	struct histogram service;  /* from when it was sent */
	struct histogram lateness; /* open loop: of our own sending */
};

/* A counter's value, its name in files, and its name for people. */
uint64_t stats_count(const struct stats *stats, size_t id);
const char *stats_key(size_t id);
const char *stats_label(size_t id);

/* Adds all of other. */
void stats_merge(struct stats *stats, const struct stats *other);

/* All errors together. */
uint64_t stats_errors(const struct stats *stats);

/* Of what was due, the percentage that was not answered in time; 0 to 100. */
double stats_loss_percent(const struct stats *stats);

/* Whether a reply was seen that is not right: corrupt, or a wrong status. */
bool stats_has_wrong(const struct stats *stats);

#endif
