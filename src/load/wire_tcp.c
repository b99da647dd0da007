/* SPDX-License-Identifier: MIT */
/*
 * The uppercase service over TCP: the answers are a stream, and a message's
 * answer in it is as long as the message. Each starts with the number of what
 * it answers, so a frame is known by its own word, not by its place: a server
 * or middlebox that drops, doubles or swaps messages is found out as exactly
 * that. Where the number is none, the oldest message is taken to be meant,
 * and the answer is corrupt.
 */
#include "load/wire_tcp.h"

#include <string.h>

#include "load/client.h"
#include "load/stream.h"

static size_t tcp_length(const struct client *client, uint64_t n)
{
	return message_size(client->job->kit.messages, client->id, n);
}

static size_t tcp_fill(const struct client *client, char *buf, size_t size)
{
	const struct messages *messages = client->job->kit.messages;
	size_t off = client->sent_off, len = 0;

	for (uint64_t n = client->sent; n < client->next && len < size; n++) {
		size_t part = message_size(messages, client->id, n) - off;

		if (part > size - len)
			part = size - len;
		message_write(messages, client->id, n, off, buf + len, part);
		len += part;
		off = 0;
	}
	return len;
}

static void tcp_flush(struct client *client)
{
	stream_flush(client, tcp_fill, tcp_length);
}

static void tcp_reset(struct client *client)
{
	client->frame = (struct frame){0};
}

/* Takes bytes of the number. Returns how many, once it is whole with the
 * message known that the frame answers. */
static size_t take_number(struct client *client, const char *buf, size_t len)
{
	struct frame *frame = &client->frame;
	const struct job *job = client->job;
	size_t part = job->kit.n_digits - frame->got;
	uint64_t low;

	if (part > len)
		part = len;
	memcpy(frame->number + frame->got, buf, part);
	frame->got += part;
	if (frame->got < job->kit.n_digits)
		return part;
	if (!message_read_number(frame->number, job->kit.n_digits, &low) ||
	    !message_resolve(low, job->kit.n_digits, client->first,
			     client->next, &frame->n) ||
	    frame->n >= client->sent + (client->sent_off > 0)) {
		frame->n = client->first;
		frame->is_bad = true;
	}
	frame->size = message_size(job->kit.messages, client->id, frame->n);
	return part;
}

/* Takes bytes of the rest, comparing them. */
static size_t take_rest(struct client *client, const char *buf, size_t len)
{
	struct frame *frame = &client->frame;
	size_t part = frame->size - frame->got;

	if (part > len)
		part = len;
	if (!frame->is_bad &&
	    !message_is_answer(client->job->kit.messages, client->id, frame->n,
			       frame->got, buf, part))
		frame->is_bad = true;
	frame->got += part;
	return part;
}

/* A frame is whole. */
static void finish_frame(struct client *client)
{
	struct frame frame = client->frame;

	client->frame = (struct frame){0};
	if (frame.is_bad) {
		if (!client_awaits(client, frame.n))
			frame.n = client->first;
		client_resolve(client, frame.n, OUTCOME_CORRUPT);
	} else {
		client_take_answer(client, frame.n);
	}
}

/* Takes what was received, frame by frame. False when the client failed. */
static bool wire_tcp_take(struct client *client, const char *buf, size_t len)
{
	struct frame *frame = &client->frame;
	const size_t n_digits = client->job->kit.n_digits;

	while (len > 0) {
		size_t part;

		if (frame->got < n_digits)
			part = take_number(client, buf, len);
		else
			part = take_rest(client, buf, len);
		buf += part;
		len -= part;
		if (frame->is_bad && client->in_flight == 0) {
			client_fail(client, ERROR_STRAY);
			return false;
		}
		if (frame->got >= n_digits && frame->got == frame->size)
			finish_frame(client);
	}
	return true;
}

static void tcp_readable(struct client *client)
{
	ssize_t n = stream_receive(client);

	if (n < 0) {
		stream_ended(client);
		return;
	}
	if (n == 0 || !wire_tcp_take(client, client->job->kit.buf, (size_t)n))
		return;
	if (client->in_flight == 0 && client->job->options->connect_per_request)
		client_renew(client);
	else
		client_continue(client);
}

/* Those before one that was answered the server has left out. */
static void tcp_expire(struct client *client)
{
	uint64_t timeout_ns = client->job->options->timeout_ns;

	if (client->greatest <= client->first) {
		client_fail(client, ERROR_TIMEOUT);
		return;
	}
	while (client->greatest > client->first &&
	       client_age_ns(client) > timeout_ns)
		client_resolve(client, client->first, OUTCOME_LOST);
	client_continue(client);
}

/* What is no whole frame yet can't be one: nothing was asked. */
static bool tcp_has_surplus(struct client *client)
{
	return client->frame.got > 0 || stream_read_surplus(client) > 0;
}

const struct wire wire_tcp = {
	.socket_type = SOCK_STREAM,
	.reset = tcp_reset,
	.flush = tcp_flush,
	.readable = tcp_readable,
	.expire = tcp_expire,
	.has_surplus = tcp_has_surplus,
};
