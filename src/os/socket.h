/* SPDX-License-Identifier: MIT */
#ifndef OS_SOCKET_H
#define OS_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"

/*
 * Sockets as the programs want them. Each function returns a descriptor (the
 * caller closes it) or 0, and -1 with errno on failure. Every socket is
 * close-on-exec and nonblocking.
 */

enum socket_options {
	/* Others of the same user may be bound there, too, and share. */
	SOCKET_REUSE_PORT = 1,
	/*
	 * Where the client speaks first: the kernel keeps a connection to
	 * itself until the first bytes are there, or for about a second, when
	 * it has sent its SYN-ACK again. A request then comes with its
	 * connection, and takes one wake-up instead of two.
	 */
	SOCKET_DEFER_ACCEPT = 2,
};

/*
 * A listening TCP socket. An IPv6 one takes IPv6 only, so that both families
 * can have sockets of their own. Nagle's algorithm is off, and
 * accepted sockets inherit that.
 */
int socket_listen_tcp(const struct address *address,
		      unsigned options) MUST_CHECK;

/*
 * A listening Unix stream socket at a path, for everybody who may enter its
 * folder. What a killed server has left there is replaced; a server that
 * answers is EADDRINUSE. Whoever closes the socket removes the path.
 */
int socket_listen_unix(const char *path) MUST_CHECK;

/*
 * A bound UDP socket that reports the kernel's drops (SO_RXQ_OVFL). Bound to
 * the wildcard it also reports which address each datagram came to.
 */
int socket_bind_udp(const struct address *address, unsigned options) MUST_CHECK;

/*
 * Gives a socket that somebody else has bound what those above have: a
 * listening TCP or Unix socket, or one for UDP. The caller still owns it when
 * that fails.
 */
int socket_adopt(int fd, unsigned options) MUST_CHECK;

/* An unbound socket of the address's family; type as for socket(2). */
int socket_open(const struct address *address, int type) MUST_CHECK;

/*
 * Makes the kernel take no more from us while it has 128 KiB unsent. A peer
 * that does not read then costs little of its memory, instead of megabytes; a
 * fast one costs us more wake-ups.
 */
void socket_limit_unsent(int fd);

/* The address that the socket is bound to. */
int socket_local_address(int fd, struct address *out) MUST_CHECK;

/* The address of who has connected, settled; see address_settle(). */
int socket_peer_address(int fd, struct address *out) MUST_CHECK;

/* SO_REUSEPORT and TCP_DEFER_ACCEPT of a socket that is open. */
void socket_share_port(int fd, bool is_shared);
void socket_defer_accept(int fd, bool is_deferred);

/*
 * How many connections wait in a listening socket's queue to be accepted; its
 * greatest length where the system does not tell.
 */
size_t socket_count_waiting(int fd);

/* Closes fd and returns -1 with the errno that made the caller give up. */
int socket_close_failed(int fd);

/* The pending error (SO_ERROR): an errno value, 0 for none. Clears it. */
int socket_take_error(int fd);

#endif
