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

/* The same of an open file. */
int process_read_open(int fd, struct slice *out) MUST_CHECK;
void process_free_file(struct slice text);

/*
 * The first thing that a program does: what it inherits must not decide how it
 * lives or dies. Returns 0, or -1 with errno when the descriptors cannot be
 * had.
 *
 * - /dev/null is opened on each of the descriptors 0 to 2 that is closed, so
 *   that no socket ever becomes somebody's standard error; the wrong way round,
 *   so that using it fails as it would have.
 * - No signal is blocked: some supervisors start their children deaf to the
 *   very signals by which they end them.
 * - A write to a closed pipe or socket, or beyond the limit on a file's size,
 *   is an error (EPIPE, EFBIG) and not a death.
 */
int process_begin(void) MUST_CHECK;

/*
 * For what serves without a terminal: a write to one whose other users have
 * the floor ("stty tostop") goes through and does not stop the process.
 */
void process_ignore_job_control(void);

#endif
