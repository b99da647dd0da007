/* SPDX-License-Identifier: MIT */
/*
 * Which datagram answers which message: what an uppercase server may send, what
 * one that does something else may, and how far back is remembered.
 */
#include "client/answers.h"

#include <stdio.h>

#include "harness.h"

static struct answers answers;

static void set_up(void)
{
	answers = (struct answers){0};
}

static enum answers_verdict judge(const char *got, const char *expected)
{
	return answers_judge(&answers, slice_of(got), slice_of(expected));
}

/* Takes the answer, to a message that was sent so often. */
static void take(const char *got, const char *expected, unsigned n_sent)
{
	answers_add(&answers, slice_of(got), judge(got, expected), n_sent);
}

START_TEST(the_message_in_upper_case_is_the_answer)
{
	ck_assert_int_eq(judge("A", "A"), ANSWERS_EXPECTED);
	ck_assert_int_eq(judge("", ""), ANSWERS_EXPECTED);
	/* Even when it was the answer before. */
	take("A", "A", 1);
	ck_assert_int_eq(judge("A", "A"), ANSWERS_EXPECTED);
	ck_assert_uint_eq(answers.n_other, 0);
}
END_TEST

START_TEST(something_else_is_an_answer_too)
{
	ck_assert_int_eq(judge("hello", "A"), ANSWERS_OTHER);
	ck_assert_int_eq(judge("", "A"), ANSWERS_OTHER);
	take("hello", "A", 1);
	ck_assert_uint_eq(answers.n_other, 1);
	ck_assert_uint_eq(answers.n_answered, 1);
}
END_TEST

/* Their lengths are no more than a hint. */
START_TEST(another_answer_of_the_same_length_is_another)
{
	take("A", "A", 1);
	ck_assert_int_eq(judge("B", "C"), ANSWERS_OTHER);
	ck_assert_int_eq(judge("A", "C"), ANSWERS_LATE);
}
END_TEST

/* What came once too often is not due for that. */
START_TEST(a_copy_that_nobody_sent_leaves_none_due)
{
	take("A", "A", 1);
	ck_assert_int_eq(judge("A", "B"), ANSWERS_LATE);
	take("hello", "B", 1);
	ck_assert_int_eq(judge("A", "C"), ANSWERS_OTHER);
}
END_TEST

START_TEST(an_earlier_answer_once_more_is_late)
{
	take("A", "A", 1);
	take("B", "B", 1);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(judge("A", "C"), ANSWERS_LATE);
		ck_assert_int_eq(judge("B", "C"), ANSWERS_LATE);
	}
	/* What nobody has said before is new. */
	ck_assert_int_eq(judge("AB", "C"), ANSWERS_OTHER);
	ck_assert_int_eq(judge("", "C"), ANSWERS_OTHER);
}
END_TEST

/* A server that says the same thing to everybody. */
START_TEST(of_another_server_only_what_is_due_is_late)
{
	take("ok", "A", 1);
	ck_assert_int_eq(judge("ok", "B"), ANSWERS_OTHER);
	take("ok", "B", 3);
	/* Two of three copies may still be answered. */
	ck_assert_int_eq(judge("ok", "C"), ANSWERS_LATE);
	ck_assert_int_eq(judge("ok", "C"), ANSWERS_LATE);
	ck_assert_int_eq(judge("ok", "C"), ANSWERS_OTHER);
}
END_TEST

START_TEST(just_so_many_answers_are_remembered)
{
	char text[16];

	take("FIRST", "FIRST", 1);
	for (int i = 1; i < ANSWERS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "N%d", i);
		take(text, text, 1);
	}
	ck_assert_int_eq(judge("FIRST", "X"), ANSWERS_LATE);
	ck_assert_int_eq(judge(text, "X"), ANSWERS_LATE);
	take("ONE MORE", "ONE MORE", 1);
	ck_assert_int_eq(judge("FIRST", "X"), ANSWERS_OTHER);
	ck_assert_int_eq(judge("N1", "X"), ANSWERS_LATE);
	ck_assert_int_eq(judge("ONE MORE", "X"), ANSWERS_LATE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answers");
	TCase *tcase = harness_case(suite, "answers");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, the_message_in_upper_case_is_the_answer);
	tcase_add_test(tcase, something_else_is_an_answer_too);
	tcase_add_test(tcase, another_answer_of_the_same_length_is_another);
	tcase_add_test(tcase, a_copy_that_nobody_sent_leaves_none_due);
	tcase_add_test(tcase, an_earlier_answer_once_more_is_late);
	tcase_add_test(tcase, of_another_server_only_what_is_due_is_late);
	tcase_add_test(tcase, just_so_many_answers_are_remembered);
	return harness_run_together(suite);
}
