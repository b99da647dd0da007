/* SPDX-License-Identifier: MIT */
/*
 * One table says what stands where, for the writer and for the reader: each
 * member of struct result with its name, in the order of the file. A number
 * that is not known is null and never 0.
 */
#include "result/codec.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Weeks of intervals; more is no result of anybody. */
#define CODEC_READ_MAX ((size_t)256 << 20)

enum kind {
	KIND_REAL,    /* double */
	KIND_INTEGER, /* double */
	KIND_SEED,    /* uint64_t */
	KIND_BOOL,
	KIND_STRING,  /* const char *, of whoever owns it */
	KIND_TIME,    /* char[RESULT_TIME_SIZE] */
	KIND_OBJECT,  /* a struct, of `fields` */
	KIND_ROWS,    /* struct result_rows, each of `fields` */
	KIND_ERRORS,  /* struct result: errors, n_errors */
	KIND_BUCKETS, /* struct result: buckets, n_buckets */
	KIND_SIZES    /* double[2] */
};

enum {
	MUST = 1,     /* without it, it is no result */
	NULLABLE = 2, /* and it may be null for all that */
	OPTIONAL = 4  /* written only when there is something in it */
};

struct field {
	const char *key; /* NULL: the end */
	enum kind kind;
	unsigned flags;
	size_t offset;
	const struct field *fields;
};

/* offsetof, of a member that has that type. */
#define AT(type, member, want)                                                 \
	(offsetof(type, member) +                                              \
	 0 * sizeof(_Generic(((type *)NULL)->member, want : 0)))

#define REAL(type, member, key, flags)                                         \
	{                                                                      \
		key, KIND_REAL, flags, AT(type, member, double), NULL          \
	}
#define INTEGER(type, member, key, flags)                                      \
	{                                                                      \
		key, KIND_INTEGER, flags, AT(type, member, double), NULL       \
	}
#define BOOL(type, member, key)                                                \
	{                                                                      \
		key, KIND_BOOL, 0, AT(type, member, bool), NULL                \
	}
#define STRING(type, member, key, flags)                                       \
	{                                                                      \
		key, KIND_STRING, flags, AT(type, member, const char *), NULL  \
	}
#define TIME(type, member, key)                                                \
	{                                                                      \
		key, KIND_TIME, 0, AT(type, member, char *), NULL              \
	}
#define OBJECT(type, member, key, want, fields, flags)                         \
	{                                                                      \
		key, KIND_OBJECT, flags, AT(type, member, want), fields        \
	}
#define ROWS(member, key, fields, flags)                                       \
	{                                                                      \
		key, KIND_ROWS, flags,                                         \
			AT(struct result, member, struct result_rows), fields  \
	}
#define END                                                                    \
	{                                                                      \
		NULL, KIND_REAL, 0, 0, NULL                                    \
	}

/* --- what stands where --- */

static const struct field times_fields[] = {
#define X(id, key, share, label) REAL(struct times, us[TIME_##id], key, 0),
	TIMES(X)
#undef X
		END};

static const struct field host_fields[] = {
	STRING(struct result_host, name, "name", OPTIONAL),
	STRING(struct result_host, kernel, "kernel", OPTIONAL),
	STRING(struct result_host, machine, "machine", OPTIONAL),
	INTEGER(struct result_host, cpus, "cpus", 0),
	END,
};

static const struct field generator_fields[] = {
	REAL(struct result_generator, cpu_share, "cpu_share", 0),
	REAL(struct result_generator, wait_share, "wait_share", 0),
	OBJECT(struct result_generator, lateness, "lateness_us", struct times,
	       times_fields, 0),
	INTEGER(struct result_generator, jobs, "jobs", 0),
	INTEGER(struct result_generator, receive_drops, "receive_drops", 0),
	BOOL(struct result_generator, limited, "limited"),
	END,
};

static const struct field found_fields[] = {
	STRING(struct result_found, condition, "condition", 0),
	REAL(struct result_found, rate, "rate", 0),
	BOOL(struct result_found, generator_limited, "generator_limited"),
	STRING(struct result_found, remark, "remark", 0),
	END,
};

