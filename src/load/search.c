/* SPDX-License-Identifier: MIT */
/*
 * The highest rate that holds is looked for in two parts: doubling until a
 * step does not hold, then halving the interval between the last that held and
 * the first that did not, until that is narrow. A step that fails is tried
 * once more, because one hiccup of a busy host must not decide the search; and
 * more often, a few times in all, when it was the generator that could not send
 * what it had sent before, for that is a hiccup for sure.
 */
#include "load/search.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "load/run.h"

#define FIRST_RATE   1000.0
#define RATE_CEILING 1e8
#define NARROW	     1.03 /* upper bound to lower bound: good enough */
#define RATE_REACHED 0.98
#define TRIES	     2
#define TRIES_SPARE  4 /* in all, where the generator was kept from it */

static bool is_reached(const struct tally *tally)
{
	return tally->stats.unsent == 0 && !tally->is_given_up &&
	       !tally->has_stopped && !tally_falls_behind(tally) &&
	       (tally->target_rate <= 0 ||
		tally_rate(tally) >= RATE_REACHED * tally->target_rate);
}

static bool is_held(const struct plan *plan, const struct tally *tally)
{
	const struct thresholds *conditions = &plan->options->find_max;

	return is_reached(tally) && !tally->is_interrupted &&
	       tally->stats.exchanges > 0 &&
	       thresholds_all_hold(conditions, &tally->stats,
				   tally_rate(tally));
}

static void search_tell(const struct plan *plan, const struct tally *tally,
			bool held)
{
	if (!plan->options->verbose)
		return;
	log_info("step: %u clients, target %.0f/s: %.0f/s, p99 %.0f us, loss "
		 "%.3g %%: %s",
		 plan->clients, plan->rate, tally_rate(tally),
		 (double)histogram_percentile(&tally->stats.latency, 9900) /
			 1e3,
		 stats_loss_percent(&tally->stats), held ? "held" : "not held");
	log_flush();
}

/* What makes a step, and where it goes. */
struct search {
	struct plan *plan;
	struct monitor *monitor;
	struct result *result;
	struct tally *step;
	bool saw_wrong; /* in any of them */
};

/* 0, or -1 with errno. */
static int do_step(struct search *search, bool *held)
{
	const struct plan *plan = search->plan;
	struct result_row row;

	monitor_set_step(
		search->monitor,
		&(struct live_step){
			.number = (unsigned)search->result->steps.n + 1,
			.total = plan->options->ramp_steps,
			.rate = plan->rate,
			.clients = plan->clients,
		});
	if (run_do(plan, search->monitor, search->step) < 0)
		return -1;
	search->saw_wrong |= stats_has_wrong(&search->step->stats);
	*held = is_held(plan, search->step);
	search_tell(plan, search->step, *held);
	row = result_step(search->step, *held);
	result_add_row(&search->result->steps, &row);
	return 0;
}

/* --- the ramp --- */

static void search_set_step(struct plan *plan, unsigned i)
{
	const struct load_options *options = plan->options;
	double span = options->ramp_to - options->ramp_from;
	double share = options->ramp_steps > 1
			       ? (double)i / (options->ramp_steps - 1)
			       : 0;
	double value = options->ramp_from + span * share;

	if (options->ramp == RAMP_RATE)
		plan->rate = value;
	else
		plan->clients = (unsigned)(value + 0.5);
	plan->duration_ns = options->duration_ns / options->ramp_steps;
}

static int run_ramp(struct search *search, struct tally *tally)
{
	int status = 0;
	bool held;

	memset(tally, 0, sizeof(*tally));
	for (unsigned i = 0;
	     status == 0 && i < search->plan->options->ramp_steps; i++) {
		search_set_step(search->plan, i);
		status = do_step(search, &held);
		if (status == 0)
			tally_merge(tally, search->step);
		if (tally->is_interrupted || tally->is_given_up)
			break;
	}
	return status;
}

/* --- the search --- */

struct finder {
	struct search *search;
	struct tally *best;
	double low, high;	 /* held, and not held; 0: not known */
	double sent_rate;	 /* the highest that was sent on time */
	int spare;		 /* tries beyond those that each rate has */
	enum verdict_search end; /* why the last step did not hold, */
	enum verdict_search high_end; /* and that at `high` */
};

/* Whether nobody is there, at whatever rate. */
static bool is_refused(const struct stats *stats)
{
	return stats->bytes_received == 0 && stats->errors[ECONNREFUSED] > 0;
}

