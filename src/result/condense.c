/* SPDX-License-Identifier: MIT */
/*
 * An hour's run has 3600 intervals, and a plot a few hundred points across.
 * Drawn one over another they are a blot, so neighbours are put together
 * before: the throughput as a mean, which it is, and the percentiles as the
 * worst of the group, since the percentile of a group is not to be had from
 * those of its parts. Whoever shows them says so.
 */
#include "result/condense.h"

#include <math.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "result/figure.h"

/* What becomes of several numbers at one key. */
enum merge {
	MERGE_MEAN,
	MERGE_SUM,
	MERGE_MAX,
	MERGE_LAST
};

static const struct {
	const char *key;
	enum merge how;
} columns[] = {
	{"t_s", MERGE_LAST},   {"rate", MERGE_MEAN},   {"lost", MERGE_SUM},
	{"errors", MERGE_SUM}, {"p50_us", MERGE_MAX},  {"p90_us", MERGE_MAX},
	{"p99_us", MERGE_MAX}, {"p999_us", MERGE_MAX}, {"max_us", MERGE_MAX},
};

/* The numbers of a group at one key. */
struct tally {
	double sum, max, last;
	size_t n;
};

static void tally_add(struct tally *tally, double value)
{
	if (!isfinite(value))
		return;
	tally->max = tally->n > 0 ? fmax(tally->max, value) : value;
	tally->sum += value;
	tally->last = value;
	tally->n++;
}

static double tally_result(const struct tally *tally, enum merge how)
{
	switch (how) {
	case MERGE_MEAN:
		return tally->sum / (double)tally->n;
	case MERGE_SUM:
		return tally->sum;
	case MERGE_MAX:
		return tally->max;
	default:
		return tally->last;
	}
}

static bool has_time(const json_t *row)
{
	return isfinite(figure_get(row, "t_s"));
}

/* The number of a column; errors may be an object of counts. */
static double column_of(const json_t *row, size_t column)
{
	if (json_is_object(json_object_get(row, columns[column].key)))
		return figure_errors(row);
	return figure_get(row, columns[column].key);
}

/* One row for those from index `from` up to `to`; NULL without memory. */
static json_t *merge_rows(const json_t *rows, size_t from, size_t to)
{
	json_t *merged = json_object();

	for (size_t column = 0; column < ARRAY_LEN(columns); column++) {
		struct tally tally = {0};
		double value;

		for (size_t i = from; i < to; i++) {
			const json_t *row = json_array_get(rows, i);

			if (has_time(row))
				tally_add(&tally, column_of(row, column));
		}
		if (tally.n == 0)
			continue;
		value = tally_result(&tally, columns[column].how);
		if (json_object_set_new(merged, columns[column].key,
					json_real(value)) != 0) {
			json_decref(merged);
			return NULL;
		}
	}
	return merged;
}

json_t *condense_intervals(const json_t *intervals, size_t n_max, size_t *per)
{
	size_t n = json_array_size(intervals);
	json_t *rows = json_array();

	*per = n > n_max ? (n + n_max - 1) / n_max : 1;
	for (size_t i = 0; rows && i < n; i += *per) {
		size_t to = n - i < *per ? n : i + *per;
		json_t *row = merge_rows(intervals, i, to);

		if (!row || (has_time(row) && json_array_append(rows, row))) {
			json_decref(rows);
			rows = NULL;
		}
		json_decref(row);
	}
	return rows;
}
