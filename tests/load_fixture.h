/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LOAD_FIXTURE_H
#define TESTS_LOAD_FIXTURE_H

#include <jansson.h>

#include "e2e_client.h"
#include "harness.h"
#include "load_rogue.h"

/* Makes uppercase-load the program that e2e_client.h runs. Call it first. */
void load_use(void);

/*
 * Loads 127.0.0.1 with these arguments (the port among them), checks the exit
 * status and returns the result as the JSON file has it, which must be
 * complete.
 */
#define load_run(status, ...)                                                  \
	load_run_args(status, (const char *const[]){__VA_ARGS__, NULL})
json_t *load_run_args(int status, const char *const args[]);

/* Checks that every key that users may rely on is there and of its type. */
void load_expect_complete(const json_t *result);

/* A number in it, as "lost" or "latency_us.p99"; must be there. */
double load_number(const json_t *result, const char *path);

/* How many errors of that name; 0 when none. */
double load_errors(const json_t *result, const char *name);

/* Checks that each message that was sent came to exactly one end. */
void load_expect_sums(const json_t *result);

/* A JSON, NDJSON, CSV or HTML file, read whole; the caller frees it. */
char *load_read_file(const char *path);

/* --- steps of ramps and searches --- */

/* The i-th, as the result has it; and whether it held. */
json_t *load_step(const json_t *result, size_t i);
bool load_step_held(const json_t *result, size_t i);

/* Checks that the verdict names a limit that is not the generator's alone. */
void load_expect_limited(const json_t *result);

/* A UDP server that answers 100 datagrams every 50 ms, and drops the rest. */
#define LOAD_CEILING 2000.0
struct peer load_start_ceiling(void);

/*
 * Checks what a search found on a server with this ceiling, a second: how far
 * below it that is is the host's affair, but no step above it held, and one
 * that is as good as next to it did not.
 */
void load_expect_found(const json_t *result, double ceiling);

#endif
