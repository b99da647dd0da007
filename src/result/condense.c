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

/* Adds what is known. */
static void condense_add(double *sum, double value)
{
	if (isfinite(value))
		*sum = isfinite(*sum) ? *sum + value : value;
}

/* One row for n of them; fmax(3) passes over what is not known. */
static struct result_row merge_rows(const struct result_row *rows, size_t n)
{
	struct result_row merged = result_row_none();
	size_t n_rates = 0;

	for (size_t i = 0; i < n; i++) {
		const struct result_row *row = &rows[i];

		n_rates += isfinite(row->rate) ? 1 : 0;
		condense_add(&merged.rate, row->rate);
		condense_add(&merged.lost, row->lost);
		condense_add(&merged.errors, row->errors);
		for (size_t j = 0; j < TIME_N; j++)
			merged.latency.us[j] =
				fmax(merged.latency.us[j], row->latency.us[j]);
	}
	merged.t_s = rows[n - 1].t_s;
	merged.rate /= (double)n_rates;
	return merged;
}

size_t condense_rows(const struct result_rows *rows, size_t n_max,
		     struct result_row *out, size_t *per)
{
	size_t n = 0;

	*per = rows->n > n_max ? (rows->n + n_max - 1) / n_max : 1;
	for (size_t i = 0; i < rows->n; i += *per)
		out[n++] = merge_rows(&rows->at[i],
				      rows->n - i < *per ? rows->n - i : *per);
	return n;
}
