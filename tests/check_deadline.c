/* SPDX-License-Identifier: MIT */
/*
 * Deadlines driven by the real loop with limits of some milliseconds: they are
 * called in the order in which they were started, not before their time, and
 * not when they were stopped.
 *
 * No test says how late one may come: that is the machine's affair.
 */
#include "loop/deadline.h"

#include <stdlib.h>

#include "base/clock.h"
#include "harness.h"

#define LIMIT_NS (20 * CLOCK_NS_PER_MS)

/* A deadline that remembers when it was called. */
struct probe {
	struct deadline deadline;
	struct loop *loop;
	unsigned n_calls;
	unsigned place; /* 1 for the first that was called */
	uint64_t called_ns;
	struct deadline_queue *again; /* started there when it is called */
	struct probe *stops;	      /* stopped when this one is called */
};

struct fixture {
	struct loop loop;
	struct event stop;
	struct deadline_queue queue;
};

static unsigned n_called; /* by all probes */
static unsigned n_wanted; /* stops the loop */

static void probe_cb(struct deadline *deadline)
{
	struct probe *probe = CONTAINER_OF(deadline, struct probe, deadline);

	ck_assert(list_is_empty(&deadline->node));
	probe->n_calls++;
	probe->place = ++n_called;
	probe->called_ns = clock_mono_ns();
	ck_assert_uint_ge(probe->called_ns, deadline->at_ns);
	if (probe->again)
		deadline_start(probe->again, deadline);
	if (probe->stops)
		deadline_stop(&probe->stops->deadline);
	if (n_called == n_wanted)
		loop_stop(probe->loop);
}

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static struct fixture *fixture_new(uint64_t limit_ns)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	ck_assert_ptr_nonnull(fixture);
	ck_assert_int_eq(loop_init(&fixture->loop), 0);
	ck_assert_int_eq(event_assign(&fixture->stop, fixture->loop.base, -1, 0,
				      stop_cb, &fixture->loop),
			 0);
	deadline_queue_init(&fixture->queue, &fixture->loop, limit_ns,
			    probe_cb);
	n_called = 0;
	return fixture;
}

static void fixture_free(struct fixture *fixture)
{
	deadline_queue_clear(&fixture->queue);
	(void)event_del(&fixture->stop);
	loop_clear(&fixture->loop);
	free(fixture);
}

static void probe_init(struct fixture *fixture, struct probe *probe)
{
	*probe = (struct probe){.loop = &fixture->loop};
	deadline_init(&probe->deadline);
}

/* Runs until n deadlines in all have been called. */
static void run_until(struct fixture *fixture, unsigned n)
{
	n_wanted = n;
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	ck_assert_uint_eq(n_called, n);
}

/* Runs until that moment on the monotonic clock, whatever is called. */
static void run_for(struct fixture *fixture, uint64_t ns)
{
	uint64_t end_ns = clock_mono_ns() + ns, now_ns;

	n_wanted = 0;
	while ((now_ns = clock_mono_ns()) < end_ns) {
		uint64_t left_us = (end_ns - now_ns) / 1000 + 1;
		struct timeval left = {
			.tv_sec = (time_t)(left_us / 1000000),
			.tv_usec = (suseconds_t)(left_us % 1000000),
		};

		ck_assert_int_eq(event_add(&fixture->stop, &left), 0);
		ck_assert_int_eq(loop_run(&fixture->loop), 0);
	}
}

/* One turn that does not wait. */
static void turn(struct fixture *fixture)
{
	event_active(&fixture->stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
}

/* --- one --- */

START_TEST(a_deadline_is_called_when_its_limit_has_passed)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	uint64_t started_ns = clock_mono_ns();
	struct probe probe;

	probe_init(fixture, &probe);
	deadline_start(&fixture->queue, &probe.deadline);
	run_until(fixture, 1);
	ck_assert_uint_ge(probe.called_ns - started_ns, LIMIT_NS);
	ck_assert_ptr_null(deadline_first(&fixture->queue));
	fixture_free(fixture);
}
END_TEST

