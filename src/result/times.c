/* SPDX-License-Identifier: MIT */
/*
 * A percentile that no sample lies beyond is not known: it is left out rather
 * than be called the greatest.
 */
#include "result/times.h"

#include <math.h>

static const struct {
	const char *key;
	unsigned share;
	const char *label;
} kinds[TIME_N] = {
#define X(id, key, share, label) {key, share, label},
	TIMES(X)
#undef X
};

const char *times_key(size_t id)
{
	return kinds[id].key;
}

const char *times_label(size_t id)
{
	return kinds[id].label;
}

unsigned times_share(size_t id)
{
	return kinds[id].share;
}

struct times times_none(void)
{
	struct times times;

	for (size_t i = 0; i < TIME_N; i++)
		times.us[i] = (double)NAN;
	return times;
}

double times_percentile(const struct histogram *h, unsigned share)
{
	if (!histogram_supports(h, share))
		return (double)NAN;
	return (double)histogram_percentile(h, share) / 1e3;
}

struct times times_of(const struct histogram *h)
{
	struct times times = times_none();

	if (h->n == 0)
		return times;
	/* Those that are none have their own below. */
	for (size_t i = 0; i < TIME_N; i++)
		times.us[i] = times_percentile(h, kinds[i].share);
	times.us[TIME_MIN] = (double)h->min_ns / 1e3;
	times.us[TIME_MEAN] = histogram_mean_ns(h) / 1e3;
	times.us[TIME_MAX] = (double)h->max_ns / 1e3;
	return times;
}
