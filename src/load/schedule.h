/* SPDX-License-Identifier: MIT */
#ifndef LOAD_SCHEDULE_H
#define LOAD_SCHEDULE_H

#include <stdint.h>

/*
 * When messages are due in the open loop, whatever the server does: those of
 * all jobs together at equal distances, each job having every so manieth.
 */
struct schedule {
	double interval_ns; /* between two of this job */
	double phase_ns;    /* of its first */
	uint64_t n_due;	    /* the next one's number in this job */
};

struct schedule schedule_of(double rate, unsigned n_jobs, unsigned job);

/* When the next one is due, in a run that started then. */
uint64_t schedule_next_ns(const struct schedule *schedule, uint64_t start_ns);

/* The part of n that falls to a job. */
uint64_t schedule_part(uint64_t n, unsigned n_jobs, unsigned job);

#endif
