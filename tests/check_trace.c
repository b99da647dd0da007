/* SPDX-License-Identifier: MIT */
/*
 * Which line a request leaves, and when: as soon as the last byte of its answer
 * is with the kernel, in order, with what the request said of itself although
 * its bytes are long gone; or as broken off. The lines are read back from the
 * log as JSON.
 */
#include "web/trace.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness.h"
#include "http_fixture.h"
#include "json_reader.h"
#include "leak.h"
#include "scarce.h"
#include "spool_fixture.h"

#define AGENT "User-Agent: me\r\nReferer: there\r\n"

static struct loop loop;
static struct spool *access;
static struct trace *trace;
static char *path;
static char log_text[65536];
static const char *next_line;

static struct address peer_of(int family, const char *host)
{
	struct address peer = {.sa.any.sa_family = (sa_family_t)family};

	if (family == AF_INET)
		(void)inet_pton(family, host, &peer.sa.in4.sin_addr);
	else if (family == AF_INET6)
		(void)inet_pton(family, host, &peer.sa.in6.sin6_addr);
	return peer;
}

static void trace_peer(int family, const char *host)
{
	struct address peer = peer_of(family, host);

	trace = trace_new(&loop, access, &peer, 77);
	ck_assert_ptr_nonnull(trace);
}

static void set_up(void)
{
	char *folder = folder_new();

	path = folder_path(folder, "log");
	free(folder);
	ck_assert_int_eq(loop_init(&loop), 0);
	access = spool_fixture_open(&loop, path, HTTP_LOG_JSON);
	ck_assert_ptr_nonnull(access);
	next_line = log_text;
	trace_peer(AF_INET, "192.0.2.1");
}

static void tear_down(void)
{
	trace_free(trace, 0);
	spool_close(access);
	loop_clear(&loop);
	free(path);
}

/* Reads what the log has now. */
static void read_log(void)
{
	FILE *file = fopen(path, "re");
	size_t len;

	spool_flush(access);
	ck_assert_ptr_nonnull(file);
	len = fread(log_text, 1, sizeof(log_text) - 1, file);
	log_text[len] = '\0';
	(void)fclose(file);
}

/* The next line that no one has looked at yet; NULL: there is none. */
static const char *take_line(size_t *len)
{
	const char *line = next_line, *end;

	read_log();
	end = strchr(line, '\n');
	if (!end)
		return NULL;
	*len = (size_t)(end - line);
	next_line = end + 1;
	return line;
}

static void expect_no_line(void)
{
	size_t len;

	ck_assert_ptr_null(take_line(&len));
}

static void expect_member(const char *line, size_t len, const char *name,
			  const char *value)
{
	char got[2048] = "absent";

	(void)json_member(line, len, name, got, sizeof(got));
	ck_assert_msg(!strcmp(got, value), "%s is %s, not %s, in %.*s", name,
		      got, value, (int)len, line);
}

/* The next line is this request's. */
static void expect_line(const char *target, const char *status,
			const char *bytes, const char *number)
{
	size_t len;
	const char *line = take_line(&len);

	ck_assert_msg(line, "no line for %s", target);
	expect_member(line, len, "target", target);
	expect_member(line, len, "status", status);
	expect_member(line, len, "bytes", bytes);
	expect_member(line, len, "request", number);
}

/* A request whose bytes are gone when this returns. */
static void add(const char *target, uint64_t content_at, uint64_t end_at)
{
	const struct trace_answer answer = {
		.status = 200, .content_at = content_at, .end_at = end_at};
	char head[256];

	(void)snprintf(head, sizeof(head),
		       "GET %s HTTP/1.1\r\nHost: h\r\n" AGENT "\r\n", target);
	trace_add(trace, &http_fixture_ask(head)->request, &answer);
	(void)http_fixture_ask("HEAD /overwritten/by/another/one HTTP/1.1\r\n"
			       "Host: overwritten\r\nUser-Agent: other\r\n"
			       "Referer: overwritten\r\n\r\n");
}

START_TEST(a_line_is_written_when_the_last_byte_is_sent)
{
	add("/a", 100, 110);
	trace_sent(trace, 109);
	expect_no_line();
	trace_sent(trace, 110);
	expect_line("/a", "200", "10", "1");
	trace_sent(trace, 1000);
	expect_no_line();
}
END_TEST

START_TEST(several_lines_are_written_in_order_as_far_as_all_is_sent)
{
	add("/a", 100, 110);
	add("/b", 210, 230);
	add("/c", 330, 360);
	trace_sent(trace, 359);
	expect_line("/a", "200", "10", "1");
	expect_line("/b", "200", "20", "2");
	expect_no_line();
	add("/d", 460, 460);
	trace_sent(trace, 460);
	expect_line("/c", "200", "30", "3");
	expect_line("/d", "200", "0", "4");
}
END_TEST

START_TEST(what_the_last_one_left_is_no_part_of_the_next)
{
	add("/a", 100, 110);
	trace_sent(trace, 110);
	expect_line("/a", "200", "10", "1");
	add("/b", 210, 230);
	add("/c", 330, 360);
	trace_sent(trace, 360);
	expect_line("/b", "200", "20", "2");
	expect_line("/c", "200", "30", "3");
}
END_TEST

