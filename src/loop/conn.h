/* SPDX-License-Identifier: MIT */
#ifndef LOOP_CONN_H
#define LOOP_CONN_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "loop/account.h"
#include "loop/connlog.h"
#include "loop/deadline.h"
#include "loop/loop.h"
#include "os/address.h"

/* Why a connection was closed. */
enum conn_reason {
	CONN_FINISHED,	/* both sides are done */
	CONN_ABANDONED, /* the peer closed with work outstanding */
	CONN_FAILED,	/* the socket reported an error */
	CONN_TIMED_OUT,
	CONN_TOO_SLOW, /* in taking what it was sent: --min-rate */
	CONN_SHRUNK,   /* a file had less than was promised of it */
	CONN_SHED,     /* closed to make room for others */
	CONN_NO_MEMORY,
	CONN_STOPPED, /* the server ends */
	CONN_REFUSED, /* what it had to say first was not valid */
	CONN_FAULT,   /* --fault had it reset */
};

struct conn;
struct shape;

/* What a service does with its connections. */
struct conn_ops {
	const char *service; /* its name, for logs */
	/* Bytes, or the end of the stream, can be received. */
	void (*readable)(struct conn *conn);
	/* The socket has room, and nothing is held any more. */
	void (*writable)(struct conn *conn);
	/* The server ends. Told once, to one that came later too. */
	void (*drain)(struct conn *conn);
	/* The connection was closed: give back what hangs on it, count it. */
	void (*closed)(struct conn *conn, enum conn_reason reason);
	/* End of that turn: free the object. */
	void (*free)(struct conn *conn);
};

/* How somebody has come. */
enum visitor_way {
	VISITOR_DIRECT,	    /* the socket's peer */
	VISITOR_INTRODUCED, /* by a balancer, whose socket it is */
	VISITOR_PROXY,	    /* a balancer, for itself or for many */
};

struct visitor {
	struct address address; /* settled: whom limits and logs see */
	enum visitor_way way;
};

/* Bytes that must outlive a callback; malloc'ed, NULL when there are none. */
struct conn_held {
	char *ptr;
	uint32_t off; /* the first byte that is still wanted */
	uint32_t len; /* end of the wanted bytes */
};

/*
 * A TCP connection, whichever service it belongs to; a service embeds it first
 * in a struct of its own. It waits for one thing at a time:
 *
 *	reading  --- the socket would block on a send -->  writing
 *	reading  <-- all that was held is sent ----------  writing
 *	either   --- conn_linger() --> lingering: FIN is sent, input discarded
 *	any      --- conn_close()  --> closed, freed at the end of the turn
 *
 * While it waits to write it is not read from, so what it holds is bounded by
 * what one wake-up can produce. An idle one holds nothing: this struct is all
 * that it costs.
 */
struct conn {
	union {
		struct event event; /* while open */
		struct loop_corpse corpse;
	};
	struct loop *loop;
	const struct conn_ops *ops;
	struct deadline deadline;
	struct account_member member;
	struct list_node node; /* of the loop's lists while open */
	struct conn_held out;
	struct connlog_note *note; /* NULL without a connection log */
	uint64_t since_ns;	   /* when it was taken over */
	uint64_t host_low;	   /* of who was introduced: IPv6's last half */
	uint64_t n_sent;	   /* bytes handed to the kernel so far */
	struct shape *shape;	   /* NULL: no fault is asked for */
	struct deadline_queue *shape_linger;
	struct conn_stall *stall; /* that it was last told to wait in */
	uint64_t stall_at_ns;	  /* when that wait is over, if it is in vain */
	uint32_t unsent;	  /* bytes in the kernel when the wait began */
	uint32_t pace_ms;	  /* since then, modulo 2^32, ... */
	uint32_t pace_taken; /* ... beyond that, it is measured what it took */
	int fd;
	short armed; /* EV_READ, EV_WRITE or 0: what the event waits for */
	bool closed : 1;
	bool lingering : 1;
	bool is_apart : 1;	/* see conn_init_apart() */
	bool has_progress : 1;	/* since the last wake-up */
	bool is_writing : 1;	/* waits for the peer to take something */
	bool is_introduced : 1; /* host_low, port and the account say who */
	uint16_t port;
};

