/* SPDX-License-Identifier: MIT */
#ifndef TESTS_RESULT_FIXTURE_H
#define TESTS_RESULT_FIXTURE_H

#include <jansson.h>
#include <stddef.h>

#include "result/result.h"

/*
 * Results of uppercase-load, built by hand. Each function fails the running
 * test rather than return NULL; the caller gives the reference back by
 * json_decref().
 */

/* A closed loop over TCP, with every key and nothing wrong in it. */
json_t *result_closed(void);

/* An open loop over UDP at a target of 20,000 a second, with a stall in the
 * third of its ten intervals, lost datagrams and errors. */
json_t *result_open(void);

/* result_open() with six steps, in the order of a search; four held. */
json_t *result_ramp(void);

/* Every key, and null at all that needs an exchange. */
json_t *result_nothing_answered(void);

/* A run with so many intervals of a second. */
json_t *result_long(size_t n);

/* Sets the key, of the object at the path "outer.inner" or of the result. The
 * value's reference is taken. */
void result_set(json_t *result, const char *path, json_t *value);

/* Reads one, whose reference is taken, as a file would be; the caller clears
 * the result. */
void result_take(json_t *json, struct result *result);

/* Writes it to a new file in a folder of the test; the path is the caller's to
 * free. */
char *result_save(const json_t *result, const char *folder, const char *name);

#endif
