/* SPDX-License-Identifier: MIT */
/*
 * The log sink: the one file-scope state of the program. A fixed buffer, so
 * logging neither allocates nor fails; what does not fit is counted.
 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/recent.h"

#define LOG_LINE_MAX 1024  /* longer lines are cut; a path may be long */
#define LOG_BUF_SIZE 16384 /* a turn's worth of lines */

static struct {
	const char *program;
	const char *name; /* of where lines go */
	int fd;
	enum log_form form;
	enum log_level level;
	size_t len;
	unsigned long n_lost;
	int error;   /* why the last ones were */
	bool is_cut; /* the last line written has no end */
	char buf[LOG_BUF_SIZE];
	struct recent recent;
} sink = {
	.program = "log",
	.name = "standard error",
	.fd = STDERR_FILENO,
	.level = LOG_LEVEL_INFO,
};

void log_open(const char *program, int fd)
{
	sink.program = program;
	sink.fd = fd;
}

int log_use(int fd, enum log_form form, const char *name)
{
	int before = sink.fd;

	log_flush();
	sink.fd = fd;
	sink.form = form;
	sink.name = name;
	sink.is_cut = false;
	return before;
}

void log_set_level(enum log_level level)
{
	sink.level = level;
}

/* Appends one line, flushing first when it would not fit. */
static void log_add_line(const char *line, size_t len)
{
	if (len > sizeof(sink.buf) - sink.len)
		log_flush();
	memcpy(sink.buf + sink.len, line, len);
	sink.len += len;
}

/*
 * Makes control bytes harmless, C1 in UTF-8 among them. What a peer sent is
 * escaped where a message is made; names of files and hosts, which are the
 * operator's own or somebody's whose files he lists, come as they are.
 */
static void blunt(char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];
		bool is_c1 = i > 0 && (unsigned char)line[i - 1] == 0xc2 &&
			     c >= 0x80 && c < 0xa0;

		if (c < ' ' || c == 0x7f || is_c1)
			line[i] = '?';
	}
}

/* For log_recent(): the time takes the place of what stands in front. */
static void log_remember(const char *text, size_t len)
{
	char buf[LOG_LINE_MAX + 32];
	struct timespec now = clock_wall();
	struct tm tm;
	size_t n = 0;

	if (gmtime_r(&now.tv_sec, &tm))
		n = strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ ", &tm);
	memcpy(buf + n, text, len);
	recent_add(&sink.recent, (struct slice){buf, n + len});
}

struct slice log_recent(void)
{
	return recent_text(&sink.recent);
}

/* The time as the form has it; "" when it has none. */
static void format_stamp(char *buf, size_t size)
{
	struct timespec now = clock_wall();
	struct tm tm;
	size_t n;

	buf[0] = '\0';
	if (sink.form == LOG_STAMPED && gmtime_r(&now.tv_sec, &tm)) {
		n = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
		(void)snprintf(buf + n, size - n, ".%03ldZ ",
			       now.tv_nsec / 1000000);
	} else if (sink.form == LOG_SYSLOG && localtime_r(&now.tv_sec, &tm)) {
		(void)strftime(buf, size, "%b %e %H:%M:%S ", &tm);
	}
}

#define LOG_FACILITY_DAEMON (3 << 3)

/* As syslog(3) numbers them. */
static int priority_of(enum log_level level)
{
	return level == LOG_LEVEL_INFO ? 6 : 4;
}

/* Writes what stands in front of a line's text; returns its length. */
static int format_front(char *line, size_t size, enum log_level level)
{
	char stamp[64];

	format_stamp(stamp, sizeof(stamp));
	switch (sink.form) {
	case LOG_JOURNAL:
		return snprintf(line, size, "<%d>", priority_of(level));
	case LOG_SYSLOG:
		return snprintf(line, size, "<%d>%s%s[%d]: ",
				LOG_FACILITY_DAEMON | priority_of(level), stamp,
				sink.program, (int)getpid());
	default:
		return snprintf(line, size, "%s%s: ", stamp, sink.program);
	}
}

