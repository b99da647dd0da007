/* SPDX-License-Identifier: MIT */
/*
 * Sums over counters: what adds up, what is a loss, what is a wrong reply.
 */
#include "result/stats.h"

#include <string.h>

#include "harness.h"

/* Too large for a stack that a test may overflow. */
static struct stats a, b;

static void set_up(void)
{
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
}

START_TEST(every_counter_and_error_adds_up)
{
	uint64_t n = 1;

#define X(id, member, label)                                                   \
	a.member = n;                                                          \
	b.member = 100 * n++;
	STATS_COUNTERS(X)
#undef X
	a.errors[ERROR_TIMEOUT] = 3;
	b.errors[ERROR_TIMEOUT] = 4;
	b.errors[0] = 5;
	b.errors[ERROR_SLOTS - 1] = 6;
	histogram_add(&b.latency, 1000);
	histogram_add(&b.service, 2000);
	histogram_add(&b.lateness, 3000);
	stats_merge(&a, &b);
	for (size_t i = 0; i < COUNTER_N; i++)
		ck_assert_uint_eq(stats_count(&a, i), 101 * (i + 1));
	ck_assert_uint_eq(a.errors[ERROR_TIMEOUT], 7);
	ck_assert_uint_eq(stats_errors(&a), 18);
	ck_assert_uint_eq(a.latency.max_ns, 1000);
	ck_assert_uint_eq(a.service.max_ns, 2000);
	ck_assert_uint_eq(a.lateness.max_ns, 3000);
}
END_TEST

START_TEST(a_counter_has_its_names)
{
	ck_assert_str_eq(stats_key(COUNTER_BYTES_SENT), "bytes_sent");
	ck_assert_str_eq(stats_label(COUNTER_BYTES_SENT), "bytes sent");
	ck_assert_str_eq(stats_key(COUNTER_LATE), "late");
}
END_TEST

/* Of 100 that were due, unfinished ones apart. */
START_TEST(loss_is_what_had_no_answer_in_time)
{
	struct stats *stats = &a;

	ck_assert_double_eq(stats_loss_percent(stats), 0);
	stats->sent = 100;
	stats->unsent = 5;
	stats->unfinished = 5;
	ck_assert_double_eq(stats_loss_percent(stats), 5);
	stats->lost = 10;
	stats->late = 20;
	ck_assert_double_eq(stats_loss_percent(stats), 35);
	stats->failed = 7;
	ck_assert_double_eq(stats_loss_percent(stats), 42);
	stats->errors[ERROR_STATUS] = 1;
	stats->errors[ERROR_TIMEOUT - 1] = 2;
	stats->errors[ERROR_TIMEOUT] = 4;
	stats->errors[ERROR_STATUS - 1] = 4;
	ck_assert_double_eq(stats_loss_percent(stats), 39);
}
END_TEST

START_TEST(a_wrong_reply_is_one_that_came)
{
	ck_assert(!stats_has_wrong(&a));
	a.errors[ERROR_TIMEOUT] = 1;
	a.errors[ERROR_CLOSED] = 1;
	a.errors[ERROR_STATUS - 1] = 1;
	a.lost = 1;
	ck_assert(!stats_has_wrong(&a));
	a.errors[ERROR_SLOTS - 1] = 1;
	ck_assert(stats_has_wrong(&a));
	b.corrupt = 1;
	ck_assert(stats_has_wrong(&b));
	b.corrupt = 0;
	b.errors[ERROR_STATUS] = 1;
	ck_assert(stats_has_wrong(&b));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stats");
	TCase *tcase = harness_case(suite, "stats");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, every_counter_and_error_adds_up);
	tcase_add_test(tcase, a_counter_has_its_names);
	tcase_add_test(tcase, loss_is_what_had_no_answer_in_time);
	tcase_add_test(tcase, a_wrong_reply_is_one_that_came);
	return harness_run_together(suite);
}
