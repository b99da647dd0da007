/* SPDX-License-Identifier: MIT */
/*
 * Batches of datagrams over real loopback sockets: what comes in goes out with
 * the same bytes, to the right peer, from the address that it was sent to, in
 * order, and nothing else goes out.
 *
 * Loopback delivers before sendto(2) returns, so what was sent is there to be
 * received, and what is not there was not sent: no test waits.
 */
#include "os/datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "os/socket.h"

/* What the next calls fail with, 0 to let one through; stands before the C
 * library's. */
static int errors[8];
static size_t n_errors, n_calls;

int sendmmsg(int fd, struct mmsghdr *headers, unsigned n, int flags)
{
	int error = n_calls < n_errors ? errors[n_calls] : 0;

	n_calls++;
	if (error == 0)
		return (int)syscall(SYS_sendmmsg, fd, headers, n, flags);
	errno = error;
	return -1;
}

/* A server's socket with its batch, and a client's. */
struct pair {
	int server;
	int client;
	struct address address; /* of the server's, for the client */
	struct datagram_batch *batch;
	uint32_t kernel_lost;
};

static struct address address_of(const char *host, uint16_t port)
{
	struct address address;
	const char *cause;
	size_t n;

	ck_assert_int_eq(address_resolve(host, port, AF_UNSPEC, SOCK_DGRAM,
					 &address, 1, &n, &cause),
			 0);
	return address;
}

static int bound(const char *host)
{
	struct address address = address_of(host, 0);
	int fd = socket_bind_udp(&address, 0);

	ck_assert_msg(fd >= 0, "%s: %s", host, strerror(errno));
	return fd;
}

static uint16_t port_of(int fd)
{
	struct address address;

	ck_assert_int_eq(socket_local_address(fd, &address), 0);
	return address_port(&address);
}

/* A server bound to host, and a client that sends to its address `to`. */
static struct pair pair_new(const char *host, const char *to, const char *from)
{
	struct pair pair = {.server = bound(host), .client = bound(from)};

	pair.address = address_of(to, port_of(pair.server));
	pair.batch = datagram_batch_new();
	ck_assert_ptr_nonnull(pair.batch);
	return pair;
}

static struct pair pair_new_ipv4(void)
{
	return pair_new("127.0.0.1", "127.0.0.1", "127.0.0.1");
}

static void pair_free(struct pair *pair)
{
	datagram_batch_free(pair->batch);
	(void)close(pair->server);
	(void)close(pair->client);
}

static void send_bytes(struct pair *pair, const void *data, size_t len)
{
	ssize_t n = sendto(pair->client, data, len, 0, &pair->address.sa.any,
			   pair->address.len);

	ck_assert_msg(n == (ssize_t)len, "sendto: %s", strerror(errno));
}

static void send_number(struct pair *pair, unsigned number)
{
	send_bytes(pair, &number, sizeof(number));
}

static int receive(struct pair *pair)
{
	return datagram_receive(pair->server, pair->batch, DATAGRAM_BATCH,
				&pair->kernel_lost);
}

/* Receives an answer at the client, and where it came from. */
static size_t take_answer(struct pair *pair, void *buf, size_t size,
			  struct address *from)
{
	struct address source = {.len = sizeof(source.sa)};
	ssize_t n = recvfrom(pair->client, buf, size, MSG_DONTWAIT,
			     &source.sa.any, &source.len);

	ck_assert_msg(n >= 0, "no answer: %s", strerror(errno));
	if (from)
		*from = source;
	return (size_t)n;
}

static void expect_number(struct pair *pair, unsigned want)
{
	unsigned got;

	ck_assert_uint_eq(take_answer(pair, &got, sizeof(got), NULL),
			  sizeof(got));
	ck_assert_uint_eq(got, want);
}

