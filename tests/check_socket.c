/* SPDX-License-Identifier: MIT */
/*
 * What every socket of the programs has from birth, asked of the kernel, and
 * how the functions fail.
 */
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

/* As a file system may leave it; stands before the C library's. */
int close(int fd)
{
	int result = (int)syscall(SYS_close, fd);

	errno = EDQUOT;
	return result;
}

/* The nth of these calls fails from now on, once; 0 for none. */
static unsigned n_until;

static bool fails(void)
{
	if (n_until == 0 || --n_until > 0)
		return false;
	errno = EOPNOTSUPP;
	return true;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return fails() ? -1
		       : (int)syscall(SYS_setsockopt, fd, level, name, value,
				      len);
}

int listen(int fd, int backlog)
{
	return fails() ? -1 : (int)syscall(SYS_listen, fd, backlog);
}

static struct address loopback(int family)
{
	struct address address = address_any(family, 0);

	if (family == AF_INET6)
		address.sa.in6.sin6_addr = in6addr_loopback;
	else
		address.sa.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void assert_born_well(int fd)
{
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

static struct address local_address(int fd)
{
	struct address address;

	ck_assert_int_eq(socket_local_address(fd, &address), 0);
	return address;
}

static int listen_on(const struct address *address)
{
	int fd = socket_listen_tcp(address, 0);

	ck_assert_msg(fd >= 0, "listen: %s", strerror(errno));
	return fd;
}

static int bind_to(const struct address *address)
{
	int fd = socket_bind_udp(address, 0);

	ck_assert_msg(fd >= 0, "bind: %s", strerror(errno));
	return fd;
}

/* Connects with a socket that waits. */
static int connected_to(const struct address *address)
{
	int fd = socket(address->sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC,
			0);

	ck_assert_int_eq(connect(fd, &address->sa.any, address->len), 0);
	return fd;
}

static int accepted_at(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void wait_for(int fd, short events)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	ck_assert_int_eq(poll(&pfd, 1, HARNESS_WAIT_MS), 1);
}

/* --- TCP --- */

START_TEST(a_listening_socket_accepts)
{
	struct address address = loopback(AF_INET);
	int listener = listen_on(&address), client, server;
	char byte = 0;

	assert_born_well(listener);
	ck_assert_int_eq(option(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
	address = local_address(listener);
	ck_assert_uint_ne(address_port(&address), 0);
	client = connected_to(&address);
	server = accepted_at(listener);
	ck_assert_int_eq(write(client, "x", 1), 1);
	ck_assert_int_eq(read(server, &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
}
END_TEST

START_TEST(the_handshake_waits_for_bytes_only_where_that_is_wished)
{
	struct address address = loopback(AF_INET);
	int at_once = socket_listen_tcp(&address, 0);
	int waiting = socket_listen_tcp(&address, SOCKET_DEFER_ACCEPT);

	ck_assert_int_eq(option(at_once, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	ck_assert_int_gt(option(waiting, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	(void)close(at_once);
	(void)close(waiting);
}
END_TEST

/* --- Unix sockets --- */

static struct sockaddr_un un;

/* A path for a socket in a new folder. */
static const char *unix_path(void)
{
	char *folder = folder_new();

	un.sun_family = AF_UNIX;
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/socket", folder);
	free(folder);
	return un.sun_path;
}

static int unix_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	return connect(fd, (const void *)&un, sizeof(un)) < 0
		       ? socket_close_failed(fd)
		       : fd;
}

START_TEST(a_path_is_listened_on_by_one)
{
	const char *path = unix_path();
	int fd = socket_listen_unix(path), client;
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0666);
	client = unix_connect();
	ck_assert_int_ge(client, 0);
	ck_assert_int_eq(socket_listen_unix(path), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	(void)close(client);
	/* Whose server has gone is nobody's. */
	(void)close(fd);
	fd = socket_listen_unix(path);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}
END_TEST

/* Its queue is full, which is not refused. */
START_TEST(a_busy_servers_path_stays)
{
	const char *path = unix_path();
	int fd = socket_listen_unix(path), n = 0;

	ck_assert_int_eq(listen(fd, 1), 0);
	while (unix_connect() >= 0)
		ck_assert_int_lt(n++, 100);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(socket_listen_unix(path), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(unix_connect(), -1);
	ck_assert_int_eq(errno, EAGAIN);
	(void)close(fd);
}
END_TEST

START_TEST(what_is_no_socket_stays)
{
	const char *path = unix_path();
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)close(fd);
	ck_assert_int_eq(socket_listen_unix(path), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_path_has_at_most_107_bytes)
{
	char path[sizeof(un.sun_path) + 1];

	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(socket_listen_unix(path), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	path[sizeof(path) - 2] = '\0';
	ck_assert_int_eq(socket_listen_unix(path), -1);
	ck_assert_int_ne(errno, ENAMETOOLONG);
}
END_TEST

START_TEST(accepted_sockets_inherit_that_nagle_is_off)
{
	struct address address = loopback(AF_INET);
	int listener = listen_on(&address);

	address = local_address(listener);
	(void)connected_to(&address);
	ck_assert_int_ne(
		option(accepted_at(listener), IPPROTO_TCP, TCP_NODELAY), 0);
}
END_TEST

START_TEST(a_burst_of_connects_fits_in_the_queue)
{
	struct address address = loopback(AF_INET);
	int listener = listen_on(&address);

	address = local_address(listener);
	for (int i = 0; i < 300; i++)
		(void)connected_to(&address);
	for (int i = 0; i < 300; i++)
		(void)close(accepted_at(listener));
}
END_TEST

START_TEST(a_port_in_use_is_refused)
{
	struct address address = loopback(AF_INET);
	int fd = listen_on(&address);

	address = local_address(fd);
	errno = 0;
	ck_assert_int_eq(socket_listen_tcp(&address, 0), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	(void)close(fd);
}
END_TEST

/* Else a server could not be started again at once. */
START_TEST(a_port_with_old_connections_can_be_listened_on_again)
{
	struct address address = loopback(AF_INET);
	int listener = listen_on(&address), client, server;
	char byte;

	address = local_address(listener);
	client = connected_to(&address);
	server = accepted_at(listener);
	(void)close(server); /* the server's side ends in TIME-WAIT */
	ck_assert_int_eq(read(client, &byte, 1), 0);
	(void)close(client);
	(void)close(listener);
	(void)close(listen_on(&address));
}
END_TEST

START_TEST(an_address_that_is_not_ours_is_refused)
{
	struct address address = loopback(AF_INET);

	address.sa.in4.sin_addr.s_addr = htonl(0xc0000201); /* RFC 5737 */
	errno = 0;
	ck_assert_int_eq(socket_listen_tcp(&address, 0), -1);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
	errno = 0;
	ck_assert_int_eq(socket_bind_udp(&address, 0), -1);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
}
END_TEST

/*
 * An IPv6 socket, and an IPv4 one with its port in *four. The kernel chooses a
 * port that is free for IPv4, of which a host can have few left: connections of
 * the minute before keep theirs. Another program may have it for IPv6.
 */
static int both_families(int (*make)(const struct address *, unsigned),
			 int *four)
{
	int tries = 100, six;

	do {
		struct address any = address_any(AF_INET, 0);

		*four = make(&any, 0);
		ck_assert_int_ge(*four, 0);
		any = local_address(*four);
		any = address_any(AF_INET6, address_port(&any));
		six = make(&any, 0);
		if (six < 0)
			(void)close(*four);
	} while (six < 0 && errno == EADDRINUSE && --tries > 0);
	ck_assert_int_ge(six, 0);
	return six;
}

START_TEST(both_families_can_have_the_same_port)
{
	int six, four;

	if (!harness_has_ipv6())
		return;
	six = both_families(socket_listen_tcp, &four);
	assert_born_well(six);
	ck_assert_int_eq(option(six, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	(void)close(four);
	(void)close(six);
	six = both_families(socket_bind_udp, &four);
	(void)close(four);
	(void)close(six);
}
END_TEST

/* A failure must not cost a descriptor. */
START_TEST(a_socket_that_fails_is_closed)
{
	struct address address = loopback(AF_INET);
	int fd = listen_on(&address), udp = bind_to(&address), before, after;
	struct address tcp_address = local_address(fd);
	struct address udp_address = local_address(udp);

	before = dup(fd);
	(void)close(before);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(socket_listen_tcp(&tcp_address, 0), -1);
		ck_assert_int_eq(socket_bind_udp(&udp_address, 0), -1);
	}
	after = dup(fd);
	ck_assert_int_eq(after, before);
}
END_TEST

/* --- UDP --- */

static const struct maker {
	int (*make)(const struct address *, unsigned);
	unsigned options;
} makers[] = {
	{socket_listen_tcp, 0},
	{socket_listen_tcp, SOCKET_DEFER_ACCEPT},
	{socket_listen_tcp, SOCKET_REUSE_PORT},
	{socket_bind_udp, 0},
	{socket_bind_udp, SOCKET_REUSE_PORT},
};

/* An option that only helps may be missing; any other is an error. */
START_TEST(whatever_the_kernel_refuses_is_an_error_or_does_no_harm)
{
	struct address address = address_any(AF_INET, 0);
	unsigned n = 0, n_errors = 0;
	int next = dup(0), fd;

	(void)close(next);
	do {
		n_until = ++n;
		errno = 0;
		fd = makers[_i].make(&address, makers[_i].options);
		if (fd < 0) {
			ck_assert_int_eq(fd, -1);
			ck_assert_int_eq(errno, EOPNOTSUPP);
			n_errors++;
		} else {
			ck_assert_int_eq(fd, next);
			(void)close(fd);
		}
	} while (n_until == 0 && n < 20);
	ck_assert_uint_ge(n_errors, 1);
	n_until = 0;
}
END_TEST

START_TEST(a_udp_socket_reports_what_the_kernel_loses)
{
	struct address address = loopback(AF_INET);
	int fd = bind_to(&address);

	assert_born_well(fd);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_RXQ_OVFL), 1);
	ck_assert_int_eq(option(fd, IPPROTO_IP, IP_PKTINFO), 0);
	(void)close(fd);
}
END_TEST

START_TEST(at_the_wildcard_it_reports_where_a_datagram_came_to)
{
	struct address address = address_any(AF_INET, 0);
	int fd = bind_to(&address);

	ck_assert_int_eq(option(fd, IPPROTO_IP, IP_PKTINFO), 1);
	(void)close(fd);
	if (!harness_has_ipv6())
		return;
	address = address_any(AF_INET6, 0);
	fd = bind_to(&address);
	ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO), 1);
	ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	(void)close(fd);
}
END_TEST

/* Two servers on one port would each get some of the datagrams. */
START_TEST(two_udp_sockets_do_not_share_a_port)
{
	struct address address = loopback(AF_INET);
	int fd = bind_to(&address);

	address = local_address(fd);
	errno = 0;
	ck_assert_int_eq(socket_bind_udp(&address, 0), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	(void)close(fd);
}
END_TEST

START_TEST(a_udp_socket_has_room_for_a_burst)
{
	struct address address = loopback(AF_INET);
	int fd = bind_to(&address), plain = socket_open(&address, SOCK_DGRAM);

	ck_assert_int_ge(option(fd, SOL_SOCKET, SO_RCVBUF),
			 option(plain, SOL_SOCKET, SO_RCVBUF));
	(void)close(fd);
	(void)close(plain);
}
END_TEST

/* --- any --- */

static const struct {
	int family;
	int type;
} kinds[] = {
	{AF_INET, SOCK_STREAM},
	{AF_INET, SOCK_DGRAM},
	{AF_INET6, SOCK_STREAM},
	{AF_INET6, SOCK_DGRAM},
};

START_TEST(an_open_socket_is_of_its_family_and_type)
{
	struct address address = loopback(kinds[_i].family);
	int fd;

	if (kinds[_i].family == AF_INET6 && !harness_has_ipv6())
		return;
	fd = socket_open(&address, kinds[_i].type);
	assert_born_well(fd);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_DOMAIN), kinds[_i].family);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_TYPE), kinds[_i].type);
	ck_assert_uint_eq(local_address(fd).len, address.len);
	(void)close(fd);
}
END_TEST

START_TEST(a_pending_error_is_taken_once)
{
	struct address address = loopback(AF_INET);
	int fd = listen_on(&address);

	address = local_address(fd);
	(void)close(fd); /* nobody listens there now */
	fd = socket_open(&address, SOCK_STREAM);
	ck_assert_int_eq(socket_take_error(fd), 0);
	ck_assert_int_eq(connect(fd, &address.sa.any, address.len), -1);
	ck_assert_int_eq(errno, EINPROGRESS);
	wait_for(fd, POLLOUT);
	ck_assert_int_eq(socket_take_error(fd), ECONNREFUSED);
	ck_assert_int_eq(socket_take_error(fd), 0);
	(void)close(fd);
}
END_TEST

static bool is_same(const struct address *a, const struct address *b)
{
	return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

START_TEST(each_end_knows_the_other)
{
	struct address address = loopback(AF_INET), peer;
	int listener = listen_on(&address), client, server;

	address = local_address(listener);
	client = connected_to(&address);
	server = accepted_at(listener);
	ck_assert_int_eq(socket_peer_address(server, &peer), 0);
	address = local_address(client);
	ck_assert(is_same(&peer, &address));
	ck_assert_int_eq(socket_peer_address(listener, &peer), -1);
	ck_assert_int_eq(errno, ENOTCONN);
}
END_TEST

START_TEST(who_waits_to_be_accepted_is_counted)
{
	struct address address = loopback(AF_INET);
	int listener = listen_on(&address);

	address = local_address(listener);
	ck_assert_uint_eq(socket_count_waiting(listener), 0);
	for (size_t i = 1; i <= 3; i++) {
		int client = connected_to(&address);

		wait_for(client, POLLOUT);
		ck_assert_uint_eq(socket_count_waiting(listener), i);
	}
	(void)close(accepted_at(listener));
	ck_assert_uint_eq(socket_count_waiting(listener), 2);
	/* Of what has no such number as many as there may be. */
	ck_assert_uint_gt(socket_count_waiting(-1), 100);
	ck_assert_uint_gt(socket_count_waiting(bind_to(&address)), 100);
}
END_TEST

START_TEST(a_port_is_shared_for_as_long_as_that_is_wished)
{
	struct address address = loopback(AF_INET);
	int fd = socket_listen_tcp(&address, SOCKET_REUSE_PORT);

	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_REUSEPORT), 1);
	socket_share_port(fd, false);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_REUSEPORT), 0);
	socket_share_port(fd, true);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_REUSEPORT), 1);
	(void)close(fd);
	fd = listen_on(&address);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_REUSEPORT), 0);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_REUSEADDR), 1);
}
END_TEST

