/* SPDX-License-Identifier: MIT */
/*
 * Two results side by side: the right numbers and ratios in 80 columns, a
 * warning before unlike things, and one clear line for a file that is none.
 */
#include "result/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "result_fixture.h"

static char *folder;

static void set_up(void)
{
	folder = folder_new();
}

static void tear_down(void)
{
	free(folder);
}

/* What a comparison printed. */
struct printed {
	int result;
	char *out;
	char *err;
};

static char *read_all(FILE *in)
{
	char *data = bytes_new(65536);
	size_t len;

	rewind(in);
	len = fread(data, 1, 65535, in);
	data[len] = '\0';
	return data;
}

static struct printed compare_files(const char *path_a, const char *path_b)
{
	FILE *out = tmpfile(), *err = tmpfile();
	int kept = dup(STDERR_FILENO);
	struct printed printed;

	ck_assert_ptr_nonnull(out);
	ck_assert_ptr_nonnull(err);
	ck_assert_int_ge(dup2(fileno(err), STDERR_FILENO), 0);
	printed.result = compare_print(path_a, path_b, out);
	ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
	(void)close(kept);
	printed.out = read_all(out);
	printed.err = read_all(err);
	(void)fclose(out);
	(void)fclose(err);
	return printed;
}

/* Compares two results, whose references are taken. */
static struct printed compare(json_t *a, json_t *b)
{
	char *path_a = result_save(a, folder, "a.json");
	char *path_b = result_save(b, folder, "b.json");
	struct printed printed = compare_files(path_a, path_b);

	json_decref(a);
	json_decref(b);
	free(path_a);
	free(path_b);
	return printed;
}

static void printed_clear(struct printed *printed)
{
	free(printed->out);
	free(printed->err);
}

static void assert_has(const char *text, const char *word)
{
	ck_assert_msg(strstr(text, word), "\"%s\" is not in: %s", word, text);
}

static void assert_lacks(const char *text, const char *word)
{
	ck_assert_msg(!strstr(text, word), "\"%s\" is in: %s", word, text);
}

/* Fails unless the row with this name has these three columns. */
static void assert_row(const char *out, const char *name, const char *a,
		       const char *b, const char *ratio)
{
	char row[128];

	(void)snprintf(row, sizeof(row), "\n%-20s%24s%24s%11s\n", name, a, b,
		       ratio);
	assert_has(out, row);
}

/* --- two results --- */

START_TEST(numbers_stand_side_by_side_with_their_ratio)
{
	struct printed printed = compare(result_closed(), result_open());

	ck_assert_int_eq(printed.result, 0);
	ck_assert_str_eq(printed.err, "");
	assert_row(printed.out, "", "A", "B", "B / A");
	assert_row(printed.out, "protocol", "tcp", "udp", "differs");
	assert_row(printed.out, "clients", "100", "100", "1.00");
	assert_row(printed.out, "duration", "30.0 s", "30.0 s", "1.00");
	assert_row(printed.out, "exchanges/s", "20,000", "19,812", "0.99");
	assert_row(printed.out, "latency p50", "63.0 us", "630 us", "10.00");
	assert_row(printed.out, "latency p99.9", "401 us", "4.01 ms", "10.00");
	assert_row(printed.out, "service max", "483 us", "483 us", "1.00");
	assert_row(printed.out, "bytes sent", "38.4 MB", "38.4 MB", "1.00");
	assert_row(printed.out, "used of a core", "0.31", "0.31", "1.00");
	assert_row(printed.out, "sent late by, p50", "11.0 us", "11.0 us",
		   "1.00");
	assert_row(printed.out, "sent late by, p99", "48.0 us", "48.0 us",
		   "1.00");
	printed_clear(&printed);
}
END_TEST

