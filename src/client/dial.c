/* SPDX-License-Identifier: MIT */
/*
 * Getting through to the server. A name may have several addresses, and on
 * many hosts "localhost" has two of which a server took only one; so each is
 * tried in turn, and reasons are kept until it is known that none works.
 *
 * A socket whose both ends are the same is taken for a refusal: the kernel
 * lets a client connect to itself when nothing else has the port, and it would
 * read its own words as the answer. With UDP that needs no connection, only
 * the server's port for a source port, which the kernel may choose by chance.
 */
#include "client/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "client/advice.h"
#include "os/icmp.h"
#include "os/socket.h"
#include "os/wait.h"

static const char *protocol(const struct dial *dial)
{
	return dial->options->is_udp ? "udp" : "tcp";
}

static int socket_type(const struct dial *dial)
{
	return dial->options->is_udp ? SOCK_DGRAM : SOCK_STREAM;
}

/* Sets the source from the options: an address, a port, both or none. */
static enum client_status resolve_source(struct dial *dial)
{
	const struct options *options = dial->options;
	const char *cause;
	size_t n;

	dial->source = (struct address){0};
	if (!options->source)
		return CLIENT_OK;
	if (address_resolve(options->source, options->source_port,
			    options->family, socket_type(dial), &dial->source,
			    1, &n, &cause) == 0)
		return CLIENT_OK;
	report_error("source address \"%s\": %s (give an address of this host, "
		     "as 127.0.0.1 or ::1)",
		     options->source, cause);
	return CLIENT_USAGE;
}

static void tell_addresses(const struct dial *dial)
{
	char host[ADDRESS_TEXT_SIZE], buf[512];
	struct text text = text_in(buf, sizeof(buf));

	for (size_t i = 0; i < dial->n; i++) {
		text_add_str(&text, i == 0 ? "" : ", ");
		text_add_str(&text, address_format_host(&dial->list[i], host));
	}
	if (!slice_is(text_slice(&text), dial->options->host))
		report_step(dial->report, "%s is %.*s%s", dial->options->host,
			    (int)text.len, text.ptr,
			    text.overflow ? " ..." : "");
}

enum client_status dial_resolve(struct dial *dial,
				const struct options *options,
				struct report *report)
{
	int family = options->family;
	const char *cause;

	dial->options = options;
	dial->report = report;
	dial->n = dial->at = 0;
	if (resolve_source(dial) != CLIENT_OK)
		return CLIENT_USAGE;
	if (dial->source.len > 0)
		family = dial->source.sa.any.sa_family;
	if (address_resolve(options->host, options->port, family,
			    socket_type(dial), dial->list, DIAL_ADDRESSES_MAX,
			    &dial->n, &cause) == 0) {
		tell_addresses(dial);
		return CLIENT_OK;
	}
	report_error("lookup of \"%s\": %s (is the name spelt right%s, and "
		     "does this host find other names?)",
		     options->host, cause,
		     family == AF_UNSPEC  ? ""
		     : family == AF_INET6 ? ", has it an IPv6 address"
					  : ", has it an IPv4 address");
	return CLIENT_FAILED;
}

bool dial_next(struct dial *dial)
{
	if (dial->at + 1 >= dial->n)
		return false;
	dial->at++;
	return true;
}

void dial_keep(const struct dial *dial, const char *action, const char *reason,
	       const char *advice)
{
	const struct address *to = &dial->list[dial->at];
	char host[ADDRESS_TEXT_SIZE];

	report_keep(dial->report, "%s %s %s port %u: %s%s%s%s", protocol(dial),
		    action, address_format_host(to, host),
		    (unsigned)address_port(to), reason, advice ? " (" : "",
		    advice ? advice : "", advice ? ")" : "");
}

static enum client_status status_of(int error)
{
	return error == ETIMEDOUT ? CLIENT_NO_REPLY : CLIENT_FAILED;
}

