/* SPDX-License-Identifier: MIT */
/*
 * The list of sockets, and how one configuration's become the next one's: what
 * both need stays open, what only the new one needs is opened first, and only
 * when nothing can fail any more does the rest go.
 */
#include "server/sockets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "os/socket.h"
#include "server/activation.h"

static const struct {
	const char *name;
	const char *option;
	int socktype;
} services[SERVER_SERVICES] = {
	[SERVER_UDP] = {"udp", "udp-port", SOCK_DGRAM},
	[SERVER_TCP] = {"tcp", "tcp-port", SOCK_STREAM},
	[SERVER_HTTP] = {"http", "http-port", SOCK_STREAM},
	[SERVER_ADMIN] = {"admin", "admin", SOCK_STREAM},
};

const char *sockets_service_name(int service)
{
	return services[service].name;
}

static const struct setting_list *endpoints_of(const struct config *config,
					       int service)
{
	return service == SERVER_UDP	? &config->udp
	       : service == SERVER_TCP	? &config->tcp
	       : service == SERVER_HTTP ? &config->http
					: &config->admin;
}

static unsigned options_of(const struct config *config, int service)
{
	unsigned options = config->reuse_port ? SOCKET_REUSE_PORT : 0;

	if (service == SERVER_HTTP && config->defer_accept)
		options |= SOCKET_DEFER_ACCEPT;
	return options;
}

void sockets_init(struct sockets *sockets, const struct sockets_user *user)
{
	*sockets = (struct sockets){.user = *user};
}

/* --- the list --- */

/* Whoever waits for these lines may take each for "the server runs". */
static void tell_ready(const struct served_socket *sock,
		       const struct config *config)
{
	bool has_root = sock->service == SERVER_HTTP;
	char text[ADDRESS_TEXT_SIZE];

	address_format(&sock->address, text);
	log_info("ready: %s %s%s%s%s", services[sock->service].name,
		 sock->path[0] ? "unix:" : "",
		 sock->path[0] ? sock->path : text, has_root ? " root " : "",
		 has_root ? config->root : "");
}

static void tell_closed(const struct served_socket *sock)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(&sock->address, text);
	log_info("closed: %s %s%s", services[sock->service].name,
		 sock->path[0] ? "unix:" : "",
		 sock->path[0] ? sock->path : text);
}

/* Hands the socket to its service and notes it; closes it when that fails. */
static int sockets_add(struct sockets *sockets,
		       const struct served_socket *sock, char **cause)
{
	struct served_socket *at = &sockets->list[sockets->n];

	if (sockets->n == SOCKETS_MAX ||
	    sockets->user.add(sockets->user.arg, sock->service, sock->fd) < 0) {
		binding_close(&sock->fd, 1);
		return binding_fail(cause, "%s: out of memory",
				    services[sock->service].name);
	}
	*at = *sock;
	at->is_wanted = true;
	if (!at->path[0] && socket_local_address(sock->fd, &at->address) < 0)
		at->address = at->asked;
	sockets->n++;
	return 0;
}

/* Takes the last one away again. */
static void remove_last(struct sockets *sockets)
{
	struct served_socket *sock = &sockets->list[--sockets->n];

	if (sock->path[0])
		(void)unlink(sock->path);
	sockets->user.remove(sockets->user.arg, sock->service, sock->fd);
}

/* --- those of a supervisor --- */

int sockets_take_handed(struct sockets *sockets, const struct config *config,
			char **cause)
{
	unsigned options[SERVER_SERVICES];
	struct activation activation;
	int result;

	for (int i = 0; i < SERVER_SERVICES; i++)
		options[i] = options_of(config, i);
	result = activation_take(&activation, options, cause);
	for (int i = 0; i < SERVER_SERVICES && result == 0; i++) {
		if (activation.n[i] > 0 &&
		    config_is_off(endpoints_of(config, i)))
			result = binding_fail(
				cause,
				"a socket for %s came from the service "
				"manager, but --%s is off",
				services[i].name, services[i].option);
		while (activation.n[i] > 0 && result == 0) {
			struct served_socket sock = {
				.service = i,
				.fd = activation.fds[i][--activation.n[i]],
				.is_handed = true,
			};

			result = sockets_add(sockets, &sock, cause);
		}
	}
	activation_close(&activation);
	return result;
}

static bool has_handed(const struct sockets *sockets, int service)
{
	for (size_t i = 0; i < sockets->n; i++)
		if (sockets->list[i].is_handed &&
		    sockets->list[i].service == service)
			return true;
	return false;
}

/* --- those of our own --- */

int sockets_resolve(const struct config *config,
		    struct binding bindings[SERVER_SERVICES], char **cause)
{
	struct binding_hosts hosts, loopback;

	binding_loopback(&loopback);
	if (binding_find_hosts(&hosts, &config->listen, cause) < 0)
		return -1;
	for (int i = 0; i < SERVER_SERVICES; i++) {
		bindings[i].service = services[i].name;
		bindings[i].option = services[i].option;
		if (binding_resolve(&bindings[i], endpoints_of(config, i),
				    services[i].socktype,
				    i == SERVER_ADMIN ? &loopback : &hosts,
				    cause) < 0)
			return -1;
	}
	return 0;
}

