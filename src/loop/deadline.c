/* SPDX-License-Identifier: MIT */
/*
 * Queues of deadlines with one limit each. The timer is armed for the head and
 * left alone when the head moves on: a timer that fires early finds nothing
 * over and arms itself for the new head. A busy connection that restarts its
 * deadline with every message never touches the timer.
 */
#include "loop/deadline.h"

#include "base/clock.h"

/* Expiries per wake-up, then others' turn; and when the turn is old. */
#define DEADLINE_BUDGET	      256
#define DEADLINE_BUDGET_LEAST 16

static void arm_timer(struct deadline_queue *queue)
{
	struct deadline *first = deadline_first(queue);
	uint64_t now_ns = loop_now_ns(queue->loop), left_ns;
	struct timeval left;

	if (!first)
		return;
	left_ns = first->at_ns > now_ns ? first->at_ns - now_ns : 0;
	/* A millisecond more, so that it seldom fires just short of it. */
	left_ns += CLOCK_NS_PER_MS;
	left.tv_sec = (time_t)(left_ns / CLOCK_NS_PER_S);
	left.tv_usec = (suseconds_t)(left_ns % CLOCK_NS_PER_S / 1000);
	/* Fails only when out of memory; the next start tries again. */
	(void)event_add(&queue->timer, &left);
}

static void deadline_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct deadline_queue *queue = arg;
	uint64_t now_ns = loop_now_ns(queue->loop);
	struct deadline *first;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < loop_budget(queue->loop, DEADLINE_BUDGET,
					   DEADLINE_BUDGET_LEAST);
	     i++) {
		first = deadline_first(queue);
		if (!first || first->at_ns > now_ns)
			break;
		deadline_stop(first);
		queue->expired_cb(first);
	}
	arm_timer(queue);
}

void deadline_queue_init(struct deadline_queue *queue, struct loop *loop,
			 uint64_t limit_ns, deadline_expired_cb expired_cb)
{
	queue->loop = loop;
	queue->limit_ns = limit_ns;
	queue->expired_cb = expired_cb;
	list_init(&queue->head);
	(void)event_assign(&queue->timer, loop->base, -1, 0, deadline_timer_cb,
			   queue);
}

void deadline_queue_set_limit(struct deadline_queue *queue, uint64_t limit_ns)
{
	struct list_node *node, *following;

	/* All move alike, so their order stays. */
	LIST_FOR_EACH (node, following, &queue->head)
		CONTAINER_OF(node, struct deadline, node)->at_ns +=
			limit_ns - queue->limit_ns;
	queue->limit_ns = limit_ns;
	arm_timer(queue);
}

void deadline_queue_clear(struct deadline_queue *queue)
{
	(void)event_del(&queue->timer);
}

void deadline_init(struct deadline *deadline)
{
	list_init(&deadline->node);
}

void deadline_start(struct deadline_queue *queue, struct deadline *deadline)
{
	list_remove(&deadline->node);
	list_add_last(&queue->head, &deadline->node);
	deadline->at_ns = loop_now_ns(queue->loop) + queue->limit_ns;
	if (!event_pending(&queue->timer, EV_TIMEOUT, NULL))
		arm_timer(queue);
}

void deadline_stop(struct deadline *deadline)
{
	list_remove(&deadline->node);
}

struct deadline *deadline_first(struct deadline_queue *queue)
{
	if (list_is_empty(&queue->head))
		return NULL;
	return CONTAINER_OF(queue->head.next, struct deadline, node);
}
