/* SPDX-License-Identifier: MIT */
/*
 * Behind HAProxy, which says by the PROXY protocol whom it speaks for: the logs
 * and the limits are about its clients. 127.0.0.7 and 127.0.0.8 are two.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_log.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define CLIENT	"127.0.0.7"
#define ANOTHER "127.0.0.8"

/* HAProxy, and the sockets that it has from us: so no port is somebody's. */
struct balancer {
	pid_t pid;
	int tcp_fd, http_fd;
};

static char *folder, *access_log, *connection_log, *conf;
static struct server *server;
static struct balancer balancer;

static void set_up(void)
{
	folder = folder_new();
	access_log = folder_path(folder, "access");
	connection_log = folder_path(folder, "connections");
	conf = folder_path(folder, "haproxy.cfg");
	folder_write_text(folder, "a", "text\n");
}

static void tear_down(void)
{
	free(conf);
	free(connection_log);
	free(access_log);
	free(folder);
}

static int listen_here(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	return fd;
}

static void start_server(const char *limit)
{
	char access_option[256], connection_option[256];
	const char *const args[] = {"--listen=127.0.0.1",
				    "-uoff",
				    "-t0",
				    "-w0",
				    "--root",
				    folder,
				    "--proxy-protocol=127.0.0.1",
				    access_option,
				    connection_option,
				    limit,
				    NULL};

	(void)snprintf(access_option, sizeof(access_option), "--access-log=%s",
		       access_log);
	(void)snprintf(connection_option, sizeof(connection_option),
		       "--connection-log=%s", connection_log);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = 2});
}

static void write_conf(const char *way)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "defaults\n"
		       "    timeout connect 20s\n"
		       "    timeout client 20s\n"
		       "    timeout server 20s\n"
		       "listen tcp\n"
		       "    mode tcp\n"
		       "    bind fd@%d\n"
		       "    server lab 127.0.0.1:%u %s\n"
		       "listen http\n"
		       "    mode http\n"
		       "    bind fd@%d\n"
		       "    server lab 127.0.0.1:%u %s\n",
		       balancer.tcp_fd,
		       server_endpoint(server, SERVICE_TCP)->port, way,
		       balancer.http_fd,
		       server_endpoint(server, SERVICE_HTTP)->port, way);
	folder_write_text(folder, "haproxy.cfg", text);
}

/* Who connects before it serves waits in the sockets' queues. */
static void start(const char *way, const char *limit)
{
	start_server(limit);
	balancer.tcp_fd = listen_here();
	balancer.http_fd = listen_here();
	write_conf(way);
	balancer.pid = fork();
	ck_assert_int_ge(balancer.pid, 0);
	if (balancer.pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)execlp("haproxy", "haproxy", "-q", "-db", "-f", conf,
			     (char *)NULL);
		_exit(126);
	}
}

static void stop(void)
{
	(void)kill(balancer.pid, SIGTERM);
	ck_assert_int_eq(waitpid(balancer.pid, NULL, 0), balancer.pid);
	(void)close(balancer.tcp_fd);
	(void)close(balancer.http_fd);
	server_stop(server);
}

/* A socket of this client that is connected to the balancer's. */
static int connect_from(const char *from, int listening)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(inet_pton(AF_INET, from, &address.sin_addr), 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(
		getsockname(listening, (struct sockaddr *)&address, &len), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, len), 0);
	return fd;
}

static void expect_line(const char *path, const char *part)
{
	char *line = log_wait_lines(path, 1);

	ck_assert_msg(strstr(line, part), "no %s in %s", part, line);
	free(line);
}

static const char *const ways[] = {"send-proxy", "send-proxy-v2"};

START_TEST(the_logs_tell_of_its_clients)
{
	struct response response;
	int tcp, http;

	start(ways[_i], NULL);
	tcp = connect_from(CLIENT, balancer.tcp_fd);
	tcp_exchange(tcp, "hello", 5);
	tcp_finish(tcp);
	tcp_expect_end(tcp);
	(void)close(tcp);
	expect_line(connection_log, " tcp peer=" CLIENT " ");
	http = connect_from(ANOTHER, balancer.http_fd);
	http_get(http, "/a", &response);
	http_expect(&response, 200, "text\n", 5);
	http_clear(&response);
	(void)close(http);
	expect_line(access_log, ANOTHER " - - [");
	stop();
}
END_TEST

START_TEST(the_limits_are_on_its_clients)
{
	int fd, other;

	start(ways[_i], "--max-per-address=1");
	fd = connect_from(CLIENT, balancer.tcp_fd);
	tcp_exchange(fd, "hello", 5);
	other = connect_from(CLIENT, balancer.tcp_fd);
	tcp_expect_gone(other);
	(void)close(other);
	other = connect_from(ANOTHER, balancer.tcp_fd);
	tcp_exchange(other, "hello", 5);
	tcp_exchange(fd, "again", 5);
	(void)close(other);
	(void)close(fd);
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e balancer");
	TCase *tcase = harness_case(suite, "balancer");

	if (!program_exists("haproxy"))
		return harness_run(suite);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_logs_tell_of_its_clients, 0,
			    (int)ARRAY_LEN(ways));
	tcase_add_loop_test(tcase, the_limits_are_on_its_clients, 0,
			    (int)ARRAY_LEN(ways));
	return harness_run(suite);
}
