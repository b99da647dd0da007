/* SPDX-License-Identifier: MIT */
/*
 * A connection's requests on their way to the access log. Most are noted and
 * logged within one callback; one whose answer has to wait for its peer keeps
 * copies of what its line will say, since the request's own bytes are gone by
 * then. A note is one piece of memory with the strings behind it.
 */
#include "web/trace.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define STATUS_BROKEN_OFF                                                      \
	499 /* no status of HTTP: nginx made it the custom                     \
	     */

struct note {
	struct note *next;
	uint64_t begun_ns;
	uint64_t number;
	struct trace_answer answer;
	unsigned minor;
	struct slice method;
	struct slice target;
	struct slice line; /* of what could not be read */
	struct slice user_agent;
	struct slice referer;
	char strings[];
};

struct trace {
	struct loop *loop;
	struct spool *log;
	uint64_t id;
	uint64_t n_requests;
	struct note *first;
	struct note **last; /* where the next one is hung up */
	uint16_t port;
	char peer[INET6_ADDRSTRLEN];
};

struct trace *trace_new(struct loop *loop, struct spool *log,
			const struct address *peer, uint64_t id)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	const void *host = &peer->sa.in4.sin_addr;

	if (!trace)
		return NULL;
	trace->loop = loop;
	trace->log = log;
	trace->id = id;
	trace->last = &trace->first;
	trace->port = address_port(peer);
	if (peer->sa.any.sa_family == AF_INET6)
		host = &peer->sa.in6.sin6_addr;
	if (!inet_ntop(peer->sa.any.sa_family, host, trace->peer,
		       sizeof(trace->peer)))
		trace->peer[0] = '-';
	return trace;
}

/* Copies a string behind the note; an absent one stays absent. */
static struct slice trace_keep(char **room, struct slice s)
{
	struct slice copy = {*room, s.len};

	if (!s.ptr)
		return s;
	memcpy(*room, s.ptr, s.len);
	*room += s.len;
	return copy;
}

static struct slice trace_value_of(const struct http_request *request,
				   enum http_field_id id)
{
	size_t at = 0;
	const struct http_field *field = http_request_next(request, id, &at);

	return field ? field->value : (struct slice){NULL, 0};
}

/* A note with what the request says of itself; NULL when out of memory. */
static struct note *new_note(const struct http_request *request)
{
	struct slice user_agent =
		trace_value_of(request, HTTP_FIELD_USER_AGENT);
	struct slice referer = trace_value_of(request, HTTP_FIELD_REFERER);
	struct note *note =
		malloc(sizeof(*note) + request->method_text.len +
		       request->target.len + user_agent.len + referer.len);
	char *room;

	if (!note)
		return NULL;
	room = note->strings;
	note->line = (struct slice){NULL, 0};
	note->minor = request->minor;
	note->method = trace_keep(&room, request->method_text);
	note->target = trace_keep(&room, request->target);
	note->user_agent = trace_keep(&room, user_agent);
	note->referer = trace_keep(&room, referer);
	return note;
}

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

/* The first line, behind empty ones, as far as it has come; ptr NULL: none. */
static struct slice first_line(struct slice input)
{
	size_t at = 0, len = 0;

	while (at < input.len && is_line_end(input.ptr[at]))
		at++;
	while (at + len < input.len && len < TRACE_LINE_MAX &&
	       !is_line_end(input.ptr[at + len]))
		len++;
	return (struct slice){len > 0 ? input.ptr + at : NULL, len};
}

/* A note with the first line of what is no request; NULL as above. */
static struct note *new_unread_note(struct slice input)
{
	struct slice line = first_line(input);
	struct note *note = calloc(1, sizeof(*note) + line.len);
	char *room;

	if (!note)
		return NULL;
	room = note->strings;
	note->line = trace_keep(&room, line);
	return note;
}

/* Hangs the note up behind the others; NULL: there was no memory for it. */
static void add_note(struct trace *trace, struct note *note,
		     const struct trace_answer *answer)
{
	trace->n_requests++;
	if (!note) {
		trace->loop->counters.log_lines_lost++;
		return;
	}
	note->next = NULL;
	note->begun_ns = loop_now_ns(trace->loop);
	note->number = trace->n_requests;
	note->answer = *answer;
	*trace->last = note;
	trace->last = &note->next;
}

void trace_add(struct trace *trace, const struct http_request *request,
	       const struct trace_answer *answer)
{
	if (trace)
		add_note(trace, new_note(request), answer);
}

void trace_add_unread(struct trace *trace, struct slice input,
		      const struct trace_answer *answer)
{
	if (trace)
		add_note(trace, new_unread_note(input), answer);
}

void trace_end_known(struct trace *trace, uint64_t end_at)
{
	if (!trace)
		return;
	for (struct note *note = trace->first; note; note = note->next)
		if (note->answer.end_at == TRACE_END_UNKNOWN)
			note->answer.end_at = end_at;
}

_Static_assert(SPOOL_SIZE > HTTP_LOG_LINE_MAX(HTTP_HEAD_MAX),
	       "a line must fit");

static void trace_write_cb(struct text *text, int form, const void *record)
{
	http_log_write(text, (enum http_log_format)form, record);
}

/* Writes the first note's line and forgets it. */
static void log_first(struct trace *trace, unsigned status, uint64_t n_sent,
		      uint64_t now_ns)
{
	struct note *note = trace->first;
	uint64_t content_at = note->answer.content_at;
	struct http_log_record record = {
		.time = loop_wall(trace->loop),
		.peer = slice_of(trace->peer),
		.port = trace->port,
		.method = note->method,
		.target = note->target,
		.line = note->line,
		.minor = note->minor,
		.status = status,
		.content_bytes = n_sent > content_at ? n_sent - content_at : 0,
		.duration_us = (now_ns - note->begun_ns) / 1000,
		.user_agent = note->user_agent,
		.referer = note->referer,
		.connection_id = trace->id,
		.request_number = note->number,
	};

	spool_add(trace->log, record.peer, trace_write_cb, &record);
	trace->first = note->next;
	if (!trace->first)
		trace->last = &trace->first;
	free(note);
}

void trace_sent(struct trace *trace, uint64_t n_sent)
{
	uint64_t now_ns;

	if (!trace || !trace->first)
		return;
	now_ns = clock_mono_ns();
	while (trace->first && trace->first->answer.end_at <= n_sent)
		log_first(trace, trace->first->answer.status,
			  trace->first->answer.end_at, now_ns);
}

void trace_free(struct trace *trace, uint64_t n_sent)
{
	if (!trace)
		return;
	trace_sent(trace, n_sent);
	while (trace->first)
		log_first(trace, STATUS_BROKEN_OFF, n_sent, clock_mono_ns());
	free(trace);
}
