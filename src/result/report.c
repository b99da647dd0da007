/* SPDX-License-Identifier: MIT */
/*
 * A result as one page of HTML, for a person with a phone or a large screen,
 * in a dark or a light room, and for two people who compare: verdict and the
 * main figures first, then the plots, then all numbers and how they were got.
 *
 * The page is read top to bottom like the functions here. Its style sheet has
 * all colours; the plots name classes only. Text from the result (a command
 * line, names of errors) is foreign and passes through put_text().
 */
#include "result/report.h"

#include <math.h>

#include "base/text.h"
#include "result/chart.h"
#include "result/figure.h"

static const char style[] =
	":root {\n"
	"\t--text: #1c2330; --soft: #566174; --page: #f7f8fa; --card: #fff;\n"
	"\t--line: #dde2ea; --code: #f0f2f6; --axis: #8a95a6;\n"
	"\t--s1: #1f5fbf; --s2: #0b8a7d; --s3: #c26a00; --s4: #b3266e;\n"
	"\t--s5: #6b7688; --bad: #c62828;\n"
	"}\n"
	"@media (prefers-color-scheme: dark) { :root {\n"
	"\t--text: #e4e8ef; --soft: #9aa6b8; --page: #14181f;\n"
	"\t--card: #1b212b; --line: #2d3644; --code: #12161c;\n"
	"\t--axis: #66728a; --s1: #7db2ff; --s2: #4fd0bf; --s3: #ffb04d;\n"
	"\t--s4: #ff7fb5; --s5: #a3adbd; --bad: #ff7a70;\n"
	"} }\n"
	"* { box-sizing: border-box; }\n"
	"body {\n"
	"\tmax-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 3rem;\n"
	"\tbackground: var(--page); color: var(--text);\n"
	"\tfont: 1rem/1.5 system-ui, -apple-system, \"Segoe UI\","
	" sans-serif;\n"
	"}\n"
	"h1 { margin: 0; font-size: 1.6rem; letter-spacing: -0.01em; }\n"
	"h2 { margin: 0; font-size: 1.05rem; }\n"
	"h2 small { color: var(--soft); font-weight: normal; }\n"
	"p { margin: 0.4rem 0; }\n"
	".soft { color: var(--soft); }\n"
	".caps { text-transform: uppercase; }\n"
	"code {\n"
	"\tdisplay: block; margin: 0.75rem 0; padding: 0.6rem 0.9rem;\n"
	"\tborder-radius: 0.5rem; background: var(--code);\n"
	"\tfont: 0.875rem/1.5 ui-monospace, Menlo, Consolas, monospace;\n"
	"\toverflow-wrap: anywhere;\n"
	"}\n"
	".verdict {\n"
	"\tmargin: 1rem 0; padding: 0.6rem 0.9rem; background: var(--card);\n"
	"\tborder: 1px solid var(--line); border-radius: 0.5rem;\n"
	"\tborder-left: 4px solid var(--c, var(--s1)); overflow-wrap: "
	"anywhere;\n"
	"}\n"
	".main, .plots, .tables {\n"
	"\tdisplay: grid; gap: 1rem; margin: 1rem 0; padding: 0;\n"
	"}\n"
	".main { grid-template-columns: repeat(4, 1fr); }\n"
	".plots { grid-template-columns: repeat(2, minmax(0, 1fr)); }\n"
	".tables { grid-template-columns:"
	" repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); }\n"
	".main div, figure, section {\n"
	"\tmargin: 0; padding: 0.8rem 1rem; min-width: 0;\n"
	"\tbackground: var(--card); border: 1px solid var(--line);\n"
	"\tborder-radius: 0.75rem;\n"
	"}\n"
	".main dt { color: var(--soft); font-size: 0.875rem; }\n"
	".main dd { margin: 0; font-size: 1.35rem; font-weight: 600; }\n"
	".main dt, .main dd { white-space: nowrap; }\n"
	".main .bad dd { color: var(--bad); }\n"
	".legend {\n"
	"\tdisplay: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0.2rem 0;\n"
	"\tpadding: 0; list-style: none; font-size: 0.875rem;\n"
	"}\n"
	".legend li { display: flex; align-items: center; gap: 0.4rem; }\n"
	".c1 { --c: var(--s1); } .c2 { --c: var(--s2); }\n"
	".c3 { --c: var(--s3); } .c4 { --c: var(--s4); }\n"
	".c5 { --c: var(--s5); } .bad { --c: var(--bad); }\n"
	".target { --c: var(--axis); }\n"
	"i.line { width: 1.4rem; border-top: 3px solid var(--c); }\n"
	"i.dash { border-top-style: dashed; }\n"
	"i.dot, i.ring, i.flag {\n"
	"\twidth: 0.6rem; height: 0.6rem; border-radius: 50%;\n"
	"\tborder: 2px solid var(--c); background: var(--c);\n"
	"}\n"
	"i.ring { background: none; }\n"
	"i.flag {\n"
	"\tborder: 0; border-radius: 0;\n"
	"\tclip-path: polygon(0 0, 100% 0, 50% 100%);\n"
	"}\n"
	"svg { display: block; width: 100%; max-width: 40rem; height: auto;"
	" margin: 0 auto; }\n"
	"svg text { font-size: 12px; fill: var(--text);"
	" font-variant-numeric: tabular-nums; }\n"
	"svg text.soft { fill: var(--soft); }\n"
	".mid { text-anchor: middle; } .end { text-anchor: end; }\n"
	"path { fill: none; }\n"
	"path.grid { stroke: var(--line); }\n"
	"path.axis { stroke: var(--axis); }\n"
	"path.line { stroke: var(--c); stroke-width: 1.75;"
	" stroke-linejoin: round; stroke-linecap: round; }\n"
	"path.dash { stroke-dasharray: 5 4; stroke-linecap: butt; }\n"
	".faint { opacity: 0.5; }\n"
	"path.area { fill: var(--c); opacity: 0.15; }\n"
	"path.flag { fill: var(--c); }\n"
	"circle { fill: var(--c); }\n"
	"circle.ring { fill: var(--card); stroke: var(--c);"
	" stroke-width: 2; }\n"
	"rect.hint { fill: var(--text); opacity: 0; }\n"
	"rect.hint:hover { opacity: 0.08; }\n"
	".scroll { overflow-x: auto; font-size: 0.9375rem; }\n"
	"table { width: 100%; border-collapse: collapse; margin-top: 0.3rem;"
	" }\n"
	"th, td { padding: 0.25rem 0 0.25rem 0.75rem; text-align: right;\n"
	"\tborder-top: 1px solid var(--line);"
	" font-variant-numeric: tabular-nums; }\n"
	"thead th { border-top: 0; color: var(--soft);"
	" vertical-align: bottom; }\n"
	"th { font-weight: normal; }\n"
	"th:first-child { padding-left: 0; text-align: left; }\n"
	"td, thead th { white-space: nowrap; }\n"
	"td.text { white-space: normal; overflow-wrap: anywhere; }\n"
	"@media (max-width: 64rem) {\n"
	"\t.scroll { font-size: 0.8125rem; }\n"
	"\tth, td { padding-left: 0.45rem; }\n"
	"}\n"
	"@media (max-width: 48rem) {\n"
	"\t.plots { grid-template-columns: minmax(0, 1fr); }\n"
	"}\n"
	"@media (max-width: 34rem) {\n"
	"\t.main { grid-template-columns: repeat(2, 1fr); }\n"
	"\tbody { padding: 0.9rem 0.6rem 2rem; }\n"
	"\t.main, .plots, .tables { gap: 0.6rem; margin: 0.6rem 0; }\n"
	"\t.main div, figure, section { padding: 0.6rem; }\n"
	"\th1 { font-size: 1.35rem; }\n"
	"\tsvg text { font-size: 13.5px; }\n"
	"}\n"
	"@media print { body { background: none; } figure, section"
	" { break-inside: avoid; } }\n";

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
static double length_s(const struct result *result)
{
	const struct result_rows *rows = &result->intervals;

	return rows->n > 0 ? rows->at[rows->n - 1].t_s : (double)NAN;
}

