/* SPDX-License-Identifier: MIT */
/*
 * One datagram, one answer. The next message goes out only after the answer
 * to the last one came, so answers are in order and none is lost at the end
 * of the input.
 *
 * The socket is not connected (unless the options say so), since a datagram to
 * nobody is no error in UDP: it is sent, and an answer counts whenever a
 * server starts to listen. What ICMP says meanwhile is told and not obeyed.
 *
 * Three things keep foreign bytes out: only datagrams from the address and
 * port that was asked count; what waits in the socket before a message goes
 * out cannot be its answer and is thrown away; and a repetition of an earlier
 * answer is known by answers_judge().
 */
#include "client/udp_exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/upper.h"
#include "cli/advice.h"
#include "client/transcript.h"
#include "os/icmp.h"
#include "os/socket.h"
#include "os/wait.h"

#define UDP_DRAIN_MAX 1024 /* then send, though a flood may still go on */
#define UDP_ICMP_MAX  64   /* the same for ICMP errors */
#define UDP_SENDS_MAX 3	   /* when ICMP errors of earlier ones get between */
#define UDP_LOOK_MAX  1024 /* datagrams that do not count; then the clock */

void udp_init(struct udp *udp, struct route *route)
{
	udp->route = route;
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

static const struct address *asked(const struct udp *udp)
{
	return &udp->route->to.list[udp->route->at];
}

static bool is_connected(const struct udp *udp)
{
	return udp->route->options->is_connecting;
}

/*
 * Throws away what came before its time, and with it the news of an earlier
 * datagram's failure: if the server is gone, this message will show it.
 */
static void udp_drain(struct udp *udp)
{
	struct icmp_news news;

	for (unsigned i = 0; i < UDP_DRAIN_MAX; i++) {
		ssize_t n = recv(udp->fd, udp->reply, sizeof(udp->reply), 0);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n >= 0)
			report_step(udp->route->report,
				    "ignored %zd bytes: came before the "
				    "message was sent",
				    n);
	}
	for (unsigned i = 0; i < UDP_DRAIN_MAX; i++)
		if (icmp_take(udp->fd, &news) <= 0)
			break;
}

/* --- what ICMP says --- */

/* What it means, in the words of somebody who asked a server. */
static const char *advice_for_icmp(int error)
{
	if (error == ECONNREFUSED)
		return "no program has that port there now: is the server "
		       "running, and is this its UDP port? still waiting, an "
		       "answer counts whenever it starts";
	return advice_for(error, true);
}

static void tell_icmp(struct udp *udp, const struct icmp_news *news)
{
	const char *advice = advice_for_icmp(news->error);
	char to[ADDRESS_TEXT_SIZE], from[ADDRESS_TEXT_SIZE] = "the way there";
	char line[512];
	struct text text = text_in(line, sizeof(line));

	if (news->from.len > 0)
		address_format_host(&news->from, from);
	text_addf(&text, "udp send to %s port %u: ICMP \"%s\" from %s",
		  address_format_host(&news->to, to),
		  (unsigned)address_port(&news->to), icmp_name(news), from);
	if (advice && !udp->has_told_icmp)
		text_addf(&text, " (%s)", advice);
	if (udp->is_leaving)
		report_keep(udp->route->report, "%.*s", (int)text.len, line);
	else if (udp->has_told_icmp)
		report_step(udp->route->report, "%.*s", (int)text.len, line);
	else
		report_error("%.*s", (int)text.len, line);
	udp->has_told_icmp = udp->has_told_icmp || !udp->is_leaving;
}

/* Takes in what ICMP said of datagrams to the address in use. */
static void take_icmp(struct udp *udp)
{
	struct icmp_news news;

	for (unsigned n = 0; n < UDP_ICMP_MAX; n++) {
		if (is_connected(udp) || icmp_take(udp->fd, &news) <= 0)
			return;
		if (!address_eq(&news.to, asked(udp)))
			continue;
		/* The kernel has learnt from that: the next copy will fit. */
		if (news.error == EMSGSIZE) {
			report_step(udp->route->report, "udp too long: ICMP %s",
				    icmp_name(&news));
			continue;
		}
		udp->n_refused++;
		tell_icmp(udp, &news);
	}
}

/*
 * Errors of a receive that are an ICMP error's, which the kernel reports once
 * and so has done with. Anything else would be reported for ever.
 */
static bool is_icmp_error(const struct udp *udp, int error)
{
	switch (error) {
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTO:
	case EACCES:
	case EMSGSIZE:
		return !is_connected(udp);
	default:
		return false;
	}
}

/* --- sending and receiving --- */

