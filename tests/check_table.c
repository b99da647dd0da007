/* SPDX-License-Identifier: MIT */
/*
 * The result as people read it: every line of a whole one, and what stands in
 * the place of what was not measured.
 */
#include "result/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "result/wrap.h"
#include "result_fixture.h"

static struct result result;

static void set_up(void)
{
	result_take(result_closed(), &result);
	result.size_bytes[0] = result.size_bytes[1] = 64;
}

static void tear_down(void)
{
	result_clear(&result);
}

/* What is printed; the caller frees it. */
static char *printed(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	table_print(out, &result);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static void assert_has(const char *want)
{
	char *text = printed();

	ck_assert_msg(strstr(text, want), "\"%s\" is not in:\n%s", want, text);
	free(text);
}

static void assert_lacks(const char *want)
{
	char *text = printed();

	ck_assert_msg(!strstr(text, want), "\"%s\" is in:\n%s", want, text);
	free(text);
}

START_TEST(a_closed_loop_is_told_whole)
{
	char *text = printed();

	ck_assert_str_eq(
		text,
		"tcp localhost port 12000: closed loop, 100 clients, 64 bytes\n"
		"\n"
		"  600,000 exchanges in 30.0 s: 20,000/s\n"
		"  38.4 MB sent, 38.4 MB received\n"
		"\n"
		"             latency\n"
		"  min        20.0 us\n"
		"  mean       70.0 us\n"
		"  p50        63.0 us\n"
		"  p75        72.0 us\n"
		"  p90        84.0 us\n"
		"  p95        99.0 us\n"
		"  p99         184 us\n"
		"  p99.9       401 us\n"
		"  p99.99      471 us\n"
		"  max         483 us\n"
		"\n"
		"  lost 0, late 0, duplicate 0, reordered 0, corrupt 0 (loss "
		"0.0 %)\n"
		"  errors: none\n"
		"\n"
		"  this program used 0.31 of a core and sent late by p50 11.0 "
		"us, p99 48.0 us\n"
		"  the server was the limit\n"
		"\n"
		"  to  50.0 us   50.0 % "
		"################################################\n"
		"  to   100 us   41.7 % "
		"########################################\n"
		"  to   200 us    8.3 % ########\n"
		"  to   500 us  0.002 % #\n");
	free(text);
}
END_TEST

START_TEST(an_open_loop_has_its_target_and_service_times)
{
	result.target_rate = 20000;
	assert_has(": open loop at 20,000/s, 100 clients");
	assert_has("             latency   service\n"
		   "  min        20.0 us   20.0 us\n");
}
END_TEST

START_TEST(sizes_and_paths_are_told)
{
	result.size_bytes[0] = 1;
	assert_has("1 to 64 bytes\n");
	result.size_bytes[0] = (double)NAN;
	assert_has("GET -\n");
	result.path = "/x";
	assert_has("GET /x\n");
	result.clients = 1;
	assert_has("1 client, ");
}
END_TEST

START_TEST(trouble_has_lines_of_its_own)
{
	struct result_error errors[] = {{.name = "timeout", .n = 3},
					{.name = "EPIPE", .n = 1200}};

	assert_lacks("never sent");
	assert_lacks("broken off");
	assert_lacks("in its own sockets");
	result.counts[COUNTER_UNSENT] = 1;
	result.counts[COUNTER_UNFINISHED] = 2;
	result.counts[COUNTER_LOST] = 3;
	result.counts[COUNTER_LATE] = 4;
	result.generator.receive_drops = 5;
	result.errors = errors;
	result.n_errors = 2;
	assert_has("  1 were due and never sent\n"
		   "  2 were in flight when it was broken off\n"
		   "  errors: timeout 3, EPIPE 1,200\n");
	assert_has("  5 answers came but were lost in its own sockets\n");
	assert_has("  lost 3, late 4, duplicate 0,");
	result.errors = NULL;
	result.n_errors = 0;
}
END_TEST

START_TEST(the_last_interval_is_explained)
{
	result.counts[COUNTER_EXCHANGES] = 1;
	result.duration_s = 0.0005;
	result.rate = 1;
	assert_has("  1 exchange in 500 us: 1.0/s, the last one's interval "
		   "included\n");
}
END_TEST

START_TEST(what_is_not_known_is_a_dash)
{
	result.latency = times_none();
	result.generator.lateness = times_none();
	result.verdict = NULL;
	assert_has("  p50              -\n");
	assert_has("  this program used 0.31 of a core\n  -\n");
	result.n_buckets = 0;
	assert_lacks("#");
}
END_TEST

START_TEST(steps_and_what_was_found_stand_before)
{
	struct result_row row = result_row_none();

	row.clients = 10;
	row.rate = 19990;
	row.latency.us[TIME_P50] = 60;
	row.loss_percent = 2.5;
	row.errors = 4;
	result_add_row(&result.steps, &row);
	row.target_rate = 20000;
	row.held = true;
	result_add_row(&result.steps, &row);
	assert_has("closed loop in steps, 100");
	assert_has("\n\n      target/s  clients       rate/s       p50       "
		   "p99   "
		   "  loss   errors  held\n"
		   "             -       10       19,990   60.0 us         -   "
		   " 2.5 "
		   "%        4  no\n"
		   "        20,000       10       19,990   60.0 us         -   "
		   " 2.5 "
		   "%        4  yes\n\n");
	result.found.condition = "p99<5ms";
	assert_has("  no rate was found at which p99<5ms holds\n\n");
	result.found.rate = 20000;
	assert_has("  highest rate with p99<5ms: 20,000/s\n\n");
	result.found.remark = "or more";
	assert_has("  highest rate with p99<5ms: 20,000/s or more\n\n");
}
END_TEST

/* A bucket falls into the row that ends at or above it. */
START_TEST(rows_of_the_histogram_go_1_2_5)
{
	struct result_bucket buckets[] = {
		{0.5, 1}, {1, 1}, {1.5, 1}, {10, 1}, {10.5, 4}};

	free(result.buckets);
	result.buckets = buckets;
	result.n_buckets = ARRAY_LEN(buckets);
	assert_has("  to  1.00 us   25.0 % ########################\n"
		   "  to  2.00 us   12.5 % ############\n"
		   "  to  5.00 us    0.0 % \n"
		   "  to  10.0 us   12.5 % ############\n"
		   "  to  20.0 us   50.0 % "
		   "################################################\n");
	/* What has no row of its own any more is of the last. */
	buckets[4].top_us = 1e300;
	assert_has("50.0 % ################################################");
	result.buckets = NULL;
}
END_TEST

START_TEST(long_text_breaks_between_words)
{
	static const struct {
		const char *text, *printed;
	} rows[] = {
		{"", ""},
		{"a", "    a\n"},
		{"1234567890123456789012345678901234567890123456789012345678901"
		 "2"
		 "34567890123456",
		 "    "
		 "1234567890123456789012345678901234567890123456789012345678"
		 "901234567890123456\n"},
		{"1234567890123456789012345678901234567890123456789012345678901"
		 "2"
		 "34567890123456  x",
		 "    "
		 "1234567890123456789012345678901234567890123456789012345678"
		 "901234567890123456\n    x\n"},
		{"1234567890123456789012345678901234567890123456789012345678901"
		 "2"
		 "345678901234567 x",
		 "    "
		 "1234567890123456789012345678901234567890123456789012345678"
		 "901234567890123456\n    7 x\n"},
		{"123456789012345678901234567890123456789012345678901234567890 "
		 "12345678901234567",
		 "    "
		 "1234567890123456789012345678901234567890123456789012345678"
		 "90\n    12345678901234567\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		wrap_print(out, "    ", slice_of(rows[i].text));
		ck_assert_int_eq(fclose(out), 0);
		ck_assert_str_eq(text, rows[i].printed);
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = harness_case(suite, "table");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_closed_loop_is_told_whole);
	tcase_add_test(tcase, an_open_loop_has_its_target_and_service_times);
	tcase_add_test(tcase, sizes_and_paths_are_told);
	tcase_add_test(tcase, trouble_has_lines_of_its_own);
	tcase_add_test(tcase, the_last_interval_is_explained);
	tcase_add_test(tcase, what_is_not_known_is_a_dash);
	tcase_add_test(tcase, steps_and_what_was_found_stand_before);
	tcase_add_test(tcase, rows_of_the_histogram_go_1_2_5);
	tcase_add_test(tcase, long_text_breaks_between_words);
	return harness_run_together(suite);
}
