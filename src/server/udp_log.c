/* SPDX-License-Identifier: MIT */
/*
 * Counting datagrams by source. A source has one of a few places that its hash
 * says; when all of them are taken it is one of the others. So a million forged
 * sources cost a table's worth of lines a minute and no more.
 */
#include "server/udp_log.h"

#include <event2/event_struct.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "loop/connlog.h"

#define UDP_LOG_WAYS 8 /* places that a source may have */

_Static_assert(UDP_LOG_SOURCES % UDP_LOG_WAYS == 0, "sets are whole");

struct udp_log {
	struct loop *loop;
	struct event timer; /* runs while anything is counted */
	uint64_t since_ns;  /* 0: nothing is */
	uint64_t seed;
	struct connlog_source others;
	struct connlog_source sources[UDP_LOG_SOURCES];
};

static void udp_log_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	udp_log_write(arg);
}

struct udp_log *udp_log_new(struct loop *loop)
{
	struct udp_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->loop = loop;
	if (getrandom(&log->seed, sizeof(log->seed), GRND_NONBLOCK) < 0)
		log->seed = (uint64_t)(uintptr_t)log;
	(void)evtimer_assign(&log->timer, loop->base, udp_log_timer_cb, log);
	return log;
}

/* The source's counts, or those of all that have no place. */
static struct connlog_source *find(struct udp_log *log,
				   const struct address *source)
{
	struct address host = *source;
	struct connlog_source *set, *empty = NULL;
	size_t n_sets = UDP_LOG_SOURCES / UDP_LOG_WAYS;

	address_set_port(&host, 0);
	set = &log->sources[address_hash(&host, log->seed) % n_sets *
			    UDP_LOG_WAYS];
	for (size_t i = 0; i < UDP_LOG_WAYS; i++) {
		if (set[i].n_datagrams == 0)
			empty = empty ? empty : &set[i];
		else if (address_eq(&set[i].peer, &host))
			return &set[i];
	}
	if (!empty)
		return &log->others;
	empty->peer = host;
	return empty;
}

/* Without its timer the counts wait for another end. */
static void begin_minute(struct udp_log *log)
{
	const struct timeval minute = {.tv_sec = UDP_LOG_MINUTE};

	log->since_ns = loop_now_ns(log->loop);
	(void)event_add(&log->timer, &minute);
}

void udp_log_add(struct udp_log *log, const struct address *source, size_t len,
		 enum udp_verdict verdict)
{
	struct connlog_source *counts = find(log, source);

	if (log->since_ns == 0)
		begin_minute(log);
	counts->n_datagrams++;
	counts->n_bytes += len;
	counts->n_source_refused += verdict == UDP_SOURCE_REFUSED;
	counts->n_limit_refused += verdict == UDP_LIMIT_REFUSED;
	counts->n_loop_refused += verdict == UDP_LOOP_REFUSED;
}

static void write_source(struct udp_log *log, struct connlog_source *counts)
{
	if (counts->n_datagrams == 0)
		return;
	counts->service = "udp";
	counts->seconds =
		(loop_now_ns(log->loop) - log->since_ns) / CLOCK_NS_PER_S;
	connlog_add_source(log->loop, counts);
	*counts = (struct connlog_source){0};
}

void udp_log_write(struct udp_log *log)
{
	if (!log || log->since_ns == 0)
		return;
	(void)event_del(&log->timer);
	for (size_t i = 0; i < UDP_LOG_SOURCES; i++)
		write_source(log, &log->sources[i]);
	write_source(log, &log->others);
	log->since_ns = 0;
}

void udp_log_free(struct udp_log *log)
{
	udp_log_write(log);
	free(log);
}
