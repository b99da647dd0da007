/* SPDX-License-Identifier: MIT */
/*
 * What a report plots, and from which keys of a result.
 *
 * A number of an interval holds for the whole interval, so over time lines are
 * staircases: nothing is drawn that was not measured. Nulls are gaps. Of a long
 * run several intervals make one step, and the heading says so.
 *
 * Against the percentile q the x axis is the logarithm of 1 / (1 - q): 90, 99
 * and 99.9 % stand at equal distances, and the n-th of N samples, counted from
 * the slowest, at N / n. The slowest of all stands at N.
 */
#include "result/chart.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "result/condense.h"
#include "result/figure.h"
#include "result/plot.h"
#include "result/scale.h"

#define CHART_X_STEPS 6
#define CHART_Y_STEPS 6

/* So many samples above a percentile make it one to rely on. */
#define CHART_TAIL 10

/* More intervals than this would lie within each other's strokes. */
#define CHART_TIMES_MAX 200

/* A line of a plot: where its numbers are, its class, its name. */
struct series {
	const char *key;
	const char *class;
	const char *name;
};

static const struct series latency_series[] = {
	{"max_us", "line c5 dash", "max"}, {"p999_us", "line c4", "p99.9"},
	{"p99_us", "line c3", "p99"},	   {"p90_us", "line c2", "p90"},
	{"p50_us", "line c1", "p50"},
};

static const struct series step_series[] = {
	{"p99_us", "line c3", "p99"},
	{"p50_us", "line c1", "p50"},
};

/* Time in the unit that suits the length of the run. */
struct time_unit {
	double seconds;
	const char *title;
};

/* --- what all figures share --- */

/* When a step stands for several intervals, how and for how many. */
static void figure_begin_merged(FILE *out, const char *heading,
				const char *unit, const char *how, size_t per)
{
	fprintf(out, "<figure>\n<figcaption><h2>%s <small>%s", heading, unit);
	if (per > 1)
		fprintf(out, ", %s of each %zu intervals", how, per);
	fputs("</small></h2>\n<ul class=\"legend\">\n", out);
}

static void figure_begin(FILE *out, const char *heading, const char *unit)
{
	figure_begin_merged(out, heading, unit, "", 1);
}

static void add_legend(FILE *out, const char *class, const char *name)
{
	fprintf(out, "<li><i class=\"%s\"></i>%s</li>\n", class, name);
}

static void end_legend(FILE *out)
{
	fputs("</ul></figcaption>\n", out);
}

static void figure_end(FILE *out)
{
	fputs("</figure>\n", out);
}

/* Widens the range by the numbers at the key of every row. */
static void add_column(struct scale_range *range, const json_t *rows,
		       const char *key)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		scale_range_add(range, figure_get(row, key));
	}
}

static bool has_column(const json_t *rows, const char *key)
{
	struct scale_range range = SCALE_RANGE_EMPTY;

	add_column(&range, rows, key);
	return !scale_range_is_empty(&range);
}

/* Adds those of the series that have data to range and legend. */
static void add_series(FILE *out, const json_t *rows,
		       const struct series *series, size_t n,
		       struct scale_range *range)
{
	for (size_t i = 0; i < n; i++) {
		if (!has_column(rows, series[i].key))
			continue;
		add_column(range, rows, series[i].key);
		add_legend(out, series[i].class, series[i].name);
	}
}

/* --- over time --- */

static struct time_unit time_unit(double seconds)
{
	if (seconds > 2 * 3600)
		return (struct time_unit){3600, "hours since the start"};
	if (seconds > 120)
		return (struct time_unit){60, "minutes since the start"};
	if (seconds >= 1)
		return (struct time_unit){1, "seconds since the start"};
	return (struct time_unit){1e-3, "milliseconds since the start"};
}

/* The axis of time; its unit is in *unit then. */
static struct plot_axis time_axis(const json_t *rows, struct time_unit *unit)
{
	struct scale_range range = {0, 0};

	add_column(&range, rows, "t_s");
	*unit = time_unit(range.high);
	return plot_axis(
		scale_linear(range.high / unit->seconds, CHART_X_STEPS),
		figure_tick);
}

/* Draws the numbers at the key as a staircase. */
static void draw_stairs(struct plot_pen pen, const json_t *rows,
			const char *key, double seconds)
{
	double from = 0;
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		double to = figure_get(row, "t_s") / seconds;
		double value = figure_get(row, key);

		plot_pen_to(&pen, from, value);
		plot_pen_to(&pen, to, value);
		if (isfinite(to))
			from = to;
	}
	plot_pen_end(&pen);
}

