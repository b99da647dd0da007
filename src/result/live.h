/* SPDX-License-Identifier: MIT */
#ifndef RESULT_LIVE_H
#define RESULT_LIVE_H

#include <stdint.h>

#include "base/compiler.h"
#include "result/stats.h"

/* One line on a terminal (standard error) that tells how a run is going. */
struct live;

/* NULL when out of memory. */
struct live *live_new(void) MUST_CHECK;

/* Removes the line, and frees. NULL is fine. */
void live_free(struct live *live);

/* Which step of a ramp or search it is, and at what load. */
struct live_step {
	unsigned number; /* from 1 on; 0: there are no steps */
	unsigned total;	 /* 0: not known */
	double rate;	 /* 0: closed loop, by clients */
	unsigned clients;
};

/* How far it is: by time, or by count; 0 for what is not known. */
struct live_view {
	struct live_step step;
	double elapsed_s;
	double total_s;
	uint64_t total;
};

/* Draws the line anew, below the terminal's width. Rate and percentiles are of
 * the time since the last. */
void live_draw(struct live *live, const struct live_view *view,
	       const struct stats *sum);

void live_erase(struct live *live);

#endif
