/* SPDX-License-Identifier: MIT */
/*
 * SIGHUP: what the configuration file says anew holds from then on, for those
 * who have connected before, too; nobody loses a connection, a datagram or a
 * byte over it; and a file that is wrong changes nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_http.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "harness.h"

#define LARGE ((size_t)8 << 20) /* more than the kernel takes at once */

static char *folder, *conf;
static struct server *server;

static void set_up(void)
{
	folder = folder_new();
	conf = folder_path(folder, "conf");
	folder_add(folder, "one");
	folder_add(folder, "two");
	folder_write_text(folder, "one/a", "one\n");
	folder_write_text(folder, "two/a", "two\n");
}

static void tear_down(void)
{
	free(conf);
	free(folder);
}

/* Writes the file; "@" is the folder. */
static void write_conf(const char *text)
{
	folder_write_inserted(folder, "conf", text);
}

static void start(size_t n_ready, const char *text)
{
	/* What moves elsewhere would need a larger sandbox. */
	const char *const args[] = {"--config", conf, "--no-sandbox", NULL};

	write_conf(text);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = n_ready});
}

static void reload(const char *text)
{
	write_conf(text);
	server_reload(server);
}

static void expect_text(int fd, const char *target, const char *text)
{
	struct response response;

	http_get(fd, target, &response);
	http_expect(&response, 200, text, strlen(text));
	http_clear(&response);
}

#define BASE                                                                   \
	"udp-port = \"127.0.0.1:0\"\n"                                         \
	"tcp-port = \"127.0.0.1:0\"\n"                                         \
	"http-port = \"127.0.0.1:0\"\n"

START_TEST(the_root_changes_for_who_is_connected)
{
	int fd;

	start(3, BASE "root = @/one\n");
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, "/a", "one\n");
	reload(BASE "root = @/two\n");
	expect_text(fd, "/a", "two\n");
	(void)close(fd);
	/* Nothing was opened anew. */
	ck_assert_uint_eq(server_count_log(server, "ready: "), 3);
	service_expect(server_endpoint(server, SERVICE_TCP));
	server_stop(server);
}
END_TEST

/* The head and a part of the body are under way when the site goes. */
START_TEST(a_download_is_of_one_root_to_its_end)
{
	unsigned char *data = bytes_new(LARGE), *got = bytes_new(LARGE);
	struct response response;
	int fd;

	bytes_pattern(data, LARGE, 1);
	folder_write(folder, "one/large", data, LARGE);
	bytes_pattern(got, LARGE, 2);
	folder_write(folder, "two/large", got, LARGE);
	start(3, BASE "root = @/one\n");
	fd = tcp_connect_small(server, SERVICE_HTTP);
	http_send_get(fd, "/large");
	http_read_head(fd, &response);
	http_clear(&response);
	for (int i = 0; i < 3; i++)
		reload(i % 2 ? BASE "root = @/one\n" : BASE "root = @/two\n");
	tcp_read(fd, got, LARGE);
	ck_assert_mem_eq(got, data, LARGE);
	expect_text(fd, "/a", "two\n");
	(void)close(fd);
	server_stop(server);
	free(data);
	free(got);
}
END_TEST

START_TEST(a_listing_is_of_one_root_to_its_end)
{
	struct response response;
	char name[32];
	int fd;

	for (int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "one/%06d", i);
		folder_write_text(folder, name, "");
	}
	start(3, BASE "root = @/one\nlisting = yes\n");
	fd = tcp_connect_small(server, SERVICE_HTTP);
	http_send_get(fd, "/");
	sock_must_wait(fd, POLLIN, harness_deadline(), "listing");
	reload(BASE "root = @/two\n");
	http_read(fd, &response, true);
	http_expect_status(&response, 200);
	ck_assert_ptr_nonnull(
		memmem(response.content, response.len, "019999", 6));
	http_clear(&response);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* Of a deadline that has started, too. */
