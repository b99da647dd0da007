/* SPDX-License-Identifier: MIT */
#ifndef LOAD_JOB_H
#define LOAD_JOB_H

#include "load/engine.h"

/* Reads the clock into now_ns. */
void job_read_clock(struct worker *worker);

/* One client has connected, or failed to. */
void job_client_settled(struct worker *worker, bool is_connected);

/* Whether nothing that was due then is to be started any more. */
bool job_is_over(const struct worker *worker, uint64_t due_ns);

/* One that was due then is started; those of the warm-up are not of --count. */
void job_count_started(struct worker *worker, uint64_t due_ns);

/* For clients in the closed loop: whether to start one more exchange. */
bool job_take_start(struct worker *worker);

/*
 * An answer has come, right or wrong, to what was sent waited_ns ago. Call it
 * when it is in flight no more.
 */
void job_note_answer(struct worker *worker, uint64_t waited_ns);

/* What a silence is judged by in this job. */
struct silence_rule job_silence_rule(const struct worker *worker);

/* Whether a broken connection is needed any more. */
bool job_goes_on(const struct worker *worker);

#endif
