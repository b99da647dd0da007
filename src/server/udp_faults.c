/* SPDX-License-Identifier: MIT */
/*
 * Answers that leave later: a heap by the time at which each is due, in their
 * order where that is the same, and one timer for its first.
 */
#include "server/udp_faults.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "loop/faults.h"

/* How long a reordered answer waits for another to go before. */
#define REORDER_NS (100 * CLOCK_NS_PER_MS)

/* What is due later is not waited for when the server ends. */
#define SOON_NS CLOCK_NS_PER_S

/* Answers of one wake-up; the others wait for the next turn. */
#define FLUSH_MOST 256

struct late {
	uint64_t due_ns;
	uint64_t number; /* of those that are due at the same time */
	size_t at;	 /* in the heap */
	size_t len;
	bool is_twice;
	struct udp_outlet *outlet;
	struct address client;
	struct datagram_letter *letter;
};

struct udp_faults {
	struct loop *loop;
	struct event timer;
	struct udp_outlet *foreign[2]; /* IPv4, IPv6; NULL: not needed yet */
	uint64_t n_ever;
	size_t n;
	size_t n_bytes;
	bool is_draining;
	struct late *heap[UDP_FAULTS_MOST];
};

struct udp_outlet *udp_outlet_new(int fd)
{
	struct udp_outlet *outlet = malloc(sizeof(*outlet));

	if (outlet)
		*outlet = (struct udp_outlet){.fd = fd, .n_users = 1};
	return outlet;
}

void udp_outlet_leave(struct udp_outlet *outlet)
{
	if (--outlet->n_users > 0)
		return;
	(void)close(outlet->fd);
	free(outlet);
}

/* --- the heap --- */

static bool is_due_before(const struct late *a, const struct late *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns
				      : a->number < b->number;
}

static void heap_put(struct udp_faults *faults, size_t at, struct late *late)
{
	faults->heap[at] = late;
	late->at = at;
}

