/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read them, and the events that carry them.
 */
#include "server/readings.h"

#include <string.h>

#include "harness.h"
#include "json_reader.h"
#include "snapshot_fixture.h"

#define GAP "\xe2\x80\xaf"

static struct history history;
static struct readings readings;
static char buf[65536];

static void set_up(void)
{
	history = (struct history){0};
}

static const char *reading(const struct snapshot *snapshot, const char *name)
{
	readings_take(&readings, snapshot, &history);
	return readings_get(&readings, name);
}

static const struct {
	double uptime_s;
	const char *text;
} times[] = {
	{-1, "0 s"},	     {1, "1 s"},
	{0.9, "0 s"},	     {59.9, "59 s"},
	{60, "1 min 0 s"},   {3599, "59 min 59 s"},
	{3600, "1 h 0 min"}, {86399, "23 h 59 min"},
	{93784, "1 d 2 h"},  {86400.0 * 1000, "1000 d 0 h"},
};

START_TEST(a_time_has_two_units)
{
	struct snapshot *snapshot = snapshot_make();

	snapshot->uptime_s = times[_i].uptime_s;
	ck_assert_str_eq(reading(snapshot, "uptime"), times[_i].text);
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{0, "0 B"},
	{1023, "1023 B"},
	{1024, "1.0 KiB"},
	{1536, "1.5 KiB"},
	{(uint64_t)3 << 30, "3.0 GiB"},
	{UINT64_MAX, "16777216.0 TiB"},
};

START_TEST(a_size_has_a_unit_that_fits)
{
	struct snapshot *snapshot = snapshot_make();

	snapshot->usage.resident_bytes = sizes[_i].bytes;
	ck_assert_str_eq(reading(snapshot, "memory"), sizes[_i].text);
}
END_TEST

static const struct {
	uint64_t n;
	const char *text;
} counts[] = {
	{0, "0"},
	{999, "999"},
	{1000, "1" GAP "000"},
	{123456, "123" GAP "456"},
	{12345, "12" GAP "345"},
	{1234567, "1" GAP "234" GAP "567"},
	{UINT64_MAX,
	 "18" GAP "446" GAP "744" GAP "073" GAP "709" GAP "551" GAP "615"},
};

START_TEST(thousands_stand_apart)
{
	struct snapshot *snapshot = snapshot_make();
	struct counters counters = {.udp_datagrams = counts[_i].n};

	snapshot->counters = &counters;
	ck_assert_str_eq(reading(snapshot, "udp_datagrams"), counts[_i].text);
}
END_TEST

START_TEST(what_is_derived_is_there)
{
	struct snapshot *snapshot = snapshot_make();
	const struct counters zero = {0};
	struct counters one = {.http_requests = 5};

	history_begin(&history, &zero);
	history_add(&history, &one, 1000000000, 8, 2500000);
	history_add(&history, &one, 1000000000, 3, 0);
	ck_assert_str_eq(reading(snapshot, "http_now"), "0");
	ck_assert_str_eq(reading(snapshot, "http_peak"), "5");
	ck_assert_str_eq(reading(snapshot, "open"), "8");
	ck_assert_str_eq(reading(snapshot, "open_peak"), "8");
	ck_assert_str_eq(reading(snapshot, "lag_peak"), "2.5 ms");
	ck_assert_str_eq(reading(snapshot, "state"), "serving");
	ck_assert_str_eq(reading(snapshot, "no such"), "");
	snapshot->is_draining = true;
	ck_assert_str_eq(reading(snapshot, "state"), "draining");
	/* There is room for a few more of them. */
	ck_assert_uint_lt(readings.n, READINGS_MAX - 8);
}
END_TEST

static const struct {
	const char *name, *text;
} gauges[] = {
	{"state", "serving"},
	{"uptime", "1 d 2 h"},
	{"tcp_open", "5"},
	{"http_open", "3"},
	{"admin_open", "2"},
	{"open", "8"},
	{"open_most", "100"},
	{"tcp_total", "3.0 MiB"},
	{"accept_paused", "1250.0 ms"},
	{"cpu", "1 s"},
	{"memory", "4.0 KiB"},
	{"descriptors", "17"},
	{"descriptors_most", "128"},
	{"udp_now", "2"},
	{"udp_peak", "7"},
	{"tcp_now", "1.5 KiB"},
	{"tcp_peak", "2.0 KiB"},
	{"http_now", "1"},
	{"http_peak", "5"},
	{"open_now", "3"},
	{"open_peak", "9"},
	{"lag_now", "0.5 ms"},
	{"lag_peak", "2.5 ms"},
};

