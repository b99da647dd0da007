/* SPDX-License-Identifier: MIT */
/*
 * The daemon when calls of the system fail, or take their time: it says so
 * once, goes on, does not burn the processor, and can be stopped. The faults
 * are made by the library in interpose.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_TEXT "some text\n"
#define REQUEST	  "GET /file.txt HTTP/1.0\r\n\r\n"

static char *root;

static void set_up(void)
{
	root = folder_new();
	folder_write_text(root, "file.txt", FILE_TEXT);
}

static void tear_down(void)
{
	free(root);
}

static struct server *start(const char *rules)
{
	return server_start(&(struct server_options){.udp = "0",
						     .tcp = "0",
						     .http = "0",
						     .root = root,
						     .faults = rules});
}

static void expect_tcp(const struct server *server)
{
	int fd = tcp_connect(server, SERVICE_TCP);

	tcp_exchange(fd, "hello", 5);
	(void)close(fd);
}

/* Nothing comes by this descriptor, and the server rests meanwhile. */
static void expect_rest(const struct server *server, int fd)
{
	long before = server_ticks(server);

	ck_assert_int_eq(sock_wait(fd, POLLIN, 250), 0);
	ck_assert_int_lt(server_ticks(server) - before,
			 sysconf(_SC_CLK_TCK) / 20);
}

/* --- accepting --- */

static const struct {
	int error;
	const char *why;
	bool is_shortage; /* the first one, idle, may be closed to make room */
} accept_errors[] = {
	{EPERM, "a security module says no", false},
	{EINVAL, "the socket does not listen", false},
	{EBADF, "the descriptor is gone", false},
	{ENOTSOCK, "it is no socket", false},
	{EFAULT, "bad memory", false},
	{ENOSYS, "a filter of system calls", false},
	{EIO, "nothing that accept(2) names", false},
	{EMFILE, "no descriptors here", true},
	{ENFILE, "no descriptors anywhere", true},
	{ENOMEM, "no memory", true},
	{ENOBUFS, "no memory", true},
	{ECONNABORTED, "one connection's own, again and again", false},
	{EPROTO, "the same", false},
	{ENETUNREACH, "the same", false},
};

START_TEST(an_accept_that_fails_for_ever_is_told_once_and_costs_nothing)
{
	struct server *server = start("");
	char rules[64];
	int first = tcp_connect(server, SERVICE_TCP), waiting;

	tcp_exchange(first, "hello", 5);
	(void)snprintf(rules, sizeof(rules), "accept4=%d",
		       accept_errors[_i].error);
	call_faults_set(server->faults, rules);
	waiting = tcp_connect(server, SERVICE_TCP);
	tcp_send_text(waiting, "hello");
	/* For want of room it first closes idle ones, and then it pauses. */
	server_wait_log(server, "warning: accept: ");
	expect_rest(server, waiting);
	ck_assert_uint_eq(server_count_warnings(server), 1);
	ck_assert_uint_eq(
		server_count_log(server, strerror(accept_errors[_i].error)), 1);
	/* Those inside are served, and those outside when it is over. */
	if (!accept_errors[_i].is_shortage)
		tcp_exchange(first, "hello", 5);
	call_faults_set(server->faults, "");
	tcp_expect_text(waiting, "HELLO");
	(void)close(first);
	(void)close(waiting);
	server_stop(server);
}
END_TEST

START_TEST(a_signal_ends_a_server_that_cannot_accept)
{
	struct server *server = start("");
	char rules[64];
	int64_t begun;
	int fds[3];

	(void)snprintf(rules, sizeof(rules), "accept4=%d",
		       accept_errors[_i].error);
	call_faults_set(server->faults, rules);
	for (int i = 0; i < 3; i++)
		fds[i] = tcp_connect(server, i ? SERVICE_TCP : SERVICE_HTTP);
	begun = harness_now_ms();
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	ck_assert_int_lt(harness_now_ms() - begun, 3000);
	for (int i = 0; i < 3; i++)
		(void)close(fds[i]);
	server_stop(server);
}
END_TEST

/* --- receiving --- */

static const int receive_errors[] = {EPERM, ENOMEM, EIO, ENOSYS};

