/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "loop/access.h"
#include "loop/loop.h"
#include "os/address.h"
#include "server/snapshot.h"

/*
 * Connections at a time. One more takes the place of the one that asked for
 * nothing for longest, so that whoever forgets his own does not lock anybody
 * out. Descriptors for so many are kept back.
 */
#define ADMIN_CONNECTIONS_MAX 32

/*
 * The pages for who looks after the server: over HTTP, but of no document root,
 * and apart from the services: neither their crowd nor a drain keeps the
 * operator out.
 *
 *	/             a live page for people
 *	/events       what keeps it up to date: server-sent events
 *	/metrics      what Prometheus reads
 *	/status.json  everything, connections one by one
 *	/healthz      200, or 503 in a drain
 */
struct admin;

/* Fills in what the server is at. */
typedef void (*admin_look_cb)(void *arg, struct snapshot *snapshot);

/* Nobody may connect before admin_change(). NULL when out of memory. */
struct admin *admin_new(struct loop *loop, admin_look_cb look_cb,
			void *arg) MUST_CHECK;

/*
 * Takes over the loop's limits, which have changed, and who may connect, which
 * must stay until the next change.
 */
void admin_change(struct admin *admin, const struct access *access);

/* Connections that are open; 0 for NULL. */
size_t admin_count(const struct admin *admin);

/* By which the last of its timers was late; 0 for NULL. */
uint64_t admin_lag_ns(const struct admin *admin);

/* No connection of it may be open. Harmless on NULL. */
void admin_free(struct admin *admin);

/* A listener_accepted_cb: takes over the socket. */
void admin_accept_cb(void *admin, int fd, const struct address *peer);

#endif
