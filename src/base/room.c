/* SPDX-License-Identifier: MIT */
/*
 * Memory for libraries that come to grief without: one that ends the program,
 * one that hands on half of what it was making. It is taken and given back
 * beforehand; a last piece behind the others, which stays, keeps the allocator
 * from giving them back to the system in turn.
 */
#include "base/room.h"

#include <stdlib.h>

/* Small enough to lie beside each other, and not in a mapping of its own. */
#define ROOM_PIECE ((size_t)32 << 10)

struct room {
	struct room *before;
};

void room_end(struct room *room)
{
	while (room) {
		struct room *before = room->before;

		free(room);
		room = before;
	}
}

/* One more piece; without it the others are of no use. */
static struct room *room_add(struct room *room, size_t size)
{
	struct room *piece = malloc(size);

	if (piece)
		piece->before = room;
	else
		room_end(room);
	return piece;
}

struct room *room_begin(size_t size)
{
	struct room *room = NULL;

	for (size_t len = 0; len < size; len += ROOM_PIECE) {
		room = room_add(room, ROOM_PIECE);
		if (!room)
			return NULL;
	}
	room = room_add(room, sizeof(*room));
	if (!room)
		return NULL;
	room_end(room->before);
	room->before = NULL;
	return room;
}