START_TEST(nothing_has_no_ratio)
{
	struct printed printed = compare(result_closed(), result_open());

	assert_row(printed.out, "target", "-", "20,000", "-");
	assert_row(printed.out, "lost", "0", "73", "-");
	assert_row(printed.out, "corrupt", "0", "0", "-");
	printed_clear(&printed);
	printed = compare(result_open(), result_nothing_answered());
	ck_assert_int_eq(printed.result, 0);
	assert_row(printed.out, "latency p50", "630 us", "-", "-");
	assert_row(printed.out, "exchanges", "600,000", "0", "0");
	printed_clear(&printed);
}
END_TEST

START_TEST(errors_of_either_have_a_row)
{
	json_t *a = result_open(), *b = result_closed();
	struct printed printed;

	result_set(b, "errors",
		   json_pack("{s:i,s:i}", "timeout", 41, "HTTP 404", 7));
	printed = compare(a, b);
	assert_row(printed.out, "errors", "83", "48", "0.58");
	assert_row(printed.out, "  timeout", "82", "41", "0.50");
	assert_row(printed.out, "  ECONNREFUSED", "1", "0", "0");
	assert_row(printed.out, "  HTTP 404", "0", "7", "-");
	printed_clear(&printed);
}
END_TEST

static const struct {
	double a, b;
	const char *ratio;
} ratios[] = {
	{1, 1, "1.00"},		 {3, 2, "0.67"},	 {1, 12.344, "12.34"},
	{1, 250, "250"},	 {1, 5e6, "5e+06"},	 {1000, 9, "0.009"},
	{100000, 1, "1e-05"},	 {1, 0.0994, "0.099"},	 {1, 0.0995, "0.10"},
	{1, 99.94, "99.94"},	 {1, 99.95, "100"},	 {1, 999.5, "1,000"},
	{2, 1999998, "999,999"}, {1, 999999.5, "1e+06"}, {0.5, 0.5, "1.00"},
};

START_TEST(a_ratio_has_as_many_digits_as_mean_something)
{
	json_t *a = result_closed(), *b = result_closed();
	struct printed printed;
	char tail[32];
	const char *row;

	result_set(a, "rate", json_real(ratios[_i].a));
	result_set(b, "rate", json_real(ratios[_i].b));
	printed = compare(a, b);
	row = strstr(printed.out, "\nexchanges/s ");
	ck_assert_ptr_nonnull(row);
	(void)snprintf(tail, sizeof(tail), "%11s\n", ratios[_i].ratio);
	ck_assert_int_eq(strncmp(row + 69, tail, strlen(tail)), 0);
	printed_clear(&printed);
}
END_TEST

START_TEST(command_and_verdict_say_what_is_compared)
{
	json_t *a = result_closed(), *b = result_closed();
	struct printed printed;

	result_set(b, "command", json_string("uppercase-load -c5 ::1 12000"));
	result_set(b, "verdict", json_string("the generator was the limit"));
	printed = compare(a, b);
	assert_has(printed.out, "/a.json\n    uppercase-load --clients=100 "
				"localhost 12000\n    the server was the "
				"limit\n");
	assert_has(printed.out, "/b.json\n    uppercase-load -c5 ::1 12000\n"
				"    the generator was the limit\n");
	printed_clear(&printed);
}
END_TEST

START_TEST(unlike_things_are_called_so)
{
	json_t *other = result_closed();
	struct printed printed = compare(result_closed(), result_closed());

	assert_lacks(printed.out, "Not alike");
	assert_lacks(printed.out, "differs");
	printed_clear(&printed);

	result_set(other, "mode", json_string("open"));
	result_set(other, "host.kernel", json_string("Linux 6.8"));
	printed = compare(result_closed(), other);
	assert_has(printed.out,
		   "\nNot alike: mode.\nIn open loop latency counts");
	assert_row(printed.out, "kernel", "Linux 6.1.0-28-amd64", "Linux 6.8",
		   "differs");
	printed_clear(&printed);

	other = result_open();
	result_set(other, "pipeline", json_integer(8));
	printed = compare(result_closed(), other);
	assert_has(printed.out, "\nNot alike: protocol, mode, pipeline.\n");
	printed_clear(&printed);
}
END_TEST

