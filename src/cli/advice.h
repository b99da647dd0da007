/* SPDX-License-Identifier: MIT */
#ifndef CLI_ADVICE_H
#define CLI_ADVICE_H

#include <stdbool.h>

/*
 * What a person can check after a network call failed with this errno value:
 * a constant text without parentheses, or NULL when we know nothing useful.
 */
const char *advice_for(int error, bool is_udp);

/* The same for a local address or port that could not be taken. */
const char *advice_for_bind(int error);

/* The same for a stream or a file that could not be written. */
const char *advice_for_output(int error);

#endif
