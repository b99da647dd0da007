/* SPDX-License-Identifier: MIT */
#ifndef WEB_OUTCOMES_H
#define WEB_OUTCOMES_H

#include <stddef.h>
#include <stdint.h>

#include "http/request.h"
#include "http/status.h"

/* How methods are told apart: the three that are served, and all others. */
#define OUTCOMES_METHODS 4

/* How durations are told apart: powers of ten from 1 ms, and all beyond. */
#define OUTCOMES_BOUNDS 6

/*
 * How requests were answered: for each method, how often with each status; and
 * how long the answers took, counted in the first bound that is not below.
 * They are short lists, whatever peers send. Zero-initialise.
 */
struct outcomes {
	uint64_t n[OUTCOMES_METHODS][HTTP_STATUSES];
	uint64_t n_within[OUTCOMES_BOUNDS + 1];
	uint64_t duration_ns; /* of all of them together */
};

void outcomes_note(struct outcomes *outcomes, enum http_method method,
		   unsigned status);

/* n answers took this long each. */
void outcomes_note_durations(struct outcomes *outcomes, uint64_t duration_ns,
			     size_t n);

/* UINT64_MAX behind the last one. */
uint64_t outcomes_bound_ns(unsigned i);

/* "GET", "HEAD", "OPTIONS", "other". */
const char *outcomes_method(unsigned method);

#endif
