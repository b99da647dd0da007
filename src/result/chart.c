/* SPDX-License-Identifier: MIT */
/*
 * What a report plots, and from which figures of a result.
 *
 * A number of an interval holds for the whole interval, so over time lines are
 * staircases: nothing is drawn that was not measured. What is not known is a
 * gap. Of a long run several intervals make one step, and the heading says so.
 *
 * Against the percentile q the x axis is the logarithm of 1 / (1 - q): 90, 99
 * and 99.9 % stand at equal distances, and the n-th of N samples, counted from
 * the slowest, at N / n. The slowest of all stands at N.
 */
#include "result/chart.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

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

/* A line of a plot: what of the latency it shows, and its class. */
struct series {
	enum time_id id;
	const char *class;
};

static const struct series latency_series[] = {
	{TIME_MAX, "line c5 dash"}, {TIME_P999, "line c4"},
	{TIME_P99, "line c3"},	    {TIME_P90, "line c2"},
	{TIME_P50, "line c1"},
};

static const struct series step_series[] = {
	{TIME_P99, "line c3"},
	{TIME_P50, "line c1"},
};

/* The numbers of a row, by where they stand in it. */
#define COLUMN_T    offsetof(struct result_row, t_s)
#define COLUMN_RATE offsetof(struct result_row, rate)
#define COLUMN_OF(id)                                                          \
	(offsetof(struct result_row, latency.us) + (id) * sizeof(double))

static double cell(const struct result_row *row, size_t column)
{
	double value;

	memcpy(&value, (const char *)row + column, sizeof(value));
	return value;
}

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

/* Widens the range by the numbers of a column. */
static void add_column(struct scale_range *range,
		       const struct result_rows *rows, size_t column)
{
	for (size_t i = 0; i < rows->n; i++)
		scale_range_add(range, cell(&rows->at[i], column));
}

static bool has_column(const struct result_rows *rows, size_t column)
{
	struct scale_range range = SCALE_RANGE_EMPTY;

	add_column(&range, rows, column);
	return !scale_range_is_empty(&range);
}

