/* SPDX-License-Identifier: MIT */
/*
 * The HTTP service's connections over socket pairs, turn by turn: which answers
 * a peer gets for its bytes however they are cut, when the connection ends,
 * what is counted and what is logged. Time moves when a test says so.
 */
#include "web/web.h"

#include <event2/event_struct.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "http/logline.h"
#include "leak.h"
#include "loop/conn.h"
#include "os/docroot.h"
#include "scarce.h"
#include "spool_fixture.h"
#include "web/outcomes.h"

/* The standard limits, in seconds. */
#define HTTP_IDLE_S 65
#define HEADER_S    10
#define SEND_S	    60
#define LINGER_S    5

#define MIDDLE	    10000
#define LARGE	    ((size_t)300 << 10)
#define FIELDS	    "Host: x\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" FIELDS "\r\n"
#define GET_LAST(target)                                                       \
	"GET " target " HTTP/1.1\r\n" FIELDS "Connection: close\r\n\r\n"
#define POST "POST /a HTTP/1.1\r\n" FIELDS

/* How far the monotonic clock is ahead; stands before the C library's. */
static time_t later_s;

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (id != CLOCK_REALTIME)
		now->tv_sec += later_s;
	return result;
}

static struct loop loop;
static struct event stop;
static struct accounts *accounts;
static struct site *site;
static struct spool *requests;
static struct web_service *service;
static char *folder;
static char *log_path;
static char heard[2 << 20]; /* all that the peer has got, NUL-ended */
static size_t n_heard;
static bool is_over; /* and then the end */

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static void set_up(void)
{
	static const struct site_options options = {
		.max_age_s = -1,
		.cache = {.max_bytes = 1 << 20, .max_files = 16, .max_open = 4},
	};
	char *data = bytes_new(LARGE);

	/* sendfile(2) knows no other way. */
	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	later_s = 0;
	n_heard = 0;
	is_over = false;
	memset(data, 'x', LARGE);
	folder = folder_new();
	folder_add(folder, "root");
	folder_write_text(folder, "root/a", "some text\n");
	folder_write(folder, "root/middle", data, MIDDLE);
	folder_write(folder, "root/large", data, LARGE);
	free(data);
	ck_assert_int_eq(loop_init(&loop), 0);
	loop.max_descriptors = 100;
	(void)event_assign(&stop, loop.base, -1, 0, stop_cb, &loop);
	accounts = accounts_new(16);
	loop.accounts = accounts;
	log_path = folder_path(folder, "log");
	requests = spool_fixture_open(&loop, log_path, HTTP_LOG_COMBINED);
	data = folder_path(folder, "root");
	site = site_new(&loop, docroot_open(data), NULL, &options);
	free(data);
	ck_assert_ptr_nonnull(site);
	service = web_service_new(&loop, requests);
	ck_assert_ptr_nonnull(service);
	web_service_change(service, site);
}

static void tear_down(void)
{
	conn_close_all(&loop);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.n_held, 0);
	(void)event_del(&stop);
	web_service_free(service);
	site_free(site);
	spool_close(requests);
	loop_clear(&loop);
	accounts_free(accounts);
	free(log_path);
	free(folder);
}

static void turn(void)
{
	event_active(&stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&loop), 0);
}

/* The turn that has begun has its time already. */
static void pass(time_t seconds)
{
	turn();
	later_s += seconds;
	turn();
	turn();
}

