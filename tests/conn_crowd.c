/* SPDX-License-Identifier: MIT */
/*
 * Many connections: whose each is, which of them goes when there is no room for
 * another, and what is left of one that is handed on. Time is what a test says.
 */
#include "conn_crowd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_fixture.h"
#include "harness.h"
#include "scarce.h"

#define GUESTS_MAX 10

/* Connections besides the fixture's, which is in no account. */
static struct guest {
	struct conn *conn;
	struct seen seen;
	int peer;
} guests[GUESTS_MAX];
static size_t n_guests;

static struct fixture *fixture;
static struct accounts *accounts;
static struct limits limits;

/* The loop believes that it is so late, until its turn ends. */
static void set_now(uint64_t now_ns)
{
	fixture->loop.now_ns = now_ns;
	fixture->loop.now_turn = fixture->loop.turn;
}

static void open_house(void)
{
	fixture = fixture_new(LONG_NS);
	accounts = accounts_new(GUESTS_MAX);
	ck_assert_ptr_nonnull(accounts);
	limits = limits_standard;
	fixture->loop.accounts = accounts;
	fixture->loop.limits = &limits;
	set_now(1000 * CLOCK_NS_PER_S);
}

static void close_house(void)
{
	conn_close_all(&fixture->loop);
	turn(fixture);
	for (size_t i = 0; i < n_guests; i++) {
		ck_assert_uint_eq(guests[i].seen.n_freed, 1);
		(void)close(guests[i].peer);
	}
	fixture_free(fixture);
	accounts_free(accounts);
}

static struct guest *new_guest(void)
{
	struct guest *guest = &guests[n_guests++];
	int fds[2];

	ck_assert_uint_le(n_guests, GUESTS_MAX);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	guest->peer = fds[1];
	guest->conn = fixture_add_conn(fixture, fds[0], &guest->seen);
	return guest;
}

static struct visitor visitor_of(uint32_t host, enum visitor_way way)
{
	struct visitor visitor = {address_any(AF_INET, 4711), way};

	visitor.address.sa.in4.sin_addr.s_addr = htonl(host);
	return visitor;
}

/* Somebody from this host comes, and waits to ask. */
static struct guest *let_in(uint32_t host)
{
	struct visitor visitor = visitor_of(host, VISITOR_DIRECT);
	struct guest *guest = new_guest();

	ck_assert(conn_join(guest->conn, &visitor));
	conn_wait_readable(guest->conn);
	return guest;
}

static void let_in_many(size_t n, uint32_t host)
{
	while (n-- > 0)
		(void)let_in(host);
}

static void ask(const struct guest *guest)
{
	ck_assert_int_eq(sendto(guest->peer, "?", 1, MSG_NOSIGNAL, NULL, 0), 1);
}

/* All who are there have done nothing for so long that they can be spared. */
static void let_them_rest(void)
{
	set_now(fixture->loop.now_ns + 10 * CLOCK_NS_PER_S);
}

/* The only ones that are gone are those, and for want of room. */
static void expect_gone(size_t first, size_t n)
{
	for (size_t i = 0; i < n_guests; i++) {
		bool is_gone = i >= first && i < first + n;

		ck_assert_msg(guests[i].conn->closed == is_gone, "%zu", i);
		ck_assert(!is_gone || guests[i].seen.reason == CONN_SHED);
	}
	ck_assert_uint_eq(fixture->loop.counters.shed, n);
}

/* --- who goes --- */

START_TEST(without_accounts_nobody_is_shed)
{
	let_in_many(2, 1);
	let_them_rest();
	fixture->loop.accounts = NULL;
	ck_assert(!conn_shed(&fixture->loop));
	conn_make_room(guests[0].conn);
	expect_gone(0, 0);
}
END_TEST

START_TEST(nobody_is_shed_who_was_of_use_just_now)
{
	let_in_many(2, 1);
	ck_assert(!conn_shed(&fixture->loop));
	expect_gone(0, 0);
	let_them_rest();
	ck_assert(conn_shed(&fixture->loop));
	expect_gone(0, 1);
}
END_TEST

/* He has been answered soon, and others rest. */
START_TEST(who_has_asked_is_passed_over)
{
	let_in_many(3, 1);
	let_them_rest();
	ask(&guests[0]);
	ck_assert(conn_shed(&fixture->loop));
	expect_gone(1, 1);
}
END_TEST

/* What comes while he takes an answer is no question that is looked at. */
START_TEST(who_asks_for_more_than_he_takes_goes)
{
	let_in_many(1, 1);
	conn_wait_writable(guests[0].conn, &fixture->stall);
	let_them_rest();
	ask(&guests[0]);
	ck_assert(conn_shed(&fixture->loop));
	expect_gone(0, 1);
}
END_TEST

/* Each look is a call of the system, and others wait. */
START_TEST(not_all_who_have_asked_are_looked_at)
{
	size_t n_asked = _i == 0 ? 7 : 8;

	let_in_many(9, 1);
	let_them_rest();
	for (size_t i = 0; i < n_asked; i++)
		ask(&guests[i]);
	ck_assert(conn_shed(&fixture->loop) == (n_asked == 7));
	expect_gone(7, n_asked == 7);
}
END_TEST

