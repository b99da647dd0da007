/* SPDX-License-Identifier: MIT */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/list.h"
#include "base/message.h"
#include "http/response.h"
#include "load/job.h"
#include "load/wire.h"

/*
 * One simulated client: its connection, its flights, what becomes of them.
 * Nothing here reads or writes messages; the wires do.
 *
 * A client numbers its messages from 0 on. Those not yet answered are its
 * flights, kept in a ring:
 *
 *	first ...... sent ...... next	(numbers)
 *	  |  in flight  | to send |
 *
 * `first` is the oldest unanswered one, `next` the one to start next; from
 * `sent` on they are still to be handed to the kernel, the first of them from
 * byte sent_off on. The wires move `sent` and sent_off.
 */
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
	struct job *job;
	struct event event;
	struct list_node ready; /* open loop: stands in job->ready */
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

/* The caller keeps the memory; it must be zero. */
void client_init(struct client *client, struct job *job, uint32_t id);

/* Closes what is open, frees what it owns; what is in flight is forgotten. */
void client_clear(struct client *client);

/* Starts to connect, or opens at once (UDP). */
void client_open(struct client *client);

/*
 * Starts an exchange that was due then; client_flush() sends it. False when
 * out of memory, which is counted; the client then pauses.
 */
bool client_start(struct client *client, uint64_t due_ns) MUST_CHECK;

/* Sends, or connects first where each exchange has its connection. */
void client_flush(struct client *client);

/*
 * Goes on after anything has changed: starts what the closed loop allows, or
 * says to the open loop that it is free. Call it last.
 */
void client_continue(struct client *client);

/* Waits for these events (EV_READ, EV_WRITE) of the socket. */
void client_arm(struct client *client, short events);

/* Whether number n is in flight. */
bool client_awaits(const struct client *client, uint64_t n);

/*
 * Ends the exchange n, which must be in flight. An answer that comes after the
 * timeout is late, whoever notices first.
 */
void client_resolve(struct client *client, uint64_t n, enum outcome outcome);

/*
 * Takes a right answer to message n: in time or late, to one that was given up
 * for lost, or once more.
 */
void client_take_answer(struct client *client, uint64_t n);

/* Ends the exchange n, which must be in flight, with an error. */
void client_resolve_failed(struct client *client, uint64_t n, size_t slot);

/*
 * The same with a whole HTTP answer whose status is not one of success: it is
 * an answer all the same, and has a latency.
 */
void client_resolve_status(struct client *client, uint64_t n, unsigned status);

/* For how long the oldest flight has been waiting; 0 when there is none. */
uint64_t client_age_ns(const struct client *client);

/* Pauses the client when it fails without any success before. */
void client_pause(struct client *client);

/*
 * The connection is broken: ends all that is in flight with that error, or
 * counts it once when nothing is, and closes. It connects again by itself, at
 * once or a little later. The caller must not touch the connection any more.
 */
void client_fail(struct client *client, size_t slot);

/*
 * The connection has served: closes it, and connects again where clients keep
 * one; after a pause, when it has served nothing. Bytes in it that answer
 * nothing are an error. Nothing may be in flight.
 */
void client_renew(struct client *client);

/* Looks after what time has done: call it every tick. */
void client_check(struct client *client);

/* Whether an event without a flight of its own counts. */
bool client_is_measured(const struct client *client);

#endif
