/* SPDX-License-Identifier: MIT */
/*
 * One message and its answer on a byte stream. Nothing in a stream marks the
 * end of an answer, but an uppercase server returns as many bytes as it got,
 * so the answer is complete when that many have come. It may come in pieces,
 * and while the message is still on its way.
 *
 * As soon as a byte differs, the server is taken for one that does something
 * else, perhaps a student's own, and its answer is shown as it is. If that is
 * not just as long, it ends when the server closes or when it has been silent
 * for TCP_SILENCE_NS. One that is longer might never end: it has as long as a
 * reply is waited for, in all.
 */
#include "client/tcp_exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/upper.h"
#include "client/output.h"
#include "client/transcript.h"
#include "os/wait.h"

#define TCP_CHUNK_SIZE 16384

/* Long for a pause between two parts of an answer, short for a person. */
#define TCP_SILENCE_NS (500 * CLOCK_NS_PER_MS)

/*
 * A server that closes this soon after its answer belongs to the answer: it
 * answers once per connection.
 */
#define TCP_ONCE_NS    CLOCK_NS_PER_S

#define TCP_LAST_READS 256 /* then close all the same */

/* One message under way. */
struct exchange {
	struct tcp *tcp;
	struct slice message;
	const char *prefix;
	bool is_last;
	bool differs; /* the server does something else */
	int error;    /* the connection ended with this errno value */
	size_t n_sent, n_got;
	uint64_t deadline_ns;
	uint64_t end_ns; /* of a reply that is too long; 0: it is not */
};

/* How one step of an exchange went on. */
enum exchange_step {
	STEP_ON,
	STEP_DONE,
	STEP_UNHEARD,  /* the server closed before a byte of the answer */
	STEP_FAILED,   /* and told; the status is CLIENT_FAILED */
	STEP_NO_REPLY, /* and told */
};

void tcp_init(struct tcp *tcp, struct route *route)
{
	tcp->route = route;
	tcp->fd = -1;
	tcp->answered_ns = 0;
}

void tcp_clear(struct tcp *tcp)
{
	if (tcp->fd >= 0)
		(void)close(tcp->fd);
	tcp->fd = -1;
}

enum client_status tcp_open(struct tcp *tcp)
{
	tcp->answered_ns = 0;
	return route_tcp(tcp->route, &tcp->fd);
}

static const struct address *tcp_peer(const struct tcp *tcp)
{
	return &tcp->route->to.list[tcp->route->at];
}

static void tcp_touch(struct exchange *x)
{
	uint64_t wait_ns = x->tcp->route->options->timeout_ns;

	if (x->differs && wait_ns > TCP_SILENCE_NS)
		wait_ns = TCP_SILENCE_NS;
	x->deadline_ns = clock_mono_ns() + wait_ns;
}

static bool is_sent(const struct exchange *x)
{
	return x->n_sent == x->message.len;
}

static bool is_complete(const struct exchange *x)
{
	return x->n_got == x->message.len;
}

/* Tells a failure of the connection in use. */
static enum exchange_step tcp_fail(const struct exchange *x, const char *action,
				   const char *reason, const char *advice)
{
	route_keep(x->tcp->route, action, reason, advice);
	report_show_kept(x->tcp->route->report);
	return STEP_FAILED;
}

static enum exchange_step tcp_fail_errno(const struct exchange *x,
					 const char *action, int error)
{
	enum client_status status;

	status = route_keep_errno(x->tcp->route, action, error);
	report_show_kept(x->tcp->route->report);
	return status == CLIENT_NO_REPLY ? STEP_NO_REPLY : STEP_FAILED;
}

/* After the last byte: says that no more will come, if that is so. */
static void end_sending(const struct exchange *x)
{
	report_step(x->tcp->route->report, "tcp sent %zu bytes%s",
		    x->message.len, x->is_last ? ", end of data" : "");
	/* When this fails the connection is gone, as recv() will tell. */
	if (x->is_last)
		(void)shutdown(x->tcp->fd, SHUT_WR);
}

/*
 * Sends what the socket takes. A failure is only noted: what the server said
 * before it closed must be read first.
 */
static void tcp_send_some(struct exchange *x)
{
	ssize_t n = send(x->tcp->fd, x->message.ptr + x->n_sent,
			 x->message.len - x->n_sent, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			x->error = errno;
		return;
	}
	transcript_sent(x->tcp->route->transcript,
			(struct slice){x->message.ptr + x->n_sent, (size_t)n},
			tcp_peer(x->tcp));
	x->n_sent += (size_t)n;
	tcp_touch(x);
	if (is_sent(x))
		end_sending(x);
}