/* "2 to 3 s: 12,345 a second, p50 80 us, ...". */
static void write_hint(FILE *out, const json_t *row, double from, double to)
{
	fprintf(out, "%.6g to %.6g s: %s a second", from, to,
		figure_rate(figure_get(row, "rate")).text);
	for (size_t i = ARRAY_LEN(latency_series); i-- > 0;) {
		double us = figure_get(row, latency_series[i].key);

		if (isfinite(us))
			fprintf(out, ", %s %s", latency_series[i].name,
				figure_time(us, FIGURE_MICRO_UTF8).text);
	}
	if (figure_get(row, "lost") > 0)
		fprintf(out, ", %s lost",
			figure_count(figure_get(row, "lost")).text);
	if (figure_errors(row) > 0)
		fprintf(out, ", errors %s",
			figure_count(figure_errors(row)).text);
}

static void draw_hints(const struct plot *plot, const json_t *rows,
		       double seconds)
{
	double from = 0;
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		double to = figure_get(row, "t_s");

		if (!isfinite(to))
			continue;
		plot_hint_begin(plot, from / seconds, to / seconds);
		write_hint(plot->out, row, from, to);
		plot_hint_end(plot);
		from = to;
	}
}

static bool is_troubled(const json_t *row)
{
	return figure_get(row, "lost") > 0 || figure_errors(row) > 0;
}

static bool any_is_troubled(const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		if (is_troubled(row))
			return true;
	}
	return false;
}

/* A flag in the middle of each interval with losses or errors. */
static void draw_flags(const struct plot *plot, const json_t *rows,
		       double seconds)
{
	double from = 0;
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		double to = figure_get(row, "t_s") / seconds;

		if (is_troubled(row))
			plot_flag(plot, "flag bad", (from + to) / 2);
		if (isfinite(to))
			from = to;
	}
}

static void draw_throughput(const struct plot *plot, const json_t *rows,
			    double target, double seconds)
{
	plot_begin(plot);
	if (has_column(rows, "rate")) {
		draw_stairs(plot_area_begin(plot, "area c1"), rows, "rate",
			    seconds);
		draw_stairs(plot_line_begin(plot, "line c1"), rows, "rate",
			    seconds);
		plot_level(plot, "line target dash", target);
		draw_flags(plot, rows, seconds);
		draw_hints(plot, rows, seconds);
	} else {
		plot_no_data(plot, "no intervals");
	}
	plot_end(plot);
}

/* The one target of the run: steps have each their own. */
static double target_of(const json_t *result)
{
	return json_object_get(result, "steps")
		       ? (double)NAN
		       : figure_get(result, "target_rate");
}

void chart_throughput(FILE *out, const json_t *result)
{
	double target = target_of(result);
	struct scale_range range = {0, 0};
	struct time_unit unit;
	struct plot plot = {.out = out, .id = "throughput"};
	size_t per;
	json_t *rows = condense_intervals(json_object_get(result, "intervals"),
					  CHART_TIMES_MAX, &per);

	add_column(&range, rows, "rate");
	scale_range_add(&range, target);
	plot.about = "Exchanges per second over time";
	plot.x = time_axis(rows, &unit);
	plot.x_title = unit.title;
	plot.y = plot_axis(scale_linear_round(range.high, CHART_Y_STEPS),
			   figure_tick);
	figure_begin_merged(out, "Throughput", "exchanges a second", "mean",
			    per);
	add_legend(out, "line c1", "achieved");
	if (isfinite(target))
		add_legend(out, "line target dash", "target");
	if (any_is_troubled(rows))
		add_legend(out, "flag bad", "lost some, or errors");
	end_legend(out);
	draw_throughput(&plot, rows, target, unit.seconds);
	figure_end(out);
	json_decref(rows);
}

static void draw_latency(const struct plot *plot, const json_t *rows,
			 double seconds, bool has_data)
{
	plot_begin(plot);
	for (size_t i = 0; i < ARRAY_LEN(latency_series); i++)
		draw_stairs(plot_line_begin(plot, latency_series[i].class),
			    rows, latency_series[i].key, seconds);
	if (has_data)
		draw_hints(plot, rows, seconds);
	else
		plot_no_data(plot, "no exchange was timed");
	plot_end(plot);
}

void chart_latency(FILE *out, const json_t *result)
{
	struct scale_range range = SCALE_RANGE_EMPTY;
	struct time_unit unit;
	struct plot plot = {.out = out, .id = "latency"};
	size_t per;
	json_t *rows = condense_intervals(json_object_get(result, "intervals"),
					  CHART_TIMES_MAX, &per);

	figure_begin_merged(out, "Latency over time", "per interval", "worst",
			    per);
	add_series(out, rows, latency_series, ARRAY_LEN(latency_series),
		   &range);
	end_legend(out);
	plot.about = "Percentiles of the latency over time";
	plot.x = time_axis(rows, &unit);
	plot.x_title = unit.title;
	plot.y = plot_axis(scale_log(range), figure_time_tick);
	draw_latency(&plot, rows, unit.seconds, !scale_range_is_empty(&range));
	figure_end(out);
	json_decref(rows);
}

