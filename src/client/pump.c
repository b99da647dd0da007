/* SPDX-License-Identifier: MIT */
/*
 * The TCP filter: two buffers and one poll.
 *
 *	standard input --> up --> socket --> down --> standard output
 *
 * A buffer is filled when it is empty and emptied when it is not, so the two
 * directions never wait for each other and neither grows. A server that stops
 * reading fills `up` and we stop reading our input; a slow reader of our
 * output fills `down` and we stop reading the socket.
 *
 * Time runs only while it is the server's turn: something is outstanding and
 * our own output is not what blocks. An uppercase server returns as many bytes
 * as it gets, so what is outstanding is known by counting. One that returns
 * more might never end: behind the end of the input it has as long as a reply
 * is waited for, in all.
 */
#include "client/pump.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/output.h"
#include "client/transcript.h"
#include "os/wait.h"

#define PUMP_BUF_SIZE 65536 /* a pipe holds as much */

/* Bytes on their way: buf[start..end). */
struct stretch {
	size_t start, end;
	char buf[PUMP_BUF_SIZE];
};

struct pump {
	struct route *route;
	int fd;
	struct stretch up, down;
	uint64_t n_sent, n_got;
	bool in_ended;	  /* standard input is at its end */
	bool half_closed; /* and the server knows */
	bool peer_ended;  /* the server will send no more */
	bool send_ended;  /* the server takes no more */
	int error;	  /* the reason for that, or 0 */
	enum client_status status;
	uint64_t moved_ns; /* when a byte last moved anywhere */
	uint64_t over_ns;  /* when more came than was sent; 0: not yet */
};

enum {
	PUMP_IN,
	PUMP_OUT,
	PUMP_SOCKET,
	PUMP_N_FDS
};

static bool pump_is_empty(const struct stretch *s)
{
	return s->start == s->end;
}

static void took(struct stretch *s, size_t n)
{
	s->start += n;
	if (pump_is_empty(s))
		s->start = s->end = 0;
}

static bool wants_input(const struct pump *p)
{
	return !p->in_ended && !p->send_ended && pump_is_empty(&p->up);
}

static bool wants_to_send(const struct pump *p)
{
	return !p->send_ended && !pump_is_empty(&p->up);
}

static bool wants_to_receive(const struct pump *p)
{
	return !p->peer_ended && pump_is_empty(&p->down);
}

/* Is it for the server to do something now? */
static bool is_outstanding(const struct pump *p)
{
	return pump_is_empty(&p->down) && !p->peer_ended &&
	       (wants_to_send(p) || p->half_closed || p->n_got < p->n_sent);
}

static void pump_touch(struct pump *p)
{
	p->moved_ns = clock_mono_ns();
}

static const struct address *pump_peer(const struct pump *p)
{
	return &p->route->to.list[p->route->at];
}

static bool pump_fail(struct pump *p, const char *action, const char *reason,
		      const char *advice)
{
	route_keep(p->route, action, reason, advice);
	report_show_kept(p->route->report);
	p->status = CLIENT_FAILED;
	return false;
}

static bool pump_fail_errno(struct pump *p, const char *action, int error)
{
	p->status = route_keep_errno(p->route, action, error);
	report_show_kept(p->route->report);
	return false;
}

