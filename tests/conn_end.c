/* SPDX-License-Identifier: MIT */
/*
 * How a connection ends: it is freed at the end of its turn, once; a peer that
 * is gone is no signal; an answer on its way is not lost by a close; and a peer
 * that does nothing, or takes nothing, is not waited for without end.
 */
#include "conn_end.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "conn_fixture.h"
#include "harness.h"

/* --- the end --- */

START_TEST(a_connection_is_freed_at_the_end_of_its_turn)
{
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);
	int fd = fixture->conn->fd;

	deadline_start(&fixture->linger, &fixture->conn->deadline);
	conn_close(fixture->conn, CONN_STOPPED);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert(list_is_empty(&fixture->loop.conns));
	ck_assert_ptr_null(deadline_first(&fixture->linger));
	peer_expects_end(fixture);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_peers_end_is_told)
{
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();

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
	struct fixture *fixture = fixture_new(LONG_NS);
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
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);

	fixture->loop.running = true;
	conn_close(fixture->conn, CONN_FINISHED);
	ck_assert(fixture->loop.running);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(being_out_of_memory_is_counted)
{
	struct fixture *fixture = fixture_new(LONG_NS);

	conn_close(fixture->conn, CONN_NO_MEMORY);
	ck_assert_uint_eq(fixture->loop.counters.out_of_memory, 1);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

/* A descriptor's number comes back at once; its events must not. */
START_TEST(a_new_connection_on_an_old_number_is_served)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	struct seen seen = {0};
	struct conn *conn;
	int fds[2], old = fixture->conn->fd;

	conn_wait_readable(fixture->conn);
	turn(fixture);
	conn_close(fixture->conn, CONN_FINISHED);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(fds[0], old);
	conn = fixture_add_conn(fixture, fds[0], &seen);
	conn_wait_readable(conn);
	ck_assert_int_eq(send(fds[1], "x", 1, MSG_NOSIGNAL), 1);
	turn(fixture);
	ck_assert_uint_eq(seen.n_readable, 1);
	ck_assert_uint_eq(fixture->seen.n_readable, 0);
	conn_close(conn, CONN_FINISHED);
	turn(fixture);
	ck_assert_uint_eq(seen.n_freed, 1);
	(void)close(fds[1]);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_end_of_the_server_closes_all)
{
	enum {
		N = 5
	};
	struct fixture *fixture = fixture_new(LONG_NS);
	struct seen seen[N] = {0};

	for (size_t i = 0; i < N; i++) {
		int fds[2];

		ck_assert_int_eq(
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds),
			0);
		(void)close(fds[1]);
		(void)fixture_add_conn(fixture, fds[0], &seen[i]);
	}
	conn_close_all(&fixture->loop);
	ck_assert(list_is_empty(&fixture->loop.conns));
	turn(fixture);
	for (size_t i = 0; i < N; i++) {
		ck_assert_int_eq(seen[i].reason, CONN_STOPPED);
		ck_assert_uint_eq(seen[i].n_freed, 1);
	}
	ck_assert_int_eq(fixture->seen.reason, CONN_STOPPED);
	conn_close_all(&fixture->loop);
	fixture_free(fixture);
}
END_TEST

static const struct {
	bool is_old; /* the turn */
	size_t step;
} drains[] = {{false, 256}, {true, 4}};

