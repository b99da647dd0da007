/* SPDX-License-Identifier: MIT */
/*
 * The daemon and who looks after it, in systemd's words: what it tells, the
 * sockets that it is handed, and that a new one takes over from an old one
 * without anybody being refused. The supervisor is this test, and systemd's own
 * systemd-socket-activate.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "harness.h"

static char *root;
static struct sockaddr_un notify_address = {.sun_family = AF_UNIX};
static int notify_fd;

static void set_up(void)
{
	root = folder_new();
	service_write_file(root);
	(void)snprintf(notify_address.sun_path, sizeof(notify_address.sun_path),
		       "%s/notify", root);
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(notify_fd, (const void *)&notify_address,
			      sizeof(notify_address)),
			 0);
}

static void tear_down(void)
{
	(void)close(notify_fd);
	free(root);
}

#ifdef HAVE_LIBSYSTEMD

/* In the child, before it is the server. */
static void supervise(void)
{
	(void)setenv("NOTIFY_SOCKET", notify_address.sun_path, 1);
}

static void supervise_closely(void)
{
	supervise();
	(void)setenv("WATCHDOG_USEC", "40000", 1);
}

/* Waits for a message that has this in it. */
static void expect_told(const char *text)
{
	int64_t deadline = harness_deadline();
	char message[1024];
	ssize_t len;

	do {
		sock_must_wait(notify_fd, POLLIN, deadline, text);
		len = recv(notify_fd, message, sizeof(message) - 1, 0);
		ck_assert_int_gt(len, 0);
		message[len] = '\0';
	} while (!strstr(message, text));
}

static struct server *start(void (*prepare)(void))
{
	return server_start(&(struct server_options){.udp = "0",
						     .tcp = "0",
						     .http = "0",
						     .root = root,
						     .prepare = prepare});
}

START_TEST(it_tells_when_it_is_ready_and_when_it_stops)
{
	struct server *server = start(supervise);
	int fd;

	expect_told("STATUS=serving on 3 sockets");
	expect_told("READY=1");
	fd = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	server_signal(server, SIGTERM);
	expect_told("STOPPING=1");
	expect_told("STATUS=draining 1 connections");
	(void)close(fd);
	server_expect_exit(server, 0);
	server_stop(server);
}
END_TEST

/* Whoever hears READY can connect. */
START_TEST(ready_is_told_when_the_sockets_are_there)
{
	struct server *server = server_start(&(struct server_options){
		.args = (const char *const[]){"-uoff", "-toff", "-w",
					      "unix:/proc/self/none", "-r",
					      root, NULL},
		.prepare = supervise});

	server_expect_exit(server, 1);
	ck_assert(!sock_is_readable(notify_fd));
	server_stop(server);
}
END_TEST

START_TEST(the_watchdog_is_fed_for_as_long_as_the_loop_goes_round)
{
	struct server *server = start(supervise_closely);

	for (int i = 0; i < 3; i++)
		expect_told("WATCHDOG=1");
	server_signal(server, SIGSTOP);
	while (sock_wait(notify_fd, POLLIN, 200) != 0)
		expect_told("");
	server_signal(server, SIGCONT);
	expect_told("WATCHDOG=1");
	server_stop(server);
}
END_TEST

/* --- sockets from a supervisor --- */

static int listen_on_loopback(int type)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const void *)&in, sizeof(in)), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 4096), 0);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	ck_assert_int_eq(getsockname(fd, (void *)&in, &len), 0);
	return ntohs(in.sin_port);
}

static int sockets[3];

static void open_sockets(void)
{
	sockets[0] = listen_on_loopback(SOCK_STREAM);
	sockets[1] = listen_on_loopback(SOCK_DGRAM);
	sockets[2] = listen_on_loopback(SOCK_STREAM);
}

static struct server *start_with_sockets(size_t n_ready, const char *names)
{
	const char *const args[] = {"-a", "127.0.0.1", "-t", "0",  "-u", "0",
				    "-w", "0",	       "-r", root, NULL};

	return server_start(&(struct server_options){.args = args,
						     .n_ready = n_ready,
						     .sockets = sockets,
						     .n_sockets = 3,
						     .socket_names = names});
}

START_TEST(handed_over_sockets_stand_for_the_ports)
{
	struct server *server;

	open_sockets();
	server = start_with_sockets(3, "http:whatever:tcp");
	ck_assert_uint_eq(server_endpoint(server, SERVICE_HTTP)->port,
			  port_of(sockets[0]));
	ck_assert_uint_eq(server_endpoint(server, SERVICE_UDP)->port,
			  port_of(sockets[1]));
	ck_assert_uint_eq(server_endpoint(server, SERVICE_TCP)->port,
			  port_of(sockets[2]));
	service_expect_all(server);
	server_stop(server);
}
END_TEST

