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
#include "load/wire_http.h"
#include "load/wire_tcp.h"
#include "load/wire_udp.h"
#include "os/datagram.h"

#define CONNECTING_MAX 256 /* at once */
#define PACE_MAX       64  /* sends in a row before answers are looked at */
#define SPIN_NS	       UINT64_C(5000)
#define TICK_MIN_NS    CLOCK_NS_PER_MS
#define TICK_MAX_NS    (20 * CLOCK_NS_PER_MS)
#define LINGER_NS      (100 * CLOCK_NS_PER_MS)
#define SLOT_SPARE     64 /* for answers that are too long */

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
	while (worker->n_tried < worker->n_clients &&
	       worker->n_tried - worker->n_settled < CONNECTING_MAX)
		client_open(&worker->clients[worker->n_tried++]);
}

static void tell_ready(struct worker *worker)
{
	const struct job_order order = {.word = JOB_READY};

	worker->state = WORKER_WAITING;
	/* A parent that is gone is noticed by its end of the pair. */
	(void)!send(worker->control_fd, &order, sizeof(order), MSG_NOSIGNAL);
}

static void set_up(struct worker *worker)
{
	if (!worker->options->connect_per_request)
		connect_more(worker);
	else
		worker->n_settled = worker->n_clients;
	if (worker->n_settled == worker->n_clients)
		tell_ready(worker);
}

/* --- starting exchanges --- */

static uint64_t next_due_ns(const struct worker *worker)
{
	return worker->start_ns +
	       (uint64_t)(worker->phase_ns +
			  (double)worker->n_due * worker->interval_ns);
}

/* How late we are with what was due then and could be sent since freed_ns. */
static void count_lateness(struct worker *worker, uint64_t due_ns)
{
	uint64_t could_ns = max_u64(due_ns, worker->freed_ns);

	if (due_ns < worker->measure_ns)
		return;
	histogram_add(&worker->stats->lateness,
		      worker->now_ns - min_u64(could_ns, worker->now_ns));
}

/* Sends what is due next, with the client whose turn it is. */
static void send_due(struct worker *worker, uint64_t due_ns)
{
	struct client *client =
		CONTAINER_OF(worker->ready.next, struct client, ready);

	worker->n_due++;
	job_count_started(worker, due_ns);
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

		worker->has_backlog = !job_is_over(worker, due_ns) &&
				      due_ns <= worker->now_ns;
		if (!worker->has_backlog)
			return;
		if (list_is_empty(&worker->ready)) {
			worker->is_blocked = true;
			silence_wait(&worker->silence, worker->now_ns);
			return;
		}
		send_due(worker, due_ns);
		job_read_clock(worker);
	}
}

/* What is due and has not been sent by now never will be. */
static void give_up_backlog(struct worker *worker)
{
	for (; worker->has_backlog; worker->n_due++) {
		uint64_t due_ns = next_due_ns(worker);

		worker->has_backlog = !job_is_over(worker, due_ns) &&
				      due_ns <= worker->now_ns;
		if (!worker->has_backlog || due_ns < worker->measure_ns)
			continue;
		worker->stats->unsent++;
		worker->n_started++;
	}
}

/* --- the parts of a run --- */

/* At the time that the parent gave to all jobs. */
static void begin_running(struct worker *worker)
{
	worker->state = WORKER_RUNNING;
	for (uint32_t i = 0; i < worker->n_clients; i++) {
		client_continue(&worker->clients[i]);
		job_read_clock(worker);
	}
	worker->freed_ns = worker->start_ns;
}

static void meter_once(struct worker *worker)
{
	if (worker->is_metered || worker->now_ns < worker->measure_ns)
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
	worker->share->cpu_ns = now.cpu_ns - worker->meter.cpu_ns;
	worker->share->delay_ns = now.delay_ns - worker->meter.delay_ns;
	worker->share->window_ns = now.at_ns - worker->meter.at_ns;
}

/* Notes what is in flight when half of what is to be sent has been. */
static void note_half(struct worker *worker)
{
	uint64_t half_ns =
		worker->measure_ns + (worker->end_ns - worker->measure_ns) / 2;

	if (worker->is_half_over || (worker->now_ns < half_ns &&
				     worker->n_started < worker->n_share / 2))
		return;
	worker->is_half_over = true;
	worker->share->flying_half = worker->in_flight;
}

static void begin_draining(struct worker *worker)
{
	/* With a count all may have been started long before it is answered. */
	if (worker->end_ns != UINT64_MAX)
		meter_end(worker);
	worker->share->flying_end = worker->in_flight;
	worker->state = WORKER_DRAINING;
	worker->drain_ns = worker->now_ns;
}

/* Until when answers are waited for. */
static uint64_t last_call_ns(const struct worker *worker)
{
	uint64_t timeout_ns = worker->options->timeout_ns;

	if (worker->is_broken_off)
		return worker->drain_ns + min_u64(timeout_ns, CLOCK_NS_PER_S);
	/* Each has its whole time, and the tick that looks at it. */
	return max_u64(worker->last_start_ns, worker->drain_ns) + timeout_ns +
	       2 * worker->tick_ns;
}

