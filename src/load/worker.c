/* SPDX-License-Identifier: MIT */
/*
 * The job's loop and its clock. A run goes
 *
 *	setup -> waiting -> running -> draining -> done
 *
 * Setup connects the clients, a few at a time, so that no listen queue
 * overflows. Running starts exchanges: in the closed loop the clients do that
 * themselves whenever one is answered; in the open loop the schedule does,
 * message i being due at start + i / rate, whatever the server does. When no
 * client is free the schedule waits, and what is sent afterwards is counted
 * from when it was due. Draining sends what is overdue and waits for answers.
 *
 * The wait for what is due next is by a timerfd of its own, since epoll's is
 * in milliseconds; what is nearer than a sleep takes is waited for awake.
 */
#include "load/worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/client.h"
#include "load/job.h"
#include "load/meter.h"
#include "load/schedule.h"
#include "load/wire_http.h"
#include "load/wire_tcp.h"
#include "load/wire_udp.h"

#define CONNECTING_MAX 256 /* at once */
#define PACE_MAX       64  /* sends in a row before answers are looked at */
#define SPIN_NS	       UINT64_C(5000)
#define TICK_MIN_NS    CLOCK_NS_PER_MS
#define TICK_MAX_NS    (20 * CLOCK_NS_PER_MS)
#define LINGER_NS      (100 * CLOCK_NS_PER_MS)

struct worker {
	struct job job;
	struct schedule schedule; /* open loop */
	uint32_t index;		  /* of this job */
	struct client *clients;
	uint32_t n_tried; /* to connect, setting up */

