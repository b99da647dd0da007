/* SPDX-License-Identifier: MIT */
/*
 * The prompt of uppercase-client on a terminal whose cursor can be moved:
 * lines are edited and remembered, and all else is as on any other terminal
 * (check_client_modes.c).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#ifdef HAVE_LIBEDIT

#define HOST	  "127.0.0.1"
#define LONG	  "9"
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

#define PROMPT	  "Input lowercase sentence: "
#define BACKSPACE "\x7f"
#define HOME	  "\x01"
#define UP	  "\x1b[A"
#define CTRL_C	  "\x03"
#define CTRL_D	  "\x04"

static struct server *server;
static struct client client;
static char shown[8192];

static void start_client(enum service service, const char *mode)
{
	static char port[8];

	server = server_start_all(NULL);
	client = client_start_on_editing_terminal(
		ARGS(mode, "-w", LONG, HOST,
		     port_text(server_endpoint(server, service)->port, port)));
	client_read_until(&client, PROMPT, shown, sizeof(shown));
}

static void stop_client(int status)
{
	client_expect_exit(&client, status);
	server_stop(server);
}

/* Types, waits for this text, and for the next prompt. */
static void type_and_expect(const char *keys, const char *text)
{
	client_type(&client, keys);
	client_read_until(&client, text, shown, sizeof(shown));
	client_read_until(&client, PROMPT, shown, sizeof(shown));
}

START_TEST(a_line_can_be_corrected)
{
	start_client(SERVICE_TCP, "-t");
	type_and_expect("hellp" BACKSPACE "o\n", "From Server: HELLO\r\n");
	type_and_expect("ello" HOME "h\n", "From Server: HELLO\r\n");
	client_type(&client, CTRL_D);
	stop_client(0);
}
END_TEST

START_TEST(earlier_lines_come_back)
{
	start_client(SERVICE_UDP, "-u");
	type_and_expect("one\n", "ONE\r\n");
	type_and_expect("two\n", "TWO\r\n");
	type_and_expect("\n", "\r\n");
	type_and_expect(UP UP " more\n", "ONE MORE\r\n");
	client_type(&client, CTRL_D);
	stop_client(0);
}
END_TEST

START_TEST(text_beyond_ascii_is_sent_as_it_is)
{
	start_client(SERVICE_TCP, "-t");
	type_and_expect("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z\n",
			"From Server: A\xc3\xa4\xe2\x82\xac"
			"\xf0\x9f\x98\x80Z\r\n");
	/* One character is one step back, of however many bytes. */
	type_and_expect("a\xe2\x82\xac" BACKSPACE "b\n", "From Server: AB\r\n");
	client_type(&client, CTRL_D);
	stop_client(0);
}
END_TEST

/* As it was before the program: lines, and with Ctrl-C. */
static void expect_cooked(void)
{
	struct termios mode;

	ck_assert_int_eq(tcgetattr(client.fd, &mode), 0);
	ck_assert_msg(mode.c_lflag & ICANON, "the terminal is left raw");
	ck_assert_msg(mode.c_lflag & ISIG, "the terminal is left deaf");
}

START_TEST(ctrl_c_is_a_newline_and_130_and_a_terminal_as_before)
{
	start_client(SERVICE_TCP, "-t");
	client_type(&client, "half a line");
	client_read_until(&client, "half a line", shown, sizeof(shown));
	client_type(&client, CTRL_C);
	client_read_until(&client, "\n", shown, sizeof(shown));
	sock_must_wait(client.life_fd, POLLIN, harness_deadline(), "the end");
	expect_cooked();
	stop_client(130);
}
END_TEST

START_TEST(ctrl_d_ends_it_with_a_terminal_as_before)
{
	start_client(SERVICE_UDP, "-u");
	client_type(&client, CTRL_D);
	client_read_until(&client, "\n", shown, sizeof(shown));
	sock_must_wait(client.life_fd, POLLIN, harness_deadline(), "the end");
	expect_cooked();
	stop_client(0);
}
END_TEST

/* Ends the first connection when it is told to, then serves. */
static int go[2];

static void serve_the_second_connection(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	if (read(go[0], buf, 1) != 1)
		_exit(1);
	peer_write(conn, "busy\033");
	(void)close(conn);
	conn = peer_accept(fd);
	(void)peer_read(conn, buf, sizeof(buf));
	peer_write(conn, "ONE");
	(void)pause();
}

START_TEST(a_server_that_leaves_does_not_take_what_is_typed)
{
	struct peer peer;

	harness_pipe(go);
	peer = peer_start(SOCK_STREAM, serve_the_second_connection);
	client = client_start_on_editing_terminal(
		ARGS("-w", LONG, HOST, peer.port));
	client_read_until(&client, PROMPT, shown, sizeof(shown));
	client_type(&client, "on");
	client_read_until(&client, "on", shown, sizeof(shown));
	ck_assert_int_eq(write(go[1], "", 1), 1);
	client_read_until(&client, "\nbusy\\x1b", shown, sizeof(shown));
	client_read_until(&client,
			  "closed by the server (the next line opens "
			  "a new connection)",
			  shown, sizeof(shown));
	client_read_until(&client, PROMPT "on", shown, sizeof(shown));
	client_type(&client, "e\n");
	client_read_until(&client, "From Server: ONE\r\n", shown,
			  sizeof(shown));
	client_read_until(&client, PROMPT, shown, sizeof(shown));
	client_type(&client, CTRL_D);
	client_expect_exit(&client, 0);
	peer_stop(&peer);
}
END_TEST

