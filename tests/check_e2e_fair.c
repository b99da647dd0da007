/* SPDX-License-Identifier: MIT */
/*
 * Who holds many connections of the running daemon does not keep others out:
 * whatever one address opens, says or leaves unread, on whichever service, a
 * bystander at another address is served at once, and what the one loses are
 * its own connections, those of least use first.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define HOLDER	  "127.0.0.1"
#define BYSTANDER "127.0.0.2"
#define N_FILES	  250
#define FILE_SIZE ((size_t)4 << 20)
#define HELD_MAX  4096

static char *root;
static struct server *server;
static int held[HELD_MAX];
static size_t n_held;

/* Names of one file: each is opened for itself, and all are in memory. */
static void make_root(void)
{
	char name[16], *first, *path;
	unsigned char *content = bytes_new(FILE_SIZE);

	root = folder_new();
	bytes_pattern(content, FILE_SIZE, 1);
	folder_write_text(root, "small", "text");
	folder_write(root, "big0", content, FILE_SIZE);
	first = folder_path(root, "big0");
	for (int i = 1; i < N_FILES; i++) {
		(void)snprintf(name, sizeof(name), "big%d", i);
		path = folder_path(root, name);
		ck_assert_int_eq(link(first, path), 0);
		free(path);
	}
	free(first);
	free(content);
}

static void free_root(void)
{
	free(root);
}

static void start(rlim_t descriptors)
{
	static const char *listen = "127.0.0.1";

	server = server_start(
		&(struct server_options){.tcp = "0",
					 .http = "0",
					 .root = root,
					 .listen = {listen},
					 .soft_descriptors = descriptors,
					 .hard_descriptors = descriptors});
}

/* Connects from this address; -1 with errno when that fails. */
static int connect_with(const char *from, enum service service, bool is_small)
{
	const struct endpoint *to = server_endpoint(server, service);
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1, small = 16384;

	ck_assert_int_ge(fd, 0);
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
			 sizeof(one));
	if (is_small)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small,
				 sizeof(small));
	ck_assert_int_eq(inet_pton(AF_INET, from, &address.sin_addr), 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	ck_assert_int_eq(inet_pton(AF_INET, to->host, &address.sin_addr), 1);
	address.sin_port = htons(to->port);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int connect_from(const char *from, enum service service)
{
	return connect_with(from, service, false);
}

/* --- what the holder does with its connections --- */

static void say_nothing(int fd)
{
	(void)fd;
}

static void say_a_byte(int fd)
{
	(void)send(fd, "x", 1, MSG_NOSIGNAL);
}

static void begin_a_request(int fd)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: h\r\n";

	(void)send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
}

static void ask_and_rest(int fd)
{
	static const char text[] = "GET /small HTTP/1.1\r\nHost: h\r\n\r\n";

	(void)send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
}

/* Each asks for another file and takes nothing of it. */
static void begin_a_download(int fd)
{
	static unsigned n;
	char text[64];
	int len = snprintf(text, sizeof(text),
			   "GET /big%u HTTP/1.1\r\nHost: h\r\n\r\n",
			   n++ % N_FILES);

	(void)send(fd, text, (size_t)len, MSG_NOSIGNAL);
}

struct habit {
	const char *name;
	enum service service;
	void (*act)(int fd);
};

static const struct habit habits[] = {
	{"silent on tcp", SERVICE_TCP, say_nothing},
	{"silent on http", SERVICE_HTTP, say_nothing},
	{"a byte once", SERVICE_TCP, say_a_byte},
	{"requests that do not end", SERVICE_HTTP, begin_a_request},
	{"requests, then rest", SERVICE_HTTP, ask_and_rest},
	{"downloads that nobody takes", SERVICE_HTTP, begin_a_download},
};

static void hold(const struct habit *habit, size_t n)
{
	while (n-- > 0) {
		int fd = connect_with(HOLDER, habit->service, true);

		ck_assert_msg(fd >= 0, "connect: %s", strerror(errno));
		habit->act(fd);
		ck_assert_uint_lt(n_held, HELD_MAX);
		held[n_held++] = fd;
	}
}

static void let_go(void)
{
	while (n_held > 0)
		(void)close(held[--n_held]);
}

/* --- what a bystander must be able to do --- */

static void visit(const char *from)
{
	struct response response;
	int64_t started = harness_now_ms();
	int tcp = connect_from(from, SERVICE_TCP), http;

	ck_assert_int_ge(tcp, 0);
	tcp_exchange(tcp, "hello", 5);
	/* Who rests while nobody else does may have to go. */
	http = connect_from(from, SERVICE_HTTP);
	ck_assert_int_ge(http, 0);
	http_get(http, "/small", &response);
	http_expect(&response, 200, "text", 4);
	http_clear(&response);
	http_get(http, "/big0", &response);
	http_expect_status(&response, 200);
	ck_assert_uint_eq(response.len, FILE_SIZE);
	http_clear(&response);
	(void)close(tcp);
	(void)close(http);
	ck_assert_int_lt(harness_now_ms() - started, 5000);
}

static const rlim_t limits[] = {256, 2000};

