/* SPDX-License-Identifier: MIT */
/*
 * A run of numbered messages as newline-delimited JSON: one that goes on for
 * days needs no memory, and one that was interrupted can be read.
 */
#include "client/ping_json.h"

#include <jansson.h>
#include <math.h>

#include "base/calendar.h"
#include "base/clock.h"

#define PING_WORD(name, word) word,
static const char *const kinds[] = {PING_KINDS(PING_WORD)};

#define PING_JSON_DIGITS 15 /* what a double surely holds */

/* Milliseconds to the nanosecond, so that 0.1 is written 0.1. */
static json_t *json_ms(double ns)
{
	return json_real(round(ns) / (double)CLOCK_NS_PER_MS);
}

static json_t *json_ms_if(bool is_known, double ns)
{
	return is_known ? json_ms(ns) : json_null();
}

/*
 * Writes the object as a line, and frees it; NULL stands for no memory. It goes
 * straight into the text: json_dumps(3) may leave a piece out when the memory
 * for a longer line is not to be had, and say nothing.
 */
static void add_object(struct text *text, json_t *object)
{
	size_t room = text->size - text->len, len = 0;

	if (object)
		len = json_dumpb(object, text->ptr + text->len, room,
				 JSON_COMPACT |
					 JSON_REAL_PRECISION(PING_JSON_DIGITS));
	json_decref(object);
	if (len == 0 || len > room) {
		text->overflow = true;
		return;
	}
	text->len += len;
	text_add_char(text, '\n');
}

void ping_json_add_begin(struct text *text, const char *peer,
			 const struct client_options *options)
{
	bool is_endless = options->n_pings == 0;

	add_object(
		text,
		json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b}", "event",
			  "begin", "host", options->host, "peer", peer,
			  "protocol", options->is_udp ? "udp" : "tcp", "count",
			  is_endless
				  ? json_null()
				  : json_integer((json_int_t)options->n_pings),
			  "interval_ms", json_ms((double)options->interval_ns),
			  "timeout_ms", json_ms((double)options->timeout_ns),
			  "flood", options->is_flooding));
}

/* Adds a member; false without memory. value becomes the object's. */
static bool ping_json_put(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value) == 0;
}

static bool ping_json_put_number(json_t *object, const char *name,
				 uint64_t number)
{
	return ping_json_put(object, name, json_integer((json_int_t)number));
}

/* What came, and from whom. */
static bool ping_json_put_arrival(json_t *object,
				  const struct ping_event *event)
{
	bool has_bytes =
		event->kind != PING_TIMEOUT && event->kind != PING_ERROR;

	return (!has_bytes ||
		ping_json_put_number(object, "bytes", event->len)) &&
	       (!event->from ||
		ping_json_put(object, "from", json_string(event->from))) &&
	       (!event->has_rtt ||
		ping_json_put(object, "rtt_ms",
			      json_ms((double)event->rtt_ns)));
}

static bool ping_json_put_event(json_t *object, const struct ping_event *event)
{
	char time[64];
	struct text stamp = text_in(time, sizeof(time));

	calendar_add_time(&stamp, &event->wall);
	return ping_json_put(object, "event",
			     json_string(kinds[event->kind])) &&
	       ping_json_put(object, "time",
			     json_stringn(stamp.ptr, stamp.len)) &&
	       (event->seq == 0 ||
		ping_json_put_number(object, "seq", event->seq)) &&
	       ping_json_put_arrival(object, event) &&
	       (!event->why ||
		ping_json_put(object, "why", json_string(event->why)));
}

void ping_json_add_event(struct text *text, const struct ping_event *event)
{
	json_t *object = json_object();

	if (!ping_json_put_event(object, event))
		text->overflow = true;
	add_object(text, object);
}

static json_t *json_counts(const struct ping_figures *figures)
{
	json_t *counts = json_object();
	bool is_whole = ping_json_put_number(counts, "sent", figures->n_sent);

	for (size_t i = 0; is_whole && i < PING_N_KINDS; i++)
		is_whole =
			ping_json_put_number(counts, kinds[i], figures->n[i]);
	if (is_whole)
		return counts;
	json_decref(counts);
	return NULL;
}

static json_t *json_rtt(const struct ping_figures *figures)
{
	if (figures->n[PING_REPLY] == 0)
		return json_null();
	return json_pack(
		"{s:o, s:o, s:o, s:o}", "min", json_ms(figures->min_ns), "avg",
		json_ms(figures->mean_ns), "max", json_ms(figures->max_ns),
		"mdev", json_ms(ping_figures_deviation_ns(figures)));
}

static json_t *json_rto(const struct rto *rto)
{
	return json_pack(
		"{s:f, s:f, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "alpha",
		RTO_ALPHA, "beta", RTO_BETA, "k", RTO_K, "granularity_ms",
		json_ms(rto->granularity_ns), "minimum_ms",
		json_ms((double)RTO_MINIMUM_NS), "estimated_rtt_ms",
		json_ms_if(rto->has_sample, rto->srtt_ns), "dev_rtt_ms",
		json_ms_if(rto->has_sample, rto->rttvar_ns), "computed_ms",
		json_ms_if(rto->has_sample, rto_computed_ns(rto)), "timer_ms",
		json_ms(rto_timer_ns(rto)));
}

void ping_json_add_end(struct text *text, const char *peer,
		       const struct ping_figures *figures)
{
	bool is_decided = figures->n_sent > figures->n_waiting;

	add_object(text,
		   json_pack("{s:s, s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o}",
			     "event", "statistics", "peer", peer, "counts",
			     json_counts(figures), "waiting",
			     (json_int_t)figures->n_waiting, "lost",
			     (json_int_t)ping_figures_lost(figures), "loss",
			     is_decided ? json_real(ping_figures_loss(figures))
					: json_null(),
			     "elapsed_ms", json_ms((double)figures->elapsed_ns),
			     "rtt_ms", json_rtt(figures), "rfc6298",
			     json_rto(&figures->rto)));
}
