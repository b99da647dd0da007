/* SPDX-License-Identifier: MIT */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/slice.h"

/*
 * Raises the limit on open descriptors to the hard limit, as far as the system
 * lets us, and returns what is in force.
 */
size_t process_raise_descriptor_limit(void);

/* Makes a write to a closed pipe or socket an error (EPIPE), not a death. */
void process_ignore_sigpipe(void);

/*
 * The terminal, pipe or device behind a standard descriptor opened anew, as a
 * descriptor that does not block however full its reader is. fd itself when
 * that is a regular file, which never blocks, or cannot be opened again: a
 * socket, or another user's terminal.
 */
int process_reopen_nonblocking(int fd);

/*
 * Reads a whole file, of at most PROCESS_FILE_MAX bytes (EFBIG beyond), into
 * memory that process_free_file() frees. Returns 0, or -1 with errno.
 */
#define PROCESS_FILE_MAX (4 << 20)
int process_read_file(const char *path, struct slice *out) MUST_CHECK;
void process_free_file(struct slice text);

/*
 * Opens /dev/null on each of the descriptors 0 to 2 that is closed, so that no
 * socket ever becomes somebody's standard error; the wrong way round, so that
 * using it fails as it would have. Returns 0, or -1 with errno.
 */
int process_guard_standard_descriptors(void) MUST_CHECK;

#endif
