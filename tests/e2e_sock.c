/* SPDX-License-Identifier: MIT */
/*
 * Clients of plain sockets, TCP and UDP, each wait with a deadline.
 */
#include "e2e_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

short sock_wait(int fd, short events, int timeout_ms)
{
	int64_t deadline = harness_now_ms() + timeout_ms;
	struct pollfd pfd = {.fd = fd, .events = events};
	int n;

	do {
		n = poll(&pfd, 1, harness_left_ms(deadline));
	} while (n < 0 && errno == EINTR);
	ck_assert_int_ge(n, 0);
	return n > 0 ? pfd.revents : 0;
}

bool sock_is_readable(int fd)
{
	return sock_wait(fd, POLLIN, 0) != 0;
}

void sock_must_wait(int fd, short events, int64_t deadline, const char *what)
{
	if (sock_wait(fd, events, harness_left_ms(deadline)) == 0)
		harness_fail("no progress in time: %s", what);
}

/* Far less than any socket of the server takes, yet not slow to read from. */
#define SMALL_RECEIVE_BUF 16384

struct sock_address {
	struct sockaddr_storage storage;
	socklen_t len;
};

static struct sock_address make_address(const char *host, uint16_t port)
{
	struct sock_address address = {0};
	struct sockaddr_in *in4 = (void *)&address.storage;
	struct sockaddr_in6 *in6 = (void *)&address.storage;

	if (inet_pton(AF_INET, host, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		address.len = sizeof(*in4);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, host, &in6->sin6_addr), 1);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		address.len = sizeof(*in6);
	}
	return address;
}

static struct sockaddr *sockaddr_of(struct sock_address *address)
{
	return (struct sockaddr *)&address->storage;
}

static int open_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		harness_fail("socket: %s", strerror(errno));
	return fd;
}

static int close_failed(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
	return -1;
}

/* To a Unix socket, likewise. */
static int connect_unix(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = open_socket(AF_UNIX, SOCK_STREAM);

	ck_assert_uint_lt(strlen(path), sizeof(un.sun_path));
	strcpy(un.sun_path, path);
	return connect(fd, (const void *)&un, sizeof(un)) == 0
		       ? fd
		       : close_failed(fd);
}

/* Loopback connects at once, or not at all: the backlog has room. */
static int connect_with(const char *host, uint16_t port, int receive_buf)
{
	struct sock_address address = make_address(host, port);
	int fd = open_socket(address.storage.ss_family, SOCK_STREAM);
	const int on = 1;
	const struct timeval limit = {.tv_sec = HARNESS_WAIT_MS / 1000};

	if (receive_buf > 0)
		ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF,
					    &receive_buf, sizeof(receive_buf)),
				 0);
	/* It bounds connect() too; all else is polled for. */
	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)),
		0);
	/* What is sent in two pieces must not wait for an acknowledgement. */
	ck_assert_int_eq(
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	if (connect(fd, sockaddr_of(&address), address.len) != 0)
		return close_failed(fd);
	return fd;
}

int tcp_try_connect(const char *host, uint16_t port)
{
	if (strncmp(host, "unix:", 5) == 0)
		return connect_unix(host + 5);
	return connect_with(host, port, 0);
}

static int connect_service(const struct server *server, enum service service,
			   int receive_buf)
{
	const struct endpoint *endpoint = server_endpoint(server, service);
	int fd = connect_with(endpoint->host, endpoint->port, receive_buf);

	if (fd < 0)
		harness_fail("connect to port %u: %s", (unsigned)endpoint->port,
			     strerror(errno));
	return fd;
}

int tcp_connect(const struct server *server, enum service service)
{
	return connect_service(server, service, 0);
}

int tcp_connect_small(const struct server *server, enum service service)
{
	return connect_service(server, service, SMALL_RECEIVE_BUF);
}

/* Sends what fits now; 0 when the socket would block. */
static size_t send_some(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		harness_fail("send: %s", strerror(errno));
	return (size_t)n;
}

void tcp_send(int fd, const void *data, size_t len)
{
	int64_t deadline = harness_deadline();
	size_t sent = 0;

	while (sent < len) {
		sock_must_wait(fd, POLLOUT, deadline, "sending");
		sent += send_some(fd, (const char *)data + sent, len - sent);
	}
}

void tcp_send_text(int fd, const char *text)
{
	tcp_send(fd, text, strlen(text));
}

size_t tcp_send_until_stuck(int fd, const unsigned char *data, size_t len,
			    int quiet_ms)
{
	size_t sent = 0;

	while (sent < len && sock_wait(fd, POLLOUT, quiet_ms) != 0)
		sent += send_some(fd, data + sent, len - sent);
	return sent;
}

void tcp_finish(int fd)
{
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
}

size_t tcp_read_some(int fd, void *buf, size_t size)
{
	ssize_t n;

	sock_must_wait(fd, POLLIN, harness_deadline(), "reading");
	n = recv(fd, buf, size, 0);
	if (n < 0)
		harness_fail("recv: %s", strerror(errno));
	return (size_t)n;
}

void tcp_read(int fd, void *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		size_t n = tcp_read_some(fd, (char *)buf + got, len - got);

		if (n == 0)
			harness_fail("end after %zu of %zu bytes", got, len);
		got += n;
	}
}

void tcp_expect(int fd, const void *data, size_t len)
{
	unsigned char *got = bytes_new(len);

	tcp_read(fd, got, len);
	ck_assert_mem_eq(got, data, len);
	free(got);
}

