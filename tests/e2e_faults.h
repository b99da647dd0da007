/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_FAULTS_H
#define TESTS_E2E_FAULTS_H

#include <stdbool.h>

/*
 * Calls of the C library that fail, or wait, in a program under test; what the
 * rules may be stands in interpose.c.
 */
struct faults;

/* rules may be "": none yet. */
struct faults *faults_new(const char *rules);

/* In the child, before it becomes the program. */
void faults_apply(const struct faults *faults);

/* Other rules from now on; counts begin anew. */
void faults_set(struct faults *faults, const char *rules);

/* How many calls have failed so far by a rule, in the program itself. */
unsigned faults_count(const struct faults *faults);

/* Whether it waits for events now. */
bool faults_is_waiting(const struct faults *faults);

/* The program may run on, with its last rules. Harmless on NULL. */
void faults_free(struct faults *faults);

#endif
