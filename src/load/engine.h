/* SPDX-License-Identifier: MIT */
#ifndef LOAD_ENGINE_H
#define LOAD_ENGINE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/message.h"
#include "http/response.h"
#include "load/meter.h"
#include "load/missing.h"
#include "load/plan.h"
#include "load/silence.h"

/*
 * The parts of one job: a worker, its clients, and the wire that they speak.
 *
 * A client numbers its messages from 0 on. Those not yet answered are its
 * flights, kept in a ring:
 *
 *	first ...... sent ...... next	(numbers)
 *	  |  in flight  | to send |
 *
 * `first` is the oldest unanswered one, `next` the one to start next; from
 * `sent` on they are still to be handed to the kernel, the first of them from
 * byte sent_off on. Messages are not stored: see message.h.
 *
 * No client owns a buffer; all share the worker's.
 */
#define ENGINE_BUF_SIZE (256 << 10)

struct flight {
	uint64_t due_ns;
	uint64_t sent_ns; /* 0: no longer in flight */
};

enum client_state {
	CLIENT_CLOSED,
	CLIENT_CONNECTING,
	CLIENT_OPEN
};

/* The answer that a TCP client is reading. */
struct frame {
	uint64_t n; /* the message that it answers, known from the number on */
	size_t size;
	size_t got;
	bool is_bad;
	char number[MESSAGE_DIGITS];
};

struct client {
	struct worker *worker;
	struct event event;
	struct list_node ready; /* open loop: stands in worker->ready */
	struct flight *flights;
	uint32_t n_places; /* in flights: a power of two, or 0 */
	uint32_t in_flight;
	uint64_t first, sent, next;
	size_t sent_off;
	uint64_t greatest; /* 1 + the greatest number answered */
	uint64_t opened;   /* `sent` when this connection was made */
	uint64_t retry_ns; /* does nothing before that */
	uint64_t begun_ns; /* to connect */
	uint32_t id;	   /* different in each job */
	int fd;
	enum client_state state;
	short armed;
	bool is_fruitful; /* an answer has come since it last failed */
	struct frame frame;
	struct response reply;
};

/* How an exchange ends. */
enum outcome {
	OUTCOME_ANSWERED,
	OUTCOME_CORRUPT,
	OUTCOME_LATE,
	OUTCOME_LOST,
	OUTCOME_FAILED,
	OUTCOME_UNFINISHED
};

/* What a protocol must know to do. */
struct wire {
	int socket_type;
	/* A new connection: nothing is half read. */
	void (*reset)(struct client *client);
	/* Hands the kernel what was started. */
	void (*flush)(struct client *client);
	void (*readable)(struct client *client);
	/* The oldest flight has had no answer in time. */
	void (*expire)(struct client *client);
	/* Of a stream with nothing in flight: whether bytes have come that
	 * answer nothing. They are read. */
	bool (*has_surplus)(struct client *client);
};

enum worker_state {
	WORKER_SETUP,	 /* connects its clients */
	WORKER_WAITING,	 /* for the start */
	WORKER_RUNNING,	 /* starts exchanges */
	WORKER_DRAINING, /* waits for answers */
	WORKER_DONE
};

struct worker {
	const struct plan *plan;
	const struct load_options *options;
	const struct wire *wire;
	struct share *share;
	struct stats *stats;
	struct event_base *base;
	struct event control, tick, timer;
	int control_fd, timer_fd;
	enum worker_state state;
	struct client *clients;
	uint32_t n_clients;
	uint32_t index; /* of this job */

	/* Setting up. */
	uint32_t n_tried, n_settled;

	/* Time: of this callback, and of the run's parts. */
	uint64_t now_ns, start_ns, measure_ns, end_ns, drain_ns;
	uint64_t last_start_ns, last_answer_ns;
	struct silence silence; /* of the server */
	uint64_t tick_ns;
	bool is_go;	    /* the parent has set start_ns */
	bool is_broken_off; /* told to stop early */
	struct meter meter; /* at measure_ns */
	bool is_metered;
	bool is_half_over; /* and what was in flight is noted */

	/* What may be started. */
	uint32_t limit;	  /* in flight per client */
	uint64_t n_share; /* of --count; UINT64_MAX without */
	uint64_t n_started;
	uint64_t in_flight;

	/* Open loop. */
	bool is_open_loop;
	double interval_ns; /* between two of this job */
	double phase_ns;    /* of its first */
	uint64_t n_due;	    /* the schedule's place */
	bool has_backlog;   /* one is due that has not been sent */
	bool is_blocked;    /* because no client is free */
	uint64_t freed_ns;  /* since when clients are free again */
	uint64_t armed_ns;  /* the timer's time; 0 when it is off */
	bool is_spinning;   /* what is next is too near to sleep */
	struct list_node ready;

	/* Shared by the clients. */
	struct messages *messages;
	size_t n_digits; /* of the number that every message holds */
	struct missing missing;
	struct response_memo memo;
	uint64_t body_len; /* of the first HTTP answer, + 1 */
	char *buf;
	struct datagram_batch *batch; /* UDP */
};

#endif
