/* SPDX-License-Identifier: MIT */
/*
 * The textbook's pinger: a numbered message every interval, and for each one
 * verdict. Messages do not wait for each other, so one that is lost delays
 * none.
 *
 * It is polite to the server, which others use meanwhile: at most 1000
 * messages a second leave, and at most ROSTER_MAX wait for their answers. Who
 * wants to know what a server can carry takes uppercase-load.
 *
 * What has come is looked at before anybody's time is up, so a pause of our
 * own makes no answer late.
 */
#include "client/ping.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/advice.h"
#include "client/ping_figures.h"
#include "client/ping_report.h"
#include "client/ping_tcp.h"
#include "client/ping_udp.h"
#include "client/roster.h"
#include "os/wait.h"

/* ping(8) too floods with a hundred a second when nothing comes back. */
#define PING_FLOOD_SILENT_NS (10 * CLOCK_NS_PER_MS)
#define PING_FLOOD_NS	     CLOCK_NS_PER_MS

#define PING_MOMENT	     50	 /* of the interval, one part */
#define PING_LOOKS_MAX	     256 /* then the clock and the next message */

struct ping {
	struct route *route;
	const struct client_options *options;
	struct ping_report report;
	struct ping_figures figures;
	struct roster roster;
	uint64_t start_ns;
	uint64_t next_ns;	    /* when the next message is due */
	uint64_t last_ns;	    /* when the last one left */
	bool was_answered;	    /* the last one */
	bool has_heard;		    /* the server has shown itself */
	bool has_advised;	    /* what an ICMP error means */
	enum client_status failure; /* CLIENT_OK: none */
	struct ping_udp udp;
	struct ping_tcp tcp;
	char message[PROBE_SIZE_MAX];
};

/* --- Ctrl-C --- */

static int stop_pipe[2] = {-1, -1};

static void ping_interrupt_cb(int signo)
{
	int error = errno;
	ssize_t ignored = write(stop_pipe[1], "", 1);

	(void)signo;
	(void)ignored;
	errno = error;
}

/* From now on the first SIGINT makes stop_pipe[0] readable. */
static enum client_status catch_interrupt(void)
{
	struct sigaction action = {
		.sa_handler = ping_interrupt_cb,
		.sa_flags = SA_RESTART | (int)SA_RESETHAND,
	};

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
		report_error("pipe: %s", strerror(errno));
		return CLIENT_FAILED;
	}
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	return CLIENT_OK;
}

/* --- what happens --- */

static const struct address *ping_peer(const struct ping *ping)
{
	return &ping->route->to.list[ping->route->at];
}

static void ping_tell(struct ping *ping, struct ping_event event)
{
	event.wall = clock_wall();
	ping_figures_add(&ping->figures, &event);
	ping_report_event(&ping->report, &event);
}

/* Takes out those whose time was up by then. */
static void ping_expire(struct ping *ping, uint64_t by_ns)
{
	uint64_t seq;

	while ((seq = roster_expire(&ping->roster, by_ns,
				    ping->options->timeout_ns)) > 0)
		ping_tell(ping, (struct ping_event){.kind = PING_TIMEOUT,
						    .seq = seq});
}

static enum ping_kind ping_kind_of(enum roster_verdict verdict)
{
	switch (verdict) {
	case ROSTER_IS_ANSWER:
		return PING_REPLY;
	case ROSTER_IS_LATE:
		return PING_LATE;
	case ROSTER_IS_DUPLICATE:
		return PING_DUPLICATE;
	case ROSTER_IS_CORRUPT:
		break;
	}
	return PING_CORRUPT;
}

static void take_foreign(struct ping *ping, const struct ping_catch *got)
{
	char from[ADDRESS_TEXT_SIZE];
	struct ping_event event = {
		.kind = PING_FOREIGN,
		.len = got->bytes.len,
		.from = address_format(&got->from, from),
	};

	if (!probe_read_seq(got->bytes, &event.seq))
		event.seq = 0;
	ping_tell(ping, event);
}