/* Is this what comes next when the message is in upper case? */
static bool is_expected(const struct exchange *x, struct slice got)
{
	char expected[TCP_CHUNK_SIZE];

	if (got.len > x->message.len - x->n_got)
		return false;
	memcpy(expected, x->message.ptr + x->n_got, got.len);
	upper_ascii(expected, got.len);
	return memcmp(expected, got.ptr, got.len) == 0;
}

/* More has come than was sent: how long has that gone on? */
static enum exchange_step judge_length(struct exchange *x)
{
	uint64_t now_ns = clock_mono_ns();
	uint64_t timeout_ns = x->tcp->route->options->timeout_ns;
	char reason[128];

	if (x->end_ns == 0)
		x->end_ns = now_ns + timeout_ns;
	if (now_ns < x->end_ns)
		return STEP_ON;
	(void)snprintf(reason, sizeof(reason),
		       "no end within %g s, %zu bytes came for %zu",
		       (double)timeout_ns / (double)CLOCK_NS_PER_S, x->n_got,
		       x->message.len);
	(void)tcp_fail(x, "receive from", reason, "is it an uppercase server?");
	return STEP_NO_REPLY;
}

/* Writes a part of the answer, after the prefix when it is the first. */
static enum exchange_step take_part(struct exchange *x, struct slice got)
{
	if (x->n_got == 0 && output_write(slice_of(x->prefix)) != CLIENT_OK)
		return STEP_FAILED;
	if (!x->differs && !is_expected(x, got)) {
		x->differs = true;
		report_step(x->tcp->route->report,
			    "not the message in upper case");
	}
	tcp_touch(x);
	if (output_write(got) != CLIENT_OK)
		return STEP_FAILED;
	x->n_got += got.len;
	if (x->n_got > x->message.len)
		return judge_length(x);
	return is_complete(x) ? STEP_DONE : STEP_ON;
}

/* The server has closed, or x->error ended the connection. */
static enum exchange_step take_end(const struct exchange *x)
{
	char reason[128];

	if (x->n_got == 0)
		return STEP_UNHEARD;
	if (x->error != 0)
		return tcp_fail_errno(x, "receive from", x->error);
	report_step(x->tcp->route->report, "tcp ended by the server");
	transcript_note(x->tcp->route->transcript,
			"connection ended by the server: end of data");
	if (x->differs)
		return STEP_DONE;
	(void)snprintf(reason, sizeof(reason),
		       "closed by the server after %zu of %zu bytes", x->n_got,
		       x->message.len);
	return tcp_fail(
		x, "receive from", reason,
		"does it answer only the first part of a long message?");
}

static enum exchange_step receive_some(struct exchange *x)
{
	char buf[TCP_CHUNK_SIZE];
	ssize_t n = recv(x->tcp->fd, buf, sizeof(buf), 0);

	if (n > 0)
		transcript_received(x->tcp->route->transcript,
				    (struct slice){buf, (size_t)n},
				    tcp_peer(x->tcp));
	if (n > 0)
		return take_part(x, (struct slice){buf, (size_t)n});
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return STEP_ON;
	if (n < 0)
		x->error = errno;
	return take_end(x);
}

static const char *tcp_advice_for_silence(const struct exchange *x)
{
	if (x->is_last || x->tcp->route->options->n_words == 0)
		return "is it an uppercase server, is it busy with somebody "
		       "else, or does it wait for more than it got?";
	return "is it an uppercase server, is it busy with somebody else, or "
	       "does it wait for the end of the data, as --half-close tells "
	       "it?";
}

static enum exchange_step take_silence(const struct exchange *x)
{
	const struct client_options *options = x->tcp->route->options;
	char reason[128];

	if (x->differs)
		return STEP_DONE;
	(void)snprintf(reason, sizeof(reason),
		       "no reply within %g s, %zu of %zu bytes came",
		       (double)options->timeout_ns / (double)CLOCK_NS_PER_S,
		       x->n_got, x->message.len);
	(void)tcp_fail(x, "receive from", reason, tcp_advice_for_silence(x));
	return STEP_NO_REPLY;
}

static enum exchange_step tcp_step(struct exchange *x)
{
	struct pollfd pfd = {.fd = x->tcp->fd, .events = POLLIN};
	int n_ready;

