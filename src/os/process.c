/* SPDX-License-Identifier: MIT */
/*
 * What a process sets up once, before it serves.
 */
#include "os/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
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

void process_ignore_sigpipe(void)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	/* Cannot fail: the signal exists and may be ignored. */
	(void)sigaction(SIGPIPE, &action, NULL);
}

int process_open_log(void)
{
	/* O_NONBLOCK belongs to the open file: the shell's must stay as it is.
	 */
	int fd = open("/proc/self/fd/2",
		      O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 ? fd : STDERR_FILENO;
}

int process_guard_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return -1;
	} while (fd <= STDERR_FILENO);
	return close(fd);
}
