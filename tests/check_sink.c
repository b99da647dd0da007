/* SPDX-License-Identifier: MIT */
/*
 * Files of results: what kind each is by its name, what stands in them and
 * when, and what becomes of those that cannot be written.
 */
#include "load/sink.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "scarce.h"

static struct load_options options;
static struct result result;
static struct result_row row;
static char *folder, cause[SINK_CAUSE_SIZE];
static struct sink *sink;

static void set_up(void)
{
	options = (struct load_options){0};
	folder = folder_new();
	result_init(&result);
	row = result_row_none();
	row.rate = 7;
	sink = NULL;
}

static void tear_down(void)
{
	sink_free(sink);
	for (size_t i = 0; i < options.n_outputs; i++)
		free((void *)(uintptr_t)options.outputs[i]);
	free(folder);
}

static const char *output(const char *name)
{
	char *path = folder_path(folder, name);

	options.outputs[options.n_outputs++] = path;
	return path;
}

static void begin(void)
{
	sink = sink_new(&options, cause);
	ck_assert_msg(sink != NULL, "%s", cause);
}

/* What is in the file; NULL when there is none. Freed with the process. */
static const char *content(const char *path)
{
	char *data = bytes_new(100000);
	FILE *in = fopen(path, "re");
	size_t len;

	if (!in)
		return NULL;
	len = fread(data, 1, 99999, in);
	data[len] = '\0';
	(void)fclose(in);
	return data;
}

static const struct {
	const char *name, *begins, *ends;
} kinds[] = {
	{"r.json", "{\n  \"command\": null,\n", "\n  \"intervals\": []\n}\n"},
	{"r", "{\n  \"command\": null,\n", "\n  \"intervals\": []\n}\n"},
	{"r.csv.json", "{\n", "}\n"},
	{"r.ndjson", "{\"t_s\":null,\"rate\":7.0,", ",\"intervals\":[]}\n"},
	{"r.csv", "t_s,rate,p50_us,p90_us,", "time\n,7,,,,,,,,,,\n"},
	{"r.html", "<!DOCTYPE html>\n", "</html>\n"},
};

START_TEST(the_kind_is_what_the_name_ends_in)
{
	const char *path = output(kinds[_i].name), *data;

	begin();
	sink_add_interval(sink, &row);
	ck_assert_ptr_null(content(path)); /* not before it is whole */
	ck_assert_int_eq(sink_finish(sink, &result, true, cause), 0);
	data = content(path);
	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(
		strncmp(data, kinds[_i].begins, strlen(kinds[_i].begins)), 0);
	ck_assert_str_eq(data + strlen(data) - strlen(kinds[_i].ends),
			 kinds[_i].ends);
}
END_TEST

START_TEST(a_pipe_is_given_each_interval_at_once)
{
	const char *path = output("r.ndjson");
	char buf[1000];
	int fd;
	ssize_t n;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	begin();
	sink_add_interval(sink, &row);
	n = read(fd, buf, sizeof(buf));
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(buf[n - 1], '\n');
	ck_assert_int_eq(sink_finish(sink, &result, true, cause), 0);
	ck_assert_int_gt(read(fd, buf, sizeof(buf)), 0);
	(void)close(fd);
}
END_TEST

START_TEST(all_files_are_written)
{
	const char *first = output("a.json"), *second = output("b.csv");

	begin();
	ck_assert_int_eq(sink_finish(sink, &result, true, cause), 0);
	ck_assert_ptr_nonnull(content(first));
	ck_assert_ptr_nonnull(content(second));
}
END_TEST

START_TEST(a_name_that_cannot_be_costs_no_run)
{
	char want[600];
	const char *good = output("a.json"), *bad = output("no/b.json");

	ck_assert_ptr_null(sink_new(&options, cause));
	(void)snprintf(want, sizeof(want),
		       "output \"%.300s\": No such file or directory", bad);
	ck_assert_str_eq(cause, want);
	ck_assert_ptr_null(content(good));
}
END_TEST

START_TEST(what_measured_nothing_leaves_an_earlier_result)
{
	const char *old = output("old.json"), *new = output("new.json");

	folder_write_text(folder, "old.json", "earlier");
	begin();
	ck_assert_int_eq(sink_finish(sink, &result, false, cause), 0);
	ck_assert_str_eq(content(old), "earlier");
	ck_assert_ptr_nonnull(content(new));
}
END_TEST

