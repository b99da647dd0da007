/* SPDX-License-Identifier: MIT */
/*
 * Prometheus' text format 0.0.4: every metric is introduced once and stands in
 * one piece, has a name by the conventions, and the value that was counted.
 */
#include "server/metrics.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "loop/faults.h"
#include "loop/loop.h"

static char buf[LOOP_OUT_SIZE + 1];
static struct counters counters;
static struct outcomes outcomes;
static struct snapshot snapshot;

static void set_up(void)
{
	memset(&counters, 0, sizeof(counters));
	memset(&outcomes, 0, sizeof(outcomes));
	snapshot = (struct snapshot){
		.started_s = 1234.5,
		.counters = &counters,
		.outcomes = &outcomes,
		.n_open = {[SERVER_HTTP] = 3},
		.n_open_most = 100,
		.n_descriptors_most = 128,
		.lag_ns = 2500000,
		.usage = {1500000000, 4096, 17},
	};
}

static const char *write_metrics(void)
{
	struct text text = text_in(buf, sizeof(buf) - 1);

	metrics_write(&text, &snapshot);
	ck_assert(!text.overflow);
	buf[text.len] = '\0';
	return buf;
}

/* Fails unless this is a whole line. */
static void expect_line(const char *text, const char *line)
{
	const char *at = text;
	size_t len = strlen(line);

	while ((at = strstr(at, line))) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return;
		at += len;
	}
	harness_fail("no line \"%s\" in:\n%s", line, text);
}

static void expect_duration(const char *text, const char *rest)
{
	char line[160];

	(void)snprintf(line, sizeof(line),
		       "uppercase_http_request_duration_seconds_%s", rest);
	expect_line(text, line);
}

START_TEST(values_are_those_that_were_counted)
{
	const char *text;

	counters.udp_datagrams = 7;
	counters.http_timeouts = UINT64_MAX;
	counters.accept_paused_ns = 1500000000;
	outcomes_note(&outcomes, HTTP_METHOD_HEAD, 404);
	outcomes_note(&outcomes, HTTP_METHOD_UNKNOWN, 501);
	outcomes_note_durations(&outcomes, 0, 5);
	outcomes_note_durations(&outcomes, 1500000000, 2);
	outcomes_note_durations(&outcomes, 200000000000, 1);
	text = write_metrics();
	expect_line(text, "uppercase_udp_datagrams_received_total 7");
	expect_line(text, "uppercase_connections_failed_total{service=\"http\","
			  "reason=\"timeout\"} 18446744073709551615");
	expect_line(text, "uppercase_accept_paused_seconds_total 1.500000000");
	expect_line(text, "uppercase_http_requests_total{method=\"HEAD\","
			  "code=\"404\"} 1");
	expect_line(text, "uppercase_http_requests_total{method=\"other\","
			  "code=\"501\"} 1");
	expect_duration(text, "bucket{le=\"0.001\"} 5");
	expect_duration(text, "bucket{le=\"0.01\"} 5");
	expect_duration(text, "bucket{le=\"1\"} 5");
	expect_duration(text, "bucket{le=\"10\"} 7");
	expect_duration(text, "bucket{le=\"100\"} 7");
	expect_duration(text, "bucket{le=\"+Inf\"} 8");
	expect_duration(text, "sum 203.000000000");
	expect_duration(text, "count 8");
	expect_line(text, "uppercase_connections_active{service=\"http\"} 3");
	expect_line(text, "uppercase_connections_max 100");
	expect_line(text, "uppercase_loop_lag_seconds 0.002500000");
	expect_line(text, "process_cpu_seconds_total 1.500000000");
	expect_line(text, "process_resident_memory_bytes 4096");
	expect_line(text, "process_open_fds 17");
	expect_line(text, "process_max_fds 128");
	expect_line(text, "process_start_time_seconds 1234.500");
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
	const char *text;

	snapshot.outcomes = NULL;
	snapshot.usage = (struct usage){0};
	text = write_metrics();
	ck_assert_ptr_null(strstr(text, "http_requests_total"));
	ck_assert_ptr_null(strstr(text, "process_resident_memory_bytes"));
	ck_assert_ptr_null(strstr(text, "process_open_fds"));
}
END_TEST

/* One that is asked for its rate must be there before it first happens. */
START_TEST(the_usual_answer_is_there_from_the_beginning)
{
	const char *text = write_metrics();

	expect_line(text, "uppercase_http_requests_total{method=\"GET\","
			  "code=\"200\"} 0");
	ck_assert_ptr_null(strstr(text, "method=\"HEAD\""));
	outcomes_note(&outcomes, HTTP_METHOD_GET, 200);
	outcomes_note(&outcomes, HTTP_METHOD_HEAD, 200);
	text = write_metrics();
	expect_line(text, "uppercase_http_requests_total{method=\"GET\","
			  "code=\"200\"} 1");
	expect_line(text, "uppercase_http_requests_total{method=\"HEAD\","
			  "code=\"200\"} 1");
}
END_TEST