/* Else the loop would wake up for nothing, again and again. */
START_TEST(the_timer_waits_as_long_as_the_limit)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct timeval due, now;
	struct probe probe;

	fixture->queue.limit_ns = 100 * CLOCK_NS_PER_S;
	probe_init(fixture, &probe);
	deadline_start(&fixture->queue, &probe.deadline);
	ck_assert(event_pending(&fixture->queue.timer, EV_TIMEOUT, &due));
	ck_assert_int_eq(evutil_gettimeofday(&now, NULL), 0);
	ck_assert_int_ge(due.tv_sec, now.tv_sec + 98);
	ck_assert_int_le(due.tv_sec, now.tv_sec + 102);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_deadline_is_called_once)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe probe;

	probe_init(fixture, &probe);
	deadline_start(&fixture->queue, &probe.deadline);
	run_until(fixture, 1);
	run_for(fixture, 3 * LIMIT_NS);
	ck_assert_uint_eq(probe.n_calls, 1);
	fixture_free(fixture);
}
END_TEST

/* Limits that do not fall on the timer's granularity. */
static const uint64_t odd_limits_ns[] = {
	1,
	999,
	CLOCK_NS_PER_MS - 1,
	CLOCK_NS_PER_MS,
	CLOCK_NS_PER_MS + 1,
	3 * CLOCK_NS_PER_MS + 700000,
	10 * CLOCK_NS_PER_MS - 1,
};

START_TEST(no_deadline_is_called_early)
{
	struct fixture *fixture = fixture_new(odd_limits_ns[_i]);
	struct probe probe;

	for (unsigned i = 1; i <= 20; i++) {
		uint64_t started_ns;

		turn(fixture); /* a new turn reads the clock anew */
		started_ns = clock_mono_ns();
		probe_init(fixture, &probe);
		deadline_start(&fixture->queue, &probe.deadline);
		run_until(fixture, i);
		ck_assert_uint_ge(probe.called_ns - started_ns,
				  odd_limits_ns[_i]);
	}
	fixture_free(fixture);
}
END_TEST

START_TEST(a_stopped_deadline_is_not_called)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe probe;

	probe_init(fixture, &probe);
	deadline_start(&fixture->queue, &probe.deadline);
	deadline_stop(&probe.deadline);
	ck_assert_ptr_null(deadline_first(&fixture->queue));
	run_for(fixture, 3 * LIMIT_NS);
	ck_assert_uint_eq(probe.n_calls, 0);
	deadline_stop(&probe.deadline); /* harmless in no queue */
	fixture_free(fixture);
}
END_TEST

START_TEST(a_stopped_deadline_can_be_started_again)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	uint64_t started_ns;
	struct probe probe;

	probe_init(fixture, &probe);
	deadline_start(&fixture->queue, &probe.deadline);
	deadline_stop(&probe.deadline);
	run_for(fixture, 2 * LIMIT_NS);
	started_ns = clock_mono_ns();
	deadline_start(&fixture->queue, &probe.deadline);
	run_until(fixture, 1);
	ck_assert_uint_ge(probe.called_ns - started_ns, LIMIT_NS);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_deadline_started_anew_counts_from_then)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	uint64_t started_ns = 0;
	struct probe probe;

	probe_init(fixture, &probe);
	for (int i = 0; i < 10; i++) {
		turn(fixture);
		started_ns = clock_mono_ns();
		deadline_start(&fixture->queue, &probe.deadline);
		run_for(fixture, LIMIT_NS / 10);
		/* On a machine that stalls it may be over by now. */
		if (probe.n_calls > 0)
			break;
	}
	if (probe.n_calls == 0)
		run_until(fixture, 1);
	ck_assert_uint_ge(probe.called_ns - started_ns, LIMIT_NS);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_callback_may_start_its_deadline_again)
{
	struct fixture *fixture = fixture_new(LIMIT_NS / 4);
	uint64_t started_ns = clock_mono_ns();
	struct probe probe;

	probe_init(fixture, &probe);
	probe.again = &fixture->queue;
	deadline_start(&fixture->queue, &probe.deadline);
	run_until(fixture, 5);
	ck_assert_uint_eq(probe.n_calls, 5);
	ck_assert_uint_ge(probe.called_ns - started_ns, 5 * (LIMIT_NS / 4));
	deadline_stop(&probe.deadline);
	fixture_free(fixture);
}
END_TEST

