/* SPDX-License-Identifier: MIT */
/*
 * A client does one thing after the other and is told by events. It may fail
 * in the midst of reading or sending, and reopens itself then; so whoever
 * calls client_fail() returns at once, and code that goes on after a call that
 * might fail asks for the state first.
 *
 * A server that refuses must not be asked a million times a second: after a
 * failure without any success before it a client pauses.
 */
#include "load/client.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/dial.h"
#include "os/socket.h"

/*
 * Many clients that connect at once overflow the listen queue of a small
 * server. Before the start there is time for TCP to try again, after 1 and 3
 * seconds.
 */
#define SETUP_TIMEOUT_NS (4 * CLOCK_NS_PER_S)

#define PAUSE_NS	 (100 * CLOCK_NS_PER_MS)
#define FLIGHTS_FIRST	 4u
#define RECEIVE_BUF	 (1 << 20) /* datagrams that come while we send */

void client_init(struct client *client, struct job *job, uint32_t id)
{
	client->job = job;
	client->id = id;
	client->fd = -1;
	list_init(&client->ready);
}

static bool is_udp(const struct client *client)
{
	return client->job->wire->socket_type == SOCK_DGRAM;
}

/* Datagrams that we ourselves were too slow to take. */
static void count_own_drops(struct client *client)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	if (is_udp(client) &&
	    getsockopt(client->fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0)
		client->job->share->own_drops += info[SK_MEMINFO_DROPS];
}

static void disconnect(struct client *client)
{
	if (client->fd < 0)
		return;
	client_arm(client, 0);
	count_own_drops(client);
	(void)close(client->fd);
	client->fd = -1;
	client->state = CLIENT_CLOSED;
}

void client_clear(struct client *client)
{
	disconnect(client);
	response_clear(&client->reply);
	free(client->flights);
	client->flights = NULL;
}

/* --- connecting --- */

static void opened(struct client *client)
{
	struct job *job = client->job;

	if (!is_udp(client) && dial_is_own(client->fd, &job->plan->to)) {
		client_fail(client, ECONNREFUSED);
		return;
	}
	client->state = CLIENT_OPEN;
	client->opened = client->sent;
	job->stats->connects++;
	job->wire->reset(client);
	client_arm(client, EV_READ);
	job_client_settled(job, true);
	if (client->sent < client->next)
		client_flush(client);
	else
		client_continue(client);
}

/* The local address, chosen by turns; the port is left to connect(2), which
 * can use one port for several destinations. 0 or -1 with errno. */
static int bind_source(struct client *client)
{
	const struct plan *plan = client->job->plan;
	const struct address *source;
	int on = 1;

	if (plan->n_sources == 0)
		return 0;
	source = &plan->sources[client->id % plan->n_sources];
	(void)setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
			 sizeof(on));
	return bind(client->fd, &source->sa.any, source->len);
}

static void set_options(struct client *client)
{
	int on = 1, size = RECEIVE_BUF;

	if (is_udp(client))
		(void)setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));
	else
		(void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on,
				 sizeof(on));
}

void client_open(struct client *client)
{
	const struct address *to = &client->job->plan->to;

	client->begun_ns = client->job->now_ns;
	client->state = CLIENT_CONNECTING;
	client->fd = socket_open(to, client->job->wire->socket_type);
	if (client->fd < 0 || bind_source(client) < 0) {
		client_fail(client, error_of_errno(errno));
		return;
	}
	set_options(client);
	if (connect(client->fd, &to->sa.any, to->len) == 0)
		opened(client);
	else if (errno == EINPROGRESS)
		client_arm(client, EV_WRITE);
	else
		client_fail(client, error_of_errno(errno));
}

/* --- events --- */

static void client_cb(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	struct job *job = client->job;
	int error;

	job_read_clock(job);
	if (client->state == CLIENT_CONNECTING) {
		error = socket_take_error(client->fd);
		if (error == 0)
			opened(client);
		else
			client_fail(client, error_of_errno(error));
		return;
	}
	if (what & EV_WRITE)
		job->wire->flush(client);
	if ((what & EV_READ) && client->state == CLIENT_OPEN &&
	    client->fd == fd)
		job->wire->readable(client);
}

