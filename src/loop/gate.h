/* SPDX-License-Identifier: MIT */
#ifndef LOOP_GATE_H
#define LOOP_GATE_H

#include "loop/access.h"
#include "loop/conn.h"
#include "loop/deadline.h"
#include "loop/loop.h"
#include "os/address.h"

/*
 * Takes over a connected, nonblocking socket whose visitor is known. That is on
 * the caller's stack.
 */
typedef void (*gate_admit_cb)(void *service, int fd,
			      const struct visitor *visitor);

/*
 * What stands between a service and its listening sockets: of a connection that
 * comes through a balancer (loop->proxies) it first reads the PROXY header, and
 * hands it over with the address that stands in there. All others pass.
 */
struct gate {
	struct loop *loop;
	enum access_service service; /* ACCESS_TCP or ACCESS_HTTP */
	gate_admit_cb admit_cb;
	void *arg;
	struct deadline_queue header; /* the time limit on it */
	struct deadline_queue parting;
};

void gate_init(struct gate *gate, struct loop *loop,
	       enum access_service service, gate_admit_cb admit_cb, void *arg);

/* Takes over the loop's limits, which have changed. */
void gate_change(struct gate *gate);

/* No connection of it may be open. */
void gate_clear(struct gate *gate);

/* The socket of a balancer, whose header is to come. */
void gate_hold(struct gate *gate, int fd, const struct address *peer);

/* The socket and its peer, as accept(2) tells it, settled. */
static inline void gate_pass(struct gate *gate, int fd,
			     const struct address *peer)
{
	const struct access_list *proxies = gate->loop->proxies;

	if (proxies && access_list_has(proxies, gate->service, peer))
		gate_hold(gate, fd, peer);
	else
		gate->admit_cb(gate->arg, fd,
			       &(struct visitor){*peer, VISITOR_DIRECT});
}

#endif
