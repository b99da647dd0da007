/* SPDX-License-Identifier: MIT */
#ifndef RESULT_WRAP_H
#define RESULT_WRAP_H

#include <stdio.h>

#include "base/slice.h"

#define WRAP_WIDTH 80

/* Prints text in lines of at most WRAP_WIDTH columns, each behind indent and,
 * where it can be, broken between words. */
void wrap_print(FILE *out, const char *indent, struct slice text);

#endif