static void expect_nothing(struct pair *pair)
{
	char byte;

	errno = 0;
	ck_assert_int_eq(recv(pair->client, &byte, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

/* --- lengths --- */

static const size_t lengths[] = {
	0,     /* an empty datagram is one */
	1,     /* the shortest with something in it */
	15,    /* what the lab sends */
	1472,  /* an Ethernet frame's worth */
	1473,  /* one more: in two fragments there */
	32768, /* half of the most */
	65506, /* one less than the most */
	65507, /* DATAGRAM_MAX */
};

START_TEST(a_datagram_of_this_length_goes_out_as_it_came)
{
	struct pair pair = pair_new_ipv4();
	unsigned char *sent = bytes_new(DATAGRAM_MAX),
		      *got = bytes_new(DATAGRAM_MAX + 1);
	size_t len = lengths[_i], n;
	char *bytes;

	bytes_pattern(sent, DATAGRAM_MAX, (uint32_t)_i);
	send_bytes(&pair, sent, len);
	ck_assert_int_eq(receive(&pair), 1);
	bytes = datagram_bytes(pair.batch, 0, &n);
	ck_assert_uint_eq(n, len);
	ck_assert_int_eq(memcmp(bytes, sent, len), 0);
	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH), 0);
	ck_assert_uint_eq(take_answer(&pair, got, DATAGRAM_MAX + 1, NULL), len);
	ck_assert_int_eq(memcmp(got, sent, len), 0);
	expect_nothing(&pair);
	free(sent);
	free(got);
	pair_free(&pair);
}
END_TEST

START_TEST(the_limit_is_what_ipv4_carries)
{
	struct pair pair = pair_new_ipv4();
	char *data = bytes_new(DATAGRAM_MAX + 1);

	memset(data, 'x', DATAGRAM_MAX + 1);
	ck_assert_int_eq(sendto(pair.client, data, DATAGRAM_MAX + 1, 0,
				&pair.address.sa.any, pair.address.len),
			 -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	free(data);
	pair_free(&pair);
}
END_TEST

START_TEST(bytes_changed_in_place_are_what_goes_out)
{
	struct pair pair = pair_new_ipv4();
	char got[8];
	size_t len;

	send_bytes(&pair, "abc", 3);
	ck_assert_int_eq(receive(&pair), 1);
	memcpy(datagram_bytes(pair.batch, 0, &len), "XYZ", 3);
	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH), 0);
	ck_assert_uint_eq(take_answer(&pair, got, sizeof(got), NULL), 3);
	ck_assert_int_eq(memcmp(got, "XYZ", 3), 0);
	pair_free(&pair);
}
END_TEST

/* A slot that held a long datagram must have its whole length again. */
START_TEST(a_long_datagram_after_a_short_one_is_whole)
{
	struct pair pair = pair_new_ipv4();
	char *data = bytes_new(DATAGRAM_MAX);
	size_t len;

	memset(data, 'x', DATAGRAM_MAX);
	for (int round = 0; round < 3; round++) {
		send_bytes(&pair, "a", 1);
		ck_assert_int_eq(receive(&pair), 1);
		ck_assert_uint_eq(
			datagram_send(pair.server, pair.batch, DATAGRAM_BATCH),
			0);
		ck_assert_uint_eq(take_answer(&pair, data, 1, NULL), 1);
		send_bytes(&pair, data, DATAGRAM_MAX);
		ck_assert_int_eq(receive(&pair), 1);
		(void)datagram_bytes(pair.batch, 0, &len);
		ck_assert_uint_eq(len, DATAGRAM_MAX);
		datagram_drop(pair.batch, 0);
		ck_assert_uint_eq(
			datagram_send(pair.server, pair.batch, DATAGRAM_BATCH),
			0);
	}
	expect_nothing(&pair);
	free(data);
	pair_free(&pair);
}
END_TEST

/* --- batches --- */

START_TEST(an_empty_queue_would_block)
{
	struct pair pair = pair_new_ipv4();

	errno = 0;
	ck_assert_int_eq(receive(&pair), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH), 0);
	expect_nothing(&pair);
	pair_free(&pair);
}
END_TEST

