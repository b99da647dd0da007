/* SPDX-License-Identifier: MIT */
/*
 * Getting through to the server. Each of a name's addresses is tried in turn,
 * and reasons are kept until it is known that none works.
 *
 * A socket that reaches itself is taken for a refusal (cli/dial.h). With UDP
 * that needs no connection, only the server's port for a source port, which
 * the kernel may choose by chance.
 */
#include "client/route.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/advice.h"
#include "cli/failure.h"
#include "os/icmp.h"
#include "os/socket.h"

static const char *protocol(const struct route *route)
{
	return route->options->is_udp ? "udp" : "tcp";
}

static int route_socket_type(const struct route *route)
{
	return route->options->is_udp ? SOCK_DGRAM : SOCK_STREAM;
}

/* Sets the source from the options: an address, a port, both or none. */
static enum client_status resolve_source(struct route *route)
{
	const struct client_options *options = route->options;
	char cause[DIAL_CAUSE_SIZE];

	route->source = (struct address){0};
	if (!options->source ||
	    dial_look_up_source(&route->source, options->source,
				options->source_port, options->family,
				route_socket_type(route), cause) == 0)
		return CLIENT_OK;
	report_error("%s", cause);
	return CLIENT_USAGE;
}

static void tell_addresses(const struct route *route)
{
	char host[ADDRESS_TEXT_SIZE], buf[512];
	struct text text = text_in(buf, sizeof(buf));

	for (size_t i = 0; i < route->to.n; i++) {
		text_add_str(&text, i == 0 ? "" : ", ");
		text_add_str(&text,
			     address_format_host(&route->to.list[i], host));
	}
	if (!slice_is(text_slice(&text), route->options->host))
		report_step(route->report, "%s is %.*s%s", route->options->host,
			    (int)text.len, text.ptr,
			    text.overflow ? " ..." : "");
}

enum client_status route_resolve(struct route *route,
				 const struct client_options *options,
				 struct report *report)
{
	int family = options->family;
	char cause[DIAL_CAUSE_SIZE];

	route->options = options;
	route->report = report;
	route->at = 0;
	if (resolve_source(route) != CLIENT_OK)
		return CLIENT_USAGE;
	if (route->source.len > 0)
		family = route->source.sa.any.sa_family;
	if (dial_look_up(&route->to, options->host, options->port, family,
			 route_socket_type(route), cause) == 0) {
		tell_addresses(route);
		return CLIENT_OK;
	}
	report_error("%s", cause);
	return CLIENT_FAILED;
}

bool route_next(struct route *route)
{
	if (route->at + 1 >= route->to.n)
		return false;
	route->at++;
	return true;
}

void route_keep(const struct route *route, const char *action,
		const char *reason, const char *advice)
{
	const struct address *to = &route->to.list[route->at];
	char host[ADDRESS_TEXT_SIZE], text[FAILURE_SIZE];

	report_keep(route->report, "%s %s %s port %u: %s", protocol(route),
		    action, address_format_host(to, host),
		    (unsigned)address_port(to),
		    failure_text(text, reason, advice));
}

static enum client_status route_status_of(int error)
{
	return error == ETIMEDOUT ? CLIENT_NO_REPLY : CLIENT_FAILED;
}

enum client_status route_keep_errno(const struct route *route,
				    const char *action, int error)
{
	route_keep(route, action, strerror(error),
		   advice_for(error, route->options->is_udp));
	return route_status_of(error);
}

/* Takes the wanted source address and port. 0 or -1 with errno. */
static int route_bind_source(const struct route *route, int fd,
			     struct address *source)
{
	int on = 1;

