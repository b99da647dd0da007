/* SPDX-License-Identifier: MIT */
/*
 * uppercase-client and servers that drop, double, cut, reset, keep silent, do
 * something else, or are strangers: small ones, made for one test each.
 *
 * Time limits of the client are short where a test needs them to pass, and
 * long where they must not.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_sock.h"
#include "harness.h"

#define HOST "127.0.0.1"

/* A time limit to be waited for, still long for an answer over loopback. */
#define SHORT "0.5"

/* A time limit that is used up only when waiting for what never comes. */
#define LONG "9"

static struct peer peer;
static char port[8];

/* --- UDP: messages, answers and what looks like them --- */

static void serve_after_one_is_lost(int fd)
{
	(void)peer_receive(fd);
	for (;;)
		if (strcmp(peer_receive(fd), "a") == 0)
			peer_answer(fd, "A");
}

START_TEST(a_lost_datagram_is_sent_again)
{
	peer = peer_start(SOCK_DGRAM, serve_after_one_is_lost);
	outcome_expect(client_run("", "-u", "-w", SHORT, HOST, peer.port, "a"),
		       0, "A\n", "");
	peer_stop(&peer);
}
END_TEST

START_TEST(without_retries_a_lost_datagram_is_no_reply)
{
	peer = peer_start(SOCK_DGRAM, serve_after_one_is_lost);
	outcome_expect(client_run("", "-u", "-w", SHORT, "-r", "0", HOST,
				  peer.port, "a"),
		       3, "", "no reply within 0.5 s (");
	peer_stop(&peer);
}
END_TEST

static unsigned count_datagrams(int fd)
{
	unsigned n = 0;
	char byte;

	for (; sock_is_readable(fd); n++)
		ck_assert_int_ge(recv(fd, &byte, 1, 0), 0);
	return n;
}

START_TEST(silence_ends_with_3_after_all_retries)
{
	int fd = udp_bind(HOST, 0);
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int64_t start_ms = harness_now_ms();

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size),
			 0);
	(void)port_text(ntohs(address.sin_port), port);
	outcome_expect(
		client_run("", "-u", "-w", "0.1", "-r", "3", HOST, port, "a"),
		3, "", "no reply within 0.1 s, each of 4 times (");
	ck_assert_int_ge(harness_now_ms() - start_ms, 400);
	ck_assert_uint_eq(count_datagrams(fd), 4);
	(void)close(fd);
}
END_TEST

/* Waits for this message; what the client repeats meanwhile is passed over. */
static void peer_await(int fd, const char *text)
{
	while (strcmp(peer_receive(fd), text) != 0)
		;
}

static void serve_late_duplicates(int fd)
{
	peer_await(fd, "one"); /* taken for lost */
	peer_await(fd, "one");
	peer_answer(fd, "ONE");
	peer_await(fd, "two");
	peer_answer(fd, "ONE"); /* to the first copy, late */
	peer_answer(fd, "TWO");
	peer_await(fd, "six");
	peer_answer(fd, "TWO");
	peer_answer(fd, "ONE");
	peer_answer(fd, "SIX");
}

START_TEST(a_late_duplicate_is_not_the_next_answer)
{
	peer = peer_start(SOCK_DGRAM, serve_late_duplicates);
	outcome_expect(client_run("one\ntwo\nsix\n", "-u", "-w", SHORT, HOST,
				  peer.port),
		       0, "ONE\nTWO\nSIX\n", "");
	peer_stop(&peer);
}
END_TEST

static void serve_everything_twice(int fd)
{
	for (;;) {
		char upper[64] = "";
		const char *text = peer_receive(fd);

		bytes_upper((unsigned char *)upper, (const unsigned char *)text,
			    strlen(text));
		peer_answer(fd, upper);
		peer_answer(fd, upper);
	}
}

START_TEST(a_server_that_answers_twice_is_heard_once)
{
	peer = peer_start(SOCK_DGRAM, serve_everything_twice);
	outcome_expect(client_run("a\nb\na\nc\n\nd\n", "-u", "-w", LONG, HOST,
				  peer.port),
		       0, "A\nB\nA\nC\n\nD\n", "");
	peer_stop(&peer);
}
END_TEST