START_TEST(a_batch_is_what_waits_up_to_its_size)
{
	struct pair pair = pair_new_ipv4();
	unsigned n = 2 * DATAGRAM_BATCH + 3, next = 0;
	const int sizes[] = {DATAGRAM_BATCH, DATAGRAM_BATCH, 3};

	for (unsigned i = 0; i < n; i++)
		send_number(&pair, i);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		ck_assert_int_eq(receive(&pair), sizes[i]);
		ck_assert_uint_eq(
			datagram_send(pair.server, pair.batch, DATAGRAM_BATCH),
			0);
	}
	ck_assert_int_eq(receive(&pair), -1);
	while (next < n)
		expect_number(&pair, next++);
	expect_nothing(&pair);
	pair_free(&pair);
}
END_TEST

START_TEST(a_batch_answers_once)
{
	struct pair pair = pair_new_ipv4();

	send_number(&pair, 1);
	ck_assert_int_eq(receive(&pair), 1);
	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH), 0);
	expect_number(&pair, 1);
	ck_assert_int_eq(receive(&pair), -1);
	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH), 0);
	expect_nothing(&pair);
	pair_free(&pair);
}
END_TEST

/* Drops what the bit set says, answers the rest; then again, all of them. */
static void drop_and_answer(struct pair *pair, uint32_t dropped)
{
	for (unsigned i = 0; i < DATAGRAM_BATCH; i++)
		send_number(pair, i);
	ck_assert_int_eq(receive(pair), DATAGRAM_BATCH);
	for (unsigned i = 0; i < DATAGRAM_BATCH; i++)
		if (dropped >> i & 1)
			datagram_drop(pair->batch, i);
	ck_assert_uint_eq(
		datagram_send(pair->server, pair->batch, DATAGRAM_BATCH), 0);
	for (unsigned i = 0; i < DATAGRAM_BATCH; i++)
		if (!(dropped >> i & 1))
			expect_number(pair, i);
	expect_nothing(pair);
}

static const uint32_t drop_sets[] = {
	0x00000001, /* the first */
	0x80000000, /* the last */
	0x55555555, /* every other one */
	0xaaaaaaaa, /* every other one */
	0x00ffff00, /* a run in the middle */
	0xfffffffe, /* all but the first */
	0x7fffffff, /* all but the last */
	0xffffffff, /* all */
};

START_TEST(dropped_datagrams_are_not_answered_and_the_others_are)
{
	struct pair pair = pair_new_ipv4();

	drop_and_answer(&pair, drop_sets[_i]);
	drop_and_answer(&pair, 0);
	pair_free(&pair);
}
END_TEST

/* --- from whom, to whom --- */

START_TEST(the_source_is_the_peer)
{
	struct pair pair = pair_new("127.0.0.1", "127.0.0.1", "127.0.0.2");
	struct address want = address_of("127.0.0.2", port_of(pair.client));

	send_number(&pair, 1);
	ck_assert_int_eq(receive(&pair), 1);
	ck_assert(address_eq(datagram_source(pair.batch, 0), &want));
	ck_assert_uint_eq(datagram_source(pair.batch, 0)->len, want.len);
	pair_free(&pair);
}
END_TEST

START_TEST(each_peer_gets_its_own_answer)
{
	enum {
		N_PEERS = 5,
		ROUNDS = 6
	};
	struct pair pair = pair_new_ipv4(), peers[N_PEERS];

	for (unsigned i = 0; i < N_PEERS; i++) {
		peers[i] = pair;
		peers[i].client = bound("127.0.0.1");
	}
	for (unsigned i = 0; i < N_PEERS * ROUNDS; i++)
		send_number(&peers[i % N_PEERS], i);
	ck_assert_int_eq(receive(&pair), N_PEERS * ROUNDS);
	datagram_drop(pair.batch, 7); /* makes later ones move up */
	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH), 0);
	for (unsigned i = 0; i < N_PEERS * ROUNDS; i++)
		if (i != 7)
			expect_number(&peers[i % N_PEERS], i);
	for (unsigned i = 0; i < N_PEERS; i++) {
		expect_nothing(&peers[i]);
		(void)close(peers[i].client);
	}
	pair_free(&pair);
}
END_TEST

