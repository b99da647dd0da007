/* SPDX-License-Identifier: MIT */
/*
 * Connections of balancers, until their PROXY header has come. Bytes of the
 * header are taken out of the socket and no others: what follows is looked at
 * (MSG_PEEK) but stays there, so that the service finds the connection as if
 * its visitor had made it.
 *
 * Until then it is in the account of the balancer, which has no limit on how
 * many it may have; but where room must be made, it can be made of these. The
 * access lists are asked for the visitor's address, by the service.
 */
#include "loop/gate.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/proxy_header.h"

_Static_assert(LOOP_IN_SIZE >= PROXY_HEADER_MAX, "a header must fit");

/* A connection whose header is not whole. */
struct gate_conn {
	struct conn conn;
	struct gate *gate;
	struct conn_held in; /* what has come of it */
	bool is_awaited;     /* counts in loop->n_waiting */
};

static struct gate_conn *gate_conn_of(struct conn *conn)
{
	return CONTAINER_OF(conn, struct gate_conn, conn);
}

/* What hangs on it besides its socket. */
static void gate_conn_clear(struct gate_conn *gc)
{
	conn_held_clear(&gc->in);
	gc->conn.loop->n_waiting -= gc->is_awaited;
	gc->is_awaited = false;
}

static void gate_refuse(struct conn *conn)
{
	static const enum refusal kinds[ACCESS_SERVICES] = {
		[ACCESS_TCP] = REFUSAL_tcp_proxy_refused,
		[ACCESS_HTTP] = REFUSAL_http_proxy_refused,
	};
	enum access_service service = gate_conn_of(conn)->gate->service;
	struct address peer;

	if (conn_address(conn, &peer) < 0)
		peer = address_any(AF_INET, 0);
	refusals_note(&conn->loop->refusals, kinds[service], &peer);
	conn_close(conn, CONN_REFUSED);
}

/* The header is read: the service has the connection from here on. */
static void gate_admit(struct gate_conn *gc, const struct proxy_origin *origin)
{
	struct gate *gate = gc->gate;
	struct visitor visitor = {.way = VISITOR_INTRODUCED};
	int fd;

	if (origin->family != 0) {
		visitor.address = address_from_bytes(
			origin->family, origin->host, origin->port);
	} else {
		visitor.way = VISITOR_PROXY;
		if (conn_address(&gc->conn, &visitor.address) < 0) {
			conn_close(&gc->conn, CONN_FAILED);
			return;
		}
	}
	fd = conn_release(&gc->conn);
	gate_conn_clear(gc);
	gate->admit_cb(gate->arg, fd, &visitor);
	/* It may have been turned away, and been the last. */
	loop_stop_if_drained(gate->loop);
}

/* Takes n bytes that have been seen; false when the connection is closed. */
static bool take_seen(struct conn *conn, char *buf, size_t n)
{
	size_t n_taken = 0;

	if (conn_receive(conn, buf, n, &n_taken) == CONN_GOT_BYTES &&
	    n_taken == n)
		return true;
	conn_close(conn, CONN_FAILED);
	return false;
}

/* n new bytes of the header lie in the loop's buffer, behind those held. */
static void gate_read(struct gate_conn *gc, size_t n)
{
	struct conn *conn = &gc->conn;
	size_t held = gc->in.len, header_len;
	struct proxy_origin origin;
	char *buf = conn->loop->in;

	(void)conn_held_take(&gc->in, buf);
	switch (proxy_header_read(buf, held + n, &origin, &header_len)) {
	case PROXY_BAD:
		gate_refuse(conn);
		break;
	case PROXY_PARTIAL:
		if (!take_seen(conn, buf + held, n))
			break;
		if (conn_hold(&gc->in, buf, held + n) < 0)
			conn_close(conn, CONN_NO_MEMORY);
		else
			conn_wait_readable(conn);
		break;
	case PROXY_DONE:
		if (take_seen(conn, buf + held, header_len - held))
			gate_admit(gc, &origin);
		break;
	}
}

