/* SPDX-License-Identifier: MIT */
#ifndef LOAD_PROBE_H
#define LOAD_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "os/address.h"

/*
 * A name may have several addresses, of which a server took only one, as with
 * "localhost" on many hosts. Returns the first of list[0..n) at which somebody
 * answers, or 0 when none does. socktype is SOCK_STREAM or SOCK_DGRAM. With
 * one address nothing is sent.
 */
size_t probe_choose(const struct address *list, size_t n, int socktype,
		    uint64_t timeout_ns);

#endif