void client_arm(struct client *client, short events)
{
	if (client->armed == events)
		return;
	if (client->armed)
		(void)event_del(&client->event);
	client->armed = 0;
	if (!events)
		return;
	(void)event_assign(&client->event, client->job->base, client->fd,
			   (short)(events | EV_PERSIST), client_cb, client);
	if (event_add(&client->event, NULL) == 0)
		client->armed = events;
}

/* --- flights --- */

static struct flight *flight(const struct client *client, uint64_t n)
{
	return &client->flights[n & (client->n_places - 1)];
}

/* For how long it, which must be in flight, has been waiting. */
static uint64_t flight_age_ns(const struct client *client, uint64_t n)
{
	return client->job->now_ns - flight(client, n)->sent_ns;
}

/* Twice as many places; false when out of memory. */
static bool client_grow(struct client *client)
{
	uint32_t n_places =
		client->n_places ? client->n_places * 2 : FLIGHTS_FIRST;
	struct flight *flights = calloc(n_places, sizeof(*flights));

	if (!flights)
		return false;
	for (uint64_t n = client->first; n < client->next; n++)
		flights[n & (n_places - 1)] = *flight(client, n);
	free(client->flights);
	client->flights = flights;
	client->n_places = n_places;
	return true;
}

static bool has_room(const struct client *client)
{
	const struct job *job = client->job;

	if (client->in_flight >= job->limit || client->retry_ns > job->now_ns)
		return false;
	if (job->options->connect_per_request)
		return client->state == CLIENT_CLOSED;
	return client->state == CLIENT_OPEN;
}

bool client_start(struct client *client, uint64_t due_ns)
{
	struct job *job = client->job;

	if (client->next - client->first == client->n_places &&
	    !client_grow(client)) {
		job->stats->errors[ENOMEM]++;
		client->retry_ns = job->now_ns + PAUSE_NS;
		return false;
	}
	*flight(client, client->next) = (struct flight){due_ns, job->now_ns};
	client->next++;
	client->in_flight++;
	job_note_start(job, due_ns);
	return true;
}

void client_flush(struct client *client)
{
	if (client->state == CLIENT_CLOSED)
		client_open(client);
	else if (client->state == CLIENT_OPEN)
		client->job->wire->flush(client);
}

/* Closed loop: starts what may be started. */
static void fill_up(struct client *client)
{
	bool any = false;

	while (has_room(client) && job_take_start(client->job)) {
		any |= client_start(client, client->job->now_ns);
		if (client->job->options->connect_per_request)
			break;
	}
	if (any)
		client_flush(client);
}

void client_continue(struct client *client)
{
	struct job *job = client->job;

	if (job->is_open_loop)
		job_set_free(job, &client->ready, has_room(client));
	else
		fill_up(client);
}

bool client_awaits(const struct client *client, uint64_t n)
{
	return n >= client->first && n < client->next &&
	       flight(client, n)->sent_ns != 0;
}

bool client_is_measured(const struct client *client)
{
	return client->job->now_ns >= client->job->measure_ns;
}

/* How long an answer took. */
static void record_times(struct job *job, struct flight f)
{
	histogram_add(&job->stats->latency, job->now_ns - f.due_ns);
	if (job->is_open_loop)
		histogram_add(&job->stats->service, job->now_ns - f.sent_ns);
}

static void record(struct client *client, uint64_t n, struct flight f)
{
	struct job *job = client->job;

	job->stats->exchanges++;
	record_times(job, f);
	if (n < client->greatest)
		job->stats->reordered++;
}

/* An answer has come, right or wrong: somebody is there. */
static void note_answer(struct client *client, uint64_t waited_ns)
{
	client->is_fruitful = true;
	job_note_answer(client->job, waited_ns);
}

static void count_outcome(struct stats *stats, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_ANSWERED:
		break;
	case OUTCOME_CORRUPT:
		stats->corrupt++;
		break;
	case OUTCOME_LATE:
		stats->late++;
		break;
	case OUTCOME_LOST:
		stats->lost++;
		break;
	case OUTCOME_FAILED:
		stats->failed++;
		break;
	case OUTCOME_UNFINISHED:
		stats->unfinished++;
		break;
	}
}

