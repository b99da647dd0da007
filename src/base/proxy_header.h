/* SPDX-License-Identifier: MIT */
#ifndef BASE_PROXY_HEADER_H
#define BASE_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* No header may be longer, what version 2 appends to the addresses included. */
#define PROXY_HEADER_MAX 4096

/* For whom a connection was made; family 0: for nobody but its own peer. */
struct proxy_origin {
	uint16_t family; /* AF_INET, AF_INET6 or 0 */
	uint16_t port;
	uint8_t host[16]; /* network byte order; the first 4 for AF_INET */
};

enum proxy_verdict {
	PROXY_PARTIAL, /* may become a header when more has come */
	PROXY_DONE,
	PROXY_BAD,
};

/*
 * Reads the header at the front of a connection's bytes by the PROXY protocol,
 * version 1 or 2. What is not whole yet is given again with more behind it; at
 * PROXY_HEADER_MAX bytes there is a verdict. After PROXY_DONE *header_len bytes
 * are the header, and what follows is not looked at.
 *
 * Family 0 is what version 1 calls UNKNOWN, and version 2 LOCAL, an unspecified
 * family, or a Unix socket: the address of the connection itself is to be used.
 */
enum proxy_verdict proxy_header_read(const char *buf, size_t len,
				     struct proxy_origin *origin,
				     size_t *header_len) MUST_CHECK;

#endif
