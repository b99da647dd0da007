/* SPDX-License-Identifier: MIT */
/*
 * The event loop: libevent's event_base, run one turn at a time so that there
 * is an end of the turn. All that must not happen under a callback's feet or
 * once per message happens there.
 *
 * Every event_add() is told to epoll at once, and not gathered until the turn's
 * end (libevent's "changelist"): what the kernel refuses, for want of memory or
 * of watches, is known where it can be acted on. Gathered, it would be known to
 * nobody, and the connection open without being watched. It costs one more
 * epoll_ctl(2) when a connection that reads begins to wait for room, or ends
 * that.
 */
#include "loop/loop.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

#define LOOP_CROWD 256 /* connections whose memory is worth giving back */

#define LOOP_FLAGS (EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV)

/*
 * What libevent has to say must not go past the log and block; and it has one
 * complaint for each event.
 */
static void libevent_log_cb(int severity, const char *message)
{
	static struct log_trouble trouble;

	if (severity < EVENT_LOG_WARN)
		return;
	if (log_is_news(&trouble, severity, clock_mono_ns()))
		log_warn("libevent: %s%s", message, trouble.more);
	if (severity >= EVENT_LOG_ERR)
		log_flush(); /* libevent ends the program next */
}

static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	event_set_log_callback(libevent_log_cb);
	if (config && event_config_set_flag(config, LOOP_FLAGS) == 0 &&
	    event_config_require_features(config, EV_FEATURE_O1) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

static void init_lists(struct loop *loop)
{
	list_init(&loop->dead);
	list_init(&loop->conns);
	list_init(&loop->drained);
	list_init(&loop->apart);
}

int loop_init(struct loop *loop)
{
	*loop = (struct loop){.limits = &limits_standard, .turn = 1};
	init_lists(loop);
	loop->in = malloc(LOOP_IN_SIZE);
	loop->out = malloc(LOOP_OUT_SIZE);
	loop->base = new_base();
	if (loop->in && loop->out && loop->base) {
		refusals_init(&loop->refusals, loop->base, &loop->counters);
		return 0;
	}
	loop_clear(loop);
	return -1;
}

static void free_dead(struct loop *loop)
{
	struct list_node *node, *following;

	LIST_FOR_EACH (node, following, &loop->dead) {
		struct loop_corpse *corpse =
			CONTAINER_OF(node, struct loop_corpse, node);

		list_remove(node);
		corpse->free_cb(corpse);
	}
}

void loop_clear(struct loop *loop)
{
	free_dead(loop);
	refusals_clear(&loop->refusals);
	if (loop->base)
		event_base_free(loop->base);
	free(loop->in);
	free(loop->out);
	*loop = (struct loop){0};
	init_lists(loop);
}

/*
 * After a crowd has gone, the heap is full of holes that the allocator keeps.
 * A daemon that runs for months gives them back.
 */
static void give_back_memory(struct loop *loop)
{
	if (loop->n_conns > loop->peak_conns)
		loop->peak_conns = loop->n_conns;
	if (loop->peak_conns < LOOP_CROWD ||
	    loop->n_conns > loop->peak_conns / 4)
		return;
	loop->peak_conns = loop->n_conns;
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

static void end_turn(struct loop *loop)
{
	free_dead(loop);
	give_back_memory(loop);
	if (loop->turn_ended_cb)
		loop->turn_ended_cb(loop->turn_ended_arg);
	log_flush();
	loop->spent = 0;
	loop->turn++;
}

int loop_run(struct loop *loop)
{
	loop->running = true;
	while (loop->running) {
		if (event_base_loop(loop->base, EVLOOP_ONCE) < 0)
			return -1;
		end_turn(loop);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->running = false;
}

void loop_stop_if_drained(struct loop *loop)
{
	if (loop->draining && loop->n_conns == 0 && loop->n_waiting == 0)
		loop_stop(loop);
}

void loop_bury(struct loop *loop, struct loop_corpse *corpse)
{
	list_add_last(&loop->dead, &corpse->node);
}

size_t loop_budget(const struct loop *loop, size_t most, size_t least)
{
	bool is_young = loop->spent < loop->limits->turn_bytes;

	return is_young || most < least ? most : least;
}

void loop_spend(struct loop *loop, size_t bytes)
{
	loop->spent += bytes;
}

uint64_t loop_now_ns(struct loop *loop)
{
	if (loop->now_turn != loop->turn) {
		loop->now_ns = clock_mono_ns();
		loop->now_turn = loop->turn;
	}
	return loop->now_ns;
}

struct timespec loop_wall(struct loop *loop)
{
	if (loop->wall_turn != loop->turn) {
		loop->wall_turn = loop->turn;
		loop->wall = clock_wall();
	}
	return loop->wall;
}
