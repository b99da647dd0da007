/* SPDX-License-Identifier: MIT */
#ifndef RESULT_CODEC_H
#define RESULT_CODEC_H

#include <stdio.h>

#include "base/compiler.h"
#include "result/result.h"

/*
 * A result as it stands in files. Its names and columns are an interface: they
 * keep their meaning, and new ones go to the end. What could not be written
 * shows in ferror(out).
 */

/* As JSON on several lines, or on one: all of it, or -1 without memory. */
int codec_write(FILE *out, const struct result *result) MUST_CHECK;
int codec_write_line(FILE *out, const struct result *result) MUST_CHECK;

/* An interval as a line of JSON; as one of CSV, and what stands above those. */
void codec_write_interval(FILE *out, const struct result_row *interval);
void codec_write_csv_row(FILE *out, const struct result_row *interval);
void codec_write_csv_head(FILE *out);

#define CODEC_CAUSE_SIZE 1024

/*
 * Reads JSON that codec_write() wrote, from anybody: what stands at a known
 * name must be of its type, what a comparison needs must be there, and names
 * that are not known are passed over. 0; or -1 with the reason in cause, made
 * harmless for a terminal, and *result as result_init() leaves it.
 */
int codec_read(FILE *in, struct result *result,
	       char cause[CODEC_CAUSE_SIZE]) MUST_CHECK;

#endif
