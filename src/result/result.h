/* SPDX-License-Identifier: MIT */
#ifndef RESULT_RESULT_H
#define RESULT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/stats.h"
#include "result/tally.h"
#include "result/times.h"
#include "result/verdict.h"

/*
 * What came out of a load test, and what was asked: all that the table, the
 * report, a comparison and the files show. A number that is not known is NAN,
 * a string that is not known NULL.
 *
 * Strings belong to whoever set them, or to `source`, or stand in a buffer
 * beside them; so a result is not to be copied.
 */

/* "2026-11-22T10:14:03.123Z" */
#define RESULT_TIME_SIZE 32

/* What was measured in an interval, or in a step. */
struct result_row {
	double t_s; /* an interval's end, since the start */
	double target_rate;
	double clients;
	double rate;
	double loss_percent;
	double lost;
	double errors;
	struct times latency;
	bool held;
	char time[RESULT_TIME_SIZE]; /* the end by the clock on the wall */
};

struct result_rows {
	struct result_row *at;
	size_t n;
	size_t n_lost; /* for want of memory */
};

/* So many exchanges took up to that time. */
struct result_bucket {
	double top_us, n;
};

struct result_error {
	const char *name;
	double n;
	char buf[ERROR_NAME_SIZE];
};

#define RESULT_HOST_SIZE 140 /* as long as what uname(2) says */

struct result_host {
	const char *name, *kernel, *machine;
	double cpus;
	char name_buf[RESULT_HOST_SIZE];
	char kernel_buf[RESULT_HOST_SIZE];
	char machine_buf[RESULT_HOST_SIZE];
};

/* How the load generator itself fared. */
struct result_generator {
	double cpu_share, wait_share; /* of a core, all jobs together */
	struct times lateness;
	double jobs;
	double receive_drops;
	bool limited; /* it was the limit */
};

/* What a search for the highest rate found. */
struct result_found {
	const char *condition; /* NULL: there was no search */
	double rate;
	bool generator_limited;
	const char *remark;
	char remark_buf[160];
};

struct result {
	/* What was asked. */
	const char *command, *version, *protocol;
	const char *mode; /* "open" or "closed" */
	const char *server_host;
	double server_port;
	const char *path;     /* HTTP; else NULL */
	double size_bytes[2]; /* from, to; HTTP: NAN */
	double clients, target_rate;
	double pipeline;
	bool connect_per_request;
	double timeout_us, warmup_us;
	uint64_t seed;
	char started[RESULT_TIME_SIZE];
	struct result_host host;

	/* What came of it. */
	double duration_s, rate;
	double counts[COUNTER_N];
	double loss_percent;
	struct result_error *errors;
	size_t n_errors;
	struct times latency, service;
	struct result_bucket *buckets;
	size_t n_buckets;
	struct result_generator generator;
	const char *verdict;
	char verdict_buf[VERDICT_SIZE];
	bool interrupted;
	struct result_found found;
	struct result_rows steps; /* none of a single run */
	struct result_rows intervals;

	struct json_t *source; /* of one that was read */
};

/* One of which nothing is known. */
void result_init(struct result *result);

void result_clear(struct result *result);

/* Adds a row; without memory it is left out. */
void result_add_row(struct result_rows *rows, const struct result_row *row);

/* One of which nothing is known. */
struct result_row result_row_none(void);

/* A step's row. */
struct result_row result_step(const struct tally *tally, bool is_held);

/* Sets what came of it. Errors or buckets are left out without memory. */
void result_set_tally(struct result *result, const struct tally *tally);

/* Seconds since 1970 as in RFC 3339, in UTC; with_ms: to the millisecond. */
void result_format_time(char buf[RESULT_TIME_SIZE], double seconds,
			bool with_ms);

bool result_is_open_loop(const struct result *result);

/* All errors together. */
double result_count_errors(const struct result *result);

#endif
