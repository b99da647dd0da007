/* SPDX-License-Identifier: MIT */
#ifndef LOAD_SHARE_H
#define LOAD_SHARE_H

#include <stdint.h>

#include "load/silence.h"
#include "result/stats.h"

/* What a job tells its parent, in memory that both share. */
struct share {
	struct stats stats;
	uint64_t end_ns;      /* when its sending ended */
	uint64_t window_ns;   /* how long cpu_ns and delay_ns were taken over */
	uint64_t cpu_ns;      /* used */
	uint64_t delay_ns;    /* was ready to run, but was not */
	uint64_t n_connected; /* clients, before the start */
	uint64_t own_drops;   /* datagrams lost in our own sockets */
	uint64_t flying_half; /* in flight when half of the run was over */
	uint64_t flying_end;  /* the same when its sending ended */
	uint64_t paused_ns;   /* stood still, a long time each */
	struct silences silences;
};

/*
 * What parent and job say to each other over a SOCK_SEQPACKET pair: the job
 * JOB_READY when its clients are connected, the parent JOB_GO with the time of
 * the start, or JOB_STOP. The end of the pair is the other one's end.
 */
enum job_word {
	JOB_READY,
	JOB_GO,
	JOB_STOP
};

struct job_order {
	uint64_t word;
	uint64_t at_ns;
};

#endif
