/* SPDX-License-Identifier: MIT */
/*
 * Memory that ends at an inaccessible page, for tests of what reads or writes
 * a given length. A sanitizer knows the ends of variables; this also catches
 * what is done in assembly, in the C library and by the kernel, in any build.
 */
#include "guard.h"

#include "harness.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char *guard_new(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *room = mmap(NULL, GUARD_ROOM + page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(room, MAP_FAILED);
	ck_assert_int_eq(mprotect(room + GUARD_ROOM, page, PROT_NONE), 0);
	return room + GUARD_ROOM;
}

char *guard_copy(char *guard, const void *data, size_t len)
{
	char *start = guard - len;

	ck_assert_uint_le(len, GUARD_ROOM);
	if (len > 0)
		memcpy(start, data, len);
	return start;
}
