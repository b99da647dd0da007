/* SPDX-License-Identifier: MIT */
#ifndef OS_DOCROOT_H
#define OS_DOCROOT_H

#include <sys/stat.h>

#include "base/compiler.h"

/*
 * A document root: a folder, and the name that it goes by. Paths are relative
 * to it: no leading slash, "" for the root itself, NUL-ended.
 *
 * Whatever symbolic links there are, nothing outside is ever opened or looked
 * at: EXDEV for what would lead out. One that ends inside is followed, whether
 * it is written as a relative or an absolute name.
 */
struct docroot;

/*
 * Opens the folder. NULL with errno, ENOTDIR when it is something else. The
 * name is copied; a relative one is of the folder that the process is in now.
 */
struct docroot *docroot_open(const char *name) MUST_CHECK;
void docroot_close(struct docroot *root);

/* As it was given, or absolute. */
const char *docroot_name(const struct docroot *root);

/* The folder's descriptor, for what names one segment or compares only. */
int docroot_fd(const struct docroot *root);

enum docroot_change {
	DOCROOT_SAME,
	DOCROOT_TURNED, /* another folder goes by the name: it is the root now
			 */
	DOCROOT_LOST,	/* another one, that does not open: errno says why */
};

/*
 * Looks at what the root's name means now, as after a link was turned to a new
 * release, and fills *st with the root's facts. A name that means no folder at
 * present changes nothing.
 */
enum docroot_change docroot_look(struct docroot *root, struct stat *st);

/*
 * Opens a regular file for reading and fills *st. Anything else is not opened,
 * since to open a FIFO or a device is to act on it: EISDIR for a directory,
 * ENXIO for the rest. Returns a descriptor, or -1 with errno.
 */
int docroot_open_file(const struct docroot *root, const char *path,
		      struct stat *st) MUST_CHECK;

/*
 * The same for kernels without openat2(2): walks the path segment by segment.
 * docroot_open_file() falls back to it.
 */
int docroot_walk_file(const struct docroot *root, const char *path,
		      struct stat *st) MUST_CHECK;

/* Opens a directory, to be read; ENOTDIR for anything else. */
int docroot_open_directory(const struct docroot *root,
			   const char *path) MUST_CHECK;

/*
 * What lstat(2) says of a single segment in the folder that goes by the root's
 * name now, whether or not it is the root still. Returns 0, or -1 with errno.
 */
int docroot_stat_top(const struct docroot *root, const char *name,
		     struct stat *st) MUST_CHECK;

/*
 * What stat(2) says of a path below the root; nothing is opened for reading.
 * Returns 0, or -1 with errno.
 */
int docroot_stat(const struct docroot *root, const char *path,
		 struct stat *st) MUST_CHECK;

#endif