START_TEST(time_outs_change_for_who_is_waiting)
{
	int tcp, http;

	start(3, BASE "root = @/one\n");
	tcp = tcp_connect(server, SERVICE_TCP);
	http = tcp_connect(server, SERVICE_HTTP);
	tcp_exchange(tcp, "hello", 5);
	expect_text(http, "/a", "one\n");
	reload(BASE "root = @/one\ntcp-idle-timeout = 1ms\n"
		    "http-idle-timeout = 1ms\n");
	tcp_expect_end(tcp);
	tcp_expect_end(http);
	(void)close(tcp);
	(void)close(http);
	server_stop(server);
}
END_TEST

START_TEST(limits_of_requests_change)
{
	struct response response;
	int fd;

	start(3, BASE "root = @/one\n");
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, "/a", "one\n");
	reload(BASE "root = @/one\nheader-fields = 1\n");
	http_ask(fd, &response, "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
	http_expect_status(&response, 431);
	http_clear(&response);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- the access log --- */

static size_t count_lines(const char *name, const char *text)
{
	char *path = folder_path(folder, name), line[1024];
	FILE *file = fopen(path, "r");
	size_t n = 0;

	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		n += strstr(line, text) != NULL;
	(void)fclose(file);
	free(path);
	return n;
}

/* Each request leaves one line, in the file and form of its time. */
START_TEST(the_log_is_turned_on_changed_and_off)
{
	int fd;

	start(3, BASE "root = @/one\n");
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, "/a", "one\n");
	reload(BASE "root = @/one\naccess-log = @/log1\n");
	expect_text(fd, "/a", "one\n");
	expect_text(fd, "/a", "one\n");
	reload(BASE "root = @/one\naccess-log = @/log2\n"
		    "log-format = json\n");
	expect_text(fd, "/a", "one\n");
	reload(BASE "root = @/one\n");
	expect_text(fd, "/a", "one\n");
	(void)close(fd);
	server_stop(server);
	ck_assert_uint_eq(count_lines("log1", "127.0.0.1 - - ["), 2);
	ck_assert_uint_eq(count_lines("log2", "\"target\":\"/a\""), 1);
}
END_TEST

START_TEST(a_log_that_was_moved_away_is_opened_anew)
{
	static const char text[] = BASE "root = @/one\naccess-log = @/log\n";
	char *old = folder_path(folder, "log"), *new;
	int fd;

	start(3, text);
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, "/a", "one\n");
	new = folder_path(folder, "log.1");
	ck_assert_int_eq(rename(old, new), 0);
	reload(text);
	expect_text(fd, "/a", "one\n");
	(void)close(fd);
	server_stop(server);
	ck_assert_uint_eq(count_lines("log.1", "GET /a"), 1);
	ck_assert_uint_eq(count_lines("log", "GET /a"), 1);
	free(old);
	free(new);
}
END_TEST

/* --- places --- */

/* From one address to all of them: both have the port for a moment. */
START_TEST(places_change_and_nobody_who_waits_is_lost)
{
	static const char one[] = "listen = 127.0.0.1\nroot = @/one\n";
	static const char all[] = "root = @/one\n";
	char answer[8];
	int udp, tcp, open;

	if (!harness_own_network()) {
		harness_skip("cannot have a network of one's own here");
		return;
	}
	start(3, one);
	open = tcp_connect(server, SERVICE_TCP);
	for (int i = 0; i < 10; i++) {
		server_signal(server, SIGSTOP);
		udp = udp_bind("127.0.0.1", 0);
		udp_connect_to(udp, "127.0.0.1", 12000);
		ck_assert_int_eq(send(udp, "hello", 5, 0), 5);
		tcp = tcp_try_connect("127.0.0.1", 12000);
		ck_assert_int_ge(tcp, 0);
		tcp_send_text(tcp, "hello");
		write_conf(i % 2 ? one : all);
		server_signal(server, SIGHUP);
		server_signal(server, SIGCONT);
		tcp_read(tcp, answer, 5);
		ck_assert_mem_eq(answer, "HELLO", 5);
		ck_assert_uint_eq(udp_receive(udp, answer, 8, NULL), 5);
		ck_assert_mem_eq(answer, "HELLO", 5);
		tcp_exchange(open, "hello", 5);
		(void)close(udp);
		(void)close(tcp);
		server_wait_log_times(server, "reloaded: ", (size_t)i + 1);
		tcp = tcp_try_connect("127.0.0.2", 12000);
		ck_assert_int_eq(tcp >= 0, i % 2 == 0);
		if (tcp >= 0)
			(void)close(tcp);
	}
	(void)close(open);
	server_stop(server);
}
END_TEST

