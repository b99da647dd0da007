/* SPDX-License-Identifier: MIT */
/*
 * The judgement over a run. The generator was the limit when it had no time
 * left: it was running, or ready to run, for nearly all of the time; or, in
 * the open loop, when it sent late what it could have sent; or when answers
 * came and its own sockets had no room. Everything else that kept it from its
 * target lies beyond them.
 */
#include "load/tally.h"

#include <stdio.h>

#define BUSY_SHARE   0.93 /* above: no time was left */
#define BUSY_MIN_S   0.1  /* what is shorter is busy with its start */
#define ON_TARGET    0.99 /* of the target rate: met */
#define LATE_P50_NS  1000000u
#define LATE_P99_NS  5000000u
#define LATE_SHARE   0.5  /* lateness beyond that share of the latency */
#define PILED_UP     0.01 /* of all that was sent */
#define PILED_UP_MIN 3	  /* a hiccup */
#define DROPS_SHARE  0.1  /* of what was lost */

void tally_set_span(struct tally *tally)
{
	uint64_t due = tally->stats.sent + tally->stats.unsent;
	double scheduled_s = 0;

	if (tally->target_rate > 0)
		scheduled_s = (double)due / tally->target_rate;
	tally->span_s = scheduled_s > tally->duration_s ? scheduled_s
							: tally->duration_s;
}

double tally_rate(const struct tally *tally)
{
	return tally->span_s > 0
		       ? (double)tally->stats.exchanges / tally->span_s
		       : 0;
}

bool tally_falls_behind(const struct tally *tally)
{
	double grown = (double)tally->flying_end - (double)tally->flying_half;

	return tally->target_rate > 0 && grown > PILED_UP_MIN &&
	       grown > PILED_UP * (double)tally->stats.sent;
}

/* Whether a percentile of the lateness is one of the latency, too. */
static bool is_late_at(const struct tally *tally, unsigned share,
		       uint64_t tolerated_ns)
{
	const struct histogram *lateness = &tally->stats.lateness;
	uint64_t late_ns = histogram_percentile(lateness, share);
	uint64_t latency_ns =
		histogram_percentile(&tally->stats.latency, share);

	return histogram_supports(lateness, share) && late_ns > tolerated_ns &&
	       (double)late_ns > LATE_SHARE * (double)latency_ns;
}

/* Whether messages left so late that it shows in the result. */
static bool is_late(const struct tally *tally)
{
	return is_late_at(tally, 5000, LATE_P50_NS) ||
	       is_late_at(tally, 9900, LATE_P99_NS);
}

/* Whether what was lost was lost here. */
static bool is_dropping(const struct tally *tally)
{
	return tally->own_drops > 0 &&
	       (double)tally->own_drops >
		       DROPS_SHARE * (double)tally->stats.lost;
}

/* Whether a job had no time left. */
static bool is_busy(const struct tally *tally)
{
	return tally->busiest >= BUSY_SHARE && tally->duration_s >= BUSY_MIN_S;
}

enum tally_limit tally_limit(const struct tally *tally)
{
	const struct stats *stats = &tally->stats;
	uint64_t due = stats->sent + stats->unsent;

	if (stats->exchanges == 0)
		return LIMIT_NOTHING;
	if (tally->is_several)
		return tally->worst;
	if (is_dropping(tally))
		return LIMIT_GENERATOR;
	if (tally->target_rate <= 0)
		return is_busy(tally) ? LIMIT_GENERATOR : LIMIT_SERVER;
	if (is_late(tally))
		return LIMIT_GENERATOR;
	if (!tally_falls_behind(tally) &&
	    (double)stats->exchanges >= ON_TARGET * (double)due &&
	    tally_rate(tally) >= ON_TARGET * 0.99 * tally->target_rate)
		return LIMIT_NONE;
	return is_busy(tally) ? LIMIT_GENERATOR : LIMIT_SERVER;
}

void tally_merge(struct tally *tally, const struct tally *other)
{
	double before = tally->duration_s, total = before + other->duration_s;
	enum tally_limit limit = tally_limit(other);

	tally->is_several = true;
	if (limit == LIMIT_NOTHING)
		limit = LIMIT_SERVER;
	if (limit > tally->worst)
		tally->worst = limit;
	stats_merge(&tally->stats, &other->stats);
	if (total > 0) {
		tally->cpu_share = (tally->cpu_share * before +
				    other->cpu_share * other->duration_s) /
				   total;
		tally->wait_share = (tally->wait_share * before +
				     other->wait_share * other->duration_s) /
				    total;
		tally->target_rate = (tally->target_rate * before +
				      other->target_rate * other->duration_s) /
				     total;
	}
	if (other->busiest > tally->busiest)
		tally->busiest = other->busiest;
	tally->duration_s = total;
	tally->span_s += other->span_s;
	tally->clients = other->clients;
	tally->own_drops += other->own_drops;
	tally->is_interrupted |= other->is_interrupted;
	tally->is_given_up |= other->is_given_up;
	tally->has_failed |= other->has_failed;
}

static void tell_generator(const struct tally *tally,
			   char buf[TALLY_VERDICT_SIZE])
{
	static const char blame[] = "the generator was the limit, not the "
				    "server: it";
	uint64_t late_ns = histogram_percentile(&tally->stats.lateness, 9900);

	if (is_dropping(tally))
		(void)snprintf(buf, TALLY_VERDICT_SIZE,
			       "%s lost %llu answers in its own sockets (try "
			       "more --clients, or more --jobs)",
			       blame, (unsigned long long)tally->own_drops);
	else if (tally->wait_share > 0.3 * tally->busiest)
		(void)snprintf(buf, TALLY_VERDICT_SIZE,
			       "%s used %.2f of a core and waited for its turn "
			       "%.2f of the time (give it a core of its own)",
			       blame, tally->cpu_share, tally->wait_share);
	else if (is_late(tally) && tally->busiest < BUSY_SHARE)
		(void)snprintf(buf, TALLY_VERDICT_SIZE,
			       "%s sent late, by p99 %.3g ms (is this host "
			       "busy with something else?)",
			       blame, (double)late_ns / 1e6);
	else
		(void)snprintf(buf, TALLY_VERDICT_SIZE,
			       "%s used %.2f of a core (try more --jobs, or "
			       "another host)",
			       blame, tally->cpu_share);
}

static const char *server_limit(const struct tally *tally)
{
	if (tally->target_rate <= 0)
		return "the server or the network was the limit (closed loop: "
		       "a client that waits sends nothing, so a stall shows in "
		       "few exchanges)";
	if (tally->is_several)
		return "the server or the network was the limit: it did not "
		       "keep up with the target rate of every step";
	if (tally_falls_behind(tally))
		return "the server or the network was the limit: it did not "
		       "keep up with the target rate, and answers piled up";
	return "the server or the network was the limit: it did not keep up "
	       "with the target rate";
}

const char *tally_verdict(const struct tally *tally,
			  char buf[TALLY_VERDICT_SIZE])
{
	const char *text = "";

	switch (tally_limit(tally)) {
	case LIMIT_GENERATOR:
		tell_generator(tally, buf);
		return buf;
	case LIMIT_NOTHING:
		text = "no exchange succeeded";
		break;
	case LIMIT_NONE:
		text = tally->is_several ? "the server kept up with the target "
					   "rate of every step"
					 : "the server kept up with the target "
					   "rate";
		break;
	case LIMIT_SERVER:
		text = server_limit(tally);
		break;
	}
	(void)snprintf(buf, TALLY_VERDICT_SIZE, "%s", text);
	return buf;
}