/* Until when late answers and duplicates are waited for, when nothing is in
 * flight any more. */
static uint64_t linger_until_ns(const struct worker *worker)
{
	uint64_t timeout_ns = worker->options->timeout_ns;

	if (worker->wire->socket_type != SOCK_DGRAM && worker->missing.n == 0)
		return 0;
	if (worker->missing.n == 0 || worker->is_broken_off)
		return worker->last_answer_ns + min_u64(timeout_ns, LINGER_NS);
	return worker->last_start_ns + timeout_ns +
	       min_u64(timeout_ns, CLOCK_NS_PER_S);
}

static bool is_drained(const struct worker *worker)
{
	if (worker->has_backlog)
		return false;
	if (worker->in_flight == 0)
		return worker->now_ns >= linger_until_ns(worker);
	return worker->now_ns >= last_call_ns(worker);
}

/* When the measured part ended: the rate is over this time. */
static uint64_t sending_end_ns(const struct worker *worker)
{
	if (worker->n_started >= worker->n_share &&
	    worker->last_answer_ns > worker->measure_ns)
		return worker->last_answer_ns;
	return max_u64(worker->drain_ns, worker->last_start_ns);
}

/* The last look: what came behind the last answer would else go unseen. */
static void look_for_surplus(struct worker *worker, struct client *client)
{
	if (worker->wire->socket_type == SOCK_STREAM &&
	    client->state == CLIENT_OPEN && worker->wire->has_surplus(client))
		worker->stats->errors[ERROR_STRAY]++;
}

static void finish(struct worker *worker)
{
	const struct silence_rule rule = job_silence_rule(worker);

	for (uint32_t i = 0; i < worker->n_clients; i++) {
		struct client *client = &worker->clients[i];

		if (client->in_flight == 0)
			look_for_surplus(worker, client);
		while (client->in_flight > 0)
			client_resolve(client, client->first,
				       OUTCOME_UNFINISHED);
	}
	meter_end(worker);
	silence_end(&worker->silence, &rule, &worker->share->silences,
		    worker->drain_ns);
	worker->share->end_ns = sending_end_ns(worker);
	worker->state = WORKER_DONE;
}

static void run(struct worker *worker)
{
	meter_once(worker);
	note_half(worker);
	if (worker->is_open_loop)
		pace(worker);
	if (job_is_over(worker, worker->now_ns) || worker->is_broken_off)
		begin_draining(worker);
}

static void drain(struct worker *worker)
{
	if (worker->is_open_loop)
		pace(worker);
	if (worker->is_broken_off ||
	    worker->now_ns > worker->drain_ns + worker->options->timeout_ns)
		give_up_backlog(worker);
	if (is_drained(worker))
		finish(worker);
}

/* What the end of a turn of the loop has to do. */
static void turn(struct worker *worker)
{
	if (worker->state == WORKER_SETUP)
		set_up(worker);
	if (worker->state == WORKER_WAITING && worker->is_go &&
	    worker->now_ns >= worker->start_ns)
		begin_running(worker);
	if (worker->state == WORKER_RUNNING)
		run(worker);
	if (worker->state == WORKER_DRAINING)
		drain(worker);
}

/* --- waiting --- */

/* What the next turn has to be in time for; 0 for nothing but events. */
static uint64_t next_time_ns(const struct worker *worker)
{
	uint64_t due_ns;

	if (worker->state == WORKER_WAITING)
		return worker->is_go ? worker->start_ns : 0;
	if (worker->state != WORKER_RUNNING && worker->state != WORKER_DRAINING)
		return 0;
	if (!worker->is_open_loop)
		return worker->state == WORKER_RUNNING ? worker->end_ns : 0;
	due_ns = next_due_ns(worker);
	if (job_is_over(worker, due_ns) ||
	    (due_ns <= worker->now_ns && list_is_empty(&worker->ready)))
		return worker->state == WORKER_RUNNING ? worker->end_ns : 0;
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
	worker->is_spinning = at_ns > 0 && at_ns < worker->now_ns + SPIN_NS;
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
	job_read_clock(worker);
	/* All of them: n_tried is of the setting up alone. */
	for (uint32_t i = 0; i < worker->n_clients; i++)
		client_check(&worker->clients[i]);
}

/* --- the parent's word --- */

static void go(struct worker *worker, uint64_t start_ns)
{
	const struct plan *plan = worker->plan;

	worker->is_go = true;
	worker->start_ns = start_ns;
	worker->measure_ns = start_ns + plan->warmup_ns;
	worker->end_ns = plan->duration_ns > 0
				 ? worker->measure_ns + plan->duration_ns
				 : UINT64_MAX;
}

static void control_cb(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	struct job_order order;

	(void)what;
	if (recv(fd, &order, sizeof(order), 0) != (ssize_t)sizeof(order)) {
		worker->state = WORKER_DONE;
		return;
	}
	if (order.word == JOB_GO) {
		go(worker, order.at_ns);
		return;
	}
	worker->is_broken_off = true;
	if (worker->state < WORKER_RUNNING)
		worker->state = WORKER_DONE;
}

