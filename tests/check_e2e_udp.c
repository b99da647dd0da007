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
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

/* Answers a second to one source that sends nothing to change. */
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
	/* Before them, or it could get a port of theirs, and their answer. */
	int fd, stays = udp_connect(server);

	for (int i = 0; i < 100; i++) {
		fd = udp_connect(server);
		ck_assert_int_eq(send(fd, "bye", 3, 0), 3);
		(void)close(fd);
	}
	udp_exchange(stays, "still there?", 12);
	(void)close(stays);
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

static void send_many(int fd, const char *text, size_t len, int n)
{
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(send(fd, text, len, 0), (ssize_t)len);
}

/* What a source that could be another server's may get in a time. */
static size_t most_in(int64_t ms)
{
	return LOOP_BUDGET * (size_t)(ms / 1000 + 1);
}

static const struct {
	const char *bytes;
	size_t len;
	bool is_bounded;
	const char *why;
} datagrams[] = {
	{"ECHO", 4, true, "capitals: what comes back in a loop"},
	{"12345", 5, true, "digits have no upper case"},
	{"", 0, true, "an empty datagram would go round as well"},
	{"@[`{\x7f", 5, true, "the bytes beside the letters"},
	{"\xe1\xfa\x80\xff", 4, true, "a..z with the eighth bit set"},
	{"gr\xc3\x9c", 4, false, "letters make it a question"},
	{"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQ"
	 "RSTUVWXYZz",
	 79, false, "a single letter at the end does"},
	{"aBCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQ"
	 "RSTUVWXYZZ",
	 79, false, "and one at the start"},
};

START_TEST(only_what_could_be_a_loop_is_bounded)
{
	struct server *server = start_udp();
	int fd = udp_connect(server), other = udp_connect(server);
	int64_t start = harness_now_ms();
	size_t n;

	send_many(fd, datagrams[_i].bytes, datagrams[_i].len, 100);
	udp_exchange(other, "is it over?", 11);
	n = count_waiting(fd);
	if (!datagrams[_i].is_bounded)
		ck_assert_msg(n == 100, "%s: %zu", datagrams[_i].why, n);
	else
		ck_assert_msg(n >= LOOP_BUDGET &&
				      n <= most_in(harness_now_ms() - start),
			      "%s: %zu", datagrams[_i].why, n);
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: udp_datagrams");
	ck_assert_int_eq(strstr(server_log(server), "udp_loop_refused") != NULL,
			 datagrams[_i].is_bounded);
	(void)close(fd);
	(void)close(other);
	server_stop(server);
}
END_TEST

START_TEST(each_source_has_a_budget_of_its_own)
{
	struct server *server = start_udp();
	int loud = udp_connect(server);
	char text[16];

	send_many(loud, "LOUD", 4, 100);
	for (int i = 0; i < 20; i++) {
		int fd = udp_connect(server);
		int len = snprintf(text, sizeof(text), "%d", i);

		udp_exchange(fd, text, (size_t)len);
		(void)close(fd);
	}
	(void)close(loud);
	server_stop(server);
}
END_TEST

START_TEST(a_source_that_was_bounded_is_answered_again_a_second_later)
{
	struct server *server = start_udp();
	int fd = udp_connect(server), other = udp_connect(server);
	int64_t start = harness_now_ms(), deadline = harness_deadline();

	send_many(fd, "1", 1, 100);
	udp_exchange(other, "is it over?", 11);
	(void)count_waiting(fd);
	do {
		if (harness_left_ms(deadline) == 0)
			harness_fail("no answer any more");
		send_many(fd, "1", 1, 1);
	} while (sock_wait(fd, POLLIN, 50) == 0);
	ck_assert_int_ge(harness_now_ms() - start, 900);
	/* What can be no loop was never bounded. */
	(void)count_waiting(fd);
	udp_exchange(fd, "question", 8);
	(void)close(fd);
	(void)close(other);
	server_stop(server);
}
END_TEST

/* As it stands in the log after SIGUSR1; 0 when it is not there. */
static unsigned long counter_of(struct server *server, const char *name)
{
	const char *at = NULL, *next = server_log(server);
	size_t n = server_count_log(server, "counter: udp_datagrams");
	int64_t deadline = harness_deadline();

	server_signal(server, SIGUSR1);
	while (server_count_log(server, "counter: udp_datagrams") == n)
		if (harness_left_ms(deadline) == 0)
			harness_fail("no counters");
	for (next = server_log(server); (next = strstr(next, name)); next++)
		at = next;
	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

/*
 * A datagram to a server that says it came from another one, as anybody on the
 * network can forge it. False when the system does not allow that.
 */
static bool forge(const struct endpoint *from, const struct endpoint *to,
		  const char *text)
{
	struct {
		struct udphdr udp;
		char text[32];
	} packet = {0};
	struct sockaddr_in peer = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
	size_t len = sizeof(packet.udp) + strlen(text);

	if (fd < 0)
		return false;
	packet.udp.source = htons(from->port);
	packet.udp.dest = htons(to->port);
	packet.udp.len = htons((uint16_t)len);
	memcpy(packet.text, text, strlen(text));
	ck_assert_int_eq(inet_pton(AF_INET, from->host, &peer.sin_addr), 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
	ck_assert_int_eq(inet_pton(AF_INET, to->host, &peer.sin_addr), 1);
	ck_assert_int_eq(sendto(fd, &packet, len, 0, (struct sockaddr *)&peer,
				sizeof(peer)),
			 (ssize_t)len);
	(void)close(fd);
	return true;
}

START_TEST(two_servers_do_not_answer_each_other_for_ever)
{
	enum {
		WATCHED_MS = 1100
	};
	struct server *a, *b;
	int64_t start;
	unsigned long n;

	/* There everybody may forge. */
	(void)harness_own_network();
	a = start_udp();
	b = start_udp();
	start = harness_now_ms();
	if (!forge(server_endpoint(b, SERVICE_UDP),
		   server_endpoint(a, SERVICE_UDP), "a forged question")) {
		harness_skip("forging a source needs root");
		server_stop(a);
		server_stop(b);
		return;
	}
	(void)poll(NULL, 0, WATCHED_MS);
	n = counter_of(a, "udp_datagrams ");
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_le(n, most_in(harness_now_ms() - start) + 2);
	ck_assert_uint_gt(counter_of(a, "udp_loop_refused ") +
				  counter_of(b, "udp_loop_refused "),
			  0);
	server_stop(a);
	server_stop(b);
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
	send_many(service, "echo", 4, 3);
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
	tcase_add_loop_test(tcase, only_what_could_be_a_loop_is_bounded, 0,
			    ARRAY_LEN(datagrams));
	tcase_add_test(tcase, each_source_has_a_budget_of_its_own);
	tcase_add_test(
		tcase,
		a_source_that_was_bounded_is_answered_again_a_second_later);
	tcase_add_test(tcase, two_servers_do_not_answer_each_other_for_ever);
	tcase_add_test(tcase, source_ports_of_services_are_not_answered);
	tcase_add_test(tcase, the_first_source_port_above_those_is_answered);
	return suite;
}

int main(void)
{
	return harness_run(udp_suite());
}
