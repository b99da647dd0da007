/* SPDX-License-Identifier: MIT */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stddef.h>

/*
 * What every file may ask of the compiler. Nothing here changes what a
 * program does; it lets the compiler find what we forgot.
 */

/* The return value can mean failure and must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Argument number FMT is a printf format for the arguments from ARGS on. */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#define ARRAY_LEN(a)	       (sizeof(a) / sizeof((a)[0]))

/* The struct that embeds MEMBER, from a pointer to that member. */
#define CONTAINER_OF(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
