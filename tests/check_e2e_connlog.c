/* SPDX-License-Identifier: MIT */
/*
 * The connection log: who was here, from the running daemon, in both forms; a
 * line for each connection when it ends, with why it did, and for each source
 * of datagrams.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_http.h"
#include "e2e_log.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"
#include "json_reader.h"

static char *folder, *path, *option, *unix_path;
static struct server *server;

static void set_up(void)
{
	folder = folder_new();
	path = folder_path(folder, "connections");
	unix_path = folder_path(folder, "socket");
	folder_write_text(folder, "a", "text\n");
	ck_assert_int_gt(asprintf(&option, "--connection-log=%s", path), 0);
}

static void tear_down(void)
{
	free(folder);
	free(path);
	free(option);
	free(unix_path);
}

static void start(const char *more1, const char *more2)
{
	const char *const more[] = {option, more1, more2, NULL};

	server = server_start(&(struct server_options){.udp = "0",
						       .tcp = "0",
						       .http = "0",
						       .root = folder,
						       .more = more});
}

static unsigned local_port(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

/* Waits for the n-th line, alone behind those before; the caller frees it. */
static char *take_line(size_t n)
{
	char *all = log_wait_lines(path, n), *line = all;

	for (size_t i = 1; i < n; i++)
		line = strchr(line, '\n') + 1;
	line = strdup(line);
	free(all);
	ck_assert_ptr_nonnull(line);
	*strchr(line, '\n') = '\0';
	return line;
}

static void expect_has(const char *line, const char *part)
{
	ck_assert_msg(strstr(line, part), "no '%s' in: %s", part, line);
}

/* The number behind this name. */
static double value_of(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	ck_assert_msg(at != NULL, "no '%s' in: %s", name, line);
	return strtod(at + strlen(name), NULL);
}

/*
 * At least for as long as it was seen to last; at most since its turn of the
 * loop began, whose time it has and which nobody sees but by the turns before.
 */
static void expect_duration(const char *line, int64_t begun_ms, int64_t seen_ms)
{
	double ms = value_of(line, " duration_us=") / 1e3;

	/* Ours are whole milliseconds. */
	ck_assert_msg(ms + 2 >= (double)seen_ms &&
			      ms <= (double)(harness_now_ms() - begun_ms) + 2,
		      "%g ms: %s", ms, line);
}

/*
 * What comes next is served in a turn that begins after the time that this
 * returns, however long the server was kept from the processor in the last one.
 * Leaves a line.
 */
static int64_t pass_a_turn(void)
{
	int64_t now_ms = harness_now_ms();
	int fd = tcp_connect(server, SERVICE_TCP);

	tcp_exchange(fd, "one", 3);
	tcp_exchange(fd, "two", 3);
	tcp_finish(fd);
	tcp_expect_end(fd);
	(void)close(fd);
	free(take_line(1));
	return now_ms;
}

