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

enum codec_kind {
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
	enum codec_kind kind;
	unsigned flags;
	size_t offset;
	const struct field *fields;
};

/* Of a member of T, which must have that type. */
#define FIELD(kind, want, member, key, flags, fields)                          \
	{                                                                      \
		key, kind, flags,                                              \
			offsetof(T, member) +                                  \
				0 * sizeof(_Generic(((T *)NULL)->member,       \
						    want : 0)),                \
			fields                                                 \
	}
#define REAL_AT(member, key, flags)                                            \
	FIELD(KIND_REAL, double, member, key, flags, NULL)
#define COUNT_AT(member, key, flags)                                           \
	FIELD(KIND_INTEGER, double, member, key, flags, NULL)
#define REAL(member, flags)  REAL_AT(member, #member, flags)
#define COUNT(member, flags) COUNT_AT(member, #member, flags)
#define BOOL(member)	     FIELD(KIND_BOOL, bool, member, #member, 0, NULL)
#define TIME(member)	     FIELD(KIND_TIME, char *, member, #member, 0, NULL)
#define STRING(member, flags)                                                  \
	FIELD(KIND_STRING, const char *, member, #member, flags, NULL)
#define OBJECT(member, key, want, flags)                                       \
	FIELD(KIND_OBJECT, struct want, member, key, flags, want##_fields)
#define ROWS(member, flags)                                                    \
	FIELD(KIND_ROWS, struct result_rows, member, #member, flags,           \
	      member##_fields)

/* --- what stands where --- */

#define T struct times
static const struct field times_fields[] = {
#define X(id, key, share, label) REAL_AT(us[TIME_##id], key, 0),
	TIMES(X)
#undef X
		{0},
};
#undef T

#define T struct result_host
static const struct field result_host_fields[] = {
	STRING(name, OPTIONAL),
	STRING(kernel, OPTIONAL),
	STRING(machine, OPTIONAL),
	COUNT(cpus, 0),

	{0},
};
#undef T

#define T struct result_generator
static const struct field result_generator_fields[] = {
	REAL(cpu_share, 0),
	REAL(wait_share, 0),
	OBJECT(lateness, "lateness_us", times, 0),
	COUNT(jobs, 0),
	COUNT(receive_drops, 0),
	BOOL(limited),
	{0},
};
#undef T

#define T struct result_found
static const struct field result_found_fields[] = {
	STRING(condition, 0),
	REAL(rate, 0),
	BOOL(generator_limited),
	STRING(remark, 0),

	{0},
};
#undef T

#define T		 struct result_row
#define LATENCY(id, key) REAL_AT(latency.us[TIME_##id], key, 0)
static const struct field steps_fields[] = {
	REAL(target_rate, 0),
	COUNT(clients, 0),
	REAL(rate, 0),
	LATENCY(P50, "p50_us"),
	LATENCY(P99, "p99_us"),
	REAL(loss_percent, 0),
	COUNT(errors, 0),
	BOOL(held),

	{0},
};

static const struct field intervals_fields[] = {
	REAL(t_s, 0),
	REAL(rate, 0),
	LATENCY(P50, "p50_us"),
	LATENCY(P90, "p90_us"),
	LATENCY(P99, "p99_us"),
	LATENCY(P999, "p999_us"),
	LATENCY(P75, "p75_us"),
	LATENCY(P95, "p95_us"),
	TIME(time),
	LATENCY(MAX, "max_us"),
	COUNT(lost, 0),
	COUNT(errors, 0),
	{0},
};
#undef T

/* The columns of CSV: the same ones, in the order in which they came. */
static const size_t csv_order[] = {0, 1, 2, 3, 4, 5, 9, 10, 11, 6, 7, 8};

#define T		     struct result
#define X(id, member, label) COUNT_AT(counts[COUNTER_##id], #member, MUST),
static const struct field result_fields[] = {
	STRING(command, MUST),
	STRING(version, MUST),
	TIME(started),
	OBJECT(host, "host", result_host, MUST),
	STRING(protocol, MUST),
	STRING(mode, MUST),
	COUNT(clients, MUST),
	REAL(duration_s, MUST),
	REAL(target_rate, MUST | NULLABLE),
	REAL(rate, MUST),
	STATS_MESSAGES(X) REAL(loss_percent, 0),
	{"errors", KIND_ERRORS, MUST, 0, NULL},
	STATS_BYTES(X) OBJECT(latency, "latency_us", times, MUST),
	OBJECT(service, "service_us", times, MUST),
	{"histogram", KIND_BUCKETS, 0, 0, NULL},
	OBJECT(generator, "generator", result_generator, MUST),
	STRING(verdict, MUST),
	BOOL(interrupted),
	STRING(server_host, 0),
	COUNT(server_port, 0),
	STRING(path, OPTIONAL),
	FIELD(KIND_SIZES, double *, size_bytes, "size_bytes", OPTIONAL, NULL),
	COUNT(pipeline, 0),
	BOOL(connect_per_request),
	REAL(timeout_us, 0),
	REAL(warmup_us, 0),
	FIELD(KIND_SEED, uint64_t, seed, "seed", 0, NULL),
	OBJECT(found, "find_max", result_found, OPTIONAL),
	ROWS(steps, OPTIONAL),
	ROWS(intervals, 0),
	{0},
};
#undef X
#undef T

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

/* With a part left out it would be another result: then there is none. */
static json_t *codec_whole(json_t *whole, int status)
{
	if (status == 0)
		return whole;
	json_decref(whole);
	return NULL;
}

static json_t *with_item(json_t *array, json_t *item)
{
	return codec_whole(array, json_array_append_new(array, item));
}

static json_t *with_member(json_t *object, const char *key, json_t *value)
{
	return codec_whole(object, json_object_set_new(object, key, value));
}

static json_t *rows_of(const struct field *fields,
		       const struct result_rows *rows)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rows->n; i++)
		array = with_item(array, object_of(fields, &rows->at[i]));
	return array;
}

static json_t *errors_of(const struct result *result)
{
	json_t *object = json_object();

	for (size_t i = 0; i < result->n_errors; i++)
		object = with_member(object, result->errors[i].name,
				     integer_of(result->errors[i].n));
	return object;
}

static json_t *pair_of(json_t *first, json_t *second)
{
	return with_item(with_item(json_array(), first), second);
}

static json_t *buckets_of(const struct result *result)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->n_buckets; i++) {
		const struct result_bucket *bucket = &result->buckets[i];

		array = with_item(array, pair_of(real_of(bucket->top_us),
						 integer_of(bucket->n)));
	}
	return array;
}

