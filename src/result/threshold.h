/* SPDX-License-Identifier: MIT */
#ifndef RESULT_THRESHOLD_H
#define RESULT_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "result/stats.h"

/*
 * Conditions on a result: "p99<5ms,loss<0.1%". A list of METRIC OPERATOR
 * VALUE, the operators < <= > >= and =; times and percentages with their unit.
 * Metrics: min mean p50 p75 p90 p95 p99 p999 p9999 max (times; p99.9 is p999),
 * rate, loss (of what was due, in percent), and the counts errors lost late
 * duplicate reordered corrupt failed unsent exchanges.
 */
#define THRESHOLD_MAX 16

enum threshold_operator {
	THRESHOLD_LESS,
	THRESHOLD_AT_MOST,
	THRESHOLD_MORE,
	THRESHOLD_AT_LEAST,
	THRESHOLD_EQUAL
};

struct threshold {
	size_t metric; /* known to threshold.c */
	enum threshold_operator operator;
	double value; /* in us, a second, percent or one */
	const char *text;
	size_t text_len;
};

struct thresholds {
	const char *text; /* the first list as typed; NULL for none */
	size_t n;
	struct threshold list[THRESHOLD_MAX];
};

/*
 * Adds the list to the conditions; text is kept, not copied. 0, or -1 with the
 * piece that is wrong in *bad and why in *cause.
 */
int thresholds_parse(struct thresholds *conditions, const char *text,
		     struct slice *bad, const char **cause) MUST_CHECK;

enum threshold_verdict {
	THRESHOLD_FALSE,
	THRESHOLD_TRUE,
	THRESHOLD_UNKNOWN /* too few exchanges for that percentile */
};

/*
 * Judges one. What too few exchanges leave open is still decided where the
 * least and the greatest time decide it. When nothing was answered, times are
 * endless.
 */
enum threshold_verdict threshold_judge(const struct threshold *condition,
				       const struct stats *stats, double rate);

/* Whether each of them holds; unknown does not. */
bool thresholds_all_hold(const struct thresholds *conditions,
			 const struct stats *stats, double rate);

#endif