/* What several counters mean together, each meaning once. */
START_TEST(a_metric_says_what_all_of_it_means)
{
	const char *text = write_metrics();

	expect_line(text, "# HELP uppercase_connections_accepted_total "
			  "connections accepted");
	expect_line(text,
		    "# HELP uppercase_connections_failed_total connections "
		    "closed for being idle; connections closed by --min-rate; "
		    "connections that failed, resets included; connections "
		    "closed for being idle or too slow");
	expect_line(text, "# HELP uppercase_udp_datagrams_received_total "
			  "datagrams received");
	expect_line(text,
		    "# TYPE uppercase_udp_datagrams_received_total counter");
}
END_TEST

static const char *const heads[] = {
	"# HELP uppercase_build_info always 1; what runs stands in the labels\n"
	"# TYPE uppercase_build_info gauge\n"
	"uppercase_build_info{version=\"" PACKAGE_VERSION "\"} 1\n",
	"# HELP uppercase_draining 1 while the server is stopping\n"
	"# TYPE uppercase_draining gauge\n"
	"uppercase_draining 0\n",
	"# HELP uppercase_http_requests_total requests by method and status, "
	"those refused included\n"
	"# TYPE uppercase_http_requests_total counter\n",
	"# TYPE uppercase_http_request_duration_seconds histogram\n"
	"uppercase_http_request_duration_seconds_bucket{le=\"0.001\"} 0\n"
	"uppercase_http_request_duration_seconds_bucket{le=\"0.01\"} 0\n"
	"uppercase_http_request_duration_seconds_bucket{le=\"0.1\"} 0\n"
	"uppercase_http_request_duration_seconds_bucket{le=\"1\"} 0\n"
	"uppercase_http_request_duration_seconds_bucket{le=\"10\"} 0\n"
	"uppercase_http_request_duration_seconds_bucket{le=\"100\"} 0\n"
	"uppercase_http_request_duration_seconds_bucket{le=\"+Inf\"} 0\n"
	"uppercase_http_request_duration_seconds_sum 0.000000000\n"
	"uppercase_http_request_duration_seconds_count 0\n"
	"# HELP uppercase_connections_active connections open now\n"
	"# TYPE uppercase_connections_active gauge\n"
	"uppercase_connections_active{service=\"tcp\"} 0\n"
	"uppercase_connections_active{service=\"http\"} 3\n"
	"uppercase_connections_active{service=\"admin\"} 0\n"
	"# HELP uppercase_connections_max ",
	"# TYPE uppercase_loop_lag_seconds gauge\n"
	"uppercase_loop_lag_seconds 0.002500000\n"
	"# HELP process_cpu_seconds_total ",
	"# TYPE process_cpu_seconds_total counter\n"
	"process_cpu_seconds_total 1.500000000\n"
	"# HELP process_open_fds open descriptors\n"
	"# TYPE process_open_fds gauge\n"
	"process_open_fds 17\n"
	"# HELP process_max_fds descriptors that may be open\n"
	"# TYPE process_max_fds gauge\n"
	"process_max_fds 128\n"
	"# HELP process_resident_memory_bytes memory that is resident\n"
	"# TYPE process_resident_memory_bytes gauge\n"
	"process_resident_memory_bytes 4096\n"
	"# HELP process_start_time_seconds when the process began, in seconds "
	"since 1970\n"
	"# TYPE process_start_time_seconds gauge\n"
	"process_start_time_seconds 1234.500\n",
};

START_TEST(each_metric_has_its_kind)
{
	const char *text = write_metrics();

	if (!strstr(text, heads[_i]))
		harness_fail("no\n%s in:\n%s", heads[_i], text);
}
END_TEST

START_TEST(a_drain_is_told)
{
	snapshot.is_draining = true;
	expect_line(write_metrics(), "uppercase_draining 1");
}
END_TEST

START_TEST(rules_of_faults_are_labels)
{
	static const char *const rules[] = {
		"http path=/a\"b*: status 503",
		"tcp: close after 10B",
	};
	char cause[FAULT_CAUSE_SIZE];
	struct faults *faults = faults_new(7, rules, ARRAY_LEN(rules), cause);
	const char *text;

	ck_assert_msg(faults, "%s", cause);
	snapshot.faults = faults;
	text = write_metrics();
	expect_line(text, "# TYPE uppercase_fault_rule_info gauge");
	expect_line(text, "uppercase_fault_rule_info{rule=\"1\",text=\"http "
			  "path=/a\\\"b*: status 503\"} 1");
	expect_line(text, "uppercase_fault_rule_info{rule=\"2\",text=\"tcp: "
			  "close after 10B\"} 1");
	snapshot.faults = NULL;
	ck_assert_ptr_null(strstr(write_metrics(), "fault_rule_info"));
	faults_free(faults);
}
END_TEST

