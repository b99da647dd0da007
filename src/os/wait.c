/* SPDX-License-Identifier: MIT */
/*
 * Waiting for descriptors. A deadline is a point in time, not a span, so a
 * wait that a signal cuts short is taken up again for what is left of it.
 */
#include "os/wait.h"

#include <errno.h>
#include <limits.h>

#include "base/clock.h"

/* What is left in whole milliseconds, rounded up: poll never wakes early. */
static int left_ms(uint64_t deadline_ns)
{
	uint64_t now_ns, left;

	if (deadline_ns == WAIT_FOREVER)
		return -1;
	now_ns = clock_mono_ns();
	if (now_ns >= deadline_ns)
		return 0;
	left = (deadline_ns - now_ns + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int wait_ready(struct pollfd *pfds, nfds_t n, uint64_t deadline_ns)
{
	int n_ready;

	do
		n_ready = poll(pfds, n, left_ms(deadline_ns));
	while (n_ready < 0 && errno == EINTR);
	return n_ready;
}

int wait_for(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	return wait_ready(&pfd, 1, deadline_ns);
}