static void gate_readable(struct conn *conn)
{
	struct gate_conn *gc = gate_conn_of(conn);
	size_t held = gc->in.len, n;

	switch (conn_peek(conn, conn->loop->in + held, PROXY_HEADER_MAX - held,
			  &n)) {
	case CONN_GOT_BYTES:
		gate_read(gc, n);
		break;
	case CONN_GOT_END:
		/* Who looks whether somebody listens here says nothing. */
		if (held > 0)
			gate_refuse(conn);
		else
			conn_close(conn, CONN_FINISHED);
		break;
	case CONN_GOT_NOTHING:
		conn_wait_readable(conn);
		break;
	case CONN_GOT_BROKEN:
		break;
	}
}

/* It waits for nothing but bytes. */
static void gate_writable(struct conn *conn)
{
	conn_wait_readable(conn);
}

/* The service is to be told of the drain, too, when it has the connection. */
static void gate_drain(struct conn *conn)
{
	struct gate_conn *gc = gate_conn_of(conn);

	gc->is_awaited = true;
	conn->loop->n_waiting++;
	deadline_start(&gc->gate->parting, &conn->deadline);
}

static void gate_closed(struct conn *conn, enum conn_reason reason)
{
	(void)reason;
	gate_conn_clear(gate_conn_of(conn));
}

static void gate_conn_free(struct conn *conn)
{
	free(gate_conn_of(conn));
}

static const struct conn_ops gate_ops[ACCESS_SERVICES] = {
	[ACCESS_TCP] = {.service = "tcp",
			.readable = gate_readable,
			.writable = gate_writable,
			.drain = gate_drain,
			.closed = gate_closed,
			.free = gate_conn_free},
	[ACCESS_HTTP] = {.service = "http",
			 .readable = gate_readable,
			 .writable = gate_writable,
			 .drain = gate_drain,
			 .closed = gate_closed,
			 .free = gate_conn_free},
};

static void header_expired_cb(struct deadline *deadline)
{
	struct conn *conn = CONTAINER_OF(deadline, struct conn, deadline);

	if (!conn_look(conn))
		gate_refuse(conn);
}

static void gate_parting_expired_cb(struct deadline *deadline)
{
	struct conn *conn = CONTAINER_OF(deadline, struct conn, deadline);

	if (!conn_look(conn))
		conn_close(conn, CONN_STOPPED);
}

/* --- the gate --- */

void gate_init(struct gate *gate, struct loop *loop,
	       enum access_service service, gate_admit_cb admit_cb, void *arg)
{
	*gate = (struct gate){
		.loop = loop,
		.service = service,
		.admit_cb = admit_cb,
		.arg = arg,
	};
	deadline_queue_init(&gate->header, loop, loop->limits->header_ns,
			    header_expired_cb);
	deadline_queue_init(&gate->parting, loop, loop->limits->parting_ns,
			    gate_parting_expired_cb);
}

void gate_change(struct gate *gate)
{
	const struct limits *limits = gate->loop->limits;

	deadline_queue_set_limit(&gate->header, limits->header_ns);
	deadline_queue_set_limit(&gate->parting, limits->parting_ns);
}

void gate_clear(struct gate *gate)
{
	deadline_queue_clear(&gate->header);
	deadline_queue_clear(&gate->parting);
}

void gate_hold(struct gate *gate, int fd, const struct address *peer)
{
	struct gate_conn *gc = calloc(1, sizeof(*gc));
	const struct visitor visitor = {*peer, VISITOR_PROXY};

	if (!gc) {
		gate->loop->counters.out_of_memory++;
		(void)close(fd);
		return;
	}
	gc->gate = gate;
	conn_init(&gc->conn, gate->loop, fd, &gate_ops[gate->service]);
	deadline_start(&gate->header, &gc->conn.deadline);
	/* A balancer sends it as soon as it is connected. */
	if (conn_join(&gc->conn, &visitor))
		gate_readable(&gc->conn);
}
