/* SPDX-License-Identifier: MIT */
/*
 * Sums over runs: what adds up, what is a mean, what is the worst, and what
 * they say of who was the limit.
 */
#include "result/tally.h"

#include <string.h>

#include "harness.h"

/* Too large for a stack that a test may overflow. */
static struct tally a, b;

static void set_up(void)
{
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
}

/* --- rates --- */

START_TEST(each_message_has_its_interval)
{
	a.duration_s = 1.0003;
	a.stats.sent = 1;
	a.stats.unsent = 1;
	a.stats.exchanges = 1;
	tally_set_span(&a);
	ck_assert_double_eq(a.span_s, 1.0003); /* closed loop */
	a.target_rate = 1;
	tally_set_span(&a);
	ck_assert_double_eq(a.span_s, 2);
	ck_assert_double_eq(tally_rate(&a), 0.5);
	a.stats.sent = 4;
	ck_assert_double_eq(tally_sent_rate(&a), 2);
	ck_assert_double_eq(tally_rate(&b), 0);
	/* Less than one a second, and less than a second. */
	a.target_rate = 0.5;
	tally_set_span(&a);
	ck_assert_double_eq(a.span_s, 10);
	a.span_s = 0.5;
	ck_assert_double_eq(tally_rate(&a), 2);
}
END_TEST

START_TEST(answers_pile_up_in_the_second_half)
{
	a.target_rate = 1000;
	a.stats.sent = 1000;
	a.flying_half = 5;
	a.flying_end = 15;
	ck_assert(!tally_falls_behind(&a));
	a.flying_end = 16;
	ck_assert(tally_falls_behind(&a));
	a.target_rate = 0;
	ck_assert(!tally_falls_behind(&a));
	a.target_rate = 1000;
	a.stats.sent = 10;
	a.flying_end = 8;
	ck_assert(!tally_falls_behind(&a));
	a.flying_end = 9;
	ck_assert(tally_falls_behind(&a));
	a.target_rate = 0.5;
	ck_assert(tally_falls_behind(&a));
}
END_TEST

START_TEST(only_what_began_can_stop)
{
	a.has_stopped = true;
	ck_assert(!tally_has_stopped(&a));
	a.stats.exchanges = 1;
	ck_assert(tally_has_stopped(&a));
	b.stats.exchanges = 1;
	ck_assert(!tally_has_stopped(&b));
	b.is_given_up = true;
	ck_assert(tally_has_stopped(&b));
}
END_TEST

/* --- several runs --- */

START_TEST(what_a_merge_adds_and_what_it_takes_the_worst_of)
{
	a = (struct tally){.duration_s = 1,
			   .span_s = 1,
			   .cpu_share = 0.1,
			   .wait_share = 0.4,
			   .busiest = 0.5,
			   .target_rate = 100,
			   .paused_s = 0.25,
			   .clients = 5,
			   .n_unconnected = 2,
			   .own_drops = 3};
	b = (struct tally){.duration_s = 3,
			   .span_s = 4,
			   .cpu_share = 0.5,
			   .wait_share = 0.8,
			   .busiest = 0.25,
			   .target_rate = 300,
			   .paused_s = 0.5,
			   .clients = 7,
			   .n_unconnected = 1,
			   .own_drops = 4};
	tally_merge(&a, &b);
	ck_assert(a.is_several);
	ck_assert_double_eq(a.duration_s, 4);
	ck_assert_double_eq(a.span_s, 5);
	ck_assert_double_eq_tol(a.cpu_share, 0.4, 1e-9);
	ck_assert_double_eq_tol(a.wait_share, 0.7, 1e-9);
	ck_assert_double_eq_tol(a.target_rate, 250, 1e-9);
	ck_assert_double_eq(a.busiest, 0.5);
	ck_assert_double_eq(a.paused_s, 0.75);
	ck_assert_uint_eq(a.clients, 7);
	ck_assert_uint_eq(a.n_unconnected, 2);
	ck_assert_uint_eq(a.own_drops, 7);
	b.busiest = 0.75;
	b.n_unconnected = 6;
	tally_merge(&a, &b);
	ck_assert_double_eq(a.busiest, 0.75);
	ck_assert_uint_eq(a.n_unconnected, 6);
}
END_TEST

START_TEST(of_nothing_there_is_no_mean)
{
	tally_merge(&a, &b);
	ck_assert_double_eq(a.cpu_share, 0);
	/* Of little there is. */
	a.duration_s = b.duration_s = 0.25;
	b.cpu_share = 1;
	tally_merge(&a, &b);
	ck_assert_double_eq(a.cpu_share, 0.5);
}
END_TEST

START_TEST(a_flag_of_any_run_is_one_of_all)
{
	bool *const flags[][2] = {{&a.is_interrupted, &b.is_interrupted},
				  {&a.is_given_up, &b.is_given_up},
				  {&a.has_failed, &b.has_failed}};

	tally_merge(&a, &b);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		ck_assert(!*flags[i][0]);
		*flags[i][1] = true;
		tally_merge(&a, &b);
		ck_assert(*flags[i][0]);
		*flags[i][1] = false;
		tally_merge(&a, &b);
		ck_assert(*flags[i][0]);
	}
}
END_TEST

