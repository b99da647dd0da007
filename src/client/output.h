/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include <sys/types.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "client/status.h"

/*
 * Standard output, unbuffered; on a terminal, what would be obeyed is shown
 * as \xHH. Each function tells its own failure on standard
 * error and then returns CLIENT_FAILED, else CLIENT_OK.
 */

/* Writes all of s, however long the reader takes. */
enum client_status output_write(struct slice s) MUST_CHECK;

/* Writes what one write(2) takes; *n is that many bytes, 0 for "not now". */
enum client_status output_write_some(struct slice s, size_t *n) MUST_CHECK;

/*
 * Writes the newline behind a reply, unless a line on standard error has
 * needed one there (see report_shown()).
 */
enum client_status output_end_line(void) MUST_CHECK;

/* Closes it. Some file systems say only now that there was no room. */
enum client_status output_close(void) MUST_CHECK;

#endif
