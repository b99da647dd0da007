/* SPDX-License-Identifier: MIT */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/compiler.h"
#include "base/list.h"
#include "loop/access.h"
#include "loop/bucket.h"
#include "loop/counters.h"
#include "loop/limits.h"
#include "loop/refusal.h"

/*
 * The shared buffers' sizes. `in` takes what one recv() brings; its size bounds
 * what one connection can do in a wake-up and what it can leave to be kept.
 * `out` takes the answers to one wake-up's pipelined requests.
 */
#define LOOP_IN_SIZE  (64 << 10)
#define LOOP_OUT_SIZE (128 << 10)

/*
 * One event loop in one thread. It runs in turns: wait for events, run their
 * callbacks, then the end of the turn, which frees what died and writes the
 * log. What a callback looks at is alive until then.
 */
struct loop {
	struct event_base *base;
	const struct limits *limits;	   /* the standard ones, or others */
	const struct access *access;	   /* NULL: everybody is let in */
	const struct access_list *proxies; /* see gate.h; NULL: none */
	struct counters counters;
	struct refusals refusals;

	/* Of owners, see network_owner(); NULL: there is no limit. */
	struct bucket_table *udp_rate;
	struct bucket_table *request_rate;

	struct faults *faults;	/* see faults.h; NULL: all is as it should be */
	struct spool *faultlog; /* what has been done to whom; or NULL */

	uint64_t turn;
	bool running;
	bool draining;	   /* no new work; see loop_stop_if_drained() */
	size_t n_conns;	   /* open connections of all services */
	size_t n_held;	   /* descriptors of files and folders being sent */
	size_t n_accepted; /* on their way to their service */
	size_t n_waiting;  /* what else a drain waits for */

	/* The open ones, struct conn, and those that know of the drain. */
	struct list_node conns;
	struct list_node drained;
	struct list_node apart; /* those of conn_init_apart() */

	size_t max_descriptors;	   /* for both */
	struct accounts *accounts; /* of all connections, or NULL */
	struct spool *connlog;	   /* see connlog.h; NULL: there never is one */

	/*
	 * I/O memory that every callback may use until it returns. Nothing in
	 * it outlives the callback.
	 */
	char *in;
	char *out;

	/* Read loop_now_ns() and loop_wall() instead. */
	uint64_t now_ns;
	uint64_t now_turn;
	struct timespec wall;
	uint64_t wall_turn;

	struct list_node dead; /* struct loop_corpse */

	/* Called when a turn ends, if not NULL. */
	void (*turn_ended_cb)(void *arg);
	void *turn_ended_arg;

	size_t spent;	   /* bytes moved in this turn; see loop_budget() */
	size_t peak_conns; /* since memory was last given back */
};

/* Descriptors that are left for connections and what they are sent. */
static inline size_t loop_room(const struct loop *loop)
{
	size_t used = loop->n_conns + loop->n_held + loop->n_accepted;

	return used < loop->max_descriptors ? loop->max_descriptors - used : 0;
}

/* How many more connections the operator lets there be. */
static inline uint64_t loop_places(const struct loop *loop)
{
	uint64_t used = loop->n_conns + loop->n_accepted;
	uint64_t most = loop->limits->max_connections;

	return used < most ? most - used : 0;
}

/* Whether a list keeps this peer from the service; the peer is settled. */
static inline bool loop_denies(const struct loop *loop,
			       enum access_service service,
			       const struct address *peer)
{
	return loop->access && !access_permits(loop->access, service, peer);
}

/* Something to be freed at the end of the turn; embed it. */
struct loop_corpse {
	struct list_node node;
	void (*free_cb)(struct loop_corpse *corpse);
};

/* Returns 0, or -1 when out of memory or epoll is not to be had. */
int loop_init(struct loop *loop) MUST_CHECK;
void loop_clear(struct loop *loop);

/* Runs turns until loop_stop(). Returns 0, or -1 when the loop failed. */
int loop_run(struct loop *loop) MUST_CHECK;
void loop_stop(struct loop *loop);

/* Ends a drain when no connection is left, and nobody who could bring one. */
void loop_stop_if_drained(struct loop *loop);

/* Hands over what a callback has finished with; freed when the turn ends. */
void loop_bury(struct loop *loop, struct loop_corpse *corpse);

/*
 * How much a callback may do before it lets others have their turn, in bytes
 * moved: most while the turn is young, least when its callbacks together have
 * done the limit on them already, so that however many connections are busy a
 * turn stays short; never more than most, which may be a setting. Tell what was
 * done by loop_spend().
 */
size_t loop_budget(const struct loop *loop, size_t most, size_t least);
void loop_spend(struct loop *loop, size_t bytes);

/* CLOCK_MONOTONIC, read at most once per turn. */
uint64_t loop_now_ns(struct loop *loop);

/* The time of day, read once per turn. */
struct timespec loop_wall(struct loop *loop);

#endif
