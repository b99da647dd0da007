/* SPDX-License-Identifier: MIT */
/*
 * Sums over counters. Each job writes to its own in shared memory while the
 * parent reads; a sum taken meanwhile may be a few exchanges old, the sum
 * after the jobs' end is exact.
 */
#include "result/stats.h"

#include <stddef.h>
#include <string.h>

static const struct {
	size_t offset;
	const char *key, *label;
} counters[COUNTER_N] = {
#define X(id, member, label) {offsetof(struct stats, member), #member, label},
	STATS_COUNTERS(X)
#undef X
};

uint64_t stats_count(const struct stats *stats, size_t id)
{
	const char *at = (const char *)stats + counters[id].offset;
	uint64_t count;

	memcpy(&count, at, sizeof(count));
	return count;
}

const char *stats_key(size_t id)
{
	return counters[id].key;
}

const char *stats_label(size_t id)
{
	return counters[id].label;
}

void stats_merge(struct stats *stats, const struct stats *other)
{
#define X(id, member, label) stats->member += other->member;
	STATS_COUNTERS(X)
#undef X
	for (size_t i = 0; i < ERROR_SLOTS; i++)
		stats->errors[i] += other->errors[i];
	histogram_merge(&stats->latency, &other->latency);
	histogram_merge(&stats->service, &other->service);
	histogram_merge(&stats->lateness, &other->lateness);
}

uint64_t stats_errors(const struct stats *stats)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ERROR_SLOTS; i++)
		n += stats->errors[i];
	return n;
}

double stats_loss_percent(const struct stats *stats)
{
	uint64_t due = stats->sent + stats->unsent - stats->unfinished;
	uint64_t missed =
		stats->lost + stats->late + stats->failed + stats->unsent;

	/* An answer that has another status than success is one all the same.
	 */
	for (size_t i = ERROR_STATUS; i < ERROR_TIMEOUT; i++)
		missed -= stats->errors[i];
	return due == 0 ? 0 : 100.0 * (double)missed / (double)due;
}

bool stats_has_wrong(const struct stats *stats)
{
	if (stats->corrupt > 0)
		return true;
	for (size_t i = 0; i < ERROR_SLOTS; i++)
		if (stats->errors[i] > 0 && error_is_wrong_reply(i))
			return true;
	return false;
}
