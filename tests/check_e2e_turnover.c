/* SPDX-License-Identifier: MIT */
/*
 * Requests under way while the server reloads its configuration, opens its logs
 * anew, drains, and is replaced by the next one on sockets that are kept for
 * it: none fails, and each has its line in the log. What counts as failed says
 * crowd.h.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"
#include "e2e_log.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#ifdef HAVE_LIBSYSTEMD

#define N_REQUESTS 100000
#define N_RELOADS  20
#define N_RESTARTS 5
#define N_STEPS	   (N_RELOADS + N_RESTARTS)

static char *folder, *conf;
static int sockets[3];
static struct server *server;

/* --- the supervisor --- */

static int open_socket(int type)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const void *)&in, sizeof(in)), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 4096), 0);
	return fd;
}

static uint16_t socket_port(int fd)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	ck_assert_int_eq(getsockname(fd, (void *)&in, &len), 0);
	return ntohs(in.sin_port);
}

static void set_up(void)
{
	folder = folder_new();
	conf = folder_path(folder, "conf");
	folder_add(folder, "root");
	folder_add(folder, "logs");
	folder_write_text(folder, "root/" CROWD_FILE, CROWD_TEXT);
	sockets[0] = open_socket(SOCK_DGRAM);
	sockets[1] = open_socket(SOCK_STREAM);
	sockets[2] = open_socket(SOCK_STREAM);
}

static void tear_down(void)
{
	free(conf);
	free(folder);
}

/*
 * A setting in which each configuration differs from the one before. Clients
 * rest for less than the parting time, also where all wait for a processor.
 */
static void write_conf(unsigned number)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "udp-port = 0\ntcp-port = 0\nhttp-port = 0\n"
		       "listen = 127.0.0.1\nroot = @/root\n"
		       "access-log = \"@/logs/access\"\nmax-age = %us\n"
		       "parting-timeout = 10s\n",
		       number + 1);
	folder_write_inserted(folder, "conf", text);
}

static struct server *start_next(void)
{
	return server_start(&(struct server_options){
		.args = (const char *const[]){"--config", conf, NULL},
		.n_ready = 3,
		.sockets = sockets,
		.n_sockets = 3,
		.socket_names = "udp:tcp:http"});
}

static void stop(struct server *old)
{
	server_signal(old, SIGTERM);
	server_expect_exit(old, 0);
	server_stop(old);
}

/* Now one after the other, now the next before the first has gone. */
static void restart(unsigned number)
{
	struct server *old = server;

	if (number % 2 == 0) {
		server = start_next();
		stop(old);
	} else {
		stop(old);
		server = start_next();
	}
}

/* --- logs --- */

static void rotate(unsigned number)
{
	char *path = folder_path(folder, "logs/access"), to[256];

	(void)snprintf(to, sizeof(to), "%s.%u", path, number);
	ck_assert_int_eq(rename(path, to), 0);
	free(path);
}

static unsigned count_lines(unsigned n_rotated)
{
	unsigned n = 0;

	for (unsigned i = 0; i <= n_rotated; i++) {
		char name[64], *path, *text;
		size_t len;

		(void)snprintf(name, sizeof(name),
			       i ? "logs/access.%u" : "logs/access", i);
		path = folder_path(folder, name);
		text = log_read(path, &len);
		n += (unsigned)log_count_lines(text);
		free(text);
		free(path);
	}
	return n;
}

/* --- the test --- */

START_TEST(no_request_fails_over_reloads_and_restarts)
{
	unsigned n_rotated = 0, n;
	struct crowd *crowd;

	write_conf(0);
	server = start_next();
	crowd = crowd_start(socket_port(sockets[0]), socket_port(sockets[1]),
			    socket_port(sockets[2]), false);
	for (unsigned i = 1; i <= N_STEPS; i++) {
		crowd_wait(crowd, i * (N_REQUESTS / (N_STEPS + 1)));
		if (i % (N_STEPS / N_RESTARTS) == 0) {
			restart(i);
			continue;
		}
		write_conf(i);
		rotate(++n_rotated);
		server_reload(server);
	}
	crowd_wait(crowd, N_REQUESTS);
	n = crowd_finish(crowd);
	server_stop(server);
	printf("%u requests, %u of them HTTP, over %d reloads and %d restarts: "
	       "0 failed, the slowest took %u ms\n",
	       n, crowd_count_http(crowd), N_RELOADS, N_RESTARTS,
	       crowd_longest_ms(crowd));
	ck_assert_uint_eq(count_lines(n_rotated), crowd_count_http(crowd));
	crowd_free(crowd);
}
END_TEST

#else

static void set_up(void)
{
}

static void tear_down(void)
{
}

START_TEST(no_request_fails_over_reloads_and_restarts)
{
	harness_skip("built without libsystemd");
}
END_TEST

#endif

int main(void)
{
	Suite *suite = suite_create("e2e turnover");
	TCase *tcase = harness_case(suite, "turnover");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, no_request_fails_over_reloads_and_restarts);
	return harness_run(suite);
}
