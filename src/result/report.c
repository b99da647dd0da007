/* SPDX-License-Identifier: MIT */
/*
 * A result as one page of HTML, for a person with a phone or a large screen,
 * in a dark or a light room, and for two people who compare: verdict and the
 * main figures first, then the plots, then all numbers and how they were got.
 *
 * The page itself is report.html beside this file. Its style sheet, report.css,
 * has all colours; the plots name classes only. Text from the result (a command
 * line, names of errors) is foreign and passes through put_text().
 */
#include "result/report.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "result/chart.h"
#include "result/figure.h"
#include "result/pieces.h"

/* --- text of the result --- */

/* Writes foreign bytes so that they are text and no markup. */
static void put_bytes(FILE *out, struct slice s)
{
	char buf[512]; /* a reference has 6 bytes at most */

	while (s.len > 0) {
		struct slice part = {s.ptr, s.len < 64 ? s.len : 64};
		struct text text = text_in(buf, sizeof(buf));

		text_add_html(&text, part);
		(void)fwrite(text.ptr, 1, text.len, out);
		s = (struct slice){s.ptr + part.len, s.len - part.len};
	}
}

/* Writes a string of the result, or a dash. */
static void put_text(FILE *out, const char *str)
{
	put_bytes(out, slice_of(str && *str ? str : "-"));
}

/* How long all of its steps took; its own duration is that of the best. */
static double report_length_s(const struct result *result)
{
	const struct result_rows *rows = &result->intervals;

	return rows->n > 0 ? rows->at[rows->n - 1].t_s : (double)NAN;
}

static struct figure report_format_time(double us)
{
	return figure_time(us, FIGURE_MICRO_UTF8);
}

/* --- the top --- */

/* When, against whom, how many for how long. */
static void write_subtitle(FILE *out, const struct result *result)
{
	size_t n_steps = result->steps.n;
	double s = n_steps > 0 ? report_length_s(result) : result->duration_s;

	put_text(out, result->started);
	if (isfinite(result->server_port)) {
		fputs(", ", out);
		put_text(out, result->server_host);
		fprintf(out, " port %.0f", result->server_port);
	}
	fprintf(out, ", %s client%s", figure_count(result->clients).text,
		result->clients == 1 ? "" : "s");
	if (n_steps > 0)
		fprintf(out, ", %zu step%s in ", n_steps,
			n_steps == 1 ? "" : "s");
	else
		fputs(" for ", out);
	fprintf(out, "%s%s", report_format_time(s * 1e6).text,
		result->interrupted ? ", ended early" : "");
}

static void write_verdict(FILE *out, const struct result *result)
{
	if (!result->verdict)
		return;
	/* Then the numbers are not the server's. */
	fprintf(out, "<p class=\"verdict%s\">",
		result->generator.limited ? " bad" : "");
	put_text(out, result->verdict);
	fputs("</p>\n", out);
}

/* What a search for the highest rate found. */
static void write_found(FILE *out, const struct result *result)
{
	const struct result_found *found = &result->found;

	if (!found->condition)
		return;
	fputs("<p class=\"verdict\">the highest rate with ", out);
	put_text(out, found->condition);
	if (isfinite(found->rate))
		fprintf(out, ": <strong>%s</strong> a second%s",
			figure_rate(found->rate).text,
			found->remark ? ", " : "");
	else
		fputs(": none was found", out);
	if (isfinite(found->rate) && found->remark)
		put_text(out, found->remark);
	fputs("</p>\n", out);
}

static void add_main(FILE *out, const char *name, struct figure figure,
		     bool is_bad)
{
	fprintf(out, "<div%s><dt>%s</dt><dd>%s</dd></div>\n",
		is_bad ? " class=\"bad\"" : "", name, figure.text);
}

static void add_main_count(FILE *out, const char *name, double n)
{
	add_main(out, name, figure_count(n), n > 0);
}