/* --- several --- */

START_TEST(whoever_starts_first_ends_first)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe probes[10];

	for (unsigned i = 0; i < ARRAY_LEN(probes); i++) {
		probe_init(fixture, &probes[i]);
		deadline_start(&fixture->queue, &probes[i].deadline);
		if (i % 3 == 2)
			turn(fixture);
	}
	ck_assert_ptr_eq(deadline_first(&fixture->queue), &probes[0].deadline);
	run_until(fixture, ARRAY_LEN(probes));
	for (unsigned i = 0; i < ARRAY_LEN(probes); i++)
		ck_assert_uint_eq(probes[i].place, i + 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(starting_anew_moves_to_the_end)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe probes[3];

	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		probe_init(fixture, &probes[i]);
		deadline_start(&fixture->queue, &probes[i].deadline);
	}
	deadline_start(&fixture->queue, &probes[0].deadline);
	ck_assert_ptr_eq(deadline_first(&fixture->queue), &probes[1].deadline);
	run_until(fixture, 3);
	ck_assert_uint_eq(probes[1].place, 1);
	ck_assert_uint_eq(probes[2].place, 2);
	ck_assert_uint_eq(probes[0].place, 3);
	fixture_free(fixture);
}
END_TEST

/* The timer was set for the first; the next must not wait for another one. */
START_TEST(when_the_first_is_stopped_the_next_is_still_called)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe first, second;

	probe_init(fixture, &first);
	probe_init(fixture, &second);
	deadline_start(&fixture->queue, &first.deadline);
	run_for(fixture, LIMIT_NS / 2);
	deadline_start(&fixture->queue, &second.deadline);
	deadline_stop(&first.deadline);
	run_until(fixture, 1 + first.n_calls);
	ck_assert_uint_eq(second.n_calls, 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(after_all_were_stopped_a_new_one_is_called)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe first, second;

	probe_init(fixture, &first);
	probe_init(fixture, &second);
	deadline_start(&fixture->queue, &first.deadline);
	deadline_stop(&first.deadline);
	run_for(fixture, 3 * LIMIT_NS); /* the timer fires for nobody */
	deadline_start(&fixture->queue, &second.deadline);
	run_until(fixture, 1);
	ck_assert_uint_eq(second.n_calls, 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_callback_may_stop_the_next_one)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe probes[3];

	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		probe_init(fixture, &probes[i]);
		deadline_start(&fixture->queue, &probes[i].deadline);
	}
	probes[0].stops = &probes[1];
	run_until(fixture, 2);
	run_for(fixture, 2 * LIMIT_NS);
	ck_assert_uint_eq(probes[0].n_calls, 1);
	ck_assert_uint_eq(probes[1].n_calls, 0);
	ck_assert_uint_eq(probes[2].n_calls, 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(many_that_are_over_together_are_called_together)
{
	enum {
		N = 2000
	};
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe *probes = calloc(N, sizeof(*probes));

	ck_assert_ptr_nonnull(probes);
	for (unsigned i = 0; i < N; i++) {
		probe_init(fixture, &probes[i]);
		deadline_start(&fixture->queue, &probes[i].deadline);
	}
	run_until(fixture, N);
	for (unsigned i = 0; i < N; i++)
		ck_assert_uint_eq(probes[i].place, i + 1);
	free(probes);
	fixture_free(fixture);
}
END_TEST

static const struct {
	bool is_old; /* the turn */
	unsigned n;
} budgets[] = {{false, 256}, {true, 16}};

/* Others wait behind it. */
START_TEST(not_all_that_are_over_are_called_in_one_wake_up)
{
	enum {
		N = 300
	};
	static struct probe probes[N];
	struct fixture *fixture = fixture_new(0);

	if (budgets[_i].is_old)
		loop_spend(&fixture->loop, fixture->loop.limits->turn_bytes);
	for (unsigned i = 0; i < N; i++) {
		probe_init(fixture, &probes[i]);
		deadline_start(&fixture->queue, &probes[i].deadline);
	}
	event_active(&fixture->queue.timer, EV_TIMEOUT, 0);
	turn(fixture);
	ck_assert_uint_eq(n_called, budgets[_i].n);
	/* The rest is not forgotten. */
	run_until(fixture, N);
	fixture_free(fixture);
}
END_TEST

static uint64_t time_of_day_us(void)
{
	struct timeval now;

	ck_assert_int_eq(evutil_gettimeofday(&now, NULL), 0);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_usec;
}

static const uint64_t fractions_ms[] = {250, 500, 998, 999, 1000, 1998};

/* Seconds and their fraction, and the millisecond more. */
START_TEST(the_timer_waits_no_longer_than_it_must)
{
	struct fixture *fixture =
		fixture_new(fractions_ms[_i] * CLOCK_NS_PER_MS);
	uint64_t wait_us = (fractions_ms[_i] + 1) * 1000, first_us, last_us,
		 due_us;
	struct timeval due;
	struct probe probe;

	probe_init(fixture, &probe);
	(void)loop_now_ns(&fixture->loop);
	first_us = time_of_day_us();
	deadline_start(&fixture->queue, &probe.deadline);
	last_us = time_of_day_us();
	ck_assert(event_pending(&fixture->queue.timer, EV_TIMEOUT, &due));
	due_us = (uint64_t)due.tv_sec * 1000000 + (uint64_t)due.tv_usec;
	/* Two clocks are read; a tenth of a millisecond is their difference. */
	ck_assert_uint_ge(due_us + 100, first_us + wait_us);
	ck_assert_uint_le(due_us, last_us + wait_us + 100);
	fixture_free(fixture);
}
END_TEST

/* Who has started keeps his beginning, and the order is as it was. */
START_TEST(another_limit_holds_for_those_that_have_started)
{
	struct fixture *fixture = fixture_new(1000 * CLOCK_NS_PER_S);
	uint64_t began_ns = clock_mono_ns();
	struct probe probes[2];

	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		probe_init(fixture, &probes[i]);
		deadline_start(&fixture->queue, &probes[i].deadline);
	}
	deadline_queue_set_limit(&fixture->queue, LIMIT_NS);
	ck_assert_uint_le(probes[1].deadline.at_ns, clock_mono_ns() + LIMIT_NS);
	ck_assert_uint_ge(probes[0].deadline.at_ns, began_ns);
	run_until(fixture, 2);
	ck_assert_uint_eq(probes[0].place, 1);
	ck_assert_uint_ge(probes[0].called_ns, began_ns + LIMIT_NS);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_longer_limit_holds_for_those_that_have_started)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	uint64_t began_ns = clock_mono_ns();
	struct probe probe;

	probe_init(fixture, &probe);
	deadline_start(&fixture->queue, &probe.deadline);
	deadline_queue_set_limit(&fixture->queue, 3 * LIMIT_NS);
	run_until(fixture, 1);
	ck_assert_uint_ge(probe.called_ns, began_ns + 3 * LIMIT_NS);
	fixture_free(fixture);
}
END_TEST

