/* SPDX-License-Identifier: MIT */
/*
 * Reads lines as bytes: NUL and invalid UTF-8 pass. It returns as soon as one
 * whole line is there and never reads on while it has one, so a person or a
 * program that feeds line by line gets each answer before the next line.
 */
#include "client/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "os/wait.h"

void lines_init(struct lines *lines, int fd, void (*wait)(void *arg), void *arg)
{
	lines->fd = fd;
	lines->wait = wait;
	lines->arg = arg;
	lines->at_end = false;
	lines->n_lines = 0;
	lines->start = lines->end = 0;
}

/* Gives out len waiting bytes and passes over skip more. */
static enum lines_result give(struct lines *lines, size_t len, size_t skip,
			      struct slice *line)
{
	if (len > LINES_MAX)
		return LINES_TOO_LONG;
	*line = (struct slice){lines->buf + lines->start, len};
	lines->start += len + skip;
	lines->n_lines++;
	return LINES_LINE;
}

/* Moves what waits to the front, to make room behind it. */
static void compact(struct lines *lines)
{
	size_t waiting = lines->end - lines->start;

	if (lines->start == 0)
		return;
	memmove(lines->buf, lines->buf + lines->start, waiting);
	lines->start = 0;
	lines->end = waiting;
}

/* One read. 0 or -1 with errno. */
static int lines_fill(struct lines *lines)
{
	ssize_t n;

	compact(lines);
	if (lines->wait)
		lines->wait(lines->arg);
	n = read(lines->fd, lines->buf + lines->end,
		 sizeof(lines->buf) - lines->end);
	if (n < 0 && errno == EAGAIN)
		return wait_for(lines->fd, POLLIN, WAIT_FOREVER) < 0 ? -1 : 0;
	if (n < 0)
		return errno == EINTR ? 0 : -1;
	if (n == 0)
		lines->at_end = true;
	lines->end += (size_t)n;
	return 0;
}

enum lines_result lines_next(struct lines *lines, struct slice *line)
{
	size_t looked = 0;

	for (;;) {
		size_t len = lines->end - lines->start;
		const char *from = lines->buf + lines->start;
		const char *newline = memchr(from + looked, '\n', len - looked);

		if (newline)
			return give(lines, (size_t)(newline - from), 1, line);
		if (len > LINES_MAX)
			return LINES_TOO_LONG;
		if (lines->at_end)
			return len == 0 ? LINES_END : give(lines, len, 0, line);
		looked = len;
		if (lines_fill(lines) < 0)
			return LINES_FAILED;
	}
}
