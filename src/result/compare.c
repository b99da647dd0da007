/* SPDX-License-Identifier: MIT */
/*
 * Two results side by side. The numbers are printed as they are: with one run
 * each there is no telling a difference from chance, so nothing here calls
 * anything better or worse. What can be told is when the two runs did not ask
 * the same, and that comes first.
 *
 * The files may come from anybody: text from them is escaped before it reaches
 * the terminal.
 */
#include "result/compare.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "result/codec.h"
#include "result/figure.h"
#include "result/wrap.h"

#define COMPARE_TEXT_MAX 4000 /* bytes of a text that are shown at most */
#define COMPARE_NAME	 20   /* columns of a row */
#define COMPARE_VALUE	 24
#define COMPARE_RATIO	 11

/* Both results. */
struct pair {
	const struct result *a, *b;
	FILE *out;
};

/* Foreign text, made harmless; each byte may become four. */
struct shown {
	char buf[4 * COMPARE_TEXT_MAX + 1];
	int len;
};

static void compare_show(struct shown *shown, const char *str)
{
	struct text text = text_in(shown->buf, sizeof(shown->buf) - 1);

	text_add_escaped(&text,
			 (struct slice){str, strnlen(str, COMPARE_TEXT_MAX)});
	shown->len = (int)text.len;
	shown->buf[text.len] = '\0';
}

/* --- reading --- */

/* Returns 0; or -1 after saying what is wrong with a file, whose name may be
 * anybody's, too. */
static int read_file(const char *path, struct result *result)
{
	FILE *in = fopen(path, "re");
	char cause[CODEC_CAUSE_SIZE];
	struct shown name;

	result_init(result);
	if (in && codec_read(in, result, cause) == 0) {
		(void)fclose(in);
		return 0;
	}
	compare_show(&name, path);
	fprintf(stderr, "uppercase-load: %.*s: %s\n", name.len, name.buf,
		in ? cause : strerror(errno));
	if (in)
		(void)fclose(in);
	return -1;
}

/* --- what was compared --- */

static void print_text(FILE *out, const char *text)
{
	struct shown shown;

	compare_show(&shown, text);
	wrap_print(out, "    ", (struct slice){shown.buf, (size_t)shown.len});
}

static void print_who(FILE *out, char letter, const char *path,
		      const struct result *result)
{
	struct shown shown;

	compare_show(&shown, path);
	fprintf(out, "%c:  %.*s\n", letter, shown.len, shown.buf);
	print_text(out, result->command);
	print_text(out, result->verdict);
}

/* --- rows --- */

static void compare_print_row(FILE *out, const char *name, const char *a,
			      const char *b, const char *ratio)
{
	fprintf(out, "%-*.*s%*.*s%*.*s%*s\n", COMPARE_NAME, COMPARE_NAME, name,
		COMPARE_VALUE, COMPARE_VALUE - 1, a, COMPARE_VALUE,
		COMPARE_VALUE - 1, b, *ratio ? COMPARE_RATIO : 0, ratio);
}

/* What both lack is no difference. */
static bool differ_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static bool differ_numbers(double a, double b)
{
	return (isfinite(a) || isfinite(b)) && !(a <= b && a >= b);
}

/* A row of two texts; one that is too long is cut. */
static void text_row(FILE *out, const char *name, const char *a, const char *b)
{
	struct shown shown_a, shown_b;

	compare_show(&shown_a, a && *a ? a : "-");
	compare_show(&shown_b, b && *b ? b : "-");
	compare_print_row(out, name, shown_a.buf, shown_b.buf,
			  differ_texts(a, b) ? "differs" : "");
}

static struct figure ratio_of(double a, double b)
{
	struct figure figure = {"-"};
	double ratio = b / a;

	if (!isfinite(ratio) || a <= 0 || b < 0)
		return figure;
	if (b == 0)
		return (struct figure){"0"};
	if (ratio < 0.0995 || ratio >= 999999.5)
		(void)snprintf(figure.text, sizeof(figure.text), "%.2g", ratio);
	else if (ratio < 99.95)
		(void)snprintf(figure.text, sizeof(figure.text), "%.2f", ratio);
	else
		return figure_count(ratio);
	return figure;
}

typedef struct figure format_fn(double value);

static struct figure compare_format_time(double us)
{
	return figure_time(us, FIGURE_MICRO_ASCII);
}

/* A row of two numbers and their ratio. */
static void number_row(FILE *out, const char *name, double a, double b,
		       format_fn *format)
{
	compare_print_row(out, name, format(a).text, format(b).text,
			  ratio_of(a, b).text);
}

/* --- groups of rows --- */

static struct figure format_duration(double s)
{
	return compare_format_time(s * 1e6);
}

static void print_setting(const struct pair *pair)
{
	const struct result *a = pair->a, *b = pair->b;
	FILE *out = pair->out;

	text_row(out, "protocol", a->protocol, b->protocol);
	text_row(out, "loop", a->mode, b->mode);
	number_row(out, "clients", a->clients, b->clients, figure_count);
	number_row(out, "duration", a->duration_s, b->duration_s,
		   format_duration);
	text_row(out, "uppercase-load", a->version, b->version);
	text_row(out, "host", a->host.name, b->host.name);
	text_row(out, "kernel", a->host.kernel, b->host.kernel);
	text_row(out, "machine", a->host.machine, b->host.machine);
	number_row(out, "CPUs", a->host.cpus, b->host.cpus, figure_count);
}

