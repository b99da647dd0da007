/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LINES_H
#define CLIENT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

/* The most that a datagram carries over IPv4: 65535 - 20 - 8. */
#define LINES_MAX 65507

/*
 * Lines from a descriptor that blocks. The caller's storage; large.
 *
 *	|  given out  |  waiting  |  room  |
 *	buf           start       end      buf + sizeof(buf)
 */
struct lines {
	int fd;
	void (*wait)(void *arg);
	void *arg;
	bool at_end;
	uint64_t n_lines; /* given out so far */
	size_t start, end;
	char buf[2 * (LINES_MAX + 1)];
};

enum lines_result {
	LINES_LINE,
	LINES_END,
	LINES_TOO_LONG, /* a line of more than LINES_MAX bytes; stop here */
	LINES_FAILED,	/* errno says why */
};

/*
 * wait, unless NULL, is called with arg before each read; it may look after
 * other things until something can be read.
 */
void lines_init(struct lines *lines, int fd, void (*wait)(void *arg),
		void *arg);

/*
 * The next line, without its newline and with every other byte as it is. What
 * stands after the last newline is a line too. *line lives until the next call.
 */
enum lines_result lines_next(struct lines *lines,
			     struct slice *line) MUST_CHECK;

#endif
