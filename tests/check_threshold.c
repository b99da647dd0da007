/* SPDX-License-Identifier: MIT */
/*
 * Conditions of --fail-if and --find-max, and what they make of numbers.
 */
#include "result/threshold.h"

#include <string.h>

#include "harness.h"

static struct stats stats;

/* 1000 exchanges of 1 to 1000 us, 10 lost, 3 errors. */
static void fill(void)
{
	memset(&stats, 0, sizeof(stats));
	for (uint64_t i = 1; i <= 1000; i++)
		histogram_add(&stats.latency, i * 1000);
	stats.sent = 1013;
	stats.exchanges = 1000;
	stats.lost = 10;
	stats.failed = 3;
	stats.errors[ERROR_TIMEOUT] = 2;
	stats.errors[ERROR_STATUS + 404] = 1;
}

static const struct row {
	const char *text;
	enum threshold_verdict verdict;
	const char *why;
} rows[] = {
	{"p50<1ms", THRESHOLD_TRUE, "the median is 500 us"},
	{"p50<500us", THRESHOLD_FALSE, "the median is not below"},
	{"p50>490us", THRESHOLD_TRUE, "and above"},
	{"p50 > 490us", THRESHOLD_TRUE, "blanks"},
	{"p99>=989us", THRESHOLD_TRUE, "990"},
	{"p999<=1ms", THRESHOLD_TRUE, "999 of 1000"},
	{"p99.9<=1ms", THRESHOLD_TRUE, "its other name"},
	{"min=1us", THRESHOLD_TRUE, "exact"},
	{"max==1ms", THRESHOLD_TRUE, "exact"},
	{"mean<501us", THRESHOLD_TRUE, "500.5"},
	{"min>0", THRESHOLD_TRUE, "nothing is nothing in any unit"},
	{"p9999<2ms", THRESHOLD_TRUE, "too few, but the greatest decides"},
	{"p9999>2ms", THRESHOLD_FALSE, "too few, but the greatest decides"},
	{"p9999>0.5us", THRESHOLD_TRUE, "too few, but the least decides"},
	{"p9999<=0.5us", THRESHOLD_FALSE, "too few, but the least decides"},
	{"p9999=0.5us", THRESHOLD_FALSE, "too few, but the least decides"},
	{"p9999=2us", THRESHOLD_UNKNOWN, "too few"},
	{"p9999>0.5ms", THRESHOLD_UNKNOWN, "too few"},
	{"p9999<0.5ms", THRESHOLD_UNKNOWN, "too few"},
	{"loss>1.18%", THRESHOLD_TRUE, "12 of 1013 have no answer"},
	{"loss<1.19%", THRESHOLD_TRUE, "for a 404 is one"},
	{"loss>0", THRESHOLD_TRUE, "nothing is nothing in any unit"},
	{"loss<1.18%", THRESHOLD_FALSE, "12 of 1013"},
	{"failed=3", THRESHOLD_TRUE, "a count"},
	{"unsent>0", THRESHOLD_FALSE, "a count"},
	{"errors>2", THRESHOLD_TRUE, "3 of two kinds"},
	{"errors>3", THRESHOLD_FALSE, "3 of two kinds"},
	{"lost=10", THRESHOLD_TRUE, "a count"},
	{"corrupt>0", THRESHOLD_FALSE, "a count"},
	{"max<1ms", THRESHOLD_FALSE, "at its bound"},
	{"max<=1ms", THRESHOLD_TRUE, "at its bound"},
	{"max>1ms", THRESHOLD_FALSE, "at its bound"},
	{"max>=1ms", THRESHOLD_TRUE, "at its bound"},
	{"lost<10", THRESHOLD_FALSE, "at its bound"},
	{"lost<=10", THRESHOLD_TRUE, "at its bound"},
	{"lost>10", THRESHOLD_FALSE, "at its bound"},
	{"lost>=10", THRESHOLD_TRUE, "at its bound"},
	{"lost=11", THRESHOLD_FALSE, "beside it"},
	{"lost=9", THRESHOLD_FALSE, "beside it"},
	{"p9999=1us", THRESHOLD_UNKNOWN, "too few, and it may be the least"},
	{"p9999<1us", THRESHOLD_FALSE, "too few, but none is less"},
	{"p9999<=1ms", THRESHOLD_TRUE, "too few, but none is more"},
	{"late=0", THRESHOLD_TRUE, "a count"},
	{"duplicate=0", THRESHOLD_TRUE, "a count"},
	{"reordered=0", THRESHOLD_TRUE, "a count"},
	{"exchanges>=1k", THRESHOLD_TRUE, "a count with a unit"},
	{"rate<2000", THRESHOLD_TRUE, "1500 a second"},
	{"rate>1.4k", THRESHOLD_TRUE, "1500 a second"},
};

