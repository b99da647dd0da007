/* SPDX-License-Identifier: MIT */
/*
 * The only way to a file. Confinement is the kernel's work: openat2(2) with
 * RESOLVE_BENEATH resolves the whole path below the root in one step, so there
 * is no moment between a check and the opening in which a name can change.
 *
 * It refuses a link that is written as an absolute name, and one that leaves
 * the root and comes back. For those the path is rewritten by realpath(3),
 * which decides nothing: what it says lies below the root is opened in the same
 * confined way, so whoever changes names meanwhile gains another file of the
 * root at most.
 *
 * What a name means is looked at by O_PATH, and only a regular file is then
 * opened for reading, through /proc/self/fd: the very file that was looked at.
 * Where /proc is not mounted the name is opened a second time, and whoever puts
 * a FIFO in its place between the two has it opened and closed.
 *
 * O_NONBLOCK, since a file of /proc can make its reader wait. O_NOCTTY, since a
 * terminal in the root must not become ours.
 */
#include "os/docroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HAVE_LINUX_OPENAT2_H
#include <linux/openat2.h>
#endif

#define READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/*
 * The kernel gives up with EAGAIN when something below the root is renamed
 * while it resolves a "..", which only a symbolic link can bring in here.
 */
#define OPEN_TRIES 8

struct docroot {
	int fd;
	dev_t dev;
	ino_t ino;
	char name[]; /* absolute, unless nobody knows where we are */
};

/* Opens a path below a directory in one confined way; as openat(2). */
typedef int (*open_fn)(int root, const char *path, int flags);

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
static int docroot_step(int root, int parent, const char *name, int flags)
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
		fd = docroot_step(root, fd, segment,
				  O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -1;
		path += len + 1;
	}
	return docroot_step(root, fd, segment[0] ? segment : ".", flags);
}

static int open_once(int root, const char *path, int flags)
{
	int fd = open_beneath(root, path[0] ? path : ".", flags);

	/* A container's filter may answer EPERM for a call that it lacks. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = walk(root, path, flags);
	return fd;
}

/* --- links that the kernel does not follow --- */

/* Only a link may climb: a path that does so itself is no path of the root. */
static bool has_dot_dot(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2)
		if ((at == path || at[-1] == '/') &&
		    (at[2] == '/' || at[2] == '\0'))
			return true;
	return false;
}

/* What stands in path behind the directory's name; NULL: not below it. */
static const char *rest_below(const char *directory, const char *path)
{
	size_t len = strlen(directory);

	if (len == 1)
		return path[0] == '/' ? path + 1 : NULL;
	if (strncmp(path, directory, len) != 0)
		return NULL;
	return path[len] == '/' ? path + len + 1
	       : path[len]	? NULL
				: path + len;
}

/*
 * Writes to resolved what the path means in the whole file system, and returns
 * what of that stands behind the root's name. NULL with errno, which tells of
 * what lies outside nothing but that it does.
 */
static const char *docroot_resolve(const struct docroot *root, const char *path,
				   char resolved[PATH_MAX])
{
	char top[PATH_MAX], whole[PATH_MAX];
	const char *rest = NULL;
	int error = 0;

	resolved[0] = '\0';
	if (!has_dot_dot(path) && realpath(root->name, top) &&
	    snprintf(whole, sizeof(whole), "%s/%s", top, path) <
		    (int)sizeof(whole)) {
		error = realpath(whole, resolved) ? 0 : errno;
		/* The name that failed is left in resolved by these two. */
		if (error == 0 || error == ENOENT || error == EACCES)
			rest = rest_below(top, resolved);
	}
	errno = rest || error == ELOOP ? error : EXDEV;
	return error == 0 ? rest : NULL;
}

static int open_confined(const struct docroot *root, const char *path,
			 int flags, open_fn open_path)
{
	char resolved[PATH_MAX];
	const char *rest;
	int fd = open_path(root->fd, path, flags);

	if (fd >= 0 || (errno != EXDEV && errno != ELOOP))
		return fd;
	rest = docroot_resolve(root, path, resolved);
	return rest ? open_path(root->fd, rest, flags) : -1;
}

/* --- files --- */

