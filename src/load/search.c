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
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "load/result.h"
#include "load/run.h"

#define FIRST_RATE   1000.0
#define RATE_CEILING 1e8
#define NARROW	     1.03 /* upper bound to lower bound: good enough */
#define RATE_REACHED 0.98
#define TRIES	     2
#define TRIES_SPARE  4 /* in all, where the generator was kept from it */

void search_clear(struct search *search)
{
	json_decref(search->steps);
	json_decref(search->find_max);
	*search = (struct search){0};
}

static bool is_reached(const struct tally *tally)
{
	return tally->stats.unsent == 0 && !tally->is_given_up &&
	       !tally->has_stopped && !tally_falls_behind(tally) &&
	       (tally->target_rate <= 0 ||
		tally_rate(tally) >= RATE_REACHED * tally->target_rate);
}

static bool is_held(const struct plan *plan, const struct tally *tally)
{
	const struct conditions *conditions = &plan->options->find_max;

	return is_reached(tally) && !tally->is_interrupted &&
	       tally->stats.exchanges > 0 &&
	       conditions_all_hold(conditions, &tally->stats,
				   tally_rate(tally));
}

static void tell(const struct plan *plan, const struct tally *tally, bool held)
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

static int do_step(const struct plan *plan, struct monitor *monitor,
		   struct search *search, struct tally *tally)
{
	bool held;

	monitor_set_step(
		monitor,
		&(struct live_step){
			.number = (unsigned)json_array_size(search->steps) + 1,
			.total = plan->options->ramp_steps,
			.rate = plan->rate,
			.clients = plan->clients,
		});
	if (run_do(plan, monitor, tally) < 0)
		return -1;
	search->saw_wrong |= stats_has_wrong(&tally->stats);
	held = is_held(plan, tally);
	tell(plan, tally, held);
	(void)json_array_append_new(search->steps, result_step(tally, held));
	return 0;
}

/* --- the ramp --- */

static void set_step(struct plan *plan, unsigned i)
{
	const struct options *options = plan->options;
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

static int run_ramp(struct plan *plan, struct monitor *monitor,
		    struct search *search, struct tally *tally)
{
	struct tally *step = malloc(sizeof(*step));
	int status = step ? 0 : -1;

	memset(tally, 0, sizeof(*tally));
	for (unsigned i = 0; status == 0 && i < plan->options->ramp_steps;
	     i++) {
		set_step(plan, i);
		status = do_step(plan, monitor, search, step);
		if (status == 0)
			tally_merge(tally, step);
		if (tally->is_interrupted || tally->is_given_up)
			break;
	}
	free(step);
	return status;
}

/* --- the search --- */

struct finder {
	struct plan *plan;
	struct monitor *monitor;
	struct search *search;
	struct tally *step;
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
	enum verdict_limit limit = tally_limit(finder->step);
	double sent_rate = tally_sent_rate(finder->step);

	if (limit != LIMIT_GENERATOR && sent_rate > finder->sent_rate)
		finder->sent_rate = sent_rate;
	if (!held)
		finder->end = verdict_judge_search(limit, finder->plan->rate,
						   finder->sent_rate);
}

/* Makes a step. 0 or -1 with errno; *stop: no more. */
static int try_once(struct finder *finder, bool *held, bool *stop)
{
	if (do_step(finder->plan, finder->monitor, finder->search,
		    finder->step) < 0)
		return -1;
	*held = is_held(finder->plan, finder->step);
	learn(finder, *held);
	finder->step->is_given_up |= is_refused(&finder->step->stats);
	*stop = finder->step->is_interrupted || finder->step->is_given_up;
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

	finder->plan->rate = rate;
	finder->end = SEARCH_SERVER;
	for (int i = 0; !held && !*stop && has_try(finder, i); i++)
		if (try_once(finder, &held, stop) < 0)
			return -1;
	if (held || finder->low <= 0)
		*finder->best = *finder->step;
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
	if (finder->high <= 0)
		return finder->low > 0 ? finder->low * 2
		       : finder->plan->options->rate > 0
			       ? finder->plan->options->rate
			       : FIRST_RATE;
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

/* What there is to say besides; NULL for nothing. */
static json_t *remark(const struct finder *finder)
{
	switch (finder->high_end) {
	case SEARCH_GENERATOR:
		return json_string("or more: the generator can do no more (try "
				   "more --jobs, or another host)");
	case SEARCH_DISTURBED:
		return json_sprintf("or more: at %.0f/s the generator was kept "
				    "from sending what it had sent before (is "
				    "this host busy with something else?)",
				    finder->high);
	default:
		return json_null();
	}
}

static json_t *found(const struct finder *finder)
{
	json_t *object = json_object();
	json_t *rate = finder->low > 0 ? json_real(finder->low) : json_null();

	(void)json_object_set_new(
		object, "condition",
		json_string(finder->plan->options->find_max.text));
	(void)json_object_set_new(object, "rate", rate);
	(void)json_object_set_new(
		object, "generator_limited",
		json_boolean(finder->high_end == SEARCH_GENERATOR));
	(void)json_object_set_new(object, "remark", remark(finder));
	return object;
}

static int run_find_max(struct plan *plan, struct monitor *monitor,
			struct search *search, struct tally *tally)
{
	struct finder finder = {
		.plan = plan,
		.monitor = monitor,
		.search = search,
		.best = tally,
		.step = malloc(sizeof(*finder.step)),
		.spare = TRIES_SPARE,
	};
	bool stop = false;
	int status = finder.step ? 0 : -1;

	while (status == 0 && !stop && !is_found(&finder))
		status = try_rate(&finder, next_rate(&finder), &stop);
	search->find_max = found(&finder);
	if (status == 0 && stop) {
		tally->is_interrupted |= finder.step->is_interrupted;
		tally->is_given_up |= finder.step->is_given_up;
	}
	free(finder.step);
	return status;
}

int search_run(struct plan *plan, struct monitor *monitor,
	       struct search *search, struct tally *tally)
{
	const struct options *options = plan->options;

	*search = (struct search){0};
	if (options->ramp == RAMP_NONE && options->find_max.n == 0) {
		if (run_do(plan, monitor, tally) < 0)
			return -1;
		search->saw_wrong = stats_has_wrong(&tally->stats);
		return 0;
	}
	search->steps = json_array();
	if (options->ramp != RAMP_NONE)
		return run_ramp(plan, monitor, search, tally);
	return run_find_max(plan, monitor, search, tally);
}