START_TEST(what_measured_something_replaces_it)
{
	const char *old = output("old.json");

	folder_write_text(folder, "old.json", "earlier");
	begin();
	ck_assert_str_eq(content(old), "earlier");
	ck_assert_int_eq(sink_finish(sink, &result, true, cause), 0);
	ck_assert_int_eq(content(old)[0], '{');
}
END_TEST

/* The others are written all the same. */
START_TEST(a_full_device_is_told)
{
	static const char *const names[] = {"f.json", "f.ndjson", "f.csv",
					    "f.html"};
	const char *full = output(names[_i]), *good = output("b.json");
	char want[600];

	ck_assert_int_eq(symlink("/dev/full", full), 0);
	begin();
	sink_add_interval(sink, &row);
	ck_assert_int_eq(sink_finish(sink, &result, true, cause), -1);
	(void)snprintf(want, sizeof(want),
		       "output \"%.300s\": No space left on device", full);
	ck_assert_str_eq(cause, want);
	ck_assert_ptr_nonnull(content(good));
}
END_TEST

START_TEST(without_files_there_is_nothing_to_do)
{
	begin();
	sink_add_interval(sink, &row);
	ck_assert_int_eq(sink_finish(sink, &result, true, cause), 0);
}
END_TEST

static int next_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	(void)close(fd);
	return fd;
}

START_TEST(nothing_stays_open)
{
	int next = next_descriptor();

	(void)output("a.json");
	(void)output("b.csv");
	begin();
	ck_assert_int_eq(next_descriptor(), next + 4);
	sink_free(sink);
	ck_assert_int_eq(next_descriptor(), next);
	begin();
	ck_assert_int_eq(sink_finish(sink, &result, true, cause), 0);
	sink_free(sink);
	ck_assert_int_eq(next_descriptor(), next);
	/* Of those before the one that cannot be. */
	(void)output("no/c.json");
	ck_assert_ptr_null(sink_new(&options, cause));
	ck_assert_int_eq(next_descriptor(), next);
	sink = NULL;
}
END_TEST

/* At each descriptor that it takes. */
START_TEST(without_descriptors_the_cause_is_told)
{
	struct rlimit limit;
	int next = next_descriptor();

	(void)output("a.json");
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int n = 0; n <= 1; n++) {
		limit.rlim_cur = (rlim_t)(next + n);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		ck_assert_ptr_null(sink_new(&options, cause));
		ck_assert_ptr_nonnull(strstr(cause, ": Too many open files"));
	}
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

START_TEST(without_memory_too)
{
	strcpy(cause, "untold");
	scarce_memory(1);
	sink = sink_new(&options, cause);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(sink);
	ck_assert_str_eq(cause, "out of memory");
}
END_TEST

/* Each of them has all. */
START_TEST(intervals_go_to_every_file_that_has_them)
{
	const char *first = output("a.csv"), *second = output("b.ndjson");
	size_t n = 0;

	begin();
	sink_add_interval(sink, &row);
	sink_add_interval(sink, &row);
	ck_assert_int_eq(sink_finish(sink, &result, true, cause), 0);
	for (const char *at = content(first); (at = strstr(at, ",7,")); at++)
		n++;
	ck_assert_uint_eq(n, 2);
	for (const char *at = content(second);
	     (at = strstr(at, "\"rate\":7.0")); at++)
		n++;
	ck_assert_uint_eq(n, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sink");
	TCase *tcase = harness_case(suite, "sink");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_kind_is_what_the_name_ends_in, 0,
			    (int)ARRAY_LEN(kinds));
	tcase_add_test(tcase, a_pipe_is_given_each_interval_at_once);
	tcase_add_test(tcase, all_files_are_written);
	tcase_add_test(tcase, a_name_that_cannot_be_costs_no_run);
	tcase_add_test(tcase, what_measured_nothing_leaves_an_earlier_result);
	tcase_add_test(tcase, what_measured_something_replaces_it);
	tcase_add_loop_test(tcase, a_full_device_is_told, 0, 4);
	tcase_add_test(tcase, without_files_there_is_nothing_to_do);
	tcase_add_test(tcase, nothing_stays_open);
	tcase_add_test(tcase, without_descriptors_the_cause_is_told);
	tcase_add_test(tcase, without_memory_too);
	tcase_add_test(tcase, intervals_go_to_every_file_that_has_them);
	return harness_run(suite);
}
