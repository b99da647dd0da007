/* SPDX-License-Identifier: MIT */
/*
 * What can befall a host that runs for months: its clock is set, the document
 * root goes away under the server, peers vanish at every stage, memory ends,
 * the server is killed among its clients. It serves on, or again, and what it
 * tells of times makes sense.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_http.h"
#include "e2e_log.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "harness.h"

#define DAY_S	   86400
#define N_RESETS   20 /* at each stage */
#define LARGE_SIZE ((size_t)8 << 20)
#define N_CROWDED  500
#define N_KILLED   50 /* clients of each service when it is killed */

static char *folder, *root, *conf;
static struct server *server;

static void set_up(void)
{
	folder = folder_new();
	root = folder_path(folder, "root");
	conf = folder_path(folder, "conf");
	folder_add(folder, "root");
	folder_add(folder, "logs");
	service_write_file(root);
	folder_write_inserted(
		folder, "conf",
		"udp-port = \"127.0.0.1:0\"\ntcp-port = \"127.0.0.1:0\"\n"
		"http-port = \"127.0.0.1:0\"\nroot = \"@/root\"\n"
		"access-log = \"@/logs/access\"\n"
		"connection-log = \"@/logs/connections\"\n"
		"log-format = json\nlisting = yes\n");
}

static void tear_down(void)
{
	free(conf);
	free(root);
	free(folder);
}

static void start(const char *option)
{
	server = server_start(&(struct server_options){
		.args = (const char *const[]){"--config", conf, option, NULL},
		.n_ready = 3,
		.faults = ""});
}

/* --- the clock --- */

static const int jumps[] = {-DAY_S, DAY_S};

/* The answer's date is now, as the server's clock has it. */
static void expect_date(int fd, int jump_s)
{
	struct response response;
	struct tm tm = {0};
	char date[64];
	time_t now;

	http_get(fd, "/file.txt", &response);
	http_expect_status(&response, 200);
	ck_assert(http_field(&response, "Date", date, sizeof(date)));
	http_clear(&response);
	ck_assert_ptr_nonnull(strptime(date, "%a, %d %b %Y %T GMT", &tm));
	now = time(NULL) + jump_s;
	ck_assert_int_le(labs((long)(timegm(&tm) - now)),
			 HARNESS_WAIT_MS / 1000);
}

/* How long a connection was there is told by the clock that does not jump. */
static void expect_short_connections(void)
{
	char *path = folder_path(folder, "logs/connections");
	char *text = log_wait_lines(path, 4);
	const char *at = text, *name = "\"duration_us\":";
	size_t n = 0;
	long us;

	while ((at = strstr(at, name))) {
		at += strlen(name);
		ck_assert_int_eq(sscanf(at, "%ld", &us), 1);
		ck_assert_int_ge(us, 0);
		ck_assert_int_lt(us, HARNESS_WAIT_MS * 1000L);
		n++;
	}
	ck_assert_uint_eq(n, 4);
	free(text);
	free(path);
}

START_TEST(the_wall_clock_may_jump_by_a_day)
{
	struct response response;
	char rules[32];
	int tcp, http;

	start(NULL);
	tcp = tcp_connect(server, SERVICE_TCP);
	http = tcp_connect(server, SERVICE_HTTP);
	tcp_exchange(tcp, "hello", 5);
	expect_date(http, 0);
	(void)snprintf(rules, sizeof(rules), "wall%+d", jumps[_i]);
	call_faults_set(server->faults, rules);
	/* Nobody has been idle for a day, and all is served. */
	expect_date(http, jumps[_i]);
	tcp_exchange(tcp, "hello", 5);
	service_expect_all(server);
	/* A file that changes is seen to change, also if it is of tomorrow. */
	folder_write_text(root, "file.txt", "other\n");
	http_get(http, "/file.txt", &response);
	http_expect(&response, 200, "other\n", 6);
	http_clear(&response);
	(void)close(tcp);
	(void)close(http);
	expect_short_connections();
	server_reload(server);
	server_stop(server);
}
END_TEST

/* --- the document root --- */

