/* SPDX-License-Identifier: MIT */
/*
 * The last ten minutes in a few numbers a second, from the counters that there
 * are: the services know nothing of it.
 */
#include "server/history.h"

#include "base/clock.h"

void history_begin(struct history *history, const struct counters *counters)
{
	history->n = history->next = 0;
	history->before = *counters;
}

/* In a second, rounded; a timer that was late has counted for longer. */
static uint64_t rate(uint64_t before, uint64_t now, uint64_t elapsed_ns)
{
	double seconds = (double)elapsed_ns / (double)CLOCK_NS_PER_S;

	if (elapsed_ns == 0)
		return 0;
	return (uint64_t)((double)(now - before) / seconds + 0.5);
}

void history_add(struct history *history, const struct counters *counters,
		 uint64_t elapsed_ns, size_t n_open, uint64_t lag_ns)
{
	const struct counters *before = &history->before;
	size_t at = history->next;

	history->values[HISTORY_UDP][at] = rate(
		before->udp_datagrams, counters->udp_datagrams, elapsed_ns);
	history->values[HISTORY_TCP][at] =
		rate(before->tcp_bytes, counters->tcp_bytes, elapsed_ns);
	history->values[HISTORY_HTTP][at] = rate(
		before->http_requests, counters->http_requests, elapsed_ns);
	history->values[HISTORY_OPEN][at] = n_open;
	history->values[HISTORY_LAG][at] = lag_ns / 1000;
	history->before = *counters;
	history->next = (at + 1) % HISTORY_SAMPLES;
	if (history->n < HISTORY_SAMPLES)
		history->n++;
}

uint64_t history_at(const struct history *history, enum history_series series,
		    size_t i)
{
	size_t oldest = history->n < HISTORY_SAMPLES ? 0 : history->next;

	return history->values[series][(oldest + i) % HISTORY_SAMPLES];
}

uint64_t history_now(const struct history *history, enum history_series series)
{
	return history->n > 0 ? history_at(history, series, history->n - 1) : 0;
}

uint64_t history_peak(const struct history *history, enum history_series series)
{
	uint64_t peak = 0;

	for (size_t i = 0; i < history->n; i++)
		if (history->values[series][i] > peak)
			peak = history->values[series][i];
	return peak;
}