/* The callbacks that are due, in a turn that is as old as that. */
static void run_callbacks(size_t spent)
{
	loop.spent = spent;
	ck_assert_int_ge(
		event_base_loop(loop.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

/* --- the peer --- */

static void say(int peer, const char *text, size_t len)
{
	ck_assert_int_eq(sendto(peer, text, len, MSG_NOSIGNAL, NULL, 0),
			 (ssize_t)len);
}

/* What was said is looked at before time goes on. */
static void tell(int peer, const char *text)
{
	say(peer, text, strlen(text));
	turn();
}

/* Takes what has come so far. */
static void hear(int peer)
{
	ssize_t n;

	while ((n = recv(peer, heard + n_heard, sizeof(heard) - 1 - n_heard,
			 MSG_DONTWAIT)) > 0)
		n_heard += (size_t)n;
	is_over = n == 0;
	heard[n_heard] = '\0';
}

/* Turns until nothing more comes. */
static void hear_all(int peer)
{
	size_t before, n_quiet = 0;

	do {
		before = n_heard;
		turn();
		hear(peer);
		n_quiet = n_heard > before ? 0 : n_quiet + 1;
	} while (n_quiet < 3);
}

/* A socket pair whose ends hold little. */
static int pair_new(int *peer)
{
	int fds[2], size = 4096;

	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*peer = fds[1];
	return fds[0];
}

static int let_in_from(uint32_t host)
{
	struct address peer = address_any(AF_INET, 5000);
	int fd, end;

	peer.sa.in4.sin_addr.s_addr = htonl(host);
	fd = pair_new(&end);
	web_service_accept_cb(service, fd, &peer);
	return end;
}

static int let_in(void)
{
	return let_in_from(0x7f000001);
}

/* The statuses of the answers that have come, "200 404 ". */
static const char *statuses(void)
{
	static char list[1024];
	size_t len = 0;

	list[0] = '\0';
	for (const char *at = heard; (at = strstr(at, "HTTP/1.1 ")); at += 9) {
		if (at[9] < '2' || at[9] > '5')
			continue; /* words of a page */
		ck_assert_uint_lt(len + 5, sizeof(list));
		len += (size_t)snprintf(list + len, 5, "%.3s ", at + 9);
	}
	return list;
}

/* --- conversations --- */

#define TEN(text) text text text text text text text text text text

static const struct {
	const char *pieces[3]; /* each is a wake-up */
	const char *statuses;
	bool ends;
	uint64_t n_bad;
	const char *why;
} talks[] = {
	{{""}, "", false, 0, "nobody says anything"},
	{{GET("/a")}, "200 ", false, 0, "one request"},
	{{GET("/a") GET("/b")}, "200 404 ", false, 0, "two at once"},
	{{GET("/a"), GET("/b")}, "200 404 ", false, 0, "one and one"},
	{{"GET /a HT", "TP/1.1\r\nHo", "st: x\r\n\r\n"},
	 "200 ",
	 false,
	 0,
	 "one in pieces"},
	{{GET("/a") "GET /b HT", "TP/1.1\r\nHost: x\r\n\r\n"},
	 "200 404 ",
	 false,
	 0,
	 "one, and another in pieces"},
	{{GET_LAST("/a")}, "200 ", true, 0, "the last one"},
	{{GET_LAST("/a") GET("/b")}, "200 ", true, 0, "none behind the last"},
	{{"GET /a HTTP/1.0\r\n\r\n"}, "200 ", true, 0, "HTTP/1.0 ends"},
	{{GET("/middle") GET("/middle") GET("/a")},
	 "200 200 200 ",
	 false,
	 0,
	 "files that are sent from where they are"},
	{{GET("/large")}, "200 ", false, 0, "a large file"},
	{{GET("/large") GET("/a")}, "200 200 ", false, 0, "one behind it"},
	{{GET("/large") GET_LAST("/a")}, "200 200 ", true, 0, "the last one"},
	{{GET_LAST("/large")}, "200 ", true, 0, "a large one as the last"},
	{{GET("/large"), GET("/large") GET("/a")},
	 "200 200 200 ",
	 false,
	 0,
	 "several"},

	/* empty lines, RFC 9112, 2.2 */
	{{"\r\n" GET("/a")}, "200 ", false, 0, "one empty line before"},
	{{"\r\n", GET("/a")}, "200 ", false, 0, "or by itself"},
	{{"\r", "\n", GET("/a")}, "200 ", false, 0, "or in pieces"},
	{{GET("/a") "\r\n" GET("/b")}, "200 404 ", false, 0, "between two"},
	{{GET("/a") "\r\n", GET("/b")}, "200 404 ", false, 0, "between two"},
	{{GET("/a") "\r\n", "\r\n" GET("/b")},
	 "200 400 ",
	 true,
	 1,
	 "two empty lines"},
	{{"\r\n", "\r\n"}, "400 ", true, 1, "two empty lines"},
	{{"\r\n\r\n"}, "400 ", true, 1, "two empty lines"},
	{{"\r\n", GET("/a") "\r\n", GET("/b")},
	 "200 404 ",
	 false,
	 0,
	 "one before each"},

	/* what is no request */
	{{"\x16"}, "400 ", true, 1, "a byte that begins none"},
	{{"nonsense\r\n\r\n"}, "400 ", true, 1, "nonsense"},
	{{GET("/a") "\x16"}, "200 400 ", true, 1, "behind one"},
	{{"GET /a HTTP/1.1\r\n\r\n" GET("/a")}, "400 ", true, 1, "no Host"},

	/* content is not read */
	{{POST "Content-Length: 3\r\n\r\nabc" GET("/a")},
	 "405 ",
	 true,
	 0,
	 "content"},
	{{POST "Content-Length: 0\r\n\r\n" GET("/a")},
	 "405 200 ",
	 false,
	 0,
	 "none of it"},
	{{POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
	 "405 ",
	 true,
	 0,
	 "chunks"},
	{{POST "Transfer-Encoding: chunked\r\n\r\nxyz"},
	 "400 ",
	 true,
	 1,
	 "what is no chunk"},
	{{POST "Transfer-Encoding: chunked\r\n\r\n"},
	 "405 ",
	 true,
	 0,
	 "chunks to come"},
};

START_TEST(bytes_get_these_answers)
{
	int peer = let_in();
	uint64_t n_requests = 0;

	for (size_t i = 0; i < 3 && talks[_i].pieces[i]; i++) {
		say(peer, talks[_i].pieces[i], strlen(talks[_i].pieces[i]));
		hear_all(peer);
	}
	ck_assert_msg(!strcmp(statuses(), talks[_i].statuses), "%s: %s",
		      talks[_i].why, statuses());
	ck_assert_msg(is_over == talks[_i].ends, "%s", talks[_i].why);
	for (const char *at = talks[_i].statuses; *at; at += 4)
		n_requests++;
	ck_assert_uint_eq(loop.counters.http_bad_requests, talks[_i].n_bad);
	ck_assert_uint_eq(loop.counters.http_requests,
			  n_requests - talks[_i].n_bad);
	ck_assert_uint_eq(loop.counters.http_connections, 1);
	ck_assert_uint_eq(loop.counters.http_errors, 0);
	ck_assert_uint_eq(loop.counters.http_aborted, 0);
	(void)close(peer);
}
END_TEST

START_TEST(bytes_may_come_one_by_one)
{
	static const char text[] = GET("/a") "\r\n" GET("/b") GET_LAST("/a");
	int peer = let_in();

	for (size_t i = 0; i < strlen(text); i++) {
		say(peer, text + i, 1);
		turn();
	}
	hear_all(peer);
	ck_assert_str_eq(statuses(), "200 404 200 ");
	ck_assert(is_over);
	(void)close(peer);
}
END_TEST

START_TEST(many_requests_at_once_are_all_answered)
{
	static const char text[] = TEN(TEN(GET("/a"))) TEN(TEN(GET("/a")));
	size_t n = 0;
	int peer = let_in();

	say(peer, text, strlen(text));
	hear_all(peer);
	for (const char *at = heard; (at = strstr(at, "some text\n")); at++)
		n++;
	ck_assert_uint_eq(n, 200);
	ck_assert(!is_over);
	(void)close(peer);
}
END_TEST

START_TEST(a_new_peer_is_answered_at_once)
{
	struct address address = address_any(AF_INET, 5000);
	int peer, fd = pair_new(&peer);

	say(peer, GET_LAST("/a"), strlen(GET_LAST("/a")));
	web_service_accept_cb(service, fd, &address);
	hear(peer);
	ck_assert_str_eq(statuses(), "200 ");
	(void)close(peer);
}
END_TEST

/* --- fairness --- */

static const struct {
	size_t spent;
	uint64_t n;
} wake_ups[] = {{0, 64}, {2 << 20, 4}};

START_TEST(a_wake_up_answers_so_many)
{
	static const char text[] = TEN(TEN(GET("/b")));
	int peer = let_in();

	say(peer, text, strlen(text));
	run_callbacks(wake_ups[_i].spent);
	ck_assert_uint_eq(loop.counters.http_requests, wake_ups[_i].n);
	ck_assert_uint_gt(loop.spent, wake_ups[_i].spent);
	hear_all(peer);
	ck_assert_uint_eq(loop.counters.http_requests, 100);
	(void)close(peer);
}
END_TEST

/* What was sent behind the first request may be about a newer file. */
START_TEST(files_are_looked_at_again_behind_the_first_request)
{
	int peer = let_in(), other;

	turn();
	say(peer, GET("/a"), strlen(GET("/a")));
	run_callbacks(0);
	folder_write_text(folder, "root/a", "newer\n");
	/* Nobody could have asked later than this turn began. */
	say(peer, GET("/a"), strlen(GET("/a")));
	run_callbacks(0);
	hear(peer);
	ck_assert_ptr_null(strstr(heard, "newer"));
	say(peer, GET("/a") GET("/a"), 2 * strlen(GET("/a")));
	run_callbacks(0);
	n_heard = 0;
	hear(peer);
	ck_assert_ptr_nonnull(strstr(heard, "some text"));
	ck_assert_ptr_nonnull(strstr(heard, "newer"));
	folder_write_text(folder, "root/a", "newest\n");
	/* Who comes now may have asked just now. */
	other = let_in();
	say(other, GET("/a"), strlen(GET("/a")));
	run_callbacks(0);
	n_heard = 0;
	hear(other);
	ck_assert_ptr_nonnull(strstr(heard, "newest"));
	(void)close(other);
	(void)close(peer);
}
END_TEST

/* A file that is sent holds a descriptor; it is to be had from the idle. */
START_TEST(a_body_takes_the_place_of_an_idle_connection)
{
	int idle = let_in_from(2), other = let_in_from(3), peer;

	pass(1);
	peer = let_in_from(1);
	loop.max_descriptors = 5;
	say(peer, GET("/large"), strlen(GET("/large")));
	turn();
	ck_assert_uint_eq(loop.counters.shed, 0);
	hear_all(peer);
	loop.max_descriptors = 4;
	say(peer, GET("/a"), strlen(GET("/a")));
	turn();
	ck_assert_uint_eq(loop.counters.shed, 0);
	say(peer, GET("/large"), strlen(GET("/large")));
	turn();
	ck_assert_uint_eq(loop.counters.shed, 1);
	ck_assert_uint_eq(loop.n_conns, 2);
	(void)close(idle);
	(void)close(other);
	(void)close(peer);
}
END_TEST

/* --- limits --- */

START_TEST(an_idle_connection_ends_in_silence)
{
	int peer = let_in();

	if (_i > 0) {
		tell(peer, GET("/a"));
		hear_all(peer);
		n_heard = 0;
	}
	pass(HTTP_IDLE_S - 1);
	hear_all(peer);
	ck_assert(!is_over);
	pass(2);
	hear_all(peer);
	ck_assert(is_over);
	ck_assert_uint_eq(n_heard, 0);
	ck_assert_uint_eq(loop.counters.http_timeouts, 1);
	(void)close(peer);
}
END_TEST

/* More bytes do not renew the limit, nor does an earlier request use it up. */
START_TEST(a_head_has_a_limit)
{
	int peer = let_in();

	if (_i > 0) {
		tell(peer, GET("/a"));
		pass(HEADER_S - 1);
	}
	tell(peer, "GET /a ");
	pass(HEADER_S - 1);
	tell(peer, "HTTP/1.1\r\n");
	hear_all(peer);
	ck_assert(!is_over);
	pass(2);
	hear_all(peer);
	ck_assert_str_eq(statuses(), _i > 0 ? "200 408 " : "408 ");
	ck_assert(is_over);
	ck_assert_uint_eq(loop.counters.http_timeouts, 1);
	(void)close(peer);
}
END_TEST

START_TEST(each_head_has_a_limit_of_its_own)
{
	int peer = let_in();

	for (int i = 0; i < 3; i++) {
		tell(peer, "GET /a ");
		pass(HEADER_S - 1);
		tell(peer, "HTTP/1.1\r\nHost: x\r\n\r\nGET /a ");
		pass(HEADER_S - 1);
		tell(peer, "HTTP/1.1\r\nHost: x\r\n\r\n");
		pass(HTTP_IDLE_S - 1);
	}
	hear_all(peer);
	ck_assert_str_eq(statuses(), "200 200 200 200 200 200 ");
	ck_assert(!is_over);
	(void)close(peer);
}
END_TEST

START_TEST(a_peer_that_takes_nothing_ends)
{
	int peer = let_in();

	tell(peer, GET("/large"));
	pass(SEND_S - 1);
	ck_assert_uint_eq(loop.n_conns, 1);
	hear(peer);
	turn();
	pass(SEND_S - 1);
	ck_assert_uint_eq(loop.n_conns, 1);
	pass(2);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.http_timeouts, 1);
	ck_assert_uint_eq(loop.counters.http_aborted, 1);
	(void)close(peer);
}
END_TEST

/* It may have sent on, so it gets the time to read its answer. */
START_TEST(after_a_bad_request_a_peer_may_linger)
{
	int peer = let_in();

	tell(peer, "nonsense\r\n\r\n");
	hear_all(peer);
	ck_assert(is_over);
	tell(peer, "more");
	pass(LINGER_S - 1);
	ck_assert_uint_eq(loop.n_conns, 1);
	pass(2);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.http_timeouts, 0);
	(void)close(peer);
}
END_TEST

static const struct {
	const char *text;
	size_t n_conns; /* that are left */
	const char *why;
} last_words[] = {
	{GET_LAST("/a"), 0, "it asked for the end"},
	{GET_LAST("/a") "x", 1, "it said more"},
	{"POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 0,
	 "it has no content to send"},
	{"POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	 "Content-Length: 4\r\n\r\n",
	 1, "its content is yet to come"},
	{"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n", 1,
	 "it did not ask for the end"},
};

/* Who asked for the end, and says nothing more, is not waited for. */
START_TEST(after_the_last_answer_nobody_waits)
{
	int peer = let_in();

	say(peer, last_words[_i].text, strlen(last_words[_i].text));
	turn();
	turn();
	ck_assert_msg(loop.n_conns == last_words[_i].n_conns, "%s",
		      last_words[_i].why);
	(void)close(peer);
}
END_TEST

/* --- the end of the peer --- */

static const struct {
	const char *text;
	uint64_t n_aborted;
	const char *why;
} ends[] = {
	{"", 0, "it never asked"},
	{GET("/a"), 0, "it got all"},
	{"GET /a", 0, "it did not say all"},
	{GET("/large"), 1, "it did not take all"},
};

START_TEST(a_peer_may_go_at_any_time)
{
	int peer = let_in();

	say(peer, ends[_i].text, strlen(ends[_i].text));
	turn();
	(void)close(peer);
	turn();
	turn();
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_msg(loop.counters.http_aborted == ends[_i].n_aborted, "%s",
		      ends[_i].why);
}
END_TEST

/* --- the end of the server --- */

static void begin_drain(void)
{
	loop.draining = true;
	(void)conn_drain_some(&loop);
}

static const struct {
	const char *before, *after;
	const char *statuses;
	const char *why;
} drains[] = {
	{GET("/a"), "", "200 ", "who rests is let go"},
	{GET("/a") "\r\n", "", "200 ", "an empty line is no request"},
	{GET("/a") "\r", "", "200 ", "nor is a part of one"},
	{GET("/a") "GET /b ", "HTTP/1.1\r\nHost: x\r\n\r\n", "200 404 ",
	 "what has begun is answered"},
	{"GET /b ", "HTTP/1.1\r\nHost: x\r\n\r\n" GET("/a"), "404 200 ",
	 "and what came with it"},
	{GET("/large"), "", "200 ", "a large file is sent whole"},
	{GET("/large") GET("/a"), "", "200 200 ", "and what stands behind it"},
};

START_TEST(a_drain_answers_what_has_begun_and_ends)
{
	int peer = let_in();

	say(peer, drains[_i].before, strlen(drains[_i].before));
	turn();
	begin_drain();
	say(peer, drains[_i].after, strlen(drains[_i].after));
	hear_all(peer);
	ck_assert_msg(!strcmp(statuses(), drains[_i].statuses), "%s: %s",
		      drains[_i].why, statuses());
	/* Who was served just now may ask once more. */
	if (!is_over && !drains[_i].after[0]) {
		pass(2);
		hear_all(peer);
	}
	ck_assert_msg(is_over, "%s", drains[_i].why);
	if (drains[_i].after[0])
		ck_assert_ptr_nonnull(strstr(heard, "Connection: close\r\n"));
	(void)close(peer);
}
END_TEST

/* Its first request may be on its way. */
START_TEST(a_drain_waits_a_moment_for_who_has_just_come)
{
	int peer = let_in();

	begin_drain();
	hear_all(peer);
	ck_assert(!is_over);
	tell(peer, GET("/a"));
	hear_all(peer);
	ck_assert_str_eq(statuses(), "200 ");
	ck_assert(is_over);
	(void)close(peer);
	peer = let_in();
	begin_drain();
	pass(2);
	hear_all(peer);
	ck_assert(is_over);
	(void)close(peer);
}
END_TEST

/* --- the log --- */

static size_t count_in_log(const char *text)
{
	static char lines[65536];
	int fd = open(log_path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t len;

	spool_flush(requests);
	len = read(fd, lines, sizeof(lines) - 1);
	ck_assert_int_ge(len, 0);
	lines[len] = '\0';
	for (const char *at = lines; (at = strstr(at, text)); at++)
		n++;
	(void)close(fd);
	return n;
}

static void expect_log(size_t n_200, size_t n_400, size_t n_499)
{
	ck_assert_uint_eq(count_in_log("\" 200 "), n_200);
	ck_assert_uint_eq(count_in_log("\" 400 "), n_400);
	ck_assert_uint_eq(count_in_log("\" 499 "), n_499);
	ck_assert_uint_eq(count_in_log("\n"), n_200 + n_400 + n_499);
}

static const struct {
	const char *text;
	size_t n_200, n_400, n_499;
	const char *why;
} logged[] = {
	{GET("/a") GET("/a"), 2, 0, 0, "all answered"},
	{GET("/a") "\x16", 1, 1, 0, "one and nonsense"},
	{GET("/large"), 0, 0, 1, "an answer that was not taken"},
	{GET("/large") GET("/a") GET("/b"), 0, 0, 3, "and those behind it"},
	{GET("/large") GET("/a") "GET /b", 0, 0, 3, "and half of one"},
	{GET("/large") POST "Content-Length: 9\r\n\r\nGET /a HT", 0, 0, 2,
	 "content is no request"},
	{GET("/a") "GET /b", 1, 0, 1, "half of a request"},
	{GET("/a"), 1, 0, 0, "and nothing behind it"},
	{"", 0, 0, 0, "nothing at all"},
};

START_TEST(every_request_leaves_a_line)
{
	int peer = let_in();

	say(peer, logged[_i].text, strlen(logged[_i].text));
	turn();
	turn();
	(void)close(peer);
	turn();
	turn();
	expect_log(logged[_i].n_200, logged[_i].n_400, logged[_i].n_499);
}
END_TEST

START_TEST(a_long_answer_is_logged_when_it_is_taken)
{
	int peer = let_in();

	say(peer, GET("/large") GET("/a"), strlen(GET("/large") GET("/a")));
	turn();
	expect_log(0, 0, 0);
	hear_all(peer);
	expect_log(2, 0, 0);
	ck_assert_uint_eq(count_in_log("\" 200 307200 "), 1);
	ck_assert_uint_eq(count_in_log("\" 200 10 "), 1);
	(void)close(peer);
}
END_TEST

/* --- scarcity --- */

/* Whose answer there was no memory for has been broken off. */
START_TEST(a_request_without_memory_leaves_its_line)
{
	unsigned n = 0;
	int peer;

	/* Until it is the body's that fails. */
	do {
		conn_close_all(&loop);
		turn();
		peer = let_in();
		say(peer, GET("/large"), strlen(GET("/large")));
		(void)unlink(log_path);
		spool_reopen(requests);
		scarce_memory(++n);
		(void)event_base_loop(loop.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		ck_assert(scarce_memory_end());
	} while (loop.n_conns > 0);
	ck_assert_uint_eq(loop.counters.out_of_memory, 1);
	expect_log(0, 0, 1);
	(void)close(peer);
}
END_TEST

/* A log that is turned on later is for those who are there, too. */
START_TEST(a_log_that_begins_later_has_the_next_request)
{
	int peer;

	spool_use(requests, -1, "", 0);
	peer = let_in();
	tell(peer, GET("/a"));
	spool_use(requests, spool_open_file(log_path), log_path,
		  HTTP_LOG_COMBINED);
	expect_log(0, 0, 0);
	tell(peer, GET("/a"));
	expect_log(1, 0, 0);
	(void)close(peer);
}
END_TEST

/* Whatever allocation fails, it costs this connection and no other. */
START_TEST(without_memory_one_connection_ends)
{
	static const char text[] = GET("/large") GET("/a") "GET /b";
	unsigned n = 0;
	bool has_failed;

	do {
		int peer, fd = pair_new(&peer);
		struct address address = address_any(AF_INET, 5000);
		uint64_t before = loop.counters.out_of_memory +
				  loop.counters.log_lines_lost;

		say(peer, text, strlen(text));
		scarce_memory(++n);
		web_service_accept_cb(service, fd, &address);
		has_failed = scarce_memory_end();
		n_heard = 0;
		hear_all(peer);
		if (loop.n_conns == 0 && !strstr(heard, " 503 "))
			ck_assert_uint_gt(loop.counters.out_of_memory +
						  loop.counters.log_lines_lost,
					  before);
		else if (has_failed)
			ck_assert_uint_gt(n_heard, 0);
		(void)close(peer);
		turn();
		turn();
		ck_assert_uint_eq(loop.n_conns, 0);
		ck_assert_uint_eq(loop.n_held, 0);
	} while (has_failed && n < 100);
	ck_assert_str_eq(statuses(), "200 200 ");
	ck_assert_uint_ge(n, 6);
}
END_TEST

/* --- who is served --- */

#define TWO GET("/a") GET("/b")

static void use_rate(void)
{
	loop.request_rate = bucket_table_new(1, CLOCK_NS_PER_S);
	ck_assert_ptr_nonnull(loop.request_rate);
}

static void drop_rate(void)
{
	bucket_table_free(loop.request_rate);
	loop.request_rate = NULL;
}

START_TEST(who_asks_too_often_is_told_so)
{
	int peer;

	use_rate();
	peer = let_in();
	tell(peer, TWO);
	hear_all(peer);
	ck_assert_str_eq(statuses(), "200 429 ");
	ck_assert(!is_over);
	ck_assert_uint_eq(loop.counters.http_rate_refused, 1);
	(void)close(peer);
	drop_rate();
}
END_TEST

/* Those of Unix sockets are one to us; and without accounts nobody is known. */
START_TEST(who_is_not_known_may_ask_as_he_likes)
{
	struct address peer = {.len = sizeof(sa_family_t)};
	int fd, end;

	use_rate();
	peer.sa.any.sa_family = AF_UNIX;
	if (_i == 1)
		loop.accounts = NULL;
	fd = pair_new(&end);
	web_service_accept_cb(service, fd, &peer);
	tell(end, TWO);
	hear_all(end);
	ck_assert_str_eq(statuses(), "200 404 ");
	ck_assert_uint_eq(loop.counters.http_rate_refused, 0);
	(void)close(end);
	drop_rate();
}
END_TEST

START_TEST(who_is_denied_hears_nothing)
{
	static struct access access;
	char cause[NETWORK_CAUSE_SIZE];
	int peer;

	ck_assert_int_eq(access_add(&access.deny, "http:127.0.0.1", cause), 0);
	loop.access = &access;
	peer = let_in();
	hear_all(peer);
	ck_assert(is_over);
	ck_assert_uint_eq(n_heard, 0);
	ck_assert_uint_eq(loop.counters.http_access_refused, 1);
	ck_assert_uint_eq(loop.counters.http_connections, 0);
	(void)close(peer);
}
END_TEST

/* As many again hear why; whoever is more than that costs nothing. */
START_TEST(who_is_too_many_is_told_as_long_as_that_is_cheap)
{
	struct limits limits = limits_standard;
	int peers[6];
	const unsigned most = 2;

	loop.limits = &limits;
	if (_i == 0)
		limits.max_per_address = most;
	else
		limits.max_connections = most;
	for (unsigned i = 0; i < ARRAY_LEN(peers); i++) {
		peers[i] = let_in_from(1);
		n_heard = 0;
		hear(peers[i]);
		ck_assert_str_eq(statuses(),
				 i >= most && i < 2 * most ? "503 " : "");
		ck_assert(is_over == (i >= most));
	}
	ck_assert_uint_eq(loop.counters.http_address_refused, _i == 0 ? 4 : 0);
	ck_assert_uint_eq(loop.counters.http_limit_refused, _i == 0 ? 0 : 4);
	ck_assert_uint_eq(loop.counters.http_connections, 4);
	ck_assert_uint_eq(web_service_count(service), 4);
	conn_close_all(&loop);
	ck_assert_uint_eq(web_service_count(service), 0);
	loop.limits = &limits_standard;
	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		(void)close(peers[i]);
}
END_TEST

/* --- what is counted --- */

static struct conn *first_conn(void)
{
	return CONTAINER_OF(loop.conns.next, struct conn, node);
}

static const struct {
	enum conn_reason reason;
	uint64_t shrunk, timeouts, slow, errors;
} closings[] = {
	{CONN_FINISHED, 0, 0, 0, 0},  {CONN_SHRUNK, 1, 0, 0, 0},
	{CONN_TIMED_OUT, 0, 1, 0, 0}, {CONN_TOO_SLOW, 0, 0, 1, 0},
	{CONN_FAILED, 0, 0, 0, 1},
};

START_TEST(each_end_is_counted)
{
	const struct counters *counters = &loop.counters;
	int peer = let_in();

	conn_close(first_conn(), closings[_i].reason);
	ck_assert_uint_eq(counters->http_files_shrunk, closings[_i].shrunk);
	ck_assert_uint_eq(counters->http_timeouts, closings[_i].timeouts);
	ck_assert_uint_eq(counters->http_slow, closings[_i].slow);
	ck_assert_uint_eq(counters->http_errors, closings[_i].errors);
	ck_assert_uint_eq(counters->http_aborted, 0);
	(void)close(peer);
}
END_TEST

START_TEST(what_is_broken_off_is_counted)
{
	int peer = let_in();

	tell(peer, GET("/large"));
	conn_close(first_conn(), CONN_STOPPED);
	ck_assert_uint_eq(loop.counters.http_aborted, 1);
	(void)close(peer);
}
END_TEST

/* From the request's turn to the last byte's. */
START_TEST(durations_are_counted_when_all_is_sent)
{
	const struct outcomes *outcomes = web_service_outcomes(service);
	int peer = let_in();

	ck_assert_ptr_null(web_service_outcomes(NULL));
	ck_assert_uint_eq(web_service_count(NULL), 0);
	tell(peer, TWO);
	ck_assert_uint_eq(outcomes->n_within[0], 2);
	tell(peer, GET("/large") GET("/a"));
	hear(peer);
	pass(5);
	hear_all(peer);
	/* The one behind it was answered when that was gone, in a moment. */
	ck_assert_uint_eq(outcomes->n_within[0] + outcomes->n_within[1] +
				  outcomes->n_within[2] + outcomes->n_within[3],
			  3);
	ck_assert_uint_eq(outcomes->n_within[4], 1);
	ck_assert_uint_ge(outcomes->duration_ns, 5 * CLOCK_NS_PER_S);
	ck_assert_uint_lt(outcomes->duration_ns, 10 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(outcomes->n[HTTP_METHOD_GET][http_status_index(200)],
			  3);
	ck_assert_uint_eq(outcomes->n[HTTP_METHOD_GET][http_status_index(404)],
			  1);
	(void)close(peer);
}
END_TEST

static const struct {
	const char *said;
	const char *end;
} goings[] = {
	{"", " end=finished\n"},
	{"G", " end=abandoned\n"},
	{"GE", " end=abandoned\n"},
};

/* With nothing asked it is no more than the end. */
START_TEST(who_goes_with_a_question_begun_has_abandoned_it)
{
	char *path = folder_path(folder, "connections"), text[512];
	int peer, fd;
	ssize_t n;

	loop.connlog = spool_fixture_open(&loop, path, 0);
	peer = let_in();
	tell(peer, goings[_i].said);
	(void)close(peer);
	turn();
	spool_close(loop.connlog);
	loop.connlog = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_msg(strstr(text, goings[_i].end), "%s", text);
	(void)close(fd);
	free(path);
}
END_TEST

/* --- changes --- */

static void change_limits(const struct limits *limits)
{
	loop.limits = limits;
	web_service_change(service, site);
}

/* What has begun keeps its beginning. */
START_TEST(other_limits_hold_for_those_who_are_there)
{
	struct limits limits = limits_standard;
	int idle = let_in(), asking = let_in(), stalled = let_in(),
	    bad = let_in();

	tell(asking, "GET /");
	tell(stalled, GET("/large"));
	tell(bad, "nonsense\r\n\r\n");
	limits.linger_ns = 10 * CLOCK_NS_PER_S;
	limits.header_ns = 20 * CLOCK_NS_PER_S;
	limits.http_idle_ns = 30 * CLOCK_NS_PER_S;
	limits.send_ns = 40 * CLOCK_NS_PER_S;
	change_limits(&limits);
	pass(1);
	for (size_t left = 4; left > 0; left--) {
		pass(8);
		ck_assert_uint_eq(loop.n_conns, left);
		pass(2);
		/* Who is told of his time lingers for a moment. */
		if (left == 3) {
			hear(asking);
			ck_assert_str_eq(statuses(), "408 ");
			(void)close(asking);
			turn();
		}
		turn();
		ck_assert_uint_eq(loop.n_conns, left - 1);
	}
	change_limits(&limits_standard);
	(void)close(idle);
	(void)close(stalled);
	(void)close(bad);
}
END_TEST

START_TEST(another_parting_holds_in_a_drain)
{
	struct limits limits = limits_standard;
	int peer = let_in();

	limits.parting_ns = 7 * CLOCK_NS_PER_S;
	change_limits(&limits);
	loop.draining = true;
	(void)conn_drain_some(&loop);
	pass(6);
	ck_assert_uint_eq(loop.n_conns, 1);
	pass(2);
	ck_assert_uint_eq(loop.n_conns, 0);
	change_limits(&limits_standard);
	(void)close(peer);
}
END_TEST

static const struct {
	struct limits limits;
	const char *said;
	const char *statuses;
} heads[] = {
	{{.request_line_size = 18}, "GET /aaaaaaaaa HTTP/1.1\r\n", "414 "},
	{{.request_line_size = 99}, "GET /aaaaaaaaa HTTP/1.1\r\n", ""},
	{{.header_size = 27}, GET("/a") GET("/a"), "431 "},
	{{.header_fields = 1},
	 "GET /a HTTP/1.1\r\n" FIELDS "A: b\r\n\r\n",
	 "431 "},
};

START_TEST(heads_have_the_limits_that_are_in_force)
{
	struct limits limits = limits_standard;
	const struct limits *other = &heads[_i].limits;
	int peer = let_in();

	if (other->request_line_size > 0)
		limits.request_line_size = other->request_line_size;
	if (other->header_size > 0)
		limits.header_size = other->header_size;
	if (other->header_fields > 0)
		limits.header_fields = other->header_fields;
	change_limits(&limits);
	tell(peer, heads[_i].said);
	hear(peer);
	ck_assert_str_eq(statuses(), heads[_i].statuses);
	change_limits(&limits_standard);
	(void)close(peer);
}
END_TEST

/* --- what is left --- */

static void serve_and_free(void)
{
	struct web_service *before = service;
	int peer;

	service = web_service_new(&loop, requests);
	ck_assert_ptr_nonnull(service);
	web_service_change(service, site);
	peer = let_in();
	tell(peer, GET("/a") GET("/large"));
	/* With a body, bytes held, and a part of a head. */
	tell(peer, "GET /");
	conn_close_all(&loop);
	turn();
	(void)close(peer);
	peer = let_in();
	tell(peer, "GET /");
	conn_close_all(&loop);
	turn();
	(void)close(peer);
	web_service_free(service);
	service = before;
}

START_TEST(a_service_leaves_nothing_behind)
{
	struct web_service *none;
	int n_events;

	turn();
	n_events = event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED);
	leak_check(serve_and_free);
	ck_assert_int_eq(
		event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED),
		n_events);
	web_service_free(NULL);
	scarce_memory(1);
	none = web_service_new(&loop, requests);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(none);
}
END_TEST

static void add_who(Suite *suite)
{
	TCase *tcase = harness_case(suite, "who");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, who_asks_too_often_is_told_so);
	tcase_add_loop_test(tcase, who_is_not_known_may_ask_as_he_likes, 0, 2);
	tcase_add_test(tcase, who_is_denied_hears_nothing);
	tcase_add_loop_test(
		tcase, who_is_too_many_is_told_as_long_as_that_is_cheap, 0, 2);
	tcase_add_loop_test(tcase, each_end_is_counted, 0,
			    (int)ARRAY_LEN(closings));
	tcase_add_test(tcase, what_is_broken_off_is_counted);
	tcase_add_test(tcase, durations_are_counted_when_all_is_sent);
	tcase_add_loop_test(tcase,
			    who_goes_with_a_question_begun_has_abandoned_it, 0,
			    (int)ARRAY_LEN(goings));
	tcase_add_test(tcase, other_limits_hold_for_those_who_are_there);
	tcase_add_test(tcase, another_parting_holds_in_a_drain);
	tcase_add_loop_test(tcase, heads_have_the_limits_that_are_in_force, 0,
			    (int)ARRAY_LEN(heads));
	tcase_add_test(tcase, a_service_leaves_nothing_behind);
}

int main(void)
{
	Suite *suite = suite_create("web");
	TCase *tcase = harness_case(suite, "web");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, bytes_get_these_answers, 0,
			    (int)ARRAY_LEN(talks));
	tcase_add_test(tcase, bytes_may_come_one_by_one);
	tcase_add_test(tcase, many_requests_at_once_are_all_answered);
	tcase_add_test(tcase, a_new_peer_is_answered_at_once);
	tcase_add_loop_test(tcase, a_wake_up_answers_so_many, 0,
			    (int)ARRAY_LEN(wake_ups));
	tcase_add_test(tcase,
		       files_are_looked_at_again_behind_the_first_request);
	tcase_add_test(tcase, a_body_takes_the_place_of_an_idle_connection);
	tcase_add_loop_test(tcase, an_idle_connection_ends_in_silence, 0, 2);
	tcase_add_loop_test(tcase, a_head_has_a_limit, 0, 2);
	tcase_add_test(tcase, each_head_has_a_limit_of_its_own);
	tcase_add_test(tcase, a_peer_that_takes_nothing_ends);
	tcase_add_test(tcase, after_a_bad_request_a_peer_may_linger);
	tcase_add_loop_test(tcase, after_the_last_answer_nobody_waits, 0,
			    (int)ARRAY_LEN(last_words));
	tcase_add_loop_test(tcase, a_peer_may_go_at_any_time, 0,
			    (int)ARRAY_LEN(ends));
	tcase_add_loop_test(tcase, a_drain_answers_what_has_begun_and_ends, 0,
			    (int)ARRAY_LEN(drains));
	tcase_add_test(tcase, a_drain_waits_a_moment_for_who_has_just_come);
	tcase_add_loop_test(tcase, every_request_leaves_a_line, 0,
			    (int)ARRAY_LEN(logged));
	tcase_add_test(tcase, a_long_answer_is_logged_when_it_is_taken);
	tcase_add_test(tcase, a_request_without_memory_leaves_its_line);
	tcase_add_test(tcase, a_log_that_begins_later_has_the_next_request);
	tcase_add_test(tcase, without_memory_one_connection_ends);
	add_who(suite);
	return harness_run(suite);
}