/* Neither of less than nothing nor of nothing. */
START_TEST(what_cannot_be_has_no_ratio)
{
	static const double pairs[][2] = {{-1, 1}, {1, -1}, {0, 1}, {-2, -1}};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		json_t *a = result_closed(), *b = result_closed();
		struct printed printed;

		result_set(a, "clients", json_real(pairs[i][0]));
		result_set(b, "clients", json_real(pairs[i][1]));
		printed = compare(a, b);
		assert_has(strstr(printed.out, "\nclients "),
			   "          -\nduration");
		printed_clear(&printed);
	}
}
END_TEST

START_TEST(each_group_of_rows_stands_apart)
{
	static const char *const firsts[] = {
		"",	      "exchanges/s",	"latency min", "service min",
		"exchanges ", "used of a core",
	};
	struct printed printed = compare(result_closed(), result_open());
	char start[32];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		(void)snprintf(start, sizeof(start), "\n\n%s", firsts[i]);
		assert_has(printed.out, start);
	}
	for (char *at = printed.out; (at = strstr(at, "\n\n")); at++)
		n++;
	ck_assert_uint_eq(n, ARRAY_LEN(firsts));
	printed_clear(&printed);
}
END_TEST

static const struct {
	const char *path;
	const char *value; /* in JSON */
	const char *warning;
} settings[] = {
	{"path", "\"/\"", "\nNot alike: path.\n"},
	{"pipeline", "1", "\nNot alike: pipeline.\n"},
	{"size_bytes", "[1, 2]", "\nNot alike: size_bytes.\n"},
	{"connect_per_request", "true", "\nNot alike: connect_per_request.\n"},
};

START_TEST(a_setting_of_one_alone_makes_them_unlike)
{
	json_t *other = result_closed();
	struct printed printed;

	result_set(other, settings[_i].path,
		   json_loads(settings[_i].value, JSON_DECODE_ANY, NULL));
	json_incref(other);
	printed = compare(result_closed(), other);
	assert_has(printed.out, settings[_i].warning);
	assert_lacks(printed.out, "In open loop");
	printed_clear(&printed);
	printed = compare(other, json_deep_copy(other));
	assert_lacks(printed.out, "Not alike");
	printed_clear(&printed);
}
END_TEST

/* One of two sizes is enough. */
START_TEST(ranges_of_sizes_differ_by_either_end)
{
	static const char *const others[] = {"[2, 9]", "[1, 8]"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		json_t *a = result_closed(), *b = result_closed();
		struct printed printed;

		result_set(a, "size_bytes", json_pack("[i,i]", 1, 9));
		result_set(b, "size_bytes", json_loads(others[i], 0, NULL));
		printed = compare(a, b);
		assert_has(printed.out, "\nNot alike: size_bytes.\n");
		printed_clear(&printed);
	}
}
END_TEST

/* --- what does not fit, and what bites --- */

/* Every line, and the words of the long ones. */
START_TEST(no_line_is_wider_than_80_columns)
{
	json_t *a = result_open(), *b = result_open();
	struct printed printed;
	char wide[400];

	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	wide[300] = ' ';
	result_set(a, "command", json_string(wide));
	result_set(a, "version", json_string(wide));
	result_set(a, "host.name", json_string(wide));
	result_set(a, "errors", json_pack("{s:i}", wide, 5));
	result_set(b, "rate", json_real(1e17));
	result_set(b, "exchanges", json_integer(INT64_MAX));
	result_set(b, "latency_us.max", json_real(1e300));
	printed = compare(a, b);
	ck_assert_int_eq(printed.result, 0);
	for (char *line = printed.out; *line;) {
		size_t len = strcspn(line, "\n");

		if (strncmp(line, "A:", 2) != 0 && strncmp(line, "B:", 2) != 0)
			ck_assert_msg(len <= 80, "%zu: %.*s", len, (int)len,
				      line);
		line += len + (line[len] == '\n');
	}
	printed_clear(&printed);
}
END_TEST

