/* SPDX-License-Identifier: MIT */
/*
 * Connections over a socket pair with the smallest buffers that the kernel
 * gives, driven turn by turn: who does not read is not read from, what a socket
 * does not take is held and is bounded, everything arrives once and in order,
 * and a connection that died is freed at the end of its turn, once.
 *
 * SIGPIPE keeps its default here: a write to a closed peer must not need it to
 * be ignored.
 */
#include "server/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"

/* What a connection has seen; outlives it. */
struct seen {
	unsigned n_readable;
	unsigned n_writable;
	unsigned n_closed;
	unsigned n_freed;
	enum conn_reason reason;
};

struct test_conn {
	struct conn conn;
	struct seen *seen;
	struct deadline_queue *stall;
};

/* One loop, one connection, and the other end of its socket. */
struct fixture {
	struct loop loop;
	struct event stop;
	struct list_node conns;
	struct deadline_queue linger;
	struct deadline_queue stall;
	struct test_conn *tc;
	struct conn *conn; /* of tc */
	struct seen seen;
	int peer;
};

static struct seen *seen_of(struct conn *conn)
{
	return CONTAINER_OF(conn, struct test_conn, conn)->seen;
}

/* Echoes, as the TCP service does; so the tests exercise the real order. */
static void echo_readable(struct conn *conn)
{
	size_t n;

	seen_of(conn)->n_readable++;
	switch (conn_receive(conn, conn->loop->in, LOOP_IN_SIZE, &n)) {
	case CONN_GOT_BYTES:
		if (conn_send(conn, conn->loop->in, n, false) == CONN_HELD)
			conn_wait_writable(
				conn, CONTAINER_OF(conn, struct test_conn, conn)
					      ->stall);
		break;
	case CONN_GOT_END:
		conn_close(conn, CONN_FINISHED);
		break;
	default:
		break;
	}
}

static void echo_writable(struct conn *conn)
{
	seen_of(conn)->n_writable++;
	conn_wait_readable(conn);
}

static void on_closed(struct conn *conn, enum conn_reason reason)
{
	struct seen *seen = seen_of(conn);

	seen->n_closed++;
	seen->reason = reason;
	ck_assert(conn->closed);
	ck_assert_uint_eq(seen->n_freed, 0);
}

static void on_free(struct conn *conn)
{
	struct test_conn *tc = CONTAINER_OF(conn, struct test_conn, conn);

	tc->seen->n_freed++;
	free(tc);
}

static const struct conn_ops echo_ops = {
	.readable = echo_readable,
	.writable = echo_writable,
	.closed = on_closed,
	.free = on_free,
};

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static void expired_cb(struct deadline *deadline)
{
	conn_close(CONTAINER_OF(deadline, struct conn, deadline),
		   CONN_TIMED_OUT);
}

static void set_nonblocking(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

/* The kernel rounds this up to its least. */
static void make_small(int fd)
{
	int size = 1;

	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
}

static struct fixture *fixture_new(uint64_t linger_ns)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int fds[2];

	ck_assert_ptr_nonnull(fixture);
	ck_assert_int_eq(loop_init(&fixture->loop), 0);
	ck_assert_int_eq(event_assign(&fixture->stop, fixture->loop.base, -1, 0,
				      stop_cb, &fixture->loop),
			 0);
	list_init(&fixture->conns);
	deadline_queue_init(&fixture->stall, &fixture->loop,
			    60 * CLOCK_NS_PER_S, conn_stall_expired_cb);
	deadline_queue_init(&fixture->linger, &fixture->loop, linger_ns,
			    expired_cb);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	make_small(fds[0]);
	make_small(fds[1]);
	set_nonblocking(fds[0]);
	set_nonblocking(fds[1]);
	fixture->peer = fds[1];
	fixture->tc = calloc(1, sizeof(*fixture->tc));
	ck_assert_ptr_nonnull(fixture->tc);
	fixture->tc->seen = &fixture->seen;
	fixture->tc->stall = &fixture->stall;
	fixture->conn = &fixture->tc->conn;
	conn_init(fixture->conn, &fixture->loop, fds[0], &echo_ops);
	list_add_last(&fixture->conns, &fixture->conn->node);
	return fixture;
}

