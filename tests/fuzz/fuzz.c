/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: saying that a property does not hold, and memory
 * that ends at a guard page. Room is mapped once, at its greatest size, and
 * handed out from its end; so each input costs a copy and no system call.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void fuzz_require(bool holds, const char *property)
{
	if (holds)
		return;
	fprintf(stderr, "property does not hold: %s\n", property);
	abort();
}

/* Maps the room and its guard page; returns where the guard begins. */
static char *map_room(void)
{
	size_t guard = FUZZ_INPUT_MAX; /* whole pages on every machine */
	char *room = mmap(NULL, FUZZ_INPUT_MAX + guard, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	fuzz_require(room != MAP_FAILED, "memory can be mapped");
	fuzz_require(mprotect(room + FUZZ_INPUT_MAX, guard, PROT_NONE) == 0,
		     "a page can be made inaccessible");
	return room + FUZZ_INPUT_MAX;
}

char *fuzz_room(unsigned which, size_t size)
{
	static char *ends[2];

	if (!ends[which])
		ends[which] = map_room();
	return ends[which] - size;
}

char *fuzz_copy(unsigned which, const void *data, size_t size)
{
	char *room = fuzz_room(which, size);

	if (size > 0)
		memcpy(room, data, size);
	return room;
}

bool fuzz_is_inside(struct slice s, const char *buf, size_t len)
{
	return s.ptr >= buf && s.len <= len &&
	       (size_t)(s.ptr - buf) <= len - s.len;
}
