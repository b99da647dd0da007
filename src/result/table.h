/* SPDX-License-Identifier: MIT */
#ifndef RESULT_TABLE_H
#define RESULT_TABLE_H

#include <stdio.h>

#include "result/result.h"

/*
 * Prints a result for people: at most 80 columns, ASCII. What
 * could not be written shows in ferror(out).
 */
void table_print(FILE *out, const struct result *result);

#endif
