/* SPDX-License-Identifier: MIT */
#ifndef RESULT_CONDENSE_H
#define RESULT_CONDENSE_H

#include "result/result.h"

/*
 * Intervals put together, *per of them to one, so that at most n_max (above 0)
 * are left: t_s is that of the last, rate the mean, lost and errors the sum,
 * each time the highest. Numbers that are not known do not count; where none
 * is known, neither is the result.
 *
 * out has room for n_max; returns how many there are.
 */
size_t condense_rows(const struct result_rows *rows, size_t n_max,
		     struct result_row *out, size_t *per);

#endif
