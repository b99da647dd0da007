/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_NARRATOR_H
#define CLIENT_NARRATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

#define REPORT_KEPT_SIZE 4096 /* a dozen lines: more addresses are rare */

/* What the client tells people, on standard error. The caller's storage. */
struct report {
	bool verbose;
	bool is_terminal; /* standard error is, so a person reads it */
	uint64_t start_ns;
	size_t kept_len;
	char kept[REPORT_KEPT_SIZE];
};

/* Begins with nothing kept; the times of steps count from here. */
void report_init(struct report *report);

/*
 * Says what was written to standard output or error besides. Where both are
 * the same place, a terminal or with 2>&1, a line here then begins a new line
 * there and does not stick to half of one.
 */
void report_shown(int fd, struct slice s);

/* Whether a line has done so since the last report_shown(). */
bool report_has_broken_line(void);

/* Writes whole lines that are somebody else's, as all others do. */
void report_lines(struct slice lines);

/* Writes "uppercase-client: TEXT" and a newline. */
void report_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* With --verbose, writes "uppercase-client: 0.001234 s: TEXT". */
void report_step(const struct report *report, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* Writes the same for a person who waits, where report_step() does not. */
void report_note(const struct report *report, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/*
 * An error that matters only when nothing else works out, as a refusal by the
 * first of several addresses: kept until report_show_kept() writes it, or
 * until report_drop_kept() drops what was kept since report_mark(), or since 0
 * all. With --verbose it is told as a step at once, and
 * then not again.
 */
void report_keep(struct report *report, const char *fmt, ...) PRINTF_LIKE(2, 3);
void report_show_kept(struct report *report);
size_t report_mark(const struct report *report);
void report_drop_kept(struct report *report, size_t mark);

#endif
