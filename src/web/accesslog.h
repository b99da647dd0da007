/* SPDX-License-Identifier: MIT */
#ifndef WEB_ACCESSLOG_H
#define WEB_ACCESSLOG_H

#include "base/compiler.h"
#include "http/logline.h"
#include "loop/loop.h"

/*
 * The access log: a line for each request, gathered and written once per turn
 * of the loop. What cannot be written without waiting is lost and counted, and
 * the log says so once; service never waits for it.
 */
struct access_log;

/*
 * Opens the file for appending, or standard output for "-". path is kept, not
 * copied. Returns NULL with errno.
 */
struct access_log *access_log_open(struct loop *loop, const char *path,
				   enum http_log_format format) MUST_CHECK;

/* Writes what is gathered and closes. Harmless on NULL. */
void access_log_close(struct access_log *log);

void access_log_add(struct access_log *log,
		    const struct http_log_record *record);

/* Writes what was gathered in this turn. */
void access_log_flush(struct access_log *log);

/* Opens the path anew, after somebody has moved the file away. */
void access_log_reopen(struct access_log *log);

#endif
