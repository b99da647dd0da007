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
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "result/figure.h"

#define COMPARE_TEXT_MAX 4000 /* bytes of a text that are shown at most */
#define COMPARE_WIDTH	 80
#define COMPARE_NAME	 20 /* columns of a row */
#define COMPARE_VALUE	 24
#define COMPARE_RATIO	 11

/* The keys that every result has, and what stands at them. */
enum key_kind {
	KEY_ANY,
	KEY_NUMBER,
	KEY_STRING,
	KEY_OBJECT
};

static const struct {
	const char *name;
	enum key_kind kind;
} keys[] = {
	{"command", KEY_STRING},    {"protocol", KEY_STRING},
	{"mode", KEY_STRING},	    {"clients", KEY_NUMBER},
	{"duration_s", KEY_NUMBER}, {"exchanges", KEY_NUMBER},
	{"rate", KEY_NUMBER},	    {"target_rate", KEY_ANY},
	{"latency_us", KEY_OBJECT}, {"service_us", KEY_OBJECT},
	{"lost", KEY_NUMBER},	    {"duplicate", KEY_NUMBER},
	{"reordered", KEY_NUMBER},  {"late", KEY_NUMBER},
	{"corrupt", KEY_NUMBER},    {"errors", KEY_OBJECT},
	{"bytes_sent", KEY_NUMBER}, {"bytes_received", KEY_NUMBER},
	{"generator", KEY_OBJECT},  {"verdict", KEY_STRING},
	{"version", KEY_STRING},    {"host", KEY_OBJECT},
};

/* Both results, of which every key in `keys` can be read. */
struct pair {
	const json_t *a, *b;
	FILE *out;
};

/* Foreign text, made harmless; each byte may become four. */
struct shown {
	char buf[4 * COMPARE_TEXT_MAX + 1];
	int len;
};

static void show(struct shown *shown, struct slice s)
{
	struct text text = text_in(shown->buf, sizeof(shown->buf));

	if (s.len > COMPARE_TEXT_MAX)
		s.len = COMPARE_TEXT_MAX;
	text_add_escaped(&text, s);
	shown->len = (int)text.len;
}

/* --- reading --- */

static bool is_of_kind(const json_t *value, enum key_kind kind)
{
	switch (kind) {
	case KEY_NUMBER:
		return json_is_number(value);
	case KEY_STRING:
		return json_is_string(value);
	case KEY_OBJECT:
		return json_is_object(value);
	default:
		return value != NULL;
	}
}

/* Adds the names of the keys that the result lacks; returns how many. */
static size_t list_missing(const json_t *result, struct text *missing)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const json_t *value = json_object_get(result, keys[i].name);

		if (is_of_kind(value, keys[i].kind))
			continue;
		text_addf(missing, "%s%s", n++ > 0 ? ", " : "", keys[i].name);
	}
	return n;
}

/* Says what is wrong with a file, whose name may be anybody's, too. */
static void complain(const char *path, const char *what, struct slice detail,
		     const char *advice)
{
	struct shown name, shown;

	show(&name, slice_of(path));
	show(&shown, detail);
	fprintf(stderr, "uppercase-load: %.*s: %s%.*s%s\n", name.len, name.buf,
		what, shown.len, shown.buf, advice);
}

static void complain_of_file(const char *path)
{
	complain(path, "", slice_of(strerror(errno)), "");
}

/* What jansson says of a file may quote it. */
static void complain_of_json(const char *path, const json_error_t *error)
{
	char what[64];

	(void)snprintf(what, sizeof(what),
		       "this is not JSON: line %d: ", error->line);
	complain(path, what, slice_of(error->text),
		 " (a result to compare is written by --output=FILE.json)");
}

static json_t *read_json(const char *path)
{
	FILE *in = fopen(path, "re");
	json_error_t error;
	json_t *value;

	if (!in) {
		complain_of_file(path);
		return NULL;
	}
	value = json_loadf(in, 0, &error);
	if (!value && ferror(in))
		complain_of_file(path);
	else if (!value)
		complain_of_json(path, &error);
	(void)fclose(in);
	return value;
}

/* A result that has all of `keys`, or NULL after saying why there is none. */
static json_t *read_result(const char *path)
{
	json_t *result = read_json(path);
	char buf[512];
	struct text missing = text_in(buf, sizeof(buf));

	if (!result || list_missing(result, &missing) == 0)
		return result;
	complain(path,
		 "this is not a result of uppercase-load: missing or of "
		 "another type: ",
		 text_slice(&missing), "");
	json_decref(result);
	return NULL;
}

/* --- what was compared --- */

static void show_key(struct shown *shown, const json_t *object, const char *key)
{
	const json_t *string = json_object_get(object, key);

	show(shown, (struct slice){json_string_value(string),
				   json_string_length(string)});
}

