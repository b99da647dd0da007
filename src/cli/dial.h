/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIAL_H
#define CLI_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"

#define DIAL_ADDRESSES_MAX 64 /* more for one name are not tried */
#define DIAL_CAUSE_SIZE	   512

/* Where a name and a port lead: what is tried, in this order. */
struct dial_list {
	struct address list[DIAL_ADDRESSES_MAX];
	size_t n;
};

/*
 * Looks up a host. family is AF_UNSPEC, AF_INET or AF_INET6, socktype
 * SOCK_STREAM or SOCK_DGRAM. Returns 0 with one address or more, or -1 and a
 * sentence in cause, with what to do.
 */
int dial_look_up(struct dial_list *to, const char *host, uint16_t port,
		 int family, int socktype,
		 char cause[DIAL_CAUSE_SIZE]) MUST_CHECK;

/* The same for an address of this host, to send from. */
int dial_look_up_source(struct address *source, const char *host, uint16_t port,
			int family, int socktype,
			char cause[DIAL_CAUSE_SIZE]) MUST_CHECK;

/*
 * Connects a nonblocking socket, which may take so long. Returns 0 or an errno
 * value: ETIMEDOUT when it takes longer, ECONNREFUSED when there is nobody but
 * ourselves.
 */
int dial_connect(int fd, const struct address *to,
		 uint64_t timeout_ns) MUST_CHECK;

/*
 * Whether a socket that is connected to that address has reached itself: the
 * kernel lets it when nobody else has the port, and it would read its own words
 * as the answer.
 */
bool dial_is_own(int fd, const struct address *to);

/*
 * The first address at which somebody answers, or the first when none does.
 * Over TCP a connection tells. Over UDP only a refusal tells anything: silence
 * may be loss, so an address that does not refuse is taken. With one address
 * nothing is sent.
 */
const struct address *dial_choose(const struct dial_list *to, int socktype,
				  uint64_t timeout_ns);

#endif
