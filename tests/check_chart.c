/* SPDX-License-Identifier: MIT */
/*
 * The plots of a report, each drawn from figures that are set here: which
 * number lands where, in which unit, with which legend, and what is left out.
 * The plane is 358 by 208, from 68,10 to 426,218.
 */
#include "result/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define ROWS_MAX 201

static struct result result;
static struct result_row intervals[ROWS_MAX], steps[8];
static struct result_bucket buckets[8];
static char *page;
static size_t page_len;

static void set_up(void)
{
	result_init(&result);
	result.intervals.at = intervals;
	result.steps.at = steps;
	result.buckets = buckets;
	page = NULL;
}

static void tear_down(void)
{
	free(page);
}

/* --- what is drawn --- */

static struct result_row *add_interval(double t_s, double rate)
{
	struct result_row *row = &intervals[result.intervals.n++];

	*row = result_row_none();
	row->t_s = t_s;
	row->rate = rate;
	return row;
}

static struct result_row *add_step(double target_rate, double clients,
				   double rate, double p50_us)
{
	struct result_row *row = &steps[result.steps.n++];

	*row = result_row_none();
	row->target_rate = target_rate;
	row->clients = clients;
	row->rate = rate;
	row->latency.us[TIME_P50] = p50_us;
	return row;
}

static void add_bucket(double top_us, double n)
{
	buckets[result.n_buckets++] = (struct result_bucket){top_us, n};
}

static void over_time(FILE *out)
{
	chart_over_time(out, &result);
}

static void percentiles(FILE *out)
{
	chart_percentiles(out, &result);
}

static void ramp(FILE *out)
{
	chart_ramp(out, &result.steps);
}

static void draw(void (*chart)(FILE *out))
{
	FILE *out;

	free(page);
	out = open_memstream(&page, &page_len);
	ck_assert_ptr_nonnull(out);
	chart(out);
	ck_assert_int_eq(fclose(out), 0);
}

static size_t count_in_page(const char *word)
{
	size_t n = 0;

	for (const char *at = page; (at = strstr(at, word)); at++)
		n++;
	return n;
}

/* Fails unless the page has that so many times. */
static void expect_times(const char *word, size_t n)
{
	size_t found = count_in_page(word);

	ck_assert_msg(found == n, "%zu times and not %zu: %s\n%s", found, n,
		      word, page);
}

static void expect_once(const char *word)
{
	expect_times(word, 1);
}

static void expect_none(const char *word)
{
	expect_times(word, 0);
}

/* --- over time --- */

static const struct {
	double t_s;
	const char *title;
	const char *last; /* label of the axis */
} units[] = {
	{7201, ">hours since the start</text>", "class=\"mid\">2</text>"},
	{7200, ">minutes since the start</text>", "class=\"mid\">120</text>"},
	{121, ">minutes since the start</text>", "class=\"mid\">2</text>"},
	{120, ">seconds since the start</text>", "class=\"mid\">120</text>"},
	{1, ">seconds since the start</text>", "class=\"mid\">1</text>"},
	{0.9, ">milliseconds since the start</text>",
	 "class=\"mid\">800</text>"},
};

START_TEST(time_has_the_unit_that_suits_the_run)
{
	add_interval(units[_i].t_s, 1);
	draw(over_time);
	expect_times(units[_i].title, 2);
	expect_times(units[_i].last, 2);
	/* The interval fills the width. */
	expect_once("<path class=\"line c1\" d=\"M68.0 10.0h0L426.0 10.0\"/>");
}
END_TEST

START_TEST(throughput_is_a_staircase_in_an_area)
{
	add_interval(1, 50);
	add_interval(2, 100);
	add_interval(4, 0);
	draw(over_time);
	expect_once("<path class=\"line c1\" d=\"M68.0 114.0h0L157.5 114.0"
		    "L157.5 10.0L247.0 10.0L247.0 218.0L426.0 218.0\"/>");
	expect_once("<path class=\"area c1\" d=\"M68.0 218.0V114.0L157.5 114.0"
		    "L157.5 10.0L247.0 10.0L247.0 218.0L426.0 218.0"
		    "L426.0 218.0Z\"/>");
	expect_once("<svg id=\"throughput\"");
	expect_once("aria-label=\"Exchanges per second over time\"");
	expect_once("<h2>Throughput <small>exchanges a second</small></h2>");
	expect_once("</i>achieved</li>");
	expect_none("target");
	expect_none("flag");
	expect_none(">no intervals<");
	expect_times("</ul></figcaption>\n", 2);
}
END_TEST

