/* SPDX-License-Identifier: MIT */
/*
 * Standard output without stdio: a reply is on its way as soon as it came, and
 * every failure (a full disk, a reader that left, a closed descriptor) shows
 * at the write that met it. SIGPIPE is ignored by the whole program, so a
 * reader that left is an error like the others.
 *
 * A terminal gets it in a form that it only shows, as visible.c has it; files
 * and pipes get every byte.
 */
#include "client/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/failure.h"
#include "client/narrator.h"
#include "client/visible.h"
#include "os/wait.h"

#define OUTPUT_SHOWN_MAX 1024 /* bytes made visible at a time */

/* What a terminal has got half of: one to a process, as its output is. */
static struct visible visible;

static enum client_status tell_output(int error)
{
	char text[FAILURE_SIZE];

	report_error("%s", failure_of_output(text, error));
	return CLIENT_FAILED;
}

/* One write(2) of bytes as they are. */
static enum client_status write_some(struct slice s, size_t *n)
{
	ssize_t written = write(STDOUT_FILENO, s.ptr, s.len);

	*n = written > 0 ? (size_t)written : 0;
	report_shown(STDOUT_FILENO, (struct slice){s.ptr, *n});
	if (written < 0 && errno != EINTR && errno != EAGAIN)
		return tell_output(errno);
	return CLIENT_OK;
}

static enum client_status output_write_all(struct slice s)
{
	size_t n;

	while (s.len > 0) {
		if (write_some(s, &n) != CLIENT_OK)
			return CLIENT_FAILED;
		if (n == 0 &&
		    wait_for(STDOUT_FILENO, POLLOUT, WAIT_FOREVER) < 0)
			return tell_output(errno);
		s.ptr += n;
		s.len -= n;
	}
	return CLIENT_OK;
}

static enum client_status output_show(struct slice s)
{
	char out[VISIBLE_ROOM(OUTPUT_SHOWN_MAX)];

	while (s.len > 0) {
		size_t n = s.len < OUTPUT_SHOWN_MAX ? s.len : OUTPUT_SHOWN_MAX;
		size_t len =
			visible_add(&visible, (struct slice){s.ptr, n}, out);

		if (output_write_all((struct slice){out, len}) != CLIENT_OK)
			return CLIENT_FAILED;
		s.ptr += n;
		s.len -= n;
	}
	return CLIENT_OK;
}

enum client_status output_write_some(struct slice s, size_t *n)
{
	if (!isatty(STDOUT_FILENO))
		return write_some(s, n);
	*n = s.len;
	return output_show(s);
}

enum client_status output_write(struct slice s)
{
	return isatty(STDOUT_FILENO) ? output_show(s) : output_write_all(s);
}

enum client_status output_end_line(void)
{
	return report_has_broken_line() ? CLIENT_OK
					: output_write(slice_of("\n"));
}

enum client_status output_close(void)
{
	char rest[VISIBLE_ROOM(0)];
	size_t len = visible_end(&visible, rest);

	if (output_write_all((struct slice){rest, len}) != CLIENT_OK)
		return CLIENT_FAILED;
	/* Closed at start: told already if anybody wanted to write. */
	if (close(STDOUT_FILENO) < 0 && errno != EBADF && errno != EINTR)
		return tell_output(errno);
	return CLIENT_OK;
}