/* --- against the percentile --- */

/* The percentiles of a summary, and 1 / (1 - q) of each. */
static const struct {
	const char *key;
	double x;
} quantiles[] = {
	{"p50", 2},   {"p75", 4},    {"p90", 10},    {"p95", 20},
	{"p99", 100}, {"p999", 1e3}, {"p9999", 1e4},
};

/* A bucket is [upper bound in us, count]; what is none counts nothing. */
static double bucket_count(const json_t *bucket)
{
	double n = json_number_value(json_array_get(bucket, 1));

	return n > 0 ? n : 0;
}

static double bucket_us(const json_t *bucket)
{
	return json_number_value(json_array_get(bucket, 0));
}

static double sample_count(const json_t *buckets, struct scale_range *range)
{
	double n = 0;
	json_t *bucket;
	size_t i;

	json_array_foreach (buckets, i, bucket) {
		n += bucket_count(bucket);
		if (bucket_count(bucket) > 0)
			scale_range_add(range, bucket_us(bucket));
	}
	return n;
}

/* "99.9" for 1000: the axis is in 1 / (1 - q). */
static struct figure percentile_label(double x)
{
	struct figure figure;

	(void)snprintf(figure.text, sizeof(figure.text), "%.10g",
		       100 * (1 - 1 / x));
	return figure;
}

/* 1 to n; the median gets a tick even where decades alone have one. */
static struct plot_axis percentile_axis(double n)
{
	struct scale scale = {.is_log = true, .low = 1, .high = fmax(10, n)};
	struct plot_axis axis = plot_axis(scale, percentile_label);

	if (axis.ticks.n > 1 && axis.ticks.at[1] > 2 &&
	    axis.ticks.n < SCALE_TICKS_MAX) {
		memmove(&axis.ticks.at[2], &axis.ticks.at[1],
			(axis.ticks.n - 1) * sizeof(axis.ticks.at[0]));
		axis.ticks.at[1] = 2;
		axis.ticks.n++;
	}
	return axis;
}

/*
 * Draws the part of the curve between from and to on the x axis. n samples;
 * a bucket reaches from the share of those below it to the share of those not
 * above it.
 */
static void draw_curve(struct plot_pen pen, const json_t *buckets, double n,
		       double from, double to)
{
	double seen = 0;
	json_t *bucket;
	size_t i;

	json_array_foreach (buckets, i, bucket) {
		double count = bucket_count(bucket);
		double x0 = n / (n - seen);
		double x1 = n / fmax(n - seen - count, 1);

		seen += count;
		if (count <= 0 || x1 < from || x0 > to)
			continue;
		plot_pen_to(&pen, fmax(x0, from), bucket_us(bucket));
		plot_pen_to(&pen, fmin(x1, to), bucket_us(bucket));
	}
	plot_pen_end(&pen);
}

/* The percentiles of a summary as marks. */
static void draw_marks(const struct plot *plot, const json_t *summary,
		       const char *class)
{
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
		plot_dot(plot, class, quantiles[i].x,
			 figure_get(summary, quantiles[i].key));
}

static void draw_service(const struct plot *plot, const json_t *summary)
{
	struct plot_pen pen = plot_line_begin(plot, "line c2 dash");

	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
		plot_pen_to(&pen, quantiles[i].x,
			    figure_get(summary, quantiles[i].key));
	plot_pen_end(&pen);
	draw_marks(plot, summary, "dot c2");
}

static bool is_open_loop(const json_t *result)
{
	const char *mode = json_string_value(json_object_get(result, "mode"));

	return mode && strcmp(mode, "open") == 0;
}

static void draw_percentiles(const struct plot *plot, const json_t *result,
			     double n)
{
	const json_t *buckets = json_object_get(result, "histogram");
	double sure = fmax(n / CHART_TAIL, 1);

	plot_begin(plot);
	if (n > 0) {
		draw_curve(plot_line_begin(plot, "line c1 faint"), buckets, n,
			   sure, n);
		draw_curve(plot_line_begin(plot, "line c1"), buckets, n, 1,
			   sure);
	} else {
		plot_no_data(plot, "no exchange was timed");
	}
	if (is_open_loop(result))
		draw_service(plot, json_object_get(result, "service_us"));
	draw_marks(plot, json_object_get(result, "latency_us"), "dot c1");
	plot_end(plot);
}