static void write_main(FILE *out, const struct result *result)
{
	const double *us = result->latency.us;

	add_main(out, "exchanges/s", figure_rate(result->rate), false);
	add_main(out, "median", report_format_time(us[TIME_P50]), false);
	add_main(out, "99 % within", report_format_time(us[TIME_P99]), false);
	add_main(out, "99.9 % within", report_format_time(us[TIME_P999]),
		 false);
	add_main(out, "longest", report_format_time(us[TIME_MAX]), false);
	add_main_count(out, "lost", result->counts[COUNTER_LOST]);
	add_main_count(out, "corrupt", result->counts[COUNTER_CORRUPT]);
	add_main_count(out, "errors", result_count_errors(result));
}

/* --- the tables --- */

/* columns are th elements, or NULL for a table of names and values. */
static void begin_table(FILE *out, const char *heading, const char *first,
			const char *columns)
{
	fprintf(out, "<section><h2>%s</h2>\n<div class=\"scroll\"><table>\n",
		heading);
	if (columns)
		fprintf(out, "<thead><tr><th>%s</th>%s</tr></thead>\n", first,
			columns);
	fputs("<tbody>\n", out);
}

static void end_table(FILE *out)
{
	fputs("</tbody></table></div></section>\n", out);
}

static void add_row(FILE *out, const char *name, struct figure figure)
{
	fprintf(out, "<tr><th>%s</th><td>%s</td></tr>\n", name, figure.text);
}

static void add_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<tr><th>%s</th><td class=\"text\">", name);
	put_text(out, text);
	fputs("</td></tr>\n", out);
}

static void report_write_latency(FILE *out, const struct result *result)
{
	begin_table(out, "Latency", "",
		    "<th>latency</th><th>service time</th>");
	for (size_t i = 0; i < TIME_N; i++)
		fprintf(out, "<tr><th>%s</th><td>%s</td><td>%s</td></tr>\n",
			times_label(i),
			report_format_time(result->latency.us[i]).text,
			report_format_time(result->service.us[i]).text);
	end_table(out);
}

static void report_add_errors(FILE *out, const struct result *result)
{
	for (size_t i = 0; i < result->n_errors; i++) {
		fputs("<tr><th>error: ", out);
		put_text(out, result->errors[i].name);
		fprintf(out, "</th><td>%s</td></tr>\n",
			figure_count(result->errors[i].n).text);
	}
}

static void add_counts(FILE *out, const struct result *result)
{
	/* Those that are worth a row only when there was any at the end. */
	static const enum counter_id ids[] = {
		COUNTER_LOST,	    COUNTER_DUPLICATE, COUNTER_REORDERED,
		COUNTER_LATE,	    COUNTER_CORRUPT,   COUNTER_FAILED,
		COUNTER_UNFINISHED, COUNTER_UNSENT};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		double n = result->counts[ids[i]];

		if (i < 5 || n > 0)
			add_row(out, stats_label(ids[i]), figure_count(n));
	}
}

static void write_exchanges(FILE *out, const struct result *result)
{
	const double *counts = result->counts;

	begin_table(out, "Exchanges", NULL, NULL);
	add_row(out, "exchanges", figure_count(counts[COUNTER_EXCHANGES]));
	add_row(out, "a second", figure_rate(result->rate));
	if (result_is_open_loop(result) && result->steps.n == 0)
		add_row(out, "a second, target",
			figure_rate(result->target_rate));
	add_counts(out, result);
	report_add_errors(out, result);
	add_row(out, "bytes sent", figure_bytes(counts[COUNTER_BYTES_SENT]));
	add_row(out, "bytes received",
		figure_bytes(counts[COUNTER_BYTES_RECEIVED]));
	end_table(out);
}