/* Some in each wake-up, each once, and those that come later too. */
START_TEST(the_end_of_the_server_is_told_to_some_at_a_time)
{
	enum {
		N = 300
	};
	static struct seen seen[N];
	struct fixture *fixture = fixture_new(LONG_NS);
	struct loop *loop = &fixture->loop;
	size_t n_told = 0;
	bool is_more;

	for (size_t i = 0; i < N; i++)
		(void)fixture_add_conn(fixture, dup(fixture->peer), &seen[i]);
	do {
		size_t n_now = 0;

		loop->spent = drains[_i].is_old ? loop->limits->turn_bytes : 0;
		is_more = conn_drain_some(loop);
		for (size_t i = 0; i < N; i++)
			n_now += seen[i].n_drained;
		n_now += fixture->seen.n_drained;
		ck_assert_uint_le(n_now - n_told, drains[_i].step);
		ck_assert(is_more == (n_now < N + 1));
		ck_assert(!is_more || n_now - n_told == drains[_i].step);
		n_told = n_now;
	} while (is_more);
	for (size_t i = 0; i < N; i++)
		ck_assert_uint_eq(seen[i].n_drained, 1);
	ck_assert(!conn_drain_some(loop));
	ck_assert_uint_eq(fixture->seen.n_drained, 1);
	conn_close_all(loop);
	ck_assert(list_is_empty(&loop->drained));
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

/* --- lingering --- */

START_TEST(a_lingering_connection_has_sent_its_end)
{
	struct fixture *fixture = fixture_new(LONG_NS);

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
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();
	size_t sent = 0;

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
	struct fixture *fixture = fixture_new(LONG_NS);

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

/* The peer has all of its answer by then: nothing has failed. */
START_TEST(a_lingering_connection_ends_with_its_deadline)
{
	struct fixture *fixture = fixture_new(SHORT_NS);
	uint64_t started_ns = clock_mono_ns();

	conn_linger(fixture->conn, &fixture->linger);
	run_to_the_end(fixture);
	ck_assert_uint_ge(clock_mono_ns() - started_ns, SHORT_NS);
	ck_assert_int_eq(fixture->seen.reason, CONN_FINISHED);
	fixture_free(fixture);
}
END_TEST

START_TEST(lingering_with_a_peer_that_never_stops_sending_ends_too)
{
	struct fixture *fixture = fixture_new(SHORT_NS);
	unsigned char data[1024] = {0};

	conn_linger(fixture->conn, &fixture->linger);
	while (fixture->seen.n_freed == 0) {
		(void)peer_floods(fixture, data, sizeof(data));
		turn(fixture);
	}
	ck_assert_int_eq(fixture->seen.reason, CONN_FINISHED);
	fixture_free(fixture);
}
END_TEST

START_TEST(lingering_without_a_peer_ends_at_once)
{
	struct fixture *fixture = fixture_new(LONG_NS);

	close_peer(fixture);
	conn_linger(fixture->conn, &fixture->linger);
	turn(fixture);
	ck_assert_uint_eq(fixture->seen.n_freed, 1);
	fixture_free(fixture);
}
END_TEST

/* Its socket takes no end, as one that has failed meanwhile. */
START_TEST(an_end_that_cannot_be_sent_is_a_failure)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(dup2(null, fixture->conn->fd), fixture->conn->fd);
	(void)close(null);
	if (_i == 0)
		conn_linger(fixture->conn, &fixture->linger);
	else
		conn_finish(fixture->conn, &fixture->linger);
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_FAILED);
	ck_assert_ptr_null(deadline_first(&fixture->linger));
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(finishing_with_nothing_on_its_way_closes_at_once)
{
	struct fixture *fixture = fixture_new(LONG_NS);

	ck_assert_int_eq(conn_send(fixture->conn, "abc", 3, false), CONN_SENT);
	peer_expects(fixture, "abc");
	conn_finish(fixture->conn, &fixture->linger);
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_FINISHED);
	peer_expects_end(fixture);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

START_TEST(finishing_with_an_answer_on_its_way_lingers)
{
	struct fixture *fixture = fixture_new(LONG_NS);

	ck_assert_int_eq(conn_send(fixture->conn, "abc", 3, false), CONN_SENT);
	conn_finish(fixture->conn, &fixture->linger);
	ck_assert_uint_eq(fixture->seen.n_closed, 0);
	ck_assert(fixture->conn->lingering);
	turn(fixture);
	peer_expects(fixture, "abc");
	peer_expects_end(fixture);
	fixture_free(fixture);
}
END_TEST

/* A close with input that was not read would be a reset. */
START_TEST(finishing_with_input_that_was_not_read_lingers)
{
	struct fixture *fixture = fixture_new(LONG_NS);

	peer_sends(fixture, "more");
	conn_finish(fixture->conn, &fixture->linger);
	ck_assert_uint_eq(fixture->seen.n_closed, 0);
	ck_assert(fixture->conn->lingering);
	turn(fixture);
	peer_expects_end(fixture);
	fixture_free(fixture);
}
END_TEST

/* The kernel sends on what it has, and then FIN. */
START_TEST(leaving_with_an_answer_on_its_way_closes_at_once)
{
	struct fixture *fixture = fixture_new(LONG_NS);

	ck_assert_int_eq(conn_send(fixture->conn, "abc", 3, true), CONN_SENT);
	conn_leave(fixture->conn, &fixture->linger);
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_FINISHED);
	peer_expects(fixture, "abc");
	peer_expects_end(fixture);
	turn(fixture);
	fixture_free(fixture);
}
END_TEST

/* It has said that it would send no more, and has. */
START_TEST(leaving_with_input_that_was_not_read_lingers)
{
	struct fixture *fixture = fixture_new(LONG_NS);

	ck_assert_int_eq(conn_send(fixture->conn, "abc", 3, true), CONN_SENT);
	peer_sends(fixture, "more");
	conn_leave(fixture->conn, &fixture->linger);
	ck_assert_uint_eq(fixture->seen.n_closed, 0);
	ck_assert(fixture->conn->lingering);
	turn(fixture);
	peer_expects(fixture, "abc");
	peer_expects_end(fixture);
	fixture_free(fixture);
}
END_TEST

/* --- limits --- */

START_TEST(an_idle_connection_times_out)
{
	struct fixture *fixture = fixture_new(SHORT_NS);

	conn_wait_readable(fixture->conn);
	deadline_start(&fixture->idle, &fixture->conn->deadline);
	run_to_the_end(fixture);
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	peer_expects_end(fixture);
	fixture_free(fixture);
}
END_TEST

