/* SPDX-License-Identifier: MIT */
/*
 * The UDP uppercase service. A batch is received, judged, changed in place and
 * sent; nothing is kept between two batches, so a flood costs time and no
 * memory. What the socket does not take is lost, as datagrams may be, and
 * counted. An error that nobody expected would come again at once, since the
 * datagram stays: then the socket rests until a timer brings it back.
 */
#include "server/udp_service.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/upper.h"
#include "loop/bucket.h"
#include "os/datagram.h"
#include "os/network.h"
#include "server/udp_faults.h"
#include "server/udp_log.h"

/*
 * What may be moved per wake-up, in and out together, and when the turn is old;
 * and what a datagram counts beside its bytes. A batch is as large as the last
 * datagrams' size lets it be: of the longest, 32 would be 4 MB.
 */
#define UDP_SLICE	(512 << 10)
#define UDP_SLICE_LEAST (64 << 10)
#define UDP_COST	(4 << 10)

/*
 * A flood must not hold up the end: what a full socket buffer holds when the
 * server drains is answered, and it holds fewer datagrams than this many
 * batches.
 */
#define UDP_DRAIN_BATCHES 512

/*
 * Ports below are those of services, not of clients: echo, chargen, DNS, NTP.
 * An answer to one may come back as its answer, without end.
 */
#define UDP_SOURCE_PORT_MIN 1024

#define UDP_PAUSE_MS	    100

static const struct timeval pause_time = {.tv_usec = UDP_PAUSE_MS * 1000};

struct udp_service {
	struct loop *loop;
	struct datagram_batch *batch;
	struct bucket_table *buckets;
	struct udp_log *log;	   /* NULL: nobody wants to know */
	struct udp_faults *faults; /* NULL: none has been asked for yet */
	struct list_node sockets;
};

struct udp_socket {
	struct udp_service *service;
	struct list_node node;
	struct event event;
	struct event resume_timer;
	struct udp_outlet *outlet; /* fd, for who sends later */
	int fd;
	struct log_trouble trouble;
	size_t mean_cost;     /* of the last datagrams */
	uint32_t kernel_lost; /* as last told by the kernel */
};

static struct udp_socket *udp_socket_of(struct list_node *node)
{
	return CONTAINER_OF(node, struct udp_socket, node);
}

/* Whether this address and port can be a client's. */
static bool is_client(const struct address *source)
{
	return address_port(source) >= UDP_SOURCE_PORT_MIN &&
	       !address_is_group(source) && !address_is_any(source);
}

/* Whether a limit that is on keeps the source from its answer. */
static bool udp_is_refused(struct loop *loop, const struct address *source)
{
	struct address peer = *source, owner;

	/* A socket that was handed over may be of both families. */
	address_settle(&peer);
	owner = network_owner(&peer);
	if (loop_denies(loop, ACCESS_UDP, &peer))
		refusals_note(&loop->refusals, REFUSAL_udp_access_refused,
			      &peer);
	else if (loop->udp_rate &&
		 !bucket_take(loop->udp_rate, &owner, loop_now_ns(loop)))
		refusals_note(&loop->refusals, REFUSAL_udp_rate_refused, &peer);
	else
		return false;
	return true;
}

/* Changes a datagram; says whether it gets an answer. Counts the refusals. */
static enum udp_verdict udp_answer(struct udp_service *service,
				   const struct address *source, char *bytes,
				   size_t len)
{
	struct counters *counters = &service->loop->counters;

	if (!is_client(source)) {
		counters->udp_source_refused++;
		return UDP_SOURCE_REFUSED;
	}
	if ((service->loop->access || service->loop->udp_rate) &&
	    udp_is_refused(service->loop, source))
		return UDP_LIMIT_REFUSED;
	/* Whoever sends letters is in no loop. */
	if (upper_ascii(bytes, len) ||
	    bucket_take(service->buckets, source, loop_now_ns(service->loop)))
		return UDP_ANSWERED;
	counters->udp_loop_refused++;
	return UDP_LOOP_REFUSED;
}

/* Whether answer i leaves with the batch, for all that --fault says. */
static bool is_spared(struct udp_socket *sock, size_t i)
{
	struct udp_service *service = sock->service;

	if (!service->faults)
		service->faults = udp_faults_new(service->loop);
	if (service->faults)
		return udp_faults_apply(service->faults, sock->outlet,
					service->batch, i);
	service->loop->counters.fault_skipped++;
	return true;
}

/* Sends the answers to the first n of the batch, and what is due behind them.
 */
static void send_answers(struct udp_socket *sock, size_t n)
{
	struct udp_service *service = sock->service;

	service->loop->counters.udp_send_refused +=
		datagram_send(sock->fd, service->batch, n);
	if (service->faults)
		udp_faults_flush(service->faults);
}

/* Answers the n datagrams of the batch; returns what that counts as. */
static size_t answer_batch(struct udp_socket *sock, size_t n)
{
	struct udp_service *service = sock->service;
	struct datagram_batch *batch = service->batch;
	size_t cost = n * UDP_COST;

	for (size_t i = 0; i < n; i++) {
		size_t len;
		char *bytes = datagram_bytes(batch, i, &len);
		const struct address *source = datagram_source(batch, i);
		enum udp_verdict verdict =
			udp_answer(service, source, bytes, len);

		cost += 2 * len;
		if (verdict != UDP_ANSWERED ||
		    (service->loop->faults && !is_spared(sock, i)))
			datagram_drop(batch, i);
		if (service->faults && udp_faults_is_due(service->faults))
			send_answers(sock, i + 1);
		if (service->log)
			udp_log_add(service->log, source, len, verdict);
	}
	service->loop->counters.udp_datagrams += n;
	send_answers(sock, n);
	return cost;
}