static void write_generator(FILE *out, const struct result *result)
{
	const struct result_generator *generator = &result->generator;
	const struct result_host *host = &result->host;
	const double *late_us = generator->lateness.us;

	begin_table(out, "Where it ran", NULL, NULL);
	add_text(out, "uppercase-load", result->version);
	add_text(out, "host", host->name);
	add_text(out, "kernel", host->kernel);
	add_text(out, "machine", host->machine);
	add_row(out, "CPUs", figure_count(host->cpus));
	add_row(out, "processes", figure_count(generator->jobs));
	add_row(out, "used of a core", figure_cores(generator->cpu_share));
	add_row(out, "waited for a core", figure_cores(generator->wait_share));
	if (result_is_open_loop(result)) {
		add_row(out, "sent late by, median",
			report_format_time(late_us[TIME_P50]));
		add_row(out, "sent late by, 99 %",
			report_format_time(late_us[TIME_P99]));
	}
	end_table(out);
}

/* Whether the rate climbed; else the clients did. */
static bool has_targets(const struct result_rows *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		if (isfinite(steps->at[i].target_rate))
			return true;
	return false;
}

static void add_step(FILE *out, const struct result_row *step, bool by_rate)
{
	fprintf(out, "<tr><th>%s</th><td>%s</td><td>%s</td>",
		by_rate ? figure_rate(step->target_rate).text
			: figure_count(step->clients).text,
		figure_rate(step->rate).text,
		report_format_time(step->latency.us[TIME_P50]).text);
	fprintf(out, "<td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
		report_format_time(step->latency.us[TIME_P99]).text,
		figure_percent(step->loss_percent).text,
		figure_count(step->errors).text, step->held ? "yes" : "no");
}

static void write_steps(FILE *out, const struct result_rows *steps)
{
	bool by_rate = has_targets(steps);
	const struct result_row *step = NULL;

	begin_table(out, "Steps", by_rate ? "target" : "clients",
		    "<th>rate</th><th>p50</th><th>p99</th><th>loss</th>"
		    "<th>errors</th><th>held</th>");
	while ((step = chart_next_step(steps, step)))
		add_step(out, step, by_rate);
	end_table(out);
}

/* --- the page --- */

static void write_command(FILE *out, const struct result *result)
{
	put_text(out, result->command);
}

static void write_protocol(FILE *out, const struct result *result)
{
	put_text(out, result->protocol);
}

static void write_loop(FILE *out, const struct result *result)
{
	fputs(result_is_open_loop(result) ? "open" : "closed", out);
}

static void write_counting(FILE *out, const struct result *result)
{
	fputs(result_is_open_loop(result) ? pieces_open() : pieces_closed(),
	      out);
}

static void write_style(FILE *out, const struct result *result)
{
	(void)result;
	fputs(pieces_style(), out);
}

/* Three plots and a table, or four and two: no row of two is left half empty.
 */
static void write_plots(FILE *out, const struct result *result)
{
	if (result->steps.n > 0) {
		chart_ramp(out, &result->steps);
		write_steps(out, &result->steps);
	}
	chart_over_time(out, result);
	chart_percentiles(out, result);
	report_write_latency(out, result);
}

/* What stands in the page for each name in braces. */
static const struct {
	const char *name;
	void (*write)(FILE *out, const struct result *result);
} parts[] = {
	{"command", write_command},	{"style", write_style},
	{"protocol", write_protocol},	{"loop", write_loop},
	{"subtitle", write_subtitle},	{"verdict", write_verdict},
	{"found", write_found},		{"main", write_main},
	{"plots", write_plots},		{"exchanges", write_exchanges},
	{"generator", write_generator}, {"counting", write_counting},
};

static void write_part(FILE *out, const struct result *result,
		       struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (slice_is(name, parts[i].name))
			parts[i].write(out, result);
}

int report_write_html(FILE *out, const struct result *result)
{
	for (const char *at = pieces_page(); *at;) {
		size_t len = strcspn(at, "{");

		(void)fwrite(at, 1, len, out);
		at += len;
		if (*at == '\0')
			break;
		len = strcspn(++at, "}");
		write_part(out, result, (struct slice){at, len});
		at += len + 1;
	}
	return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}