/*
 * More waits to be sent than the kernel takes at any one time, and the limit
 * has begun to run.
 */
static struct fixture *stalled_for(const unsigned char *data, uint64_t limit_ns)
{
	struct fixture *fixture = fixture_new(limit_ns);

	ck_assert_int_eq(conn_send(fixture->conn, (const char *)data,
				   LOOP_IN_SIZE, false),
			 CONN_HELD);
	conn_wait_writable(fixture->conn, &fixture->stall);
	return fixture;
}

static struct fixture *stalled_new(const unsigned char *data)
{
	return stalled_for(data, SHORT_NS);
}

static uint64_t limit_of(struct fixture *fixture)
{
	struct deadline *first = deadline_first(&fixture->stall.limit);

	ck_assert_ptr_nonnull(first);
	return first->at_ns;
}

/* Turns the loop until that moment has passed, and the timer set for it. */
static void turn_beyond(struct fixture *fixture, uint64_t ns)
{
	while (clock_mono_ns() <= ns + 5 * CLOCK_NS_PER_MS &&
	       fixture->seen.n_freed == 0)
		turn(fixture);
}

START_TEST(a_peer_that_takes_nothing_times_out)
{
	unsigned char *data = flood_new();
	struct fixture *fixture = stalled_new(data);
	uint64_t at_ns = limit_of(fixture);

	run_to_the_end(fixture);
	ck_assert_uint_ge(clock_mono_ns(), at_ns);
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	free(data);
	fixture_free(fixture);
}
END_TEST

/* Less than what makes the socket writable counts too. */
START_TEST(a_peer_that_takes_a_little_gets_another_period)
{
	unsigned char *data = flood_new();
	struct fixture *fixture = stalled_new(data);
	uint32_t off = fixture->conn->out.off;

	ck_assert_uint_gt(peer_reads(fixture, data, 4096), 0);
	turn_beyond(fixture, limit_of(fixture));
	ck_assert_uint_eq(fixture->seen.n_closed, 0);
	ck_assert_uint_eq(fixture->conn->out.off, off);
	run_to_the_end(fixture); /* and takes no more */
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	free(data);
	fixture_free(fixture);
}
END_TEST

/*
 * When the room that the peer has made is filled again at once, as much waits
 * in the kernel as before; yet the peer has taken some.
 */
START_TEST(a_peer_whose_room_is_filled_again_gets_another_period)
{
	unsigned char *data = flood_new();
	/* Long, since a stall of this process must not last for half of it. */
	const uint64_t limit_ns = 8 * SHORT_NS;
	struct fixture *fixture = stalled_for(data, limit_ns);
	uint64_t at_ns = limit_of(fixture);
	uint32_t off = fixture->conn->out.off;
	size_t got = 0;

	/* Late, so that a new period ends well after the old one. */
	while (clock_mono_ns() < at_ns - limit_ns / 2)
		turn(fixture);
	while (fixture->conn->out.off == off) {
		got += peer_reads(fixture, data + got, 4096);
		turn(fixture);
	}
	ck_assert(conn_has_held(fixture->conn));
	turn_beyond(fixture, at_ns);
	ck_assert_uint_eq(fixture->seen.n_closed, 0);
	run_to_the_end(fixture); /* and takes no more */
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	free(data);
	fixture_free(fixture);
}
END_TEST

/* --- the suite --- */

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
	tcase_add_test(tcase, the_end_of_the_server_closes_all);
	tcase_add_loop_test(tcase,
			    the_end_of_the_server_is_told_to_some_at_a_time, 0,
			    (int)ARRAY_LEN(drains));
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
	tcase_add_test(tcase, lingering_without_a_peer_ends_at_once);
	tcase_add_loop_test(tcase, an_end_that_cannot_be_sent_is_a_failure, 0,
			    2);
	tcase_add_test(tcase, finishing_with_nothing_on_its_way_closes_at_once);
	tcase_add_test(tcase, finishing_with_an_answer_on_its_way_lingers);
	tcase_add_test(tcase, finishing_with_input_that_was_not_read_lingers);
	tcase_add_test(tcase, leaving_with_an_answer_on_its_way_closes_at_once);
	tcase_add_test(tcase, leaving_with_input_that_was_not_read_lingers);
}

static void add_limits(Suite *suite)
{
	TCase *tcase = harness_case(suite, "limits");

	tcase_add_test(tcase, an_idle_connection_times_out);
	tcase_add_test(tcase, a_peer_that_takes_nothing_times_out);
	tcase_add_test(tcase, a_peer_that_takes_a_little_gets_another_period);
	tcase_add_test(tcase,
		       a_peer_whose_room_is_filled_again_gets_another_period);
}

void conn_end_add(Suite *suite)
{
	add_end(suite);
	add_lingering(suite);
	add_limits(suite);
}
