/* SPDX-License-Identifier: MIT */
/*
 * Endpoints, read but not looked up: whether a host has the address, or the
 * folder of a path exists, is found out when it is bound.
 */
#include "server/endpoint.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/units.h"
#include "os/address.h"

#define UNIX_PREFIX "unix:"
#define FORMS                                                                  \
	"a number from 0 to 65535, the name of a service, ADDRESS:PORT, "      \
	"INTERFACE:PORT"

static const char *describe(int socktype)
{
	return socktype == SOCK_DGRAM ? "not " FORMS ", or off"
				      : "not " FORMS ", unix:PATH, or off";
}

static int take_path(const char *text, int socktype, struct endpoint *endpoint,
		     const char **cause)
{
	struct sockaddr_un un;

	if (socktype != SOCK_STREAM)
		*cause = "the UDP service has no Unix sockets";
	else if (text[0] != '/')
		*cause = "the path of a Unix socket begins with a slash";
	else if (strlen(text) >= sizeof(un.sun_path))
		*cause = "the path of a Unix socket has at most 107 bytes";
	else {
		endpoint->kind = ENDPOINT_UNIX;
		endpoint->path = text;
		return 0;
	}
	return -1;
}

/* A port to be bound, 0 among them. */
static int take_port(const char *text, int socktype, uint16_t *port)
{
	const char *cause;
	uint64_t number;

	if (units_parse_uint(text, 0, UINT16_MAX, &number) == 0) {
		*port = (uint16_t)number;
		return 0;
	}
	return address_parse_port(text, socktype, port, &cause);
}

static int take_address(const char *text, int socktype,
			struct endpoint *endpoint, const char **cause)
{
	char *host, *port;

	if ((size_t)snprintf(endpoint->host, sizeof(endpoint->host), "%s",
			     text) >= sizeof(endpoint->host)) {
		*cause = "longer than a name can be";
		return -1;
	}
	if (address_split(endpoint->host, &host, &port, cause) < 0)
		return -1;
	if (!port) {
		*cause = address_port_missing(host);
		return -1;
	}
	*cause = describe(socktype);
	if (host[0] == '\0' || take_port(port, socktype, &endpoint->port) < 0)
		return -1;
	memmove(endpoint->host, host, strlen(host) + 1);
	endpoint->kind = ENDPOINT_ADDRESS;
	return 0;
}

int endpoint_parse(const char *text, int socktype, struct endpoint *endpoint,
		   const char **cause)
{
	size_t len = sizeof(UNIX_PREFIX) - 1;

	*endpoint = (struct endpoint){.kind = ENDPOINT_PORT};
	*cause = describe(socktype);
	if (strcmp(text, "off") == 0) {
		endpoint->kind = ENDPOINT_OFF;
		return 0;
	}
	if (strncmp(text, UNIX_PREFIX, len) == 0)
		return take_path(text + len, socktype, endpoint, cause);
	if (!strchr(text, ':'))
		return take_port(text, socktype, &endpoint->port);
	return take_address(text, socktype, endpoint, cause);
}
