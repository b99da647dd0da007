/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_EDITOR_H
#define CLIENT_EDITOR_H

#include "base/compiler.h"
#include "base/slice.h"
#include "client/lines.h"

/* Lines typed on a terminal, with editing and a history (libedit). */
struct editor;

/*
 * Opens one on standard input, with the prompt on the descriptor out, 1 or 2.
 * NULL when there is none: built without libedit, one of both is no terminal,
 * or it cannot move its cursor (TERM). wait is as for lines_init(), and is
 * called whenever a key is waited for; it returns early when a signal came.
 */
struct editor *editor_open(const char *prompt, int out, void (*wait)(void *arg),
			   void *arg);

/* As lines_next(); the line lives until the next call. */
enum lines_result editor_next(struct editor *editor,
			      struct slice *line) MUST_CHECK;

/*
 * For wait: shows the prompt and what is typed so far again, at the beginning
 * of a line, when something else was shown meanwhile.
 */
void editor_show(struct editor *editor);

/*
 * Gives the terminal back as it was, wherever the editor stands; for the
 * handler of a signal that ends the program.
 */
void editor_release_terminal(void);

/* The end; NULL is allowed. */
void editor_close(struct editor *editor);

#endif
