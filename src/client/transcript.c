/* SPDX-License-Identifier: MIT */
/*
 * A record for a lab report: each piece of bytes that went out or came in, as
 * the system call had it, so that a stream shows where it was cut. It is text,
 * since people read it and put parts of it into theirs; programs have --json
 * and captures.
 *
 * A record is written when it is complete, so an interrupted run leaves whole
 * ones. A failure is told once; the run goes on, and its status says it.
 */
#include "client/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/advice.h"
#include "cli/failure.h"
#include "client/hexdump.h"
#include "client/narrator.h"
#include "os/wait.h"

#define TRANSCRIPT_QUOTE_WIDTH 48  /* bytes of text in a line */
#define TRANSCRIPT_LINE_MAX    512 /* what any line takes, escapes and all */

static void transcript_fail(struct transcript *transcript, int error)
{
	char text[FAILURE_SIZE];

	if (!transcript->has_failed)
		report_error("transcript '%s': %s", transcript->path,
			     failure_text(text, strerror(error),
					  advice_for_output(error)));
	transcript->has_failed = true;
}

/* Writes all to the file, however long its reader takes. 0 or -1 with errno. */
static int write_out(int fd, const char *buf, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EAGAIN &&
		    wait_for(fd, POLLOUT, WAIT_FOREVER) > 0)
			continue;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

static void transcript_flush(struct transcript *transcript)
{
	struct slice lines = {transcript->buf, transcript->len};

	if (transcript->fd < 0)
		report_lines(lines);
	else if (!transcript->has_failed &&
		 write_out(transcript->fd, lines.ptr, lines.len) < 0)
		transcript_fail(transcript, errno);
	transcript->len = 0;
}

/* Room for one more line. */
static struct text line_begin(struct transcript *transcript)
{
	if (sizeof(transcript->buf) - transcript->len < TRANSCRIPT_LINE_MAX)
		transcript_flush(transcript);
	return text_in(transcript->buf + transcript->len, TRANSCRIPT_LINE_MAX);
}

static void line_end(struct transcript *transcript, struct text *line)
{
	/* A text that is too long is cut: the newline has its room. */
	if (line->len == line->size)
		line->len--;
	line->overflow = false;
	text_add_char(line, '\n');
	transcript->len += line->len;
}

/* "2026-11-27T00:12:03.123456Z 0.000123 s: " */
static struct text record_begin(struct transcript *transcript)
{
	struct timespec now = clock_wall();
	struct text line = line_begin(transcript);
	uint64_t ns = clock_mono_ns() - transcript->start_ns;

	calendar_add_time(&line, &now);
	text_addf(&line, " %.6f s: ", (double)ns / (double)CLOCK_NS_PER_S);
	return line;
}

static void add_body(struct transcript *transcript, struct slice bytes)
{
	size_t width =
		transcript->is_hex ? HEXDUMP_WIDTH : TRANSCRIPT_QUOTE_WIDTH;

	for (size_t at = 0; at < bytes.len; at += width) {
		size_t left = bytes.len - at;
		struct slice part = {bytes.ptr + at,
				     left < width ? left : width};
		struct text line = line_begin(transcript);

		if (transcript->is_hex) {
			hexdump_add_line(&line, at, part);
			transcript->len += line.len;
			continue;
		}
		text_add_str(&line, "    \"");
		text_add_escaped(&line, part);
		text_add_char(&line, '"');
		line_end(transcript, &line);
	}
}

static void add_record(struct transcript *transcript, struct slice bytes,
		       const char *what, const struct address *peer)
{
	char name[ADDRESS_TEXT_SIZE];
	struct text line;

	if (!transcript || !transcript->is_on)
		return;
	line = record_begin(transcript);
	text_addf(&line, "%zu bytes %s %s", bytes.len, what,
		  address_format(peer, name));
	line_end(transcript, &line);
	add_body(transcript, bytes);
	transcript_flush(transcript);
}

void transcript_sent(struct transcript *transcript, struct slice bytes,
		     const struct address *to)
{
	add_record(transcript, bytes, "sent to", to);
}

void transcript_received(struct transcript *transcript, struct slice bytes,
			 const struct address *from)
{
	add_record(transcript, bytes, "received from", from);
}

void transcript_note(struct transcript *transcript, const char *fmt, ...)
{
	char note[TRANSCRIPT_LINE_MAX / 2];
	struct text line;
	va_list args;

	if (!transcript || !transcript->is_on)
		return;
	va_start(args, fmt);
	(void)vsnprintf(note, sizeof(note), fmt, args);
	va_end(args);
	line = record_begin(transcript);
	text_add_str(&line, note);
	line_end(transcript, &line);
	transcript_flush(transcript);
}

enum client_status transcript_open(struct transcript *transcript,
				   const char *path, bool is_hex,
				   uint64_t start_ns)
{
	*transcript = (struct transcript){
		.is_hex = is_hex,
		.fd = -1,
		.path = path,
		.start_ns = start_ns,
	};
	if (path) {
		/* A FIFO that nobody reads must not make us wait. */
		transcript->fd = open(path,
				      O_WRONLY | O_CREAT | O_APPEND |
					      O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
				      0666);
		if (transcript->fd < 0) {
			transcript_fail(transcript, errno);
			return CLIENT_FAILED;
		}
	}
	transcript->is_on = true;
	return CLIENT_OK;
}

enum client_status transcript_close(struct transcript *transcript)
{
	if (!transcript->is_on)
		return CLIENT_OK;
	if (transcript->fd >= 0 && close(transcript->fd) < 0 && errno != EINTR)
		transcript_fail(transcript, errno);
	transcript->is_on = false;
	return transcript->has_failed ? CLIENT_FAILED : CLIENT_OK;
}
