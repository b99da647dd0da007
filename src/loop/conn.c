/* SPDX-License-Identifier: MIT */
/*
 * Connections: write first, wait second. All arming goes through arm(), all
 * closing through conn_close(), so a connection is always in a known state and
 * nothing is armed on one that is closed.
 *
 * The services decide what to say; this file decides when a socket can take it.
 */
#include "loop/conn.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/shape.h"
#include "os/network.h"
#include "os/socket.h"

/* Bytes of a lingering connection per wake-up when the turn is old. */
#define CONN_DISCARD_LEAST 4096

/* Those with input unread that are passed over when one is to be shed. */
#define CONN_SHED_TRIES 8

/* In such pieces it is counted what a peer takes. */
#define CONN_PACE_BYTES 64

/* Until a socket that was called writable and took nothing is tried again. */
#define CONN_CHOKED_NS (50 * CLOCK_NS_PER_MS)

/* Connections that a wake-up tells of the end, and when the turn is old. */
#define CONN_DRAIN_BUDGET	256
#define CONN_DRAIN_BUDGET_LEAST 4

int conn_hold(struct conn_held *held, const char *buf, size_t len)
{
	char *ptr;

	if (len == 0)
		return 0;
	ptr = malloc(len);
	if (!ptr)
		return -1;
	memcpy(ptr, buf, len);
	*held = (struct conn_held){.ptr = ptr, .len = (uint32_t)len};
	return 0;
}

void conn_held_clear(struct conn_held *held)
{
	free(held->ptr);
	*held = (struct conn_held){0};
}

size_t conn_held_take(struct conn_held *held, char *buf)
{
	size_t len = held->len - held->off;

	if (len > 0)
		memcpy(buf, held->ptr + held->off, len);
	conn_held_clear(held);
	return len;
}

/* Drops what is left of the input of a lingering connection. */
static void discard_input(struct conn *conn)
{
	struct loop *loop = conn->loop;
	size_t n;

	switch (conn_receive(
		conn, loop->in,
		loop_budget(loop, LOOP_IN_SIZE, CONN_DISCARD_LEAST), &n)) {
	case CONN_GOT_BYTES:
		loop_spend(loop, n);
		break;
	case CONN_GOT_END:
		conn_close(conn, CONN_FINISHED);
		break;
	default:
		break;
	}
}

/*
 * Sends as much as the socket takes of buf[0..len) and returns how much that
 * was; a socket that fails closes the connection.
 */
static size_t send_plainly(struct conn *conn, const char *buf, size_t len,
			   int flags)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(conn->fd, buf + done, len - done,
				 MSG_NOSIGNAL | MSG_DONTWAIT | flags);

		if (n >= 0) {
			conn_note_sent(conn, (size_t)n);
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS)
			conn_close(conn, CONN_FAILED);
		break;
	}
	return done;
}

/* The same as far as its shape allows, which may end it, too. */
static size_t send_shaped(struct conn *conn, const char *buf, size_t len)
{
	size_t done = 0;

	while (conn_note_shaped(conn, 0) && done < len) {
		size_t most = conn_grant(conn, len - done);
		size_t n = send_plainly(conn, buf + done, most, 0);

		done += n;
		if (n == 0 || !conn_note_shaped(conn, n))
			break;
	}
	return done;
}

static size_t conn_send_some(struct conn *conn, const char *buf, size_t len,
			     int flags)
{
	return conn->shape ? send_shaped(conn, buf, len)
			   : send_plainly(conn, buf, len, flags);
}

/* Sends what is held. */
static enum conn_sent flush_held(struct conn *conn)
{
	struct conn_held *out = &conn->out;

	out->off += (uint32_t)conn_send_some(conn, out->ptr + out->off,
					     out->len - out->off, 0);
	if (conn->closed || conn->lingering)
		return CONN_BROKEN;
	if (out->off < out->len)
		return CONN_HELD;
	conn_held_clear(out);
	return CONN_SENT;
}

static void arm(struct conn *conn, short want);
static bool is_held_back(const struct conn *conn);

/* Bytes that the peer has not acknowledged yet. */
static uint32_t count_unsent(const struct conn *conn)
{
	int n = 0;

	return ioctl(conn->fd, SIOCOUTQ, &n) == 0 ? (uint32_t)n : 0;
}

static uint32_t pace_now_ms(const struct conn *conn)
{
	return (uint32_t)(loop_now_ns(conn->loop) / CLOCK_NS_PER_MS);
}