/* One turn of the loop that does not wait. */
static void turn(struct fixture *fixture)
{
	uint64_t before = fixture->loop.turn;

	event_active(&fixture->stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	ck_assert_uint_eq(fixture->loop.turn, before + 1);
}

static void fixture_free(struct fixture *fixture)
{
	if (fixture->seen.n_freed == 0) {
		conn_close(fixture->conn, CONN_STOPPED);
		turn(fixture);
	}
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	ck_assert_uint_eq(fixture->loop.n_conns, 0);
	ck_assert(list_is_empty(&fixture->conns));
	if (fixture->peer >= 0)
		(void)close(fixture->peer);
	deadline_queue_clear(&fixture->linger);
	deadline_queue_clear(&fixture->stall);
	(void)event_del(&fixture->stop);
	loop_clear(&fixture->loop);
	free(fixture);
}

static void close_peer(struct fixture *fixture)
{
	ck_assert_int_eq(close(fixture->peer), 0);
	fixture->peer = -1;
}

static void peer_sends(struct fixture *fixture, const char *text)
{
	ck_assert_int_eq(send(fixture->peer, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
}

static void peer_expects(struct fixture *fixture, const char *text)
{
	char got[64];
	ssize_t n = recv(fixture->peer, got, sizeof(got), 0);

	ck_assert_msg(n == (ssize_t)strlen(text) &&
			      !memcmp(got, text, (size_t)n),
		      "%zd bytes, not \"%s\"", n, text);
}

static void peer_expects_end(struct fixture *fixture)
{
	char byte;

	ck_assert_int_eq(recv(fixture->peer, &byte, 1, 0), 0);
}

/* Sends until the kernel takes no more; returns how much it took. */
static size_t peer_floods(struct fixture *fixture, const unsigned char *data,
			  size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(fixture->peer, data + done, len - done,
				 MSG_NOSIGNAL);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	return done;
}

/* --- size --- */

START_TEST(an_idle_connection_is_small)
{
	/* The mark is 400 bytes with what a service adds to it. */
	ck_assert_uint_le(sizeof(struct conn), 360);
}
END_TEST

/* --- reading and writing --- */

START_TEST(nothing_is_read_before_it_is_asked_for)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	peer_sends(fixture, "a");
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_readable, 0);
	ck_assert(!conn_is_reading(fixture->conn));
	conn_wait_readable(fixture->conn);
	ck_assert(conn_is_reading(fixture->conn));
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_readable, 1);
	peer_expects(fixture, "a");
	fixture_free(fixture);
}
END_TEST

START_TEST(a_connection_counts_while_it_is_open)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	ck_assert_uint_eq(fixture->loop.n_conns, 1);
	conn_close(fixture->conn, CONN_FINISHED);
	ck_assert_uint_eq(fixture->loop.n_conns, 0);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(every_message_is_answered_in_its_turn)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_wait_readable(fixture->conn);
	for (unsigned i = 1; i <= 100; i++) {
		peer_sends(fixture, "hello");
		turn(fixture);
		peer_expects(fixture, "hello");
		ck_assert_uint_eq(fixture->seen.n_readable, i);
		ck_assert(!conn_has_held(fixture->conn));
	}
	ck_assert_uint_eq(fixture->seen.n_writable, 0);
	fixture_free(fixture);
}
END_TEST

START_TEST(an_idle_connection_is_left_alone)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_wait_readable(fixture->conn);
	for (int i = 0; i < 10; i++)
		turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_readable, 0);
	ck_assert_uint_eq(fixture->seen.n_writable, 0);
	fixture_free(fixture);
}
END_TEST

