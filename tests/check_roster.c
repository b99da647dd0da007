/* SPDX-License-Identifier: MIT */
/*
 * Numbered messages and what comes back: in time, too late, twice, damaged, and
 * more of them than are remembered.
 */
#include "client/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/upper.h"
#include "harness.h"

#define TIMEOUT 1000

static struct roster roster;
static char answer[PROBE_SIZE_MAX];

static void set_up(void)
{
	memset(&roster, 0, sizeof(roster));
}

/* Sends one at this time; the answer is then in answer. */
static struct slice send_at(uint64_t now_ns)
{
	const struct probe *probe =
		roster_add(&roster, (struct timespec){1000, 500000}, now_ns, 0);
	size_t len = probe_write(probe, answer);

	upper_ascii(answer, len);
	return (struct slice){answer, len};
}

/* The answer to an earlier one. */
static struct slice answer_to(uint64_t seq)
{
	struct probe probe = {.seq = seq, .wall = {1000, 500000}};
	size_t len = probe_write(&probe, answer);

	upper_ascii(answer, len);
	return (struct slice){answer, len};
}

static void expect(struct slice got, uint64_t at_ns,
		   enum roster_verdict verdict, uint64_t seq)
{
	struct roster_find find = roster_judge(&roster, got, at_ns);

	ck_assert_msg(find.verdict == verdict, "%d: %s", (int)find.verdict,
		      find.why);
	ck_assert_uint_eq(find.seq, seq);
	ck_assert_int_eq(find.why[0] != '\0', verdict == ROSTER_IS_CORRUPT);
}

START_TEST(an_answer_counts_once)
{
	struct slice got = send_at(100);
	struct roster_find find = roster_judge(&roster, got, 150);

	ck_assert_int_eq(find.verdict, ROSTER_IS_ANSWER);
	ck_assert_uint_eq(find.rtt_ns, 50);
	ck_assert_uint_eq(roster.n_waiting, 0);
	expect(got, 160, ROSTER_IS_DUPLICATE, 1);
	expect(got, 170, ROSTER_IS_DUPLICATE, 1);
}
END_TEST

START_TEST(what_has_expired_is_late_and_then_a_duplicate)
{
	struct slice got = send_at(100);

	ck_assert_uint_eq(roster_expire(&roster, 1099, TIMEOUT), 0);
	ck_assert_uint_eq(roster_expire(&roster, 1100, TIMEOUT), 1);
	ck_assert_uint_eq(roster_expire(&roster, 1100, TIMEOUT), 0);
	expect(got, 1200, ROSTER_IS_LATE, 1);
	expect(got, 1300, ROSTER_IS_DUPLICATE, 1);
}
END_TEST

START_TEST(they_expire_in_order_past_those_that_were_answered)
{
	for (uint64_t i = 1; i <= 5; i++)
		(void)send_at(100 * i);
	expect(answer_to(1), 550, ROSTER_IS_ANSWER, 1);
	expect(answer_to(3), 550, ROSTER_IS_ANSWER, 3);
	ck_assert(roster_lose(&roster, 4));
	ck_assert(!roster_lose(&roster, 4));
	ck_assert(!roster_lose(&roster, 3));
	ck_assert_uint_eq(roster_deadline_ns(&roster, TIMEOUT), 1200);
	ck_assert_uint_eq(roster_expire(&roster, 9999, TIMEOUT), 2);
	ck_assert_uint_eq(roster_deadline_ns(&roster, TIMEOUT), 1500);
	ck_assert_uint_eq(roster_expire(&roster, 9999, TIMEOUT), 5);
	ck_assert_uint_eq(roster_deadline_ns(&roster, TIMEOUT), UINT64_MAX);
	ck_assert_uint_eq(roster_lose_next(&roster), 0);
}
END_TEST

static const struct {
	const char *got;
	uint64_t seq;
	const char *why;
} corrupt[] = {
	{"Ping 1 1000.000500", 1, "as it was sent, not in upper case"},
	{"PING 1 1000.000501", 1, "byte 18 is 0x31, not 0x30"},
	{"PING 1 1000.00050", 1, "17 bytes, not 18"},
	{"PING 1 1000.000500 ", 1, "19 bytes, not 18"},
	{"PING 3 1000.000500", 3, "no message has that number"},
	{"PING 2 1000.000500", 2, "a message that never left"},
	{"PING 1", 0, "it answers no message"},
	{"PING 0 1000.000500", 0, "it answers no message"},
	{"PING -1 1000.000500", 0, "it answers no message"},
	{"PING 99999999999999999999 1", 0, "it answers no message"},
	{"QING 1 1000.000500", 0, "it answers no message"},
	{"", 0, "it answers no message"},
};

/* Each in a heap of its own size, so that no byte behind it is read. */
START_TEST(what_is_corrupt_says_why_and_answers_nothing)
{
	size_t len = strlen(corrupt[_i].got);
	char *got = bytes_new(len + 1);
	struct roster_find find;

	(void)send_at(100);
	(void)send_at(200);
	roster_unsend(&roster);
	memcpy(got, corrupt[_i].got, len);
	find = roster_judge(&roster, (struct slice){got, len}, 300);
	ck_assert_int_eq(find.verdict, ROSTER_IS_CORRUPT);
	ck_assert_uint_eq(find.seq, corrupt[_i].seq);
	ck_assert_str_eq(find.why, corrupt[_i].why);
	ck_assert_uint_eq(roster.n_waiting, 1);
	expect(answer_to(1), 300, ROSTER_IS_ANSWER, 1);
	free(got);
}
END_TEST