/* From now on it is measured how fast the peer takes what it asked for. */
static void pace_start(struct conn *conn, uint32_t unsent)
{
	conn->pace_ms = pace_now_ms(conn);
	conn->pace_taken =
		(uint32_t)((conn->n_sent - unsent) / CONN_PACE_BYTES);
}

/*
 * Closes a peer that has taken less than --min-rate over a whole period. While
 * there is something unsent it was the peer that was slow, and not this process
 * with sending more.
 */
static bool pace_is_failed(struct conn *conn)
{
	const struct limits *limits = conn->loop->limits;
	uint32_t begun_ms = conn->pace_ms, taken = conn->pace_taken, unsent;
	uint64_t ms = pace_now_ms(conn) - begun_ms;

	if (limits->min_rate == 0 || ms * CLOCK_NS_PER_MS < limits->send_ns)
		return false;
	unsent = count_unsent(conn);
	pace_start(conn, unsent);
	taken = conn->pace_taken - taken;
	if (unsent == 0 ||
	    (uint64_t)taken * CONN_PACE_BYTES * 1000 >= limits->min_rate * ms)
		return false;
	conn_close(conn, CONN_TOO_SLOW);
	return true;
}

/* A writable wake-up: what is held first, then the service. */
static void write_on(struct conn *conn)
{
	if (pace_is_failed(conn))
		return;
	conn->has_progress = false;
	if (!conn_has_held(conn) || flush_held(conn) == CONN_SENT)
		conn->ops->writable(conn);
	if (conn->closed || conn->armed != EV_WRITE)
		return;
	if (conn->has_progress || is_held_back(conn)) {
		/* Otherwise the service has said so. */
		if (conn_has_held(conn))
			conn_wait_writable(conn, conn->stall);
		return;
	}
	/*
	 * When the host is short of TCP memory a socket is called writable and
	 * takes nothing: waiting for it again would burn the processor.
	 */
	arm(conn, 0);
	deadline_start(&conn->stall->choked, &conn->deadline);
}

static void conn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (conn->lingering)
		discard_input(conn);
	else if (conn->armed == EV_READ)
		conn->ops->readable(conn);
	else
		write_on(conn);
}

/* The one place that arms and disarms the event. */
static void arm(struct conn *conn, short want)
{
	if (conn->armed == want || conn->closed)
		return;
	if (conn->armed)
		(void)event_del(&conn->event);
	conn->armed = want;
	if (!want)
		return;
	account_note_taking(&conn->member, want == EV_WRITE);
	(void)event_assign(&conn->event, conn->loop->base, conn->fd,
			   (short)(want | EV_PERSIST), conn_cb, conn);
	if (event_add(&conn->event, NULL) < 0) {
		conn->armed = 0;
		conn_close(conn, CONN_NO_MEMORY);
	}
}

void conn_init(struct conn *conn, struct loop *loop, int fd,
	       const struct conn_ops *ops)
{
	*conn = (struct conn){
		.loop = loop,
		.ops = ops,
		.since_ns = loop_now_ns(loop),
		.fd = fd,
	};
	deadline_init(&conn->deadline);
	list_add_last(&loop->conns, &conn->node);
	loop->n_conns++;
}

void conn_init_apart(struct conn *conn, struct loop *loop, int fd,
		     const struct conn_ops *ops)
{
	*conn = (struct conn){
		.loop = loop,
		.ops = ops,
		.since_ns = loop_now_ns(loop),
		.fd = fd,
		.is_apart = true,
	};
	deadline_init(&conn->deadline);
	list_add_last(&loop->apart, &conn->node);
}

/*
 * Of who is introduced the socket does not tell the address. Its account does,
 * but for what is kept here: so nobody needs memory of his own for it.
 */
static void remember_visitor(struct conn *conn, const struct address *address)
{
	conn->is_introduced = true;
	conn->port = address_port(address);
	if (address->sa.any.sa_family == AF_INET6)
		memcpy(&conn->host_low,
		       &address->sa.in6.sin6_addr.s6_addr[NETWORK_OWNER_BYTES],
		       sizeof(conn->host_low));
}

