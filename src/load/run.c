/* SPDX-License-Identifier: MIT */
/*
 * The parent's side of a run. Signals are let in only while it waits, so that
 * a flag is enough and none is missed.
 */
#include "load/run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"
#include "load/crew.h"

#define START_DELAY_NS (5 * CLOCK_NS_PER_MS) /* for all jobs to hear of it */

/* timeout(1) sends the same signal twice, to us and to our group. */
#define SAME_SIGNAL_NS (200 * CLOCK_NS_PER_MS)

static volatile sig_atomic_t interrupted;
static uint64_t interrupted_ns; /* the handler's own */
static sigset_t waiting_mask;

/* The first one ends the run, one more the program. */
static void interrupt_cb(int number)
{
	uint64_t now_ns = clock_mono_ns();

	if (!interrupted) {
		interrupted_ns = now_ns;
	} else if (now_ns - interrupted_ns > SAME_SIGNAL_NS) {
		(void)signal(number, SIG_DFL);
		(void)raise(number);
	}
	interrupted = 1;
}

/* Ctrl-C, kill(1), and the end of the terminal. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

/* As nohup(1) and shells without job control have it. */
static bool is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	       action.sa_handler == SIG_IGN;
}

void run_catch_signals(void)
{
	struct sigaction action = {.sa_handler = interrupt_cb};
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		(void)sigaddset(&blocked, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &blocked, &waiting_mask);
	for (size_t i = 0; i < ARRAY_LEN(ending); i++) {
		(void)sigdelset(&waiting_mask, ending[i]);
		if (ending[i] != SIGHUP || !is_ignored(SIGHUP))
			(void)sigaction(ending[i], &action, NULL);
	}
}

struct run {
	const struct plan *plan;
	struct monitor *monitor;
	struct crew *crew;
	struct tally *tally;
	uint64_t measure_ns;
	bool is_stopping;
};

static void stop(struct run *run)
{
	if (!run->is_stopping)
		crew_stop(run->crew);
	run->is_stopping = true;
}

/* Connects. False when there is nothing to start. */
static bool await_ready(struct run *run)
{
	uint64_t n_connected = 0;

	while (!crew_is_ready(run->crew) && !interrupted)
		crew_wait(run->crew, UINT64_MAX, &waiting_mask);
	if (run->plan->options->connect_per_request)
		return true;
	for (unsigned i = 0; i < run->plan->options->jobs; i++)
		n_connected += crew_share(run->crew, i)->n_connected;
	if (run->plan->options->verbose)
		log_info("%llu of %u clients are connected",
			 (unsigned long long)n_connected, run->plan->clients);
	log_flush();
	run->tally->n_unconnected = run->plan->clients - (unsigned)n_connected;
	run->tally->is_given_up = n_connected == 0 && !interrupted;
	return n_connected > 0;
}

/* Whether it is of no use to go on: all is refused. */
static bool is_hopeless(const struct run *run, uint64_t now_ns)
{
	const struct stats *sum = &run->tally->stats;
	uint64_t timeout_ns = run->plan->options->timeout_ns;
	uint64_t patience_ns =
		timeout_ns > CLOCK_NS_PER_S ? timeout_ns : CLOCK_NS_PER_S;

	return now_ns > run->measure_ns + patience_ns &&
	       sum->bytes_received == 0 &&
	       sum->errors[error_of_errno(ECONNREFUSED)] > 0;
}

static void run_follow(struct run *run)
{
	while (!crew_is_done(run->crew)) {
		uint64_t now_ns;

		crew_wait(run->crew, monitor_next_ns(run->monitor),
			  &waiting_mask);
		if (interrupted)
			stop(run);
		now_ns = clock_mono_ns();
		crew_sum(run->crew, &run->tally->stats);
		if (crew_is_done(run->crew))
			break;
		if (run->is_stopping)
			continue;
		monitor_update(run->monitor, &run->tally->stats, now_ns);
		if (is_hopeless(run, now_ns)) {
			run->tally->is_given_up = true;
			stop(run);
		}
	}
}

/* The time that what the jobs used is held against: that of the longest. */
static uint64_t window_ns(const struct run *run)
{
	uint64_t longest_ns = 1;

	for (unsigned i = 0; i < run->plan->options->jobs; i++) {
		const struct share *share = crew_share(run->crew, i);

		if (share->window_ns > longest_ns)
			longest_ns = share->window_ns;
	}
	return longest_ns;
}

/* Since the start of what is measured. */
static double since_start_s(const struct run *run, uint64_t at_ns)
{
	return at_ns > run->measure_ns ? (double)(at_ns - run->measure_ns) / 1e9
				       : 0;
}

/* What all jobs saw of it at the same time. */
static void find_silences(const struct run *run)
{
	struct silences all = crew_share(run->crew, 0)->silences;
	const struct silence_span *longest;
	struct tally *tally = run->tally;

	for (unsigned i = 1; i < run->plan->options->jobs; i++)
		silence_intersect(&all, &crew_share(run->crew, i)->silences);
	longest = silence_longest(&all);
	if (longest) {
		tally->silence.at_s = since_start_s(run, longest->from_ns);
		tally->silence.length_s = since_start_s(run, longest->to_ns) -
					  tally->silence.at_s;
	}
	tally->n_silences = all.n;
	tally->has_stopped = all.stopped_ns > 0;
	tally->stopped_s = since_start_s(run, all.stopped_ns);
}

static void count_up(struct run *run)
{
	struct tally *tally = run->tally;
	uint64_t end_ns = run->measure_ns;
	double window = (double)window_ns(run);

	crew_sum(run->crew, &tally->stats);
	for (unsigned i = 0; i < run->plan->options->jobs; i++) {
		const struct share *share = crew_share(run->crew, i);
		double cpu = (double)share->cpu_ns / window;
		double wait = (double)share->delay_ns / window;

		if (share->end_ns > end_ns)
			end_ns = share->end_ns;
		if ((double)share->paused_ns / 1e9 > tally->paused_s)
			tally->paused_s = (double)share->paused_ns / 1e9;
		tally->own_drops += share->own_drops;
		tally->flying_half += share->flying_half;
		tally->flying_end += share->flying_end;
		tally->cpu_share += cpu;
		tally->wait_share += wait;
		if (cpu + wait > tally->busiest)
			tally->busiest = cpu + wait;
	}
	tally->duration_s = since_start_s(run, end_ns);
	tally_set_span(tally);
	find_silences(run);
	tally->has_failed = crew_has_failed(run->crew);
	tally->is_interrupted = interrupted;
	if (run->measure_ns > 0)
		monitor_end(run->monitor, &tally->stats, end_ns);
}

int run_do(const struct plan *plan, struct monitor *monitor,
	   struct tally *tally)
{
	struct run run = {.plan = plan, .monitor = monitor, .tally = tally};
	uint64_t start_ns;

	memset(tally, 0, sizeof(*tally));
	tally->target_rate = plan->rate;
	tally->clients = plan->clients;
	run.crew = crew_new(plan);
	if (!run.crew)
		return -1;
	if (await_ready(&run)) {
		start_ns = clock_mono_ns() + START_DELAY_NS;
		run.measure_ns = start_ns + plan->warmup_ns;
		monitor_begin(monitor, plan, run.measure_ns);
		crew_go(run.crew, start_ns);
	} else {
		stop(&run);
	}
	run_follow(&run);
	count_up(&run);
	crew_free(run.crew);
	return 0;
}
