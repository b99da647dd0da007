/* SPDX-License-Identifier: MIT */
/*
 * What a fault does to which message. The generator is splitmix64 (Steele, Lea
 * and Flood, 2014), whose output for a state is a good hash of it; a number is
 * that hash over everything that it depends on, one after the other. So no
 * state is kept, and nobody's messages can disturb anybody's pattern.
 */
#include "base/fault.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

/* A tail without end would be a drop. */
#define PARETO_MOST 100.0

static uint64_t splitmix64(uint64_t state)
{
	state += 0x9e3779b97f4a7c15;
	state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
	state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
	return state ^ (state >> 31);
}

uint64_t fault_number(const struct fault_draw *draw, uint64_t i)
{
	const uint64_t words[] = {
		draw->rule,	  draw->fault, draw->client.high,
		draw->client.low, draw->index, i,
	};
	uint64_t number = draw->seed;

	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
		number = splitmix64(number ^ words[k]);
	return number;
}

/* Draw i of message `index`, whichever message the draw is about. */
static bool is_share(struct fault_draw draw, uint64_t index, uint64_t i,
		     uint64_t share)
{
	draw.index = index;
	return fault_number(&draw, i) % FAULT_MILLION < share;
}

/*
 * Two states (Gilbert, 1960; Elliott, 1963): in the good one no message is hit,
 * in the bad one each. A block's first state is drawn as often bad as the chain
 * is in the long run.
 */
static bool is_in_burst(const struct fault *fault,
			const struct fault_draw *draw)
{
	uint64_t first =
		(draw->index - 1) / FAULT_BURST_BLOCK * FAULT_BURST_BLOCK + 1;
	uint64_t begin = fault->share, end = fault->recovery;
	bool is_bad = is_share(*draw, first, 0,
			       begin * FAULT_MILLION / (begin + end));

	for (uint64_t i = first + 1; i <= draw->index; i++)
		is_bad = is_bad ? !is_share(*draw, i, 0, end)
				: is_share(*draw, i, 0, begin);
	return is_bad;
}

static bool is_listed(const struct fault *fault, uint64_t index)
{
	for (size_t i = 0; i < fault->n_ranges; i++)
		if (index >= fault->ranges[i].first &&
		    index <= fault->ranges[i].last)
			return true;
	return false;
}

bool fault_hits(const struct fault *fault, const struct fault_draw *draw)
{
	switch (fault->which) {
	case FAULT_ALL:
		return true;
	case FAULT_SHARE:
		return is_share(*draw, draw->index, 0, fault->share);
	case FAULT_LIST:
		return is_listed(fault, draw->index);
	case FAULT_EVERY:
		return draw->index % fault->n == 0;
	case FAULT_FIRST:
		return draw->index <= fault->n;
	case FAULT_BURST:
		return is_in_burst(fault, draw);
	}
	return false;
}

/* From 0 to below 1, in steps of 2^-53. */
static double fraction(const struct fault_draw *draw, uint64_t i)
{
	return (double)(fault_number(draw, i) >> 11) * 0x1p-53;
}

/* About 0, with a deviation of 1: twelve numbers' sum is near enough. */
static double draw_normal(const struct fault_draw *draw)
{
	double sum = -6;

	for (uint64_t i = 1; i <= 12; i++)
		sum += fraction(draw, i);
	return sum;
}

/* From 0, most of them small: a Pareto of shape 2. */
static double draw_pareto(const struct fault_draw *draw)
{
	double value = 1 / sqrt(1 - fraction(draw, 1)) - 1;

	return value < PARETO_MOST ? value : PARETO_MOST;
}

uint64_t fault_delay_ns(const struct fault *fault,
			const struct fault_draw *draw)
{
	double by = 0, ns;

	if (fault->jitter_ns == 0)
		return fault->time_ns;
	switch (fault->distribution) {
	case FAULT_UNIFORM:
		by = 2 * fraction(draw, 1) - 1;
		break;
	case FAULT_NORMAL:
		by = draw_normal(draw);
		break;
	case FAULT_PARETO:
		by = draw_pareto(draw);
		break;
	}
	ns = (double)fault->time_ns + (double)fault->jitter_ns * by;
	return ns > 0 ? (uint64_t)ns : 0;
}

void fault_corrupt(const struct fault *fault, const struct fault_draw *draw,
		   char *bytes, size_t len)
{
	uint64_t at = fault_number(draw, 1) % len;
	uint64_t how = fault_number(draw, 2);

	if (fault->is_byte)
		bytes[at] ^= (char)(1 + how % 255);
	else
		bytes[at] ^= (char)(1 << how % 8);
}

size_t fault_truncated(const struct fault *fault, const struct fault_draw *draw,
		       size_t len)
{
	if (fault->has_bytes)
		return fault->bytes < len ? (size_t)fault->bytes : len;
	return len == 0 ? 0 : (size_t)(fault_number(draw, 1) % len);
}

/* Of the absolute-form, which proxies are sent, the path (RFC 9112, 3.2.2). */
static struct slice cut_origin(struct slice target)
{
	const char *end = target.ptr + target.len, *at = NULL;

	if (target.len > 0 && target.ptr[0] != '/')
		at = memmem(target.ptr, target.len, "://", 3);
	if (!at)
		return target;
	at = memchr(at + 3, '/', (size_t)(end - at - 3));
	return at ? (struct slice){at, (size_t)(end - at)} : slice_of("/");
}

bool fault_rule_applies(const struct fault_rule *rule, uint64_t age_ns,
			struct slice target)
{
	char path[FAULT_TEXT_MAX];
	const char *query;

	if (age_ns < rule->from_ns || age_ns >= rule->to_ns)
		return false;
	if (rule->path[0] == '\0')
		return true;
	query = target.len > 0 ? memchr(target.ptr, '?', target.len) : NULL;
	if (query)
		target.len = (size_t)(query - target.ptr);
	target = cut_origin(target);
	/* A longer path has been cut; its beginning may match all the same. */
	if (target.len >= sizeof(path))
		target.len = sizeof(path) - 1;
	if (target.len > 0)
		memcpy(path, target.ptr, target.len);
	path[target.len] = '\0';
	return fnmatch(rule->path, path, 0) == 0;
}
