/* SPDX-License-Identifier: MIT */
/* When a datagram came, though it was fetched later. */
#include "os/arrival.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "e2e_sock.h"
#include "harness.h"

#define PAUSE_MS 60

static int fd;

/* Sends a datagram to itself. */
static void send_one(const char *text, size_t len)
{
	struct sockaddr_in own;
	socklen_t size = sizeof(own);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&own, &size), 0);
	udp_send_to(fd, text, len, "127.0.0.1", ntohs(own.sin_port));
	sock_must_wait(fd, POLLIN, harness_deadline(), "the datagram");
}

START_TEST(a_pause_of_ours_is_not_the_networks)
{
	uint64_t before_ns, fetched_ns, at_ns = 0;
	struct address from;
	char buf[8];

	fd = udp_bind("127.0.0.1", 0);
	ck_assert_int_eq(arrival_listen(fd), 0);
	before_ns = clock_mono_ns();
	send_one("hello", 5);
	fetched_ns = clock_mono_ns() + PAUSE_MS * CLOCK_NS_PER_MS;
	while (clock_mono_ns() < fetched_ns)
		(void)poll(NULL, 0, PAUSE_MS);
	ck_assert_int_eq(arrival_receive(fd, buf, sizeof(buf), &from, &at_ns),
			 5);
	ck_assert_uint_lt(at_ns, fetched_ns);
	/* The two clocks are not read in the same instant. */
	ck_assert_uint_gt(at_ns + CLOCK_NS_PER_MS, before_ns);
	(void)close(fd);
}
END_TEST

START_TEST(without_the_kernels_time_it_is_the_time_of_the_fetch)
{
	uint64_t before_ns, at_ns = 0;
	struct address from;
	char buf[8];

	fd = udp_bind("127.0.0.1", 0);
	send_one("", 0);
	before_ns = clock_mono_ns();
	ck_assert_int_eq(arrival_receive(fd, buf, sizeof(buf), &from, &at_ns),
			 0);
	ck_assert_uint_ge(at_ns, before_ns);
	ck_assert_int_eq(from.sa.any.sa_family, AF_INET);
	ck_assert_int_eq(arrival_receive(fd, buf, sizeof(buf), &from, &at_ns),
			 -1);
	ck_assert_int_eq(errno, EAGAIN);
	(void)close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arrival");
	TCase *tcase = harness_case(suite, "arrival");

	tcase_add_test(tcase, a_pause_of_ours_is_not_the_networks);
	tcase_add_test(tcase,
		       without_the_kernels_time_it_is_the_time_of_the_fetch);
	return harness_run(suite);
}
