/* SPDX-License-Identifier: MIT */
/*
 * How fast a peer must take what it asked for (--min-rate), and what becomes of
 * a socket that is called writable and takes nothing. Time is what a test says,
 * and deadlines are called by hand.
 */
#include "conn_pace.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "conn_fixture.h"
#include "harness.h"

#define START_NS (1000 * CLOCK_NS_PER_S)

static struct fixture *fixture;
static unsigned char *data;
static struct limits limits;

static void set_now(uint64_t now_ns)
{
	fixture->loop.now_ns = now_ns;
	fixture->loop.now_turn = fixture->loop.turn;
}

/* More than the kernel takes waits for the peer, in the period's beginning. */
static void set_up(void)
{
	fixture = fixture_new(CLOCK_NS_PER_S);
	data = flood_new();
	limits = limits_standard;
	limits.min_rate = 1024;
	limits.send_ns = CLOCK_NS_PER_S;
	fixture->loop.limits = &limits;
	set_now(START_NS);
	ck_assert_int_eq(conn_send(fixture->conn, (const char *)data,
				   LOOP_IN_SIZE, false),
			 CONN_HELD);
	/* A multiple of what is counted in. */
	fixture->conn->n_sent = 1 << 20;
	conn_wait_writable(fixture->conn, &fixture->stall);
	fixture->conn->n_sent += fixture->conn->unsent % 64;
	fixture->conn->pace_taken =
		(uint32_t)(fixture->conn->n_sent - fixture->conn->unsent) / 64;
}

static void tear_down(void)
{
	turn(fixture);
	fixture_free(fixture);
	free(data);
}

/* Bytes that went out by another way, and were taken at once. */
static void take(size_t n)
{
	fixture->conn->n_sent += n;
}

/* As if its deadline were over. */
static void expire(struct deadline_queue *queue)
{
	struct deadline *deadline = &fixture->conn->deadline;

	deadline_stop(deadline);
	queue->expired_cb(deadline);
}

static const struct {
	uint64_t ms, taken, min_rate;
	bool is_too_slow;
	const char *why;
} paces[] = {
	{1000, 0, 1024, true, "it takes nothing"},
	{999, 0, 1024, false, "the period is not over"},
	{1000, 0, 0, false, "there is no such limit"},
	{1000, 0, 1, true, "the least limit"},
	{1000, 1024, 1024, false, "exactly as much"},
	{1000, 1023, 1024, true, "a byte less"},
	{1001, 1024, 1024, true, "a millisecond more"},
	{4000, 4096, 1024, false, "a longer period"},
	{4000, 4095, 1024, true, "too slow over a longer one"},
};

START_TEST(a_peer_that_takes_less_than_it_must_is_closed)
{
	struct conn *conn = fixture->conn;
	uint64_t now_ns = START_NS + paces[_i].ms * CLOCK_NS_PER_MS;
	uint32_t begun_ms = conn->pace_ms;

	limits.min_rate = paces[_i].min_rate;
	take(paces[_i].taken);
	conn->unsent++; /* it has taken one more than was there */
	set_now(now_ns);
	expire(&fixture->stall.limit);
	ck_assert_msg(conn->closed == paces[_i].is_too_slow, "%s",
		      paces[_i].why);
	if (conn->closed)
		ck_assert_int_eq(fixture->seen.reason, CONN_TOO_SLOW);
	else
		/* A whole period is a new one's beginning. */
		ck_assert(conn->pace_ms - begun_ms ==
			  (paces[_i].taken > 0 ? paces[_i].ms : 0));
}
END_TEST

/* What is judged is each period by itself. */
START_TEST(a_fast_period_does_not_excuse_a_slow_one)
{
	take(1 << 20);
	set_now(START_NS + CLOCK_NS_PER_S);
	fixture->conn->unsent++;
	expire(&fixture->stall.limit);
	ck_assert(!fixture->conn->closed);
	take(1000);
	set_now(START_NS + 2 * CLOCK_NS_PER_S);
	fixture->conn->unsent++;
	expire(&fixture->stall.limit);
	ck_assert(fixture->conn->closed);
}
END_TEST

static void drink(void)
{
	char buf[4096];

	while (recvfrom(fixture->peer, buf, sizeof(buf), 0, NULL, NULL) > 0)
		;
}

/* The kernel has nothing: it was for this process to send more. */
START_TEST(a_peer_that_has_taken_all_is_not_slow)
{
	drink();
	set_now(START_NS + 10 * CLOCK_NS_PER_S);
	expire(&fixture->stall.limit);
	ck_assert(!fixture->conn->closed);
}
END_TEST

