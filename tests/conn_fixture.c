/* SPDX-License-Identifier: MIT */
/*
 * What the tests of a connection share: an echoing connection over a socket
 * pair, driven turn by turn. Both ends are nonblocking and have the smallest
 * buffers, so that a few kilobytes fill them.
 *
 * SIGPIPE keeps its default here: a write to a closed peer must not need it to
 * be ignored.
 */
#include "conn_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

static struct seen *seen_of(struct conn *conn)
{
	return CONTAINER_OF(conn, struct test_conn, conn)->seen;
}

static struct conn_stall *stall_of(struct conn *conn)
{
	return CONTAINER_OF(conn, struct test_conn, conn)->stall;
}

static void echo_readable(struct conn *conn)
{
	size_t n;

	seen_of(conn)->n_readable++;
	switch (conn_receive(conn, conn->loop->in, LOOP_IN_SIZE, &n)) {
	case CONN_GOT_BYTES:
		if (conn_send(conn, conn->loop->in, n, false) == CONN_HELD)
			conn_wait_writable(conn, stall_of(conn));
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

static void on_drain(struct conn *conn)
{
	seen_of(conn)->n_drained++;
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
	.drain = on_drain,
	.closed = on_closed,
	.free = on_free,
};

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
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

struct conn *fixture_add_conn(struct fixture *fixture, int fd,
			      struct seen *seen)
{
	struct test_conn *tc = calloc(1, sizeof(*tc));

	ck_assert_ptr_nonnull(tc);
	set_nonblocking(fd);
	tc->seen = seen;
	tc->stall = &fixture->stall;
	conn_init(&tc->conn, &fixture->loop, fd, &echo_ops);
	return &tc->conn;
}

struct fixture *fixture_new(uint64_t limit_ns)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int fds[2];

	ck_assert_ptr_nonnull(fixture);
	ck_assert_int_eq(loop_init(&fixture->loop), 0);
	ck_assert_int_eq(event_assign(&fixture->stop, fixture->loop.base, -1, 0,
				      stop_cb, &fixture->loop),
			 0);
	deadline_queue_init(&fixture->idle, &fixture->loop, limit_ns,
			    conn_idle_expired_cb);
	conn_stall_init(&fixture->stall, &fixture->loop, limit_ns);
	deadline_queue_init(&fixture->linger, &fixture->loop, limit_ns,
			    conn_linger_expired_cb);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	make_small(fds[0]);
	make_small(fds[1]);
	set_nonblocking(fds[1]);
	fixture->peer = fds[1];
	fixture->conn = fixture_add_conn(fixture, fds[0], &fixture->seen);
	return fixture;
}

void turn(struct fixture *fixture)
{
	uint64_t before = fixture->loop.turn;

	event_active(&fixture->stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	ck_assert_uint_eq(fixture->loop.turn, before + 1);
}

void run_to_the_end(struct fixture *fixture)
{
	fixture->loop.draining = true;
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
}

void fixture_free(struct fixture *fixture)
{
	if (fixture->seen.n_freed == 0) {
		conn_close(fixture->conn, CONN_STOPPED);
		turn(fixture);
	}
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	ck_assert_uint_eq(fixture->loop.n_conns, 0);
	ck_assert(list_is_empty(&fixture->loop.conns));
	if (fixture->peer >= 0)
		(void)close(fixture->peer);
	deadline_queue_clear(&fixture->idle);
	conn_stall_clear(&fixture->stall);
	deadline_queue_clear(&fixture->linger);
	(void)event_del(&fixture->stop);
	loop_clear(&fixture->loop);
	free(fixture);
}

void close_peer(struct fixture *fixture)
{
	ck_assert_int_eq(close(fixture->peer), 0);
	fixture->peer = -1;
}

void peer_sends(struct fixture *fixture, const char *text)
{
	ck_assert_int_eq(send(fixture->peer, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
}

void peer_expects(struct fixture *fixture, const char *text)
{
	char got[64];
	ssize_t n = recv(fixture->peer, got, sizeof(got), 0);

	ck_assert_msg(n == (ssize_t)strlen(text) &&
			      !memcmp(got, text, (size_t)n),
		      "%zd bytes, not \"%s\"", n, text);
}

void peer_expects_end(struct fixture *fixture)
{
	char byte;

	ck_assert_int_eq(recv(fixture->peer, &byte, 1, 0), 0);
}

size_t peer_floods(struct fixture *fixture, const unsigned char *data,
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

size_t peer_reads(struct fixture *fixture, const unsigned char *data,
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

size_t flood_on(struct fixture *fixture, const unsigned char *data, size_t sent,
		size_t total)
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

size_t flood(struct fixture *fixture, const unsigned char *data)
{
	return flood_on(fixture, data, 0, FLOOD);
}

unsigned char *flood_new(void)
{
	unsigned char *data = bytes_new(FLOOD);

	bytes_pattern(data, FLOOD, 1);
	return data;
}
