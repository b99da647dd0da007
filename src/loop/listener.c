/* SPDX-License-Identifier: MIT */
/*
 * Accepting. A listening socket is level-triggered, so when accept(2) fails for
 * want of descriptors its event would fire for ever and burn the processor.
 * Being out of them is therefore a state. As long as a connection can be spared
 * each one that waits takes the place of one; when none can, no listener is
 * armed until the timer has seen whether there is room again. It is told once,
 * not at every turn.
 */
#include "loop/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/socket.h"

#define LISTENER_BUDGET		64 /* accepts per wake-up, then others' turn */
#define LISTENER_DRAIN_PAUSE_NS (100 * CLOCK_NS_PER_MS)
#define LISTENER_FULL		(-1) /* in place of an errno: no room is left */
#define LISTENER_CROWDED	(-2) /* likewise: as many as were allowed */

/*
 * Beyond this many connections each may keep little in the kernel: a thousand
 * that do not read would else fill the memory that the host has for TCP.
 */
#define LISTENER_CROWD 256

struct listener {
	struct listener_set *set;
	struct list_node node;
	struct event event;
	int fd;
	bool is_leaving; /* takes n_left connections yet, then is closed */
	size_t n_left;
	listener_accepted_cb accepted_cb;
	void *service;
};

/* A new connection; fd is -1 when it has ended before it was accepted. */
struct accepted {
	int fd;
	struct address peer;
};

static struct listener *listener_of(struct list_node *node)
{
	return CONTAINER_OF(node, struct listener, node);
}

/* Those beyond the places are for their services to refuse. */
static size_t count_room(const struct listener_set *set)
{
	size_t room = loop_room(set->loop);
	uint64_t places = loop_places(set->loop);

	if (set->has_reserve)
		return SIZE_MAX;
	return places < room && !set->may_refuse ? (size_t)places : room;
}

