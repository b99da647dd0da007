/* SPDX-License-Identifier: MIT */
/*
 * The books of a job, which its clients and its worker keep together: the
 * clock, what may be started, and what has been answered. It starts nothing
 * itself, so both can look at it and need not look at each other.
 */
#include "load/job.h"

#include "base/clock.h"

#define PAUSED_NS (60 * CLOCK_NS_PER_MS)

/*
 * The tick reads the clock every TICK_MAX_NS at least: where it was not read
 * for much longer, this process did not run, and answers lay unread.
 */
void job_read_clock(struct worker *worker)
{
	uint64_t now_ns = clock_mono_ns(), gap_ns = now_ns - worker->now_ns;

	worker->now_ns = now_ns;
	if (gap_ns < PAUSED_NS)
		return;
	silence_forgive(&worker->silence, gap_ns);
	if (worker->state == WORKER_RUNNING && now_ns >= worker->measure_ns)
		worker->share->paused_ns += gap_ns;
}

struct silence_rule job_silence_rule(const struct worker *worker)
{
	bool is_bounded = worker->limit != UINT32_MAX;

	return (struct silence_rule){
		.capacity =
			is_bounded ? (uint64_t)worker->limit * worker->n_clients
				   : 0,
		.timeout_ns = worker->options->timeout_ns,
	};
}

void job_note_answer(struct worker *worker, uint64_t waited_ns)
{
	const struct silence_rule rule = job_silence_rule(worker);
	bool is_waiting = worker->in_flight > 0 || worker->is_blocked;
	uint64_t now_ns = worker->now_ns;

	worker->last_answer_ns = now_ns;
	/* Once nothing more is asked, who is slow is not silent. */
	if (worker->state == WORKER_DRAINING)
		now_ns = worker->drain_ns;
	silence_answer(&worker->silence, &rule, &worker->share->silences,
		       now_ns, waited_ns, is_waiting);
}

void job_client_settled(struct worker *worker, bool is_connected)
{
	if (worker->state != WORKER_SETUP)
		return;
	worker->n_settled++;
	worker->share->n_connected += is_connected;
}

bool job_is_over(const struct worker *worker, uint64_t due_ns)
{
	return worker->n_started >= worker->n_share || due_ns >= worker->end_ns;
}

/* Those of the warm-up are not of the --count. */
void job_count_started(struct worker *worker, uint64_t due_ns)
{
	if (due_ns >= worker->measure_ns)
		worker->n_started++;
}

bool job_take_start(struct worker *worker)
{
	if (worker->state != WORKER_RUNNING ||
	    job_is_over(worker, worker->now_ns))
		return false;
	job_count_started(worker, worker->now_ns);
	return true;
}

bool job_goes_on(const struct worker *worker)
{
	return worker->state == WORKER_WAITING ||
	       worker->state == WORKER_RUNNING || worker->has_backlog;
}
