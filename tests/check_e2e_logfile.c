/* SPDX-License-Identifier: MIT */
/*
 * Where the access log of the running daemon goes: a file that is moved away
 * and opened anew, standard output, a full disk, a pipe that nobody reads. A
 * log that cannot be written to costs lines, never service.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_log.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define MIB	  ((size_t)1 << 20)

#define FILE_TEXT "some text\n"

static char *root;
static char *logs; /* a folder */
static char *log_path;
static struct server *server;

static void make_folders(void)
{
	root = folder_new();
	logs = folder_new();
	log_path = folder_path(logs, "access.log");
	folder_write_text(root, "file.txt", FILE_TEXT);
}

static void start_to(const char *option, int stdout_fd)
{
	const char *const more[] = {option, NULL};

	server = server_start(&(struct server_options){.http = "0",
						       .root = root,
						       .more = more,
						       .stdout_fd = stdout_fd});
}

static void set_up(void)
{
	char option[320];

	make_folders();
	(void)snprintf(option, sizeof(option), "--access-log=%s", log_path);
	start_to(option, 0);
}

static void free_folders(void)
{
	free(log_path);
	free(logs);
	free(root);
}

static void tear_down(void)
{
	server_stop(server);
	free_folders();
}

static void expect_file(int fd)
{
	struct response response;

	http_get(fd, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

/* n answers, over a connection of their own. */
static void expect_files(int n)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (int i = 0; i < n; i++)
		expect_file(fd);
	(void)close(fd);
}

/* What is still in memory when the end comes is written. */
START_TEST(nothing_is_lost_at_the_end)
{
	int fds[50];
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = tcp_connect(server, SERVICE_HTTP);
		for (int j = 0; j < 10; j++)
			http_send_get(fds[i], "/file.txt");
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		for (int j = 0; j < 10; j++) {
			http_read(fds[i], &response, true);
			http_clear(&response);
		}
	}
	server_signal(server, SIGTERM);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	server_expect_exit(server, 0);
	free(log_wait_lines(log_path, 500));
}
END_TEST

/* --- reopening --- */

START_TEST(after_sighup_lines_go_to_a_new_file)
{
	char *old = folder_path(logs, "access.log.1");

	expect_files(100);
	ck_assert_int_eq(rename(log_path, old), 0);
	/* Nobody has told the server yet. */
	expect_files(50);
	server_signal(server, SIGHUP);
	server_wait_log(server, "opened anew");
	expect_files(30);
	free(log_wait_lines(old, 150));
	free(log_wait_lines(log_path, 30));
	free(old);
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_again_stays_as_it_was)
{
	char *moved = folder_path(logs, "moved");

	expect_files(3);
	ck_assert_int_eq(rename(log_path, moved), 0);
	folder_add(logs, "access.log"); /* a folder in its place */
	server_signal(server, SIGHUP);
	server_wait_log(server, "the old file stays open");
	expect_files(4);
	free(log_wait_lines(moved, 7));
	free(moved);
}
END_TEST

START_TEST(sighup_in_mid_traffic_loses_no_line)
{
	enum {
		N = 20
	};
	char *paths[N];
	size_t total = 0;

	for (size_t i = 0; i < N; i++) {
		char name[32];
		int fd = tcp_connect(server, SERVICE_HTTP);

		(void)snprintf(name, sizeof(name), "old.%zu", i);
		paths[i] = folder_path(logs, name);
		for (int j = 0; j < 20; j++)
			http_send_get(fd, "/file.txt");
		/* It exists: the one before was opened with the last signal. */
		ck_assert_int_eq(rename(log_path, paths[i]), 0);
		server_signal(server, SIGHUP);
		for (int j = 0; j < 20; j++) {
			struct response response;

			http_read(fd, &response, true);
			http_clear(&response);
		}
		(void)close(fd);
		while (server_count_log(server, "opened anew") <= i)
			expect_files(1), total++;
	}
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	for (size_t i = 0; i <= N; i++) {
		size_t len;
		char *text = log_read(i < N ? paths[i] : log_path, &len);

		ck_assert(len == 0 || text[len - 1] == '\n');
		total -= log_count_lines(text);
		free(text);
		if (i < N)
			free(paths[i]);
	}
	ck_assert_uint_eq(total + N * 20, 0);
}
END_TEST

