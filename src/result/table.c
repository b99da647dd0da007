/* SPDX-License-Identifier: MIT */
/*
 * The result as a person reads it in a terminal or in a mail: what was done,
 * how fast, how long it took, what went wrong, and who was the limit. All
 * comes from the JSON, so the two never disagree.
 */
#include "result/table.h"

#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "base/text.h"
#include "result/figure.h"

#define WIDTH	  80
#define BAR_WIDTH 48
#define TEXT_SIZE 6000 /* a PATH and then some */
#define ROWS_MAX  40   /* 1, 2, 5 ... from 1 us to an hour, and beyond */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static const char *micro(double us, struct figure *figure)
{
	*figure = figure_time(us, FIGURE_MICRO_ASCII);
	return figure->text;
}

/* Prints text in lines of at most WIDTH columns, indented. */
static void print_wrapped(FILE *out, const char *indent, struct slice text)
{
	const size_t room = WIDTH - strlen(indent);

	while (text.len > 0) {
		size_t len = text.len;

		if (len > room) {
			len = room;
			while (len > 0 && text.ptr[len] != ' ')
				len--;
			if (len == 0)
				len = room;
		}
		(void)fprintf(out, "%s%.*s\n", indent, (int)len, text.ptr);
		while (len < text.len && text.ptr[len] == ' ')
			len++;
		text.ptr += len;
		text.len -= len;
	}
}

static void add_sizes(struct text *text, const json_t *result)
{
	const json_t *sizes = json_object_get(result, "size_bytes");
	json_int_t from = json_integer_value(json_array_get(sizes, 0));
	json_int_t to = json_integer_value(json_array_get(sizes, 1));

	if (!sizes)
		text_addf(text, "GET %s", text_of(result, "path"));
	else if (from == to)
		text_addf(text, "%" JSON_INTEGER_FORMAT " bytes", from);
	else
		text_addf(text,
			  "%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT
			  " bytes",
			  from, to);
}

static void print_head(FILE *out, const json_t *result)
{
	double target = figure_get(result, "target_rate");
	double clients = figure_get(result, "clients");
	char buf[TEXT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	text_addf(&text, "%s %s port %.0f: ", text_of(result, "protocol"),
		  text_of(result, "server_host"),
		  figure_get(result, "server_port"));
	if (json_object_get(result, "steps"))
		text_addf(&text, "%s loop in steps, ", text_of(result, "mode"));
	else if (isfinite(target))
		text_addf(&text, "open loop at %s/s, ",
			  figure_rate(target).text);
	else
		text_add_str(&text, "closed loop, ");
	text_addf(&text, "%s client%s, ", figure_count(clients).text,
		  clients > 1 ? "s" : "");
	add_sizes(&text, result);
	print_wrapped(out, "", text_slice(&text));
	(void)fputc('\n', out);
}

static void print_rate(FILE *out, const json_t *result)
{
	double n = figure_get(result, "exchanges");
	double duration_s = figure_get(result, "duration_s");
	double rate = figure_get(result, "rate");
	/* Of a few on schedule, see tally_rate(). */
	struct figure duration;
	bool has_pause = rate * duration_s < 0.99 * n;

	(void)fprintf(out, "  %s exchange%s in %s: %s/s%s\n",
		      figure_count(n).text, n == 1 ? "" : "s",
		      micro(duration_s * 1e6, &duration),
		      figure_rate(rate).text,
		      has_pause ? ", the last one's interval included" : "");
	(void)fprintf(out, "  %s sent, %s received\n\n",
		      figure_bytes(figure_get(result, "bytes_sent")).text,
		      figure_bytes(figure_get(result, "bytes_received")).text);
}

/* A line for each, since a column for each would take more than 80. */
static void print_latency(FILE *out, const json_t *result)
{
	static const char *const rows[][2] = {
		{"min", "min"}, {"mean", "mean"},  {"p50", "p50"},
		{"p75", "p75"}, {"p90", "p90"},	   {"p95", "p95"},
		{"p99", "p99"}, {"p999", "p99.9"}, {"p9999", "p99.99"},
		{"max", "max"},
	};
	const json_t *latency = json_object_get(result, "latency_us");
	const json_t *service = json_object_get(result, "service_us");
	bool is_open = isfinite(figure_get(result, "target_rate"));
	struct figure a, b;

	(void)fprintf(out, "  %-8s %9s%s\n", "", "latency",
		      is_open ? "   service" : "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)fprintf(out, "  %-8s %9s", rows[i][1],
			      micro(figure_get(latency, rows[i][0]), &a));
		if (is_open)
			(void)fprintf(
				out, " %9s",
				micro(figure_get(service, rows[i][0]), &b));
		(void)fputc('\n', out);
	}
	(void)fputc('\n', out);
}

