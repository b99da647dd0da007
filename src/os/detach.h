/* SPDX-License-Identifier: MIT */
#ifndef OS_DETACH_H
#define OS_DETACH_H

#include "base/compiler.h"

/* A process that is to leave its terminal when all has gone well. */
struct detach {
	int pipe_fd; /* to the process that waits; -1: nobody does */
	int null_fd;
};

/*
 * Goes on in a child in a session of its own, while the process that was
 * started waits for it: for detach_finish(), and ends with status 0 then, or
 * for the child's end, and ends with status 1. The child stays in the folder
 * that it was started in, since paths may be relative. Call it before there are
 * threads or an event loop. Returns 0 in the child, or -1 with errno.
 */
int detach_begin(struct detach *detach) MUST_CHECK;

/*
 * All has gone well: /dev/null takes the place of the three standard
 * descriptors, and whoever waits may go. Harmless without detach_begin() when
 * zeroed with pipe_fd -1.
 */
void detach_finish(struct detach *detach);

#endif
