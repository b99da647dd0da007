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
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HAVE_LINUX_OPENAT2_H
#include <linux/openat2.h>
#endif

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

#ifdef HAVE_LINUX_OPENAT2_H
static int open_beneath(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags,
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
#else
static int open_beneath(int root, const char *path, int flags)
{
	(void)flags;
	(void)root;
	(void)path;
	errno = ENOSYS;
	return -1;
}
#endif

static bool is_link(int parent, const char *name)
{
	struct stat st;

	return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISLNK(st.st_mode);
}

/* Opens one segment, and closes its parent unless that is the root. */
static int step(int root, int parent, const char *name, int flags)
{
	int fd = openat(parent, name, flags | O_NOFOLLOW);
	int saved = errno;

	/*
	 * A link where a directory is wanted is called "not a directory", and
	 * O_PATH opens the link itself.
	 */
	if (((fd < 0 && saved == ENOTDIR) || (fd >= 0 && flags & O_PATH)) &&
	    is_link(parent, name)) {
		if (fd >= 0)
			(void)close(fd);
		fd = -1;
		saved = ELOOP;
	}

	if (parent != root)
		(void)close(parent);
	errno = saved;
	return fd;
}

/* A segment that climbs would leave the root; one too long has no file. */
static int check_segment(const char *segment, size_t len)
{
	if (len == 2 && segment[0] == '.' && segment[1] == '.') {
		errno = EXDEV;
		return -1;
	}
	if (len > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

static int walk(int root, const char *path, int flags)
{
	char segment[NAME_MAX + 1];
	int fd = root;

	for (;;) {
		size_t len = strcspn(path, "/");

		if (check_segment(path, len) < 0) {
			if (fd != root)
				(void)close(fd);
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
	return step(root, fd, segment[0] ? segment : ".", flags);
}

int docroot_walk_file(int root, const char *path)
{
	return walk(root, path, OPEN_FLAGS);
}

static int open_confined(int root, const char *path, int flags)
{
	int fd = open_beneath(root, path[0] ? path : ".", flags);

	/* A container's filter may answer EPERM for a call that it lacks. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = walk(root, path, flags);
	return fd;
}

int docroot_open_file(int root, const char *path)
{
	return open_confined(root, path, OPEN_FLAGS);
}

int docroot_open_directory(int root, const char *path)
{
	return open_confined(root, path, OPEN_FLAGS | O_DIRECTORY);
}

/* A single name can only leave the root as a link, or as "..". */
static bool stat_name(int root, const char *path, struct stat *st)
{
	return path[0] != '.' && !strchr(path, '/') &&
	       fstatat(root, path, st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       !S_ISLNK(st->st_mode);
}

int docroot_stat(int root, const char *path, struct stat *st)
{
	int fd, result, saved;

	if (stat_name(root, path, st))
		return 0;
	fd = open_confined(root, path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = fstat(fd, st);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return result;
}
