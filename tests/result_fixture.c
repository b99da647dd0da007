/* SPDX-License-Identifier: MIT */
/*
 * Results of uppercase-load as its report and its comparison read them. They
 * are written down here key by key, so that a test fails when one of the two
 * comes to rely on something else than what the manual promises.
 */
#include "result_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "result/codec.h"

static json_t *must(json_t *value)
{
	if (!value)
		harness_fail("no JSON value could be made");
	return value;
}

static json_t *summary(double scale)
{
	return must(json_pack(
		"{s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "min", 20 * scale,
		"mean", 70 * scale, "p50", 63 * scale, "p75", 72 * scale, "p90",
		84 * scale, "p95", 99 * scale, "p99", 184 * scale, "p999",
		401 * scale, "p9999", 471 * scale, "max", 483 * scale));
}

static json_t *interval(double t_s, double rate, double scale, int lost)
{
	return must(json_pack("{s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:i,s:i}", "t_s",
			      t_s, "rate", rate, "p50_us", 60 * scale, "p90_us",
			      80 * scale, "p99_us", 180 * scale, "p999_us",
			      400 * scale, "max_us", 500 * scale, "lost", lost,
			      "errors", 0));
}

static json_t *histogram(void)
{
	return must(json_pack("[[f,i],[f,i],[f,i],[f,i]]", 50.0, 300000, 80.0,
			      250000, 200.0, 49990, 500.0, 10));
}

static json_t *host(void)
{
	return must(json_pack("{s:s,s:s,s:i,s:s}", "name", "lab-client-07",
			      "kernel", "Linux 6.1.0-28-amd64", "cpus", 8,
			      "machine", "x86_64"));
}

static json_t *generator(void)
{
	return must(json_pack("{s:f,s:f,s:i,s:b,s:{s:f,s:f}}", "cpu_share",
			      0.31, "wait_share", 0.02, "jobs", 1, "limited", 0,
			      "lateness_us", "p50", 11.0, "p99", 48.0));
}

static json_t *intervals(size_t n, size_t stalled)
{
	json_t *rows = must(json_array());

	for (size_t i = 0; i < n; i++) {
		bool stalls = i == stalled;
		json_t *row = interval((double)i + 1, stalls ? 18400 : 20000,
				       stalls ? 1000 : 1, stalls ? 73 : 0);

		ck_assert_int_eq(json_array_append_new(rows, row), 0);
	}
	return rows;
}

void result_set(json_t *result, const char *path, json_t *value)
{
	const char *dot = strchr(path, '.');
	char outer[64];

	if (dot) {
		(void)snprintf(outer, sizeof(outer), "%.*s", (int)(dot - path),
			       path);
		result = json_object_get(result, outer);
		path = dot + 1;
	}
	if (json_object_set_new(result, path, value) != 0)
		harness_fail("%s could not be set", path);
}

json_t *result_closed(void)
{
	json_t *result = must(json_object());

	result_set(result, "command",
		   json_string("uppercase-load --clients=100 localhost 12000"));
	result_set(result, "protocol", json_string("tcp"));
	result_set(result, "mode", json_string("closed"));
	result_set(result, "clients", json_integer(100));
	result_set(result, "duration_s", json_real(30));
	result_set(result, "exchanges", json_integer(600000));
	result_set(result, "rate", json_real(20000));
	result_set(result, "target_rate", json_null());
	result_set(result, "latency_us", summary(1));
	result_set(result, "service_us", summary(1));
	result_set(result, "lost", json_integer(0));
	result_set(result, "duplicate", json_integer(0));
	result_set(result, "reordered", json_integer(0));
	result_set(result, "late", json_integer(0));
	result_set(result, "corrupt", json_integer(0));
	result_set(result, "errors", json_object());
	result_set(result, "sent", json_integer(600000));
	result_set(result, "unsent", json_integer(0));
	result_set(result, "unfinished", json_integer(0));
	result_set(result, "failed", json_integer(0));
	result_set(result, "connects", json_integer(100));
	result_set(result, "bytes_sent", json_integer(38400000));
	result_set(result, "bytes_received", json_integer(38400000));
	result_set(result, "generator", generator());
	result_set(result, "server_host", json_string("localhost"));
	result_set(result, "server_port", json_integer(12000));
	result_set(result, "loss_percent", json_real(0));
	result_set(result, "verdict", json_string("the server was the limit"));
	result_set(result, "version", json_string("0.1.0"));
	result_set(result, "host", host());
	result_set(result, "started", json_string("2026-11-22T10:14:03Z"));
	result_set(result, "intervals", intervals(10, SIZE_MAX));
	result_set(result, "histogram", histogram());
	return result;
}

