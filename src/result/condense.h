/* SPDX-License-Identifier: MIT */
#ifndef RESULT_CONDENSE_H
#define RESULT_CONDENSE_H

#include <jansson.h>
#include <stddef.h>

#include "base/compiler.h"

/*
 * The rows of "intervals" put together, *per of them to one, so that at most
 * n_max (above 0) are left: t_s is that of the last, rate the mean, lost and
 * errors the sum, each percentile the highest. Numbers that are missing do not
 * count; where all are missing, so is the result. Rows without t_s are left
 * out.
 *
 * Returns a new array, a reference to which is the caller's; NULL when there
 * is no memory. An array without rows for anything but an array.
 */
json_t *condense_intervals(const json_t *intervals, size_t n_max,
			   size_t *per) MUST_CHECK;

#endif
