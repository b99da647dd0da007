/* SPDX-License-Identifier: MIT */
/*
 * Counters and histograms put into the figures of a result. A number that is
 * not known is NAN and never 0.
 */
#include "result/result.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"

#define NOT_KNOWN ((double)NAN)

void result_init(struct result *result)
{
	*result = (struct result){
		.server_port = NOT_KNOWN,
		.size_bytes = {NOT_KNOWN, NOT_KNOWN},
		.clients = NOT_KNOWN,
		.target_rate = NOT_KNOWN,
		.pipeline = NOT_KNOWN,
		.timeout_us = NOT_KNOWN,
		.warmup_us = NOT_KNOWN,
		.host.cpus = NOT_KNOWN,
		.duration_s = NOT_KNOWN,
		.rate = NOT_KNOWN,
		.loss_percent = NOT_KNOWN,
		.latency = times_none(),
		.service = times_none(),
		.generator = {.cpu_share = NOT_KNOWN,
			      .wait_share = NOT_KNOWN,
			      .lateness = times_none(),
			      .jobs = NOT_KNOWN,
			      .receive_drops = NOT_KNOWN},
		.found.rate = NOT_KNOWN,
	};
	for (size_t i = 0; i < COUNTER_N; i++)
		result->counts[i] = NOT_KNOWN;
}

void result_clear(struct result *result)
{
	free(result->errors);
	free(result->buckets);
	free(result->steps.at);
	free(result->intervals.at);
	json_decref(result->source);
	result_init(result);
}

/* --- rows --- */

struct result_row result_row_none(void)
{
	return (struct result_row){.t_s = NOT_KNOWN,
				   .target_rate = NOT_KNOWN,
				   .clients = NOT_KNOWN,
				   .rate = NOT_KNOWN,
				   .loss_percent = NOT_KNOWN,
				   .lost = NOT_KNOWN,
				   .errors = NOT_KNOWN,
				   .latency = times_none()};
}

void result_add_row(struct result_rows *rows, const struct result_row *row)
{
	/* Room doubles whenever it is used up, at each power of two. */
	if ((rows->n & (rows->n - 1)) == 0) {
		size_t size = rows->n > 0 ? 2 * rows->n : 1;
		void *at = realloc(rows->at, size * sizeof(*row));

		if (!at) {
			rows->n_lost++;
			return;
		}
		rows->at = at;
	}
	rows->at[rows->n++] = *row;
}

static double target_of(const struct tally *tally)
{
	return tally->target_rate > 0 ? tally->target_rate : NOT_KNOWN;
}

struct result_row result_step(const struct tally *tally, bool is_held)
{
	struct result_row row = result_row_none();

	row.target_rate = target_of(tally);
	row.clients = tally->clients;
	row.rate = tally_rate(tally);
	row.latency = times_of(&tally->stats.latency);
	row.loss_percent = stats_loss_percent(&tally->stats);
	row.errors = (double)stats_errors(&tally->stats);
	row.held = is_held;
	return row;
}

void result_format_time(char buf[RESULT_TIME_SIZE], double seconds,
			bool with_ms)
{
	long long ms = llround(seconds * 1e3);
	struct calendar at = calendar_of(ms / 1000);
	struct text text = text_in(buf, RESULT_TIME_SIZE - 1);

	calendar_add(&text, &at, 'T');
	if (with_ms) {
		text_add_char(&text, '.');
		text_add_padded(&text, (uint64_t)ms % 1000, 3);
	}
	text_add_char(&text, 'Z');
	buf[text.len] = '\0';
}

/* --- a tally's figures --- */

static void set_errors(struct result *result, const struct stats *stats)
{
	size_t n = 0;

	for (size_t i = 0; i < ERROR_SLOTS; i++)
		n += stats->errors[i] > 0;
	result->errors = n > 0 ? calloc(n, sizeof(*result->errors)) : NULL;
	for (size_t i = 0; result->errors && i < ERROR_SLOTS; i++) {
		struct result_error *error = &result->errors[result->n_errors];

		if (stats->errors[i] == 0)
			continue;
		error->name = error_name(i, error->buf);
		error->n = (double)stats->errors[i];
		result->n_errors++;
	}
}

static void set_buckets(struct result *result, const struct histogram *h)
{
	size_t n = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		n += h->counts[i] > 0;
	result->buckets = n > 0 ? calloc(n, sizeof(*result->buckets)) : NULL;
	for (size_t i = 0; result->buckets && i < HISTOGRAM_BUCKETS; i++) {
		if (h->counts[i] == 0)
			continue;
		result->buckets[result->n_buckets++] = (struct result_bucket){
			(double)histogram_bucket_top(i) / 1e3,
			(double)h->counts[i]};
	}
}

static void set_generator(struct result_generator *generator,
			  const struct tally *tally)
{
	generator->cpu_share = tally->cpu_share;
	generator->wait_share = tally->wait_share;
	generator->lateness = times_of(&tally->stats.lateness);
	generator->receive_drops = (double)tally->own_drops;
	generator->limited = tally_limit(tally) == LIMIT_GENERATOR;
}

void result_set_tally(struct result *result, const struct tally *tally)
{
	const struct stats *stats = &tally->stats;
	bool is_open = tally->target_rate > 0;

	result->mode = is_open ? "open" : "closed";
	result->clients = tally->clients;
	result->duration_s = tally->duration_s;
	result->target_rate = target_of(tally);
	result->rate = tally_rate(tally);
	for (size_t i = 0; i < COUNTER_N; i++)
		result->counts[i] = (double)stats_count(stats, i);
	result->loss_percent = stats_loss_percent(stats);
	set_errors(result, stats);
	result->latency = times_of(&stats->latency);
	/* In the closed loop a message is due when it is sent. */
	result->service = is_open ? times_of(&stats->service) : result->latency;
	set_buckets(result, &stats->latency);
	set_generator(&result->generator, tally);
	result->verdict = tally_verdict(tally, result->verdict_buf);
	result->interrupted = tally->is_interrupted;
}

/* --- */

bool result_is_open_loop(const struct result *result)
{
	return result->mode && strcmp(result->mode, "open") == 0;
}

double result_count_errors(const struct result *result)
{
	double sum = 0;

	for (size_t i = 0; i < result->n_errors; i++)
		sum += result->errors[i].n;
	return sum;
}
