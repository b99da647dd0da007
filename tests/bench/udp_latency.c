/* SPDX-License-Identifier: MIT */
/*
 * How long does a datagram's answer take? Sends on a schedule, whether the
 * answers come or not, so a server that stalls can't hide it, and counts from
 * before send() to the kernel's own time stamp of the answer, so a client that
 * has to wait for its processor counts nothing.
 *
 *	udp_latency ADDRESS PORT MILLISECONDS
 *
 * Writes one line of JSON. A lost answer counts as an endless one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

#define EVERY_NS (200 * UINT64_C(1000))
#define LAST_NS	 CLOCK_NS_PER_S /* for the answers still missing at the end */
#define TEXT_LEN 16 /* the number of the exchange: hexadecimal, upper case */

struct exchanges {
	uint64_t *sent_ns; /* when, by number; 0 when there is an answer */
	uint64_t *took_ns;
	size_t n_sent;
	size_t n_answered;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t to_ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

static int open_socket(const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int on = 1, fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		die(address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		die("socket");
	return fd;
}

static void send_one(int fd, struct exchanges *all)
{
	char text[TEXT_LEN + 1];

	(void)snprintf(text, sizeof(text), "%016zX", all->n_sent);
	all->sent_ns[all->n_sent++] = to_ns(clock_wall());
	if (send(fd, text, TEXT_LEN, 0) != TEXT_LEN)
		die("send");
}

/* The kernel's stamp on what was received. */
static uint64_t stamp_ns(struct msghdr *msg)
{
	struct timespec t = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&t, CMSG_DATA(c), sizeof(t));
	return to_ns(t);
}

/* Takes one answer; 0 when there is none. */
static int take_one(int fd, struct exchanges *all)
{
	char text[TEXT_LEN + 1] = "", control[CMSG_SPACE(64)];
	struct iovec iov = {text, TEXT_LEN};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);
	size_t number = strtoull(text, NULL, 16);
	uint64_t at = stamp_ns(&msg);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n != TEXT_LEN || number >= all->n_sent || !at)
		die("recvmsg");
	if (!all->sent_ns[number]) /* a duplicate */
		return 1;
	all->took_ns[all->n_answered++] =
		at > all->sent_ns[number] ? at - all->sent_ns[number] : 0;
	all->sent_ns[number] = 0;
	return 1;
}

/* Takes answers until then, or until none is missing at the end. */
static void take_until(int fd, struct exchanges *all, uint64_t until_ns,
		       int end)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};

	for (;;) {
		uint64_t now = clock_mono_ns();
		struct timespec left;

		while (take_one(fd, all))
			;
		if (now >= until_ns || (end && all->n_answered == all->n_sent))
			return;
		left.tv_sec = (time_t)((until_ns - now) / CLOCK_NS_PER_S);
		left.tv_nsec = (long)((until_ns - now) % CLOCK_NS_PER_S);
		if (ppoll(&one, 1, &left, NULL) < 0)
			die("ppoll");
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The least time within which that share of all that was sent was answered. */
static void print_percentile(const struct exchanges *all, const char *name,
			     double share)
{
	size_t i = (size_t)(share * (double)(all->n_sent - 1));

	if (i < all->n_answered)
		printf(",\"%s\":%" PRIu64, name, all->took_ns[i]);
	else
		printf(",\"%s\":null", name);
}

int main(int argc, char **argv)
{
	struct exchanges all = {0};
	uint64_t next_ns, end_ns;
	size_t max;
	int fd;

	if (argc != 4 || atol(argv[3]) < 1) {
		fputs("usage: udp_latency ADDRESS PORT MILLISECONDS\n", stderr);
		return 2;
	}
	max = (size_t)atol(argv[3]) * CLOCK_NS_PER_MS / EVERY_NS + 1;
	all.sent_ns = calloc(max, sizeof(*all.sent_ns));
	all.took_ns = calloc(max, sizeof(*all.took_ns));
	if (!all.sent_ns || !all.took_ns)
		die("calloc");
	fd = open_socket(argv[1], argv[2]);
	next_ns = clock_mono_ns();
	end_ns = next_ns + (uint64_t)atol(argv[3]) * CLOCK_NS_PER_MS;
	for (; next_ns < end_ns && all.n_sent < max; next_ns += EVERY_NS) {
		take_until(fd, &all, next_ns, 0);
		send_one(fd, &all);
	}
	take_until(fd, &all, clock_mono_ns() + LAST_NS, 1);
	qsort(all.took_ns, all.n_answered, sizeof(*all.took_ns), by_value);
	printf("{\"sent\":%zu,\"answered\":%zu", all.n_sent, all.n_answered);
	print_percentile(&all, "p50_ns", 0.50);
	print_percentile(&all, "p99_ns", 0.99);
	print_percentile(&all, "p999_ns", 0.999);
	print_percentile(&all, "max_ns", 1.0);
	printf("}\n");
	return 0;
}