/* Another socket answers first, with what would be accepted from the server. */
static void serve_after_a_stranger(int fd)
{
	int stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (;;) {
		(void)peer_receive(fd);
		peer_answer(stranger, "FORGED");
		peer_answer(fd, "TRUE");
	}
}

START_TEST(a_strangers_datagram_is_ignored)
{
	peer = peer_start(SOCK_DGRAM, serve_after_a_stranger);
	outcome_expect(
		client_run("", "-u", "-w", LONG, HOST, peer.port, "true"), 0,
		"TRUE\n", "");
	peer_stop(&peer);
}
END_TEST

static void serve_strangers_alone(int fd)
{
	int stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (;;) {
		(void)peer_receive(fd);
		peer_answer(stranger, "A");
	}
}

START_TEST(strangers_alone_are_no_reply)
{
	peer = peer_start(SOCK_DGRAM, serve_strangers_alone);
	outcome_expect(client_run("", "-u", "-w", "0.2", "-r", "1", HOST,
				  peer.port, "a"),
		       3, "", "no reply within 0.2 s, each of 2 times (");
	peer_stop(&peer);
}
END_TEST

START_TEST(strangers_are_told_of)
{
	peer = peer_start(SOCK_DGRAM, serve_strangers_alone);
	outcome_expect(client_run("", "-u", "-w", "0.2", "-r", "0", HOST,
				  peer.port, "a"),
		       3, "", "does the server answer from another address");
	outcome_expect(client_run("", "-uv", "-w", "0.2", "-r", "0", HOST,
				  peer.port, "a"),
		       3, "", "ignored 1 bytes from 127.0.0.1:");
	peer_stop(&peer);
}
END_TEST

/* Never lets the client's socket run empty. */
static void serve_a_flood_of_strangers(int fd)
{
	int stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)peer_receive(fd);
	for (;;)
		peer_answer(stranger, "A");
}

START_TEST(a_flood_of_strangers_ends_in_time)
{
	peer = peer_start(SOCK_DGRAM, serve_a_flood_of_strangers);
	outcome_expect(client_run("", "-u", "-w", "0.2", "-r", "0", HOST,
				  peer.port, "a"),
		       3, "", "no reply within 0.2 s (");
	peer_stop(&peer);
}
END_TEST

static void serve_a_flood_of_late_answers(int fd)
{
	(void)peer_receive(fd);
	peer_answer(fd, "A");
	peer_await(fd, "b");
	for (;;)
		peer_answer(fd, "A");
}

START_TEST(a_flood_of_late_answers_ends_in_time)
{
	peer = peer_start(SOCK_DGRAM, serve_a_flood_of_late_answers);
	outcome_expect(client_run("a\nb\nc\n", "-u", "-w", "0.5", "-r", "0",
				  HOST, peer.port),
		       3, "A\n", "line 2: not answered");
	peer_stop(&peer);
}
END_TEST

/* An answer that came in time counts, though we look at it late. */
START_TEST(a_client_that_was_stopped_takes_what_waits)
{
	int fd = udp_bind(HOST, 0);
	struct sockaddr_in address, from;
	socklen_t size = sizeof(address);
	struct client client;
	char byte;

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size),
			 0);
	(void)port_text(ntohs(address.sin_port), port);
	client = client_start((const char *const[]){"-u", "-w", "2", "-r", "0",
						    HOST, port, "a", NULL});
	sock_must_wait(fd, POLLIN, harness_deadline(), "the message");
	ck_assert_int_eq(kill(client.pid, SIGSTOP), 0);
	ck_assert_int_eq(
		recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &size), 1);
	ck_assert_int_eq(sendto(fd, "A", 1, 0, (struct sockaddr *)&from, size),
			 1);
	ck_assert_int_eq(sock_wait(client.life_fd, POLLIN, 2200), 0);
	ck_assert_int_eq(kill(client.pid, SIGCONT), 0);
	tcp_expect_text(client.fd, "A\n");
	client_expect_exit(&client, 0);
	(void)close(fd);
}
END_TEST

