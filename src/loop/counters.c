/* SPDX-License-Identifier: MIT */
/*
 * Telling an operator what happened. The counters themselves are plain
 * numbers in the loop: one thread, so no locking.
 */
#include "loop/counters.h"

#include <inttypes.h>

#include "base/log.h"

void counters_log(const struct counters *counters)
{
#define X(name, meaning, metric)                                               \
	if (counters->name > 0)                                                \
		log_info("counter: " #name " %" PRIu64 " (" meaning ")",       \
			 counters->name);
	COUNTERS(X)
#undef X
}
