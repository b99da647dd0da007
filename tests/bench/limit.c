/* SPDX-License-Identifier: MIT */
/*
 * The mark to measure against: the least that a program can do to answer on
 * this kernel. Bare epoll, no libevent, no limits, no counters, no care for
 * hostile peers. Not a server; do not learn how to write one from it.
 *
 *	limit tcp	recv, uppercase, send
 *	limit udp	recvmmsg, uppercase, sendmmsg
 *	limit http FILE	recv, send a canned response with FILE's content
 *
 * Listens on a free port of 127.0.0.1 and prints it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/upper.h"

#define BATCH	  32
#define SLOT_SIZE (65536 + 192)
#define BUF_SIZE  65536
#define EVENTS	  256

static char buf[BUF_SIZE];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(int type)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		die("bind");
	if (type == SOCK_STREAM) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (listen(fd, 4096) < 0)
			die("listen");
	}
	if (getsockname(fd, (struct sockaddr *)&sin, &len) < 0)
		die("getsockname");
	printf("ready %u\n", (unsigned)ntohs(sin.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void watch(int ep, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) < 0)
		die("epoll_ctl");
}

static void answer_tcp(int fd, const char *canned, size_t canned_len)
{
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n <= 0) {
		(void)close(fd);
		return;
	}
	if (canned) {
		(void)!send(fd, canned, canned_len, MSG_NOSIGNAL);
		return;
	}
	upper_ascii(buf, (size_t)n);
	for (ssize_t done = 0; done < n;) {
		ssize_t sent =
			send(fd, buf + done, (size_t)(n - done), MSG_NOSIGNAL);

		if (sent > 0)
			done += sent;
		else if (sent < 0)
			usleep(10); /* a full socket: streaming tests only */
	}
}

static void run_tcp(const char *canned, size_t canned_len)
{
	int listener = open_socket(SOCK_STREAM), ep = epoll_create1(0);
	struct epoll_event events[EVENTS];

	watch(ep, listener);
	for (;;) {
		int n = epoll_wait(ep, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd != listener) {
				answer_tcp(fd, canned, canned_len);
				continue;
			}
			fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
			if (fd >= 0)
				watch(ep, fd);
		}
	}
}

static void run_udp(void)
{
	static char slots[BATCH][SLOT_SIZE];
	static struct sockaddr_storage peers[BATCH];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int fd = open_socket(SOCK_DGRAM), ep = epoll_create1(0);
	struct epoll_event event;

	watch(ep, fd);
	memset(msgs, 0, sizeof(msgs));
	for (;;) {
		int n;

		(void)epoll_wait(ep, &event, 1, -1);
		for (int i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){slots[i], SLOT_SIZE};
			msgs[i].msg_hdr.msg_iov = &iov[i];
			msgs[i].msg_hdr.msg_iovlen = 1;
			msgs[i].msg_hdr.msg_name = &peers[i];
			msgs[i].msg_hdr.msg_namelen = sizeof(peers[i]);
		}
		n = recvmmsg(fd, msgs, BATCH, 0, NULL);
		for (int i = 0; i < n; i++) {
			iov[i].iov_len = msgs[i].msg_len;
			upper_ascii(slots[i], msgs[i].msg_len);
		}
		if (n > 0)
			(void)sendmmsg(fd, msgs, (unsigned)n, 0);
	}
}

/* A response like the server's, with the file's content. */
static size_t make_canned(const char *path, char **out)
{
	FILE *file = fopen(path, "rb");
	char *content = malloc(1 << 20);
	size_t len;
	int head;

	if (!file || !content)
		die(path);
	len = fread(content, 1, 1 << 20, file);
	(void)fclose(file);
	*out = malloc(len + 1024);
	if (!*out)
		die("malloc");
	head = snprintf(*out, 1024,
			"HTTP/1.1 200 OK\r\n"
			"Server: uppercase-server\r\n"
			"Date: Sun, 22 Nov 2026 09:51:54 GMT\r\n"
			"Content-Type: text/plain; charset=utf-8\r\n"
			"Content-Length: %zu\r\n"
			"Last-Modified: Sun, 22 Nov 2026 09:46:20 GMT\r\n"
			"ETag: \"1234567890-1234567890-264\"\r\n"
			"Accept-Ranges: bytes\r\n"
			"X-Content-Type-Options: nosniff\r\n\r\n",
			len);
	memcpy(*out + head, content, len);
	free(content);
	return (size_t)head + len;
}

int main(int argc, char **argv)
{
	char *canned;

	if (argc == 2 && strcmp(argv[1], "tcp") == 0) {
		run_tcp(NULL, 0);
	} else if (argc == 2 && strcmp(argv[1], "udp") == 0) {
		run_udp();
	} else if (argc == 3 && strcmp(argv[1], "http") == 0) {
		size_t len = make_canned(argv[2], &canned);

		run_tcp(canned, len);
	}
	fputs("usage: limit tcp | udp | http FILE\n", stderr);
	return 2;
}
