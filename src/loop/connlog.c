/* SPDX-License-Identifier: MIT */
/*
 * Lines of the connection log. The bytes are those that the services moved;
 * the rest is what the kernel knows of a connection (TCP_INFO, see tcp(7)) and
 * is left out where it knows nothing, as of a Unix socket.
 */
#include "loop/connlog.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "loop/spool.h"

struct connlog_note *connlog_begin(struct loop *loop,
				   const struct address *peer)
{
	struct connlog_note *note;

	if (!spool_is_on(loop->connlog))
		return NULL;
	note = malloc(sizeof(*note));
	if (!note) {
		loop->counters.log_lines_lost++;
		return NULL;
	}
	*note = (struct connlog_note){.peer = *peer};
	return note;
}

/* --- lines --- */

/* A line in either form: `{"a":1,` is `a=1 `. */
struct line {
	struct text *text;
	bool is_json;
};

static struct line begin_line(struct text *text, int form,
			      const struct timespec *time, const char *service)
{
	struct line line = {text, form == CONNLOG_JSON};

	text_add_str(text, line.is_json ? "{\"time\":\"" : "");
	calendar_add_time(text, time);
	text_add_str(text, line.is_json ? "\",\"service\":\"" : " ");
	text_add_str(text, service);
	text_add_str(text, line.is_json ? "\"" : "");
	return line;
}

static void line_add_name(struct line *line, const char *name)
{
	text_add_str(line->text, line->is_json ? ",\"" : " ");
	text_add_str(line->text, name);
	text_add_str(line->text, line->is_json ? "\":" : "=");
}

static void line_add_number(struct line *line, const char *name, uint64_t value)
{
	line_add_name(line, name);
	text_add_uint(line->text, value);
}

/* Addresses and words of our own, which need no escaping. */
static void line_add_word(struct line *line, const char *name, const char *word)
{
	line_add_name(line, name);
	text_add_str(line->text, line->is_json ? "\"" : "");
	text_add_str(line->text, word);
	text_add_str(line->text, line->is_json ? "\"" : "");
}

static void end_line(struct line *line)
{
	text_add_str(line->text, line->is_json ? "}\n" : "\n");
}

/* --- connections --- */

struct connlog_record {
	struct timespec time;
	const struct connlog_note *note;
	const struct connlog_end *end;
	const char *host;
	const struct tcp_info *info; /* NULL: not known */
	uint64_t duration_us;
};

static void connection_write_cb(struct text *text, int form, const void *arg)
{
	const struct connlog_record *record = arg;
	struct line line =
		begin_line(text, form, &record->time, record->end->service);

	line_add_word(&line, "peer", record->host);
	line_add_number(&line, "port", address_port(&record->note->peer));
	line_add_number(&line, "bytes_in", record->note->n_received);
	line_add_number(&line, "bytes_out", record->end->n_sent);
	line_add_number(&line, "duration_us", record->duration_us);
	line_add_word(&line, "end", record->end->why);
	if (record->info) {
		line_add_number(&line, "rtt_us", record->info->tcpi_rtt);
		line_add_number(&line, "retransmissions",
				record->info->tcpi_total_retrans);
		line_add_number(&line, "delivery_rate",
				record->info->tcpi_delivery_rate);
	}
	end_line(&line);
}

void connlog_end(struct loop *loop, struct connlog_note *note,
		 const struct connlog_end *end)
{
	char host[ADDRESS_TEXT_SIZE];
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	struct connlog_record record = {
		.time = loop_wall(loop),
		.note = note,
		.end = end,
		.host = address_format_host(&note->peer, host),
		.duration_us = (clock_mono_ns() - end->since_ns) / 1000,
	};

	if (getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
		record.info = &info;
	spool_add(loop->connlog, slice_of(host), connection_write_cb, &record);
	free(note);
}

/* --- sources --- */

struct source_record {
	struct timespec time;
	const struct connlog_source *source;
	const char *host;
};

static void source_write_cb(struct text *text, int form, const void *arg)
{
	const struct source_record *record = arg;
	const struct connlog_source *source = record->source;
	struct line line =
		begin_line(text, form, &record->time, source->service);

	line_add_word(&line, "peer", record->host);
	line_add_number(&line, "seconds", source->seconds);
	line_add_number(&line, "datagrams", source->n_datagrams);
	line_add_number(&line, "bytes", source->n_bytes);
	line_add_number(&line, "refused_source", source->n_source_refused);
	line_add_number(&line, "refused_limit", source->n_limit_refused);
	line_add_number(&line, "refused_loop", source->n_loop_refused);
	end_line(&line);
}

void connlog_add_source(struct loop *loop, const struct connlog_source *source)
{
	char host[ADDRESS_TEXT_SIZE] = "others";
	struct source_record record = {
		.time = loop_wall(loop),
		.source = source,
		.host = host,
	};

	if (source->peer.len > 0)
		(void)address_format_host(&source->peer, host);
	spool_add(loop->connlog, slice_of(host), source_write_cb, &record);
}
