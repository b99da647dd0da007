/* SPDX-License-Identifier: MIT */
/*
 * From names and ports to sockets: all of a service, or none.
 */
#include "server/binding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/socket.h"

#define BINDING_PORT_TRIES 16 /* for one free port on several addresses */

int binding_fail(char **cause, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vasprintf(cause, fmt, args) < 0)
		*cause = NULL;
	va_end(args);
	return -1;
}

/* What a person can do about a socket that cannot be had. */
static const char *binding_advice(int error)
{
	switch (error) {
	case EADDRINUSE:
		return " (does another server run on this port? port 0 takes a "
		       "free one)";
	case EADDRNOTAVAIL:
		return " (this host does not have this address)";
	case EACCES:
		return " (ports below 1024 need privileges)";
	default:
		return "";
	}
}

void binding_close(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* With no --listen, a host without IPv6 is served on IPv4, or vice versa. */
static bool may_skip(const struct binding *binding, int error)
{
	return binding->is_any &&
	       (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

/*
 * Opens one socket at each address; those left out are -1. *port is the port;
 * when it is 0 the first socket takes a free one and the others follow it.
 * Returns 0, or -1 with errno and *failed, the address that it failed at.
 */
static int open_at_port(const struct binding *binding, binding_open_fn open,
			uint16_t port, int *fds, struct address *failed)
{
	size_t n_open = 0;

	for (size_t i = 0; i < binding->n; i++) {
		struct address address = binding->addresses[i];

		address_set_port(&address, port);
		fds[i] = open(&address);
		if (fds[i] < 0 && may_skip(binding, errno) &&
		    (n_open > 0 || i + 1 < binding->n))
			continue;
		if (fds[i] < 0 ||
		    (port == 0 && socket_local_address(fds[i], &address) < 0)) {
			int saved = errno;

			binding_close(fds, i + 1);
			*failed = address;
			errno = saved;
			return -1;
		}
		port = address_port(&address);
		n_open++;
	}
	return 0;
}

/* A free port on one address may be taken on another: then try the next. */
static int open_sockets(const struct binding *binding, binding_open_fn open,
			uint16_t port, int *fds, struct address *failed)
{
	for (int i = 1;; i++) {
		if (open_at_port(binding, open, port, fds, failed) == 0)
			return 0;
		if (port != 0 || errno != EADDRINUSE || i == BINDING_PORT_TRIES)
			return -1;
	}
}

int binding_open(const struct binding *binding, const char *service,
		 uint16_t port, binding_open_fn open,
		 int fds[BINDING_ADDRESSES_MAX], char **cause)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address failed;

	if (open_sockets(binding, open, port, fds, &failed) == 0)
		return 0;
	return binding_fail(cause, "%s %s: %s%s", service,
			    address_format(&failed, text), strerror(errno),
			    binding_advice(errno));
}

/* Adds an address unless it is there already; false when there is no room. */
static bool add_address(struct binding *binding, const struct address *address)
{
	for (size_t i = 0; i < binding->n; i++)
		if (address_eq(&binding->addresses[i], address))
			return true;
	if (binding->n == BINDING_ADDRESSES_MAX)
		return false;
	binding->addresses[binding->n++] = *address;
	return true;
}

/* Adds every address that one --listen names. */
static int resolve_one(struct binding *binding, const char *name, char **cause)
{
	struct address found[BINDING_ADDRESSES_MAX + 1];
	const char *why;
	size_t n;

	if (address_resolve(name, 0, AF_UNSPEC, SOCK_STREAM, found,
			    ARRAY_LEN(found), &n, &why) < 0)
		return binding_fail(
			cause,
			"--listen=%s: %s (give an address of this host, "
			"such as 127.0.0.1)",
			name, why);
	for (size_t i = 0; i < n; i++)
		if (!add_address(binding, &found[i]))
			return binding_fail(
				cause, "--listen=%s: more than %d addresses",
				name, BINDING_ADDRESSES_MAX);
	return 0;
}

int binding_resolve(struct binding *binding, const struct setting_list *listen,
		    char **cause)
{
	*binding = (struct binding){.is_any = listen->n == 0};
	for (size_t i = 0; i < listen->n; i++)
		if (resolve_one(binding, listen->items[i], cause) < 0)
			return -1;
	if (binding->is_any) {
		binding->addresses[0] = address_any(AF_INET6, 0);
		binding->addresses[1] = address_any(AF_INET, 0);
		binding->n = 2;
	}
	return 0;
}
