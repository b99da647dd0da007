/* SPDX-License-Identifier: MIT */
/*
 * Where the services are: at ports of their own addresses, at interfaces, at
 * paths; at several places each; and what is said of a place that cannot be
 * had.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "harness.h"

static char *root;
static char tcp_path[128], http_path[128]; /* "unix:..." */

static void set_up(void)
{
	root = folder_new();
	service_write_file(root);
	(void)snprintf(tcp_path, sizeof(tcp_path), "unix:%s/tcp", root);
	(void)snprintf(http_path, sizeof(http_path), "unix:%s/http", root);
}

static void tear_down(void)
{
	free(root);
}

/* A server at these places; args is NULL-ended. */
static struct server *start_at(size_t n_ready, const char *const args[])
{
	const char *all[24] = {"--root", root};
	size_t n = 2;

	for (size_t i = 0; args[i]; i++)
		all[n++] = args[i];
	return server_start(
		&(struct server_options){.args = all, .n_ready = n_ready});
}

#define START_AT(n_ready, ...)                                                 \
	start_at(n_ready, (const char *const[]){__VA_ARGS__, NULL})

/* Both services that have one at a path, and none else. */
static struct server *start_at_paths(void)
{
	return START_AT(2, "-uoff", "-t", tcp_path, "-w", http_path);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path + strlen("unix:"), &st) == 0;
}

START_TEST(each_service_has_addresses_of_its_own)
{
	struct server *server =
		START_AT(4, "-u127.0.0.1:0", "-t127.0.0.2:0", "-w127.0.0.3:0",
			 "-w127.0.0.4:0", "--listen=192.0.2.1");

	(void)server_endpoint_on(server, SERVICE_UDP, "127.0.0.1");
	(void)server_endpoint_on(server, SERVICE_TCP, "127.0.0.2");
	(void)server_endpoint_on(server, SERVICE_HTTP, "127.0.0.3");
	(void)server_endpoint_on(server, SERVICE_HTTP, "127.0.0.4");
	service_expect_all(server);
	server_stop(server);
}
END_TEST

