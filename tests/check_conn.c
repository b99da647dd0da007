/* SPDX-License-Identifier: MIT */
/*
 * A connection while it is open: who does not read is not read from, what a
 * socket does not take is held and is bounded, and everything arrives once and
 * in order. Of the rest conn_end.c has how it ends, conn_crowd.c who goes when
 * there is no room, and conn_pace.c how fast a peer must be.
 */
#include "loop/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "conn_crowd.h"
#include "conn_end.h"
#include "conn_fixture.h"
#include "conn_pace.h"
#include "harness.h"
#include "scarce.h"

/* What the next of these fails with; they stand before the C library's. */
static int send_error, receive_error;

static bool is_failing(int *error)
{
	if (*error == 0)
		return false;
	errno = *error;
	*error = 0;
	return true;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return is_failing(&send_error)
		       ? -1
		       : syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return is_failing(&send_error) ? -1
				       : sendto(fd, buf, len, flags, NULL, 0);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return is_failing(&receive_error)
		       ? -1
		       : recvfrom(fd, buf, len, flags, NULL, NULL);
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
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);

	ck_assert_uint_eq(fixture->loop.n_conns, 1);
	conn_close(fixture->conn, CONN_FINISHED);
	ck_assert_uint_eq(fixture->loop.n_conns, 0);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(every_message_is_answered_in_its_turn)
{
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);
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
	struct fixture *fixture = fixture_new(LONG_NS);
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

START_TEST(a_peer_that_does_not_read_is_not_read_from)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();
	unsigned n_readable;
	size_t sent;

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
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();
	size_t sent;

	conn_wait_readable(fixture->conn);
	sent = flood(fixture, data);
	/* Both directions of the kernel's smallest buffers, and one read. */
	ck_assert_uint_le(sent, 3 * LOOP_IN_SIZE);
	ck_assert_uint_le(fixture->conn->out.len, LOOP_IN_SIZE);
	free(data);
	fixture_free(fixture);
}
END_TEST

static const size_t bites[] = {1, 7, 100, 1024, 4096};

START_TEST(a_peer_that_reads_again_gets_every_byte_in_order)
{
	enum {
		TOTAL = 300000
	};
	struct fixture *fixture = fixture_new(LONG_NS);
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
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();
	struct conn_held *out = &fixture->conn->out;
	uint32_t off = 0;
	unsigned n_parts = 0;
	size_t got = 0;

	ck_assert_int_eq(conn_send(fixture->conn, (const char *)data,
				   LOOP_IN_SIZE, false),
			 CONN_HELD);
	conn_wait_writable(fixture->conn, &fixture->stall);
	while (conn_has_held(fixture->conn)) {
		ck_assert_uint_eq(fixture->seen.n_writable, 0);
		got += peer_reads(fixture, data + got, 512);
		turn(fixture);
		n_parts += out->off > off;
		off = out->off;
	}
	ck_assert_uint_gt(n_parts, 3);
	ck_assert_uint_eq(fixture->seen.n_writable, 1);
	while (got < LOOP_IN_SIZE)
		got += peer_reads(fixture, data + got, 512);
	free(data);
	fixture_free(fixture);
}
END_TEST

START_TEST(memory_that_held_bytes_is_given_back)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();
	size_t got = 0;

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
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();

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
	struct fixture *fixture = fixture_new(LONG_NS);

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

/* --- several pieces --- */

#define PIECES_MAX 5

static const struct {
	size_t lens[PIECES_MAX];
	size_t n;
	const char *why;
} rows_of_pieces[] = {
	{{0}, 0, "none"},
	{{5}, 1, "one"},
	{{5, 7}, 2, "two"},
	{{0, 7}, 2, "an empty one first"},
	{{5, 0}, 2, "an empty one last"},
	{{0, 0, 3, 0}, 4, "one among empty ones"},
	{{1, 2, 3, 4, 5}, 5, "five"},
	{{100, 60000}, 2, "a second one that does not fit"},
	{{60000, 100}, 2, "a first one that does not fit"},
	{{60000}, 1, "one that does not fit"},
	{{900, 900, 900, 60000, 900}, 5, "one in the middle"},
};

