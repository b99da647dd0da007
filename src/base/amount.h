/* SPDX-License-Identifier: MIT */
#ifndef BASE_AMOUNT_H
#define BASE_AMOUNT_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * Amounts as people type them in front of a load test. Each returns 0, or -1
 * when the text is not wholly such an amount; *out is then untouched.
 */

/*
 * A time: a number, with a fraction or not, and one of us, ms, s, m, h after
 * it, or nothing for seconds. From 0 to a day.
 */
int amount_parse_time(const char *text, uint64_t *out_ns) MUST_CHECK;

/* A count or a rate: a number and k (1,000) or M (1,000,000), or nothing. */
int amount_parse_number(const char *text, double *out) MUST_CHECK;

/* The same, a whole number from min to max. */
int amount_parse_count(const char *text, uint64_t min, uint64_t max,
		       uint64_t *out) MUST_CHECK;

/* BYTES or BYTES-BYTES, each with k or M (of 1024) or not; from 0 to max. */
int amount_parse_sizes(const char *text, size_t max, size_t *from,
		       size_t *to) MUST_CHECK;

#endif
