/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BINDING_H
#define SERVER_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "cli/settings.h"
#include "os/address.h"

#define BINDING_SOCKETS_MAX 32 /* of a service, after resolving */

enum {
	SERVER_UDP,
	SERVER_TCP,
	SERVER_HTTP,
	SERVER_ADMIN,
	SERVER_SERVICES
};

/* The hosts that are served where an endpoint names none. */
struct binding_hosts {
	struct address addresses[BINDING_SOCKETS_MAX];
	size_t n;
	bool is_any; /* nobody has named any: a family may be missing here */
};

/* Where one socket is to be. */
struct binding_place {
	struct address address;
	const char *path; /* of a Unix socket, instead; or NULL */
	unsigned item;	  /* of the list that named it: shares a free port */
	bool may_lack;	  /* when its family is missing here */
};

/* The places of one service. */
struct binding {
	const char *service; /* "udp" */
	const char *option;  /* "udp-port" */
	int socktype;
	struct binding_place places[BINDING_SOCKETS_MAX];
	size_t n;
};

/*
 * Looks up the hosts that --listen names: names, addresses, and interfaces,
 * which stand for all addresses that they have. An empty list is every address
 * of this host. Returns 0, or -1 and a cause.
 */
int binding_find_hosts(struct binding_hosts *hosts,
		       const struct setting_list *listen,
		       char **cause) MUST_CHECK;

/* This host alone, as it calls itself. */
void binding_loopback(struct binding_hosts *hosts);

/*
 * Looks up a service's endpoints, such as those of --udp-port; none when they
 * are "off". socktype is SOCK_STREAM or SOCK_DGRAM. What binding->service and
 * option are must be set. Paths are the list's. Returns 0, or -1 and a cause.
 */
int binding_resolve(struct binding *binding, const struct setting_list *list,
		    int socktype, const struct binding_hosts *hosts,
		    char **cause) MUST_CHECK;

/*
 * Opens a service's sockets, one for each place, with these options (see
 * socket.h); fds[i] is -1 where a family is
 * left out. Port 0 takes a free one, the same for all that one endpoint stands
 * for. Returns 0, or -1, with none open, and a cause that begins with the
 * service's name.
 */
int binding_open(const struct binding *binding, unsigned options,
		 int fds[BINDING_SOCKETS_MAX], char **cause) MUST_CHECK;

/* Closes those of n descriptors that are not -1. */
void binding_close(const int *fds, size_t n);

/*
 * A sentence about why a start has failed, to be freed; NULL without memory.
 * Returns -1.
 */
int binding_fail(char **cause, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
