/* SPDX-License-Identifier: MIT */
/*
 * Who holds a port: this very process does, with every kind of socket that can
 * be in the way of another, and with none that cannot.
 */
#include "os/holder.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "os/socket.h"

/* A socket at this host and a free port, which *address has then. */
static int hold(const char *host, int socktype, struct address *address)
{
	const char *cause;
	size_t n;
	int fd;

	ck_assert_int_eq(address_resolve(host, 0, AF_UNSPEC, socktype, address,
					 1, &n, &cause),
			 0);
	fd = socktype == SOCK_STREAM ? socket_listen_tcp(address, 0)
				     : socket_bind_udp(address, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_local_address(fd, address), 0);
	return fd;
}

static bool is_held_at(const char *host, int socktype, uint16_t port)
{
	struct address wanted;
	struct holder holder;
	const char *cause;
	size_t n;

	ck_assert_int_eq(address_resolve(host, port, AF_UNSPEC, socktype,
					 &wanted, 1, &n, &cause),
			 0);
	if (!holder_find(&wanted, socktype, &holder))
		return false;
	ck_assert_int_eq(holder.pid, getpid());
	ck_assert_uint_eq(holder.uid, geteuid());
	ck_assert_ptr_nonnull(strstr(holder.name, "check_holder"));
	return true;
}

static const struct way {
	const char *held;
	const char *wanted;
	bool is_in_the_way;
} ways[] = {
	{"127.0.0.1", "127.0.0.1", true},
	{"127.0.0.1", "127.0.0.2", false},
	{"127.0.0.1", "0.0.0.0", true},
	{"0.0.0.0", "127.0.0.1", true},
	{"0.0.0.0", "0.0.0.0", true},
	{"::1", "::1", true},
	{"::1", "::2", false},
	{"::1", "::", true},
	{"::", "::1", true},
	{"::1", "127.0.0.1", false},
	{"127.0.0.1", "::1", false},
};

START_TEST(what_is_in_the_way_is_found)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
	const struct way *way = &ways[_i];

	if (strchr(way->held, ':') && !harness_has_ipv6()) {
		harness_skip("no IPv6 here");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct address address;
		int fd = hold(way->held, types[i], &address);
		uint16_t port = address_port(&address);

		ck_assert_int_eq(is_held_at(way->wanted, types[i], port),
				 way->is_in_the_way);
		(void)close(fd);
		ck_assert(!is_held_at(way->wanted, types[i], port));
	}
}
END_TEST

/* A socket for both families, as others make them, holds IPv4 too. */
START_TEST(a_socket_for_both_families_is_found)
{
	struct address address = address_any(AF_INET6, 0);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0) {
		harness_skip("no IPv6 here");
		return;
	}
	ck_assert_int_eq(bind(fd, &address.sa.any, address.len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(socket_local_address(fd, &address), 0);
	ck_assert(is_held_at("127.0.0.1", SOCK_STREAM, address_port(&address)));
	(void)close(fd);
}
END_TEST

/* What is bound and does not listen keeps nobody from listening. */
START_TEST(a_socket_that_does_not_listen_is_not_in_the_way)
{
	struct address address = address_any(AF_INET, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, &address.sa.any, address.len), 0);
	ck_assert_int_eq(socket_local_address(fd, &address), 0);
	ck_assert(
		!is_held_at("127.0.0.1", SOCK_STREAM, address_port(&address)));
	(void)close(fd);
}
END_TEST

/* Of root's descriptors that of another is one, too. */
START_TEST(the_user_is_who_made_the_socket)
{
	struct address address;
	struct holder holder;
	int fd;

	if (geteuid() != 0) {
		harness_skip("only root can be somebody else");
		return;
	}
	if (seteuid(65534) < 0) {
		harness_skip("there is nobody else in this user namespace");
		return;
	}
	fd = hold("127.0.0.1", SOCK_STREAM, &address);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert(holder_find(&address, SOCK_STREAM, &holder));
	ck_assert_uint_eq(holder.uid, 65534);
	(void)close(fd);
}
END_TEST

/* Where nobody else takes ports, if that can be had. */
static void set_up(void)
{
	(void)harness_own_network();
}

int main(void)
{
	Suite *suite = suite_create("holder");
	TCase *tcase = harness_case(suite, "holder");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, what_is_in_the_way_is_found, 0,
			    ARRAY_LEN(ways));
	tcase_add_test(tcase, a_socket_for_both_families_is_found);
	tcase_add_test(tcase, a_socket_that_does_not_listen_is_not_in_the_way);
	tcase_add_test(tcase, the_user_is_who_made_the_socket);
	return harness_run(suite);
}