	if (!is_sent(x) && x->error == 0)
		pfd.events |= POLLOUT;
	n_ready = wait_ready(&pfd, 1, x->deadline_ns);
	if (n_ready < 0)
		return tcp_fail_errno(x, "wait for", errno);
	if (n_ready == 0)
		return take_silence(x);
	if (pfd.revents & POLLOUT)
		tcp_send_some(x);
	/* POLLERR and POLLHUP come unasked, and recv() says what they mean. */
	return pfd.revents == POLLOUT ? STEP_ON : receive_some(x);
}

/* The whole exchange on the connection that is open. */
static enum exchange_step tcp_run(struct exchange *x)
{
	enum exchange_step now = STEP_ON;

	tcp_touch(x);
	if (is_complete(x))
		now = output_write(slice_of(x->prefix)) == CLIENT_OK
			      ? STEP_DONE
			      : STEP_FAILED;
	while (now == STEP_ON)
		now = tcp_step(x);
	report_step(x->tcp->route->report, "tcp received %zu bytes", x->n_got);
	return now;
}

static enum exchange_step fail_unheard(const struct exchange *x)
{
	if (x->error != 0)
		return tcp_fail_errno(x, "receive from", x->error);
	return tcp_fail(x, "receive from",
			"closed by the server without a reply",
			"is it an uppercase server? see what it says itself");
}

static enum client_status tcp_status_of(enum exchange_step end)
{
	switch (end) {
	case STEP_DONE:
		return CLIENT_OK;
	case STEP_NO_REPLY:
		return CLIENT_NO_REPLY;
	default:
		return CLIENT_FAILED;
	}
}

/* Tells, as a step, why there is no connection any more. */
static void tell_end(const struct tcp *tcp, int error)
{
	const char *why = error == 0 ? "end of data" : strerror(error);

	report_step(tcp->route->report, "tcp ended by the server: %s", why);
	transcript_note(tcp->route->transcript,
			"connection ended by the server: %s", why);
}

enum client_status tcp_exchange(struct tcp *tcp, struct slice message,
				bool is_last, const char *prefix,
				size_t *n_written)
{
	const struct exchange fresh = {
		.tcp = tcp,
		.message = message,
		.prefix = prefix,
		.is_last = is_last,
	};
	struct exchange x = fresh;
	enum client_status status;
	enum exchange_step end = STEP_UNHEARD;

	*n_written = 0;
	if (tcp->fd >= 0)
		end = tcp_run(&x);
	/* It closed after an earlier answer, or while the message went out. */
	if (end == STEP_UNHEARD) {
		if (tcp->fd >= 0)
			tell_end(tcp, x.error);
		tcp_clear(tcp);
		status = tcp_open(tcp);
		if (status != CLIENT_OK)
			return status;
		x = fresh;
		end = tcp_run(&x);
	}
	if (end == STEP_UNHEARD)
		end = fail_unheard(&x);
	*n_written = x.n_got;
	tcp->answered_ns = clock_mono_ns();
	return tcp_status_of(end);
}

/*
 * Shows what the server still said, though it is nothing's answer. Returns the
 * errno value that ended the connection, 0 for a clean end.
 */
static int show_last_words(const struct tcp *tcp, bool *has_shown)
{
	char buf[TCP_CHUNK_SIZE];

	*has_shown = false;
	for (unsigned i = 0; i < TCP_LAST_READS; i++) {
		ssize_t n = recv(tcp->fd, buf, sizeof(buf), 0);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return errno;
		if (n < 0)
			continue;
		transcript_received(tcp->route->transcript,
				    (struct slice){buf, (size_t)n},
				    tcp_peer(tcp));
		/* Behind the prompt. That it cannot be written shows later. */
		if ((!*has_shown &&
		     output_write(slice_of("\n")) != CLIENT_OK) ||
		    output_write((struct slice){buf, (size_t)n}) != CLIENT_OK)
			break;
		*has_shown = true;
	}
	if (*has_shown && output_end_line() != CLIENT_OK)
		report_step(tcp->route->report, "not all of it was shown");
	return 0;
}

bool tcp_take_end(struct tcp *tcp)
{
	const struct route *route = tcp->route;
	char to[ADDRESS_TEXT_SIZE];
	bool has_shown;
	int error = show_last_words(tcp, &has_shown);

	tell_end(tcp, error);
	tcp_clear(tcp);
	/* Nothing new to who reads each step, nor where it is the rule. */
	if (route->options->verbose)
		return true;
	if (tcp->answered_ns != 0 &&
	    clock_mono_ns() - tcp->answered_ns < TCP_ONCE_NS)
		return has_shown;
	report_error("tcp %s: closed by the server (the next line opens a new "
		     "connection)",
		     address_format(tcp_peer(tcp), to));
	return true;
}
