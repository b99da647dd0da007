/* SPDX-License-Identifier: MIT */
/*
 * uppercase-client --ping against the real server, and against small ones that
 * lose, keep, double, forge and damage what they answer, or break off.
 *
 * Messages leave SOON after each other where a test needs several, and are
 * given up SHORT after they left where a test needs that, else never.
 */
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"
#include "json_reader.h"

#define HOST   "127.0.0.1"
#define SOON   "--interval=20ms"
#define SHORT  "--timeout=500ms"
#define LONG   "--timeout=9s"

#define CTRL_C "\x03"

static struct peer peer;
static char port[8];

/* How often a text stands in another. */
static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* Checks the end of a ping, and that each text stands in its output. */
static void expect_ping(struct outcome outcome, int status,
			const char *const texts[])
{
	for (; *texts; texts++)
		if (!strstr(outcome.out, *texts))
			harness_fail("no \"%s\" in:\n%s%s", *texts, outcome.out,
				     outcome.err);
	if (outcome.status != status)
		harness_fail("status %d, not %d:\n%s%s", outcome.status, status,
			     outcome.out, outcome.err);
	outcome_clear(&outcome);
}

#define EXPECT(outcome, status, ...)                                           \
	expect_ping(outcome, status, (const char *const[]){__VA_ARGS__, NULL})

static struct outcome ping(const char *mode, const char *n, const char *timeout)
{
	return client_run("", mode, n, SOON, timeout, HOST, peer.port);
}

/* --- the real server --- */

static const struct {
	const char *mode, *extra;
	enum service service;
	const char *head, *reply;
} services[] = {
	{"-u", "--connect", SERVICE_UDP, " over UDP, one every ",
	 "\n24 bytes from 127.0.0.1:"},
	{"-u", "--size=65507", SERVICE_UDP, " over UDP: 65507 bytes, ",
	 "\n65507 bytes from 127.0.0.1:"},
	{"-t", "--size=65507", SERVICE_TCP, " over TCP: 65507 bytes, ",
	 "\n65507 bytes from 127.0.0.1:"},
	{"-t", "-t", SERVICE_TCP, " over TCP, one every ",
	 "\n24 bytes from 127.0.0.1:"},
};

START_TEST(each_reply_has_its_number_and_its_time)
{
	struct server *server = server_start_all(NULL);
	const struct endpoint *to =
		server_endpoint(server, services[_i].service);

	EXPECT(client_run("", "--ping=3", SOON, LONG, services[_i].mode,
			  services[_i].extra, HOST, port_text(to->port, port)),
	       0, "PING 127.0.0.1 (127.0.0.1:", services[_i].head,
	       services[_i].reply, ": seq=1 time=", ": seq=2 time=",
	       ": seq=3 time=", "\n3 sent, 3 received, 0% loss, time ",
	       "\nrtt min/avg/max/mdev = ", "\nEstimatedRTT ", ", DevRTT ",
	       "\nretransmission timer ", "raised to the minimum of 1 s)\n");
	server_stop(server);
}
END_TEST

/* What the textbook's server does: each message has a connection of its own. */
START_TEST(a_server_that_answers_once_per_connection_answers_all)
{
	struct server *server = server_start(
		&(struct server_options){.tcp = "0", .extra = "--tcp-once"});
	const struct endpoint *to = server_endpoint(server, SERVICE_TCP);

	/* Long enough to hear that it has closed. */
	EXPECT(client_run("", "--ping=3", "-i", "0.3", LONG, HOST,
			  port_text(to->port, port)),
	       0, "\n3 sent, 3 received, 0% loss");
	server_stop(server);
}
END_TEST

START_TEST(a_flood_is_told_by_its_statistics)
{
	struct server *server = server_start_all(NULL);
	const struct endpoint *to = server_endpoint(server, SERVICE_UDP);
	struct outcome outcome =
		client_run("", "-u", "--ping=200", "--flood", LONG, HOST,
			   port_text(to->port, port));

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_uint_eq(count(outcome.out, "seq="), 0);
	ck_assert_ptr_nonnull(
		strstr(outcome.out, "\n200 sent, 200 received, 0% loss"));
	outcome_clear(&outcome);
	server_stop(server);
}
END_TEST

