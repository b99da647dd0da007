/* SPDX-License-Identifier: MIT */
/*
 * Sorting sockets that others have opened. What is not understood is refused: a
 * service that nobody answers would be worse than no start.
 */
#include "server/activation.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "os/socket.h"
#include "os/supervisor.h"

#define SOCKETS_MAX (SERVER_SERVICES * BINDING_SOCKETS_MAX)

static int socket_option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

/* Whose socket it is, or -1 and *why not. */
static int service_of(const struct supervisor_socket *sock, const char **why)
{
	int type = socket_option(sock->fd, SO_TYPE);

	*why = "not a listening socket";
	if (type == SOCK_DGRAM)
		return SERVER_UDP;
	if (type != SOCK_STREAM || socket_option(sock->fd, SO_ACCEPTCONN) != 1)
		return -1;
	if (strcmp(sock->name, "tcp") == 0)
		return SERVER_TCP;
	if (strcmp(sock->name, "http") == 0)
		return SERVER_HTTP;
	if (strcmp(sock->name, "admin") == 0)
		return SERVER_ADMIN;
	*why = "its FileDescriptorName must be tcp, http or admin";
	return -1;
}

static int sort(struct activation *activation,
		const struct supervisor_socket *sock,
		const unsigned options[SERVER_SERVICES], char **cause)
{
	const char *why;
	int service = service_of(sock, &why);

	if (service >= 0 && activation->n[service] == BINDING_SOCKETS_MAX) {
		service = -1;
		why = "too many of them";
	}
	if (service >= 0 && socket_adopt(sock->fd, options[service]) < 0) {
		service = -1;
		why = strerror(errno);
	}
	if (service < 0) {
		binding_close(&sock->fd, 1);
		return binding_fail(cause,
				    "socket %d from the service manager, "
				    "\"%s\": %s",
				    sock->fd, sock->name, why);
	}
	activation->fds[service][activation->n[service]++] = sock->fd;
	return 0;
}

int activation_take(struct activation *activation,
		    const unsigned options[SERVER_SERVICES], char **cause)
{
	struct supervisor_socket list[SOCKETS_MAX];
	const char *why;
	int result = 0;
	size_t n;

	*activation = (struct activation){0};
	if (supervisor_take_sockets(list, SOCKETS_MAX, &n, &why) < 0)
		return binding_fail(
			cause, "sockets from the service manager: %s", why);
	for (size_t i = 0; i < n; i++)
		if (result == 0)
			result = sort(activation, &list[i], options, cause);
		else
			binding_close(&list[i].fd, 1);
	return result;
}

void activation_close(struct activation *activation)
{
	for (int i = 0; i < SERVER_SERVICES; i++) {
		binding_close(activation->fds[i], activation->n[i]);
		activation->n[i] = 0;
	}
}
