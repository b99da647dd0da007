/* SPDX-License-Identifier: MIT */
#ifndef LOAD_SEARCH_H
#define LOAD_SEARCH_H

#include "base/compiler.h"
#include "load/monitor.h"
#include "load/plan.h"
#include "result/result.h"
#include "result/tally.h"

/*
 * Several runs in a row. Each is complete in itself, down to its last answer,
 * so that what one step overloads does not weigh on the next.
 *
 * A step holds when its condition does (--find-max), the rate was reached and
 * nothing was left unsent. Steps and what a search found go into the result.
 */

/*
 * Runs what the options ask for: one run, a ramp or a search. *tally becomes
 * the one run, all steps of a ramp together, or the best step of a search (the
 * last one when none held). 0, or -1 with errno.
 */
int search_run(struct plan *plan, struct monitor *monitor,
	       struct result *result, struct tally *tally) MUST_CHECK;

#endif