/* What there is none of when there is no room. */
static int lack_of_room(const struct listener_set *set)
{
	return loop_places(set->loop) == 0 ? LISTENER_CROWDED : LISTENER_FULL;
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

/* Errors that belong to one connection, which is gone then; see accept(2). */
static bool is_consumed(int error)
{
	switch (error) {
	case ECONNABORTED:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
	case EINTR:
		return true;
	default:
		return false;
	}
}

static void disarm_all(struct listener_set *set)
{
	struct list_node *node, *following;

	LIST_FOR_EACH (node, following, &set->listeners)
		(void)event_del(&listener_of(node)->event);
}

/* False when out of memory: then not all of them accept. */
static bool arm_all(struct listener_set *set)
{
	struct list_node *node, *following;
	bool armed = true;

	LIST_FOR_EACH (node, following, &set->listeners)
		armed &= event_add(&listener_of(node)->event, NULL) == 0;
	return armed;
}

static const char *listener_reason(int error)
{
	if (error == LISTENER_FULL)
		return "the descriptor limit is near";
	if (error == LISTENER_CROWDED)
		return "--max-connections allows no more";
	return strerror(error);
}

static void listener_tell_trouble(struct listener_set *set, const char *what,
				  int error)
{
	bool is_limit = error == LISTENER_FULL || is_shortage(error);

	if (log_is_news(&set->trouble, error, loop_now_ns(set->loop)))
		log_warn("accept: %s with %zu connections open: %s%s%s", what,
			 set->loop->n_conns, listener_reason(error),
			 is_limit ? " (raise the limit with ulimit -n)" : "",
			 set->trouble.more);
}

static int start_pause(struct listener_set *set)
{
	uint64_t pause_ns = set->loop->limits->accept_pause_ns;
	struct timeval pause;

	/* The end has a limit of its own, and connections make room then. */
	if (set->draining && pause_ns > LISTENER_DRAIN_PAUSE_NS)
		pause_ns = LISTENER_DRAIN_PAUSE_NS;
	pause = clock_timeval(pause_ns);
	return event_add(&set->resume_timer, &pause);
}

/* Stops accepting until the timer. */
static void pause_all(struct listener_set *set, int error)
{
	listener_tell_trouble(set, "paused", error);
	set->loop->counters.accept_pauses++;
	/* Without its timer the set must not stay paused. */
	if (start_pause(set) < 0)
		return;
	disarm_all(set);
	if (!set->is_paused)
		set->paused_at_ns = loop_now_ns(set->loop);
	set->is_paused = true;
	set->was_crowded = error == LISTENER_CROWDED;
}

static void end_pause(struct listener_set *set)
{
	if (set->is_paused)
		set->loop->counters.accept_paused_ns +=
			loop_now_ns(set->loop) - set->paused_at_ns;
	set->is_paused = false;
}

/* Closes one connection for one that waits. False when none can be spared. */
static bool listener_make_room(struct listener_set *set, int error)
{
	if (!set->shed_cb || !set->shed_cb(set->loop))
		return false;
	listener_tell_trouble(set, "closing idle ones", error);
	return true;
}

/*
 * The kernel had no descriptor or no memory. If room that was made for it did
 * not help, closing more would not either: then there is one in each pause.
 */
static void meet_shortage(struct listener_set *set, int error)
{
	bool has_room = listener_make_room(set, error);

	if (!has_room || set->has_made_room)
		pause_all(set, error);
	set->has_made_room = has_room;
}

static void listener_resume_cb(evutil_socket_t fd, short what, void *arg)
{
	struct listener_set *set = arg;

	(void)fd;
	(void)what;
	end_pause(set);
	/* Who has waited for a place that did not come is told so. */
	set->may_refuse = set->was_crowded;
	if (!arm_all(set))
		(void)start_pause(set);
}

static void close_listener(struct listener *listener)
{
	struct loop *loop = listener->set->loop;

	list_remove(&listener->node);
	(void)event_del(&listener->event);
	(void)close(listener->fd);
	loop->n_waiting -= listener->set->draining;
	free(listener);
	loop_stop_if_drained(loop);
}

/* Accepts one connection; returns 0, or the errno. */
static int accept_one(struct listener *listener, struct accepted *accepted)
{
	accepted->peer.len = sizeof(accepted->peer.sa);
	accepted->fd =
		accept4(listener->fd, &accepted->peer.sa.any,
			&accepted->peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (accepted->fd < 0)
		return errno;
	address_settle(&accepted->peer);
	/* What those before it are sent must leave its descriptor alone. */
	listener->set->loop->n_accepted++;
	return 0;
}

/* Hands a new connection over to its service. */
static void hand_over(struct listener *listener, struct accepted *accepted)
{
	if (accepted->fd < 0)
		return;
	listener->set->loop->n_accepted--;
	if (listener->set->loop->n_conns >= LISTENER_CROWD)
		socket_limit_unsent(accepted->fd);
	listener->accepted_cb(listener->service, accepted->fd, &accepted->peer);
}

/*
 * Accepts up to n; *n is then how many have left the queue. Returns 0 when more
 * may wait, or what ended it: EAGAIN, a shortage, or an error that would come
 * again. All are accepted before the first is served: that is time for their
 * requests to arrive, and a connection whose request is there need not be
 * waited for.
 */
static int accept_some(struct listener *listener, size_t *n)
{
	struct listener_set *set = listener->set;
	struct accepted list[LISTENER_BUDGET];
	size_t n_wanted = *n, n_errors = 0;
	/*
	 * Where the kernel has no descriptor but the one that was made free,
	 * a second accept would fail even if nobody waits for it.
	 */
	size_t n_room = set->has_made_room ? 1 : count_room(set);
	int error = 0;

	for (*n = 0; *n < n_wanted && *n < n_room; (*n)++) {
		error = accept_one(listener, &list[*n]);
		if (error != 0 && !is_consumed(error))
			break;
		n_errors += error != 0;
	}
	for (size_t i = 0; i < *n; i++)
		hand_over(listener, &list[i]);
	if (*n > n_errors)
		set->has_made_room = false;
	set->loop->counters.accept_errors += n_errors;
	/* Nothing but errors: they do not belong to connections. */
	if (is_consumed(error) && n_errors < LISTENER_BUDGET)
		return 0;
	return error;
}

/*
 * A leaving listener is closed when it has handed over its connections, or
 * when no waiting will make that possible. Returns whether that was so.
 */
static bool close_drained(struct listener *listener, int error)
{
	bool may_go_on =
		error == 0 || error == LISTENER_FULL ||
		error == LISTENER_CROWDED ||
		(is_shortage(error) && listener->set->loop->n_conns > 0);

	if (listener->n_left > 0 && may_go_on)
		return false;
	close_listener(listener);
	return true;
}

/*
 * Accepts up to n, when leaving no more than waited when that began. Returns
 * how many have left the queue when more may wait, and 0 when it is over for
 * now: the listener may be closed then.
 */
static size_t accept_round(struct listener *listener, size_t n)
{
	struct listener_set *set = listener->set;
	int error = lack_of_room(set);

	if (error != LISTENER_CROWDED)
		set->may_refuse = false;
	if (listener->is_leaving && listener->n_left < n)
		n = listener->n_left;
	/* Somebody is known to wait, so the shortage is real. */
	if (count_room(set) > 0 || listener_make_room(set, error))
		error = accept_some(listener, &n);
	else
		n = 0;
	listener->n_left -= listener->is_leaving ? n : 0;
	if (listener->is_leaving && close_drained(listener, error))
		return 0;
	if (is_shortage(error))
		meet_shortage(set, error);
	else if (error != 0 && error != EAGAIN)
		pause_all(set, error);
	return error == 0 ? n : 0;
}

static bool is_awaited(const struct listener *listener)
{
	struct pollfd pfd = {.fd = listener->fd, .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

/*
 * At the limit a round brings what little room there is, often one connection,
 * and a busy server's turns are long: with one round in each, a peer who does
 * nothing but connect would fill the queue, and others wait behind him.
 */
static void accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;
	size_t n_left = LISTENER_BUDGET;

	(void)fd;
	(void)what;
	while (n_left > 0) {
		size_t n = accept_round(listener, n_left);

		n_left -= n;
		if (n == 0 || count_room(listener->set) >= n_left ||
		    !is_awaited(listener))
			break;
	}
}

void listener_set_init(struct listener_set *set, struct loop *loop,
		       size_t max_descriptors)
{
	*set = (struct listener_set){.loop = loop};
	loop->max_descriptors = max_descriptors;
	list_init(&set->listeners);
	(void)event_assign(&set->resume_timer, loop->base, -1, 0,
			   listener_resume_cb, set);
}

void listener_set_shed(struct listener_set *set, listener_shed_cb shed_cb)
{
	set->shed_cb = shed_cb;
}

void listener_set_reserve(struct listener_set *set)
{
	set->has_reserve = true;
}

int listener_add(struct listener_set *set, int fd,
		 listener_accepted_cb accepted_cb, void *service)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return -1;
	listener->set = set;
	listener->fd = fd;
	listener->accepted_cb = accepted_cb;
	listener->service = service;
	(void)event_assign(&listener->event, set->loop->base, fd,
			   EV_READ | EV_PERSIST, accept_cb, listener);
	if (event_add(&listener->event, NULL) < 0) {
		free(listener);
		return -1;
	}
	list_add_last(&set->listeners, &listener->node);
	return 0;
}

void listener_set_clear(struct listener_set *set)
{
	struct list_node *node, *following;

	if (!set->loop)
		return; /* never set up */
	(void)event_del(&set->resume_timer);
	LIST_FOR_EACH (node, following, &set->listeners)
		close_listener(listener_of(node));
}

/* Closing the socket at once would reset whoever waits in its queue. */
static void leave(struct listener *listener)
{
	listener->is_leaving = true;
	listener->n_left =
		is_awaited(listener) ? socket_count_waiting(listener->fd) : 0;
	if (listener->n_left == 0)
		close_listener(listener);
}

void listener_remove(struct listener_set *set, int fd)
{
	struct list_node *node, *following;

	LIST_FOR_EACH (node, following, &set->listeners)
		if (listener_of(node)->fd == fd)
			leave(listener_of(node));
}

void listener_set_share(struct listener_set *set, bool is_shared)
{
	struct list_node *node, *following;

	LIST_FOR_EACH (node, following, &set->listeners)
		if (listener_of(node)->is_leaving)
			socket_share_port(listener_of(node)->fd, is_shared);
}

void listener_set_drain(struct listener_set *set)
{
	struct list_node *node, *following;

	set->draining = true;
	if (event_pending(&set->resume_timer, EV_TIMEOUT, NULL))
		(void)start_pause(set);
	/* All of them count before the first is closed: that may be the end. */
	LIST_FOR_EACH (node, following, &set->listeners)
		set->loop->n_waiting++;
	LIST_FOR_EACH (node, following, &set->listeners)
		leave(listener_of(node));
}
