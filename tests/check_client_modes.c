/* SPDX-License-Identifier: MIT */
/*
 * uppercase-client as a filter and at the prompt, on streams that work and on
 * some that do not, with the real server.
 *
 * Time limits of the client are short where a test needs them to pass, and
 * long where they must not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define HOST "127.0.0.1"

/*
 * A time limit to be waited for, and a wait that is longer. A server that has
 * to share its processor must be able to answer within it.
 */
#define SHORT	 "1"
#define SHORT_MS 1500

/* A time limit that is used up only when waiting for what never comes. */
#define LONG	  "9"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct server *server;
static struct peer peer;
static char port[8];

static const char *tcp_port(void)
{
	return port_text(server_endpoint(server, SERVICE_TCP)->port, port);
}

static const char *udp_port(void)
{
	return port_text(server_endpoint(server, SERVICE_UDP)->port, port);
}

static void start_server(void)
{
	server = server_start_all(NULL);
}

static void start_server_once(void)
{
	server = server_start(
		&(struct server_options){.tcp = "0", .extra = "--tcp-once"});
}

static void stop_server(void)
{
	server_stop(server);
}

/* --- the TCP filter --- */

START_TEST(the_filter_passes_every_byte_and_nothing_else)
{
	start_server();
	outcome_expect(client_run("a\n\nb\r\nc", HOST, tcp_port()), 0,
		       "A\n\nB\r\nC", "");
	outcome_expect(client_run("", HOST, tcp_port()), 0, "", "");
	stop_server();
}
END_TEST

#define MANY_BYTES  ((size_t)256 << 20)
#define FIRST_BYTES ((size_t)4 << 20)

START_TEST(a_long_stream_passes_in_constant_memory)
{
	size_t len = 1000003; /* not a multiple of any buffer */
	unsigned char *data = bytes_new(len);
	struct client client;
	size_t first_kib;

	start_server();
	bytes_pattern(data, len, 1);
	client = client_start(ARGS(HOST, tcp_port()));
	tcp_exchange_long(client.fd, data, len, FIRST_BYTES);
	first_kib = client_memory_kib(&client);
	tcp_exchange_long(client.fd, data, len, MANY_BYTES);
	/* A sanitizer's own books grow a little; the stream is 256 MiB. */
	ck_assert_uint_le(client_memory_kib(&client), first_kib + 8192);
	tcp_finish(client.fd);
	tcp_expect_end(client.fd);
	client_expect_exit(&client, 0);
	stop_server();
	free(data);
}
END_TEST

START_TEST(the_filter_answers_before_its_input_ends)
{
	struct client client;

	start_server();
	client = client_start(ARGS("-w", LONG, HOST, tcp_port()));
	tcp_send_text(client.fd, "abc");
	tcp_expect_text(client.fd, "ABC");
	tcp_send_text(client.fd, "d");
	tcp_expect_text(client.fd, "D");
	tcp_finish(client.fd);
	client_expect_exit(&client, 0);
	stop_server();
}
END_TEST

START_TEST(slow_input_is_no_timeout)
{
	struct client client;

	start_server();
	client = client_start(ARGS("-w", SHORT, HOST, tcp_port()));
	ck_assert_int_eq(sock_wait(client.life_fd, POLLIN, SHORT_MS), 0);
	tcp_send_text(client.fd, "abc");
	tcp_expect_text(client.fd, "ABC");
	ck_assert_int_eq(sock_wait(client.life_fd, POLLIN, SHORT_MS), 0);
	tcp_send_text(client.fd, "def");
	tcp_expect_text(client.fd, "DEF");
	tcp_finish(client.fd);
	client_expect_exit(&client, 0);
	stop_server();
}
END_TEST

START_TEST(a_slow_reader_of_the_output_is_no_timeout)
{
	size_t len = 64 << 20; /* more than all buffers on the way hold */
	unsigned char *data = bytes_new(len);
	struct client client;
	size_t n_sent;

	bytes_pattern(data, len, 2);
	start_server();
	client = client_start(ARGS("-w", SHORT, HOST, tcp_port()));
	n_sent = tcp_send_until_stuck(client.fd, data, len, SHORT_MS);
	ck_assert_uint_lt(n_sent, len);
	ck_assert_int_eq(sock_wait(client.life_fd, POLLIN, SHORT_MS), 0);
	tcp_expect_upper(client.fd, data, len, n_sent);
	tcp_finish(client.fd);
	tcp_expect_end(client.fd);
	client_expect_exit(&client, 0);
	stop_server();
	free(data);
}
END_TEST

