/* SPDX-License-Identifier: MIT */
/*
 * Lines of the access log. Both formats carry bytes that a peer chose, so both
 * escape: a log that can be forged is worse than none. Times are UTC.
 */
#include "http/logline.h"

#include "base/calendar.h"

/* "06/Nov/1994:08:49:37 +0000" */
static void add_combined_time(struct text *text, const struct calendar *at)
{
	text_add_padded(text, (uint64_t)at->day, 2);
	text_add_char(text, '/');
	text_add(text,
		 (struct slice){&CALENDAR_MONTHS[3 * (at->month - 1)], 3});
	text_add_char(text, '/');
	text_add_padded(text, (uint64_t)at->year, 4);
	text_add_char(text, ':');
	text_add_padded(text, (uint64_t)at->hour, 2);
	text_add_char(text, ':');
	text_add_padded(text, (uint64_t)at->minute, 2);
	text_add_char(text, ':');
	text_add_padded(text, (uint64_t)at->second, 2);
	text_add_str(text, " +0000");
}

/* "-" stands for what was not sent. */
static void add_quoted(struct text *text, struct slice s)
{
	text_add_char(text, '"');
	if (s.ptr)
		text_add_escaped(text, s);
	else
		text_add_char(text, '-');
	text_add_char(text, '"');
}

/* What was asked for; of what could not be read, what came in its place. */
static void add_request(struct text *text, const struct http_log_record *record)
{
	if (record->method.len == 0) {
		add_quoted(text, record->line);
		return;
	}
	text_add_char(text, '"');
	text_add_escaped(text, record->method);
	text_add_char(text, ' ');
	text_add_escaped(text, record->target);
	text_add_str(text, " HTTP/1.");
	text_add_uint(text, record->minor);
	text_add_char(text, '"');
}

static void add_combined(struct text *text,
			 const struct http_log_record *record)
{
	struct calendar at = calendar_of(record->time.tv_sec);

	text_add(text, record->peer);
	text_add_str(text, " - - [");
	add_combined_time(text, &at);
	text_add_str(text, "] ");
	add_request(text, record);
	text_add_char(text, ' ');
	text_add_uint(text, record->status);
	text_add_char(text, ' ');
	text_add_uint(text, record->content_bytes);
	text_add_char(text, ' ');
	add_quoted(text, record->referer);
	text_add_char(text, ' ');
	add_quoted(text, record->user_agent);
	text_add_char(text, '\n');
}

static void add_json_uint(struct text *text, const char *name, uint64_t value)
{
	text_add_str(text, name);
	text_add_uint(text, value);
}

/* A string member, or null when it was not sent. */
static void add_json_string(struct text *text, const char *name, struct slice s)
{
	text_add_str(text, name);
	if (!s.ptr) {
		text_add_str(text, "null");
		return;
	}
	text_add_char(text, '"');
	text_add_json(text, s);
	text_add_char(text, '"');
}

static void add_json(struct text *text, const struct http_log_record *record)
{
	text_add_str(text, "{\"time\":\"");
	calendar_add_time(text, &record->time);
	add_json_string(text, "\",\"peer\":", record->peer);
	add_json_uint(text, ",\"port\":", record->port);
	add_json_string(text, ",\"method\":", record->method);
	add_json_string(text, ",\"target\":", record->target);
	if (record->line.ptr)
		add_json_string(text, ",\"line\":", record->line);
	add_json_uint(text, ",\"status\":", record->status);
	add_json_uint(text, ",\"bytes\":", record->content_bytes);
	add_json_uint(text, ",\"duration_us\":", record->duration_us);
	add_json_string(text, ",\"user_agent\":", record->user_agent);
	add_json_string(text, ",\"referer\":", record->referer);
	add_json_uint(text, ",\"connection\":", record->connection_id);
	add_json_uint(text, ",\"request\":", record->request_number);
	text_add_str(text, "}\n");
}

void http_log_write(struct text *text, enum http_log_format format,
		    const struct http_log_record *record)
{
	if (format == HTTP_LOG_JSON)
		add_json(text, record);
	else
		add_combined(text, record);
}
