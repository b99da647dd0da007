/* SPDX-License-Identifier: MIT */
/*
 * The two clocks. Durations and deadlines are counted on the monotonic one;
 * the wall clock is only ever shown to people and peers.
 */
#include "base/clock.h"

uint64_t clock_mono_ns(void)
{
	struct timespec ts;

	/* Cannot fail: the clock exists and ts is ours. */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * CLOCK_NS_PER_S + (uint64_t)ts.tv_nsec;
}

struct timespec clock_wall(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts;
}

struct timeval clock_timeval(uint64_t ns)
{
	return (struct timeval){
		.tv_sec = (time_t)(ns / CLOCK_NS_PER_S),
		.tv_usec = (suseconds_t)(ns % CLOCK_NS_PER_S / 1000),
	};
}
