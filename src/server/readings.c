/* SPDX-License-Identifier: MIT */
/*
 * From numbers to what people read: thousands apart, sizes and times in units
 * that fit.
 */
#include "server/readings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

#define GAP "\xe2\x80\xaf" /* U+202F, a narrow space that does not break */

static char *add_reading(struct readings *readings, const char *name)
{
	struct reading *reading = &readings->list[readings->n];

	/* The list is of our own names: a test holds it against its room. */
	if (readings->n < READINGS_MAX - 1)
		readings->n++;
	reading->name = name;
	return reading->text;
}

/* 12 345 678: 2^64 - 1 has twenty digits and six gaps. */
static void format_count(char *out, uint64_t value)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);
	size_t at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0) {
			memcpy(out + at, GAP, sizeof(GAP) - 1);
			at += sizeof(GAP) - 1;
		}
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

static void format_bytes(char *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 1024 && i + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		i++;
	}
	(void)snprintf(out, READING_TEXT_SIZE, i == 0 ? "%.0f %s" : "%.1f %s",
		       value, units[i]);
}

/* The two largest units, as nobody wants to know the seconds of a week. */
static void readings_format_duration(char *out, double seconds)
{
	unsigned long s = seconds > 0 ? (unsigned long)seconds : 0;

	if (s >= 86400)
		(void)snprintf(out, READING_TEXT_SIZE, "%lu d %lu h", s / 86400,
			       s / 3600 % 24);
	else if (s >= 3600)
		(void)snprintf(out, READING_TEXT_SIZE, "%lu h %lu min",
			       s / 3600, s / 60 % 60);
	else if (s >= 60)
		(void)snprintf(out, READING_TEXT_SIZE, "%lu min %lu s", s / 60,
			       s % 60);
	else
		(void)snprintf(out, READING_TEXT_SIZE, "%lu s", s);
}

static void format_ms(char *out, uint64_t us)
{
	(void)snprintf(out, READING_TEXT_SIZE, "%.1f ms", (double)us / 1000);
}

static void take_counters(struct readings *readings,
			  const struct counters *counters)
{
#define X(name, meaning, metric)                                               \
	format_count(add_reading(readings, #name), counters->name);
	COUNTERS(X)
#undef X
}

static void take_series(struct readings *readings,
			const struct history *history)
{
	static const struct {
		const char *now;
		const char *peak;
		void (*format)(char *out, uint64_t value);
	} series[HISTORY_SERIES] = {
		[HISTORY_UDP] = {"udp_now", "udp_peak", format_count},
		[HISTORY_TCP] = {"tcp_now", "tcp_peak", format_bytes},
		[HISTORY_HTTP] = {"http_now", "http_peak", format_count},
		[HISTORY_OPEN] = {"open_now", "open_peak", format_count},
		[HISTORY_LAG] = {"lag_now", "lag_peak", format_ms},
	};

	for (int i = 0; i < HISTORY_SERIES; i++) {
		series[i].format(add_reading(readings, series[i].now),
				 history_now(history, (enum history_series)i));
		series[i].format(add_reading(readings, series[i].peak),
				 history_peak(history, (enum history_series)i));
	}
}

static void take_gauges(struct readings *readings,
			const struct snapshot *snapshot)
{
	const struct usage *usage = &snapshot->usage;
	const size_t *n_open = snapshot->n_open;

	(void)snprintf(add_reading(readings, "state"), READING_TEXT_SIZE, "%s",
		       snapshot->is_draining ? "draining" : "serving");
	readings_format_duration(add_reading(readings, "uptime"),
				 snapshot->uptime_s);
	format_count(add_reading(readings, "tcp_open"), n_open[SERVER_TCP]);
	format_count(add_reading(readings, "http_open"), n_open[SERVER_HTTP]);
	format_count(add_reading(readings, "admin_open"), n_open[SERVER_ADMIN]);
	/* It is newer than the newest sample. */
	format_count(add_reading(readings, "open"),
		     n_open[SERVER_TCP] + n_open[SERVER_HTTP]);
	format_count(add_reading(readings, "open_most"), snapshot->n_open_most);
	format_bytes(add_reading(readings, "tcp_total"),
		     snapshot->counters->tcp_bytes);
	format_ms(add_reading(readings, "accept_paused"),
		  snapshot->counters->accept_paused_ns / 1000);
	readings_format_duration(add_reading(readings, "cpu"),
				 (double)usage->cpu_ns / 1e9);
	format_bytes(add_reading(readings, "memory"), usage->resident_bytes);
	format_count(add_reading(readings, "descriptors"),
		     usage->n_descriptors);
	format_count(add_reading(readings, "descriptors_most"),
		     snapshot->n_descriptors_most);
}

void readings_take(struct readings *readings, const struct snapshot *snapshot,
		   const struct history *history)
{
	readings->n = 0;
	take_counters(readings, snapshot->counters);
	take_series(readings, history);
	take_gauges(readings, snapshot);
}

const char *readings_get(const struct readings *readings, const char *name)
{
	for (size_t i = 0; i < readings->n; i++)
		if (strcmp(readings->list[i].name, name) == 0)
			return readings->list[i].text;
	return "";
}

void readings_write(struct text *text, const struct readings *readings,
		    const struct history *history)
{
	for (int i = 0; i < HISTORY_SERIES; i++) {
		text_add_str(text, i == 0 ? "{\"values\":[" : ",");
		text_add_uint(text,
			      history_now(history, (enum history_series)i));
	}
	for (size_t i = 0; i < readings->n; i++)
		text_addf(text, "%s\"%s\":\"%s\"",
			  i == 0 ? "],\"readings\":{" : ",",
			  readings->list[i].name, readings->list[i].text);
	text_add_str(text, "}}");
}

void readings_write_history(struct text *text, const struct history *history)
{
	for (int i = 0; i < HISTORY_SERIES; i++) {
		text_add_str(text, i == 0 ? "[[" : ",[");
		for (size_t k = 0; k < history->n; k++) {
			if (k > 0)
				text_add_char(text, ',');
			text_add_uint(
				text,
				history_at(history, (enum history_series)i, k));
		}
		text_add_char(text, ']');
	}
	text_add_char(text, ']');
}
