/* SPDX-License-Identifier: MIT */
#ifndef LOOP_SPOOL_H
#define LOOP_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/text.h"
#include "loop/loop.h"

/*
 * A log of lines, such as the access log: they are gathered and written once
 * per turn of the loop. What cannot be written without waiting is lost and
 * counted, and the server's own log says so once; service never waits for it.
 */
struct spool;

#define SPOOL_SIZE (256 << 10) /* a turn's worth, and what was kept */

/* Writes a line with its end; form is what spool_use() was told. */
typedef void (*spool_write_cb)(struct text *text, int form, const void *record);

/*
 * One that writes nothing yet. name is for messages ("access log") and is kept,
 * not copied. NULL when out of memory.
 */
struct spool *spool_new(struct loop *loop, const char *name) MUST_CHECK;

/*
 * Opens a file for appending, or standard output for "-", without changing
 * anything: for spool_use(). Returns a descriptor, or -1 with errno.
 */
int spool_open_file(const char *path) MUST_CHECK;

/*
 * From now on lines go to this file, which the spool owns then; what was
 * gathered goes to the one before. path is copied. With fd -1 nothing is
 * written. form is the writers' affair.
 */
void spool_use(struct spool *spool, int fd, const char *path, int form);

/* Whether lines go anywhere, and whether they go there in this form. */
bool spool_is_on(const struct spool *spool);
bool spool_is_at(const struct spool *spool, const char *path, int form);

/* Writes what is gathered and closes. Harmless on NULL. */
void spool_close(struct spool *spool);

/*
 * Adds a line, of this source: when there is no room for all, none gets more
 * than a share.
 */
void spool_add(struct spool *spool, struct slice source,
	       spool_write_cb write_cb, const void *record);

/* Writes what was gathered in this turn. */
void spool_flush(struct spool *spool);

/* Opens the path anew, after somebody has moved the file away. */
void spool_reopen(struct spool *spool);

#endif