/* Sends to the server's address `to` and wants the answer to come from it. */
static void assert_answers_from(struct pair *pair, const char *to)
{
	struct pollfd asked = {.fd = pair->server, .events = POLLIN};
	int64_t deadline = harness_deadline();
	struct pollfd answered = {.fd = pair->client, .events = POLLIN};
	struct address from;
	char text[ADDRESS_TEXT_SIZE];
	unsigned got;

	pair->address = address_of(to, port_of(pair->server));
	/* What is sent to an address that is new may be lost at first. */
	do {
		send_number(pair, 7);
	} while (poll(&asked, 1, 100) == 0 && harness_left_ms(deadline) > 0);
	ck_assert_int_eq(receive(pair), 1);
	ck_assert_uint_eq(
		datagram_send(pair->server, pair->batch, DATAGRAM_BATCH), 0);
	ck_assert_int_eq(poll(&answered, 1, HARNESS_WAIT_MS), 1);
	ck_assert_uint_eq(take_answer(pair, &got, sizeof(got), &from),
			  sizeof(got));
	ck_assert_msg(address_eq(&from, &pair->address), "%s answers from %s",
		      to, address_format(&from, text));
}

START_TEST(at_the_wildcard_an_answer_leaves_from_where_it_was_asked)
{
	struct pair pair = pair_new("0.0.0.0", "127.0.0.1", "127.0.0.1");

	assert_answers_from(&pair, "127.0.0.3");
	assert_answers_from(&pair, "127.0.0.1");
	assert_answers_from(&pair, "127.77.0.1");
	pair_free(&pair);
}
END_TEST

START_TEST(a_batch_to_several_addresses_is_answered_from_each)
{
	static const char *const hosts[] = {"127.0.0.3", "127.0.0.4",
					    "127.0.0.5"};
	struct pair pair = pair_new("0.0.0.0", "127.0.0.1", "127.0.0.1");
	struct address from;
	unsigned got;

	for (unsigned i = 0; i < DATAGRAM_BATCH; i++) {
		pair.address = address_of(hosts[i % ARRAY_LEN(hosts)],
					  port_of(pair.server));
		send_number(&pair, i);
	}
	ck_assert_int_eq(receive(&pair), DATAGRAM_BATCH);
	datagram_drop(pair.batch, 0);
	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH), 0);
	for (unsigned i = 1; i < DATAGRAM_BATCH; i++) {
		struct address want = address_of(hosts[i % ARRAY_LEN(hosts)],
						 port_of(pair.server));

		ck_assert_uint_eq(take_answer(&pair, &got, sizeof(got), &from),
				  sizeof(got));
		ck_assert_uint_eq(got, i);
		ck_assert(address_eq(&from, &want));
	}
	expect_nothing(&pair);
	pair_free(&pair);
}
END_TEST

/* A slot's control data must be as it was after it was used. */
START_TEST(the_same_slot_serves_different_addresses_in_turn)
{
	struct pair pair = pair_new("0.0.0.0", "127.0.0.1", "127.0.0.1");

	for (int round = 0; round < 3; round++) {
		assert_answers_from(&pair, "127.0.0.3");
		assert_answers_from(&pair, "127.0.0.4");
	}
	pair_free(&pair);
}
END_TEST

START_TEST(ipv6_is_answered_from_where_it_was_asked)
{
	static const char *const hosts[] = {"::", "::1"};

	if (!harness_has_ipv6())
		return;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct pair pair = pair_new(hosts[i], "::1", "::1");
		struct address want = address_of("::1", port_of(pair.client));

		assert_answers_from(&pair, "::1");
		ck_assert(address_eq(datagram_source(pair.batch, 0), &want));
		expect_nothing(&pair);
		pair_free(&pair);
	}
}
END_TEST

