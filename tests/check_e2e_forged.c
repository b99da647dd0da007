/* SPDX-License-Identifier: MIT */
/*
 * A hundred thousand sources, none of which is who it says: what is known of
 * each address is bounded, and who is there in truth is served.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define BATCH	   64
#define GROWTH_KIB 1024

/* More than are remembered; and then so many that the smallest leak shows. */
#define SOURCES	      100000
#define SOURCES_AGAIN 50000

/* One datagram with a source of its own. */
struct forged {
	struct iovec iov;
	union {
		char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	};
};

static char *folder;
static struct server *server;

static void start(const char *listen)
{
	char log[256];
	const char *const args[] = {"--listen",
				    listen,
				    "-u0",
				    "-t0",
				    "-woff",
				    "--udp-rate=10",
				    "--connection-log",
				    log,
				    NULL};

	(void)snprintf(log, sizeof(log), "%s/connections", folder);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = 2});
}

/* A socket that may say that it is anybody. */
static int forger_new(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	int result = family == AF_INET
			     ? setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on,
					  sizeof(on))
			     : setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT,
					  &on, sizeof(on));

	if (result == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* Each IPv4 address, and each IPv6 network of 64 bits, is another source. */
static void forge(struct forged *forged, struct msghdr *message, int family,
		  uint32_t number)
{
	struct cmsghdr *cmsg;

	*message = (struct msghdr){.msg_iov = &forged->iov,
				   .msg_iovlen = 1,
				   .msg_control = forged->control};
	message->msg_controllen =
		family == AF_INET ? CMSG_SPACE(sizeof(struct in_pktinfo))
				  : CMSG_SPACE(sizeof(struct in6_pktinfo));
	memset(forged->control, 0, sizeof(forged->control));
	cmsg = CMSG_FIRSTHDR(message);
	if (family == AF_INET) {
		struct in_pktinfo info = {.ipi_spec_dst.s_addr =
						  htonl(0x0a000000 + number)};

		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
	} else {
		struct in6_pktinfo info = {0};

		(void)inet_pton(AF_INET6, "2001:db8::1", &info.ipi6_addr);
		number = htonl(number);
		memcpy(&info.ipi6_addr.s6_addr[4], &number, sizeof(number));
		cmsg->cmsg_level = IPPROTO_IPV6;
		cmsg->cmsg_type = IPV6_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
	}
}

static void send_batch(int fd, int family, uint32_t number)
{
	static char text[] = "hello";
	struct mmsghdr messages[BATCH] = {0};
	struct forged forged[BATCH];

	for (uint32_t i = 0; i < BATCH; i++) {
		forged[i].iov = (struct iovec){text, sizeof(text) - 1};
		forge(&forged[i], &messages[i].msg_hdr, family, number + i);
	}
	ck_assert_int_eq(sendmmsg(fd, messages, BATCH, 0), BATCH);
}

/* The exchanges give the server a turn for each batch. */
static void flood(int fd, int family, uint32_t n_sources)
{
	int tcp = tcp_connect(server, SERVICE_TCP);

	for (uint32_t number = 0; number < n_sources; number += BATCH) {
		send_batch(fd, family, number);
		tcp_exchange(tcp, "hello", 5);
	}
	(void)close(tcp);
}

/* Asks, now and then, until there is an answer. */
static void expect_served_again(int client)
{
	int64_t deadline = harness_deadline();
	char answer[8];

	do {
		ck_assert_int_gt(harness_left_ms(deadline), 0);
		ck_assert_int_eq(send(client, "hello", 5, 0), 5);
		(void)poll(&(struct pollfd){.fd = client, .events = POLLIN}, 1,
			   100);
	} while (recv(client, answer, sizeof(answer), MSG_DONTWAIT) != 5);
	ck_assert_mem_eq(answer, "HELLO", 5);
}

static void expect_flat(const char *listen, int family)
{
	const struct endpoint *udp;
	size_t before_kib;
	int fd, client;

	if (!harness_own_network()) {
		harness_skip("no network of our own here");
		return;
	}
	if (family == AF_INET6 && !harness_has_ipv6())
		return;
	fd = forger_new(family);
	if (fd < 0) {
		harness_skip("sources cannot be forged here");
		return;
	}
	start(listen);
	udp = server_endpoint(server, SERVICE_UDP);
	udp_connect_to(fd, udp->host, udp->port);
	flood(fd, family, SOURCES);
	before_kib = server_memory_kib(server);
	flood(fd, family, SOURCES_AGAIN);
	if (!server_is_sanitized(server))
		ck_assert_uint_le(server_memory_kib(server),
				  before_kib + GROWTH_KIB);
	(void)close(fd);
	/* What nobody takes any more comes back within a second. */
	client = udp_connect(server);
	expect_served_again(client);
	(void)close(client);
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	server_wait_log(server, "counter: udp_rate_refused ");
	ck_assert_uint_eq(
		server_count_log(server, "counter: udp_rate_refused 0 "), 0);
	server_stop(server);
}

static void set_up(void)
{
	folder = folder_new();
}

static void tear_down(void)
{
	free(folder);
}

START_TEST(forged_addresses_cost_no_memory)
{
	expect_flat("127.0.0.1", AF_INET);
}
END_TEST

START_TEST(forged_networks_cost_no_memory)
{
	expect_flat("::1", AF_INET6);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e forged");
	TCase *tcase = harness_case(suite, "forged");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, forged_addresses_cost_no_memory);
	tcase_add_test(tcase, forged_networks_cost_no_memory);
	return harness_run(suite);
}
