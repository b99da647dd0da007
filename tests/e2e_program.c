/* SPDX-License-Identifier: MIT */
/*
 * Running other programs with an input, to their end, for what they print.
 */
#include "e2e_program.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

/* A running program and what has passed through its three pipes. */
struct running {
	pid_t pid;
	int in, out, err; /* our ends; -1 when closed */
	const char *input;
	size_t left; /* of the input */
	size_t hold;
	struct outcome outcome;
};

bool program_exists(const char *name)
{
	const char *path = getenv("PATH");
	size_t len;

	for (; path && *path; path += len + (path[len] == ':')) {
		char file[512];

		len = strcspn(path, ":");
		(void)snprintf(file, sizeof(file), "%.*s/%s", (int)len, path,
			       name);
		if (access(file, X_OK) == 0)
			return true;
	}
	harness_skip("%s is not installed", name);
	return false;
}

static void become_program(const char *const argv[], int in, int out, int err)
{
	char *copy[64] = {NULL};

	for (size_t i = 0; argv[i] && i + 1 < ARRAY_LEN(copy); i++)
		copy[i] = strdup(argv[i]);
	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	(void)execvp(copy[0], copy);
	fprintf(stderr, "%s: %s\n", copy[0], strerror(errno));
	_exit(126);
}

static void start_program(struct running *running, const char *const argv[])
{
	int in[2], out[2], err[2];
	pid_t parent = getpid();

	harness_pipe(in);
	harness_pipe(out);
	harness_pipe(err);
	running->pid = fork();
	if (running->pid < 0)
		harness_fail("fork: %s", strerror(errno));
	if (running->pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
		    getppid() != parent)
			_exit(125);
		become_program(argv, in[0], out[1], err[1]);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	(void)close(err[1]);
	running->in = in[1];
	running->out = out[0];
	running->err = err[0];
	(void)fcntl(running->in, F_SETFL, O_NONBLOCK);
}

static void close_once(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* A program that reads no more of its input may be right in that. */
static void feed(struct running *running)
{
	ssize_t n = 0;

	if (running->left > 0)
		n = write(running->in, running->input, running->left);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) {
		close_once(&running->in);
		return;
	}
	running->input += n;
	running->left -= (size_t)n;
}

/* Room doubles: each time it grows, a sanitizer copies all that is there. */
static void make_room(char **data, size_t size)
{
	char *grown;

	if (malloc_usable_size(*data) >= size)
		return;
	grown = realloc(*data, 2 * size);
	if (!grown)
		abort();
	*data = grown;
}

static void gather(int *fd, char **data, size_t *len)
{
	ssize_t n;

	make_room(data, *len + 65536 + 1);
	n = read(*fd, *data + *len, 65536);
	if (n <= 0)
		close_once(fd);
	else
		*len += (size_t)n;
	(*data)[*len] = '\0';
}

static void pump(struct running *running, const char *name)
{
	int64_t deadline = harness_now_ms() + 2 * HARNESS_WAIT_MS;
	struct outcome *outcome = &running->outcome;

	while (running->out >= 0 || running->err >= 0) {
		struct pollfd fds[] = {
			{.fd = running->out, .events = POLLIN},
			{.fd = running->err, .events = POLLIN},
			{.fd = running->left > 0 ? running->in : -1,
			 .events = POLLOUT},
		};

		if (running->left == 0 && outcome->out_len >= running->hold)
			close_once(&running->in);
		if (poll(fds, ARRAY_LEN(fds), harness_left_ms(deadline)) == 0)
			harness_fail("%s did not end in time: %s%s", name,
				     outcome->out ? outcome->out : "",
				     outcome->err ? outcome->err : "");
		if (fds[0].revents)
			gather(&running->out, &outcome->out, &outcome->out_len);
		if (fds[1].revents)
			gather(&running->err, &outcome->err, &outcome->err_len);
		if (fds[2].revents)
			feed(running);
	}
	close_once(&running->in);
}

struct outcome program_run_holding(const char *const argv[], const void *input,
				   size_t len, size_t hold)
{
	struct running running = {.input = input, .left = len, .hold = hold};
	int status;

	(void)signal(SIGPIPE, SIG_IGN);
	start_program(&running, argv);
	pump(&running, argv[0]);
	ck_assert_int_eq(waitpid(running.pid, &status, 0), running.pid);
	running.outcome.status = WIFEXITED(status) ? WEXITSTATUS(status)
						   : 128 + WTERMSIG(status);
	return running.outcome;
}

struct outcome program_run(const char *const argv[], const void *input,
			   size_t len)
{
	return program_run_holding(argv, input, len, 0);
}

void outcome_clear(struct outcome *outcome)
{
	free(outcome->out);
	free(outcome->err);
	*outcome = (struct outcome){0};
}