/* The time limit on peers that must take bytes; one for each service. */
struct conn_stall {
	struct deadline_queue limit;
	struct deadline_queue choked; /* called writable, but took nothing */
};

enum conn_sent {
	CONN_SENT,   /* all is with the kernel */
	CONN_HELD,   /* the rest is held and goes out when there is room */
	CONN_BROKEN, /* the connection has been closed */
};

enum conn_got {
	CONN_GOT_BYTES,
	CONN_GOT_END,	  /* the peer's FIN */
	CONN_GOT_NOTHING, /* would block */
	CONN_GOT_BROKEN,  /* the connection has been closed */
};

/*
 * Takes over a nonblocking socket. The service then says what to wait for, and
 * for how long at most: an open connection always has a deadline.
 */
void conn_init(struct conn *conn, struct loop *loop, int fd,
	       const struct conn_ops *ops);

/*
 * The same for one that looks after the server and does not use it: a drain
 * neither tells it nor waits for it, and its descriptor is not of those that
 * the others share. Who makes it bounds how many there are.
 */
void conn_init_apart(struct conn *conn, struct loop *loop, int fd,
		     const struct conn_ops *ops);

/*
 * Enters it in the account of its visitor, in the loop's accounts if it has
 * some. False when out of memory: the connection has been closed.
 */
bool conn_join(struct conn *conn, const struct visitor *visitor) MUST_CHECK;

/*
 * The visitor's address, while it is open. Returns 0, or -1 when the kernel
 * does not know it.
 */
int conn_address(const struct conn *conn, struct address *address) MUST_CHECK;

/*
 * Whether this visitor has as many connections as one may have, times that
 * many. It costs a branch when there is no such limit. Peers of Unix sockets,
 * all of whom have one account, have none, nor have balancers.
 */
static inline bool conn_is_surplus(const struct loop *loop,
				   const struct visitor *visitor, size_t times)
{
	const struct address *address = &visitor->address;
	uint64_t most = loop->limits->max_per_address;

	return most != UINT64_MAX && loop->accounts &&
	       address->sa.any.sa_family != AF_UNIX &&
	       visitor->way != VISITOR_PROXY &&
	       account_count(loop->accounts, address) / times >= most;
}

/*
 * Closes the connection that can best be spared; see account_to_spare(). False
 * when there is none.
 */
bool conn_shed(struct loop *loop);

/*
 * Whether --max-connections leaves a place for one more; one that can be spared
 * gives it up. It costs a branch when there is no such limit.
 */
bool conn_find_place(struct loop *loop);

/* Closes those that can be spared and are more than a lower limit allows. */
void conn_shed_surplus(struct loop *loop);

/*
 * For descriptors beyond those of connections, which are there already: closes
 * another one when there is no room for them, even if none can be spared. What
 * is kept back for the rest would else be used up, and nobody could be served.
 */
void conn_make_room(struct conn *conn);

/* Wait for the one or the other. On failure the connection is closed. */
void conn_wait_readable(struct conn *conn);

/* ... until the stall's limit has passed without the peer taking any. */
void conn_wait_writable(struct conn *conn, struct conn_stall *stall);

/* Receives at most size bytes; *n is how many after CONN_GOT_BYTES. */
enum conn_got conn_receive(struct conn *conn, char *buf, size_t size,
			   size_t *n) MUST_CHECK;

/* The same, but the bytes stay to be received. */
enum conn_got conn_peek(struct conn *conn, char *buf, size_t size,
			size_t *n) MUST_CHECK;

/*
 * Sends len bytes at once and holds what the socket does not take; nothing may
 * be held before. more says that further bytes follow directly (MSG_MORE).
 */
enum conn_sent conn_send(struct conn *conn, const char *buf, size_t len,
			 bool more) MUST_CHECK;

/*
 * Tells that n bytes went out by another way, such as sendfile(2), or with 0
 * that work was done towards the next ones.
 */
static inline void conn_note_sent(struct conn *conn, size_t n)
{
	conn->n_sent += n;
	conn->has_progress = true;
	if (n > 0)
		account_note_useful(&conn->member, loop_now_ns(conn->loop));
}

/*
 * The same for bytes in several places, n of them; iov is used up. What is held
 * is a copy, so they may go when this returns.
 */
enum conn_sent conn_send_iov(struct conn *conn, struct iovec *iov, size_t n,
			     bool more) MUST_CHECK;

