/* SPDX-License-Identifier: MIT */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdint.h>

#include "base/compiler.h"

/*
 * Numbers as people type them. Each returns 0, or -1 when the text is not
 * wholly such a number or lies outside the bounds; *out is then untouched.
 */

/* Decimal digits only: no sign, no blanks, no hexadecimal. */
int units_parse_uint(const char *text, uint64_t min, uint64_t max,
		     uint64_t *out) MUST_CHECK;

/*
 * Seconds with an optional fraction, "5" or "0.25", as nanoseconds.
 * At least a millisecond, at most a day.
 */
int units_parse_seconds(const char *text, uint64_t *out_ns) MUST_CHECK;

/* Bytes with an optional k, M or G after them, in powers of 1024. */
int units_parse_size(const char *text, uint64_t *out) MUST_CHECK;

#endif