START_TEST(a_server_gone_after_its_answer_fails_only_more_input)
{
	struct client client;

	start_server_once();
	client = client_start(ARGS("-w", LONG, HOST, tcp_port()));
	tcp_send_text(client.fd, "abc");
	tcp_expect_text(client.fd, "ABC");
	tcp_finish(client.fd);
	client_expect_exit(&client, 0);
	client = client_start(ARGS("-w", LONG, HOST, tcp_port()));
	tcp_send_text(client.fd, "abc");
	tcp_expect_text(client.fd, "ABC");
	tcp_send_text(client.fd, "def");
	client_expect_exit(&client, 1);
	stop_server();
}
END_TEST

START_TEST(one_answer_per_connection_is_enough_for_an_input)
{
	start_server_once();
	outcome_expect(client_run("", HOST, tcp_port(), "hello"), 0, "HELLO\n",
		       "");
	outcome_expect(client_run("hello", HOST, tcp_port()), 0, "HELLO", "");
	stop_server();
}
END_TEST

/* --- standard streams that are not there --- */

static const struct {
	const char *script; /* $0 is the client, $1 the port */
	int status;
	const char *out, *err;
} streams[] = {
	{"exec \"$0\" 127.0.0.1 $1 a >&-", 1, "",
	 "standard output: Bad file descriptor"},
	{"exec \"$0\" -u 127.0.0.1 $1 a >&-", 1, "",
	 "standard output: Bad file descriptor"},
	{"echo a | \"$0\" 127.0.0.1 $1 >&-", 1, "",
	 "standard output: Bad file descriptor"},
	{"exec \"$0\" --help >&-", 1, "",
	 "standard output: Bad file descriptor"},
	{"exec \"$0\" 127.0.0.1 $1 a >/dev/full", 1, "",
	 "standard output: No space left on device"},
	{"exec \"$0\" -u 127.0.0.1 $1 a >/dev/full", 1, "",
	 "standard output: No space left on device"},
	{"echo a | \"$0\" 127.0.0.1 $1 >/dev/full", 1, "",
	 "standard output: No space left on device"},
	{"{ \"$0\" 127.0.0.1 $1 a >/dev/full; } 2>&1 | grep -c 'No space'", 0,
	 "1\n", ""}, /* told once */
	{"exec \"$0\" --version >/dev/full", 1, "",
	 "standard output: No space left on device"},
	{"{ \"$0\" 127.0.0.1 $1 </dev/zero; echo $? >&2; } | head -c 3", 0, "",
	 "standard output: Broken pipe (whoever read it has left)\n1\n"},
	{"yes 2>/dev/null | { \"$0\" -u 127.0.0.1 $1; echo $? >&2; } | "
	 "head -n 1",
	 0, "Y\n",
	 "standard output: Broken pipe (whoever read it has left)\n1\n"},
	{"exec \"$0\" 127.0.0.1 $1 <&-", 1, "",
	 "standard input: Bad file descriptor"},
	{"exec \"$0\" -u 127.0.0.1 $1 <&-", 1, "",
	 "standard input: Bad file descriptor"},
	{"exec \"$0\" 127.0.0.1 $1 </", 1, "",
	 "standard input: Is a directory"},
	{"exec \"$0\" -u 127.0.0.1 $1 </", 1, "",
	 "standard input: Is a directory"},
	{"exec \"$0\" 127.0.0.1 $1 a <&-", 0, "A\n", ""},
	{"exec \"$0\" 127.0.0.1 $1 a 2>&-", 0, "A\n", ""},
	{"exec \"$0\" 127.0.0.1 $1 a <&- 2>&-", 0, "A\n", ""},
	{"exec \"$0\" 127.0.0.1 0 a <&- >&- 2>&-", 2, "", ""},
};

START_TEST(a_stream_that_cannot_be_used_is_told_and_ends_with_1)
{
	bool is_udp = strstr(streams[_i].script, "-u") != NULL;

	start_server();
	outcome_expect(client_run_shell(streams[_i].script,
					is_udp ? udp_port() : tcp_port()),
		       streams[_i].status, streams[_i].out, streams[_i].err);
	stop_server();
}
END_TEST

/* --- the UDP filter --- */

static const struct {
	const char *input, *out;
} udp_inputs[] = {
	{"a\nb\n", "A\nB\n"},
	{"a\nb", "A\nB\n"},		/* a last line without newline */
	{"\n\na\n\n", "\n\nA\n\n"},	/* empty lines are datagrams */
	{"a\r\n\tb \n", "A\r\n\tB \n"}, /* nothing but the newline is cut */
	{"", ""},
	{"\n", "\n"},
};