static void sift_up(struct udp_faults *faults, struct late *late)
{
	size_t at = late->at;

	while (at > 0 && is_due_before(late, faults->heap[(at - 1) / 2])) {
		heap_put(faults, at, faults->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(faults, at, late);
}

static void sift_down(struct udp_faults *faults, struct late *late)
{
	size_t at = late->at, child;

	while ((child = 2 * at + 1) < faults->n) {
		if (child + 1 < faults->n &&
		    is_due_before(faults->heap[child + 1], faults->heap[child]))
			child++;
		if (!is_due_before(faults->heap[child], late))
			break;
		heap_put(faults, at, faults->heap[child]);
		at = child;
	}
	heap_put(faults, at, late);
}

static void heap_add(struct udp_faults *faults, struct late *late)
{
	late->at = faults->n++;
	faults->heap[late->at] = late;
	sift_up(faults, late);
}

static void heap_remove(struct udp_faults *faults, struct late *late)
{
	struct late *last = faults->heap[--faults->n];

	if (last == late)
		return;
	heap_put(faults, late->at, last);
	sift_up(faults, last);
	sift_down(faults, last);
}

/* --- one answer --- */

static void free_late(struct late *late)
{
	udp_outlet_leave(late->outlet);
	free(late->letter);
	free(late);
}

/* Out of all that knows of it but the heap. */
static void forget(struct udp_faults *faults, struct late *late)
{
	struct roll_entry *entry = faults_find(faults->loop, &late->client);

	faults->n_bytes -= late->len;
	if (faults->is_draining)
		faults->loop->n_waiting--;
	if (entry && entry->held == late)
		entry->held = NULL;
	if (entry && entry->n_waiting > 0) {
		entry->n_waiting--;
		entry->bytes_waiting -= late->len < entry->bytes_waiting
						? late->len
						: entry->bytes_waiting;
	}
	free_late(late);
}

static void send_late(struct udp_faults *faults, struct late *late)
{
	for (int i = 0; i <= late->is_twice; i++)
		if (datagram_send_letter(late->outlet->fd, late->letter) < 0)
			faults->loop->counters.udp_send_refused++;
	heap_remove(faults, late);
	forget(faults, late);
}

/* The timer is for the first, if there is one. */
static void time_first(struct udp_faults *faults)
{
	uint64_t now_ns = loop_now_ns(faults->loop), due_ns;
	struct timeval wait = {0};

	if (faults->n == 0)
		return;
	due_ns = faults->heap[0]->due_ns;
	if (due_ns > now_ns) {
		wait = clock_timeval(due_ns - now_ns);
		wait.tv_usec++; /* it was rounded down */
	}
	/* Out of memory, another answer will set it. */
	(void)event_add(&faults->timer, &wait);
}

bool udp_faults_is_due(const struct udp_faults *faults)
{
	return faults->n > 0 &&
	       faults->heap[0]->due_ns <= loop_now_ns(faults->loop);
}

void udp_faults_flush(struct udp_faults *faults)
{
	uint64_t now_ns = loop_now_ns(faults->loop);

	for (int i = 0; i < FLUSH_MOST && faults->n > 0 &&
			faults->heap[0]->due_ns <= now_ns;
	     i++)
		send_late(faults, faults->heap[0]);
	time_first(faults);
}

static void due_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	udp_faults_flush(arg);
}

/* Whether the bounds leave room for it. */
static bool has_late_room(const struct udp_faults *faults,
			  const struct roll_entry *entry, size_t len)
{
	return faults->n < UDP_FAULTS_MOST &&
	       faults->n_bytes + len <= UDP_FAULTS_BYTES &&
	       entry->n_waiting < UDP_FAULTS_CLIENT_MOST &&
	       entry->bytes_waiting + len <= UDP_FAULTS_CLIENT_BYTES &&
	       !faults->is_draining;
}

/* Keeps a copy of answer i until it is due; NULL when that cannot be. */
static struct late *keep_late(struct udp_faults *faults,
			      struct udp_outlet *outlet,
			      const struct datagram_batch *batch, size_t i,
			      const struct faults_verdict *verdict, size_t len)
{
	struct roll_entry *entry = verdict->entry;
	struct late *late;

	if (!has_late_room(faults, entry, len))
		return NULL;
	late = calloc(1, sizeof(*late));
	if (late)
		late->letter = datagram_keep(batch, i);
	if (!late || !late->letter) {
		free(late);
		return NULL;
	}
	late->due_ns = loop_now_ns(faults->loop);
	late->number = faults->n_ever++;
	late->len = len;
	late->client = verdict->client;
	late->outlet = outlet;
	outlet->n_users++;
	faults->n_bytes += len;
	entry->n_waiting++;
	entry->bytes_waiting += len;
	heap_add(faults, late);
	return late;
}

static void set_due(struct udp_faults *faults, struct late *late,
		    uint64_t due_ns)
{
	late->due_ns = due_ns;
	late->number = faults->n_ever++;
	sift_up(faults, late);
	sift_down(faults, late);
}

/* --- from a verdict to an answer --- */

/* Another port of the same address; NULL when there is none to be had. */
static struct udp_outlet *foreign_outlet(struct udp_faults *faults,
					 const struct address *source)
{
	int family = source->sa.any.sa_family, fd;
	struct udp_outlet **outlet = &faults->foreign[family == AF_INET6];

	if (*outlet)
		return *outlet;
	fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	*outlet = udp_outlet_new(fd);
	if (!*outlet)
		(void)close(fd);
	return *outlet;
}

/* The foreign one; or, if there is none, this. */
static struct udp_outlet *choose_outlet(struct udp_faults *faults,
					struct udp_outlet *outlet,
					struct faults_verdict *verdict,
					const struct address *source)
{
	struct udp_outlet *foreign = foreign_outlet(faults, source);

	if (foreign)
		return foreign;
	faults_note(faults->loop, verdict, FAULT_FOREIGN_PORT, 0, true);
	verdict->kinds &= ~(1u << FAULT_FOREIGN_PORT);
	return outlet;
}

/* Changes the bytes of answer i; returns how many there are then. */
static size_t spoil_bytes(struct udp_faults *faults,
			  struct datagram_batch *batch, size_t i,
			  const struct faults_verdict *verdict)
{
	struct loop *loop = faults->loop;
	struct fault_draw draw;
	size_t len, left;
	char *bytes = datagram_bytes(batch, i, &len);

	if (faults_has(verdict, FAULT_CORRUPT)) {
		draw = faults_draw(verdict, FAULT_CORRUPT);
		if (len > 0)
			fault_corrupt(verdict->by[FAULT_CORRUPT].fault, &draw,
				      bytes, len);
		faults_note(loop, verdict, FAULT_CORRUPT, 0, len == 0);
	}
	if (faults_has(verdict, FAULT_TRUNCATE)) {
		draw = faults_draw(verdict, FAULT_TRUNCATE);
		left = fault_truncated(verdict->by[FAULT_TRUNCATE].fault, &draw,
				       len);
		faults_note(loop, verdict, FAULT_TRUNCATE, left, left == len);
		(void)datagram_set_len(batch, i, left);
		len = left;
	}
	return len;
}

static uint64_t judge_delay(const struct faults_verdict *verdict)
{
	struct fault_draw draw;

	if (!faults_has(verdict, FAULT_DELAY))
		return 0;
	draw = faults_draw(verdict, FAULT_DELAY);
	return fault_delay_ns(verdict->by[FAULT_DELAY].fault, &draw);
}

/*
 * Whether this one is to wait for the client's next. One alone does; the next
 * one, if it was to wait as well, goes, and that is the other way round, too.
 */
static bool waits_for_next(const struct faults_verdict *verdict)
{
	return faults_has(verdict, FAULT_REORDER) && !verdict->entry->held;
}

/* The one that has waited for this goes right behind it, but not too early. */
static void release_held(struct udp_faults *faults,
			 const struct faults_verdict *verdict, uint64_t due_ns)
{
	struct late *held = verdict->entry->held;

	if (!held)
		return;
	verdict->entry->held = NULL;
	if (due_ns < held->due_ns - REORDER_NS)
		due_ns = held->due_ns - REORDER_NS;
	set_due(faults, held, due_ns);
}

/*
 * Sends answer i later, or from elsewhere, as often as it is to be sent. False
 * when it is to leave with the batch all the same.
 */
static bool send_apart(struct udp_faults *faults, struct udp_outlet *outlet,
		       struct datagram_batch *batch, size_t i, size_t len,
		       const struct faults_verdict *verdict)
{
	struct loop *loop = faults->loop;
	uint64_t now_ns = loop_now_ns(loop), delay_ns = judge_delay(verdict);
	bool is_to_wait = waits_for_next(verdict);
	struct late *late;

	if (delay_ns == 0 && !is_to_wait &&
	    !faults_has(verdict, FAULT_FOREIGN_PORT)) {
		if (faults_has(verdict, FAULT_DELAY))
			faults_note(loop, verdict, FAULT_DELAY, 0, false);
		if (faults_has(verdict, FAULT_REORDER))
			faults_note(loop, verdict, FAULT_REORDER, 0, true);
		return false;
	}
	late = keep_late(faults, outlet, batch, i, verdict, len);
	if (faults_has(verdict, FAULT_DELAY))
		faults_note(loop, verdict, FAULT_DELAY, delay_ns / 1000, !late);
	if (faults_has(verdict, FAULT_FOREIGN_PORT))
		faults_note(loop, verdict, FAULT_FOREIGN_PORT, 0, !late);
	if (faults_has(verdict, FAULT_REORDER))
		faults_note(loop, verdict, FAULT_REORDER, 0,
			    !late || !is_to_wait);
	if (!late)
		return false;
	if (is_to_wait) {
		verdict->entry->held = late;
		delay_ns += REORDER_NS;
	}
	set_due(faults, late, now_ns + delay_ns);
	return true;
}

/* A second one, together with the first, which waits for the next. */
static void hold_copy(struct udp_faults *faults,
		      const struct faults_verdict *verdict)
{
	struct late *held = verdict->entry->held;

	held->is_twice = true;
	faults_note(faults->loop, verdict, FAULT_DUPLICATE, 0, false);
}

/* The second one, behind the first. */
static void send_copy(struct udp_faults *faults, struct udp_outlet *outlet,
		      struct datagram_batch *batch, size_t i, size_t len,
		      const struct faults_verdict *verdict, bool is_apart)
{
	struct late *late = keep_late(faults, outlet, batch, i, verdict, len);
	uint64_t delay_ns = is_apart ? judge_delay(verdict) : 0;

	faults_note(faults->loop, verdict, FAULT_DUPLICATE, 0, !late);
	if (late)
		set_due(faults, late, loop_now_ns(faults->loop) + delay_ns);
}

/* Nothing happens to it, but one that was to leave behind it may wait. */
static void pass(struct udp_faults *faults, const struct address *client)
{
	struct faults_verdict verdict;

	verdict.entry = faults_find(faults->loop, client);
	if (verdict.entry && verdict.entry->held)
		release_held(faults, &verdict, loop_now_ns(faults->loop));
}

/* Sends it, once or twice, now or later; says whether not with the batch. */
static bool send_so(struct udp_faults *faults, struct udp_outlet *outlet,
		    struct datagram_batch *batch, size_t i,
		    const struct faults_verdict *verdict, size_t len)
{
	struct roll_entry *entry = verdict->entry;
	bool has_held = entry->held != NULL, is_apart;

	is_apart = send_apart(faults, outlet, batch, i, len, verdict);
	if (!has_held && entry->held && faults_has(verdict, FAULT_DUPLICATE))
		hold_copy(faults, verdict);
	else if (faults_has(verdict, FAULT_DUPLICATE))
		send_copy(faults, outlet, batch, i, len, verdict, is_apart);
	if (has_held)
		release_held(faults, verdict,
			     loop_now_ns(faults->loop) +
				     (is_apart ? judge_delay(verdict) : 0));
	return is_apart;
}

bool udp_faults_apply(struct udp_faults *faults, struct udp_outlet *outlet,
		      struct datagram_batch *batch, size_t i)
{
	struct address client = *datagram_source(batch, i);
	struct faults_verdict verdict;
	size_t len;

	address_settle(&client);
	if (!faults_judge(faults->loop, FAULT_UDP, &client, (struct slice){0},
			  &verdict)) {
		pass(faults, &client);
		return true;
	}
	if (faults_has(&verdict, FAULT_DROP)) {
		faults_note(faults->loop, &verdict, FAULT_DROP, 0, false);
		return false;
	}
	len = spoil_bytes(faults, batch, i, &verdict);
	if (faults_has(&verdict, FAULT_FOREIGN_PORT))
		outlet = choose_outlet(faults, outlet, &verdict,
				       datagram_source(batch, i));
	return !send_so(faults, outlet, batch, i, &verdict, len);
}

/* Drops what is due after that time, or was to leave by there; says so. */
static void drop_late(struct udp_faults *faults, const char *why,
		      uint64_t until_ns, const struct udp_outlet *outlet)
{
	size_t n = faults->n;

	faults->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct late *late = faults->heap[i];

		if (late->due_ns > until_ns || late->outlet == outlet)
			forget(faults, late);
		else
			heap_add(faults, late);
	}
	if (n > faults->n)
		log_info("%s: %zu delayed datagrams dropped", why,
			 n - faults->n);
}

void udp_faults_leave(struct udp_faults *faults,
		      const struct udp_outlet *outlet)
{
	drop_late(faults, "reload", UINT64_MAX, outlet);
}

void udp_faults_drain(struct udp_faults *faults)
{
	drop_late(faults, "stopping", loop_now_ns(faults->loop) + SOON_NS,
		  NULL);
	faults->is_draining = true;
	faults->loop->n_waiting += faults->n;
}

struct udp_faults *udp_faults_new(struct loop *loop)
{
	struct udp_faults *faults = calloc(1, sizeof(*faults));

	if (!faults)
		return NULL;
	faults->loop = loop;
	(void)event_assign(&faults->timer, loop->base, -1, 0, due_cb, faults);
	return faults;
}

void udp_faults_free(struct udp_faults *faults)
{
	if (!faults)
		return;
	(void)event_del(&faults->timer);
	for (size_t i = 0; i < faults->n; i++)
		free_late(faults->heap[i]);
	for (size_t i = 0; i < ARRAY_LEN(faults->foreign); i++)
		if (faults->foreign[i])
			udp_outlet_leave(faults->foreign[i]);
	free(faults);
}