START_TEST(an_interval_of_unknown_end_is_a_gap_and_moves_no_other)
{
	add_interval(1, 50);
	add_interval((double)NAN, 100)->lost = 1;
	add_interval(2, 50);
	draw(over_time);
	expect_once("<path class=\"line c1\" d=\"M68.0 114.0h0L247.0 114.0"
		    "L247.0 10.0M247.0 114.0h0L426.0 114.0\"/>");
	expect_times("<rect class=\"hint\"", 2);
	expect_none("<path class=\"flag bad\"");
	expect_once("<title>1 to 2 s: 50.0 a second</title>");
}
END_TEST

START_TEST(a_target_is_a_level_that_fits_in)
{
	add_interval(1, 50);
	result.target_rate = 100;
	draw(over_time);
	expect_once("</i>target</li>");
	expect_once(
		"<path class=\"line target dash\" d=\"M68.0 10.0H426.0\"/>");
	expect_once(
		"<path class=\"line c1\" d=\"M68.0 114.0h0L426.0 114.0\"/>");
	/* Each step has its own. */
	add_step(100, 1, 50, 5);
	draw(over_time);
	expect_none("target");
	expect_once("<path class=\"line c1\" d=\"M68.0 10.0h0L426.0 10.0\"/>");
}
END_TEST

START_TEST(trouble_is_flagged_in_the_middle_of_its_interval)
{
	add_interval(1, 100);
	add_interval(2, 100)->lost = 3;
	add_interval(4, 100)->errors = 1;
	draw(over_time);
	expect_once("</i>lost some, or errors</li>");
	expect_times("<path class=\"flag bad\"", 2);
	expect_once("<path class=\"flag bad\" d=\"M202.2 218.0l");
	expect_once("<path class=\"flag bad\" d=\"M336.5 218.0l");
	expect_once("100.0 a second, 3 lost</title>");
	expect_once("100.0 a second, errors 1</title>");
	intervals[1].lost = 1;
	draw(over_time);
	expect_once("100.0 a second, 1 lost</title>");
	expect_times("<path class=\"flag bad\"", 2);
}
END_TEST

START_TEST(what_is_no_trouble_has_no_flag)
{
	struct result_row *row = add_interval(1, 100);

	row->lost = 0;
	row->errors = 0;
	draw(over_time);
	expect_none("flag bad");
	expect_times("<title>0 to 1 s: 100.0 a second</title>", 1);
}
END_TEST

START_TEST(a_hint_tells_all_of_its_interval)
{
	struct result_row *row = add_interval(120, 100);

	row->latency.us[TIME_P50] = 1;
	row->latency.us[TIME_P90] = 2;
	row->latency.us[TIME_P99] = 3;
	row->latency.us[TIME_P999] = 4;
	row->latency.us[TIME_MAX] = 5;
	row->lost = 1234;
	row->errors = 1;
	row = add_interval(240, 50);
	row->latency.us[TIME_P99] = 3000;
	draw(over_time);
	/* Once over the throughput and once over the latency. */
	expect_times(
		"<rect class=\"hint\" x=\"68.0\" y=\"10.0\" width=\"179.0\" "
		"height=\"208.0\"><title>0 to 120 s: 100.0 a second, "
		"p50 1.00 \302\265s, p90 2.00 \302\265s, p99 3.00 "
		"\302\265s, p99.9 4.00 \302\265s, max 5.00 \302\265s, "
		"1,234 lost, errors 1</title></rect>",
		2);
	expect_times("<rect class=\"hint\" x=\"247.0\" y=\"10.0\" "
		     "width=\"179.0\" height=\"208.0\"><title>120 to 240 s: "
		     "50.0 a second, p99 3.00 ms</title></rect>",
		     2);
}
END_TEST