START_TEST(each_line_is_a_datagram_and_each_reply_a_line)
{
	start_server();
	outcome_expect(client_run(udp_inputs[_i].input, "-u", HOST, udp_port()),
		       0, udp_inputs[_i].out, "");
	stop_server();
}
END_TEST

/* Numbered lines, n of them, each "PREFIX i\n". */
static char *numbered_lines(const char *prefix, unsigned n)
{
	size_t size = n * 32u + 1, at = 0;
	char *text = bytes_new(size);

	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, size - at, "%s %u\n", prefix,
				       i);
	return text;
}

START_TEST(many_lines_come_back_all_and_in_order)
{
	char *input = numbered_lines("line", 5000);
	char *expected = numbered_lines("LINE", 5000);

	start_server();
	outcome_expect(client_run(input, "-u", "-w", LONG, HOST, udp_port()), 0,
		       expected, "");
	stop_server();
	free(input);
	free(expected);
}
END_TEST

START_TEST(a_line_may_hold_nul_and_be_as_long_as_a_datagram)
{
	size_t len = 65507;
	char *input = bytes_new(len + 1), *expected = bytes_new(len + 1);
	const char *argv[] = {client_program(), "-u", HOST, NULL, NULL};
	struct outcome outcome;

	memset(input, 'x', len);
	memset(expected, 'X', len);
	input[1] = expected[1] = '\0';
	input[len] = expected[len] = '\n';
	start_server();
	argv[3] = udp_port();
	outcome = program_run(argv, input, len + 1);
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_uint_eq(outcome.out_len, len + 1);
	ck_assert_mem_eq(outcome.out, expected, len + 1);
	outcome_clear(&outcome);
	stop_server();
	free(input);
	free(expected);
}
END_TEST

START_TEST(a_line_too_long_is_refused_after_those_before_it)
{
	size_t len = 65508;
	char *input = bytes_new(len + 8);

	(void)strcpy(input, "a\nb\n");
	memset(input + 4, 'x', len);
	(void)strcpy(input + 4 + len, "\nc\n");
	start_server();
	outcome_expect(client_run(input, "-u", HOST, udp_port()), 2, "A\nB\n",
		       "standard input: line 3: longer than 65507 bytes, "
		       "not sent");
	stop_server();
	free(input);
}
END_TEST

START_TEST(a_line_is_answered_before_the_next_is_there)
{
	struct client client;

	start_server();
	client = client_start(ARGS("-u", "-w", SHORT, HOST, udp_port()));
	tcp_send_text(client.fd, "one\ntw");
	tcp_expect_text(client.fd, "ONE\n");
	ck_assert_int_eq(sock_wait(client.life_fd, POLLIN, SHORT_MS), 0);
	tcp_send_text(client.fd, "o\n");
	tcp_expect_text(client.fd, "TWO\n");
	tcp_finish(client.fd);
	client_expect_exit(&client, 0);
	stop_server();
}
END_TEST

START_TEST(a_line_without_a_reply_ends_the_udp_filter)
{
	(void)port_without_server(SOCK_DGRAM, port);
	outcome_expect(
		client_run("a\nb\n", "-u", "-w", "0.1", "-r", "0", HOST, port),
		3, "",
		"standard input: line 1: not answered, nothing behind "
		"it is sent\n");
}
END_TEST

/* --- the prompt --- */

static void serve_silence(int fd)
{
	(void)peer_accept(fd);
	(void)pause();
}

#define PROMPT "Input lowercase sentence: "
#define CTRL_C "\x03"
#define CTRL_D "\x04"

START_TEST(the_tcp_prompt_goes_on_until_end_of_input)
{
	struct client client;

	start_server();
	client = client_start_on_terminal(ARGS("-w", LONG, HOST, tcp_port()));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "hello world\n");
	client_expect_shown(&client, "From Server: HELLO WORLD\n" PROMPT);
	client_type(&client, "\n");
	client_expect_shown(&client, "From Server: \n" PROMPT);
	client_type(&client, "again\n");
	client_expect_shown(&client, "From Server: AGAIN\n" PROMPT);
	client_type(&client, CTRL_D);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 0);
	stop_server();
}
END_TEST

START_TEST(the_udp_prompt_shows_the_reply_alone)
{
	struct client client;

	start_server();
	client = client_start_on_terminal(
		ARGS("-u", "-w", LONG, HOST, udp_port()));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "hello world\n");
	client_expect_shown(&client, "HELLO WORLD\n" PROMPT);
	client_type(&client, "\n");
	client_expect_shown(&client, "\n" PROMPT);
	client_type(&client, CTRL_D);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 0);
	stop_server();
}
END_TEST