START_TEST(writability_is_told_when_nothing_is_held)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_wait_writable(fixture->conn, &fixture->stall);
	ck_assert(!conn_is_reading(fixture->conn));
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_writable, 1);
	ck_assert(conn_is_reading(fixture->conn));
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_writable, 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(receiving_from_an_empty_socket_would_block)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	char buf[8];
	size_t n;

	ck_assert_int_eq(conn_receive(fixture->conn, buf, sizeof(buf), &n),
			 CONN_GOT_NOTHING);
	peer_sends(fixture, "abc");
	ck_assert_int_eq(conn_receive(fixture->conn, buf, 2, &n),
			 CONN_GOT_BYTES);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(conn_receive(fixture->conn, buf, sizeof(buf), &n),
			 CONN_GOT_BYTES);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(buf[0], 'c');
	close_peer(fixture);
	ck_assert_int_eq(conn_receive(fixture->conn, buf, sizeof(buf), &n),
			 CONN_GOT_END);
	ck_assert(!fixture->conn->closed);
	fixture_free(fixture);
}
END_TEST

START_TEST(input_is_seen_but_the_end_is_none)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	char byte;
	size_t n;

	ck_assert(!conn_has_input(fixture->conn));
	peer_sends(fixture, "a");
	ck_assert(conn_has_input(fixture->conn));
	ck_assert_int_eq(conn_receive(fixture->conn, &byte, 1, &n),
			 CONN_GOT_BYTES);
	ck_assert(!conn_has_input(fixture->conn));
	close_peer(fixture);
	ck_assert(!conn_has_input(fixture->conn));
	fixture_free(fixture);
}
END_TEST

/* --- backpressure --- */

#define FLOOD ((size_t)4 << 20)

/*
 * A peer that sends data[sent..total) and reads nothing, until no turn of ours
 * makes room for more. Returns how much it has sent then.
 */
static size_t flood_on(struct fixture *fixture, const unsigned char *data,
		       size_t sent, size_t total)
{
	size_t before;

	do {
		before = sent;
		sent += peer_floods(fixture, data + sent, total - sent);
		turn(fixture);
		ck_assert_uint_le(fixture->conn->out.len, LOOP_IN_SIZE);
	} while (sent > before);
	return sent;
}

static size_t flood(struct fixture *fixture, const unsigned char *data)
{
	return flood_on(fixture, data, 0, FLOOD);
}

START_TEST(a_peer_that_does_not_read_is_not_read_from)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	unsigned char *data = bytes_new(FLOOD);
	unsigned n_readable;
	size_t sent;

	bytes_pattern(data, FLOOD, 1);
	conn_wait_readable(fixture->conn);
	sent = flood(fixture, data);
	ck_assert_uint_lt(sent, FLOOD);
	ck_assert(conn_has_held(fixture->conn));
	ck_assert(!conn_is_reading(fixture->conn));

	n_readable = fixture->seen.n_readable;
	for (int i = 0; i < 20; i++)
		turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_readable, n_readable);
	ck_assert_uint_eq(fixture->seen.n_writable, 0);
	ck_assert(conn_has_input(fixture->conn));
	free(data);
	fixture_free(fixture);
}
END_TEST

START_TEST(what_a_peer_can_make_us_keep_is_bounded)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	unsigned char *data = bytes_new(FLOOD);
	size_t sent;

	bytes_pattern(data, FLOOD, 1);
	conn_wait_readable(fixture->conn);
	sent = flood(fixture, data);
	/* Both directions of the kernel's smallest buffers, and one read. */
	ck_assert_uint_le(sent, 3 * LOOP_IN_SIZE);
	ck_assert_uint_le(fixture->conn->out.len, LOOP_IN_SIZE);
	free(data);
	fixture_free(fixture);
}
END_TEST

/* Reads at most `bite` bytes, checks them against data, returns how many. */
static size_t peer_reads(struct fixture *fixture, const unsigned char *data,
			 size_t bite)
{
	unsigned char got[4096];
	ssize_t n;

	ck_assert_uint_le(bite, sizeof(got));
	n = recv(fixture->peer, got, bite, 0);
	if (n < 0) {
		ck_assert_int_eq(errno, EAGAIN);
		return 0;
	}
	ck_assert_int_eq(memcmp(got, data, (size_t)n), 0);
	return (size_t)n;
}

