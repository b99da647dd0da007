/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_EVENT_H
#define CLIENT_PING_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* What can happen to a numbered message, and the word for it. */
#define PING_KINDS(X)                                                          \
	X(REPLY, "reply")                                                      \
	X(TIMEOUT, "timeout")                                                  \
	X(LATE, "late")                                                        \
	X(DUPLICATE, "duplicate")                                              \
	X(CORRUPT, "corrupt")                                                  \
	X(FOREIGN, "foreign")                                                  \
	X(ERROR, "error")

#define PING_KIND(name, word) PING_##name,
enum ping_kind {
	PING_KINDS(PING_KIND) PING_N_KINDS
};
#undef PING_KIND

/* One such thing. Texts belong to whoever made it. */
struct ping_event {
	enum ping_kind kind;
	struct timespec wall; /* when it was seen */
	uint64_t seq;	      /* 0: it cannot be known */
	size_t len;	      /* bytes that came */
	const char *from;     /* "127.0.0.1:12000"; NULL: nobody */
	bool has_rtt;
	uint64_t rtt_ns;
	const char *why; /* of PING_CORRUPT and PING_ERROR; else NULL */
};

#endif
