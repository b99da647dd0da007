/* SPDX-License-Identifier: MIT */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include <stdbool.h>

#include "load/stats.h"

/* What, if anything, kept the rate from being higher or on target. */
enum tally_limit {
	LIMIT_NONE,	 /* open loop: the target was met */
	LIMIT_SERVER,	 /* or the way there */
	LIMIT_GENERATOR, /* this program, or the host that it runs on */
	LIMIT_NOTHING	 /* no exchange succeeded */
};

/* What came out of one run, or of several together. */
struct tally {
	struct stats stats;
	double duration_s;	/* of the measured part */
	double span_s;		/* what the rate is over, see tally_rate() */
	double target_rate;	/* 0: closed loop */
	enum tally_limit worst; /* of several runs: what limited any of them */
	bool is_several;
	unsigned clients;
	double cpu_share;  /* of one core, all jobs together */
	double wait_share; /* the same: ready to run, but not running */
	double busiest;	   /* cpu and wait of the job that had most of it */
	uint64_t own_drops;
	uint64_t flying_half; /* in flight half way, and at the end */
	uint64_t flying_end;
	bool is_interrupted; /* by Ctrl-C */
	bool is_given_up;    /* since nobody answers */
	bool has_failed;     /* a job did not end as it should */
};

/*
 * Whether answers piled up in the second half of the open loop: more than 2 %
 * of what was sent in it. The rate does not tell, as what was sent in time
 * counts, however late it was answered.
 */
bool tally_falls_behind(const struct tally *tally);

/*
 * Exchanges a second. In the open loop each has its interval, the last one
 * too: two that were due at 0 and 1 s are one a second, and not two.
 */
double tally_rate(const struct tally *tally);

/* Sets span_s from what else is known. */
void tally_set_span(struct tally *tally);

/*
 * Adds a run that was made after the others. Shares and the target become
 * means over the time, clients those of the last.
 */
void tally_merge(struct tally *tally, const struct tally *other);

/* For several runs together: what limited the worst of them. */
enum tally_limit tally_limit(const struct tally *tally);

#define TALLY_VERDICT_SIZE 256

/* The same in words; returns buf. */
const char *tally_verdict(const struct tally *tally,
			  char buf[TALLY_VERDICT_SIZE]);

#endif
