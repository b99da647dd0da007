/* SPDX-License-Identifier: MIT */
/*
 * The socket is not connected, unless the options say so, and so it hears
 * everybody: an answer from another address or port is shown as what it is. A
 * connected one is spared that by the kernel, which tells the stranger that
 * nobody listens; there the message just times out.
 *
 * Of either the errors that ICMP reports are read from the error queue, since
 * it alone says which datagram they are about.
 */
#include "client/ping_udp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/transcript.h"
#include "os/arrival.h"
#include "os/icmp.h"

#define PING_UDP_TRIES	    3  /* errors of earlier datagrams come between */
#define PING_UDP_FAILED_MAX 64 /* receives in a row without any news */

void ping_udp_init(struct ping_udp *udp, struct route *route)
{
	udp->route = route;
	udp->fd = -1;
	udp->n_failed = 0;
}

void ping_udp_close(struct ping_udp *udp)
{
	if (udp->fd >= 0)
		(void)close(udp->fd);
	udp->fd = -1;
}

static const struct address *ping_udp_peer(const struct ping_udp *udp)
{
	return &udp->route->to.list[udp->route->at];
}

enum client_status ping_udp_open(struct ping_udp *udp)
{
	enum client_status status = route_udp(udp->route, &udp->fd);

	if (status != CLIENT_OK)
		return status;
	if (arrival_listen(udp->fd) < 0)
		report_step(udp->route->report, "udp times are our own: %s",
			    strerror(errno));
	if (udp->route->options->is_connecting &&
	    icmp_listen(udp->fd, ping_udp_peer(udp)->sa.any.sa_family) < 0)
		report_step(udp->route->report, "udp will not hear of ICMP: %s",
			    strerror(errno));
	return CLIENT_OK;
}

int ping_udp_send(struct ping_udp *udp, struct slice message)
{
	const struct address *to = ping_udp_peer(udp);
	bool is_connected = udp->route->options->is_connecting;

	/* What fails first may be the news of an earlier datagram. */
	for (unsigned i = 0; i < PING_UDP_TRIES; i++) {
		if (sendto(udp->fd, message.ptr, message.len, MSG_NOSIGNAL,
			   is_connected ? NULL : &to->sa.any,
			   is_connected ? 0 : to->len) >= 0) {
			transcript_sent(udp->route->transcript, message, to);
			return 0;
		}
	}
	return errno;
}

static enum ping_wire_result take_news(struct ping_udp *udp,
				       struct ping_catch *got)
{
	while (icmp_take(udp->fd, &got->news) > 0)
		if (address_eq(&got->news.to, ping_udp_peer(udp)))
			return PING_WIRE_ICMP;
	return PING_WIRE_NOTHING;
}

/* An error of a receive is mostly some news, told a second time. */
static enum ping_wire_result take_failure(struct ping_udp *udp,
					  struct ping_catch *got, int error)
{
	enum ping_wire_result result = take_news(udp, got);

	if (result != PING_WIRE_NOTHING || error == EAGAIN) {
		udp->n_failed = 0;
		return result;
	}
	got->error = error;
	return ++udp->n_failed > PING_UDP_FAILED_MAX ? PING_WIRE_FAILED
						     : PING_WIRE_NOTHING;
}

enum ping_wire_result ping_udp_look(struct ping_udp *udp,
				    struct ping_catch *got)
{
	ssize_t n = arrival_receive(udp->fd, udp->buf, sizeof(udp->buf),
				    &got->from, &got->at_ns);

	if (n < 0)
		return take_failure(udp, got, errno);
	udp->n_failed = 0;
	got->bytes = (struct slice){udp->buf, (size_t)n};
	got->is_foreign = !udp->route->options->is_connecting &&
			  !address_eq(&got->from, ping_udp_peer(udp));
	transcript_received(udp->route->transcript, got->bytes, &got->from);
	return PING_WIRE_MESSAGE;
}