START_TEST(long_lines_break_between_words)
{
	json_t *a = result_closed();
	struct printed printed;

	result_set(a, "verdict",
		   json_string("the generator used 98 % of its core and was "
			       "late by 12 ms: it may have been the limit"));
	printed = compare(a, result_closed());
	assert_has(printed.out, "\n    the generator used 98 % of its core and "
				"was late by 12 ms: it may have been\n    the "
				"limit\n");
	printed_clear(&printed);
}
END_TEST

static const char *const texts[] = {
	"command", "verdict", "protocol", "version", "host.name", "host.kernel",
};

START_TEST(a_file_cannot_speak_to_the_terminal)
{
	json_t *a = result_closed();
	struct printed printed;

	result_set(a, texts[_i], json_string("x\033[31m\n\302\233y"));
	result_set(a, "errors", json_pack("{s:i}", "e\033]0;\a", 1));
	printed = compare(a, result_closed());
	ck_assert_int_eq(printed.result, 0);
	assert_has(printed.out, "x\\x1B[31m\\x0A");
	assert_has(printed.out, "  e\\x1B]0;\\x07");
	for (char *at = printed.out; *at; at++)
		ck_assert(*at == '\n' || (*at >= ' ' && *at < 0x7f));
	printed_clear(&printed);
}
END_TEST

/* --- files that are no results --- */

static const struct {
	const char *content; /* NULL: there is no file */
	const char *said;
} files[] = {
	{NULL, "No such file or directory"},
	{"", "this is not JSON: line 1"},
	{"rate 5\n", "this is not JSON: line 1"},
	{"{\"rate\": 5,\n\"lost\" 7}\n", "this is not JSON: line 2"},
	{"{\"t_s\": 1}\n{\"t_s\": 2}\n", "this is not JSON: line 2"},
	{"{\"\033[2J", "this is not JSON: line 1"},
	{"[]", "missing or of another type: command, version"},
	{"{}", "missing or of another type: command, version"},
};

START_TEST(a_file_that_is_no_result_is_named_with_the_reason)
{
	json_t *good = result_closed();
	char *path_a = result_save(good, folder, "a.json"), line[512];
	char *path_b = folder_path(folder, "other.json");
	struct printed printed;

	if (files[_i].content)
		folder_write_text(folder, "other.json", files[_i].content);
	printed = compare_files(path_a, path_b);
	ck_assert_int_eq(printed.result, -1);
	ck_assert_str_eq(printed.out, "");
	(void)snprintf(line, sizeof(line), "uppercase-load: %s: ", path_b);
	ck_assert_int_eq(strncmp(printed.err, line, strlen(line)), 0);
	assert_has(printed.err, files[_i].said);
	ck_assert_ptr_eq(strchr(printed.err, '\n'),
			 printed.err + strlen(printed.err) - 1);
	assert_lacks(printed.err, "\033");
	printed_clear(&printed);
	json_decref(good);
	free(path_a);
	free(path_b);
}
END_TEST

START_TEST(a_folder_is_no_result)
{
	struct printed printed = compare_files(folder, folder);

	ck_assert_int_eq(printed.result, -1);
	assert_has(printed.err, "Is a directory");
	printed_clear(&printed);
}
END_TEST

/* In every way in which a file can be no result. */
START_TEST(a_name_cannot_speak_to_the_terminal)
{
	static const char *const contents[] = {NULL, "{", "{}"};
	static const char name[] = "\033]0;x\007\302\233\nb.json";
	char *path = folder_path(folder, name);
	struct printed printed;

	if (contents[_i])
		folder_write_text(folder, name, contents[_i]);
	printed = compare_files(path, path);
	ck_assert_int_eq(printed.result, -1);
	assert_has(printed.err, "\\x1B]0;x\\x07\\xC2\\x9B\\x0Ab.json: ");
	assert_lacks(printed.err, "\033");
	assert_lacks(printed.err, "\007");
	printed_clear(&printed);
	free(path);
}
END_TEST

