/* SPDX-License-Identifier: MIT */
/*
 * The TCP uppercase service. There is no message in a byte stream, so whatever
 * has arrived is answered at once. A peer that does not read is not read from:
 * while an answer is held, the connection waits to write and nothing else.
 */
#include "server/tcp_service.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/upper.h"
#include "loop/conn.h"
#include "loop/gate.h"
#include "loop/shape.h"

/* Bytes per wake-up when many are busy. */
#define TCP_SLICE 16384

/* Reads per wake-up while draining; a peer that floods waits its turn. */
#define TCP_DRAIN_BUDGET 16

struct tcp_service {
	struct loop *loop;
	bool once;
	size_t n_open;
	struct gate gate;
	struct deadline_queue idle;
	struct conn_stall stall;
	struct deadline_queue linger;
	struct deadline_queue parting; /* in a drain; see conn_dismiss() */
};

struct tcp_conn {
	struct conn conn;
	struct tcp_service *service;
};

static struct tcp_conn *tcp_conn_of(struct conn *conn)
{
	return CONTAINER_OF(conn, struct tcp_conn, conn);
}

/* All is said: the peer is to see our FIN, and not for long in a drain. */
static void linger(struct conn *conn)
{
	struct tcp_service *service = tcp_conn_of(conn)->service;

	conn_linger(conn, conn->loop->draining ? &service->parting
					       : &service->linger);
}

/*
 * Our FIN goes with the last answer in a drain: whoever asks again when it has
 * an answer must know by then.
 */
static bool is_last(const struct conn *conn)
{
	return conn->loop->draining && !conn_has_input(conn);
}

/* Answers n bytes in the loop's buffer. True when the socket took it all. */
static bool answer(struct conn *conn, size_t n)
{
	struct tcp_service *service = tcp_conn_of(conn)->service;
	char *buf = conn->loop->in;

	deadline_start(&service->idle, &conn->deadline);
	conn_delay(conn);
	upper_ascii(buf, n);
	conn->loop->counters.tcp_bytes += n;
	switch (conn_send(conn, buf, n, is_last(conn))) {
	case CONN_SENT:
		return true;
	case CONN_HELD:
		conn_wait_writable(conn, &service->stall);
		return false;
	case CONN_BROKEN:
		break;
	}
	return false;
}

static void serve(struct conn *conn)
{
	struct tcp_service *service = tcp_conn_of(conn)->service;
	size_t n;

	switch (conn_receive(conn, conn->loop->in,
			     loop_budget(conn->loop, LOOP_IN_SIZE, TCP_SLICE),
			     &n)) {
	case CONN_GOT_BYTES:
		loop_spend(conn->loop, n);
		if (answer(conn, n) && service->once)
			linger(conn);
		break;
	case CONN_GOT_END:
		conn_close(conn, CONN_FINISHED);
		break;
	case CONN_GOT_NOTHING:
	case CONN_GOT_BROKEN:
		break;
	}
}

/*
 * The server ends: what has arrived is answered, as far as one wake-up's budget
 * goes, and when no more waits the peer gets our FIN.
 */
static void drain(struct conn *conn)
{
	for (int i = 0; i < TCP_DRAIN_BUDGET && conn_is_reading(conn); i++) {
		if (!conn_has_input(conn)) {
			linger(conn);
			return;
		}
		serve(conn);
	}
}

static void tcp_service_readable(struct conn *conn)
{
	if (conn->loop->draining)
		drain(conn);
	else
		serve(conn);
}

/* Nobody is kept waiting by a peer that asks for nothing. */
static void tcp_drain(struct conn *conn)
{
	struct tcp_service *service = tcp_conn_of(conn)->service;

	if (conn->lingering)
		deadline_start(&service->parting, &conn->deadline);
	if (!conn_is_reading(conn))
		return;
	if (conn_has_input(conn))
		drain(conn);
	else
		conn_dismiss(conn, &service->idle, &service->parting);
}

/* What was held is sent: read on. */
static void tcp_writable(struct conn *conn)
{
	struct tcp_service *service = tcp_conn_of(conn)->service;

	if (service->once) {
		linger(conn);
		return;
	}
	deadline_start(&service->idle, &conn->deadline);
	conn_wait_readable(conn);
	if (conn->loop->draining)
		drain(conn);
}

