/* SPDX-License-Identifier: MIT */
/*
 * Connections one by one: which of them, in which order and how many, and what
 * is known of each.
 */
#include "server/peers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "conn_fixture.h"
#include "harness.h"
#include "os/socket.h"

static struct fixture *fixture;
static struct seen seen[PEERS_MAX + 10];
static struct peer list[PEERS_MAX];
static size_t n_conns;

static void set_up(void)
{
	fixture = fixture_new(LONG_NS);
	n_conns = 0;
}

static void tear_down(void)
{
	conn_close_all(&fixture->loop);
	turn(fixture);
	fixture_free(fixture);
}

/* Another one, told apart by what it has sent. */
static struct conn *add_conn(uint64_t n_sent)
{
	struct conn *conn =
		fixture_add_conn(fixture, dup(fixture->peer), &seen[n_conns++]);

	conn->n_sent = n_sent;
	return conn;
}

START_TEST(the_newest_come_first)
{
	size_t n;

	add_conn(1)->since_ns -= 5 * CLOCK_NS_PER_S;
	(void)add_conn(2);
	n = peers_list(&fixture->loop, list);
	ck_assert_uint_eq(n, 3); /* the fixture's own is the oldest */
	ck_assert_uint_eq(list[0].n_sent, 2);
	ck_assert_uint_eq(list[1].n_sent, 1);
	ck_assert_uint_eq(list[0].age_ns, 0);
	ck_assert_uint_eq(list[1].age_ns, 5 * CLOCK_NS_PER_S);
	ck_assert(!list[0].has_tcp);
	ck_assert_uint_eq(list[0].n_received, 0);
	ck_assert_int_eq(list[0].address.sa.any.sa_family, AF_UNIX);
}
END_TEST

/* Those that do not know of the drain yet stand before the others. */
START_TEST(in_a_drain_both_kinds_are_listed)
{
	size_t n;

	(void)add_conn(1);
	ck_assert(!conn_drain_some(&fixture->loop));
	(void)add_conn(2);
	n = peers_list(&fixture->loop, list);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(list[0].n_sent, 2);
	ck_assert_uint_eq(list[1].n_sent, 1);
}
END_TEST

START_TEST(so_many_are_listed_and_no_more)
{
	for (size_t i = 1; i < PEERS_MAX + 5; i++)
		(void)add_conn(i);
	ck_assert_uint_eq(peers_list(&fixture->loop, list), PEERS_MAX);
	ck_assert_uint_eq(list[0].n_sent, PEERS_MAX + 4);
	ck_assert_uint_eq(list[PEERS_MAX - 1].n_sent, 5);
	ck_assert(!conn_drain_some(&fixture->loop));
	ck_assert_uint_eq(peers_list(&fixture->loop, list), PEERS_MAX);
}
END_TEST

/* Its descriptor is no socket any more, as of one that is just gone. */
START_TEST(who_is_gone_is_left_out)
{
	struct conn *conn;
	int null;

	(void)add_conn(1);
	conn = add_conn(2);
	(void)add_conn(3);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(dup2(null, conn->fd), conn->fd);
	(void)close(null);
	ck_assert_uint_eq(peers_list(&fixture->loop, list), 3);
	ck_assert_uint_eq(list[0].n_sent, 3);
	ck_assert_uint_eq(list[1].n_sent, 1);
}
END_TEST

START_TEST(of_tcp_the_kernel_tells_more)
{
	struct address at = address_any(AF_INET, 0), from;
	int server, client, fd;
	struct conn *conn;
	char got[5];

	at.sa.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket_listen_tcp(&at, 0);
	ck_assert_int_eq(socket_local_address(server, &at), 0);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(client, &at.sa.any, at.len), 0);
	ck_assert_int_eq(socket_local_address(client, &from), 0);
	fd = accept(server, NULL, NULL);
	ck_assert_int_eq(send(client, "hello", 5, 0), 5);
	ck_assert_int_eq(recv(fd, got, 5, MSG_WAITALL), 5);
	conn = fixture_add_conn(fixture, fd, &seen[n_conns++]);
	ck_assert_uint_eq(peers_list(&fixture->loop, list), 2);
	ck_assert(list[0].has_tcp);
	ck_assert_uint_eq(list[0].n_received, 5);
	ck_assert_uint_eq(list[0].n_retransmitted, 0);
	ck_assert_uint_gt(list[0].rtt_us, 0);
	ck_assert(address_eq(&list[0].address, &from));
	ck_assert_pstr_eq(list[0].service, conn->ops->service);
	(void)close(client);
	(void)close(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("peers");
	TCase *tcase = harness_case(suite, "peers");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_newest_come_first);
	tcase_add_test(tcase, in_a_drain_both_kinds_are_listed);
	tcase_add_test(tcase, so_many_are_listed_and_no_more);
	tcase_add_test(tcase, who_is_gone_is_left_out);
	tcase_add_test(tcase, of_tcp_the_kernel_tells_more);
	return harness_run(suite);
}
