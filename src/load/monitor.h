/* SPDX-License-Identifier: MIT */
#ifndef LOAD_MONITOR_H
#define LOAD_MONITOR_H

#include <jansson.h>
#include <stdint.h>

#include "base/compiler.h"
#include "load/sink.h"
#include "result/live.h"
#include "result/stats.h"

/*
 * Follows runs from outside: cuts their time into intervals, which it writes
 * to the files and keeps for the result, and shows a live line.
 */
struct monitor;

/* NULL when out of memory. sink must outlive it; show_live: on stderr. */
struct monitor *monitor_new(struct sink *sink, bool show_live) MUST_CHECK;
void monitor_free(struct monitor *monitor);

/* A run's measured part begins then; it is to last that long (0: unknown), and
 * to make that many exchanges (0: unknown). */
void monitor_begin(struct monitor *monitor, uint64_t measure_ns,
		   uint64_t duration_ns, uint64_t count);

/* The runs to come are this step. */
void monitor_set_step(struct monitor *monitor, const struct live_step *step);

/* When it wants to be called next. */
uint64_t monitor_next_ns(const struct monitor *monitor);

/* Takes in what has been counted by now. */
void monitor_update(struct monitor *monitor, const struct stats *sum,
		    uint64_t now_ns);

/* The run has ended, its sending at that time: the last interval. */
void monitor_end(struct monitor *monitor, const struct stats *sum,
		 uint64_t end_ns);

/* All intervals so far, as the result has them. Borrowed. */
json_t *monitor_intervals(const struct monitor *monitor);

#endif
