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
void job_read_clock(struct job *job)
{
	uint64_t now_ns = clock_mono_ns(), gap_ns = now_ns - job->now_ns;

	job->now_ns = now_ns;
	if (gap_ns < PAUSED_NS)
		return;
	silence_forgive(&job->silence, gap_ns);
	if (job->state == JOB_RUNNING && now_ns >= job->measure_ns)
		job->share->paused_ns += gap_ns;
}

struct silence_rule job_silence_rule(const struct job *job)
{
	bool is_bounded = job->limit != UINT32_MAX;

	return (struct silence_rule){
		.capacity =
			is_bounded ? (uint64_t)job->limit * job->n_clients : 0,
		.timeout_ns = job->options->timeout_ns,
	};
}

void job_note_answer(struct job *job, uint64_t waited_ns)
{
	const struct silence_rule rule = job_silence_rule(job);
	bool is_waiting = job->in_flight > 0 || job->is_blocked;
	uint64_t now_ns = job->now_ns;

	job->last_answer_ns = now_ns;
	/* Once nothing more is asked, who is slow is not silent. */
	if (job->state == JOB_DRAINING)
		now_ns = job->drain_ns;
	silence_answer(&job->silence, &rule, &job->share->silences, now_ns,
		       waited_ns, is_waiting);
}

void job_note_start(struct job *job, uint64_t due_ns)
{
	job->in_flight++;
	job->last_start_ns = job->now_ns;
	silence_ask(&job->silence, job->now_ns);
	if (due_ns >= job->measure_ns)
		job->stats->sent++;
}

void job_note_end(struct job *job)
{
	job->in_flight--;
}

void job_note_error(struct job *job, size_t slot)
{
	if (error_is_wrong_reply(slot))
		job_note_answer(job, UINT64_MAX);
	else if (slot != ERROR_TIMEOUT)
		silence_break(&job->silence);
}

void job_set_free(struct job *job, struct list_node *node, bool is_free)
{
	if (!is_free) {
		list_remove(node);
		return;
	}
	if (!list_is_empty(node))
		return;
	if (job->is_blocked)
		job->freed_ns = job->now_ns;
	job->is_blocked = false;
	list_add_last(&job->ready, node);
}

void job_note_blocked(struct job *job)
{
	job->is_blocked = true;
	silence_wait(&job->silence, job->now_ns);
}

void job_client_settled(struct job *job, bool is_connected)
{
	if (job->state != JOB_SETUP)
		return;
	job->n_settled++;
	job->share->n_connected += is_connected;
}

bool job_is_over(const struct job *job, uint64_t due_ns)
{
	return job->n_started >= job->n_share || due_ns >= job->end_ns;
}

/* Those of the warm-up are not of the --count. */
void job_count_started(struct job *job, uint64_t due_ns)
{
	if (due_ns >= job->measure_ns)
		job->n_started++;
}

bool job_take_start(struct job *job)
{
	if (job->state != JOB_RUNNING || job_is_over(job, job->now_ns))
		return false;
	job_count_started(job, job->now_ns);
	return true;
}

bool job_goes_on(const struct job *job)
{
	return job->state == JOB_WAITING || job->state == JOB_RUNNING ||
	       job->has_backlog;
}