	struct event control, tick, timer;
	int control_fd, timer_fd;
	uint64_t tick_ns;
	uint64_t armed_ns;  /* the timer's time; 0 when it is off */
	bool is_spinning;   /* what is next is too near to sleep */
	bool is_go;	    /* the parent has set start_ns */
	bool is_broken_off; /* told to stop early */
	bool is_half_over;  /* and what was in flight is noted */
	bool is_metered;
	struct meter meter; /* at measure_ns */
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --- setting up --- */

static void connect_more(struct worker *worker)
{
	while (worker->n_tried < worker->job.n_clients &&
	       worker->n_tried - worker->job.n_settled < CONNECTING_MAX)
		client_open(&worker->clients[worker->n_tried++]);
}

static void worker_tell_ready(struct worker *worker)
{
	const struct job_order order = {.word = JOB_READY};

	worker->job.state = JOB_WAITING;
	/* A parent that is gone is noticed by its end of the pair. */
	(void)!send(worker->control_fd, &order, sizeof(order), MSG_NOSIGNAL);
}

static void set_up(struct worker *worker)
{
	if (!worker->job.options->connect_per_request)
		connect_more(worker);
	else
		worker->job.n_settled = worker->job.n_clients;
	if (worker->job.n_settled == worker->job.n_clients)
		worker_tell_ready(worker);
}

/* --- starting exchanges --- */

static uint64_t next_due_ns(const struct worker *worker)
{
	return schedule_next_ns(&worker->schedule, worker->job.start_ns);
}

/* How late we are with what was due then and could be sent since freed_ns. */
static void count_lateness(struct worker *worker, uint64_t due_ns)
{
	uint64_t could_ns = max_u64(due_ns, worker->job.freed_ns);

	if (due_ns < worker->job.measure_ns)
		return;
	histogram_add(&worker->job.stats->lateness,
		      worker->job.now_ns -
			      min_u64(could_ns, worker->job.now_ns));
}

/* Sends what is due next, with the client whose turn it is. */
static void send_due(struct worker *worker, uint64_t due_ns)
{
	struct client *client =
		CONTAINER_OF(worker->job.ready.next, struct client, ready);

	worker->schedule.n_due++;
	job_count_started(&worker->job, due_ns);
	count_lateness(worker, due_ns);
	list_remove(&client->ready);
	if (client_start(client, due_ns))
		client_flush(client);
	client_continue(client);
}

/* Sends what is due, as far as clients are free. */
static void pace(struct worker *worker)
{
	for (int i = 0; i < PACE_MAX; i++) {
		uint64_t due_ns = next_due_ns(worker);

		worker->job.has_backlog = !job_is_over(&worker->job, due_ns) &&
					  due_ns <= worker->job.now_ns;
		if (!worker->job.has_backlog)
			return;
		if (list_is_empty(&worker->job.ready)) {
			job_note_blocked(&worker->job);
			return;
		}
		send_due(worker, due_ns);
		job_read_clock(&worker->job);
	}
}

/* What is due and has not been sent by now never will be. */
static void give_up_backlog(struct worker *worker)
{
	for (; worker->job.has_backlog; worker->schedule.n_due++) {
		uint64_t due_ns = next_due_ns(worker);

		worker->job.has_backlog = !job_is_over(&worker->job, due_ns) &&
					  due_ns <= worker->job.now_ns;
		if (!worker->job.has_backlog || due_ns < worker->job.measure_ns)
			continue;
		worker->job.stats->unsent++;
		worker->job.n_started++;
	}
}

/* --- the parts of a run --- */

/* At the time that the parent gave to all jobs. */
static void begin_running(struct worker *worker)
{
	worker->job.state = JOB_RUNNING;
	for (uint32_t i = 0; i < worker->job.n_clients; i++) {
		client_continue(&worker->clients[i]);
		job_read_clock(&worker->job);
	}
	worker->job.freed_ns = worker->job.start_ns;
}

static void meter_once(struct worker *worker)
{
	if (worker->is_metered || worker->job.now_ns < worker->job.measure_ns)
		return;
	worker->is_metered = true;
	meter_read(&worker->meter);
}

static void meter_end(struct worker *worker)
{
	struct meter now;

	if (!worker->is_metered)
		return;
	worker->is_metered = false;
	meter_read(&now);
	worker->job.share->cpu_ns = now.cpu_ns - worker->meter.cpu_ns;
	worker->job.share->delay_ns = now.delay_ns - worker->meter.delay_ns;
	worker->job.share->window_ns = now.at_ns - worker->meter.at_ns;
}

/* Notes what is in flight when half of what is to be sent has been. */
static void note_half(struct worker *worker)
{
	uint64_t half_ns = worker->job.measure_ns +
			   (worker->job.end_ns - worker->job.measure_ns) / 2;

	if (worker->is_half_over ||
	    (worker->job.now_ns < half_ns &&
	     worker->job.n_started < worker->job.n_share / 2))
		return;
	worker->is_half_over = true;
	worker->job.share->flying_half = worker->job.in_flight;
}

static void begin_draining(struct worker *worker)
{
	/* With a count all may have been started long before it is answered. */
	if (worker->job.end_ns != UINT64_MAX)
		meter_end(worker);
	worker->job.share->flying_end = worker->job.in_flight;
	worker->job.state = JOB_DRAINING;
	worker->job.drain_ns = worker->job.now_ns;
}

/* Until when answers are waited for. */
static uint64_t last_call_ns(const struct worker *worker)
{
	uint64_t timeout_ns = worker->job.options->timeout_ns;

	if (worker->is_broken_off)
		return worker->job.drain_ns +
		       min_u64(timeout_ns, CLOCK_NS_PER_S);
	/* Each has its whole time, and the tick that looks at it. */
	return max_u64(worker->job.last_start_ns, worker->job.drain_ns) +
	       timeout_ns + 2 * worker->tick_ns;
}

/* Until when late answers and duplicates are waited for, when nothing is in
 * flight any more. */
static uint64_t linger_until_ns(const struct worker *worker)
{
	uint64_t timeout_ns = worker->job.options->timeout_ns;

	if (worker->job.wire->socket_type != SOCK_DGRAM &&
	    worker->job.missing.n == 0)
		return 0;
	if (worker->job.missing.n == 0 || worker->is_broken_off)
		return worker->job.last_answer_ns +
		       min_u64(timeout_ns, LINGER_NS);
	return worker->job.last_start_ns + timeout_ns +
	       min_u64(timeout_ns, CLOCK_NS_PER_S);
}

static bool is_drained(const struct worker *worker)
{
	if (worker->job.has_backlog)
		return false;
	if (worker->job.in_flight == 0)
		return worker->job.now_ns >= linger_until_ns(worker);
	return worker->job.now_ns >= last_call_ns(worker);
}

/* When the measured part ended: the rate is over this time. */
static uint64_t sending_end_ns(const struct worker *worker)
{
	if (worker->job.n_started >= worker->job.n_share &&
	    worker->job.last_answer_ns > worker->job.measure_ns)
		return worker->job.last_answer_ns;
	return max_u64(worker->job.drain_ns, worker->job.last_start_ns);
}

/* The last look: what came behind the last answer would else go unseen. */
static void look_for_surplus(struct worker *worker, struct client *client)
{
	if (worker->job.wire->socket_type == SOCK_STREAM &&
	    client->state == CLIENT_OPEN &&
	    worker->job.wire->has_surplus(client))
		worker->job.stats->errors[ERROR_STRAY]++;
}

static void finish(struct worker *worker)
{
	const struct silence_rule rule = job_silence_rule(&worker->job);

	for (uint32_t i = 0; i < worker->job.n_clients; i++) {
		struct client *client = &worker->clients[i];

		if (client->in_flight == 0)
			look_for_surplus(worker, client);
		while (client->in_flight > 0)
			client_resolve(client, client->first,
				       OUTCOME_UNFINISHED);
	}
	meter_end(worker);
	silence_end(&worker->job.silence, &rule, &worker->job.share->silences,
		    worker->job.drain_ns);
	worker->job.share->end_ns = sending_end_ns(worker);
	worker->job.state = JOB_DONE;
}

static void run(struct worker *worker)
{
	meter_once(worker);
	note_half(worker);
	if (worker->job.is_open_loop)
		pace(worker);
	if (job_is_over(&worker->job, worker->job.now_ns) ||
	    worker->is_broken_off)
		begin_draining(worker);
}

static void worker_drain(struct worker *worker)
{
	if (worker->job.is_open_loop)
		pace(worker);
	if (worker->is_broken_off ||
	    worker->job.now_ns >
		    worker->job.drain_ns + worker->job.options->timeout_ns)
		give_up_backlog(worker);
	if (is_drained(worker))
		finish(worker);
}

/* What the end of a turn of the loop has to do. */
static void turn(struct worker *worker)
{
	if (worker->job.state == JOB_SETUP)
		set_up(worker);
	if (worker->job.state == JOB_WAITING && worker->is_go &&
	    worker->job.now_ns >= worker->job.start_ns)
		begin_running(worker);
	if (worker->job.state == JOB_RUNNING)
		run(worker);
	if (worker->job.state == JOB_DRAINING)
		worker_drain(worker);
}

/* --- waiting --- */

/* What the next turn has to be in time for; 0 for nothing but events. */
static uint64_t next_time_ns(const struct worker *worker)
{
	uint64_t due_ns;

	if (worker->job.state == JOB_WAITING)
		return worker->is_go ? worker->job.start_ns : 0;
	if (worker->job.state != JOB_RUNNING &&
	    worker->job.state != JOB_DRAINING)
		return 0;
	if (!worker->job.is_open_loop)
		return worker->job.state == JOB_RUNNING ? worker->job.end_ns
							: 0;
	due_ns = next_due_ns(worker);
	if (job_is_over(&worker->job, due_ns) ||
	    (due_ns <= worker->job.now_ns && list_is_empty(&worker->job.ready)))
		return worker->job.state == JOB_RUNNING ? worker->job.end_ns
							: 0;
	return due_ns;
}

static void set_timer(struct worker *worker, uint64_t at_ns)
{
	struct itimerspec spec = {0};

	if (at_ns == worker->armed_ns)
		return;
	worker->armed_ns = at_ns;
	spec.it_value.tv_sec = (time_t)(at_ns / CLOCK_NS_PER_S);
	spec.it_value.tv_nsec = (long)(at_ns % CLOCK_NS_PER_S);
	/* Cannot fail: the descriptor is a timer's, the time is one. */
	(void)timerfd_settime(worker->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void prepare_wait(struct worker *worker)
{
	uint64_t at_ns = next_time_ns(worker);

	if (at_ns == UINT64_MAX)
		at_ns = 0;
	worker->is_spinning = at_ns > 0 && at_ns < worker->job.now_ns + SPIN_NS;
	if (!worker->is_spinning)
		set_timer(worker, at_ns);
}

static void timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	/* Edge-triggered: it need not be read. */
	worker->armed_ns = 0;
}

static void tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	job_read_clock(&worker->job);
	/* All of them: n_tried is of the setting up alone. */
	for (uint32_t i = 0; i < worker->job.n_clients; i++)
		client_check(&worker->clients[i]);
}

/* --- the parent's word --- */

static void go(struct worker *worker, uint64_t start_ns)
{
	const struct plan *plan = worker->job.plan;

	worker->is_go = true;
	worker->job.start_ns = start_ns;
	worker->job.measure_ns = start_ns + plan->warmup_ns;
	worker->job.end_ns = plan->duration_ns > 0 ? worker->job.measure_ns +
							     plan->duration_ns
						   : UINT64_MAX;
}

static void control_cb(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	struct job_order order;

	(void)what;
	if (recv(fd, &order, sizeof(order), 0) != (ssize_t)sizeof(order)) {
		worker->job.state = JOB_DONE;
		return;
	}
	if (order.word == JOB_GO) {
		go(worker, order.at_ns);
		return;
	}
	worker->is_broken_off = true;
	if (worker->job.state < JOB_RUNNING)
		worker->job.state = JOB_DONE;
}

/* --- making and running it --- */

static void set_schedule(struct worker *worker)
{
	struct job *job = &worker->job;
	const struct plan *plan = job->plan;
	unsigned jobs = job->options->jobs;

	job->is_open_loop = plan->rate > 0;
	job->limit = job->options->pipeline;
	if (job->is_open_loop) {
		worker->schedule = schedule_of(plan->rate, jobs, worker->index);
		/* A datagram takes no turns: it is sent when it is due. */
		if (job->wire->socket_type == SOCK_DGRAM)
			job->limit = UINT32_MAX;
	}
	job->n_share = plan->count > 0
			       ? schedule_part(plan->count, jobs, worker->index)
			       : UINT64_MAX;
	job->measure_ns = UINT64_MAX;
	job->end_ns = UINT64_MAX;
	worker->tick_ns =
		min_u64(max_u64(job->options->timeout_ns / 32, TICK_MIN_NS),
			TICK_MAX_NS);
}

static bool make_clients(struct worker *worker)
{
	struct job *job = &worker->job;
	unsigned jobs = job->options->jobs, clients = job->plan->clients;
	uint64_t n_before = 0;

	for (uint32_t i = 0; i < worker->index; i++)
		n_before += schedule_part(clients, jobs, i);
	job->n_clients = (uint32_t)schedule_part(clients, jobs, worker->index);
	worker->clients = calloc(job->n_clients, sizeof(*worker->clients));
	if (!worker->clients)
		return false;
	for (uint32_t i = 0; i < job->n_clients; i++)
		client_init(&worker->clients[i], job, (uint32_t)n_before + i);
	return true;
}

static bool make_events(struct worker *worker)
{
	const struct timeval tick = {
		.tv_usec = (suseconds_t)(worker->tick_ns / 1000)};

	worker->job.base = event_base_new();
	worker->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (!worker->job.base || worker->timer_fd < 0)
		return false;
	(void)event_assign(&worker->timer, worker->job.base, worker->timer_fd,
			   EV_READ | EV_PERSIST | EV_ET, timer_cb, worker);
	(void)event_assign(&worker->control, worker->job.base,
			   worker->control_fd, EV_READ | EV_PERSIST, control_cb,
			   worker);
	(void)event_assign(&worker->tick, worker->job.base, -1, EV_PERSIST,
			   tick_cb, worker);
	return event_add(&worker->timer, NULL) == 0 &&
	       event_add(&worker->control, NULL) == 0 &&
	       event_add(&worker->tick, &tick) == 0;
}

static void clear(struct worker *worker)
{
	for (uint32_t i = 0; worker->clients && i < worker->job.n_clients; i++)
		client_clear(&worker->clients[i]);
	free(worker->clients);
	kit_clear(&worker->job.kit);
	missing_clear(&worker->job.missing);
	if (worker->job.base) {
		(void)event_del(&worker->timer);
		(void)event_del(&worker->control);
		(void)event_del(&worker->tick);
		event_base_free(worker->job.base);
	}
	if (worker->timer_fd >= 0)
		(void)close(worker->timer_fd);
}

static void loop(struct worker *worker)
{
	turn(worker);
	while (worker->job.state != JOB_DONE) {
		prepare_wait(worker);
		(void)event_base_loop(worker->job.base,
				      worker->is_spinning
					      ? EVLOOP_ONCE | EVLOOP_NONBLOCK
					      : EVLOOP_ONCE);
		job_read_clock(&worker->job);
		turn(worker);
	}
}

int worker_run(const struct plan *plan, unsigned index, int control_fd,
	       struct share *share)
{
	static const struct wire *const wires[] = {&wire_tcp, &wire_udp,
						   &wire_http};
	struct worker worker = {
		.job = {.plan = plan,
			.options = plan->options,
			.wire = wires[plan->options->protocol],
			.share = share,
			.stats = &share->stats,
			.now_ns = clock_mono_ns()},
		.control_fd = control_fd,
		.timer_fd = -1,
		.index = index,
	};
	struct job *job = &worker.job;
	int status = EXIT_FAILURE;

	list_init(&job->ready);
	set_schedule(&worker);
	if (kit_init(&job->kit, job->options) && make_clients(&worker) &&
	    make_events(&worker)) {
		loop(&worker);
		status = EXIT_SUCCESS;
	}
	clear(&worker);
	return status;
}
