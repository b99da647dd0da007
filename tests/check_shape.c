/* SPDX-License-Identifier: MIT */
/*
 * Streams under --fault: how many bytes may go when, and what ends them, by a
 * clock that the test moves.
 */
#include "loop/shape.h"

#include <stdlib.h>

#include "base/clock.h"
#include "harness.h"

#define MS CLOCK_NS_PER_MS

static struct loop loop;
static struct faults *faults;

static void set_up(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
}

static void tear_down(void)
{
	faults_free(faults);
	loop_clear(&loop);
}

/* What a rule makes of the first connection, from byte 100, after 20 of it. */
static struct shape *shape_of(const char *rule)
{
	const struct address peer = address_any(AF_INET, 5000);
	char cause[FAULT_CAUSE_SIZE];
	struct faults_verdict verdict;

	faults_free(faults);
	faults = faults_new(1, &rule, 1, cause);
	ck_assert_msg(faults != NULL, "%s", cause);
	loop.faults = faults;
	if (!faults_judge(&loop, FAULT_HTTP, &peer, slice_of("/"), &verdict))
		return NULL;
	return shape_new(&loop, &verdict, 100, 20);
}

START_TEST(what_asks_for_nothing_has_no_shape)
{
	ck_assert_ptr_null(shape_of("http: status 503"));
	ck_assert_ptr_null(shape_of("http: delay 1s #2"));
}
END_TEST

START_TEST(a_delay_begins_with_its_own_bytes)
{
	struct shape *shape = shape_of("http: delay 50ms");
	uint64_t now = loop_now_ns(&loop);

	ck_assert_uint_eq(loop.counters.fault_delay, 1);
	ck_assert_uint_eq(shape_grant(shape, 90, now, 1000), 10);
	ck_assert_uint_eq(shape_opens_ns(shape, 99, now), 0);
	ck_assert_uint_eq(shape_opens_ns(shape, 100, now), now + 50 * MS);
	ck_assert_uint_eq(shape_grant(shape, 100, now + 50 * MS - 1, 1000), 0);
	ck_assert_uint_eq(shape_grant(shape, 100, now + 50 * MS, 1000), 1000);
	/* The next answer waits as long. */
	shape_delay(shape, now + 60 * MS);
	ck_assert_uint_eq(shape_opens_ns(shape, 200, now + 60 * MS),
			  now + 110 * MS);
	free(shape);
}
END_TEST

START_TEST(a_drip_gives_portions)
{
	struct shape *shape = shape_of("http: drip 7B/10ms");
	uint64_t now = loop_now_ns(&loop);

	ck_assert_uint_eq(loop.counters.fault_drip, 1);
	ck_assert_uint_eq(shape_grant(shape, 100, now, 1000), 7);
	ck_assert_int_eq(shape_note_sent(&loop, shape, 103, 3), SHAPE_GOES_ON);
	ck_assert_uint_eq(shape_grant(shape, 103, now, 1000), 4);
	ck_assert_uint_eq(shape_grant(shape, 103, now, 2), 2);
	ck_assert_int_eq(shape_note_sent(&loop, shape, 107, 4), SHAPE_GOES_ON);
	ck_assert_uint_eq(shape_grant(shape, 107, now, 1000), 0);
	ck_assert_uint_eq(shape_opens_ns(shape, 107, now), now + 10 * MS);
	ck_assert_uint_eq(shape_grant(shape, 107, now + 10 * MS, 1000), 7);
	free(shape);
}
END_TEST

static const struct {
	const char *rule;
	enum shape_end end;
} ends[] = {
	{"http: stall after 5", SHAPE_STALLS},
	{"http: reset after 5", SHAPE_RESETS},
	{"http: close after 5", SHAPE_CLOSES},
	{"http: reset after 5 @100%, close after 1 @100%", SHAPE_RESETS},
};

START_TEST(an_end_comes_once_and_behind_its_bytes)
{
	struct shape *shape = shape_of(ends[_i].rule);
	uint64_t now = loop_now_ns(&loop);

	/* 20 bytes of a head, and 5 of content. */
	ck_assert_uint_eq(shape_grant(shape, 100, now, 1000), 25);
	ck_assert_int_eq(shape_note_sent(&loop, shape, 124, 24), SHAPE_GOES_ON);
	ck_assert_uint_eq(shape_grant(shape, 124, now, 1000), 1);
	ck_assert_int_eq(shape_note_sent(&loop, shape, 125, 1), ends[_i].end);
	ck_assert_int_eq(shape_note_sent(&loop, shape, 125, 0), SHAPE_GOES_ON);
	ck_assert_uint_eq(shape_grant(shape, 125, now, 1000), 0);
	ck_assert_uint_eq(loop.counters.fault_stall +
				  loop.counters.fault_reset +
				  loop.counters.fault_close,
			  1);
	if (ends[_i].end == SHAPE_STALLS)
		ck_assert_uint_eq(shape_opens_ns(shape, 125, now), UINT64_MAX);
	free(shape);
}
END_TEST

START_TEST(an_end_behind_nothing_waits_for_the_delay)
{
	struct shape *shape = shape_of("http: delay 9m, reset after 0");

	ck_assert_int_eq(shape_note_sent(&loop, shape, 120, 20), SHAPE_GOES_ON);
	shape->until_ns = loop_now_ns(&loop);
	ck_assert_int_eq(shape_note_sent(&loop, shape, 120, 0), SHAPE_RESETS);
	free(shape);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shape");
	TCase *tcase = harness_case(suite, "shape");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_asks_for_nothing_has_no_shape);
	tcase_add_test(tcase, a_delay_begins_with_its_own_bytes);
	tcase_add_test(tcase, a_drip_gives_portions);
	tcase_add_loop_test(tcase, an_end_comes_once_and_behind_its_bytes, 0,
			    ARRAY_LEN(ends));
	tcase_add_test(tcase, an_end_behind_nothing_waits_for_the_delay);
	return harness_run(suite);
}
