/* SPDX-License-Identifier: MIT */
/*
 * Sending and receiving over a connection.
 */
#include "load/stream.h"

#include <errno.h>
#include <sys/socket.h>

/* Moves the cursor over n bytes that were sent. */
static void advance(struct client *client, size_t n, stream_length *length)
{
	client->sent_off += n;
	while (client->sent < client->next) {
		size_t len = length(client, client->sent);

		if (client->sent_off < len)
			break;
		client->sent_off -= len;
		client->sent++;
	}
}

/* Sends once; false when it is over for now. */
static bool send_some(struct client *client, stream_fill *fill,
		      stream_length *length)
{
	struct job *job = client->job;
	size_t len = fill(client, job->kit.buf, KIT_BUF_SIZE);
	ssize_t n = send(client->fd, job->kit.buf, len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		client_fail(client, error_of_errno(errno));
		return false;
	}
	if (n > 0) {
		if (client_is_measured(client))
			job->stats->bytes_sent += (uint64_t)n;
		advance(client, (size_t)n, length);
	}
	if (n == (ssize_t)len)
		return true;
	client_arm(client, EV_READ | EV_WRITE);
	return false;
}

void stream_flush(struct client *client, stream_fill *fill,
		  stream_length *length)
{
	while (client->sent < client->next)
		if (!send_some(client, fill, length))
			return;
	client_arm(client, EV_READ);
}

ssize_t stream_receive(struct client *client)
{
	struct job *job = client->job;
	ssize_t n = recv(client->fd, job->kit.buf, KIT_BUF_SIZE, 0);

	if (n == 0)
		return -1;
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client_fail(client, error_of_errno(errno));
		return 0;
	}
	if (client_is_measured(client))
		job->stats->bytes_received += (uint64_t)n;
	return n;
}

size_t stream_read_surplus(struct client *client)
{
	ssize_t n = recv(client->fd, client->job->kit.buf, KIT_BUF_SIZE, 0);

	return n > 0 ? (size_t)n : 0;
}

void stream_ended(struct client *client)
{
	if (client->in_flight > 0)
		client_fail(client, ERROR_CLOSED);
	else
		client_renew(client);
}
