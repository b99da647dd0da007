/* SPDX-License-Identifier: MIT */
/*
 * Ten minutes of samples: rates from what the counters have grown by, the
 * oldest first, and no more of them than there is room for.
 */
#include "server/history.h"

#include "base/clock.h"
#include "harness.h"

static struct history history;
static struct counters counters;

static void set_up(void)
{
	history = (struct history){0};
	counters = (struct counters){.udp_datagrams = 1000};
	history_begin(&history, &counters);
}

static void add(uint64_t elapsed_ms)
{
	history_add(&history, &counters, elapsed_ms * CLOCK_NS_PER_MS, 7,
		    2500000);
}

START_TEST(an_empty_one_has_nothing)
{
	ck_assert_uint_eq(history.n, 0);
	ck_assert_uint_eq(history_now(&history, HISTORY_UDP), 0);
	ck_assert_uint_eq(history_peak(&history, HISTORY_UDP), 0);
}
END_TEST

START_TEST(a_rate_is_what_was_added_by_the_time_it_took)
{
	counters.udp_datagrams += 10;
	counters.tcp_bytes += 3000;
	counters.http_requests += 4;
	add(2000);
	ck_assert_uint_eq(history_now(&history, HISTORY_UDP), 5);
	ck_assert_uint_eq(history_now(&history, HISTORY_TCP), 1500);
	ck_assert_uint_eq(history_now(&history, HISTORY_HTTP), 2);
	ck_assert_uint_eq(history_now(&history, HISTORY_OPEN), 7);
	ck_assert_uint_eq(history_now(&history, HISTORY_LAG), 2500);
	add(1000);
	ck_assert_uint_eq(history_now(&history, HISTORY_UDP), 0);
	ck_assert_uint_eq(history_peak(&history, HISTORY_UDP), 5);
	add(0);
	ck_assert_uint_eq(history_now(&history, HISTORY_UDP), 0);
}
END_TEST

/* Sample i has the value i. */
static void add_many(uint64_t first, uint64_t end)
{
	for (uint64_t i = first; i < end; i++) {
		counters.udp_datagrams += i;
		add(1000);
	}
}

static const uint64_t numbers[] = {1,
				   HISTORY_SAMPLES - 1,
				   HISTORY_SAMPLES,
				   HISTORY_SAMPLES + 1,
				   2 * HISTORY_SAMPLES,
				   5 * HISTORY_SAMPLES + 17};

START_TEST(the_newest_are_kept_in_order)
{
	uint64_t n = numbers[_i];

	add_many(0, n);
	ck_assert_uint_eq(history.n, n < HISTORY_SAMPLES ? n : HISTORY_SAMPLES);
	for (size_t i = 0; i < history.n; i++)
		ck_assert_uint_eq(history_at(&history, HISTORY_UDP, i),
				  n - history.n + i);
	ck_assert_uint_eq(history_now(&history, HISTORY_UDP), n - 1);
	ck_assert_uint_eq(history_peak(&history, HISTORY_UDP), n - 1);
}
END_TEST

START_TEST(it_begins_anew)
{
	add_many(0, HISTORY_SAMPLES + 10);
	history_begin(&history, &counters);
	ck_assert_uint_eq(history.n, 0);
	ck_assert_uint_eq(history_now(&history, HISTORY_UDP), 0);
	counters.udp_datagrams += 3;
	add(1000);
	ck_assert_uint_eq(history_at(&history, HISTORY_UDP, 0), 3);
	/* Nor is there a peak of the time before, or of what comes yet. */
	ck_assert_uint_eq(history_peak(&history, HISTORY_UDP), 3);
}
END_TEST

static const struct {
	uint64_t n, elapsed_ms, rate;
} roundings[] = {
	{3, 2000, 2}, {5, 4000, 1}, {7, 4000, 2}, {1, 2001, 0}, {1, 500, 2},
};

START_TEST(a_rate_is_rounded)
{
	counters.udp_datagrams += roundings[_i].n;
	add(roundings[_i].elapsed_ms);
	ck_assert_uint_eq(history_now(&history, HISTORY_UDP),
			  roundings[_i].rate);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *tcase = harness_case(suite, "history");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, an_empty_one_has_nothing);
	tcase_add_test(tcase, a_rate_is_what_was_added_by_the_time_it_took);
	tcase_add_loop_test(tcase, the_newest_are_kept_in_order, 0,
			    ARRAY_LEN(numbers));
	tcase_add_test(tcase, it_begins_anew);
	tcase_add_loop_test(tcase, a_rate_is_rounded, 0, ARRAY_LEN(roundings));
	return harness_run(suite);
}
