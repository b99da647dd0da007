/* SPDX-License-Identifier: MIT */
/*
 * A load generator that shares its processor, with the server for instance, is
 * slow without using much of it: the time for which it was ready to run but
 * did not tells that apart from idleness. Linux counts it in
 * /proc/PID/schedstat (CONFIG_SCHED_INFO).
 */
#include "load/meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/clock.h"

static uint64_t to_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_usec * 1000;
}

static uint64_t read_delay_ns(void)
{
	FILE *file = fopen("/proc/self/schedstat", "re");
	uint64_t delay_ns = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %" SCNu64, &delay_ns) != 1)
		delay_ns = 0;
	(void)fclose(file);
	return delay_ns;
}

void meter_read(struct meter *meter)
{
	struct rusage usage = {0};

	(void)getrusage(RUSAGE_SELF, &usage);
	meter->at_ns = clock_mono_ns();
	meter->cpu_ns = to_ns(usage.ru_utime) + to_ns(usage.ru_stime);
	meter->delay_ns = read_delay_ns();
}
