/* SPDX-License-Identifier: MIT */
/*
 * Lines of the access log: the exact form of both formats, and that no byte
 * which a peer sent forges a line, a field or a JSON value. Lines are read back
 * by readers that share no code with the writer.
 */
#include "http/logline.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "harness.h"
#include "json_reader.h"

#define TIME_S 784111777 /* 6 November 1994, 08:49:37 UTC */

static struct http_log_record record_of(const char *target)
{
	return (struct http_log_record){
		.time = {TIME_S, 123456789},
		.peer = slice_of("192.0.2.1"),
		.port = 40000,
		.method = slice_of("GET"),
		.target = slice_of(target),
		.minor = 1,
		.status = 200,
		.content_bytes = 612,
		.duration_us = 41,
		.user_agent = slice_of("curl/7.88.1"),
		.referer = slice_of("http://h/"),
		.connection_id = 17,
		.request_number = 3,
	};
}

/*
 * For what is asked hundreds of thousands of times: an assertion of libcheck
 * writes to a pipe even when it holds.
 */
static void must(bool holds, const char *line)
{
	if (!holds)
		ck_abort_msg("not as it must be: %s", line);
}

/* Writes the line, with a NUL, into room that ends at a guard page. */
static const char *line_of(enum http_log_format format,
			   const struct http_log_record *record)
{
	static char *guard;
	static char line[8192];
	struct text text;

	if (!guard)
		guard = guard_new();
	text = text_in(guard - sizeof(line) + 1, sizeof(line) - 1);
	http_log_write(&text, format, record);
	memcpy(line, text.ptr, text.len);
	line[text.len] = '\0';
	must(!text.overflow && strlen(line) == text.len, line);
	return line;
}

static void assert_line(enum http_log_format format,
			const struct http_log_record *record, const char *want)
{
	ck_assert_str_eq(line_of(format, record), want);
}

/* --- the forms --- */

START_TEST(combined_is_as_apache_writes_it)
{
	struct http_log_record record = record_of("/a?b=c");

	assert_line(HTTP_LOG_COMBINED, &record,
		    "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "
		    "\"GET /a?b=c HTTP/1.1\" 200 612 \"http://h/\" "
		    "\"curl/7.88.1\"\n");
}
END_TEST

START_TEST(json_is_one_object_a_line)
{
	struct http_log_record record = record_of("/a?b=c");

	assert_line(HTTP_LOG_JSON, &record,
		    "{\"time\":\"1994-11-06T08:49:37.123456Z\","
		    "\"peer\":\"192.0.2.1\",\"port\":40000,\"method\":\"GET\","
		    "\"target\":\"/a?b=c\",\"status\":200,\"bytes\":612,"
		    "\"duration_us\":41,\"user_agent\":\"curl/7.88.1\","
		    "\"referer\":\"http://h/\",\"connection\":17,"
		    "\"request\":3}\n");
}
END_TEST

/* Each in a process of its own, so that it is the first one. */
START_TEST(the_first_time_is_right_whatever_it_is)
{
	static const struct {
		time_t time_s;
		const char *line;
	} rows[] = {
		{0, "192.0.2.1 - - [01/Jan/1970:00:00:00 +0000] "},
		{-1, "192.0.2.1 - - [31/Dec/1969:23:59:59 +0000] "},
		{1, "192.0.2.1 - - [01/Jan/1970:00:00:01 +0000] "},
	};
	struct http_log_record record = record_of("/");

	record.time.tv_sec = rows[_i].time_s;
	ck_assert_mem_eq(line_of(HTTP_LOG_COMBINED, &record), rows[_i].line,
			 strlen(rows[_i].line));
}
END_TEST

START_TEST(what_was_not_sent_is_a_dash_or_null)
{
	struct http_log_record record = record_of("/");

	record.user_agent = record.referer = (struct slice){NULL, 0};
	assert_line(HTTP_LOG_COMBINED, &record,
		    "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "
		    "\"GET / HTTP/1.1\" 200 612 \"-\" \"-\"\n");
	ck_assert_ptr_nonnull(strstr(line_of(HTTP_LOG_JSON, &record),
				     "\"user_agent\":null,\"referer\":null,"));
}
END_TEST

