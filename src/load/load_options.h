/* SPDX-License-Identifier: MIT */
#ifndef LOAD_LOAD_LOAD_H
#define LOAD_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "cli/arguments.h"
#include "load/fields.h"
#include "result/threshold.h"

enum protocol {
	PROTOCOL_TCP,
	PROTOCOL_UDP,
	PROTOCOL_HTTP
};

enum ramp {
	RAMP_NONE,
	RAMP_RATE,
	RAMP_CLIENTS
};

#define LOAD_SOURCES_MAX 64
#define LOAD_OUTPUTS_MAX 16
#define LOAD_CLIENTS_MAX 1000000
#define LOAD_JOBS_MAX	 256
#define LOAD_PATH_MAX	 4096
#define LOAD_WORDS_MAX	 3 /* HOST PORT PATH */

/* What the command line asks for. Strings belong to argv. */
struct load_options {
	enum protocol protocol;
	int protocol_typed; /* 1 + enum protocol, or 0 */
	unsigned clients;
	bool clients_given;
	unsigned jobs;
	unsigned pipeline;
	uint64_t duration_ns; /* 0: none, count decides */
	uint64_t count;	      /* 0: none, duration_ns decides */
	double rate;	      /* 0: closed loop */
	size_t size_min, size_max;
	bool connect_per_request;
	uint64_t warmup_ns;
	uint64_t timeout_ns;
	uint64_t seed;
	int family; /* AF_UNSPEC, AF_INET or AF_INET6 */
	struct setting_list sources;
	enum ramp ramp;
	bool ramp_is_typed; /* it said what climbs */
	double ramp_from, ramp_to;
	unsigned ramp_steps;
	struct thresholds find_max;
	struct thresholds fail_if;
	const char *outputs[LOAD_OUTPUTS_MAX];
	size_t n_outputs;
	bool to_standard; /* one of them is standard output */
	bool quiet;
	bool verbose;
	bool is_compare;
	const char *compare[2];	     /* the files */
	char *words[LOAD_WORDS_MAX]; /* operands as typed */
	int n_words;
	const char *host;
	uint16_t port;
	const char *path;     /* HTTP; starts with a slash */
	struct fields fields; /* HTTP: added to each request */
};

/* Reads the command line. Options and operands may stand in any order. */
enum arguments_verdict load_options_read(struct load_options *options, int argc,
					 char **argv) MUST_CHECK;

/* "tcp", "udp" or "http". */
const char *load_options_protocol(const struct load_options *options);

/* Whether an output is standard output: "-", or "-.csv" and the like. */
bool load_options_is_standard(const char *name);

#endif
