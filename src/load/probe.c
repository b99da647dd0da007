/* SPDX-License-Identifier: MIT */
/*
 * Trying addresses before the load begins. Over TCP a connection tells. Over
 * UDP only a refusal tells anything: silence may be loss, so an address that
 * does not refuse is taken.
 */
#include "load/probe.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/socket.h"

#define REFUSAL_NS (100 * CLOCK_NS_PER_MS) /* for an ICMP message to come */

static bool wait_for(int fd, short events, uint64_t timeout_ns)
{
	struct pollfd one = {.fd = fd, .events = events};
	const struct timespec left = {
		.tv_sec = (time_t)(timeout_ns / CLOCK_NS_PER_S),
		.tv_nsec = (long)(timeout_ns % CLOCK_NS_PER_S),
	};

	return ppoll(&one, 1, &left, NULL) > 0;
}

static bool is_listening(int fd, const struct address *to, uint64_t timeout_ns)
{
	if (connect(fd, &to->sa.any, to->len) == 0)
		return true;
	return errno == EINPROGRESS && wait_for(fd, POLLOUT, timeout_ns) &&
	       socket_take_error(fd) == 0;
}

static bool is_refused(int fd, const struct address *to)
{
	if (connect(fd, &to->sa.any, to->len) < 0 ||
	    send(fd, "?", 1, MSG_NOSIGNAL) < 0)
		return true;
	return wait_for(fd, POLLIN, REFUSAL_NS) && socket_take_error(fd) != 0;
}

static bool answers(const struct address *to, int socktype, uint64_t timeout_ns)
{
	int fd = socket_open(to, socktype);
	bool ok;

	if (fd < 0)
		return false;
	ok = socktype == SOCK_STREAM ? is_listening(fd, to, timeout_ns)
				     : !is_refused(fd, to);
	(void)close(fd);
	return ok;
}

size_t probe_choose(const struct address *list, size_t n, int socktype,
		    uint64_t timeout_ns)
{
	for (size_t i = 0; n > 1 && i < n; i++)
		if (answers(&list[i], socktype, timeout_ns))
			return i;
	return 0;
}
