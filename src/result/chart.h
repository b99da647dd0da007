/* SPDX-License-Identifier: MIT */
#ifndef RESULT_CHART_H
#define RESULT_CHART_H

#include <jansson.h>
#include <stdio.h>

/*
 * The plots of a report, each as an HTML figure element with its heading,
 * legend and an SVG element; they want the style sheet of the report. Each
 * can be drawn from any result: what is missing or null is left out, and a
 * plot without data says so.
 */

/* id "throughput": exchanges per second over time, from "intervals". */
void chart_throughput(FILE *out, const json_t *result);

/* id "latency": percentiles per interval over time, on a log axis. */
void chart_latency(FILE *out, const json_t *result);

/* id "percentiles": latency against percentile, from "histogram"; both axes
 * logarithmic, so that the tail is as wide as the rest. */
void chart_percentiles(FILE *out, const json_t *result);

/* id "ramp": latency against the achieved rate, from "steps". */
void chart_ramp(FILE *out, const json_t *result);

/*
 * The step that follows one of that load and index in the order of their load
 * (a search tries them in another), or NULL; *load and *at are then its own.
 * Begin with -HUGE_VAL and 0.
 */
const json_t *chart_next_step(const json_t *steps, double *load, size_t *at);

#endif
