/* SPDX-License-Identifier: MIT */
/*
 * Lines of the access log. Both formats carry bytes that a peer chose, so both
 * escape: a log that can be forged is worse than none. Times are UTC.
 *
 * The part of a line that says when is made once a second.
 */
#include "http/logline.h"

#include <string.h>

static void add_two(struct text *text, int value)
{
	text_add_char(text, (char)('0' + value / 10 % 10));
	text_add_char(text, (char)('0' + value % 10));
}

static void add_clock(struct text *text, const struct tm *tm)
{
	add_two(text, tm->tm_hour);
	text_add_char(text, ':');
	add_two(text, tm->tm_min);
	text_add_char(text, ':');
	add_two(text, tm->tm_sec);
}

/* "06/Nov/1994:08:49:37 +0000" */
static void add_combined_time(struct text *text, const struct tm *tm)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	add_two(text, tm->tm_mday);
	text_add_char(text, '/');
	text_add(text, (struct slice){months + 3 * tm->tm_mon, 3});
	text_add_char(text, '/');
	text_add_uint(text, (uint64_t)(tm->tm_year + 1900));
	text_add_char(text, ':');
	add_clock(text, tm);
	text_add_str(text, " +0000");
}

/* "1994-11-06T08:49:37.123456Z" */
static void add_json_time(struct text *text, const struct tm *tm, long nsec)
{
	text_add_uint(text, (uint64_t)(tm->tm_year + 1900));
	text_add_char(text, '-');
	add_two(text, tm->tm_mon + 1);
	text_add_char(text, '-');
	add_two(text, tm->tm_mday);
	text_add_char(text, 'T');
	add_clock(text, tm);
	text_add_char(text, '.');
	for (long unit = 100000000; unit >= 1000; unit /= 10)
		text_add_char(text, (char)('0' + nsec / unit % 10));
	text_add_char(text, 'Z');
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

static void add_combined(struct text *text, const struct tm *tm,
			 const struct http_log_record *record)
{
	text_add(text, record->peer);
	text_add_str(text, " - - [");
	add_combined_time(text, tm);
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

static void add_json(struct text *text, const struct tm *tm,
		     const struct http_log_record *record)
{
	text_add_str(text, "{\"time\":\"");
	add_json_time(text, tm, record->time.tv_nsec);
	add_json_string(text, "\",\"peer\":", record->peer);
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
	static struct tm tm; /* no day of a month has the number 0 */
	static time_t tm_s;

	if (record->time.tv_sec != tm_s || tm.tm_mday == 0) {
		tm_s = record->time.tv_sec;
		(void)gmtime_r(&tm_s, &tm);
	}
	if (format == HTTP_LOG_JSON)
		add_json(text, &tm, record);
	else
		add_combined(text, &tm, record);
}
