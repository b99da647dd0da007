/* SPDX-License-Identifier: MIT */
#ifndef WEB_ACCESSLOG_H
#define WEB_ACCESSLOG_H

#include <stdbool.h>

#include "base/compiler.h"
#include "http/logline.h"
#include "loop/loop.h"

/*
 * The access log: a line for each request, gathered and written once per turn
 * of the loop. What cannot be written without waiting is lost and counted, and
 * the log says so once; service never waits for it.
 */
struct access_log;

/* One that logs nothing yet. NULL when out of memory. */
struct access_log *access_log_new(struct loop *loop) MUST_CHECK;

/*
 * Opens a file for appending, or standard output for "-", without changing
 * anything: for access_log_use(). Returns a descriptor, or -1 with errno.
 */
int access_log_open_file(const char *path) MUST_CHECK;

/*
 * From now on lines go to this file, which the log owns then; what was gathered
 * goes to the one before. path is copied. With fd -1 nothing is logged.
 */
void access_log_use(struct access_log *log, int fd, const char *path,
		    enum http_log_format format);

/* Whether lines go anywhere, and whether they go there in this form. */
bool access_log_is_on(const struct access_log *log);
bool access_log_is_at(const struct access_log *log, const char *path,
		      enum http_log_format format);

/* Writes what is gathered and closes. Harmless on NULL. */
void access_log_close(struct access_log *log);

void access_log_add(struct access_log *log,
		    const struct http_log_record *record);

/* Writes what was gathered in this turn. */
void access_log_flush(struct access_log *log);

/* Opens the path anew, after somebody has moved the file away. */
void access_log_reopen(struct access_log *log);

#endif
