/* SPDX-License-Identifier: MIT */
/*
 * The one thing that the services do to a message. The rule is about bytes,
 * not letters: no locale, no UTF-8. A byte is lower case when its distance
 * from 'a' is below 26, and upper case lies exactly 0x20 below, so flipping
 * that one bit is the whole change.
 *
 * The inner loops have a constant trip count and no branch, which is what
 * compilers need to turn them into vector code at -O2 on any processor. To
 * gather in the same loop whether anything was changed would halve its speed;
 * so blocks without a letter are only looked at, which is faster than writing
 * them, and the first with one settles the question for the rest.
 */
#include "base/upper.h"

#include <limits.h>

#define UPPER_BLOCK 64 /* bytes; one cache line, four SSE2 registers */

/*
 * Shifted so that 'z' is the largest signed char, the lower-case letters are
 * the 26 largest: one signed comparison, which every vector unit has.
 */
static inline unsigned char is_lower(unsigned char c)
{
	signed char shifted = (signed char)(c + (SCHAR_MAX - 'z'));

	return shifted > SCHAR_MAX - 26;
}

static inline unsigned char upper_byte(unsigned char c)
{
	return (unsigned char)(c ^ (is_lower(c) << 5));
}

static bool block_has_lower(const unsigned char *p)
{
	unsigned char any = 0;

	for (size_t i = 0; i < UPPER_BLOCK; i++)
		any |= is_lower(p[i]);
	return any;
}

bool upper_ascii(char *buf, size_t len)
{
	unsigned char *p = (unsigned char *)buf;
	unsigned char any = 0;

	for (; len >= UPPER_BLOCK; p += UPPER_BLOCK, len -= UPPER_BLOCK)
		if (block_has_lower(p))
			break;
	for (; len >= UPPER_BLOCK; p += UPPER_BLOCK, len -= UPPER_BLOCK) {
		for (size_t i = 0; i < UPPER_BLOCK; i++)
			p[i] = upper_byte(p[i]);
		any = 1;
	}
	for (size_t i = 0; i < len; i++) {
		any |= is_lower(p[i]);
		p[i] = upper_byte(p[i]);
	}
	return any;
}
