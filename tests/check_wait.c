/* SPDX-License-Identifier: MIT */
/*
 * Waiting until a time: poll(2) is told how long in whole milliseconds, never
 * too short and never a whole one too long, whatever clock and deadline are.
 * Both stand still here.
 */
#include "os/wait.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "base/clock.h"
#include "harness.h"

#define NOW_NS (1000 * CLOCK_NS_PER_S)
#define MS     CLOCK_NS_PER_MS

/* These stand before the C library's. */
static bool is_frozen;
static int n_signals; /* that come before poll(2) is done */
static int error;
static int asked_ms;
static unsigned n_polls;
static bool is_late; /* nothing becomes ready in time */

int clock_gettime(clockid_t id, struct timespec *now)
{
	if (!is_frozen)
		return timespec_get(now, TIME_UTC) == 0;
	(void)id;
	*now = (struct timespec){.tv_sec = NOW_NS / CLOCK_NS_PER_S};
	return 0;
}

int poll(struct pollfd *pfds, nfds_t n, int timeout_ms)
{
	n_polls++;
	asked_ms = timeout_ms;
	errno = n_signals > 0 ? EINTR : error;
	if (errno != 0) {
		n_signals--;
		return -1;
	}
	if (is_late) {
		errno = EINTR; /* of an earlier call: poll(2) leaves it */
		return 0;
	}
	pfds[0].revents = POLLIN;
	return n == 1;
}

static const struct {
	uint64_t deadline_ns;
	int ms;
	const char *why;
} rows[] = {
	{NOW_NS, 0, "it is over"},
	{NOW_NS - 1, 0, "it was over"},
	{0, 0, "it was over long ago"},
	{NOW_NS + 1, 1, "a nanosecond is a millisecond"},
	{NOW_NS + MS - 1, 1, "just short of one"},
	{NOW_NS + MS, 1, "just one"},
	{NOW_NS + MS + 1, 2, "just more than one"},
	{NOW_NS + 2 * MS, 2, "two"},
	{NOW_NS + INT_MAX * MS, INT_MAX, "as long as poll can"},
	{NOW_NS + INT_MAX * MS + 1, INT_MAX, "longer"},
	{UINT64_MAX - MS, INT_MAX, "hundreds of years"},
	{WAIT_FOREVER, -1, "for ever"},
};

START_TEST(so_long_is_waited)
{
	int result;

	error = n_signals = 0;
	is_frozen = true;
	result = wait_for(0, POLLIN, rows[_i].deadline_ns);
	is_frozen = false;
	ck_assert_int_eq(result, 1);
	ck_assert_msg(asked_ms == rows[_i].ms, "%s: %d ms", rows[_i].why,
		      asked_ms);
}
END_TEST

START_TEST(signals_do_not_end_it)
{
	int result;

	n_signals = 3;
	error = 0;
	n_polls = 0;
	is_frozen = true;
	result = wait_for(0, POLLIN, NOW_NS + MS);
	is_frozen = false;
	ck_assert_int_eq(result, 1);
	ck_assert_uint_eq(n_polls, 4);
}
END_TEST

START_TEST(the_time_ends_it)
{
	int result;

	n_signals = 1;
	error = 0;
	n_polls = 0;
	is_late = is_frozen = true;
	result = wait_for(0, POLLIN, NOW_NS + MS);
	is_late = is_frozen = false;
	ck_assert_int_eq(result, 0);
	ck_assert_uint_eq(n_polls, 2);
}
END_TEST

START_TEST(any_other_error_does)
{
	int result, got;

	n_signals = 0;
	error = ENOMEM;
	is_frozen = true;
	result = wait_for(0, POLLIN, NOW_NS + MS);
	got = errno;
	is_frozen = false;
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(got, ENOMEM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wait");
	TCase *tcase = harness_case(suite, "wait");

	tcase_add_loop_test(tcase, so_long_is_waited, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, signals_do_not_end_it);
	tcase_add_test(tcase, the_time_ends_it);
	tcase_add_test(tcase, any_other_error_does);
	return harness_run(suite);
}
