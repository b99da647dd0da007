/* SPDX-License-Identifier: MIT */
/*
 * The client under test as a child process, and the servers that misbehave
 * towards it. A client that is spoken to while it runs has one socket or one
 * terminal as its standard input and output.
 */
#include "e2e_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "e2e_sock.h"
#include "harness.h"

#define ARGS_MAX 32

const char *client_program(void)
{
	const char *path = getenv("CLIENT");

	return path ? path : "src/uppercase-client";
}

/* --- runs from start to end --- */

static void put_args(const char *argv[ARGS_MAX], const char *const args[])
{
	size_t n = 0;

	argv[n++] = client_program();
	for (; *args; args++) {
		ck_assert_uint_lt(n, ARGS_MAX - 1);
		argv[n++] = *args;
	}
	argv[n] = NULL;
}

struct outcome client_run_args(const char *input, const char *const args[])
{
	const char *argv[ARGS_MAX];

	put_args(argv, args);
	return program_run(argv, input, strlen(input));
}

struct outcome client_run_shell(const char *script, const char *arg)
{
	const char *const argv[] = {"sh", "-c", script, client_program(),
				    arg,  NULL};

	return program_run(argv, "", 0);
}

void outcome_expect(struct outcome outcome, int status, const char *out,
		    const char *err)
{
	if (outcome.status != status || strcmp(outcome.out, out) != 0 ||
	    !strstr(outcome.err, err) || (*err == '\0' && outcome.err_len > 0))
		harness_fail("status %d, expected %d\n"
			     "out: %.200s\nexpected: %.200s\n"
			     "err: %.300s\nexpected: %s",
			     outcome.status, status, outcome.out, out,
			     outcome.err, err);
	outcome_clear(&outcome);
}

/* --- runs that are spoken to --- */

static void die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    getppid() != parent)
		_exit(125);
}

/* Becomes the client. What it does not need is close-on-exec. */
static void become_client(const char *const args[], int fd, int err)
{
	const char *argv[ARGS_MAX];
	char *copy[ARGS_MAX] = {NULL};

	put_args(argv, args);
	for (size_t i = 0; argv[i]; i++)
		copy[i] = strdup(argv[i]);
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	(void)execv(copy[0], copy);
	_exit(126);
}

/*
 * Starts the client with their_fd. With a terminal, of this type, it is the one
 * that the client's session belongs to, so that Ctrl-C reaches it.
 */
static struct client start(const char *const args[], int their_fd, int our_fd,
			   const char *terminal)
{
	struct client client = {.fd = our_fd};
	pid_t parent = getpid();
	int life[2];

	harness_pipe(life);
	client.pid = fork();
	if (client.pid < 0)
		harness_fail("fork: %s", strerror(errno));
	if (client.pid == 0) {
		die_with(parent);
		(void)fcntl(life[1], F_SETFD, 0);
		if (terminal && (setenv("TERM", terminal, 1) < 0 ||
				 setenv("LC_ALL", "C", 1) < 0 || setsid() < 0 ||
				 ioctl(their_fd, TIOCSCTTY, 0) < 0))
			_exit(124);
		become_client(args, their_fd,
			      terminal ? their_fd : STDERR_FILENO);
	}
	(void)close(life[1]);
	(void)close(their_fd);
	client.life_fd = life[0];
	return client;
}

struct client client_start(const char *const args[])
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		harness_fail("socketpair: %s", strerror(errno));
	return start(args, fds[0], fds[1], NULL);
}

static struct client start_on_terminal(const char *const args[],
				       const char *type)
{
	int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios mode;
	int theirs;

	if (ours < 0 || grantpt(ours) != 0 || unlockpt(ours) != 0)
		harness_fail("terminal: %s", strerror(errno));
	theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (theirs < 0 || tcgetattr(theirs, &mode) != 0)
		harness_fail("terminal: %s", strerror(errno));
	/* What is typed shall not show, so that all that shows is output. */
	mode.c_lflag &= ~(tcflag_t)ECHO;
	mode.c_oflag &= ~(tcflag_t)OPOST;
	ck_assert_int_eq(tcsetattr(theirs, TCSANOW, &mode), 0);
	return start(args, theirs, ours, type);
}

struct client client_start_on_terminal(const char *const args[])
{
	return start_on_terminal(args, "dumb");
}

struct client client_start_on_editing_terminal(const char *const args[])
{
	return start_on_terminal(args, "xterm");
}

void client_expect_shown(struct client *client, const char *text)
{
	int64_t deadline = harness_deadline();
	size_t len = strlen(text), got = 0;
	char shown[512] = "";

	ck_assert_uint_lt(len, sizeof(shown));
	while (got < len) {
		ssize_t n;

		if (sock_wait(client->fd, POLLIN, harness_left_ms(deadline)) ==
		    0)
			harness_fail("shown: \"%s\", expected \"%s\"", shown,
				     text);
		n = read(client->fd, shown + got, len - got);
		if (n <= 0)
			harness_fail("end after \"%s\", expected \"%s\"", shown,
				     text);
		got += (size_t)n;
		shown[got] = '\0';
	}
	ck_assert_str_eq(shown, text);
}

