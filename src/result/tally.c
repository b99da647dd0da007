/* SPDX-License-Identifier: MIT */
/*
 * Sums over a run and over several, and the facts in them that a verdict
 * follows from.
 */
#include "result/tally.h"

#include <math.h>

#include "result/times.h"

#define PILED_UP     0.01 /* of all that was sent */
#define PILED_UP_MIN 3	  /* a hiccup */
#define TYPICAL	     1000 /* the share that is quicker */

/* The facts, and the memory that they point to. */
struct findings {
	struct verdict_facts facts;
	char cause[ERROR_NAME_SIZE], own_cause[ERROR_NAME_SIZE];
};

static uint64_t due_of(const struct stats *stats)
{
	return stats->sent + stats->unsent;
}

void tally_set_span(struct tally *tally)
{
	double scheduled_s = 0;

	if (tally->target_rate > 0)
		scheduled_s =
			(double)due_of(&tally->stats) / tally->target_rate;
	tally->span_s = fmax(scheduled_s, tally->duration_s);
}

static double per_second(const struct tally *tally, uint64_t n)
{
	return tally->span_s > 0 ? (double)n / tally->span_s : 0;
}

double tally_rate(const struct tally *tally)
{
	return per_second(tally, tally->stats.exchanges);
}

double tally_sent_rate(const struct tally *tally)
{
	return per_second(tally, tally->stats.sent);
}

bool tally_falls_behind(const struct tally *tally)
{
	double grown = (double)tally->flying_end - (double)tally->flying_half;

	return tally->target_rate > 0 && grown > PILED_UP_MIN &&
	       grown > PILED_UP * (double)tally->stats.sent;
}

bool tally_has_stopped(const struct tally *tally)
{
	return tally->stats.exchanges > 0 &&
	       (tally->has_stopped || tally->is_given_up);
}

/* --- the verdict --- */

/* A percentile in milliseconds; 0 when too few support it. */
static double percentile_ms(const struct histogram *h, unsigned share)
{
	double us = times_percentile(h, share);

	return isfinite(us) ? us / 1e3 : 0;
}

/* The most frequent error in text; NULL when there is none. */
static const char *find_cause(const struct stats *stats, bool is_ours,
			      char buf[ERROR_NAME_SIZE])
{
	size_t most = ERROR_SLOTS;

	for (size_t i = 0; i < ERROR_SLOTS; i++)
		if (stats->errors[i] > 0 && (!is_ours || error_is_ours(i)) &&
		    (most == ERROR_SLOTS ||
		     stats->errors[i] > stats->errors[most]))
			most = i;
	return most == ERROR_SLOTS ? NULL : error_name(most, buf);
}

static uint64_t count_own_errors(const struct stats *stats)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ERROR_SLOTS; i++)
		n += error_is_ours(i) ? stats->errors[i] : 0;
	return n;
}

static void tally_add_errors(struct findings *findings,
			     const struct stats *stats)
{
	struct verdict_facts *facts = &findings->facts;

	facts->cause = find_cause(stats, false, findings->cause);
	facts->own_cause = find_cause(stats, true, findings->own_cause);
	facts->own_errors = count_own_errors(stats);
}

static const struct verdict_facts *tally_find(const struct tally *tally,
					      struct findings *findings)
{
	const struct stats *stats = &tally->stats;

	findings->facts = (struct verdict_facts){
		.target_rate = tally->target_rate,
		.rate = tally_rate(tally),
		.duration_s = tally->duration_s,
		.due = due_of(stats),
		.exchanges = stats->exchanges,
		.unsent = stats->unsent,
		.loss_percent = stats_loss_percent(stats),
		.p50_ms = percentile_ms(&stats->latency, 5000),
		.p99_ms = percentile_ms(&stats->latency, 9900),
		.typical_ms = percentile_ms(&stats->latency, TYPICAL),
		.silence_s = tally->silence.length_s,
		.silence_at_s = tally->silence.at_s,
		.n_silences = tally->n_silences,
		.has_stopped = tally->has_stopped,
		.stopped_s = tally->stopped_s,
		.piled_up = tally_falls_behind(tally),
		.cpu_share = tally->cpu_share,
		.wait_share = tally->wait_share,
		.busiest = tally->busiest,
		.late_p50_ms = percentile_ms(&stats->lateness, 5000),
		.late_p99_ms = percentile_ms(&stats->lateness, 9900),
		.paused_s = tally->paused_s,
		.own_drops = tally->own_drops,
		.lost = stats->lost,
		.n_unconnected = tally->n_unconnected,
		.has_failed = tally->has_failed,
		.is_interrupted = tally->is_interrupted,
		.is_given_up = tally->is_given_up,
		.is_several = tally->is_several,
		.worst = tally->worst,
	};
	tally_add_errors(findings, stats);
	return &findings->facts;
}

enum verdict_limit tally_limit(const struct tally *tally)
{
	struct findings findings;

	return verdict_judge(tally_find(tally, &findings));
}

const char *tally_verdict(const struct tally *tally, char buf[VERDICT_SIZE])
{
	struct findings findings;

	return verdict_tell(tally_find(tally, &findings), buf);
}

/* --- several runs --- */

static double mean(double a, double a_s, double b, double b_s)
{
	return a_s + b_s > 0 ? (a * a_s + b * b_s) / (a_s + b_s) : 0;
}

static void tally_add_silence(struct tally *tally, struct tally_silence silence)
{
	if (silence.length_s > tally->silence.length_s)
		tally->silence = silence;
}

/* What one run found to be the end is a silence when the next goes on. */
static void merge_silences(struct tally *tally, const struct tally *other)
{
	double before_s = tally->duration_s;

	tally_add_silence(tally,
			  (struct tally_silence){other->silence.at_s + before_s,
						 other->silence.length_s});
	tally->n_silences += other->n_silences;
	tally->has_stopped = other->has_stopped;
	tally->stopped_s = other->stopped_s + before_s;
}

static void merge_worst(struct tally *tally, const struct tally *other)
{
	enum verdict_limit limit = tally_limit(other);

	if (limit == LIMIT_NOTHING)
		limit = LIMIT_SERVER;
	if (limit > tally->worst)
		tally->worst = limit;
}

void tally_merge(struct tally *tally, const struct tally *other)
{
	double a_s = tally->duration_s, b_s = other->duration_s;

	tally->is_several = true;
	merge_worst(tally, other);
	merge_silences(tally, other);
	stats_merge(&tally->stats, &other->stats);
	tally->cpu_share = mean(tally->cpu_share, a_s, other->cpu_share, b_s);
	tally->wait_share =
		mean(tally->wait_share, a_s, other->wait_share, b_s);
	tally->target_rate =
		mean(tally->target_rate, a_s, other->target_rate, b_s);
	if (other->busiest > tally->busiest)
		tally->busiest = other->busiest;
	tally->duration_s += b_s;
	tally->span_s += other->span_s;
	tally->paused_s += other->paused_s;
	tally->clients = other->clients;
	if (other->n_unconnected > tally->n_unconnected)
		tally->n_unconnected = other->n_unconnected;
	tally->own_drops += other->own_drops;
	tally->is_interrupted |= other->is_interrupted;
	tally->is_given_up |= other->is_given_up;
	tally->has_failed |= other->has_failed;
}
