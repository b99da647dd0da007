/* SPDX-License-Identifier: MIT */
#ifndef SERVER_FILE_H
#define SERVER_FILE_H

#include "base/compiler.h"
#include "http/answer.h"
#include "http/target.h"

/*
 * Finds what a target names below the document root: a regular file, or a
 * directory's index.html. Fills *file (its path lives in path_buf, of
 * FILE_PATH_SIZE bytes) and returns an open descriptor for a regular file,
 * which the caller closes; -1 for everything else, and then *file says what to
 * answer.
 */
int file_open(int root, const struct http_target *target,
	      struct http_file *file, char *path_buf) MUST_CHECK;

#define FILE_INDEX     "index.html"
#define FILE_PATH_SIZE (HTTP_LINE_MAX + sizeof("/" FILE_INDEX))

#endif
