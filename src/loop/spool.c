/* SPDX-License-Identifier: MIT */
/*
 * Writing a log of lines. A line that does not fit into the buffer makes room
 * by writing it out early; a short write keeps the rest for the next turn, so
 * that a reader of the other end sees whole lines as long as there is room.
 *
 * Only a reader that is slower than the lines come can cost some. Then half of
 * the buffer is for whoever comes first, and of the other half no peer gets
 * more than a small share, so that one who fills it costs himself lines.
 */
#include "loop/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "os/process.h"

#define SPOOL_OPEN   (SPOOL_SIZE / 2) /* for whoever comes first */
#define SPOOL_SHARE  (SPOOL_SIZE / 16)
#define SPOOL_SHARES 64 /* peers are told apart by a hash */

struct spool {
	struct loop *loop;
	const char *name;
	int form;
	char path[PATH_MAX];
	int fd;		      /* -1: nothing is logged */
	bool is_shared;	      /* standard output itself, which may block */
	bool is_regular;      /* a write takes what the disk has room for */
	bool is_failing;      /* told already */
	bool has_shares;      /* any of them is not 0 */
	uint64_t failed_turn; /* when it last was an error to write */
	size_t len;
	uint32_t shares[SPOOL_SHARES]; /* bytes beyond SPOOL_OPEN */
	char buf[SPOOL_SIZE];
};

static bool is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

int spool_open_file(const char *path)
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

static void adopt(struct spool *spool, int fd)
{
	struct stat st;

	spool->fd = fd;
	spool->is_shared = fd == STDOUT_FILENO;
	spool->is_regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

struct spool *spool_new(struct loop *loop, const char *name)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	if (!spool)
		return NULL;
	spool->loop = loop;
	spool->name = name;
	spool->fd = -1;
	return spool;
}

bool spool_is_on(const struct spool *spool)
{
	return spool->fd >= 0;
}

/* How many bytes a write may bring without waiting. */
static size_t writable_len(const struct spool *spool, size_t len)
{
	struct pollfd pfd = {.fd = spool->fd, .events = POLLOUT};

	if (spool->is_regular || !spool->is_shared)
		return len;
	if (poll(&pfd, 1, 0) != 1 || !(pfd.revents & POLLOUT))
		return 0;
	return len < PIPE_BUF ? len : PIPE_BUF;
}

/* Tells once that lines are lost, until one goes through again. */
static void tell_failing(struct spool *spool, const char *why)
{
	if (!spool->is_failing)
		log_warn("%s %s: %s: lines are being lost", spool->name,
			 spool->path, why);
	spool->is_failing = true;
}

static void note_failure(struct spool *spool)
{
	spool->failed_turn = spool->loop->turn;
	tell_failing(spool, strerror(errno));
}

/* Writes the buffer as far as it goes; the rest moves to its front. */
static void spool_write_out(struct spool *spool)
{
	size_t done = 0;

	while (done < spool->len) {
		size_t len = writable_len(spool, spool->len - done);
		ssize_t n =
			len > 0 ? write(spool->fd, spool->buf + done, len) : -1;

		if (n < 0 && len > 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (len > 0 && errno != EAGAIN)
				note_failure(spool);
			break;
		}
		done += (size_t)n;
	}
	if (done == 0)
		return;
	spool->is_failing = spool->is_failing && done < spool->len;
	spool->len -= done;
	memmove(spool->buf, spool->buf + done, spool->len);
}

/* Forgets what could not be written; a line that has begun is cut. */
static void give_up_rest(struct spool *spool)
{
	for (size_t i = 0; i < spool->len; i++)
		spool->loop->counters.log_lines_lost += spool->buf[i] == '\n';
	spool->len = 0;
}

void spool_flush(struct spool *spool)
{
	if (spool->len > 0)
		spool_write_out(spool);
}

/* That of the peer's address: its bytes in the contested half. */
static uint32_t *share_of(struct spool *spool, struct slice peer)
{
	return &spool->shares[slice_hash(peer) % SPOOL_SHARES];
}

/* Takes len bytes of the peer's share, if the buffer is so full; or refuses. */
static bool take_share(struct spool *spool, struct slice peer, size_t len)
{
	uint32_t *share;

	if (spool->len + len <= SPOOL_OPEN) {
		if (spool->has_shares)
			memset(spool->shares, 0, sizeof(spool->shares));
		spool->has_shares = false;
		return true;
	}
	share = share_of(spool, peer);
	if (*share + len > SPOOL_SHARE)
		return false;
	*share += (uint32_t)len;
	spool->has_shares = true;
	return true;
}

/* Writes the line behind the others; false when there is no room for it. */
static bool spool_add_line(struct spool *spool, struct slice source,
			   spool_write_cb write_cb, const void *record)
{
	struct text line =
		text_in(spool->buf + spool->len, SPOOL_SIZE - spool->len);

	write_cb(&line, spool->form, record);
	if (line.overflow ||
	    (!spool->is_regular && !take_share(spool, source, line.len)))
		return false;
	spool->len += line.len;
	return true;
}

void spool_add(struct spool *spool, struct slice source,
	       spool_write_cb write_cb, const void *record)
{
	if (spool->fd < 0 || spool_add_line(spool, source, write_cb, record))
		return;
	/* A disk that is full is asked once in a turn, not for each line. */
	if (spool->failed_turn != spool->loop->turn)
		spool_write_out(spool);
	if (spool_add_line(spool, source, write_cb, record))
		return;
	spool->loop->counters.log_lines_lost++;
	tell_failing(spool, "its reader is too slow");
}

/* Writes what can be written, and is done with the file. */
static void leave_file(struct spool *spool)
{
	spool_flush(spool);
	give_up_rest(spool);
	if (spool->fd >= 0 && !spool->is_shared)
		(void)close(spool->fd);
	spool->fd = -1;
}

void spool_use(struct spool *spool, int fd, const char *path, int form)
{
	leave_file(spool);
	if (fd < 0)
		return;
	strcpy(spool->path, path);
	spool->form = form;
	spool->is_failing = false;
	adopt(spool, fd);
}

bool spool_is_at(const struct spool *spool, const char *path, int form)
{
	return spool->fd >= 0 && strcmp(spool->path, path) == 0 &&
	       spool->form == form;
}

void spool_reopen(struct spool *spool)
{
	int fd;

	spool_flush(spool);
	if (spool->fd < 0 || is_stdout(spool->path))
		return;
	fd = spool_open_file(spool->path);
	if (fd < 0) {
		log_warn("%s %s: %s: the old file stays open", spool->name,
			 spool->path, strerror(errno));
		return;
	}
	leave_file(spool);
	adopt(spool, fd);
	log_info("%s %s: opened anew", spool->name, spool->path);
}

void spool_close(struct spool *spool)
{
	if (!spool)
		return;
	leave_file(spool);
	free(spool);
}
