/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULT_SESSION_H
#define TESTS_FAULT_SESSION_H

#include <stdbool.h>

#include "e2e_server.h"

/*
 * One server, and a session over all that it does: each service, the admin
 * pages, two reloads with another root, logs opened anew, its counters.
 */

/* Starts it, without any fault yet. */
void fault_session_start(void);

/*
 * Goes through the session while these rules hold (see e2e_faults.h). Answers
 * may then be missing, cut short or refusals, and must not be wrong. Afterwards
 * the session must succeed in every part, and no descriptor be left over.
 * Returns false when the rules have let nothing fail.
 */
bool fault_session_try(const char *rules);

/* It ends as it should. */
void fault_session_stop(void);

#endif