START_TEST(silences_are_reckoned_from_the_start_of_all)
{
	a.duration_s = 10;
	a.silence = (struct tally_silence){1, 0.5};
	a.n_silences = 2;
	a.has_stopped = true;
	a.stopped_s = 9;
	b.duration_s = 5;
	b.silence = (struct tally_silence){2, 0.75};
	b.n_silences = 1;
	tally_merge(&a, &b);
	ck_assert_double_eq(a.silence.at_s, 12);
	ck_assert_double_eq(a.silence.length_s, 0.75);
	ck_assert_uint_eq(a.n_silences, 3);
	ck_assert(!a.has_stopped); /* for it went on */
	b.has_stopped = true;
	b.stopped_s = 4;
	b.silence.length_s = 0.75;
	tally_merge(&a, &b);
	ck_assert_double_eq(a.silence.at_s, 12);
	ck_assert(a.has_stopped);
	ck_assert_double_eq(a.stopped_s, 19);
}
END_TEST

/* One that went well, in the open loop; busy: no time was left for it. */
static void set_story(struct tally *tally, bool is_busy, bool is_late)
{
	*tally = (struct tally){.duration_s = 10,
				.span_s = 10,
				.target_rate = 100,
				.busiest = is_busy ? 0.99 : 0.1};
	tally->stats.sent = tally->stats.exchanges = 1000;
	for (int i = 0; i < 1000; i++)
		histogram_add(&tally->stats.latency, 1000000);
	if (is_late || is_busy) {
		tally->stats.exchanges = 900;
		tally->stats.lost = 100;
	}
}

START_TEST(the_worst_run_is_the_limit_of_all)
{
	set_story(&b, false, false);
	tally_merge(&a, &b);
	ck_assert_int_eq(tally_limit(&a), LIMIT_NONE);
	set_story(&b, false, true);
	tally_merge(&a, &b);
	ck_assert_int_eq(tally_limit(&a), LIMIT_SERVER);
	set_story(&b, true, false);
	tally_merge(&a, &b);
	ck_assert_int_eq(tally_limit(&a), LIMIT_GENERATOR);
	set_story(&b, false, false);
	tally_merge(&a, &b);
	ck_assert_int_eq(tally_limit(&a), LIMIT_GENERATOR);
}
END_TEST

/* A step without any answer is the server's, not the end of all. */
START_TEST(a_run_without_answers_counts_for_the_server)
{
	set_story(&b, false, false);
	tally_merge(&a, &b);
	b = (struct tally){.duration_s = 10, .target_rate = 100};
	b.stats.sent = b.stats.lost = 1000;
	tally_merge(&a, &b);
	ck_assert_int_eq(a.worst, LIMIT_SERVER);
	ck_assert_int_eq(tally_limit(&a), LIMIT_SERVER);
}
END_TEST

START_TEST(a_verdict_names_the_most_frequent_error)
{
	char buf[VERDICT_SIZE];

	a.stats.sent = a.stats.failed = 9;
	a.stats.errors[0] = 1;
	ck_assert_str_eq(tally_verdict(&a, buf),
			 "no exchange succeeded (errno 0)");
	a.stats.errors[ERROR_TIMEOUT] = 4;
	a.stats.errors[ERROR_CLOSED] = 5;
	ck_assert_str_eq(tally_verdict(&a, buf),
			 "no exchange succeeded (closed)");
	/* Of two alike it is always the same one. */
	a.stats.errors[ERROR_CLOSED] = 4;
	ck_assert_str_eq(tally_verdict(&a, buf),
			 "no exchange succeeded (timeout)");
	set_story(&b, false, false);
	b.stats.errors[ERROR_CLOSED] = 500;
	b.stats.errors[error_of_errno(24)] = 11; /* EMFILE */
	b.stats.errors[error_of_errno(12)] = 10; /* ENOMEM */
	ck_assert_ptr_nonnull(
		strstr(tally_verdict(&b, buf),
		       "own limits stopped it 21 times (EMFILE)"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tally");
	TCase *tcase = harness_case(suite, "tally");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, each_message_has_its_interval);
	tcase_add_test(tcase, answers_pile_up_in_the_second_half);
	tcase_add_test(tcase, only_what_began_can_stop);
	tcase_add_test(tcase, what_a_merge_adds_and_what_it_takes_the_worst_of);
	tcase_add_test(tcase, of_nothing_there_is_no_mean);
	tcase_add_test(tcase, a_flag_of_any_run_is_one_of_all);
	tcase_add_test(tcase, silences_are_reckoned_from_the_start_of_all);
	tcase_add_test(tcase, the_worst_run_is_the_limit_of_all);
	tcase_add_test(tcase, a_run_without_answers_counts_for_the_server);
	tcase_add_test(tcase, a_verdict_names_the_most_frequent_error);
	return harness_run_together(suite);
}