START_TEST(an_unknown_end_is_waited_for)
{
	add("/a", 10, 20);
	add("/listing", 100, TRACE_END_UNKNOWN);
	trace_sent(trace, 1 << 20);
	expect_line("/a", "200", "10", "1");
	expect_no_line();
	trace_end_known(trace, 5100);
	trace_sent(trace, 5099);
	expect_no_line();
	trace_sent(trace, 5100);
	expect_line("/listing", "200", "5000", "2");
}
END_TEST

START_TEST(an_end_that_is_known_stays)
{
	add("/a", 10, 20);
	add("/listing", 100, TRACE_END_UNKNOWN);
	trace_end_known(trace, 5100);
	trace_sent(trace, 5100);
	expect_line("/a", "200", "10", "1");
	expect_line("/listing", "200", "5000", "2");
}
END_TEST

START_TEST(what_was_broken_off_is_told_as_such)
{
	add("/a", 100, 110);
	add("/b", 210, 230);
	add("/c", 330, 360);
	trace_free(trace, 217);
	trace = NULL;
	expect_line("/a", "200", "10", "1");
	expect_line("/b", "499", "7", "2");
	expect_line("/c", "499", "0", "3");
	expect_no_line();
}
END_TEST

START_TEST(a_line_tells_what_the_request_said)
{
	size_t len;
	const char *line;

	add("/a", 100, 110);
	trace_sent(trace, 110);
	line = take_line(&len);
	ck_assert_ptr_nonnull(line);
	expect_member(line, len, "method", "GET");
	expect_member(line, len, "user_agent", "me");
	expect_member(line, len, "referer", "there");
	expect_member(line, len, "peer", "192.0.2.1");
	expect_member(line, len, "connection", "77");
}
END_TEST

static const struct {
	int family;
	const char *host;
	const char *told;
} peers[] = {
	{AF_INET, "127.0.0.1", "127.0.0.1"},
	{AF_INET, "255.255.255.255", "255.255.255.255"},
	{AF_INET6, "::1", "::1"},
	{AF_INET6, "2001:db8:1111:2222:3333:4444:5555:6666",
	 "2001:db8:1111:2222:3333:4444:5555:6666"},
	{AF_UNIX, "", "-"},
};

START_TEST(a_peer_is_told_by_its_address)
{
	size_t len;
	const char *line;

	trace_free(trace, 0);
	trace_peer(peers[_i].family, peers[_i].host);
	add("/a", 100, 110);
	trace_sent(trace, 110);
	line = take_line(&len);
	ck_assert_ptr_nonnull(line);
	expect_member(line, len, "peer", peers[_i].told);
}
END_TEST

/* --- what is no request --- */

#define ROW(input, line, why)                                                  \
	{                                                                      \
		input, sizeof(input) - 1, line, why                            \
	}

static const struct {
	const char *input;
	size_t len;
	const char *line;
	const char *why;
} unread[] = {
	ROW("nonsense\r\nmore", "nonsense", "as far as CRLF"),
	ROW("nonsense\nmore", "nonsense", "as far as LF"),
	ROW("nonsense\rmore", "nonsense", "as far as CR"),
	ROW("nonsense", "nonsense", "as far as it has come"),
	ROW("\r\n\r\nnonsense\r\n", "nonsense", "behind empty lines"),
	ROW("\n\rnonsense\r\n", "nonsense", "behind empty lines"),
	ROW("x", "x", "one byte"),
};

static void add_unread(const char *input, size_t len)
{
	const struct trace_answer answer = {
		.status = 400, .content_at = 50, .end_at = 60};
	char *copy = bytes_new(len);

	memcpy(copy, input, len);
	trace_add_unread(trace, (struct slice){copy, len}, &answer);
	memset(copy, '!', len);
	free(copy);
}

START_TEST(what_is_no_request_is_told_by_its_first_line)
{
	size_t len;
	const char *line;

	add_unread(unread[_i].input, unread[_i].len);
	trace_sent(trace, 60);
	line = take_line(&len);
	ck_assert_msg(line, "%s", unread[_i].why);
	expect_member(line, len, "line", unread[_i].line);
	expect_member(line, len, "status", "400");
	expect_member(line, len, "bytes", "10");
}
END_TEST

START_TEST(a_line_without_end_is_cut)
{
	char input[TRACE_LINE_MAX + 1], cut[TRACE_LINE_MAX + 1] = {0};
	size_t len;
	const char *line;

	memset(input, 'x', sizeof(input));
	memset(cut, 'x', TRACE_LINE_MAX);
	add_unread(input, sizeof(input));
	trace_sent(trace, 60);
	line = take_line(&len);
	ck_assert_ptr_nonnull(line);
	expect_member(line, len, "line", cut);
}
END_TEST