/* The open socket that was opened for such a place, or NULL. */
static struct served_socket *find_socket(struct sockets *sockets, int service,
					 const struct binding_place *place)
{
	for (size_t i = 0; i < sockets->n; i++) {
		struct served_socket *sock = &sockets->list[i];

		if (sock->service != service || sock->is_handed ||
		    sock->is_wanted)
			continue;
		if (place->path ? strcmp(place->path, sock->path) == 0
				: !sock->path[0] && address_eq(&place->address,
							       &sock->asked))
			return sock;
	}
	return NULL;
}

/* Marks what is open and needed; *missing are the places that are not open. */
static void find_missing(struct sockets *sockets, int service,
			 const struct binding *binding, struct binding *missing)
{
	*missing = *binding;
	missing->n = 0;
	for (size_t i = 0; i < binding->n; i++) {
		struct served_socket *sock =
			find_socket(sockets, service, &binding->places[i]);

		if (sock)
			sock->is_wanted = true;
		else
			missing->places[missing->n++] = binding->places[i];
	}
}

/*
 * One of ours may be in the way that will be closed when nothing can fail any
 * more, or that still takes what waits in it: until then both share.
 */
static void share_ports(struct sockets *sockets, bool is_shared)
{
	for (size_t i = 0; i < sockets->n; i++)
		if (!sockets->list[i].path[0])
			socket_share_port(sockets->list[i].fd, is_shared);
	sockets->user.share(sockets->user.arg, is_shared);
}

static int open_missing(struct sockets *sockets, int service, unsigned options,
			const struct binding *missing, char **cause)
{
	int fds[BINDING_SOCKETS_MAX];

	if (binding_open(missing, options, fds, cause) < 0)
		return -1;
	for (size_t i = 0; i < missing->n; i++) {
		const struct binding_place *place = &missing->places[i];
		struct served_socket sock = {
			.service = service,
			.fd = fds[i],
			.asked = place->address,
		};

		if (fds[i] < 0)
			continue;
		if (place->path)
			strcpy(sock.path, place->path);
		if (sockets_add(sockets, &sock, cause) < 0) {
			binding_close(fds + i + 1, missing->n - i - 1);
			return -1;
		}
	}
	return 0;
}

static int open_all(struct sockets *sockets, const struct config *config,
		    const struct binding bindings[SERVER_SERVICES],
		    bool must_share, char **cause)
{
	struct binding missing;

	for (int i = 0; i < SERVER_SERVICES; i++) {
		unsigned options = options_of(config, i);

		if (has_handed(sockets, i))
			continue;
		find_missing(sockets, i, &bindings[i], &missing);
		if (must_share)
			options |= SOCKET_REUSE_PORT;
		if (open_missing(sockets, i, options, &missing, cause) < 0)
			return -1;
	}
	return 0;
}

int sockets_open(struct sockets *sockets, const struct config *config,
		 const struct binding bindings[SERVER_SERVICES], char **cause)
{
	size_t n_before = sockets->n;
	bool must_share = n_before > 0 && !config->reuse_port;
	int result;

	for (size_t i = 0; i < n_before; i++) {
		struct served_socket *sock = &sockets->list[i];

		sock->is_wanted =
			sock->is_handed &&
			!config_is_off(endpoints_of(config, sock->service));
	}
	if (must_share)
		share_ports(sockets, true);
	result = open_all(sockets, config, bindings, must_share, cause);
	if (must_share)
		share_ports(sockets, false);
	while (result < 0 && sockets->n > n_before)
		remove_last(sockets);
	return result;
}

void sockets_tell_ready(struct sockets *sockets, const struct config *config)
{
	for (size_t i = 0; i < sockets->n; i++) {
		if (!sockets->list[i].is_told)
			tell_ready(&sockets->list[i], config);
		sockets->list[i].is_told = true;
	}
}

/* Takes one away; the last one has its place then. */
static void remove_at(struct sockets *sockets, size_t i)
{
	struct served_socket sock = sockets->list[i];

	tell_closed(&sock);
	sockets->list[i] = sockets->list[sockets->n - 1];
	sockets->list[sockets->n - 1] = sock;
	remove_last(sockets);
}

void sockets_settle(struct sockets *sockets, const struct config *config)
{
	for (size_t i = 0; i < sockets->n;) {
		const struct served_socket *sock = &sockets->list[i];

		if (!sock->is_wanted) {
			remove_at(sockets, i);
			continue;
		}
		if (sock->service == SERVER_HTTP)
			socket_defer_accept(sock->fd, config->defer_accept);
		i++;
	}
}

void sockets_forget(struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->n; i++)
		if (sockets->list[i].path[0])
			(void)unlink(sockets->list[i].path);
	sockets->n = 0;
}

void sockets_forget_services(struct sockets *sockets)
{
	struct sockets left = {.user = sockets->user};

	for (size_t i = 0; i < sockets->n; i++) {
		const struct served_socket *sock = &sockets->list[i];

		if (sock->service == SERVER_ADMIN)
			left.list[left.n++] = *sock;
		else if (sock->path[0])
			(void)unlink(sock->path);
	}
	*sockets = left;
}

uint16_t sockets_port(const struct sockets *sockets, int service)
{
	for (size_t i = 0; i < sockets->n; i++)
		if (sockets->list[i].service == service &&
		    !sockets->list[i].path[0])
			return address_port(&sockets->list[i].address);
	return 0;
}
