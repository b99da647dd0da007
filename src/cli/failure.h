/* SPDX-License-Identifier: MIT */
#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H

#include "base/compiler.h"

/* How a program says that it failed: the reason, and what to do about it. */
#define FAILURE_SIZE 512

/* Writes "REASON (ADVICE)", or the reason alone for NULL; returns buf. */
const char *failure_text(char buf[FAILURE_SIZE], const char *reason,
			 const char *advice);

/* Writes "standard output: REASON (ADVICE)" for an errno value; returns buf. */
const char *failure_of_output(char buf[FAILURE_SIZE], int error);

/*
 * Sees through what was printed to stdout: into a full disk or a closed pipe, a
 * result is no result. Returns 0, or -1 with the text of failure_of_output().
 */
int failure_flush_output(char buf[FAILURE_SIZE]) MUST_CHECK;

#endif