START_TEST(what_was_sent_empty_is_empty)
{
	struct http_log_record record = record_of("/");

	record.user_agent = record.referer = slice_of("");
	ck_assert_ptr_nonnull(strstr(line_of(HTTP_LOG_COMBINED, &record),
				     " 612 \"\" \"\"\n"));
	ck_assert_ptr_nonnull(strstr(line_of(HTTP_LOG_JSON, &record),
				     "\"user_agent\":\"\",\"referer\":\"\","));
}
END_TEST

START_TEST(a_head_that_could_not_be_read_has_a_line)
{
	struct http_log_record record = record_of("");

	record.method = record.target = (struct slice){NULL, 0};
	record.user_agent = record.referer = (struct slice){NULL, 0};
	record.status = 400;
	record.content_bytes = 0;
	assert_line(HTTP_LOG_COMBINED, &record,
		    "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"-\" 400 0 "
		    "\"-\" \"-\"\n");
	ck_assert_ptr_nonnull(strstr(line_of(HTTP_LOG_JSON, &record),
				     "\"method\":null,\"target\":null,"));
}
END_TEST

/* Who reads the log for attackers sees what was asked. */
START_TEST(what_could_not_be_read_is_shown_as_it_came)
{
	struct http_log_record record = record_of("");

	record.method = record.target = (struct slice){NULL, 0};
	record.user_agent = record.referer = (struct slice){NULL, 0};
	record.line = slice_of("GET /a\" HTTP/9.9\x01\xff");
	record.status = 505;
	assert_line(HTTP_LOG_COMBINED, &record,
		    "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "
		    "\"GET /a\\\" HTTP/9.9\\x01\\xFF\" 505 612 "
		    "\"-\" \"-\"\n");
	ck_assert_ptr_nonnull(
		strstr(line_of(HTTP_LOG_JSON, &record),
		       "\"method\":null,\"target\":null,"
		       "\"line\":\"GET /a\\\" HTTP/9.9\\u0001\xef\xbf\xbd\","));
}
END_TEST

START_TEST(other_versions_statuses_and_peers_are_as_they_are)
{
	struct http_log_record record = record_of("/");

	record.minor = 0;
	record.status = 499;
	record.peer = slice_of("2001:db8::1");
	assert_line(HTTP_LOG_COMBINED, &record,
		    "2001:db8::1 - - [06/Nov/1994:08:49:37 +0000] "
		    "\"GET / HTTP/1.0\" 499 612 \"http://h/\" "
		    "\"curl/7.88.1\"\n");
}
END_TEST

/* --- time --- */

static const struct time_row {
	struct timespec time;
	const char *combined;
	const char *json;
	const char *why;
} times[] = {
	{{0, 0},
	 "[01/Jan/1970:00:00:00 +0000]",
	 "\"1970-01-01T00:00:00.000000Z\"",
	 "the first second"},
	{{951827696, 999999999},
	 "[29/Feb/2000:12:34:56 +0000]",
	 "\"2000-02-29T12:34:56.999999Z\"",
	 "a leap day; microseconds are cut, not rounded"},
	{{1798761599, 1000},
	 "[31/Dec/2026:23:59:59 +0000]",
	 "\"2026-12-31T23:59:59.000001Z\"",
	 "a year's last second, a microsecond later"},
	{{1798761600, 999},
	 "[01/Jan/2027:00:00:00 +0000]",
	 "\"2027-01-01T00:00:00.000000Z\"",
	 "a year's first second, less than a microsecond later"},
	{{4294967296, 500000000},
	 "[07/Feb/2106:06:28:16 +0000]",
	 "\"2106-02-07T06:28:16.500000Z\"",
	 "beyond 32 bits"},
};

START_TEST(a_time_is_of_utc)
{
	const struct time_row *row = &times[_i];
	struct http_log_record record = record_of("/");

	record.time = row->time;
	ck_assert_msg(
		strstr(line_of(HTTP_LOG_COMBINED, &record), row->combined),
		"%s: %s", row->why, line_of(HTTP_LOG_COMBINED, &record));
	ck_assert_msg(strstr(line_of(HTTP_LOG_JSON, &record), row->json),
		      "%s: %s", row->why, line_of(HTTP_LOG_JSON, &record));
}
END_TEST

