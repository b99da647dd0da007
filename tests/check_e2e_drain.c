/* SPDX-License-Identifier: MIT */
/*
 * How the running daemon stops: what has arrived before SIGTERM or SIGINT is
 * answered, everybody gets a clean end, nobody new is let in, the exit status
 * is 0; and a second signal ends it at once.
 *
 * Where it matters what has arrived before the signal, the server is stopped
 * (SIGSTOP) while requests pile up in the kernel: then there is no doubt.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define MIB	  ((size_t)1 << 20)

#define FILE_TEXT "some text\n"

/* How long those are waited for who have nothing to say: the default is 1s. */
#define PARTING "--parting-timeout=200ms"

static const int signals[] = {SIGTERM, SIGINT};

static char *root;
static struct server *server;

static void set_up(void)
{
	root = folder_new();
	folder_write_text(root, "file.txt", FILE_TEXT);
	server = server_start(&(struct server_options){.udp = "0",
						       .tcp = "0",
						       .http = "0",
						       .root = root,
						       .extra = PARTING});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

static void read_file(int fd, struct response *response)
{
	http_read(fd, response, true);
	http_expect(response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(response);
}

static void expect_file(int fd)
{
	struct response response;

	http_send_get(fd, "/file.txt");
	read_file(fd, &response);
}

static unsigned char *new_pattern(size_t len)
{
	unsigned char *data = bytes_new(len);

	bytes_pattern(data, len, 5);
	return data;
}

/* Waits until nobody is let in any more: the drain has begun. */
static void wait_for_drain(void)
{
	const struct endpoint *endpoint = server_endpoint(server, SERVICE_TCP);
	int64_t deadline = harness_deadline();

	for (;;) {
		int fd = tcp_try_connect(endpoint->host, endpoint->port);

		if (fd < 0 && errno == ECONNREFUSED)
			return;
		if (harness_left_ms(deadline) == 0)
			harness_fail("the server lets clients in after the "
				     "signal");
		/* Else it was let in, or reset as the listener closed. */
		if (fd >= 0) {
			(void)sock_wait(fd, POLLIN, 20);
			(void)close(fd);
		}
	}
}

/* --- nothing is lost --- */

START_TEST(a_signal_ends_an_idle_server_cleanly)
{
	server_signal(server, signals[_i]);
	server_expect_exit(server, 0);
}
END_TEST

#define N_EACH 50

START_TEST(what_arrived_before_the_signal_is_answered)
{
	int udp[N_EACH], old_tcp[N_EACH], new_tcp[N_EACH];
	int old_web[N_EACH], new_web[N_EACH];
	struct response response;
	char got[16];

	for (int i = 0; i < N_EACH; i++) {
		udp[i] = udp_connect(server);
		old_tcp[i] = tcp_connect(server, SERVICE_TCP);
		tcp_exchange(old_tcp[i], "hello", 5);
		old_web[i] = tcp_connect(server, SERVICE_HTTP);
		expect_file(old_web[i]);
	}
	server_signal(server, SIGSTOP);
	for (int i = 0; i < N_EACH; i++) {
		ck_assert_int_eq(send(udp[i], "udp", 3, 0), 3);
		tcp_send_text(old_tcp[i], "old");
		http_send_get(old_web[i], "/file.txt");
		http_send_get(old_web[i], "/file.txt");
		/* These have not even been accepted. */
		new_tcp[i] = tcp_connect(server, SERVICE_TCP);
		tcp_send_text(new_tcp[i], "new");
		new_web[i] = tcp_connect(server, SERVICE_HTTP);
		http_send_get(new_web[i], "/file.txt");
		http_send_get(new_web[i], "/file.txt");
	}
	server_signal(server, signals[_i]);
	server_signal(server, SIGCONT);
	for (int i = 0; i < N_EACH; i++) {
		ck_assert_uint_eq(udp_receive(udp[i], got, sizeof(got), NULL),
				  3);
		ck_assert_mem_eq(got, "UDP", 3);
		tcp_expect_text(old_tcp[i], "OLD");
		tcp_expect_end(old_tcp[i]);
		tcp_expect_text(new_tcp[i], "NEW");
		tcp_expect_end(new_tcp[i]);
		read_file(old_web[i], &response);
		read_file(old_web[i], &response);
		tcp_expect_end(old_web[i]);
		read_file(new_web[i], &response);
		read_file(new_web[i], &response);
		tcp_expect_end(new_web[i]);
		(void)close(udp[i]);
		(void)close(old_tcp[i]);
		(void)close(new_tcp[i]);
		(void)close(old_web[i]);
		(void)close(new_web[i]);
	}
	server_expect_exit(server, 0);
}
END_TEST

/* More than the server takes in one wake-up, fewer than a queue holds. */
#define N_DATAGRAMS 200

START_TEST(all_datagrams_that_wait_at_the_signal_are_answered)
{
	int fd = udp_connect(server);
	char got[16];

	server_signal(server, SIGSTOP);
	for (int i = 0; i < N_DATAGRAMS; i++)
		ck_assert_int_eq(send(fd, "udp", 3, 0), 3);
	server_signal(server, signals[_i]);
	server_signal(server, SIGCONT);
	for (int i = 0; i < N_DATAGRAMS; i++) {
		ck_assert_uint_eq(udp_receive(fd, got, sizeof(got), NULL), 3);
		ck_assert_mem_eq(got, "UDP", 3);
	}
	(void)close(fd);
	server_expect_exit(server, 0);
}
END_TEST

#define N_LOAD	  100
#define LOAD_SIZE ((size_t)8192)

START_TEST(a_signal_under_load_loses_no_answer)
{
	unsigned char *data = new_pattern(LOAD_SIZE);
	int tcp[N_LOAD], web[N_LOAD];
	struct response response;

	for (int i = 0; i < N_LOAD; i++) {
		tcp[i] = tcp_connect(server, SERVICE_TCP);
		web[i] = tcp_connect(server, SERVICE_HTTP);
	}
	/* The signal comes while the server is at work on these. */
	for (int i = 0; i < N_LOAD; i++) {
		tcp_send(tcp[i], data, LOAD_SIZE);
		for (int j = 0; j < 10; j++)
			http_send_get(web[i], "/file.txt");
	}
	server_signal(server, signals[_i]);
	for (int i = 0; i < N_LOAD; i++) {
		tcp_expect_upper(tcp[i], data, LOAD_SIZE, LOAD_SIZE);
		tcp_expect_end(tcp[i]);
		for (int j = 0; j < 10; j++)
			read_file(web[i], &response);
		tcp_expect_end(web[i]);
		(void)close(tcp[i]);
		(void)close(web[i]);
	}
	server_expect_exit(server, 0);
	free(data);
}
END_TEST

/*
 * Its next request may be on its way when the server begins to stop, and an end
 * without a word would lose it. What comes then is answered and is the last.
 */
START_TEST(who_was_answered_just_now_may_ask_once_more)
{
	struct server *patient = server_start(
		&(struct server_options){.tcp = "0",
					 .http = "0",
					 .root = root,
					 .extra = "--parting-timeout=10s"});
	int tcp = tcp_connect(patient, SERVICE_TCP);
	int web = tcp_connect(patient, SERVICE_HTTP);
	struct response response;

	tcp_exchange(tcp, "hello", 5);
	expect_file(web);
	server_signal(patient, SIGTERM);
	server_wait_log(patient, "stopping: ");
	tcp_exchange(tcp, "hello", 5);
	tcp_expect_end(tcp);
	http_get(web, "/file.txt", &response);
	http_expect_status(&response, 200);
	http_expect_field(&response, "Connection", "close");
	http_clear(&response);
	tcp_expect_end(web);
	(void)close(tcp);
	(void)close(web);
	server_expect_exit(patient, 0);
	server_stop(patient);
}
END_TEST

START_TEST(idle_clients_get_a_clean_end)
{
	int tcp = tcp_connect(server, SERVICE_TCP);
	int silent = tcp_connect(server, SERVICE_TCP);
	int web = tcp_connect(server, SERVICE_HTTP);

	tcp_exchange(tcp, "hello", 5);
	expect_file(web);
	server_signal(server, signals[_i]);
	tcp_expect_end(tcp);
	tcp_expect_end(silent);
	tcp_expect_end(web);
	(void)close(tcp);
	(void)close(silent);
	(void)close(web);
	server_expect_exit(server, 0);
}
END_TEST

/*
 * What is over must not be waited for: these keep their end open, and the
 * server ends sooner than a connection lingers.
 */
static const struct {
	const char *before; /* the signal */
	const char *after;
	bool is_answered;
	const char *why;
} over[] = {
	{"", "", false, "has never asked"},
	{"GET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n", "", true, "was answered"},
	{"GET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n\r\n", "", true,
	 "was answered, and sent an empty line"},
	{"GET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n\r", "", true,
	 "was answered, and sent half an empty line"},
	{"GET /file.txt HTTP/1.1\r\nHost: x\r\n", "\r\n", true,
	 "ends its head"},
	{"GET /file.txt HTTP/1.1\r\nHost: x\r\n", "\r\n\r\n", true,
	 "ends its head, and sends an empty line"},
	{"GET /file.txt HTTP/1.1\r\nHost: x", "\r\n\r\n\r\n", true, "the same"},
	{"GET /file.txt HTTP/1.1\r\nHost: x\r\n", "\r\n\r", true,
	 "ends its head, and sends half an empty line"},
	{"\r\n", "", false, "has sent an empty line"},
	{"\r", "", false, "has sent half of one"},
	{"GET /file.txt HTTP/1.0\r\n\r\n", "", true, "asked for the end"},
	{"GET / HTTP/9.9\r\n\r\n", "", true, "was refused"},
};

/* Less than TCP_LINGER_S and WEB_LINGER_S. */
#define QUICK_MS 3500

START_TEST(a_client_that_is_served_and_stays_does_not_hold_the_server)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	int64_t begun;

	tcp_send_text(fd, over[_i].before);
	/* Whoever came before this one is served when it is. */
	if (over[_i].is_answered && !over[_i].after[0]) {
		http_read(fd, &response, true);
		http_clear(&response);
	} else {
		expect_file(tcp_connect(server, SERVICE_HTTP));
	}
	begun = harness_now_ms();
	server_signal(server, SIGTERM);
	wait_for_drain();
	tcp_send_text(fd, over[_i].after);
	if (over[_i].after[0])
		read_file(fd, &response);
	server_expect_exit(server, 0);
	ck_assert_int_lt(harness_now_ms() - begun, QUICK_MS);
	(void)close(fd);
}
END_TEST

START_TEST(a_tcp_client_that_is_served_and_stays_does_not_hold_the_server)
{
	int fd = tcp_connect(server, SERVICE_TCP);
	int64_t begun;

	if (_i == 1)
		tcp_exchange(fd, "hello", 5);
	begun = harness_now_ms();
	if (_i == 2) {
		server_signal(server, SIGSTOP);
		tcp_send_text(fd, "hello");
		server_signal(server, SIGTERM);
		server_signal(server, SIGCONT);
		tcp_expect_text(fd, "HELLO");
	} else {
		server_signal(server, SIGTERM);
	}
	server_expect_exit(server, 0);
	ck_assert_int_lt(harness_now_ms() - begun, QUICK_MS);
	(void)close(fd);
}
END_TEST

/* A client whose program hangs must not hold the server up for ever. */
START_TEST(idle_clients_that_do_not_leave_do_not_hold_the_server)
{
	int tcp = tcp_connect(server, SERVICE_TCP);
	int web = tcp_connect(server, SERVICE_HTTP);

	tcp_exchange(tcp, "hello", 5);
	expect_file(web);
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	(void)close(tcp);
	(void)close(web);
}
END_TEST

START_TEST(a_request_that_has_begun_is_answered_during_the_drain)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	int other = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	expect_file(fd);
	tcp_send_text(fd, "GET /file.txt HTTP/1.1\r\nHo");
	expect_file(other); /* the server has seen the part by now */
	server_signal(server, SIGTERM);
	wait_for_drain();
	tcp_send_text(fd, "st: h\r\n\r\n");
	read_file(fd, &response);
	http_expect_field(&response, "Connection", "close");
	tcp_expect_end(fd);
	(void)close(fd);
	(void)close(other);
	server_expect_exit(server, 0);
}
END_TEST