/* The metric of a sample's line. */
static size_t metric_len(const char *line)
{
	return strcspn(line, "{ ");
}

static void check_name(const char *line, size_t len, bool is_counter)
{
	ck_assert(strncmp(line, "uppercase_", 10) == 0 ||
		  strncmp(line, "process_", 8) == 0);
	for (size_t i = 0; i < len; i++)
		ck_assert_msg(islower((unsigned char)line[i]) || line[i] == '_',
			      "%s", line);
	ck_assert_msg((strncmp(line + len - 6, "_total", 6) == 0) == is_counter,
		      "%s", line);
}

static void check_sample(const char *line)
{
	const char *value = strrchr(line, ' ');
	char *end;

	ck_assert_ptr_nonnull(value);
	(void)strtod(value, &end);
	ck_assert_msg(end > value && *end == '\0', "%s", line);
	if (line[metric_len(line)] == '{')
		ck_assert_msg(value[-1] == '}', "%s", line);
}

/* A histogram's samples have its name and one of these behind it. */
static bool is_of_histogram(const char *line, const char *name)
{
	static const char *const ends[] = {"_bucket", "_sum", "_count"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (strncmp(line, name, len) == 0 &&
		    metric_len(line) == len + strlen(ends[i]) &&
		    strncmp(line + len, ends[i], strlen(ends[i])) == 0)
			return true;
	return false;
}

/* Every metric: HELP, TYPE, its samples; and its name never again. */
START_TEST(each_metric_is_introduced_once_and_in_one_piece)
{
	char seen[8192] = "\n", name[128] = "", key[160];
	bool is_counter = false, is_histogram = false;
	size_t n = 0;

	for (char *line = strtok((char *)(uintptr_t)write_metrics(), "\n");
	     line; line = strtok(NULL, "\n")) {
		size_t len = metric_len(line);

		if (strncmp(line, "# HELP ", 7) == 0) {
			(void)snprintf(name, sizeof(name), "%.*s",
				       (int)metric_len(line + 7), line + 7);
			(void)snprintf(key, sizeof(key), "\n%s\n", name);
			ck_assert_msg(!strstr(seen, key), "twice: %s", name);
			strcat(seen, key + 1);
			ck_assert_uint_gt(strlen(line), 7 + strlen(name) + 5);
			n++;
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			len = strlen(name);
			ck_assert_int_eq(strncmp(line + 7, name, len), 0);
			is_counter = strcmp(line + 7 + len, " counter") == 0;
			is_histogram =
				strcmp(line + 7 + len, " histogram") == 0;
			ck_assert(is_counter || is_histogram ||
				  strcmp(line + 7 + len, " gauge") == 0);
		} else {
			ck_assert_msg(is_histogram ? is_of_histogram(line, name)
						   : len == strlen(name) &&
							     memcmp(line, name,
								    len) == 0,
				      "%s is not introduced", line);
			check_name(line, len, is_counter);
			check_sample(line);
		}
	}
	ck_assert_uint_gt(n, 20);
}
END_TEST

/* Every status that is sent, and numbers as long as they get. */
START_TEST(the_longest_text_fits_an_answer)
{
	memset(&counters, 0xff, sizeof(counters));
	memset(&outcomes, 0xff, sizeof(outcomes));
	ck_assert_uint_lt(strlen(write_metrics()), LOOP_OUT_SIZE / 2);
}
END_TEST

START_TEST(a_reload_that_failed_is_told)
{
	struct reload_note reload = {.at_s = 0};

	expect_line(write_metrics(),
		    "uppercase_config_last_reload_successful 1");
	snapshot.reload = &reload;
	expect_line(write_metrics(),
		    "uppercase_config_last_reload_successful 1");
	reload.at_s = 1795720294;
	expect_line(write_metrics(),
		    "uppercase_config_last_reload_successful 0");
	reload.is_good = true;
	expect_line(write_metrics(),
		    "uppercase_config_last_reload_successful 1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tcase = harness_case(suite, "metrics");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, values_are_those_that_were_counted);
	tcase_add_test(tcase, what_is_not_known_is_left_out);
	tcase_add_test(tcase, the_usual_answer_is_there_from_the_beginning);
	tcase_add_test(tcase, a_metric_says_what_all_of_it_means);
	tcase_add_loop_test(tcase, each_metric_has_its_kind, 0,
			    ARRAY_LEN(heads));
	tcase_add_test(tcase, a_drain_is_told);
	tcase_add_test(tcase, rules_of_faults_are_labels);
	tcase_add_test(tcase, each_metric_is_introduced_once_and_in_one_piece);
	tcase_add_test(tcase, the_longest_text_fits_an_answer);
	tcase_add_test(tcase, a_reload_that_failed_is_told);
	return harness_run(suite);
}
