/* SPDX-License-Identifier: MIT */
/*
 * The draft is a file without a name (O_TMPFILE) in the folder where it will
 * stand: it gets a name at the end, at once and whole, and needs no cleaning up
 * when there is no end. Where that cannot be (some network file systems, a
 * single file that is mounted, a folder that is not ours) it is kept in memory
 * and copied over the file at the end.
 *
 * Which file a name means, the kernel says: the file is opened, which obeys its
 * permissions and the protection of links in folders like /tmp, and the name of
 * what was opened is asked for. Nothing is resolved by hand.
 */
#include "os/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAFT_MODE  0666 /* the umask takes its part */
#define DRAFT_TRIES 16	 /* for a name that is free */
#define DRAFT_COPY  (1 << 30)

/* The name under which /proc knows an open descriptor. */
static const char *proc_name(int fd, char buf[32])
{
	(void)snprintf(buf, 32, "/proc/self/fd/%d", fd);
	return buf;
}

/* Standard output or error, when path leads there; else -1. */
static int standard_descriptor(const struct stat *st)
{
	struct stat standard;

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &standard) == 0 &&
		    standard.st_ino == st->st_ino &&
		    standard.st_dev == st->st_dev)
			return fd;
	return -1;
}

int draft_open_descriptor(struct draft *draft, int fd)
{
	*draft = (struct draft){.fd = -1, .old_fd = -1};
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		errno = EBADF;
		return -1;
	}
	draft->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return draft->fd < 0 ? -1 : 0;
}

/* The name of the file that is open as fd; NULL where there is no /proc. */
static char *real_path(int fd)
{
	char path[PATH_MAX], name[32];
	ssize_t len = readlink(proc_name(fd, name), path, sizeof(path) - 1);

	if (len <= 0 || path[0] != '/')
		return NULL;
	path[len] = '\0';
	return strdup(path);
}

/* Its folder; the caller frees it. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash > path ? (size_t)(slash - path) : 1);
}

static int make_in_memory(struct draft *draft)
{
	draft->fd = memfd_create("draft", MFD_CLOEXEC);
	return draft->fd < 0 ? -1 : 0;
}

/* A folder that is not ours, or a file system that cannot, is no error as long
 * as the file itself can be written. */
static int make_beside(struct draft *draft)
{
	char *folder = folder_of(draft->path);
	bool may_copy;

	if (!folder)
		return -1;
	draft->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, DRAFT_MODE);
	draft->is_beside = draft->fd >= 0;
	may_copy = draft->is_beside || draft->old_fd >= 0 ||
		   access(folder, W_OK | X_OK) == 0;
	free(folder);
	if (!may_copy)
		return -1;
	return draft->is_beside ? 0 : make_in_memory(draft);
}

/* What is written at once: the descriptor, which is open already. */
static int write_at_once(struct draft *draft, int fd)
{
	*draft = (struct draft){.fd = fd, .old_fd = -1};
	return 0;
}

/* There is nothing of that name, or a link that leads nowhere. */
static int open_new(struct draft *draft, const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) == 0) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, DRAFT_MODE);
		return fd < 0 ? -1 : write_at_once(draft, fd);
	}
	draft->path = strdup(path);
	return draft->path ? make_beside(draft) : -1;
}

/* What the earlier file was to others, the new one is. */
static void take_over(const struct draft *draft, const struct stat *st)
{
	(void)!fchown(draft->fd, st->st_uid, st->st_gid);
	(void)fchmod(draft->fd, st->st_mode & 07777);
}

/* There is a regular file of that name, open as old_fd. One with several names
 * keeps them. */
static int open_over(struct draft *draft, const struct stat *st)
{
	draft->path = real_path(draft->old_fd);
	if (!draft->path || st->st_nlink != 1)
		return make_in_memory(draft);
	if (make_beside(draft) < 0)
		return -1;
	if (draft->is_beside)
		take_over(draft, st);
	return 0;
}

/* There is something of that name, open as fd. */
static int open_existing(struct draft *draft, int fd)
{
	struct stat st;
	int standard;

	draft->old_fd = fd;
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return write_at_once(draft, fd);
	standard = standard_descriptor(&st);
	if (standard < 0)
		return open_over(draft, &st);
	(void)close(fd);
	return draft_open_descriptor(draft, standard);
}

int draft_open(struct draft *draft, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), status, saved;

	*draft = (struct draft){.fd = -1, .old_fd = -1};
	if (fd < 0 && errno != ENOENT)
		return -1;
	status = fd < 0 ? open_new(draft, path) : open_existing(draft, fd);
	if (status == 0)
		return 0;
	saved = errno;
	draft_clear(draft);
	errno = saved;
	return -1;
}

bool draft_replaces(const struct draft *draft)
{
	struct stat st;

	return draft->old_fd >= 0 && fstat(draft->old_fd, &st) == 0 &&
	       st.st_size > 0;
}

/* Gives the draft a name in the folder that nobody else has. */
static int name_draft(const struct draft *draft, int folder, char name[32])
{
	char from[32];
	int status = -1;

	for (int i = 0; status < 0 && i < DRAFT_TRIES; i++) {
		uint32_t random = (uint32_t)getpid();

		(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
		(void)snprintf(name, 32, ".draft-%08x", random + (unsigned)i);
		status = linkat(AT_FDCWD, proc_name(draft->fd, from), folder,
				name, AT_SYMLINK_FOLLOW);
		if (status < 0 && errno != EEXIST)
			return -1;
	}
	return status;
}

/* Puts the draft's name over that of the earlier file. */
static int rename_draft(const struct draft *draft, int folder)
{
	char name[32];
	int saved;

	if (name_draft(draft, folder, name) < 0)
		return -1;
	if (renameat(folder, name, AT_FDCWD, draft->path) == 0)
		return 0;
	saved = errno;
	(void)unlinkat(folder, name, 0);
	errno = saved;
	return -1;
}

/* Gives the draft its path. */
static int place_draft(const struct draft *draft)
{
	char *path = folder_of(draft->path);
	int folder = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int status = folder >= 0 ? rename_draft(draft, folder) : -1;
	int saved = errno;

	if (folder >= 0)
		(void)close(folder);
	free(path);
	errno = saved;
	return status;
}

/* Writes the draft over what is there. */
static int copy_draft(struct draft *draft)
{
	off_t at = 0;
	ssize_t n;

	if (draft->old_fd < 0)
		draft->old_fd = open(draft->path,
				     O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				     DRAFT_MODE);
	if (draft->old_fd < 0 || ftruncate(draft->old_fd, 0) < 0)
		return -1;
	while ((n = sendfile(draft->old_fd, draft->fd, &at, DRAFT_COPY)) > 0)
		;
	return n < 0 ? -1 : 0;
}

/* Whether it is the place that takes no other file, not the disk. */
static bool may_copy(int error)
{
	return error == EBUSY || error == EXDEV || error == EPERM ||
	       error == EACCES;
}

int draft_keep(struct draft *draft)
{
	if (!draft->path && draft->old_fd < 0)
		return 0;
	if (!draft->is_beside)
		return copy_draft(draft);
	if (place_draft(draft) == 0)
		return 0;
	return may_copy(errno) ? copy_draft(draft) : -1;
}

void draft_clear(struct draft *draft)
{
	if (draft->fd >= 0)
		(void)close(draft->fd);
	if (draft->old_fd >= 0)
		(void)close(draft->old_fd);
	free(draft->path);
	*draft = (struct draft){.fd = -1, .old_fd = -1};
}
