/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read them: the unit that suits, three digits, and a dash
 * for what is none.
 */
#include "result/figure.h"

#include <math.h>

#include "harness.h"

#define NO_NUMBER ((double)NAN)

static struct figure time_in_ascii(double us)
{
	return figure_time(us, FIGURE_MICRO_ASCII);
}

static const struct {
	struct figure (*format)(double value);
	double value;
	const char *text;
} rows[] = {
	{time_in_ascii, 0, "0.00 us"},
	{time_in_ascii, 9.994, "9.99 us"},
	{time_in_ascii, 9.996, "10.0 us"},
	{time_in_ascii, 99.96, "100 us"},
	{time_in_ascii, 999.4, "999 us"},
	{time_in_ascii, 999.6, "1.00 ms"}, /* and not 1000 us */
	{time_in_ascii, 999600, "1.00 s"},
	{time_in_ascii, 3.6e9, "3,600 s"},
	{time_in_ascii, 9.98, "9.98 us"},
	{time_in_ascii, 9.995, "10.0 us"},
	{time_in_ascii, 99.95, "100 us"},
	{time_in_ascii, 999.5, "1.00 ms"},
	{time_in_ascii, 9.98e17, "998,000,000,000 s"},
	{time_in_ascii, 1e18, "-"},
	{time_in_ascii, 1e300, "-"},
	{time_in_ascii, HUGE_VAL, "-"},
	{time_in_ascii, NO_NUMBER, "-"},
	{figure_time_tick, 0.5, "0.5 \302\265s"},
	{figure_time_tick, 50, "50 \302\265s"},
	{figure_time_tick, 1000, "1 ms"},
	{figure_time_tick, 2e7, "20 s"},
	{figure_count, 0, "0"},
	{figure_count, 999, "999"},
	{figure_count, 1000, "1,000"},
	{figure_count, 1234567, "1,234,567"},
	{figure_count, -1234, "-1,234"},
	{figure_count, -0.4, "0"},
	{figure_count, -1, "-1"},
	{figure_count, 12, "12"},
	{figure_count, -1e18, "-"},
	{figure_count, 999999999999999, "999,999,999,999,999"},
	{figure_count, 1e18, "-"},
	{figure_count, NO_NUMBER, "-"},
	{figure_rate, 0, "0.0"},
	{figure_rate, 12.34, "12.3"},
	{figure_rate, 999.96, "1,000"},
	{figure_rate, 999.94, "999.9"},
	{figure_rate, 999.95, "1,000"},
	{figure_rate, 84321.7, "84,322"},
	{figure_rate, NO_NUMBER, "-"},
	{figure_tick, 0, "0"},
	{figure_tick, 0.2, "0.2"},
	{figure_tick, 999.5, "999.5"},
	{figure_tick, 1000, "1,000"},
	{figure_tick, -1000, "-1,000"},
	{figure_tick, 2500, "2,500"},
	{figure_tick, 20000, "20,000"},
	{figure_tick, 1500000, "1,500,000"},
	{figure_bytes, 0, "0 B"},
	{figure_bytes, 999, "999 B"},
	{figure_bytes, 999.4, "999 B"},
	{figure_bytes, 999.5, "1.00 kB"},
	{figure_bytes, 1000, "1.00 kB"},
	{figure_bytes, 38400000, "38.4 MB"},
	{figure_bytes, 2.5e15, "2,500 TB"},
	{figure_bytes, 1e9, "1.00 GB"},
	{figure_bytes, 1e18, "-"},
	{figure_bytes, NO_NUMBER, "-"},
	{figure_percent, 0, "0.0 %"},
	{figure_percent, 0.012, "0.012 %"}, /* small is not nothing */
	{figure_percent, 0.0994, "0.099 %"},
	{figure_percent, 0.0995, "0.1 %"},
	{figure_percent, -0.012, "-0.0 %"},
	{figure_percent, 1, "1.0 %"},
	{figure_percent, 31.04, "31.0 %"},
	{figure_percent, 1e18, "-"},
	{figure_percent, -1e18, "-"},
	{figure_percent, NO_NUMBER, "-"},
	{figure_cores, 0.544, "0.54"},
	{figure_cores, 12, "12.00"},
	{figure_cores, 1e18, "-"},
	{figure_cores, -1e18, "-"},
	{figure_cores, NO_NUMBER, "-"},
};

START_TEST(a_number_is_written_for_people)
{
	ck_assert_str_eq(rows[_i].format(rows[_i].value).text, rows[_i].text);
}
END_TEST

START_TEST(micro_is_spelt_as_the_caller_likes)
{
	ck_assert_str_eq(figure_time(85.25, FIGURE_MICRO_UTF8).text,
			 "85.2 \302\265s");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("figure");
	TCase *tcase = harness_case(suite, "figure");

	tcase_add_loop_test(tcase, a_number_is_written_for_people, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, micro_is_spelt_as_the_caller_likes);
	return harness_run_together(suite);
}
