/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_FAULTS_H
#define TESTS_E2E_FAULTS_H

#include <stdbool.h>

/*
 * Calls of the C library that fail, or wait, in a program under test; what the
 * rules may be stands in interpose.c.
 */
struct call_faults;

/* rules may be "": none yet. */
struct call_faults *call_faults_new(const char *rules);

/* In the child, before it becomes the program. */
void call_faults_apply(const struct call_faults *faults);

/* Other rules from now on; counts begin anew. */
void call_faults_set(struct call_faults *faults, const char *rules);

/* How many calls have failed so far by a rule, in the program itself. */
unsigned call_faults_count(const struct call_faults *faults);

/* Whether it waits for events now. */
bool call_faults_is_waiting(const struct call_faults *faults);

/* The program may run on, with its last rules. Harmless on NULL. */
void call_faults_free(struct call_faults *faults);

#endif
