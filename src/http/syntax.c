/* SPDX-License-Identifier: MIT */
/*
 * The alphabets of HTTP and of URIs, in one table: what a byte may be part of.
 * Whoever judges bytes asks here, so that no two judges differ.
 *
 * A target may hold what RFC 3986 has for it, and square brackets wherever they
 * stand: browsers send them raw in a path and a query, and nobody reads them in
 * two ways. A number sign is not among it, since a fragment is never sent.
 */
#include "http/syntax.h"

#define V (HTTP_BYTE_VALUE)
#define K (HTTP_BYTE_VALUE | HTTP_BYTE_TOKEN)
#define R (HTTP_BYTE_VALUE | HTTP_BYTE_TARGET)
#define E (HTTP_BYTE_VALUE | HTTP_BYTE_TARGET | HTTP_BYTE_TOKEN)
#define S (HTTP_BYTE_VALUE | HTTP_BYTE_TARGET | HTTP_BYTE_HOST)
#define A                                                                      \
	(HTTP_BYTE_VALUE | HTTP_BYTE_TARGET | HTTP_BYTE_HOST | HTTP_BYTE_TOKEN)

/* clang-format off */
const unsigned char http_byte_classes[256] = {
	['\t'] = V, [' '] = V,
	['!'] = A, ['"'] = V, ['#'] = K, ['$'] = A, ['%'] = E,
	['&'] = A, ['\''] = A, ['('] = S, [')'] = S, ['*'] = A, ['+'] = A,
	[','] = S, ['-'] = A, ['.'] = A, ['/'] = R,
	['0' ... '9'] = A,
	[':'] = R, [';'] = S, ['<'] = V, ['='] = S, ['>'] = V, ['?'] = R,
	['@'] = R,
	['A' ... 'Z'] = A,
	['['] = R, ['\\'] = V, [']'] = R, ['^'] = K, ['_'] = A, ['`'] = K,
	['a' ... 'z'] = A,
	['{'] = V, ['|'] = K, ['}'] = V, ['~'] = A,
	[0x80 ... 0xff] = V,
};
/* clang-format on */