static void add_summary(struct scale_range *range, const json_t *summary)
{
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
		scale_range_add(range, figure_get(summary, quantiles[i].key));
}

void chart_percentiles(FILE *out, const json_t *result)
{
	struct scale_range range = SCALE_RANGE_EMPTY;
	double n = sample_count(json_object_get(result, "histogram"), &range);
	struct plot plot = {.out = out, .id = "percentiles"};

	add_summary(&range, json_object_get(result, "latency_us"));
	figure_begin(out, "Latency by percentile", "whole run");
	add_legend(out, "line c1", "latency");
	if (n > 0)
		add_legend(out, "line c1 faint", "its last ten samples");
	if (is_open_loop(result)) {
		add_summary(&range, json_object_get(result, "service_us"));
		add_legend(out, "line c2 dash", "service time");
	}
	end_legend(out);
	plot.about = "Latency against the percentile, both on log axes";
	plot.x = percentile_axis(n);
	plot.x_title = "percentile";
	plot.y = plot_axis(scale_log(range), figure_time_tick);
	draw_percentiles(&plot, result, n);
	figure_end(out);
}

/* --- against the rate --- */

/* What a step asked of the server: a rate, or so many clients. */
static double step_load(const json_t *step)
{
	double target = figure_get(step, "target_rate");

	return isfinite(target) ? target : figure_get(step, "clients");
}

const json_t *chart_next_step(const json_t *steps, double *load, size_t *at)
{
	const json_t *best = NULL;
	double last = *load;
	size_t last_at = *at, i;
	json_t *step;

	json_array_foreach (steps, i, step) {
		double here = step_load(step);

		if (here < last || (here == last && i <= last_at) ||
		    !isfinite(here) || (best && here >= *load))
			continue;
		best = step;
		*load = here;
		*at = i;
	}
	return best;
}

static void draw_steps_line(const struct plot *plot, const json_t *steps,
			    const struct series *series)
{
	struct plot_pen pen = plot_line_begin(plot, series->class);
	double load = -HUGE_VAL;
	const json_t *step;
	size_t at = 0;

	while ((step = chart_next_step(steps, &load, &at)))
		plot_pen_to(&pen, figure_get(step, "rate"),
			    figure_get(step, series->key));
	plot_pen_end(&pen);
}

static void draw_steps_dots(const struct plot *plot, const json_t *steps)
{
	json_t *step;
	size_t i;

	json_array_foreach (steps, i, step) {
		bool failed = json_is_false(json_object_get(step, "held"));

		plot_dot(plot, "dot c1", figure_get(step, "rate"),
			 figure_get(step, "p50_us"));
		plot_dot(plot, failed ? "ring bad" : "dot c3",
			 figure_get(step, "rate"), figure_get(step, "p99_us"));
	}
}

/* Whether any step held, or any did not. */
static bool any_step_is(const json_t *steps, bool held)
{
	json_t *step;
	size_t i;

	json_array_foreach (steps, i, step) {
		const json_t *is_held = json_object_get(step, "held");

		if (held ? json_is_true(is_held) : json_is_false(is_held))
			return true;
	}
	return false;
}

static void draw_ramp(const struct plot *plot, const json_t *steps,
		      bool has_data)
{
	plot_begin(plot);
	for (size_t i = 0; i < ARRAY_LEN(step_series); i++)
		draw_steps_line(plot, steps, &step_series[i]);
	draw_steps_dots(plot, steps);
	if (!has_data)
		plot_no_data(plot, "no step was measured");
	plot_end(plot);
}

void chart_ramp(FILE *out, const json_t *result)
{
	const json_t *steps = json_object_get(result, "steps");
	struct scale_range rates = {0, 0}, times = SCALE_RANGE_EMPTY;
	struct plot plot = {.out = out, .id = "ramp"};

	add_column(&rates, steps, "rate");
	figure_begin(out, "Latency by rate", "one mark a step");
	add_series(out, steps, step_series, ARRAY_LEN(step_series), &times);
	if (any_step_is(steps, true))
		add_legend(out, "dot c3", "held");
	if (any_step_is(steps, false))
		add_legend(out, "ring bad", "did not hold");
	end_legend(out);
	plot.about = "Latency against the achieved rate";
	plot.x = plot_axis(scale_linear_round(rates.high, CHART_X_STEPS),
			   figure_tick);
	plot.x_title = "exchanges a second, achieved";
	plot.y = plot_axis(scale_log(times), figure_time_tick);
	draw_ramp(&plot, steps, !scale_range_is_empty(&times));
	figure_end(out);
}
