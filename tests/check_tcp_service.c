/* SPDX-License-Identifier: MIT */
/*
 * The TCP service over socket pairs, turn by turn: what comes back and when,
 * when a connection ends, what is counted, and what a drain waits for. Time
 * moves when a test says so.
 */
#include "server/tcp_service.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "loop/conn.h"
#include "scarce.h"

#define FLOOD ((size_t)1 << 20)

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
static struct tcp_service *services[2]; /* [once] */

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static void set_up(void)
{
	later_s = 0;
	ck_assert_int_eq(loop_init(&loop), 0);
	(void)event_assign(&stop, loop.base, -1, 0, stop_cb, &loop);
	for (int once = 0; once < 2; once++) {
		services[once] = tcp_service_new(&loop, once);
		ck_assert_ptr_nonnull(services[once]);
	}
}

static void tear_down(void)
{
	conn_close_all(&loop);
	ck_assert_uint_eq(loop.n_conns, 0);
	(void)event_del(&stop);
	tcp_service_free(services[0]);
	tcp_service_free(services[1]);
	loop_clear(&loop);
}

static void turn(void)
{
	event_active(&stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&loop), 0);
}

/* The turn that has begun has its time already. */
static void pass(uint64_t ns)
{
	turn();
	later_s += (time_t)(ns / CLOCK_NS_PER_S);
	turn();
	turn();
}

static int let_in(bool once)
{
	struct address peer = address_any(AF_INET, 5000);
	int fds[2], size = 4096;

	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	for (int i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
				 sizeof(size));
	tcp_service_accept_cb(services[once], fds[0], &peer);
	return fds[1];
}

/* Sends what the socket takes; returns how much that is. */
static size_t say(int peer, const void *data, size_t len)
{
	ssize_t n = sendto(peer, data, len, MSG_NOSIGNAL, NULL, 0);

	return n > 0 ? (size_t)n : 0;
}

static void tell(int peer, const char *text)
{
	ck_assert_uint_eq(say(peer, text, strlen(text)), strlen(text));
	turn();
	turn();
}

static void expect(int peer, const char *text)
{
	char got[128];
	ssize_t n = recv(peer, got, sizeof(got), MSG_DONTWAIT);

	ck_assert_msg(n == (ssize_t)strlen(text), "%zd bytes, not \"%s\"", n,
		      text);
	ck_assert_mem_eq(got, text, (size_t)n);
}