/* However many there are and whatever fits, all arrives once and in order. */
START_TEST(pieces_are_sent_in_their_order)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();
	struct iovec iov[PIECES_MAX];
	size_t total = 0, heard = 0, got;
	enum conn_sent sent;

	for (size_t i = 0; i < rows_of_pieces[_i].n; i++) {
		iov[i].iov_base = data + total;
		iov[i].iov_len = rows_of_pieces[_i].lens[i];
		total += iov[i].iov_len;
	}
	sent = conn_send_iov(fixture->conn, iov, rows_of_pieces[_i].n, false);
	ck_assert(sent ==
		  (conn_has_held(fixture->conn) ? CONN_HELD : CONN_SENT));
	ck_assert_msg((sent == CONN_HELD) == (total >= 60000), "%s",
		      rows_of_pieces[_i].why);
	if (sent == CONN_HELD)
		conn_wait_writable(fixture->conn, &fixture->stall);
	while ((got = peer_reads(fixture, data + heard, 4096)) > 0 ||
	       conn_has_held(fixture->conn)) {
		heard += got;
		turn(fixture);
	}
	ck_assert_msg(heard == total, "%s: %zu of %zu", rows_of_pieces[_i].why,
		      heard, total);
	ck_assert_uint_eq(fixture->conn->n_sent, total);
	free(data);
	fixture_free(fixture);
}
END_TEST

static const struct {
	int error;
	enum conn_sent sent;
} send_errors[] = {
	{EINTR, CONN_SENT},
	{EAGAIN, CONN_HELD},
	{ENOBUFS, CONN_HELD},
	{ECONNRESET, CONN_BROKEN},
};

START_TEST(an_error_holds_pieces_or_ends_the_connection)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	char text[] = "abcd";
	struct iovec iov[] = {{text, 2}, {text + 2, 2}};

	send_error = send_errors[_i].error;
	ck_assert_int_eq(conn_send_iov(fixture->conn, iov, 2, false),
			 send_errors[_i].sent);
	if (send_errors[_i].sent == CONN_BROKEN) {
		ck_assert_int_eq(fixture->seen.reason, CONN_FAILED);
		turn(fixture);
	} else {
		if (send_errors[_i].sent == CONN_HELD)
			conn_wait_writable(fixture->conn, &fixture->stall);
		turn(fixture);
		peer_expects(fixture, "abcd");
	}
	fixture_free(fixture);
}
END_TEST

/* The same of one piece, which is sent by another call. */
START_TEST(an_error_holds_bytes_or_ends_the_connection)
{
	struct fixture *fixture = fixture_new(LONG_NS);

	send_error = send_errors[_i].error;
	ck_assert_int_eq(conn_send(fixture->conn, "abcd", 4, false),
			 send_errors[_i].sent);
	ck_assert(fixture->conn->closed ==
		  (send_errors[_i].sent == CONN_BROKEN));
	if (send_errors[_i].sent == CONN_HELD)
		conn_wait_writable(fixture->conn, &fixture->stall);
	turn(fixture);
	if (send_errors[_i].sent != CONN_BROKEN)
		peer_expects(fixture, "abcd");
	else
		ck_assert_int_eq(fixture->seen.reason, CONN_FAILED);
	fixture_free(fixture);
}
END_TEST

START_TEST(an_interrupted_receive_is_made_again)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	char byte = 0;
	size_t n = 0;

	peer_sends(fixture, "a");
	receive_error = EINTR;
	ck_assert_int_eq(conn_receive(fixture->conn, &byte, 1, &n),
			 CONN_GOT_BYTES);
	ck_assert_int_eq(byte, 'a');
	receive_error = ECONNRESET;
	ck_assert_int_eq(conn_receive(fixture->conn, &byte, 1, &n),
			 CONN_GOT_BROKEN);
	ck_assert_int_eq(fixture->seen.reason, CONN_FAILED);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

/* --- without memory --- */

