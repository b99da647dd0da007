/* SPDX-License-Identifier: MIT */
/*
 * The one thing that the services do to a message. The rule is about bytes,
 * not letters: no locale, no UTF-8. A byte is lower case when its distance
 * from 'a' is below 26, and upper case lies exactly 0x20 below, so flipping
 * that one bit is the whole change.
 *
 * The inner loop has a constant trip count and no branch, which is what
 * compilers need to turn it into vector code at -O2 on any processor.
 */
#include "base/upper.h"

#include <limits.h>

#define UPPER_BLOCK 64 /* bytes; one cache line, four SSE2 registers */

/*
 * Shifted so that 'z' is the largest signed char, the lower-case letters are
 * the 26 largest: one signed comparison, which every vector unit has.
 */
static inline unsigned char upper_byte(unsigned char c)
{
	signed char shifted = (signed char)(c + (SCHAR_MAX - 'z'));
	unsigned char is_lower = shifted > SCHAR_MAX - 26;

	return (unsigned char)(c ^ (is_lower << 5));
}

void upper_ascii(char *buf, size_t len)
{
	unsigned char *p = (unsigned char *)buf;

	for (; len >= UPPER_BLOCK; p += UPPER_BLOCK, len -= UPPER_BLOCK)
		for (size_t i = 0; i < UPPER_BLOCK; i++)
			p[i] = upper_byte(p[i]);
	for (size_t i = 0; i < len; i++)
		p[i] = upper_byte(p[i]);
}
