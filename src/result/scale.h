/* SPDX-License-Identifier: MIT */
#ifndef RESULT_SCALE_H
#define RESULT_SCALE_H

#include <stdbool.h>
#include <stddef.h>

#define SCALE_TICKS_MAX 32

/* The values between which data lies. Begin with SCALE_RANGE_EMPTY. */
struct scale_range {
	double low, high;
};

#define SCALE_RANGE_EMPTY ((struct scale_range){HUGE_VAL, -HUGE_VAL})

/*
 * How values lie along an axis. low < high, and on a logarithmic scale both
 * are above 0.
 */
struct scale {
	bool is_log;
	double low, high;
	double step; /* between ticks; linear only */
};

struct scale_ticks {
	size_t n;
	double at[SCALE_TICKS_MAX]; /* ascending */
};

/* Widens the range so that it holds value; one that is not finite is passed
 * over. */
void scale_range_add(struct scale_range *range, double value);
bool scale_range_is_empty(const struct scale_range *range);

/* From 0 to high, with at most n_steps round steps. high that is not above 0
 * is taken for 1. scale_linear_round() ends at a tick, at or above high. */
struct scale scale_linear(double high, unsigned n_steps);
struct scale scale_linear_round(double high, unsigned n_steps);

/* The powers of ten and their double and fivefold that enclose the range. An
 * empty one, or one that is not above 0, is replaced by 1 to 10. */
struct scale scale_log(struct scale_range range);

/* Where a value lies: 0 at low, 1 at high; values beyond are taken for those.
 */
double scale_place(const struct scale *scale, double value);

/* Round values for labels: the steps, or as many of 1, 2, 5 per decade as
 * there is room for. */
struct scale_ticks scale_ticks(const struct scale *scale);

#endif
