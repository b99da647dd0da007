/* SPDX-License-Identifier: MIT */
#ifndef RESULT_CONDENSE_H
#define RESULT_CONDENSE_H

#include "base/compiler.h"
#include "result/result.h"

/*
 * Intervals put together, *per of them to one, so that at most n_max (above 0)
 * are left: t_s is that of the last, rate the mean, lost and errors the sum,
 * each time the highest. Numbers that are not known do not count; where none
 * is known, neither is the result.
 *
 * out->at is the caller's to free. 0, or -1 without memory.
 */
int condense_rows(const struct result_rows *rows, size_t n_max, size_t *per,
		  struct result_rows *out) MUST_CHECK;

#endif
