/* SPDX-License-Identifier: MIT */
#ifndef LOAD_LOAD_OPTIONS_H
#define LOAD_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
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

#define OPTIONS_SOURCES_MAX 64
#define OPTIONS_OUTPUTS_MAX 16
#define OPTIONS_CLIENTS_MAX 1000000
#define OPTIONS_JOBS_MAX    256
#define OPTIONS_PATH_MAX    4096

/* What the command line asks for. Strings belong to argv. */
struct options {
	enum protocol protocol;
	bool protocol_given;
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
	const char *sources[OPTIONS_SOURCES_MAX];
	size_t n_sources;
	enum ramp ramp;
	bool ramp_is_typed; /* it said what climbs */
	double ramp_from, ramp_to;
	unsigned ramp_steps;
	struct thresholds find_max;
	struct thresholds fail_if;
	const char *outputs[OPTIONS_OUTPUTS_MAX];
	size_t n_outputs;
	bool to_standard; /* one of them is standard output */
	bool quiet;
	bool verbose;
	bool is_compare;
	const char *compare[2]; /* the files */
	const char *host;
	uint16_t port;
	const char *path;     /* HTTP; starts with a slash */
	struct fields fields; /* HTTP: added to each request */
};

enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_COMPARE,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_WRONG, /* and cause says what is wrong */
};

#define OPTIONS_CAUSE_SIZE 512

/* Reads the command line. Options and operands may stand in any order. Call it
 * once: getopt(3) keeps its place in static memory. */
enum options_verdict options_parse(struct options *options, int argc,
				   char **argv,
				   char cause[OPTIONS_CAUSE_SIZE]) MUST_CHECK;

/* "tcp", "udp" or "http". */
const char *options_protocol_name(const struct options *options);

/* Whether an output is standard output: "-", or "-.csv" and the like. */
bool options_output_is_standard(const char *name);

/* The texts of --help and --version, each with its newline. */
const char *options_help(void);
const char *options_version(void);

#endif
