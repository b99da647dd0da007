/* SPDX-License-Identifier: MIT */
/*
 * What a socket that is not connected hears of datagrams to nobody, over real
 * loopback sockets. Loopback answers before sendto(2) returns, so no test
 * waits.
 */
#include "os/icmp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "os/socket.h"

static struct address address_of(const char *host, uint16_t port)
{
	struct address address;
	const char *cause;
	size_t n;

	ck_assert_int_eq(address_resolve(host, port, AF_UNSPEC, SOCK_DGRAM,
					 &address, 1, &n, &cause),
			 0);
	return address;
}

/* The address of a socket that is closed by now. */
static struct address nobody(const char *host)
{
	struct address address = address_of(host, 0);
	int fd = socket_bind_udp(&address, 0);

	ck_assert_msg(fd >= 0, "%s: %s", host, strerror(errno));
	ck_assert_int_eq(socket_local_address(fd, &address), 0);
	(void)close(fd);
	return address;
}

static int listening(const struct address *to)
{
	int fd = socket_open(to, SOCK_DGRAM);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(icmp_listen(fd, to->sa.any.sa_family), 0);
	return fd;
}

static void send_byte(int fd, const struct address *to)
{
	ck_assert_int_eq(sendto(fd, "a", 1, 0, &to->sa.any, to->len), 1);
}

static const struct {
	const char *host;
	int version;
	uint8_t type, code; /* of "port unreachable" */
	const char *why;
} hosts[] = {
	{"127.0.0.1", 4, 3, 3, "RFC 792"},
	{"::1", 6, 1, 4, "RFC 4443"},
	{"::ffff:127.0.0.1", 4, 3, 3, "IPv4 through an IPv6 socket"},
};

START_TEST(nobody_at_a_port_is_told)
{
	struct icmp_news news;
	struct address to;
	int fd;

	if (strchr(hosts[_i].host, ':') && !harness_has_ipv6())
		return;
	to = strstr(hosts[_i].host, "ffff") ? nobody("127.0.0.1")
					    : nobody(hosts[_i].host);
	to = address_of(hosts[_i].host, address_port(&to));
	fd = listening(&to);
	ck_assert_int_eq(icmp_take(fd, &news), 0);
	send_byte(fd, &to);
	ck_assert_int_eq(icmp_take(fd, &news), 1);
	ck_assert_int_eq(news.error, ECONNREFUSED);
	ck_assert_msg(news.version == hosts[_i].version, "%s", hosts[_i].why);
	ck_assert_uint_eq(news.type, hosts[_i].type);
	ck_assert_uint_eq(news.code, hosts[_i].code);
	ck_assert_str_eq(icmp_name(&news), "port unreachable");
	ck_assert(address_eq(&news.to, &to));
	address_set_port(&to, 0);
	ck_assert(address_eq(&news.from, &to));
	ck_assert_uint_eq(news.n_sent, 1);
	ck_assert_int_eq(news.sent[0], 'a');
	ck_assert_int_eq(icmp_take(fd, &news), 0);
	(void)close(fd);
}
END_TEST

START_TEST(of_a_long_datagram_the_beginning_comes_back)
{
	struct address to = nobody("127.0.0.1");
	int fd = listening(&to);
	struct icmp_news news;
	char sent[400];

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)i;
	ck_assert_int_eq(sendto(fd, sent, sizeof(sent), 0, &to.sa.any, to.len),
			 sizeof(sent));
	ck_assert_int_eq(icmp_take(fd, &news), 1);
	ck_assert_uint_eq(news.n_sent, ICMP_SENT_MAX);
	ck_assert_mem_eq(news.sent, sent, ICMP_SENT_MAX);
	(void)close(fd);
}
END_TEST

/* Each is about a datagram of its own, and names it. */
START_TEST(two_destinations_are_told_apart)
{
	struct address first = nobody("127.0.0.1"), second;
	struct icmp_news news;
	int fd = listening(&first);

	second = address_of("127.0.0.2", address_port(&first));
	send_byte(fd, &first);
	/* The first one's error fails the call behind it, once. */
	ck_assert_int_eq(sendto(fd, "a", 1, 0, &second.sa.any, second.len), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	send_byte(fd, &second);
	ck_assert_int_eq(icmp_take(fd, &news), 1);
	ck_assert(address_eq(&news.to, &first));
	ck_assert_int_eq(icmp_take(fd, &news), 1);
	ck_assert(address_eq(&news.to, &second));
	(void)close(fd);
}
END_TEST

/* It has been returned by the call that met it. */
START_TEST(an_error_of_this_host_is_no_news)
{
	struct address to = nobody("127.0.0.1");
	char big[65508] = {0};
	struct icmp_news news;
	int fd = listening(&to);

	ck_assert_int_eq(sendto(fd, big, sizeof(big), 0, &to.sa.any, to.len),
			 -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	ck_assert_int_eq(icmp_take(fd, &news), 0);
	(void)close(fd);
}
END_TEST

/* Whoever cannot be told must know that. */
START_TEST(a_socket_that_tells_nothing_is_an_error)
{
	struct address to = nobody("127.0.0.1");
	int fd = socket_open(&to, SOCK_DGRAM);

	ck_assert_int_eq(icmp_listen(-1, AF_INET), -1);
	ck_assert_int_eq(icmp_listen(-1, AF_INET6), -1);
	ck_assert_int_eq(icmp_listen(fd, AF_INET), 0);
	/* It has no options of the other family. */
	ck_assert_int_eq(icmp_listen(fd, AF_INET6), -1);
	(void)close(fd);
	ck_assert_int_eq(icmp_take(fd, &(struct icmp_news){0}), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

static const struct {
	struct icmp_news news;
	const char *name;
} named[] = {
	{{.version = 4, .type = 3, .code = 1}, "host unreachable"},
	{{.version = 4, .type = 3, .code = 4}, "fragmentation needed"},
	{{.version = 4, .type = 3, .code = 200}, "destination unreachable"},
	{{.version = 4, .type = 11, .code = 1}, "time exceeded"},
	{{.version = 4, .type = 1, .code = 4}, "error"}, /* that is IPv6's */
	{{.version = 6, .type = 1, .code = 0}, "no route to destination"},
	{{.version = 6, .type = 2, .code = 0}, "packet too big"},
	{{.version = 6, .type = 200, .code = 0}, "error"},
};

START_TEST(an_error_has_its_standards_name)
{
	ck_assert_str_eq(icmp_name(&named[_i].news), named[_i].name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("icmp");
	TCase *tcase = harness_case(suite, "icmp");

	tcase_add_loop_test(tcase, nobody_at_a_port_is_told, 0,
			    (int)ARRAY_LEN(hosts));
	tcase_add_test(tcase, of_a_long_datagram_the_beginning_comes_back);
	tcase_add_test(tcase, two_destinations_are_told_apart);
	tcase_add_test(tcase, an_error_of_this_host_is_no_news);
	tcase_add_test(tcase, a_socket_that_tells_nothing_is_an_error);
	tcase_add_loop_test(tcase, an_error_has_its_standards_name, 0,
			    (int)ARRAY_LEN(named));
	return harness_run(suite);
}