/* How much of text, of which len bytes are left, goes into a line. */
static int line_len(const char *text, int len)
{
	const int width = COMPARE_WIDTH - 4;

	if (len <= width)
		return len;
	for (int i = width; i > 0; i--) {
		if (text[i] == ' ')
			return i;
	}
	return width;
}

/* Prints text in as many lines as it takes, each behind four columns. */
static void print_wrapped(FILE *out, const struct shown *shown)
{
	int at = 0;

	while (at < shown->len) {
		int len = line_len(shown->buf + at, shown->len - at);

		fprintf(out, "    %.*s\n", len, shown->buf + at);
		at += len;
		if (at < shown->len && shown->buf[at] == ' ')
			at++;
	}
}

static void print_who(FILE *out, char letter, const char *path,
		      const json_t *result)
{
	struct shown shown;

	show(&shown, slice_of(path));
	fprintf(out, "%c:  %.*s\n", letter, shown.len, shown.buf);
	show_key(&shown, result, "command");
	print_wrapped(out, &shown);
	show_key(&shown, result, "verdict");
	print_wrapped(out, &shown);
}

/* --- rows --- */

static void print_row(FILE *out, const char *name, const char *a, const char *b,
		      const char *ratio)
{
	fprintf(out, "%-*.*s%*.*s%*.*s%*s\n", COMPARE_NAME, COMPARE_NAME, name,
		COMPARE_VALUE, COMPARE_VALUE - 1, a, COMPARE_VALUE,
		COMPARE_VALUE - 1, b, *ratio ? COMPARE_RATIO : 0, ratio);
}

/* What both lack is no difference. */
static bool differ(const json_t *a, const json_t *b, const char *key)
{
	const json_t *at_a = json_object_get(a, key);
	const json_t *at_b = json_object_get(b, key);

	return (at_a || at_b) && !json_equal(at_a, at_b);
}

/* A row of two texts from objects; one that is too long is cut. */
static void text_row(FILE *out, const char *name, const json_t *a,
		     const json_t *b, const char *key)
{
	struct shown shown_a, shown_b;

	show_key(&shown_a, a, key);
	show_key(&shown_b, b, key);
	shown_a.buf[shown_a.len] = shown_b.buf[shown_b.len] = '\0';
	print_row(out, name, shown_a.len > 0 ? shown_a.buf : "-",
		  shown_b.len > 0 ? shown_b.buf : "-",
		  differ(a, b, key) ? "differs" : "");
}

static struct figure ratio_of(double a, double b)
{
	struct figure figure = {"-"};
	double ratio = b / a;

	if (!isfinite(ratio) || a <= 0 || b < 0)
		return figure;
	if (b == 0)
		return (struct figure){"0"};
	if (ratio >= 999.5 && ratio < 999999.5)
		return figure_count(ratio);
	if (ratio < 0.0995 || ratio >= 999.5)
		(void)snprintf(figure.text, sizeof(figure.text), "%.2g", ratio);
	else
		(void)snprintf(figure.text, sizeof(figure.text), "%.*f",
			       ratio < 99.95 ? 2 : 0, ratio);
	return figure;
}

typedef struct figure format_fn(double value);

static struct figure format_time(double us)
{
	return figure_time(us, FIGURE_MICRO_ASCII);
}

/* A row of two numbers and their ratio. */
static void number_row(FILE *out, const char *name, double a, double b,
		       format_fn *format)
{
	print_row(out, name, format(a).text, format(b).text,
		  ratio_of(a, b).text);
}

/* The same for numbers at a key of the results. */
static void key_row(const struct pair *pair, const char *name, const char *key,
		    format_fn *format)
{
	number_row(pair->out, name, figure_get(pair->a, key),
		   figure_get(pair->b, key), format);
}

/* --- groups of rows --- */

static struct figure format_duration(double s)
{
	return format_time(s * 1e6);
}

static void print_setting(const struct pair *pair)
{
	const json_t *host_a = json_object_get(pair->a, "host");
	const json_t *host_b = json_object_get(pair->b, "host");
	FILE *out = pair->out;

	text_row(out, "protocol", pair->a, pair->b, "protocol");
	text_row(out, "loop", pair->a, pair->b, "mode");
	key_row(pair, "clients", "clients", figure_count);
	key_row(pair, "duration", "duration_s", format_duration);
	text_row(out, "uppercase-load", pair->a, pair->b, "version");
	text_row(out, "host", host_a, host_b, "name");
	text_row(out, "kernel", host_a, host_b, "kernel");
	text_row(out, "machine", host_a, host_b, "machine");
	number_row(out, "CPUs", figure_get(host_a, "cpus"),
		   figure_get(host_b, "cpus"), figure_count);
}