/* The text of a second is kept: it must be made anew for another one. */
START_TEST(each_line_has_its_own_time)
{
	struct http_log_record record = record_of("/");

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(times); i++) {
			record.time = times[i].time;
			ck_assert_ptr_nonnull(
				strstr(line_of(HTTP_LOG_COMBINED, &record),
				       times[i].combined));
		}
	}
}
END_TEST

/* --- escaping --- */

#define BYTES(s)                                                               \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}

static const struct escape_row {
	struct slice sent;
	const char *combined;
	const char *json;
	const char *why;
} escapes[] = {
	{BYTES("a b"), "a b", "a b", "a blank"},
	{BYTES("\""), "\\\"", "\\\"", "a quote would end the field"},
	{BYTES("\\"), "\\\\", "\\\\", "a backslash would begin an escape"},
	{BYTES("\\\""), "\\\\\\\"", "\\\\\\\"", "both"},
	{BYTES("\r\n"), "\\x0D\\x0A", "\\u000D\\u000A", "no second line"},
	{BYTES("\t"), "\\x09", "\\u0009", "a tab"},
	{BYTES("\0"), "\\x00", "\\u0000", "a NUL"},
	{BYTES("\x1b[2J"), "\\x1B[2J", "\\u001B[2J", "terminals obey it"},
	{BYTES("\x7f"), "\\x7F", "\\u007F", "DEL"},
	{BYTES("\xc3\xa4"), "\\xC3\\xA4", "\xc3\xa4", "UTF-8 of two"},
	{BYTES("\xe2\x82\xac"), "\\xE2\\x82\\xAC", "\xe2\x82\xac", "of three"},
	{BYTES("\xf0\x9f\x98\x80"), "\\xF0\\x9F\\x98\\x80", "\xf0\x9f\x98\x80",
	 "of four"},
	{BYTES("\xff"), "\\xFF", "\xef\xbf\xbd", "no UTF-8"},
	{BYTES("\xc3("), "\\xC3(", "\xef\xbf\xbd(", "a broken-off sequence"},
	{BYTES("\xc3\""), "\\xC3\\\"", "\xef\xbf\xbd\\\"",
	 "one that would swallow the quote"},
	{BYTES("\xc0\xa2"), "\\xC0\\xA2", "\xef\xbf\xbd\xef\xbf\xbd",
	 "RFC 3629: an overlong quote"},
	{BYTES("\xed\xa0\x80"), "\\xED\\xA0\\x80",
	 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "RFC 3629: a surrogate"},
	{BYTES("\xe2\x82"), "\\xE2\\x82", "\xef\xbf\xbd\xef\xbf\xbd",
	 "cut off at the end"},
};

static void assert_escaped(const struct http_log_record *record,
			   const char *before, const char *escaped,
			   const char *behind, enum http_log_format format)
{
	char want[256];

	(void)snprintf(want, sizeof(want), "%s%s%s", before, escaped, behind);
	ck_assert_msg(strstr(line_of(format, record), want), "no %s in %s",
		      want, line_of(format, record));
}

START_TEST(what_a_peer_sent_is_escaped_wherever_it_stands)
{
	const struct escape_row *row = &escapes[_i];
	struct http_log_record record = record_of("/");

	record.target = record.user_agent = record.referer = row->sent;
	assert_escaped(&record, "\"GET ", row->combined, " HTTP/1.1\" ",
		       HTTP_LOG_COMBINED);
	assert_escaped(&record, " 612 \"", row->combined, "\" \"",
		       HTTP_LOG_COMBINED);
	assert_escaped(&record, "\" \"", row->combined, "\"\n",
		       HTTP_LOG_COMBINED);
	assert_escaped(&record, "\"target\":\"", row->json, "\",\"status\"",
		       HTTP_LOG_JSON);
	assert_escaped(&record, "\"user_agent\":\"", row->json,
		       "\",\"referer\"", HTTP_LOG_JSON);
	assert_escaped(&record, "\"referer\":\"", row->json,
		       "\",\"connection\"", HTTP_LOG_JSON);
}
END_TEST

