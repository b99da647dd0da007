/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The longest input that is looked at; what a fuzzer adds is passed over. */
#define FUZZ_INPUT_MAX 32768

/*
 * What libFuzzer and replay.c call with every input. Returns 0; a property that
 * does not hold ends the process with SIGABRT, an over-read with SIGSEGV.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process when a property does not hold. */
void fuzz_require(bool holds, const char *property);

/*
 * Room for size bytes (at most FUZZ_INPUT_MAX) that end where an inaccessible
 * page begins, so that a look one byte too far ends the process in any build.
 * There are two such rooms, 0 and 1; each stays valid until it is asked for
 * again.
 */
char *fuzz_room(unsigned which, size_t size);

/* The same, filled with a copy of data. */
char *fuzz_copy(unsigned which, const void *data, size_t size);

/* Whether s lies inside buf[0..len). */
bool fuzz_is_inside(struct slice s, const char *buf, size_t len);

#endif
