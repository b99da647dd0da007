/* SPDX-License-Identifier: MIT */
#ifndef RESULT_TALLY_H
#define RESULT_TALLY_H

#include <stdbool.h>

#include "result/stats.h"
#include "result/verdict.h"

/* A time without any answer, in seconds since the start. */
struct tally_silence {
	double at_s, length_s;
};

/* What came out of one run, or of several together. */
struct tally {
	struct stats stats;
	double duration_s;	  /* of the measured part */
	double span_s;		  /* what the rate is over, see tally_rate() */
	double target_rate;	  /* 0: closed loop */
	enum verdict_limit worst; /* of several runs: of any of them */
	bool is_several;
	unsigned clients;
	unsigned n_unconnected; /* of these, at the start */
	double cpu_share;	/* of one core, all jobs together */
	double wait_share;	/* the same: ready to run, but not running */
	double busiest;	 /* cpu and wait of the job that had most of it */
	double paused_s; /* the longest that a job stood still in all */
	uint64_t own_drops;
	uint64_t flying_half; /* in flight half way, and at the end */
	uint64_t flying_end;
	struct tally_silence silence; /* the longest */
	unsigned n_silences;
	bool has_stopped; /* no answer came after stopped_s */
	double stopped_s;
	bool is_interrupted; /* by Ctrl-C */
	bool is_given_up;    /* since nobody answers */
	bool has_failed;     /* a job did not end as it should */
	bool saw_wrong;	     /* a wrong reply, in any step */
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

/* What was sent a second, by the same measure. */
double tally_sent_rate(const struct tally *tally);

/* Sets span_s from what else is known. */
void tally_set_span(struct tally *tally);

/* Whether answers stopped coming before the end. */
bool tally_has_stopped(const struct tally *tally);

/*
 * Adds a run that was made after the others. Shares and the target become
 * means over the time, clients those of the last.
 */
void tally_merge(struct tally *tally, const struct tally *other);

/* For several runs together: what limited the worst of them. */
enum verdict_limit tally_limit(const struct tally *tally);

/* The same in words; returns buf. */
const char *tally_verdict(const struct tally *tally, char buf[VERDICT_SIZE]);

#endif
