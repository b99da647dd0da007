/* SPDX-License-Identifier: MIT */
/*
 * What is in use, as the allocator and the kernel count it. The first cycles
 * fill the allocator's caches and whatever is made once.
 */
#include "leak.h"

#include <check.h>
#include <malloc.h>
#include <unistd.h>

#include "harness.h"

#define LEAK_FIRST  16
#define LEAK_CYCLES 64
#define LEAK_ROUNDS 3

static size_t memory_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* All below it are open. */
static int lowest_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	return fd;
}

/* By how much more is in use after as many cycles; 0 for no more. */
static size_t growth(void (*cycle)(void))
{
	size_t before = memory_in_use(), after;

	for (int i = 0; i < LEAK_CYCLES; i++)
		cycle();
	after = memory_in_use();
	return after > before ? after - before : 0;
}

void leak_check(void (*cycle)(void))
{
	size_t left = SIZE_MAX;
	int fd;

	for (int i = 0; i < LEAK_FIRST; i++)
		cycle();
	fd = lowest_descriptor();
	/*
	 * The smallest piece takes 32 bytes; rounding is less. What the C
	 * library keeps of what was freed varies, but does not grow each time.
	 */
	for (int i = 0; i < LEAK_ROUNDS && left >= 16 * LEAK_CYCLES; i++)
		left = growth(cycle);
	ck_assert_int_eq(lowest_descriptor(), fd);
	ck_assert_msg(left < 16 * LEAK_CYCLES, "%zu bytes are left", left);
}