bool conn_join(struct conn *conn, const struct visitor *visitor)
{
	struct loop *loop = conn->loop;

	if (loop->connlog)
		conn->note = connlog_begin(loop, &visitor->address);
	if (visitor->way == VISITOR_INTRODUCED)
		remember_visitor(conn, &visitor->address);
	if (!loop->accounts ||
	    account_join(loop->accounts, &conn->member, &visitor->address,
			 loop_now_ns(loop)) == 0)
		return true;
	conn_close(conn, CONN_NO_MEMORY);
	return false;
}

int conn_address(const struct conn *conn, struct address *address)
{
	const struct address *owner = account_owner(&conn->member);

	if (!conn->is_introduced || !owner)
		return socket_peer_address(conn->fd, address);
	*address = *owner;
	address_set_port(address, conn->port);
	if (address->sa.any.sa_family == AF_INET6)
		memcpy(&address->sa.in6.sin6_addr.s6_addr[NETWORK_OWNER_BYTES],
		       &conn->host_low, sizeof(conn->host_low));
	return 0;
}

bool conn_shed(struct loop *loop)
{
	uint64_t now_ns = loop_now_ns(loop);

	for (int i = 0; loop->accounts && i < CONN_SHED_TRIES; i++) {
		struct account_member *member =
			account_to_spare(loop->accounts, now_ns);
		struct conn *conn;

		if (!member)
			break;
		conn = CONTAINER_OF(member, struct conn, member);
		if (!conn_is_reading(conn) || !conn_has_input(conn)) {
			conn_close(conn, CONN_SHED);
			loop->counters.shed++;
			return true;
		}
		/* It has asked for something just now. */
		account_note_useful(member, now_ns);
	}
	return false;
}

bool conn_find_place(struct loop *loop)
{
	return loop->n_conns < loop->limits->max_connections || conn_shed(loop);
}

void conn_shed_surplus(struct loop *loop)
{
	while (loop->n_conns > loop->limits->max_connections && conn_shed(loop))
		;
}

void conn_make_room(struct conn *conn)
{
	struct loop *loop = conn->loop;
	uint64_t now_ns = loop_now_ns(loop);
	struct account_member *member;

	/* This one is of use. */
	account_note_useful(&conn->member, now_ns);
	if (loop_room(loop) > 0 || conn_shed(loop) || !loop->accounts)
		return;
	member = account_to_sacrifice(loop->accounts, &conn->member, now_ns);
	if (!member)
		return;
	conn_close(CONTAINER_OF(member, struct conn, member), CONN_SHED);
	loop->counters.shed++;
}

void conn_wait_readable(struct conn *conn)
{
	conn->is_writing = false;
	arm(conn, EV_READ);
}

/* --- faults --- */

static uint64_t opens_ns(const struct conn *conn)
{
	return conn->shape ? shape_opens_ns(conn->shape, conn->n_sent,
					    loop_now_ns(conn->loop))
			   : 0;
}

/* Its shape, and not the peer, lets nothing go for the moment. */
static bool is_held_back(const struct conn *conn)
{
	uint64_t ns = opens_ns(conn);

	return ns > 0 && ns < UINT64_MAX;
}

/* What it has to say will never go. */
static bool is_stalled(const struct conn *conn)
{
	return conn->is_writing && opens_ns(conn) == UINT64_MAX;
}

static void shape_opens_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	arm(arg, EV_WRITE);
}

/* Waits for the shape rather than for the socket; false: it does not matter. */
static bool await_shape(struct conn *conn)
{
	uint64_t ns = opens_ns(conn);
	struct timeval wait;

	if (ns == 0)
		return false;
	arm(conn, 0);
	if (ns == UINT64_MAX) {
		/* A drain would wait for nothing. */
		if (conn->loop->draining)
			conn_close(conn, CONN_STOPPED);
		return true;
	}
	wait = clock_timeval(ns - loop_now_ns(conn->loop));
	wait.tv_usec++; /* it was rounded down */
	return event_add(&conn->shape->timer, &wait) == 0;
}

size_t conn_grant(struct conn *conn, size_t want)
{
	if (!conn->shape)
		return want;
	return shape_grant(conn->shape, conn->n_sent, loop_now_ns(conn->loop),
			   want);
}

/* The peer gets RST, whatever it has not got yet. */
static void break_off(struct conn *conn)
{
	static const struct linger at_once = {.l_onoff = 1};

	(void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once,
			 sizeof(at_once));
	conn_close(conn, CONN_FAULT);
}

