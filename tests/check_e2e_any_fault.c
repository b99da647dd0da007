/* SPDX-License-Identifier: MIT */
/*
 * Whichever allocation and whichever call of the system fails while it serves:
 * it costs an exchange at most, and the server goes on without a descriptor too
 * many. To the last of them in a session over all services; $FAULT_STRIDE says
 * how many are passed over, so that make check looks at some and .ci/run at
 * all.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "fault_session.h"
#include "harness.h"

#define STRIDE_USUAL 61

static unsigned stride(void)
{
	const char *text = getenv("FAULT_STRIDE");
	int n = text ? atoi(text) : STRIDE_USUAL;

	return n > 0 ? (unsigned)n : 1;
}

/* Lets the first, second, ... fail, to the last; returns how many there are. */
static unsigned try_each(const char *call, unsigned first, const char *span,
			 int error)
{
	char rules[64];
	unsigned n = first;

	do {
		(void)snprintf(rules, sizeof(rules), "%s@%u%s=%d", call, n,
			       span, error);
		n += stride();
	} while (fault_session_try(rules));
	return n - stride() - 1;
}

/* Alone, and with all that follow to the session's end. */
static const char *const spans[] = {"", "-"};

START_TEST(whichever_allocation_fails_it_goes_on)
{
	unsigned n;

	fault_session_start();
	n = try_each("memory", 1 + (unsigned)_i, spans[_i], ENOMEM);
	ck_assert_uint_gt(n, 100);
	fault_session_stop();
}
END_TEST

static const struct {
	const char *name;
	int errors[8];
} calls[] = {
	{"accept4", {EMFILE, ENFILE, ENOMEM, ECONNABORTED, EPERM, EINTR}},
	{"recv", {ECONNRESET, ENOMEM, ETIMEDOUT, EINTR, EAGAIN}},
	{"send", {EPIPE, ENOBUFS, ECONNRESET, EINTR, EAGAIN}},
	{"sendmsg", {EPIPE, ENOMEM, EINTR, EAGAIN}},
	{"sendfile", {EIO, ENOMEM, EPIPE, EINVAL, EINTR, EAGAIN}},
	{"recvmmsg", {ENOMEM, ECONNREFUSED, EINTR}},
	{"recvmsg", {ENOMEM, EINTR}},
	{"sendmmsg", {EPERM, ENOBUFS, ENETUNREACH, EMSGSIZE, EINTR}},
	{"syscall", {EMFILE, ENFILE, ENOMEM, EACCES, EIO, ELOOP, ENOSYS}},
	{"open", {EMFILE, ENFILE, ENOMEM, EACCES, EIO}},
	{"openat", {EMFILE, ENOMEM, EACCES, EIO}},
	{"fopen", {EMFILE, EACCES}},
	{"fstat", {EIO, ENOMEM, ESTALE}},
	{"fstatat", {EIO, ENOMEM, EACCES, ENOENT}},
	{"stat", {EIO, EACCES}},
	{"read", {EIO, ENOMEM, EINTR}},
	{"pread", {EIO, ENOMEM, EINTR}},
	{"write", {EIO, ENOSPC, EFBIG, EINTR, EAGAIN}},
	{"fdopendir", {ENOMEM, EMFILE}},
	{"readdir", {EIO, ENOENT}},
	{"realpath", {ENOMEM, EIO, EACCES}},
	{"epoll_ctl", {ENOMEM, ENOSPC}},
	{"epoll_wait", {EINTR}},
	{"fcntl", {EMFILE, EINVAL}},
	{"setsockopt", {ENOMEM, ENOPROTOOPT}},
	{"getsockopt", {ENOBUFS, ENOPROTOOPT}},
	{"getsockname", {ENOBUFS}},
	{"getpeername", {ENOBUFS, ENOTCONN}},
	{"ioctl", {EINVAL}},
	{"shutdown", {ENOTCONN}},
	{"close", {EIO, EINTR}},
	{"socket", {EMFILE, ENFILE, ENOMEM, EACCES}},
	{"bind", {EADDRINUSE, ENOMEM}},
	{"listen", {EADDRINUSE}},
};

/* What the kernel says of one moment, and never for ever. */
static bool is_passing(int error)
{
	return error == EINTR || error == EAGAIN;
}

static void try_call(size_t call, const char *span)
{
	/* Who passes calls over has no time for all errors either. */
	size_t n = stride() > 1 ? 1 : ARRAY_LEN(calls[0].errors);

	for (size_t i = 0; i < n && calls[call].errors[i]; i++)
		if (*span == '\0' || !is_passing(calls[call].errors[i]))
			(void)try_each(calls[call].name,
				       1 + (unsigned)i % stride(), span,
				       calls[call].errors[i]);
}

START_TEST(whichever_call_fails_it_goes_on)
{
	fault_session_start();
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		try_call(i, spans[_i]);
	fault_session_stop();
}
END_TEST

/* --- starting --- */

static char *folder;

static const struct endpoint places[] = {
	{.service = SERVICE_TCP, .host = "tcp"},
	{.service = SERVICE_HTTP, .host = "http"},
};

