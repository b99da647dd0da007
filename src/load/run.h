/* SPDX-License-Identifier: MIT */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include "base/compiler.h"
#include "load/monitor.h"
#include "load/plan.h"
#include "result/tally.h"

/*
 * One run: connect, load, wait for the last answer, count up.
 */

/* Makes Ctrl-C and SIGTERM end runs early; the second one kills. Once. */
void run_catch_signals(void);

/* 0, or -1 with errno when the jobs could not be started. */
int run_do(const struct plan *plan, struct monitor *monitor,
	   struct tally *tally) MUST_CHECK;

#endif