bool conn_note_shaped(struct conn *conn, size_t n)
{
	if (!conn->shape || conn->closed)
		return !conn->closed;
	switch (shape_note_sent(conn->loop, conn->shape, conn->n_sent, n)) {
	case SHAPE_GOES_ON:
	case SHAPE_STALLS:
		return true;
	case SHAPE_RESETS:
		break_off(conn);
		break;
	case SHAPE_CLOSES:
		conn_linger(conn, conn->shape_linger);
		break;
	}
	return false;
}

void conn_delay(struct conn *conn)
{
	if (conn->shape)
		shape_delay(conn->shape, loop_now_ns(conn->loop));
}

void conn_clear_shape(struct conn *conn)
{
	if (!conn->shape)
		return;
	(void)event_del(&conn->shape->timer);
	free(conn->shape);
	conn->shape = NULL;
}

void conn_take_shape(struct conn *conn, struct shape *shape,
		     struct deadline_queue *linger)
{
	if (!shape)
		return;
	conn_clear_shape(conn);
	conn->shape = shape;
	conn->shape_linger = linger;
	(void)event_assign(&shape->timer, conn->loop->base, -1, 0,
			   shape_opens_cb, conn);
}

void conn_wait_writable(struct conn *conn, struct conn_stall *stall)
{
	if (conn->closed)
		return;
	conn->stall = stall;
	conn->stall_at_ns = loop_now_ns(conn->loop) + stall->limit.limit_ns;
	conn->unsent = count_unsent(conn);
	if (!conn->is_writing)
		pace_start(conn, conn->unsent);
	conn->is_writing = true;
	deadline_start(&stall->limit, &conn->deadline);
	if (conn->shape && await_shape(conn))
		return;
	arm(conn, EV_WRITE);
}

static enum conn_got conn_receive_some(struct conn *conn, char *buf,
				       size_t size, int flags, size_t *n)
{
	ssize_t got;

	do
		got = recv(conn->fd, buf, size, MSG_DONTWAIT | flags);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		*n = (size_t)got;
		return CONN_GOT_BYTES;
	}
	if (got == 0)
		return CONN_GOT_END;
	if (errno == EAGAIN)
		return CONN_GOT_NOTHING;
	conn_close(conn, CONN_FAILED);
	return CONN_GOT_BROKEN;
}

enum conn_got conn_receive(struct conn *conn, char *buf, size_t size, size_t *n)
{
	enum conn_got got = conn_receive_some(conn, buf, size, 0, n);

	if (got == CONN_GOT_BYTES && conn->note)
		conn->note->n_received += *n;
	return got;
}

enum conn_got conn_peek(struct conn *conn, char *buf, size_t size, size_t *n)
{
	return conn_receive_some(conn, buf, size, MSG_PEEK, n);
}

bool conn_has_input(const struct conn *conn)
{
	int n = 0;

	return ioctl(conn->fd, FIONREAD, &n) == 0 && n > 0;
}

enum conn_sent conn_send(struct conn *conn, const char *buf, size_t len,
			 bool more)
{
	size_t done = conn_send_some(conn, buf, len, more ? MSG_MORE : 0);

	if (conn->closed || conn->lingering)
		return CONN_BROKEN;
	if (done == len)
		return CONN_SENT;
	if (conn_hold(&conn->out, buf + done, len - done) < 0) {
		conn_close(conn, CONN_NO_MEMORY);
		return CONN_BROKEN;
	}
	return CONN_HELD;
}

/* Sends what the kernel still keeps, and FIN with it. */
static bool send_fin(struct conn *conn)
{
	if (shutdown(conn->fd, SHUT_WR) == 0)
		return true;
	conn_close(conn, CONN_FAILED);
	return false;
}

static void await_end(struct conn *conn, struct deadline_queue *queue)
{
	conn->lingering = true;
	deadline_start(queue, &conn->deadline);
	conn_wait_readable(conn);
}

void conn_linger(struct conn *conn, struct deadline_queue *queue)
{
	if (send_fin(conn))
		await_end(conn, queue);
}