START_TEST(a_bystander_is_served_whoever_holds_everything)
{
	const struct habit *habit = &habits[(size_t)_i % ARRAY_LEN(habits)];
	rlim_t limit = limits[(size_t)_i / ARRAY_LEN(habits)];

	harness_raise_descriptors();
	start(limit);
	hold(habit, (size_t)limit + 100);
	for (int i = 0; i < 3; i++)
		visit(BYSTANDER);
	let_go();
	server_stop(server);
}
END_TEST

/* Every habit at once, and a bystander that had been there before. */
START_TEST(a_bystander_that_rests_is_not_what_goes)
{
	int tcp, http;
	struct response response;

	start(256);
	tcp = connect_from(BYSTANDER, SERVICE_TCP);
	http = connect_from(BYSTANDER, SERVICE_HTTP);
	tcp_exchange(tcp, "hello", 5);
	for (size_t i = 0; i < ARRAY_LEN(habits); i++)
		hold(&habits[i], 100);
	tcp_exchange(tcp, "still there", 11);
	http_get(http, "/small", &response);
	http_expect(&response, 200, "text", 4);
	http_clear(&response);
	(void)close(tcp);
	(void)close(http);
	let_go();
	server_stop(server);
}
END_TEST

/* One process that opens connections without end, as fast as this. */
static pid_t flood(const struct habit *habit, int a_second)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	for (int64_t n = 0, begun = harness_now_ms();; n++) {
		int fd = connect_with(HOLDER, habit->service, true);

		if (fd >= 0)
			habit->act(fd);
		if (n_held < 1000)
			held[n_held++] = fd;
		else {
			(void)close(held[n % 1000]);
			held[n % 1000] = fd;
		}
		while ((harness_now_ms() - begun) * a_second / 1000 < n)
			(void)poll(NULL, 0, 1);
	}
}

START_TEST(a_bystander_is_served_in_a_flood_of_connections)
{
	const struct habit *habit = &habits[_i];
	pid_t pid;

	harness_raise_descriptors();
	start(256);
	hold(habit, 224);
	pid = flood(habit, 1000);
	for (int i = 0; i < 10; i++)
		visit(BYSTANDER);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	let_go();
	server_stop(server);
}
END_TEST

/* A class behind one address: who rests longest makes room for the next. */
START_TEST(among_equals_the_longest_idle_one_goes)
{
	start(256);
	hold(&habits[0], 150);
	tcp_exchange(held[149], "all are in", 10);
	tcp_exchange(held[0], "of use", 6);
	hold(&habits[0], 100);
	visit(HOLDER);
	tcp_exchange(held[0], "still there", 11);
	tcp_expect_gone(held[1]);
	tcp_exchange(held[249], "the last", 8);
	let_go();
	server_stop(server);
}
END_TEST

/* One for one: nobody is closed before somebody needs the room. */
START_TEST(no_more_are_closed_than_come)
{
	char text[64];

	start(256);
	hold(&habits[0], 224 + 10);
	visit(BYSTANDER);
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: shed ");
	/* Ten, and the bystander's two with the file that it was sent. */
	(void)snprintf(text, sizeof(text), "counter: shed %d ", 13);
	ck_assert_msg(strstr(server_log(server), text) != NULL, "%s",
		      server_log(server));
	let_go();
	server_stop(server);
}
END_TEST

/* A download goes on while its address fills the server. */
START_TEST(a_download_in_progress_is_not_what_goes)
{
	static char buf[64 << 10];
	struct response response;
	size_t left;
	int fd;

	start(256);
	fd = connect_from(HOLDER, SERVICE_HTTP);
	http_send_get(fd, "/big1");
	http_read_head(fd, &response);
	for (left = response.len; left > 0;) {
		if (n_held < 600)
			hold(&habits[0], 10);
		left -= tcp_read_some(fd, buf,
				      sizeof(buf) < left ? sizeof(buf) : left);
	}
	http_clear(&response);
	(void)close(fd);
	let_go();
	server_stop(server);
}
END_TEST

START_TEST(downloads_leave_descriptors_for_what_goes_on)
{
	struct response response;
	int active;

	start(256);
	active = connect_from(BYSTANDER, SERVICE_HTTP);
	for (int i = 0; i < 20; i++) {
		char target[16];

		hold(&habits[5], 15);
		(void)snprintf(target, sizeof(target), "/big%d", 200 + i);
		http_get(active, target, &response);
		http_expect_status(&response, 200);
		http_clear(&response);
		ck_assert_uint_le(server_count_descriptors(server, NULL), 250);
	}
	(void)close(active);
	let_go();
	server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e fair");
	TCase *tcase = harness_case(suite, "fair");

	/* Once for all tests, which change nothing in it. */
	tcase_add_unchecked_fixture(tcase, make_root, free_root);
	tcase_add_loop_test(tcase,
			    a_bystander_is_served_whoever_holds_everything, 0,
			    (int)(ARRAY_LEN(limits) * ARRAY_LEN(habits)));
	tcase_add_test(tcase, a_bystander_that_rests_is_not_what_goes);
	tcase_add_loop_test(tcase,
			    a_bystander_is_served_in_a_flood_of_connections, 0,
			    ARRAY_LEN(habits));
	tcase_add_test(tcase, among_equals_the_longest_idle_one_goes);
	tcase_add_test(tcase, no_more_are_closed_than_come);
	tcase_add_test(tcase, a_download_in_progress_is_not_what_goes);
	tcase_add_test(tcase, downloads_leave_descriptors_for_what_goes_on);
	return harness_run(suite);
}
