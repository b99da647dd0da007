/* SPDX-License-Identifier: MIT */
/*
 * A closed-loop driver for the services' benchmarks: N clients, each sends a
 * message, waits for the whole answer, sends the next. It measures nothing but
 * the number of exchanges; what they cost is read from the server's CPU time.
 *
 *	drive tcp|udp ADDRESS PORT CLIENTS BYTES MILLISECONDS
 *
 * A lost datagram is replaced after 200 ms without any answer at all.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define CLIENTS_MAX 20000
#define BYTES_MAX   65507

static char message[BYTES_MAX], answer[BYTES_MAX + 1];
static size_t got[CLIENTS_MAX];
static int fds[CLIENTS_MAX];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void connect_all(int ep, int type, const struct sockaddr_in *to, int n)
{
	for (int i = 0; i < n; i++) {
		struct epoll_event ev = {.events = EPOLLIN,
					 .data.u32 = (uint32_t)i};

		fds[i] = socket(AF_INET, type, 0);
		if (fds[i] < 0 ||
		    connect(fds[i], (const struct sockaddr *)to, sizeof(*to)) <
			    0 ||
		    epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &ev) < 0)
			die("connect");
	}
}

static void send_all(int n, size_t bytes)
{
	for (int i = 0; i < n; i++)
		if (send(fds[i], message, bytes, MSG_NOSIGNAL) < 0)
			die("send");
}

/* Takes what came for client i; counts and repeats a finished exchange. */
static int step(int i, int type, size_t bytes)
{
	ssize_t n = recv(fds[i], answer, sizeof(answer), MSG_DONTWAIT);

	if (n < 0)
		return 0;
	if (n == 0 && type == SOCK_STREAM) {
		fputs("drive: the server closed\n", stderr);
		exit(1);
	}
	got[i] += (size_t)n;
	if (got[i] < bytes)
		return 0;
	got[i] = 0;
	if (send(fds[i], message, bytes, MSG_NOSIGNAL) < 0)
		die("send");
	return 1;
}

static uint64_t run(int ep, int type, int n, size_t bytes, uint64_t until_ns)
{
	struct epoll_event events[256];
	uint64_t count = 0;

	send_all(n, bytes);
	while (clock_mono_ns() < until_ns) {
		int n_events = epoll_wait(ep, events, 256, 200);

		if (n_events == 0 && type == SOCK_DGRAM)
			send_all(n, bytes);
		for (int i = 0; i < n_events; i++)
			count += (uint64_t)step((int)events[i].data.u32, type,
						bytes);
	}
	return count;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int type, n, ep = epoll_create1(0);
	size_t bytes;
	uint64_t ms;

	if (argc != 7 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1) {
		fputs("usage: drive tcp|udp ADDRESS PORT CLIENTS BYTES MS\n",
		      stderr);
		return 2;
	}
	type = strcmp(argv[1], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	n = atoi(argv[4]);
	bytes = (size_t)atol(argv[5]);
	ms = (uint64_t)atol(argv[6]);
	if (n < 1 || n > CLIENTS_MAX || bytes < 1 || bytes > BYTES_MAX)
		return 2;
	memset(message, 'a', sizeof(message));
	connect_all(ep, type, &to, n);
	printf("%llu\n",
	       (unsigned long long)run(ep, type, n, bytes,
				       clock_mono_ns() + ms * CLOCK_NS_PER_MS));
	return 0;
}