/* Takes the first done bytes off the row; returns what is left of its len. */
static size_t advance_iov(struct iovec **iov, size_t *n, size_t done)
{
	size_t left = 0;

	while (*n > 0 && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		(*iov)++;
		(*n)--;
	}
	if (*n > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
	for (size_t i = 0; i < *n; i++)
		left += (*iov)[i].iov_len;
	return left;
}

/* Copies all of the row to be kept. */
static int hold_iov(struct conn_held *held, const struct iovec *iov, size_t n,
		    size_t len)
{
	char *at = malloc(len);

	if (!at)
		return -1;
	*held = (struct conn_held){.ptr = at, .len = (uint32_t)len};
	for (size_t i = 0; i < n; i++) {
		memcpy(at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	return 0;
}

enum conn_sent conn_send_iov(struct conn *conn, struct iovec *iov, size_t n,
			     bool more)
{
	struct msghdr message = {0};
	size_t left = advance_iov(&iov, &n, 0);

	if (n == 1)
		return conn_send(conn, iov->iov_base, iov->iov_len, more);
	if (conn->shape && left > 0) {
		if (hold_iov(&conn->out, iov, n, left) == 0)
			return flush_held(conn);
		conn_close(conn, CONN_NO_MEMORY);
		return CONN_BROKEN;
	}
	while (left > 0) {
		ssize_t sent;

		message.msg_iov = iov;
		message.msg_iovlen = n;
		sent = sendmsg(conn->fd, &message,
			       MSG_NOSIGNAL | MSG_DONTWAIT |
				       (more ? MSG_MORE : 0));
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			break;
		conn_note_sent(conn, (size_t)sent);
		left = advance_iov(&iov, &n, (size_t)sent);
	}
	if (left == 0)
		return CONN_SENT;
	if (errno != EAGAIN && errno != ENOBUFS)
		conn_close(conn, CONN_FAILED);
	else if (hold_iov(&conn->out, iov, n, left) < 0)
		conn_close(conn, CONN_NO_MEMORY);
	return conn->closed ? CONN_BROKEN : CONN_HELD;
}

void conn_finish(struct conn *conn, struct deadline_queue *linger)
{
	/* Asked before, since the FIN would count as unsent itself. */
	bool is_over = !conn_has_input(conn) && count_unsent(conn) == 0;

	if (!send_fin(conn))
		return;
	if (!is_over)
		await_end(conn, linger);
	else
		conn_close(conn, CONN_FINISHED);
}

void conn_leave(struct conn *conn, struct deadline_queue *linger)
{
	/* With input unread close(2) drops what is unsent and sends RST. */
	if (conn_has_input(conn))
		conn_linger(conn, linger);
	else
		conn_close(conn, CONN_FINISHED);
}

static struct conn *conn_of(struct deadline *deadline)
{
	return CONTAINER_OF(deadline, struct conn, deadline);
}

bool conn_look(struct conn *conn)
{
	struct pollfd pfd = {
		.fd = conn->fd,
		.events = conn->armed == EV_WRITE ? POLLOUT : POLLIN,
	};

	if (conn->armed && poll(&pfd, 1, 0) > 0)
		conn_cb(conn->fd, 0, conn);
	/* Choked it has a deadline too, but nothing was achieved. */
	return conn->closed ||
	       (conn->armed && deadline_is_running(&conn->deadline));
}

void conn_idle_expired_cb(struct deadline *deadline)
{
	struct conn *conn = conn_of(deadline);

	if (!conn_look(conn))
		conn_close(conn, CONN_TIMED_OUT);
}

static void stall_expired_cb(struct deadline *deadline)
{
	struct conn *conn = conn_of(deadline);

	if (conn_look(conn) || pace_is_failed(conn))
		return;
	if (count_unsent(conn) < conn->unsent || is_held_back(conn))
		conn_wait_writable(conn, conn->stall);
	else
		conn_close(conn, CONN_TIMED_OUT);
}

/*
 * Tries again, but not beyond the limit. If the socket is not even writable by
 * now, the peer has the whole limit once more: still a bound.
 */
static void unchoke_cb(struct deadline *deadline)
{
	struct conn *conn = conn_of(deadline);
	bool is_over = loop_now_ns(conn->loop) >= conn->stall_at_ns;

	if (!is_over)
		deadline_start(&conn->stall->limit, deadline);
	arm(conn, EV_WRITE);
	if (is_over && !conn->closed)
		stall_expired_cb(deadline);
}

void conn_stall_init(struct conn_stall *stall, struct loop *loop,
		     uint64_t limit_ns)
{
	deadline_queue_init(&stall->limit, loop, limit_ns, stall_expired_cb);
	deadline_queue_init(&stall->choked, loop, CONN_CHOKED_NS, unchoke_cb);
}

void conn_stall_set_limit(struct conn_stall *stall, uint64_t limit_ns)
{
	deadline_queue_set_limit(&stall->limit, limit_ns);
}

void conn_stall_clear(struct conn_stall *stall)
{
	deadline_queue_clear(&stall->limit);
	deadline_queue_clear(&stall->choked);
}

void conn_linger_expired_cb(struct deadline *deadline)
{
	struct conn *conn = conn_of(deadline);

	if (!conn_look(conn))
		conn_close(conn, CONN_FINISHED);
}

/* Whoever has come or has been answered just now is likely to ask. */
static bool was_active(const struct conn *conn,
		       const struct deadline_queue *idle)
{
	uint64_t since_ns = conn->deadline.at_ns - idle->limit_ns;

	return loop_now_ns(conn->loop) - since_ns <
	       conn->loop->limits->parting_ns;
}

void conn_dismiss(struct conn *conn, const struct deadline_queue *idle,
		  struct deadline_queue *parting)
{
	if (was_active(conn, idle))
		deadline_start(parting, &conn->deadline);
	else
		conn_finish(conn, parting);
}

bool conn_drain_some(struct loop *loop)
{
	for (size_t i = 0; !list_is_empty(&loop->conns); i++) {
		struct conn *conn =
			CONTAINER_OF(loop->conns.next, struct conn, node);

		if (i >= loop_budget(loop, CONN_DRAIN_BUDGET,
				     CONN_DRAIN_BUDGET_LEAST))
			return true;
		list_remove(&conn->node);
		list_add_last(&loop->drained, &conn->node);
		if (is_stalled(conn))
			conn_close(conn, CONN_STOPPED);
		else
			conn->ops->drain(conn);
	}
	return false;
}

static void close_list(struct list_node *conns)
{
	struct list_node *node, *following;

	LIST_FOR_EACH (node, following, conns)
		conn_close(CONTAINER_OF(node, struct conn, node), CONN_STOPPED);
}

void conn_close_all(struct loop *loop)
{
	close_list(&loop->conns);
	close_list(&loop->drained);
	close_list(&loop->apart);
}

static void free_corpse(struct loop_corpse *corpse)
{
	struct conn *conn = CONTAINER_OF(corpse, struct conn, corpse);

	conn->ops->free(conn);
}

/* Its line in the connection log. */
static void log_end(struct conn *conn, enum conn_reason reason)
{
	static const char *const why[] = {
		[CONN_FINISHED] = "finished",  [CONN_ABANDONED] = "abandoned",
		[CONN_FAILED] = "failed",      [CONN_TIMED_OUT] = "timed-out",
		[CONN_SHRUNK] = "file-shrunk", [CONN_SHED] = "shed",
		[CONN_TOO_SLOW] = "too-slow",  [CONN_NO_MEMORY] = "no-memory",
		[CONN_STOPPED] = "stopped",    [CONN_REFUSED] = "refused",
		[CONN_FAULT] = "fault",
	};

	connlog_end(conn->loop, conn->note,
		    &(struct connlog_end){
			    .service = conn->ops->service,
			    .why = why[reason],
			    .since_ns = conn->since_ns,
			    .n_sent = conn->n_sent,
			    .fd = conn->fd,
		    });
	conn->note = NULL;
}

/* Out of all lists and accounts: nothing finds it any more. */
static void withdraw(struct conn *conn)
{
	arm(conn, 0);
	conn->closed = true;
	deadline_stop(&conn->deadline);
	account_leave(&conn->member);
	list_remove(&conn->node);
	conn_clear_shape(conn);
}

static void conn_bury(struct conn *conn)
{
	conn_held_clear(&conn->out);
	conn->corpse.free_cb = free_corpse;
	loop_bury(conn->loop, &conn->corpse);
	conn->loop->n_conns -= !conn->is_apart;
}

void conn_close(struct conn *conn, enum conn_reason reason)
{
	struct loop *loop = conn->loop;

	if (conn->closed)
		return;
	withdraw(conn);
	if (conn->note)
		log_end(conn, reason);
	(void)close(conn->fd);
	if (reason == CONN_NO_MEMORY)
		loop->counters.out_of_memory++;
	conn->ops->closed(conn, reason);
	conn_bury(conn);
	loop_stop_if_drained(loop);
}

int conn_release(struct conn *conn)
{
	withdraw(conn);
	free(conn->note);
	conn->note = NULL;
	conn_bury(conn);
	return conn->fd;
}