START_TEST(latency_has_a_line_for_each_percentile_that_is_known)
{
	struct result_row *row = add_interval(1, 100);

	row->latency.us[TIME_P50] = 100;
	row->latency.us[TIME_MAX] = 10000;
	draw(over_time);
	expect_once("<svg id=\"latency\"");
	expect_once("aria-label=\"Percentiles of the latency over time\"");
	expect_once("<h2>Latency over time <small>per interval</small></h2>");
	expect_once("<li><i class=\"line c5 dash\"></i>max</li>\n"
		    "<li><i class=\"line c1\"></i>p50</li>\n</ul>");
	/* It goes from 50 us to 20 ms, half and twice of what it shows. */
	expect_once(
		"<path class=\"line c1\" d=\"M68.0 193.9h0L426.0 193.9\"/>");
	expect_once("<path class=\"line c5 dash\" d=\"M68.0 34.1h0L426.0 34.1"
		    "\"/>");
	expect_once("<path class=\"line c2\" d=\"\"/>");
	expect_once("<path class=\"line c3\" d=\"\"/>");
	expect_once("<path class=\"line c4\" d=\"\"/>");
	expect_none(">no exchange was timed<");
}
END_TEST

START_TEST(nothing_over_time_says_so)
{
	draw(over_time);
	expect_once(">no intervals</text>");
	expect_once(">no exchange was timed</text>");
	expect_none("class=\"hint\"");
	expect_none("<path class=\"area c1\"");
	expect_times("</svg>\n</figure>\n", 2);
	/* A time without a rate is no interval either. */
	add_interval(1, (double)NAN);
	draw(over_time);
	expect_once(">no intervals</text>");
}
END_TEST

START_TEST(more_intervals_than_can_be_told_apart_are_grouped)
{
	for (size_t i = 0; i < ROWS_MAX - 1; i++)
		add_interval((double)i + 1, 100)->lost = 1;
	draw(over_time);
	expect_none("of each");
	expect_times("<path class=\"flag bad\"", ROWS_MAX - 1);
	add_interval(ROWS_MAX, 100);
	draw(over_time);
	expect_once("<small>exchanges a second, mean of each 2 intervals<");
	expect_once("<small>per interval, worst of each 2 intervals<");
	expect_times("<path class=\"flag bad\"", ROWS_MAX / 2);
}
END_TEST

/* --- against the percentile --- */

START_TEST(percentiles_stand_at_equal_distances)
{
	/* 90 of 100 samples below 100 us, the others below 10 ms. */
	add_bucket(100, 90);
	add_bucket(10000, 10);
	draw(percentiles);
	/* The axis goes from 0 to the 99th, so the 90th is in the middle; from
	 * there on there are but ten samples. */
	expect_once("<path class=\"line c1\" d=\"M68.0 193.9h0L247.0 193.9"
		    "L247.0 34.1L247.0 34.1\"/>");
	expect_once("<path class=\"line c1 faint\" d=\"M247.0 193.9h0"
		    "L247.0 193.9L247.0 34.1L426.0 34.1\"/>");
	expect_once("x=\"68.0\" y=\"235.0\" class=\"mid\">0</text>");
	expect_once("class=\"mid\">50</text>");
	expect_once("x=\"247.0\" y=\"235.0\" class=\"mid\">90</text>");
	expect_once("x=\"426.0\" y=\"235.0\" class=\"mid\">99</text>");
	expect_times("10.0V222.0\"/>", 7); /* 1, 2, 5 to 100 */
	expect_once("</i>latency</li>");
	expect_once("</i>its last ten samples</li>");
	expect_none("service time");
	expect_none("<circle");
	expect_once("<svg id=\"percentiles\"");
	expect_once("<h2>Latency by percentile <small>whole run</small></h2>");
	expect_once(">percentile</text>");
	expect_once("aria-label=\"Latency against the percentile, both on log "
		    "axes\"");
	expect_once("</svg>\n</figure>\n");
}
END_TEST

/* Ten thousand samples: decades alone, and the median. */
START_TEST(the_median_has_a_tick_beside_decades)
{
	add_bucket(100, 10000);
	draw(percentiles);
	expect_times("10.0V222.0\"/>", 6);
	expect_once("class=\"mid\">0</text>");
	expect_once("x=\"94.9\" y=\"235.0\" class=\"mid\">50</text>");
	expect_once("x=\"157.5\" y=\"235.0\" class=\"mid\">90</text>");
	expect_once("class=\"mid\">99</text>");
	expect_once("class=\"mid\">99.9</text>");
	expect_once("class=\"mid\">99.99</text>");
}
END_TEST

