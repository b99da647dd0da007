/* SPDX-License-Identifier: MIT */
#ifndef LOAD_CREW_H
#define LOAD_CREW_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "load/plan.h"
#include "load/share.h"

/*
 * The jobs of one run, seen from the parent: processes that load, and memory
 * in which they count. Their sums are read at any time.
 */
struct crew;

/* Starts the jobs, which connect their clients. NULL with errno. */
struct crew *crew_new(const struct plan *plan) MUST_CHECK;

/* Ends jobs that still run, and frees all. */
void crew_free(struct crew *crew);

/* Lets all jobs start at that time. */
void crew_go(struct crew *crew, uint64_t at_ns);

/* Tells all jobs to come to an end. */
void crew_stop(struct crew *crew);

/* Whether every job is ready (or gone), and whether every one is gone. */
bool crew_is_ready(const struct crew *crew);
bool crew_is_done(const struct crew *crew);

/* Whether a job ended otherwise than it should. */
bool crew_has_failed(const struct crew *crew);

/*
 * Waits until a job has something to tell, until that time, or until a signal
 * that mask lets through.
 */
void crew_wait(struct crew *crew, uint64_t until_ns, const sigset_t *mask);

/* The sum of what all have counted. */
void crew_sum(const struct crew *crew, struct stats *out);

/* What job i (of options->jobs) tells besides. */
const struct share *crew_share(const struct crew *crew, unsigned i);

#endif