/* Who has connected stays; the port is free again. */
START_TEST(a_service_is_turned_off_and_on)
{
	int fd, other;

	if (!harness_own_network()) {
		harness_skip("cannot have a network of one's own here");
		return;
	}
	start(3, "listen = 127.0.0.1\nroot = @/one\n");
	fd = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	reload("listen = 127.0.0.1\nroot = @/one\ntcp-port = off\n");
	tcp_exchange(fd, "hello", 5);
	ck_assert_int_eq(tcp_try_connect("127.0.0.1", 12000), -1);
	reload("listen = 127.0.0.1\nroot = @/one\nhttp-port = off\n");
	other = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(other, "hello", 5);
	tcp_exchange(fd, "hello", 5);
	ck_assert_int_eq(tcp_try_connect("127.0.0.1", 6789), -1);
	reload("listen = 127.0.0.1\nroot = @/two\nudp-port = off\n");
	(void)close(other);
	other = tcp_connect(server, SERVICE_HTTP);
	expect_text(other, "/a", "two\n");
	(void)close(other);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* Who waits in the old socket holds it open; the new one has the same port. */
START_TEST(a_place_comes_back_while_its_queue_is_being_emptied)
{
	char conf_text[256];
	int held, waiting, other;

	write_conf(BASE "root = @/one\n");
	server = server_start(&(struct server_options){
		.args = (const char *const[]){"--config", conf, "--no-sandbox",
					      NULL},
		.n_ready = 3,
		.faults = ""});
	(void)snprintf(conf_text, sizeof(conf_text),
		       "udp-port = off\ntcp-port = \"127.0.0.1:%u\"\n"
		       "http-port = \"127.0.0.1:0\"\nroot = @/one\n",
		       server_endpoint(server, SERVICE_TCP)->port);
	held = tcp_connect(server, SERVICE_HTTP);
	expect_text(held, "/a", "one\n");
	call_faults_set(server->faults, "accept4=24");
	waiting = tcp_connect(server, SERVICE_TCP);
	server_wait_log(server, "accept: ");
	reload("udp-port = off\ntcp-port = off\n"
	       "http-port = \"127.0.0.1:0\"\nroot = @/one\n");
	reload(conf_text);
	call_faults_set(server->faults, "");
	other = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(waiting, "hello", 5);
	tcp_exchange(other, "hello", 5);
	(void)close(held);
	(void)close(waiting);
	(void)close(other);
	server_stop(server);
}
END_TEST

/* --- what is wrong --- */

static const struct mistake {
	const char *conf;
	const char *why;
} mistakes[] = {
	{BASE "root = @/one\nnonsense = 1\n", "nonsense"},
	{BASE "root = @/one\ntcp-idle-timeout = soon\n", "tcp-idle-timeout"},
	{BASE "root = @/one\nlisting = {\n", "conf:5"},
	{BASE "root = @/none\n", "none"},
	{BASE "root = @/one/a\n", "one/a"},
	{BASE "root = @/one\naccess-log = @/none/log\n", "none/log"},
	{BASE "root = @/one\nmime-types = @/none\n", "mime-types"},
	{BASE "root = @/one\nmime-types = @/one/a\n", "line 1"},
	{BASE "root = @/two\nhttp-port = \"192.0.2.1:0\"\n", "192.0.2.1"},
	{"udp-port = \"192.0.2.1:0\"\ntcp-port = \"127.0.0.1:0\"\n"
	 "http-port = \"127.0.0.1:0\"\nroot = @/two\n",
	 "192.0.2.1"},
	{"udp-port = off\ntcp-port = off\nhttp-port = off\n",
	 "every service is off"},
	{"http-port = 80\ntcp-port = 80\nroot = @/two\n", "both 80"},
	{BASE "root = @/two\nlisten = no-such-host.invalid\n", "no-such-host"},
};

START_TEST(a_mistake_changes_nothing)
{
	static const char good[] = BASE "root = @/one\naccess-log = @/log\n";
	int http, tcp;

	start(3, good);
	http = tcp_connect(server, SERVICE_HTTP);
	tcp = tcp_connect(server, SERVICE_TCP);
	write_conf(mistakes[_i].conf);
	server_signal(server, SIGHUP);
	server_wait_log(server, "warning: reload: ");
	server_wait_log(server, "all stays as it was");
	server_wait_log(server, mistakes[_i].why);
	expect_text(http, "/a", "one\n");
	tcp_exchange(tcp, "hello", 5);
	service_expect(server_endpoint(server, SERVICE_UDP));
	(void)close(http);
	http = tcp_connect(server, SERVICE_HTTP);
	expect_text(http, "/a", "one\n");
	reload(good);
	expect_text(http, "/a", "one\n");
	(void)close(http);
	(void)close(tcp);
	server_stop(server);
	ck_assert_uint_eq(count_lines("log", "GET /a"), 3);
}
END_TEST

/* Nor does a file that is gone. */
START_TEST(a_file_that_is_gone_changes_nothing)
{
	start(3, BASE "root = @/one\n");
	ck_assert_int_eq(unlink(conf), 0);
	server_signal(server, SIGHUP);
	server_wait_log(server, "all stays as it was");
	service_expect(server_endpoint(server, SERVICE_TCP));
	server_stop(server);
}
END_TEST

/* logrotate moves the log away and knows nothing of mistakes. */
START_TEST(with_a_mistake_too_the_log_is_opened_anew)
{
	char *old = folder_path(folder, "log"), *new;
	int fd;

	start(3, BASE "root = @/one\naccess-log = @/log\n");
	new = folder_path(folder, "log.1");
	ck_assert_int_eq(rename(old, new), 0);
	write_conf("nonsense\n");
	server_signal(server, SIGHUP);
	server_wait_log(server, "opened anew");
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, "/a", "one\n");
	(void)close(fd);
	server_stop(server);
	ck_assert_uint_eq(count_lines("log", "GET /a"), 1);
	free(old);
	free(new);
}
END_TEST

