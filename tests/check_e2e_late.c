/* SPDX-License-Identifier: MIT */
/*
 * A server that was stopped for longer than its limits, as by a suspended
 * laptop or a busy host: whoever was in time meanwhile is served, and whoever
 * was not is told so. The server is stopped (SIGSTOP), the peers do their part,
 * and its clock is put forward before it goes on.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_TEXT "some text\n"
#define GET	  "GET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n"
#define HUGE_SIZE ((size_t)16 << 20)

/* More than libevent hears of in its first look. */
#define N_PEERS 100

static char *root;
static struct server *server;

static void set_up(void)
{
	root = folder_new();
	folder_write_text(root, "file.txt", FILE_TEXT);
	server = server_start(&(struct server_options){
		.tcp = "0", .http = "0", .root = root, .faults = ""});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

/* Time goes on for the server that was stopped. */
static void wake_after(int seconds)
{
	char rules[32];

	(void)snprintf(rules, sizeof(rules), "clock+%d", seconds);
	call_faults_set(server->faults, rules);
	server_signal(server, SIGCONT);
}

enum outcome_of_peer {
	SERVED,
	TOLD, /* 408 */
	GONE, /* a clean end */
};

static const struct {
	enum service service;
	bool has_asked; /* and was answered */
	const char *before;
	const char *during; /* while the server is stopped */
	const char *after;
	int seconds;
	enum outcome_of_peer outcome;
	const char *why;
} rows[] = {
	{SERVICE_HTTP, false, "GET /file.txt HT", "TP/1.1\r\nHost: x\r\n\r\n",
	 "", 11, SERVED, "the head was in time"},
	{SERVICE_HTTP, true, "GET /file.txt HT", "TP/1.1\r\nHost: x\r\n\r\n",
	 "", 11, SERVED, "so was a second one"},
	{SERVICE_HTTP, false, "GET /file.txt HT", "TP/1.1\r\nHos", "", 11, TOLD,
	 "the head was not whole"},
	{SERVICE_HTTP, false, "GET /file.txt HT", "", "", 11, TOLD,
	 "nothing more came"},
	{SERVICE_HTTP, true, "", GET, "", 70, SERVED, "asked while idle"},
	{SERVICE_HTTP, false, "", GET, "", 70, SERVED, "asked first then"},
	{SERVICE_HTTP, true, "", "GET /file.txt HT",
	 "TP/1.1\r\nHost: x\r\n\r\n", 70, SERVED, "began to ask while idle"},
	{SERVICE_HTTP, true, "", "", "", 70, GONE, "was idle"},
	{SERVICE_HTTP, false, "", "", "", 70, GONE, "never asked"},
	{SERVICE_TCP, true, "", "hello", "", 301, SERVED, "sent while idle"},
	{SERVICE_TCP, false, "", "hello", "", 301, SERVED, "sent first then"},
	{SERVICE_TCP, true, "", "", "", 301, GONE, "was idle"},
};

static void ask(int fd, enum service service)
{
	struct response response;

	if (service == SERVICE_TCP) {
		tcp_exchange(fd, "hello", 5);
		return;
	}
	http_get(fd, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

static void expect_outcome(int fd, enum service service,
			   enum outcome_of_peer outcome)
{
	struct response response;

	if (outcome == GONE) {
		tcp_expect_end(fd);
	} else if (service == SERVICE_TCP) {
		tcp_expect_text(fd, "HELLO");
	} else {
		http_read(fd, &response, true);
		http_expect_status(&response, outcome == SERVED ? 200 : 408);
		http_clear(&response);
	}
}

START_TEST(what_was_in_time_is_served_and_nothing_else)
{
	enum service service = rows[_i].service;
	int fds[N_PEERS];

	for (size_t i = 0; i < N_PEERS; i++) {
		fds[i] = tcp_connect(server, service);
		if (rows[_i].has_asked)
			ask(fds[i], service);
		tcp_send_text(fds[i], rows[_i].before);
	}
	/* Whoever came before this one has been heard when it is served. */
	ask(tcp_connect(server, service), service);
	ask(tcp_connect(server, service), service);
	server_signal(server, SIGSTOP);
	for (size_t i = 0; i < N_PEERS; i++)
		tcp_send_text(fds[i], rows[_i].during);
	wake_after(rows[_i].seconds);
	for (size_t i = 0; i < N_PEERS; i++) {
		if (rows[_i].after[0])
			/* Not before it was looked at. */
			ask(tcp_connect(server, service), service);
		tcp_send_text(fds[i], rows[_i].after);
		expect_outcome(fds[i], service, rows[_i].outcome);
		(void)close(fds[i]);
	}
}
END_TEST

/* Begins a download, and stops the server when its reader is behind. */
static int begin_download(unsigned char *data)
{
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;

	bytes_pattern(data, HUGE_SIZE, 7);
	folder_write(root, "huge", data, HUGE_SIZE);
	http_send_get(fd, "/huge");
	http_read_head(fd, &response);
	ask(tcp_connect(server, SERVICE_TCP), SERVICE_TCP);
	server_signal(server, SIGSTOP);
	return fd;
}

/* Reads what is in the kernels, and no more; returns how much. */
static size_t read_what_is_there(int fd, unsigned char *buf)
{
	size_t done = 0;

	while (sock_wait(fd, POLLIN, 300) && done < HUGE_SIZE)
		done += tcp_read_some(fd, buf + done, HUGE_SIZE - done);
	return done;
}

START_TEST(a_reader_that_took_all_there_was_gets_the_rest)
{
	unsigned char *data = bytes_new(HUGE_SIZE), *got = bytes_new(HUGE_SIZE);
	int fd = begin_download(data);
	size_t done = read_what_is_there(fd, got);

	ck_assert_uint_gt(done, 0);
	ck_assert_uint_lt(done, HUGE_SIZE);
	wake_after(61);
	tcp_read(fd, got + done, HUGE_SIZE - done);
	ck_assert(memcmp(got, data, HUGE_SIZE) == 0);
	(void)close(fd);
	free(data);
	free(got);
}
END_TEST

START_TEST(a_reader_that_took_nothing_is_let_go)
{
	unsigned char *data = bytes_new(HUGE_SIZE);
	int fd = begin_download(data);

	/* What had moved between the kernels counts as taken, but once. */
	for (int i = 1; i <= 3; i++) {
		wake_after(i * 61);
		ask(tcp_connect(server, SERVICE_TCP), SERVICE_TCP);
	}
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: http_timeouts 1 ");
	(void)close(fd);
	free(data);
}
END_TEST

/* The end has its limit too. */
START_TEST(a_request_that_came_while_the_end_was_late_is_answered)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	tcp_send_text(fd, "GET /file.txt HT");
	ask(tcp_connect(server, SERVICE_HTTP), SERVICE_HTTP);
	server_signal(server, SIGTERM);
	server_wait_log(server, "stopping: ");
	server_signal(server, SIGSTOP);
	tcp_send_text(fd, "TP/1.1\r\nHost: x\r\n\r\n");
	wake_after(31);
	expect_outcome(fd, SERVICE_HTTP, SERVED);
	tcp_expect_end(fd);
	(void)close(fd);
	(void)server_wait(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e late");
	TCase *tcase = harness_case(suite, "late");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_was_in_time_is_served_and_nothing_else,
			    0, ARRAY_LEN(rows));
	tcase_add_test(tcase, a_reader_that_took_all_there_was_gets_the_rest);
	tcase_add_test(tcase, a_reader_that_took_nothing_is_let_go);
	tcase_add_test(tcase,
		       a_request_that_came_while_the_end_was_late_is_answered);
	return harness_run(suite);
}
