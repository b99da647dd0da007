/* SPDX-License-Identifier: MIT */
/*
 * Results in files: what is written is read as it was, every name stands where
 * it stood, and what anybody else wrote is taken or refused with a reason.
 */
#include "result/codec.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "result_fixture.h"

/* Reads text as a file; 0 or -1 with the cause. */
static int read_text(const char *text, struct result *result,
		     char cause[CODEC_CAUSE_SIZE])
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int status;

	ck_assert_ptr_nonnull(in);
	status = codec_read(in, result, cause);
	(void)fclose(in);
	return status;
}

typedef int write_fn(FILE *out, const struct result *result);

static char *text_of(const struct result *result, write_fn *write)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(write(out, result), 0);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

/* A tally in which every counter is another one. */
static struct tally *tally_new(void)
{
	struct tally *tally = bytes_new(sizeof(*tally));
	uint64_t n = 1000;

	memset(tally, 0, sizeof(*tally));
	for (uint64_t i = 1; i <= 200; i++)
		histogram_add(&tally->stats.latency, i * 1000000);
#define X(id, member, label) tally->stats.member = n++;
	STATS_COUNTERS(X)
#undef X
	tally->stats.errors[ERROR_TIMEOUT] = 7;
	tally->stats.errors[ERROR_STATUS + 404] = 8;
	/* A rate of twelve digits. */
	tally->duration_s = tally->span_s = 1000 / 123456.789012;
	tally->target_rate = 400;
	tally->clients = 3;
	return tally;
}

/* One with something at every name. */
static void fill(struct result *result)
{
	struct tally *tally = tally_new();
	struct result_row row = result_row_none();

	result_init(result);
	result->command = "uppercase-load 'a b'";
	result->version = "9";
	result->protocol = "tcp";
	result->server_host = "h";
	result->server_port = 12000;
	result->path = "/x";
	result->size_bytes[0] = 1;
	result->size_bytes[1] = 64;
	result->pipeline = 2;
	result->connect_per_request = true;
	result->timeout_us = 1e6;
	result->warmup_us = 0;
	result->seed = 12345678901234567;
	result_format_time(result->started, 1e9, false);
	result->host.name = "n";
	result->host.cpus = 8;
	result->generator.jobs = 1;
	result_set_tally(result, tally);
	result->found.condition = "p99<5ms";
	result->found.remark = "or more";
	row = result_step(tally, true);
	result_add_row(&result->steps, &row);
	row = result_row_none();
	row.t_s = 1.25;
	row.rate = 400;
	row.latency = times_of(&tally->stats.latency);
	row.lost = -2;
	row.errors = 15;
	result_format_time(row.time, 1e9 + 0.25, true);
	for (int i = 0; i < 3; i++)
		result_add_row(&result->intervals, &row);
	free(tally);
}

START_TEST(what_is_written_is_read_as_it_was)
{
	write_fn *const writers[] = {codec_write, codec_write_line};
	struct result result, again;
	char cause[CODEC_CAUSE_SIZE], *text, *text_again;

	fill(&result);
	text = text_of(&result, writers[_i]);
	ck_assert_msg(read_text(text, &again, cause) == 0, "%s", cause);
	text_again = text_of(&again, writers[_i]);
	ck_assert_str_eq(text, text_again);
	ck_assert_uint_eq(again.seed, 12345678901234567);
	ck_assert_double_eq(again.intervals.at[2].lost, -2);
	ck_assert_double_eq(again.size_bytes[0], 1);
	ck_assert_double_eq(again.size_bytes[1], 64);
	ck_assert_double_eq(again.rate, result.rate);
	ck_assert(again.steps.at[0].held);
	free(text);
	free(text_again);
	result_clear(&result);
	result_clear(&again);
}
END_TEST

/* One piece of memory is not to be had, after that many. */
static size_t n_before;

static void *scarce_malloc(size_t size)
{
	return n_before-- == 0 ? NULL : malloc(size);
}

START_TEST(a_file_is_whole_or_not_written)
{
	write_fn *const writers[] = {codec_write, codec_write_line};
	struct result result;
	char *whole, *text;
	size_t len, n = 0;
	FILE *out;

	fill(&result);
	whole = text_of(&result, writers[_i]);
	json_set_alloc_funcs(scarce_malloc, free);
	do {
		int status;

		out = open_memstream(&text, &len);
		ck_assert_ptr_nonnull(out);
		n_before = n;
		status = writers[_i](out, &result);
		ck_assert_int_eq(fclose(out), 0);
		if (status == 0)
			ck_assert_str_eq(text, whole);
		free(text);
	} while (n_before > n++); /* until there are not so many */
	ck_assert_uint_gt(n, 100);
	json_set_alloc_funcs(malloc, free);
	free(whole);
	result_clear(&result);
}
END_TEST

