/* SPDX-License-Identifier: MIT */
#ifndef WEB_GATHER_H
#define WEB_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/text.h"

/* Below this, copying is cheaper than one more piece for the kernel. */
#define GATHER_COPY_MAX	  2048

#define GATHER_LEN_MAX	  (128 << 10) /* nothing is added to more than this */

#define GATHER_PIECES_MAX 16
#define GATHER_IOV_MAX	  (2 * GATHER_PIECES_MAX + 1)

/*
 * Answers that will be sent in one go: text, and between it pieces of memory
 * that stay where they are:
 *
 *	text      |-- head --|-- head --|-- small --|
 *	pieces               ^ content  ^ content
 *
 * What the pieces point to must live until the gathered bytes are sent or
 * copied, which is before the callback returns.
 */
struct gather {
	struct text text;
	size_t len; /* of everything */
	size_t n_pieces;
	struct {
		size_t at; /* the text before it */
		struct slice bytes;
	} pieces[GATHER_PIECES_MAX];
};

/* Nothing gathered yet; the text goes to buf[0..size). */
void gather_init(struct gather *gather, char *buf, size_t size);

/*
 * True when text_len more bytes of text and one piece can be added, and not so
 * much is gathered already that a peer that does not read would cost too much.
 */
bool gather_has_room(const struct gather *gather, size_t text_len);

/* Tells that text was added to gather->text. */
void gather_note_text(struct gather *gather);

/*
 * Adds bytes that stay where they are, or a copy when they are few. There must
 * be room.
 */
void gather_add(struct gather *gather, struct slice bytes);

/* Fills iov, of GATHER_IOV_MAX, and returns how many there are. */
size_t gather_iov(const struct gather *gather, struct iovec *iov);

#endif
