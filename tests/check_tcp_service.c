/* SPDX-License-Identifier: MIT */
/*
 * The TCP service over socket pairs, turn by turn: what comes back and when,
 * when a connection ends, what is counted, and what a drain waits for. Time
 * moves when a test says so.
 */
#include "server/tcp_service.h"

#include <arpa/inet.h>
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
#include "leak.h"
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

static int let_in_from(uint32_t host, bool once)
{
	struct address peer = address_any(AF_INET, 5000);
	int fds[2], size = 4096;

	peer.sa.in4.sin_addr.s_addr = htonl(host);

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

static int let_in(bool once)
{
	return let_in_from(INADDR_ANY, once);
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

/* A peer that has sent very much waits its turn, and loses nothing. */
START_TEST(a_drain_goes_in_steps)
{
	enum {
		SLICE = 16384,
		STEPS = 16
	};
	static char data[SLICE];
	int peer = let_in(false), size = 1 << 22;
	size_t n_more = 0;

	(void)setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(CONTAINER_OF(loop.conns.next, struct conn, node)->fd,
			 SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (int i = 0; i < STEPS + 2; i++)
		if (say(peer, data, SLICE) == SLICE)
			n_more++;
	if (n_more < STEPS + 2) {
		harness_skip("sockets of this host hold too little");
		return;
	}
	loop.draining = true;
	loop.spent = loop.limits->turn_bytes;
	(void)conn_drain_some(&loop);
	ck_assert_uint_eq(loop.counters.tcp_bytes, STEPS * SLICE);
	ck_assert_uint_eq(loop.n_conns, 1);
	turn();
	ck_assert_uint_eq(loop.counters.tcp_bytes, (STEPS + 2) * SLICE);
	(void)close(peer);
}
END_TEST

/* Its one answer does not fit; when it has gone out, so has the end. */
START_TEST(once_is_the_end_of_a_long_answer_too)
{
	static char data[1 << 15];
	int peer = let_in(true), size = 1 << 20;
	size_t n, heard = 0;
	ssize_t got;

	(void)setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	n = say(peer, data, sizeof(data));
	turn();
	ck_assert(conn_has_held(
		CONTAINER_OF(loop.conns.next, struct conn, node)));
	do {
		got = recv(peer, data, sizeof(data), MSG_DONTWAIT);
		heard += got > 0 ? (size_t)got : 0;
		turn();
	} while (got != 0);
	ck_assert_uint_eq(heard, n);
	(void)close(peer);
}
END_TEST

/* --- who is let in --- */

START_TEST(who_is_denied_is_turned_away)
{
	static struct access access;
	char cause[NETWORK_CAUSE_SIZE];
	int denied, served;

	ck_assert_int_eq(access_add(&access.deny, "tcp:10.0.0.1", cause), 0);
	loop.access = &access;
	denied = let_in_from(0x0a000001, false);
	served = let_in_from(0x0a000002, false);
	ck_assert(is_over(denied));
	ck_assert(!is_over(served));
	ck_assert_uint_eq(loop.counters.tcp_access_refused, 1);
	ck_assert_uint_eq(loop.counters.tcp_connections, 1);
	ck_assert_uint_eq(tcp_service_count(services[0]), 1);
	ck_assert_uint_eq(tcp_service_count(NULL), 0);
	(void)close(denied);
	(void)close(served);
}
END_TEST

/* Of each address, or of all together. */
START_TEST(who_is_one_too_many_is_turned_away)
{
	struct limits limits = limits_standard;
	int peers[3];

	loop.accounts = accounts_new(10);
	loop.limits = &limits;
	if (_i == 0)
		limits.max_per_address = 1;
	else
		limits.max_connections = 2;
	peers[0] = let_in_from(1, false);
	peers[1] = let_in_from(2, false);
	peers[2] = let_in_from(2, false);
	ck_assert(!is_over(peers[0]));
	ck_assert(!is_over(peers[1]));
	ck_assert(is_over(peers[2]));
	ck_assert_uint_eq(loop.counters.tcp_address_refused, _i == 0);
	ck_assert_uint_eq(loop.counters.tcp_limit_refused, _i == 1);
	conn_close_all(&loop);
	accounts_free(loop.accounts);
	loop.accounts = NULL;
	loop.limits = &limits_standard;
	for (int i = 0; i < 3; i++)
		(void)close(peers[i]);
}
END_TEST

/* --- what becomes of them --- */

static const struct {
	enum conn_reason reason;
	uint64_t timeouts, slow, errors;
} ends[] = {
	{CONN_FINISHED, 0, 0, 0}, {CONN_TIMED_OUT, 1, 0, 0},
	{CONN_TOO_SLOW, 0, 1, 0}, {CONN_FAILED, 0, 0, 1},
	{CONN_SHED, 0, 0, 0},
};

START_TEST(each_end_is_counted)
{
	int peer = let_in(false);

	conn_close(CONTAINER_OF(loop.conns.next, struct conn, node),
		   ends[_i].reason);
	ck_assert_uint_eq(loop.counters.tcp_timeouts, ends[_i].timeouts);
	ck_assert_uint_eq(loop.counters.tcp_slow, ends[_i].slow);
	ck_assert_uint_eq(loop.counters.tcp_errors, ends[_i].errors);
	ck_assert_uint_eq(tcp_service_count(services[0]), 0);
	(void)close(peer);
}
END_TEST

/* --- changes --- */

/* What has begun keeps its beginning, and ends by the new limits. */
START_TEST(other_limits_hold_for_those_who_are_there)
{
	struct limits limits = limits_standard;
	int idle = let_in(false), once = let_in(true), stalled, size = 1 << 20;
	static char data[1 << 15];

	loop.limits = &limits;
	tell(once, "hello");
	stalled = let_in(false);
	(void)setsockopt(stalled, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)say(stalled, data, sizeof(data));
	turn();
	ck_assert(conn_has_held(
		CONTAINER_OF(loop.conns.prev, struct conn, node)));
	limits.tcp_idle_ns = 20 * CLOCK_NS_PER_S;
	limits.linger_ns = 10 * CLOCK_NS_PER_S;
	tcp_service_change(services[0], false);
	tcp_service_change(services[1], true);
	pass(9 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 3);
	pass(2 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 2);
	pass(8 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 2);
	pass(2 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.tcp_timeouts, 2);
	loop.limits = &limits_standard;
	(void)close(idle);
	(void)close(once);
	(void)close(stalled);
}
END_TEST

START_TEST(another_parting_holds_in_a_drain)
{
	struct limits limits = limits_standard;
	int peer = let_in(false);

	loop.limits = &limits;
	limits.parting_ns = 7 * CLOCK_NS_PER_S;
	tcp_service_change(services[0], false);
	begin_drain();
	pass(6 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 1);
	pass(2 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 0);
	loop.limits = &limits_standard;
	(void)close(peer);
}
END_TEST

START_TEST(once_is_a_choice_that_may_change)
{
	int peer = let_in(false);

	tcp_service_change(services[0], true);
	tell(peer, "hello");
	expect(peer, "HELLO");
	ck_assert(is_over(peer));
	(void)close(peer);
}
END_TEST

/* A balancer's header has a limit of the gate's, which changes along. */
START_TEST(a_balancer_has_the_limits_too)
{
	static struct access_list proxies;
	struct limits limits = limits_standard;
	char cause[NETWORK_CAUSE_SIZE];
	int peer, n_events;

	ck_assert_int_eq(access_add_proxy(&proxies, "10.0.0.1", cause), 0);
	loop.proxies = &proxies;
	loop.limits = &limits;
	n_events = event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED);
	peer = let_in_from(0x0a000001, false);
	limits.header_ns = 3 * CLOCK_NS_PER_S;
	tcp_service_change(services[0], false);
	pass(4 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.tcp_proxy_refused, 1);
	(void)close(peer);
	peer = let_in_from(0x0a000001, false);
	tell(peer, "PROXY UNKNOWN\r\nhello");
	expect(peer, "HELLO");
	conn_close_all(&loop);
	turn();
	tcp_service_free(services[0]);
	services[0] = NULL;
	/* Of the gate's timers none is left; that of the log is another's. */
	refusals_clear(&loop.refusals);
	ck_assert_int_eq(
		event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED),
		n_events);
	loop.limits = &limits_standard;
	(void)close(peer);
}
END_TEST

/* --- scarcity --- */

static void serve_and_free(void)
{
	struct tcp_service *before = services[0];
	int peer;

	services[0] = tcp_service_new(&loop, false);
	ck_assert_ptr_nonnull(services[0]);
	peer = let_in(false);
	tell(peer, "hello");
	conn_close_all(&loop);
	turn();
	tcp_service_free(services[0]);
	services[0] = before;
	(void)close(peer);
}

START_TEST(a_service_leaves_nothing_behind)
{
	struct tcp_service *none;

	leak_check(serve_and_free);
	tcp_service_free(NULL);
	scarce_memory(1);
	none = tcp_service_new(&loop, false);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(none);
}
END_TEST

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
	tcase_add_test(tcase, a_drain_goes_in_steps);
	tcase_add_test(tcase, once_is_the_end_of_a_long_answer_too);
	tcase_add_test(tcase, who_is_denied_is_turned_away);
	tcase_add_loop_test(tcase, who_is_one_too_many_is_turned_away, 0, 2);
	tcase_add_loop_test(tcase, each_end_is_counted, 0,
			    (int)ARRAY_LEN(ends));
	tcase_add_test(tcase, other_limits_hold_for_those_who_are_there);
	tcase_add_test(tcase, another_parting_holds_in_a_drain);
	tcase_add_test(tcase, once_is_a_choice_that_may_change);
	tcase_add_test(tcase, a_balancer_has_the_limits_too);
	tcase_add_test(tcase, a_service_leaves_nothing_behind);
	tcase_add_test(tcase, a_service_leaves_no_timer_behind);
	tcase_add_test(tcase, without_memory_one_connection_ends);
	return harness_run(suite);
}
