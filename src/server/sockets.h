/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SOCKETS_H
#define SERVER_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "base/compiler.h"
#include "os/address.h"
#include "server/binding.h"
#include "server/config.h"

#define SOCKETS_MAX (2 * SERVER_SERVICES * BINDING_SOCKETS_MAX)

/* A socket that a service has. */
struct served_socket {
	int service; /* SERVER_UDP and so on */
	int fd;
	bool is_handed;	      /* from a supervisor: stands for the ports */
	bool is_wanted;	      /* by the configuration that is being looked at */
	bool is_told;	      /* that it is ready */
	struct address asked; /* as bound: the port may be 0 */
	struct address address;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* or "" */
};

/* The services, for whom sockets are opened. */
struct sockets_user {
	/* Serves on it from now on. Returns 0, or -1 when out of memory. */
	int (*add)(void *arg, int service, int fd);
	/* Takes what waits in it, then closes it. */
	void (*remove)(void *arg, int service, int fd);
	/* Whether others may have the ports of those that are removed. */
	void (*share)(void *arg, bool is_shared);
	void *arg;
};

/* All sockets that are served on. */
struct sockets {
	struct sockets_user user;
	struct served_socket list[SOCKETS_MAX];
	size_t n;
};

void sockets_init(struct sockets *sockets, const struct sockets_user *user);

/*
 * Takes over what a supervisor has handed to this process; once, and before
 * anything else is opened. Returns 0, or -1 and a cause.
 */
int sockets_take_handed(struct sockets *sockets, const struct config *config,
			char **cause) MUST_CHECK;

/*
 * Looks up where every service is to be; bindings[i] is that of service i.
 * Returns 0, or -1 and a cause.
 */
int sockets_resolve(const struct config *config,
		    struct binding bindings[SERVER_SERVICES],
		    char **cause) MUST_CHECK;

/*
 * Opens the sockets that these places need and that are not open yet, and hands
 * them to their services. Those that are open and needed stay as they are,
 * whatever has connected to them. Returns 0, or -1 and a cause, and all is as
 * before.
 */
int sockets_open(struct sockets *sockets, const struct config *config,
		 const struct binding bindings[SERVER_SERVICES],
		 char **cause) MUST_CHECK;

/* Says "ready" of each that it has not been said of. */
void sockets_tell_ready(struct sockets *sockets, const struct config *config);

/*
 * Ends what the last sockets_open() has begun: those that were not needed are
 * removed, and those that stay have the new options.
 */
void sockets_settle(struct sockets *sockets, const struct config *config);

/*
 * From now on their paths lead to nobody, and they are not known any more: all
 * sockets, or in a drain those of the services, and the admin's stay.
 */
void sockets_forget(struct sockets *sockets);
void sockets_forget_services(struct sockets *sockets);

/* A service's first port; 0 when it has none. */
uint16_t sockets_port(const struct sockets *sockets, int service);

/* "udp", "tcp", "http", "admin". */
const char *sockets_service_name(int service);

#endif