static bool is_over(int peer)
{
	char byte;

	return recv(peer, &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(a_stream_comes_back_in_capitals)
{
	int peer = let_in(false);

	tell(peer, "hello");
	expect(peer, "HELLO");
	tell(peer, ", World 1");
	expect(peer, ", WORLD 1");
	ck_assert(!is_over(peer));
	ck_assert_uint_eq(loop.counters.tcp_connections, 1);
	(void)shutdown(peer, SHUT_WR);
	turn();
	ck_assert(is_over(peer));
	ck_assert_uint_eq(loop.n_conns, 0);
	(void)close(peer);
}
END_TEST

START_TEST(once_is_one_answer_and_the_end)
{
	int peer = let_in(true);

	tell(peer, "hello");
	expect(peer, "HELLO");
	ck_assert(is_over(peer));
	ck_assert_uint_eq(loop.n_conns, 1);
	/* What comes behind it is not answered, and does no harm. */
	tell(peer, "more");
	ck_assert(is_over(peer));
	(void)close(peer);
	turn();
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.tcp_errors, 0);
}
END_TEST

/* A peer that does not read is not read from, and loses nothing by it. */
START_TEST(a_flood_comes_back_whole)
{
	unsigned char *data = bytes_new(FLOOD), *wanted = bytes_new(FLOOD);
	unsigned char got[4096];
	size_t sent = 0, heard = 0, before;
	int peer = let_in(false);

	bytes_pattern(data, FLOOD, 1);
	bytes_upper(wanted, data, FLOOD);
	do {
		before = sent;
		sent += say(peer, data + sent, FLOOD - sent);
		turn();
	} while (sent > before);
	ck_assert_uint_lt(sent, FLOOD / 2);
	while (heard < FLOOD) {
		ssize_t n = recv(peer, got, sizeof(got), MSG_DONTWAIT);

		if (n > 0) {
			ck_assert_mem_eq(got, wanted + heard, (size_t)n);
			heard += (size_t)n;
		}
		sent += say(peer, data + sent, FLOOD - sent);
		turn();
	}
	(void)close(peer);
	free(data);
	free(wanted);
}
END_TEST

/* Others wait less when the turn is old. */
START_TEST(a_wake_up_is_bounded)
{
	static char data[32768];
	struct address address = address_any(AF_INET, 5000);
	int fds[2];
	size_t before;

	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	tcp_service_accept_cb(services[0], fds[0], &address);
	ck_assert_uint_eq(say(fds[1], data, sizeof(data)), sizeof(data));
	before = loop.spent = loop.limits->turn_bytes;
	ck_assert_int_ge(
		event_base_loop(loop.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	ck_assert_uint_eq(loop.spent - before, 16384);
	loop.spent = 0;
	ck_assert_int_ge(
		event_base_loop(loop.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	ck_assert_uint_eq(loop.spent, 16384);
	(void)close(fds[1]);
}
END_TEST

/* --- limits --- */

START_TEST(an_idle_connection_ends)
{
	uint64_t limit_ns = loop.limits->tcp_idle_ns;
	int peer = let_in(false);

	pass(limit_ns - CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 1);
	tell(peer, "hello");
	expect(peer, "HELLO");
	pass(limit_ns - CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 1);
	pass(2 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert(is_over(peer));
	ck_assert_uint_eq(loop.counters.tcp_timeouts, 1);
	ck_assert_uint_eq(loop.counters.tcp_errors, 0);
	(void)close(peer);
}
END_TEST

START_TEST(a_peer_that_takes_nothing_ends)
{
	unsigned char *data = bytes_new(FLOOD);
	size_t sent = 0, before;
	int peer = let_in(false);

	memset(data, 'x', FLOOD);
	do {
		before = sent;
		sent += say(peer, data + sent, FLOOD - sent);
		turn();
	} while (sent > before);
	pass(loop.limits->tcp_idle_ns - CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 1);
	pass(2 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.tcp_timeouts, 1);
	(void)close(peer);
	free(data);
}
END_TEST

START_TEST(who_has_got_his_one_answer_is_waited_for_so_long)
{
	int peer = let_in(true);

	tell(peer, "hello");
	pass(loop.limits->linger_ns - CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 1);
	pass(2 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.tcp_timeouts, 0);
	(void)close(peer);
}
END_TEST

START_TEST(a_reset_is_counted)
{
	int peer = let_in(false);

	tell(peer, "hello");
	(void)close(peer); /* with an answer unread */
	turn();
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.tcp_errors, 1);
	ck_assert_uint_eq(loop.counters.tcp_timeouts, 0);
}
END_TEST

/* --- a drain --- */

static void begin_drain(void)
{
	loop.draining = true;
	(void)conn_drain_some(&loop);
}

START_TEST(a_drain_answers_what_has_come_and_ends)
{
	int peer = let_in(false);

	tell(peer, "hello");
	expect(peer, "HELLO");
	ck_assert_uint_eq(say(peer, "more", 4), 4);
	begin_drain();
	expect(peer, "MORE");
	turn();
	ck_assert(is_over(peer));
	(void)close(peer);
}
END_TEST

START_TEST(a_drain_lets_go_who_rests)
{
	int peer = let_in(false);

	tell(peer, "hello");
	expect(peer, "HELLO");
	pass(loop.limits->parting_ns + CLOCK_NS_PER_S);
	begin_drain();
	turn();
	ck_assert(is_over(peer));
	ck_assert_uint_eq(loop.n_conns, 0);
	(void)close(peer);
}
END_TEST

/* Its first bytes may be on their way; and then it has the end. */
START_TEST(a_drain_waits_a_moment_for_who_has_just_come)
{
	int peer = let_in(false), silent = let_in(false);

	begin_drain();
	turn();
	ck_assert(!is_over(peer));
	tell(peer, "hello");
	expect(peer, "HELLO");
	ck_assert(is_over(peer));
	ck_assert(!is_over(silent));
	pass(loop.limits->parting_ns + CLOCK_NS_PER_S);
	ck_assert(is_over(silent));
	ck_assert_uint_eq(loop.n_conns, 0);
	(void)close(peer);
	(void)close(silent);
}
END_TEST

/* What lingers already is not waited for as long as usual. */
START_TEST(a_drain_shortens_the_wait)
{
	int peer = let_in(true);

	tell(peer, "hello");
	begin_drain();
	pass(loop.limits->parting_ns + CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 0);
	(void)close(peer);
}
END_TEST

/* --- scarcity --- */

/* A timer that was not to be had is asked for again. */
START_TEST(without_memory_one_connection_ends)
{
	unsigned n = 0, n_ended = 0;
	bool has_failed;

	do {
		struct address address = address_any(AF_INET, 5000);
		int fds[2];

		ck_assert_int_eq(
			socketpair(AF_UNIX,
				   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				   0, fds),
			0);
		scarce_memory(++n);
		tcp_service_accept_cb(services[0], fds[0], &address);
		has_failed = scarce_memory_end();
		n_ended += loop.n_conns == 0;
		ck_assert(is_over(fds[1]) == (loop.n_conns == 0));
		ck_assert_uint_eq(loop.counters.out_of_memory, n_ended);
		if (loop.n_conns > 0) {
			tell(fds[1], "hello");
			expect(fds[1], "HELLO");
		}
		(void)close(fds[1]);
		turn();
		ck_assert_uint_eq(loop.n_conns, 0);
	} while (has_failed && n < 100);
	ck_assert_uint_ge(n_ended, 1);
}
END_TEST

/* Its queues have timers, which would outlive it. */
START_TEST(a_service_leaves_no_timer_behind)
{
	int n_events =
		event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED);
	struct tcp_service *service = tcp_service_new(&loop, false);
	struct address peer = address_any(AF_INET, 5000);
	int fds[2];

	ck_assert_ptr_nonnull(service);
	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	tcp_service_accept_cb(service, fds[0], &peer);
	turn();
	conn_close_all(&loop);
	turn();
	tcp_service_free(service);
	ck_assert_int_eq(
		event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED),
		n_events);
	(void)close(fds[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp_service");
	TCase *tcase = harness_case(suite, "tcp_service");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_stream_comes_back_in_capitals);
	tcase_add_test(tcase, once_is_one_answer_and_the_end);
	tcase_add_test(tcase, a_flood_comes_back_whole);
	tcase_add_test(tcase, a_wake_up_is_bounded);
	tcase_add_test(tcase, an_idle_connection_ends);
	tcase_add_test(tcase, a_peer_that_takes_nothing_ends);
	tcase_add_test(tcase, who_has_got_his_one_answer_is_waited_for_so_long);
	tcase_add_test(tcase, a_reset_is_counted);
	tcase_add_test(tcase, a_drain_answers_what_has_come_and_ends);
	tcase_add_test(tcase, a_drain_lets_go_who_rests);
	tcase_add_test(tcase, a_drain_waits_a_moment_for_who_has_just_come);
	tcase_add_test(tcase, a_drain_shortens_the_wait);
	tcase_add_test(tcase, a_service_leaves_no_timer_behind);
	tcase_add_test(tcase, without_memory_one_connection_ends);
	return harness_run(suite);
}
