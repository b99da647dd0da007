/* SPDX-License-Identifier: MIT */
#ifndef RESULT_CHART_H
#define RESULT_CHART_H

#include <stdio.h>

#include "result/result.h"

/*
 * The plots of a report, each as an HTML figure element with its heading,
 * legend and an SVG element; they want the style sheet of the report. Each
 * can be drawn from any result: what is not known is left out, and a plot
 * without data says so.
 */

/* id "throughput": exchanges per second over time, from the intervals; and id
 * "latency": percentiles per interval over time, on a log axis. */
void chart_over_time(FILE *out, const struct result *result);

/* id "percentiles": latency against percentile, from the buckets; both axes
 * logarithmic, so that the tail is as wide as the rest. */
void chart_percentiles(FILE *out, const struct result *result);

/* id "ramp": latency against the achieved rate. */
void chart_ramp(FILE *out, const struct result_rows *steps);

/* The step that follows one in the order of their load (a search tries them in
 * another), or NULL. Begin with NULL. */
const struct result_row *chart_next_step(const struct result_rows *steps,
					 const struct result_row *last);

#endif
