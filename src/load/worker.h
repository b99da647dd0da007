/* SPDX-License-Identifier: MIT */
#ifndef LOAD_WORKER_H
#define LOAD_WORKER_H

#include "load/engine.h"

/*
 * A job: the event loop with its clients, from connecting them to the last
 * answer. It runs in a process of its own, so it returns the process' exit
 * status. control_fd is its end of the pair (see plan.h).
 */
int worker_run(const struct plan *plan, unsigned index, int control_fd,
	       struct share *share);

/* For clients: one has connected, or failed to. */
void worker_client_settled(struct worker *worker, bool is_connected);

/* For clients in the closed loop: whether to start one more exchange. */
bool worker_take_start(struct worker *worker);

/* For clients: reads the clock into now_ns. */
void worker_read_clock(struct worker *worker);

/* For clients: an answer has come, right or wrong, to what was sent waited_ns
 * ago. Call it when it is in flight no more. */
void worker_note_answer(struct worker *worker, uint64_t waited_ns);

/* For clients: whether a broken connection is needed any more. */
bool worker_goes_on(const struct worker *worker);

#endif