/* Learns from the step that was made. */
static void learn(struct finder *finder, bool held)
{
	const struct tally *step = finder->search->step;
	enum verdict_limit limit = tally_limit(step);
	double sent_rate = tally_sent_rate(step);

	if (limit != LIMIT_GENERATOR && sent_rate > finder->sent_rate)
		finder->sent_rate = sent_rate;
	if (!held)
		finder->end = verdict_judge_search(
			limit, finder->search->plan->rate, finder->sent_rate);
}

/* Makes a step. 0 or -1 with errno; *stop: no more. */
static int try_once(struct finder *finder, bool *held, bool *stop)
{
	struct tally *step = finder->search->step;

	if (do_step(finder->search, held) < 0)
		return -1;
	learn(finder, *held);
	step->is_given_up |= is_refused(&step->stats);
	*stop = step->is_interrupted || step->is_given_up;
	return 0;
}

/* Whether to try it once more after n tries that did not hold. */
static bool has_try(struct finder *finder, int n)
{
	if (n < TRIES)
		return true;
	return finder->end == SEARCH_DISTURBED && finder->spare-- > 0;
}

/* Tries a rate, more than once when need be. 0 or -1 with errno. */
static int try_rate(struct finder *finder, double rate, bool *stop)
{
	bool held = false;

	finder->search->plan->rate = rate;
	finder->end = SEARCH_SERVER;
	for (int i = 0; !held && !*stop && has_try(finder, i); i++)
		if (try_once(finder, &held, stop) < 0)
			return -1;
	if (held || finder->low <= 0)
		*finder->best = *finder->search->step;
	if (held)
		finder->low = rate;
	else
		finder->high = rate;
	if (!held)
		finder->high_end = finder->end;
	return 0;
}

static double next_rate(const struct finder *finder)
{
	double first = finder->search->plan->options->rate;

	if (finder->high <= 0 && finder->low > 0)
		return finder->low * 2;
	if (finder->high <= 0)
		return first > 0 ? first : FIRST_RATE;
	if (finder->low <= 0)
		return finder->high / 4;
	return (finder->low + finder->high) / 2;
}

static bool is_found(const struct finder *finder)
{
	if (finder->low > RATE_CEILING)
		return true;
	if (finder->high > 0 && finder->high < 1)
		return true;
	return finder->low > 0 && finder->high > 0 &&
	       finder->high / finder->low < NARROW;
}

static void set_found(const struct finder *finder, struct result_found *found)
{
	found->condition = finder->search->plan->options->find_max.text;
	found->rate = finder->low > 0 ? finder->low : (double)NAN;
	found->generator_limited = finder->high_end == SEARCH_GENERATOR;
	if (finder->high_end == SEARCH_SERVER)
		return;
	found->remark = found->remark_buf;
	(void)snprintf(found->remark_buf, sizeof(found->remark_buf),
		       found->generator_limited
			       ? "or more: the generator can do no more (try "
				 "more --jobs, or another host)"
			       : "or more: at %.0f/s the generator was kept "
				 "from sending what it had sent before (is "
				 "this host busy with something else?)",
		       finder->high);
}

static int run_find_max(struct search *search, struct tally *tally)
{
	struct finder finder = {
		.search = search,
		.best = tally,
		.spare = TRIES_SPARE,
	};
	bool stop = false;
	int status = 0;

	while (status == 0 && !stop && !is_found(&finder))
		status = try_rate(&finder, next_rate(&finder), &stop);
	set_found(&finder, &search->result->found);
	if (status == 0 && stop) {
		tally->is_interrupted |= search->step->is_interrupted;
		tally->is_given_up |= search->step->is_given_up;
	}
	return status;
}

/* Several steps, in memory for one. */
static int run_steps(struct search *search, struct tally *tally)
{
	int status = -1;

	search->step = malloc(sizeof(*search->step));
	if (search->step)
		status = search->plan->options->ramp != RAMP_NONE
				 ? run_ramp(search, tally)
				 : run_find_max(search, tally);
	free(search->step);
	tally->saw_wrong = search->saw_wrong;
	return status;
}

int search_run(struct plan *plan, struct monitor *monitor,
	       struct result *result, struct tally *tally)
{
	const struct load_options *options = plan->options;
	struct search search = {
		.plan = plan, .monitor = monitor, .result = result};

	if (options->ramp != RAMP_NONE || options->find_max.n > 0)
		return run_steps(&search, tally);
	if (run_do(plan, monitor, tally) < 0)
		return -1;
	tally->saw_wrong = stats_has_wrong(&tally->stats);
	return 0;
}