START_TEST(a_download_that_has_begun_is_finished)
{
	unsigned char *data = new_pattern(16 * MIB);
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	unsigned char *got = bytes_new(16 * MIB);
	struct response response;

	folder_write(root, "huge.bin", data, 16 * MIB);
	http_send_get(fd, "/huge.bin");
	http_send_get(fd, "/file.txt");
	http_read_head(fd, &response);
	server_signal(server, signals[_i]);
	wait_for_drain();
	tcp_read(fd, got, 16 * MIB);
	ck_assert(memcmp(got, data, 16 * MIB) == 0);
	/* What stood behind it in the pipeline had arrived too. */
	read_file(fd, &response);
	tcp_expect_end(fd);
	(void)close(fd);
	server_expect_exit(server, 0);
	free(got);
	free(data);
}
END_TEST

/* Fits into a new socket's receive buffer, and not into its reader's. */
#define STREAM_SIZE ((size_t)32 << 10)

/* Of what was sent, how much has the server's side acknowledged? */
static size_t arrived(int fd, size_t sent)
{
	int waiting = 0;

	ck_assert_int_eq(ioctl(fd, SIOCOUTQ, &waiting), 0);
	return sent - (size_t)waiting;
}

START_TEST(a_slow_reader_gets_the_answer_to_all_that_has_arrived)
{
	unsigned char *data = new_pattern(64 * MIB);
	int fd = tcp_connect_small(server, SERVICE_TCP);
	size_t sent = tcp_send_until_stuck(fd, data, 64 * MIB, 300);

	server_signal(server, signals[_i]);
	wait_for_drain();
	tcp_expect_upper(fd, data, 64 * MIB, arrived(fd, sent));
	tcp_reset(fd);
	server_expect_exit(server, 0);
	free(data);
}
END_TEST