START_TEST(what_cannot_be_held_ends_the_connection)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	char text[] = "abcd";
	struct iovec iov[] = {{text, 2}, {text + 2, 2}};
	enum conn_sent sent;

	send_error = EAGAIN;
	scarce_memory(1);
	sent = _i == 0 ? conn_send(fixture->conn, text, 4, false)
		       : conn_send_iov(fixture->conn, iov, 2, false);
	ck_assert(scarce_memory_end());
	ck_assert_int_eq(sent, CONN_BROKEN);
	ck_assert_int_eq(fixture->seen.reason, CONN_NO_MEMORY);
	ck_assert_uint_eq(fixture->loop.counters.out_of_memory, 1);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

/* The map of descriptors grows for this one. */
START_TEST(what_cannot_be_watched_ends)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	struct seen seen = {0};
	struct conn *conn;
	int high = fcntl(fixture->conn->fd, F_DUPFD_CLOEXEC, 900);

	ck_assert_int_ge(high, 900);
	conn = fixture_add_conn(fixture, high, &seen);
	scarce_memory(1);
	conn_wait_readable(conn);
	ck_assert(scarce_memory_end());
	ck_assert_int_eq(seen.reason, CONN_NO_MEMORY);
	ck_assert_uint_eq(seen.n_closed, 1);
	ck_assert_int_eq(conn->armed, 0);
	turn(fixture);
	ck_assert_uint_eq(seen.n_freed, 1);
	fixture_free(fixture);
}
END_TEST

/* --- seen, not taken --- */

START_TEST(what_is_peeked_at_stays_to_be_received)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	char buf[8];
	size_t n = 0;

	ck_assert_int_eq(conn_peek(fixture->conn, buf, sizeof(buf), &n),
			 CONN_GOT_NOTHING);
	peer_sends(fixture, "abc");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(conn_peek(fixture->conn, buf, 2, &n),
				 CONN_GOT_BYTES);
		ck_assert_uint_eq(n, 2);
	}
	ck_assert_int_eq(conn_receive(fixture->conn, buf, sizeof(buf), &n),
			 CONN_GOT_BYTES);
	ck_assert_uint_eq(n, 3);
	close_peer(fixture);
	ck_assert_int_eq(conn_peek(fixture->conn, buf, 1, &n), CONN_GOT_END);
	fixture_free(fixture);
}
END_TEST

/* What was received before it waited for more, some of it used up. */
START_TEST(held_bytes_are_taken_from_where_they_begin)
{
	struct conn_held held = {0};
	char buf[8] = "........";

	ck_assert_uint_eq(conn_held_take(&held, buf), 0);
	ck_assert_int_eq(conn_hold(&held, "abcd", 4), 0);
	held.off = 1;
	ck_assert_uint_eq(conn_held_take(&held, buf), 3);
	ck_assert_int_eq(memcmp(buf, "bcd.....", sizeof(buf)), 0);
	ck_assert_ptr_null(held.ptr);
	ck_assert_uint_eq(conn_held_take(&held, buf), 0);
}
END_TEST

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

static void add_pieces(Suite *suite)
{
	TCase *tcase = harness_case(suite, "pieces");

	tcase_add_loop_test(tcase, pieces_are_sent_in_their_order, 0,
			    (int)ARRAY_LEN(rows_of_pieces));
	tcase_add_loop_test(tcase, an_error_holds_pieces_or_ends_the_connection,
			    0, (int)ARRAY_LEN(send_errors));
	tcase_add_loop_test(tcase, an_error_holds_bytes_or_ends_the_connection,
			    0, (int)ARRAY_LEN(send_errors));
	tcase_add_test(tcase, an_interrupted_receive_is_made_again);
	tcase_add_loop_test(tcase, what_cannot_be_held_ends_the_connection, 0,
			    2);
	tcase_add_test(tcase, what_cannot_be_watched_ends);
	tcase_add_test(tcase, what_is_peeked_at_stays_to_be_received);
	tcase_add_test(tcase, held_bytes_are_taken_from_where_they_begin);
}

int main(void)
{
	Suite *suite = suite_create("conn");

	add_reading(suite);
	add_backpressure(suite);
	add_pieces(suite);
	conn_end_add(suite);
	conn_crowd_add(suite);
	conn_pace_add(suite);
	return harness_run(suite);
}
