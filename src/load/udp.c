/* SPDX-License-Identifier: MIT */
/*
 * The uppercase service over UDP. Every client has a connected socket of its
 * own, so that the server sees as many peers as there are clients, and the
 * kernel tells refusals. Messages wait in parallel, each with its own time;
 * one that is lost holds up nothing but itself.
 */
#include "load/udp.h"

#include <errno.h>
#include <sys/socket.h>

#include "load/batch.h"
#include "load/client.h"

/* Damage beyond that share of an answer leaves no doubt what it was. */
#define RESEMBLES(differences, len) ((differences) <= (len) / 4)

static void udp_reset(struct client *client)
{
	(void)client;
}

/* Writes the next messages into the batch; returns how many. */
static size_t fill(struct client *client)
{
	const struct worker *worker = client->worker;
	size_t i = 0;

	for (uint64_t n = client->sent; n < client->next && i < BATCH_MAX;
	     n++, i++) {
		size_t size = message_size(worker->messages, client->id, n);

		message_write(worker->messages, client->id, n, 0,
			      batch_slot(worker->batch, i), size);
		batch_set_len(worker->batch, i, size);
	}
	return i;
}

static void count_sent(struct client *client, int n)
{
	struct worker *worker = client->worker;

	for (int i = 0; i < n; i++, client->sent++)
		if (client_is_measured(client))
			worker->stats->bytes_sent += message_size(
				worker->messages, client->id, client->sent);
}

/*
 * An error that the kernel reports at a socket. A refusal by the peer is told
 * at the next call, whatever that is, and concerns what was sent before.
 */
static void take_error(struct client *client, int error, uint64_t concerned)
{
	if (error == ECONNREFUSED || error == EHOSTUNREACH)
		concerned = client->first;
	if (client_awaits(client, concerned))
		client_resolve_failed(client, concerned, error_of_errno(error));
	else if (client_is_measured(client))
		client->worker->stats->errors[error_of_errno(error)]++;
	if (!client->worker->is_open_loop)
		client_pause(client);
}

static void udp_flush(struct client *client)
{
	while (client->sent < client->next) {
		size_t n = fill(client);
		int sent = batch_send(client->worker->batch, client->fd, n);

		if (sent > 0) {
			count_sent(client, sent);
		} else if (errno == EAGAIN) {
			client_arm(client, EV_READ | EV_WRITE);
			return;
		} else if (errno != EINTR) {
			take_error(client, errno, client->sent);
		}
	}
	client_arm(client, EV_READ);
}

/* A right answer to message n. */
static void take_answer(struct client *client, uint64_t n)
{
	struct worker *worker = client->worker;
	bool is_measured = client_is_measured(client);

	if (client_awaits(client, n)) {
		client_resolve(client, n,
			       client_flight_age_ns(client, n) >
					       worker->options->timeout_ns
				       ? OUTCOME_LATE
				       : OUTCOME_ANSWERED);
	} else if (missing_take(&worker->missing, client->id, n,
				&is_measured)) {
		worker->stats->lost -= is_measured;
		worker->stats->late += is_measured;
	} else {
		worker->stats->duplicate += is_measured;
	}
}

/* The message that these low digits name, when there is one. */
static bool resolve(const struct client *client, uint64_t low, size_t n_digits,
		    uint64_t *out)
{
	return message_resolve(low, n_digits, client->first, client->next, out);
}

/* The message that an answer's first number names, when there is one. */
static bool named_first(const struct client *client, const char *buf,
			size_t len, uint64_t *out)
{
	size_t n_digits = client->worker->n_digits;
	uint64_t low;

	return len >= n_digits && message_read_number(buf, n_digits, &low) &&
	       resolve(client, low, n_digits, out);
}

/* The same by its second number. */
static bool named_second(const struct client *client, const char *buf,
			 size_t len, uint64_t *out)
{
	uint64_t n;

	return len >= MESSAGE_TWICE &&
	       message_read_second(client->worker->messages, client->id,
				   buf + len - MESSAGE_DIGITS, &n) &&
	       resolve(client, n, MESSAGE_DIGITS, out);
}

static size_t differences(const struct client *client, uint64_t n,
			  const char *buf, size_t len)
{
	return message_differences(client->worker->messages, client->id, n, 0,
				   buf, len);
}

/* Which of those in flight a damaged answer was meant for. */
static bool find_damaged(const struct client *client, const char *buf,
			 size_t len, uint64_t *out)
{
	size_t best = len + 1, d;
	uint64_t n;

	if (named_first(client, buf, len, &n)) {
		d = differences(client, n, buf, len);
		if (!client_awaits(client, n) && RESEMBLES(d, len))
			return false; /* a damaged duplicate */
		if (client_awaits(client, n))
			best = d, *out = n;
	}
	if (named_second(client, buf, len, &n) && client_awaits(client, n)) {
		d = differences(client, n, buf, len);
		if (d < best)
			best = d, *out = n;
	}
	if (best > len && client->in_flight == 1)
		best = 0, *out = client->first;
	return best <= len;
}

static void take_datagram(struct client *client, const char *buf, size_t len)
{
	const struct worker *worker = client->worker;
	uint64_t n;

	if (client_is_measured(client))
		worker->stats->bytes_received += len;
	if (named_first(client, buf, len, &n) &&
	    len == message_size(worker->messages, client->id, n) &&
	    message_is_answer(worker->messages, client->id, n, 0, buf, len))
		take_answer(client, n);
	else if (find_damaged(client, buf, len, &n))
		client_resolve(client, n, OUTCOME_CORRUPT);
	else if (client_is_measured(client))
		worker->stats->corrupt++;
}

static void udp_readable(struct client *client)
{
	struct batch *batch = client->worker->batch;
	size_t max = client->worker->limit == 1 ? 1 : BATCH_MAX;
	int n = batch_receive(batch, client->fd, max);

	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		take_error(client, errno, client->first);
	}
	for (int i = 0; i < n; i++)
		take_datagram(client, batch_slot(batch, (size_t)i),
			      batch_len(batch, (size_t)i));
	client_continue(client);
}

static void udp_expire(struct client *client)
{
	while (client_age_ns(client) > client->worker->options->timeout_ns)
		client_resolve(client, client->first, OUTCOME_LOST);
	client_continue(client);
}

const struct wire wire_udp = {
	.socket_type = SOCK_DGRAM,
	.reset = udp_reset,
	.flush = udp_flush,
	.readable = udp_readable,
	.expire = udp_expire,
};
