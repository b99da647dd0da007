/* SPDX-License-Identifier: MIT */
/*
 * The judgement over a run. First comes what leaves no choice: nothing was
 * answered, this host's own limits ended exchanges, the answers stopped. Then
 * the generator, which was the limit when it had no time left: it was running,
 * or ready to run, for nearly all of the time; or, in the open loop, when it
 * sent late what it could have sent; or stood still; or when answers came and
 * its own sockets had no room. Everything else that kept it from its target
 * lies beyond it.
 *
 * Means do not acquit anybody: a server that met its target on the whole has
 * not kept up while nobody had an answer.
 */
#include "result/verdict.h"

#include "base/text.h"

#define BUSY_SHARE    0.93 /* above: no time was left */
#define BUSY_MIN_S    0.1  /* what is shorter is busy with its start */
#define ON_TARGET     0.99 /* of the target rate: met */
#define LATE_P50_MS   1.0
#define LATE_P99_MS   5.0
#define LATE_SHARE    0.5  /* lateness beyond that share of the latency */
#define PAUSED_SHARE  0.05 /* of the time: stood still */
#define DROPS_SHARE   0.1  /* of what was lost */
#define ERRORS_SHARE  0.01 /* of what was due */
#define SILENCE_TIMES 5	   /* what is usual: that is no silence */
#define LONG_WAIT_MS  100.0
#define LONG_WAIT     20 /* times the median: worth a word */

/* --- who it was --- */

/* Whether lateness is a good part of the latency. */
static bool is_late_at(double late_ms, double tolerated_ms, double latency_ms)
{
	return late_ms > tolerated_ms && late_ms > LATE_SHARE * latency_ms;
}

/* Whether messages left so late that it shows in the result. */
static bool is_late(const struct verdict_facts *facts)
{
	return is_late_at(facts->late_p50_ms, LATE_P50_MS, facts->p50_ms) ||
	       is_late_at(facts->late_p99_ms, LATE_P99_MS, facts->p99_ms);
}

/* Whether what was lost was lost here. */
static bool is_dropping(const struct verdict_facts *facts)
{
	return (double)facts->own_drops > DROPS_SHARE * (double)facts->lost;
}

/* Whether a job had no time left. */
static bool is_busy(const struct verdict_facts *facts)
{
	return facts->busiest >= BUSY_SHARE && facts->duration_s >= BUSY_MIN_S;
}

static bool has_paused(const struct verdict_facts *facts)
{
	return facts->paused_s > PAUSED_SHARE * facts->duration_s;
}

/* Whether this host let it have too few ports, descriptors or memory. */
static bool lacks_means(const struct verdict_facts *facts)
{
	return (double)facts->own_errors > ERRORS_SHARE * (double)facts->due ||
	       (facts->own_errors > 0 && facts->n_unconnected > 0);
}

static bool was_silent(const struct verdict_facts *facts)
{
	return facts->silence_s > 0 &&
	       facts->silence_s * 1e3 > SILENCE_TIMES * facts->typical_ms;
}

static bool has_met_target(const struct verdict_facts *facts)
{
	return !facts->piled_up &&
	       (double)facts->exchanges >= ON_TARGET * (double)facts->due &&
	       facts->rate >= ON_TARGET * 0.99 * facts->target_rate;
}

enum verdict_limit verdict_judge(const struct verdict_facts *facts)
{
	bool is_closed_loop = facts->target_rate <= 0;

	if (facts->exchanges == 0)
		return LIMIT_NOTHING;
	if (facts->has_failed || lacks_means(facts))
		return LIMIT_GENERATOR;
	if (facts->has_stopped || facts->is_given_up)
		return LIMIT_SERVER;
	if (facts->is_several)
		return facts->worst;
	if (is_dropping(facts))
		return LIMIT_GENERATOR;
	if (has_paused(facts) || (!is_closed_loop && is_late(facts)))
		return LIMIT_GENERATOR;
	if (!is_closed_loop && has_met_target(facts))
		return was_silent(facts) ? LIMIT_SERVER : LIMIT_NONE;
	return is_busy(facts) ? LIMIT_GENERATOR : LIMIT_SERVER;
}

enum verdict_search verdict_judge_search(enum verdict_limit limit,
					 double failed_rate, double sent_rate)
{
	if (limit != LIMIT_GENERATOR)
		return SEARCH_SERVER;
	return failed_rate > sent_rate ? SEARCH_GENERATOR : SEARCH_DISTURBED;
}

/* --- in words --- */

static void add_cause(struct text *text, const char *cause)
{
	if (cause)
		text_addf(text, " (%s)", cause);
}