START_TEST(so_many_may_wait_and_no_more)
{
	for (uint64_t i = 1; i <= ROSTER_MAX; i++) {
		ck_assert(!roster_is_full(&roster));
		(void)send_at(i);
	}
	ck_assert(roster_is_full(&roster));
	expect(answer_to(2), 9, ROSTER_IS_ANSWER, 2);
	ck_assert(roster_is_full(&roster));
	expect(answer_to(1), 9, ROSTER_IS_ANSWER, 1);
	ck_assert(!roster_is_full(&roster));
}
END_TEST

/* The oldest waits, though it may be the only one. */
START_TEST(one_that_waits_may_keep_all_places)
{
	for (uint64_t i = 1; i <= ROSTER_MAX; i++)
		(void)send_at(i);
	for (uint64_t i = 2; i <= ROSTER_MAX; i++)
		expect(answer_to(i), i + 1, ROSTER_IS_ANSWER, i);
	ck_assert_uint_eq(roster.n_waiting, 1);
	ck_assert(roster_is_full(&roster));
	expect(answer_to(1), 2, ROSTER_IS_ANSWER, 1);
	ck_assert(!roster_is_full(&roster));
}
END_TEST

START_TEST(beyond_what_is_remembered_an_answer_is_late)
{
	for (uint64_t i = 1; i <= 3 * ROSTER_MAX; i++) {
		(void)send_at(i);
		expect(answer_to(i), i + 1, ROSTER_IS_ANSWER, i);
	}
	ck_assert(!roster_judge(&roster, answer_to(1), 9).has_rtt);
	expect(answer_to(1), 9, ROSTER_IS_LATE, 1);
	expect(answer_to(2 * ROSTER_MAX), 9, ROSTER_IS_LATE, 2 * ROSTER_MAX);
	expect(answer_to(2 * ROSTER_MAX + 1), 9, ROSTER_IS_DUPLICATE,
	       2 * ROSTER_MAX + 1);
}
END_TEST

/* The clocks of two processors need not agree. */
START_TEST(an_answer_from_before_took_no_time)
{
	struct roster_find find;
	struct slice sent = send_at(100);

	find = roster_judge(&roster, sent, 99);
	ck_assert_int_eq(find.verdict, ROSTER_IS_ANSWER);
	ck_assert(find.has_rtt);
	ck_assert_uint_eq(find.rtt_ns, 0);
}
END_TEST

START_TEST(a_number_that_was_taken_back_is_given_again)
{
	(void)send_at(100);
	roster_take_back(&roster);
	ck_assert_uint_eq(roster.n, 0);
	ck_assert_uint_eq(roster.n_waiting, 0);
	expect(send_at(200), 300, ROSTER_IS_ANSWER, 1);
	(void)send_at(400);
	(void)send_at(500);
	roster_take_back(&roster);
	ck_assert_uint_eq(roster_expire(&roster, 9999, TIMEOUT), 2);
	expect(send_at(600), 700, ROSTER_IS_ANSWER, 3);
}
END_TEST

/* --- what a message says --- */

START_TEST(a_message_reads_as_the_textbooks)
{
	struct probe probe = {.seq = 12, .wall = {1764201600, 123456789}};
	char text[PROBE_SIZE_MAX];
	size_t len = probe_write(&probe, text);
	uint64_t seq = 0;

	ck_assert_uint_eq(len, strlen("Ping 12 1764201600.123456"));
	ck_assert_mem_eq(text, "Ping 12 1764201600.123456", len);
	ck_assert(probe_read_seq((struct slice){text, len}, &seq));
	ck_assert_uint_eq(seq, 12);
}
END_TEST

START_TEST(a_message_is_as_long_as_it_is_asked_to_be)
{
	struct probe probe = {.seq = UINT64_MAX,
			      .wall = {INT64_MAX / 1000000000, 999999999},
			      .size = PROBE_SIZE_MIN};
	char *text = bytes_new(PROBE_SIZE_MAX);

	ck_assert_uint_eq(probe_write(&probe, text), PROBE_SIZE_MIN);
	probe.size = PROBE_SIZE_MAX;
	ck_assert_uint_eq(probe_write(&probe, text), PROBE_SIZE_MAX);
	ck_assert_int_eq(text[PROBE_SIZE_MAX - 1] >= 'a', 1);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("roster");
	TCase *tcase = harness_case(suite, "roster");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, an_answer_counts_once);
	tcase_add_test(tcase, what_has_expired_is_late_and_then_a_duplicate);
	tcase_add_test(tcase,
		       they_expire_in_order_past_those_that_were_answered);
	tcase_add_loop_test(tcase, what_is_corrupt_says_why_and_answers_nothing,
			    0, (int)ARRAY_LEN(corrupt));
	tcase_add_test(tcase, so_many_may_wait_and_no_more);
	tcase_add_test(tcase, one_that_waits_may_keep_all_places);
	tcase_add_test(tcase, beyond_what_is_remembered_an_answer_is_late);
	tcase_add_test(tcase, an_answer_from_before_took_no_time);
	tcase_add_test(tcase, a_number_that_was_taken_back_is_given_again);
	tcase_add_test(tcase, a_message_reads_as_the_textbooks);
	tcase_add_test(tcase, a_message_is_as_long_as_it_is_asked_to_be);
	return harness_run_together(suite);
}
