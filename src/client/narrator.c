/* SPDX-License-Identifier: MIT */
/*
 * Lines for the person at the keyboard. Unlike the server's log, which gives
 * lines up rather than wait for a slow reader, this one waits: a run of the
 * client is worth nothing when its one line of explanation is lost.
 *
 * Each line is one write, so lines of several clients that share a terminal
 * or a file do not mix. A standard error that cannot be written is nobody's
 * news: there is no place left to tell it.
 */
#include "client/narrator.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/wait.h"

#define REPORT_LINE_MAX 1024 /* longer lines are cut */

/* Where standard error stands: there is one to a process. */
static struct {
	bool is_shared;	  /* with standard output */
	bool is_mid_line; /* of what others wrote there */
	bool has_broken_line;
} place;

/* Whether what is written to both descriptors shows up together. */
static bool is_same_place(int a, int b)
{
	struct stat stat_a, stat_b;

	if (isatty(a) && isatty(b))
		return true;
	return fstat(a, &stat_a) == 0 && fstat(b, &stat_b) == 0 &&
	       stat_a.st_dev == stat_b.st_dev && stat_a.st_ino == stat_b.st_ino;
}

void report_init(struct report *report)
{
	place.is_shared = is_same_place(STDOUT_FILENO, STDERR_FILENO);
	*report = (struct report){
		.start_ns = clock_mono_ns(),
		.is_terminal = isatty(STDERR_FILENO),
	};
}

static void narrator_write_all(const char *buf, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, buf, len);

		if (n < 0 && errno == EAGAIN &&
		    wait_for(STDERR_FILENO, POLLOUT, WAIT_FOREVER) > 0)
			continue;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		buf += n;
		len -= (size_t)n;
	}
}

void report_shown(int fd, struct slice s)
{
	if (s.len == 0 || (fd != STDERR_FILENO && !place.is_shared))
		return;
	place.is_mid_line = s.ptr[s.len - 1] != '\n';
	place.has_broken_line = false;
}

bool report_has_broken_line(void)
{
	return place.has_broken_line;
}

/* Writes whole lines, at the beginning of one. */
static void write_lines(const char *buf, size_t len)
{
	if (place.is_mid_line && len > 0) {
		narrator_write_all("\n", 1);
		place.is_mid_line = false;
		place.has_broken_line = true;
	}
	narrator_write_all(buf, len);
}

void report_lines(struct slice lines)
{
	write_lines(lines.ptr, lines.len);
}

/* Formats "PREFIX TEXT\n" into line; a text that is too long is cut. */
static size_t PRINTF_LIKE(3, 0)
	format_line(char line[REPORT_LINE_MAX], const char *prefix,
		    const char *fmt, va_list args)
{
	int start =
		snprintf(line, REPORT_LINE_MAX, "uppercase-client: %s", prefix);
	size_t len;

	(void)vsnprintf(line + start, REPORT_LINE_MAX - (size_t)start, fmt,
			args);
	len = strnlen(line, REPORT_LINE_MAX - 1);
	line[len] = '\n';
	return len + 1;
}

void report_error(const char *fmt, ...)
{
	char line[REPORT_LINE_MAX];
	va_list args;

	va_start(args, fmt);
	write_lines(line, format_line(line, "", fmt, args));
	va_end(args);
}

static void PRINTF_LIKE(2, 0)
	write_step(const struct report *report, const char *fmt, va_list args)
{
	uint64_t ns = clock_mono_ns() - report->start_ns;
	char line[REPORT_LINE_MAX], prefix[40];

	(void)snprintf(prefix, sizeof(prefix),
		       "%.6f s: ", (double)ns / (double)CLOCK_NS_PER_S);
	write_lines(line, format_line(line, prefix, fmt, args));
}

void report_step(const struct report *report, const char *fmt, ...)
{
	va_list args;

	if (!report->verbose)
		return;
	va_start(args, fmt);
	write_step(report, fmt, args);
	va_end(args);
}

void report_note(const struct report *report, const char *fmt, ...)
{
	char line[REPORT_LINE_MAX];
	va_list args;

	if (report->verbose || !report->is_terminal)
		return;
	va_start(args, fmt);
	write_lines(line, format_line(line, "", fmt, args));
	va_end(args);
}

/* Puts a line behind those that are kept, if it fits. */
static void PRINTF_LIKE(2, 0)
	add_kept(struct report *report, const char *fmt, va_list args)
{
	char line[REPORT_LINE_MAX];
	size_t len = format_line(line, "", fmt, args);

	if (len > sizeof(report->kept) - report->kept_len)
		return;
	memcpy(report->kept + report->kept_len, line, len);
	report->kept_len += len;
}

void report_keep(struct report *report, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (report->verbose)
		write_step(report, fmt, args);
	else
		add_kept(report, fmt, args);
	va_end(args);
}

void report_show_kept(struct report *report)
{
	write_lines(report->kept, report->kept_len);
	report_drop_kept(report, 0);
}

size_t report_mark(const struct report *report)
{
	return report->kept_len;
}

void report_drop_kept(struct report *report, size_t mark)
{
	report->kept_len = mark;
}
