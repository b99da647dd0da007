/* SPDX-License-Identifier: MIT */
/*
 * One datagram, one answer. The next message goes out only after the answer
 * to the last one came, so answers are in order and none is lost at the end
 * of the input.
 *
 * Three things keep foreign bytes out: the socket is connected, so strangers'
 * datagrams never arrive; what waits in the socket before a message goes out
 * cannot be its answer and is thrown away; and a repetition of an earlier
 * answer is known by answers_judge().
 */
#include "client/udp.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/upper.h"
#include "client/wait.h"

#define UDP_DRAIN_MAX 1024 /* then send, though a flood may still go on */

void udp_init(struct udp *udp, struct dial *dial)
{
	udp->dial = dial;
	udp->fd = -1;
	udp->is_confirmed = false;
	udp->answers = (struct answers){0};
}

void udp_clear(struct udp *udp)
{
	if (udp->fd >= 0)
		(void)close(udp->fd);
	udp->fd = -1;
}

/*
 * Throws away what came before its time, and with it the news of an earlier
 * datagram's failure: if the server is gone, this message will show it.
 */
static void drain(struct udp *udp)
{
	for (unsigned i = 0; i < UDP_DRAIN_MAX; i++) {
		ssize_t n = recv(udp->fd, udp->reply, sizeof(udp->reply), 0);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n >= 0)
			report_step(udp->dial->report,
				    "ignored %zd bytes: came before the "
				    "message was sent",
				    n);
	}
}

/* Sends once. 0 or -1 with errno; ETIMEDOUT when the socket stays full. */
static int send_once(struct udp *udp, struct slice message,
		     uint64_t deadline_ns)
{
	for (;;) {
		int n_ready;

		if (send(udp->fd, message.ptr, message.len, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -1;
		n_ready = wait_for(udp->fd, POLLOUT, deadline_ns);
		if (n_ready <= 0) {
			errno = n_ready == 0 ? ETIMEDOUT : errno;
			return -1;
		}
	}
}

/* One datagram, waited for. 0 or -1 with errno, ETIMEDOUT among them. */
static int receive_once(struct udp *udp, uint64_t deadline_ns,
			struct slice *got)
{
	for (;;) {
		int n_ready;
		ssize_t n = recv(udp->fd, udp->reply, sizeof(udp->reply), 0);

		if (n >= 0) {
			*got = (struct slice){udp->reply, (size_t)n};
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -1;
		n_ready = wait_for(udp->fd, POLLIN, deadline_ns);
		if (n_ready <= 0) {
			errno = n_ready == 0 ? ETIMEDOUT : errno;
			return -1;
		}
	}
}

/* Waits for the answer to the message at hand, passing over late ones. */
static int await_answer(struct udp *udp, struct slice expected,
			uint64_t deadline_ns, unsigned n_sent,
			struct slice *got)
{
	enum answers_verdict verdict;

	for (;;) {
		if (receive_once(udp, deadline_ns, got) < 0)
			return -1;
		verdict = answers_judge(&udp->answers, *got, expected);
		if (verdict != ANSWERS_LATE)
			break;
		udp->n_late++;
		report_step(udp->dial->report,
			    "ignored %zu bytes: an earlier answer once more",
			    got->len);
		/* A flood of them must not make us forget the time. */
		if (clock_mono_ns() >= deadline_ns) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	answers_add(&udp->answers, *got, verdict, n_sent);
	report_step(udp->dial->report, "udp received %zu bytes%s", got->len,
		    verdict == ANSWERS_OTHER ? ", not the message in upper case"
					     : "");
	return 0;
}

static void keep_no_reply(const struct udp *udp, unsigned n_sent)
{
	const struct options *options = udp->dial->options;
	char buf[128];
	struct text reason = text_in(buf, sizeof(buf) - 1);

	text_addf(&reason, "no reply within %g s",
		  (double)options->timeout_ns / (double)CLOCK_NS_PER_S);
	if (n_sent > 1)
		text_addf(&reason, ", each of %u times", n_sent);
	if (udp->n_late > 0)
		text_addf(&reason, ", %" PRIu64 " late answers ignored",
			  udp->n_late);
	buf[reason.len] = '\0';
	dial_keep(udp->dial, "send to", buf,
		  "is the server running, is this its UDP port, and does a "
		  "firewall let datagrams through?");
}

/* Sends to the address in use until an answer comes or the tries run out. */
static enum client_status try_address(struct udp *udp, struct slice message,
				      struct slice *reply)
{
	const struct options *options = udp->dial->options;
	const struct slice expected = {udp->expected, message.len};
	unsigned n_sent = 0;

	udp->n_late = 0;
	drain(udp);
	while (n_sent <= options->n_retries) {
		uint64_t deadline_ns = clock_mono_ns() + options->timeout_ns;

		if (send_once(udp, message, deadline_ns) < 0)
			return dial_keep_errno(udp->dial, "send to", errno);
		n_sent++;
		report_step(udp->dial->report, "udp sent %zu bytes, try %u",
			    message.len, n_sent);
		if (await_answer(udp, expected, deadline_ns, n_sent, reply) ==
		    0)
			return CLIENT_OK;
		if (errno != ETIMEDOUT)
			return dial_keep_errno(udp->dial, "send to", errno);
	}
	keep_no_reply(udp, n_sent);
	return CLIENT_NO_REPLY;
}

static void set_expected(struct udp *udp, struct slice message)
{
	if (message.len > 0)
		memcpy(udp->expected, message.ptr, message.len);
	upper_ascii(udp->expected, message.len);
}

/* Tries the address in use, opening its socket when there is none yet. */
static enum client_status open_and_try(struct udp *udp, struct slice message,
				       struct slice *reply)
{
	enum client_status status = CLIENT_OK;

	if (udp->fd < 0)
		status = dial_udp(udp->dial, &udp->fd);
	if (status == CLIENT_OK)
		status = try_address(udp, message, reply);
	return status;
}

enum client_status udp_exchange(struct udp *udp, struct slice message,
				struct slice *reply)
{
	enum client_status status;

	if (message.len > UDP_MESSAGE_MAX) {
		report_error("udp message of %zu bytes: not sent, a datagram "
			     "holds at most %d (shorten it, or use TCP)",
			     message.len, UDP_MESSAGE_MAX);
		return CLIENT_USAGE;
	}
	set_expected(udp, message);
	for (;;) {
		status = open_and_try(udp, message, reply);
		if (status == CLIENT_OK || udp->is_confirmed ||
		    !dial_next(udp->dial))
			break;
		udp_clear(udp);
	}
	if (status != CLIENT_OK) {
		report_show_kept(udp->dial->report);
		return status;
	}
	udp->is_confirmed = true;
	report_drop_kept(udp->dial->report);
	return CLIENT_OK;
}
