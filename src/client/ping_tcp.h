/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_TCP_H
#define CLIENT_PING_TCP_H

#include "base/compiler.h"
#include "base/slice.h"
#include "client/ping_wire.h"
#include "client/probe.h"
#include "client/route.h"
#include "client/status.h"

/*
 * Numbered messages as lines of a stream. The caller's storage; large.
 *
 *	|  given out  |  a line, or its beginning  |  room  |
 *	in            in_start                     in_end
 */
struct ping_tcp {
	struct route *route;
	int fd; /* -1: none */
	size_t out_start, out_end;
	char out[PROBE_SIZE_MAX + 1]; /* of a message, not sent yet */
	size_t in_start, in_end;
	uint64_t in_ns; /* when the last of it came */
	char in[2 * (PROBE_SIZE_MAX + 1)];
};

void ping_tcp_init(struct ping_tcp *tcp, struct route *route);

/* Connects. Keeps nothing: tells its own failure. */
enum client_status ping_tcp_open(struct ping_tcp *tcp) MUST_CHECK;

/* Whether a message is still on its way out, so that the next one must wait. */
bool ping_tcp_is_busy(const struct ping_tcp *tcp);

/* Begins to send a line. 0, or an errno value: the connection is gone. */
int ping_tcp_send(struct ping_tcp *tcp, struct slice message) MUST_CHECK;

/* Goes on with it, as far as the socket takes it. */
void ping_tcp_send_more(struct ping_tcp *tcp);

/*
 * One look at the stream: a line without its end, the end of the connection,
 * which is then closed, or nothing. got->bytes at the end is what had come of
 * a line.
 */
enum ping_wire_result ping_tcp_look(struct ping_tcp *tcp,
				    struct ping_catch *got) MUST_CHECK;

void ping_tcp_close(struct ping_tcp *tcp);

#endif
