/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/slice.h"

/*
 * Text under construction in the caller's memory:
 *
 *	|<------- len ------->|<----- room ----->|
 *	ptr                                      ptr + size
 *
 * What does not fit is left out whole and `overflow` is set, so a caller adds
 * as much as it likes and asks once at the end. The text is not NUL-ended.
 */
struct text {
	char *ptr;
	size_t len;
	size_t size;
	bool overflow;
};

/* An empty text in buf[0..size). The caller keeps owning buf. */
struct text text_in(char *buf, size_t size);

/*
 * These are inline because a response's head is made of thirty of them, most
 * with a length that the compiler knows.
 */
static inline void text_add(struct text *text, struct slice s)
{
	if (text->overflow || s.len > text->size - text->len) {
		text->overflow = true;
		return;
	}
	if (s.len > 0)
		memcpy(text->ptr + text->len, s.ptr, s.len);
	text->len += s.len;
}

static inline void text_add_str(struct text *text, const char *str)
{
	text_add(text, (struct slice){str, strlen(str)});
}

static inline void text_add_char(struct text *text, char c)
{
	if (text->overflow || text->len == text->size)
		text->overflow = true;
	else
		text->ptr[text->len++] = c;
}

void text_add_uint(struct text *text, uint64_t value);

/* Adds the last n_digits of value, leading zeros and all. */
void text_add_padded(struct text *text, uint64_t value, size_t n_digits);

void text_addf(struct text *text, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Adds bytes that a peer sent so that they cannot change what a log line or a
 * terminal shows: anything but printable ASCII becomes \xHH, and the quote
 * and the backslash get a backslash.
 */
void text_add_escaped(struct text *text, struct slice s);

/*
 * Adds s with & < > " ' written as HTML character references. Control bytes,
 * and bytes that are no UTF-8, become U+FFFD.
 */
void text_add_html(struct text *text, struct slice s);

/* Adds s as the inside of a JSON string (RFC 8259); bytes that are no UTF-8
 * become U+FFFD, so that the whole is always valid. */
void text_add_json(struct text *text, struct slice s);

/*
 * Length of the UTF-8 sequence that s, which is not empty, begins with (RFC
 * 3629): 0 when it is none, is cut short, or encodes a surrogate or something
 * that a shorter one does.
 */
size_t text_utf8_len(struct slice s);

/* Adds value in hexadecimal, lower case, without leading zeros. */
void text_add_hex(struct text *text, uint64_t value);

/* Percent-encodes everything that may not stand in a URI's path (RFC 3986). */
void text_add_uri_path(struct text *text, struct slice s);

struct slice text_slice(const struct text *text);

#endif