/* --- UDP: a server that is not there --- */

START_TEST(without_a_server_a_datagram_is_sent_all_the_same)
{
	char expected[128];
	struct outcome outcome;
	char *first;

	(void)snprintf(expected, sizeof(expected),
		       "uppercase-client: udp send to 127.0.0.1 port %s: ICMP "
		       "\"port unreachable\" from 127.0.0.1 (",
		       port_without_server(SOCK_DGRAM, port));
	outcome = client_run("", "-u", "-w", "0.1", "-r", "2", HOST, port, "a");
	ck_assert_int_eq(outcome.status, 3);
	ck_assert_str_eq(outcome.out, "");
	first = strstr(outcome.err, expected);
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + strlen(expected), "ICMP"));
	ck_assert_ptr_nonnull(
		strstr(outcome.err, "no reply within 0.1 s, each of 3 times"));
	outcome_clear(&outcome);
}
END_TEST

START_TEST(an_answer_counts_whenever_the_server_starts)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	struct client client;
	char shown[4096], byte;
	int fd;

	(void)port_without_server(SOCK_DGRAM, port);
	client = client_start_on_terminal((const char *const[]){
		"-u", "-w", "0.2", "-r", "100", HOST, port, "a", NULL});
	client_read_until(&client, "port unreachable", shown, sizeof(shown));
	fd = udp_bind(HOST, (uint16_t)atoi(port));
	sock_must_wait(fd, POLLIN, harness_deadline(), "another try");
	ck_assert_int_eq(
		recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &size), 1);
	ck_assert_int_eq(sendto(fd, "A", 1, 0, (struct sockaddr *)&from, size),
			 1);
	client_read_until(&client, "\nA\n", shown, sizeof(shown));
	ck_assert_ptr_nonnull(strstr(
		shown, "\nuppercase-client: no reply within 0.2 s, sent again "
		       "(try 2 of 101)\n"));
	client_expect_exit(&client, 0);
	(void)close(fd);
}
END_TEST

/* A different service: the same answer to everybody. */
static void serve_ok(int fd)
{
	for (;;) {
		(void)peer_receive(fd);
		peer_answer(fd, "ok.");
	}
}

START_TEST(a_different_udp_service_is_shown_as_it_is)
{
	peer = peer_start(SOCK_DGRAM, serve_ok);
	outcome_expect(
		client_run("a\nbb\nccc\n", "-u", "-w", LONG, HOST, peer.port),
		0, "ok.\nok.\nok.\n", "");
	peer_stop(&peer);
}
END_TEST

/* --- TCP: a message and servers that misbehave --- */

static void serve_silence(int fd)
{
	(void)peer_accept(fd);
	(void)pause();
}

START_TEST(a_silent_tcp_server_ends_with_3)
{
	peer = peer_start(SOCK_STREAM, serve_silence);
	outcome_expect(client_run("", "-w", SHORT, HOST, peer.port, "hello"), 3,
		       "", "no reply within 0.5 s, 0 of 5 bytes came (");
	peer_stop(&peer);
}
END_TEST

START_TEST(a_silent_tcp_server_ends_the_filter_with_3)
{
	peer = peer_start(SOCK_STREAM, serve_silence);
	outcome_expect(client_run("hello", "-w", SHORT, HOST, peer.port), 3, "",
		       "no reply within 0.5 s, 0 of 5 bytes came (");
	peer_stop(&peer);
}
END_TEST

/* Linux drops what asks for a connection when the queue for them is full. */
static int listen_with_full_queue(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int conn;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size),
			 0);
	(void)port_text(ntohs(address.sin_port), port);
	do {
		conn = socket(AF_INET,
			      SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(conn, (struct sockaddr *)&address, size);
	} while (sock_wait(conn, POLLOUT, 200) != 0);
	return fd;
}