/* As systemd makes them by default: they take IPv4 too. */
START_TEST(a_socket_for_both_families_serves_both)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct server *server;
	int client;

	if (!harness_has_ipv6()) {
		harness_skip("no IPv6 here");
		return;
	}
	open_sockets();
	(void)close(sockets[1]);
	sockets[1] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(sockets[1], (const void *)&in6, sizeof(in6)), 0);
	server = start_with_sockets(3, "http:udp:tcp");
	for (int i = 0; i < 2; i++) {
		client = udp_bind(i == 0 ? "127.0.0.1" : "::1", 0);
		udp_connect_to(client, i == 0 ? "127.0.0.2" : "::1",
			       port_of(sockets[1]));
		udp_exchange(client, "hello", 5);
		(void)close(client);
	}
	server_stop(server);
}
END_TEST

/* Each of the same service counts; one without a socket has its port. */
START_TEST(services_without_a_socket_have_their_ports)
{
	struct server *server;

	open_sockets();
	server = start_with_sockets(4, "tcp:udp:tcp");
	(void)server_endpoint(server, SERVICE_HTTP);
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(a_socket_that_is_not_understood_ends_the_start)
{
	struct server *server;

	open_sockets();
	server = start_with_sockets(0, "tcp:udp:uppercase.socket");
	server_wait_log(server, "uppercase.socket");
	server_wait_log(server, "FileDescriptorName");
	server_expect_exit(server, 1);
	server_stop(server);
}
END_TEST

/* Those who come while one server goes and the next is not there yet. */
START_TEST(nobody_is_refused_while_a_new_server_takes_over)
{
	char answer[8];
	int fds[50];

	open_sockets();
	for (int round = 0; round < 5; round++) {
		struct server *server = start_with_sockets(3, "http:udp:tcp");

		if (round > 0)
			for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
				tcp_read(fds[i], answer, 5);
				ck_assert_mem_eq(answer, "HELLO", 5);
				(void)close(fds[i]);
			}
		service_expect_all(server);
		server_signal(server, SIGTERM);
		server_expect_exit(server, 0);
		server_stop(server);
		for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
			fds[i] = tcp_try_connect("127.0.0.1",
						 port_of(sockets[2]));
			ck_assert_int_ge(fds[i], 0);
			tcp_send_text(fds[i], "hello");
		}
	}
}
END_TEST

/* An IPv4 client of a socket for both families is known by its IPv4 address. */
START_TEST(systemd_itself_starts_it_on_the_first_connection)
{
	char listen[32], log[128];
	struct outcome ran;
	int fd;

	/* Where nobody takes the port before systemd does. */
	(void)harness_own_network();
	fd = listen_on_loopback(SOCK_STREAM);
	(void)snprintf(listen, sizeof(listen), "[::]:%u", port_of(fd));
	(void)close(fd);
	(void)snprintf(log, sizeof(log), "--access-log=%s/log", root);
	if (!program_exists("systemd-socket-activate") ||
	    !program_exists("curl") || !harness_has_ipv6())
		return;
	ran = program_run(
		(const char *const[]){
			"sh", "-c",
			"systemd-socket-activate -l \"$1\" --fdname=http "
			"\"$2\" -uoff -toff -r \"$3\" \"$4\" >/dev/null "
			"2>&1 & "
			"curl -sS --retry 50 --retry-connrefused "
			"--retry-delay 0 "
			"http://127.0.0.1:\"${1##*:}\"/file.txt; "
			"kill $!; wait $!; cat \"$3/log\"",
			"sh", listen, server_program(), root, log, NULL},
		"", 0);
	ck_assert_msg(strncmp(ran.out, SERVICE_FILE_TEXT "127.0.0.1 - - [",
			      strlen(SERVICE_FILE_TEXT) + 15) == 0,
		      "%s%s", ran.out, ran.err);
	outcome_clear(&ran);
}
END_TEST

#else

START_TEST(without_libsystemd_sockets_are_refused)
{
	harness_skip("built without libsystemd");
}
END_TEST

#endif

int main(void)
{
	Suite *suite = suite_create("e2e supervised");
	TCase *tcase = harness_case(suite, "supervised");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
#ifdef HAVE_LIBSYSTEMD
	tcase_add_test(tcase, it_tells_when_it_is_ready_and_when_it_stops);
	tcase_add_test(tcase, ready_is_told_when_the_sockets_are_there);
	tcase_add_test(tcase,
		       the_watchdog_is_fed_for_as_long_as_the_loop_goes_round);
	tcase_add_test(tcase, handed_over_sockets_stand_for_the_ports);
	tcase_add_test(tcase, a_socket_for_both_families_serves_both);
	tcase_add_test(tcase, services_without_a_socket_have_their_ports);
	tcase_add_test(tcase, a_socket_that_is_not_understood_ends_the_start);
	tcase_add_test(tcase, nobody_is_refused_while_a_new_server_takes_over);
	tcase_add_test(tcase, systemd_itself_starts_it_on_the_first_connection);
#else
	tcase_add_test(tcase, without_libsystemd_sockets_are_refused);
#endif
	return harness_run(suite);
}