/* Gives loopback one more address. */
static bool add_loopback(const char *host)
{
	struct {
		struct in6_addr address;
		uint32_t prefix_len;
		int interface;
	} request = {.prefix_len = 128};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (fd < 0)
		return false;
	request.interface = (int)if_nametoindex("lo");
	ck_assert_int_eq(inet_pton(AF_INET6, host, &request.address), 1);
	result = ioctl(fd, SIOCSIFADDR, &request);
	(void)close(fd);
	return result == 0;
}

/* Left to itself the kernel would answer ::1 from ::1. */
START_TEST(at_the_ipv6_wildcard_an_answer_leaves_from_where_it_was_asked)
{
	struct pair pair;

	if (!harness_own_network() || !add_loopback("fd00::1")) {
		harness_skip("no second IPv6 address to be had");
		return;
	}
	pair = pair_new("::", "::1", "::1");
	for (int round = 0; round < 2; round++) {
		assert_answers_from(&pair, "fd00::1");
		assert_answers_from(&pair, "::1");
	}
	pair_free(&pair);
}
END_TEST

START_TEST(one_batch_serves_sockets_of_both_families)
{
	struct pair pair = pair_new("0.0.0.0", "127.0.0.1", "127.0.0.1");
	struct pair six;

	if (!harness_has_ipv6())
		return;
	six = pair_new("::", "::1", "::1");
	datagram_batch_free(six.batch);
	six.batch = pair.batch;
	for (int round = 0; round < 3; round++) {
		assert_answers_from(&pair, "127.0.0.3");
		assert_answers_from(&six, "::1");
	}
	(void)close(six.server);
	(void)close(six.client);
	pair_free(&pair);
}
END_TEST

/* --- what goes wrong --- */

START_TEST(an_answer_that_is_refused_is_counted_and_the_rest_goes_out)
{
	/* IPv6 addresses to an IPv4 socket: refused one by one. */
	struct pair pair = pair_new_ipv4(), six;
	int other = bound("127.0.0.1");

	if (!harness_has_ipv6())
		return;
	six = pair_new("::1", "::1", "::1");
	for (unsigned i = 0; i < 4; i++)
		send_number(&six, i);
	ck_assert_int_eq(receive(&six), 4);
	datagram_drop(six.batch, 1);
	ck_assert_uint_eq(datagram_send(other, six.batch, DATAGRAM_BATCH), 3);
	expect_nothing(&six);
	(void)close(other);
	pair_free(&six);
	pair_free(&pair);
}
END_TEST

/*
 * An address that the kernel refuses to send to (port 0) between others: only
 * that answer is lost.
 */
START_TEST(a_refused_answer_does_not_stop_the_ones_behind_it)
{
	struct pair pair = pair_new_ipv4();

	for (unsigned i = 0; i < 5; i++)
		send_number(&pair, i);
	ck_assert_int_eq(receive(&pair), 5);
	for (unsigned i = 1; i < 4; i += 2) {
		const struct address *source = datagram_source(pair.batch, i);

		/* The batch is plain memory; only its owner is asked. */
		address_set_port((struct address *)(uintptr_t)source, 0);
	}
	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH), 2);
	expect_number(&pair, 0);
	expect_number(&pair, 2);
	expect_number(&pair, 4);
	expect_nothing(&pair);
	pair_free(&pair);
}
END_TEST

