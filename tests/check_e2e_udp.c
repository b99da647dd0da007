/* SPDX-License-Identifier: MIT */
/*
 * The UDP uppercase service of the running daemon: one datagram in, the same
 * datagram uppercased out, from the address that it was sent to, and never a
 * loop between two servers.
 *
 * A datagram that must not be answered is followed by one that must: when that
 * answer is here, the other has been judged, since a socket's queue is served
 * in order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

/* Answers a second to a source port that is the server's own (DESIGN 1). */
#define LOOP_BUDGET 16

static struct server *start_udp(void)
{
	return server_start(&(struct server_options){.udp = "0"});
}

/* --- bytes --- */

static const size_t lengths[] = {
	0,     /* an empty datagram is a datagram */
	1,     /* shorter than any machine word */
	15,    /* the classroom's sentence */
	1472,  /* fills one Ethernet frame */
	1473,  /* is fragmented there */
	2048,  /* what the classroom's client receives at most */
	2049,  /* one more than that */
	65506, /* one less than the most */
	65507, /* the most that UDP over IPv4 carries */
};

START_TEST(a_datagram_of_this_length_comes_back_uppercased)
{
	struct server *server = start_udp();
	int fd = udp_connect(server);
	unsigned char *data = bytes_new(lengths[_i]);

	bytes_pattern(data, lengths[_i], (uint32_t)_i);
	udp_exchange(fd, data, lengths[_i]);
	free(data);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_datagram_as_long_as_can_be_comes_back_over_ipv6)
{
	struct server *server;
	unsigned char *data;
	int fd;

	if (!harness_has_ipv6())
		return;
	server = server_start(
		&(struct server_options){.udp = "0", .listen = {"::1"}});
	fd = udp_connect(server);
	data = bytes_new(UDP_PAYLOAD_MAX);
	bytes_pattern(data, UDP_PAYLOAD_MAX, 6);
	udp_exchange(fd, data, UDP_PAYLOAD_MAX);
	free(data);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(every_byte_value_follows_the_ascii_rule)
{
	struct server *server = start_udp();
	int fd = udp_connect(server);
	unsigned char data[256], got[sizeof(data) + 1];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	ck_assert_int_eq(send(fd, data, sizeof(data), 0), sizeof(data));
	ck_assert_uint_eq(udp_receive(fd, got, sizeof(got), NULL),
			  sizeof(data));
	for (int i = 0; i < 256; i++)
		ck_assert_int_eq(got[i], i >= 'a' && i <= 'z' ? i - 32 : i);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(utf8_text_stays_valid)
{
	static const char in[] = "gr\xc3\xbc\xc3\x9f dich \xe2\x82\xac";
	static const char out[] = "GR\xc3\xbc\xc3\x9f DICH \xe2\x82\xac";
	struct server *server = start_udp();
	int fd = udp_connect(server);
	char got[sizeof(out)] = "";

	ck_assert_int_eq(send(fd, in, strlen(in), 0), (ssize_t)strlen(in));
	ck_assert_uint_eq(udp_receive(fd, got, sizeof(got), NULL), strlen(out));
	ck_assert_str_eq(got, out);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- many datagrams, many clients --- */

/* More than one batch of the server, fewer than a socket's queue holds. */
#define BURST 150

START_TEST(a_burst_is_answered_whole_and_in_order)
{
	struct server *server = start_udp();
	int fd = udp_connect(server);
	char text[32], expected[32], got[64];

	for (int i = 0; i < BURST; i++) {
		int len = snprintf(text, sizeof(text), "number %d", i);

		ck_assert_int_eq(send(fd, text, (size_t)len, 0), len);
	}
	for (int i = 0; i < BURST; i++) {
		size_t len = udp_receive(fd, got, sizeof(got) - 1, NULL);

		got[len] = '\0';
		(void)snprintf(expected, sizeof(expected), "NUMBER %d", i);
		ck_assert_str_eq(got, expected);
	}
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(each_client_gets_its_own_answer)
{
	enum {
		N_CLIENTS = 100
	};
	struct server *server = start_udp();
	char text[32], expected[32], got[64];
	int fds[N_CLIENTS];

	for (int i = 0; i < N_CLIENTS; i++) {
		int len = snprintf(text, sizeof(text), "client %d", i);

		fds[i] = udp_connect(server);
		ck_assert_int_eq(send(fds[i], text, (size_t)len, 0), len);
	}
	for (int i = 0; i < N_CLIENTS; i++) {
		size_t len = udp_receive(fds[i], got, sizeof(got) - 1, NULL);

		got[len] = '\0';
		(void)snprintf(expected, sizeof(expected), "CLIENT %d", i);
		ck_assert_str_eq(got, expected);
		ck_assert(!sock_is_readable(fds[i]));
		(void)close(fds[i]);
	}
	server_stop(server);
}
END_TEST

/* Sends until an answer comes: the queue may still be full of the flood. */
static void insist(int fd)
{
	int64_t deadline = harness_deadline();
	char got[16];

	do {
		if (harness_left_ms(deadline) == 0)
			harness_fail("no answer after a flood");
		ck_assert_int_eq(send(fd, "still there?", 12, 0), 12);
	} while (sock_wait(fd, POLLIN, 100) == 0);
	ck_assert_uint_eq(udp_receive(fd, got, sizeof(got), NULL), 12);
	ck_assert_mem_eq(got, "STILL THERE?", 12);
}

START_TEST(a_flood_of_large_datagrams_costs_answers_but_not_the_service)
{
	struct server *server = start_udp();
	int flood = udp_connect(server), fd = udp_connect(server);
	unsigned char *data = bytes_new(UDP_PAYLOAD_MAX);

	bytes_pattern(data, UDP_PAYLOAD_MAX, 1);
	/* Nobody reads the answers: their socket overflows as well. */
	for (int i = 0; i < 1000; i++)
		(void)send(flood, data, UDP_PAYLOAD_MAX, MSG_DONTWAIT);
	insist(fd);
	free(data);
	(void)close(flood);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(clients_that_are_gone_before_their_answer_do_no_harm)
{
	struct server *server = start_udp();
	int fd;

	for (int i = 0; i < 100; i++) {
		fd = udp_connect(server);
		ck_assert_int_eq(send(fd, "bye", 3, 0), 3);
		(void)close(fd);
	}
	fd = udp_connect(server);
	udp_exchange(fd, "still there?", 12);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- the address of the answer --- */

/* Sends there from a socket that is not connected; who answers? */
static void expect_answer_from(const char *from, const char *to, uint16_t port)
{
	int fd = udp_bind(from, 0);
	char got[16], host[INET6_ADDRSTRLEN];

	udp_send_to(fd, "whence", 6, to, port);
	ck_assert_uint_eq(udp_receive(fd, got, sizeof(got), host), 6);
	ck_assert_mem_eq(got, "WHENCE", 6);
	ck_assert_str_eq(host, to);
	(void)close(fd);
}

START_TEST(several_listen_addresses_answer_each_from_its_own)
{
	bool ipv6 = harness_has_ipv6();
	struct server *server = server_start(&(struct server_options){
		.udp = "0",
		.listen = {"127.0.0.1", "127.0.0.2", ipv6 ? "::1" : NULL}});

	for (size_t i = 0; i < server->n_endpoints; i++) {
		const struct endpoint *endpoint = &server->endpoints[i];

		expect_answer_from(strchr(endpoint->host, ':') ? "::1"
							       : "127.0.0.1",
				   endpoint->host, endpoint->port);
	}
	server_stop(server);
}
END_TEST

START_TEST(a_wildcard_answers_from_the_address_that_was_asked)
{
	struct server *server;
	uint16_t port;

	/* Where that is possible, nobody else can reach the wildcard. */
	(void)harness_own_network();
	server = server_start(
		&(struct server_options){.udp = "0", .listen = {"0.0.0.0"}});
	port = server_endpoint_on(server, SERVICE_UDP, "0.0.0.0")->port;
	expect_answer_from("127.0.0.1", "127.0.0.1", port);
	expect_answer_from("127.0.0.1", "127.0.0.3", port);
	expect_answer_from("127.0.0.4", "127.0.0.5", port);
	server_stop(server);
}
END_TEST

START_TEST(an_ipv6_wildcard_answers_ipv6_only)
{
	struct server *server;
	uint16_t port;
	int fd;

	(void)harness_own_network();
	if (!harness_has_ipv6())
		return;
	server = server_start(
		&(struct server_options){.udp = "0", .listen = {"::"}});
	port = server_endpoint_on(server, SERVICE_UDP, "::")->port;
	expect_answer_from("::1", "::1", port);
	/* IPv4 has no socket on that port. */
	fd = udp_bind("127.0.0.1", port);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- no loops --- */

/* Datagrams that wait at the socket now. */
static size_t count_waiting(int fd)
{
	char got[64];
	size_t n = 0;

	while (recv(fd, got, sizeof(got), MSG_DONTWAIT) >= 0)
		n++;
	ck_assert_int_eq(errno, EAGAIN);
	return n;
}

/* A client whose port is the server's, as a forged source would name it. */
static int connect_reflector(const struct server *server)
{
	uint16_t port = server_endpoint(server, SERVICE_UDP)->port;
	int fd = udp_bind("127.0.0.9", port);

	udp_connect_to(fd, "127.0.0.1", port);
	return fd;
}

static void send_many(int fd, int n)
{
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(send(fd, "echo", 4, 0), 4);
}

START_TEST(our_own_port_as_source_is_answered_at_most_sixteen_times)
{
	struct server *server = start_udp();
	int reflector = connect_reflector(server);
	int fd = udp_connect(server);
	int64_t start = harness_now_ms();
	size_t n;

	send_many(reflector, 100);
	udp_exchange(fd, "is it over?", 11);
	n = count_waiting(reflector);
	ck_assert_uint_ge(n, 1);
	/* On a machine that slow a second budget may have begun. */
	ck_assert_uint_le(n, harness_now_ms() - start < 1000
				     ? LOOP_BUDGET
				     : (size_t)2 * LOOP_BUDGET);
	(void)close(reflector);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_client_on_our_port_is_answered_again_a_second_later)
{
	struct server *server = start_udp();
	int reflector = connect_reflector(server);
	int fd = udp_connect(server);
	int64_t start = harness_now_ms();

	send_many(reflector, 100);
	udp_exchange(fd, "is it over?", 11);
	(void)count_waiting(reflector);
	insist(reflector);
	ck_assert_int_ge(harness_now_ms() - start, 900);
	(void)close(reflector);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(the_budget_counts_all_our_ports_together)
{
	struct server *server = server_start(&(struct server_options){
		.udp = "0", .listen = {"127.0.0.1", "127.0.0.2"}});
	const struct endpoint *a = &server->endpoints[0];
	const struct endpoint *b = &server->endpoints[1];
	int64_t start = harness_now_ms();
	int from_a = udp_bind("127.0.0.9", a->port);
	int from_b = udp_bind("127.0.0.10", b->port);
	int fd_a = udp_bind("127.0.0.8", 0), fd_b = udp_bind("127.0.0.8", 0);
	size_t n;

	/* To the other one each: the port of any socket of ours counts. */
	udp_connect_to(from_a, b->host, b->port);
	udp_connect_to(from_b, a->host, a->port);
	udp_connect_to(fd_a, a->host, a->port);
	udp_connect_to(fd_b, b->host, b->port);
	send_many(from_a, 50);
	send_many(from_b, 50);
	udp_exchange(fd_a, "is it over?", 11);
	udp_exchange(fd_b, "is it over?", 11);
	n = count_waiting(from_a) + count_waiting(from_b);
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_le(n, harness_now_ms() - start < 1000
				     ? LOOP_BUDGET
				     : (size_t)2 * LOOP_BUDGET);
	(void)close(from_a);
	(void)close(from_b);
	(void)close(fd_a);
	(void)close(fd_b);
	server_stop(server);
}
END_TEST

/*
 * Binds to a free port in the range, from its end; port receives which. -1
 * when the system does not allow it.
 */
static int bind_between(int low, int high, uint16_t *port)
{
	for (int i = high; i >= low; i--) {
		int fd = udp_try_bind("127.0.0.9", (uint16_t)i);

		*port = (uint16_t)i;
		if (fd >= 0 || errno == EACCES)
			return fd;
	}
	harness_fail("no free port from %d to %d", low, high);
}

START_TEST(source_ports_of_services_are_not_answered)
{
	struct server *server;
	uint16_t port;
	int service, fd;

	/* There everybody may. */
	(void)harness_own_network();
	service = bind_between(1, 1023, &port);
	if (service < 0) {
		harness_skip("ports below 1024 need root");
		return;
	}
	server = start_udp();
	udp_connect_to(service, "127.0.0.1",
		       server_endpoint(server, SERVICE_UDP)->port);
	fd = udp_connect(server);
	send_many(service, 3);
	udp_exchange(fd, "is it over?", 11);
	ck_assert_msg(!sock_is_readable(service), "port %u was answered",
		      (unsigned)port);
	(void)close(service);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(the_first_source_port_above_those_is_answered)
{
	struct server *server = start_udp();
	uint16_t port;
	int fd = bind_between(1024, 1099, &port);

	udp_connect_to(fd, "127.0.0.1",
		       server_endpoint(server, SERVICE_UDP)->port);
	udp_exchange(fd, "hello", 5);
	(void)close(fd);
	server_stop(server);
}
END_TEST

static Suite *udp_suite(void)
{
	Suite *suite = suite_create("e2e udp");
	TCase *tcase = harness_case(suite, "bytes");

	tcase_add_loop_test(tcase,
			    a_datagram_of_this_length_comes_back_uppercased, 0,
			    ARRAY_LEN(lengths));
	tcase_add_test(tcase,
		       a_datagram_as_long_as_can_be_comes_back_over_ipv6);
	tcase_add_test(tcase, every_byte_value_follows_the_ascii_rule);
	tcase_add_test(tcase, utf8_text_stays_valid);

	tcase = harness_case(suite, "many");
	tcase_add_test(tcase, a_burst_is_answered_whole_and_in_order);
	tcase_add_test(tcase, each_client_gets_its_own_answer);
	tcase_add_test(
		tcase,
		a_flood_of_large_datagrams_costs_answers_but_not_the_service);
	tcase_add_test(tcase,
		       clients_that_are_gone_before_their_answer_do_no_harm);

	tcase = harness_case(suite, "addresses");
	tcase_add_test(tcase,
		       several_listen_addresses_answer_each_from_its_own);
	tcase_add_test(tcase,
		       a_wildcard_answers_from_the_address_that_was_asked);
	tcase_add_test(tcase, an_ipv6_wildcard_answers_ipv6_only);

	tcase = harness_case(suite, "loops");
	tcase_add_test(
		tcase,
		our_own_port_as_source_is_answered_at_most_sixteen_times);
	tcase_add_test(tcase,
		       a_client_on_our_port_is_answered_again_a_second_later);
	tcase_add_test(tcase, the_budget_counts_all_our_ports_together);
	tcase_add_test(tcase, source_ports_of_services_are_not_answered);
	tcase_add_test(tcase, the_first_source_port_above_those_is_answered);
	return suite;
}

int main(void)
{
	return harness_run(udp_suite());
}
