/* SPDX-License-Identifier: MIT */
#ifndef LOAD_PLAN_H
#define LOAD_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "load/load_options.h"
#include "os/address.h"

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

#endif
