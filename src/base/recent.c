/* SPDX-License-Identifier: MIT */
/*
 * Lines in one piece, so that whoever shows them need not put two together. Of
 * a full buffer the older half goes at once: moving the rest is then rare.
 */
#include "base/recent.h"

#include <string.h>

/* The end of the line in which the byte before `least` stands. */
static size_t end_of_line(const struct recent *recent, size_t least)
{
	const char *end =
		memchr(recent->buf + least - 1, '\n', recent->len - least + 1);

	return end ? (size_t)(end - recent->buf) + 1 : recent->len;
}

/* Drops lines from the front, of `least` bytes together or more. */
static void drop_lines(struct recent *recent, size_t least)
{
	size_t n =
		least < recent->len ? end_of_line(recent, least) : recent->len;

	recent->len -= n;
	memmove(recent->buf, recent->buf + n, recent->len);
}

void recent_add(struct recent *recent, struct slice text)
{
	if (text.len == 0 || text.len > sizeof(recent->buf))
		return;
	if (text.len > sizeof(recent->buf) - recent->len) {
		size_t half = recent->len / 2;

		drop_lines(recent, text.len > half ? text.len : half);
	}
	memcpy(recent->buf + recent->len, text.ptr, text.len);
	recent->len += text.len;
}

struct slice recent_text(const struct recent *recent)
{
	return (struct slice){recent->buf, recent->len};
}
