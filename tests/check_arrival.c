/* SPDX-License-Identifier: MIT */
/* When a datagram came, though it was fetched later. */
#include "os/arrival.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "e2e_sock.h"
#include "harness.h"

#define PAUSE_MS 60

/* How far the clock on the wall is off; what is asked of the C library is asked
 * here. The other clock is late enough for an hour to lie behind it. */
static int64_t wall_off_s;

/* When the other was read last, and how much later the one on the wall. */
static uint64_t read_ns, between_ns;

#define UP_S 100000

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);
	struct timespec real;

	/* The kernel may let others run between the two. */
	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &real);
	if (id == CLOCK_MONOTONIC)
		read_ns = (uint64_t)now->tv_sec * CLOCK_NS_PER_S +
			  (uint64_t)now->tv_nsec;
	else
		between_ns = (uint64_t)real.tv_sec * CLOCK_NS_PER_S +
			     (uint64_t)real.tv_nsec - read_ns;

	now->tv_sec += id == CLOCK_REALTIME ? (time_t)wall_off_s : UP_S;
	return result;
}

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

/* Whether a datagram that waited for that long is known to have waited. */
static bool is_stamped(unsigned pause_ms)
{
	uint64_t fetched_ns, at_ns = 0;
	struct address from;
	char buf[8];

	send_one("hello", 5);
	fetched_ns = clock_mono_ns() + pause_ms * CLOCK_NS_PER_MS;
	while (clock_mono_ns() < fetched_ns)
		(void)poll(NULL, 0, (int)pause_ms);
	ck_assert_int_eq(arrival_receive(fd, buf, sizeof(buf), &from, &at_ns),
			 5);
	return at_ns < fetched_ns;
}

/*
 * The kernel begins to stamp some time after the first socket on the host has
 * asked for it.
 */
static void wait_for_stamps(void)
{
	int64_t deadline = harness_deadline();

	while (!is_stamped(2))
		if (harness_left_ms(deadline) == 0)
			harness_fail("the kernel stamps no datagram");
}

START_TEST(a_pause_of_ours_is_not_the_networks)
{
	uint64_t before_ns, fetched_ns, late_ns, at_ns = 0;
	struct address from;
	char buf[8];

	fd = udp_bind("127.0.0.1", 0);
	ck_assert_int_eq(arrival_listen(fd), 0);
	wait_for_stamps();
	before_ns = clock_mono_ns();
	send_one("hello", 5);
	fetched_ns = clock_mono_ns() + PAUSE_MS * CLOCK_NS_PER_MS;
	while (clock_mono_ns() < fetched_ns)
		(void)poll(NULL, 0, PAUSE_MS);
	ck_assert_int_eq(arrival_receive(fd, buf, sizeof(buf), &from, &at_ns),
			 5);
	late_ns = between_ns;
	ck_assert_uint_lt(at_ns, fetched_ns);
	/* The two clocks are not read in the same instant. */
	ck_assert_uint_gt(at_ns + late_ns + CLOCK_NS_PER_MS, before_ns);
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
	errno = EINTR; /* of another call */
	ck_assert_int_eq(arrival_receive(fd, buf, sizeof(buf), &from, &at_ns),
			 0);
	ck_assert_uint_eq(from.len, sizeof(struct sockaddr_in));
	ck_assert_uint_ge(at_ns, before_ns);
	ck_assert_int_eq(from.sa.any.sa_family, AF_INET);
	ck_assert_int_eq(arrival_receive(fd, buf, sizeof(buf), &from, &at_ns),
			 -1);
	ck_assert_int_eq(errno, EAGAIN);
	(void)close(fd);
}
END_TEST

/* Somebody set the clock between the arrival and the fetch. */
static const struct {
	int64_t off_s;
	uint64_t age_s;
	const char *why;
} ages[] = {
	{0, 0, "nobody did"},
	{-100, 0, "before it came is no time"},
	{100, 100, "that may be a pause"},
	{3500, 3500, "up to an hour"},
	{3601, 0, "longer is none"},
	{1000000000, 0, "much longer"},
};

START_TEST(an_age_is_an_hour_at_most)
{
	uint64_t before_ns, after_ns, age_ns, late_ns, at_ns = 0;
	struct address from;
	char buf[8];

	fd = udp_bind("127.0.0.1", 0);
	ck_assert_int_eq(arrival_listen(fd), 0);
	wait_for_stamps();
	send_one("hello", 5);
	wall_off_s = ages[_i].off_s;
	before_ns = clock_mono_ns();
	ck_assert_int_eq(arrival_receive(fd, buf, sizeof(buf), &from, &at_ns),
			 5);
	late_ns = between_ns;
	after_ns = clock_mono_ns();
	age_ns = ages[_i].age_s * CLOCK_NS_PER_S;
	/* What passed since it was sent is some of a second. */
	ck_assert_msg(at_ns + age_ns <= after_ns, "%s", ages[_i].why);
	ck_assert_msg(at_ns + age_ns + late_ns + CLOCK_NS_PER_S > before_ns,
		      "%s", ages[_i].why);
	ck_assert(ages[_i].age_s > 0 || ages[_i].off_s == 0 ||
		  at_ns >= before_ns);
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
	tcase_add_loop_test(tcase, an_age_is_an_hour_at_most, 0,
			    (int)ARRAY_LEN(ages));
	return harness_run(suite);
}