void tcp_expect_text(int fd, const char *text)
{
	tcp_expect(fd, text, strlen(text));
}

void tcp_expect_end(int fd)
{
	char byte;

	if (tcp_read_some(fd, &byte, 1) != 0)
		harness_fail("a byte (0x%02x) where the end should be",
			     (unsigned)(unsigned char)byte);
}

void tcp_expect_gone(int fd)
{
	int64_t deadline = harness_deadline();
	char buf[65536];

	do {
		sock_must_wait(fd, POLLIN, deadline, "waiting for the end");
	} while (recv(fd, buf, sizeof(buf), 0) > 0);
}

/* Receives what is there and checks it against data, repeated, from done on. */
static size_t receive_upper(int fd, const unsigned char *data, size_t len,
			    size_t done, size_t total)
{
	unsigned char got[65536], expected[sizeof(got)];
	size_t off = done % len;
	size_t size = len - off;
	size_t n;

	if (size > sizeof(got))
		size = sizeof(got);
	if (size > total - done)
		size = total - done;
	n = tcp_read_some(fd, got, size);
	if (n == 0)
		harness_fail("end after %zu of %zu bytes", done, total);
	bytes_upper(expected, data + off, n);
	if (memcmp(got, expected, n) != 0)
		harness_fail("wrong bytes after byte %zu", done);
	return n;
}

void tcp_expect_upper(int fd, const unsigned char *data, size_t len,
		      size_t total)
{
	size_t done = 0;

	while (done < total)
		done += receive_upper(fd, data, len, done, total);
}

static size_t send_cyclic(int fd, const unsigned char *data, size_t len,
			  size_t done, size_t total)
{
	size_t off = done % len;
	size_t size = len - off;

	return send_some(fd, data + off,
			 size < total - done ? size : total - done);
}

void tcp_exchange_long(int fd, const unsigned char *data, size_t len,
		       size_t total)
{
	size_t sent = 0, received = 0;

	while (received < total) {
		short events = sent < total ? POLLIN | POLLOUT : POLLIN;
		short ready = sock_wait(fd, events, HARNESS_WAIT_MS);

		if (ready == 0)
			harness_fail("stuck: sent %zu, received %zu of %zu",
				     sent, received, total);
		if (ready & POLLOUT)
			sent += send_cyclic(fd, data, len, sent, total);
		if (ready & ~POLLOUT)
			received +=
				receive_upper(fd, data, len, received, total);
	}
}

void tcp_exchange(int fd, const void *data, size_t len)
{
	tcp_exchange_long(fd, data, len, len);
}

void tcp_reset(int fd)
{
	const struct linger linger = {.l_onoff = 1};

	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
		0);
	ck_assert_int_eq(close(fd), 0);
}

int udp_try_bind(const char *host, uint16_t port)
{
	struct sock_address address = make_address(host, port);
	int fd =
		socket(address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, sockaddr_of(&address), address.len) != 0)
		return close_failed(fd);
	return fd;
}

int udp_bind(const char *host, uint16_t port)
{
	int fd = udp_try_bind(host, port);

	if (fd < 0)
		harness_fail("bind %s port %u: %s", host, (unsigned)port,
			     strerror(errno));
	return fd;
}

void udp_connect_to(int fd, const char *host, uint16_t port)
{
	struct sock_address address = make_address(host, port);

	ck_assert_int_eq(connect(fd, sockaddr_of(&address), address.len), 0);
}

int udp_connect(const struct server *server)
{
	const struct endpoint *endpoint = server_endpoint(server, SERVICE_UDP);
	struct sock_address address =
		make_address(endpoint->host, endpoint->port);
	int fd = open_socket(address.storage.ss_family, SOCK_DGRAM);

	ck_assert_int_eq(connect(fd, sockaddr_of(&address), address.len), 0);
	return fd;
}

void udp_send_to(int fd, const void *data, size_t len, const char *host,
		 uint16_t port)
{
	struct sock_address address = make_address(host, port);

	ck_assert_int_eq(
		sendto(fd, data, len, 0, sockaddr_of(&address), address.len),
		(ssize_t)len);
}

size_t udp_receive(int fd, void *buf, size_t size, char host[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage from = {0};
	const struct sockaddr_in *in4 = (const void *)&from;
	const struct sockaddr_in6 *in6 = (const void *)&from;
	socklen_t len = sizeof(from);
	ssize_t n;

	sock_must_wait(fd, POLLIN, harness_deadline(),
		       "waiting for a datagram");
	n = recvfrom(fd, buf, size, 0, (struct sockaddr *)&from, &len);
	if (n < 0)
		harness_fail("recvfrom: %s", strerror(errno));
	if (host && from.ss_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &in6->sin6_addr, host,
				INET6_ADDRSTRLEN);
	else if (host)
		(void)inet_ntop(AF_INET, &in4->sin_addr, host,
				INET6_ADDRSTRLEN);
	return (size_t)n;
}

void udp_exchange(int fd, const void *data, size_t len)
{
	unsigned char *got = bytes_new(65536), *expected = bytes_new(len);

	bytes_upper(expected, data, len);
	ck_assert_int_eq(send(fd, data, len, 0), (ssize_t)len);
	ck_assert_uint_eq(udp_receive(fd, got, 65536, NULL), len);
	ck_assert_mem_eq(got, expected, len);
	free(got);
	free(expected);
}