START_TEST(a_connection_has_a_line_when_it_ends)
{
	char want[128], *line;
	int64_t begun_ms, seen_ms;
	int fd;

	start(NULL, NULL);
	begun_ms = pass_a_turn();
	fd = tcp_connect(server, SERVICE_TCP);
	(void)snprintf(want, sizeof(want),
		       "Z tcp peer=127.0.0.1 port=%u bytes_in=8 bytes_out=8 "
		       "duration_us=",
		       local_port(fd));
	tcp_exchange(fd, "hello", 5);
	seen_ms = harness_now_ms();
	(void)poll(NULL, 0, 20);
	tcp_exchange(fd, "you", 3);
	seen_ms = harness_now_ms() - seen_ms;
	tcp_finish(fd);
	tcp_expect_end(fd);
	line = take_line(2);
	expect_has(line, want);
	expect_has(line, " end=finished rtt_us=");
	expect_has(line, " retransmissions=0 delivery_rate=");
	expect_duration(line, begun_ms, seen_ms);
	free(line);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- why it ended --- */

START_TEST(a_reset_is_a_failure)
{
	char *line;
	int fd;

	start(NULL, NULL);
	fd = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	tcp_reset(fd);
	line = take_line(1);
	expect_has(line, " end=failed");
	free(line);
	server_stop(server);
}
END_TEST

START_TEST(an_idle_one_has_timed_out)
{
	char *line;
	int fd;

	start("--tcp-idle-timeout=50ms", NULL);
	fd = tcp_connect(server, SERVICE_TCP);
	line = take_line(1);
	expect_has(line, " bytes_in=0 bytes_out=0 ");
	expect_has(line, " end=timed-out");
	free(line);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- forms and services --- */

static void expect_member(const char *line, const char *name, const char *want)
{
	char got[128];

	(void)json_member(line, strlen(line), name, got, sizeof(got));
	ck_assert_str_eq(got, want);
}

START_TEST(json_is_an_object_a_line)
{
	struct response response;
	char port[8], *line;
	int fd;

	start("--log-format=json", NULL);
	fd = tcp_connect(server, SERVICE_HTTP);
	(void)port_text((uint16_t)local_port(fd), port);
	http_get(fd, "/a", &response);
	http_clear(&response);
	(void)close(fd);
	line = take_line(1);
	ck_assert(json_is_valid(line, strlen(line)));
	expect_member(line, "service", "http");
	expect_member(line, "peer", "127.0.0.1");
	expect_member(line, "port", port);
	expect_member(line, "end", "finished");
	expect_member(line, "retransmissions", "0");
	free(line);
	server_stop(server);
}
END_TEST

static int connect_unix(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_uint_lt(strlen(unix_path), sizeof(address.sun_path));
	strcpy(address.sun_path, unix_path);
	ck_assert_int_eq(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* It has no address, and the kernel no figures of it. */
START_TEST(a_unix_socket_has_a_line_too)
{
	const char *args[] = {"-uoff", "-woff", NULL, option, NULL};
	char *place, *line;
	int fd;

	ck_assert_int_gt(asprintf(&place, "-tunix:%s", unix_path), 0);
	args[2] = place;
	server = server_start(
		&(struct server_options){.args = args, .n_ready = 1});
	free(place);
	fd = connect_unix();
	tcp_exchange(fd, "hello", 5);
	(void)close(fd);
	line = take_line(1);
	expect_has(line, " tcp peer=unix port=0 bytes_in=5 bytes_out=5 ");
	ck_assert_ptr_null(strstr(line, "rtt_us"));
	free(line);
	server_stop(server);
}
END_TEST

/* Lines come every minute; the end is one too. */
START_TEST(datagrams_are_counted_by_source)
{
	char *line;
	int fd, other;

	start("--deny=udp:127.0.0.9", NULL);
	fd = udp_connect(server);
	udp_exchange(fd, "hello", 5);
	udp_exchange(fd, "you", 3);
	other = udp_bind("127.0.0.9", 0);
	udp_send_to(other, "none", 4, "127.0.0.1",
		    server_endpoint(server, SERVICE_UDP)->port);
	/* It has been taken in when an answer to a later one is there. */
	udp_exchange(fd, "last", 4);
	server_stop(server);
	line = log_wait_lines(path, 2);
	expect_has(line, " udp peer=127.0.0.1 seconds=0 datagrams=3 bytes=12 "
			 "refused_source=0 refused_limit=0 refused_loop=0\n");
	expect_has(line, " udp peer=127.0.0.9 seconds=0 datagrams=1 bytes=4 "
			 "refused_source=0 refused_limit=1 refused_loop=0\n");
	ck_assert_uint_eq(log_count_lines(line), 2);
	free(line);
	(void)close(fd);
	(void)close(other);
}
END_TEST

/* --- signals --- */

/* What logrotate does. */
START_TEST(a_hangup_opens_it_anew)
{
	char *old = folder_path(folder, "old"), *line;
	int fd;

	start(NULL, NULL);
	fd = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	ck_assert_int_eq(rename(path, old), 0);
	server_signal(server, SIGHUP);
	(void)server_wait_log(server, "reloaded:");
	(void)close(fd);
	line = take_line(1);
	expect_has(line, " bytes_in=5 ");
	free(line);
	line = log_read(old, &(size_t){0});
	ck_assert_str_eq(line, "");
	free(line);
	free(old);
	server_stop(server);
}
END_TEST

/* Connections of before, too: on, off and on again while they are open. */
START_TEST(a_reload_turns_it_off_and_on)
{
	static const char off[] = "http-port = off\n"
				  "udp-port = \"127.0.0.1:0\"\n"
				  "tcp-port = \"127.0.0.1:0\"\n";
	char *conf = folder_path(folder, "conf"), *on, *line;
	const char *const args[] = {"--config", conf, NULL};
	int first, second, third, udp;

	ck_assert_int_gt(asprintf(&on, "%sconnection-log = %s\n", off, path),
			 0);
	folder_write_text(folder, "conf", on);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = 2});
	udp = udp_connect(server);
	udp_exchange(udp, "one", 3);
	first = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(first, "hello", 5);
	folder_write_text(folder, "conf", off);
	server_reload(server);
	/* What was counted is written; what comes now is not. */
	line = take_line(1);
	expect_has(line, " udp peer=127.0.0.1 seconds=0 datagrams=1 bytes=3 ");
	free(line);
	udp_exchange(udp, "two", 3);
	second = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(second, "hello", 5);
	tcp_finish(first);
	tcp_expect_end(first);
	folder_write_text(folder, "conf", on);
	server_reload(server);
	tcp_finish(second);
	tcp_expect_end(second);
	third = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(third, "good", 4);
	tcp_finish(third);
	tcp_expect_end(third);
	line = take_line(2);
	expect_has(line, " tcp peer=127.0.0.1 ");
	expect_has(line, " bytes_in=4 bytes_out=4 ");
	free(line);
	server_stop(server);
	line = log_wait_lines(path, 2);
	ck_assert_uint_eq(log_count_lines(line), 2);
	free(line);
	(void)close(first);
	(void)close(second);
	(void)close(third);
	(void)close(udp);
	free(conf);
	free(on);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e connlog");
	TCase *tcase = harness_case(suite, "connlog");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_connection_has_a_line_when_it_ends);
	tcase_add_test(tcase, a_reset_is_a_failure);
	tcase_add_test(tcase, an_idle_one_has_timed_out);
	tcase_add_test(tcase, json_is_an_object_a_line);
	tcase_add_test(tcase, a_unix_socket_has_a_line_too);
	tcase_add_test(tcase, datagrams_are_counted_by_source);
	tcase_add_test(tcase, a_hangup_opens_it_anew);
	tcase_add_test(tcase, a_reload_turns_it_off_and_on);
	return harness_run(suite);
}
