/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BINDING_H
#define SERVER_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "cli/settings.h"
#include "os/address.h"

#define BINDING_ADDRESSES_MAX 32 /* that --listen can name, after resolving */

/* The addresses that are served, all services on the same. */
struct binding {
	struct address addresses[BINDING_ADDRESSES_MAX];
	size_t n;
	bool is_any; /* nobody has named any: a family may be missing here */
};

/* Opens a socket of a service at an address: its descriptor, or -1. */
typedef int (*binding_open_fn)(const struct address *address);

/*
 * Looks up what --listen names; an empty list is every address of the host.
 * Returns 0, or -1 and a cause.
 */
int binding_resolve(struct binding *binding, const struct setting_list *listen,
		    char **cause) MUST_CHECK;

/*
 * Opens a service's sockets, one for each address; fds[i] is -1 where a family
 * is left out. Port 0 takes a free one, the same on all. Returns 0, or -1, with
 * none open, and a cause that begins with the service's name.
 */
int binding_open(const struct binding *binding, const char *service,
		 uint16_t port, binding_open_fn open,
		 int fds[BINDING_ADDRESSES_MAX], char **cause) MUST_CHECK;

/* Closes those of n descriptors that are not -1. */
void binding_close(const int *fds, size_t n);

/*
 * A sentence about why a start has failed, to be freed; NULL without memory.
 * Returns -1.
 */
int binding_fail(char **cause, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
