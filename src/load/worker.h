/* SPDX-License-Identifier: MIT */
#ifndef LOAD_WORKER_H
#define LOAD_WORKER_H

#include "load/plan.h"
#include "load/share.h"

/*
 * A job: the event loop with its clients, from connecting them to the last
 * answer. It runs in a process of its own, so it returns the process' exit
 * status. control_fd is its end of the pair (see share.h).
 */
int worker_run(const struct plan *plan, unsigned index, int control_fd,
	       struct share *share);

#endif
