/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_PROGRAM_H
#define TESTS_E2E_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* What a program left behind. out and err are NUL-ended too. */
struct outcome {
	int status; /* exit status; 128 + signal when killed */
	char *out;
	size_t out_len;
	char *err;
	size_t err_len;
};

/*
 * Runs a program, found through PATH, with this standard input, to its end.
 * argv is NULL-ended.
 */
struct outcome program_run(const char *const argv[], const void *input,
			   size_t len);

/* The same; its input does not end before it has written hold bytes. */
struct outcome program_run_holding(const char *const argv[], const void *input,
				   size_t len, size_t hold);
void outcome_clear(struct outcome *outcome);

/* Whether a program can be found through PATH. Says so when it cannot. */
bool program_exists(const char *name);

#endif
