/* SPDX-License-Identifier: MIT */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * A fence that a process puts around itself, and cannot take away: Landlock for
 * files and TCP ports, and a list of system calls. What is open already stays
 * usable.
 */

/* What may be done in a folder and all below it; or READ_FILES of one file. */
enum sandbox_right {
	SANDBOX_READ_FILES = 1,
	SANDBOX_READ_FOLDERS = 2,
	SANDBOX_WRITE = 4,   /* append to files, and make new ones */
	SANDBOX_REMOVE = 8,  /* files and sockets */
	SANDBOX_SOCKETS = 16 /* make Unix sockets */
};

struct sandbox_place {
	const char *path;
	unsigned rights;
};

struct sandbox_plan {
	const struct sandbox_place *places;
	size_t n_places;
	/* To be bound to, again too; 0 for a free one. No other one. */
	const uint16_t *tcp_ports;
	size_t n_tcp_ports;
	bool binds_any_port; /* or any */
};

/* What the fence has not got. */
enum sandbox_gap {
	SANDBOX_NO_FILES = 1,	/* this kernel has no Landlock */
	SANDBOX_NO_PORTS = 2,	/* its Landlock knows no ports */
	SANDBOX_NO_CALLS = 4,	/* it has no seccomp */
	SANDBOX_NO_LIBRARY = 8, /* built without libseccomp */
	SANDBOX_NO_BUILD = 16,	/* nothing: sanitizers and gcov see too much */
};

/*
 * From now on only what the plan allows can be done; no_new_privs must be set.
 * Places that are not there are left out. The standard output and error stay
 * writable. Returns 0 and the gaps, or -1 with errno, and part of the fence may
 * stand then.
 */
int sandbox_enter(const struct sandbox_plan *plan, unsigned *gaps) MUST_CHECK;

#endif
