/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SNAPSHOT_H
#define SERVER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/counters.h"
#include "os/usage.h"
#include "server/binding.h"
#include "web/outcomes.h"

/*
 * What the server is at, for those who look at it from outside. What it points
 * to is good until the callback that asked for it returns.
 */
struct snapshot {
	bool is_draining;
	double started_s; /* since 1970 */
	double uptime_s;
	const struct counters *counters;
	const struct outcomes *outcomes; /* NULL: HTTP was never on */
	size_t n_open[SERVER_SERVICES];	 /* connections */
	size_t n_open_most;		 /* that the services may have */
	size_t n_descriptors_most;
	uint64_t lag_ns; /* by which the last timer was late */
	struct usage usage;
};

#endif
