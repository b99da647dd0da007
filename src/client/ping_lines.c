/* SPDX-License-Identifier: MIT */
/* A run of numbered messages in words. */
#include "client/ping_lines.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/units.h"

#define PING_WORD(name, word) word,
static const char *const words[] = {PING_KINDS(PING_WORD)};

static double to_ms(double ns)
{
	return ns / (double)CLOCK_NS_PER_MS;
}

/* Why what came is no answer; NULL for one that is. */
static const char *reason_of(enum ping_kind kind)
{
	switch (kind) {
	case PING_LATE:
		return "late: its message was given up before";
	case PING_DUPLICATE:
		return "duplicate: its message was answered before";
	case PING_FOREIGN:
		return "foreign: not from the server that was asked";
	case PING_CORRUPT:
		return "corrupt: ";
	default:
		return NULL;
	}
}

void ping_lines_add_begin(struct text *text, const char *peer,
			  const struct client_options *options)
{
	char interval[UNITS_TEXT_SIZE], timeout[UNITS_TEXT_SIZE];

	units_format_time(options->interval_ns, interval);
	units_format_time(options->timeout_ns, timeout);
	text_addf(text, "PING %s (%s) over %s", options->host, peer,
		  options->is_udp ? "UDP" : "TCP");
	if (options->size > 0)
		text_addf(text, ": %zu bytes", options->size);
	if (options->is_flooding)
		text_addf(text, ", as fast as answers come");
	else
		text_addf(text, ", one every %s", interval);
	text_addf(text, ", timeout %s\n", timeout);
}

static void add_seq(struct text *text, const struct ping_event *event)
{
	if (event->seq > 0)
		text_addf(text, "seq=%" PRIu64, event->seq);
}

/* Bytes that came, and whether they count. */
static void add_arrival(struct text *text, const struct ping_event *event)
{
	const char *reason = reason_of(event->kind);

	text_addf(text, "%zu bytes from %s:%s", event->len, event->from,
		  event->seq > 0 ? " " : "");
	add_seq(text, event);
	if (event->has_rtt)
		text_addf(text, " time=%.3f ms", to_ms((double)event->rtt_ns));
	if (reason)
		text_addf(text, " (%s%s; not counted)", reason,
			  event->why ? event->why : "");
}

void ping_lines_add_event(struct text *text, const struct ping_event *event)
{
	if (event->kind == PING_TIMEOUT) {
		text_add_str(text, "Request timed out: ");
		add_seq(text, event);
	} else if (event->kind == PING_ERROR) {
		if (event->from)
			text_addf(text, "From %s: ", event->from);
		add_seq(text, event);
		text_addf(text, "%s%s", event->seq > 0 ? " " : "", event->why);
	} else {
		add_arrival(text, event);
	}
	text_add_char(text, '\n');
}

/* --- the statistics --- */

/* "10 sent, 7 received, +1 late, 30% loss, time 9012 ms" */
static void ping_lines_add_counts(struct text *text,
				  const struct ping_figures *figures)
{
	text_addf(text, "%" PRIu64 " sent, %" PRIu64 " received",
		  figures->n_sent, figures->n[PING_REPLY]);
	for (size_t kind = PING_LATE; kind < PING_N_KINDS; kind++)
		if (figures->n[kind] > 0)
			text_addf(text, ", +%" PRIu64 " %s%s", figures->n[kind],
				  words[kind],
				  kind == PING_ERROR && figures->n[kind] > 1
					  ? "s"
					  : "");
	if (figures->n_waiting > 0)
		text_addf(text, ", +%" PRIu64 " still waited for",
			  figures->n_waiting);
	text_addf(text, ", %.3g%% loss, time %.0f ms\n",
		  100 * ping_figures_loss(figures),
		  to_ms((double)figures->elapsed_ns));
}

static void add_round_trips(struct text *text,
			    const struct ping_figures *figures)
{
	const struct rto *rto = &figures->rto;

	text_addf(text,
		  "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n"
		  "EstimatedRTT %.3f ms, DevRTT %.3f ms (RFC 6298: R and R/2 "
		  "at first, then alpha 1/8, beta 1/4)\n",
		  to_ms(figures->min_ns), to_ms(figures->mean_ns),
		  to_ms(figures->max_ns),
		  to_ms(ping_figures_deviation_ns(figures)),
		  to_ms(rto->srtt_ns), to_ms(rto->rttvar_ns));
}

static void add_timer(struct text *text, const struct rto *rto)
{
	double computed_ns = rto_computed_ns(rto);

	text_addf(text, "retransmission timer %.3f s",
		  rto_timer_ns(rto) / (double)CLOCK_NS_PER_S);
	if (rto->has_sample)
		text_addf(text,
			  " (EstimatedRTT + max(G, 4 DevRTT) = %.3f ms, "
			  "G %.0f ns%s)\n",
			  to_ms(computed_ns), rto->granularity_ns,
			  computed_ns < (double)RTO_MINIMUM_NS
				  ? ", raised to the minimum of 1 s"
				  : "");
	else
		text_add_str(text, " (no answer yet to measure)\n");
}

void ping_lines_add_end(struct text *text, const char *peer,
			const struct ping_figures *figures)
{
	text_addf(text, "--- %s ping statistics ---\n", peer);
	ping_lines_add_counts(text, figures);
	if (figures->n[PING_REPLY] > 0)
		add_round_trips(text, figures);
	add_timer(text, &figures->rto);
}
