/* SPDX-License-Identifier: MIT */
/*
 * Writing the access log. A line that does not fit into the buffer makes room
 * by writing it out early; a short write keeps the rest for the next turn, so
 * that a reader of the other end sees whole lines as long as there is room.
 *
 * Only a reader that is slower than the lines come can cost some. Then half of
 * the buffer is for whoever comes first, and of the other half no peer gets
 * more than a small share, so that one who fills it costs himself lines.
 */
#include "web/accesslog.h"

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
#include "os/process.h"

#define ACCESS_LOG_SIZE	  (256 << 10) /* a turn's worth, and what was kept */
#define ACCESS_LOG_OPEN	  (ACCESS_LOG_SIZE / 2) /* for whoever comes first */
#define ACCESS_LOG_SHARE  (ACCESS_LOG_SIZE / 16)
#define ACCESS_LOG_SHARES 64 /* peers are told apart by a hash */

_Static_assert(ACCESS_LOG_SIZE > HTTP_LOG_LINE_MAX(HTTP_HEAD_MAX),
	       "a line must fit");

struct access_log {
	struct loop *loop;
	char path[PATH_MAX];
	enum http_log_format format;
	int fd;		      /* -1: nothing is logged */
	bool is_shared;	      /* standard output itself, which may block */
	bool is_regular;      /* a write takes what the disk has room for */
	bool is_failing;      /* told already */
	bool has_shares;      /* any of them is not 0 */
	uint64_t failed_turn; /* when it last was an error to write */
	size_t len;
	uint32_t shares[ACCESS_LOG_SHARES]; /* bytes beyond ACCESS_LOG_OPEN */
	char buf[ACCESS_LOG_SIZE];
};

static bool is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

int access_log_open_file(const char *path)
{
	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (is_stdout(path))
		return process_reopen_nonblocking(STDOUT_FILENO);
	/* Nonblocking: a FIFO without a reader is an error and no wait. */
	return open(path,
		    O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY |
			    O_CLOEXEC,
		    0644);
}

static void adopt(struct access_log *log, int fd)
{
	struct stat st;

	log->fd = fd;
	log->is_shared = fd == STDOUT_FILENO;
	log->is_regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

struct access_log *access_log_new(struct loop *loop)
{
	struct access_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->loop = loop;
	log->fd = -1;
	return log;
}

bool access_log_is_on(const struct access_log *log)
{
	return log->fd >= 0;
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

/* Tells once that lines are lost, until one goes through again. */
static void tell_failing(struct access_log *log, const char *why)
{
	if (!log->is_failing)
		log_warn("access log %s: %s: lines are being lost", log->path,
			 why);
	log->is_failing = true;
}

static void note_failure(struct access_log *log)
{
	log->failed_turn = log->loop->turn;
	tell_failing(log, strerror(errno));
}

/* Writes the buffer as far as it goes; the rest moves to its front. */
static void access_log_write_out(struct access_log *log)
{
	size_t done = 0;

	while (done < log->len) {
		size_t len = writable_len(log, log->len - done);
		ssize_t n = len > 0 ? write(log->fd, log->buf + done, len) : -1;

		if (n < 0 && len > 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (len > 0 && errno != EAGAIN)
				note_failure(log);
			break;
		}
		done += (size_t)n;
	}
	if (done == 0)
		return;
	log->is_failing = log->is_failing && done < log->len;
	log->len -= done;
	memmove(log->buf, log->buf + done, log->len);
}

/* Forgets what could not be written; a line that has begun is cut. */
static void give_up_rest(struct access_log *log)
{
	for (size_t i = 0; i < log->len; i++)
		log->loop->counters.log_lines_lost += log->buf[i] == '\n';
	log->len = 0;
}

void access_log_flush(struct access_log *log)
{
	if (log->len > 0)
		access_log_write_out(log);
}

/* That of the peer's address: its bytes in the contested half. */
static uint32_t *share_of(struct access_log *log, struct slice peer)
{
	return &log->shares[slice_hash(peer) % ACCESS_LOG_SHARES];
}

/* Takes len bytes of the peer's share, if the buffer is so full; or refuses. */
static bool take_share(struct access_log *log, struct slice peer, size_t len)
{
	uint32_t *share;

	if (log->len + len <= ACCESS_LOG_OPEN) {
		if (log->has_shares)
			memset(log->shares, 0, sizeof(log->shares));
		log->has_shares = false;
		return true;
	}
	share = share_of(log, peer);
	if (*share + len > ACCESS_LOG_SHARE)
		return false;
	*share += (uint32_t)len;
	log->has_shares = true;
	return true;
}

/* Writes the line behind the others; false when there is no room for it. */
static bool access_log_add_line(struct access_log *log,
				const struct http_log_record *record)
{
	struct text line =
		text_in(log->buf + log->len, ACCESS_LOG_SIZE - log->len);

	http_log_write(&line, log->format, record);
	if (line.overflow ||
	    (!log->is_regular && !take_share(log, record->peer, line.len)))
		return false;
	log->len += line.len;
	return true;
}

void access_log_add(struct access_log *log,
		    const struct http_log_record *record)
{
	if (log->fd < 0 || access_log_add_line(log, record))
		return;
	/* A disk that is full is asked once in a turn, not for each line. */
	if (log->failed_turn != log->loop->turn)
		access_log_write_out(log);
	if (access_log_add_line(log, record))
		return;
	log->loop->counters.log_lines_lost++;
	tell_failing(log, "its reader is too slow");
}

/* Writes what can be written, and is done with the file. */
static void leave_file(struct access_log *log)
{
	access_log_flush(log);
	give_up_rest(log);
	if (log->fd >= 0 && !log->is_shared)
		(void)close(log->fd);
	log->fd = -1;
}

void access_log_use(struct access_log *log, int fd, const char *path,
		    enum http_log_format format)
{
	leave_file(log);
	if (fd < 0)
		return;
	strcpy(log->path, path);
	log->format = format;
	log->is_failing = false;
	adopt(log, fd);
}

bool access_log_is_at(const struct access_log *log, const char *path,
		      enum http_log_format format)
{
	return log->fd >= 0 && strcmp(log->path, path) == 0 &&
	       log->format == format;
}

void access_log_reopen(struct access_log *log)
{
	int fd;

	access_log_flush(log);
	if (log->fd < 0 || is_stdout(log->path))
		return;
	fd = access_log_open_file(log->path);
	if (fd < 0) {
		log_warn("access log %s: %s: the old file stays open",
			 log->path, strerror(errno));
		return;
	}
	leave_file(log);
	adopt(log, fd);
	log_info("access log %s: opened anew", log->path);
}

void access_log_close(struct access_log *log)
{
	if (!log)
		return;
	leave_file(log);
	free(log);
}