static void expect_answer(int status)
{
	struct response response;

	http_fetch(server, "/file.txt", &response);
	http_expect_status(&response, status);
	http_clear(&response);
	http_fetch(server, "/none", &response);
	http_expect_status(&response, 404);
	http_clear(&response);
	service_expect(server_endpoint(server, SERVICE_TCP));
}

static void expect_listing(int status)
{
	struct response response;

	http_fetch(server, "/", &response);
	http_expect_status(&response, status);
	http_clear(&response);
}

static void remove_file(void)
{
	char *file = folder_path(root, "file.txt");

	ck_assert_int_eq(unlink(file), 0);
	free(file);
}

static void remove_root(void)
{
	remove_file();
	ck_assert_int_eq(rmdir(root), 0);
}

/* While there is none of its name, it is the last one, with nothing in it. */
START_TEST(a_root_may_be_removed_and_made_anew)
{
	start("--no-sandbox");
	expect_answer(200);
	remove_root();
	expect_answer(404);
	expect_listing(200);
	server_signal(server, SIGHUP);
	server_wait_log(server, "reload: ");
	expect_answer(404);
	folder_add(folder, "root");
	service_write_file(root);
	expect_answer(200);
	server_reload(server);
	expect_answer(200);
	server_stop(server);
}
END_TEST

/* A name space for mounts, in which nobody else sees ours. */
static bool own_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", root, "tmpfs", 0, NULL) == 0;
}

/* The folder that it was mounted on comes to light. */
START_TEST(a_root_may_be_unmounted_and_mounted_again)
{
	if (!own_mounts()) {
		harness_skip("no mounts of its own, which root could have: %s",
			     strerror(errno));
		return;
	}
	start("--no-sandbox");
	expect_answer(404);
	service_write_file(root);
	expect_answer(200);
	ck_assert_int_eq(umount2(root, MNT_DETACH), 0);
	/* What there was before the mount. */
	expect_answer(200);
	remove_file();
	expect_answer(404);
	server_reload(server);
	ck_assert_int_eq(mount("none", root, "tmpfs", 0, NULL), 0);
	service_write_file(root);
	expect_answer(200);
	server_stop(server);
}
END_TEST

/* --- peers that are gone --- */

static const struct {
	enum service service;
	const char *sent;  /* before the reset */
	const char *await; /* what comes before it, too; NULL for nothing */
	bool is_finished;  /* after a half-close */
	const char *why;
} stages[] = {
	{SERVICE_TCP, "", NULL, false, "just connected"},
	{SERVICE_TCP, "hello", NULL, false, "before the answer"},
	{SERVICE_TCP, "hello", "HELLO", false, "after it"},
	{SERVICE_TCP, "hello", "HELLO", true, "after the end"},
	{SERVICE_HTTP, "", NULL, false, "just connected"},
	{SERVICE_HTTP, "GET /fi", NULL, false, "in a request-line"},
	{SERVICE_HTTP, "GET /file.txt HTTP/1.1\r\nHo", NULL, false,
	 "in a head"},
	{SERVICE_HTTP, "GET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n", NULL, false,
	 "before the answer"},
	{SERVICE_HTTP, "GET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP",
	 false, "between two requests"},
	{SERVICE_HTTP, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP", false,
	 "in a long answer"},
	{SERVICE_HTTP, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP", true,
	 "in a long answer, after a half-close"},
	{SERVICE_HTTP,
	 "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
	 "\r\nhalf",
	 "HTTP", false, "in the content that is not read"},
	{SERVICE_HTTP, "?\r\n\r\n", "HTTP", false, "while the server lingers"},
};

static void reset_at(size_t stage)
{
	const char *await = stages[stage].await;
	int fd = tcp_connect(server, stages[stage].service);

	tcp_send_text(fd, stages[stage].sent);
	if (stages[stage].is_finished)
		tcp_finish(fd);
	if (await)
		tcp_expect_text(fd, await);
	tcp_reset(fd);
}

/* All stages at once. */
static void reset_in_drain(void)
{
	int fds[ARRAY_LEN(stages)];

	for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
		fds[i] = tcp_connect(server, stages[i].service);
		tcp_send_text(fds[i], stages[i].sent);
	}
	server_signal(server, SIGTERM);
	server_wait_log(server, "stopping: ");
	for (size_t i = 0; i < ARRAY_LEN(stages); i++)
		tcp_reset(fds[i]);
}