static void make_two_samples(void)
{
	struct counters counted = {0};

	history_begin(&history, &counted);
	counted = (struct counters){
		.udp_datagrams = 7, .tcp_bytes = 2048, .http_requests = 5};
	history_add(&history, &counted, 1000000000, 9, 2500000);
	counted.udp_datagrams += 2;
	counted.tcp_bytes += 1536;
	counted.http_requests += 1;
	history_add(&history, &counted, 1000000000, 3, 500000);
}

START_TEST(each_name_stands_for_what_it_says)
{
	make_two_samples();
	ck_assert_str_eq(reading(snapshot_make(), gauges[_i].name),
			 gauges[_i].text);
	/* Taken anew, not added to. */
	readings_take(&readings, snapshot_make(), &history);
	ck_assert_uint_eq(readings.n,
			  ARRAY_LEN(gauges) +
				  sizeof(struct counters) / sizeof(uint64_t));
}
END_TEST

/* Each name once, whatever it stands for. */
START_TEST(an_event_has_them_in_their_order)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	size_t n;

	make_two_samples();
	readings_take(&readings, snapshot_make(), &history);
	readings_write(&text, &readings, &history);
	buf[text.len] = '\0';
	ck_assert_ptr_eq(strstr(buf, "{\"values\":[2,1536,1,3,500],"
				     "\"readings\":{\"udp_datagrams\":\"7\","),
			 buf);
	n = strlen("\"descriptors_most\":\"128\"}}");
	ck_assert_str_eq(buf + text.len - n, "\"descriptors_most\":\"128\"}}");
	text = text_in(buf, sizeof(buf) - 1);
	readings_write_history(&text, &history);
	buf[text.len] = '\0';
	ck_assert_str_eq(buf, "[[7,2],[2048,1536],[5,1],[9,3],[2500,500]]");
}
END_TEST

START_TEST(an_event_is_json_of_one_line)
{
	struct text text = text_in(buf, sizeof(buf));
	const struct counters zero = {0};
	char got[64];

	history_begin(&history, &zero);
	history_add(&history, &zero, 1000000000, 8, 0);
	readings_take(&readings, snapshot_make(), &history);
	readings_write(&text, &readings, &history);
	ck_assert(json_is_valid(buf, text.len));
	ck_assert_ptr_null(memchr(buf, '\n', text.len));
	(void)json_member(buf, text.len, "values", got, sizeof(got));
	ck_assert_str_eq(got, "[0,0,0,8,0]");
	(void)json_member(buf, text.len, "tcp_open", got, sizeof(got));
	ck_assert_str_eq(got, "5");
}
END_TEST

START_TEST(the_history_is_an_array_for_each_series)
{
	struct text text = text_in(buf, sizeof(buf));
	struct counters counters = {0};

	readings_write_history(&text, &history);
	ck_assert_uint_eq(text.len, strlen("[[],[],[],[],[]]"));
	ck_assert_mem_eq(buf, "[[],[],[],[],[]]", text.len);
	history_begin(&history, &counters);
	for (int i = 0; i < 1000; i++) {
		counters.tcp_bytes += UINT64_C(1) << 40;
		history_add(&history, &counters, 1000000000, 1 << 20,
			    UINT64_C(1) << 40);
	}
	text = text_in(buf, sizeof(buf));
	readings_write_history(&text, &history);
	ck_assert(!text.overflow);
	ck_assert(json_is_valid(buf, text.len));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("readings");
	TCase *tcase = harness_case(suite, "readings");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, a_time_has_two_units, 0, ARRAY_LEN(times));
	tcase_add_loop_test(tcase, a_size_has_a_unit_that_fits, 0,
			    ARRAY_LEN(sizes));
	tcase_add_loop_test(tcase, thousands_stand_apart, 0, ARRAY_LEN(counts));
	tcase_add_test(tcase, what_is_derived_is_there);
	tcase_add_loop_test(tcase, each_name_stands_for_what_it_says, 0,
			    ARRAY_LEN(gauges));
	tcase_add_test(tcase, an_event_has_them_in_their_order);
	tcase_add_test(tcase, an_event_is_json_of_one_line);
	tcase_add_test(tcase, the_history_is_an_array_for_each_series);
	return harness_run(suite);
}