static const char *const keys[] = {
	"command",   "protocol",   "mode",	     "clients",	   "duration_s",
	"exchanges", "rate",	   "target_rate",    "latency_us", "service_us",
	"lost",	     "duplicate",  "reordered",	     "late",	   "corrupt",
	"errors",    "bytes_sent", "bytes_received", "generator",  "verdict",
	"version",   "host",
};

START_TEST(a_key_that_is_missing_is_named)
{
	json_t *bad = result_closed();
	struct printed printed;
	char said[128];

	ck_assert_int_eq(json_object_del(bad, keys[_i]), 0);
	printed = compare(bad, result_closed());
	ck_assert_int_eq(printed.result, -1);
	ck_assert_str_eq(printed.out, "");
	(void)snprintf(said, sizeof(said),
		       "/a.json: this is not a result of uppercase-load: "
		       "missing or of another type: %s\n",
		       keys[_i]);
	assert_has(printed.err, said);
	printed_clear(&printed);
}
END_TEST

START_TEST(a_key_of_another_type_is_named)
{
	json_t *bad = result_closed();
	struct printed printed;

	result_set(bad, "rate", json_string("fast"));
	result_set(bad, "latency_us", json_real(5));
	printed = compare(result_closed(), bad);
	ck_assert_int_eq(printed.result, -1);
	assert_has(printed.err,
		   "missing or of another type: rate, latency_us\n");
	printed_clear(&printed);
}
END_TEST

START_TEST(what_cannot_be_written_is_an_error)
{
	json_t *good = result_closed();
	char *path = result_save(good, folder, "a.json");
	FILE *full = fopen("/dev/full", "we");

	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(compare_print(path, path, full), -1);
	(void)fclose(full);
	json_decref(good);
	free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compare");
	TCase *tcase = harness_case(suite, "table");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, numbers_stand_side_by_side_with_their_ratio);
	tcase_add_test(tcase, nothing_has_no_ratio);
	tcase_add_test(tcase, errors_of_either_have_a_row);
	tcase_add_loop_test(tcase, a_ratio_has_as_many_digits_as_mean_something,
			    0, (int)ARRAY_LEN(ratios));
	tcase_add_test(tcase, command_and_verdict_say_what_is_compared);
	tcase_add_test(tcase, unlike_things_are_called_so);
	tcase_add_test(tcase, what_cannot_be_has_no_ratio);
	tcase_add_test(tcase, each_group_of_rows_stands_apart);
	tcase_add_loop_test(tcase, a_setting_of_one_alone_makes_them_unlike, 0,
			    (int)ARRAY_LEN(settings));
	tcase_add_test(tcase, ranges_of_sizes_differ_by_either_end);
	tcase_add_test(tcase, no_line_is_wider_than_80_columns);
	tcase_add_test(tcase, long_lines_break_between_words);
	tcase_add_loop_test(tcase, a_file_cannot_speak_to_the_terminal, 0,
			    (int)ARRAY_LEN(texts));

	tcase = harness_case(suite, "files");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
			    a_file_that_is_no_result_is_named_with_the_reason,
			    0, (int)ARRAY_LEN(files));
	tcase_add_test(tcase, a_folder_is_no_result);
	tcase_add_loop_test(tcase, a_name_cannot_speak_to_the_terminal, 0, 3);
	tcase_add_loop_test(tcase, a_key_that_is_missing_is_named, 0,
			    (int)ARRAY_LEN(keys));
	tcase_add_test(tcase, a_key_of_another_type_is_named);
	tcase_add_test(tcase, what_cannot_be_written_is_an_error);
	return harness_run_together(suite);
}