START_TEST(ctrl_c_at_the_prompt_is_a_newline_and_130)
{
	struct client client;

	start_server();
	client = client_start_on_terminal(ARGS(HOST, tcp_port()));
	client_expect_shown(&client, PROMPT);
	client_type(&client, CTRL_C);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 130);
	client = client_start_on_terminal(ARGS("-u", HOST, udp_port()));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "half a line" CTRL_C);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 130);
	stop_server();
}
END_TEST

/* Tells the test when it has the message, and keeps silent to the client. */
static int heard[2];

static void serve_by_hearing(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	if (write(heard[1], "", 1) != 1)
		_exit(1);
	(void)pause();
}

START_TEST(ctrl_c_ends_the_wait_for_a_reply_too)
{
	struct client client;

	harness_pipe(heard);
	peer = peer_start(SOCK_STREAM, serve_by_hearing);
	client = client_start_on_terminal(ARGS("-w", "60", HOST, peer.port));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "hello\n");
	sock_must_wait(heard[0], POLLIN, harness_deadline(), "the message");
	client_type(&client, CTRL_C);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 130);
	peer_stop(&peer);
}
END_TEST

START_TEST(the_prompt_works_with_one_answer_per_connection)
{
	struct client client;

	start_server_once();
	client = client_start_on_terminal(ARGS("-w", LONG, HOST, tcp_port()));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "one\n");
	client_expect_shown(&client, "From Server: ONE\n" PROMPT);
	client_type(&client, "two\n");
	client_expect_shown(&client, "From Server: TWO\n" PROMPT);
	client_type(&client, "three\n");
	client_expect_shown(&client, "From Server: THREE\n" PROMPT);
	client_type(&client, CTRL_D);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 0);
	stop_server();
}
END_TEST

/* Takes one connection and refuses any other. */
static void serve_one_connection(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)close(fd);
	for (;;) {
		size_t n = peer_read(conn, buf, sizeof(buf) - 1);

		bytes_upper((unsigned char *)buf, (unsigned char *)buf, n);
		buf[n] = '\0';
		peer_write(conn, buf);
	}
}

START_TEST(the_prompt_keeps_one_connection)
{
	struct client client;

	peer = peer_start(SOCK_STREAM, serve_one_connection);
	client = client_start_on_terminal(ARGS("-w", LONG, HOST, peer.port));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "one\n");
	client_expect_shown(&client, "From Server: ONE\n" PROMPT);
	client_type(&client, "two\n");
	client_expect_shown(&client, "From Server: TWO\n" PROMPT);
	client_type(&client, CTRL_D);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 0);
	peer_stop(&peer);
}
END_TEST

/* Answers once and ends; then tells the test when the client has ended too. */
static void serve_once_and_watch(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, "ONE");
	(void)shutdown(conn, SHUT_WR);
	if (recv(conn, buf, sizeof(buf), 0) != 0 || write(heard[1], "", 1) != 1)
		_exit(1);
	(void)pause();
}

START_TEST(a_connection_that_the_server_ends_is_closed_at_once)
{
	struct client client;

	harness_pipe(heard);
	peer = peer_start(SOCK_STREAM, serve_once_and_watch);
	client = client_start_on_terminal(ARGS("-w", LONG, HOST, peer.port));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "one\n");
	client_expect_shown(&client, "From Server: ONE\n" PROMPT);
	sock_must_wait(heard[0], POLLIN, harness_deadline(),
		       "the client's end of the connection");
	client_type(&client, CTRL_D);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 0);
	peer_stop(&peer);
}
END_TEST

/* Ends the first connection before anything was said, then serves. */
static void serve_the_second_connection(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	peer_write(conn, "busy\033");
	(void)close(conn);
	conn = peer_accept(fd);
	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, "ONE");
	(void)pause();
}

START_TEST(a_connection_that_ends_at_the_prompt_is_told)
{
	struct client client;
	char expected[256];

	peer = peer_start(SOCK_STREAM, serve_the_second_connection);
	client = client_start_on_terminal(ARGS("-w", LONG, HOST, peer.port));
	(void)snprintf(expected, sizeof(expected),
		       PROMPT "\nbusy\\x1b\nuppercase-client: tcp "
			      "127.0.0.1:%s: closed by the server (the next "
			      "line opens a new connection)\n" PROMPT,
		       peer.port);
	client_expect_shown(&client, expected);
	client_type(&client, "one\n");
	client_expect_shown(&client, "From Server: ONE\n" PROMPT);
	client_type(&client, CTRL_D);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 0);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_told_before_the_prompt)
{
	struct client client = client_start_on_terminal(
		ARGS(HOST, port_without_server(SOCK_STREAM, port)));

	client_expect_shown(&client,
			    "uppercase-client: tcp connect to 127.0.0.1");
	client_expect_exit(&client, 1);
}
END_TEST