/* Reads standard input. Like all that follow, false ends the pump. */
static bool read_input(struct pump *p)
{
	ssize_t n = read(STDIN_FILENO, p->up.buf, sizeof(p->up.buf));

	if (n > 0) {
		p->up.end = (size_t)n;
		pump_touch(p);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	p->in_ended = true;
	if (n == 0)
		return true;
	report_error("standard input: %s", strerror(errno));
	p->status = CLIENT_FAILED;
	return false;
}

/*
 * Sends what the socket takes. When the server takes no more, what it said
 * before it closed is still read.
 */
static void send_up(struct pump *p)
{
	ssize_t n = send(p->fd, p->up.buf + p->up.start,
			 p->up.end - p->up.start, MSG_NOSIGNAL);

	if (n > 0) {
		transcript_sent(
			p->route->transcript,
			(struct slice){p->up.buf + p->up.start, (size_t)n},
			pump_peer(p));
		took(&p->up, (size_t)n);
		p->n_sent += (uint64_t)n;
		pump_touch(p);
	} else if (errno != EAGAIN && errno != EINTR) {
		p->send_ended = true;
		p->error = errno;
	}
}

/* Once all input is sent, says so. A dead connection shows at recv(). */
static void half_close(struct pump *p)
{
	if (!p->in_ended || !pump_is_empty(&p->up) || p->half_closed ||
	    p->send_ended)
		return;
	(void)shutdown(p->fd, SHUT_WR);
	p->half_closed = true;
	pump_touch(p);
	report_step(p->route->report, "tcp sent %llu bytes, end of data",
		    (unsigned long long)p->n_sent);
}

static bool receive_down(struct pump *p)
{
	ssize_t n = recv(p->fd, p->down.buf, sizeof(p->down.buf), 0);

	if (n > 0) {
		transcript_received(p->route->transcript,
				    (struct slice){p->down.buf, (size_t)n},
				    pump_peer(p));
		p->down.end = (size_t)n;
		p->n_got += (uint64_t)n;
		pump_touch(p);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0)
		p->error = errno;
	p->peer_ended = true;
	transcript_note(p->route->transcript,
			"connection ended by the server: %s",
			n == 0 ? "end of data" : strerror(p->error));
	report_step(p->route->report, "tcp received %llu bytes%s",
		    (unsigned long long)p->n_got,
		    p->error == 0 ? ", end of data" : "");
	return true;
}

static bool write_down(struct pump *p)
{
	struct slice rest = {p->down.buf + p->down.start,
			     p->down.end - p->down.start};
	size_t n;

	p->status = output_write_some(rest, &n);
	if (p->status != CLIENT_OK)
		return false;
	took(&p->down, n);
	if (n > 0)
		pump_touch(p);
	return true;
}

static bool fail_early_close(struct pump *p)
{
	char reason[160];

	if (p->error != 0)
		return pump_fail_errno(p, "exchange with", p->error);
	(void)snprintf(reason, sizeof(reason),
		       "closed by the server after %llu bytes of its answer, "
		       "%llu were sent%s",
		       (unsigned long long)p->n_got,
		       (unsigned long long)p->n_sent,
		       pump_is_empty(&p->up) ? "" : " and more is waiting");
	return pump_fail(p, "receive from", reason,
			 "does it answer only once per connection? see what it "
			 "says itself");
}

/*
 * The server has closed. That is the end when all input was answered; while
 * there may be more input, its next byte decides.
 */
static bool judge_end(struct pump *p)
{
	if (!p->peer_ended || !pump_is_empty(&p->down))
		return true;
	if (p->error != 0 || !pump_is_empty(&p->up) || p->n_got < p->n_sent)
		return fail_early_close(p);
	return !p->in_ended;
}

/* Time is up. An answer that is complete is not made worse by that. */
static bool judge_silence(struct pump *p)
{
	const struct client_options *options = p->route->options;
	char reason[128];

	if (p->half_closed && p->n_got >= p->n_sent) {
		report_step(p->route->report,
			    "all is answered, but the server does not close");
		return false;
	}
	(void)snprintf(reason, sizeof(reason),
		       "no reply within %g s, %llu of %llu bytes came",
		       (double)options->timeout_ns / (double)CLOCK_NS_PER_S,
		       (unsigned long long)p->n_got,
		       (unsigned long long)p->n_sent);
	(void)pump_fail(
		p, "receive from", reason,
		"is it an uppercase server, or is it busy with somebody "
		"else?");
	p->status = CLIENT_NO_REPLY;
	return false;
}

/* Has the server gone on for too long with what nobody asked for? */
static bool is_endless(struct pump *p)
{
	uint64_t now_ns;

	if (!p->half_closed || p->peer_ended || p->n_got <= p->n_sent)
		return false;
	now_ns = clock_mono_ns();
	if (p->over_ns == 0)
		p->over_ns = now_ns;
	return pump_is_empty(&p->down) &&
	       now_ns - p->over_ns >= p->route->options->timeout_ns;
}

static bool fail_endless(struct pump *p)
{
	const struct client_options *options = p->route->options;
	char reason[128];

	(void)snprintf(reason, sizeof(reason),
		       "no end within %g s, %llu bytes came for %llu",
		       (double)options->timeout_ns / (double)CLOCK_NS_PER_S,
		       (unsigned long long)p->n_got,
		       (unsigned long long)p->n_sent);
	(void)pump_fail(p, "receive from", reason,
			"is it an uppercase server?");
	p->status = CLIENT_NO_REPLY;
	return false;
}

static void set_pollfds(const struct pump *p, struct pollfd pfds[PUMP_N_FDS])
{
	short events = 0;

	if (wants_to_send(p))
		events |= POLLOUT;
	if (wants_to_receive(p))
		events |= POLLIN;
	/* poll passes over a negative descriptor: errors would wake it too. */
	pfds[PUMP_SOCKET] = (struct pollfd){
		.fd = events != 0 ? p->fd : -1,
		.events = events,
	};
	pfds[PUMP_IN] = (struct pollfd){
		.fd = wants_input(p) ? STDIN_FILENO : -1,
		.events = POLLIN,
	};
	pfds[PUMP_OUT] = (struct pollfd){
		.fd = pump_is_empty(&p->down) ? -1 : STDOUT_FILENO,
		.events = POLLOUT,
	};
}

/* Moves what can be moved. */
static bool move(struct pump *p, const struct pollfd pfds[PUMP_N_FDS])
{
	if (pfds[PUMP_OUT].revents && !write_down(p))
		return false;
	if (pfds[PUMP_IN].revents && !read_input(p))
		return false;
	if (pfds[PUMP_SOCKET].revents && wants_to_receive(p) &&
	    !receive_down(p))
		return false;
	/* Write first, wait second: what was just read mostly fits. */
	if (wants_to_send(p) && !p->peer_ended)
		send_up(p);
	half_close(p);
	return judge_end(p);
}

static bool pump_turn(struct pump *p)
{
	uint64_t deadline_ns = WAIT_FOREVER;
	struct pollfd pfds[PUMP_N_FDS];
	int n_ready;

	if (is_endless(p))
		return fail_endless(p);
	set_pollfds(p, pfds);
	if (is_outstanding(p))
		deadline_ns = p->moved_ns + p->route->options->timeout_ns;
	n_ready = wait_ready(pfds, PUMP_N_FDS, deadline_ns);
	if (n_ready < 0)
		return pump_fail_errno(p, "wait for", errno);
	if (n_ready == 0)
		return judge_silence(p);
	return move(p, pfds);
}

enum client_status pump_run(struct route *route, int fd)
{
	struct pump *p = calloc(1, sizeof(*p));
	enum client_status status;

	if (!p) {
		report_error("memory: %s", strerror(errno));
		return CLIENT_FAILED;
	}
	p->route = route;
	p->fd = fd;
	pump_touch(p);
	while (pump_turn(p))
		;
	status = p->status;
	free(p);
	return status;
}
