/* SPDX-License-Identifier: MIT */
/*
 * Telling of refusals. The first is told at once, since somebody may sit before
 * the log and wonder; what comes within a second after that is gathered.
 *
 * Who caused most is found in bounded memory, however many addresses there are
 * (Misra and Gries): a few suspects with a number each, and who is none of them
 * takes the place of one at 0, or else takes one off each. Whoever caused more
 * than a ninth of them is a suspect in the end, whatever the order, with no
 * more to his name than he caused.
 */
#include "loop/refusal.h"

#include <event2/event.h>
#include <inttypes.h>

#include "base/log.h"
#include "os/network.h"

static const struct timeval tell_period = {.tv_sec = 1};

static const struct {
	size_t counter;
	const char *text;
} refusal_kinds[REFUSAL_KINDS] = {
#define X(name, what)                                                          \
	[REFUSAL_##name] = {offsetof(struct counters, name), what},
	REFUSALS(X)
#undef X
};

static const struct refusal_suspect *find_worst(
	const struct refusal_tally *tally)
{
	const struct refusal_suspect *worst = tally->suspects;

	for (size_t i = 1; i < REFUSAL_SUSPECTS; i++)
		if (tally->suspects[i].n > worst->n)
			worst = &tally->suspects[i];
	return worst;
}

static void tally_tell(struct refusal_tally *tally, const char *text)
{
	const struct refusal_suspect *worst = find_worst(tally);
	char owner[ADDRESS_TEXT_SIZE];

	if (worst->n == 0)
		log_warn("%s: %" PRIu64 ", from many addresses", text,
			 tally->n);
	else
		log_warn("%s: %" PRIu64 ", %s%" PRIu64 " of them from %s", text,
			 tally->n, worst->n < tally->n ? "at least " : "",
			 worst->n, network_format_owner(&worst->owner, owner));
	*tally = (struct refusal_tally){0};
}

/* True when there was something to tell. */
static bool refusals_tell(struct refusals *refusals)
{
	bool has_told = false;

	for (size_t i = 0; i < REFUSAL_KINDS; i++) {
		if (refusals->tallies[i].n == 0)
			continue;
		tally_tell(&refusals->tallies[i], refusal_kinds[i].text);
		has_told = true;
	}
	return has_told;
}

/* Tells, and not again for a second. */
static void tell_for_now(struct refusals *refusals)
{
	if (refusals_tell(refusals))
		refusals->is_waiting =
			event_add(&refusals->timer, &tell_period) == 0;
}

static void refusal_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct refusals *refusals = arg;

	(void)fd;
	(void)what;
	refusals->is_waiting = false;
	tell_for_now(refusals);
}

void refusals_init(struct refusals *refusals, struct event_base *base,
		   struct counters *counters)
{
	*refusals = (struct refusals){.counters = counters};
	(void)evtimer_assign(&refusals->timer, base, refusal_timer_cb,
			     refusals);
}

void refusals_clear(struct refusals *refusals)
{
	if (!refusals->counters)
		return;
	(void)refusals_tell(refusals);
	(void)event_del(&refusals->timer);
	refusals->counters = NULL;
}

/* The one that this owner is, or may become; NULL when all are others. */
static struct refusal_suspect *find_suspect(struct refusal_tally *tally,
					    const struct address *owner)
{
	struct refusal_suspect *free_one = NULL;

	for (size_t i = 0; i < REFUSAL_SUSPECTS; i++) {
		struct refusal_suspect *suspect = &tally->suspects[i];

		if (suspect->n == 0)
			free_one = suspect;
		else if (address_eq(&suspect->owner, owner))
			return suspect;
	}
	if (free_one)
		free_one->owner = *owner;
	return free_one;
}

static void tally_add(struct refusal_tally *tally, const struct address *owner)
{
	struct refusal_suspect *suspect = find_suspect(tally, owner);

	tally->n++;
	if (suspect)
		suspect->n++;
	for (size_t i = 0; !suspect && i < REFUSAL_SUSPECTS; i++)
		tally->suspects[i].n--;
}

void refusals_note(struct refusals *refusals, enum refusal kind,
		   const struct address *peer)
{
	struct address owner = network_owner(peer);
	char *counters = (char *)refusals->counters;

	(*(uint64_t *)(void *)(counters + refusal_kinds[kind].counter))++;
	tally_add(&refusals->tallies[kind], &owner);
	if (!refusals->is_waiting)
		tell_for_now(refusals);
}
