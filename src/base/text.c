/* SPDX-License-Identifier: MIT */
/*
 * Building text in a fixed buffer, and the three escapings through which
 * every byte from a peer passes before a person or a browser sees it.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text text_in(char *buf, size_t size)
{
	return (struct text){buf, 0, size, false};
}

void text_add(struct text *text, struct slice s)
{
	if (text->overflow || s.len > text->size - text->len) {
		text->overflow = true;
		return;
	}
	if (s.len > 0)
		memcpy(text->ptr + text->len, s.ptr, s.len);
	text->len += s.len;
}

void text_add_str(struct text *text, const char *str)
{
	text_add(text, slice_of(str));
}

void text_add_char(struct text *text, char c)
{
	text_add(text, (struct slice){&c, 1});
}

void text_add_uint(struct text *text, uint64_t value)
{
	char digits[20]; /* 2^64 - 1 has 20 */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	text_add(text, (struct slice){digits + at, sizeof(digits) - at});
}

void text_addf(struct text *text, const char *fmt, ...)
{
	size_t room = text->size - text->len;
	va_list args;
	int n;

	if (text->overflow)
		return;
	va_start(args, fmt);
	n = vsnprintf(text->ptr + text->len, room, fmt, args);
	va_end(args);
	/* vsnprintf wants room for a NUL, which text does not keep. */
	if (n < 0 || (size_t)n >= room)
		text->overflow = true;
	else
		text->len += (size_t)n;
}

static void add_hex(struct text *text, const char *prefix, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char)c;

	text_add_str(text, prefix);
	text_add_char(text, digits[byte >> 4]);
	text_add_char(text, digits[byte & 15]);
}

void text_add_escaped(struct text *text, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c < 0x20 || c > 0x7e) {
			add_hex(text, "\\x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			text_add_char(text, '\\');
		text_add_char(text, c);
	}
}

/* The reference for a character that HTML gives a meaning, or NULL. */
static const char *html_reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void text_add_html(struct text *text, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		const char *reference = html_reference(s.ptr[i]);

		if (reference)
			text_add_str(text, reference);
		else
			text_add_char(text, s.ptr[i]);
	}
}

/* unreserved and the sub-delims that no attribute or shell trips over. */
static bool is_plain_in_path(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~/!$+,=@", c));
}

void text_add_uri_path(struct text *text, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (is_plain_in_path(s.ptr[i]))
			text_add_char(text, s.ptr[i]);
		else
			add_hex(text, "%", s.ptr[i]);
	}
}

struct slice text_slice(const struct text *text)
{
	return (struct slice){text->ptr, text->len};
}