/* Five answers, and what comes of errors on their way. */
static const struct {
	int errors[8];
	size_t n_refused;
	size_t n_calls;
	unsigned first; /* the first that goes out; all behind it do */
	const char *why;
} troubles[] = {
	{{0}, 0, 1, 0, "none"},
	{{EINTR}, 0, 2, 0, "a signal costs nothing"},
	{{EINTR, EINTR, EINTR}, 0, 4, 0, "nor do several"},
	{{EAGAIN}, 5, 1, 5, "no room: all are dropped, and it asks no more"},
	{{ENOBUFS}, 5, 1, 5, "no memory: the same"},
	{{EPERM}, 1, 2, 1, "a firewall: one is refused, the others go out"},
	{{ENETUNREACH}, 1, 2, 1, "no way: the same"},
	{{EPERM, EINVAL}, 2, 3, 2, "two are refused"},
	{{EPERM, EAGAIN}, 5, 2, 5, "one is refused, then there is no room"},
	{{EPERM, EINTR, EPERM}, 2, 4, 2, "a signal between"},
	{{EPERM, EPERM, EPERM, EPERM, EPERM}, 5, 5, 5, "all are refused"},
};

START_TEST(an_error_costs_one_answer_or_the_rest)
{
	struct pair pair = pair_new_ipv4();

	for (unsigned i = 0; i < 5; i++)
		send_number(&pair, i);
	ck_assert_int_eq(receive(&pair), 5);
	memcpy(errors, troubles[_i].errors, sizeof(errors));
	n_errors = ARRAY_LEN(errors);
	n_calls = 0;
	ck_assert_msg(datagram_send(pair.server, pair.batch, DATAGRAM_BATCH) ==
			      troubles[_i].n_refused,
		      "%s", troubles[_i].why);
	n_errors = 0;
	ck_assert_msg(n_calls == troubles[_i].n_calls, "%s: %zu calls",
		      troubles[_i].why, n_calls);
	for (unsigned i = troubles[_i].first; i < 5; i++)
		expect_number(&pair, i);
	expect_nothing(&pair);
	pair_free(&pair);
}
END_TEST

/* Sends empty datagrams until there is no room; returns how many fit. */
static unsigned fill(int fd)
{
	unsigned n = 0;

	while (send(fd, "", 0, MSG_DONTWAIT) == 0)
		n++;
	ck_assert_int_eq(errno, EAGAIN);
	return n;
}

/*
 * Over UDP on loopback a socket always has room. One of the UNIX domain has
 * not: its peer's queue is short.
 */
