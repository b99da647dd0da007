/* SPDX-License-Identifier: MIT */
/*
 * The linker's --wrap leads every call that an object of ours makes here. What
 * a shared library allocates is its own affair, but libevent can be told.
 */
#include "scarce.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static unsigned n_left; /* until one fails; 0: none will */
static bool has_failed;

static bool fails(void)
{
	if (n_left == 0 || --n_left > 0)
		return false;
	errno = ENOMEM;
	has_failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void scarce_memory(unsigned n)
{
	event_set_mem_functions(__wrap_malloc, __wrap_realloc, free);
	n_left = n;
	has_failed = false;
}

bool scarce_memory_end(void)
{
	n_left = 0;
	return has_failed;
}
