/* SPDX-License-Identifier: MIT */
/*
 * Landlock allows files and not names, so a file that has been replaced is lost
 * to who is in its sandbox, unless the whole folder is allowed. Where that
 * would be too much, as in /etc, somebody else has to open it; who asks chooses
 * nothing but the moment.
 */
#include "os/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/sandbox.h"

#define KEEPER_FD     3 /* its end of the pair */
#define KEEPER_WAIT_S 5 /* for a file system that does not answer */

/* An errno value, and with 0 a descriptor beside it. */
struct keeper_answer {
	int error;
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
};

static struct msghdr message_of(struct keeper_answer *answer, struct iovec *iov)
{
	*iov = (struct iovec){&answer->error, sizeof(answer->error)};
	return (struct msghdr){
		.msg_iov = iov,
		.msg_iovlen = 1,
		.msg_control = &answer->control,
		.msg_controllen = sizeof(answer->control),
	};
}

/* --- the keeper --- */

static void hand_in(int file, int error)
{
	struct keeper_answer answer = {.error = error};
	struct iovec iov;
	struct msghdr msg = message_of(&answer, &iov);

	if (file < 0) {
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	} else {
		struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &file, sizeof(file));
	}
	if (sendmsg(KEEPER_FD, &msg, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

/* Signals to the whole group are for who has started it, as is their end. */
static void ignore_signals(void)
{
	static const int numbers[] = {SIGTERM, SIGINT,	SIGHUP,
				      SIGUSR1, SIGUSR2, SIGQUIT};
	struct sigaction action = {.sa_handler = SIG_IGN};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		(void)sigaction(numbers[i], &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Sockets and logs that it kept open would outlive their owner. */
static void keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i <= STDERR_FILENO && null >= 0; i++)
		(void)dup2(null, i);
	if (fd != KEEPER_FD && dup2(fd, KEEPER_FD) < 0)
		_exit(EXIT_FAILURE);
	if (syscall(SYS_close_range, KEEPER_FD + 1U, ~0U, 0U) < 0)
		_exit(EXIT_FAILURE);
}

/* It may open files in the folder. */
static void confine_keeper(const char *folder)
{
	struct sandbox_place place = {folder, SANDBOX_READ_FILES};
	struct sandbox_plan plan = {.places = &place, .n_places = 1};
	unsigned gaps;

	if (sandbox_enter(&plan, &gaps) < 0)
		_exit(EXIT_FAILURE);
}

static void keeper_run(int fd, const char *path, const char *folder)
{
	char asked;

	ignore_signals();
	keep_only(fd);
	(void)prctl(PR_SET_NAME, "keeper", 0, 0, 0);
	confine_keeper(folder);
	while (recv(KEEPER_FD, &asked, 1, 0) == 1) {
		int file = open(path,
				O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		hand_in(file, file < 0 ? errno : 0);
		if (file >= 0)
			(void)close(file);
	}
	_exit(EXIT_SUCCESS);
}

/* --- who has started it --- */

/* No handler of the parent's may run in the child. */
static pid_t fork_blocked(void)
{
	sigset_t all, before;
	pid_t pid;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid != 0)
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* Returns 0, or -1 with errno. */
static int start_in(struct keeper *keeper, const char *path, const char *folder)
{
	struct timeval wait = {.tv_sec = KEEPER_WAIT_S};
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	pid = fork_blocked();
	if (pid == 0)
		keeper_run(fds[1], path, folder);
	(void)close(fds[1]);
	if (pid < 0 || setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &wait,
				  sizeof(wait)) < 0) {
		int saved = errno;

		(void)close(fds[0]);
		errno = saved;
		return -1;
	}
	keeper->fd = fds[0];
	return 0;
}

/* Which folder it is, is settled before anybody else is there. */
int keeper_start(struct keeper *keeper, const char *path)
{
	char *real = realpath(path, NULL), *slash;
	int result, saved;

	keeper->fd = -1;
	if (!real)
		return -1;
	slash = strrchr(real, '/');
	slash[slash == real] = '\0';
	result = start_in(keeper, path, real);
	saved = errno;
	free(real);
	errno = saved;
	return result;
}

static int descriptor_in(const struct msghdr *msg)
{
	const struct cmsghdr *head = CMSG_FIRSTHDR(msg);
	int file;

	if (!head || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof(file))) {
		errno = EMFILE;
		return -1;
	}
	memcpy(&file, CMSG_DATA(head), sizeof(file));
	return file;
}

/* Returns the descriptor, or -1 with errno: EPIPE when there is no answer. */
static int take_answer(const struct keeper *keeper, int flags)
{
	struct keeper_answer answer;
	struct iovec iov;
	struct msghdr msg = message_of(&answer, &iov);
	ssize_t n;

	do
		n = recvmsg(keeper->fd, &msg, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(answer.error)) {
		errno = EPIPE;
		return -1;
	}
	errno = answer.error;
	return answer.error == 0 ? descriptor_in(&msg) : -1;
}

int keeper_open(const struct keeper *keeper)
{
	int file;

	/* Answers that came too late would be taken for the next ones. */
	do {
		file = take_answer(keeper, MSG_DONTWAIT);
		if (file >= 0)
			(void)close(file);
	} while (file >= 0 || errno != EPIPE);
	if (send(keeper->fd, "", 1, MSG_NOSIGNAL) < 0)
		return -1;
	return take_answer(keeper, 0);
}

void keeper_stop(struct keeper *keeper)
{
	if (keeper->fd >= 0)
		(void)close(keeper->fd);
	keeper->fd = -1;
}