/* Whatever comes and goes leaves no descriptor behind. */
START_TEST(reloads_keep_nothing)
{
	static const char one[] = BASE "root = @/one\naccess-log = @/log\n";
	size_t before;
	int fd;

	start(3, one);
	reload(one);
	before = server_count_descriptors(server, NULL);
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		write_conf(mistakes[i].conf);
		server_signal(server, SIGHUP);
		server_wait_log_times(server, "as it was", i + 1);
		reload(one);
	}
	ck_assert_uint_eq(server_count_descriptors(server, NULL), before);
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, "/a", "one\n");
	(void)close(fd);
	server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e reload");
	TCase *tcase = harness_case(suite, "reload");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_root_changes_for_who_is_connected);
	tcase_add_test(tcase, a_download_is_of_one_root_to_its_end);
	tcase_add_test(tcase, a_listing_is_of_one_root_to_its_end);
	tcase_add_test(tcase, time_outs_change_for_who_is_waiting);
	tcase_add_test(tcase, limits_of_requests_change);
	tcase_add_test(tcase, the_log_is_turned_on_changed_and_off);
	tcase_add_test(tcase, a_log_that_was_moved_away_is_opened_anew);
	tcase_add_test(tcase, places_change_and_nobody_who_waits_is_lost);
	tcase_add_test(tcase, a_service_is_turned_off_and_on);
	tcase_add_test(tcase,
		       a_place_comes_back_while_its_queue_is_being_emptied);
	tcase_add_loop_test(tcase, a_mistake_changes_nothing, 0,
			    ARRAY_LEN(mistakes));
	tcase_add_test(tcase, a_file_that_is_gone_changes_nothing);
	tcase_add_test(tcase, with_a_mistake_too_the_log_is_opened_anew);
	tcase_add_test(tcase, reloads_keep_nothing);
	return harness_run(suite);
}