static json_t *codec_value(const struct field *field, const void *at)
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
			object = with_member(object, field->key,
					     codec_value(field, at));
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
	(void)dump(out, object_of(intervals_fields, interval), JSON_COMPACT);
}

/* --- CSV --- */

void codec_write_csv_head(FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(csv_order); i++)
		(void)fprintf(out, "%s%s", i > 0 ? "," : "",
			      intervals_fields[csv_order[i]].key);
	(void)fputc('\n', out);
}

void codec_write_csv_row(FILE *out, const struct result_row *interval)
{
	for (size_t i = 0; i < ARRAY_LEN(csv_order); i++) {
		const struct field *field = &intervals_fields[csv_order[i]];
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
static void *codec_make_room(struct reading *reading, size_t n, size_t size)
{
	void *room = n > 0 ? calloc(n, size) : NULL;

	reading->no_memory |= n > 0 && !room;
	return room;
}

static bool read_rows(struct reading *reading, const struct field *field,
		      const json_t *array, struct result_rows *rows)
{
	size_t n = json_array_size(array);

	rows->at = codec_make_room(reading, n, sizeof(*rows->at));
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
	error = result->errors = codec_make_room(
		reading, json_object_size(object), sizeof(*result->errors));
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

	result->buckets = codec_make_room(reading, n, sizeof(*result->buckets));
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
static json_t *codec_load(FILE *in, struct text *cause)
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
	result->source = codec_load(in, &text);
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