static void tell_generator(const struct verdict_facts *facts, struct text *text)
{
	text_add_str(text, "the generator was the limit, not the server: ");
	if (facts->has_failed)
		text_add_str(text, "a job of it ended before its time, and its "
				   "counts are incomplete");
	else if (lacks_means(facts))
		text_addf(text,
			  "this host's own limits stopped it %llu times (%s)",
			  (unsigned long long)facts->own_errors,
			  facts->own_cause ? facts->own_cause : "-");
	else if (is_dropping(facts))
		text_addf(text,
			  "it lost %llu answers in its own sockets (try more "
			  "--clients, or more --jobs)",
			  (unsigned long long)facts->own_drops);
	else if (has_paused(facts))
		text_addf(text,
			  "it stood still for %.3g s (is this host busy with "
			  "something else?)",
			  facts->paused_s);
	else if (facts->wait_share > 0.3 * facts->busiest)
		text_addf(text,
			  "it used %.2f of a core and waited for its turn %.2f "
			  "of the time (give it a core of its own)",
			  facts->cpu_share, facts->wait_share);
	else if (is_late(facts) && !is_busy(facts))
		text_addf(text,
			  "it sent late, by p99 %.3g ms (is this host busy "
			  "with something else?)",
			  facts->late_p99_ms);
	else
		text_addf(text,
			  "it used %.2f of a core (try more --jobs, or another "
			  "host)",
			  facts->cpu_share);
}

static void tell_nothing(const struct verdict_facts *facts, struct text *text)
{
	if (facts->is_interrupted && facts->due == 0) {
		text_add_str(text, "nothing was measured");
		return;
	}
	text_add_str(text, "no exchange succeeded");
	add_cause(text, facts->cause);
}

static void tell_missed_target(const struct verdict_facts *facts,
			       struct text *text)
{
	text_addf(text,
		  "the server or the network was the limit: it did not keep up "
		  "with the target rate%s%s",
		  facts->is_several ? " of every step" : "",
		  facts->piled_up ? ", and answers piled up" : "");
	if (facts->unsent > 0)
		text_add_str(text, ", all clients waiting for it");
}

static void tell_server(const struct verdict_facts *facts, struct text *text)
{
	if (facts->has_stopped || facts->is_given_up)
		text_add_str(text, "the server stopped answering");
	else if (facts->target_rate <= 0)
		text_add_str(text,
			     "the server or the network was the limit (closed "
			     "loop: a client that waits sends nothing, so a "
			     "stall shows in few exchanges)");
	else if (!facts->is_several && has_met_target(facts))
		text_add_str(text, "the server met the target rate on the "
				   "whole, but not all of the time");
	else
		tell_missed_target(facts, text);
}

/* When nobody had an answer. */
static void verdict_add_silence(const struct verdict_facts *facts,
				struct text *text)
{
	if (facts->has_stopped) {
		text_addf(text, "; no answer came after %.3g s",
			  facts->stopped_s);
		add_cause(text, facts->cause);
		return;
	}
	if (facts->is_given_up) {
		text_add_str(text, "; in the end nobody answered");
		add_cause(text, facts->cause);
	}
	if (!was_silent(facts))
		return;
	text_addf(text, "; no answer came for %.2g s, %.3g s after the start",
		  facts->silence_s, facts->silence_at_s);
	if (facts->n_silences > 1)
		text_addf(text, " (the longest of %u times)",
			  facts->n_silences);
}

/* What a rate alone would hide. */
static void add_losses(const struct verdict_facts *facts, struct text *text)
{
	if (facts->loss_percent > 0)
		text_addf(text,
			  "; %.2g %% of what was due had no answer in time",
			  facts->loss_percent);
	if (facts->p99_ms > LONG_WAIT_MS && facts->p50_ms > 0 &&
	    facts->p99_ms > LONG_WAIT * facts->p50_ms)
		text_addf(text, "; one in a hundred took %.3g ms or longer",
			  facts->p99_ms);
}

const char *verdict_tell(const struct verdict_facts *facts,
			 char buf[VERDICT_SIZE])
{
	struct text text = text_in(buf, VERDICT_SIZE - 1);
	enum verdict_limit limit = verdict_judge(facts);

	if (facts->is_interrupted)
		text_addf(&text, "cut short after %.3g s: ", facts->duration_s);
	switch (limit) {
	case LIMIT_GENERATOR:
		tell_generator(facts, &text);
		break;
	case LIMIT_NOTHING:
		tell_nothing(facts, &text);
		break;
	case LIMIT_NONE:
		text_addf(&text, "the server kept up with the target rate%s",
			  facts->is_several ? " of every step" : "");
		break;
	case LIMIT_SERVER:
		tell_server(facts, &text);
		break;
	}
	if (limit != LIMIT_NOTHING) {
		verdict_add_silence(facts, &text);
		add_losses(facts, &text);
	}
	buf[text.len] = '\0';
	return buf;
}