static const size_t bites[] = {1, 7, 100, 1024, 4096};

START_TEST(a_peer_that_reads_again_gets_every_byte_in_order)
{
	enum {
		TOTAL = 300000
	};
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	unsigned char *data = bytes_new(TOTAL);
	size_t sent = 0, got = 0, bite = bites[_i];

	bytes_pattern(data, TOTAL, 2);
	conn_wait_readable(fixture->conn);
	while (got < TOTAL) {
		size_t n;

		sent = flood_on(fixture, data, sent, TOTAL);
		while (got < TOTAL &&
		       (n = peer_reads(fixture, data + got, bite)) > 0)
			got += n;
	}
	ck_assert_uint_gt(fixture->seen.n_writable, 0);
	turn(fixture);
	ck_assert(!conn_has_held(fixture->conn));
	ck_assert(conn_is_reading(fixture->conn));
	free(data);
	fixture_free(fixture);
}
END_TEST

START_TEST(room_for_a_part_sends_a_part)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	unsigned char *data = bytes_new(FLOOD);
	size_t got = 0, left;

	bytes_pattern(data, FLOOD, 1);
	conn_wait_readable(fixture->conn);
	(void)flood(fixture, data);
	left = fixture->conn->out.len - fixture->conn->out.off;
	/* Little by little, until the first of what is held moves on. */
	while (fixture->conn->out.len - fixture->conn->out.off == left &&
	       conn_has_held(fixture->conn)) {
		size_t n = peer_reads(fixture, data + got, 512);

		ck_assert_uint_gt(n, 0);
		got += n;
		turn(fixture);
	}
	ck_assert_uint_eq(fixture->seen.n_closed, 0);
	free(data);
	fixture_free(fixture);
}
END_TEST

START_TEST(memory_that_held_bytes_is_given_back)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	unsigned char *data = bytes_new(FLOOD);
	size_t got = 0;

	bytes_pattern(data, FLOOD, 1);
	conn_wait_readable(fixture->conn);
	(void)flood(fixture, data);
	ck_assert(conn_has_held(fixture->conn));
	while (conn_has_held(fixture->conn)) {
		got += peer_reads(fixture, data + got, 4096);
		turn(fixture);
	}
	ck_assert_ptr_null(fixture->conn->out.ptr);
	ck_assert_uint_eq(fixture->conn->out.len, 0);
	free(data);
	fixture_free(fixture);
}
END_TEST

START_TEST(closing_gives_back_what_is_held)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	unsigned char *data = bytes_new(FLOOD);

	bytes_pattern(data, FLOOD, 1);
	conn_wait_readable(fixture->conn);
	(void)flood(fixture, data);
	ck_assert(conn_has_held(fixture->conn));
	conn_close(fixture->conn, CONN_TIMED_OUT);
	ck_assert(!conn_has_held(fixture->conn));
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	turn(fixture);
	free(data);
	fixture_free(fixture);
}
END_TEST

START_TEST(what_is_sent_at_once_is_not_held)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	ck_assert_int_eq(conn_send(fixture->conn, "abc", 3, false), CONN_SENT);
	ck_assert(!conn_has_held(fixture->conn));
	peer_expects(fixture, "abc");
	ck_assert_int_eq(conn_send(fixture->conn, "ab", 2, true), CONN_SENT);
	ck_assert_int_eq(conn_send(fixture->conn, "c", 1, false), CONN_SENT);
	peer_expects(fixture, "abc");
	ck_assert_int_eq(conn_send(fixture->conn, "", 0, false), CONN_SENT);
	fixture_free(fixture);
}
END_TEST

/* --- held bytes --- */

