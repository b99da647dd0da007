/* SPDX-License-Identifier: MIT */
/*
 * A log-linear histogram. A duration's bucket is its highest set bit and the
 * seven bits after that:
 *
 *	bucket = (shift << 7) + (ns >> shift)	ns >> shift is 128 to 255
 *
 * and for what is below 128 the duration itself, which the same formula gives
 * with shift 0. So the width of a bucket is at most 1/128 of what is in it,
 * and adding is a shift and an increment.
 */
#include "base/histogram.h"

#include <string.h>

#define SUB_BITS    7
#define SUB_BUCKETS (1u << SUB_BITS)
#define SHARE_WHOLE 10000u

static size_t bucket_of(uint64_t ns)
{
	unsigned shift = 0;
	size_t i;

	if (ns >= SUB_BUCKETS)
		shift = 63 - (unsigned)__builtin_clzll(ns) - SUB_BITS;
	i = ((size_t)shift << SUB_BITS) + (size_t)(ns >> shift);
	return i < HISTOGRAM_BUCKETS ? i : HISTOGRAM_BUCKETS - 1;
}

uint64_t histogram_bucket_top(size_t i)
{
	size_t shift = i < 2 * SUB_BUCKETS ? 0 : (i >> SUB_BITS) - 1;
	uint64_t mantissa = i - (shift << SUB_BITS);

	return ((mantissa + 1) << shift) - 1;
}

/* The least that counts in bucket i. */
static uint64_t bucket_bottom(size_t i)
{
	return i == 0 ? 0 : histogram_bucket_top(i - 1) + 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	if (h->n == 0 || ns < h->min_ns)
		h->min_ns = ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	h->sum_ns += ns;
	h->counts[bucket_of(ns)]++;
	h->n++;
}

void histogram_merge(struct histogram *h, const struct histogram *other)
{
	if (other->n == 0)
		return;
	if (h->n == 0 || other->min_ns < h->min_ns)
		h->min_ns = other->min_ns;
	if (other->max_ns > h->max_ns)
		h->max_ns = other->max_ns;
	h->n += other->n;
	h->sum_ns += other->sum_ns;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		h->counts[i] += other->counts[i];
}

void histogram_difference(struct histogram *out, const struct histogram *now,
			  const struct histogram *before)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t count = now->counts[i] - before->counts[i];

		if (count == 0)
			continue;
		if (out->n == 0)
			out->min_ns = bucket_bottom(i);
		out->max_ns = histogram_bucket_top(i);
		out->counts[i] = count;
		out->n += count;
	}
	out->sum_ns = now->sum_ns - before->sum_ns;
	if (out->max_ns > now->max_ns || out->counts[HISTOGRAM_BUCKETS - 1])
		out->max_ns = now->max_ns;
	if (out->n > 0 && out->min_ns < now->min_ns)
		out->min_ns = now->min_ns;
}

uint64_t histogram_percentile(const struct histogram *h, unsigned share)
{
	uint64_t rank, seen = 0, top = 0;

	if (h->n == 0)
		return 0;
	/* The number of samples at or below it, rounded up; n is far below
	 * 2^50, so the product fits. */
	rank = (h->n * share + SHARE_WHOLE - 1) / SHARE_WHOLE;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->counts[i];
		if (seen < rank)
			continue;
		top = i == HISTOGRAM_BUCKETS - 1 ? h->max_ns
						 : histogram_bucket_top(i);
		break;
	}
	return top < h->max_ns ? top : h->max_ns;
}

bool histogram_supports(const struct histogram *h, unsigned share)
{
	return h->n * (SHARE_WHOLE - share) >= SHARE_WHOLE;
}

double histogram_mean_ns(const struct histogram *h)
{
	return h->n == 0 ? 0 : (double)h->sum_ns / (double)h->n;
}