static void PRINTF_LIKE(2, 0)
	add_message(enum log_level level, const char *fmt, va_list args)
{
	const char *mark = level == LOG_LEVEL_INFO ? "" : "warning: ";
	char line[LOG_LINE_MAX];
	int front, start, len;

	if (level > sink.level)
		return;
	front = format_front(line, sizeof(line), level);
	if (front < 0 || (size_t)front + strlen(mark) >= sizeof(line))
		return;
	start = front + (int)strlen(mark);
	memcpy(line + front, mark, strlen(mark));
	len = vsnprintf(line + start, sizeof(line) - (size_t)start, fmt, args);
	if (len < 0)
		return;
	len += start;
	if ((size_t)len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	blunt(line, (size_t)len);
	line[len++] = '\n';
	log_remember(line + front, (size_t)(len - front));
	log_add_line(line, (size_t)len);
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_message(LOG_LEVEL_INFO, fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_message(LOG_LEVEL_WARNING, fmt, args);
	va_end(args);
}

bool log_is_news(struct log_trouble *trouble, int what, uint64_t now_ns)
{
	bool is_another =
		trouble->what != what || now_ns - trouble->met_ns > LOG_CALM_NS;

	trouble->what = what;
	trouble->met_ns = now_ns;
	if (!is_another && now_ns - trouble->told_ns < LOG_AGAIN_NS) {
		trouble->n_untold++;
		return false;
	}
	trouble->more[0] = '\0';
	if (trouble->n_untold > 0)
		(void)snprintf(trouble->more, sizeof(trouble->more),
			       " (%s%" PRIu64 " more times)",
			       is_another ? "the last one " : "",
			       trouble->n_untold);
	trouble->n_untold = 0;
	trouble->told_ns = now_ns;
	return true;
}

/* Lines in buf[0..len), to be told as lost. */
static unsigned long count_lines(const char *buf, size_t len)
{
	unsigned long n = 0;

	for (size_t i = 0; i < len; i++)
		n += buf[i] == '\n';
	return n;
}

/* True when a write of up to PIPE_BUF bytes would not wait for a reader. */
static bool can_write(void)
{
	struct pollfd pfd = {.fd = sink.fd, .events = POLLOUT};
	int n;

	do
		n = poll(&pfd, 1, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = EAGAIN;
	return n == 1;
}

/* A line without its end is a datagram. Lines are whole in the buffer. */
static ssize_t send_line(const char *buf, size_t len)
{
	const char *end = memchr(buf, '\n', len);
	size_t line_len = end ? (size_t)(end - buf) : len;

	return write(sink.fd, buf, line_len) < 0 ? -1 : (ssize_t)line_len + 1;
}

/* Writes up to PIPE_BUF bytes. -1 with errno: EAGAIN when it would wait. */
static ssize_t log_write_some(const char *buf, size_t len)
{
	ssize_t n;

	if (!can_write())
		return -1;
	if (sink.form == LOG_SYSLOG)
		return send_line(buf, len);
	do
		n = write(sink.fd, buf, len < PIPE_BUF ? len : PIPE_BUF);
	while (n < 0 && errno == EINTR);
	return n;
}

/* A line that was cut, by a full disk for example, ends before the next. */
static bool end_cut_line(void)
{
	if (sink.is_cut && log_write_some("\n", 1) == 1)
		sink.is_cut = false;
	return !sink.is_cut;
}

/* Writes the buffer out. What the descriptor does not take now is lost. */
static bool log_write_out(void)
{
	bool is_going = end_cut_line();
	size_t done = 0;

	while (is_going && done < sink.len) {
		ssize_t n = log_write_some(sink.buf + done, sink.len - done);

		is_going = n > 0;
		done += is_going ? (size_t)n : 0;
	}
	if (!is_going) {
		sink.error = errno;
		sink.n_lost += count_lines(sink.buf + done, sink.len - done);
		if (done > 0)
			sink.is_cut = sink.buf[done - 1] != '\n';
	}
	sink.len = 0;
	return is_going;
}

void log_flush(void)
{
	unsigned long n_lost = sink.n_lost;

	if (sink.len == 0 || !log_write_out() || n_lost == 0)
		return;
	sink.n_lost = 0;
	if (sink.error == EAGAIN)
		log_warn("log: %lu lines lost: %s took no more", n_lost,
			 sink.name);
	else
		log_warn("log: %lu lines lost: %s: %s", n_lost, sink.name,
			 strerror(sink.error));
	if (!log_write_out())
		sink.n_lost += n_lost;
}
