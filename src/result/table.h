/* SPDX-License-Identifier: MIT */
#ifndef RESULT_TABLE_H
#define RESULT_TABLE_H

#include <jansson.h>
#include <stdio.h>

/*
 * Prints a result (see result.h) for people: at most 80 columns, ASCII. What
 * could not be written shows in ferror(out).
 */
void table_print(FILE *out, const json_t *result);

#endif