START_TEST(without_a_log_sighup_changes_nothing)
{
	make_folders();
	start_to(NULL, 0);
	server_signal(server, SIGHUP);
	expect_files(5);
}
END_TEST

/* --- standard output --- */

/* Reads lines from a pipe until n have come; the caller frees the text. */
static char *read_lines(int fd, size_t n)
{
	int64_t deadline = harness_deadline();
	char *text = bytes_new(1);
	size_t len = 0;

	text[0] = '\0';
	while (log_count_lines(text) < n) {
		ssize_t got;

		text = realloc(text, len + 65536 + 1);
		ck_assert_ptr_nonnull(text);
		sock_must_wait(fd, POLLIN, deadline, "lines in a pipe");
		got = read(fd, text + len, 65536);
		ck_assert_int_gt(got, 0);
		len += (size_t)got;
		text[len] = '\0';
	}
	return text;
}

/* Fails unless all lines in the text are whole ones of this one request. */
static void expect_same_lines(const char *text)
{
	while (*text)
		text = log_expect_combined(text, "GET /file.txt HTTP/1.1", 200,
					   10, "-", "-");
}

START_TEST(a_hyphen_is_standard_output)
{
	int fds[2];
	char *text;

	make_folders();
	harness_pipe(fds);
	start_to("--access-log=-", fds[1]);
	(void)close(fds[1]);
	expect_files(300);
	text = read_lines(fds[0], 300);
	expect_same_lines(text);
	/* There is nothing to open anew. */
	server_signal(server, SIGHUP);
	expect_files(1);
	free(text);
	text = read_lines(fds[0], 1);
	expect_same_lines(text);
	free(text);
	(void)close(fds[0]);
}
END_TEST

/* --- logs that cannot be written to --- */

#define MANY 6000 /* lines: more than can be kept for later */

/* The counter as the server tells it; 0 when it does not. */
static size_t count_lost(void)
{
	static const char mark[] = "counter: log_lines_lost ";
	size_t n = server_count_log(server, "connections open");
	const char *at;

	server_signal(server, SIGUSR1);
	while (server_count_log(server, "connections open") == n)
		expect_files(1);
	at = strstr(server_log(server), mark);
	return at ? strtoul(at + strlen(mark), NULL, 10) : 0;
}

START_TEST(a_full_disk_costs_lines_and_is_said_once)
{
	make_folders();
	start_to("--access-log=/dev/full", 0);
	expect_files(MANY);
	ck_assert_uint_eq(server_count_log(server, "lines are being lost"), 1);
	server_wait_log(server,
			"access log /dev/full: No space left on device");
	ck_assert_uint_gt(count_lost(), 0);
}
END_TEST

START_TEST(a_full_disk_as_standard_output_costs_lines_as_well)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	make_folders();
	start_to("--access-log=-", full);
	(void)close(full);
	expect_files(MANY);
	ck_assert_uint_eq(server_count_log(server, "lines are being lost"), 1);
	ck_assert_uint_gt(count_lost(), 0);
}
END_TEST

START_TEST(a_broken_pipe_costs_lines_and_is_said_once)
{
	int fds[2];

	make_folders();
	harness_pipe(fds);
	start_to("--access-log=-", fds[1]);
	(void)close(fds[1]);
	expect_files(3);
	free(read_lines(fds[0], 3));
	(void)close(fds[0]);
	expect_files(MANY);
	ck_assert_uint_eq(server_count_log(server, "lines are being lost"), 1);
	server_wait_log(server, "Broken pipe");
	ck_assert_uint_gt(count_lost(), 0);
}
END_TEST

/* Reads a pipe to its end; the caller frees the text. */
static char *read_to_end(int fd)
{
	int64_t deadline = harness_deadline();
	char *text = bytes_new(2 * MIB);
	size_t len = 0;
	ssize_t got;

	do {
		sock_must_wait(fd, POLLIN, deadline, "lines in a pipe");
		got = read(fd, text + len, 2 * MIB - 1 - len);
		ck_assert_int_ge(got, 0);
		len += (size_t)got;
	} while (got > 0);
	text[len] = '\0';
	return text;
}

/*
 * Nobody reads, then somebody does. Each line has come out whole, or was
 * counted, or was still in memory at the end, when nobody had room for it.
 */
