/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HISTORY_H
#define SERVER_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "loop/counters.h"

#define HISTORY_SAMPLES 600 /* one a second: ten minutes */

/* What is kept of each second. */
enum history_series {
	HISTORY_UDP,  /* datagrams a second */
	HISTORY_TCP,  /* bytes answered a second */
	HISTORY_HTTP, /* requests answered a second */
	HISTORY_OPEN, /* connections of the services */
	HISTORY_LAG,  /* of the loop, in microseconds */
	HISTORY_SERIES
};

/* A ring of samples. Zero-initialise. */
struct history {
	size_t n;    /* that there are */
	size_t next; /* where the next one goes */
	uint64_t values[HISTORY_SERIES][HISTORY_SAMPLES];
	struct counters before; /* at the last sample */
};

/*
 * Adds a sample: rates are what the counters have grown by since the last one,
 * over elapsed_ns. What was counted before the first one is no rate.
 */
void history_begin(struct history *history, const struct counters *counters);
void history_add(struct history *history, const struct counters *counters,
		 uint64_t elapsed_ns, size_t n_open, uint64_t lag_ns);

/* Sample i, of which 0 is the oldest and n - 1 the newest. */
uint64_t history_at(const struct history *history, enum history_series series,
		    size_t i);

/* The newest; 0 when there is none. And the largest of all. */
uint64_t history_now(const struct history *history, enum history_series series);
uint64_t history_peak(const struct history *history,
		      enum history_series series);

#endif