/* Sends once. 0 or -1 with errno; ETIMEDOUT when the socket stays full. */
static int send_once(struct udp *udp, struct slice message,
		     uint64_t deadline_ns)
{
	const struct address *to = is_connected(udp) ? NULL : asked(udp);

	for (unsigned n_failed = 0;;) {
		int n_ready;

		if (sendto(udp->fd, message.ptr, message.len, MSG_NOSIGNAL,
			   to ? &to->sa.any : NULL, to ? to->len : 0) >= 0) {
			transcript_sent(udp->route->transcript, message,
					asked(udp));
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN) {
			n_ready = wait_for(udp->fd, POLLOUT, deadline_ns);
			if (n_ready > 0)
				continue;
			errno = n_ready == 0 ? ETIMEDOUT : errno;
			return -1;
		}
		/* Perhaps the failure of an earlier datagram, told late. */
		if (is_connected(udp) || ++n_failed == UDP_SENDS_MAX)
			return -1;
	}
}

/* Whether what came from there answers the message; counts what does not. */
static bool udp_judge(struct udp *udp, const struct address *from,
		      struct slice expected, struct slice got,
		      enum answers_verdict *verdict)
{
	char text[ADDRESS_TEXT_SIZE];

	if (!is_connected(udp) && !address_eq(from, asked(udp))) {
		udp->n_foreign++;
		report_step(udp->route->report,
			    "ignored %zu bytes from %s: not the server that "
			    "was asked",
			    got.len, address_format(from, text));
		return false;
	}
	*verdict = answers_judge(&udp->answers, got, expected);
	if (*verdict != ANSWERS_LATE)
		return true;
	udp->n_late++;
	report_step(udp->route->report,
		    "ignored %zu bytes: an earlier answer once more", got.len);
	return false;
}

/*
 * Looks through what is there for the answer. 1 and *got, 0 when it is not
 * among it, -1 with errno.
 */
static int look(struct udp *udp, struct slice expected, struct slice *got,
		enum answers_verdict *verdict)
{
	for (unsigned i = 0; i < UDP_LOOK_MAX; i++) {
		struct address from = {.len = sizeof(from.sa)};
		ssize_t n = recvfrom(udp->fd, udp->reply, sizeof(udp->reply), 0,
				     &from.sa.any, &from.len);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno != EINTR && !is_icmp_error(udp, errno))
			return -1;
		if (n < 0)
			continue;
		*got = (struct slice){udp->reply, (size_t)n};
		transcript_received(udp->route->transcript, *got,
				    is_connected(udp) ? asked(udp) : &from);
		if (udp_judge(udp, &from, expected, *got, verdict))
			return 1;
	}
	return 0;
}

/*
 * Waits for the answer. 0, or -1 with errno, ETIMEDOUT among them. What came in
 * time counts, however late we are ourselves, so the clock is looked at last;
 * and it is, in a flood of what does not count.
 */
static int await_answer(struct udp *udp, struct slice expected,
			uint64_t deadline_ns, struct slice *got)
{
	enum answers_verdict verdict;
	int n_ready = 1, found;

	while ((found = look(udp, expected, got, &verdict)) == 0) {
		take_icmp(udp);
		if (udp->is_leaving && udp->n_refused > 0) {
			errno = ECONNREFUSED;
			return -1;
		}
		if (n_ready == 0 || clock_mono_ns() >= deadline_ns) {
			errno = ETIMEDOUT;
			return -1;
		}
		n_ready = wait_for(udp->fd, POLLIN, deadline_ns);
		if (n_ready < 0)
			return -1;
	}
	if (found < 0)
		return -1;
	answers_add(&udp->answers, *got, verdict, udp->n_sent);
	report_step(udp->route->report, "udp received %zu bytes%s", got->len,
		    verdict == ANSWERS_OTHER ? ", not the message in upper case"
					     : "");
	return 0;
}

/* --- tries --- */

static const char *udp_advice_for_silence(const struct udp *udp)
{
	if (udp->n_foreign > 0)
		return "datagrams came from elsewhere and were ignored, -v "
		       "tells from where: does the server answer from another "
		       "address or port?";
	if (udp->has_told_icmp)
		return NULL;
	return "is the server running, is this its UDP port, and does a "
	       "firewall let datagrams through?";
}

static void keep_no_reply(const struct udp *udp)
{
	const struct client_options *options = udp->route->options;
	char buf[128];
	struct text reason = text_in(buf, sizeof(buf) - 1);

	text_addf(&reason, "no reply within %g s",
		  (double)options->timeout_ns / (double)CLOCK_NS_PER_S);
	if (udp->n_sent > 1)
		text_addf(&reason, ", each of %u times", udp->n_sent);
	if (udp->n_late > 0)
		text_addf(&reason, ", %" PRIu64 " late answers ignored",
			  udp->n_late);
	buf[reason.len] = '\0';
	route_keep(udp->route, "send to", buf, udp_advice_for_silence(udp));
}

