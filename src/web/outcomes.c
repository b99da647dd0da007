/* SPDX-License-Identifier: MIT */
/*
 * A table of numbers and no more: what is counted at every request must cost
 * next to nothing.
 */
#include "web/outcomes.h"

void outcomes_note(struct outcomes *outcomes, enum http_method method,
		   unsigned status)
{
	unsigned row = method < HTTP_METHOD_KNOWN ? (unsigned)method
						  : OUTCOMES_METHODS - 1;

	outcomes->n[row][http_status_index(status)]++;
}

const char *outcomes_method(unsigned method)
{
	static const char *const names[OUTCOMES_METHODS] = {
		[HTTP_METHOD_GET] = "GET",
		[HTTP_METHOD_HEAD] = "HEAD",
		[HTTP_METHOD_OPTIONS] = "OPTIONS",
		"other",
	};

	return names[method];
}
