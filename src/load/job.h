/* SPDX-License-Identifier: MIT */
#ifndef LOAD_JOB_H
#define LOAD_JOB_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "load/kit.h"
#include "load/missing.h"
#include "load/plan.h"
#include "load/share.h"
#include "load/silence.h"
#include "load/wire.h"

enum job_state {
	JOB_SETUP,    /* connects its clients */
	JOB_WAITING,  /* for the start */
	JOB_RUNNING,  /* starts exchanges */
	JOB_DRAINING, /* waits for answers */
	JOB_DONE
};

/*
 * The books of a job, which its worker and its clients keep together: what was
 * asked, what time it is, what may be started, what has come of it. Everybody
 * reads them and counts in `stats`; clients change the rest only by what stands
 * below. The worker, whose books they are, sets them up and moves the run from
 * one state to the next.
 */
struct job {
	const struct plan *plan;
	const struct load_options *options;
	const struct wire *wire;
	struct event_base *base;
	struct share *share;
	struct stats *stats; /* of the share */
	struct kit kit;

	/* Time: of this callback, and of the run's parts. */
	enum job_state state;
	uint64_t now_ns, start_ns, measure_ns, end_ns, drain_ns;
	uint64_t last_start_ns, last_answer_ns;

	/* What may be started. */
	uint32_t n_clients, n_settled;
	uint32_t limit;	  /* in flight per client */
	uint64_t n_share; /* of --count; UINT64_MAX without */
	uint64_t n_started;
	uint64_t in_flight;

	/* Open loop. */
	bool is_open_loop;
	bool has_backlog;  /* one is due that has not been sent */
	bool is_blocked;   /* because no client is free */
	uint64_t freed_ns; /* since when clients are free again */
	struct list_node ready;

	struct silence silence; /* of the server */
	struct missing missing;
};

/* Reads the clock into now_ns. */
void job_read_clock(struct job *job);

/* One client has connected, or failed to. */
void job_client_settled(struct job *job, bool is_connected);

/* Whether nothing that was due then is to be started any more. */
bool job_is_over(const struct job *job, uint64_t due_ns);

/* One that was due then is started; those of the warm-up are not of --count. */
void job_count_started(struct job *job, uint64_t due_ns);

/* For clients in the closed loop: whether to start one more exchange. */
bool job_take_start(struct job *job);

/*
 * An exchange that was due then has begun, and one has come to its end.
 */
void job_note_start(struct job *job, uint64_t due_ns);
void job_note_end(struct job *job);

/* Something has failed. What is no HTTP came from somebody, too. */
void job_note_error(struct job *job, size_t slot);

/*
 * Open loop: a client that stands at this node is free to send, or is not; and
 * none was when one was due.
 */
void job_set_free(struct job *job, struct list_node *node, bool is_free);
void job_note_blocked(struct job *job);

/*
 * An answer has come, right or wrong, to what was sent waited_ns ago. Call it
 * when it is in flight no more.
 */
void job_note_answer(struct job *job, uint64_t waited_ns);

/* What a silence is judged by in this job. */
struct silence_rule job_silence_rule(const struct job *job);

/* Whether a broken connection is needed any more. */
bool job_goes_on(const struct job *job);

#endif
