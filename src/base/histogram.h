/* SPDX-License-Identifier: MIT */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * How often each duration occurred, in nanoseconds. The buckets are 128 to
 * each power of two, so what is read back is at most 1/128 (0.8 %) above what
 * was added; below 256 ns it is exact. Durations beyond HISTOGRAM_MAX_NS all
 * count in the last bucket, but the greatest is kept as it was.
 *
 * Two histograms add up bucket by bucket: merged is as if all had been added
 * to one. No member is a pointer, so it may be copied and be shared between
 * processes; all zero is an empty one.
 */
#define HISTOGRAM_MAX_NS  (UINT64_C(3600) * 1000000000) /* an hour */
#define HISTOGRAM_BUCKETS 4608

struct histogram {
	uint64_t n;
	uint64_t sum_ns;
	uint64_t min_ns; /* of what was added; 0 when n is 0 */
	uint64_t max_ns;
	uint64_t counts[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t ns);

/* Adds all of other. */
void histogram_merge(struct histogram *h, const struct histogram *other);

/*
 * What was added between the copy `before` and the copy `now` of one
 * histogram. Its least and greatest are those of its buckets.
 */
void histogram_difference(struct histogram *out, const struct histogram *now,
			  const struct histogram *before);

/*
 * The duration that a share of all stays at or below, the share in parts of
 * 10,000 from 1 to 10,000: 5000 is the median, 9999 is p99.99. 0 when empty.
 */
uint64_t histogram_percentile(const struct histogram *h, unsigned share);

/* Whether at least one sample lies beyond that share: p99 takes 100. */
bool histogram_supports(const struct histogram *h, unsigned share);

/* 0 when empty. */
double histogram_mean_ns(const struct histogram *h);

/* The greatest duration that counts in bucket i. */
uint64_t histogram_bucket_top(size_t i);

#endif