START_TEST(a_condition_is_judged)
{
	struct thresholds conditions = {0};
	struct slice bad;
	const char *cause;

	fill();
	ck_assert_int_eq(
		thresholds_parse(&conditions, rows[_i].text, &bad, &cause), 0);
	ck_assert_uint_eq(conditions.n, 1);
	ck_assert_msg(threshold_judge(&conditions.list[0], &stats, 1500) ==
			      rows[_i].verdict,
		      "%s: %s", rows[_i].text, rows[_i].why);
}
END_TEST

START_TEST(without_answers_times_are_endless)
{
	struct thresholds conditions = {0};
	struct slice bad;
	const char *cause;

	memset(&stats, 0, sizeof(stats));
	ck_assert_int_eq(
		thresholds_parse(&conditions, "p99<1h,p99>1h", &bad, &cause),
		0);
	ck_assert_int_eq(threshold_judge(&conditions.list[0], &stats, 0),
			 THRESHOLD_FALSE);
	ck_assert_int_eq(threshold_judge(&conditions.list[1], &stats, 0),
			 THRESHOLD_TRUE);
}
END_TEST

START_TEST(all_must_hold)
{
	static const struct {
		const char *text;
		bool holds;
	} lists[] = {
		{"p50<1ms,loss<5%,errors<10", true},
		{"p50<1ms,loss<0.5%,errors<10", false},
		{"p50<1ms,p9999>0.5ms", false},
	};
	struct thresholds conditions = {0};
	struct slice bad;
	const char *cause;

	fill();
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		conditions = (struct thresholds){0};
		ck_assert_int_eq(thresholds_parse(&conditions, lists[i].text,
						  &bad, &cause),
				 0);
		ck_assert(thresholds_all_hold(&conditions, &stats, 1500) ==
			  lists[i].holds);
	}
}
END_TEST

static const struct {
	const char *text;
	const char *bad;
	const char *cause;
} wrong[] = {
	{"", "", "no such metric"},
	{"p99", "p99", "an operator is missing"},
	{"<5ms", "<5ms", "no such metric"},
	{"p99<", "p99<", "not a time"},
	{"p99<5x", "p99<5x", "not a time"},
	{"p99<-5ms", "p99<-5ms", "not a time"},
	{"p99<5ms,", "", "no such metric"},
	{"p99<5ms,x>1", "x>1", "no such metric"},
	{"loss<5ms", "loss<5ms", "not a percentage"},
	{"P99<5ms", "P99<5ms", "no such metric"},
	{"errors>1e3", "errors>1e3", "not a number"},
	{"errors>1%", "errors>1%", "not a number"},
	{"rate>5ms", "rate>5ms", "not a number"},
	/* 5 ms or 5 s? */
	{"p99<5", "p99<5", "a time needs its unit"},
	{"min<5", "min<5", "a time needs its unit"},
	{"mean<0.0005", "mean<0.0005", "a time needs its unit"},
	{"p99.99>=.5", "p99.99>=.5", "a time needs its unit"},
	{"max=1000", "max=1000", "a time needs its unit"},
	{"max<0.0000005", "max<0.0000005", "a time needs its unit"},
	/* 0.1 % or 10 %? */
	{"loss<0.1", "loss<0.1", "a percentage needs its sign"},
	{"loss>%", "loss>%", "not a percentage"},
	{"p99<11111111111111111111111111111111ms",
	 "p99<11111111111111111111111111111111ms", "not a time"},
};

START_TEST(what_is_no_condition_is_named)
{
	struct thresholds conditions = {0};
	struct slice bad;
	const char *cause = NULL;

	ck_assert_int_eq(
		thresholds_parse(&conditions, wrong[_i].text, &bad, &cause),
		-1);
	ck_assert_ptr_nonnull(strstr(cause, wrong[_i].cause));
	ck_assert_uint_eq(bad.len, strlen(wrong[_i].bad));
	ck_assert_mem_eq(bad.ptr, wrong[_i].bad, bad.len);
}
END_TEST

START_TEST(too_many_are_refused)
{
	char text[THRESHOLD_MAX * 8 + 16] = "max>1s";
	struct thresholds conditions = {0};
	struct slice bad;
	const char *cause;

	for (int i = 1; i < THRESHOLD_MAX; i++)
		strcat(text, ",max>1s");
	ck_assert_int_eq(thresholds_parse(&conditions, text, &bad, &cause), 0);
	ck_assert_int_eq(thresholds_parse(&conditions, "max>1s", &bad, &cause),
			 -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load condition");
	TCase *tcase = harness_case(suite, "condition");

	tcase_add_loop_test(tcase, a_condition_is_judged, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, without_answers_times_are_endless);
	tcase_add_test(tcase, all_must_hold);
	tcase_add_loop_test(tcase, what_is_no_condition_is_named, 0,
			    (int)ARRAY_LEN(wrong));
	tcase_add_test(tcase, too_many_are_refused);
	return harness_run_together(suite);
}
