/* SPDX-License-Identifier: MIT */
/*
 * Writing the access log. A line that does not fit into the buffer makes room
 * by writing it out early; a short write keeps the rest for the next turn, so
 * that a reader of the other end sees whole lines as long as there is room.
 */
#include "server/accesslog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "http/request.h"

#define ACCESS_LOG_SIZE (256 << 10) /* a turn's worth, and what was kept */

_Static_assert(ACCESS_LOG_SIZE > HTTP_LOG_LINE_MAX(HTTP_HEAD_MAX),
	       "a line must fit");

struct access_log {
	struct loop *loop;
	const char *path;
	enum http_log_format format;
	int fd;
	bool is_shared;	 /* standard output: it may block, whatever we set */
	bool is_regular; /* a write takes what the disk has room for */
	bool is_failing; /* told already */
	size_t len;
	char buf[ACCESS_LOG_SIZE];
};

static bool is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* Nonblocking, so that a FIFO without a reader is an error and no wait. */
static int open_path(const char *path)
{
	if (is_stdout(path))
		return STDOUT_FILENO;
	return open(path,
		    O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY |
			    O_CLOEXEC,
		    0644);
}

static void adopt(struct access_log *log, int fd)
{
	struct stat st;

	log->fd = fd;
	log->is_shared = is_stdout(log->path);
	log->is_regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

struct access_log *access_log_open(struct loop *loop, const char *path,
				   enum http_log_format format)
{
	struct access_log *log = calloc(1, sizeof(*log));
	int fd;

	if (!log)
		return NULL;
	log->loop = loop;
	log->path = path;
	log->format = format;
	fd = open_path(path);
	if (fd < 0) {
		int saved = errno;

		free(log);
		errno = saved;
		return NULL;
	}
	adopt(log, fd);
	return log;
}

/* How many bytes a write may bring without waiting. */
static size_t writable_len(const struct access_log *log, size_t len)
{
	struct pollfd pfd = {.fd = log->fd, .events = POLLOUT};

	if (log->is_regular || !log->is_shared)
		return len;
	if (poll(&pfd, 1, 0) != 1 || !(pfd.revents & POLLOUT))
		return 0;
	return len < PIPE_BUF ? len : PIPE_BUF;
}

/* Writes the buffer as far as it goes; the rest moves to its front. */
static void write_out(struct access_log *log)
{
	size_t done = 0;

	while (done < log->len) {
		size_t len = writable_len(log, log->len - done);
		ssize_t n = len > 0 ? write(log->fd, log->buf + done, len) : -1;

		if (n <= 0) {
			if (len == 0)
				errno = EAGAIN;
			break;
		}
		done += (size_t)n;
	}
	if (done == log->len)
		log->is_failing = false;
	else if (errno != EAGAIN && !log->is_failing) {
		log->is_failing = true;
		log_warn("access log %s: %s: lines are being lost", log->path,
			 strerror(errno));
	}
	log->len -= done;
	memmove(log->buf, log->buf + done, log->len);
}

void access_log_flush(struct access_log *log)
{
	if (log->len > 0)
		write_out(log);
}

/* Makes room for a line, if that can be. */
static bool make_room(struct access_log *log, size_t need)
{
	if (ACCESS_LOG_SIZE - log->len >= need)
		return true;
	write_out(log);
	return ACCESS_LOG_SIZE - log->len >= need;
}

void access_log_add(struct access_log *log,
		    const struct http_log_record *record)
{
	size_t need =
		HTTP_LOG_LINE_MAX(record->method.len + record->target.len +
				  record->user_agent.len + record->referer.len);
	struct text line;

	if (!make_room(log, need)) {
		log->loop->counters.log_lines_lost++;
		if (!log->is_failing)
			log_warn("access log %s: its reader is too slow: lines "
				 "are being lost",
				 log->path);
		log->is_failing = true;
		return;
	}
	line = text_in(log->buf + log->len, ACCESS_LOG_SIZE - log->len);
	http_log_write(&line, log->format, record);
	log->len += line.len;
}

void access_log_reopen(struct access_log *log)
{
	int fd;

	access_log_flush(log);
	if (log->is_shared)
		return;
	fd = open_path(log->path);
	if (fd < 0) {
		log_warn("access log %s: %s: the old file stays open",
			 log->path, strerror(errno));
		return;
	}
	(void)close(log->fd);
	adopt(log, fd);
	log_info("access log %s: opened anew", log->path);
}

void access_log_close(struct access_log *log)
{
	if (!log)
		return;
	access_log_flush(log);
	if (!log->is_shared)
		(void)close(log->fd);
	free(log);
}
