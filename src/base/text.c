/* SPDX-License-Identifier: MIT */
/*
 * Building text in a fixed buffer, and the escapings through which
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

void text_add_padded(struct text *text, uint64_t value, size_t n_digits)
{
	if (text->overflow || n_digits > text->size - text->len) {
		text->overflow = true;
		return;
	}
	text->len += n_digits;
	for (size_t i = 1; i <= n_digits; i++) {
		text->ptr[text->len - i] = (char)('0' + value % 10);
		value /= 10;
	}
}

void text_add_hex(struct text *text, uint64_t value)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
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

static void text_add_byte(struct text *text, const char *prefix, char c)
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
			text_add_byte(text, "\\x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			text_add_char(text, '\\');
		text_add_char(text, c);
	}
}

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD in UTF-8 */

static bool is_control_byte(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
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

size_t text_utf8_len(struct slice s)
{
	unsigned char c = (unsigned char)s.ptr[0], low = 0x80, high = 0xbf;
	size_t len = c < 0x80	? 1
		     : c < 0xc2 ? 0
		     : c < 0xe0 ? 2
		     : c < 0xf0 ? 3
		     : c < 0xf5 ? 4
				: 0;

	if (len > s.len)
		return 0;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < len; i++, low = 0x80, high = 0xbf) {
		unsigned char next = (unsigned char)s.ptr[i];

		if (next < low || next > high)
			return 0;
	}
	return len;
}

void text_add_html(struct text *text, struct slice s)
{
	while (s.len > 0) {
		size_t len = text_utf8_len(s);
		const char *reference = html_reference(s.ptr[0]);
		bool is_control = len == 1 && is_control_byte(s.ptr[0]);

		if (len == 0 || is_control) {
			text_add_str(text, REPLACEMENT);
			len = 1;
		} else if (reference) {
			text_add_str(text, reference);
		} else {
			text_add(text, (struct slice){s.ptr, len});
		}
		s = (struct slice){s.ptr + len, s.len - len};
	}
}

void text_add_json(struct text *text, struct slice s)
{
	while (s.len > 0) {
		size_t len = text_utf8_len(s);
		char c = s.ptr[0];

		if (len == 0) {
			text_add_str(text, REPLACEMENT);
			len = 1;
		} else if (len == 1 && is_control_byte(c)) {
			text_add_byte(text, "\\u00", c);
		} else {
			if (c == '"' || c == '\\')
				text_add_char(text, '\\');
			text_add(text, (struct slice){s.ptr, len});
		}
		s = (struct slice){s.ptr + len, s.len - len};
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
			text_add_byte(text, "%", s.ptr[i]);
	}
}

struct slice text_slice(const struct text *text)
{
	return (struct slice){text->ptr, text->len};
}
