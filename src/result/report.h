/* SPDX-License-Identifier: MIT */
#ifndef RESULT_REPORT_H
#define RESULT_REPORT_H

#include <stdio.h>

#include "base/compiler.h"
#include "result/result.h"

/*
 * Writes a result as a page of HTML that needs nothing else: no script, no
 * outside resource; the plots are inline SVG. What is not known is left out or
 * shown as a dash; text from the result is escaped.
 *
 * Returns 0, or -1 when something could not be written (errno says why). What
 * is still buffered is flushed; out stays open and the caller's.
 */
int report_write_html(FILE *out, const struct result *result) MUST_CHECK;

#endif