/* --- places --- */

static const struct {
	uint64_t max_connections;
	bool is_rested;
	bool has_place;
	size_t n_gone;
} places[] = {
	{5, true, true, 0},
	{4, true, true, 1},
	{4, false, false, 0},
	{UINT64_MAX, false, true, 0},
};

/* The fixture's own is the fourth. */
START_TEST(a_place_is_free_or_given_up)
{
	let_in_many(3, 1);
	if (places[_i].is_rested)
		let_them_rest();
	limits.max_connections = places[_i].max_connections;
	ck_assert(conn_find_place(&fixture->loop) == places[_i].has_place);
	expect_gone(0, places[_i].n_gone);
}
END_TEST

START_TEST(a_lower_limit_closes_the_surplus)
{
	let_in_many(5, 1);
	limits.max_connections = 4;
	conn_shed_surplus(&fixture->loop);
	expect_gone(0, 0);
	let_them_rest();
	conn_shed_surplus(&fixture->loop);
	ck_assert_uint_eq(fixture->loop.n_conns, 4);
	expect_gone(0, 2);
}
END_TEST

/* --- room for a file --- */

static const struct {
	size_t max_descriptors;
	bool is_rested;
	size_t n_gone;
	const char *why;
} rooms[] = {
	{5, true, 0, "one is left"},
	{4, true, 1, "one that rests goes"},
	{4, false, 1, "none rests, and one must go all the same"},
};

START_TEST(room_is_made_at_others_expense)
{
	let_in_many(3, 1);
	if (rooms[_i].is_rested)
		let_them_rest();
	fixture->loop.max_descriptors = rooms[_i].max_descriptors;
	/* It would be the first to go, if it were not what asks. */
	conn_make_room(guests[0].conn);
	expect_gone(1, rooms[_i].n_gone);
}
END_TEST

START_TEST(who_is_alone_makes_no_room)
{
	let_in_many(1, 1);
	(void)let_in(2);
	conn_make_room(guests[0].conn);
	expect_gone(0, 0);
}
END_TEST

/* --- whose it is --- */

START_TEST(without_memory_for_an_account_a_connection_ends)
{
	struct visitor visitor = visitor_of(1, VISITOR_DIRECT);
	struct guest *guest = new_guest();
	bool has_joined;

	scarce_memory(1);
	has_joined = conn_join(guest->conn, &visitor);
	ck_assert(scarce_memory_end());
	ck_assert(!has_joined);
	ck_assert_int_eq(guest->seen.reason, CONN_NO_MEMORY);
}
END_TEST

static const struct {
	const char *host;
	enum visitor_way way;
	bool is_told; /* and not the socket's peer */
} visits[] = {
	{"192.0.2.1", VISITOR_DIRECT, false},
	{"192.0.2.1", VISITOR_PROXY, false},
	{"192.0.2.1", VISITOR_INTRODUCED, true},
	{"2001:db8:1:2:3:4:5:6", VISITOR_INTRODUCED, true},
};

START_TEST(the_address_is_the_sockets_or_that_of_who_was_introduced)
{
	struct guest *guest = new_guest();
	bool is_v6 = strchr(visits[_i].host, ':') != NULL;
	struct visitor visitor = {address_any(is_v6 ? AF_INET6 : AF_INET, 4711),
				  visits[_i].way};
	struct address address;

	ck_assert_int_eq(
		inet_pton(visitor.address.sa.any.sa_family, visits[_i].host,
			  is_v6 ? (void *)&visitor.address.sa.in6.sin6_addr
				: &visitor.address.sa.in4.sin_addr),
		1);
	ck_assert(conn_join(guest->conn, &visitor));
	ck_assert_int_eq(conn_address(guest->conn, &address), 0);
	if (visits[_i].is_told)
		ck_assert(address_eq(&address, &visitor.address));
	else
		ck_assert_int_eq(address.sa.any.sa_family, AF_UNIX);
}
END_TEST

START_TEST(without_an_account_the_address_is_the_sockets)
{
	struct visitor visitor = visitor_of(1, VISITOR_INTRODUCED);
	struct address address;

	fixture->loop.accounts = NULL;
	ck_assert(conn_join(fixture->conn, &visitor));
	ck_assert_int_eq(conn_address(fixture->conn, &address), 0);
	ck_assert_int_eq(address.sa.any.sa_family, AF_UNIX);
}
END_TEST

/* --- handed on --- */

static unsigned n_released;

static void released_cb(struct conn *conn)
{
	(void)conn;
	n_released++;
}

static void closed_cb(struct conn *conn, enum conn_reason reason)
{
	(void)conn;
	ck_abort_msg("its service was told %d", reason);
}