START_TEST(a_connection_that_nobody_takes_ends_with_3)
{
	int fd = listen_with_full_queue();

	outcome_expect(client_run("", "-w", SHORT, HOST, port, "a"), 3, "",
		       "tcp connect to 127.0.0.1 port ");
	outcome_expect(client_run("", "-w", SHORT, HOST, port, "a"), 3, "",
		       "Connection timed out (is the address right");
	(void)close(fd);
}
END_TEST

static void serve_two_bytes(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, "HE");
	(void)shutdown(conn, SHUT_WR);
	(void)pause();
}

START_TEST(a_reply_that_is_cut_short_is_an_error)
{
	peer = peer_start(SOCK_STREAM, serve_two_bytes);
	outcome_expect(client_run("", "-w", LONG, HOST, peer.port, "hello"), 1,
		       "HE\n", "closed by the server after 2 of 5 bytes (");
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, serve_two_bytes);
	outcome_expect(client_run("hello", "-w", LONG, HOST, peer.port), 1,
		       "HE", "closed by the server after 2 bytes");
	peer_stop(&peer);
}
END_TEST

static void serve_no_answer(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	(void)shutdown(conn, SHUT_WR);
	(void)pause();
}

START_TEST(a_server_that_closes_without_a_reply_is_an_error)
{
	peer = peer_start(SOCK_STREAM, serve_no_answer);
	outcome_expect(client_run("", "-w", LONG, HOST, peer.port, "hello"), 1,
		       "", "closed by the server without a reply (");
	peer_stop(&peer);
}
END_TEST

static void serve_reset(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	tcp_reset(conn);
	(void)pause();
}

START_TEST(a_reset_is_an_error)
{
	peer = peer_start(SOCK_STREAM, serve_reset);
	outcome_expect(client_run("", "-w", LONG, HOST, peer.port, "hello"), 1,
		       "", "Connection reset by peer (");
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, serve_reset);
	outcome_expect(client_run("hello", "-w", LONG, HOST, peer.port), 1, "",
		       "Connection reset by peer (");
	peer_stop(&peer);
}
END_TEST

/* Each piece leaves only when the one before has been taken in over there. */
static void serve_pieces(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, "HE");
	peer_drain(conn);
	peer_write(conn, "LL");
	peer_drain(conn);
	peer_write(conn, "O");
	(void)pause();
}

START_TEST(a_reply_in_pieces_is_put_together)
{
	peer = peer_start(SOCK_STREAM, serve_pieces);
	outcome_expect(client_run("", "-w", LONG, HOST, peer.port, "hello"), 0,
		       "HELLO\n", "");
	peer_stop(&peer);
}
END_TEST

/* Reads to the end of the data first, as a server of lines may do. */
static void serve_after_end(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	while (recv(conn, buf, sizeof(buf), 0) > 0)
		;
	peer_write(conn, "HELLO");
	(void)pause();
}

START_TEST(a_server_that_waits_for_the_end_of_the_data_is_told_it)
{
	peer = peer_start(SOCK_STREAM, serve_after_end);
	outcome_expect(client_run("", "--half-close", "-w", LONG, HOST,
				  peer.port, "hello"),
		       0, "HELLO\n", "");
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, serve_after_end);
	outcome_expect(client_run("hello", "-w", SHORT, HOST, peer.port), 0,
		       "HELLO", "");
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, serve_after_end);
	outcome_expect(client_run("", "-w", SHORT, HOST, peer.port, "hello"), 3,
		       "",
		       "does it wait for the end of the data, as --half-close "
		       "tells it?)");
	peer_stop(&peer);
}
END_TEST

/* Says whether the client has closed its side before the answer. */
static void serve_the_end_seen(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, sock_wait(conn, POLLIN, 300) == 0 ? "OPEN." : "ENDED");
	(void)pause();
}

START_TEST(a_message_is_half_closed_only_when_asked_for)
{
	peer = peer_start(SOCK_STREAM, serve_the_end_seen);
	outcome_expect(client_run("", "-w", LONG, HOST, peer.port, "hello"), 0,
		       "OPEN.\n", "");
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, serve_the_end_seen);
	outcome_expect(client_run("", "--half-close", "-w", LONG, HOST,
				  peer.port, "hello"),
		       0, "ENDED\n", "");
	peer_stop(&peer);
}
END_TEST

