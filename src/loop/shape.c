/* SPDX-License-Identifier: MIT */
/*
 * Streams under --fault. What is held back waits where unsent bytes always
 * wait, so a connection that is delayed costs no more than one whose peer does
 * not read.
 */
#include "loop/shape.h"

#include <stdlib.h>

uint64_t shape_opens_ns(const struct shape *shape, uint64_t at, uint64_t now_ns)
{
	if (at < shape->from)
		return 0;
	if (now_ns < shape->until_ns)
		return shape->until_ns;
	if (shape->end == SHAPE_STALLS && at >= shape->end_at)
		return UINT64_MAX;
	if (shape->drip_bytes > 0 && shape->left == 0 &&
	    now_ns < shape->next_ns)
		return shape->next_ns;
	return 0;
}

/* What is left of this portion, or the next one. */
static uint64_t drip_left(struct shape *shape, uint64_t now_ns)
{
	if (shape->drip_bytes == 0)
		return UINT64_MAX;
	if (shape->left == 0) {
		shape->left = shape->drip_bytes;
		shape->next_ns = now_ns + shape->drip_ns;
	}
	return shape->left;
}

size_t shape_grant(struct shape *shape, uint64_t at, uint64_t now_ns,
		   size_t want)
{
	uint64_t most = want, left;

	if (shape_opens_ns(shape, at, now_ns) > 0)
		return 0;
	if (at < shape->from) {
		most = shape->from - at;
	} else {
		if (shape->end != SHAPE_GOES_ON)
			most = shape->end_at - at;
		left = drip_left(shape, now_ns);
		most = most < left ? most : left;
	}
	return most < want ? (size_t)most : want;
}

enum shape_end shape_note_sent(struct loop *loop, struct shape *shape,
			       uint64_t at, size_t n)
{
	shape->left -= shape->left < n ? shape->left : n;
	if (shape->end == SHAPE_GOES_ON || shape->has_ended ||
	    at < shape->end_at || loop_now_ns(loop) < shape->until_ns)
		return SHAPE_GOES_ON;
	shape->has_ended = true;
	faults_note_event(loop, &shape->end_event, shape->end_bytes, false);
	return shape->end;
}

void shape_delay(struct shape *shape, uint64_t now_ns)
{
	if (shape->delay_ns > 0)
		shape->until_ns = now_ns + shape->delay_ns;
}

/* Of the three ends the first that is asked for. */
static void shape_take_end(struct shape *shape,
			   const struct faults_verdict *verdict,
			   uint64_t counts_from)
{
	static const struct {
		enum fault_kind kind;
		enum shape_end end;
	} ends[] = {
		{FAULT_RESET, SHAPE_RESETS},
		{FAULT_CLOSE, SHAPE_CLOSES},
		{FAULT_STALL, SHAPE_STALLS},
	};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		enum fault_kind kind = ends[i].kind;

		if (!faults_has(verdict, kind))
			continue;
		shape->end = ends[i].end;
		shape->end_bytes = verdict->by[kind].fault->bytes;
		shape->end_at = counts_from + shape->end_bytes;
		shape->end_event = faults_event(verdict, kind);
		return;
	}
}

static void shape_take_pace(struct loop *loop, struct shape *shape,
			    const struct faults_verdict *verdict)
{
	if (faults_has(verdict, FAULT_DELAY)) {
		const struct fault_draw draw =
			faults_draw(verdict, FAULT_DELAY);

		shape->delay_ns =
			fault_delay_ns(verdict->by[FAULT_DELAY].fault, &draw);
		faults_note(loop, verdict, FAULT_DELAY, shape->delay_ns / 1000,
			    false);
	}
	if (faults_has(verdict, FAULT_DRIP)) {
		const struct fault *drip = verdict->by[FAULT_DRIP].fault;

		shape->drip_bytes = drip->bytes;
		shape->drip_ns = drip->time_ns;
		faults_note(loop, verdict, FAULT_DRIP, drip->bytes, false);
	}
}

struct shape *shape_new(struct loop *loop, const struct faults_verdict *verdict,
			uint64_t from, uint64_t n_ahead)
{
	static const unsigned shaping = 1u << FAULT_DELAY | 1u << FAULT_DRIP |
					1u << FAULT_STALL | 1u << FAULT_RESET |
					1u << FAULT_CLOSE;
	struct shape *shape;

	if (!(verdict->kinds & shaping))
		return NULL;
	shape = calloc(1, sizeof(*shape));
	if (!shape) {
		loop->counters.fault_skipped++;
		return NULL;
	}
	shape->from = from;
	shape_take_pace(loop, shape, verdict);
	shape_take_end(shape, verdict, from + n_ahead);
	shape_delay(shape, loop_now_ns(loop));
	return shape;
}