START_TEST(a_stream_that_is_finished_is_answered_to_its_end)
{
	unsigned char *data = new_pattern(STREAM_SIZE);
	int fd = tcp_connect_small(server, SERVICE_TCP);
	int64_t deadline = harness_deadline();

	server_signal(server, SIGSTOP);
	tcp_send(fd, data, STREAM_SIZE);
	tcp_finish(fd);
	/* The end counts as a byte that has to arrive. */
	while (arrived(fd, STREAM_SIZE) < STREAM_SIZE) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("the stream does not arrive");
		(void)sock_wait(fd, POLLIN, 5);
	}
	server_signal(server, signals[_i]);
	server_signal(server, SIGCONT);
	tcp_expect_upper(fd, data, STREAM_SIZE, STREAM_SIZE);
	tcp_expect_end(fd);
	(void)close(fd);
	server_expect_exit(server, 0);
	free(data);
}
END_TEST

/* --- nobody new --- */

START_TEST(nobody_is_let_in_during_the_drain)
{
	const struct endpoint *web = server_endpoint(server, SERVICE_HTTP);
	const struct endpoint *udp = server_endpoint(server, SERVICE_UDP);
	unsigned char *data = new_pattern(16 * MIB);
	int fd = tcp_connect_small(server, SERVICE_HTTP), again;
	struct response response;

	folder_write(root, "huge.bin", data, 16 * MIB);
	http_send_get(fd, "/huge.bin");
	http_read_head(fd, &response);
	server_signal(server, SIGTERM);
	wait_for_drain();
	ck_assert_int_lt(tcp_try_connect(web->host, web->port), 0);
	ck_assert_int_eq(errno, ECONNREFUSED);
	/* The ports are free for the one who takes over. */
	again = udp_bind(udp->host, udp->port);
	(void)close(again);
	tcp_reset(fd);
	server_expect_exit(server, 0);
	free(data);
}
END_TEST

