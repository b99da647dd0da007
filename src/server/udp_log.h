/* SPDX-License-Identifier: MIT */
#ifndef SERVER_UDP_LOG_H
#define SERVER_UDP_LOG_H

#include <stddef.h>

#include "base/compiler.h"
#include "loop/loop.h"
#include "os/address.h"

/*
 * Who sent datagrams: counts for each address, which become lines of the
 * connection log every minute, and when it is closed. The table is bounded;
 * those for whom there is no place in it are counted together.
 */
struct udp_log;

#define UDP_LOG_SOURCES 1024
#define UDP_LOG_MINUTE	60 /* seconds between lines of a source */

enum udp_verdict {
	UDP_ANSWERED,
	UDP_SOURCE_REFUSED, /* cannot be a client's */
	UDP_LIMIT_REFUSED,  /* --allow, --deny, --udp-rate */
	UDP_LOOP_REFUSED,   /* may be part of an endless loop */
};

/* NULL when out of memory. */
struct udp_log *udp_log_new(struct loop *loop) MUST_CHECK;

/* Writes what is counted. Harmless on NULL. */
void udp_log_free(struct udp_log *log);

void udp_log_add(struct udp_log *log, const struct address *source, size_t len,
		 enum udp_verdict verdict);

/* Writes what is counted now. Harmless on NULL. */
void udp_log_write(struct udp_log *log);

#endif
