/* SPDX-License-Identifier: MIT */
/*
 * Which message an answer belongs to, by the number in it, and whether it
 * counts: once, in time, and every byte as it must be. All messages have the
 * same time limit, so those that wait expire in the order of their numbers.
 *
 *	|  forgotten  |  remembered, none waits  |  some wait  |
 *	1             n - ROSTER_MAX + 1         first         n
 */
#include "client/roster.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/upper.h"

static struct roster_entry *roster_entry_of(struct roster *roster, uint64_t seq)
{
	return &roster->ring[seq % ROSTER_MAX];
}

/* Steps over those that wait no more. */
static void roster_advance(struct roster *roster)
{
	while (roster->first <= roster->n && roster->first > 0 &&
	       roster_entry_of(roster, roster->first)->state != ROSTER_WAITING)
		roster->first++;
}

static void roster_settle(struct roster *roster, uint64_t seq,
			  enum roster_state state)
{
	roster_entry_of(roster, seq)->state = state;
	roster->n_waiting--;
	roster_advance(roster);
}

bool roster_is_full(const struct roster *roster)
{
	return roster->n_waiting > 0 &&
	       roster->n - roster->first + 1 == ROSTER_MAX;
}

const struct probe *roster_add(struct roster *roster, struct timespec wall,
			       uint64_t now_ns, size_t size)
{
	struct roster_entry *entry = roster_entry_of(roster, ++roster->n);

	entry->probe = (struct probe){roster->n, wall, now_ns, size};
	entry->state = ROSTER_WAITING;
	roster->n_waiting++;
	if (roster->first == 0)
		roster->first = 1;
	return &entry->probe;
}

void roster_unsend(struct roster *roster)
{
	roster_settle(roster, roster->n, ROSTER_UNSENT);
}

void roster_take_back(struct roster *roster)
{
	roster_unsend(roster);
	if (roster->first > roster->n)
		roster->first = roster->n;
	roster->n--;
}

bool roster_lose(struct roster *roster, uint64_t seq)
{
	if (seq < roster->first || seq > roster->n ||
	    roster_entry_of(roster, seq)->state != ROSTER_WAITING)
		return false;
	roster_settle(roster, seq, ROSTER_LOST);
	return true;
}

uint64_t roster_lose_next(struct roster *roster)
{
	uint64_t seq = roster->first;

	return roster->n_waiting > 0 && roster_lose(roster, seq) ? seq : 0;
}

uint64_t roster_deadline_ns(const struct roster *roster, uint64_t timeout_ns)
{
	if (roster->n_waiting == 0)
		return UINT64_MAX;
	return roster->ring[roster->first % ROSTER_MAX].probe.sent_ns +
	       timeout_ns;
}

uint64_t roster_expire(struct roster *roster, uint64_t now_ns,
		       uint64_t timeout_ns)
{
	if (roster_deadline_ns(roster, timeout_ns) > now_ns)
		return 0;
	return roster_lose_next(roster);
}

/* --- judging --- */

static void PRINTF_LIKE(2, 3)
	find_corrupt(struct roster_find *find, const char *fmt, ...)
{
	va_list args;

	find->verdict = ROSTER_IS_CORRUPT;
	va_start(args, fmt);
	(void)vsnprintf(find->why, sizeof(find->why), fmt, args);
	va_end(args);
}

/* Where two texts of the same length begin to differ. */
static size_t first_difference(struct slice a, struct slice b)
{
	size_t i = 0;

	while (i < a.len && a.ptr[i] == b.ptr[i])
		i++;
	return i;
}

/* Holds what came against what the answer must be; true when it is that. */
static bool is_intact(struct roster *roster, const struct probe *probe,
		      struct slice got, struct roster_find *find)
{
	struct slice wanted = {roster->expected,
			       probe_write(probe, roster->expected)};
	size_t at;

	if (slice_eq(got, wanted)) {
		find_corrupt(find, "as it was sent, not in upper case");
		return false;
	}
	upper_ascii(roster->expected, wanted.len);
	if (slice_eq(got, wanted))
		return true;
	if (got.len != wanted.len) {
		find_corrupt(find, "%zu bytes, not %zu", got.len, wanted.len);
		return false;
	}
	at = first_difference(got, wanted);
	find_corrupt(find, "byte %zu is 0x%02x, not 0x%02x", at + 1,
		     (unsigned char)got.ptr[at], (unsigned char)wanted.ptr[at]);
	return false;
}

/* An intact answer: what it is depends on what its message has seen so far. */
static enum roster_verdict roster_take(struct roster *roster, uint64_t seq)
{
	struct roster_entry *entry = roster_entry_of(roster, seq);

	switch (entry->state) {
	case ROSTER_WAITING:
		roster_settle(roster, seq, ROSTER_ANSWERED);
		return ROSTER_IS_ANSWER;
	case ROSTER_LOST:
		entry->state = ROSTER_LATE;
		return ROSTER_IS_LATE;
	case ROSTER_UNSENT:
	case ROSTER_ANSWERED:
	case ROSTER_LATE:
		break;
	}
	return ROSTER_IS_DUPLICATE;
}

/* The message with the number that was found is remembered. */
static void judge_known(struct roster *roster, struct slice got, uint64_t at_ns,
			struct roster_find *find)
{
	const struct roster_entry *entry = roster_entry_of(roster, find->seq);
	uint64_t sent_ns = entry->probe.sent_ns;

	if (entry->state == ROSTER_UNSENT) {
		find_corrupt(find, "a message that never left");
		return;
	}
	find->has_rtt = true;
	find->rtt_ns = at_ns > sent_ns ? at_ns - sent_ns : 0;
	if (is_intact(roster, &entry->probe, got, find))
		find->verdict = roster_take(roster, find->seq);
}

struct roster_find roster_judge(struct roster *roster, struct slice got,
				uint64_t at_ns)
{
	struct roster_find find = {.verdict = ROSTER_IS_LATE};

	if (!probe_read_seq(got, &find.seq))
		find_corrupt(&find, "it answers no message");
	else if (find.seq > roster->n)
		find_corrupt(&find, "no message has that number");
	else if (roster->n - find.seq < ROSTER_MAX)
		judge_known(roster, got, at_ns, &find);
	return find;
}
