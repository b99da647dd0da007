/* SPDX-License-Identifier: MIT */
/*
 * A stream keeps no boundaries, so each message is a line: an answer is what
 * stands before a line's end, in however many pieces it came, and one that was
 * damaged costs itself and not all that follow.
 */
#include "client/ping_tcp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/transcript.h"
#include "os/arrival.h"

void ping_tcp_init(struct ping_tcp *tcp, struct route *route)
{
	tcp->route = route;
	tcp->fd = -1;
	tcp->out_start = tcp->out_end = 0;
	tcp->in_start = tcp->in_end = 0;
	tcp->in_ns = 0;
}

void ping_tcp_close(struct ping_tcp *tcp)
{
	if (tcp->fd >= 0)
		(void)close(tcp->fd);
	ping_tcp_init(tcp, tcp->route);
}

static const struct address *ping_tcp_peer(const struct ping_tcp *tcp)
{
	return &tcp->route->to.list[tcp->route->at];
}

enum client_status ping_tcp_open(struct ping_tcp *tcp)
{
	enum client_status status = route_tcp(tcp->route, &tcp->fd);

	if (status == CLIENT_OK && arrival_listen(tcp->fd) < 0)
		report_step(tcp->route->report, "tcp times are our own: %s",
			    strerror(errno));
	return status;
}

bool ping_tcp_is_busy(const struct ping_tcp *tcp)
{
	return tcp->out_start < tcp->out_end;
}

/* That it fails is seen, with the reason, by who reads next. */
void ping_tcp_send_more(struct ping_tcp *tcp)
{
	struct slice rest = {tcp->out + tcp->out_start,
			     tcp->out_end - tcp->out_start};
	ssize_t n;

	if (rest.len == 0)
		return;
	n = send(tcp->fd, rest.ptr, rest.len, MSG_NOSIGNAL);
	if (n < 0)
		return;
	rest.len = (size_t)n;
	transcript_sent(tcp->route->transcript, rest, ping_tcp_peer(tcp));
	tcp->out_start += rest.len;
}

int ping_tcp_send(struct ping_tcp *tcp, struct slice message)
{
	memcpy(tcp->out, message.ptr, message.len);
	tcp->out[message.len] = '\n';
	tcp->out_start = 0;
	tcp->out_end = message.len + 1;
	errno = 0;
	ping_tcp_send_more(tcp);
	if (tcp->out_start > 0 || errno == EAGAIN || errno == EINTR)
		return 0;
	tcp->out_end = 0;
	return errno;
}

/* Gives out what waits up to there, and passes over skip more. */
static enum ping_wire_result ping_tcp_give_line(struct ping_tcp *tcp,
						size_t len, size_t skip,
						struct ping_catch *got)
{
	got->bytes = (struct slice){tcp->in + tcp->in_start, len};
	tcp->in_start += len + skip;
	return PING_WIRE_MESSAGE;
}

/* The next whole line, or as much as no line is long. */
static enum ping_wire_result ping_tcp_take_line(struct ping_tcp *tcp,
						struct ping_catch *got)
{
	const char *from = tcp->in + tcp->in_start;
	size_t len = tcp->in_end - tcp->in_start;
	const char *newline = memchr(from, '\n', len);

	if (newline)
		return ping_tcp_give_line(tcp, (size_t)(newline - from), 1,
					  got);
	if (len > PROBE_SIZE_MAX)
		return ping_tcp_give_line(tcp, len, 0, got);
	return PING_WIRE_NOTHING;
}

/* Closes; what had come of a line stays where it is. */
static enum ping_wire_result ping_tcp_end(struct ping_tcp *tcp,
					  struct ping_catch *got, int error)
{
	got->bytes = (struct slice){tcp->in + tcp->in_start,
				    tcp->in_end - tcp->in_start};
	got->error = error;
	transcript_note(tcp->route->transcript, "connection ended: %s",
			error == 0 ? "closed by the server" : strerror(error));
	ping_tcp_close(tcp);
	return PING_WIRE_ENDED;
}

/* Reads behind the beginning of a line; PING_WIRE_MESSAGE when more is there.
 */
static enum ping_wire_result ping_tcp_fill(struct ping_tcp *tcp,
					   struct ping_catch *got)
{
	size_t waiting = tcp->in_end - tcp->in_start;
	ssize_t n;

	if (tcp->fd < 0)
		return PING_WIRE_NOTHING;
	memmove(tcp->in, tcp->in + tcp->in_start, waiting);
	tcp->in_start = 0;
	tcp->in_end = waiting;
	n = arrival_receive(tcp->fd, tcp->in + waiting,
			    sizeof(tcp->in) - waiting, &got->from, &tcp->in_ns);
	if (n == 0)
		return ping_tcp_end(tcp, got, 0);
	if (n < 0 && errno == EAGAIN)
		return PING_WIRE_NOTHING;
	if (n < 0)
		return ping_tcp_end(tcp, got, errno);
	transcript_received(tcp->route->transcript,
			    (struct slice){tcp->in + waiting, (size_t)n},
			    ping_tcp_peer(tcp));
	tcp->in_end += (size_t)n;
	return PING_WIRE_MESSAGE;
}

enum ping_wire_result ping_tcp_look(struct ping_tcp *tcp,
				    struct ping_catch *got)
{
	enum ping_wire_result result = PING_WIRE_MESSAGE;

	while (result == PING_WIRE_MESSAGE &&
	       ping_tcp_take_line(tcp, got) == PING_WIRE_NOTHING)
		result = ping_tcp_fill(tcp, got);
	got->from = *ping_tcp_peer(tcp);
	got->is_foreign = false;
	got->at_ns = tcp->in_ns;
	return result;
}
