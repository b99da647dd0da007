/* SPDX-License-Identifier: MIT */
/*
 * Gathering answers without copying their content: a file's bytes go from the
 * cache to the kernel, and only the heads between them are written here.
 */
#include "web/gather.h"

#include <stdint.h>

void gather_init(struct gather *gather, char *buf, size_t size)
{
	gather->text = text_in(buf, size);
	gather->len = 0;
	gather->n_pieces = 0;
}

bool gather_has_room(const struct gather *gather, size_t text_len)
{
	return gather->len < GATHER_LEN_MAX &&
	       gather->n_pieces < GATHER_PIECES_MAX &&
	       gather->text.size - gather->text.len >= text_len;
}

void gather_note_text(struct gather *gather)
{
	gather->len = gather->text.len;
	for (size_t i = 0; i < gather->n_pieces; i++)
		gather->len += gather->pieces[i].bytes.len;
}

void gather_add(struct gather *gather, struct slice bytes)
{
	if (bytes.len <= GATHER_COPY_MAX) {
		text_add(&gather->text, bytes);
	} else {
		gather->pieces[gather->n_pieces].at = gather->text.len;
		gather->pieces[gather->n_pieces].bytes = bytes;
		gather->n_pieces++;
	}
	gather_note_text(gather);
}

static size_t add_iov(struct iovec *iov, size_t n, struct slice bytes)
{
	if (bytes.len == 0)
		return n;
	/* sendmsg(2) does not write to what it sends. */
	iov[n].iov_base = (void *)(uintptr_t)bytes.ptr;
	iov[n].iov_len = bytes.len;
	return n + 1;
}

size_t gather_iov(const struct gather *gather, struct iovec *iov)
{
	const struct text *text = &gather->text;
	size_t n = 0, done = 0;

	for (size_t i = 0; i < gather->n_pieces; i++) {
		size_t at = gather->pieces[i].at;

		n = add_iov(iov, n,
			    (struct slice){text->ptr + done, at - done});
		n = add_iov(iov, n, gather->pieces[i].bytes);
		done = at;
	}
	return add_iov(iov, n,
		       (struct slice){text->ptr + done, text->len - done});
}
