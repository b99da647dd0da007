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

/* For clients: whether a broken connection is needed any more. */
bool worker_goes_on(const struct worker *worker);

#endif
