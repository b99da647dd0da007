/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_DIAL_H
#define CLIENT_DIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "client/client_options.h"
#include "client/narrator.h"
#include "client/status.h"
#include "os/address.h"

#define DIAL_ADDRESSES_MAX 64 /* more for one name are not tried */

/*
 * Where HOST and PORT lead, and the way there. The caller's storage; options
 * and report must outlive it.
 */
struct dial {
	const struct options *options;
	struct report *report;
	struct address source; /* len 0: the system chooses all of it */
	struct address list[DIAL_ADDRESSES_MAX];
	size_t n;
	size_t at; /* the address in use, or last tried; below n */
};

/* Looks up the source address and HOST. Tells its own failure. */
enum client_status dial_resolve(struct dial *dial,
				const struct options *options,
				struct report *report) MUST_CHECK;

/*
 * Connects by TCP, each address in turn, and tells why when none answers.
 * *fd is nonblocking and the caller's to close.
 */
enum client_status dial_tcp(struct dial *dial, int *fd) MUST_CHECK;

/*
 * A UDP socket with a source, for sending to list[at]. It is not connected, so
 * it may receive from anybody, and ICMP errors are queued at it (os/icmp.h);
 * unless the options say so: then the kernel passes nobody else's datagrams,
 * and an ICMP error is one of the socket. Where list[at] stands for this host
 * (0.0.0.0), it becomes the address that answers from there. Keeps
 * (report_keep) the reason when that fails.
 */
enum client_status dial_udp(struct dial *dial, int *fd) MUST_CHECK;

/* Moves on to the next address; false when there is none. */
bool dial_next(struct dial *dial);

/*
 * Keeps a line about the address in use: "tcp ACTION HOST port PORT: REASON
 * (ADVICE)"; advice may be NULL.
 */
void dial_keep(const struct dial *dial, const char *action, const char *reason,
	       const char *advice);

/* The same for an errno value; returns the status that it means. */
enum client_status dial_keep_errno(const struct dial *dial, const char *action,
				   int error);

#endif