static void expect_nobody(void)
{
	int64_t deadline = harness_deadline();

	while (server_count_descriptors(server, "socket:") !=
	       server->n_endpoints) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("connections are left");
		(void)poll(NULL, 0, 1);
	}
}

START_TEST(a_reset_at_any_stage_is_the_end_of_one_connection)
{
	unsigned char *large = bytes_new(LARGE_SIZE);

	bytes_pattern(large, LARGE_SIZE, 1);
	folder_write(root, "large", large, LARGE_SIZE);
	free(large);
	start(NULL);
	for (size_t i = 0; i < N_RESETS * ARRAY_LEN(stages); i++)
		reset_at(i % ARRAY_LEN(stages));
	service_expect_all(server);
	expect_nobody();
	reset_in_drain();
	server_expect_exit(server, 0);
	server_stop(server);
}
END_TEST

/* --- memory --- */

static void limit_growth(rlim_t most)
{
	const struct rlimit limit = {most, RLIM_INFINITY};

	ck_assert_int_eq(prlimit(server->pid, RLIMIT_AS, &limit, NULL), 0);
}

/* Not by a rule but in truth: the kernel gives it no page more. */
START_TEST(without_a_page_more_it_serves_on)
{
	int fds[N_CROWDED];

	start(NULL);
	if (server_is_sanitized(server)) {
		harness_skip("a sanitizer's allocator");
		server_stop(server);
		return;
	}
	limit_growth(1);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] =
			tcp_connect(server, i % 2 ? SERVICE_TCP : SERVICE_HTTP);
		/* Whoever is refused may have been so by now. */
		(void)send(fds[i], "hello", 5, MSG_NOSIGNAL);
	}
	for (int i = 0; i < 5; i++) {
		server_signal(server, SIGHUP);
		server_wait_log_times(server, "reload", (size_t)i + 1);
	}
	limit_growth(RLIM_INFINITY);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	service_expect_all(server);
	ck_assert_ptr_nonnull(strstr(server_log(server), strerror(ENOMEM)));
	server_stop(server);
}
END_TEST

/* --- the end of the process --- */

static int connect_busy(enum service service)
{
	int fd = tcp_connect(server, service);

	if (service == SERVICE_HTTP)
		http_send_get(fd, "/file.txt");
	else
		tcp_send_text(fd, "hello");
	return fd;
}

static void start_at(uint16_t ports[3])
{
	char text[3][32];

	for (int i = 0; i < 3; i++)
		(void)snprintf(text[i], sizeof(text[i]), "%u", ports[i]);
	server = server_start(&(struct server_options){
		.udp = text[0], .tcp = text[1], .http = text[2], .root = root});
}

/* Also what the clients of the killed one still hold does not keep it out. */
START_TEST(killed_among_its_clients_it_starts_again_at_once)
{
	uint16_t ports[3] = {0};
	int fds[2 * N_KILLED];

	server = server_start_all(root);
	for (int i = 0; i < 3; i++)
		ports[i] = server_endpoint(server, (enum service)i)->port;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_LEN(fds); i++)
			fds[i] = connect_busy(i % 2 ? SERVICE_HTTP
						    : SERVICE_TCP);
		server_signal(server, SIGKILL);
		(void)server_wait(server);
		server_stop(server);
		start_at(ports);
		service_expect_all(server);
		for (size_t i = 0; i < ARRAY_LEN(fds); i++)
			(void)close(fds[i]);
	}
	server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e calamity");
	TCase *tcase = harness_case(suite, "calamity");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_wall_clock_may_jump_by_a_day, 0,
			    (int)ARRAY_LEN(jumps));
	tcase_add_test(tcase, a_root_may_be_removed_and_made_anew);
	tcase_add_test(tcase, a_root_may_be_unmounted_and_mounted_again);
	tcase_add_test(tcase,
		       a_reset_at_any_stage_is_the_end_of_one_connection);
	tcase_add_test(tcase, without_a_page_more_it_serves_on);
	tcase_add_test(tcase, killed_among_its_clients_it_starts_again_at_once);
	return harness_run(suite);
}
