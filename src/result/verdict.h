/* SPDX-License-Identifier: MIT */
#ifndef RESULT_VERDICT_H
#define RESULT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* What, if anything, kept the rate from being higher or on target. */
enum verdict_limit {
	LIMIT_NONE,	 /* open loop: the target was met */
	LIMIT_SERVER,	 /* or the way there */
	LIMIT_GENERATOR, /* this program, or the host that it runs on */
	LIMIT_NOTHING	 /* no exchange succeeded */
};

/*
 * The numbers that a verdict follows from, and nothing else does. Times that
 * too few exchanges support are 0.
 */
struct verdict_facts {
	double target_rate; /* 0: closed loop */
	double rate;	    /* exchanges a second */
	double duration_s;
	uint64_t due; /* sent, or due and not sent */
	uint64_t exchanges;
	uint64_t unsent;
	double loss_percent;
	double p50_ms, p99_ms; /* latency */
	/* Of the server. */
	double typical_ms; /* what all but a tenth took at least */
	double silence_s;  /* the longest time without any answer */
	double silence_at_s;
	unsigned n_silences;
	bool has_stopped; /* no answer came after stopped_s */
	double stopped_s;
	bool piled_up;	   /* answers, in the second half */
	const char *cause; /* the most frequent error; NULL: none */
	/* Of this program. */
	double cpu_share, wait_share, busiest;
	double late_p50_ms, late_p99_ms;
	double paused_s;	/* stood still, in all */
	uint64_t own_drops;	/* answers, in its own sockets */
	uint64_t lost;		/* answers, all */
	uint64_t own_errors;	/* of this host's limits */
	unsigned n_unconnected; /* clients, at the start */
	const char *own_cause;	/* the most frequent one */
	bool has_failed;	/* a job did not end as it should */
	bool is_interrupted;
	bool is_given_up;
	/* Several runs: what limited the worst of them. */
	bool is_several;
	enum verdict_limit worst;
};

enum verdict_limit verdict_judge(const struct verdict_facts *facts);

#define VERDICT_SIZE 512

/* The same in words; returns buf. */
const char *verdict_tell(const struct verdict_facts *facts,
			 char buf[VERDICT_SIZE]);

/*
 * Why a search for the highest rate went no higher: what failed at failed_rate,
 * when this program had sent sent_rate on time before.
 */
enum verdict_search {
	SEARCH_SERVER,	  /* the server, or the condition */
	SEARCH_GENERATOR, /* this program can send no more */
	SEARCH_DISTURBED  /* it can, but something kept it from that */
};

enum verdict_search verdict_judge_search(enum verdict_limit limit,
					 double failed_rate, double sent_rate);

#endif