static int heard[2];

/* Answers when it is told to. */
static void serve_when_told(int fd)
{
	int conn = peer_accept(fd);
	char buf[64];

	(void)peer_read(conn, buf, sizeof(buf));
	if (write(heard[1], "", 1) != 1 || read(go[0], buf, 1) != 1)
		_exit(1);
	peer_write(conn, "ONE");
	(void)pause();
}

/* While the reply is waited for the terminal handles its lines itself. */
START_TEST(what_is_typed_ahead_counts_ctrl_d_among_it)
{
	struct peer peer;

	harness_pipe(go);
	harness_pipe(heard);
	peer = peer_start(SOCK_STREAM, serve_when_told);
	client = client_start_on_editing_terminal(
		ARGS("-w", LONG, HOST, peer.port));
	client_read_until(&client, PROMPT, shown, sizeof(shown));
	client_type(&client, "one\n");
	sock_must_wait(heard[0], POLLIN, harness_deadline(), "the message");
	expect_cooked();
	client_type(&client, CTRL_D);
	ck_assert_int_eq(write(go[1], "", 1), 1);
	client_read_until(&client, "From Server: ONE\r\n", shown,
			  sizeof(shown));
	client_expect_exit(&client, 0);
	peer_stop(&peer);
}
END_TEST

/* Whoever had the terminal meanwhile has left it as terminals are. */
START_TEST(a_line_goes_on_after_a_stop)
{
	struct termios mode;

	start_client(SERVICE_UDP, "-u");
	client_type(&client, "hellp");
	client_read_until(&client, "hellp", shown, sizeof(shown));
	ck_assert_int_eq(kill(client.pid, SIGSTOP), 0);
	ck_assert_int_eq(tcgetattr(client.fd, &mode), 0);
	mode.c_lflag |= ICANON;
	ck_assert_int_eq(tcsetattr(client.fd, TCSANOW, &mode), 0);
	ck_assert_int_eq(kill(client.pid, SIGCONT), 0);
	client_read_until(&client, PROMPT "hellp", shown, sizeof(shown));
	type_and_expect(BACKSPACE "o\n", "HELLO\r\n");
	client_type(&client, CTRL_D);
	stop_client(0);
}
END_TEST

START_TEST(a_signal_that_ends_it_leaves_a_terminal_as_before)
{
	static const int signals[] = {SIGTERM, SIGHUP};
	int ended;

	start_client(SERVICE_UDP, "-u");
	client_type(&client, "half");
	client_read_until(&client, "half", shown, sizeof(shown));
	ck_assert_int_eq(kill(client.pid, signals[_i]), 0);
	sock_must_wait(client.life_fd, POLLIN, harness_deadline(), "the end");
	expect_cooked();
	ck_assert_int_eq(waitpid(client.pid, &ended, 0), client.pid);
	ck_assert(WIFSIGNALED(ended));
	ck_assert_int_eq(WTERMSIG(ended), signals[_i]);
	server_stop(server);
}
END_TEST

/* The other end of the terminal is closed: a window that was closed. */
START_TEST(a_terminal_that_is_gone_ends_it)
{
	start_client(SERVICE_UDP, "-u");
	(void)close(client.fd);
	sock_must_wait(client.life_fd, POLLIN, harness_deadline(), "the end");
	server_stop(server);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_line_can_be_corrected);
	tcase_add_test(tcase, earlier_lines_come_back);
	tcase_add_test(tcase, text_beyond_ascii_is_sent_as_it_is);
	tcase_add_test(tcase,
		       ctrl_c_is_a_newline_and_130_and_a_terminal_as_before);
	tcase_add_test(tcase, ctrl_d_ends_it_with_a_terminal_as_before);
	tcase_add_test(tcase, a_server_that_leaves_does_not_take_what_is_typed);
	tcase_add_test(tcase, what_is_typed_ahead_counts_ctrl_d_among_it);
	tcase_add_test(tcase, a_line_goes_on_after_a_stop);
	tcase_add_loop_test(
		tcase, a_signal_that_ends_it_leaves_a_terminal_as_before, 0, 2);
	tcase_add_test(tcase, a_terminal_that_is_gone_ends_it);
}

#else

START_TEST(without_libedit_nothing_is_edited)
{
	harness_skip("built without libedit");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, without_libedit_nothing_is_edited);
}

#endif

int main(void)
{
	Suite *suite = suite_create("client editor");

	add_tests(harness_case(suite, "editor"));
	return harness_run(suite);
}