/* --- at once --- */

static const struct {
	int first, second;
} pairs[] = {
	{SIGTERM, SIGTERM},
	{SIGINT, SIGINT},
	{SIGTERM, SIGINT},
	{SIGINT, SIGTERM},
};

START_TEST(a_second_signal_ends_it_at_once)
{
	unsigned char *data = new_pattern(16 * MIB);
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;
	int64_t start;
	int status;

	folder_write(root, "huge.bin", data, 16 * MIB);
	http_send_get(fd, "/huge.bin");
	http_read_head(fd, &response);
	server_signal(server, pairs[_i].first);
	wait_for_drain();
	/* It waits for the one who does not read. */
	ck_assert_int_eq(sock_wait(server->life_fd, POLLIN, 200), 0);
	start = harness_now_ms();
	server_signal(server, pairs[_i].second);
	status = server_wait(server);
	ck_assert_int_lt(harness_now_ms() - start, 2000);
	/* It ends by itself, with all that it has to say said. */
	ck_assert(WIFEXITED(status));
	(void)close(fd);
	free(data);
}
END_TEST

/* --- without anyone to hear it --- */

START_TEST(it_works_and_stops_when_its_standard_error_is_gone)
{
	int fd = tcp_connect(server, SERVICE_TCP);

	(void)server_log(server);
	(void)close(server->log_fd);
	server->log_fd = -1;
	tcp_exchange(fd, "hello", 5);
	(void)close(fd);
	/* It says that it stops, into a pipe that nobody reads. */
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
}
END_TEST