/* Closes, and leaves errno as it is. */
static void close_quietly(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Opens the path, which meant the file of *st a moment ago. */
static int open_again(const struct docroot *root, const char *path,
		      const struct stat *st, open_fn open_path)
{
	int fd = open_confined(root, path, READ_FLAGS, open_path);
	struct stat now;

	if (fd < 0 || (fstat(fd, &now) == 0 && is_same_file(&now, st)))
		return fd;
	(void)close(fd);
	errno = EAGAIN;
	return -1;
}

/* Opens for reading the file that an O_PATH descriptor stands for. */
static int open_found(int found)
{
	char name[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", found);
	return open(name, READ_FLAGS);
}

static int docroot_open_regular(const struct docroot *root, const char *path,
				struct stat *st, open_fn open_path)
{
	int fd = -1,
	    found = open_confined(root, path, O_PATH | O_CLOEXEC, open_path);

	if (found < 0)
		return -1;
	if (fstat(found, st) == 0) {
		if (S_ISREG(st->st_mode))
			fd = open_found(found);
		else
			errno = S_ISDIR(st->st_mode) ? EISDIR : ENXIO;
	}
	close_quietly(found);
	if (fd < 0 && errno == ENOENT)
		fd = open_again(root, path, st, open_path);
	return fd;
}

int docroot_open_file(const struct docroot *root, const char *path,
		      struct stat *st)
{
	return docroot_open_regular(root, path, st, open_once);
}

int docroot_walk_file(const struct docroot *root, const char *path,
		      struct stat *st)
{
	return docroot_open_regular(root, path, st, walk);
}

int docroot_open_directory(const struct docroot *root, const char *path)
{
	return open_confined(root, path, READ_FLAGS | O_DIRECTORY, open_once);
}

/* A single name can only leave the root as a link, or as "..". */
static bool docroot_stat_name(int root, const char *path, struct stat *st)
{
	return path[0] != '.' && !strchr(path, '/') &&
	       fstatat(root, path, st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       !S_ISLNK(st->st_mode);
}

int docroot_stat(const struct docroot *root, const char *path, struct stat *st)
{
	int fd, result;

	if (docroot_stat_name(root->fd, path, st))
		return 0;
	fd = open_confined(root, path, O_PATH | O_CLOEXEC, open_once);
	if (fd < 0)
		return -1;
	result = fstat(fd, st);
	close_quietly(fd);
	return result;
}

int docroot_stat_top(const struct docroot *root, const char *name,
		     struct stat *st)
{
	size_t root_len = strlen(root->name), len = strlen(name);
	char path[PATH_MAX];

	if (root_len + len + 2 > sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, root->name, root_len);
	path[root_len] = '/';
	memcpy(path + root_len + 1, name, len + 1);
	return fstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

/* --- the root --- */

static int open_root(const char *name)
{
	return open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void note_root(struct docroot *root, const struct stat *st)
{
	root->dev = st->st_dev;
	root->ino = st->st_ino;
}

/* The name from "/" on: the process may go elsewhere. */
static struct docroot *new_root(const char *name)
{
	char here[PATH_MAX] = "";
	size_t size = sizeof(here) + sizeof("/") + strlen(name);
	struct docroot *root = malloc(sizeof(*root) + size);

	if (!root)
		return NULL;
	if (name[0] != '/' && getcwd(here, sizeof(here)))
		(void)snprintf(root->name, size, "%s/%s", here, name);
	else
		(void)snprintf(root->name, size, "%s", name);
	return root;
}

struct docroot *docroot_open(const char *name)
{
	struct docroot *root = new_root(name);
	struct stat st;

	if (!root)
		return NULL;
	root->fd = open_root(name);
	if (root->fd >= 0 && fstat(root->fd, &st) == 0) {
		note_root(root, &st);
		return root;
	}
	docroot_close(root);
	return NULL;
}

void docroot_close(struct docroot *root)
{
	if (root->fd >= 0)
		close_quietly(root->fd);
	free(root);
}

const char *docroot_name(const struct docroot *root)
{
	return root->name;
}

int docroot_fd(const struct docroot *root)
{
	return root->fd;
}

/* Opens the folder that goes by the name now, in place of the present one. */
static enum docroot_change docroot_turn(struct docroot *root)
{
	int fd = open_root(root->name);

	if (fd < 0)
		return DOCROOT_LOST;
	(void)close(root->fd);
	root->fd = fd;
	return DOCROOT_TURNED;
}

enum docroot_change docroot_look(struct docroot *root, struct stat *st)
{
	enum docroot_change change = DOCROOT_SAME;

	if (stat(root->name, st) == 0 && S_ISDIR(st->st_mode)) {
		if (st->st_dev == root->dev && st->st_ino == root->ino)
			return DOCROOT_SAME;
		change = docroot_turn(root);
	}
	/* Cannot fail: the descriptor is ours. */
	if (fstat(root->fd, st) == 0 && change == DOCROOT_TURNED)
		note_root(root, st);
	return change;
}