static void take_own(struct ping *ping, const struct ping_catch *got)
{
	char from[ADDRESS_TEXT_SIZE];
	struct roster_find find =
		roster_judge(&ping->roster, got->bytes, got->at_ns);

	ping->has_heard = true;
	if (find.verdict == ROSTER_IS_ANSWER && find.seq == ping->roster.n)
		ping->was_answered = true;
	ping_tell(ping, (struct ping_event){
				.kind = ping_kind_of(find.verdict),
				.seq = find.seq,
				.len = got->bytes.len,
				.from = address_format(&got->from, from),
				.has_rtt = find.has_rtt,
				.rtt_ns = find.rtt_ns,
				.why = find.why[0] ? find.why : NULL,
			});
}

static bool ping_fail(struct ping *ping, const char *action, int error)
{
	ping->failure = route_keep_errno(ping->route, action, error);
	report_show_kept(ping->route->report);
	return false;
}

/* --- nobody there --- */

static void tell_icmp_error(struct ping *ping, const struct icmp_news *news,
			    uint64_t seq)
{
	const char *advice =
		ping->has_advised ? NULL : advice_for(news->error, true);
	char why[256], from[ADDRESS_TEXT_SIZE];

	(void)snprintf(why, sizeof(why), "ICMP \"%s\"%s%s%s", icmp_name(news),
		       advice ? " (" : "", advice ? advice : "",
		       advice ? ")" : "");
	ping->has_advised = true;
	ping_tell(ping, (struct ping_event){
				.kind = PING_ERROR,
				.seq = seq,
				.from = news->from.len > 0
						? address_format_host(
							  &news->from, from)
						: NULL,
				.why = why,
			});
}

/*
 * The first message was refused, and the name has more addresses: it goes to
 * the next one, as if it had gone there from the beginning.
 */
static bool try_next_address(struct ping *ping, const struct icmp_news *news)
{
	char to[ADDRESS_TEXT_SIZE];

	report_error("udp send to %s: ICMP \"%s\", trying the next address",
		     address_format(ping_peer(ping), to), icmp_name(news));
	(void)route_next(ping->route);
	ping_udp_close(&ping->udp);
	roster_take_back(&ping->roster);
	ping->figures.n_sent--;
	ping->next_ns = clock_mono_ns();
	if (ping_udp_open(&ping->udp) != CLIENT_OK) {
		report_show_kept(ping->route->report);
		ping->failure = CLIENT_FAILED;
		return false;
	}
	ping_report_begin(&ping->report, ping->options, ping_peer(ping));
	return true;
}

static bool may_try_next(const struct ping *ping)
{
	return !ping->has_heard && ping->roster.n == 1 &&
	       ping->roster.n_waiting == 1 &&
	       ping->route->at + 1 < ping->route->to.n;
}

/* A datagram did not arrive: mostly it can be told which one. */
static bool ping_take_icmp(struct ping *ping, const struct icmp_news *news)
{
	uint64_t seq;

	if (may_try_next(ping))
		return try_next_address(ping, news);
	if (!probe_read_seq((struct slice){news->sent, news->n_sent}, &seq) ||
	    !roster_lose(&ping->roster, seq))
		seq = 0;
	tell_icmp_error(ping, news, seq);
	return true;
}

/* The connection is gone, and with it all that was to come over it. */
static void ping_take_end(struct ping *ping, const struct ping_catch *got)
{
	const char *reason = got->error == 0 ? "connection closed by the server"
					     : strerror(got->error);
	size_t len = got->bytes.len;
	char why[160];
	uint64_t seq;

	while ((seq = roster_lose_next(&ping->roster)) > 0) {
		if (len > 0)
			(void)snprintf(why, sizeof(why),
				       "%s after %zu bytes of its reply",
				       reason, len);
		else
			(void)snprintf(why, sizeof(why), "%s before its reply",
				       reason);
		ping_tell(ping, (struct ping_event){.kind = PING_ERROR,
						    .seq = seq,
						    .why = why});
		len = 0;
	}
}

/* --- sending --- */

static bool ping_has_more(const struct ping *ping)
{
	return ping->options->n_pings == 0 ||
	       ping->roster.n < ping->options->n_pings;
}

/*
 * By the schedule; but a message that is given up in the same moment, as when
 * it has as long as the interval is, goes first: it reads better.
 */