/* --- UDP: what does not count --- */

static void serve_silence(int fd)
{
	for (;;)
		(void)peer_receive(fd);
}

START_TEST(silence_is_a_timeout_each_and_exit_3)
{
	peer = peer_start(SOCK_DGRAM, serve_silence);
	EXPECT(ping("-u", "--ping=2", SHORT), 3,
	       "\nRequest timed out: seq=1\nRequest timed out: seq=2\n",
	       "\n2 sent, 0 received, 100% loss, time ",
	       "\nretransmission timer 1.000 s (no answer yet to measure)\n");
	peer_stop(&peer);
}
END_TEST

/* At 100 a second, however little comes back. */
START_TEST(a_flood_into_silence_is_slow)
{
	int64_t start_ms = harness_now_ms();

	peer = peer_start(SOCK_DGRAM, serve_silence);
	EXPECT(client_run("", "-u", "--ping=21", "--flood", "-w", "10ms", HOST,
			  peer.port),
	       3, "\n21 sent, 0 received, 100% loss");
	ck_assert_int_ge(harness_now_ms() - start_ms, 200);
	peer_stop(&peer);
}
END_TEST

/* Of a server: the last message in upper case. */
static const char *upper(const char *text)
{
	static char out[64];

	bytes_upper((unsigned char *)out, (const unsigned char *)text,
		    strlen(text) + 1);
	return out;
}

/* Answers when the next message came, by when the first was given up. */
static void serve_one_message_late(int fd)
{
	char first[64];

	(void)snprintf(first, sizeof(first), "%s", upper(peer_receive(fd)));
	(void)peer_receive(fd);
	peer_answer(fd, first);
	peer_answer(fd, first);
	for (;;)
		peer_answer(fd, upper(peer_receive(fd)));
}

START_TEST(a_late_answer_is_named_and_not_counted)
{
	peer = peer_start(SOCK_DGRAM, serve_one_message_late);
	EXPECT(client_run("", "-u", "--ping=3", "-i", "600ms", SHORT, HOST,
			  peer.port),
	       0, "\nRequest timed out: seq=1\n",
	       " ms (late: its message was given up before; not counted)\n",
	       " ms (duplicate: its message was answered before; not "
	       "counted)\n",
	       ": seq=3 time=",
	       "\n3 sent, 1 received, +1 late, +1 duplicate, 66.7% loss");
	peer_stop(&peer);
}
END_TEST

static void serve_twice(int fd)
{
	for (;;) {
		const char *text = upper(peer_receive(fd));

		peer_answer(fd, text);
		peer_answer(fd, text);
	}
}

START_TEST(a_duplicate_is_named_and_not_counted)
{
	peer = peer_start(SOCK_DGRAM, serve_twice);
	EXPECT(client_run("", "-u", "--ping=2", "-i", "100ms", LONG, HOST,
			  peer.port),
	       0,
	       ": seq=1 time=", " ms (duplicate: ", "\n2 sent, 2 received, +",
	       " duplicate, 0% loss");
	peer_stop(&peer);
}
END_TEST

static void serve_by_a_stranger(int fd)
{
	int stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (;;)
		peer_answer(stranger, upper(peer_receive(fd)));
}

START_TEST(an_answer_from_another_port_is_foreign)
{
	peer = peer_start(SOCK_DGRAM, serve_by_a_stranger);
	EXPECT(ping("-u", "--ping=2", SHORT), 3,
	       ": seq=1 (foreign: not from the server that was asked; not "
	       "counted)\n",
	       "\nRequest timed out: seq=1\n",
	       "\n2 sent, 0 received, +2 foreign, 100% loss");
	peer_stop(&peer);
}
END_TEST

/* The kernel does not show it to a socket that is connected. */
START_TEST(a_connected_socket_does_not_see_strangers)
{
	peer = peer_start(SOCK_DGRAM, serve_by_a_stranger);
	EXPECT(client_run("", "-u", "--connect", "--ping=2", SOON, SHORT, HOST,
			  peer.port),
	       3, "\nRequest timed out: seq=2\n",
	       "\n2 sent, 0 received, 100% loss");
	peer_stop(&peer);
}
END_TEST

