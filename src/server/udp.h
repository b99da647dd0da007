/* SPDX-License-Identifier: MIT */
#ifndef SERVER_UDP_H
#define SERVER_UDP_H

#include "base/compiler.h"
#include "server/loop.h"

/* Answers a second, in all, to datagrams that come from our own UDP port. */
#define UDP_LOOP_BUDGET 16

/*
 * The UDP uppercase service: one datagram in, one out, same length, from the
 * address that it came to. What could set two servers talking to each other
 * for ever (CVE-2024-2169) is not answered, and counted.
 */
struct udp_service;

/* NULL when out of memory. */
struct udp_service *udp_service_new(struct loop *loop) MUST_CHECK;

/* Closes its sockets. */
void udp_service_free(struct udp_service *service);

/*
 * Serves on a bound socket from now on; the service owns fd then. Returns 0,
 * or -1 when out of memory (the caller still owns fd).
 */
int udp_service_add(struct udp_service *service, int fd) MUST_CHECK;

/* Answers every datagram that waits, then closes the sockets. */
void udp_service_drain(struct udp_service *service);

#endif