void client_read_until(struct client *client, const char *text, char *shown,
		       size_t size)
{
	int64_t deadline = harness_deadline();
	size_t got = 0;

	shown[0] = '\0';
	while (!strstr(shown, text)) {
		ck_assert_uint_lt(got + 1, size);
		if (sock_wait(client->fd, POLLIN, harness_left_ms(deadline)) ==
			    0 ||
		    read(client->fd, shown + got, 1) != 1)
			harness_fail("shown: \"%s\", without \"%s\"", shown,
				     text);
		shown[++got] = '\0';
	}
}

void client_type(struct client *client, const char *text)
{
	size_t len = strlen(text);

	ck_assert_int_eq(write(client->fd, text, len), (ssize_t)len);
}

void client_expect_exit(struct client *client, int status)
{
	int ended;

	sock_must_wait(client->life_fd, POLLIN, harness_deadline(),
		       "the client's end");
	ck_assert_int_eq(waitpid(client->pid, &ended, 0), client->pid);
	ck_assert_msg(WIFEXITED(ended), "killed by signal %d", WTERMSIG(ended));
	ck_assert_int_eq(WEXITSTATUS(ended), status);
	(void)close(client->life_fd);
	(void)close(client->fd);
}

size_t client_memory_kib(const struct client *client)
{
	char path[64], line[256];
	size_t kib = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", client->pid);
	file = fopen(path, "re");
	if (!file)
		harness_fail("%s: %s", path, strerror(errno));
	while (kib == 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtoul(line + 6, NULL, 10);
	(void)fclose(file);
	ck_assert_uint_gt(kib, 0);
	return kib;
}

/* --- servers that misbehave --- */

const char *port_text(uint16_t port, char buf[8])
{
	(void)snprintf(buf, 8, "%u", (unsigned)port);
	return buf;
}

/* A blocking socket on this port of 127.0.0.1, 0 for a free one; or -1. */
static int try_loopback(int type, uint16_t number, char port[8])
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(number),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		harness_fail("loopback socket: %s", strerror(errno));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		(void)close(fd);
		return -1;
	}
	(void)port_text(ntohs(address.sin_port), port);
	return fd;
}

static int bind_loopback(int type, char port[8])
{
	int fd = try_loopback(type, 0, port);

	if (fd < 0)
		harness_fail("loopback socket: %s", strerror(errno));
	return fd;
}

/*
 * The kernel gives ports from 32768 on to whoever asks for none, at any time;
 * so a port that must stay free is taken from below.
 */
const char *port_without_server(int type, char buf[8])
{
	static uint16_t offset;

	for (int i = 0; i < 1000; i++) {
		uint16_t number =
			(uint16_t)(14000 + (getpid() * 17 + offset++) % 18000);
		int fd = try_loopback(type, number, buf);

		if (fd >= 0) {
			(void)close(fd);
			return buf;
		}
	}
	harness_fail("no port is free");
	return NULL;
}

struct peer peer_start(int type, void (*serve)(int fd))
{
	pid_t parent = getpid();
	struct peer peer;
	int fd = bind_loopback(type, peer.port);

	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 16), 0);
	peer.pid = fork();
	if (peer.pid < 0)
		harness_fail("fork: %s", strerror(errno));
	if (peer.pid == 0) {
		die_with(parent);
		serve(fd);
		_exit(0);
	}
	(void)close(fd);
	return peer;
}

void peer_stop(struct peer *peer)
{
	(void)kill(peer->pid, SIGKILL);
	ck_assert_int_eq(waitpid(peer->pid, NULL, 0), peer->pid);
}

int peer_accept(int fd)
{
	int conn = accept(fd, NULL, NULL);

	if (conn < 0)
		_exit(1);
	return conn;
}

size_t peer_read(int fd, void *buf, size_t size)
{
	ssize_t n = recv(fd, buf, size, 0);

	if (n <= 0)
		_exit(1);
	return (size_t)n;
}

void peer_write(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		_exit(1);
}

void peer_drain(int fd)
{
	int waiting;

	do {
		(void)poll(NULL, 0, 1);
		if (ioctl(fd, SIOCOUTQ, &waiting) != 0)
			_exit(1);
	} while (waiting > 0);
}

/* Where the last datagram came from; a peer is a process of its own. */
static struct sockaddr_in last_sender;

const char *peer_receive(int fd)
{
	static char text[64];
	socklen_t len = sizeof(last_sender);
	ssize_t n = recvfrom(fd, text, sizeof(text) - 1, 0,
			     (struct sockaddr *)&last_sender, &len);

	if (n < 0)
		_exit(1);
	text[n] = '\0';
	return text;
}

void peer_answer(int fd, const char *text)
{
	if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&last_sender,
		   sizeof(last_sender)) < 0)
		_exit(1);
}
