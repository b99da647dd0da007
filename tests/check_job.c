/* SPDX-License-Identifier: MIT */
/*
 * The books of a job: what may be started, what counts, who is free, and how
 * long the server was silent.
 */
#include "load/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness.h"

#define MS CLOCK_NS_PER_MS

static struct load_options options;
static struct share *share;
static struct job job;

/* At 100 ms, measuring from 50 ms on, until 200 ms. */
static void set_up(void)
{
	share = calloc(1, sizeof(*share));
	ck_assert_ptr_nonnull(share);
	options = (struct load_options){.timeout_ns = 1000 * MS};
	job = (struct job){
		.options = &options,
		.share = share,
		.stats = &share->stats,
		.state = JOB_RUNNING,
		.now_ns = 100 * MS,
		.measure_ns = 50 * MS,
		.end_ns = 200 * MS,
		.n_clients = 3,
		.limit = 2,
		.n_share = 2,
	};
	list_init(&job.ready);
}

static void tear_down(void)
{
	free(share);
}

/* --- time --- */

START_TEST(a_pause_is_forgiven_and_counted)
{
	uint64_t now_ns = clock_mono_ns();

	job.silence.since_ns = 1;
	job.now_ns = now_ns - 60 * MS;
	job.measure_ns = now_ns;
	job_read_clock(&job);
	ck_assert_uint_ge(job.now_ns, now_ns);
	ck_assert_uint_ge(share->paused_ns, 60 * MS);
	ck_assert_uint_eq(job.silence.since_ns, 1 + share->paused_ns);
}
END_TEST

START_TEST(only_what_is_measured_counts_as_paused)
{
	job.now_ns = clock_mono_ns() - 100 * MS;
	job.measure_ns = UINT64_MAX;
	job_read_clock(&job);
	ck_assert_uint_eq(share->paused_ns, 0);
	job.now_ns = clock_mono_ns() - 100 * MS;
	job.measure_ns = 0;
	job.state = JOB_DRAINING;
	job_read_clock(&job);
	ck_assert_uint_eq(share->paused_ns, 0);
}
END_TEST

/* --- what may be started --- */

START_TEST(a_start_is_taken_while_the_run_and_its_share_last)
{
	ck_assert(job_take_start(&job));
	ck_assert(job_take_start(&job));
	ck_assert_uint_eq(job.n_started, 2);
	ck_assert(!job_take_start(&job)); /* that was its share */
	job.n_share = UINT64_MAX;
	job.now_ns = job.end_ns - 1;
	ck_assert(job_take_start(&job));
	job.now_ns = job.end_ns;
	ck_assert(!job_take_start(&job));
	job.now_ns = 100 * MS;
	job.state = JOB_DRAINING;
	ck_assert(!job_take_start(&job));
	job.state = JOB_WAITING;
	ck_assert(!job_take_start(&job));
	ck_assert_uint_eq(job.n_started, 3);
}
END_TEST

START_TEST(the_warm_up_is_not_of_the_count)
{
	job_count_started(&job, job.measure_ns - 1);
	ck_assert_uint_eq(job.n_started, 0);
	job_count_started(&job, job.measure_ns);
	ck_assert_uint_eq(job.n_started, 1);
	job_note_start(&job, job.measure_ns - 1);
	ck_assert_uint_eq(share->stats.sent, 0);
	job_note_start(&job, job.measure_ns);
	ck_assert_uint_eq(share->stats.sent, 1);
	ck_assert_uint_eq(job.in_flight, 2);
	ck_assert_uint_eq(job.last_start_ns, job.now_ns);
	job_note_end(&job);
	ck_assert_uint_eq(job.in_flight, 1);
}
END_TEST

START_TEST(clients_settle_before_the_start)
{
	job.state = JOB_SETUP;
	job_client_settled(&job, true);
	job_client_settled(&job, false);
	ck_assert_uint_eq(job.n_settled, 2);
	ck_assert_uint_eq(share->n_connected, 1);
	job.state = JOB_WAITING;
	job_client_settled(&job, true);
	ck_assert_uint_eq(job.n_settled, 2);
	ck_assert_uint_eq(share->n_connected, 1);
}
END_TEST