/* It is asked for as soon as the socket is writable, too. */
START_TEST(a_peer_that_makes_room_too_slowly_is_closed)
{
	int size = 1 << 20;

	ck_assert_int_eq(setsockopt(fixture->conn->fd, SOL_SOCKET, SO_SNDBUF,
				    &size, sizeof(size)),
			 0);
	set_now(START_NS + CLOCK_NS_PER_S);
	ck_assert(conn_look(fixture->conn));
	ck_assert_int_eq(fixture->seen.reason, CONN_TOO_SLOW);
	ck_assert_uint_eq(fixture->seen.n_writable, 0);
}
END_TEST

/* Else whoever is sent something in time would always begin anew. */
START_TEST(a_wait_that_goes_on_keeps_its_beginning)
{
	uint32_t begun_ms = fixture->conn->pace_ms;

	set_now(START_NS + CLOCK_NS_PER_S / 2);
	conn_wait_writable(fixture->conn, &fixture->stall);
	ck_assert_uint_eq(fixture->conn->pace_ms, begun_ms);
	/* When it has asked for something else it is another wait. */
	conn_wait_readable(fixture->conn);
	conn_wait_writable(fixture->conn, &fixture->stall);
	ck_assert_uint_eq(fixture->conn->pace_ms, begun_ms + 500);
}
END_TEST

/* --- called writable, taking nothing --- */

/* The socket is as full as it was, and the event was told otherwise. */
static void choke(void)
{
	event_active(&fixture->conn->event, EV_WRITE, 0);
	turn(fixture);
	ck_assert_int_eq(fixture->conn->armed, 0);
	ck_assert_ptr_nonnull(deadline_first(&fixture->stall.choked));
	ck_assert_ptr_null(deadline_first(&fixture->stall.limit));
	fixture->conn->stall_at_ns = START_NS + CLOCK_NS_PER_S;
}

START_TEST(who_is_choked_is_tried_again_in_time)
{
	limits.min_rate = 0;
	choke();
	set_now(START_NS + CLOCK_NS_PER_S - 1);
	expire(&fixture->stall.choked);
	ck_assert(!fixture->conn->closed);
	ck_assert_int_eq(fixture->conn->armed, EV_WRITE);
	ck_assert_ptr_nonnull(deadline_first(&fixture->stall.limit));
}
END_TEST

START_TEST(who_is_choked_beyond_the_limit_goes)
{
	limits.min_rate = 0;
	choke();
	set_now(START_NS + CLOCK_NS_PER_S);
	expire(&fixture->stall.choked);
	ck_assert_int_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
}
END_TEST

/* It is not the peer's fault: what fits is sent before anything is judged. */
START_TEST(who_takes_again_at_the_limit_stays)
{
	limits.min_rate = 0;
	choke();
	drink();
	set_now(START_NS + CLOCK_NS_PER_S);
	expire(&fixture->stall.choked);
	ck_assert(!fixture->conn->closed);
	ck_assert_int_eq(fixture->conn->armed, EV_WRITE);
	ck_assert_ptr_nonnull(deadline_first(&fixture->stall.limit));
}
END_TEST

/* --- limits --- */

START_TEST(another_limit_holds_for_waits_that_have_begun)
{
	conn_stall_set_limit(&fixture->stall, 5 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(fixture->conn->deadline.at_ns,
			  START_NS + 5 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(fixture->stall.choked.limit_ns, 50 * CLOCK_NS_PER_MS);
}
END_TEST

START_TEST(a_cleared_stall_waits_for_nothing)
{
	struct deadline deadline;

	deadline_init(&deadline);
	deadline_start(&fixture->stall.choked, &deadline);
	conn_stall_clear(&fixture->stall);
	ck_assert(
		!event_pending(&fixture->stall.limit.timer, EV_TIMEOUT, NULL));
	ck_assert(
		!event_pending(&fixture->stall.choked.timer, EV_TIMEOUT, NULL));
	deadline_stop(&deadline);
}
END_TEST

void conn_pace_add(Suite *suite)
{
	TCase *tcase = harness_case(suite, "pace");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
			    a_peer_that_takes_less_than_it_must_is_closed, 0,
			    (int)ARRAY_LEN(paces));
	tcase_add_test(tcase, a_fast_period_does_not_excuse_a_slow_one);
	tcase_add_test(tcase, a_peer_that_has_taken_all_is_not_slow);
	tcase_add_test(tcase, a_peer_that_makes_room_too_slowly_is_closed);
	tcase_add_test(tcase, a_wait_that_goes_on_keeps_its_beginning);
	tcase_add_test(tcase, who_is_choked_is_tried_again_in_time);
	tcase_add_test(tcase, who_is_choked_beyond_the_limit_goes);
	tcase_add_test(tcase, who_takes_again_at_the_limit_stays);
	tcase_add_test(tcase, another_limit_holds_for_waits_that_have_begun);
	tcase_add_test(tcase, a_cleared_stall_waits_for_nothing);
}
