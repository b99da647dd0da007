/* SPDX-License-Identifier: MIT */
#ifndef OS_SUPERVISOR_H
#define OS_SUPERVISOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * Whoever started the process and looks after it, in systemd's words: what it
 * is told, sd_notify(3), and the sockets that it hands over,
 * sd_listen_fds_with_names(3). Without a supervisor, or built without
 * libsystemd, nothing is told and nothing comes.
 */

/* A socket from the supervisor: the descriptor, and its FileDescriptorName. */
struct supervisor_socket {
	int fd;
	char name[256]; /* as systemd limits it */
};

/*
 * Takes over the sockets that were handed to this process: at most max in list,
 * and their number in *n. They are close-on-exec; the caller owns them. Once:
 * they are not found again. Returns 0, or -1 and *cause, a static string.
 */
int supervisor_take_sockets(struct supervisor_socket *list, size_t max,
			    size_t *n, const char **cause) MUST_CHECK;

/* The states that it is told of: sd_notify's READY, RELOADING and STOPPING. */
enum supervisor_state {
	SUPERVISOR_READY,
	SUPERVISOR_RELOADING, /* ready again is READY */
	SUPERVISOR_STOPPING,
};

void supervisor_tell(enum supervisor_state state);

/* A line for people: what the process does at the moment. */
void supervisor_tell_status(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * How often it must hear from this process, or 0 for never. Somewhat more often
 * is what supervisor_tell_alive() is to be called.
 */
uint64_t supervisor_watchdog_ns(void);
void supervisor_tell_alive(void);

#endif
