/* SPDX-License-Identifier: MIT */
#ifndef SERVER_TCP_SERVICE_H
#define SERVER_TCP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "loop/loop.h"
#include "os/address.h"

/*
 * The TCP uppercase service: the stream that comes in goes out uppercased, for
 * as long as the peer likes. Its FIN is answered by ours when all is sent. With
 * `once` a connection gets one answer, to the first bytes that arrive.
 */
struct tcp_service;

/* NULL when out of memory. */
struct tcp_service *tcp_service_new(struct loop *loop, bool once) MUST_CHECK;

/* Takes over the loop's limits, which have changed, and `once`. */
void tcp_service_change(struct tcp_service *service, bool once);

/* Connections that are open; 0 for NULL. */
size_t tcp_service_count(const struct tcp_service *service);

/* No connection of it may be open. Harmless on NULL. */
void tcp_service_free(struct tcp_service *service);

/* A listener_accepted_cb: takes over the socket. */
void tcp_service_accept_cb(void *service, int fd, const struct address *peer);

#endif
