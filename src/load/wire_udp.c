/* SPDX-License-Identifier: MIT */
/*
 * The uppercase service over UDP. Every client has a connected socket of its
 * own, so that the server sees as many peers as there are clients, and the
 * kernel tells refusals. Messages wait in parallel, each with its own time;
 * one that is lost holds up nothing but itself.
 */
#include "load/wire_udp.h"

#include <errno.h>
#include <sys/socket.h>

#include "load/client.h"
#include "os/datagram.h"

#define YOUNGEST_TRIED 32 /* of those no longer in flight */

/* Damage beyond that share of an answer leaves no doubt what it was. */
#define RESEMBLES(differences, len) ((differences) <= (len) / 4)

static void udp_reset(struct client *client)
{
	(void)client;
}

/* Writes the next messages into the batch; returns how many. */
static size_t fill(struct client *client)
{
	const struct job *job = client->job;
	size_t i = 0;

	for (uint64_t n = client->sent;
	     n < client->next && i < DATAGRAM_CONNECTED_BATCH; n++, i++) {
		size_t size = message_size(job->kit.messages, client->id, n);

		message_write(job->kit.messages, client->id, n, 0,
			      datagram_set_len(job->kit.batch, i, size), size);
	}
	return i;
}

static void count_sent(struct client *client, int n)
{
	struct job *job = client->job;

	for (int i = 0; i < n; i++, client->sent++)
		if (client_is_measured(client))
			job->stats->bytes_sent += message_size(
				job->kit.messages, client->id, client->sent);
}

/* Told at the next call, whatever that is: it concerns what was sent before. */
static bool is_of_earlier(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH;
}

/* An error that the kernel reports at a socket. */
static void take_error(struct client *client, int error, uint64_t concerned)
{
	if (is_of_earlier(error))
		concerned = client->first;
	if (client_awaits(client, concerned))
		client_resolve_failed(client, concerned, error_of_errno(error));
	else if (client_is_measured(client))
		client->job->stats->errors[error_of_errno(error)]++;
	if (!client->job->is_open_loop)
		client_pause(client);
}

/* The next message could not be sent, or an earlier one has failed. */
static void drop_next(struct client *client, int error)
{
	uint64_t next = client->sent;

	take_error(client, error, next);
	if (!is_of_earlier(error) && client->sent == next)
		client->sent++;
}

static void udp_flush(struct client *client)
{
	while (client->sent < client->next) {
		size_t n = fill(client);
		int sent = datagram_send_connected(client->fd,
						   client->job->kit.batch, n);

		if (sent > 0) {
			count_sent(client, sent);
		} else if (errno == EAGAIN) {
			client_arm(client, EV_READ | EV_WRITE);
			return;
		} else if (errno != EINTR) {
			drop_next(client, errno);
		}
	}
	client_arm(client, EV_READ);
}

/* As many digits of the number as an answer of that length has. */
static size_t n_digits_in(size_t len)
{
	return len < MESSAGE_DIGITS ? len : MESSAGE_DIGITS;
}

static bool is_right(const struct client *client, uint64_t n, const char *buf,
		     size_t len)
{
	const struct messages *messages = client->job->kit.messages;

	return len == message_size(messages, client->id, n) &&
	       message_is_answer(messages, client->id, n, 0, buf, len);
}

/*
 * Which message this is the right answer to: one in flight if there is such,
 * else the youngest. Of a short one several may be: it has its low digits only.
 */
static bool find_answered(const struct client *client, const char *buf,
			  size_t len, uint64_t *out)
{
	uint64_t step = UINT64_C(1) << (n_digits_in(len) * MESSAGE_DIGIT_BITS);
	uint64_t low, n;

	if (!message_read_number(buf, n_digits_in(len), &low))
		return false;
	*out = client->first + ((low - client->first) & (step - 1));
	for (; *out < client->next; *out += step)
		if (client_awaits(client, *out) &&
		    is_right(client, *out, buf, len))
			return true;
	if (client->next == 0)
		return false;
	n = client->next - 1 - ((client->next - 1 - low) & (step - 1));
	for (int i = 0; i < YOUNGEST_TRIED && n < client->next;
	     i++, n -= step) {
		*out = n;
		if (is_right(client, n, buf, len))
			return true;
	}
	return false;
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
	size_t n_digits = n_digits_in(len);
	uint64_t low;

	return message_read_number(buf, n_digits, &low) &&
	       resolve(client, low, n_digits, out);
}

/* The same by its second number. */
static bool named_second(const struct client *client, const char *buf,
			 size_t len, uint64_t *out)
{
	uint64_t n;

	return len >= MESSAGE_TWICE &&
	       message_read_second(client->job->kit.messages, client->id,
				   buf + len - MESSAGE_DIGITS, &n) &&
	       resolve(client, n, MESSAGE_DIGITS, out);
}

static size_t differences(const struct client *client, uint64_t n,
			  const char *buf, size_t len)
{
	return message_differences(client->job->kit.messages, client->id, n, 0,
				   buf, len);
}

/* Which of those in flight a damaged answer was meant for. */
static bool find_damaged(const struct client *client, const char *buf,
			 size_t len, uint64_t *out)
{
	size_t best = len + 1, d;
	uint64_t n;

	*out = client->first;
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
		best = 0;
	return best <= len;
}

static void take_datagram(struct client *client, const char *buf, size_t len)
{
	const struct job *job = client->job;
	uint64_t n;

	if (client_is_measured(client))
		job->stats->bytes_received += len;
	if (find_answered(client, buf, len, &n))
		client_take_answer(client, n);
	else if (find_damaged(client, buf, len, &n))
		client_resolve(client, n, OUTCOME_CORRUPT);
	else if (client_is_measured(client))
		job->stats->errors[ERROR_STRAY]++;
}

static void udp_readable(struct client *client)
{
	struct datagram_batch *batch = client->job->kit.batch;
	size_t max = client->job->limit == 1 ? 1 : DATAGRAM_CONNECTED_BATCH;
	int n = datagram_receive_connected(client->fd, batch, max);

	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		take_error(client, errno, client->first);
	}
	for (int i = 0; i < n; i++) {
		size_t len;
		const char *bytes = datagram_bytes(batch, (size_t)i, &len);

		take_datagram(client, bytes, len);
	}
	client_continue(client);
}

static void udp_expire(struct client *client)
{
	while (client_age_ns(client) > client->job->options->timeout_ns)
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