START_TEST(a_full_socket_drops_the_rest_of_the_batch)
{
	struct pair pair = {.batch = datagram_batch_new()};
	unsigned n_ahead, n_got = 0;
	int fds[2], n_received;
	char byte;

	ck_assert_ptr_nonnull(pair.batch);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds),
			 0);
	pair.server = fds[0];
	pair.client = fds[1];
	(void)fill(pair.client);
	n_received = receive(&pair);
	ck_assert_int_ge(n_received, 3);
	/* Leave room for two answers. */
	n_ahead = fill(pair.server);
	ck_assert_int_eq(recv(pair.client, &byte, 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq(recv(pair.client, &byte, 1, MSG_DONTWAIT), 0);

	ck_assert_uint_eq(
		datagram_send(pair.server, pair.batch, DATAGRAM_BATCH),
		(size_t)n_received - 2);
	while (recv(pair.client, &byte, 1, MSG_DONTWAIT) == 0)
		n_got++;
	ck_assert_uint_eq(n_got, n_ahead);
	pair_free(&pair);
}
END_TEST

START_TEST(what_the_kernel_loses_is_told)
{
	struct pair pair = pair_new_ipv4();
	int least = 1;
	unsigned n_sent = 0, n_got = 0;
	int n;

	ck_assert_int_eq(setsockopt(pair.server, SOL_SOCKET, SO_RCVBUF, &least,
				    sizeof(least)),
			 0);
	for (; n_sent < 100; n_sent++)
		send_number(&pair, n_sent);
	while ((n = receive(&pair)) > 0)
		n_got += (unsigned)n;
	ck_assert_uint_lt(n_got, n_sent);
	/* The count comes with the next datagram that is received. */
	send_number(&pair, n_sent);
	ck_assert_int_eq(receive(&pair), 1);
	ck_assert_uint_eq(pair.kernel_lost, n_sent - n_got);
	pair_free(&pair);
}
END_TEST

START_TEST(when_nothing_is_lost_the_count_is_left_alone)
{
	struct pair pair = pair_new_ipv4();

	send_number(&pair, 1);
	ck_assert_int_eq(receive(&pair), 1);
	ck_assert_uint_eq(pair.kernel_lost, 0);
	pair.kernel_lost = 7;
	ck_assert_int_eq(receive(&pair), -1);
	ck_assert_uint_eq(pair.kernel_lost, 7);
	pair_free(&pair);
}
END_TEST

START_TEST(a_bad_descriptor_is_an_error)
{
	struct pair pair = pair_new_ipv4();
	int gone = pair.server;

	send_number(&pair, 1);
	send_number(&pair, 2);
	ck_assert_int_eq(receive(&pair), 2);
	(void)close(gone);
	ck_assert_uint_eq(datagram_send(gone, pair.batch, DATAGRAM_BATCH), 2);
	errno = 0;
	ck_assert_int_eq(receive(&pair), -1);
	ck_assert_int_eq(errno, EBADF);
	pair.server = -1;
	pair_free(&pair);
}
END_TEST

START_TEST(no_batch_is_freed_without_harm)
{
	datagram_batch_free(NULL);
}
END_TEST

/* --- the suite --- */

static void add_batches(Suite *suite)
{
	TCase *tcase = harness_case(suite, "lengths");

	tcase_add_loop_test(tcase,
			    a_datagram_of_this_length_goes_out_as_it_came, 0,
			    (int)ARRAY_LEN(lengths));
	tcase_add_test(tcase, the_limit_is_what_ipv4_carries);
	tcase_add_test(tcase, bytes_changed_in_place_are_what_goes_out);
	tcase_add_test(tcase, a_long_datagram_after_a_short_one_is_whole);

	tcase = harness_case(suite, "batches");
	tcase_add_test(tcase, an_empty_queue_would_block);
	tcase_add_test(tcase, a_batch_is_what_waits_up_to_its_size);
	tcase_add_test(tcase, a_batch_answers_once);
	tcase_add_loop_test(
		tcase, dropped_datagrams_are_not_answered_and_the_others_are, 0,
		(int)ARRAY_LEN(drop_sets));
	tcase_add_test(tcase, no_batch_is_freed_without_harm);
}

static void add_addresses(Suite *suite)
{
	TCase *tcase = harness_case(suite, "addresses");

	tcase_add_test(tcase, the_source_is_the_peer);
	tcase_add_test(tcase, each_peer_gets_its_own_answer);
	tcase_add_test(
		tcase,
		at_the_wildcard_an_answer_leaves_from_where_it_was_asked);
	tcase_add_test(tcase,
		       a_batch_to_several_addresses_is_answered_from_each);
	tcase_add_test(tcase, the_same_slot_serves_different_addresses_in_turn);
	tcase_add_test(tcase, ipv6_is_answered_from_where_it_was_asked);
	tcase_add_test(
		tcase,
		at_the_ipv6_wildcard_an_answer_leaves_from_where_it_was_asked);
	tcase_add_test(tcase, one_batch_serves_sockets_of_both_families);
}

/* --- over connected sockets --- */

#define SLOT 100

/* Two sockets that are connected to each other, and a batch for each. */
static void open_connected(int fds[2], struct datagram_batch *batches[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
				    0, fds),
			 0);
	for (int i = 0; i < 2; i++) {
		batches[i] = datagram_batch_new_connected(SLOT);
		ck_assert_ptr_nonnull(batches[i]);
	}
}

static void close_connected(const int fds[2], struct datagram_batch *batches[2])
{
	for (int i = 0; i < 2; i++) {
		datagram_batch_free(batches[i]);
		(void)close(fds[i]);
	}
}

