/* SPDX-License-Identifier: MIT */
#ifndef OS_ARRIVAL_H
#define OS_ARRIVAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "os/address.h"

/*
 * Has the kernel note when each datagram came. 0 or -1 with errno; then
 * arrival_receive() tells when it was fetched.
 */
int arrival_listen(int fd) MUST_CHECK;

/*
 * Receives a datagram, without waiting: its length, or -1 with errno, EAGAIN
 * when there is none. *from is where it came from, *at_ns when, on the clock
 * of clock_mono_ns().
 */
ssize_t arrival_receive(int fd, void *buf, size_t size, struct address *from,
			uint64_t *at_ns) MUST_CHECK;

#endif
