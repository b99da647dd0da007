/* SPDX-License-Identifier: MIT */
/*
 * Connections of balancers over socket pairs, turn by turn: when the service
 * gets them, with which visitor and which bytes, and what becomes of those
 * whose header is wrong, late, or never comes. Time moves when a test says so.
 */
#include "loop/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"
#include "scarce.h"

#define HEADER "PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n"
#define PROXY  0x0a000001

/* How far the monotonic clock is ahead; stands before the C library's. */
static time_t later_s;

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (id != CLOCK_REALTIME)
		now->tv_sec += later_s;
	return result;
}

/* Whether the kernel has forgotten who the peer is. */
static bool is_forgotten;

int getpeername(int fd, struct sockaddr *peer, socklen_t *len)
{
	if (!is_forgotten)
		return (int)syscall(SYS_getpeername, fd, peer, len);
	errno = ENOTCONN;
	return -1;
}

static struct loop loop;
static struct event stop;
static struct gate gate;
static struct access_list proxies;
static int peer; /* the balancer's end */

/* What the service has got. */
static struct visitor visitor;
static unsigned n_admitted;
static int admitted_fd;

static void admit_cb(void *service, int fd, const struct visitor *from)
{
	ck_assert_ptr_eq(service, &loop);
	visitor = *from;
	n_admitted++;
	admitted_fd = fd;
}

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static void open_gate(enum access_service service)
{
	gate_init(&gate, &loop, service, admit_cb, &loop);
}

static void set_up(void)
{
	char cause[NETWORK_CAUSE_SIZE];

	ck_assert_int_eq(loop_init(&loop), 0);
	(void)event_assign(&stop, loop.base, -1, 0, stop_cb, &loop);
	ck_assert_int_eq(access_add_proxy(&proxies, "10.0.0.1", cause), 0);
	loop.proxies = &proxies;
	open_gate(ACCESS_TCP);
}

static void turn(void)
{
	event_active(&stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&loop), 0);
}

static void tear_down(void)
{
	conn_close_all(&loop);
	turn();
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.n_waiting, 0);
	gate_clear(&gate);
	(void)event_del(&stop);
	refusals_clear(&loop.refusals);
	ck_assert_int_eq(
		event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED),
		0);
	loop_clear(&loop);
}

static void pass(time_t seconds)
{
	turn();
	later_s += seconds;
	turn();
	turn();
}