START_TEST(receiving_that_fails_for_ever_is_told_once_and_costs_nothing)
{
	struct server *server = start("");
	int fd = udp_connect(server), tcp = tcp_connect(server, SERVICE_TCP);
	char rules[64], reply[16];

	(void)snprintf(rules, sizeof(rules), "recvmmsg=%d", receive_errors[_i]);
	call_faults_set(server->faults, rules);
	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	server_wait_log(server, "warning: udp: paused: ");
	expect_rest(server, fd);
	ck_assert_uint_eq(server_count_warnings(server), 1);
	ck_assert_uint_eq(
		server_count_log(server, strerror(receive_errors[_i])), 1);
	/* The others do not notice, and what waits is answered in the end. */
	tcp_exchange(tcp, "hello", 5);
	call_faults_set(server->faults, "");
	ck_assert_uint_eq(udp_receive(fd, reply, sizeof(reply), NULL), 5);
	ck_assert_mem_eq(reply, "HELLO", 5);
	udp_exchange(fd, "world", 5);
	(void)close(fd);
	(void)close(tcp);
	server_stop(server);
}
END_TEST

/* While it rests, a signal ends it as ever. */
START_TEST(a_signal_ends_a_server_that_cannot_receive)
{
	struct server *server = start("recvmmsg=1");
	int fd = udp_connect(server);

	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	server_wait_log(server, "warning: udp: paused: ");
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- watching --- */

static const int watch_errors[] = {ENOSPC, ENOMEM, EPERM};

/* One that cannot be watched must not be left lying about. */
START_TEST(a_connection_that_cannot_be_watched_ends_at_once)
{
	struct server *server = start("");
	enum service service = _i % 2 ? SERVICE_HTTP : SERVICE_TCP;
	int first = tcp_connect(server, SERVICE_TCP), refused;
	char rules[64];

	tcp_exchange(first, "hello", 5);
	/* Whatever it is asked for, or once, when a connection is new. */
	(void)snprintf(rules, sizeof(rules), "epoll_ctl%s=%d",
		       _i / 2 % 2 ? "@1" : "", watch_errors[_i / 4]);
	call_faults_set(server->faults, rules);
	refused = tcp_connect(server, service);
	tcp_expect_gone(refused);
	/* The others do not notice. */
	tcp_exchange(first, "hello", 5);
	call_faults_set(server->faults, "");
	(void)close(refused);
	refused = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(refused, "hello", 5);
	(void)close(first);
	(void)close(refused);
	server_stop(server);
}
END_TEST

#define STREAM_SIZE ((size_t)8 << 20)

/* It is watched for room from now on, which is refused. */
START_TEST(a_connection_whose_room_cannot_be_watched_ends_at_once)
{
	struct server *server = start("");
	unsigned char *data = bytes_new(STREAM_SIZE);
	int fd = tcp_connect_small(server, SERVICE_TCP);

	bytes_pattern(data, STREAM_SIZE, 3);
	tcp_exchange(fd, "hello", 5);
	call_faults_set(server->faults, "epoll_ctl=28");
	/* The server may end it before all is sent. */
	while (send(fd, data, STREAM_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		(void)sock_wait(fd, POLLOUT, 100);
	tcp_expect_gone(fd);
	call_faults_set(server->faults, "");
	(void)close(fd);
	server_stop(server);
	free(data);
}
END_TEST

/* --- logs that cannot be written --- */

static const int write_errors[] = {EIO,	  ENOSPC, EFBIG, EPIPE,	 EAGAIN,
				   EINTR, EBADF,  EPERM, EDQUOT, EINVAL};

START_TEST(a_log_that_cannot_be_written_costs_lines_alone)
{
	char option[512], rules[64];
	struct server *server;

	(void)snprintf(option, sizeof(option), "--access-log=%s/log", root);
	server = server_start(&(struct server_options){.tcp = "0",
						       .http = "0",
						       .root = root,
						       .extra = option,
						       .faults = ""});
	/* EINTR is tried again at once, so that it must not last. */
	(void)snprintf(rules, sizeof(rules), "write@%s=%d",
		       write_errors[_i] == EINTR ? "1" : "1-",
		       write_errors[_i]);
	call_faults_set(server->faults, rules);
	for (int i = 0; i < 5; i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);

		tcp_send_text(fd, REQUEST);
		tcp_expect_gone(fd);
		(void)close(fd);
	}
	/* The first write is the one by which libevent notes the signal. */
	(void)snprintf(rules, sizeof(rules), "write@2%s=%d",
		       write_errors[_i] == EINTR ? "" : "-", write_errors[_i]);
	call_faults_set(server->faults, rules);
	server_signal(server, SIGUSR1);
	/* When the second one is served the signals have been heard. */
	expect_tcp(server);
	expect_tcp(server);
	call_faults_set(server->faults, "");
	expect_tcp(server);
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counters: ");
	if (write_errors[_i] != EINTR)
		server_wait_log(server, "lines lost");
	server_stop(server);
}
END_TEST

static void limit_file_size(void)
{
	struct rlimit limit = {4096, 4096};

	(void)setrlimit(RLIMIT_FSIZE, &limit);
}

static const char *const limited_logs[] = {"access-log", "connection-log",
					   "log"};

/* The place is one that need not be told, since the log may be full by then. */
static int connect_at(const char *place)
{
	int64_t deadline = harness_deadline();
	int fd;

	while ((fd = tcp_try_connect(place, 0)) < 0) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("no %s", place);
		(void)poll(NULL, 0, 1);
	}
	return fd;
}

/* The limit's signal kills whoever does not expect it. */
START_TEST(a_log_at_the_limit_of_its_size_costs_lines_alone)
{
	char *path = folder_path(root, "log"), *option = NULL;
	char *place = folder_insert(root, "unix:@/http");
	const char *args[] = {"-uoff", "-toff", "-w", place,
			      "-r",    root,	NULL, NULL};
	struct server *server;
	struct stat st = {0};

	ck_assert_int_gt(asprintf(&option, "--%s=%s", limited_logs[_i], path),
			 0);
	args[6] = option;
	server = server_start(&(struct server_options){
		.args = args, .prepare = limit_file_size});
	for (int i = 0; i < 100; i++) {
		int fd = connect_at(place);

		tcp_send_text(fd, REQUEST);
		tcp_expect_gone(fd);
		(void)close(fd);
		server_signal(server, SIGUSR1);
	}
	(void)close(connect_at(place));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_gt(st.st_size, 4096 - 512);
	ck_assert_uint_le(server_count_log(server, strerror(EFBIG)), 1);
	server_stop(server);
	free(place);
	free(option);
	free(path);
}
END_TEST

static char *error_path;

static void limit_standard_error(void)
{
	int fd = open(error_path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	(void)dup2(fd, STDERR_FILENO);
	limit_file_size();
}

START_TEST(standard_error_at_the_limit_of_its_size_costs_lines_alone)
{
	const char *const args[] = {"-a",    "127.0.0.1", "-uoff",
				    "-woff", "-t0",	  NULL};
	struct server *server;
	struct stat st = {0};
	int64_t deadline = harness_deadline();

	error_path = folder_path(root, "error");
	server = server_start(&(struct server_options){
		.args = args, .prepare = limit_standard_error});
	/* Told so often what was counted, the file is full soon. */
	while (stat(error_path, &st) != 0 || st.st_size < 4096) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("the file does not get full");
		if (st.st_size > 0)
			server_signal(server, SIGUSR1);
		(void)sock_wait(server->life_fd, POLLIN, 1);
	}
	for (int i = 0; i < 10; i++) {
		server_signal(server, SIGUSR1);
		ck_assert_int_eq(sock_wait(server->life_fd, POLLIN, 10), 0);
	}
	server_stop(server);
	free(error_path);
}
END_TEST

/* --- going down under load --- */

#define N_CROWD 64

/* A client that asks anew as soon as it is answered, a connection each. */
static void ask_anew(const struct server *server, int *fd, size_t *n_answers)
{
	const struct endpoint *endpoint = server_endpoint(server, SERVICE_HTTP);
	char got[1024];
	ssize_t n = recv(*fd, got, sizeof(got), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	*n_answers += n > 0;
	(void)close(*fd);
	*fd = tcp_try_connect(endpoint->host, endpoint->port);
	if (*fd >= 0)
		(void)send(*fd, REQUEST, strlen(REQUEST), MSG_NOSIGNAL);
}

/* Plays the crowd until its last member finds the door closed. */
static void play_crowd(struct server *server, int *fds, size_t *n_answers)
{
	int64_t deadline = harness_deadline();
	bool is_signalled = false;
	size_t n_left;

	do {
		struct pollfd waits[N_CROWD];

		n_left = 0;
		for (size_t i = 0; i < N_CROWD; i++) {
			if (fds[i] >= 0)
				ask_anew(server, &fds[i], n_answers);
			waits[i] = (struct pollfd){fds[i], POLLIN, 0};
			n_left += fds[i] >= 0;
		}
		if (harness_left_ms(deadline) == 0)
			harness_fail("it lets clients in for ever");
		(void)poll(waits, N_CROWD, 100);
		if (*n_answers < 5 * N_CROWD || is_signalled)
			continue;
		server_signal(server, SIGTERM);
		is_signalled = true;
	} while (n_left > 0);
}

START_TEST(a_crowd_that_keeps_coming_does_not_keep_it_from_its_end)
{
	struct server *server = start("");
	size_t n_answers = 0;
	int fds[N_CROWD];
	int64_t begun;

	for (size_t i = 0; i < N_CROWD; i++) {
		fds[i] = tcp_connect(server, SERVICE_HTTP);
		tcp_send_text(fds[i], REQUEST);
	}
	/* Accepting takes longer than coming back. */
	call_faults_set(server->faults, "accept4+300");
	begun = harness_now_ms();
	play_crowd(server, fds, &n_answers);
	server_expect_exit(server, 0);
	ck_assert_int_lt(harness_now_ms() - begun, 5000);
	ck_assert_uint_gt(n_answers, 5 * N_CROWD);
	server_stop(server);
}
END_TEST

#define N_QUEUED 400

static unsigned long count_accepted(struct server *server)
{
	const char *name = "counter: tcp_connections ";
	const char *at = strstr(server_log(server), name);

	ck_assert_ptr_nonnull(at);
	return strtoul(at + strlen(name), NULL, 10);
}

/*
 * Whoever waits in the queue is let in slowly, 2 s for them all, and the
 * signals are heard before the last.
 */
START_TEST(a_second_signal_is_heard_while_the_queue_is_taken_in)
{
	struct server *server = start("");
	int fds[N_QUEUED];
	int status;

	server_signal(server, SIGSTOP);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = tcp_connect(server, SERVICE_TCP);
	call_faults_set(server->faults, "accept4+5000");
	server_signal(server, SIGCONT);
	server_signal(server, SIGTERM);
	server_wait_log(server, "stopping: ");
	server_signal(server, SIGTERM);
	status = server_wait(server);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	ck_assert_uint_lt(count_accepted(server), N_QUEUED);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	server_stop(server);
}
END_TEST

/* What came in before the signal and has not spoken yet gets its answer. */
START_TEST(a_first_request_that_comes_after_the_signal_is_answered)
{
	struct server *server = start("");
	struct response response;
	int tcp, web;

	server_signal(server, SIGSTOP);
	tcp = tcp_connect(server, SERVICE_TCP);
	web = tcp_connect(server, SERVICE_HTTP);
	server_signal(server, SIGTERM);
	server_signal(server, SIGCONT);
	server_wait_log(server, "stopping: ");
	tcp_exchange(tcp, "hello", 5);
	tcp_expect_end(tcp);
	http_get(web, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
	tcp_expect_end(web);
	(void)close(web);
	(void)close(tcp);
	server_expect_exit(server, 0);
	server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e faults");
	TCase *tcase = harness_case(suite, "accepting");
	int n = ARRAY_LEN(accept_errors);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
		tcase,
		an_accept_that_fails_for_ever_is_told_once_and_costs_nothing, 0,
		n);
	tcase_add_loop_test(tcase, a_signal_ends_a_server_that_cannot_accept, 0,
			    n);

	tcase = harness_case(suite, "receiving");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
		tcase,
		receiving_that_fails_for_ever_is_told_once_and_costs_nothing, 0,
		ARRAY_LEN(receive_errors));
	tcase_add_test(tcase, a_signal_ends_a_server_that_cannot_receive);

	tcase = harness_case(suite, "watching");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
			    a_connection_that_cannot_be_watched_ends_at_once, 0,
			    4 * (int)ARRAY_LEN(watch_errors));
	tcase_add_test(tcase,
		       a_connection_whose_room_cannot_be_watched_ends_at_once);

	tcase = harness_case(suite, "logs");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
			    a_log_that_cannot_be_written_costs_lines_alone, 0,
			    ARRAY_LEN(write_errors));
	tcase_add_loop_test(tcase,
			    a_log_at_the_limit_of_its_size_costs_lines_alone, 0,
			    (int)ARRAY_LEN(limited_logs));
	tcase_add_test(
		tcase,
		standard_error_at_the_limit_of_its_size_costs_lines_alone);

	tcase = harness_case(suite, "end");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
		       a_crowd_that_keeps_coming_does_not_keep_it_from_its_end);
	tcase_add_test(tcase,
		       a_second_signal_is_heard_while_the_queue_is_taken_in);
	tcase_add_test(tcase,
		       a_first_request_that_comes_after_the_signal_is_answered);
	return harness_run(suite);
}
