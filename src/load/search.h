/* SPDX-License-Identifier: MIT */
#ifndef LOAD_SEARCH_H
#define LOAD_SEARCH_H

#include <jansson.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "load/monitor.h"
#include "load/plan.h"
#include "result/tally.h"

/*
 * Several runs in a row. Each is complete in itself, down to its last answer,
 * so that what one step overloads does not weigh on the next.
 *
 * A step holds when its condition does (--find-max), the rate was reached and
 * nothing was left unsent.
 */
struct search {
	json_t *steps;	  /* rows of the result; NULL when it was one run */
	json_t *find_max; /* what was found; NULL without --find-max */
	bool saw_wrong;	  /* in any step, not only in those of the tally */
};

/*
 * Runs what the options ask for: one run, a ramp or a search. *tally becomes
 * the one run, all steps of a ramp together, or the best step of a search (the
 * last one when none held). 0, or -1 with errno.
 */
int search_run(struct plan *plan, struct monitor *monitor,
	       struct search *search, struct tally *tally) MUST_CHECK;

void search_clear(struct search *search);

#endif
