/* SPDX-License-Identifier: MIT */
#ifndef RESULT_COMPARE_H
#define RESULT_COMPARE_H

#include <stdio.h>

#include "base/compiler.h"

/*
 * Prints two results that --output=FILE.json wrote side by side, with the
 * ratio of each number, B to A, in 80 columns; and before them whatever makes
 * the two a comparison of unlike things (another protocol, another machine).
 *
 * Returns 0, or -1 after a line on standard error: a file that cannot be read,
 * is not JSON, or is not such a result, with the keys that it lacks; or out
 * cannot be written.
 */
int compare_print(const char *path_a, const char *path_b, FILE *out) MUST_CHECK;

#endif