START_TEST(connections_are_needed_until_nothing_is_due)
{
	static const struct {
		enum job_state state;
		bool has_backlog, goes_on;
	} rows[] = {
		{JOB_SETUP, false, false},  {JOB_WAITING, false, true},
		{JOB_RUNNING, false, true}, {JOB_DRAINING, false, false},
		{JOB_DRAINING, true, true}, {JOB_DONE, false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		job.state = rows[i].state;
		job.has_backlog = rows[i].has_backlog;
		ck_assert(job_goes_on(&job) == rows[i].goes_on);
	}
}
END_TEST

/* --- the open loop --- */

START_TEST(who_is_free_stands_in_the_list_once)
{
	struct list_node first, second;

	list_init(&first);
	list_init(&second);
	job_set_free(&job, &first, true);
	job_set_free(&job, &second, true);
	job_set_free(&job, &first, true);
	ck_assert_ptr_eq(job.ready.next, &first);
	ck_assert_ptr_eq(first.next, &second);
	ck_assert_ptr_eq(second.next, &job.ready);
	job_set_free(&job, &first, false);
	job_set_free(&job, &first, false);
	ck_assert_ptr_eq(job.ready.next, &second);
	ck_assert(list_is_empty(&first));
}
END_TEST

START_TEST(when_somebody_is_free_again_is_known)
{
	struct list_node node;

	list_init(&node);
	job_note_blocked(&job);
	ck_assert(job.is_blocked);
	ck_assert_uint_eq(job.silence.since_ns, job.now_ns);
	job.now_ns += MS;
	job_set_free(&job, &node, false);
	ck_assert(job.is_blocked);
	job_set_free(&job, &node, true);
	ck_assert(!job.is_blocked);
	ck_assert_uint_eq(job.freed_ns, 101 * MS);
	/* Nobody was kept from it since. */
	job_set_free(&job, &node, false);
	job.now_ns += MS;
	job_set_free(&job, &node, true);
	ck_assert_uint_eq(job.freed_ns, 101 * MS);
}
END_TEST

/* --- silences --- */

START_TEST(as_many_wait_as_may_be_in_flight)
{
	struct silence_rule rule = job_silence_rule(&job);

	ck_assert_uint_eq(rule.capacity, 6);
	ck_assert_uint_eq(rule.timeout_ns, 1000 * MS);
	job.limit = UINT32_MAX;
	ck_assert_uint_eq(job_silence_rule(&job).capacity, 0);
}
END_TEST

/* One of two was asked 300 ms ago and is answered now. */
static void answer_after_300_ms(void)
{
	job_note_start(&job, job.now_ns);
	job_note_start(&job, job.now_ns);
	job.now_ns += 300 * MS;
	job_note_end(&job);
	job_note_answer(&job, 300 * MS);
}

START_TEST(an_answer_ends_a_silence)
{
	answer_after_300_ms();
	ck_assert_uint_eq(share->silences.n, 1);
	ck_assert_uint_eq(share->silences.spans[0].from_ns, 100 * MS);
	ck_assert_uint_eq(share->silences.spans[0].to_ns, 400 * MS);
	ck_assert_uint_eq(job.last_answer_ns, 400 * MS);
	/* The other waits still. */
	ck_assert_uint_eq(job.silence.since_ns, 400 * MS);
	job_note_end(&job);
	job_note_answer(&job, 300 * MS);
	ck_assert_uint_eq(job.silence.since_ns, 0);
	/* Who is kept from sending waits as well. */
	job.is_blocked = true;
	job_note_answer(&job, 0);
	ck_assert_uint_eq(job.silence.since_ns, 400 * MS);
}
END_TEST

START_TEST(who_is_slow_when_nothing_is_asked_is_not_silent)
{
	job.state = JOB_DRAINING;
	job.drain_ns = 150 * MS;
	answer_after_300_ms();
	ck_assert_uint_eq(share->silences.n, 0);
	ck_assert_uint_eq(job.last_answer_ns, 400 * MS);
}
END_TEST

START_TEST(an_error_is_an_answer_a_break_or_a_loss)
{
	job_note_start(&job, job.now_ns);
	job_note_error(&job, ERROR_TIMEOUT);
	ck_assert(!job.silence.is_broken);
	job_note_error(&job, ERROR_CLOSED);
	ck_assert(job.silence.is_broken);
	ck_assert_uint_eq(job.last_answer_ns, 0);
	/* What is wrong came from somebody. */
	job_note_error(&job, ERROR_STATUS + 500);
	ck_assert(!job.silence.is_broken);
	ck_assert_uint_eq(job.last_answer_ns, job.now_ns);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("job");
	TCase *tcase = harness_case(suite, "job");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_pause_is_forgiven_and_counted);
	tcase_add_test(tcase, only_what_is_measured_counts_as_paused);
	tcase_add_test(tcase,
		       a_start_is_taken_while_the_run_and_its_share_last);
	tcase_add_test(tcase, the_warm_up_is_not_of_the_count);
	tcase_add_test(tcase, clients_settle_before_the_start);
	tcase_add_test(tcase, connections_are_needed_until_nothing_is_due);
	tcase_add_test(tcase, who_is_free_stands_in_the_list_once);
	tcase_add_test(tcase, when_somebody_is_free_again_is_known);
	tcase_add_test(tcase, as_many_wait_as_may_be_in_flight);
	tcase_add_test(tcase, an_answer_ends_a_silence);
	tcase_add_test(tcase, who_is_slow_when_nothing_is_asked_is_not_silent);
	tcase_add_test(tcase, an_error_is_an_answer_a_break_or_a_loss);
	return harness_run_together(suite);
}
