/* SPDX-License-Identifier: MIT */
/*
 * The alphabets of HTTP and of URIs, in one table: what a byte may be part of.
 * Whoever judges bytes asks here, so that no two judges differ.
 * A number sign is in no target, since a fragment is never sent.
 */
#include "http/syntax.h"

#define V (HTTP_BYTE_VALUE)
#define K (HTTP_BYTE_VALUE | HTTP_BYTE_TOKEN)
#define R (HTTP_BYTE_VALUE | HTTP_BYTE_TARGET)
#define T (HTTP_BYTE_VALUE | HTTP_BYTE_TARGET | HTTP_BYTE_TOKEN)
#define S (HTTP_BYTE_VALUE | HTTP_BYTE_TARGET | HTTP_BYTE_HOST)
#define A                                                                      \
	(HTTP_BYTE_VALUE | HTTP_BYTE_TARGET | HTTP_BYTE_HOST | HTTP_BYTE_TOKEN)

/* clang-format off */
const unsigned char http_byte_classes[256] = {
	['\t'] = V, [' '] = V,
	['!'] = A, ['"'] = R, ['#'] = K, ['$'] = A, ['%'] = A,
	['&'] = A, ['\''] = A, ['('] = S, [')'] = S, ['*'] = A, ['+'] = A,
	[','] = S, ['-'] = A, ['.'] = A, ['/'] = R,
	['0' ... '9'] = A,
	[':'] = S, [';'] = S, ['<'] = R, ['='] = S, ['>'] = R, ['?'] = R,
	['@'] = R,
	['A' ... 'Z'] = A,
	['['] = S, ['\\'] = R, [']'] = S, ['^'] = T, ['_'] = A, ['`'] = T,
	['a' ... 'z'] = A,
	['{'] = R, ['|'] = T, ['}'] = R, ['~'] = A,
	[0x80 ... 0xff] = V,
};
/* clang-format on */