static void print_times(const struct pair *pair, const char *name,
			const char *key)
{
	static const char *const parts[][2] = {
		{"min", "min"}, {"mean", "mean"},  {"p50", "p50"},
		{"p75", "p75"}, {"p90", "p90"},	   {"p95", "p95"},
		{"p99", "p99"}, {"p999", "p99.9"}, {"p9999", "p99.99"},
		{"max", "max"},
	};
	char row[COMPARE_NAME + 1];

	fputc('\n', pair->out);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		(void)snprintf(row, sizeof(row), "%s %s", name, parts[i][1]);
		number_row(pair->out, row,
			   figure_get_in(pair->a, key, parts[i][0]),
			   figure_get_in(pair->b, key, parts[i][0]),
			   format_time);
	}
}

static void error_row(const struct pair *pair, const char *name)
{
	double a = figure_get_in(pair->a, "errors", name);
	double b = figure_get_in(pair->b, "errors", name);
	char row[COMPARE_NAME + 1];
	struct shown shown;

	show(&shown, slice_of(name));
	(void)snprintf(row, sizeof(row), "  %.*s", shown.len, shown.buf);
	number_row(pair->out, row, isfinite(a) ? a : 0, isfinite(b) ? b : 0,
		   figure_count);
}

/* A row for each error that either result has. */
static void print_errors(const struct pair *pair)
{
	json_t *a = json_object_get(pair->a, "errors");
	json_t *b = json_object_get(pair->b, "errors"), *count;
	const char *name;

	json_object_foreach (a, name, count) {
		error_row(pair, name);
	}
	json_object_foreach (b, name, count) {
		if (!json_object_get(a, name))
			error_row(pair, name);
	}
}

static void print_counts(const struct pair *pair)
{
	static const char *const counts[] = {
		"exchanges", "lost", "duplicate",
		"reordered", "late", "corrupt",
	};

	fputc('\n', pair->out);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		key_row(pair, counts[i], counts[i], figure_count);
	key_row(pair, "loss", "loss_percent", figure_percent);
	number_row(pair->out, "errors", figure_errors(pair->a),
		   figure_errors(pair->b), figure_count);
	print_errors(pair);
	key_row(pair, "bytes sent", "bytes_sent", figure_bytes);
	key_row(pair, "bytes received", "bytes_received", figure_bytes);
}

static void print_generator(const struct pair *pair)
{
	const json_t *a = json_object_get(pair->a, "generator");
	const json_t *b = json_object_get(pair->b, "generator");

	fputc('\n', pair->out);
	number_row(pair->out, "used of a core", figure_get(a, "cpu_share"),
		   figure_get(b, "cpu_share"), figure_cores);
	number_row(pair->out, "sent late by, p50",
		   figure_get_in(a, "lateness_us", "p50"),
		   figure_get_in(b, "lateness_us", "p50"), format_time);
	number_row(pair->out, "sent late by, p99",
		   figure_get_in(a, "lateness_us", "p99"),
		   figure_get_in(b, "lateness_us", "p99"), format_time);
}

/* What makes the ratios those of unlike things. */
static void print_warnings(const struct pair *pair)
{
	static const char *const settings[] = {
		"protocol", "mode",	  "path",
		"pipeline", "size_bytes", "connect_per_request",
	};
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		if (differ(pair->a, pair->b, settings[i]))
			fprintf(pair->out, "%s%s",
				n++ > 0 ? ", " : "Not alike: ", settings[i]);
	}
	if (n > 0)
		fputs(".\n", pair->out);
	if (differ(pair->a, pair->b, "mode"))
		fputs("In open loop latency counts from when an exchange was "
		      "due, in closed loop from\nwhen it was sent, which hides "
		      "stalls.\n",
		      pair->out);
}

static void print_pair(const struct pair *pair)
{
	print_row(pair->out, "", "A", "B", "B / A");
	print_setting(pair);
	fputc('\n', pair->out);
	key_row(pair, "exchanges/s", "rate", figure_rate);
	key_row(pair, "target", "target_rate", figure_rate);
	print_times(pair, "latency", "latency_us");
	print_times(pair, "service", "service_us");
	print_counts(pair);
	print_generator(pair);
}

/* --- */

int compare_print(const char *path_a, const char *path_b, FILE *out)
{
	json_t *a = read_result(path_a);
	json_t *b = read_result(path_b);
	struct pair pair = {a, b, out};
	int result = -1;

	if (a && b) {
		print_who(out, 'A', path_a, a);
		print_who(out, 'B', path_b, b);
		print_warnings(&pair);
		fputc('\n', out);
		print_pair(&pair);
		result = fflush(out) == 0 && !ferror(out) ? 0 : -1;
		if (result != 0)
			fprintf(stderr, "uppercase-load: cannot write: %s\n",
				strerror(errno));
	}
	json_decref(a);
	json_decref(b);
	return result;
}