/* --- two queues --- */

START_TEST(each_queue_has_its_own_limit)
{
	struct fixture *fixture = fixture_new(4 * LIMIT_NS);
	struct deadline_queue quick;
	struct probe slow_one, quick_one;

	deadline_queue_init(&quick, &fixture->loop, LIMIT_NS / 4, probe_cb);
	probe_init(fixture, &slow_one);
	probe_init(fixture, &quick_one);
	deadline_start(&fixture->queue, &slow_one.deadline);
	deadline_start(&quick, &quick_one.deadline);
	run_until(fixture, 2);
	ck_assert_uint_eq(quick_one.place, 1);
	ck_assert_uint_eq(slow_one.place, 2);
	deadline_queue_clear(&quick);
	fixture_free(fixture);
}
END_TEST

START_TEST(starting_in_another_queue_leaves_the_first)
{
	struct fixture *fixture = fixture_new(LIMIT_NS / 4);
	struct deadline_queue slow;
	struct probe probe;
	uint64_t started_ns = clock_mono_ns();

	deadline_queue_init(&slow, &fixture->loop, LIMIT_NS, probe_cb);
	probe_init(fixture, &probe);
	deadline_start(&fixture->queue, &probe.deadline);
	deadline_start(&slow, &probe.deadline);
	ck_assert_ptr_null(deadline_first(&fixture->queue));
	ck_assert_ptr_eq(deadline_first(&slow), &probe.deadline);
	run_until(fixture, 1);
	ck_assert_uint_ge(probe.called_ns - started_ns, LIMIT_NS);
	run_for(fixture, LIMIT_NS);
	ck_assert_uint_eq(probe.n_calls, 1);
	deadline_queue_clear(&slow);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_cleared_queue_calls_nobody)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);
	struct probe probe;

	probe_init(fixture, &probe);
	deadline_start(&fixture->queue, &probe.deadline);
	deadline_queue_clear(&fixture->queue);
	run_for(fixture, 3 * LIMIT_NS);
	ck_assert_uint_eq(probe.n_calls, 0);
	deadline_stop(&probe.deadline);
	fixture_free(fixture);
}
END_TEST

