/* SPDX-License-Identifier: MIT */
/*
 * The two clocks are the system's own: each reading lies between two that were
 * taken without our help.
 */
#include "base/clock.h"

#include <inttypes.h>

#include "harness.h"

static uint64_t ns_of(struct timespec ts)
{
	return (uint64_t)ts.tv_sec * CLOCK_NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t system_ns(clockid_t clock)
{
	struct timespec ts;

	ck_assert_int_eq(clock_gettime(clock, &ts), 0);
	return ns_of(ts);
}

START_TEST(the_monotonic_clock_is_the_systems)
{
	uint64_t before_ns = system_ns(CLOCK_MONOTONIC);
	uint64_t now_ns = clock_mono_ns();

	ck_assert_uint_ge(now_ns, before_ns);
	ck_assert_uint_le(now_ns, system_ns(CLOCK_MONOTONIC));
}
END_TEST

START_TEST(the_monotonic_clock_never_goes_back)
{
	uint64_t last_ns = clock_mono_ns();

	for (int i = 0; i < 100000; i++) {
		uint64_t now_ns = clock_mono_ns();

		if (now_ns < last_ns)
			ck_abort_msg("back by %" PRIu64 " ns",
				     last_ns - now_ns);
		last_ns = now_ns;
	}
}
END_TEST

START_TEST(the_wall_clock_is_the_time_of_day)
{
	uint64_t before_ns = system_ns(CLOCK_REALTIME);
	struct timespec now = clock_wall();

	/* Somebody may set the clock back in between, but not by hours. */
	ck_assert_uint_ge(ns_of(now) + 7200 * CLOCK_NS_PER_S, before_ns);
	ck_assert_uint_le(ns_of(now),
			  system_ns(CLOCK_REALTIME) + 7200 * CLOCK_NS_PER_S);
	ck_assert_int_ge(now.tv_nsec, 0);
	ck_assert_int_lt(now.tv_nsec, (long)CLOCK_NS_PER_S);
}
END_TEST

/* Nanoseconds beyond the microsecond are left out, not rounded. */
static const struct {
	uint64_t ns;
	time_t s;
	suseconds_t us;
} timers[] = {
	{0, 0, 0},
	{999, 0, 0},
	{1000, 0, 1},
	{999999999, 0, 999999},
	{1000000000, 1, 0},
	{1999999999, 1, 999999},
	{UINT64_C(86400001002003), 86400, 1002},
};

START_TEST(a_timer_takes_it_to_the_microsecond)
{
	struct timeval tv = clock_timeval(timers[_i].ns);

	ck_assert_int_eq(tv.tv_sec, timers[_i].s);
	ck_assert_int_eq(tv.tv_usec, timers[_i].us);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tcase = harness_case(suite, "clock");

	tcase_add_test(tcase, the_monotonic_clock_is_the_systems);
	tcase_add_test(tcase, the_monotonic_clock_never_goes_back);
	tcase_add_test(tcase, the_wall_clock_is_the_time_of_day);
	tcase_add_loop_test(tcase, a_timer_takes_it_to_the_microsecond, 0,
			    (int)ARRAY_LEN(timers));
	return harness_run(suite);
}
