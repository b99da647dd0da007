/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_SOCK_H
#define TESTS_E2E_SOCK_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e2e_server.h"

/* As long as a datagram's payload can be over IPv4. */
#define UDP_PAYLOAD_MAX 65507

/* Waits; returns the events. timeout_ms is a limit, not a failure: 0 then. */
short sock_wait(int fd, short events, int timeout_ms);

/* Waits until the deadline (see harness_deadline()), then fails. */
void sock_must_wait(int fd, short events, int64_t deadline, const char *what);

/* Whether bytes, an end or an error can be read now. */
bool sock_is_readable(int fd);

/* Connects over TCP to a service's first socket. */
int tcp_connect(const struct server *server, enum service service);

/* The same with a receive buffer that is soon full. */
int tcp_connect_small(const struct server *server, enum service service);

/*
 * Connects over TCP, or to the Unix socket "unix:/path"; returns -1 with errno
 * when refused.
 */
int tcp_try_connect(const char *host, uint16_t port);

/* Sends all of it. */
void tcp_send(int fd, const void *data, size_t len);
void tcp_send_text(int fd, const char *text);

/*
 * Sends a part of data, as much as can be sent before nothing more has been
 * taken for quiet_ms. Returns how much was sent.
 */
size_t tcp_send_until_stuck(int fd, const unsigned char *data, size_t len,
			    int quiet_ms);

/* Half-closes: no more will be sent. */
void tcp_finish(int fd);

/* Reads at least a byte and at most size; 0 at a clean end. */
size_t tcp_read_some(int fd, void *buf, size_t size);

/* Reads exactly len bytes. */
void tcp_read(int fd, void *buf, size_t len);

/* Reads exactly these bytes. */
void tcp_expect(int fd, const void *data, size_t len);
void tcp_expect_text(int fd, const char *text);

/* Waits for a clean end with no byte before it. */
void tcp_expect_end(int fd);

/* Waits for an end of whichever kind, a RST too; what comes before is lost. */
void tcp_expect_gone(int fd);

/* Sends the bytes and checks that they come back uppercased. */
void tcp_exchange(int fd, const void *data, size_t len);

/*
 * The same for total bytes, data over and over, sending and receiving at the
 * same time.
 */
void tcp_exchange_long(int fd, const unsigned char *data, size_t len,
		       size_t total);

/* Checks that the next total bytes are data, over and over, uppercased. */
void tcp_expect_upper(int fd, const unsigned char *data, size_t len,
		      size_t total);

/* Closes with a RST. */
void tcp_reset(int fd);

/* A UDP socket bound to this address, port 0 for any; -1 with errno. */
int udp_try_bind(const char *host, uint16_t port);

/* The same; must succeed. */
int udp_bind(const char *host, uint16_t port);

/* A UDP socket connected to the service's first socket. */
int udp_connect(const struct server *server);

/* Connects a UDP socket, or sends with it, to an address. */
void udp_connect_to(int fd, const char *host, uint16_t port);
void udp_send_to(int fd, const void *data, size_t len, const char *host,
		 uint16_t port);

/* Receives one datagram; host receives the sender's address unless NULL. */
size_t udp_receive(int fd, void *buf, size_t size, char host[INET6_ADDRSTRLEN]);

/* On a connected socket: one datagram there, the same uppercased back. */
void udp_exchange(int fd, const void *data, size_t len);

#endif