/* A byte now and then, for ever. */
static void serve_drops_for_ever(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	for (;;) {
		peer_write(conn, "drop ");
		(void)poll(NULL, 0, 20);
	}
}

static void serve_a_stream_for_ever(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	for (;;)
		peer_write(conn, "stream ");
}

static void (*const endless[])(int fd) = {serve_drops_for_ever,
					  serve_a_stream_for_ever};

START_TEST(a_reply_without_end_ends_in_time)
{
	peer = peer_start(SOCK_STREAM, endless[_i]);
	outcome_expect(
		client_run_shell("exec \"$0\" -w 0.5 127.0.0.1 $1 a >/dev/null",
				 peer.port),
		3, "", "no end within 0.5 s, ");
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, endless[_i]);
	outcome_expect(client_run_shell("echo a | \"$0\" -w 0.5 127.0.0.1 $1 "
					">/dev/null",
					peer.port),
		       3, "", "no end within 0.5 s, ");
	peer_stop(&peer);
}
END_TEST

static void serve_greeting_and_close(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, "you said something");
	(void)shutdown(conn, SHUT_WR);
	(void)pause();
}

static void serve_greeting(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, "no");
	(void)pause();
}

START_TEST(a_different_tcp_service_is_shown_as_it_is)
{
	peer = peer_start(SOCK_STREAM, serve_greeting_and_close);
	outcome_expect(client_run("", "-w", LONG, HOST, peer.port, "hello"), 0,
		       "you said something\n", "");
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, serve_greeting);
	outcome_expect(client_run("", "-w", LONG, HOST, peer.port, "hello"), 0,
		       "no\n", "");
	peer_stop(&peer);
}
END_TEST

/* --- what reaches a terminal --- */

/* Sets the title, clears the screen, and more, raw and in UTF-8. */
#define EVIL                                                                   \
	"A\x1b]0;x\x07\x1b[2J\x9b"                                             \
	"1m\xc2\x9b"                                                           \
	"2m\b\r\x7f\t\xff\\"
#define TAMED                                                                  \
	"A\\x1b]0;x\\x07\\x1b[2J\\x9b1m\\xc2\\x9b2m\\x08\\x0d\\x7f\t\\xff\\"

static void serve_evil(int fd)
{
	for (;;) {
		(void)peer_receive(fd);
		peer_answer(fd, EVIL "\r\n\xc3\xa9");
	}
}

START_TEST(a_terminal_is_not_commanded_by_a_datagram)
{
	struct client client;

	peer = peer_start(SOCK_DGRAM, serve_evil);
	client = client_start_on_terminal((const char *const[]){
		"-u", "-w", LONG, HOST, peer.port, "a", NULL});
	client_expect_shown(&client, TAMED "\r\n\xc3\xa9\n");
	client_expect_exit(&client, 0);
	outcome_expect(client_run("", "-u", "-w", LONG, HOST, peer.port, "a"),
		       0, EVIL "\r\n\xc3\xa9\n", "");
	peer_stop(&peer);
}
END_TEST

/* Sequences are cut in the middle, and the last one has no end. */
static void serve_evil_stream(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, EVIL "\r");
	peer_drain(conn);
	peer_write(conn, "\n\xc3");
	peer_drain(conn);
	peer_write(conn, "\xa9\xe2\x82");
	(void)shutdown(conn, SHUT_WR);
	(void)pause();
}

START_TEST(a_terminal_is_not_commanded_by_a_stream)
{
	struct client client;

	peer = peer_start(SOCK_STREAM, serve_evil_stream);
	client = client_start_on_terminal(
		(const char *const[]){"-w", LONG, HOST, peer.port, "a", NULL});
	client_expect_shown(&client, TAMED "\r\n\xc3\xa9\\xe2\\x82\n");
	client_expect_exit(&client, 0);
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, serve_evil_stream);
	outcome_expect(client_run("", "-w", LONG, HOST, peer.port, "a"), 0,
		       EVIL "\r\n\xc3\xa9\xe2\x82\n", "");
	peer_stop(&peer);
}
END_TEST

