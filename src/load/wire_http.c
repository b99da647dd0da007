/* SPDX-License-Identifier: MIT */
/*
 * GET requests over HTTP/1.1, the same one again and again. Answers come in
 * order. Right is an answer with a status of success and as much content as
 * the first one had.
 */
#include "load/wire_http.h"

#include <string.h>

#include "load/client.h"
#include "load/stream.h"

static size_t http_length(const struct client *client, uint64_t n)
{
	(void)n;
	return client->job->plan->request_len;
}

static size_t http_fill(const struct client *client, char *buf, size_t size)
{
	const struct plan *plan = client->job->plan;
	size_t off = client->sent_off, len = 0;

	for (uint64_t n = client->sent; n < client->next && len < size; n++) {
		size_t part = plan->request_len - off;

		if (part > size - len)
			part = size - len;
		memcpy(buf + len, plan->request + off, part);
		len += part;
		off = 0;
	}
	return len;
}

static void http_flush(struct client *client)
{
	stream_flush(client, http_fill, http_length);
}

static void http_reset(struct client *client)
{
	response_next(&client->reply);
}

/* A whole response has come. */
static void wire_http_judge(struct client *client)
{
	struct job *job = client->job;
	const struct response *reply = &client->reply;

	if (reply->head.status / 100 != 2) {
		client_resolve_status(client, client->first,
				      reply->head.status);
		return;
	}
	if (job->kit.body_len == 0)
		job->kit.body_len = reply->body + 1;
	client_resolve(client, client->first,
		       job->kit.body_len == reply->body + 1 ? OUTCOME_ANSWERED
							    : OUTCOME_CORRUPT);
}

/* After an answer that len bytes follow. False when the connection is over. */
static bool go_on(struct client *client, size_t len)
{
	bool is_over = client->reply.head.ends_connection;

	response_next(&client->reply);
	if (!is_over && !client->job->options->connect_per_request)
		return true;
	if (client->in_flight > 0)
		client_fail(client, ERROR_CLOSED);
	else if (len > 0)
		client_fail(client, ERROR_STRAY);
	else
		client_renew(client);
	return false;
}

_Static_assert(ERROR_MALFORMED + RESPONSE_FAULTS == ERROR_SLOTS &&
		       ERROR_MALFORMED + RESPONSE_NOT_HTTP == ERROR_NOT_HTTP &&
		       ERROR_MALFORMED + RESPONSE_LENGTH == ERROR_LENGTH &&
		       ERROR_MALFORMED + RESPONSE_UNENDED == ERROR_UNENDED,
	       "an error for each fault, in their order");

static void http_malformed(struct client *client, enum response_fault fault)
{
	client_fail(client, ERROR_MALFORMED + (size_t)fault);
}

static void http_ended(struct client *client)
{
	if (client->in_flight > 0 &&
	    response_end(&client->reply) == RESPONSE_DONE) {
		client->reply.head.ends_connection = true;
		wire_http_judge(client);
		(void)go_on(client, 0);
		return;
	}
	if (response_is_in_head(&client->reply))
		http_malformed(client, RESPONSE_UNENDED);
	else
		stream_ended(client);
}

/* A server may say goodbye before it closes what was idle for long. */
static bool is_goodbye(const char *buf, size_t len)
{
	static const char goodbye[] = "HTTP/1.1 408 ";

	return len >= strlen(goodbye) &&
	       memcmp(buf, goodbye, strlen(goodbye)) == 0;
}

/* Bytes that no request asked for. Those that come first of all show whose
 * port it is, if they are not HTTP. */
static void take_unasked(struct client *client, const char *buf, size_t len)
{
	size_t used;

	if (is_goodbye(buf, len))
		client_renew(client);
	else if (client->sent == client->opened &&
		 response_feed(&client->reply, &client->job->kit.memo, buf, len,
			       &used) == RESPONSE_BAD)
		http_malformed(client, client->reply.fault);
	else
		client_fail(client, ERROR_STRAY);
}

static void http_readable(struct client *client)
{
	struct job *job = client->job;
	ssize_t n = stream_receive(client);
	const char *buf = job->kit.buf;
	size_t used;

	if (n < 0)
		http_ended(client);
	if (n <= 0)
		return;
	for (; n > 0; n -= (ssize_t)used, buf += used) {
		enum response_verdict verdict;

		if (client->in_flight == 0) {
			take_unasked(client, buf, (size_t)n);
			return;
		}
		verdict = response_feed(&client->reply, &job->kit.memo, buf,
					(size_t)n, &used);
		if (verdict == RESPONSE_BAD) {
			http_malformed(client, client->reply.fault);
			return;
		}
		if (verdict == RESPONSE_PARTIAL)
			break;
		wire_http_judge(client);
		if (!go_on(client, (size_t)n - used))
			return;
	}
	client_continue(client);
}

static void http_expire(struct client *client)
{
	if (response_is_in_head(&client->reply))
		http_malformed(client, RESPONSE_UNENDED);
	else
		client_fail(client, ERROR_TIMEOUT);
}

static bool http_has_surplus(struct client *client)
{
	size_t len = stream_read_surplus(client);

	return len > 0 && !is_goodbye(client->job->kit.buf, len);
}

const struct wire wire_http = {
	.socket_type = SOCK_STREAM,
	.reset = http_reset,
	.flush = http_flush,
	.readable = http_readable,
	.expire = http_expire,
	.has_surplus = http_has_surplus,
};
