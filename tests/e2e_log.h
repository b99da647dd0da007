/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_LOG_H
#define TESTS_E2E_LOG_H

#include <stddef.h>

/* What is in a file now, NUL-ended; the caller frees it. */
char *log_read(const char *path, size_t *len);

size_t log_count_lines(const char *text);

/* Waits until a file has n lines, each whole; the caller frees the text. */
char *log_wait_lines(const char *path, size_t n);

/*
 * Checks a line of the combined format: the request as it stands in the line,
 * status, bytes of content, referer, user agent. Returns the next line.
 */
const char *log_expect_combined(const char *line, const char *request,
				int status, size_t bytes, const char *referer,
				const char *agent);

#endif