START_TEST(held_bytes_are_a_copy)
{
	struct conn_held held = {0};
	char buf[] = "abc";

	ck_assert_int_eq(conn_hold(&held, buf, 3), 0);
	memset(buf, 'x', 3);
	ck_assert_ptr_nonnull(held.ptr);
	ck_assert_uint_eq(held.off, 0);
	ck_assert_uint_eq(held.len, 3);
	ck_assert_int_eq(memcmp(held.ptr, "abc", 3), 0);
	conn_held_clear(&held);
	ck_assert_ptr_null(held.ptr);
	ck_assert_uint_eq(held.len, 0);
	conn_held_clear(&held);
}
END_TEST

START_TEST(nothing_is_held_without_memory)
{
	struct conn_held held = {0};

	ck_assert_int_eq(conn_hold(&held, "", 0), 0);
	ck_assert_ptr_null(held.ptr);
}
END_TEST

/* --- the end --- */

START_TEST(a_connection_is_freed_at_the_end_of_its_turn)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_wait_readable(fixture->conn);
	conn_close(fixture->conn, CONN_SHED);
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_SHED);
	ck_assert_uint_eq(fixture->seen.n_freed, 0);
	ck_assert(fixture->conn->closed);
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_first_reason_to_close_counts)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_close(fixture->conn, CONN_ABANDONED);
	conn_close(fixture->conn, CONN_FAILED);
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_ABANDONED);
	ck_assert_uint_eq(fixture->loop.n_conns, 0);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_closed_connection_is_not_armed_again)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_close(fixture->conn, CONN_FINISHED);
	conn_wait_readable(fixture->conn);
	ck_assert(!conn_is_reading(fixture->conn));
	conn_wait_writable(fixture->conn, &fixture->stall);
	ck_assert_int_eq(fixture->conn->armed, 0);
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_readable, 0);
	ck_assert_uint_eq(fixture->seen.n_writable, 0);
	fixture_free(fixture);
}
END_TEST

START_TEST(closing_closes_the_descriptor_and_leaves_every_list)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	int fd = fixture->conn->fd;

	deadline_start(&fixture->linger, &fixture->conn->deadline);
	conn_close(fixture->conn, CONN_STOPPED);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert(list_is_empty(&fixture->conns));
	ck_assert_ptr_null(deadline_first(&fixture->linger));
	peer_expects_end(fixture);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_peers_end_is_told)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_wait_readable(fixture->conn);
	peer_sends(fixture, "last");
	ck_assert_int_eq(shutdown(fixture->peer, SHUT_WR), 0);
	turn(fixture);
	peer_expects(fixture, "last");
	turn(fixture);
	ck_assert_int_eq(fixture->seen.reason, CONN_FINISHED);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	peer_expects_end(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(sending_to_a_closed_peer_fails_without_a_signal)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	close_peer(fixture);
	ck_assert_int_eq(conn_send(fixture->conn, "abc", 3, false),
			 CONN_BROKEN);
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_FAILED);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_peer_that_closes_with_bytes_held_ends_it_without_a_signal)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	unsigned char *data = bytes_new(FLOOD);

	bytes_pattern(data, FLOOD, 1);
	conn_wait_readable(fixture->conn);
	(void)flood(fixture, data);
	ck_assert(conn_has_held(fixture->conn));
	close_peer(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_FAILED);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	free(data);
	fixture_free(fixture);
}
END_TEST

/* A UNIX socket that is closed with unread bytes resets its peer. */
START_TEST(receiving_from_a_reset_connection_fails)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	char byte;
	size_t n;

	ck_assert_int_eq(conn_send(fixture->conn, "abc", 3, false), CONN_SENT);
	close_peer(fixture);
	ck_assert_int_eq(conn_receive(fixture->conn, &byte, 1, &n),
			 CONN_GOT_BROKEN);
	ck_assert_int_eq(fixture->seen.reason, CONN_FAILED);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_last_connection_ends_a_draining_loop)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	fixture->loop.draining = true;
	conn_wait_readable(fixture->conn);
	close_peer(fixture);
	/* Only the connection's end can stop the loop. */
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_loop_that_does_not_drain_outlives_its_connections)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	fixture->loop.running = true;
	conn_close(fixture->conn, CONN_FINISHED);
	ck_assert(fixture->loop.running);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(being_out_of_memory_is_counted)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_close(fixture->conn, CONN_NO_MEMORY);
	ck_assert_uint_eq(fixture->loop.counters.out_of_memory, 1);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