/* Adds those of the series that have data to range and legend. */
static void add_series(FILE *out, const struct result_rows *rows,
		       const struct series *series, size_t n,
		       struct scale_range *range)
{
	for (size_t i = 0; i < n; i++) {
		size_t column = COLUMN_OF(series[i].id);

		if (!has_column(rows, column))
			continue;
		add_column(range, rows, column);
		add_legend(out, series[i].class, times_label(series[i].id));
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
static struct plot_axis time_axis(const struct result_rows *rows,
				  struct time_unit *unit)
{
	struct scale_range range = {0, 0};

	add_column(&range, rows, COLUMN_T);
	*unit = time_unit(range.high);
	return plot_axis(
		scale_linear(range.high / unit->seconds, CHART_X_STEPS),
		figure_tick);
}

/* Draws the numbers of a column as a staircase. */
static void draw_stairs(struct plot_pen pen, const struct result_rows *rows,
			size_t column, double seconds)
{
	double from = 0;

	for (size_t i = 0; i < rows->n; i++) {
		double to = rows->at[i].t_s / seconds;
		double value = cell(&rows->at[i], column);

		plot_pen_to(&pen, from, value);
		plot_pen_to(&pen, to, value);
		if (isfinite(to))
			from = to;
	}
	plot_pen_end(&pen);
}

/* "2 to 3 s: 12,345 a second, p50 80 us, ...". */
static void write_hint(FILE *out, const struct result_row *row, double from)
{
	fprintf(out, "%.6g to %.6g s: %s a second", from, row->t_s,
		figure_rate(row->rate).text);
	for (size_t i = ARRAY_LEN(latency_series); i-- > 0;) {
		enum time_id id = latency_series[i].id;
		double us = row->latency.us[id];

		if (isfinite(us))
			fprintf(out, ", %s %s", times_label(id),
				figure_time(us, FIGURE_MICRO_UTF8).text);
	}
	if (row->lost > 0)
		fprintf(out, ", %s lost", figure_count(row->lost).text);
	if (row->errors > 0)
		fprintf(out, ", errors %s", figure_count(row->errors).text);
}

static void draw_hints(const struct plot *plot, const struct result_rows *rows,
		       double seconds)
{
	double from = 0;

	for (size_t i = 0; i < rows->n; i++) {
		double to = rows->at[i].t_s;

		if (!isfinite(to))
			continue;
		plot_hint_begin(plot, from / seconds, to / seconds);
		write_hint(plot->out, &rows->at[i], from);
		plot_hint_end(plot);
		from = to;
	}
}

static bool is_troubled(const struct result_row *row)
{
	return row->lost > 0 || row->errors > 0;
}

static bool any_is_troubled(const struct result_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (is_troubled(&rows->at[i]))
			return true;
	return false;
}

/* A flag in the middle of each interval with losses or errors. */
static void draw_flags(const struct plot *plot, const struct result_rows *rows,
		       double seconds)
{
	double from = 0;

	for (size_t i = 0; i < rows->n; i++) {
		double to = rows->at[i].t_s / seconds;

		if (is_troubled(&rows->at[i]))
			plot_flag(plot, "flag bad", (from + to) / 2);
		if (isfinite(to))
			from = to;
	}
}

static void draw_throughput(const struct plot *plot,
			    const struct result_rows *rows, double target,
			    double seconds)
{
	plot_begin(plot);
	if (has_column(rows, COLUMN_RATE)) {
		draw_stairs(plot_area_begin(plot, "area c1"), rows, COLUMN_RATE,
			    seconds);
		draw_stairs(plot_line_begin(plot, "line c1"), rows, COLUMN_RATE,
			    seconds);
		plot_level(plot, "line target dash", target);
		draw_flags(plot, rows, seconds);
		draw_hints(plot, rows, seconds);
	} else {
		plot_no_data(plot, "no intervals");
	}
	plot_end(plot);
}

static void write_throughput(FILE *out, const struct result_rows *rows,
			     double target, size_t per)
{
	struct scale_range range = {0, 0};
	struct time_unit unit;
	struct plot plot = {.out = out, .id = "throughput"};

	add_column(&range, rows, COLUMN_RATE);
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
}

static void draw_latency(const struct plot *plot,
			 const struct result_rows *rows, double seconds,
			 bool has_data)
{
	plot_begin(plot);
	for (size_t i = 0; i < ARRAY_LEN(latency_series); i++)
		draw_stairs(plot_line_begin(plot, latency_series[i].class),
			    rows, COLUMN_OF(latency_series[i].id), seconds);
	if (has_data)
		draw_hints(plot, rows, seconds);
	else
		plot_no_data(plot, "no exchange was timed");
	plot_end(plot);
}

static void chart_write_latency(FILE *out, const struct result_rows *rows,
				size_t per)
{
	struct scale_range range = SCALE_RANGE_EMPTY;
	struct time_unit unit;
	struct plot plot = {.out = out, .id = "latency"};

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
}

void chart_over_time(FILE *out, const struct result *result)
{
	struct result_row condensed[CHART_TIMES_MAX];
	size_t per;
	struct result_rows rows = {
		.at = condensed,
		.n = condense_rows(&result->intervals, CHART_TIMES_MAX,
				   condensed, &per),
	};

	/* The one target of the run: steps have each their own. */
	write_throughput(
		out, &rows,
		result->steps.n > 0 ? (double)NAN : result->target_rate, per);
	chart_write_latency(out, &rows, per);
}

/* --- against the percentile --- */

/* 1 / (1 - q) of a percentile; 0 of what is none. */
static double place_of(size_t id)
{
	unsigned share = times_share(id);

	return share > 0 ? 1e4 / (1e4 - share) : 0;
}

static double sample_count(const struct result *result,
			   struct scale_range *range)
{
	double n = 0;

	for (size_t i = 0; i < result->n_buckets; i++) {
		n += result->buckets[i].n;
		scale_range_add(range, result->buckets[i].top_us);
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
static void draw_curve(struct plot_pen pen, const struct result *result,
		       double n, double from, double to)
{
	double seen = 0;

	for (size_t i = 0; i < result->n_buckets; i++) {
		const struct result_bucket *bucket = &result->buckets[i];
		double x0 = n / (n - seen);
		double x1 = n / fmax(n - seen - bucket->n, 1);

		seen += bucket->n;
		if (x1 < from || x0 > to)
			continue;
		plot_pen_to(&pen, fmax(x0, from), bucket->top_us);
		plot_pen_to(&pen, fmin(x1, to), bucket->top_us);
	}
	plot_pen_end(&pen);
}

/* The percentiles as marks. */
static void draw_marks(const struct plot *plot, const struct times *times,
		       const char *class)
{
	for (size_t i = 0; i < TIME_N; i++)
		if (place_of(i) > 0)
			plot_dot(plot, class, place_of(i), times->us[i]);
}

static void draw_service(const struct plot *plot, const struct times *times)
{
	struct plot_pen pen = plot_line_begin(plot, "line c2 dash");

	for (size_t i = 0; i < TIME_N; i++)
		if (place_of(i) > 0)
			plot_pen_to(&pen, place_of(i), times->us[i]);
	plot_pen_end(&pen);
	draw_marks(plot, times, "dot c2");
}

static void draw_percentiles(const struct plot *plot,
			     const struct result *result, double n)
{
	double sure = fmax(n / CHART_TAIL, 1);

	plot_begin(plot);
	if (n > 0) {
		draw_curve(plot_line_begin(plot, "line c1 faint"), result, n,
			   sure, n);
		draw_curve(plot_line_begin(plot, "line c1"), result, n, 1,
			   sure);
	} else {
		plot_no_data(plot, "no exchange was timed");
	}
	if (result_is_open_loop(result))
		draw_service(plot, &result->service);
	draw_marks(plot, &result->latency, "dot c1");
	plot_end(plot);
}

static void add_times(struct scale_range *range, const struct times *times)
{
	for (size_t i = 0; i < TIME_N; i++)
		if (place_of(i) > 0)
			scale_range_add(range, times->us[i]);
}

void chart_percentiles(FILE *out, const struct result *result)
{
	struct scale_range range = SCALE_RANGE_EMPTY;
	double n = sample_count(result, &range);
	struct plot plot = {.out = out, .id = "percentiles"};

	add_times(&range, &result->latency);
	figure_begin(out, "Latency by percentile", "whole run");
	add_legend(out, "line c1", "latency");
	if (n > 0)
		add_legend(out, "line c1 faint", "its last ten samples");
	if (result_is_open_loop(result)) {
		add_times(&range, &result->service);
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
static double step_load(const struct result_row *step)
{
	return isfinite(step->target_rate) ? step->target_rate : step->clients;
}

const struct result_row *chart_next_step(const struct result_rows *steps,
					 const struct result_row *last)
{
	const struct result_row *best = NULL;

	for (size_t i = 0; i < steps->n; i++) {
		const struct result_row *step = &steps->at[i];
		double load = step_load(step);

		if (!isfinite(load) ||
		    (last && (load < step_load(last) ||
			      (load <= step_load(last) && step <= last))))
			continue;
		if (!best || load < step_load(best))
			best = step;
	}
	return best;
}

static void draw_steps_line(const struct plot *plot,
			    const struct result_rows *steps,
			    const struct series *series)
{
	struct plot_pen pen = plot_line_begin(plot, series->class);
	const struct result_row *step = NULL;

	while ((step = chart_next_step(steps, step)))
		plot_pen_to(&pen, step->rate, step->latency.us[series->id]);
	plot_pen_end(&pen);
}

static void draw_steps_dots(const struct plot *plot,
			    const struct result_rows *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct result_row *step = &steps->at[i];

		plot_dot(plot, "dot c1", step->rate,
			 step->latency.us[TIME_P50]);
		plot_dot(plot, step->held ? "dot c3" : "ring bad", step->rate,
			 step->latency.us[TIME_P99]);
	}
}

/* Whether any step held, or any did not. */
static bool any_step_is(const struct result_rows *steps, bool held)
{
	for (size_t i = 0; i < steps->n; i++)
		if (steps->at[i].held == held)
			return true;
	return false;
}

static void draw_ramp(const struct plot *plot, const struct result_rows *steps,
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

void chart_ramp(FILE *out, const struct result_rows *steps)
{
	struct scale_range rates = {0, 0}, times = SCALE_RANGE_EMPTY;
	struct plot plot = {.out = out, .id = "ramp"};

	add_column(&rates, steps, COLUMN_RATE);
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
