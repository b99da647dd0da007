/* SPDX-License-Identifier: MIT */
/*
 * The daemon when calls of the system fail, or take their time: it says so
 * once, goes on, does not burn the processor, and can be stopped. The faults
 * are made by the library in interpose.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_TEXT "some text\n"

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

/* --- accepting --- */

static const struct {
	int error;
	const char *why;
} accept_errors[] = {
	{EPERM, "a security module says no"},
	{EINVAL, "the socket does not listen"},
	{EBADF, "the descriptor is gone"},
	{ENOTSOCK, "it is no socket"},
	{EFAULT, "bad memory"},
	{ENOSYS, "a filter of system calls"},
	{EIO, "nothing that accept(2) names"},
	{EMFILE, "no descriptors here"},
	{ENFILE, "no descriptors anywhere"},
	{ENOMEM, "no memory"},
	{ENOBUFS, "no memory"},
	{ECONNABORTED, "one connection's own, again and again"},
	{EPROTO, "the same"},
	{ENETUNREACH, "the same"},
};

START_TEST(an_accept_that_fails_for_ever_is_told_once_and_costs_nothing)
{
	struct server *server = start("");
	char rules[64];
	int first = tcp_connect(server, SERVICE_TCP), waiting;
	long before;

	tcp_exchange(first, "hello", 5);
	(void)snprintf(rules, sizeof(rules), "accept4=%d",
		       accept_errors[_i].error);
	faults_set(server->faults, rules);
	waiting = tcp_connect(server, SERVICE_TCP);
	tcp_send_text(waiting, "hello");
	server_wait_log(server, "warning: accept: paused");
	before = server_ticks(server);
	ck_assert_int_eq(sock_wait(waiting, POLLIN, 500), 0);
	ck_assert_int_lt(server_ticks(server) - before,
			 sysconf(_SC_CLK_TCK) / 10);
	ck_assert_uint_eq(server_count_log(server, "warning: "), 1);
	ck_assert_uint_eq(
		server_count_log(server, strerror(accept_errors[_i].error)), 1);
	/* Those inside are served, and those outside when it is over. */
	tcp_exchange(first, "hello", 5);
	faults_set(server->faults, "");
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
	faults_set(server->faults, rules);
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

/* --- going down under load --- */

#define N_CROWD 64
#define REQUEST "GET /file.txt HTTP/1.0\r\n\r\n"

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
	faults_set(server->faults, "accept4+300");
	begun = harness_now_ms();
	play_crowd(server, fds, &n_answers);
	server_expect_exit(server, 0);
	ck_assert_int_lt(harness_now_ms() - begun, 5000);
	ck_assert_uint_gt(n_answers, 5 * N_CROWD);
	server_stop(server);
}
END_TEST

/* Whoever waits in the queue is let in slowly, and the signals are heard. */
START_TEST(a_second_signal_is_heard_while_the_queue_is_taken_in)
{
	struct server *server = start("");
	int fds[200];
	int64_t begun;
	int status;

	server_signal(server, SIGSTOP);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = tcp_connect(server, SERVICE_TCP);
	faults_set(server->faults, "accept4+20000");
	server_signal(server, SIGCONT);
	server_signal(server, SIGTERM);
	server_wait_log(server, "stopping: ");
	begun = harness_now_ms();
	server_signal(server, SIGTERM);
	status = server_wait(server);
	/* All of them would take 4 s. */
	ck_assert_int_lt(harness_now_ms() - begun, 3000);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	server_stop(server);
}
END_TEST

/* What came in before the signal and has not spoken yet gets its answer. */
START_TEST(a_first_request_that_comes_after_the_signal_is_answered)
{
	struct server *server = start("");
	int tcp;

	server_signal(server, SIGSTOP);
	tcp = tcp_connect(server, SERVICE_TCP);
	server_signal(server, SIGTERM);
	server_signal(server, SIGCONT);
	server_wait_log(server, "stopping: ");
	tcp_exchange(tcp, "hello", 5);
	tcp_expect_end(tcp);
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
