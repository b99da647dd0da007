/* SPDX-License-Identifier: MIT */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"
#include "server/loop.h"

/* Takes over an accepted, nonblocking socket. */
typedef void (*listener_accepted_cb)(void *service, int fd,
				     const struct address *peer);

/* Closes idle connections; returns how many. */
typedef size_t (*listener_shed_cb)(void *service, size_t n_wanted);

/*
 * All listening sockets of the server. They stop together when descriptors or
 * memory run out, since they share both; idle connections are closed to make
 * room, and a timer brings the listeners back.
 */
struct listener_set {
	struct loop *loop;
	struct list_node listeners;
	struct event resume_timer;
	size_t max_conns;  /* accept no more than this */
	bool told;	   /* this shortage is in the log already */
	uint64_t short_ns; /* when the shortage was last met */
	listener_shed_cb shed_cb;
	void *shed_service;
};

void listener_set_init(struct listener_set *set, struct loop *loop,
		       size_t max_conns);

/* Closes every listening socket. */
void listener_set_clear(struct listener_set *set);

/* Whom to ask to close idle connections. */
void listener_set_shed(struct listener_set *set, listener_shed_cb shed_cb,
		       void *service);

/*
 * Accepts on a listening socket from now on; the set owns fd then. Returns 0,
 * or -1 when out of memory (the caller still owns fd).
 */
int listener_add(struct listener_set *set, int fd,
		 listener_accepted_cb accepted_cb, void *service) MUST_CHECK;

/* Takes the connections that wait, then closes every listening socket. */
void listener_set_drain(struct listener_set *set);

#endif