/* Its socket is another's then, and open. */
START_TEST(who_is_released_is_gone_and_not_closed)
{
	static const struct conn_ops ops = {.closed = closed_cb,
					    .free = released_cb};
	struct visitor visitor = visitor_of(1, VISITOR_DIRECT);
	struct conn conn;
	int fd = dup(fixture->peer);

	conn_init(&conn, &fixture->loop, fd, &ops);
	ck_assert(conn_join(&conn, &visitor));
	deadline_start(&fixture->idle, &conn.deadline);
	conn_wait_readable(&conn);
	ck_assert_int_eq(conn_hold(&conn.out, "abc", 3), 0);
	ck_assert_uint_eq(fixture->loop.n_conns, 2);
	ck_assert_int_eq(conn_release(&conn), fd);
	ck_assert_uint_eq(fixture->loop.n_conns, 1);
	ck_assert_uint_eq(account_count(accounts, &visitor.address), 0);
	ck_assert_ptr_null(deadline_first(&fixture->idle));
	ck_assert(!conn_has_held(&conn));
	ck_assert_uint_eq(n_released, 0);
	turn(fixture);
	ck_assert_uint_eq(n_released, 1);
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	(void)close(fd);
}
END_TEST

static void apart_closed_cb(struct conn *conn, enum conn_reason reason)
{
	ck_assert_int_eq(reason, CONN_STOPPED);
	ck_assert(conn->is_apart);
}

START_TEST(who_stands_apart_counts_nowhere)
{
	static const struct conn_ops ops = {.closed = apart_closed_cb,
					    .free = released_cb};
	struct conn conn;

	conn_init_apart(&conn, &fixture->loop, dup(fixture->peer), &ops);
	ck_assert_uint_eq(conn.since_ns, fixture->loop.now_ns);
	ck_assert_uint_eq(fixture->loop.n_conns, 1);
	ck_assert(!deadline_is_running(&conn.deadline));
	/* It has no drain_cb that could be called. */
	ck_assert(!conn_drain_some(&fixture->loop));
	ck_assert_uint_eq(fixture->seen.n_drained, 1);
	conn_close_all(&fixture->loop);
	ck_assert(conn.closed);
	ck_assert_uint_eq(fixture->loop.n_conns, 0);
	turn(fixture);
	ck_assert_uint_eq(n_released, 1);
}
END_TEST

/* --- dismissed --- */

static const struct {
	uint64_t since_ns;
	bool is_awaited;
} dismissals[] = {
	{0, true},
	{CLOCK_NS_PER_S - 1, true},
	{CLOCK_NS_PER_S, false},
	{10 * CLOCK_NS_PER_S, false},
};

/* Of who was active within parting_ns a question may be on its way. */
START_TEST(who_was_active_just_now_is_awaited)
{
	bool is_awaited = dismissals[_i].is_awaited;

	limits.parting_ns = CLOCK_NS_PER_S;
	conn_wait_readable(fixture->conn);
	deadline_start(&fixture->idle, &fixture->conn->deadline);
	set_now(fixture->loop.now_ns + dismissals[_i].since_ns);
	conn_dismiss(fixture->conn, &fixture->idle, &fixture->linger);
	ck_assert(fixture->conn->closed != is_awaited);
	ck_assert(conn_is_reading(fixture->conn) == is_awaited);
	ck_assert_ptr_null(deadline_first(&fixture->idle));
	ck_assert((deadline_first(&fixture->linger) != NULL) == is_awaited);
}
END_TEST

void conn_crowd_add(Suite *suite)
{
	TCase *tcase = harness_case(suite, "crowd");

	tcase_add_checked_fixture(tcase, open_house, close_house);
	tcase_add_test(tcase, without_accounts_nobody_is_shed);
	tcase_add_test(tcase, nobody_is_shed_who_was_of_use_just_now);
	tcase_add_test(tcase, who_has_asked_is_passed_over);
	tcase_add_test(tcase, who_asks_for_more_than_he_takes_goes);
	tcase_add_loop_test(tcase, not_all_who_have_asked_are_looked_at, 0, 2);
	tcase_add_loop_test(tcase, a_place_is_free_or_given_up, 0,
			    (int)ARRAY_LEN(places));
	tcase_add_test(tcase, a_lower_limit_closes_the_surplus);
	tcase_add_loop_test(tcase, room_is_made_at_others_expense, 0,
			    (int)ARRAY_LEN(rooms));
	tcase_add_test(tcase, who_is_alone_makes_no_room);
	tcase_add_test(tcase, without_memory_for_an_account_a_connection_ends);
	tcase_add_loop_test(
		tcase, the_address_is_the_sockets_or_that_of_who_was_introduced,
		0, (int)ARRAY_LEN(visits));
	tcase_add_test(tcase, without_an_account_the_address_is_the_sockets);
	tcase_add_test(tcase, who_is_released_is_gone_and_not_closed);
	tcase_add_test(tcase, who_stands_apart_counts_nowhere);
	tcase_add_loop_test(tcase, who_was_active_just_now_is_awaited, 0,
			    (int)ARRAY_LEN(dismissals));
}