static void serve_echo(int fd)
{
	for (;;)
		peer_answer(fd, peer_receive(fd));
}

static void serve_damaged(int fd)
{
	for (;;) {
		char text[64];

		(void)snprintf(text, sizeof(text), "%s",
			       upper(peer_receive(fd)));
		text[1] = '1';
		peer_answer(fd, text);
		text[1] = 'I';
		text[10] = '\0';
		peer_answer(fd, text);
	}
}

static void serve_nonsense(int fd)
{
	for (;;) {
		(void)peer_receive(fd);
		peer_answer(fd, "\033[2J");
	}
}

static const struct {
	void (*serve)(int fd);
	const char *line, *counts;
} corruptions[] = {
	{serve_echo,
	 ": seq=1 time=", "\n2 sent, 0 received, +2 corrupt, 100% loss"},
	{serve_echo,
	 " ms (corrupt: as it was sent, not in upper case; not "
	 "counted)\n",
	 "+2 corrupt"},
	{serve_damaged, "(corrupt: it answers no message; not counted)\n",
	 "+4 corrupt"},
	{serve_damaged, " ms (corrupt: 10 bytes, not 24; not counted)\n",
	 "+4 corrupt"},
	{serve_nonsense,
	 "\n4 bytes from 127.0.0.1:", "\n2 sent, 0 received, +2 corrupt"},
};

START_TEST(a_corrupt_answer_is_named_and_times_out)
{
	peer = peer_start(SOCK_DGRAM, corruptions[_i].serve);
	EXPECT(ping("-u", "--ping=2", SHORT), 3, corruptions[_i].line,
	       corruptions[_i].counts, "\nRequest timed out: seq=1\n",
	       "\nRequest timed out: seq=2\n");
	peer_stop(&peer);
}
END_TEST

static const char *const udp_sockets[] = {"-u", "--connect"};

START_TEST(nobody_there_is_told_for_each_message_and_goes_on)
{
	EXPECT(client_run("", "-u", udp_sockets[_i], "--ping=2", SOON, SHORT,
			  HOST, port_without_server(SOCK_DGRAM, port)),
	       3,
	       "\nFrom 127.0.0.1: seq=1 ICMP \"port unreachable\" (nothing "
	       "listens there: ",
	       "\nFrom 127.0.0.1: seq=2 ICMP \"port unreachable\"\n",
	       "\n2 sent, 0 received, +2 errors, 100% loss");
}
END_TEST

/* A name with two addresses, at the first of which nobody listens. */
START_TEST(the_next_address_is_tried_when_the_first_refuses)
{
	struct server *server = server_start_all(NULL);
	const struct endpoint *to = server_endpoint(server, SERVICE_UDP);
	struct outcome outcome =
		client_run("", "-u", "--ping=2", SOON, LONG, "localhost",
			   port_text(to->port, port));

	if (!strstr(outcome.err, "trying the next address"))
		harness_skip("localhost has no address before 127.0.0.1");
	EXPECT(outcome, 0,
	       "PING localhost (127.0.0.1:", "\n2 sent, 2 received, 0% loss");
	server_stop(server);
}
END_TEST

/* Receives a message, and sends its answer. */
static void answer_one(int fd)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char buf[64];
	ssize_t n = recvfrom(fd, buf, sizeof(buf) - 1, 0,
			     (struct sockaddr *)&from, &size);

	ck_assert_int_gt(n, 0);
	buf[n] = '\0';
	ck_assert_int_eq(sendto(fd, upper(buf), (size_t)n, 0,
				(struct sockaddr *)&from, size),
			 n);
}

/*
 * The kernel says when the answer came, however late we look at it. It begins
 * with that a moment after it was asked to, so it is tried with the second one.
 */