static void expect_datagram(struct datagram_batch *batch, size_t i, char fill,
			    size_t wanted)
{
	size_t len;
	const char *bytes = datagram_bytes(batch, i, &len);

	ck_assert_uint_eq(len, wanted);
	for (size_t at = 0; at < len; at++)
		ck_assert_int_eq(bytes[at], fill);
}

/* One and several, which go by different calls, and the same slots again. */
START_TEST(connected_ones_arrive_as_they_were_filled)
{
	static const size_t numbers[] = {1, 2, 8, 1, 3};
	struct datagram_batch *batches[2];
	int fds[2];

	open_connected(fds, batches);
	for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
		int n = (int)numbers[k], got;

		for (int i = 0; i < n; i++)
			memset(datagram_set_len(batches[0], (size_t)i,
						(size_t)(10 * i)),
			       'a' + i, (size_t)(10 * i));
		ck_assert_int_eq(
			datagram_send_connected(fds[0], batches[0], (size_t)n),
			n);
		for (int i = 0; i < n; i += got) {
			got = datagram_receive_connected(fds[1], batches[1],
							 k % 2 ? 64 : 1);
			ck_assert_int_gt(got, 0);
			for (int j = 0; j < got; j++)
				expect_datagram(batches[1], (size_t)j,
						(char)('a' + i + j),
						(size_t)(10 * (i + j)));
		}
	}
	close_connected(fds, batches);
}
END_TEST

START_TEST(one_longer_than_its_slot_is_cut)
{
	struct datagram_batch *batches[2];
	char bytes[SLOT + 50];
	int fds[2];

	open_connected(fds, batches);
	memset(bytes, 'a', sizeof(bytes));
	for (size_t most = 1; most <= 2; most++) {
		ck_assert_int_eq(send(fds[0], bytes, sizeof(bytes), 0),
				 sizeof(bytes));
		ck_assert_int_eq(
			datagram_receive_connected(fds[1], batches[1], most),
			1);
		expect_datagram(batches[1], 0, 'a', SLOT);
	}
	close_connected(fds, batches);
}
END_TEST

START_TEST(connected_ones_fail_with_the_reason)
{
	struct datagram_batch *batches[2];
	int fds[2];

	open_connected(fds, batches);
	for (size_t n = 1; n <= 2; n++) {
		ck_assert_int_eq(
			datagram_receive_connected(fds[1], batches[1], n), -1);
		ck_assert_int_eq(errno, EAGAIN);
		(void)datagram_set_len(batches[0], n - 1, 1);
		ck_assert_int_eq(datagram_send_connected(-1, batches[0], n),
				 -1);
		ck_assert_int_eq(errno, EBADF);
	}
	close_connected(fds, batches);
}
END_TEST

static void add_connected(Suite *suite)
{
	TCase *tcase = harness_case(suite, "connected");

	tcase_add_test(tcase, connected_ones_arrive_as_they_were_filled);
	tcase_add_test(tcase, one_longer_than_its_slot_is_cut);
	tcase_add_test(tcase, connected_ones_fail_with_the_reason);
}

static void add_failures(Suite *suite)
{
	TCase *tcase = harness_case(suite, "failures");

	tcase_add_test(
		tcase,
		an_answer_that_is_refused_is_counted_and_the_rest_goes_out);
	tcase_add_test(tcase,
		       a_refused_answer_does_not_stop_the_ones_behind_it);
	tcase_add_loop_test(tcase, an_error_costs_one_answer_or_the_rest, 0,
			    (int)ARRAY_LEN(troubles));
	tcase_add_test(tcase, a_full_socket_drops_the_rest_of_the_batch);
	tcase_add_test(tcase, what_the_kernel_loses_is_told);
	tcase_add_test(tcase, when_nothing_is_lost_the_count_is_left_alone);
	tcase_add_test(tcase, a_bad_descriptor_is_an_error);
}

int main(void)
{
	Suite *suite = suite_create("datagram");

	add_batches(suite);
	add_addresses(suite);
	add_failures(suite);
	add_connected(suite);
	return harness_run(suite);
}