START_TEST(few_samples_have_an_axis_of_ten_all_the_same)
{
	add_bucket(100, 2);
	draw(percentiles);
	expect_once("x=\"426.0\" y=\"235.0\" class=\"mid\">90</text>");
	/* Less than ten: all of it is the tail. */
	expect_once("<path class=\"line c1\" d=\"M68.0 114.0h0L68.0 114.0\"/>");
	expect_once("<path class=\"line c1 faint\" d=\"M68.0 114.0h0"
		    "L175.8 114.0\"/>");
}
END_TEST

START_TEST(each_half_of_the_curve_has_its_own_buckets)
{
	add_bucket(100, 50);
	add_bucket(200, 40);
	add_bucket(1000, 5);
	add_bucket(2000, 5);
	draw(percentiles);
	/* The bounds of buckets are at 2, 10 and 20. */
	expect_once("<path class=\"line c1\" d=\"M68.0 186.7h0L121.9 186.7"
		    "L121.9 155.4L247.0 155.4L247.0 82.7L247.0 82.7\"/>");
	expect_once("<path class=\"line c1 faint\" d=\"M247.0 155.4h0"
		    "L247.0 155.4L247.0 82.7L300.9 82.7L300.9 51.4"
		    "L426.0 51.4\"/>");
}
END_TEST

START_TEST(one_sample_has_a_curve)
{
	add_bucket(100, 1);
	draw(percentiles);
	expect_once("</i>its last ten samples</li>");
	expect_none(">no exchange was timed<");
}
END_TEST

/* More than anybody measures, but a file may say so. */
START_TEST(endless_samples_have_ticks_that_end)
{
	add_bucket(100, 1e300);
	draw(percentiles);
	expect_times("10.0V222.0\"/>", 32);
}
END_TEST

START_TEST(without_samples_there_is_no_curve)
{
	draw(percentiles);
	expect_once(">no exchange was timed</text>");
	expect_none("class=\"line c1 faint\"");
	expect_none("<path class=\"line c1\"");
}
END_TEST

START_TEST(marks_are_at_what_is_known_of_the_percentiles)
{
	add_bucket(100, 1000);
	result.latency.us[TIME_MIN] = 1;
	result.latency.us[TIME_MEAN] = 1;
	result.latency.us[TIME_MAX] = 1e9;
	result.latency.us[TIME_P50] = 100;
	result.latency.us[TIME_P99] = 1000;
	draw(percentiles);
	/* From 50 us to 2 ms: the least and the greatest are no marks. */
	expect_times("<circle class=\"dot c1\"", 2);
	expect_once("<circle class=\"dot c1\" cx=\"103.9\" cy=\"178.9\"");
	expect_once("<circle class=\"dot c1\" cx=\"306.7\" cy=\"49.1\"");
}
END_TEST

START_TEST(service_time_is_shown_in_the_open_loop_alone)
{
	add_bucket(100, 1000);
	result.mode = "open";
	result.service.us[TIME_P50] = 10;
	result.service.us[TIME_P75] = 20;
	result.service.us[TIME_P90] = 20;
	result.service.us[TIME_MAX] = 1e9;
	draw(percentiles);
	expect_once("</i>service time</li>");
	expect_once("<path class=\"line c2 dash\" d=\"M103.9 178.9h0L139.8 "
		    "139.8L187.3 139.8\"/>");
	expect_times("<circle class=\"dot c2\"", 3);
	result.mode = "closed";
	draw(percentiles);
	expect_none("c2");
	expect_none("service time");
}
END_TEST

/* --- against the rate --- */

static void expect_order(const char *order)
{
	const struct result_row *step = NULL;

	for (; *order != '\0'; order++) {
		step = chart_next_step(&result.steps, step);
		ck_assert_ptr_eq(step, &steps[*order - '0']);
	}
	ck_assert_ptr_null(chart_next_step(&result.steps, step));
}

START_TEST(steps_follow_in_the_order_of_their_load)
{
	expect_order("");
	add_step(400, 1, 1, 1);
	add_step((double)NAN, 200, 1, 1); /* closed loop: so many clients */
	add_step(300, 9, 1, 1);
	add_step((double)NAN, (double)NAN, 1, 1); /* of no known load */
	add_step(200, 9, 1, 1);			  /* alike: as they were made */
	add_step(300, 9, 1, 1);
	expect_order("14250");
}
END_TEST

