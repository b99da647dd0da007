/* SPDX-License-Identifier: MIT */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define CLOCK_NS_PER_MS UINT64_C(1000000)
#define CLOCK_NS_PER_S	UINT64_C(1000000000)

/* Nanoseconds on a clock that never jumps (CLOCK_MONOTONIC). */
uint64_t clock_mono_ns(void);

/* The time of day. Seconds since 1970 and nanoseconds (CLOCK_REALTIME). */
struct timespec clock_wall(void);

/* A time as timers take it, to the microsecond. */
struct timeval clock_timeval(uint64_t ns);

#endif
