/* SPDX-License-Identifier: MIT */
/*
 * Times without an answer: one under way, which costs a comparison for each
 * answer, and the list of those that were long.
 */
#include "load/silence.h"

/* Beyond what can wait: so many in a row are not lost by chance. */
#define ASKED_BEYOND 20

/* The tick that ends what has timed out comes a little later. */
#define TICK_NS UINT64_C(100000000)

/* The end of a run is not awaited for longer than that. */
#define PATIENCE_NS UINT64_C(1000000000)

static uint64_t length_ns(struct silence_span span)
{
	return span.to_ns - span.from_ns;
}

void silence_wait(struct silence *silence, uint64_t now_ns)
{
	if (silence->since_ns == 0)
		*silence = (struct silence){.since_ns = now_ns};
}

void silence_ask(struct silence *silence, uint64_t now_ns)
{
	silence_wait(silence, now_ns);
	silence->n_asked++;
}

void silence_break(struct silence *silence)
{
	silence->is_broken = silence->since_ns != 0;
}

void silence_forgive(struct silence *silence, uint64_t ns)
{
	if (silence->since_ns != 0)
		silence->since_ns += ns;
}

/* Puts it in the place of the shortest when there is no room. */
static void keep(struct silences *out, struct silence_span span)
{
	struct silence_span *place = &out->spans[0];

	if (length_ns(span) < SILENCE_MIN_NS)
		return;
	if (out->n < SILENCE_SPANS) {
		out->spans[out->n++] = span;
		return;
	}
	for (size_t i = 1; i < SILENCE_SPANS; i++)
		if (length_ns(out->spans[i]) < length_ns(*place))
			place = &out->spans[i];
	if (length_ns(span) > length_ns(*place))
		*place = span;
}

/* Whether it can't be that answers were lost, and nothing else asked. */
static bool is_certain(const struct silence *silence,
		       const struct silence_rule *rule, uint64_t ns,
		       uint64_t patience_ns)
{
	return silence->is_broken || ns > patience_ns + TICK_NS ||
	       silence->n_asked >= rule->capacity + ASKED_BEYOND;
}

void silence_answer(struct silence *silence, const struct silence_rule *rule,
		    struct silences *out, uint64_t now_ns, uint64_t waited_ns,
		    bool is_waiting)
{
	uint64_t ns = 0;

	if (silence->since_ns != 0 && silence->since_ns < now_ns)
		ns = now_ns - silence->since_ns;
	if (ns >= SILENCE_MIN_NS) {
		if (!is_certain(silence, rule, ns, rule->timeout_ns) &&
		    ns > waited_ns)
			ns = waited_ns;
		keep(out, (struct silence_span){now_ns - ns, now_ns});
	}
	*silence = (struct silence){.since_ns = is_waiting ? now_ns : 0};
}

void silence_end(const struct silence *silence, const struct silence_rule *rule,
		 struct silences *out, uint64_t end_ns)
{
	uint64_t since_ns = silence->since_ns, ns;
	uint64_t patience_ns =
		rule->timeout_ns < PATIENCE_NS ? rule->timeout_ns : PATIENCE_NS;

	if (since_ns == 0 || since_ns >= end_ns)
		return;
	ns = end_ns - since_ns;
	if (ns < SILENCE_MIN_NS || !is_certain(silence, rule, ns, patience_ns))
		return;
	keep(out, (struct silence_span){since_ns, end_ns});
	out->stopped_ns = since_ns;
}

void silence_intersect(struct silences *common, const struct silences *other)
{
	struct silences both = {0};

	for (size_t i = 0; i < common->n; i++)
		for (size_t k = 0; k < other->n; k++) {
			struct silence_span span = common->spans[i];
			const struct silence_span *o = &other->spans[k];

			if (o->from_ns > span.from_ns)
				span.from_ns = o->from_ns;
			if (o->to_ns < span.to_ns)
				span.to_ns = o->to_ns;
			if (span.from_ns < span.to_ns)
				keep(&both, span);
		}
	if (common->stopped_ns != 0 && other->stopped_ns != 0)
		both.stopped_ns = common->stopped_ns > other->stopped_ns
					  ? common->stopped_ns
					  : other->stopped_ns;
	*common = both;
}

const struct silence_span *silence_longest(const struct silences *silences)
{
	const struct silence_span *longest = NULL;

	for (size_t i = 0; i < silences->n; i++)
		if (!longest ||
		    length_ns(silences->spans[i]) > length_ns(*longest))
			longest = &silences->spans[i];
	return longest;
}
