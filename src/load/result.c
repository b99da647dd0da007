/* SPDX-License-Identifier: MIT */
/*
 * Counters and histograms put into the words of the result. A number that is
 * not known is null and never 0.
 */
#include "load/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/text.h"

static const struct {
	const char *name;
	unsigned share;
} percentiles[] = {
	{"p50", 5000}, {"p75", 7500},  {"p90", 9000},	{"p95", 9500},
	{"p99", 9900}, {"p999", 9990}, {"p9999", 9999},
};

static json_t *micros(double ns)
{
	return json_real(ns / 1e3);
}

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static void set(json_t *object, const char *key, json_t *value)
{
	/* Out of memory leaves a key out; nothing better can be done. */
	(void)json_object_set_new(object, key, value);
}

/* Words from the command line, which need not be UTF-8 as JSON must. */
static json_t *words(const char *str)
{
	size_t len = strlen(str), size = 6 * len + 2;
	json_t *value = json_string(str);
	struct text text;
	char *quoted;

	if (value)
		return value;
	quoted = malloc(size);
	if (!quoted)
		return NULL;
	text = text_in(quoted, size);
	text_add_char(&text, '"');
	text_add_json(&text, (struct slice){str, len});
	text_add_char(&text, '"');
	value = json_loadb(quoted, text.len, JSON_DECODE_ANY, NULL);
	free(quoted);
	return value;
}

json_t *result_percentile(const struct histogram *h, unsigned share)
{
	if (!histogram_supports(h, share))
		return json_null();
	return micros((double)histogram_percentile(h, share));
}

json_t *result_times(const struct histogram *h)
{
	json_t *object = json_object();
	bool any = h->n > 0;

	set(object, "min", any ? micros((double)h->min_ns) : json_null());
	set(object, "mean", any ? micros(histogram_mean_ns(h)) : json_null());
	for (size_t i = 0; i < ARRAY_LEN(percentiles); i++)
		set(object, percentiles[i].name,
		    result_percentile(h, percentiles[i].share));
	set(object, "max", any ? micros((double)h->max_ns) : json_null());
	return object;
}

static json_t *buckets(const struct histogram *h)
{
	json_t *array = json_array();

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		json_t *pair;

		if (h->counts[i] == 0)
			continue;
		pair = json_array();
		(void)json_array_append_new(
			pair, micros((double)histogram_bucket_top(i)));
		(void)json_array_append_new(pair, count(h->counts[i]));
		(void)json_array_append_new(array, pair);
	}
	return array;
}

static json_t *errors(const struct stats *stats)
{
	json_t *object = json_object();
	char name[ERROR_NAME_SIZE];

	for (size_t i = 0; i < ERROR_SLOTS; i++)
		if (stats->errors[i] > 0)
			set(object, error_name(i, name),
			    count(stats->errors[i]));
	return object;
}

static json_t *target(const struct tally *tally)
{
	return tally->target_rate > 0 ? json_real(tally->target_rate)
				      : json_null();
}

json_t *result_step(const struct tally *tally, bool is_held)
{
	const struct stats *stats = &tally->stats;
	json_t *step = json_object();

	set(step, "target_rate", target(tally));
	set(step, "clients", count(tally->clients));
	set(step, "rate", json_real(tally_rate(tally)));
	set(step, "p50_us", result_percentile(&stats->latency, 5000));
	set(step, "p99_us", result_percentile(&stats->latency, 9900));
	set(step, "loss_percent", json_real(stats_loss_percent(stats)));
	set(step, "errors", count(stats_errors(stats)));
	set(step, "held", json_boolean(is_held));
	return step;
}

static json_t *generator(const struct tally *tally,
			 const struct options *options)
{
	json_t *object = json_object();

	set(object, "cpu_share", json_real(tally->cpu_share));
	set(object, "wait_share", json_real(tally->wait_share));
	set(object, "lateness_us", result_times(&tally->stats.lateness));
	set(object, "jobs", count(options->jobs));
	set(object, "receive_drops", count(tally->own_drops));
	set(object, "limited",
	    json_boolean(tally_limit(tally) == LIMIT_GENERATOR));
	return object;
}