static struct figure format_time(double us)
{
	return figure_time(us, FIGURE_MICRO_UTF8);
}

/* --- the top --- */

static void write_head(FILE *out, const struct result *result)
{
	fputs("<!DOCTYPE html>\n"
	      "<html lang=\"en\">\n"
	      "<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\""
	      " content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<title>uppercase-load: ",
	      out);
	put_text(out, result->command);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

/* When, against whom, how many for how long. */
static void write_subtitle(FILE *out, const struct result *result)
{
	size_t n_steps = result->steps.n;
	double s = n_steps > 0 ? length_s(result) : result->duration_s;

	fputs("<p class=\"soft\">", out);
	put_text(out, result->started);
	if (isfinite(result->server_port)) {
		fputs(", ", out);
		put_text(out, result->server_host);
		fprintf(out, " port %.0f", result->server_port);
	}
	fprintf(out, ", %s client%s", figure_count(result->clients).text,
		result->clients == 1 ? "" : "s");
	if (n_steps > 0)
		fprintf(out, ", %zu steps in ", n_steps);
	fprintf(out, "%s%s%s</p>\n", n_steps > 0 ? "" : " for ",
		format_time(s * 1e6).text,
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
static void write_found(FILE *out, const struct result_found *found)
{
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

static void write_top(FILE *out, const struct result *result)
{
	fputs("<h1>Load test over <span class=\"caps\">", out);
	put_text(out, result->protocol);
	fprintf(out, "</span>, %s loop</h1>\n",
		result_is_open_loop(result) ? "open" : "closed");
	write_subtitle(out, result);
	fputs("<code>", out);
	put_text(out, result->command);
	fputs("</code>\n", out);
	write_verdict(out, result);
	write_found(out, &result->found);
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

	fputs("<dl class=\"main\">\n", out);
	add_main(out, "exchanges/s", figure_rate(result->rate), false);
	add_main(out, "median", format_time(us[TIME_P50]), false);
	add_main(out, "99 % within", format_time(us[TIME_P99]), false);
	add_main(out, "99.9 % within", format_time(us[TIME_P999]), false);
	add_main(out, "longest", format_time(us[TIME_MAX]), false);
	add_main_count(out, "lost", result->counts[COUNTER_LOST]);
	add_main_count(out, "corrupt", result->counts[COUNTER_CORRUPT]);
	add_main_count(out, "errors", result_count_errors(result));
	fputs("</dl>\n", out);
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

static void write_latency(FILE *out, const struct result *result)
{
	begin_table(out, "Latency", "",
		    "<th>latency</th><th>service time</th>");
	for (size_t i = 0; i < TIME_N; i++)
		fprintf(out, "<tr><th>%s</th><td>%s</td><td>%s</td></tr>\n",
			times_label(i), format_time(result->latency.us[i]).text,
			format_time(result->service.us[i]).text);
	end_table(out);
}

static void add_errors(FILE *out, const struct result *result)
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
	add_errors(out, result);
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
			format_time(late_us[TIME_P50]));
		add_row(out, "sent late by, 99 %",
			format_time(late_us[TIME_P99]));
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
		format_time(step->latency.us[TIME_P50]).text);
	fprintf(out, "<td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
		format_time(step->latency.us[TIME_P99]).text,
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

static void write_notes(FILE *out, const struct result *result)
{
	fputs("<section><h2>How latency is counted</h2>\n<p>", out);
	if (result_is_open_loop(result))
		fputs("Open loop: exchanges were due on a schedule, whether or "
		      "not the server kept up. Latency counts from when an "
		      "exchange was due, so a stall of the server shows in "
		      "full; service time counts from when it was sent.",
		      out);
	else
		fputs("Closed loop: a client sends when it was answered. While "
		      "the server stalls it is asked nothing, so a stall "
		      "weighs "
		      "little in these percentiles. Run with --rate to see "
		      "what "
		      "those who do not wait for each other would see.",
		      out);
	fputs("</p>\n<p>A dash is a number that was not measured, or a "
	      "percentile for which there were too few exchanges.</p>\n"
	      "</section>\n",
	      out);
}

/* Three plots and a table, or four and two: no row of two is left half empty.
 */
static int write_plots(FILE *out, const struct result *result)
{
	fputs("<div class=\"plots\">\n", out);
	if (result->steps.n > 0) {
		chart_ramp(out, &result->steps);
		write_steps(out, &result->steps);
	}
	if (chart_over_time(out, result) < 0)
		return -1;
	chart_percentiles(out, result);
	write_latency(out, result);
	fputs("</div>\n", out);
	return 0;
}

int report_write_html(FILE *out, const struct result *result)
{
	write_head(out, result);
	write_top(out, result);
	write_main(out, result);
	if (write_plots(out, result) < 0)
		return -1;
	fputs("<div class=\"tables\">\n", out);
	write_exchanges(out, result);
	write_generator(out, result);
	write_notes(out, result);
	fputs("</div>\n</body>\n</html>\n", out);
	return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}
