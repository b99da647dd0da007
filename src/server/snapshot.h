/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SNAPSHOT_H
#define SERVER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "loop/account.h"
#include "loop/counters.h"
#include "loop/faults.h"
#include "os/usage.h"
#include "server/binding.h"
#include "server/config.h"
#include "server/peers.h"
#include "server/sockets.h"
#include "web/outcomes.h"

#define SNAPSHOT_SOURCES 10

/* How the last reload went. */
struct reload_note {
	int64_t at_s; /* since 1970; 0: there was none */
	bool is_good;
	char cause[256]; /* why not */
};

/*
 * What the server is at, for those who look at it from outside. What it points
 * to is good until the callback that asked for it returns.
 */
struct snapshot {
	bool is_draining;
	double started_s; /* since 1970 */
	double uptime_s;
	const struct counters *counters;
	const struct outcomes *outcomes; /* NULL: HTTP was never on */
	const struct faults *faults;	 /* NULL: there are none */
	size_t n_open[SERVER_SERVICES];	 /* connections */
	size_t n_open_most;		 /* that the services may have */
	size_t n_descriptors_most;
	uint64_t lag_ns; /* by which the last timer was late */
	struct usage usage;
	const struct config *config;
	const struct sockets *sockets;
	const struct reload_note *reload;
	struct slice log;				/* its last lines */
	struct account_share sources[SNAPSHOT_SOURCES]; /* largest first */
	size_t n_sources;
	const struct peer *peers; /* for who needs them; see peers_list() */
	size_t n_peers;
};

#endif
