/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONN_FIXTURE_H
#define TESTS_CONN_FIXTURE_H

#include "base/clock.h"
#include "loop/conn.h"

/* No limit of a test that is not about limits is reached. */
#define LONG_NS (3600 * CLOCK_NS_PER_S)

/* A limit that is worth waiting for. */
#define SHORT_NS (30 * CLOCK_NS_PER_MS)

/* More than all buffers on the way hold together. */
#define FLOOD ((size_t)4 << 20)

/* What a connection has seen; outlives it. */
struct seen {
	unsigned n_readable;
	unsigned n_writable;
	unsigned n_drained;
	unsigned n_closed;
	unsigned n_freed;
	enum conn_reason reason;
};

/* A connection that echoes, as the TCP service does. */
struct test_conn {
	struct conn conn;
	struct seen *seen;
	struct conn_stall *stall;
};

/* One loop, one connection, and the other end of its socket. */
struct fixture {
	struct loop loop;
	struct event stop;
	struct deadline_queue idle;
	struct conn_stall stall;
	struct deadline_queue linger;
	struct conn *conn;
	struct seen seen;
	int peer; /* nonblocking; -1 when it was closed */
};

/*
 * A connection over a socket pair with the smallest buffers that the kernel
 * gives; all limits are limit_ns. It waits for nothing yet.
 */
struct fixture *fixture_new(uint64_t limit_ns);

/* Closes what is open; the connection must end with it, once. */
void fixture_free(struct fixture *fixture);

/* Another connection in the same loop; the test owns what seen points at. */
struct conn *fixture_add_conn(struct fixture *fixture, int fd,
			      struct seen *seen);

/* One turn of the loop that does not wait. */
void turn(struct fixture *fixture);

/* Runs the loop until the connection's end; nothing else can stop it. */
void run_to_the_end(struct fixture *fixture);

/* --- the peer --- */

void close_peer(struct fixture *fixture);
void peer_sends(struct fixture *fixture, const char *text);
void peer_expects(struct fixture *fixture, const char *text);
void peer_expects_end(struct fixture *fixture);

/* Sends until the kernel takes no more; returns how much it took. */
size_t peer_floods(struct fixture *fixture, const unsigned char *data,
		   size_t len);

/*
 * Reads at most `bite` bytes, up to 4096, which must be those of data. Returns
 * how many; 0 when there is nothing.
 */
size_t peer_reads(struct fixture *fixture, const unsigned char *data,
		  size_t bite);

/*
 * A peer that sends data[sent..total) and reads nothing, until no turn of ours
 * makes room for more. Returns how much it has sent then.
 */
size_t flood_on(struct fixture *fixture, const unsigned char *data, size_t sent,
		size_t total);

/* The same with FLOOD bytes from the start. */
size_t flood(struct fixture *fixture, const unsigned char *data);

/* FLOOD bytes that do not repeat; the caller frees them. */
unsigned char *flood_new(void);

#endif