START_TEST(an_answer_that_waited_for_us_was_in_time)
{
	int fd = udp_bind(HOST, 0);
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	struct client client;
	char shown[1024] = "";

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size),
			 0);
	(void)port_text(ntohs(address.sin_port), port);
	client = client_start((const char *const[]){
		"-u", "--ping=2", "-w", "1s", "-i", "500ms", HOST, port, NULL});
	sock_must_wait(fd, POLLIN, harness_deadline(), "the message");
	answer_one(fd);
	sock_must_wait(fd, POLLIN, harness_deadline(), "the second message");
	ck_assert_int_eq(kill(client.pid, SIGSTOP), 0);
	answer_one(fd);
	ck_assert_int_eq(sock_wait(client.life_fd, POLLIN, 1200), 0);
	ck_assert_int_eq(kill(client.pid, SIGCONT), 0);
	client_read_until(&client, ": seq=2 time=", shown, sizeof(shown));
	client_read_until(&client, " ms\n", shown, sizeof(shown));
	ck_assert_int_lt(atoi(shown), 1000);
	client_read_until(&client, "0% loss", shown, sizeof(shown));
	client_expect_exit(&client, 0);
	(void)close(fd);
}
END_TEST

/* --- TCP --- */

/* A byte a segment, and the second answer together with the third. */
static void serve_in_pieces(int fd)
{
	int conn = peer_accept(fd), on = 1;
	char buf[256];
	size_t n = peer_read(conn, buf, sizeof(buf) - 1);

	(void)setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	buf[n] = '\0';
	for (const char *c = upper(buf); *c; c++) {
		peer_write(conn, (char[]){*c, '\0'});
		peer_drain(conn);
	}
	for (n = 0; n < 2 * (strlen("Ping 2 1764201600.123456") + 1);)
		n += peer_read(conn, buf + n, sizeof(buf) - 1 - n);
	bytes_upper((unsigned char *)buf, (unsigned char *)buf, n);
	buf[n] = '\0';
	peer_write(conn, buf);
	(void)pause();
}

START_TEST(answers_in_pieces_and_joined_are_told_apart)
{
	peer = peer_start(SOCK_STREAM, serve_in_pieces);
	EXPECT(client_run("", "-t", "--ping=3", "-i", "100ms", LONG, HOST,
			  peer.port),
	       0,
	       "\n24 bytes from 127.0.0.1:", ": seq=1 time=", ": seq=2 time=",
	       ": seq=3 time=", "\n3 sent, 3 received, 0% loss");
	peer_stop(&peer);
}
END_TEST

/* Breaks off in the middle of its answer; the next connection is served. */
static void serve_half(int fd)
{
	int conn = peer_accept(fd);
	char buf[256];
	size_t n;

	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, "PING 1");
	(void)close(conn);
	conn = peer_accept(fd);
	for (;;) {
		n = peer_read(conn, buf, sizeof(buf) - 1);
		buf[n] = '\0';
		peer_write(conn, upper(buf));
	}
}

START_TEST(a_connection_that_ends_in_the_middle_costs_one_message)
{
	peer = peer_start(SOCK_STREAM, serve_half);
	EXPECT(client_run("", "-t", "--ping=2", "-i", "200ms", LONG, HOST,
			  peer.port),
	       0,
	       "\nseq=1 connection closed by the server after 6 bytes of its "
	       "reply\n",
	       ": seq=2 time=", "\n2 sent, 1 received, +1 error, 50% loss");
	peer_stop(&peer);
}
END_TEST

static void serve_and_leave(int fd)
{
	int conn = peer_accept(fd);
	char buf[256];

	(void)close(fd);
	(void)peer_read(conn, buf, sizeof(buf));
	(void)close(conn);
	(void)pause();
}

START_TEST(a_server_that_left_is_told_and_nothing_is_sent)
{
	struct outcome outcome;

	peer = peer_start(SOCK_STREAM, serve_and_leave);
	outcome = client_run("", "-t", "--ping=2", "-i", "200ms", SHORT, HOST,
			     peer.port);
	ck_assert_ptr_nonnull(
		strstr(outcome.err, "tcp connect to 127.0.0.1 port "));
	EXPECT(outcome, 3,
	       "\nseq=1 connection closed by the server before its reply\n",
	       "\nseq=2 not sent: no connection\n",
	       "\n1 sent, 0 received, +2 errors, 100% loss");
	peer_stop(&peer);
}
END_TEST