	*source = route->source;
	if (source->len == 0)
		*source =
			address_any(route->to.list[route->at].sa.any.sa_family,
				    route->options->source_port);
	/* A port is free again for us while old connections fade out. */
	if (!route->options->is_udp &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	return bind(fd, &source->sa.any, source->len);
}

/* Why the source could not be taken. Port 0 was nobody's wish. */
static void keep_bind_failure(const struct route *route,
			      const struct address *source, int error)
{
	char host[ADDRESS_TEXT_SIZE], text[FAILURE_SIZE], port[16] = "";

	if (address_port(source) != 0)
		(void)snprintf(port, sizeof(port), " port %u",
			       (unsigned)address_port(source));
	report_keep(
		route->report, "%s send from %s%s: %s", protocol(route),
		address_format_host(source, host), port,
		failure_text(text, strerror(error), advice_for_bind(error)));
}

static bool has_source(const struct route *route)
{
	return route->source.len > 0 || route->options->source_port != 0;
}

/*
 * A new socket with the wanted source, or -1 and the reason kept. With
 * is_bound it has a port already, and not only when it sends.
 */
static int open_socket(const struct route *route, bool is_bound)
{
	int fd = socket_open(&route->to.list[route->at],
			     route_socket_type(route));
	struct address source;
	int error;

	if (fd < 0) {
		(void)route_keep_errno(route, "socket for", errno);
		return -1;
	}
	if ((!is_bound && !has_source(route)) ||
	    route_bind_source(route, fd, &source) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	keep_bind_failure(route, &source, error);
	return -1;
}

static void tell_connected(const struct route *route, int fd)
{
	char from[ADDRESS_TEXT_SIZE] = "?", to[ADDRESS_TEXT_SIZE];
	struct address local;

	if (socket_local_address(fd, &local) == 0)
		(void)address_format(&local, from);
	(void)address_format(&route->to.list[route->at], to);
	transcript_note(route->transcript, "%s connected: %s to %s",
			protocol(route), from, to);
	if (route->options->is_udp)
		report_step(route->report,
			    "udp socket connected: %s to %s, no packet is sent "
			    "for that",
			    from, to);
	else
		report_step(route->report, "tcp connected: %s to %s", from, to);
}

/* Opens and connects to the address in use. */
static enum client_status dial_one(const struct route *route, int *out)
{
	char to[ADDRESS_TEXT_SIZE];
	int fd, error;

	if (!route->options->is_udp)
		report_step(route->report, "tcp connecting to %s",
			    address_format(&route->to.list[route->at], to));
	fd = open_socket(route, false);
	if (fd < 0)
		return CLIENT_FAILED;
	error = dial_connect(fd, &route->to.list[route->at],
			     route->options->timeout_ns);
	if (error != 0) {
		(void)close(fd);
		return route_keep_errno(route, "connect to", error);
	}
	tell_connected(route, fd);
	*out = fd;
	return CLIENT_OK;
}

enum client_status route_tcp(struct route *route, int *fd)
{
	enum client_status status;
	int on = 1;

	route->at = 0;
	do
		status = dial_one(route, fd);
	while (status != CLIENT_OK && route_next(route));
	if (status != CLIENT_OK) {
		report_show_kept(route->report);
		return status;
	}
	report_drop_kept(route->report, 0);
	/* What a person types is small, and waits for an answer. */
	(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return CLIENT_OK;
}

/*
 * Asks the kernel which of our addresses faces list[at], and who answers for
 * an address that means only "this host": a socket that is connected for a
 * moment knows both, and costs no packet. 0 or -1 with errno.
 */
static int find_way(struct route *route, struct address *own)
{
	struct address *to = &route->to.list[route->at];
	struct address peer = {.len = sizeof(peer.sa)};
	struct address source = route->source;
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
static bool is_circle(const struct route *route, int fd, struct address own)
{
	struct address local;

	if (socket_local_address(fd, &local) < 0)
		return false;
	address_set_port(&own, address_port(&local));
	return address_eq(&own, &route->to.list[route->at]);
}

/* Closes fd, which talks to itself; returns one that does not, or -1. */
static int leave_circle(const struct route *route, int fd)
{
	int other = -1;

	if (route->options->source_port != 0)
		(void)route_keep_errno(route, "send to", ECONNREFUSED);
	else
		/* While the first one has the port, it gets another. */
		other = open_socket(route, true);
	(void)close(fd);
	return other;
}

static void tell_free(const struct route *route, int fd, struct address own)
{
	struct address local;
	char from[ADDRESS_TEXT_SIZE];

	if (socket_local_address(fd, &local) == 0)
		address_set_port(&own, address_port(&local));
	report_step(route->report, "udp socket at %s, no connection is made",
		    address_format(&own, from));
}

enum client_status route_udp(struct route *route, int *out)
{
	struct address own;
	int fd;

	if (route->options->is_connecting)
		return dial_one(route, out);
	fd = open_socket(route, true);
	if (fd < 0)
		return CLIENT_FAILED;
	if (find_way(route, &own) < 0) {
		int error = errno;

		(void)close(fd);
		return route_keep_errno(route, "send to", error);
	}
	if (is_circle(route, fd, own))
		fd = leave_circle(route, fd);
	if (fd < 0)
		return CLIENT_FAILED;
	if (icmp_listen(fd, own.sa.any.sa_family) < 0)
		report_step(route->report, "udp will not hear of ICMP: %s",
			    strerror(errno));
	tell_free(route, fd, own);
	*out = fd;
	return CLIENT_OK;
}
