/* SPDX-License-Identifier: MIT */
#ifndef RESULT_TIMES_H
#define RESULT_TIMES_H

#include "base/histogram.h"
#include <stddef.h>

/*
 * The times that a result tells of a distribution, each with its name in files
 * and in conditions, the share of 10,000 that is at or below it (0: it is no
 * percentile), and its name for people.
 */
#define TIMES(X)                                                               \
	X(MIN, "min", 0, "min")                                                \
	X(MEAN, "mean", 0, "mean")                                             \
	X(P50, "p50", 5000, "p50")                                             \
	X(P75, "p75", 7500, "p75")                                             \
	X(P90, "p90", 9000, "p90")                                             \
	X(P95, "p95", 9500, "p95")                                             \
	X(P99, "p99", 9900, "p99")                                             \
	X(P999, "p999", 9990, "p99.9")                                         \
	X(P9999, "p9999", 9999, "p99.99")                                      \
	X(MAX, "max", 0, "max")

enum time_id {
#define X(id, key, share, label) TIME_##id,
	TIMES(X)
#undef X
	TIME_N
};

/* In microseconds; NAN for what too few samples support. */
struct times {
	double us[TIME_N];
};

const char *times_key(size_t id);
const char *times_label(size_t id);
unsigned times_share(size_t id);

/* All of them unknown. */
struct times times_none(void);

struct times times_of(const struct histogram *h);

/* A percentile, in microseconds; NAN when too few samples support it. */
double times_percentile(const struct histogram *h, unsigned share);

#endif