static void tcp_closed(struct conn *conn, enum conn_reason reason)
{
	struct counters *counters = &conn->loop->counters;

	tcp_conn_of(conn)->service->n_open--;
	if (reason == CONN_TIMED_OUT)
		counters->tcp_timeouts++;
	else if (reason == CONN_TOO_SLOW)
		counters->tcp_slow++;
	else if (reason == CONN_FAILED)
		counters->tcp_errors++;
}

static void tcp_free(struct conn *conn)
{
	free(tcp_conn_of(conn));
}

static const struct conn_ops tcp_ops = {
	.service = "tcp",
	.readable = tcp_service_readable,
	.writable = tcp_writable,
	.drain = tcp_drain,
	.closed = tcp_closed,
	.free = tcp_free,
};

/* Whether this one is turned away; counts it then. */
static bool tcp_refuses(struct loop *loop, const struct visitor *visitor)
{
	const struct address *address = &visitor->address;

	if (loop_denies(loop, ACCESS_TCP, address))
		refusals_note(&loop->refusals, REFUSAL_tcp_access_refused,
			      address);
	else if (conn_is_surplus(loop, visitor, 1))
		refusals_note(&loop->refusals, REFUSAL_tcp_address_refused,
			      address);
	else if (!conn_find_place(loop))
		refusals_note(&loop->refusals, REFUSAL_tcp_limit_refused,
			      address);
	else
		return false;
	return true;
}

/* What --fault does to this connection. */
static void take_faults(struct tcp_conn *tc, const struct address *peer)
{
	struct faults_verdict verdict;

	if (faults_judge(tc->conn.loop, FAULT_TCP, peer, (struct slice){0},
			 &verdict))
		conn_take_shape(&tc->conn,
				shape_new(tc->conn.loop, &verdict, 0, 0),
				&tc->service->linger);
}

static void tcp_admit_cb(void *arg, int fd, const struct visitor *visitor)
{
	struct tcp_service *service = arg;
	struct tcp_conn *tc;

	if (tcp_refuses(service->loop, visitor)) {
		(void)close(fd);
		return;
	}
	tc = malloc(sizeof(*tc));
	if (!tc) {
		service->loop->counters.out_of_memory++;
		(void)close(fd);
		return;
	}
	service->loop->counters.tcp_connections++;
	service->n_open++;
	tc->service = service;
	conn_init(&tc->conn, service->loop, fd, &tcp_ops);
	deadline_start(&service->idle, &tc->conn.deadline);
	if (!conn_join(&tc->conn, visitor))
		return;
	if (service->loop->faults)
		take_faults(tc, &visitor->address);
	conn_wait_readable(&tc->conn);
}

struct tcp_service *tcp_service_new(struct loop *loop, bool once)
{
	struct tcp_service *service = calloc(1, sizeof(*service));
	const struct limits *limits = loop->limits;

	if (!service)
		return NULL;
	service->loop = loop;
	service->once = once;
	gate_init(&service->gate, loop, ACCESS_TCP, tcp_admit_cb, service);
	deadline_queue_init(&service->idle, loop, limits->tcp_idle_ns,
			    conn_idle_expired_cb);
	conn_stall_init(&service->stall, loop, limits->tcp_idle_ns);
	deadline_queue_init(&service->linger, loop, limits->linger_ns,
			    conn_linger_expired_cb);
	deadline_queue_init(&service->parting, loop, limits->parting_ns,
			    conn_linger_expired_cb);
	return service;
}

void tcp_service_change(struct tcp_service *service, bool once)
{
	const struct limits *limits = service->loop->limits;

	service->once = once;
	gate_change(&service->gate);
	deadline_queue_set_limit(&service->idle, limits->tcp_idle_ns);
	conn_stall_set_limit(&service->stall, limits->tcp_idle_ns);
	deadline_queue_set_limit(&service->linger, limits->linger_ns);
	deadline_queue_set_limit(&service->parting, limits->parting_ns);
}

size_t tcp_service_count(const struct tcp_service *service)
{
	return service ? service->n_open : 0;
}

void tcp_service_accept_cb(void *arg, int fd, const struct address *peer)
{
	struct tcp_service *service = arg;

	gate_pass(&service->gate, fd, peer);
}

void tcp_service_free(struct tcp_service *service)
{
	if (!service)
		return;
	gate_clear(&service->gate);
	deadline_queue_clear(&service->idle);
	conn_stall_clear(&service->stall);
	deadline_queue_clear(&service->linger);
	deadline_queue_clear(&service->parting);
	free(service);
}