/* A connection that said nothing that could be shown still leaves a line. */
START_TEST(nothing_is_told_as_nothing)
{
	size_t len;
	const char *line;

	add_unread("\r\n\r\n", 4);
	trace_sent(trace, 60);
	line = take_line(&len);
	ck_assert_ptr_nonnull(line);
	ck_assert_ptr_null(strstr(line, "\"line\":"));
	expect_member(line, len, "status", "400");
}
END_TEST

START_TEST(without_a_trace_nothing_happens)
{
	const struct trace_answer answer = {.status = 200, .end_at = 10};

	trace_add(NULL, &http_fixture_ask_with("GET", "")->request, &answer);
	trace_add_unread(NULL, (struct slice){"x", 1}, &answer);
	trace_end_known(NULL, 10);
	trace_sent(NULL, 10);
	trace_free(NULL, 10);
	expect_no_line();
	ck_assert_uint_eq(loop.counters.log_lines_lost, 0);
}
END_TEST

START_TEST(a_line_tells_the_port)
{
	struct address peer = peer_of(AF_INET, "192.0.2.1");
	size_t len;
	const char *line;

	address_set_port(&peer, 5000);
	trace_free(trace, 0);
	trace = trace_new(&loop, access, &peer, 77);
	add("/a", 100, 110);
	trace_sent(trace, 110);
	line = take_line(&len);
	ck_assert_ptr_nonnull(line);
	expect_member(line, len, "port", "5000");
}
END_TEST

/* From the turn in which it was read. */
START_TEST(a_line_tells_how_long_it_took)
{
	size_t len;
	const char *line;
	char got[32] = "";
	long us;

	loop.now_ns = clock_mono_ns() - 5 * CLOCK_NS_PER_S;
	loop.now_turn = loop.turn;
	add("/a", 100, 110);
	trace_sent(trace, 110);
	line = take_line(&len);
	ck_assert_ptr_nonnull(line);
	(void)json_member(line, len, "duration_us", got, sizeof(got));
	us = strtol(got, NULL, 10);
	ck_assert_int_ge(us, 5000000);
	ck_assert_int_lt(us, 60000000);
}
END_TEST

START_TEST(without_memory_a_line_is_lost_and_counted)
{
	const struct http_request *request;
	const struct trace_answer first = {200, 100, 110},
				  second = {200, 210, 230};
	struct address peer = peer_of(AF_INET, "192.0.2.1");
	struct trace *none;

	request = &http_fixture_ask_with("GET", "")->request;
	scarce_memory(1);
	trace_add(trace, request, &first);
	ck_assert(scarce_memory_end());
	scarce_memory(1);
	trace_add_unread(trace, slice_of("x"), &first);
	ck_assert(scarce_memory_end());
	ck_assert_uint_eq(loop.counters.log_lines_lost, 2);
	trace_add(trace, request, &second);
	trace_sent(trace, 230);
	/* It is the third all the same. */
	expect_line("/a", "200", "20", "3");
	scarce_memory(1);
	none = trace_new(&loop, access, &peer, 1);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(none);
}
END_TEST

static void trace_some(void)
{
	const struct trace_answer answer = {200, 100, 110};
	struct address peer = peer_of(AF_INET, "192.0.2.1");
	struct trace *one = trace_new(&loop, access, &peer, 1);

	for (int i = 0; i < 3; i++) {
		trace_add(one, &http_fixture_ask_with("GET", "")->request,
			  &answer);
		trace_add_unread(one, slice_of("xyz"), &answer);
		if (i == 1)
			trace_sent(one, 110);
	}
	trace_free(one, 0);
	spool_flush(access);
}

START_TEST(a_trace_leaves_nothing_behind)
{
	leak_check(trace_some);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace");
	TCase *tcase = harness_case(suite, "trace");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_line_is_written_when_the_last_byte_is_sent);
	tcase_add_test(
		tcase,
		several_lines_are_written_in_order_as_far_as_all_is_sent);
	tcase_add_test(tcase, what_the_last_one_left_is_no_part_of_the_next);
	tcase_add_test(tcase, an_unknown_end_is_waited_for);
	tcase_add_test(tcase, an_end_that_is_known_stays);
	tcase_add_test(tcase, what_was_broken_off_is_told_as_such);
	tcase_add_test(tcase, a_line_tells_what_the_request_said);
	tcase_add_loop_test(tcase, a_peer_is_told_by_its_address, 0,
			    (int)ARRAY_LEN(peers));
	tcase_add_loop_test(tcase, what_is_no_request_is_told_by_its_first_line,
			    0, (int)ARRAY_LEN(unread));
	tcase_add_test(tcase, a_line_without_end_is_cut);
	tcase_add_test(tcase, nothing_is_told_as_nothing);
	tcase_add_test(tcase, a_line_tells_the_port);
	tcase_add_test(tcase, a_line_tells_how_long_it_took);
	tcase_add_test(tcase, without_memory_a_line_is_lost_and_counted);
	tcase_add_test(tcase, a_trace_leaves_nothing_behind);
	tcase_add_test(tcase, without_a_trace_nothing_happens);
	return harness_run(suite);
}
