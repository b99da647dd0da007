/* SPDX-License-Identifier: MIT */
#ifndef BASE_ROOM_H
#define BASE_ROOM_H

#include <stddef.h>

#include "base/compiler.h"

struct room;

/*
 * Sees to it that allocations of a few kilobytes each, of less than size bytes
 * in all, succeed until room_end(), if nobody else allocates meanwhile. NULL
 * when there is not so much.
 */
struct room *room_begin(size_t size) MUST_CHECK;

/* What is left is memory like any other again. Harmless on NULL. */
void room_end(struct room *room);

#endif
