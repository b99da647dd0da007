/* SPDX-License-Identifier: MIT */
#ifndef LOAD_SINK_H
#define LOAD_SINK_H

#include <stdbool.h>

#include "base/compiler.h"
#include "load/load_options.h"
#include "result/result.h"

/*
 * The files of --output. All are opened before the load begins, so that a
 * wrong name costs no run. Each is at its place when sink_finish() has put it
 * there, whole, and not before. What goes to standard output, a pipe or a
 * device grows with every interval, as .ndjson and .csv.
 */
struct sink;

#define SINK_CAUSE_SIZE 512

/* NULL with the reason in cause. */
struct sink *sink_new(const struct load_options *options,
		      char cause[SINK_CAUSE_SIZE]) MUST_CHECK;
void sink_free(struct sink *sink);

/* A row of an interval. */
void sink_add_interval(struct sink *sink, const struct result_row *interval);

/* Writes the result and closes the files. When nothing was measured, an earlier
 * result stays as it is. 0, or -1 with the reason. */
int sink_finish(struct sink *sink, const struct result *result,
		bool is_measured, char cause[SINK_CAUSE_SIZE]) MUST_CHECK;

#endif
