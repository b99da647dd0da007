/* SPDX-License-Identifier: MIT */
#ifndef HTTP_SYNTAX_H
#define HTTP_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* What a byte may be part of (RFC 9110, 5.6.2 and 5.5; RFC 3986, 3). */
enum http_byte {
	HTTP_BYTE_TOKEN = 1,  /* tchar */
	HTTP_BYTE_VALUE = 2,  /* VCHAR, obs-text, SP, HTAB */
	HTTP_BYTE_TARGET = 4, /* of a path, a query or an authority */
	HTTP_BYTE_HOST = 8,   /* unreserved and sub-delims: of a reg-name */
};

/* For each byte the bits of enum http_byte. */
extern const unsigned char http_byte_classes[256];

/* Bytes at the start of s that belong to the class. */
static inline size_t http_span(struct slice s, enum http_byte class)
{
	size_t i = 0;

	while (i < s.len &&
	       (http_byte_classes[(unsigned char)s.ptr[i]] & class))
		i++;
	return i;
}

static inline bool http_is_all(struct slice s, enum http_byte class)
{
	return http_span(s, class) == s.len;
}

static inline bool http_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, of either case; -1 for any other byte. */
static inline int http_hex_value(char c)
{
	if (http_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#endif