void client_resolve(struct client *client, uint64_t n, enum outcome outcome)
{
	struct job *job = client->job;
	struct flight f = *flight(client, n);
	bool is_measured = f.due_ns >= job->measure_ns;

	/* The tick that gives it up may not have come yet. */
	if (outcome == OUTCOME_ANSWERED &&
	    flight_age_ns(client, n) > job->options->timeout_ns)
		outcome = OUTCOME_LATE;
	flight(client, n)->sent_ns = 0;
	client->in_flight--;
	job_note_end(job);
	while (client->first < client->next &&
	       flight(client, client->first)->sent_ns == 0)
		client->first++;
	if (client->sent < client->first) {
		client->sent = client->first;
		client->sent_off = 0;
	}
	if (outcome == OUTCOME_LOST)
		missing_add(&job->missing, client->id, n, is_measured);
	if (outcome == OUTCOME_ANSWERED || outcome == OUTCOME_CORRUPT ||
	    outcome == OUTCOME_LATE)
		note_answer(client, job->now_ns - f.sent_ns);
	if (outcome == OUTCOME_ANSWERED) {
		if (is_measured)
			record(client, n, f);
		if (n >= client->greatest)
			client->greatest = n + 1;
	} else if (is_measured) {
		count_outcome(job->stats, outcome);
	}
}

void client_take_answer(struct client *client, uint64_t n)
{
	struct job *job = client->job;
	bool is_measured = client_is_measured(client);

	if (client_awaits(client, n)) {
		client_resolve(client, n, OUTCOME_ANSWERED);
	} else if (missing_take(&job->missing, client->id, n, &is_measured)) {
		job->stats->lost -= is_measured;
		job->stats->late += is_measured;
		job_note_answer(job, UINT64_MAX);
	} else {
		job->stats->duplicate += is_measured;
	}
}

void client_resolve_failed(struct client *client, uint64_t n, size_t slot)
{
	struct job *job = client->job;

	if (flight(client, n)->due_ns >= job->measure_ns)
		job->stats->errors[slot]++;
	client_resolve(client, n, OUTCOME_FAILED);
	job_note_error(job, slot);
}

void client_resolve_status(struct client *client, uint64_t n, unsigned status)
{
	struct flight f = *flight(client, n);

	client->is_fruitful = true;
	if (f.due_ns >= client->job->measure_ns)
		record_times(client->job, f);
	client_resolve_failed(client, n, ERROR_STATUS + status);
}

uint64_t client_age_ns(const struct client *client)
{
	if (client->in_flight == 0)
		return 0;
	return flight_age_ns(client, client->first);
}

/* --- the end of a connection --- */

void client_pause(struct client *client)
{
	client->retry_ns =
		client->is_fruitful ? 0 : client->job->now_ns + PAUSE_NS;
	client->is_fruitful = false;
}

/* Connects again, unless exchanges bring their own connections. */
static void reopen(struct client *client)
{
	struct job *job = client->job;

	if (client->retry_ns <= job->now_ns &&
	    !job->options->connect_per_request && job_goes_on(job))
		client_open(client);
	else
		client_continue(client);
}

void client_fail(struct client *client, size_t slot)
{
	struct job *job = client->job;
	bool was_connecting = client->state == CLIENT_CONNECTING;

	if (client->in_flight == 0) {
		job->stats->errors[slot]++;
		job_note_error(job, slot);
	}
	while (client->in_flight > 0)
		client_resolve_failed(client, client->first, slot);
	client->sent = client->next;
	client->sent_off = 0;
	disconnect(client);
	client->state = CLIENT_CLOSED;
	client_pause(client);
	if (was_connecting)
		job_client_settled(job, false);
	reopen(client);
}

void client_renew(struct client *client)
{
	if (client->job->wire->has_surplus(client)) {
		client_fail(client, ERROR_STRAY);
		return;
	}
	disconnect(client);
	client_pause(client);
	reopen(client);
}

static uint64_t connect_timeout_ns(const struct job *job)
{
	uint64_t timeout_ns = job->options->timeout_ns;

	if (job->state == JOB_SETUP && timeout_ns < SETUP_TIMEOUT_NS)
		return SETUP_TIMEOUT_NS;
	return timeout_ns;
}

void client_check(struct client *client)
{
	struct job *job = client->job;

	if (client->state == CLIENT_CONNECTING) {
		if (job->now_ns - client->begun_ns > connect_timeout_ns(job))
			client_fail(client, ERROR_TIMEOUT);
		return;
	}
	if (client_age_ns(client) > job->options->timeout_ns)
		job->wire->expire(client);
	else if (client->state == CLIENT_CLOSED && job->state != JOB_SETUP)
		reopen(client);
	else
		client_continue(client);
}
