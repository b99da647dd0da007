/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SCARCE_H
#define TESTS_SCARCE_H

#include <stdbool.h>

/*
 * Memory that runs out, within a test's own process: what the program itself
 * allocates by malloc(), calloc() and realloc(), by way of the linker (see
 * scarce_ldflags in local.mk), and what libevent does.
 */

/*
 * The nth allocation from now on fails, n from 1; those after it do not. An
 * assertion allocates too, so there must be none before the end.
 */
void scarce_memory(unsigned n);

/* There is enough again. True when one has failed since. */
bool scarce_memory_end(void);

#endif