START_TEST(a_line_does_not_stick_to_a_reply)
{
	struct client client;

	peer = peer_start(SOCK_STREAM, serve_two_bytes);
	client = client_start_on_terminal((const char *const[]){
		"-w", LONG, HOST, peer.port, "hello", NULL});
	client_expect_shown(&client, "HE\nuppercase-client: tcp receive from ");
	client_expect_exit(&client, 1);
	peer_stop(&peer);
	/* Nor in a pipe that both go to. */
	peer = peer_start(SOCK_STREAM, serve_pieces);
	outcome_expect(client_run_shell("\"$0\" -v 127.0.0.1 $1 hello 2>&1 | "
					"grep -cvx -e '[0-9A-Z]*' "
					"-e 'uppercase-client: .*'",
					peer.port),
		       1, "0\n", "");
	peer_stop(&peer);
	peer = peer_start(SOCK_STREAM, serve_pieces);
	outcome_expect(client_run_shell("\"$0\" -v 127.0.0.1 $1 hello 2>&1 | "
					"grep -cx HELLO",
					peer.port),
		       0, "1\n", "");
	peer_stop(&peer);
}
END_TEST

/* --- main --- */

int main(void)
{
	Suite *suite = suite_create("client and peers");
	TCase *tcase = harness_case(suite, "udp");

	tcase_add_test(tcase, a_lost_datagram_is_sent_again);
	tcase_add_test(tcase, without_retries_a_lost_datagram_is_no_reply);
	tcase_add_test(tcase, silence_ends_with_3_after_all_retries);
	tcase_add_test(tcase, a_late_duplicate_is_not_the_next_answer);
	tcase_add_test(tcase, a_server_that_answers_twice_is_heard_once);
	tcase_add_test(tcase, a_strangers_datagram_is_ignored);
	tcase_add_test(tcase, strangers_alone_are_no_reply);
	tcase_add_test(tcase, strangers_are_told_of);
	tcase_add_test(tcase, a_flood_of_strangers_ends_in_time);
	tcase_add_test(tcase, a_flood_of_late_answers_ends_in_time);
	tcase_add_test(tcase, a_client_that_was_stopped_takes_what_waits);
	tcase_add_test(tcase, without_a_server_a_datagram_is_sent_all_the_same);
	tcase_add_test(tcase, an_answer_counts_whenever_the_server_starts);
	tcase_add_test(tcase, a_different_udp_service_is_shown_as_it_is);

	tcase = harness_case(suite, "tcp");
	tcase_add_test(tcase, a_silent_tcp_server_ends_with_3);
	tcase_add_test(tcase, a_silent_tcp_server_ends_the_filter_with_3);
	tcase_add_test(tcase, a_connection_that_nobody_takes_ends_with_3);
	tcase_add_test(tcase, a_reply_that_is_cut_short_is_an_error);
	tcase_add_test(tcase, a_server_that_closes_without_a_reply_is_an_error);
	tcase_add_test(tcase, a_reset_is_an_error);
	tcase_add_test(tcase, a_reply_in_pieces_is_put_together);
	tcase_add_test(tcase,
		       a_server_that_waits_for_the_end_of_the_data_is_told_it);
	tcase_add_test(tcase, a_message_is_half_closed_only_when_asked_for);
	tcase_add_loop_test(tcase, a_reply_without_end_ends_in_time, 0,
			    ARRAY_LEN(endless));
	tcase_add_test(tcase, a_different_tcp_service_is_shown_as_it_is);

	tcase = harness_case(suite, "terminal");
	tcase_add_test(tcase, a_terminal_is_not_commanded_by_a_datagram);
	tcase_add_test(tcase, a_terminal_is_not_commanded_by_a_stream);
	tcase_add_test(tcase, a_line_does_not_stick_to_a_reply);
	return harness_run(suite);
}
