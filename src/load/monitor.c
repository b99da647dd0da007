/* SPDX-License-Identifier: MIT */
/*
 * Intervals are differences of the running sums. Their bounds are times on
 * the run's own clock; the last one ends with the last answer, so that the
 * intervals add up to the whole.
 */
#include "load/monitor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "result/live.h"

#define SHORT_RUN_NS  (10 * CLOCK_NS_PER_S)
#define SHORT_PARTS   10
#define LIVE_EVERY_NS (200 * CLOCK_NS_PER_MS)

struct monitor {
	struct sink *sink;
	struct live *live; /* NULL: none */
	struct result_rows *intervals;
	uint64_t measure_ns, duration_ns, count;
	double rate;	      /* 0: closed loop */
	uint64_t every_ns;    /* length of an interval */
	uint64_t interval_ns; /* where the one under way began */
	uint64_t cut_ns;      /* where it is to end; UINT64_MAX: the last */
	uint64_t live_ns;     /* when the line is drawn next */
	double before_s;      /* of earlier runs */
	struct live_step step;
	double wall_s;	     /* what the wall's clock shows at measure_ns */
	struct stats before; /* the sum at interval_ns */
	struct histogram part;
};

/* Between runs nothing is to be done. */
static void rest(struct monitor *monitor)
{
	monitor->measure_ns = UINT64_MAX;
	monitor->cut_ns = UINT64_MAX;
	monitor->live_ns = UINT64_MAX;
}

struct monitor *monitor_new(struct sink *sink, struct result_rows *intervals,
			    bool show_live)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	if (!monitor)
		return NULL;
	rest(monitor);
	monitor->sink = sink;
	monitor->intervals = intervals;
	monitor->live = show_live ? live_new() : NULL;
	if (show_live && !monitor->live) {
		monitor_free(monitor);
		return NULL;
	}
	return monitor;
}

void monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return;
	live_free(monitor->live);
	free(monitor);
}

/* Whether what remains from now on is no interval of its own. */
static bool is_near_end(const struct monitor *monitor, uint64_t now_ns)
{
	return monitor->duration_ns > 0 &&
	       now_ns + monitor->every_ns / 2 >
		       monitor->measure_ns + monitor->duration_ns;
}

/* Whether nothing more is to be sent: what still comes is of the last one. */
static bool is_all_sent(const struct monitor *monitor, const struct stats *sum)
{
	return monitor->count > 0 && sum->sent + sum->unsent >= monitor->count;
}

/* Where the interval that begins at from_ns ends. */
static uint64_t next_cut(const struct monitor *monitor, uint64_t from_ns)
{
	uint64_t cut_ns = from_ns + monitor->every_ns;

	return is_near_end(monitor, cut_ns) ? UINT64_MAX : cut_ns;
}

static void note_wall(struct monitor *monitor)
{
	struct timespec wall = clock_wall();
	double ahead_ns = (double)monitor->measure_ns - (double)clock_mono_ns();

	monitor->wall_s = (double)wall.tv_sec + (double)wall.tv_nsec / 1e9 +
			  ahead_ns / 1e9;
}

void monitor_begin(struct monitor *monitor, const struct plan *plan,
		   uint64_t measure_ns)
{
	monitor->measure_ns = monitor->interval_ns = measure_ns;
	monitor->duration_ns = plan->duration_ns;
	monitor->count = plan->count;
	monitor->rate = plan->rate;
	monitor->every_ns = CLOCK_NS_PER_S;
	if (plan->duration_ns > 0 && plan->duration_ns < SHORT_RUN_NS)
		monitor->every_ns = plan->duration_ns / SHORT_PARTS;
	monitor->cut_ns = next_cut(monitor, measure_ns);
	monitor->live_ns = measure_ns;
	memset(&monitor->before, 0, sizeof(monitor->before));
	note_wall(monitor);
}

void monitor_set_step(struct monitor *monitor, const struct live_step *step)
{
	monitor->step = *step;
}

