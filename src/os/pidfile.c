/* SPDX-License-Identifier: MIT */
/*
 * A number in a file says nothing about who has it now: the lock does, and goes
 * with its process however that ends.
 */
#include "os/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "os/socket.h"

static struct flock whole_file(void)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

/* Who has locked it; 0 when that cannot be known any more. */
static pid_t holder_of(int fd)
{
	struct flock lock = whole_file();

	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid > 0 ? lock.l_pid : 0;
}

static int pidfile_write(int fd)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0)
		return -1;
	return pwrite(fd, text, (size_t)len, 0) == len ? 0 : -1;
}

/* Whether the name still leads to it: its last holder may have removed it. */
static bool is_at(int fd, const char *path)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && stat(path, &there) == 0 &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* Returns 0, or -1 with errno. */
static int take_lock(int fd, pid_t *holder)
{
	struct flock lock = whole_file();

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return pidfile_write(fd);
	if (errno != EACCES && errno != EAGAIN)
		return -1;
	*holder = holder_of(fd);
	errno = EAGAIN;
	return -1;
}

int pidfile_open(const char *path, pid_t *holder)
{
	*holder = 0;
	for (;;) {
		int fd = open(path,
			      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
				      O_NONBLOCK,
			      0644);

		if (fd < 0)
			return -1;
		if (take_lock(fd, holder) < 0)
			return socket_close_failed(fd);
		if (is_at(fd, path))
			return fd;
		(void)close(fd);
	}
}

void pidfile_close(int fd, const char *path)
{
	if (fd < 0)
		return;
	/*
	 * First the name, which is ours for as long as the lock is. In a folder
	 * that is not this user's any more the number goes.
	 */
	if (unlink(path) < 0 && ftruncate(fd, 0) < 0)
		log_warn("pid file %s: it stays: %s", path, strerror(errno));
	(void)close(fd);
}