/* A descriptor's number comes back at once; its events must not. */
START_TEST(a_new_connection_on_an_old_number_is_served)
{
	for (int i = 0; i < 3; i++) {
		struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
		struct test_conn *tc = calloc(1, sizeof(*tc));
		struct seen seen = {0};
		int fds[2], old = fixture->conn->fd;

		ck_assert_ptr_nonnull(tc);
		conn_wait_readable(fixture->conn);
		turn(fixture);
		conn_close(fixture->conn, CONN_FINISHED);
		ck_assert_int_eq(
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds),
			0);
		ck_assert_int_eq(fds[0], old);
		set_nonblocking(fds[0]);
		tc->seen = &seen;
		conn_init(&tc->conn, &fixture->loop, fds[0], &echo_ops);
		conn_wait_readable(&tc->conn);
		ck_assert_int_eq(send(fds[1], "x", 1, MSG_NOSIGNAL), 1);
		turn(fixture);
		ck_assert_uint_eq(seen.n_readable, 1);
		ck_assert_uint_eq(fixture->seen.n_readable, 0);
		conn_close(&tc->conn, CONN_FINISHED);
		turn(fixture);
		ck_assert_uint_eq(seen.n_freed, 1);
		(void)close(fds[1]);
		fixture_free(fixture);
	}
}
END_TEST

/* --- lingering --- */

START_TEST(a_lingering_connection_has_sent_its_end)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	ck_assert_int_eq(conn_send(fixture->conn, "answer", 6, false),
			 CONN_SENT);
	conn_linger(fixture->conn, &fixture->linger);
	ck_assert(!fixture->conn->closed);
	ck_assert(!conn_is_reading(fixture->conn));
	peer_expects(fixture, "answer");
	peer_expects_end(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_closed, 0);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_lingering_connection_discards_what_arrives)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);
	unsigned char *data = bytes_new(FLOOD);
	size_t sent = 0;

	bytes_pattern(data, FLOOD, 1);
	conn_wait_readable(fixture->conn);
	conn_linger(fixture->conn, &fixture->linger);
	for (int i = 0; i < 1000 && sent < FLOOD; i++) {
		sent += peer_floods(fixture, data + sent, FLOOD - sent);
		turn(fixture);
	}
	ck_assert_uint_gt(sent, 3 * LOOP_IN_SIZE);
	ck_assert_uint_eq(fixture->seen.n_readable, 0);
	ck_assert(!conn_has_held(fixture->conn));
	ck_assert_uint_eq(fixture->seen.n_closed, 0);
	free(data);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_lingering_connection_ends_with_its_peer)
{
	struct fixture *fixture = fixture_new(CLOCK_NS_PER_S);

	conn_linger(fixture->conn, &fixture->linger);
	peer_sends(fixture, "late");
	close_peer(fixture);
	turn(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_FINISHED);
	ck_assert_ptr_null(deadline_first(&fixture->linger));
	fixture_free(fixture);
}
END_TEST

START_TEST(a_lingering_connection_ends_with_its_deadline)
{
	uint64_t limit_ns = 30 * CLOCK_NS_PER_MS, started_ns;
	struct fixture *fixture = fixture_new(limit_ns);

	fixture->loop.draining = true; /* its end stops the loop */
	started_ns = clock_mono_ns();
	conn_linger(fixture->conn, &fixture->linger);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	ck_assert_uint_ge(clock_mono_ns() - started_ns, limit_ns);
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	fixture_free(fixture);
}
END_TEST

