/* SPDX-License-Identifier: MIT */
#ifndef OS_PRIVILEGES_H
#define OS_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"

/* Who a process becomes that began as root. */
struct privileges_user {
	char name[64];
	uid_t uid;
	gid_t gid;
};

/*
 * Finds a user of the system by its name. Returns 0, or -1 with errno, ENOENT
 * when there is none.
 */
int privileges_find(const char *name, struct privileges_user *user) MUST_CHECK;

/*
 * Becomes the user with its groups, for good: no capability is left, no program
 * that it executes has more, and it was tried that there is no way back. For
 * root only. Returns 0, or -1 with errno; the process must not go on then.
 */
int privileges_drop(const struct privileges_user *user) MUST_CHECK;

/*
 * The same for a process that stays who it is: gives up the capabilities that
 * it may have been started with.
 */
int privileges_give_up(void) MUST_CHECK;

/* No program that this process executes gets more than it has. */
int privileges_lock(void) MUST_CHECK;

#endif