static void say(const char *bytes, size_t len)
{
	ck_assert_int_eq(send(peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void tell(const char *text)
{
	say(text, strlen(text));
	turn();
}

static struct address host(uint32_t number)
{
	struct address address = address_any(AF_INET, 4711);

	address.sa.in4.sin_addr.s_addr = htonl(number);
	return address;
}

/* Somebody from this host connects, and has sent this. */
static void let_in_with(uint32_t number, const char *text)
{
	struct address from = host(number);
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	peer = fds[1];
	say(text, strlen(text));
	gate_pass(&gate, fds[0], &from);
}

static void let_in(const char *text)
{
	let_in_with(PROXY, text);
}

static bool is_over(void)
{
	char byte;
	ssize_t n = recv(peer, &byte, 1, MSG_DONTWAIT);

	/* With bytes unread it is a reset. */
	return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* The service has it, for this visitor, and finds these bytes in it. */
static void expect_admitted(const char *from, uint16_t port, const char *bytes)
{
	char text[ADDRESS_TEXT_SIZE], got[64] = "";

	ck_assert_uint_eq(n_admitted, 1);
	ck_assert_int_eq(visitor.way, VISITOR_INTRODUCED);
	ck_assert_str_eq(address_format_host(&visitor.address, text), from);
	ck_assert_uint_eq(address_port(&visitor.address), port);
	ck_assert_int_eq(recv(admitted_fd, got, sizeof(got), 0),
			 *bytes ? (ssize_t)strlen(bytes) : -1);
	ck_assert_str_eq(got, bytes);
	ck_assert_uint_eq(loop.n_conns, 0);
	(void)close(admitted_fd);
}

/* --- who passes --- */

START_TEST(whoever_is_no_balancer_passes)
{
	let_in_with(0x0a000002, HEADER);
	ck_assert_uint_eq(n_admitted, 1);
	ck_assert_int_eq(visitor.way, VISITOR_DIRECT);
	ck_assert_uint_eq(loop.n_conns, 0);
	(void)close(admitted_fd);
	loop.proxies = NULL;
	let_in(HEADER);
	ck_assert_uint_eq(n_admitted, 2);
	(void)close(admitted_fd);
}
END_TEST

/* What is there when it connects is read at once. */
START_TEST(a_header_that_is_there_is_read_at_once)
{
	let_in(HEADER "hello");
	expect_admitted("192.0.2.1", 5000, "hello");
	ck_assert_uint_eq(loop.counters.tcp_proxy_refused, 0);
}
END_TEST

START_TEST(a_header_may_come_in_pieces)
{
	static const char text[] = HEADER "hello";
	size_t cut = (size_t)_i;
	char first[64] = "";

	memcpy(first, text, cut);
	let_in(first);
	if (cut < strlen(HEADER)) {
		ck_assert_uint_eq(n_admitted, 0);
		ck_assert_uint_eq(loop.n_conns, 1);
		turn();
		tell(text + cut);
		expect_admitted("192.0.2.1", 5000, "hello");
	} else {
		expect_admitted("192.0.2.1", 5000, first + strlen(HEADER));
	}
}
END_TEST

START_TEST(bytes_may_come_one_by_one)
{
	let_in("");
	for (const char *at = HEADER; *at; at++) {
		ck_assert_uint_eq(n_admitted, 0);
		say(at, 1);
		turn();
	}
	expect_admitted("192.0.2.1", 5000, "");
}
END_TEST

START_TEST(an_ipv6_visitor_is_introduced_too)
{
	let_in("PROXY TCP6 2001:db8::1 2001:db8::2 7 80\r\n");
	expect_admitted("2001:db8::1", 7, "");
}
END_TEST

/* It speaks for itself: the connection is from where it is from. */
START_TEST(who_speaks_for_nobody_is_the_balancer)
{
	let_in("PROXY UNKNOWN\r\nhello");
	ck_assert_uint_eq(n_admitted, 1);
	ck_assert_int_eq(visitor.way, VISITOR_PROXY);
	ck_assert_int_eq(visitor.address.sa.any.sa_family, AF_UNIX);
	(void)close(admitted_fd);
}
END_TEST

START_TEST(whose_address_nobody_knows_is_closed)
{
	is_forgotten = true;
	let_in("PROXY UNKNOWN\r\n");
	ck_assert_uint_eq(n_admitted, 0);
	ck_assert(is_over());
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.tcp_proxy_refused, 0);
}
END_TEST

/* --- who does not --- */

static const struct {
	enum access_service service;
	const char *text;
	bool ends; /* the balancer, then */
	bool is_refused;
	const char *why;
} refused[] = {
	{ACCESS_TCP, "GET / HTTP/1.1\r\n", false, true, "no header at all"},
	{ACCESS_HTTP, "GET / HTTP/1.1\r\n", false, true, "nor of HTTP"},
	{ACCESS_TCP, "PROXY TCP4 nonsense\r\n", false, true, "a wrong one"},
	{ACCESS_TCP, "P", true, true, "one that ends"},
	{ACCESS_TCP, "", true, false, "who looks whether somebody is here"},
};

START_TEST(what_is_no_header_is_refused)
{
	const struct counters *counters = &loop.counters;
	bool is_http = refused[_i].service == ACCESS_HTTP;
	char cause[NETWORK_CAUSE_SIZE];

	ck_assert_int_eq(access_add_proxy(&proxies, "10.0.0.1", cause), 0);
	gate_clear(&gate);
	open_gate(refused[_i].service);
	let_in(refused[_i].text);
	if (refused[_i].ends) {
		ck_assert_uint_eq(loop.n_conns, 1);
		(void)shutdown(peer, SHUT_WR);
		turn();
	}
	ck_assert_msg(loop.n_conns == 0, "%s", refused[_i].why);
	ck_assert_uint_eq(n_admitted, 0);
	ck_assert_uint_eq(counters->tcp_proxy_refused,
			  refused[_i].is_refused && !is_http);
	ck_assert_uint_eq(counters->http_proxy_refused,
			  refused[_i].is_refused && is_http);
}
END_TEST

/* Nor of one whom the kernel has forgotten. */
START_TEST(who_is_refused_need_not_be_known)
{
	is_forgotten = true;
	let_in("nonsense\r\n");
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.counters.tcp_proxy_refused, 1);
}
END_TEST

/* --- time --- */

START_TEST(a_header_has_a_limit)
{
	let_in(_i == 0 ? "" : "PROXY ");
	pass(9);
	ck_assert_uint_eq(loop.n_conns, 1);
	/* More of it does not renew it. */
	if (_i == 1)
		tell("TCP4 ");
	pass(2);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert(is_over());
	ck_assert_uint_eq(loop.counters.tcp_proxy_refused, 1);
}
END_TEST

/* This process was busy for long, and the header is there. */
START_TEST(who_was_in_time_is_let_in_though_we_are_late)
{
	let_in("PROXY TCP4 ");
	turn();
	say("192.0.2.1 192.0.2.2 5000 80\r\n", 29);
	later_s += 60;
	event_active(&gate.header.timer, EV_TIMEOUT, 0);
	turn();
	turn();
	expect_admitted("192.0.2.1", 5000, "");
}
END_TEST

START_TEST(another_limit_holds_for_those_who_wait)
{
	struct limits limits = limits_standard;

	loop.limits = &limits;
	let_in("");
	limits.header_ns = 20 * CLOCK_NS_PER_S;
	limits.parting_ns = 5 * CLOCK_NS_PER_S;
	gate_change(&gate);
	pass(19);
	ck_assert_uint_eq(loop.n_conns, 1);
	pass(2);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(gate.parting.limit_ns, limits.parting_ns);
	loop.limits = &limits_standard;
}
END_TEST

/* --- a drain --- */

static void begin_drain(void)
{
	loop.draining = true;
	ck_assert(!conn_drain_some(&loop));
}

/* Its service is to be told of the drain, when it has it. */
START_TEST(a_drain_waits_for_a_header_for_a_moment)
{
	let_in("PROXY ");
	begin_drain();
	ck_assert_uint_eq(loop.n_waiting, 1);
	pass(2);
	ck_assert_uint_eq(loop.n_conns, 0);
	ck_assert_uint_eq(loop.n_waiting, 0);
	ck_assert_uint_eq(loop.counters.tcp_proxy_refused, 0);
	ck_assert(is_over());
}
END_TEST

START_TEST(who_comes_with_his_header_in_a_drain_is_let_in)
{
	let_in("PROXY TCP4 192.0.2.1 ");
	begin_drain();
	loop.running = true;
	tell("192.0.2.2 5000 80\r\n");
	ck_assert_uint_eq(loop.n_waiting, 0);
	expect_admitted("192.0.2.1", 5000, "");
	/* It may have been the last one. */
	ck_assert(!loop.running);
}
END_TEST

/* --- scarcity --- */

/* The object, its account, its event, or what has come of the header. */
START_TEST(without_memory_one_connection_ends)
{
	struct address from = host(PROXY);
	unsigned n = 0, n_ended = 0;
	bool has_failed;

	do {
		int fds[2];

		n_admitted = 0;
		ck_assert_int_eq(
			socketpair(AF_UNIX,
				   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				   0, fds),
			0);
		peer = fds[1];
		say("PROXY ", 6);
		scarce_memory(++n);
		gate_hold(&gate, fds[0], &from);
		has_failed = scarce_memory_end();
		n_ended += loop.n_conns == 0;
		ck_assert(is_over() == (loop.n_conns == 0));
		ck_assert_uint_eq(loop.counters.out_of_memory, n_ended);
		if (loop.n_conns > 0) {
			tell("TCP4 192.0.2.1 192.0.2.2 5000 80\r\n");
			expect_admitted("192.0.2.1", 5000, "");
		}
		turn();
		(void)close(peer);
	} while (has_failed && n < 100);
	ck_assert_uint_ge(n_ended, 2);
}
END_TEST

static void let_in_all_ways(void)
{
	let_in("PROXY TCP4 ");
	tell("192.0.2.1 192.0.2.2 5000 80\r\n");
	(void)close(admitted_fd);
	(void)close(peer);
	let_in("PROXY ");
	(void)close(peer);
	turn();
	let_in("nonsense\r\n");
	(void)close(peer);
	turn();
}

START_TEST(a_gate_leaves_nothing_behind)
{
	leak_check(let_in_all_ways);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gate");
	TCase *tcase = harness_case(suite, "gate");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, whoever_is_no_balancer_passes);
	tcase_add_test(tcase, a_header_that_is_there_is_read_at_once);
	tcase_add_loop_test(tcase, a_header_may_come_in_pieces, 0,
			    sizeof(HEADER) + 4);
	tcase_add_test(tcase, bytes_may_come_one_by_one);
	tcase_add_test(tcase, an_ipv6_visitor_is_introduced_too);
	tcase_add_test(tcase, who_speaks_for_nobody_is_the_balancer);
	tcase_add_test(tcase, whose_address_nobody_knows_is_closed);
	tcase_add_loop_test(tcase, what_is_no_header_is_refused, 0,
			    ARRAY_LEN(refused));
	tcase_add_test(tcase, who_is_refused_need_not_be_known);
	tcase_add_loop_test(tcase, a_header_has_a_limit, 0, 2);
	tcase_add_test(tcase, who_was_in_time_is_let_in_though_we_are_late);
	tcase_add_test(tcase, another_limit_holds_for_those_who_wait);
	tcase_add_test(tcase, a_drain_waits_for_a_header_for_a_moment);
	tcase_add_test(tcase, who_comes_with_his_header_in_a_drain_is_let_in);
	tcase_add_test(tcase, without_memory_one_connection_ends);
	tcase_add_test(tcase, a_gate_leaves_nothing_behind);
	return harness_run(suite);
}
