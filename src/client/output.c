/* SPDX-License-Identifier: MIT */
/*
 * Standard output without stdio: a reply is on its way as soon as it came, and
 * every failure (a full disk, a reader that left, a closed descriptor) shows
 * at the write that met it. SIGPIPE is ignored by the whole program, so a
 * reader that left is an error like the others.
 */
#include "client/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/report.h"
#include "client/wait.h"

static const char *advice(int error)
{
	switch (error) {
	case EPIPE:
		return " (whoever read it has left)";
	case ENOSPC:
	case EDQUOT:
		return " (make room there, or write elsewhere)";
	case EBADF:
		return " (it is closed, or open for reading only)";
	default:
		return "";
	}
}

static enum client_status tell(int error)
{
	report_error("standard output: %s%s", strerror(error), advice(error));
	return CLIENT_FAILED;
}

enum client_status output_write_some(struct slice s, size_t *n)
{
	ssize_t written = write(STDOUT_FILENO, s.ptr, s.len);

	*n = written > 0 ? (size_t)written : 0;
	if (written < 0 && errno != EINTR && errno != EAGAIN)
		return tell(errno);
	return CLIENT_OK;
}

enum client_status output_write(struct slice s)
{
	size_t n;

	while (s.len > 0) {
		if (output_write_some(s, &n) != CLIENT_OK)
			return CLIENT_FAILED;
		if (n == 0 &&
		    wait_for(STDOUT_FILENO, POLLOUT, WAIT_FOREVER) < 0)
			return tell(errno);
		s.ptr += n;
		s.len -= n;
	}
	return CLIENT_OK;
}

enum client_status output_close(void)
{
	/* Closed at start: told already if anybody wanted to write. */
	if (close(STDOUT_FILENO) < 0 && errno != EBADF && errno != EINTR)
		return tell(errno);
	return CLIENT_OK;
}
