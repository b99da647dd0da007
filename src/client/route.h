/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_ROUTE_H
#define CLIENT_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "cli/dial.h"
#include "client/client_options.h"
#include "client/narrator.h"
#include "client/status.h"
#include "client/transcript.h"
#include "os/address.h"

/*
 * Where HOST and PORT lead, and the way there. The caller's storage; options
 * and report must outlive it.
 */
struct route {
	const struct client_options *options;
	struct report *report;
	struct transcript *transcript; /* NULL: none is kept */
	struct address source;	       /* len 0: the system chooses all of it */
	struct dial_list to;
	size_t at; /* of to.list: the address in use, or last tried */
};

/* Looks up the source address and HOST. Tells its own failure. */
enum client_status route_resolve(struct route *route,
				 const struct client_options *options,
				 struct report *report) MUST_CHECK;

/*
 * Connects by TCP, each address in turn, and tells why when none answers.
 * *fd is nonblocking and the caller's to close.
 */
enum client_status route_tcp(struct route *route, int *fd) MUST_CHECK;

/*
 * A UDP socket with a source, for sending to the address in use. It is not
 * connected, so it may receive from anybody, and ICMP errors are queued at it
 * (os/icmp.h); unless the options say so: then the kernel passes nobody else's
 * datagrams, and an ICMP error is one of the socket. Where that stands for this
 * host (0.0.0.0), it becomes the address that answers from there. Keeps
 * (report_keep) the reason when that fails.
 */
enum client_status route_udp(struct route *route, int *fd) MUST_CHECK;

/* Moves on to the next address; false when there is none. */
bool route_next(struct route *route);

/*
 * Keeps a line about the address in use: "tcp ACTION HOST port PORT: REASON
 * (ADVICE)"; advice may be NULL.
 */
void route_keep(const struct route *route, const char *action,
		const char *reason, const char *advice);

/* The same for an errno value; returns the status that it means. */
enum client_status route_keep_errno(const struct route *route,
				    const char *action, int error);

#endif