START_TEST(no_reply_at_the_prompt_ends_with_3)
{
	struct client client;

	peer = peer_start(SOCK_STREAM, serve_silence);
	client = client_start_on_terminal(ARGS("-w", SHORT, HOST, peer.port));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "hello\n");
	client_expect_shown(&client, "uppercase-client: tcp receive from ");
	client_expect_exit(&client, 3);
	peer_stop(&peer);
}
END_TEST

static void serve_all_but_a(int fd)
{
	for (;;)
		if (strcmp(peer_receive(fd), "b") == 0)
			peer_answer(fd, "B");
}

START_TEST(a_missed_reply_does_not_end_the_udp_prompt)
{
	struct client client;
	char shown[1024];

	peer = peer_start(SOCK_DGRAM, serve_all_but_a);
	client = client_start_on_terminal(
		ARGS("-u", "-w", SHORT, "-r", "0", HOST, peer.port));
	client_expect_shown(&client, PROMPT);
	client_type(&client, "a\n");
	client_read_until(&client, PROMPT, shown, sizeof(shown));
	ck_assert_ptr_nonnull(strstr(shown, "no reply within 1 s ("));
	client_type(&client, "b\n");
	client_expect_shown(&client, "B\n" PROMPT);
	client_type(&client, CTRL_D);
	client_expect_shown(&client, "\n");
	client_expect_exit(&client, 3);
	peer_stop(&peer);
}
END_TEST

/* --- main --- */

static void add_filters(Suite *suite)
{
	TCase *tcase = harness_case(suite, "tcp filter");

	tcase_add_test(tcase, the_filter_passes_every_byte_and_nothing_else);
	tcase_add_test(tcase, a_long_stream_passes_in_constant_memory);
	tcase_add_test(tcase, the_filter_answers_before_its_input_ends);
	tcase_add_test(tcase, slow_input_is_no_timeout);
	tcase_add_test(tcase, a_slow_reader_of_the_output_is_no_timeout);
	tcase_add_test(tcase,
		       a_server_gone_after_its_answer_fails_only_more_input);
	tcase_add_test(tcase, one_answer_per_connection_is_enough_for_an_input);

	tcase = harness_case(suite, "udp filter");
	tcase_add_loop_test(tcase,
			    each_line_is_a_datagram_and_each_reply_a_line, 0,
			    ARRAY_LEN(udp_inputs));
	tcase_add_test(tcase, many_lines_come_back_all_and_in_order);
	tcase_add_test(tcase, a_line_may_hold_nul_and_be_as_long_as_a_datagram);
	tcase_add_test(tcase, a_line_too_long_is_refused_after_those_before_it);
	tcase_add_test(tcase, a_line_is_answered_before_the_next_is_there);
	tcase_add_test(tcase, a_line_without_a_reply_ends_the_udp_filter);
}

static void add_streams_and_prompt(Suite *suite)
{
	TCase *tcase = harness_case(suite, "streams");

	tcase_add_loop_test(
		tcase, a_stream_that_cannot_be_used_is_told_and_ends_with_1, 0,
		ARRAY_LEN(streams));

	tcase = harness_case(suite, "prompt");
	tcase_add_test(tcase, the_tcp_prompt_goes_on_until_end_of_input);
	tcase_add_test(tcase, the_udp_prompt_shows_the_reply_alone);
	tcase_add_test(tcase, ctrl_c_at_the_prompt_is_a_newline_and_130);
	tcase_add_test(tcase, ctrl_c_ends_the_wait_for_a_reply_too);
	tcase_add_test(tcase, the_prompt_works_with_one_answer_per_connection);
	tcase_add_test(tcase, the_prompt_keeps_one_connection);
	tcase_add_test(tcase,
		       a_connection_that_the_server_ends_is_closed_at_once);
	tcase_add_test(tcase, a_connection_that_ends_at_the_prompt_is_told);
	tcase_add_test(tcase,
		       a_server_that_is_not_there_is_told_before_the_prompt);
	tcase_add_test(tcase, no_reply_at_the_prompt_ends_with_3);
	tcase_add_test(tcase, a_missed_reply_does_not_end_the_udp_prompt);
}

int main(void)
{
	Suite *suite = suite_create("client modes");

	add_filters(suite);
	add_streams_and_prompt(suite);
	return harness_run(suite);
}
