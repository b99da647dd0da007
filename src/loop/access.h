/* SPDX-License-Identifier: MIT */
#ifndef LOOP_ACCESS_H
#define LOOP_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "os/address.h"
#include "os/network.h"

enum access_service {
	ACCESS_UDP,
	ACCESS_TCP,
	ACCESS_HTTP,
	ACCESS_SERVICES
};

#define ACCESS_RULES_MAX 64 /* of each kind */

/* A network, and the services that it is named for. */
struct access_rule {
	struct network network;
	unsigned services; /* 1 << ACCESS_UDP, ... */
};

struct access_list {
	struct access_rule rules[ACCESS_RULES_MAX];
	size_t n;
	unsigned services; /* those that any rule is for */
};

/* Who may use which service; zeroed: everybody all of them. */
struct access {
	struct access_list allow;
	struct access_list deny;
};

/*
 * Reads "NETWORK" or "udp:NETWORK", "tcp:NETWORK", "http:NETWORK" and appends
 * it to the list, or only judges it when that is NULL. Returns 0, or -1 with a
 * sentence in cause.
 */
int access_add(struct access_list *list, const char *text,
	       char cause[NETWORK_CAUSE_SIZE]) MUST_CHECK;

/*
 * The same of those whose connections begin with a PROXY header: no UDP, and
 * "unix" is the peers of our own Unix sockets.
 */
int access_add_proxy(struct access_list *list, const char *text,
		     char cause[NETWORK_CAUSE_SIZE]) MUST_CHECK;

/* Whether the list names this address, settled, for the service. */
bool access_list_has(const struct access_list *list,
		     enum access_service service, const struct address *peer);

/*
 * Whether this address, settled, may use the service: it is not when a rule
 * denies it; and where any rule allows, it must be one of those that do. Peers
 * of Unix sockets always may: the file's mode says who they are.
 */
bool access_permits(const struct access *access, enum access_service service,
		    const struct address *peer);

static inline bool access_is_limited(const struct access *access)
{
	return (access->allow.services | access->deny.services) != 0;
}

#endif