static inline bool conn_has_held(const struct conn *conn)
{
	return conn->out.ptr != NULL;
}

/* True while the connection is open and waits for its peer's next bytes. */
static inline bool conn_is_reading(const struct conn *conn)
{
	return !conn->closed && !conn->lingering && conn->armed == EV_READ;
}

/* Whether bytes wait in the kernel to be received. The FIN is none. */
bool conn_has_input(const struct conn *conn);

/*
 * Ends a connection that has nothing more to say: sends FIN, and closes at once
 * when the peer has everything, else as conn_linger().
 */
void conn_finish(struct conn *conn, struct deadline_queue *linger);

/*
 * Ends a connection whose peer has said that it will send nothing more, without
 * waiting for it to have everything: the kernel sees to that. Should it have
 * sent more all the same, as conn_linger().
 */
void conn_leave(struct conn *conn, struct deadline_queue *linger);

/*
 * Ends the connection so that the peer gets every byte it was sent: sends FIN,
 * then discards what still arrives until the peer closes or the deadline of
 * this queue passes. Closing at once would answer late input with RST, which
 * can destroy the answer in the peer's hands.
 */
void conn_linger(struct conn *conn, struct deadline_queue *queue);

/*
 * Closes peers that take nothing of what they asked for in limit_ns. One that
 * has taken some, however little, gets another period: a socket does not become
 * writable before a good part of its buffer is free.
 */
void conn_stall_init(struct conn_stall *stall, struct loop *loop,
		     uint64_t limit_ns);
void conn_stall_set_limit(struct conn_stall *stall, uint64_t limit_ns);
void conn_stall_clear(struct conn_stall *stall);

/*
 * Does what the socket is ready for, since a deadline is over: when this
 * process was stopped, or busy for long, the peer may have been in time all the
 * same. True when that set a new deadline or closed the connection; else there
 * is nothing that could excuse the peer.
 */
bool conn_look(struct conn *conn) MUST_CHECK;

/* deadline_expired_cb: the peer was idle. conn_close() with CONN_TIMED_OUT. */
void conn_idle_expired_cb(struct deadline *deadline);

/* deadline_expired_cb for the queues of conn_linger() and conn_dismiss(). */
void conn_linger_expired_cb(struct deadline *deadline);

/*
 * Ends a connection, idle in that queue, because the server ends: as
 * conn_finish(), with `parting` for the queue. Of one that has come or was
 * answered just now the next request may be on its way, and would be lost; it
 * is waited for as long.
 */
void conn_dismiss(struct conn *conn, const struct deadline_queue *idle,
		  struct deadline_queue *parting);

/*
 * Tells connections that the server ends, as many as one wake-up may. Returns
 * true when there are more to be told.
 */
bool conn_drain_some(struct loop *loop);

/* Closes every connection with CONN_STOPPED. */
void conn_close_all(struct loop *loop);

/* Closes now. conn is valid until the end of the turn. Harmless when closed. */
void conn_close(struct conn *conn, enum conn_reason reason);

/*
 * Ends the object, as conn_close() does, but not the connection: returns its
 * socket, for another one to take over, and neither tells the service nor the
 * log. That may be the last one of a drain: loop_stop_if_drained().
 */
int conn_release(struct conn *conn);

/*
 * Gives the connection a shape, which it frees; `linger` is for one that
 * closes. Harmless with NULL.
 */
void conn_take_shape(struct conn *conn, struct shape *shape,
		     struct deadline_queue *linger);

/* An answer begins, which its shape may delay. */
void conn_delay(struct conn *conn);

/* All that its shape was for is sent. */
void conn_clear_shape(struct conn *conn);

/*
 * How many of the next want bytes its shape lets go now, by another way than
 * conn_send(). Tell them to conn_note_shaped(), which returns false when that
 * has ended the connection.
 */
size_t conn_grant(struct conn *conn, size_t want) MUST_CHECK;
bool conn_note_shaped(struct conn *conn, size_t n) MUST_CHECK;

/* Copies len bytes to be kept; returns 0, or -1 when out of memory. */
int conn_hold(struct conn_held *held, const char *buf, size_t len) MUST_CHECK;
void conn_held_clear(struct conn_held *held);

/* Moves the kept bytes to buf, which has room; returns how many. */
size_t conn_held_take(struct conn_held *held, char *buf);

#endif
