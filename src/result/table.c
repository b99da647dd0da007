/* SPDX-License-Identifier: MIT */
/*
 * The result as a person reads it in a terminal or in a mail: what was done,
 * how fast, how long it took, what went wrong, and who was the limit.
 */
#include "result/table.h"

#include <math.h>

#include "base/compiler.h"
#include "base/text.h"
#include "result/figure.h"
#include "result/wrap.h"

#define BAR_WIDTH 48
#define TEXT_SIZE 6000 /* a PATH and then some */
#define ROWS_MAX  40   /* 1, 2, 5 ... from 1 us to an hour, and beyond */

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static const char *micro(double us, struct figure *figure)
{
	*figure = figure_time(us, FIGURE_MICRO_ASCII);
	return figure->text;
}

static void add_sizes(struct text *text, const struct result *result)
{
	double from = result->size_bytes[0], to = result->size_bytes[1];

	if (!isfinite(from))
		text_addf(text, "GET %s", or_dash(result->path));
	else if (from < to)
		text_addf(text, "%.0f to %.0f bytes", from, to);
	else
		text_addf(text, "%.0f bytes", from);
}

static void print_head(FILE *out, const struct result *result)
{
	char buf[TEXT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	text_addf(&text, "%s %s port %.0f: ", or_dash(result->protocol),
		  or_dash(result->server_host), result->server_port);
	if (result->steps.n > 0)
		text_addf(&text, "%s loop in steps, ", or_dash(result->mode));
	else if (isfinite(result->target_rate))
		text_addf(&text, "open loop at %s/s, ",
			  figure_rate(result->target_rate).text);
	else
		text_add_str(&text, "closed loop, ");
	text_addf(&text, "%s client%s, ", figure_count(result->clients).text,
		  result->clients > 1 ? "s" : "");
	add_sizes(&text, result);
	wrap_print(out, "", text_slice(&text));
	(void)fputc('\n', out);
}

static void print_rate(FILE *out, const struct result *result)
{
	double n = result->counts[COUNTER_EXCHANGES];
	const double *counts = result->counts;
	/* Of a few on schedule, see tally_rate(). */
	bool has_pause = result->rate * result->duration_s < 0.99 * n;
	struct figure duration;

	(void)fprintf(out, "  %s exchange%s in %s: %s/s%s\n",
		      figure_count(n).text, n == 1 ? "" : "s",
		      micro(result->duration_s * 1e6, &duration),
		      figure_rate(result->rate).text,
		      has_pause ? ", the last one's interval included" : "");
	(void)fprintf(out, "  %s sent, %s received\n\n",
		      figure_bytes(counts[COUNTER_BYTES_SENT]).text,
		      figure_bytes(counts[COUNTER_BYTES_RECEIVED]).text);
}

/* A line for each, since a column for each would take more than 80. */
static void print_latency(FILE *out, const struct result *result)
{
	bool is_open = isfinite(result->target_rate);
	struct figure a, b;

	(void)fprintf(out, "  %-8s %9s%s\n", "", "latency",
		      is_open ? "   service" : "");
	for (size_t i = 0; i < TIME_N; i++) {
		(void)fprintf(out, "  %-8s %9s", times_label(i),
			      micro(result->latency.us[i], &a));
		if (is_open)
			(void)fprintf(out, " %9s",
				      micro(result->service.us[i], &b));
		(void)fputc('\n', out);
	}
	(void)fputc('\n', out);
}

/* What is worth a line only when there was any. */
static void print_if_any(FILE *out, double n, const char *what)
{
	if (n > 0)
		(void)fprintf(out, "  %s %s\n", figure_count(n).text, what);
}

static void table_print_counts(FILE *out, const struct result *result)
{
	static const enum counter_id ids[] = {
		COUNTER_LOST, COUNTER_LATE, COUNTER_DUPLICATE,
		COUNTER_REORDERED, COUNTER_CORRUPT};
	const double *counts = result->counts;
	char buf[TEXT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		text_addf(&text, "%s%s %s", i > 0 ? ", " : "",
			  stats_label(ids[i]),
			  figure_count(counts[ids[i]]).text);
	text_addf(&text, " (loss %s)",
		  figure_percent(result->loss_percent).text);
	wrap_print(out, "  ", text_slice(&text));
	print_if_any(out, counts[COUNTER_UNSENT], "were due and never sent");
	print_if_any(out, counts[COUNTER_UNFINISHED],
		     "were in flight when it was broken off");
}

static void table_print_errors(FILE *out, const struct result *result)
{
	char buf[TEXT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	text_add_str(&text, result->n_errors > 0 ? "errors" : "errors: none");
	for (size_t i = 0; i < result->n_errors; i++)
		text_addf(&text, "%s %s %s", i > 0 ? "," : ":",
			  result->errors[i].name,
			  figure_count(result->errors[i].n).text);
	wrap_print(out, "  ", text_slice(&text));
	(void)fputc('\n', out);
}

static void table_print_generator(FILE *out, const struct result *result)
{
	const struct result_generator *generator = &result->generator;
	const double *late_us = generator->lateness.us;
	struct figure p50, p99;

	(void)fprintf(out, "  this program used %s of a core",
		      figure_cores(generator->cpu_share).text);
	if (isfinite(late_us[TIME_P50]))
		(void)fprintf(out, " and sent late by p50 %s, p99 %s",
			      micro(late_us[TIME_P50], &p50),
			      micro(late_us[TIME_P99], &p99));
	(void)fputc('\n', out);
	print_if_any(out, generator->receive_drops,
		     "answers came but were lost in its own sockets");
	wrap_print(out, "  ", slice_of(or_dash(result->verdict)));
}

/* --- the histogram --- */

/* Rows of equal width on a logarithmic axis: 1, 2, 5, 10, 20, 50 ... */
static double next_bound(double us)
{
	double decade = pow(10, floor(log10(us) + 1e-9));
	double lead = us / decade;

	return decade * (lead < 1.5 ? 2 : lead < 3 ? 5 : 10);
}

/* Puts the buckets into rows; returns how many. */
static size_t make_rows(const struct result *result,
			struct result_bucket rows[ROWS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < result->n_buckets; i++) {
		const struct result_bucket *bucket = &result->buckets[i];

		while (n == 0 || bucket->top_us > rows[n - 1].top_us) {
			double bound = 1;

			if (n == ROWS_MAX)
				break;
			if (n > 0)
				bound = next_bound(rows[n - 1].top_us);
			while (n == 0 && bound < bucket->top_us)
				bound = next_bound(bound);
			rows[n++] = (struct result_bucket){bound, 0};
		}
		rows[n - 1].n += bucket->n;
	}
	return n;
}

static void table_print_row(FILE *out, const struct result_bucket *row,
			    double total, double greatest)
{
	size_t len = (size_t)ceil(row->n / greatest * BAR_WIDTH);
	struct figure figure;

	(void)fprintf(out, "  to %8s %8s ", micro(row->top_us, &figure),
		      figure_percent(100 * row->n / total).text);
	for (size_t i = 0; i < len; i++)
		(void)fputc('#', out);
	(void)fputc('\n', out);
}

static void print_histogram(FILE *out, const struct result *result)
{
	struct result_bucket rows[ROWS_MAX];
	size_t n = make_rows(result, rows);
	double total = 0, greatest = 0;

	for (size_t i = 0; i < n; i++) {
		total += rows[i].n;
		greatest = fmax(greatest, rows[i].n);
	}
	if (n == 0)
		return;
	(void)fputc('\n', out);
	for (size_t i = 0; i < n; i++)
		table_print_row(out, &rows[i], total, greatest);
}

/* --- steps --- */

static void print_step(FILE *out, const struct result_row *step)
{
	struct figure p50, p99;

	(void)fprintf(
		out, "  %12s %8s %12s %9s %9s %8s %8s  %s\n",
		figure_rate(step->target_rate).text,
		figure_count(step->clients).text, figure_rate(step->rate).text,
		micro(step->latency.us[TIME_P50], &p50),
		micro(step->latency.us[TIME_P99], &p99),
		figure_percent(step->loss_percent).text,
		figure_count(step->errors).text, step->held ? "yes" : "no");
}

static void print_found(FILE *out, const struct result_found *found)
{
	char buf[TEXT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	if (!found->condition)
		return;
	if (isfinite(found->rate))
		text_addf(&text, "highest rate with %s: %s/s%s%s",
			  found->condition, figure_rate(found->rate).text,
			  found->remark ? " " : "",
			  found->remark ? found->remark : "");
	else
		text_addf(&text, "no rate was found at which %s holds",
			  found->condition);
	wrap_print(out, "  ", text_slice(&text));
	(void)fputc('\n', out);
}

static void print_steps(FILE *out, const struct result *result)
{
	if (result->steps.n == 0)
		return;
	(void)fprintf(out, "  %12s %8s %12s %9s %9s %8s %8s  %s\n", "target/s",
		      "clients", "rate/s", "p50", "p99", "loss", "errors",
		      "held");
	for (size_t i = 0; i < result->steps.n; i++)
		print_step(out, &result->steps.at[i]);
	(void)fputc('\n', out);
	print_found(out, &result->found);
}

void table_print(FILE *out, const struct result *result)
{
	print_head(out, result);
	print_steps(out, result);
	print_rate(out, result);
	print_latency(out, result);
	table_print_counts(out, result);
	table_print_errors(out, result);
	table_print_generator(out, result);
	print_histogram(out, result);
}