#define LATENCY(id, key)                                                       \
	REAL(struct result_row, latency.us[TIME_##id], key "_us", 0)

static const struct field step_fields[] = {
	REAL(struct result_row, target_rate, "target_rate", 0),
	INTEGER(struct result_row, clients, "clients", 0),
	REAL(struct result_row, rate, "rate", 0),
	LATENCY(P50, "p50"),
	LATENCY(P99, "p99"),
	REAL(struct result_row, loss_percent, "loss_percent", 0),
	INTEGER(struct result_row, errors, "errors", 0),
	BOOL(struct result_row, held, "held"),
	END,
};

static const struct field interval_fields[] = {
	REAL(struct result_row, t_s, "t_s", 0),
	REAL(struct result_row, rate, "rate", 0),
	LATENCY(P50, "p50"),
	LATENCY(P90, "p90"),
	LATENCY(P99, "p99"),
	LATENCY(P999, "p999"),
	LATENCY(P75, "p75"),
	LATENCY(P95, "p95"),
	TIME(struct result_row, time, "time"),
	LATENCY(MAX, "max"),
	INTEGER(struct result_row, lost, "lost", 0),
	INTEGER(struct result_row, errors, "errors", 0),
	END,
};

/* The columns of CSV: the same ones, in the order in which they came. */
static const size_t csv_order[] = {0, 1, 2, 3, 4, 5, 9, 10, 11, 6, 7, 8};

static const struct field result_fields[] = {
	STRING(struct result, command, "command", MUST),
	STRING(struct result, version, "version", MUST),
	TIME(struct result, started, "started"),
	OBJECT(struct result, host, "host", struct result_host, host_fields,
	       MUST),
	STRING(struct result, protocol, "protocol", MUST),
	STRING(struct result, mode, "mode", MUST),
	INTEGER(struct result, clients, "clients", MUST),
	REAL(struct result, duration_s, "duration_s", MUST),
	REAL(struct result, target_rate, "target_rate", MUST | NULLABLE),
	REAL(struct result, rate, "rate", MUST),
#define X(id, member, label)                                                   \
	INTEGER(struct result, counts[COUNTER_##id], #member, MUST),
	STATS_MESSAGES(X)
#undef X
		REAL(struct result, loss_percent, "loss_percent", 0),
	{"errors", KIND_ERRORS, MUST, 0, NULL},
#define X(id, member, label)                                                   \
	INTEGER(struct result, counts[COUNTER_##id], #member, MUST),
	STATS_BYTES(X)
#undef X
		OBJECT(struct result, latency, "latency_us", struct times,
		       times_fields, MUST),
	OBJECT(struct result, service, "service_us", struct times, times_fields,
	       MUST),
	{"histogram", KIND_BUCKETS, 0, 0, NULL},
	OBJECT(struct result, generator, "generator", struct result_generator,
	       generator_fields, MUST),
	STRING(struct result, verdict, "verdict", MUST),
	BOOL(struct result, interrupted, "interrupted"),
	STRING(struct result, server_host, "server_host", 0),
	INTEGER(struct result, server_port, "server_port", 0),
	STRING(struct result, path, "path", OPTIONAL),
	{"size_bytes", KIND_SIZES, OPTIONAL,
	 AT(struct result, size_bytes, double *), NULL},
	INTEGER(struct result, pipeline, "pipeline", 0),
	BOOL(struct result, connect_per_request, "connect_per_request"),
	REAL(struct result, timeout_us, "timeout_us", 0),
	REAL(struct result, warmup_us, "warmup_us", 0),
	{"seed", KIND_SEED, 0, AT(struct result, seed, uint64_t), NULL},
	OBJECT(struct result, found, "find_max", struct result_found,
	       found_fields, OPTIONAL),
	ROWS(steps, "steps", step_fields, OPTIONAL),
	ROWS(intervals, "intervals", interval_fields, 0),
	END,
};

/* --- writing --- */

static json_t *object_of(const struct field *fields, const void *base);

static json_t *real_of(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *integer_of(double value)
{
	return fabs(value) < 9e18 ? json_integer((json_int_t)value)
				  : real_of(value);
}

/* Words from the command line, which need not be UTF-8 as JSON must. */
static json_t *words_of(const char *str)
{
	size_t len = str ? strlen(str) : 0, size = 6 * len + 2;
	json_t *value = str ? json_string(str) : json_null();
	struct text text;
	char *quoted;

	if (value)
		return value;
	quoted = malloc(size);
	if (!quoted)
		return NULL;
	text = text_in(quoted, size);
	text_add_char(&text, '"');
	text_add_json(&text, (struct slice){str, len});
	text_add_char(&text, '"');
	value = json_loadb(quoted, text.len, JSON_DECODE_ANY, NULL);
	free(quoted);
	return value;
}

/* Out of memory leaves a part out; nothing better can be done. */
static json_t *rows_of(const struct field *fields,
		       const struct result_rows *rows)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rows->n; i++)
		(void)json_array_append_new(array,
					    object_of(fields, &rows->at[i]));
	return array;
}

static json_t *errors_of(const struct result *result)
{
	json_t *object = json_object();

	for (size_t i = 0; i < result->n_errors; i++)
		(void)json_object_set_new(object, result->errors[i].name,
					  integer_of(result->errors[i].n));
	return object;
}

static json_t *pair_of(json_t *first, json_t *second)
{
	json_t *pair = json_array();

	(void)json_array_append_new(pair, first);
	(void)json_array_append_new(pair, second);
	return pair;
}

static json_t *buckets_of(const struct result *result)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->n_buckets; i++) {
		const struct result_bucket *bucket = &result->buckets[i];

		(void)json_array_append_new(array,
					    pair_of(real_of(bucket->top_us),
						    integer_of(bucket->n)));
	}
	return array;
}

static json_t *value_of(const struct field *field, const void *at)
{
	const double *numbers = at;

	switch (field->kind) {
	case KIND_REAL:
		return real_of(*numbers);
	case KIND_INTEGER:
		return integer_of(*numbers);
	case KIND_SEED:
		return json_integer((json_int_t) * (const uint64_t *)at);
	case KIND_BOOL:
		return json_boolean(*(const bool *)at);
	case KIND_STRING:
		return words_of(*(const char *const *)at);
	case KIND_TIME:
		return words_of(at);
	case KIND_OBJECT:
		return object_of(field->fields, at);
	case KIND_ROWS:
		return rows_of(field->fields, at);
	case KIND_ERRORS:
		return errors_of(at);
	case KIND_BUCKETS:
		return buckets_of(at);
	case KIND_SIZES:
		return pair_of(integer_of(numbers[0]), integer_of(numbers[1]));
	}
	return NULL;
}

/* Of an object, its first field says. */
static bool is_empty(const struct field *field, const void *at)
{
	switch (field->kind) {
	case KIND_STRING:
		return !*(const char *const *)at;
	case KIND_SIZES:
		return !isfinite(*(const double *)at);
	case KIND_ROWS:
		return ((const struct result_rows *)at)->n == 0;
	case KIND_OBJECT:
		return is_empty(field->fields, at);
	default:
		return false;
	}
}

static json_t *object_of(const struct field *fields, const void *base)
{
	json_t *object = json_object();

	for (const struct field *field = fields; field->key; field++) {
		const void *at = (const char *)base + field->offset;

		if (!(field->flags & OPTIONAL) || !is_empty(field, at))
			(void)json_object_set_new(object, field->key,
						  value_of(field, at));
	}
	return object;
}

static int dump(FILE *out, json_t *value, size_t flags)
{
	int status =
		value ? json_dumpf(value, out, flags | JSON_REAL_PRECISION(12))
		      : -1;

	(void)fputc('\n', out);
	json_decref(value);
	return status;
}

int codec_write(FILE *out, const struct result *result)
{
	return dump(out, object_of(result_fields, result), JSON_INDENT(2));
}

int codec_write_line(FILE *out, const struct result *result)
{
	return dump(out, object_of(result_fields, result), JSON_COMPACT);
}

void codec_write_interval(FILE *out, const struct result_row *interval)
{
	(void)dump(out, object_of(interval_fields, interval), JSON_COMPACT);
}

/* --- CSV --- */

void codec_write_csv_head(FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(csv_order); i++)
		(void)fprintf(out, "%s%s", i > 0 ? "," : "",
			      interval_fields[csv_order[i]].key);
	(void)fputc('\n', out);
}

void codec_write_csv_row(FILE *out, const struct result_row *interval)
{
	for (size_t i = 0; i < ARRAY_LEN(csv_order); i++) {
		const struct field *field = &interval_fields[csv_order[i]];
		const void *at = (const char *)interval + field->offset;

		if (i > 0)
			(void)fputc(',', out);
		if (field->kind == KIND_TIME)
			(void)fputs(at, out);
		else if (isfinite(*(const double *)at))
			(void)fprintf(out,
				      field->kind == KIND_INTEGER ? "%.0f"
								  : "%.6g",
				      *(const double *)at);
	}
	(void)fputc('\n', out);
}

/* --- reading --- */

/* What was found wrong. */
struct reading {
	struct text bad; /* names, or what they are in and they */
	bool is_bad;
	bool no_memory;
};

static void read_object(struct reading *reading, const struct field *fields,
			const json_t *object, const char *outer, void *base);

static bool read_number(const json_t *value, double *to)
{
	if (!json_is_number(value))
		return false;
	*to = json_number_value(value);
	return true;
}

static bool read_string(const json_t *value, const char **to)
{
	*to = json_string_value(value);
	return *to != NULL;
}

static bool read_time(const json_t *value, char to[RESULT_TIME_SIZE])
{
	if (!json_is_string(value) ||
	    json_string_length(value) >= RESULT_TIME_SIZE)
		return false;
	memcpy(to, json_string_value(value), json_string_length(value) + 1);
	return true;
}

static bool read_pair(const json_t *value, double *first, double *second)
{
	return json_array_size(value) == 2 &&
	       read_number(json_array_get(value, 0), first) &&
	       read_number(json_array_get(value, 1), second);
}

/* Room for what is in an array or object of n; NULL without memory or any. */
static void *make_room(struct reading *reading, size_t n, size_t size)
{
	void *room = n > 0 ? calloc(n, size) : NULL;

	reading->no_memory |= n > 0 && !room;
	return room;
}

static bool read_rows(struct reading *reading, const struct field *field,
		      const json_t *array, struct result_rows *rows)
{
	size_t n = json_array_size(array);

	rows->at = make_room(reading, n, sizeof(*rows->at));
	while (rows->at && rows->n < n && !reading->is_bad) {
		struct result_row *row = &rows->at[rows->n];

		const json_t *object = json_array_get(array, rows->n++);

		*row = result_row_none();
		if (!json_is_object(object))
			return false;
		read_object(reading, field->fields, object, field->key, row);
	}
	return json_is_array(array);
}

static bool read_errors(struct reading *reading, json_t *object,
			struct result *result)
{
	struct result_error *error;
	const char *name;
	json_t *count;

	/* No run has more, and who reads it need not be quick. */
	if (!json_is_object(object) || json_object_size(object) > ERROR_SLOTS)
		return false;
	error = result->errors = make_room(reading, json_object_size(object),
					   sizeof(*result->errors));
	json_object_foreach (object, name, count) {
		if (!error || !read_number(count, &error->n))
			return false;
		error->name = name;
		error++;
		result->n_errors++;
	}
	return true;
}

static bool read_buckets(struct reading *reading, const json_t *array,
			 struct result *result)
{
	size_t n = json_array_size(array);

	result->buckets = make_room(reading, n, sizeof(*result->buckets));
	while (result->buckets && result->n_buckets < n) {
		struct result_bucket *bucket =
			&result->buckets[result->n_buckets];

		if (!read_pair(json_array_get(array, result->n_buckets++),
			       &bucket->top_us, &bucket->n) ||
		    bucket->n < 0)
			return false;
	}
	return json_is_array(array);
}

static bool read_value(struct reading *reading, const struct field *field,
		       json_t *value, void *at)
{
	double *numbers = at;

	switch (field->kind) {
	case KIND_REAL:
	case KIND_INTEGER:
		return read_number(value, numbers);
	case KIND_SEED:
		*(uint64_t *)at = (uint64_t)json_integer_value(value);
		return json_is_integer(value);
	case KIND_BOOL:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value);
	case KIND_STRING:
		return read_string(value, at);
	case KIND_TIME:
		return read_time(value, at);
	case KIND_OBJECT:
		if (json_is_object(value))
			read_object(reading, field->fields, value, field->key,
				    at);
		return json_is_object(value);
	case KIND_ROWS:
		return read_rows(reading, field, value, at);
	case KIND_ERRORS:
		return read_errors(reading, value, at);
	case KIND_BUCKETS:
		return read_buckets(reading, value, at);
	case KIND_SIZES:
		return read_pair(value, &numbers[0], &numbers[1]);
	}
	return false;
}

/* Null is for what is not known. */
static bool is_left_out(const struct field *field, const json_t *value)
{
	return json_is_null(value)
		       ? !(field->flags & MUST) || (field->flags & NULLABLE)
		       : !value && !(field->flags & MUST);
}

static void read_object(struct reading *reading, const struct field *fields,
			const json_t *object, const char *outer, void *base)
{
	for (const struct field *field = fields; field->key; field++) {
		json_t *value = json_object_get(object, field->key);

		if (is_left_out(field, value) ||
		    read_value(reading, field, value,
			       (char *)base + field->offset))
			continue;
		text_addf(&reading->bad, "%s%s%s%s",
			  reading->is_bad ? ", " : "", outer, *outer ? "." : "",
			  field->key);
		reading->is_bad = true;
	}
}

struct source {
	FILE *in;
	size_t n;
};

static size_t take_cb(void *buf, size_t size, void *data)
{
	struct source *source = data;
	size_t n = fread(buf, 1, size, source->in);

	source->n += n;
	if (source->n <= CODEC_READ_MAX && (n > 0 || !ferror(source->in)))
		return n;
	if (source->n > CODEC_READ_MAX)
		errno = EFBIG;
	return (size_t)-1;
}

/* What jansson says of a file may quote it. */
static json_t *load(FILE *in, struct text *cause)
{
	struct source source = {.in = in};
	json_error_t error;
	json_t *value;

	errno = 0;
	value = json_load_callback(take_cb, &source, JSON_REJECT_DUPLICATES,
				   &error);
	if (value)
		return value;
	if (ferror(in) || source.n > CODEC_READ_MAX) {
		text_add_str(cause, strerror(errno));
		return NULL;
	}
	text_addf(cause, "this is not JSON: line %d: ", error.line);
	text_add_escaped(cause, slice_of(error.text));
	text_add_str(cause, " (a result to compare is written by "
			    "--output=FILE.json)");
	return NULL;
}

int codec_read(FILE *in, struct result *result, char cause[CODEC_CAUSE_SIZE])
{
	struct text text = text_in(cause, CODEC_CAUSE_SIZE - 1);
	char bad[CODEC_CAUSE_SIZE - 100];
	struct reading reading = {.bad = text_in(bad, sizeof(bad))};

	result_init(result);
	result->source = load(in, &text);
	if (result->source)
		read_object(&reading, result_fields, result->source, "",
			    result);
	if (reading.no_memory)
		text_add_str(&text, "out of memory");
	else if (reading.is_bad)
		text_addf(&text,
			  "this is not a result of uppercase-load: missing or "
			  "of another type: %.*s",
			  (int)reading.bad.len, bad);
	cause[text.len] = '\0';
	if (text.len == 0)
		return 0;
	result_clear(result);
	return -1;
}