/*
 * Reads a quoted field of a combined line and undoes its escapes; NULL when it
 * is none.
 */
static const char *unquote(const char *at, char *out, size_t *len)
{
	unsigned byte;

	if (!at || *at++ != '"')
		return NULL;
	for (*len = 0; *at != '"'; (*len)++) {
		if (*at < 0x20 || *at > 0x7e)
			return NULL;
		if (*at != '\\') {
			out[*len] = *at++;
		} else if (at[1] == 'x' && sscanf(at + 2, "%2X", &byte) == 1) {
			out[*len] = (char)byte;
			at += 4;
		} else if (at[1] == '"' || at[1] == '\\') {
			out[*len] = at[1];
			at += 2;
		} else {
			return NULL;
		}
	}
	return at + 1;
}

/* A text, in three places of a combined line, comes back out of it. */
static void assert_combined_reads_back(struct slice sent)
{
	struct http_log_record record = record_of("/");
	const char *line, *at;
	char out[256];
	size_t len;

	record.target = record.user_agent = record.referer = sent;
	line = line_of(HTTP_LOG_COMBINED, &record);
	at = unquote(strchr(line, '"'), out, &len);
	must(at && len == strlen("GET  HTTP/1.1") + sent.len, line);
	must(!memcmp(out + strlen("GET "), sent.ptr, sent.len), line);
	must(!strncmp(at, " 200 612 ", 9), line);
	for (int i = 0; i < 2; i++) {
		at = unquote(strchr(at, '"'), out, &len);
		must(at && slice_eq((struct slice){out, len}, sent), line);
	}
	must(!strcmp(at, "\n"), line);
}

/* The same in JSON; what is no UTF-8 cannot come back, but must be valid. */
static void assert_json_is_valid(struct slice sent)
{
	static const char before[] = ",\"status\":200,";
	static const char end[] = ",\"connection\":17,\"request\":3}\n";
	struct http_log_record record = record_of("/");
	const char *line;
	size_t len;

	record.target = record.user_agent = record.referer = sent;
	line = line_of(HTTP_LOG_JSON, &record);
	len = strlen(line);
	must(json_is_valid(line, len), line);
	must(strchr(line, '\n') == line + len - 1, line);
	must(strstr(line, before) != NULL, line);
	must(!strcmp(line + len - strlen(end), end), line);
}

START_TEST(every_two_bytes_stay_within_their_field)
{
	for (unsigned both = 0; both < 16 * 256; both++) {
		char sent[] = {(char)(_i * 16 + (int)(both / 256)), (char)both};

		assert_combined_reads_back((struct slice){sent, 2});
		assert_json_is_valid((struct slice){sent, 2});
	}
}
END_TEST

/* Where UTF-8 has its borders: every lead byte, the ends of what follows. */
START_TEST(every_start_of_a_sequence_is_valid_json)
{
	static const unsigned char ends[] = {'"',  0x7f, 0x80, 0x8f, 0x90,
					     0x9f, 0xa0, 0xbf, 0xc0};
	size_t n = ARRAY_LEN(ends);

	for (size_t i = 0; i < n * n * n; i++) {
		char sent[] = {(char)_i, (char)ends[i % n],
			       (char)ends[i / n % n], (char)ends[i / n / n]};

		for (size_t len = 2; len <= 4; len++)
			assert_json_is_valid((struct slice){sent, len});
	}
}
END_TEST

START_TEST(valid_utf_8_comes_back_out_of_json)
{
	static const char text[] = "\x01 \"\\/ \xc3\xa4\xe2\x82\xac"
				   "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\x7f";
	struct http_log_record record = record_of(text);
	const char *line = line_of(HTTP_LOG_JSON, &record);
	char out[256];

	(void)json_member(line, strlen(line), "target", out, sizeof(out));
	ck_assert_str_eq(out, text);
}
END_TEST

/* --- room --- */

