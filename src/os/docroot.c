/* SPDX-License-Identifier: MIT */
/*
 * The only way to a file. Confinement is the kernel's work: openat2(2) with
 * RESOLVE_BENEATH resolves the whole path below the root in one step, so there
 * is no moment between a check and the opening in which a name can change.
 *
 * O_NONBLOCK, since opening a FIFO would else wait for a writer. O_NOCTTY,
 * since a terminal in the root must not become ours.
 */
#include "os/docroot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/*
 * The kernel gives up with EAGAIN when something below the root is renamed
 * while it resolves a "..", which only a symbolic link can bring in here.
 */
#define OPEN_TRIES 8

int docroot_open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_beneath(int root, const char *path)
{
	struct open_how how = {
		.flags = OPEN_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -1;

	for (int i = 0; i < OPEN_TRIES; i++) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

/* Opens one segment, and closes its parent unless that is the root. */
static int step(int root, int parent, const char *name, int flags)
{
	int fd = openat(parent, name, flags | O_NOFOLLOW);
	int saved = errno;

	if (parent != root)
		(void)close(parent);
	errno = saved;
	return fd;
}

int docroot_walk_file(int root, const char *path)
{
	char segment[256]; /* NAME_MAX and a NUL */
	int fd = root;

	for (;;) {
		size_t len = strcspn(path, "/");

		if (len >= sizeof(segment)) {
			if (fd != root)
				(void)close(fd);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(segment, path, len);
		segment[len] = '\0';
		if (path[len] == '\0')
			break;
		fd = step(root, fd, segment, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -1;
		path += len + 1;
	}
	return step(root, fd, segment[0] ? segment : ".", OPEN_FLAGS);
}

int docroot_open_file(int root, const char *path)
{
	static bool has_no_openat2;
	int fd;

	if (!has_no_openat2) {
		fd = open_beneath(root, path[0] ? path : ".");
		if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
			return fd;
		/* A container's filter may answer EPERM for what is missing. */
		has_no_openat2 = errno == ENOSYS;
	}
	return docroot_walk_file(root, path);
}