START_TEST(an_empty_queue_has_no_first)
{
	struct fixture *fixture = fixture_new(LIMIT_NS);

	ck_assert_ptr_null(deadline_first(&fixture->queue));
	fixture_free(fixture);
}
END_TEST

static void add_one(Suite *suite)
{
	TCase *tcase = harness_case(suite, "one");

	tcase_add_test(tcase, a_deadline_is_called_when_its_limit_has_passed);
	tcase_add_test(tcase, the_timer_waits_as_long_as_the_limit);
	tcase_add_test(tcase, a_deadline_is_called_once);
	tcase_add_loop_test(tcase, no_deadline_is_called_early, 0,
			    (int)ARRAY_LEN(odd_limits_ns));
	tcase_add_test(tcase, a_stopped_deadline_is_not_called);
	tcase_add_test(tcase, a_stopped_deadline_can_be_started_again);
	tcase_add_test(tcase, a_deadline_started_anew_counts_from_then);
	tcase_add_test(tcase, a_callback_may_start_its_deadline_again);
}

static void add_several(Suite *suite)
{
	TCase *tcase = harness_case(suite, "several");

	tcase_add_test(tcase, whoever_starts_first_ends_first);
	tcase_add_test(tcase, starting_anew_moves_to_the_end);
	tcase_add_test(tcase,
		       when_the_first_is_stopped_the_next_is_still_called);
	tcase_add_test(tcase, after_all_were_stopped_a_new_one_is_called);
	tcase_add_test(tcase, a_callback_may_stop_the_next_one);
	tcase_add_test(tcase, many_that_are_over_together_are_called_together);
	tcase_add_loop_test(tcase,
			    not_all_that_are_over_are_called_in_one_wake_up, 0,
			    (int)ARRAY_LEN(budgets));
	tcase_add_loop_test(tcase, the_timer_waits_no_longer_than_it_must, 0,
			    (int)ARRAY_LEN(fractions_ms));
	tcase_add_test(tcase, another_limit_holds_for_those_that_have_started);
	tcase_add_test(tcase, a_longer_limit_holds_for_those_that_have_started);
	tcase_add_test(tcase, each_queue_has_its_own_limit);
	tcase_add_test(tcase, starting_in_another_queue_leaves_the_first);
	tcase_add_test(tcase, a_cleared_queue_calls_nobody);
	tcase_add_test(tcase, an_empty_queue_has_no_first);
}

int main(void)
{
	Suite *suite = suite_create("deadline");

	add_one(suite);
	add_several(suite);
	return harness_run(suite);
}