static Suite *drain_suite(void)
{
	Suite *suite = suite_create("e2e drain");
	TCase *tcase = harness_case(suite, "drain");
	int n = ARRAY_LEN(signals);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_signal_ends_an_idle_server_cleanly, 0, n);
	tcase_add_loop_test(tcase, what_arrived_before_the_signal_is_answered,
			    0, n);
	tcase_add_loop_test(tcase,
			    all_datagrams_that_wait_at_the_signal_are_answered,
			    0, n);
	tcase_add_loop_test(tcase, a_signal_under_load_loses_no_answer, 0, n);
	tcase_add_test(tcase, who_was_answered_just_now_may_ask_once_more);
	tcase_add_loop_test(tcase, idle_clients_get_a_clean_end, 0, n);
	tcase_add_test(tcase,
		       idle_clients_that_do_not_leave_do_not_hold_the_server);
	tcase_add_loop_test(
		tcase,
		a_client_that_is_served_and_stays_does_not_hold_the_server, 0,
		ARRAY_LEN(over));
	tcase_add_loop_test(
		tcase,
		a_tcp_client_that_is_served_and_stays_does_not_hold_the_server,
		0, 3);
	tcase_add_test(tcase,
		       a_request_that_has_begun_is_answered_during_the_drain);
	tcase_add_loop_test(tcase, a_download_that_has_begun_is_finished, 0, n);
	tcase_add_loop_test(
		tcase, a_slow_reader_gets_the_answer_to_all_that_has_arrived, 0,
		n);
	tcase_add_loop_test(
		tcase, a_stream_that_is_finished_is_answered_to_its_end, 0, n);
	tcase_add_test(tcase, nobody_is_let_in_during_the_drain);
	tcase_add_loop_test(tcase, a_second_signal_ends_it_at_once, 0,
			    ARRAY_LEN(pairs));
	tcase_add_test(tcase,
		       it_works_and_stops_when_its_standard_error_is_gone);
	return suite;
}

int main(void)
{
	return harness_run(drain_suite());
}
