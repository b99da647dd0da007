/* SPDX-License-Identifier: MIT */
#ifndef OS_KEEPER_H
#define OS_KEEPER_H

#include "base/compiler.h"

/*
 * A process that stays outside of a sandbox for one thing: to open one file by
 * its name, whichever file that is by then, and to hand it in.
 */
struct keeper {
	int fd; /* -1 for none */
};

/*
 * Starts it. It can open files in the folder of the path alone, and ends with
 * the process that has started it, whose no_new_privs must be set. Returns 0,
 * or -1 with errno.
 */
int keeper_start(struct keeper *keeper, const char *path) MUST_CHECK;

/*
 * Has the file opened for reading, and waits for it. Returns the descriptor, or
 * -1 with errno: that of the opening, or EPIPE when the keeper is gone.
 */
int keeper_open(const struct keeper *keeper) MUST_CHECK;

/* Lets it end. Harmless when there is none. */
void keeper_stop(struct keeper *keeper);

#endif
