/* SPDX-License-Identifier: MIT */
#ifndef BASE_RECENT_H
#define BASE_RECENT_H

#include <stddef.h>

#include "base/slice.h"

#define RECENT_SIZE 8192

/*
 * The last lines of many, as many as fit: those that came first go first, and
 * a line is there whole or not at all. Zero-initialise.
 */
struct recent {
	size_t len;
	char buf[RECENT_SIZE];
};

/* Adds text, of which whole lines are kept. What is longer than all is not. */
void recent_add(struct recent *recent, struct slice text);

/* All that is there; valid until the next call of recent_add(). */
struct slice recent_text(const struct recent *recent);

#endif
