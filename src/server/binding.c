/* SPDX-License-Identifier: MIT */
/*
 * From endpoints to sockets: all of a service, or none.
 */
#include "server/binding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/holder.h"
#include "os/interface.h"
#include "os/socket.h"
#include "server/endpoint.h"

#define BINDING_PORT_TRIES 16 /* for one free port on several addresses */
#define ADVICE_SIZE	   160

int binding_fail(char **cause, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vasprintf(cause, fmt, args) < 0)
		*cause = NULL;
	va_end(args);
	return -1;
}

/* Who has the address, and what a person can do about that. */
static void advise_in_use(const struct address *address, int socktype,
			  char text[ADVICE_SIZE])
{
	struct holder holder;

	if (!holder_find(address, socktype, &holder))
		(void)snprintf(text, ADVICE_SIZE,
			       " (does another server run on this port? port "
			       "0 takes a free one)");
	else if (holder.pid != 0)
		(void)snprintf(text, ADVICE_SIZE,
			       " (%s, process %d, has it; port 0 takes a free "
			       "one)",
			       holder.name, (int)holder.pid);
	else
		(void)snprintf(text, ADVICE_SIZE,
			       " (a process of user %u has it; port 0 takes a "
			       "free one)",
			       (unsigned)holder.uid);
}

/* What a person can do about a socket that cannot be had. */
static void binding_advise(int error, const struct address *address,
			   int socktype, char text[ADVICE_SIZE])
{
	text[0] = '\0';
	switch (error) {
	case EADDRINUSE:
		advise_in_use(address, socktype, text);
		break;
	case EADDRNOTAVAIL:
		strcpy(text, " (this host does not have this address)");
		break;
	case EACCES:
		strcpy(text, " (ports below 1024 need privileges)");
		break;
	}
}