/* How many datagrams like the last ones such a budget is for. */
static size_t count_for(const struct udp_socket *sock, size_t budget)
{
	size_t n = budget / sock->mean_cost;

	if (n == 0)
		return 1;
	return n < DATAGRAM_BATCH ? n : DATAGRAM_BATCH;
}

/*
 * Serves one batch, and takes what it counts as off the budget, down to 0.
 * Returns 0 when more datagrams may wait, or what ended it: EAGAIN, or an error
 * that would come again.
 */
static int serve_batch(struct udp_socket *sock, size_t *budget)
{
	struct udp_service *service = sock->service;
	uint32_t lost_before = sock->kernel_lost;
	size_t most = count_for(sock, *budget), cost;
	int n = datagram_receive(sock->fd, service->batch, most,
				 &sock->kernel_lost);

	if (n < 0)
		return errno == EINTR ? 0 : errno;
	/* Unsigned, so that the kernel's number may wrap. */
	service->loop->counters.udp_kernel_lost +=
		(uint32_t)(sock->kernel_lost - lost_before);
	cost = answer_batch(sock, (size_t)n);
	sock->mean_cost = cost / (size_t)n;
	loop_spend(service->loop, cost);
	*budget -= cost < *budget ? cost : *budget;
	return (size_t)n == most ? 0 : EAGAIN;
}

/* Stops receiving until the timer, without which it must not stop. */
static void pause_socket(struct udp_socket *sock, int error)
{
	struct loop *loop = sock->service->loop;

	if (log_is_news(&sock->trouble, error, loop_now_ns(loop)))
		log_warn("udp: paused: cannot receive: %s%s", strerror(error),
			 sock->trouble.more);
	loop->counters.udp_pauses++;
	if (event_add(&sock->resume_timer, &pause_time) == 0)
		(void)event_del(&sock->event);
}

static void resume_cb(evutil_socket_t fd, short what, void *arg)
{
	struct udp_socket *sock = arg;

	(void)fd;
	(void)what;
	if (event_add(&sock->event, NULL) < 0)
		(void)event_add(&sock->resume_timer, &pause_time);
}

static void readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct udp_socket *sock = arg;
	size_t budget =
		loop_budget(sock->service->loop, UDP_SLICE, UDP_SLICE_LEAST);
	int error = 0;

	(void)fd;
	(void)what;
	while (budget > 0 && error == 0)
		error = serve_batch(sock, &budget);
	if (error != 0 && error != EAGAIN)
		pause_socket(sock, error);
}

struct udp_service *udp_service_new(struct loop *loop)
{
	struct udp_service *service = calloc(1, sizeof(*service));

	if (!service)
		return NULL;
	service->loop = loop;
	list_init(&service->sockets);
	service->batch = datagram_batch_new();
	service->buckets = bucket_table_new(UDP_LOOP_TOKENS, CLOCK_NS_PER_S);
	if (service->batch && service->buckets)
		return service;
	udp_service_free(service);
	return NULL;
}

int udp_service_add(struct udp_service *service, int fd)
{
	struct udp_socket *sock = calloc(1, sizeof(*sock));

	if (!sock)
		return -1;
	sock->service = service;
	sock->fd = fd;
	sock->mean_cost = UDP_COST;
	(void)event_assign(&sock->event, service->loop->base, fd,
			   EV_READ | EV_PERSIST, readable_cb, sock);
	(void)event_assign(&sock->resume_timer, service->loop->base, -1, 0,
			   resume_cb, sock);
	sock->outlet = udp_outlet_new(fd);
	if (!sock->outlet || event_add(&sock->event, NULL) < 0) {
		free(sock->outlet);
		free(sock);
		return -1;
	}
	list_add_last(&service->sockets, &sock->node);
	return 0;
}

static void close_socket(struct udp_socket *sock)
{
	list_remove(&sock->node);
	(void)event_del(&sock->event);
	(void)event_del(&sock->resume_timer);
	udp_outlet_leave(sock->outlet);
	free(sock);
}

/* Answers what waits. */
static void finish_socket(struct udp_socket *sock)
{
	for (int i = 0; i < UDP_DRAIN_BATCHES; i++) {
		size_t budget = UDP_SLICE;

		if (serve_batch(sock, &budget) != 0)
			break;
	}
}

int udp_service_set_log(struct udp_service *service, bool is_on)
{
	if (!is_on) {
		udp_log_free(service->log);
		service->log = NULL;
	} else if (!service->log) {
		service->log = udp_log_new(service->loop);
	}
	return is_on && !service->log ? -1 : 0;
}

void udp_service_remove(struct udp_service *service, int fd)
{
	struct list_node *node, *following;

	LIST_FOR_EACH (node, following, &service->sockets) {
		struct udp_socket *sock = udp_socket_of(node);

		if (sock->fd != fd)
			continue;
		finish_socket(sock);
		if (service->faults)
			udp_faults_leave(service->faults, sock->outlet);
		close_socket(sock);
	}
}

void udp_service_drain(struct udp_service *service)
{
	struct list_node *node, *following;

	LIST_FOR_EACH (node, following, &service->sockets) {
		finish_socket(udp_socket_of(node));
		close_socket(udp_socket_of(node));
	}
	if (service->faults)
		udp_faults_drain(service->faults);
}

void udp_service_free(struct udp_service *service)
{
	struct list_node *node, *following;

	if (!service)
		return;
	LIST_FOR_EACH (node, following, &service->sockets)
		close_socket(udp_socket_of(node));
	udp_faults_free(service->faults);
	datagram_batch_free(service->batch);
	bucket_table_free(service->buckets);
	udp_log_free(service->log);
	free(service);
}
