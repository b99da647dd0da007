/* SPDX-License-Identifier: MIT */
#ifndef OS_WAIT_H
#define OS_WAIT_H

#include <poll.h>
#include <stdint.h>

#include "base/compiler.h"

#define WAIT_FOREVER UINT64_MAX

/*
 * poll(2) until a time on the clock of clock_mono_ns(), or WAIT_FOREVER.
 * Signals do not end it. Returns how many entries are ready, 0 when the time
 * has come, -1 with errno when the kernel refuses.
 */
int wait_ready(struct pollfd *pfds, nfds_t n, uint64_t deadline_ns) MUST_CHECK;

/* The same for one descriptor and the given poll events. */
int wait_for(int fd, short events, uint64_t deadline_ns) MUST_CHECK;

#endif
