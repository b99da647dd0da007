/* SPDX-License-Identifier: MIT */
/*
 * The turn's budget: whatever takes time counts in it, and does less when the
 * turn is old, so that nobody waits long behind datagrams, input that nobody
 * wants, or a folder full of links.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_fixture.h"
#include "harness.h"
#include "os/datagram.h"
#include "os/socket.h"
#include "server/udp_service.h"
#include "web/folder.h"

/* A turn that has moved so much is old. */
#define TURN_BYTES (2 << 20)

/* The callbacks that are due, without the end of the turn behind them. */
static void run_callbacks(struct loop *loop, size_t spent)
{
	loop->spent = spent;
	ck_assert_int_eq(
		event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

/* --- datagrams --- */

struct udp_pair {
	struct loop loop;
	struct udp_service *service;
	int client;
};

static void udp_pair_init(struct udp_pair *pair)
{
	struct address address = address_any(AF_INET, 0);
	int fd;

	address.sa.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(loop_init(&pair->loop), 0);
	pair->service = udp_service_new(&pair->loop);
	ck_assert_ptr_nonnull(pair->service);
	fd = socket_bind_udp(&address, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_local_address(fd, &address), 0);
	ck_assert_int_eq(udp_service_add(pair->service, fd), 0);
	pair->client = socket_open(&address, SOCK_DGRAM);
	ck_assert_int_eq(connect(pair->client, &address.sa.any, address.len),
			 0);
}

static void udp_pair_clear(struct udp_pair *pair)
{
	udp_service_free(pair->service);
	(void)close(pair->client);
	loop_clear(&pair->loop);
}

static void send_datagrams(struct udp_pair *pair, size_t len, int n)
{
	char *data = bytes_new(len);

	memset(data, 'a', len);
	while (n-- > 0)
		ck_assert_int_eq(send(pair->client, data, len, 0),
				 (ssize_t)len);
	free(data);
}

/* One wake-up's: how many at the most, of those that wait. */
static const struct {
	size_t len;
	size_t spent; /* before */
	uint64_t least, most;
	const char *why;
} wake_ups[] = {
	{15, 0, 64, 128, "a young turn answers many"},
	{15, TURN_BYTES, 1, 16, "an old one few"},
	{20000, TURN_BYTES, 1, 2, "of long ones fewer"},
	{20000, 0, 1, 15, "even in a young one"},
};

START_TEST(datagrams_count_in_the_turn)
{
	struct udp_pair pair;
	size_t len = wake_ups[_i].len, moved;
	uint64_t n;

	udp_pair_init(&pair);
	/* The first one tells how long they are. */
	send_datagrams(&pair, len, 1);
	run_callbacks(&pair.loop, 0);
	send_datagrams(&pair, len, len > 1000 ? 20 : 200);
	run_callbacks(&pair.loop, wake_ups[_i].spent);
	moved = pair.loop.spent - wake_ups[_i].spent;
	n = pair.loop.counters.udp_datagrams - 1;
	ck_assert_msg(n >= wake_ups[_i].least && n <= wake_ups[_i].most,
		      "%s: %llu", wake_ups[_i].why, (unsigned long long)n);
	/* In and out. */
	ck_assert_uint_ge(moved, 2 * len * n);
	udp_pair_clear(&pair);
}
END_TEST

START_TEST(all_datagrams_are_answered_in_the_end)
{
	struct udp_pair pair;

	udp_pair_init(&pair);
	send_datagrams(&pair, 15, 200);
	for (int i = 0; i < 100; i++)
		run_callbacks(&pair.loop, TURN_BYTES);
	ck_assert_uint_eq(pair.loop.counters.udp_datagrams, 200);
	udp_pair_clear(&pair);
}
END_TEST

/* --- input that nobody wants --- */

START_TEST(discarded_input_counts_in_the_turn)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	unsigned char *data = flood_new();
	size_t n;

	conn_linger(fixture->conn, &fixture->linger);
	ck_assert_uint_gt(peer_floods(fixture, data, FLOOD), 1000);
	run_callbacks(&fixture->loop, 0);
	ck_assert_uint_gt(fixture->loop.spent, 0);
	n = peer_floods(fixture, data, FLOOD);
	ck_assert_uint_gt(n, 0);
	run_callbacks(&fixture->loop, TURN_BYTES);
	ck_assert_uint_gt(fixture->loop.spent, TURN_BYTES);
	ck_assert_uint_le(fixture->loop.spent, TURN_BYTES + 4096);
	free(data);
	fixture_free(fixture);
}
END_TEST

/* --- listings --- */

#define N_LINKS 600

static void make_links(const char *folder)
{
	char name[16], *path;

	folder_write_text(folder, "file", "text");
	for (int i = 0; i < N_LINKS; i++) {
		(void)snprintf(name, sizeof(name), "link%d", i);
		path = folder_path(folder, name);
		ck_assert_int_eq(symlink("file", path), 0);
		free(path);
	}
}

/* What the client has been sent; returns how many links are named in it. */
static size_t count_links(int peer)
{
	static char text[1 << 20];
	size_t len = 0, n = 0;
	ssize_t got;

	while ((got = recv(peer, text + len, sizeof(text) - 1 - len,
			   MSG_DONTWAIT)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	for (const char *at = text; (at = strstr(at, "\"link")); at++)
		n++;
	return n;
}

/* Sends a whole listing as JSON; returns the most that one step has spent. */
static size_t send_listing(const char *folder, size_t spent)
{
	struct fixture *fixture = fixture_new(LONG_NS);
	struct listing_budget budget = {.limits = &limits_standard};
	struct docroot *root = docroot_open(folder);
	struct listing *listing =
		listing_open(&budget, root, (struct slice){"", 0}, false, true);
	struct body *body = listing_body(listing, false);
	size_t most = 0, n_links = 0;
	enum conn_sent sent;

	do {
		fixture->loop.spent = spent;
		sent = body->send(body, fixture->conn);
		if (fixture->loop.spent - spent > most)
			most = fixture->loop.spent - spent;
		while (conn_has_held(fixture->conn)) {
			n_links += count_links(fixture->peer);
			conn_wait_writable(fixture->conn, &fixture->stall);
			turn(fixture);
		}
		n_links += count_links(fixture->peer);
	} while (sent != CONN_SENT);
	ck_assert_uint_gt(n_links, N_LINKS - 30); /* names may be cut apart */
	body_free(body);
	docroot_close(root);
	fixture_free(fixture);
	return most;
}

/* Looking up a link costs some ten times what a name does. */
START_TEST(a_listing_of_links_goes_in_steps)
{
	char *folder = folder_new();
	size_t young, old;

	make_links(folder);
	young = send_listing(folder, 0);
	old = send_listing(folder, TURN_BYTES);
	ck_assert_uint_ge(young, 256 << 10);
	ck_assert_uint_le(young, 600 << 10);
	ck_assert_uint_le(old, 80 << 10);
	free(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("budget");
	TCase *tcase = harness_case(suite, "budget");

	tcase_add_loop_test(tcase, datagrams_count_in_the_turn, 0,
			    ARRAY_LEN(wake_ups));
	tcase_add_test(tcase, all_datagrams_are_answered_in_the_end);
	tcase_add_test(tcase, discarded_input_counts_in_the_turn);
	tcase_add_test(tcase, a_listing_of_links_goes_in_steps);
	return harness_run(suite);
}