/* The longest line that a head can lead to: numbers, and its every byte. */
START_TEST(a_line_keeps_to_its_bound)
{
	static const char worst[] = {'\x01', '\xff', '"', '\\', '\n'};
	enum {
		LEN = 1000
	};
	static char sent[LEN];
	struct http_log_record record = {
		.time = {253402300799, 999999999},
		.peer = slice_of("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"
				 "%interface123456"),
		.method = {sent, LEN / 4},
		.target = {sent, LEN / 4},
		.user_agent = {sent, LEN / 4},
		.referer = {sent, LEN / 4},
		.minor = 9,
		.status = 999,
		.content_bytes = UINT64_MAX,
		.duration_us = UINT64_MAX,
		.connection_id = UINT64_MAX,
		.request_number = UINT64_MAX,
	};
	char *guard = guard_new();

	memset(sent, worst[_i], LEN);
	for (int format = HTTP_LOG_COMBINED; format <= HTTP_LOG_JSON;
	     format++) {
		size_t size = HTTP_LOG_LINE_MAX(LEN);
		struct text text = text_in(guard - size, size);

		http_log_write(&text, (enum http_log_format)format, &record);
		ck_assert(!text.overflow);
	}
}
END_TEST

START_TEST(a_line_that_does_not_fit_is_an_overflow)
{
	struct http_log_record record = record_of("/a\"b");
	char *guard = guard_new();

	for (int format = HTTP_LOG_COMBINED; format <= HTTP_LOG_JSON;
	     format++) {
		size_t len =
			strlen(line_of((enum http_log_format)format, &record));

		for (size_t size = 0; size < len; size++) {
			struct text text = text_in(guard - size, size);

			http_log_write(&text, (enum http_log_format)format,
				       &record);
			ck_assert(text.overflow);
		}
	}
}
END_TEST

START_TEST(a_line_is_added_to_what_is_there)
{
	struct http_log_record record = record_of("/");
	char buf[1024];
	struct text text = text_in(buf, sizeof(buf));

	http_log_write(&text, HTTP_LOG_COMBINED, &record);
	http_log_write(&text, HTTP_LOG_JSON, &record);
	ck_assert_uint_eq(text.len,
			  strlen(line_of(HTTP_LOG_COMBINED, &record)) +
				  strlen(line_of(HTTP_LOG_JSON, &record)));
	ck_assert_ptr_nonnull(strstr(buf, "\"curl/7.88.1\"\n{\"time\":"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logline");
	TCase *tcase = harness_case(suite, "forms");

	tcase_add_test(tcase, combined_is_as_apache_writes_it);
	tcase_add_test(tcase, json_is_one_object_a_line);
	tcase_add_loop_test(tcase, the_first_time_is_right_whatever_it_is, 0,
			    3);
	tcase_add_test(tcase, what_was_not_sent_is_a_dash_or_null);
	tcase_add_test(tcase, what_was_sent_empty_is_empty);
	tcase_add_test(tcase, a_head_that_could_not_be_read_has_a_line);
	tcase_add_test(tcase, what_could_not_be_read_is_shown_as_it_came);
	tcase_add_test(tcase,
		       other_versions_statuses_and_peers_are_as_they_are);

	tcase = harness_case(suite, "time");
	tcase_add_loop_test(tcase, a_time_is_of_utc, 0, (int)ARRAY_LEN(times));
	tcase_add_test(tcase, each_line_has_its_own_time);

	tcase = harness_case(suite, "escaping");
	tcase_add_loop_test(tcase,
			    what_a_peer_sent_is_escaped_wherever_it_stands, 0,
			    (int)ARRAY_LEN(escapes));
	tcase_add_loop_test(tcase, every_two_bytes_stay_within_their_field, 0,
			    16);
	tcase_add_loop_test(tcase, every_start_of_a_sequence_is_valid_json,
			    0xbf, 256);
	tcase_add_test(tcase, valid_utf_8_comes_back_out_of_json);

	tcase = harness_case(suite, "room");
	tcase_add_loop_test(tcase, a_line_keeps_to_its_bound, 0, 5);
	tcase_add_test(tcase, a_line_that_does_not_fit_is_an_overflow);
	tcase_add_test(tcase, a_line_is_added_to_what_is_there);
	return harness_run_together(suite);
}