START_TEST(a_ramp_has_a_line_and_a_mark_for_each_step)
{
	struct result_row *row = add_step(100, 1, 100, 10);

	row->held = true;
	row->latency.us[TIME_P99] = 100;
	row = add_step(50, 1, 50, 10);
	row->held = true;
	row->latency.us[TIME_P99] = 50;
	draw(ramp);
	expect_once("<path class=\"line c1\" d=\"M247.0 178.9h0L426.0 178.9"
		    "\"/>");
	expect_once("<path class=\"line c3\" d=\"M247.0 88.2h0L426.0 49.1"
		    "\"/>");
	expect_once("<li><i class=\"line c3\"></i>p99</li>\n"
		    "<li><i class=\"line c1\"></i>p50</li>\n"
		    "<li><i class=\"dot c3\"></i>held</li>\n</ul>");
	expect_times("<circle class=\"dot c1\"", 2);
	expect_times("<circle class=\"dot c3\"", 2);
	expect_once("<circle class=\"dot c3\" cx=\"247.0\" cy=\"88.2\"");
	expect_none("ring bad");
	expect_none(">no step was measured<");
	expect_once("<svg id=\"ramp\"");
	expect_once("aria-label=\"Latency against the achieved rate\"");
	expect_once("<h2>Latency by rate <small>one mark a step</small></h2>");
	expect_once(">exchanges a second, achieved</text>");
	expect_once("</svg>\n</figure>\n");
}
END_TEST

START_TEST(a_step_that_did_not_hold_has_another_mark)
{
	add_step(100, 1, 100, 10)->latency.us[TIME_P99] = 100;
	draw(ramp);
	expect_once("</i>did not hold</li>");
	expect_none("</i>held</li>");
	expect_once("<circle class=\"ring bad\" cx=\"426.0\"");
	expect_none("dot c3");
}
END_TEST

START_TEST(steps_without_times_say_so)
{
	add_step(100, 1, 100, (double)NAN);
	draw(ramp);
	expect_once(">no step was measured</text>");
	expect_none("<circle");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chart");
	TCase *tcase = harness_case(suite, "over time");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, time_has_the_unit_that_suits_the_run, 0,
			    (int)ARRAY_LEN(units));
	tcase_add_test(tcase, throughput_is_a_staircase_in_an_area);
	tcase_add_test(tcase,
		       an_interval_of_unknown_end_is_a_gap_and_moves_no_other);
	tcase_add_test(tcase, a_target_is_a_level_that_fits_in);
	tcase_add_test(tcase, trouble_is_flagged_in_the_middle_of_its_interval);
	tcase_add_test(tcase, what_is_no_trouble_has_no_flag);
	tcase_add_test(tcase, a_hint_tells_all_of_its_interval);
	tcase_add_test(tcase,
		       latency_has_a_line_for_each_percentile_that_is_known);
	tcase_add_test(tcase, nothing_over_time_says_so);
	tcase_add_test(tcase,
		       more_intervals_than_can_be_told_apart_are_grouped);
	tcase = harness_case(suite, "percentiles");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, percentiles_stand_at_equal_distances);
	tcase_add_test(tcase, the_median_has_a_tick_beside_decades);
	tcase_add_test(tcase, few_samples_have_an_axis_of_ten_all_the_same);
	tcase_add_test(tcase, each_half_of_the_curve_has_its_own_buckets);
	tcase_add_test(tcase, one_sample_has_a_curve);
	tcase_add_test(tcase, endless_samples_have_ticks_that_end);
	tcase_add_test(tcase, without_samples_there_is_no_curve);
	tcase_add_test(tcase, marks_are_at_what_is_known_of_the_percentiles);
	tcase_add_test(tcase, service_time_is_shown_in_the_open_loop_alone);
	tcase = harness_case(suite, "ramp");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, steps_follow_in_the_order_of_their_load);
	tcase_add_test(tcase, a_ramp_has_a_line_and_a_mark_for_each_step);
	tcase_add_test(tcase, a_step_that_did_not_hold_has_another_mark);
	tcase_add_test(tcase, steps_without_times_say_so);
	return harness_run_together(suite);
}
