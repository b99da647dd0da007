/* SPDX-License-Identifier: MIT */
#ifndef OS_ICMP_H
#define OS_ICMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"

#define ICMP_SENT_MAX 64 /* enough to know a datagram again */

/* That a datagram did not arrive, as somebody on the way reported by ICMP. */
struct icmp_news {
	int error;	     /* the errno value that the kernel makes of it */
	int version;	     /* 4 or 6, of IP */
	uint8_t type, code;  /* of that version's ICMP */
	struct address to;   /* where the datagram was sent */
	struct address from; /* who says so; len 0 when the kernel does not */
	/* How the datagram began, as far as it was sent back: often all. */
	char sent[ICMP_SENT_MAX];
	size_t n_sent;
};

/*
 * Has ICMP errors queued at a datagram socket of this family (IP_RECVERR), a
 * socket that is not connected among them. From then on such an error also
 * fails the next send or receive, once each. 0 or -1 with errno.
 */
int icmp_listen(int fd, int family) MUST_CHECK;

/*
 * Takes what is queued: 1 and *news, 0 when nothing is, -1 with errno. Errors
 * of this host's own are passed over: the call that met one has returned it.
 */
int icmp_take(int fd, struct icmp_news *news) MUST_CHECK;

/* What it is called in RFC 792 and RFC 4443, as "port unreachable". */
const char *icmp_name(const struct icmp_news *news);

#endif
