/* SPDX-License-Identifier: MIT */
#ifndef LOAD_RESULT_H
#define LOAD_RESULT_H

#include <jansson.h>
#include <time.h>

#include "base/compiler.h"
#include "load/load_options.h"
#include "result/tally.h"

/*
 * The result as JSON. Its keys are an interface: they do not change meaning.
 * Times are in microseconds. Functions return a new reference, or NULL when
 * out of memory.
 */

/* min, mean, p50 ... max; null for what too few samples support. */
json_t *result_times(const struct histogram *h);

/* A percentile (a share of 10,000), or null. */
json_t *result_percentile(const struct histogram *h, unsigned share);

/* Seconds since 1970 as in RFC 3339, in UTC, to the millisecond. */
json_t *result_wall(double seconds);

/* A row of "steps". */
json_t *result_step(const struct tally *tally, bool is_held);

/* Everything that is not in the tally. */
struct result_context {
	const struct options *options;
	const char *command;
	struct timespec started;
	json_t *intervals; /* borrowed */
	json_t *steps;	   /* borrowed, or NULL */
	json_t *find_max;  /* borrowed, or NULL */
};

json_t *result_new(const struct result_context *context,
		   const struct tally *tally) MUST_CHECK;

#endif