static void write_folder(void)
{
	folder = folder_new();
	service_write_file(folder);
	folder_write_inserted(folder, "conf",
			      "udp-port = off\ntcp-port = \"unix:@/tcp\"\n"
			      "http-port = \"unix:@/http\"\nroot = @\n"
			      "access-log = \"@/log\"\n"
			      "parting-timeout = 10ms\n");
}

/* Of the places above. */
static struct endpoint place_at(size_t i)
{
	struct endpoint place = places[i];

	(void)snprintf(place.host, sizeof(place.host), "unix:%s/%s", folder,
		       places[i].host);
	return place;
}

/* It serves, or has said why it does not and ended with status 1. */
static void expect_verdict(struct server *server, const char *rules)
{
	int64_t deadline = harness_deadline();

	while (!call_faults_is_waiting(server->faults) &&
	       !sock_wait(server->life_fd, POLLIN, 1))
		if (harness_left_ms(deadline) == 0)
			harness_fail("%s: it neither serves nor ends", rules);
	if (!call_faults_is_waiting(server->faults)) {
		int status = server_wait(server);

		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1,
			      "%s: status %#x", rules, (unsigned)status);
		ck_assert_msg(*server_log(server), "%s: no word", rules);
		return;
	}
	call_faults_set(server->faults, "");
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct endpoint place = place_at(i);

		service_expect(&place);
	}
}

static struct server *start(const char *rules, size_t n_ready)
{
	char *conf = folder_path(folder, "conf");
	struct server *server = server_start(&(struct server_options){
		.args = (const char *const[]){"--config", conf, NULL},
		.n_ready = n_ready,
		.faults = rules});

	free(conf);
	return server;
}

static bool try_start(const char *rules)
{
	struct server *server = start(rules, 0);
	bool has_failed;

	expect_verdict(server, rules);
	has_failed = call_faults_count(server->faults) > 0;
	server_stop(server);
	return has_failed;
}

static const struct {
	const char *call;
	int error;
} start_faults[] = {
	{"memory", ENOMEM}, {"*", EACCES}, {"*", ENOMEM}, {"*", EMFILE}};

START_TEST(whichever_step_of_a_start_fails_it_serves_or_says_why)
{
	unsigned n = 1 + (unsigned)_i;
	char rules[64];

	write_folder();
	do {
		(void)snprintf(rules, sizeof(rules), "%s@%u=%d",
			       start_faults[_i].call, n,
			       start_faults[_i].error);
		n += stride();
	} while (try_start(rules));
	ck_assert_uint_gt(n, 100);
	free(folder);
}
END_TEST

/* --- stopping --- */

/* Two connections, one of them in the middle of a request. */
static void connect_both(int fds[2])
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct endpoint place = place_at(i);

		fds[i] = tcp_try_connect(place.host, 0);
		ck_assert_int_ge(fds[i], 0);
	}
	tcp_exchange(fds[0], "hello", 5);
	service_expect_file(fds[1]);
	tcp_send_text(fds[1], "GET /file.txt HT");
}

/* Why it was no clean stop. */
static bool has_told(struct server *server)
{
	return strstr(server_log(server), "stopped: ") ||
	       strstr(server_log(server), "event loop: ");
}

static bool try_stop(const char *rules)
{
	struct server *server = start("", 2);
	const char *rest = "TP/1.1\r\nHost: x\r\n\r\n";
	unsigned n_failed;
	int fds[2], status;

	connect_both(fds);
	call_faults_set(server->faults, rules);
	server_signal(server, SIGTERM);
	/* It may have been given up. */
	(void)send(fds[1], rest, strlen(rest), MSG_NOSIGNAL);
	status = server_wait(server);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 1 &&
			      (WEXITSTATUS(status) == 0 || has_told(server)),
		      "%s: status %#x", rules, (unsigned)status);
	n_failed = call_faults_count(server->faults);
	server_stop(server);
	for (int i = 0; i < 2; i++)
		(void)close(fds[i]);
	return n_failed > 0;
}

/* The first call is that by which the signal is noted. */
START_TEST(whichever_step_of_a_stop_fails_it_ends)
{
	unsigned n = 2 + (unsigned)_i;
	char rules[64];

	write_folder();
	do {
		(void)snprintf(rules, sizeof(rules), "%s@%u=%d",
			       start_faults[_i].call, n,
			       start_faults[_i].error);
		n += 1 + stride() / 8;
	} while (try_stop(rules));
	free(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e any fault");
	TCase *tcase = harness_case(suite, "memory");

	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, whichever_allocation_fails_it_goes_on, 0,
			    (int)ARRAY_LEN(spans));
	tcase = harness_case(suite, "calls");
	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, whichever_call_fails_it_goes_on, 0,
			    (int)ARRAY_LEN(spans));
	tcase = harness_case(suite, "start");
	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(
		tcase, whichever_step_of_a_start_fails_it_serves_or_says_why, 0,
		(int)ARRAY_LEN(start_faults));
	tcase = harness_case(suite, "stop");
	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, whichever_step_of_a_stop_fails_it_ends, 0,
			    (int)ARRAY_LEN(start_faults));
	return harness_run(suite);
}