static void print_counts(FILE *out, const json_t *result)
{
	static const char *const keys[] = {"lost", "late", "duplicate",
					   "reordered", "corrupt"};
	char buf[TEXT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		text_addf(&text, "%s%s %s", i > 0 ? ", " : "", keys[i],
			  figure_count(figure_get(result, keys[i])).text);
	text_addf(&text, " (loss %s)",
		  figure_percent(figure_get(result, "loss_percent")).text);
	print_wrapped(out, "  ", text_slice(&text));
	if (figure_get(result, "unsent") > 0)
		(void)fprintf(out, "  %s were due and never sent\n",
			      figure_count(figure_get(result, "unsent")).text);
	if (figure_get(result, "unfinished") > 0)
		(void)fprintf(
			out, "  %s were in flight when it was broken off\n",
			figure_count(figure_get(result, "unfinished")).text);
}

static void print_errors(FILE *out, json_t *errors)
{
	char buf[TEXT_SIZE];
	struct text text = text_in(buf, sizeof(buf));
	const char *name, *separator = "errors: ";
	json_t *count;

	if (json_object_size(errors) == 0)
		text_add_str(&text, "errors: none");
	json_object_foreach (errors, name, count) {
		text_addf(&text, "%s%s %s", separator, name,
			  figure_count(json_number_value(count)).text);
		separator = ", ";
	}
	print_wrapped(out, "  ", text_slice(&text));
	(void)fputc('\n', out);
}

static void print_generator(FILE *out, const json_t *result)
{
	const json_t *generator = json_object_get(result, "generator");
	const json_t *late = json_object_get(generator, "lateness_us");
	struct figure p50, p99;
	double drops = figure_get(generator, "receive_drops");

	(void)fprintf(out, "  this program used %s of a core",
		      figure_cores(figure_get(generator, "cpu_share")).text);
	if (isfinite(figure_get(late, "p50")))
		(void)fprintf(out, " and sent late by p50 %s, p99 %s",
			      micro(figure_get(late, "p50"), &p50),
			      micro(figure_get(late, "p99"), &p99));
	(void)fputc('\n', out);
	if (drops > 0)
		(void)fprintf(out,
			      "  %s answers came but were lost in its own "
			      "sockets\n",
			      figure_count(drops).text);
	print_wrapped(out, "  ", slice_of(text_of(result, "verdict")));
}

/* --- the histogram --- */

struct row {
	double top_us;
	double count;
};

/* Rows of equal width on a logarithmic axis: 1, 2, 5, 10, 20, 50 ... */
static double next_bound(double us)
{
	double decade = pow(10, floor(log10(us) + 1e-9));
	double lead = us / decade;

	return decade * (lead < 1.5 ? 2 : lead < 3 ? 5 : 10);
}

/* Puts the buckets into rows; returns how many. */
static size_t make_rows(const json_t *buckets, struct row rows[ROWS_MAX])
{
	size_t n = 0, i;
	json_t *pair;

	json_array_foreach (buckets, i, pair) {
		double top = json_number_value(json_array_get(pair, 0));
		double count = json_number_value(json_array_get(pair, 1));

		while (n == 0 || top > rows[n - 1].top_us) {
			double bound = 1;

			if (n == ROWS_MAX)
				break;
			if (n > 0)
				bound = next_bound(rows[n - 1].top_us);
			while (n == 0 && bound < top)
				bound = next_bound(bound);
			rows[n++] = (struct row){bound, 0};
		}
		rows[n - 1].count += count;
	}
	return n;
}

static void print_row(FILE *out, const struct row *row, double total,
		      double greatest)
{
	size_t len = (size_t)ceil(row->count / greatest * BAR_WIDTH);
	struct figure figure;

	(void)fprintf(out, "  to %8s %8s ", micro(row->top_us, &figure),
		      figure_percent(100 * row->count / total).text);
	for (size_t i = 0; i < len; i++)
		(void)fputc('#', out);
	(void)fputc('\n', out);
}

static void print_histogram(FILE *out, const json_t *result)
{
	struct row rows[ROWS_MAX];
	size_t n = make_rows(json_object_get(result, "histogram"), rows);
	double total = 0, greatest = 0;

	for (size_t i = 0; i < n; i++) {
		total += rows[i].count;
		greatest = fmax(greatest, rows[i].count);
	}
	if (n == 0)
		return;
	(void)fputc('\n', out);
	for (size_t i = 0; i < n; i++)
		print_row(out, &rows[i], total, greatest);
}

/* --- steps --- */

static void print_step(FILE *out, const json_t *step)
{
	struct figure p50, p99;
	double target = figure_get(step, "target_rate");

	(void)fprintf(out, "  %12s %8s %12s %9s %9s %8s %8s  %s\n",
		      isfinite(target) ? figure_rate(target).text : "-",
		      figure_count(figure_get(step, "clients")).text,
		      figure_rate(figure_get(step, "rate")).text,
		      micro(figure_get(step, "p50_us"), &p50),
		      micro(figure_get(step, "p99_us"), &p99),
		      figure_percent(figure_get(step, "loss_percent")).text,
		      figure_count(figure_get(step, "errors")).text,
		      json_is_true(json_object_get(step, "held")) ? "yes"
								  : "no");
}

static void print_found(FILE *out, const json_t *find_max)
{
	double rate = figure_get(find_max, "rate");
	const char *remark =
		json_string_value(json_object_get(find_max, "remark"));
	char buf[TEXT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	if (!find_max)
		return;
	if (isfinite(rate))
		text_addf(&text, "highest rate with %s: %s/s%s%s",
			  text_of(find_max, "condition"),
			  figure_rate(rate).text, remark ? " " : "",
			  remark ? remark : "");
	else
		text_addf(&text, "no rate was found at which %s holds",
			  text_of(find_max, "condition"));
	print_wrapped(out, "  ", text_slice(&text));
	(void)fputc('\n', out);
}

static void print_steps(FILE *out, const json_t *result)
{
	const json_t *steps = json_object_get(result, "steps");
	json_t *step;
	size_t i;

	if (!steps)
		return;
	(void)fprintf(out, "  %12s %8s %12s %9s %9s %8s %8s  %s\n", "target/s",
		      "clients", "rate/s", "p50", "p99", "loss", "errors",
		      "held");
	json_array_foreach (steps, i, step)
		print_step(out, step);
	(void)fputc('\n', out);
	print_found(out, json_object_get(result, "find_max"));
}

void table_print(FILE *out, const json_t *result)
{
	print_head(out, result);
	print_steps(out, result);
	print_rate(out, result);
	print_latency(out, result);
	print_counts(out, result);
	print_errors(out, json_object_get(result, "errors"));
	print_generator(out, result);
	print_histogram(out, result);
}