uint64_t monitor_next_ns(const struct monitor *monitor)
{
	if (monitor->live && monitor->live_ns < monitor->cut_ns)
		return monitor->live_ns;
	return monitor->cut_ns;
}

/* Since 1970, by the clock on the wall; a step of that clock meanwhile does not
 * show. */
static double wall_of(const struct monitor *monitor, uint64_t at_ns)
{
	return monitor->wall_s +
	       (double)(at_ns - monitor->measure_ns) / CLOCK_NS_PER_S;
}

static void add_interval(struct monitor *monitor, const struct stats *sum,
			 uint64_t now_ns, double length_s)
{
	const struct stats *before = &monitor->before;
	struct result_row row = result_row_none();

	histogram_difference(&monitor->part, &sum->latency, &before->latency);
	row.t_s = monitor->before_s +
		  (double)(now_ns - monitor->measure_ns) / 1e9;
	row.rate = (double)monitor->part.n / length_s;
	row.latency = times_of(&monitor->part);
	result_format_time(row.time, wall_of(monitor, now_ns), true);
	/* One that is late after all was counted as lost before. */
	row.lost = (double)sum->lost - (double)before->lost;
	row.errors = (double)(stats_errors(sum) - stats_errors(before));
	sink_add_interval(monitor->sink, &row);
	result_add_row(monitor->intervals, &row);
	monitor->interval_ns = now_ns;
	monitor->before = *sum;
}

static double monitor_length_s(const struct monitor *monitor, uint64_t now_ns)
{
	return (double)(now_ns - monitor->interval_ns) / 1e9;
}

/*
 * A run of so many exchanges ends with the last of them and not when its time
 * is over: the last interval then has the time of all that was due in it, see
 * tally_rate().
 */
static double last_length_s(const struct monitor *monitor,
			    const struct stats *sum, uint64_t end_ns)
{
	const struct stats *before = &monitor->before;
	double length = monitor_length_s(monitor, end_ns), scheduled = 0;

	if (monitor->rate > 0 && monitor->count > 0)
		scheduled = (double)(sum->sent + sum->unsent - before->sent -
				     before->unsent) /
			    monitor->rate;
	return fmax(scheduled, length);
}

static void draw(struct monitor *monitor, const struct stats *sum,
		 uint64_t now_ns)
{
	struct live_view view = {
		.elapsed_s = (double)(now_ns - monitor->measure_ns) / 1e9,
		.total_s = (double)monitor->duration_ns / 1e9,
		.total = monitor->count,
		.step = monitor->step,
	};

	if (!monitor->live || now_ns < monitor->live_ns)
		return;
	live_draw(monitor->live, &view, sum);
	monitor->live_ns = now_ns + LIVE_EVERY_NS;
}

void monitor_update(struct monitor *monitor, const struct stats *sum,
		    uint64_t now_ns)
{
	if (now_ns < monitor->measure_ns)
		return;
	draw(monitor, sum, now_ns);
	if (now_ns < monitor->cut_ns)
		return;
	/* We may come to it late. */
	if (!is_near_end(monitor, now_ns) && !is_all_sent(monitor, sum))
		add_interval(monitor, sum, now_ns,
			     monitor_length_s(monitor, now_ns));
	/* By the plan, not by when we came to it. */
	while (monitor->cut_ns <= now_ns)
		monitor->cut_ns = next_cut(monitor, monitor->cut_ns);
}

void monitor_end(struct monitor *monitor, const struct stats *sum,
		 uint64_t end_ns)
{
	if (monitor->live)
		live_erase(monitor->live);
	if (end_ns > monitor->interval_ns)
		add_interval(monitor, sum, end_ns,
			     last_length_s(monitor, sum, end_ns));
	if (end_ns > monitor->measure_ns)
		monitor->before_s +=
			(double)(end_ns - monitor->measure_ns) / 1e9;
	rest(monitor);
}
