/* SPDX-License-Identifier: MIT */
#ifndef SERVER_PEERS_H
#define SERVER_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "os/address.h"

#define PEERS_MAX 100 /* connections that are told one by one */

/* An open connection, and what the kernel knows of it. */
struct peer {
	const char *service;
	struct address address;
	uint64_t age_ns;
	uint64_t n_sent; /* bytes */
	bool has_tcp;	 /* what follows is known: it is over TCP */
	uint64_t n_received;
	uint32_t rtt_us;
	uint32_t n_retransmitted; /* segments */
};

/*
 * Lists the newest connections of the services, those first that have not been
 * told of a drain, at most PEERS_MAX. Returns how many.
 */
size_t peers_list(struct loop *loop, struct peer list[PEERS_MAX]);

#endif