static void print_times(FILE *out, const char *name, const struct times *a,
			const struct times *b)
{
	char row[COMPARE_NAME + 1];

	fputc('\n', out);
	for (size_t i = 0; i < TIME_N; i++) {
		(void)snprintf(row, sizeof(row), "%s %s", name, times_label(i));
		number_row(out, row, a->us[i], b->us[i], compare_format_time);
	}
}

static const struct result_error *find_error(const struct result *result,
					     const char *name)
{
	for (size_t i = 0; i < result->n_errors; i++)
		if (strcmp(result->errors[i].name, name) == 0)
			return &result->errors[i];
	return NULL;
}

static void error_row(const struct pair *pair, const char *name)
{
	const struct result_error *a = find_error(pair->a, name);
	const struct result_error *b = find_error(pair->b, name);
	char row[COMPARE_NAME + 1];
	struct shown shown;

	compare_show(&shown, name);
	(void)snprintf(row, sizeof(row), "  %.*s", shown.len, shown.buf);
	number_row(pair->out, row, a ? a->n : 0, b ? b->n : 0, figure_count);
}

/* A row for each error that either result has. */
static void compare_print_errors(const struct pair *pair)
{
	const struct result *a = pair->a, *b = pair->b;

	for (size_t i = 0; i < a->n_errors; i++)
		error_row(pair, a->errors[i].name);
	for (size_t i = 0; i < b->n_errors; i++)
		if (!find_error(a, b->errors[i].name))
			error_row(pair, b->errors[i].name);
}

static void counter_row(const struct pair *pair, size_t id, format_fn *format)
{
	number_row(pair->out, stats_label(id), pair->a->counts[id],
		   pair->b->counts[id], format);
}

static void compare_print_counts(const struct pair *pair)
{
	static const enum counter_id ids[] = {
		COUNTER_EXCHANGES, COUNTER_LOST, COUNTER_DUPLICATE,
		COUNTER_REORDERED, COUNTER_LATE, COUNTER_CORRUPT,
	};

	fputc('\n', pair->out);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		counter_row(pair, ids[i], figure_count);
	number_row(pair->out, "loss", pair->a->loss_percent,
		   pair->b->loss_percent, figure_percent);
	number_row(pair->out, "errors", result_count_errors(pair->a),
		   result_count_errors(pair->b), figure_count);
	compare_print_errors(pair);
	counter_row(pair, COUNTER_BYTES_SENT, figure_bytes);
	counter_row(pair, COUNTER_BYTES_RECEIVED, figure_bytes);
}

static void compare_print_generator(const struct pair *pair)
{
	const struct result_generator *a = &pair->a->generator;
	const struct result_generator *b = &pair->b->generator;

	fputc('\n', pair->out);
	number_row(pair->out, "used of a core", a->cpu_share, b->cpu_share,
		   figure_cores);
	number_row(pair->out, "sent late by, p50", a->lateness.us[TIME_P50],
		   b->lateness.us[TIME_P50], compare_format_time);
	number_row(pair->out, "sent late by, p99", a->lateness.us[TIME_P99],
		   b->lateness.us[TIME_P99], compare_format_time);
}

/* What makes the ratios those of unlike things. */
static void print_warnings(const struct pair *pair)
{
	const struct result *a = pair->a, *b = pair->b;
	const struct {
		const char *name;
		bool differs;
	} settings[] = {
		{"protocol", differ_texts(a->protocol, b->protocol)},
		{"mode", differ_texts(a->mode, b->mode)},
		{"path", differ_texts(a->path, b->path)},
		{"pipeline", differ_numbers(a->pipeline, b->pipeline)},
		{"size_bytes",
		 differ_numbers(a->size_bytes[0], b->size_bytes[0]) ||
			 differ_numbers(a->size_bytes[1], b->size_bytes[1])},
		{"connect_per_request",
		 a->connect_per_request != b->connect_per_request},
	};
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		if (settings[i].differs)
			fprintf(pair->out, "%s%s",
				n++ > 0 ? ", " : "Not alike: ",
				settings[i].name);
	}
	if (n > 0)
		fputs(".\n", pair->out);
	if (differ_texts(a->mode, b->mode))
		fputs("In open loop latency counts from when an exchange was "
		      "due, in closed loop from\nwhen it was sent, which hides "
		      "stalls.\n",
		      pair->out);
}

static void print_pair(const struct pair *pair)
{
	const struct result *a = pair->a, *b = pair->b;
	FILE *out = pair->out;

	compare_print_row(out, "", "A", "B", "B / A");
	print_setting(pair);
	fputc('\n', out);
	number_row(out, "exchanges/s", a->rate, b->rate, figure_rate);
	number_row(out, "target", a->target_rate, b->target_rate, figure_rate);
	print_times(out, "latency", &a->latency, &b->latency);
	print_times(out, "service", &a->service, &b->service);
	compare_print_counts(pair);
	compare_print_generator(pair);
}

/* --- */

int compare_print(const char *path_a, const char *path_b, FILE *out)
{
	struct result a, b;
	struct pair pair = {&a, &b, out};
	int read_a = read_file(path_a, &a), read_b = read_file(path_b, &b);
	int status = -1;

	if (read_a == 0 && read_b == 0) {
		print_who(out, 'A', path_a, &a);
		print_who(out, 'B', path_b, &b);
		print_warnings(&pair);
		fputc('\n', out);
		print_pair(&pair);
		status = fflush(out) == 0 && !ferror(out) ? 0 : -1;
		if (status != 0)
			fprintf(stderr, "uppercase-load: cannot write: %s\n",
				strerror(errno));
	}
	result_clear(&a);
	result_clear(&b);
	return status;
}
