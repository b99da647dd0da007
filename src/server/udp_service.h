/* SPDX-License-Identifier: MIT */
#ifndef SERVER_UDP_SERVICE_H
#define SERVER_UDP_SERVICE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "loop/loop.h"

/*
 * The UDP uppercase service: one datagram in, one out, same length, from the
 * address that it came to. Two servers must not be set talking to each other
 * for ever by one forged datagram (CVE-2024-2169): sources that are no clients
 * are not answered, and since everything in a loop is upper case already, a
 * datagram in which there was nothing to change is answered UDP_LOOP_TOKENS
 * times a second for each source. What is not answered is counted.
 */
struct udp_service;

#define UDP_LOOP_TOKENS 16

/* NULL when out of memory. */
struct udp_service *udp_service_new(struct loop *loop) MUST_CHECK;

/* Closes its sockets. */
void udp_service_free(struct udp_service *service);

/*
 * Serves on a bound socket from now on; the service owns fd then. Returns 0,
 * or -1 when out of memory (the caller still owns fd).
 */
int udp_service_add(struct udp_service *service, int fd) MUST_CHECK;

/*
 * Whether the loop's connection log is to know who sends datagrams. -1 when out
 * of memory: it does not learn of them then.
 */
int udp_service_set_log(struct udp_service *service, bool is_on);

/* Answers every datagram that waits in this socket, then closes it. */
void udp_service_remove(struct udp_service *service, int fd);

/* Answers every datagram that waits, then closes the sockets. */
void udp_service_drain(struct udp_service *service);

#endif
