/* SPDX-License-Identifier: MIT */
/*
 * Each time is reckoned from the start and not from the last one, so that no
 * rounding adds up.
 */
#include "load/schedule.h"

struct schedule schedule_of(double rate, unsigned n_jobs, unsigned job)
{
	return (struct schedule){.interval_ns = 1e9 * n_jobs / rate,
				 .phase_ns = 1e9 * job / rate};
}

uint64_t schedule_next_ns(const struct schedule *schedule, uint64_t start_ns)
{
	return start_ns +
	       (uint64_t)(schedule->phase_ns +
			  (double)schedule->n_due * schedule->interval_ns);
}

uint64_t schedule_part(uint64_t n, unsigned n_jobs, unsigned job)
{
	return n / n_jobs + (job < n % n_jobs);
}
