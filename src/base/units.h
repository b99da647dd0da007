/* SPDX-License-Identifier: MIT */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * Numbers as people type them. Each returns 0, or -1 when the text is not
 * wholly such a number or lies outside the bounds; *out is then untouched. A
 * number is decimal digits, with at most one point where a fraction makes
 * sense: no sign, no blanks, no exponent.
 */

/* Digits only. */
int units_parse_uint(const char *text, uint64_t min, uint64_t max,
		     uint64_t *out) MUST_CHECK;

/* A count or a rate: a number and k (1,000) or M (1,000,000), or nothing. */
int units_parse_number(const char *text, double *out) MUST_CHECK;

/* The same, a whole number from min to max. */
int units_parse_count(const char *text, uint64_t min, uint64_t max,
		      uint64_t *out) MUST_CHECK;

/* Bytes: a whole number and k, M or G (of 1024), or nothing. */
int units_parse_size(const char *text, uint64_t *out) MUST_CHECK;

/* BYTES or BYTES-BYTES, the second not less than the first; up to max. */
int units_parse_sizes(const char *text, size_t max, size_t *from,
		      size_t *to) MUST_CHECK;

/*
 * A time in nanoseconds: a number and us, ms, s, m, h or d; with takes_seconds
 * also a number alone, of seconds. Up to 100 years.
 */
int units_parse_time(const char *text, bool takes_seconds,
		     uint64_t *out_ns) MUST_CHECK;

#define UNITS_TEXT_SIZE 24 /* of what the next two write, NUL included */

/* The shortest text that the parsers above read as this: "90s", "64k". */
void units_format_time(uint64_t ns, char out[UNITS_TEXT_SIZE]);
void units_format_size(uint64_t bytes, char out[UNITS_TEXT_SIZE]);

#endif