/* --- making and running it --- */

/* The part of n that falls to job i. */
static uint64_t part_of(uint64_t n, uint64_t n_jobs, uint64_t i)
{
	return n / n_jobs + (i < n % n_jobs);
}

static void set_schedule(struct worker *worker)
{
	const struct plan *plan = worker->plan;
	unsigned jobs = worker->options->jobs;

	worker->is_open_loop = plan->rate > 0;
	worker->limit = worker->options->pipeline;
	if (worker->is_open_loop) {
		worker->interval_ns = 1e9 * jobs / plan->rate;
		worker->phase_ns = 1e9 * worker->index / plan->rate;
		/* A datagram takes no turns: it is sent when it is due. */
		if (worker->wire->socket_type == SOCK_DGRAM)
			worker->limit = UINT32_MAX;
	}
	worker->n_share = plan->count > 0
				  ? part_of(plan->count, jobs, worker->index)
				  : UINT64_MAX;
	worker->measure_ns = UINT64_MAX;
	worker->end_ns = UINT64_MAX;
	worker->tick_ns =
		min_u64(max_u64(worker->options->timeout_ns / 32, TICK_MIN_NS),
			TICK_MAX_NS);
}

static bool make_memory(struct worker *worker)
{
	const struct load_options *options = worker->options;
	uint64_t n_before = 0;

	for (uint32_t i = 0; i < worker->index; i++)
		n_before += part_of(worker->plan->clients, options->jobs, i);
	worker->n_clients = (uint32_t)part_of(worker->plan->clients,
					      options->jobs, worker->index);
	worker->clients = calloc(worker->n_clients, sizeof(*worker->clients));
	worker->buf = malloc(ENGINE_BUF_SIZE);
	worker->messages = messages_new(options->seed, options->size_min,
					options->size_max);
	if (options->protocol == PROTOCOL_UDP)
		worker->batch = datagram_batch_new_connected(options->size_max +
							     SLOT_SPARE);
	if (!worker->clients || !worker->buf || !worker->messages ||
	    (options->protocol == PROTOCOL_UDP && !worker->batch))
		return false;
	worker->n_digits = options->size_min < MESSAGE_DIGITS
				   ? options->size_min
				   : MESSAGE_DIGITS;
	for (uint32_t i = 0; i < worker->n_clients; i++)
		client_init(&worker->clients[i], worker,
			    (uint32_t)n_before + i);
	return true;
}

static bool make_events(struct worker *worker)
{
	const struct timeval tick = {
		.tv_usec = (suseconds_t)(worker->tick_ns / 1000)};

	worker->base = event_base_new();
	worker->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (!worker->base || worker->timer_fd < 0)
		return false;
	(void)event_assign(&worker->timer, worker->base, worker->timer_fd,
			   EV_READ | EV_PERSIST | EV_ET, timer_cb, worker);
	(void)event_assign(&worker->control, worker->base, worker->control_fd,
			   EV_READ | EV_PERSIST, control_cb, worker);
	(void)event_assign(&worker->tick, worker->base, -1, EV_PERSIST, tick_cb,
			   worker);
	return event_add(&worker->timer, NULL) == 0 &&
	       event_add(&worker->control, NULL) == 0 &&
	       event_add(&worker->tick, &tick) == 0;
}

static void clear(struct worker *worker)
{
	for (uint32_t i = 0; worker->clients && i < worker->n_clients; i++)
		client_clear(&worker->clients[i]);
	free(worker->clients);
	free(worker->buf);
	messages_free(worker->messages);
	datagram_batch_free(worker->batch);
	missing_clear(&worker->missing);
	if (worker->base) {
		(void)event_del(&worker->timer);
		(void)event_del(&worker->control);
		(void)event_del(&worker->tick);
		event_base_free(worker->base);
	}
	if (worker->timer_fd >= 0)
		(void)close(worker->timer_fd);
}

static void loop(struct worker *worker)
{
	turn(worker);
	while (worker->state != WORKER_DONE) {
		prepare_wait(worker);
		(void)event_base_loop(worker->base,
				      worker->is_spinning
					      ? EVLOOP_ONCE | EVLOOP_NONBLOCK
					      : EVLOOP_ONCE);
		job_read_clock(worker);
		turn(worker);
	}
}

int worker_run(const struct plan *plan, unsigned index, int control_fd,
	       struct share *share)
{
	static const struct wire *const wires[] = {&wire_tcp, &wire_udp,
						   &wire_http};
	struct worker worker = {
		.plan = plan,
		.options = plan->options,
		.wire = wires[plan->options->protocol],
		.share = share,
		.stats = &share->stats,
		.control_fd = control_fd,
		.timer_fd = -1,
		.index = index,
		.now_ns = clock_mono_ns(),
	};
	int status = EXIT_FAILURE;

	list_init(&worker.ready);
	set_schedule(&worker);
	if (make_memory(&worker) && make_events(&worker)) {
		loop(&worker);
		status = EXIT_SUCCESS;
	}
	clear(&worker);
	return status;
}