START_TEST(a_blocked_pipe_costs_lines_and_is_said_once)
{
	size_t lost;
	char *text;
	int fds[2];

	make_folders();
	harness_pipe(fds);
	start_to("--access-log=-", fds[1]);
	(void)close(fds[1]);
	expect_files(MANY);
	server_wait_log(server, "its reader is too slow");
	ck_assert_uint_eq(server_count_log(server, "lines are being lost"), 1);
	lost = count_lost();
	ck_assert_uint_gt(lost, 0);
	/* Room for all that has been kept. */
	ck_assert_int_gt(fcntl(fds[0], F_SETPIPE_SZ, 1 << 20), 0);
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	text = read_to_end(fds[0]);
	expect_same_lines(text);
	ck_assert_uint_ge(log_count_lines(text) + lost, MANY);
	free(text);
	(void)close(fds[0]);
}
END_TEST

START_TEST(a_reader_that_comes_back_gets_lines_again)
{
	int fds[2];
	char *text;

	make_folders();
	harness_pipe(fds);
	start_to("--access-log=-", fds[1]);
	(void)close(fds[1]);
	expect_files(MANY);
	server_wait_log(server, "its reader is too slow");
	/* What the pipe and the server have kept, and then one of now. */
	text = read_lines(fds[0], 500);
	free(text);
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	for (;;) {
		struct response response;
		char buf[65536];
		int fd = tcp_connect(server, SERVICE_HTTP);
		ssize_t n;

		http_get(fd, "/file.txt?again", &response);
		http_clear(&response);
		(void)close(fd);
		n = read(fds[0], buf, sizeof(buf) - 1);
		if (n <= 0)
			continue;
		buf[n] = '\0';
		if (strstr(buf, "/file.txt?again"))
			break;
	}
	/* And when it fails again, that is said again. */
	expect_files(MANY);
	while (server_count_log(server, "lines are being lost") < 2)
		expect_files(1);
	(void)close(fds[0]);
}
END_TEST

/* --- a log that cannot be had --- */

START_TEST(a_log_that_cannot_be_opened_is_told_at_the_start)
{
	static const char *const paths[] = {"/nonexistent/access.log", "/"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char option[64];
		const char *const argv[] = {server_program(),
					    "--http-port=0",
					    "--udp-port=off",
					    "--tcp-port=off",
					    "--listen=127.0.0.1",
					    "--root=/",
					    option,
					    NULL};
		struct outcome outcome;

		(void)snprintf(option, sizeof(option), "--access-log=%s",
			       paths[i]);
		outcome = program_run(argv, "", 0);
		ck_assert_int_eq(outcome.status, 1);
		ck_assert_ptr_nonnull(strstr(outcome.err, option));
		ck_assert_ptr_null(strstr(outcome.err, "ready"));
		outcome_clear(&outcome);
	}
}
END_TEST

static Suite *logfile_suite(void)
{
	Suite *suite = suite_create("e2e logfile");
	TCase *tcase = harness_case(suite, "file");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_is_lost_at_the_end);
	tcase_add_test(tcase, after_sighup_lines_go_to_a_new_file);
	tcase_add_test(tcase,
		       a_log_that_cannot_be_opened_again_stays_as_it_was);
	tcase_add_test(tcase, sighup_in_mid_traffic_loses_no_line);

	tcase = harness_case(suite, "troubles");
	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, a_hyphen_is_standard_output);
	tcase_add_test(tcase, a_full_disk_costs_lines_and_is_said_once);
	tcase_add_test(tcase,
		       a_full_disk_as_standard_output_costs_lines_as_well);
	tcase_add_test(tcase, a_broken_pipe_costs_lines_and_is_said_once);
	tcase_add_test(tcase, a_blocked_pipe_costs_lines_and_is_said_once);
	tcase_add_test(tcase, a_reader_that_comes_back_gets_lines_again);
	tcase_add_test(tcase, without_a_log_sighup_changes_nothing);

	tcase = harness_case(suite, "no log");
	tcase_add_checked_fixture(tcase, make_folders, free_folders);
	tcase_add_test(tcase, a_log_that_cannot_be_opened_is_told_at_the_start);
	return suite;
}

int main(void)
{
	return harness_run(logfile_suite());
}
