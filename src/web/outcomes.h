/* SPDX-License-Identifier: MIT */
#ifndef WEB_OUTCOMES_H
#define WEB_OUTCOMES_H

#include <stdint.h>

#include "http/request.h"
#include "http/status.h"

/* How methods are told apart: the three that are served, and all others. */
#define OUTCOMES_METHODS 4

/*
 * How requests were answered: for each method, how often with each status.
 * Both are short lists, whatever peers send. Zero-initialise.
 */
struct outcomes {
	uint64_t n[OUTCOMES_METHODS][HTTP_STATUSES];
};

void outcomes_note(struct outcomes *outcomes, enum http_method method,
		   unsigned status);

/* "GET", "HEAD", "OPTIONS", "other". */
const char *outcomes_method(unsigned method);

#endif
