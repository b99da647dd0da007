/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <stddef.h>

#define GUARD_ROOM ((size_t)1 << 20) /* bytes before each guard page */

/*
 * Maps GUARD_ROOM bytes with an inaccessible page behind them and returns where
 * that page begins. What is put there to end at this address cannot be read
 * or written one byte too far: the test's process would die. Fails the running
 * test when there is no memory.
 */
char *guard_new(void);

/* Copies data[0..len) to end at the guard page; returns where it begins. */
char *guard_copy(char *guard, const void *data, size_t len);

#endif
