/* SPDX-License-Identifier: MIT */
/*
 * The statistics of a run. Mean and deviation are kept by Welford's method:
 * a sum of squares would lose a small deviation beside a large round trip.
 * What is late, double, foreign or corrupt is counted and never measured.
 */
#include "client/ping_figures.h"

#include <math.h>

struct ping_figures ping_figures_new(uint64_t granularity_ns)
{
	return (struct ping_figures){.rto = rto_new(granularity_ns)};
}

static void add_sample(struct ping_figures *figures, uint64_t rtt_ns)
{
	double n = (double)figures->n[PING_REPLY], r = (double)rtt_ns;
	double before = r - figures->mean_ns;

	if (n == 1 || r < figures->min_ns)
		figures->min_ns = r;
	if (n == 1 || r > figures->max_ns)
		figures->max_ns = r;
	figures->mean_ns += before / n;
	figures->squares += before * (r - figures->mean_ns);
	rto_add(&figures->rto, rtt_ns);
}

void ping_figures_add(struct ping_figures *figures,
		      const struct ping_event *event)
{
	figures->n[event->kind]++;
	if (event->kind == PING_REPLY)
		add_sample(figures, event->rtt_ns);
}

static uint64_t n_decided(const struct ping_figures *figures)
{
	return figures->n_sent - figures->n_waiting;
}

uint64_t ping_figures_lost(const struct ping_figures *figures)
{
	return n_decided(figures) - figures->n[PING_REPLY];
}

double ping_figures_loss(const struct ping_figures *figures)
{
	if (n_decided(figures) == 0)
		return 0;
	return (double)ping_figures_lost(figures) / (double)n_decided(figures);
}

double ping_figures_deviation_ns(const struct ping_figures *figures)
{
	if (figures->n[PING_REPLY] == 0)
		return 0;
	return sqrt(figures->squares / (double)figures->n[PING_REPLY]);
}
