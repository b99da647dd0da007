/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of an axis: which round numbers enclose the data, which of
 * them get a label, and where between its ends a value lies.
 *
 * A number is round when it is 1, 2 or 5 times a power of ten. Nothing here
 * draws; everything is total: any input, infinities and nothing at all
 * included, gives an axis that can be drawn.
 */
#include "result/scale.h"

#include <math.h>

#include "base/compiler.h"

/* Equal but for rounding: 3 * 0.1 is a tick at 0.3. */
#define SCALE_SLACK 1e-9

/* Ends further apart than this have labels at the powers of ten alone. */
#define SCALE_FINE 2e3

/* Data on a logarithmic scale stays clear of its ends by so much. */
#define SCALE_MARGIN 1.05

static const double rounds[] = {1, 2, 5};

void scale_range_add(struct scale_range *range, double value)
{
	if (!isfinite(value))
		return;
	range->low = fmin(range->low, value);
	range->high = fmax(range->high, value);
}

bool scale_range_is_empty(const struct scale_range *range)
{
	return range->low > range->high;
}

/* The smallest round step of which n_steps or fewer reach to high. */
static double round_step(double high, unsigned n_steps)
{
	double power = pow(10, floor(log10(high / n_steps)));

	for (size_t i = 0; i < ARRAY_LEN(rounds); i++) {
		double step = power * rounds[i];

		if (high / step <= n_steps + SCALE_SLACK)
			return step;
	}
	return power * 10;
}

struct scale scale_linear(double high, unsigned n_steps)
{
	if (!(high > 0) || !isfinite(high))
		high = 1;
	return (struct scale){
		.high = high,
		.step = round_step(high, n_steps),
	};
}

struct scale scale_linear_round(double high, unsigned n_steps)
{
	struct scale scale = scale_linear(high, n_steps);

	scale.high = scale.step * ceil(scale.high / scale.step - SCALE_SLACK);
	return scale;
}

/* The power of ten at or below value. */
static double decade_of(double value)
{
	return pow(10, floor(log10(value) + SCALE_SLACK));
}

static double round_down(double value)
{
	double decade = decade_of(value), best = decade;

	for (size_t i = 0; i < ARRAY_LEN(rounds); i++) {
		if (decade * rounds[i] <= value * (1 + SCALE_SLACK))
			best = decade * rounds[i];
	}
	return best;
}

static double round_up(double value)
{
	double decade = decade_of(value);

	for (size_t i = 0; i < ARRAY_LEN(rounds); i++) {
		if (decade * rounds[i] >= value * (1 - SCALE_SLACK))
			return decade * rounds[i];
	}
	return decade * 10;
}

/* Whether 1, 2 and 5 of each decade have room for a label. */
static bool has_fine_ticks(const struct scale *scale)
{
	return scale->high <= scale->low * SCALE_FINE;
}

struct scale scale_log(struct scale_range range)
{
	struct scale scale = {.is_log = true, .low = 1, .high = 10};

	if (scale_range_is_empty(&range) || !(range.high > 0))
		return scale;
	/* A latency of 0 us is one below the clock's unit. */
	if (!(range.low > 0))
		range.low = fmin(1, range.high);
	scale.low = round_down(range.low / SCALE_MARGIN);
	scale.high = round_up(range.high * SCALE_MARGIN);
	if (!has_fine_ticks(&scale)) {
		scale.low = decade_of(range.low);
		scale.high = 1 / decade_of(1 / range.high);
	}
	return scale;
}

double scale_place(const struct scale *scale, double value)
{
	value = fmin(fmax(value, scale->low), scale->high);
	if (scale->is_log)
		return log(value / scale->low) / log(scale->high / scale->low);
	return (value - scale->low) / (scale->high - scale->low);
}

static void add_tick(struct scale_ticks *ticks, const struct scale *scale,
		     double at)
{
	double slack = SCALE_SLACK * scale->high;

	/* Relative to low, for that may be far below high. */
	if (at < scale->low * (1 - SCALE_SLACK) || at > scale->high + slack ||
	    ticks->n == SCALE_TICKS_MAX)
		return;
	ticks->at[ticks->n++] = at;
}

static void add_log_ticks(struct scale_ticks *ticks, const struct scale *scale)
{
	double low = floor(log10(scale->low) + SCALE_SLACK);
	double high = ceil(log10(scale->high));
	size_t per_decade = has_fine_ticks(scale) ? ARRAY_LEN(rounds) : 1;

	for (double power = low; power <= high; power++) {
		for (size_t i = 0; i < per_decade; i++)
			add_tick(ticks, scale, pow(10, power) * rounds[i]);
	}
}

struct scale_ticks scale_ticks(const struct scale *scale)
{
	struct scale_ticks ticks = {0};

	if (scale->is_log) {
		add_log_ticks(&ticks, scale);
		return ticks;
	}
	for (size_t i = 0; (double)i * scale->step <= scale->high * 1.001; i++)
		add_tick(&ticks, scale, (double)i * scale->step);
	return ticks;
}
