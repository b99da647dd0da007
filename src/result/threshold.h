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
#define CONDITION_MAX 16

enum condition_operator {
	CONDITION_LESS,
	CONDITION_AT_MOST,
	CONDITION_MORE,
	CONDITION_AT_LEAST,
	CONDITION_EQUAL
};

struct condition {
	size_t metric; /* known to threshold.c */
	enum condition_operator operator;
	double value; /* in us, a second, percent or one */
	const char *text;
	size_t text_len;
};

struct conditions {
	const char *text; /* the first list as typed; NULL for none */
	size_t n;
	struct condition list[CONDITION_MAX];
};

/*
 * Adds the list to the conditions; text is kept, not copied. 0, or -1 with the
 * piece that is wrong in *bad and why in *cause.
 */
int conditions_parse(struct conditions *conditions, const char *text,
		     struct slice *bad, const char **cause) MUST_CHECK;

enum condition_verdict {
	CONDITION_FALSE,
	CONDITION_TRUE,
	CONDITION_UNKNOWN /* too few exchanges for that percentile */
};

/*
 * Judges one. What too few exchanges leave open is still decided where the
 * least and the greatest time decide it. When nothing was answered, times are
 * endless.
 */
enum condition_verdict condition_judge(const struct condition *condition,
				       const struct stats *stats, double rate);

/* Whether each of them holds; unknown does not. */
bool conditions_all_hold(const struct conditions *conditions,
			 const struct stats *stats, double rate);

#endif