/* A port alone is at every --listen, the same on each; others beside it. */
START_TEST(a_port_alone_is_on_every_address_served)
{
	struct server *server = START_AT(7, "-a127.0.0.1", "-a127.0.0.2", "-u0",
					 "-t0", "-t127.0.0.3:0", "-w0");

	ck_assert_uint_eq(
		server_endpoint_on(server, SERVICE_TCP, "127.0.0.1")->port,
		server_endpoint_on(server, SERVICE_TCP, "127.0.0.2")->port);
	(void)server_endpoint_on(server, SERVICE_TCP, "127.0.0.3");
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(an_interface_stands_for_its_addresses)
{
	size_t n = harness_has_ipv6() ? 2 : 1;
	struct server *server;

	if (!harness_own_network()) {
		harness_skip("cannot have a network of one's own here");
		return;
	}
	server = START_AT(3 * n, "-alo", "-ulo:0", "-t0", "-wlo:8000");
	for (int service = 0; service < 3; service++)
		(void)server_endpoint_on(server, (enum service)service,
					 "127.0.0.1");
	if (n == 2)
		ck_assert_uint_eq(
			server_endpoint_on(server, SERVICE_HTTP, "::1")->port,
			8000);
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(a_place_that_is_named_twice_is_one)
{
	struct server *server;

	if (!harness_own_network()) {
		harness_skip("cannot have a network of one's own here");
		return;
	}
	server = START_AT(3, "-a127.0.0.1", "-u12000", "-u127.0.0.1:12000",
			  "-t12000", "-t12000", "-w", http_path, "-w",
			  http_path);
	service_expect_all(server);
	server_stop(server);
}
END_TEST

/* As one process a core does. */
START_TEST(servers_share_their_ports_when_told_to)
{
	struct server *one =
		START_AT(3, "-a127.0.0.1", "-u0", "-t0", "-w0", "--reuse-port");
	struct server *other;
	char udp[16], tcp[16], http[16];

	(void)snprintf(udp, sizeof(udp), "-u%u",
		       server_endpoint(one, SERVICE_UDP)->port);
	(void)snprintf(tcp, sizeof(tcp), "-t%u",
		       server_endpoint(one, SERVICE_TCP)->port);
	(void)snprintf(http, sizeof(http), "-w%u",
		       server_endpoint(one, SERVICE_HTTP)->port);
	other = START_AT(3, "-a127.0.0.1", udp, tcp, http, "--reuse-port");
	for (int i = 0; i < 20; i++)
		service_expect_all(other);
	server_stop(one);
	service_expect_all(other);
	server_stop(other);
}
END_TEST

START_TEST(a_path_is_for_everybody_and_goes_with_the_server)
{
	struct server *server = start_at_paths();
	struct stat st;

	service_expect_all(server);
	ck_assert_int_eq(stat(tcp_path + strlen("unix:"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0666);
	server_stop(server);
	ck_assert(!is_there(tcp_path));
	ck_assert(!is_there(http_path));
}
END_TEST

/* With the client that people have, and what the log calls its peer. */
START_TEST(curl_reads_a_file_through_a_path)
{
	char log[128], line[256];
	struct server *server;
	struct outcome ran;
	FILE *file;

	if (!program_exists("curl"))
		return;
	(void)snprintf(log, sizeof(log), "--access-log=%s/log", root);
	server = START_AT(1, "-uoff", "-toff", "-w", http_path, log);
	ran = program_run((const char *const[]){"curl", "-sS", "--unix-socket",
						http_path + strlen("unix:"),
						"http://lab/file.txt", NULL},
			  "", 0);
	ck_assert_str_eq(ran.out, SERVICE_FILE_TEXT);
	outcome_clear(&ran);
	server_stop(server);
	file = fopen(strchr(log, '/'), "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_msg(strncmp(line, "- - - [", 7) == 0, "%s", line);
	(void)fclose(file);
}
END_TEST

START_TEST(what_a_killed_server_left_is_replaced)
{
	struct server *server = start_at_paths();

	server_signal(server, SIGKILL);
	(void)server_wait(server);
	ck_assert(is_there(http_path));
	server = start_at_paths();
	service_expect_all(server);
	server_stop(server);
}
END_TEST

/* Nothing that it did not make is taken away. */
static void expect_refusal(const char *place, const char *why)
{
	struct outcome ran = program_run(
		(const char *const[]){server_program(), "-uoff", "-toff", "-w",
				      place, "-r", root, NULL},
		"", 0);

	ck_assert_int_eq(ran.status, 1);
	ck_assert_msg(strstr(ran.err, why), "no \"%s\" in %s", why, ran.err);
	ck_assert_msg(strstr(ran.err, place), "no \"%s\" in %s", place,
		      ran.err);
	outcome_clear(&ran);
}

START_TEST(a_path_that_is_not_free_stays_as_it_is)
{
	struct server *server = start_at_paths();
	char file[128];

	expect_refusal(http_path, "a server answers there");
	service_expect_all(server);
	server_stop(server);
	folder_write_text(root, "http", "somebody's file");
	expect_refusal(http_path, "Address already in use");
	ck_assert(is_there(http_path));
	(void)snprintf(file, sizeof(file), "unix:%s/none/http", root);
	expect_refusal(file, "No such file");
}
END_TEST

START_TEST(what_cannot_be_found_is_told)
{
	expect_refusal("192.0.2.1:0", "this host does not have this address");
	expect_refusal("no-such-host.invalid:80", "--http-port=");
}
END_TEST

/* Which is in the queue when the server stops is answered yet. */
START_TEST(a_drain_serves_who_waits_at_a_path)
{
	struct server *server = start_at_paths();
	char answer[16];
	int fd;

	server_signal(server, SIGSTOP);
	fd = tcp_try_connect(tcp_path, 0);
	ck_assert_int_ge(fd, 0);
	tcp_send_text(fd, "hello");
	server_signal(server, SIGTERM);
	server_signal(server, SIGCONT);
	tcp_read(fd, answer, 5);
	ck_assert_mem_eq(answer, "HELLO", 5);
	tcp_finish(fd);
	tcp_expect_end(fd);
	(void)close(fd);
	server_expect_exit(server, 0);
	server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e places");
	TCase *tcase = harness_case(suite, "places");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_service_has_addresses_of_its_own);
	tcase_add_test(tcase, a_port_alone_is_on_every_address_served);
	tcase_add_test(tcase, an_interface_stands_for_its_addresses);
	tcase_add_test(tcase, a_place_that_is_named_twice_is_one);
	tcase_add_test(tcase, servers_share_their_ports_when_told_to);
	tcase_add_test(tcase, a_path_is_for_everybody_and_goes_with_the_server);
	tcase_add_test(tcase, curl_reads_a_file_through_a_path);
	tcase_add_test(tcase, what_a_killed_server_left_is_replaced);
	tcase_add_test(tcase, a_path_that_is_not_free_stays_as_it_is);
	tcase_add_test(tcase, what_cannot_be_found_is_told);
	tcase_add_test(tcase, a_drain_serves_who_waits_at_a_path);
	return harness_run(suite);
}
