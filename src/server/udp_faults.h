/* SPDX-License-Identifier: MIT */
#ifndef SERVER_UDP_FAULTS_H
#define SERVER_UDP_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "loop/loop.h"
#include "os/datagram.h"

/*
 * What --fault does to UDP answers. Those that are delayed lie in one queue,
 * which is bounded, for each client and for all: what it cannot take is sent
 * undelayed and counted as skipped.
 */
struct udp_faults;

#define UDP_FAULTS_MOST		65536	   /* answers in the queue ... */
#define UDP_FAULTS_BYTES	(64 << 20) /* ... and their bytes */
#define UDP_FAULTS_CLIENT_MOST	4096	   /* the same of one client */
#define UDP_FAULTS_CLIENT_BYTES (4 << 20)

/* A bound socket, which stays open for the answers that are to leave by it. */
struct udp_outlet {
	int fd;
	size_t n_users;
};

/* One with one user, who owns fd; NULL when out of memory. */
struct udp_outlet *udp_outlet_new(int fd) MUST_CHECK;

/* The last one closes it. */
void udp_outlet_leave(struct udp_outlet *outlet);

/* NULL when out of memory. */
struct udp_faults *udp_faults_new(struct loop *loop) MUST_CHECK;

/* What waits is not sent. Harmless on NULL. */
void udp_faults_free(struct udp_faults *faults);

/*
 * Does to answer i of the batch what the loop's rules say. False when it is not
 * to leave with the batch: it is lost, or leaves later.
 */
bool udp_faults_apply(struct udp_faults *faults, struct udp_outlet *outlet,
		      struct datagram_batch *batch, size_t i);

/* Whether anything is due to be sent, behind what was applied to last. */
bool udp_faults_is_due(const struct udp_faults *faults);

/* Sends what is due. */
void udp_faults_flush(struct udp_faults *faults);

/*
 * A socket is to be closed while the server goes on: what waits to leave by it
 * is dropped, since it would keep the port, and what peers send there.
 */
void udp_faults_leave(struct udp_faults *faults,
		      const struct udp_outlet *outlet);

/* The server ends: what is due soon is waited for, and no more than that. */
void udp_faults_drain(struct udp_faults *faults);

#endif