static uint64_t ping_steady_ns(const struct ping *ping)
{
	uint64_t over_ns =
		roster_deadline_ns(&ping->roster, ping->options->timeout_ns);
	uint64_t moment_ns = ping->options->interval_ns / PING_MOMENT;

	if (over_ns >= ping->next_ns && over_ns - ping->next_ns < moment_ns)
		return over_ns;
	return ping->next_ns;
}

/* When the next message may leave; WAIT_FOREVER when something is in its way.
 */
static uint64_t ping_due_ns(const struct ping *ping)
{
	if (!ping_has_more(ping) || roster_is_full(&ping->roster) ||
	    ping_tcp_is_busy(&ping->tcp))
		return WAIT_FOREVER;
	if (!ping->options->is_flooding || ping->last_ns == 0)
		return ping_steady_ns(ping);
	return ping->last_ns +
	       (ping->was_answered ? PING_FLOOD_NS : PING_FLOOD_SILENT_NS);
}

static int ping_put(struct ping *ping, struct slice message)
{
	if (ping->options->is_udp)
		return ping_udp_send(&ping->udp, message);
	return ping->tcp.fd < 0 ? ENOTCONN : ping_tcp_send(&ping->tcp, message);
}

/* The schedule is kept; what it has missed meanwhile is not made up for. */
static void ping_schedule(struct ping *ping, uint64_t now_ns)
{
	ping->last_ns = now_ns;
	ping->was_answered = false;
	ping->next_ns += ping->options->interval_ns;
	if (ping->next_ns < now_ns)
		ping->next_ns = now_ns;
}

static void ping_send(struct ping *ping)
{
	struct timespec wall = clock_wall();
	uint64_t now_ns = clock_mono_ns();
	const struct probe *probe =
		roster_add(&ping->roster, wall, now_ns, ping->options->size);
	struct slice message = {ping->message,
				probe_write(probe, ping->message)};
	int error = ping_put(ping, message);
	char why[160];

	ping_schedule(ping, now_ns);
	if (error == 0) {
		ping->figures.n_sent++;
		return;
	}
	roster_unsend(&ping->roster);
	(void)snprintf(why, sizeof(why), "not sent: %s",
		       error == ENOTCONN ? "no connection" : strerror(error));
	ping_tell(ping, (struct ping_event){.kind = PING_ERROR,
					    .seq = ping->roster.n,
					    .why = why});
}

/* A server may answer once per connection: each message has one, then. */
static void ping_send_due(struct ping *ping)
{
	if (ping_due_ns(ping) > clock_mono_ns())
		return;
	/* That nobody takes it is told, and so is the message, unsent. */
	if (!ping->options->is_udp && ping->tcp.fd < 0 &&
	    ping_tcp_open(&ping->tcp) != CLIENT_OK)
		report_step(ping->route->report, "tcp has no connection");
	ping_send(ping);
}

/* --- receiving --- */

static enum ping_wire_result ping_look(struct ping *ping,
				       struct ping_catch *got)
{
	return ping->options->is_udp ? ping_udp_look(&ping->udp, got)
				     : ping_tcp_look(&ping->tcp, got);
}

/* One thing that came. false: nothing more comes now, or ever. */
static bool ping_take(struct ping *ping)
{
	struct ping_catch got;

	switch (ping_look(ping, &got)) {
	case PING_WIRE_NOTHING:
		return false;
	case PING_WIRE_ICMP:
		return ping_take_icmp(ping, &got.news);
	case PING_WIRE_ENDED:
		ping_take_end(ping, &got);
		return false;
	case PING_WIRE_FAILED:
		return ping_fail(ping, "receive from", got.error);
	case PING_WIRE_MESSAGE:
		break;
	}
	ping_expire(ping, got.at_ns);
	if (got.is_foreign)
		take_foreign(ping, &got);
	else
		take_own(ping, &got);
	return true;
}

/* Whether all was taken, so that by now who still waits has no answer. */
static bool ping_take_all(struct ping *ping)
{
	for (unsigned i = 0; i < PING_LOOKS_MAX; i++)
		if (!ping_take(ping))
			return true;
	return false;
}

