/* SPDX-License-Identifier: MIT */
#ifndef OS_DRAFT_H
#define OS_DRAFT_H

#include <stdbool.h>

#include "base/compiler.h"

/*
 * A file that changes only when what is to stand in it is complete. Until
 * draft_keep() the name leads to what it led to before, or to nothing; a
 * program that ends before leaves nothing behind, however it ends.
 *
 * A symbolic link stays, and the file that it leads to is replaced; that file's
 * permissions stay too. What is no regular file (a terminal, a pipe, a FIFO,
 * /dev/null), is standard output or standard error already, or is a link that
 * leads nowhere has no earlier content to lose: it is written at once.
 */
struct draft {
	int fd;		/* to write to; the draft's own */
	int old_fd;	/* of the file that is there now; -1: there is none */
	char *path;	/* where the draft will stand; NULL: not known */
	bool is_beside; /* in the same folder, without a name */
};

/* What is open already, such as standard output, written at once. Returns 0, or
 * -1 with errno. */
int draft_open_descriptor(struct draft *draft, int fd) MUST_CHECK;

/* Begins. Whether path may be written is found out here. Opening a FIFO waits
 * for its reader. Returns 0, or -1 with errno and nothing to clear. */
int draft_open(struct draft *draft, const char *path) MUST_CHECK;

/* Whether draft_keep() would replace an earlier content. */
bool draft_replaces(const struct draft *draft);

/* Puts what was written to fd at its place. 0, or -1 with errno, and then the
 * earlier content is there still unless the disk is full or failing. */
int draft_keep(struct draft *draft) MUST_CHECK;

/* Closes; what was not kept is gone. */
void draft_clear(struct draft *draft);

#endif
