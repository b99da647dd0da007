/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_UDP_H
#define CLIENT_PING_UDP_H

#include "base/compiler.h"
#include "base/slice.h"
#include "client/ping_wire.h"
#include "client/route.h"
#include "client/status.h"

/* Numbered messages as datagrams. The caller's storage; large. */
struct ping_udp {
	struct route *route;
	int fd; /* -1: none */
	unsigned n_failed;
	char buf[65536]; /* whatever comes, it fits */
};

void ping_udp_init(struct ping_udp *udp, struct route *route);

/* Opens a socket for the address in use. Keeps the reason of a failure. */
enum client_status ping_udp_open(struct ping_udp *udp) MUST_CHECK;

/* Sends a datagram. 0, or an errno value. */
int ping_udp_send(struct ping_udp *udp, struct slice message) MUST_CHECK;

/* One look at the socket: a datagram, news of one, or nothing. */
enum ping_wire_result ping_udp_look(struct ping_udp *udp,
				    struct ping_catch *got) MUST_CHECK;

void ping_udp_close(struct ping_udp *udp);

#endif
