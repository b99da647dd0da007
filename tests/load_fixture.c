/* SPDX-License-Identifier: MIT */
/*
 * Runs of uppercase-load and their results.
 */
#include "load_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ARGS_MAX 30

void load_use(void)
{
	const char *path = getenv("LOAD");

	if (setenv("CLIENT", path ? path : "src/uppercase-load", 1) != 0)
		abort();
}

static const struct {
	const char *key;
	json_type type;
} keys[] = {
	{"command", JSON_STRING},
	{"protocol", JSON_STRING},
	{"mode", JSON_STRING},
	{"clients", JSON_INTEGER},
	{"duration_s", JSON_REAL},
	{"exchanges", JSON_INTEGER},
	{"rate", JSON_REAL},
	{"latency_us", JSON_OBJECT},
	{"service_us", JSON_OBJECT},
	{"lost", JSON_INTEGER},
	{"duplicate", JSON_INTEGER},
	{"reordered", JSON_INTEGER},
	{"late", JSON_INTEGER},
	{"corrupt", JSON_INTEGER},
	{"errors", JSON_OBJECT},
	{"bytes_sent", JSON_INTEGER},
	{"bytes_received", JSON_INTEGER},
	{"generator", JSON_OBJECT},
	{"verdict", JSON_STRING},
	{"version", JSON_STRING},
	{"host", JSON_OBJECT},
	{"intervals", JSON_ARRAY},
	{"histogram", JSON_ARRAY},
	{"started", JSON_STRING},
};

static const char *const times[] = {"min", "mean", "p50",  "p75",   "p90",
				    "p95", "p99",  "p999", "p9999", "max"};

static void expect_times(const json_t *object, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		const json_t *time = json_object_get(object, times[i]);

		ck_assert_msg(json_is_real(time) || json_is_null(time),
			      "%s.%s: neither a number nor null", name,
			      times[i]);
	}
}

void load_expect_complete(const json_t *result)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const json_t *value = json_object_get(result, keys[i].key);

		ck_assert_msg(value && json_typeof(value) == keys[i].type,
			      "key %s: missing or of another type",
			      keys[i].key);
	}
	ck_assert_ptr_nonnull(json_object_get(result, "target_rate"));
	expect_times(json_object_get(result, "latency_us"), "latency_us");
	expect_times(json_object_get(result, "service_us"), "service_us");
	expect_times(json_object_get(json_object_get(result, "generator"),
				     "lateness_us"),
		     "lateness_us");
	ck_assert(load_number(result, "generator.cpu_share") >= 0);
}

char *load_read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = bytes_new(1 << 20);
	size_t len;

	if (!file)
		harness_fail("%s: cannot be read", path);
	len = fread(text, 1, (1 << 20) - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return text;
}

json_t *load_run_args(int status, const char *const args[])
{
	const char *argv[ARGS_MAX + 5];
	char *folder = folder_new(), *path = folder_path(folder, "r.json");
	struct outcome outcome;
	json_error_t error;
	json_t *result;
	size_t n = 0;

	argv[n++] = "-q";
	argv[n++] = "-o";
	argv[n++] = path;
	argv[n++] = "127.0.0.1";
	for (; *args; args++) {
		ck_assert_uint_lt(n, ARGS_MAX);
		argv[n++] = *args;
	}
	argv[n] = NULL;
	outcome = client_run_args("", argv);
	result = json_load_file(path, 0, &error);
	if (outcome.status != status || !result)
		harness_fail("status %d, expected %d; result: %s; said: %s%s",
			     outcome.status, status,
			     result ? json_dumps(result, JSON_INDENT(1))
				    : error.text,
			     outcome.out, outcome.err);
	ck_assert_str_eq(outcome.out, "");
	load_expect_complete(result);
	load_expect_sums(result);
	outcome_clear(&outcome);
	free(path);
	free(folder);
	return result;
}

double load_number(const json_t *result, const char *path)
{
	const json_t *value = result;
	const char *at = path;
	char name[64];

	while (*at != '\0') {
		size_t len = strcspn(at, ".");

		(void)snprintf(name, sizeof(name), "%.*s", (int)len, at);
		value = json_object_get(value, name);
		at += len + (at[len] == '.');
	}
	if (!json_is_number(value))
		harness_fail("%s: no number", path);
	return json_number_value(value);
}

double load_errors(const json_t *result, const char *name)
{
	return json_number_value(
		json_object_get(json_object_get(result, "errors"), name));
}

void load_expect_sums(const json_t *result)
{
	static const char *const ends[] = {"exchanges", "lost",	  "late",
					   "corrupt",	"failed", "unfinished"};
	double sum = 0, timed = 0, answers = load_number(result, "exchanges");
	const char *name;
	json_t *pair, *n;
	size_t i;

	for (i = 0; i < ARRAY_LEN(ends); i++)
		sum += load_number(result, ends[i]);
	ck_assert_msg(fabs(sum - load_number(result, "sent")) < 0.5,
		      "sent %g, but ended %g", load_number(result, "sent"),
		      sum);
	json_array_foreach (json_object_get(result, "histogram"), i, pair)
		timed += json_number_value(json_array_get(pair, 1));
	/* An answer with another status has its latency, too. */
	json_object_foreach (json_object_get(result, "errors"), name, n)
		if (strncmp(name, "HTTP ", 5) == 0)
			answers += json_number_value(n);
	ck_assert_msg(fabs(timed - answers) < 0.5, "%g latencies of %g answers",
		      timed, answers);
}

json_t *load_step(const json_t *result, size_t i)
{
	return json_array_get(json_object_get(result, "steps"), i);
}

bool load_step_held(const json_t *result, size_t i)
{
	return json_is_true(json_object_get(load_step(result, i), "held"));
}

/* On a busy host it may be that the generator was too slow besides. */
void load_expect_limited(const json_t *result)
{
	const char *verdict =
		json_string_value(json_object_get(result, "verdict"));

	if (!strstr(verdict, "was the limit"))
		harness_fail("the verdict is: %s", verdict);
}

struct peer load_start_ceiling(void)
{
	return rogue_start(SOCK_DGRAM, (struct rogue_plan){MISCHIEF_CEILING,
							   100, 0, 0, false});
}

#define NARROW 1.031 /* what the manual promises, and a rounding */

void load_expect_found(const json_t *result, double ceiling)
{
	size_t n = json_array_size(json_object_get(result, "steps"));
	double rate = load_number(result, "find_max.rate");
	double next = HUGE_VAL;

	ck_assert_msg(rate > 0 && rate < 1.15 * ceiling, "found %g", rate);
	for (size_t i = 0; i < n; i++) {
		double target =
			load_number(load_step(result, i), "target_rate");

		if (load_step_held(result, i))
			ck_assert_msg(target <= rate, "%g held, but found %g",
				      target, rate);
		else if (target > rate && target < next)
			next = target;
	}
	ck_assert_msg(next <= NARROW * rate,
		      "found %g, but the next that did not hold is %g", rate,
		      next);
}
