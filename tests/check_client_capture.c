/* SPDX-License-Identifier: MIT */
/*
 * What the lab's exercise looks like in a capture: one connection to a server
 * that answers once, from the lab's Python client and from ours, as tshark
 * shows it. Each run has a network of its own, in which nobody else speaks.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define MESSAGE "hello, network!" /* as long as the handout's */
#define ANSWER	"HELLO, NETWORK!"

/* A probe is a datagram, which the rows of TCP are told apart from. */
#define PROTOCOL_UDP 17

/* tshark at work; each row is "LENGTH PROTOCOL". */
struct capture {
	pid_t pid;
	int fd;
	char port[8];
	char rows[4096];
	size_t len;
};

static void become_tshark(const struct capture *capture, int out)
{
	char filter[32];

	(void)snprintf(filter, sizeof(filter), "port %s", capture->port);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)dup2(out, STDOUT_FILENO);
	(void)execlp("tshark", "tshark", "-l", "-n", "-i", "any", "-y",
		     "LINUX_SLL", "-f", filter, "-T", "fields", "-E",
		     "separator=/s", "-e", "frame.len", "-e", "ip.proto",
		     (char *)NULL);
	_exit(126);
}

/* Takes in more rows; false at their end, which none of the tests wants. */
static bool capture_read(struct capture *capture, int wait_ms)
{
	ssize_t n;

	if (sock_wait(capture->fd, POLLIN, wait_ms) == 0)
		return true;
	n = read(capture->fd, capture->rows + capture->len,
		 sizeof(capture->rows) - capture->len - 1);
	if (n <= 0)
		return false;
	capture->len += (size_t)n;
	capture->rows[capture->len] = '\0';
	return true;
}

/* Starts it, and waits until it shows what is sent; false when it may not. */
static bool capture_start(struct capture *capture, const char *port)
{
	int64_t deadline = harness_deadline();
	int probe = udp_bind("127.0.0.1", 0), fds[2];

	*capture = (struct capture){.len = 0};
	(void)snprintf(capture->port, sizeof(capture->port), "%s", port);
	harness_pipe(fds);
	capture->pid = fork();
	ck_assert_int_ge(capture->pid, 0);
	if (capture->pid == 0)
		become_tshark(capture, fds[1]);
	(void)close(fds[1]);
	capture->fd = fds[0];
	while (capture->len == 0 && harness_left_ms(deadline) > 0) {
		udp_send_to(probe, "probe", 5, "127.0.0.1",
			    (uint16_t)atoi(port));
		if (!capture_read(capture, 50))
			break;
	}
	(void)close(probe);
	return capture->len > 0;
}

static void capture_stop(struct capture *capture)
{
	(void)kill(capture->pid, SIGTERM);
	ck_assert_int_eq(waitpid(capture->pid, NULL, 0), capture->pid);
	(void)close(capture->fd);
}

/* The lengths of the rows of TCP, and how many those are. */
static unsigned capture_lengths(const struct capture *capture, char *lengths,
				size_t size)
{
	const char *row = capture->rows;
	unsigned n = 0, length, protocol;
	size_t at = 0;

	lengths[0] = '\0';
	for (; strchr(row, '\n'); row = strchr(row, '\n') + 1)
		if (sscanf(row, "%u %u", &length, &protocol) == 2 &&
		    protocol != PROTOCOL_UDP) {
			at += (size_t)snprintf(lengths + at, size - at, "%u ",
					       length);
			n++;
		}
	return n;
}

static const char python_client[] =
	"import sys\n"
	"from socket import *\n"
	"clientSocket = socket(AF_INET, SOCK_STREAM)\n"
	"clientSocket.connect(('127.0.0.1', int(sys.argv[1])))\n"
	"clientSocket.send(b'" MESSAGE "')\n"
	"modifiedSentence = clientSocket.recv(1024)\n"
	"print(modifiedSentence.decode())\n"
	"clientSocket.close()\n";

static void run_client(bool is_python, const char *port)
{
	const char *const python[] = {"python3", "-c", python_client, port,
				      NULL};

	outcome_expect(is_python ? program_run(python, "", 0)
				 : client_run("", "127.0.0.1", port, MESSAGE),
		       0, ANSWER "\n", "");
}

/* Handshake, request, answer, each acknowledged, and the server's end first. */
START_TEST(the_exercise_is_ten_packets)
{
	static const char expected[] = "76 76 68 83 68 83 68 68 68 68 ";
	bool is_python = _i == 1;
	int64_t deadline;
	struct capture capture;
	struct server *server;
	char port[8], lengths[512];
	unsigned n;

	if (!program_exists("tshark") ||
	    (is_python && !program_exists("python3")))
		return;
	if (!harness_own_network()) {
		harness_skip("no network of its own to capture in");
		return;
	}
	server = server_start(
		&(struct server_options){.tcp = "0", .extra = "--tcp-once"});
	(void)port_text(server_endpoint(server, SERVICE_TCP)->port, port);
	if (!capture_start(&capture, port)) {
		harness_skip("tshark may not capture here");
		capture_stop(&capture);
		server_stop(server);
		return;
	}
	run_client(is_python, port);
	deadline = harness_deadline();
	do
		n = capture_lengths(&capture, lengths, sizeof(lengths));
	while (n < 10 && harness_left_ms(deadline) > 0 &&
	       capture_read(&capture, harness_left_ms(deadline)));
	capture_stop(&capture);
	server_stop(server);
	ck_assert_str_eq(lengths, expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client in a capture");
	TCase *tcase = harness_case(suite, "capture");

	tcase_add_loop_test(tcase, the_exercise_is_ten_packets, 0, 2);
	return harness_run(suite);
}
