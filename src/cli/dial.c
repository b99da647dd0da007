/* SPDX-License-Identifier: MIT */
/*
 * From what was typed to a connection. A name may have several addresses, and
 * on many hosts "localhost" has two, of which a server took only one.
 */
#include "cli/dial.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/settings.h"
#include "os/socket.h"
#include "os/wait.h"

#define DIAL_REFUSAL_NS                                                        \
	(100 * CLOCK_NS_PER_MS) /* for an ICMP message to come */

_Static_assert(DIAL_CAUSE_SIZE == SETTINGS_CAUSE_SIZE,
	       "settings_cause() writes both");

/* --- looking up --- */

int dial_look_up(struct dial_list *to, const char *host, uint16_t port,
		 int family, int socktype, char cause[DIAL_CAUSE_SIZE])
{
	const char *reason;

	if (address_resolve(host, port, family, socktype, to->list,
			    DIAL_ADDRESSES_MAX, &to->n, &reason) == 0)
		return 0;
	settings_cause(cause,
		       "lookup of \"%.200s\": %s (is the name spelt right%s, "
		       "and does this host find other names?)",
		       host, reason,
		       family == AF_UNSPEC  ? ""
		       : family == AF_INET6 ? ", has it an IPv6 address"
					    : ", has it an IPv4 address");
	return -1;
}

int dial_look_up_source(struct address *source, const char *host, uint16_t port,
			int family, int socktype, char cause[DIAL_CAUSE_SIZE])
{
	const char *reason;
	size_t n;

	if (address_resolve(host, port, family, socktype, source, 1, &n,
			    &reason) == 0) {
		if (!address_is_group(source))
			return 0;
		reason = "a group of hosts sends nothing";
	}
	settings_cause(cause,
		       "source address \"%.200s\": %s (give an address of this "
		       "host, as 127.0.0.1 or ::1)",
		       host, reason);
	return -1;
}

/* --- connecting --- */

bool dial_is_own(int fd, const struct address *to)
{
	struct address local;

	return socket_local_address(fd, &local) == 0 && address_eq(&local, to);
}

/* Waits for connect(2) to end. Returns 0 or the errno value of the failure. */
static int wait_connected(int fd, uint64_t timeout_ns)
{
	int n_ready = wait_for(fd, POLLOUT, clock_mono_ns() + timeout_ns);

	if (n_ready < 0)
		return errno;
	return n_ready == 0 ? ETIMEDOUT : socket_take_error(fd);
}

int dial_connect(int fd, const struct address *to, uint64_t timeout_ns)
{
	int error = 0;

	if (connect(fd, &to->sa.any, to->len) < 0)
		error = errno;
	if (error == EINPROGRESS || error == EINTR)
		error = wait_connected(fd, timeout_ns);
	if (error == 0 && dial_is_own(fd, to))
		error = ECONNREFUSED;
	return error;
}

/* --- choosing --- */

/* A datagram is answered by ICMP where nobody listens. */
static bool refuses_datagram(int fd)
{
	return send(fd, "?", 1, MSG_NOSIGNAL) < 0 ||
	       (wait_for(fd, POLLIN, clock_mono_ns() + DIAL_REFUSAL_NS) > 0 &&
		socket_take_error(fd) != 0);
}

static bool is_answering(const struct address *to, int socktype,
			 uint64_t timeout_ns)
{
	int fd = socket_open(to, socktype);
	bool ok;

	if (fd < 0)
		return false;
	ok = dial_connect(fd, to, timeout_ns) == 0 &&
	     (socktype == SOCK_STREAM || !refuses_datagram(fd));
	(void)close(fd);
	return ok;
}

const struct address *dial_choose(const struct dial_list *to, int socktype,
				  uint64_t timeout_ns)
{
	for (size_t i = 0; to->n > 1 && i < to->n; i++)
		if (is_answering(&to->list[i], socktype, timeout_ns))
			return &to->list[i];
	return &to->list[0];
}
