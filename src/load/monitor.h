/* SPDX-License-Identifier: MIT */
#ifndef LOAD_MONITOR_H
#define LOAD_MONITOR_H

#include <stdint.h>

#include "base/compiler.h"
#include "load/plan.h"
#include "load/sink.h"
#include "result/live.h"
#include "result/result.h"

/*
 * Follows runs from outside: cuts their time into intervals, which it writes
 * to the files and to the result, and shows a live line.
 */
struct monitor;

/* NULL when out of memory. sink must outlive it, and so must intervals, to
 * which rows are added; show_live: on stderr. */
struct monitor *monitor_new(struct sink *sink, struct result_rows *intervals,
			    bool show_live) MUST_CHECK;
void monitor_free(struct monitor *monitor);

/* The measured part of a run by that plan begins then. */
void monitor_begin(struct monitor *monitor, const struct plan *plan,
		   uint64_t measure_ns);

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

#endif