enum client_status dial_keep_errno(const struct dial *dial, const char *action,
				   int error)
{
	dial_keep(dial, action, strerror(error),
		  advice_for(error, dial->options->is_udp));
	return status_of(error);
}

/* Takes the wanted source address and port. 0 or -1 with errno. */
static int bind_source(const struct dial *dial, int fd, struct address *source)
{
	int on = 1;

	*source = dial->source;
	if (source->len == 0)
		*source = address_any(dial->list[dial->at].sa.any.sa_family,
				      dial->options->source_port);
	/* A port is free again for us while old connections fade out. */
	if (!dial->options->is_udp &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	return bind(fd, &source->sa.any, source->len);
}

/* Why the source could not be taken. Port 0 was nobody's wish. */
static void keep_bind_failure(const struct dial *dial,
			      const struct address *source, int error)
{
	const char *advice = advice_for_bind(error);
	char host[ADDRESS_TEXT_SIZE], port[16] = "";

	if (address_port(source) != 0)
		(void)snprintf(port, sizeof(port), " port %u",
			       (unsigned)address_port(source));
	report_keep(dial->report, "%s send from %s%s: %s%s%s%s", protocol(dial),
		    address_format_host(source, host), port, strerror(error),
		    advice ? " (" : "", advice ? advice : "",
		    advice ? ")" : "");
}

static bool has_source(const struct dial *dial)
{
	return dial->source.len > 0 || dial->options->source_port != 0;
}

/*
 * A new socket with the wanted source, or -1 and the reason kept. With
 * is_bound it has a port already, and not only when it sends.
 */
static int open_socket(const struct dial *dial, bool is_bound)
{
	int fd = socket_open(&dial->list[dial->at], socket_type(dial));
	struct address source;
	int error;

	if (fd < 0) {
		(void)dial_keep_errno(dial, "socket for", errno);
		return -1;
	}
	if ((!is_bound && !has_source(dial)) ||
	    bind_source(dial, fd, &source) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	keep_bind_failure(dial, &source, error);
	return -1;
}

/* Both ends the same: there is nobody but us. */
static bool is_own(const struct dial *dial, int fd)
{
	struct address local;

	return socket_local_address(fd, &local) == 0 &&
	       address_eq(&local, &dial->list[dial->at]);
}

static void tell_connected(const struct dial *dial, int fd)
{
	char from[ADDRESS_TEXT_SIZE] = "?", to[ADDRESS_TEXT_SIZE];
	struct address local;

	if (socket_local_address(fd, &local) == 0)
		(void)address_format(&local, from);
	(void)address_format(&dial->list[dial->at], to);
	if (dial->options->is_udp)
		report_step(dial->report,
			    "udp socket connected: %s to %s, no packet is sent "
			    "for that",
			    from, to);
	else
		report_step(dial->report, "tcp connected: %s to %s", from, to);
}

/* Waits for connect(2) to end. Returns 0 or the errno value of the failure. */
static int wait_connected(const struct dial *dial, int fd)
{
	uint64_t timeout_ns = dial->options->timeout_ns;
	int n_ready = wait_for(fd, POLLOUT, clock_mono_ns() + timeout_ns);

	if (n_ready < 0)
		return errno;
	return n_ready == 0 ? ETIMEDOUT : socket_take_error(fd);
}

static int connect_fd(const struct dial *dial, int fd)
{
	const struct address *to = &dial->list[dial->at];
	int error = 0;

	if (connect(fd, &to->sa.any, to->len) < 0)
		error = errno;
	if (error == EINPROGRESS || error == EINTR)
		error = wait_connected(dial, fd);
	if (error == 0 && is_own(dial, fd))
		error = ECONNREFUSED;
	return error;
}

/* Opens and connects to the address in use. */
static enum client_status dial_one(const struct dial *dial, int *out)
{
	char to[ADDRESS_TEXT_SIZE];
	int fd, error;

	if (!dial->options->is_udp)
		report_step(dial->report, "tcp connecting to %s",
			    address_format(&dial->list[dial->at], to));
	fd = open_socket(dial, false);
	if (fd < 0)
		return CLIENT_FAILED;
	error = connect_fd(dial, fd);
	if (error != 0) {
		(void)close(fd);
		return dial_keep_errno(dial, "connect to", error);
	}
	tell_connected(dial, fd);
	*out = fd;
	return CLIENT_OK;
}

enum client_status dial_tcp(struct dial *dial, int *fd)
{
	enum client_status status;
	int on = 1;

	dial->at = 0;
	do
		status = dial_one(dial, fd);
	while (status != CLIENT_OK && dial_next(dial));
	if (status != CLIENT_OK) {
		report_show_kept(dial->report);
		return status;
	}
	report_drop_kept(dial->report, 0);
	/* What a person types is small, and waits for an answer. */
	(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return CLIENT_OK;
}

/*
 * Asks the kernel which of our addresses faces list[at], and who answers for
 * an address that means only "this host": a socket that is connected for a
 * moment knows both, and costs no packet. 0 or -1 with errno.
 */
static int find_way(struct dial *dial, struct address *own)
{
	struct address *to = &dial->list[dial->at];
	struct address peer = {.len = sizeof(peer.sa)};
	struct address source = dial->source;
	int fd = socket_open(to, SOCK_DGRAM), error = 0;

	if (fd < 0)
		return -1;
	address_set_port(&source, 0);
	if ((source.len > 0 && bind(fd, &source.sa.any, source.len) < 0) ||
	    connect(fd, &to->sa.any, to->len) < 0 ||
	    socket_local_address(fd, own) < 0 ||
	    getpeername(fd, &peer.sa.any, &peer.len) < 0)
		error = errno;
	(void)close(fd);
	if (error == 0 && address_is_any(to))
		*to = peer;
	errno = error;
	return error == 0 ? 0 : -1;
}

/* Whether fd, behind our address own, would receive what it sends. */
static bool is_circle(const struct dial *dial, int fd, struct address own)
{
	struct address local;

	if (socket_local_address(fd, &local) < 0)
		return false;
	address_set_port(&own, address_port(&local));
	return address_eq(&own, &dial->list[dial->at]);
}

/* Closes fd, which talks to itself; returns one that does not, or -1. */
static int leave_circle(const struct dial *dial, int fd)
{
	int other = -1;

	if (dial->options->source_port != 0)
		(void)dial_keep_errno(dial, "send to", ECONNREFUSED);
	else
		/* While the first one has the port, it gets another. */
		other = open_socket(dial, true);
	(void)close(fd);
	return other;
}

static void tell_free(const struct dial *dial, int fd, struct address own)
{
	struct address local;
	char from[ADDRESS_TEXT_SIZE];

	if (socket_local_address(fd, &local) == 0)
		address_set_port(&own, address_port(&local));
	report_step(dial->report, "udp socket at %s, no connection is made",
		    address_format(&own, from));
}

enum client_status dial_udp(struct dial *dial, int *out)
{
	struct address own;
	int fd;

	if (dial->options->is_connecting)
		return dial_one(dial, out);
	fd = open_socket(dial, true);
	if (fd < 0)
		return CLIENT_FAILED;
	if (find_way(dial, &own) < 0) {
		int error = errno;

		(void)close(fd);
		return dial_keep_errno(dial, "send to", error);
	}
	if (is_circle(dial, fd, own))
		fd = leave_circle(dial, fd);
	if (fd < 0)
		return CLIENT_FAILED;
	if (icmp_listen(fd, own.sa.any.sa_family) < 0)
		report_step(dial->report, "udp will not hear of ICMP: %s",
			    strerror(errno));
	tell_free(dial, fd, own);
	*out = fd;
	return CLIENT_OK;
}