/* --- the run --- */

static int ping_fd(const struct ping *ping)
{
	return ping->options->is_udp ? ping->udp.fd : ping->tcp.fd;
}

/* Waits for something to do; false when it is the end. */
static bool ping_wait(struct ping *ping)
{
	uint64_t due_ns = ping_due_ns(ping);
	uint64_t over_ns =
		roster_deadline_ns(&ping->roster, ping->options->timeout_ns);
	struct pollfd pfds[] = {
		{.fd = stop_pipe[0], .events = POLLIN},
		{.fd = ping_fd(ping), .events = POLLIN},
	};

	if (ping_tcp_is_busy(&ping->tcp))
		pfds[1].events |= POLLOUT;
	if (wait_ready(pfds, ARRAY_LEN(pfds),
		       due_ns < over_ns ? due_ns : over_ns) < 0)
		return ping_fail(ping, "wait for", errno);
	if (pfds[1].revents & POLLOUT)
		ping_tcp_send_more(&ping->tcp);
	return pfds[0].revents == 0;
}

static bool ping_goes_on(const struct ping *ping)
{
	return ping->failure == CLIENT_OK && ping->report.status == CLIENT_OK &&
	       (ping_has_more(ping) || ping->roster.n_waiting > 0);
}

static void ping_loop(struct ping *ping)
{
	bool is_stopped = false;

	while (!is_stopped && ping_goes_on(ping)) {
		uint64_t now_ns;

		ping_send_due(ping);
		/* What could not be sent may have been the last. */
		is_stopped = ping_goes_on(ping) && !ping_wait(ping);
		/* Before the look: what came until then is in time. */
		now_ns = clock_mono_ns();
		if (ping_take_all(ping))
			ping_expire(ping, now_ns);
	}
}

static enum client_status ping_open(struct ping *ping)
{
	enum client_status status;

	if (!ping->options->is_udp)
		return ping_tcp_open(&ping->tcp);
	status = ping_udp_open(&ping->udp);
	while (status != CLIENT_OK && route_next(ping->route))
		status = ping_udp_open(&ping->udp);
	if (status != CLIENT_OK)
		report_show_kept(ping->route->report);
	return status;
}

static uint64_t clock_granularity_ns(void)
{
	struct timespec step = {.tv_nsec = 1};

	(void)clock_getres(CLOCK_MONOTONIC, &step);
	return (uint64_t)step.tv_sec * CLOCK_NS_PER_S + (uint64_t)step.tv_nsec;
}

static enum client_status ping_end(struct ping *ping)
{
	ping->figures.n_waiting = ping->roster.n_waiting;
	ping->figures.elapsed_ns = clock_mono_ns() - ping->start_ns;
	ping_report_end(&ping->report, &ping->figures);
	if (ping->report.status != CLIENT_OK)
		return ping->report.status;
	if (ping->failure != CLIENT_OK)
		return ping->failure;
	return ping->figures.n[PING_REPLY] > 0 ? CLIENT_OK : CLIENT_NO_REPLY;
}

static enum client_status ping_all(struct ping *ping)
{
	enum client_status status = ping_open(ping);

	if (status == CLIENT_OK)
		status = catch_interrupt();
	if (status != CLIENT_OK)
		return status;
	report_drop_kept(ping->route->report, 0);
	ping->figures = ping_figures_new(clock_granularity_ns());
	ping->start_ns = ping->next_ns = clock_mono_ns();
	ping_report_begin(&ping->report, ping->options, ping_peer(ping));
	ping_loop(ping);
	return ping_end(ping);
}

enum client_status ping_run(struct route *route)
{
	struct ping *ping = calloc(1, sizeof(*ping));
	enum client_status status;

	if (!ping) {
		report_error("memory: %s", strerror(errno));
		return CLIENT_FAILED;
	}
	ping->route = route;
	ping->options = route->options;
	ping_udp_init(&ping->udp, route);
	ping_tcp_init(&ping->tcp, route);
	status = ping_all(ping);
	ping_udp_close(&ping->udp);
	ping_tcp_close(&ping->tcp);
	free(ping);
	return status;
}
