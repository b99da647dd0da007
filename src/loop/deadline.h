/* SPDX-License-Identifier: MIT */
#ifndef LOOP_DEADLINE_H
#define LOOP_DEADLINE_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "loop/loop.h"

/*
 * Deadlines without a heap. All that share one time limit stand in one queue;
 * whoever starts last ends last, so adding at the tail keeps the order:
 *
 *	head -> started first ... started last
 *
 * Starting and stopping are O(1), and one timer per queue looks at the head.
 */
struct deadline {
	struct list_node node;
	uint64_t at_ns; /* when it is over */
};

typedef void (*deadline_expired_cb)(struct deadline *deadline);

struct deadline_queue {
	struct loop *loop;
	struct list_node head;
	uint64_t limit_ns;
	deadline_expired_cb expired_cb;
	struct event timer;
};

/* Every deadline of this queue is limit_ns after its start. */
void deadline_queue_init(struct deadline_queue *queue, struct loop *loop,
			 uint64_t limit_ns, deadline_expired_cb expired_cb);

/* Another limit, for those that have started, too. */
void deadline_queue_set_limit(struct deadline_queue *queue, uint64_t limit_ns);

/* The deadlines that still stand in it are not called. */
void deadline_queue_clear(struct deadline_queue *queue);

void deadline_init(struct deadline *deadline);

/*
 * Starts the deadline, or starts it anew, in this queue; it leaves any other.
 * expired_cb is called when the limit has passed; it stands in no queue then.
 * What has come in time may not have been looked at by then: look first.
 */
void deadline_start(struct deadline_queue *queue, struct deadline *deadline);

void deadline_stop(struct deadline *deadline);

static inline bool deadline_is_running(const struct deadline *deadline)
{
	return !list_is_empty(&deadline->node);
}

/* The deadline that started first, or NULL. */
struct deadline *deadline_first(struct deadline_queue *queue);

#endif
