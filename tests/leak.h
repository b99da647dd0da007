/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LEAK_H
#define TESTS_LEAK_H

/*
 * Fails when what cycle makes and gives back leaves memory or a descriptor
 * behind: it is run many times, and what is in use must not grow. Under a
 * sanitizer only descriptors are counted; it sees the rest by itself.
 */
void leak_check(void (*cycle)(void));

#endif
