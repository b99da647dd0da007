/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_VISIBLE_H
#define CLIENT_VISIBLE_H

#include <stddef.h>

#include "base/slice.h"

#define VISIBLE_HELD_MAX 4 /* the longest sequence of UTF-8 */

/*
 * Bytes from a peer on their way to a terminal. Zero-initialise; nothing to
 * free.
 */
struct visible {
	char held[VISIBLE_HELD_MAX]; /* the beginning of a sequence */
	size_t n_held;
};

/* Room that is surely enough for n bytes. */
#define VISIBLE_ROOM(n) (4 * ((n) + VISIBLE_HELD_MAX))

/*
 * Writes s into out in a form that a terminal only shows: text in UTF-8 with
 * tabs and line ends as it is, any other byte as \xHH. A sequence may come in
 * pieces: its beginning is held until what follows is there. Returns how many
 * bytes out has got; it has room for VISIBLE_ROOM(s.len).
 */
size_t visible_add(struct visible *visible, struct slice s, char *out);

/* The end: writes what is held. out has room for VISIBLE_ROOM(0). */
size_t visible_end(struct visible *visible, char *out);

#endif