START_TEST(what_is_not_sent_is_limited)
{
	struct address address = loopback(AF_INET);
	int fd = socket_open(&address, SOCK_STREAM);

	socket_limit_unsent(fd);
	ck_assert_int_eq(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 128 << 10);
}
END_TEST

/* As a service manager hands them on. */
START_TEST(a_socket_of_others_becomes_as_our_own)
{
	struct address any = address_any(AF_INET, 0);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int local = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(udp, &any.sa.any, any.len), 0);
	ck_assert_int_eq(socket_adopt(tcp, SOCKET_DEFER_ACCEPT), 0);
	ck_assert_int_eq(socket_adopt(udp, 0), 0);
	ck_assert_int_eq(socket_adopt(local, SOCKET_DEFER_ACCEPT), 0);
	assert_born_well(tcp);
	assert_born_well(udp);
	assert_born_well(local);
	ck_assert_int_gt(option(tcp, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	ck_assert_int_ne(option(tcp, IPPROTO_TCP, TCP_NODELAY), 0);
	ck_assert_int_eq(option(udp, SOL_SOCKET, SO_RXQ_OVFL), 1);
	ck_assert_int_eq(option(udp, IPPROTO_IP, IP_PKTINFO), 1);
}
END_TEST

START_TEST(what_is_no_socket_is_not_adopted)
{
	int fds[2];

	harness_pipe(fds);
	ck_assert_int_eq(socket_adopt(fds[0], 0), -1);
	ck_assert_int_eq(errno, ENOTSOCK);
	ck_assert_int_eq(socket_adopt(-1, 0), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

/* Standard input was closed. */
START_TEST(a_sockets_number_may_be_0)
{
	struct address address = loopback(AF_INET);

	(void)close(STDIN_FILENO);
	ck_assert_int_eq(socket_listen_tcp(&address, 0), STDIN_FILENO);
	(void)close(STDIN_FILENO);
	ck_assert_int_eq(socket_bind_udp(&address, 0), STDIN_FILENO);
	(void)close(STDIN_FILENO);
	ck_assert_int_eq(socket_listen_unix(unix_path()), STDIN_FILENO);
	(void)close(STDIN_FILENO);
	/* So may that of the one which finds out whether a path is free. */
	ck_assert_int_eq(socket_listen_unix(un.sun_path), STDIN_FILENO);
}
END_TEST

START_TEST(a_bad_descriptor_has_an_error)
{
	struct address address;

	ck_assert_int_eq(socket_take_error(-1), EBADF);
	errno = 0;
	ck_assert_int_eq(socket_local_address(-1, &address), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socket");
	TCase *tcase = harness_case(suite, "tcp");

	tcase_add_test(tcase, a_listening_socket_accepts);
	tcase_add_test(tcase,
		       the_handshake_waits_for_bytes_only_where_that_is_wished);
	tcase_add_test(tcase, a_path_is_listened_on_by_one);
	tcase_add_test(tcase, a_busy_servers_path_stays);
	tcase_add_test(tcase, what_is_no_socket_stays);
	tcase_add_test(tcase, a_path_has_at_most_107_bytes);
	tcase_add_test(tcase, accepted_sockets_inherit_that_nagle_is_off);
	tcase_add_test(tcase, a_burst_of_connects_fits_in_the_queue);
	tcase_add_test(tcase, a_port_in_use_is_refused);
	tcase_add_test(tcase,
		       a_port_with_old_connections_can_be_listened_on_again);
	tcase_add_test(tcase, an_address_that_is_not_ours_is_refused);
	tcase_add_test(tcase, both_families_can_have_the_same_port);
	tcase_add_test(tcase, a_socket_that_fails_is_closed);

	tcase = harness_case(suite, "udp");
	tcase_add_loop_test(
		tcase, whatever_the_kernel_refuses_is_an_error_or_does_no_harm,
		0, (int)ARRAY_LEN(makers));
	tcase_add_test(tcase, a_udp_socket_reports_what_the_kernel_loses);
	tcase_add_test(tcase,
		       at_the_wildcard_it_reports_where_a_datagram_came_to);
	tcase_add_test(tcase, two_udp_sockets_do_not_share_a_port);
	tcase_add_test(tcase, a_udp_socket_has_room_for_a_burst);

	tcase = harness_case(suite, "any");
	tcase_add_loop_test(tcase, an_open_socket_is_of_its_family_and_type, 0,
			    (int)ARRAY_LEN(kinds));
	tcase_add_test(tcase, a_pending_error_is_taken_once);
	tcase_add_test(tcase, each_end_knows_the_other);
	tcase_add_test(tcase, who_waits_to_be_accepted_is_counted);
	tcase_add_test(tcase, a_port_is_shared_for_as_long_as_that_is_wished);
	tcase_add_test(tcase, what_is_not_sent_is_limited);
	tcase_add_test(tcase, a_socket_of_others_becomes_as_our_own);
	tcase_add_test(tcase, what_is_no_socket_is_not_adopted);
	tcase_add_test(tcase, a_sockets_number_may_be_0);
	tcase_add_test(tcase, a_bad_descriptor_has_an_error);
	return harness_run(suite);
}