START_TEST(no_connection_at_all_is_exit_1)
{
	outcome_expect(client_run("", "--ping=2", HOST,
				  port_without_server(SOCK_STREAM, port)),
		       1, "", "Connection refused");
}
END_TEST

/* Another service: what it says is no answer, line by line. */
static void serve_a_greeting(int fd)
{
	int conn = peer_accept(fd);

	peer_write(conn, "220 welcome\r\n");
	for (;;) {
		char buf[256];

		(void)peer_read(conn, buf, sizeof(buf));
		peer_write(conn, "500 what?\r\n");
	}
}

START_TEST(another_services_lines_are_corrupt)
{
	peer = peer_start(SOCK_STREAM, serve_a_greeting);
	EXPECT(ping("-t", "--ping=2", SHORT), 3,
	       "\n12 bytes from 127.0.0.1:", "\n10 bytes from 127.0.0.1:",
	       "(corrupt: it answers no message; not counted)\n",
	       "\n2 sent, 0 received, +", " corrupt, 100% loss");
	peer_stop(&peer);
}
END_TEST

/* --- Ctrl-C --- */

START_TEST(ctrl_c_shows_the_statistics)
{
	struct server *server = server_start_all(NULL);
	const struct endpoint *to = server_endpoint(server, SERVICE_UDP);
	struct client client;
	char shown[4096];

	client = client_start_on_terminal(
		(const char *const[]){"-u", "--ping", SOON, LONG, HOST,
				      port_text(to->port, port), NULL});
	client_read_until(&client, "seq=2 time=", shown, sizeof(shown));
	client_type(&client, CTRL_C);
	client_read_until(&client, " 0% loss", shown, sizeof(shown));
	client_read_until(&client, "retransmission timer ", shown,
			  sizeof(shown));
	client_expect_exit(&client, 0);
	server_stop(server);
}
END_TEST

START_TEST(ctrl_c_before_any_answer_is_exit_3)
{
	struct client client;
	char shown[4096];

	peer = peer_start(SOCK_DGRAM, serve_silence);
	client = client_start_on_terminal((const char *const[]){
		"-u", "--ping", SOON, LONG, HOST, peer.port, NULL});
	client_read_until(&client, "timeout 9s\n", shown, sizeof(shown));
	client_type(&client, CTRL_C);
	client_read_until(&client, " 0 received, ", shown, sizeof(shown));
	client_read_until(&client, "still waited for, 0% loss", shown,
			  sizeof(shown));
	client_read_until(&client, "retransmission timer ", shown,
			  sizeof(shown));
	client_expect_exit(&client, 3);
	peer_stop(&peer);
}
END_TEST

/* --- JSON --- */

START_TEST(every_line_of_json_is_an_object)
{
	static const char *const kinds[] = {"begin", "duplicate", "reply",
					    "statistics"};
	struct outcome outcome;
	size_t seen = 0;
	char value[64];

	peer = peer_start(SOCK_DGRAM, serve_twice);
	outcome = client_run("", "-u", "--json", "--ping=2", "-i", "100ms",
			     LONG, HOST, peer.port);
	ck_assert_int_eq(outcome.status, 0);
	for (char *line = strtok(outcome.out, "\n"); line;
	     line = strtok(NULL, "\n")) {
		ck_assert_msg(json_is_valid(line, strlen(line)), "%s", line);
		json_member(line, strlen(line), "event", value, sizeof(value));
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
			if (strcmp(value, kinds[i]) == 0)
				seen |= 1U << i;
	}
	ck_assert_uint_eq(seen, 15);
	outcome_clear(&outcome);
	peer_stop(&peer);
}
END_TEST

/* --- usage --- */

