/* SPDX-License-Identifier: MIT */
#ifndef LOOP_LISTENER_H
#define LOOP_LISTENER_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/log.h"
#include "loop/loop.h"
#include "os/address.h"

/* Takes over an accepted, nonblocking socket. */
typedef void (*listener_accepted_cb)(void *service, int fd,
				     const struct address *peer);

/* Closes a connection to make room; false when there is none to spare. */
typedef bool (*listener_shed_cb)(struct loop *loop);

/*
 * All listening sockets of the server. When descriptors or memory run out, each
 * connection that waits to be accepted costs one that can be spared. When none
 * can they stop together, since they share both, and a timer brings them back.
 * So they do after an error that nobody knows, which would come again at once.
 * Where --max-connections leaves no place they wait that long, once; then
 * whoever comes is handed over to be refused.
 */
struct listener_set {
	struct loop *loop;
	struct list_node listeners;
	struct event resume_timer;
	bool draining;
	struct log_trouble trouble;
	bool has_made_room; /* for an accept that has not succeeded since */
	bool has_reserve;   /* see listener_set_reserve() */
	bool is_paused;
	bool was_crowded; /* paused with --max-connections reached */
	bool may_refuse;  /* and that has not helped */
	uint64_t paused_at_ns;
	listener_shed_cb shed_cb;
};

/* At the most max_descriptors for connections and what they are sent. */
void listener_set_init(struct listener_set *set, struct loop *loop,
		       size_t max_descriptors);

/* Closes every listening socket. Harmless on a zeroed set, and once more. */
void listener_set_clear(struct listener_set *set);

/* Whom to ask for room. */
void listener_set_shed(struct listener_set *set, listener_shed_cb shed_cb);

/*
 * Its connections are apart (see conn_init_apart()): descriptors for them are
 * kept back from all others, so it accepts when those have no room.
 */
void listener_set_reserve(struct listener_set *set);

/*
 * Accepts on a listening socket from now on; the set owns fd then. Returns 0,
 * or -1 when out of memory (the caller still owns fd).
 */
int listener_add(struct listener_set *set, int fd,
		 listener_accepted_cb accepted_cb, void *service) MUST_CHECK;

/*
 * Takes the connections that wait in this socket's queue now, in turns, then
 * closes it.
 */
void listener_remove(struct listener_set *set, int fd);

/* Whether others may bind to the ports of those that are still removed. */
void listener_set_share(struct listener_set *set, bool is_shared);

/*
 * Each listening socket takes the connections that wait in its queue now, in
 * turns, and is closed then; until then the loop waits for it (n_waiting).
 */
void listener_set_drain(struct listener_set *set);

#endif
