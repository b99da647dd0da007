/* SPDX-License-Identifier: MIT */
#ifndef OS_DOCROOT_H
#define OS_DOCROOT_H

#include <sys/stat.h>

#include "base/compiler.h"

/*
 * A document root is a directory's descriptor. Paths are relative to it:
 * no leading slash, "" for the root itself, NUL-ended.
 */

/* Opens the directory. Returns its descriptor (the caller closes it), or -1
 * with errno, ENOTDIR when it is something else. */
int docroot_open(const char *path) MUST_CHECK;

/*
 * Opens a file below the root for reading, without ever blocking on it and
 * without ever leaving the root, whatever symbolic links there are (EXDEV for
 * one that would, ELOOP for one that is not followed). The caller judges by
 * fstat(2) what it got, and closes it. Returns a descriptor, or -1 with errno.
 */
int docroot_open_file(int root, const char *path) MUST_CHECK;

/*
 * The same for kernels without openat2(2): walks the path segment by segment
 * and follows no symbolic link at all. docroot_open_file() falls back to it.
 */
int docroot_walk_file(int root, const char *path) MUST_CHECK;

/* The same for a directory, to be read; ENOTDIR for anything else. */
int docroot_open_directory(int root, const char *path) MUST_CHECK;

/*
 * What stat(2) says of a path below the root, confined like
 * docroot_open_file(); nothing is opened for reading. Returns 0, or -1 with
 * errno.
 */
int docroot_stat(int root, const char *path, struct stat *st) MUST_CHECK;

#endif