static void tell_sent(const struct udp *udp, struct slice message)
{
	const struct client_options *options = udp->route->options;
	char to[ADDRESS_TEXT_SIZE];

	report_step(udp->route->report, "udp sent %zu bytes to %s, try %u",
		    message.len, address_format(asked(udp), to), udp->n_sent);
	if (udp->n_sent > 1)
		report_note(udp->route->report,
			    "no reply within %g s, sent again (try %u of %u)",
			    (double)options->timeout_ns /
				    (double)CLOCK_NS_PER_S,
			    udp->n_sent, options->n_retries + 1);
}

/*
 * One try at the address in use, with a new socket when there is none. Keeps
 * the reason of a failure, but of CLIENT_NO_REPLY none: it is not the last.
 */
static enum client_status ask(struct udp *udp, struct slice message,
			      struct slice *reply)
{
	const struct slice expected = {udp->expected, message.len};
	uint64_t deadline_ns =
		clock_mono_ns() + udp->route->options->timeout_ns;

	udp->n_refused = 0;
	if (udp->fd < 0) {
		enum client_status status = route_udp(udp->route, &udp->fd);

		if (status != CLIENT_OK)
			return status;
	}
	if (send_once(udp, message, deadline_ns) < 0)
		return route_keep_errno(udp->route, "send to", errno);
	tell_sent(udp, message);
	if (await_answer(udp, expected, deadline_ns, reply) == 0)
		return CLIENT_OK;
	if (errno == ETIMEDOUT)
		return CLIENT_NO_REPLY;
	if (udp->is_leaving && udp->n_refused > 0)
		return CLIENT_FAILED; /* tell_icmp() has kept the reason */
	return route_keep_errno(udp->route, "send to", errno);
}

static void turn_to(struct udp *udp, size_t at)
{
	udp_clear(udp);
	udp->route->at = at;
}

/*
 * One try, at the address in use or, past those that refuse at once, one
 * behind it. When nobody is left who could still answer, it is made at the
 * last one that refused: a server may yet start there.
 */
static enum client_status udp_try_once(struct udp *udp, struct slice message,
				       struct slice *reply)
{
	struct route *route = udp->route;
	size_t refused_at = route->to.n;
	enum client_status status;

	for (;;) {
		udp->is_leaving =
			!udp->is_confirmed && route->at + 1 < route->to.n;
		status = ask(udp, message, reply);
		if (status != CLIENT_FAILED)
			return status;
		if (udp->n_refused > 0)
			refused_at = route->at;
		if (udp->is_confirmed || route->at + 1 >= route->to.n)
			break;
		turn_to(udp, route->at + 1);
	}
	if (refused_at == route->to.n)
		return CLIENT_FAILED;
	turn_to(udp, refused_at);
	udp->is_leaving = false;
	return ask(udp, message, reply);
}

/* All tries, at the address in use and those behind it that do not refuse. */
static enum client_status try_often(struct udp *udp, struct slice message,
				    struct slice *reply)
{
	struct route *route = udp->route;
	size_t first = route->at, mark = report_mark(route->report);
	enum client_status status;

	udp->n_refused = 0;
	udp->n_late = udp->n_foreign = 0;
	udp->n_sent = 0;
	do {
		report_drop_kept(route->report, mark);
		/* From who refused nothing can be under way; all start over. */
		if (udp->n_refused > 0 && route->at != first)
			turn_to(udp, first);
		udp->n_sent++;
		status = udp_try_once(udp, message, reply);
	} while (status == CLIENT_NO_REPLY &&
		 udp->n_sent <= route->options->n_retries);
	if (status == CLIENT_NO_REPLY)
		keep_no_reply(udp);
	return status;
}

static void set_expected(struct udp *udp, struct slice message)
{
	if (message.len > 0)
		memcpy(udp->expected, message.ptr, message.len);
	upper_ascii(udp->expected, message.len);
}

/* Makes ready for a message: nothing is known of it yet. */
static void begin(struct udp *udp, struct slice message)
{
	set_expected(udp, message);
	udp->has_told_icmp = false;
	if (!udp->is_confirmed)
		turn_to(udp, 0);
	if (udp->fd >= 0)
		udp_drain(udp);
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
	begin(udp, message);
	for (;;) {
		status = try_often(udp, message, reply);
		if (status != CLIENT_NO_REPLY || udp->is_confirmed ||
		    !route_next(udp->route))
			break;
		udp_clear(udp);
	}
	if (status != CLIENT_OK) {
		report_show_kept(udp->route->report);
		return status;
	}
	udp->is_confirmed = true;
	report_drop_kept(udp->route->report, 0);
	return CLIENT_OK;
}