static json_t *host(void)
{
	json_t *object = json_object();
	struct utsname name;
	char kernel[sizeof(name.sysname) + sizeof(name.release) + 1];

	if (uname(&name) == 0) {
		(void)snprintf(kernel, sizeof(kernel), "%s %s", name.sysname,
			       name.release);
		set(object, "name", json_string(name.nodename));
		set(object, "kernel", json_string(kernel));
		set(object, "machine", json_string(name.machine));
	}
	set(object, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	return object;
}

static json_t *started(struct timespec at)
{
	struct calendar start = calendar_of(at.tv_sec);
	char buf[32];
	struct text text = text_in(buf, sizeof(buf));

	calendar_add(&text, &start, 'T');
	text_add_char(&text, 'Z');
	return json_stringn(text.ptr, text.len);
}

json_t *result_wall(double seconds)
{
	long long ms = llround(seconds * 1e3);
	struct calendar at = calendar_of(ms / 1000);
	char buf[32];
	struct text text = text_in(buf, sizeof(buf));

	calendar_add(&text, &at, 'T');
	text_add_char(&text, '.');
	text_add_padded(&text, (uint64_t)ms % 1000, 3);
	text_add_char(&text, 'Z');
	return json_stringn(text.ptr, text.len);
}

static void set_settings(json_t *result, const struct options *options)
{
	set(result, "server_host", json_string(options->host));
	set(result, "server_port", count(options->port));
	if (options->protocol == PROTOCOL_HTTP)
		set(result, "path", words(options->path));
	else
		set(result, "size_bytes",
		    json_pack("[I, I]", (json_int_t)options->size_min,
			      (json_int_t)options->size_max));
	set(result, "pipeline", count(options->pipeline));
	set(result, "connect_per_request",
	    json_boolean(options->connect_per_request));
	set(result, "timeout_us", micros((double)options->timeout_ns));
	set(result, "warmup_us", micros((double)options->warmup_ns));
	set(result, "seed", count(options->seed));
}

static void set_counts(json_t *result, const struct stats *stats)
{
	set(result, "exchanges", count(stats->exchanges));
	set(result, "sent", count(stats->sent));
	set(result, "unsent", count(stats->unsent));
	set(result, "unfinished", count(stats->unfinished));
	set(result, "failed", count(stats->failed));
	set(result, "connects", count(stats->connects));
	set(result, "lost", count(stats->lost));
	set(result, "duplicate", count(stats->duplicate));
	set(result, "reordered", count(stats->reordered));
	set(result, "late", count(stats->late));
	set(result, "corrupt", count(stats->corrupt));
	set(result, "loss_percent", json_real(stats_loss_percent(stats)));
	set(result, "errors", errors(stats));
	set(result, "bytes_sent", count(stats->bytes_sent));
	set(result, "bytes_received", count(stats->bytes_received));
}

static void set_times(json_t *result, const struct tally *tally)
{
	const struct stats *stats = &tally->stats;

	set(result, "latency_us", result_times(&stats->latency));
	/* In the closed loop a message is due when it is sent. */
	set(result, "service_us",
	    result_times(tally->target_rate > 0 ? &stats->service
						: &stats->latency));
	set(result, "histogram", buckets(&stats->latency));
}

json_t *result_new(const struct result_context *context,
		   const struct tally *tally)
{
	const struct options *options = context->options;
	char verdict[VERDICT_SIZE];
	json_t *result = json_object();

	if (!result)
		return NULL;
	set(result, "command", words(context->command));
	set(result, "version", json_string(PACKAGE_VERSION));
	set(result, "started", started(context->started));
	set(result, "host", host());
	set(result, "protocol", json_string(options_protocol_name(options)));
	set(result, "mode",
	    json_string(tally->target_rate > 0 ? "open" : "closed"));
	set(result, "clients", count(tally->clients));
	set(result, "duration_s", json_real(tally->duration_s));
	set(result, "target_rate", target(tally));
	set(result, "rate", json_real(tally_rate(tally)));
	set_counts(result, &tally->stats);
	set_times(result, tally);
	set(result, "generator", generator(tally, options));
	set(result, "verdict", json_string(tally_verdict(tally, verdict)));
	set(result, "interrupted", json_boolean(tally->is_interrupted));
	set_settings(result, options);
	if (context->find_max)
		(void)json_object_set(result, "find_max", context->find_max);
	if (context->steps)
		(void)json_object_set(result, "steps", context->steps);
	(void)json_object_set(result, "intervals", context->intervals);
	return result;
}