START_TEST(lingering_with_a_peer_that_never_stops_sending_ends_too)
{
	uint64_t limit_ns = 30 * CLOCK_NS_PER_MS;
	struct fixture *fixture = fixture_new(limit_ns);
	unsigned char data[1024] = {0};

	conn_linger(fixture->conn, &fixture->linger);
	while (fixture->seen.n_freed == 0) {
		(void)peer_floods(fixture, data, sizeof(data));
		turn(fixture);
	}
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	fixture_free(fixture);
}
END_TEST

/* --- the suite --- */

static void add_reading(Suite *suite)
{
	TCase *tcase = harness_case(suite, "reading and writing");

	tcase_add_test(tcase, an_idle_connection_is_small);
	tcase_add_test(tcase, nothing_is_read_before_it_is_asked_for);
	tcase_add_test(tcase, a_connection_counts_while_it_is_open);
	tcase_add_test(tcase, every_message_is_answered_in_its_turn);
	tcase_add_test(tcase, an_idle_connection_is_left_alone);
	tcase_add_test(tcase, writability_is_told_when_nothing_is_held);
	tcase_add_test(tcase, receiving_from_an_empty_socket_would_block);
	tcase_add_test(tcase, input_is_seen_but_the_end_is_none);
}

static void add_backpressure(Suite *suite)
{
	TCase *tcase = harness_case(suite, "backpressure");

	tcase_add_test(tcase, a_peer_that_does_not_read_is_not_read_from);
	tcase_add_test(tcase, what_a_peer_can_make_us_keep_is_bounded);
	tcase_add_loop_test(tcase,
			    a_peer_that_reads_again_gets_every_byte_in_order, 0,
			    (int)ARRAY_LEN(bites));
	tcase_add_test(tcase, room_for_a_part_sends_a_part);
	tcase_add_test(tcase, memory_that_held_bytes_is_given_back);
	tcase_add_test(tcase, closing_gives_back_what_is_held);
	tcase_add_test(tcase, what_is_sent_at_once_is_not_held);
	tcase_add_test(tcase, held_bytes_are_a_copy);
	tcase_add_test(tcase, nothing_is_held_without_memory);
}

static void add_end(Suite *suite)
{
	TCase *tcase = harness_case(suite, "end");

	tcase_add_test(tcase, a_connection_is_freed_at_the_end_of_its_turn);
	tcase_add_test(tcase, the_first_reason_to_close_counts);
	tcase_add_test(tcase, a_closed_connection_is_not_armed_again);
	tcase_add_test(tcase,
		       closing_closes_the_descriptor_and_leaves_every_list);
	tcase_add_test(tcase, the_peers_end_is_told);
	tcase_add_test(tcase, sending_to_a_closed_peer_fails_without_a_signal);
	tcase_add_test(
		tcase,
		a_peer_that_closes_with_bytes_held_ends_it_without_a_signal);
	tcase_add_test(tcase, receiving_from_a_reset_connection_fails);
	tcase_add_test(tcase, the_last_connection_ends_a_draining_loop);
	tcase_add_test(tcase,
		       a_loop_that_does_not_drain_outlives_its_connections);
	tcase_add_test(tcase, being_out_of_memory_is_counted);
	tcase_add_test(tcase, a_new_connection_on_an_old_number_is_served);
}

static void add_lingering(Suite *suite)
{
	TCase *tcase = harness_case(suite, "lingering");

	tcase_add_test(tcase, a_lingering_connection_has_sent_its_end);
	tcase_add_test(tcase, a_lingering_connection_discards_what_arrives);
	tcase_add_test(tcase, a_lingering_connection_ends_with_its_peer);
	tcase_add_test(tcase, a_lingering_connection_ends_with_its_deadline);
	tcase_add_test(tcase,
		       lingering_with_a_peer_that_never_stops_sending_ends_too);
}

int main(void)
{
	Suite *suite = suite_create("conn");

	add_reading(suite);
	add_backpressure(suite);
	add_end(suite);
	add_lingering(suite);
	return harness_run(suite);
}
