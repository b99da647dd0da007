/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_TCP_EXCHANGE_H
#define CLIENT_TCP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "client/route.h"
#include "client/status.h"

/* A conversation over one connection at a time. The caller's storage. */
struct tcp {
	struct route *route;
	int fd;		      /* -1: none */
	uint64_t answered_ns; /* when it last answered; 0: not yet */
};

/* route must be resolved and outlive tcp. */
void tcp_init(struct tcp *tcp, struct route *route);

/* Connects. Tells its own failure. */
enum client_status tcp_open(struct tcp *tcp) MUST_CHECK;

/*
 * Sends the message and writes prefix and reply to standard output as it
 * comes, without a newline. Connects when there is no connection; when the
 * server has meanwhile closed the one that there is, connects once more.
 * With is_last the client says (FIN) that it will send no more.
 *
 * The reply ends when as many bytes have come as were sent. One that differs
 * from the message in upper case and is shorter or longer ends when the server
 * closes or falls silent; a longer one that goes on for as long as a reply is
 * waited for is a failure.
 * Tells its own failure; *n_written is then what of the reply came out.
 */
enum client_status tcp_exchange(struct tcp *tcp, struct slice message,
				bool is_last, const char *prefix,
				size_t *n_written) MUST_CHECK;

/*
 * Takes in that the server has ended the connection, as poll(2) said: shows
 * what it said last, closes, and tells that, but not when it followed an
 * answer so closely that the server answers once per connection. Returns
 * whether anything was written.
 */
bool tcp_take_end(struct tcp *tcp);

/* Closes the connection. */
void tcp_clear(struct tcp *tcp);

#endif
