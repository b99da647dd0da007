/* SPDX-License-Identifier: MIT */
/*
 * Going into the background, when there is something to go with: whoever starts
 * the program sees what is wrong on his terminal and in its exit status.
 */
#include "os/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Waits for the child's word, or its end. */
static void wait_for_word(int fd) __attribute__((noreturn));
static void wait_for_word(int fd)
{
	char word;
	ssize_t n;

	do
		n = read(fd, &word, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int fork_child(int fds[2])
{
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid < 0) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return -1;
	}
	if (pid > 0) {
		(void)close(fds[1]);
		wait_for_word(fds[0]);
	}
	(void)close(fds[0]);
	return 0;
}

int detach_begin(struct detach *detach)
{
	int fds[2];

	detach->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (detach->null_fd < 0)
		return -1;
	if (fork_child(fds) < 0) {
		(void)close(detach->null_fd);
		return -1;
	}
	detach->pipe_fd = fds[1];
	return setsid() < 0 ? -1 : 0;
}

void detach_finish(struct detach *detach)
{
	ssize_t n;

	if (detach->pipe_fd < 0)
		return;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(detach->null_fd, fd);
	(void)close(detach->null_fd);
	do
		n = write(detach->pipe_fd, "", 1);
	while (n < 0 && errno == EINTR);
	(void)close(detach->pipe_fd);
	detach->pipe_fd = -1;
}