void binding_close(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* --- opening --- */

/* With no --listen, a host without IPv6 is served on IPv4, or vice versa. */
static bool may_skip(const struct binding_place *place, int error)
{
	return place->may_lack &&
	       (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

/* Opens a socket at an address: its descriptor, or -1. */
typedef int (*open_fn)(const struct address *address, unsigned options);

/* A service's sockets on their way. */
struct opening {
	const struct binding *binding;
	open_fn open;
	unsigned options;
	int *fds;
	struct binding_place failed; /* where, and errno says why */
};

static int open_place(const struct opening *opening,
		      const struct binding_place *place, uint16_t *port)
{
	struct address address = place->address;
	int fd;

	if (place->path)
		return socket_listen_unix(place->path);
	address_set_port(&address, *port);
	fd = opening->open(&address, opening->options);
	if (fd < 0 || *port != 0)
		return fd;
	if (socket_local_address(fd, &address) < 0)
		return socket_close_failed(fd);
	*port = address_port(&address);
	return fd;
}

/*
 * Opens the places [first, end), those of one endpoint. When its port is 0 the
 * first socket takes a free one and the others follow it. Returns 0, or -1 with
 * none open.
 */
static int open_item(struct opening *opening, size_t first, size_t end)
{
	const struct binding_place *places = opening->binding->places;
	uint16_t port = address_port(&places[first].address);
	int *fds = opening->fds;
	size_t n_open = 0;

	for (size_t i = first; i < end; i++) {
		fds[i] = open_place(opening, &places[i], &port);
		n_open += fds[i] >= 0;
		if (fds[i] >= 0 || (may_skip(&places[i], errno) &&
				    (n_open > 0 || i + 1 < end)))
			continue;
		opening->failed = places[i];
		address_set_port(&opening->failed.address, port);
		binding_close(fds + first, i - first);
		return -1;
	}
	return 0;
}

/* A free port on one address may be taken on another: then try the next. */
static int open_somewhere(struct opening *opening, size_t first, size_t end)
{
	const struct binding_place *place = &opening->binding->places[first];
	bool is_free = !place->path && address_port(&place->address) == 0;

	for (int i = 1;; i++) {
		if (open_item(opening, first, end) == 0)
			return 0;
		if (!is_free || errno != EADDRINUSE || i == BINDING_PORT_TRIES)
			return -1;
	}
}

static int fail_at(const struct binding *binding,
		   const struct binding_place *place, char **cause)
{
	char text[ADDRESS_TEXT_SIZE], advice[ADVICE_SIZE];
	int error = errno;

	if (place->path)
		return binding_fail(
			cause, "%s unix:%s: %s%s", binding->service,
			place->path, strerror(error),
			error == EADDRINUSE ? " (a server answers there)" : "");
	binding_advise(error, &place->address, binding->socktype, advice);
	return binding_fail(cause, "%s %s: %s%s", binding->service,
			    address_format(&place->address, text),
			    strerror(error), advice);
}

/* The first place behind those that the same endpoint stands for. */
static size_t end_of_item(const struct binding *binding, size_t first)
{
	size_t end = first + 1;

	while (end < binding->n &&
	       binding->places[end].item == binding->places[first].item)
		end++;
	return end;
}

int binding_open(const struct binding *binding, unsigned options,
		 int fds[BINDING_SOCKETS_MAX], char **cause)
{
	struct opening opening = {
		.binding = binding,
		.open = binding->socktype == SOCK_DGRAM ? socket_bind_udp
							: socket_listen_tcp,
		.options = options,
		.fds = fds,
	};
	size_t first = 0, end;

	for (; first < binding->n; first = end) {
		end = end_of_item(binding, first);
		if (open_somewhere(&opening, first, end) == 0)
			continue;
		(void)fail_at(binding, &opening.failed, cause);
		binding_close(fds, first);
		return -1;
	}
	return 0;
}

/* --- looking up --- */

/* The addresses of a name, an address or an interface; at most max. */
static int find_addresses(const char *name, int socktype, struct address *found,
			  size_t max, size_t *n, const char **why)
{
	if (interface_exists(name))
		return interface_addresses(name, found, max, n, why);
	return address_resolve(name, 0, AF_UNSPEC, socktype, found, max, n,
			       why);
}

static bool has_host(const struct binding_hosts *hosts,
		     const struct address *address)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (address_eq(&hosts->addresses[i], address))
			return true;
	return false;
}

/* Adds every address that one --listen names. */
static int find_host(struct binding_hosts *hosts, const char *name,
		     char **cause)
{
	struct address found[BINDING_SOCKETS_MAX + 1];
	const char *why;
	size_t n;

	if (find_addresses(name, SOCK_STREAM, found, ARRAY_LEN(found), &n,
			   &why) < 0)
		return binding_fail(
			cause,
			"--listen=%s: %s (give an address of this host, "
			"such as 127.0.0.1, or an interface)",
			name, why);
	for (size_t i = 0; i < n; i++) {
		if (has_host(hosts, &found[i]))
			continue;
		if (hosts->n == BINDING_SOCKETS_MAX)
			return binding_fail(
				cause, "--listen=%s: more than %d addresses",
				name, BINDING_SOCKETS_MAX);
		hosts->addresses[hosts->n++] = found[i];
	}
	return 0;
}

int binding_find_hosts(struct binding_hosts *hosts,
		       const struct setting_list *listen, char **cause)
{
	*hosts = (struct binding_hosts){.is_any = listen->n == 0};
	for (size_t i = 0; i < listen->n; i++)
		if (find_host(hosts, listen->items[i], cause) < 0)
			return -1;
	if (hosts->is_any) {
		hosts->addresses[0] = address_any(AF_INET6, 0);
		hosts->addresses[1] = address_any(AF_INET, 0);
		hosts->n = 2;
	}
	return 0;
}

void binding_loopback(struct binding_hosts *hosts)
{
	const struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;

	*hosts = (struct binding_hosts){.n = 2, .is_any = true};
	hosts->addresses[0] = address_any(AF_INET6, 0);
	hosts->addresses[0].sa.in6.sin6_addr = v6;
	hosts->addresses[1] = address_any(AF_INET, 0);
	hosts->addresses[1].sa.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

/* Whether the place is there already: a name may stand for what another does.
 */
static bool has_place(const struct binding *binding,
		      const struct binding_place *place)
{
	for (size_t i = 0; i < binding->n; i++) {
		const struct binding_place *each = &binding->places[i];

		if (place->path || each->path) {
			if (place->path && each->path &&
			    strcmp(place->path, each->path) == 0)
				return true;
			continue;
		}
		if (address_eq(&each->address, &place->address) &&
		    (address_port(&each->address) != 0 ||
		     each->item == place->item))
			return true;
	}
	return false;
}

/* An endpoint of the list, on its way to places. */
struct finding {
	struct binding *binding;
	const char *text;
	int socktype;
	struct binding_place place; /* what all of its places have */
	char **cause;
};

static int fail_to_find(const struct finding *finding, const char *why)
{
	return binding_fail(finding->cause, "--%s=%s: %s",
			    finding->binding->option, finding->text, why);
}

static int add_place(struct finding *finding)
{
	struct binding *binding = finding->binding;

	if (has_place(binding, &finding->place))
		return 0;
	if (binding->n == BINDING_SOCKETS_MAX)
		return fail_to_find(finding, "too many sockets");
	binding->places[binding->n++] = finding->place;
	return 0;
}

/* Adds the port at each of n addresses. */
static int add_places(struct finding *finding, const struct address *addresses,
		      size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++) {
		finding->place.address = addresses[i];
		address_set_port(&finding->place.address, port);
		if (add_place(finding) < 0)
			return -1;
	}
	return 0;
}

static int resolve_address(struct finding *finding,
			   const struct endpoint *endpoint)
{
	struct address found[BINDING_SOCKETS_MAX];
	const char *why;
	size_t n;

	if (find_addresses(endpoint->host, finding->socktype, found,
			   ARRAY_LEN(found), &n, &why) < 0)
		return fail_to_find(finding, why);
	return add_places(finding, found, n, endpoint->port);
}

static int resolve_item(struct finding *finding,
			const struct binding_hosts *hosts)
{
	struct endpoint endpoint;
	const char *why;

	if (endpoint_parse(finding->text, finding->socktype, &endpoint, &why) <
	    0)
		return fail_to_find(finding, why);
	switch (endpoint.kind) {
	case ENDPOINT_OFF:
		break;
	case ENDPOINT_PORT:
		finding->place.may_lack = hosts->is_any;
		return add_places(finding, hosts->addresses, hosts->n,
				  endpoint.port);
	case ENDPOINT_ADDRESS:
		return resolve_address(finding, &endpoint);
	case ENDPOINT_UNIX:
		finding->place.path = endpoint.path;
		return add_place(finding);
	}
	return 0;
}

int binding_resolve(struct binding *binding, const struct setting_list *list,
		    int socktype, const struct binding_hosts *hosts,
		    char **cause)
{
	binding->n = 0;
	binding->socktype = socktype;
	for (size_t i = 0; i < list->n; i++) {
		struct finding finding = {
			.binding = binding,
			.text = list->items[i],
			.socktype = socktype,
			.place.item = (unsigned)i,
			.cause = cause,
		};

		if (resolve_item(&finding, hosts) < 0)
			return -1;
	}
	return 0;
}