static const struct {
	const char *args[6];
	const char *err;
} wrong_usage[] = {
	{{"--ping=0", HOST, "1"}, "--ping='0': not a whole number from 1"},
	{{"--ping=x", HOST, "1"}, "--ping='x'"},
	{{"--ping", HOST, "1", "text"}, "MESSAGE 'text'"},
	{{"--size=100", HOST, "1"}, "--size: only with --ping"},
	{{"-i", "2", HOST, "1"}, "--interval: only with --ping"},
	{{"--flood", HOST, "1"}, "--flood: only with --ping"},
	{{"--json", HOST, "1"}, "--json: only with --ping"},
	{{"--ping", "-r", "1", HOST, "1"}, "--retries: has no meaning with"},
	{{"--ping", "--size=55", HOST, "1"}, "--size='55'"},
	{{"--ping", "--size=65508", HOST, "1"}, "--size='65508'"},
	{{"--ping", "-i", "0.5ms", HOST, "1"}, "--interval='0.5ms'"},
	{{"--ping", "-i1", "--flood", HOST, "1"}, "--flood and --interval"},
};

START_TEST(what_a_ping_cannot_do_is_refused)
{
	outcome_expect(client_run_args("", wrong_usage[_i].args), 2, "",
		       wrong_usage[_i].err);
}
END_TEST

START_TEST(output_that_cannot_be_written_ends_it)
{
	peer = peer_start(SOCK_DGRAM, serve_silence);
	outcome_expect(client_run_shell("exec \"$0\" -u --ping -i 10ms "
					"127.0.0.1 $1 >/dev/full",
					peer.port),
		       1, "", "standard output: No space left on device");
	peer_stop(&peer);
}
END_TEST

/* --- main --- */

static void add_udp(Suite *suite)
{
	TCase *tcase = harness_case(suite, "udp");

	tcase_add_test(tcase, silence_is_a_timeout_each_and_exit_3);
	tcase_add_test(tcase, a_flood_into_silence_is_slow);
	tcase_add_test(tcase, a_late_answer_is_named_and_not_counted);
	tcase_add_test(tcase, a_duplicate_is_named_and_not_counted);
	tcase_add_test(tcase, an_answer_from_another_port_is_foreign);
	tcase_add_test(tcase, a_connected_socket_does_not_see_strangers);
	tcase_add_loop_test(tcase, a_corrupt_answer_is_named_and_times_out, 0,
			    (int)ARRAY_LEN(corruptions));
	tcase_add_loop_test(tcase,
			    nobody_there_is_told_for_each_message_and_goes_on,
			    0, (int)ARRAY_LEN(udp_sockets));
	tcase_add_test(tcase, the_next_address_is_tried_when_the_first_refuses);
	tcase_add_test(tcase, an_answer_that_waited_for_us_was_in_time);
}

static void add_tcp(Suite *suite)
{
	TCase *tcase = harness_case(suite, "tcp");

	tcase_add_test(tcase, answers_in_pieces_and_joined_are_told_apart);
	tcase_add_test(tcase,
		       a_connection_that_ends_in_the_middle_costs_one_message);
	tcase_add_test(tcase, a_server_that_left_is_told_and_nothing_is_sent);
	tcase_add_test(tcase, no_connection_at_all_is_exit_1);
	tcase_add_test(tcase, another_services_lines_are_corrupt);
}

int main(void)
{
	Suite *suite = suite_create("client ping");
	TCase *tcase = harness_case(suite, "server");

	tcase_add_loop_test(tcase, each_reply_has_its_number_and_its_time, 0,
			    (int)ARRAY_LEN(services));
	tcase_add_test(tcase,
		       a_server_that_answers_once_per_connection_answers_all);
	tcase_add_test(tcase, a_flood_is_told_by_its_statistics);
	add_udp(suite);
	add_tcp(suite);
	tcase = harness_case(suite, "use");
	tcase_add_test(tcase, ctrl_c_shows_the_statistics);
	tcase_add_test(tcase, ctrl_c_before_any_answer_is_exit_3);
	tcase_add_test(tcase, every_line_of_json_is_an_object);
	tcase_add_loop_test(tcase, what_a_ping_cannot_do_is_refused, 0,
			    (int)ARRAY_LEN(wrong_usage));
	tcase_add_test(tcase, output_that_cannot_be_written_ends_it);
	return harness_run(suite);
}
