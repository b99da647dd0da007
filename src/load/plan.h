/* SPDX-License-Identifier: MIT */
#ifndef LOAD_PLAN_H
#define LOAD_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "load/load_options.h"
#include "load/silence.h"
#include "os/address.h"
#include "result/stats.h"

/* What one run does: the options, looked up, and with this step's numbers. */
struct plan {
	const struct load_options *options;
	struct address to;
	struct address sources[LOAD_SOURCES_MAX];
	size_t n_sources;
	char *request; /* HTTP: the same each time */
	size_t request_len;
	unsigned clients;
	double rate; /* 0: closed loop */
	uint64_t duration_ns;
	uint64_t warmup_ns;
	uint64_t count;
};

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
