/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_WIRE_H
#define CLIENT_PING_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "os/address.h"
#include "os/icmp.h"

/* What one look at a wire has found. */
enum ping_wire_result {
	PING_WIRE_NOTHING, /* now */
	PING_WIRE_MESSAGE, /* bytes, from and at_ns */
	PING_WIRE_ICMP,	   /* news: a datagram did not arrive */
	PING_WIRE_ENDED,   /* the connection has; error is an errno value */
	PING_WIRE_FAILED,  /* for good: error */
};

struct ping_catch {
	struct slice bytes; /* lives until the next look */
	struct address from;
	bool is_foreign;
	uint64_t at_ns;
	struct icmp_news news;
	int error; /* 0: a clean end */
};

#endif
