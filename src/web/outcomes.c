/* SPDX-License-Identifier: MIT */
/*
 * A table of numbers and no more: what is counted at every request must cost
 * next to nothing.
 */
#include "web/outcomes.h"

#include "base/clock.h"

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

uint64_t outcomes_bound_ns(unsigned i)
{
	static const uint64_t bounds_ns[OUTCOMES_BOUNDS] = {
		CLOCK_NS_PER_MS, 10 * CLOCK_NS_PER_MS, 100 * CLOCK_NS_PER_MS,
		CLOCK_NS_PER_S,	 10 * CLOCK_NS_PER_S,  100 * CLOCK_NS_PER_S,
	};

	return i < OUTCOMES_BOUNDS ? bounds_ns[i] : UINT64_MAX;
}

void outcomes_note_durations(struct outcomes *outcomes, uint64_t duration_ns,
			     size_t n)
{
	unsigned i = 0;

	while (duration_ns > outcomes_bound_ns(i))
		i++;
	outcomes->n_within[i] += n;
	outcomes->duration_ns += n * duration_ns;
}
