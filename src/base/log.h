/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

/*
 * What the program has to tell people, on standard error: one line a message,
 * "PROGRAM: text". Text: lower case, no full stop, "subject: what happened:
 * reason". What a peer sent goes through text_add_escaped() first.
 *
 * Lines are gathered and written by log_flush(), once per turn of the loop, so
 * a slow terminal costs one write per turn. When the descriptor would block or
 * is gone, lines are lost and their number is told by the next that passes.
 */

/*
 * Names the program, and the descriptor to write to: standard error, or better
 * one of its own for the same file that does not block. The string is kept, not
 * copied; the caller keeps the descriptor open.
 */
void log_open(const char *program, int fd);

/* How a line looks where it goes. */
enum log_form {
	LOG_PLAIN,   /* "PROGRAM: text" */
	LOG_STAMPED, /* with the time in front, UTC */
	LOG_JOURNAL, /* "<6>text": the journal knows the rest, sd-daemon(3) */
	LOG_SYSLOG,  /* a datagram each, as the socket of syslog(3) takes it */
};

/*
 * From now on lines go to this descriptor, in this form; those that were
 * gathered go where they went before. name is for messages and is kept, not
 * copied. The descriptor must not block; the caller keeps it open. Returns the
 * one before, which nothing is written to any more.
 */
int log_use(int fd, enum log_form form, const char *name);

enum log_level {
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
};

/* Leaves out what matters less; at first nothing is left out. */
void log_set_level(enum log_level level);

void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The same, with a mark that tells an operator to look: "warning: ". */
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* A trouble that may go on: what it was last, and when. Zeroed for none. */
struct log_trouble {
	int what;
	uint64_t met_ns, told_ns;
	uint64_t n_untold;
	char more[64]; /* what log_is_news() leaves to be said behind it */
};

/*
 * Whether to tell of the trouble: at once when it is another one (what is not
 * 0; an errno value, for example) or after a calm of LOG_CALM_NS, in which it
 * was not met; and every LOG_AGAIN_NS while it goes on. Then trouble->more says
 * how often it was met without being told, or nothing.
 */
bool log_is_news(struct log_trouble *trouble, int what, uint64_t now_ns);

#define LOG_CALM_NS  UINT64_C(10000000000)
#define LOG_AGAIN_NS UINT64_C(60000000000)

/*
 * The last lines, each with its time in front, until the next is added: for who
 * cannot see where they went.
 */
struct slice log_recent(void);

/* Writes what was gathered. Call it before every exit. */
void log_flush(void);

#endif