START_TEST(each_counter_stands_at_its_name)
{
	struct result result;
	char *text, want[64];
	unsigned n = 1000;

	fill(&result);
	text = text_of(&result, codec_write_line);
#define X(id, member, label)                                                   \
	(void)snprintf(want, sizeof(want), ",\"" #member "\":%u,", n++);       \
	ck_assert_ptr_nonnull(strstr(text, want));
	STATS_COUNTERS(X)
#undef X
	free(text);
	result_clear(&result);
}
END_TEST

/* The names, their order and their kinds are what scripts rely on. */
START_TEST(a_line_of_an_interval_is_what_it_was)
{
	struct result_row row = result_row_none();
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	row.t_s = 1.25;
	row.rate = 3;
	row.latency.us[TIME_P50] = 80.5;
	row.latency.us[TIME_P75] = 81;
	row.latency.us[TIME_MAX] = 99;
	row.lost = -2;
	row.errors = 0;
	result_format_time(row.time, 1e9 + 0.25, true);
	codec_write_interval(out, &row);
	codec_write_csv_head(out);
	codec_write_csv_row(out, &row);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(
		text,
		"{\"t_s\":1.25,\"rate\":3.0,\"p50_us\":80.5,\"p90_us\":null,"
		"\"p99_us\":null,\"p999_us\":null,\"p75_us\":81.0,"
		"\"p95_us\":null,\"time\":\"2001-09-09T01:46:40.250Z\","
		"\"max_us\":99.0,\"lost\":-2,\"errors\":0}\n"
		"t_s,rate,p50_us,p90_us,p99_us,p999_us,max_us,lost,errors,"
		"p75_us,p95_us,time\n"
		"1.25,3,80.5,,,,99,-2,0,81,,2001-09-09T01:46:40.250Z\n");
	free(text);
}
END_TEST

START_TEST(what_there_is_none_of_is_left_out_or_null)
{
	struct result result;
	char *text;

	result_init(&result);
	text = text_of(&result, codec_write_line);
	ck_assert_ptr_nonnull(strstr(text, "\"verdict\":null"));
	ck_assert_ptr_nonnull(strstr(text, "\"exchanges\":null"));
	ck_assert_ptr_nonnull(strstr(text, "\"intervals\":[]"));
	ck_assert_ptr_nonnull(strstr(text, "\"errors\":{}"));
	ck_assert_ptr_null(strstr(text, "\"steps\""));
	ck_assert_ptr_null(strstr(text, "\"path\""));
	ck_assert_ptr_null(strstr(text, "\"size_bytes\""));
	ck_assert_ptr_null(strstr(text, "\"find_max\""));
	free(text);
}
END_TEST

START_TEST(words_that_are_no_utf8_are_written_all_the_same)
{
	struct result result;
	char *text;

	result_init(&result);
	result.command = "a\xff\"b";
	result.generator.jobs = 9e18;
	text = text_of(&result, codec_write_line);
	ck_assert_ptr_nonnull(
		strstr(text, "\"command\":\"a\xef\xbf\xbd\\\"b\""));
	ck_assert_ptr_nonnull(strstr(text, "\"jobs\":9e18,"));
	free(text);
}
END_TEST

/* --- what others wrote --- */

static const struct {
	const char *path;  /* of what is changed */
	const char *value; /* in JSON; NULL: it is removed */
	const char *bad;   /* the name that is told; NULL: it is a result */
} rows[] = {
	{"unknown", "[{}]", NULL},
	{"latency_us", "null", "latency_us"},
	{"latency_us", "5", "latency_us"},
	{"host", NULL, "host"},
	{"seed", "null", NULL},
	{"errors", "5", "errors"},
	{"errors", "{}", NULL},
	{"histogram", "[[1, 1]]", NULL},
	{"histogram", "[[1]]", "histogram"},
	{"steps", "null", NULL},
	{"loss_percent", NULL, NULL},
	{"loss_percent", "null", NULL},
	{"loss_percent", "\"1\"", "loss_percent"},
	{"target_rate", "null", NULL},
	{"target_rate", "true", "target_rate"},
	{"rate", "null", "rate"},
	{"rate", "1e300", NULL},
	{"verdict", "null", "verdict"},
	{"seed", "5", NULL},
	{"seed", "0.5", "seed"},
	{"interrupted", "true", NULL},
	{"interrupted", "1", "interrupted"},
	{"started", "\"0123456789012345678901234567890\"", NULL},
	{"started", "\"01234567890123456789012345678901\"", "started"},
	{"started", "5", "started"},
	{"latency_us.p99", "null", NULL},
	{"latency_us.p99", "\"x\"", "latency_us.p99"},
	{"generator.lateness_us", "null", NULL},
	{"generator.lateness_us", "[]", "generator.lateness_us"},
	{"errors", "[]", "errors"},
	{"errors", "{\"x\": \"1\"}", "errors"},
	{"errors", "{\"x\": 1e300}", NULL},
	{"size_bytes", "[1, 2]", NULL},
	{"size_bytes", "[1, 2, 3]", "size_bytes"},
	{"size_bytes", "[1, \"2\"]", "size_bytes"},
	{"size_bytes", "[\"1\", 2]", "size_bytes"},
	{"size_bytes", "5", "size_bytes"},
	{"histogram", "[]", NULL},
	{"histogram", "{}", "histogram"},
	{"histogram", "[[1, 0]]", NULL},
	{"histogram", "[[1, -1]]", "histogram"},
	{"histogram", "[[1, 1], 1]", "histogram"},
	{"intervals", "{}", "intervals"},
	{"intervals", "[{}]", NULL},
	{"intervals", "[{}, 1]", "intervals"},
	{"intervals", "[{\"t_s\": []}, {\"t_s\": []}]", "intervals.t_s"},
	{"intervals", "[{\"time\": 1}]", "intervals.time"},
	{"steps", "[{\"held\": 1}]", "steps.held"},
	{"find_max", "{\"rate\": null, \"remark\": null}", NULL},
	{"find_max", "{\"condition\": 1}", "find_max.condition"},
};

START_TEST(what_stands_at_a_known_name_must_be_of_its_type)
{
	json_t *json = result_closed();
	struct result result;
	char cause[CODEC_CAUSE_SIZE] = "", want[128], *text;
	int status;

	if (rows[_i].value)
		result_set(json, rows[_i].path,
			   json_loads(rows[_i].value, JSON_DECODE_ANY, NULL));
	else
		ck_assert_int_eq(json_object_del(json, rows[_i].path), 0);
	text = json_dumps(json, 0);
	status = read_text(text, &result, cause);
	ck_assert_msg(status == (rows[_i].bad ? -1 : 0), "%s: %s: %s",
		      rows[_i].path, rows[_i].value, cause);
	(void)snprintf(want, sizeof(want), "of another type: %s",
		       rows[_i].bad ? rows[_i].bad : "");
	if (rows[_i].bad)
		ck_assert_str_eq(strstr(cause, "of another"), want);
	result_clear(&result);
	free(text);
	json_decref(json);
}
END_TEST

START_TEST(more_kinds_of_errors_than_there_are_are_refused)
{
	json_t *json = result_closed(), *errors = json_object();
	struct result result;
	char cause[CODEC_CAUSE_SIZE], name[16], *text;

	for (int i = 0; i <= ERROR_SLOTS; i++) {
		if (i == ERROR_SLOTS) {
			result_set(json, "errors", json_incref(errors));
			text = json_dumps(json, 0);
			ck_assert_int_eq(read_text(text, &result, cause), 0);
			ck_assert_double_eq(result_count_errors(&result), i);
			result_clear(&result);
			free(text);
		}
		(void)snprintf(name, sizeof(name), "e%d", i);
		(void)json_object_set_new(errors, name, json_integer(1));
	}
	text = json_dumps(json, 0);
	ck_assert_int_eq(read_text(text, &result, cause), -1);
	free(text);
	json_decref(errors);
	json_decref(json);
}
END_TEST

START_TEST(a_name_that_stands_twice_is_refused)
{
	struct result result;
	char cause[CODEC_CAUSE_SIZE];

	ck_assert_int_eq(
		read_text("{\"rate\": 1,\n\"rate\": 2}", &result, cause), -1);
	ck_assert_ptr_nonnull(strstr(cause, "this is not JSON: line 2"));
	ck_assert_ptr_nonnull(strstr(cause, "duplicate"));
	ck_assert_ptr_nonnull(strstr(cause, "--output=FILE.json"));
	ck_assert_ptr_null(result.source);
}
END_TEST

/* It says nothing to a terminal, and ends. */
START_TEST(a_cause_quotes_no_control_bytes)
{
	struct result result;
	char cause[CODEC_CAUSE_SIZE], text[2000];

	memset(text, '\033', sizeof(text));
	text[0] = '"';
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(read_text(text, &result, cause), -1);
	ck_assert_uint_lt(strlen(cause), CODEC_CAUSE_SIZE);
	for (const char *c = cause; *c; c++)
		ck_assert(*c >= ' ' && *c < 0x7f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec");
	TCase *tcase = harness_case(suite, "writing");

	tcase_add_loop_test(tcase, what_is_written_is_read_as_it_was, 0, 2);
	tcase_add_loop_test(tcase, a_file_is_whole_or_not_written, 0, 2);
	tcase_add_test(tcase, each_counter_stands_at_its_name);
	tcase_add_test(tcase, a_line_of_an_interval_is_what_it_was);
	tcase_add_test(tcase, what_there_is_none_of_is_left_out_or_null);
	tcase_add_test(tcase, words_that_are_no_utf8_are_written_all_the_same);

	tcase = harness_case(suite, "reading");
	tcase_add_loop_test(tcase,
			    what_stands_at_a_known_name_must_be_of_its_type, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, more_kinds_of_errors_than_there_are_are_refused);
	tcase_add_test(tcase, a_name_that_stands_twice_is_refused);
	tcase_add_test(tcase, a_cause_quotes_no_control_bytes);
	return harness_run_together(suite);
}
