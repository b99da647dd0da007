/* SPDX-License-Identifier: MIT */
/*
 * What a process sets up once, before it serves.
 */
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS_MIN 1024 /* what every system gives */

size_t process_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return DESCRIPTORS_MIN;
	if (limit.rlim_cur < limit.rlim_max) {
		rlim_t soft = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			return (size_t)soft;
	}
	return (size_t)limit.rlim_cur;
}

int process_reopen_nonblocking(int standard)
{
	char path[32];
	struct stat st;
	int fd;

	/* What others write to the same file goes on from the same place. */
	if (fstat(standard, &st) == 0 && S_ISREG(st.st_mode))
		return standard;
	/* O_NONBLOCK belongs to the open file: the shell's must stay as it is.
	 */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", standard);
	fd = open(path,
		  O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : standard;
}

/* Reads what fd has, up to size bytes; -1 with errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int process_read_file(const char *path, struct slice *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -1 : process_read_open(fd, out);
	int saved = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = saved;
	return result;
}

int process_read_open(int fd, struct slice *out)
{
	char *buf = malloc(PROCESS_FILE_MAX + 1);
	ssize_t len = buf ? read_all(fd, buf, PROCESS_FILE_MAX + 1) : -1;
	int saved = errno;

	if (len > PROCESS_FILE_MAX)
		saved = EFBIG;
	if (len < 0 || len > PROCESS_FILE_MAX) {
		free(buf);
		errno = saved;
		return -1;
	}
	*out = (struct slice){buf, (size_t)len};
	return 0;
}

void process_free_file(struct slice text)
{
	/* Ours from process_read_file(); the const is for the readers. */
	free((void *)(uintptr_t)text.ptr);
}

static int guard_standard_descriptors(void)
{
	static const int refusing[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		/* open() takes the lowest free number: fd. */
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", refusing[fd]) < 0)
			return -1;
	return 0;
}

/* Cannot fail: these signals exist and may be ignored. */
static void ignore_signal(int number)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	(void)sigaction(number, &action, NULL);
}

int process_begin(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	ignore_signal(SIGPIPE);
	ignore_signal(SIGXFSZ);
	return guard_standard_descriptors();
}

void process_ignore_job_control(void)
{
	ignore_signal(SIGTTOU);
}
