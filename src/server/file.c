/* SPDX-License-Identifier: MIT */
/*
 * From a target to a file. A file is opened once, and all that is said of it
 * is read from that descriptor: no name is looked at twice, so none can change
 * its meaning in between.
 */
#include "server/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/docroot.h"

/*
 * What a failure to open means to the peer. Names that cannot exist are as
 * good as absent; what exists and may not be read is forbidden; only what may
 * be better in a moment is 503.
 */
static unsigned status_of_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case EINVAL:
		return 404;
	case EACCES:
	case EPERM:
	case EXDEV: /* a symbolic link that leaves the root */
	case ENXIO: /* a socket, or a device without a driver */
	case ENODEV:
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
	case EINTR:
	case EBUSY:
		return 503;
	default:
		return 500;
	}
}

static int refuse(struct http_file *file, unsigned status)
{
	file->kind = HTTP_FILE_REFUSED;
	file->status = status;
	return -1;
}

/* Opens path and reads its facts; -1 when it is refused. */
static int open_path(int root, struct slice path, struct stat *st,
		     struct http_file *file)
{
	int fd = docroot_open_file(root, path.ptr);

	if (fd < 0)
		return refuse(file, status_of_error(errno));
	if (fstat(fd, st) < 0) {
		(void)close(fd);
		return refuse(file, 500);
	}
	file->path = path;
	return fd;
}

/* Opens the index of the directory that was just found to be one. */
static int open_index(int root, const struct http_target *target,
		      struct stat *st, struct http_file *file, char *path_buf)
{
	size_t len = target->path.len;

	memcpy(path_buf, target->path.ptr, len);
	if (len > 0)
		path_buf[len++] = '/';
	memcpy(path_buf + len, FILE_INDEX, sizeof(FILE_INDEX));
	len += sizeof(FILE_INDEX) - 1;
	return open_path(root, (struct slice){path_buf, len}, st, file);
}

int file_open(int root, const struct http_target *target,
	      struct http_file *file, char *path_buf)
{
	bool slash = target->is_directory;
	struct stat st;
	int fd = open_path(root, target->path, &st, file);

	if (fd < 0)
		return -1;
	if (S_ISDIR(st.st_mode)) {
		(void)close(fd);
		if (!slash) {
			file->kind = HTTP_FILE_DIRECTORY;
			return -1;
		}
		fd = open_index(root, target, &st, file, path_buf);
		if (fd < 0)
			return -1;
		slash = false;
	}
	if (S_ISREG(st.st_mode) && !slash) {
		file->kind = HTTP_FILE_REGULAR;
		file->size = (uint64_t)st.st_size;
		file->mtime_s = st.st_mtim.tv_sec;
		return fd;
	}
	(void)close(fd);
	/* "name/" names nothing when name is a file; the rest is no file. */
	return refuse(file, S_ISREG(st.st_mode) ? 404 : 403);
}
