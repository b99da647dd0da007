/* SPDX-License-Identifier: MIT */
#ifndef OS_INTERFACE_H
#define OS_INTERFACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "os/address.h"

/* Whether this host has a network interface of this name, such as "eth0". */
bool interface_exists(const char *name);

/*
 * The IPv4 and IPv6 addresses that an interface has now, without a port; at
 * most max in list, and their number in *n (1 or more). A link-local one comes
 * with its scope. Returns 0, or -1 and *cause is the reason, valid until the
 * next call.
 */
int interface_addresses(const char *name, struct address *list, size_t max,
			size_t *n, const char **cause) MUST_CHECK;

#endif
