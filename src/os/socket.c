/* SPDX-License-Identifier: MIT */
/*
 * Making sockets. What a socket must have from birth is set here, so that no
 * descriptor that blocks or leaks into a child ever exists.
 */
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * A burst of a few thousand connects must fit; the kernel caps it at
 * net.core.somaxconn.
 */
#define SOCKET_BACKLOG	  4096

#define SOCKET_UNSENT_MAX (128 << 10) /* see socket_limit_unsent() */

/* Room in the kernel for a burst of datagrams; it caps this at rmem_max. */
#define SOCKET_UDP_RECEIVE_BUF (4 << 20)

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

int socket_close_failed(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
	return -1;
}

int socket_open(const struct address *address, int type)
{
	return socket(address->sa.any.sa_family,
		      type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* A new socket bound to address alone, never to the other family too. */
static int open_bound(const struct address *address, int type, unsigned options)
{
	int fd = socket_open(address, type);

	if (fd < 0)
		return -1;
	if (address->sa.any.sa_family == AF_INET6 &&
	    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0)
		return socket_close_failed(fd);
	/* For TCP only: with UDP it would let two servers share a port. */
	if (type == SOCK_STREAM &&
	    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
		return socket_close_failed(fd);
	if ((options & SOCKET_REUSE_PORT) &&
	    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0)
		return socket_close_failed(fd);
	if (bind(fd, &address->sa.any, address->len) < 0)
		return socket_close_failed(fd);
	return fd;
}

void socket_defer_accept(int fd, bool is_deferred)
{
	/* Without it connections come a little earlier, and cost more. */
	(void)set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, is_deferred);
}

/* What every listening TCP socket has, whoever has made it. */
static int prepare_tcp(int fd, unsigned options)
{
	if (options & SOCKET_DEFER_ACCEPT)
		socket_defer_accept(fd, true);
	return set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

int socket_listen_tcp(const struct address *address, unsigned options)
{
	int fd = open_bound(address, SOCK_STREAM, options);

	if (fd < 0)
		return -1;
	if (prepare_tcp(fd, options) < 0 || listen(fd, SOCKET_BACKLOG) < 0)
		return socket_close_failed(fd);
	return fd;
}

/*
 * A path whose server has been killed is nobody's. One that answers, and what
 * is no socket at all, stays.
 */
static bool remove_stale(const struct sockaddr_un *un)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat st;
	bool is_stale;

	if (fd < 0)
		return false;
	/* A file that is no socket refuses a connection, too. */
	is_stale = lstat(un->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
		   connect(fd, (const void *)un, sizeof(*un)) < 0 &&
		   errno == ECONNREFUSED;
	(void)close(fd);
	return is_stale && unlink(un->sun_path) == 0;
}

int socket_listen_unix(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(un.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (void *)&un, sizeof(un)) < 0) {
		int saved = errno;
		bool is_free = saved == EADDRINUSE && remove_stale(&un);

		errno = saved;
		if (!is_free || bind(fd, (void *)&un, sizeof(un)) < 0)
			return socket_close_failed(fd);
	}
	/* As open as a port is; its folder may be for fewer. */
	if (chmod(path, 0666) < 0 || listen(fd, SOCKET_BACKLOG) < 0)
		return socket_close_failed(fd);
	return fd;
}

/* Asks for the destination of each datagram, to answer from there. */
static int report_destination(int fd, int family)
{
	if (family == AF_INET6)
		return set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

static int prepare_udp(int fd, const struct address *address)
{
	if (set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1) < 0 ||
	    (address_is_any(address) &&
	     report_destination(fd, address->sa.any.sa_family) < 0))
		return -1;
	/* A smaller buffer loses more in a burst, but it serves. */
	(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_UDP_RECEIVE_BUF);
	return 0;
}

int socket_bind_udp(const struct address *address, unsigned options)
{
	int fd = open_bound(address, SOCK_DGRAM, options);

	if (fd < 0)
		return -1;
	return prepare_udp(fd, address) < 0 ? socket_close_failed(fd) : fd;
}

int socket_adopt(int fd, unsigned options)
{
	int flags = fcntl(fd, F_GETFL);
	struct address address;
	int type = 0;
	socklen_t len = sizeof(type);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    socket_local_address(fd, &address) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return -1;
	if (address.sa.any.sa_family == AF_UNIX)
		return 0;
	return type == SOCK_DGRAM ? prepare_udp(fd, &address)
				  : prepare_tcp(fd, options);
}

void socket_limit_unsent(int fd)
{
	/* Without it the connection is only greedier. */
	(void)set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, SOCKET_UNSENT_MAX);
}

int socket_local_address(int fd, struct address *out)
{
	*out = (struct address){.len = sizeof(out->sa)};
	return getsockname(fd, &out->sa.any, &out->len);
}

int socket_peer_address(int fd, struct address *out)
{
	*out = (struct address){.len = sizeof(out->sa)};
	if (getpeername(fd, &out->sa.any, &out->len) < 0)
		return -1;
	address_settle(out);
	return 0;
}

void socket_share_port(int fd, bool is_shared)
{
	/* Where it cannot be had, binding says so. */
	(void)set_option(fd, SOL_SOCKET, SO_REUSEPORT, is_shared);
}

size_t socket_count_waiting(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	/* Of a listening socket: its queue's length, and what that may be. */
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
	    info.tcpi_sacked == 0)
		return SOCKET_BACKLOG;
	return info.tcpi_unacked;
}

int socket_take_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}