json_t *result_open(void)
{
	json_t *result = result_closed();

	result_set(result, "protocol", json_string("udp"));
	result_set(result, "mode", json_string("open"));
	result_set(result, "rate", json_real(19812));
	result_set(result, "target_rate", json_real(20000));
	result_set(result, "latency_us", summary(10));
	result_set(result, "intervals", intervals(10, 2));
	result_set(result, "lost", json_integer(73));
	result_set(
		result, "errors",
		must(json_pack("{s:i,s:i}", "timeout", 82, "ECONNREFUSED", 1)));
	return result;
}

static void add_step(json_t *steps, int target, double rate, bool held)
{
	double scale = held ? 1 : 500;
	json_t *step = must(
		json_pack("{s:i,s:i,s:f,s:f,s:f,s:f,s:i,s:b}", "target_rate",
			  target, "clients", 100, "rate", rate, "p50_us",
			  60 * scale, "p99_us", 180 * scale, "loss_percent",
			  held ? 0.0 : 2.5, "errors", 0, "held", held));

	ck_assert_int_eq(json_array_append_new(steps, step), 0);
}

json_t *result_ramp(void)
{
	json_t *result = result_open(), *steps = must(json_array());

	add_step(steps, 20000, 19990, true);
	add_step(steps, 40000, 39990, true);
	add_step(steps, 80000, 79990, true);
	add_step(steps, 160000, 93000, false);
	add_step(steps, 120000, 93100, false);
	add_step(steps, 90000, 89990, true);
	result_set(result, "steps", steps);
	return result;
}

static json_t *nulls(void)
{
	return must(json_pack("{s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n}", "min",
			      "mean", "p50", "p90", "p99", "p999", "p9999",
			      "max"));
}

json_t *result_nothing_answered(void)
{
	json_t *result = result_open(), *row;
	json_t *rows = json_object_get(result, "intervals");
	size_t i;

	result_set(result, "exchanges", json_integer(0));
	result_set(result, "rate", json_real(0));
	result_set(result, "latency_us", nulls());
	result_set(result, "service_us", nulls());
	result_set(result, "generator.lateness_us", json_null());
	result_set(result, "histogram", json_array());
	json_array_foreach (rows, i, row) {
		result_set(row, "rate", json_real(0));
		result_set(row, "p50_us", json_null());
		result_set(row, "p90_us", json_null());
		result_set(row, "p99_us", json_null());
		result_set(row, "p999_us", json_null());
		result_set(row, "max_us", json_null());
	}
	return result;
}

json_t *result_long(size_t n)
{
	json_t *result = result_closed();

	result_set(result, "duration_s", json_real((double)n));
	result_set(result, "intervals", intervals(n, n / 2));
	return result;
}

void result_take(json_t *json, struct result *result)
{
	char cause[CODEC_CAUSE_SIZE];
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(json_dumpf(must(json), file, 0), 0);
	rewind(file);
	if (codec_read(file, result, cause) < 0)
		harness_fail("%s", cause);
	(void)fclose(file);
	json_decref(json);
}

char *result_save(const json_t *result, const char *folder, const char *name)
{
	char *path = folder_path(folder, name);

	if (json_dump_file(result, path, 0) != 0)
		harness_fail("%s could not be written", path);
	return path;
}
