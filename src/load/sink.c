/* SPDX-License-Identifier: MIT */
/*
 * Result files. What kind one is, its name's ending says. The columns of a
 * CSV file are an interface: new ones go to the end.
 */
#include "load/sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/report.h"

enum kind {
	KIND_JSON,
	KIND_NDJSON,
	KIND_CSV,
	KIND_HTML
};

struct sink {
	size_t n;
	struct sink_file {
		const char *name;
		enum kind kind;
		FILE *file;
		int error; /* errno of the first interval that could not be
			      written */
	} files[OPTIONS_OUTPUTS_MAX];
};

static const char *const columns[] = {
	"t_s",	   "rate",   "p50_us", "p90_us", "p99_us",
	"p999_us", "max_us", "lost",   "errors",
};

static enum kind kind_of(const char *name)
{
	const char *end = strrchr(name, '.');

	if (strcmp(end, ".ndjson") == 0)
		return KIND_NDJSON;
	if (strcmp(end, ".csv") == 0)
		return KIND_CSV;
	return strcmp(end, ".html") == 0 ? KIND_HTML : KIND_JSON;
}

static void write_header(FILE *file)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		(void)fprintf(file, "%s%s", i > 0 ? "," : "", columns[i]);
	(void)fputc('\n', file);
}

struct sink *sink_new(const struct options *options,
		      char cause[SINK_CAUSE_SIZE])
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink) {
		(void)snprintf(cause, SINK_CAUSE_SIZE, "out of memory");
		return NULL;
	}
	for (; sink->n < options->n_outputs; sink->n++) {
		struct sink_file *f = &sink->files[sink->n];

		f->name = options->outputs[sink->n];
		f->kind = kind_of(f->name);
		f->file = fopen(f->name, "we");
		if (!f->file) {
			(void)snprintf(cause, SINK_CAUSE_SIZE,
				       "output \"%.300s\": %s", f->name,
				       strerror(errno));
			sink_free(sink);
			return NULL;
		}
		if (f->kind == KIND_CSV)
			write_header(f->file);
	}
	return sink;
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;
	for (size_t i = 0; i < sink->n; i++)
		if (sink->files[i].file)
			(void)fclose(sink->files[i].file);
	free(sink);
}

static void write_row(FILE *file, const json_t *interval)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const json_t *value = json_object_get(interval, columns[i]);

		if (i > 0)
			(void)fputc(',', file);
		if (json_is_integer(value))
			(void)fprintf(file, "%" JSON_INTEGER_FORMAT,
				      json_integer_value(value));
		else if (json_is_number(value))
			(void)fprintf(file, "%.6g", json_number_value(value));
	}
	(void)fputc('\n', file);
}

static void write_line(FILE *file, const json_t *value)
{
	(void)json_dumpf(value, file, JSON_COMPACT | JSON_REAL_PRECISION(12));
	(void)fputc('\n', file);
}

void sink_add_interval(struct sink *sink, const json_t *interval)
{
	for (size_t i = 0; i < sink->n; i++) {
		struct sink_file *f = &sink->files[i];

		if (f->kind == KIND_CSV)
			write_row(f->file, interval);
		else if (f->kind == KIND_NDJSON)
			write_line(f->file, interval);
		else
			continue;
		if (fflush(f->file) != 0 && f->error == 0)
			f->error = errno;
	}
}

/* Writes what comes at the end; 0 or -1 with errno. */
static int write_result(const struct sink_file *f, const json_t *result)
{
	if (f->kind == KIND_HTML && report_write_html(f->file, result) < 0)
		return -1;
	if (f->kind == KIND_NDJSON)
		write_line(f->file, result);
	if (f->kind == KIND_JSON) {
		(void)json_dumpf(result, f->file,
				 JSON_INDENT(2) | JSON_REAL_PRECISION(12));
		(void)fputc('\n', f->file);
	}
	return ferror(f->file) ? -1 : 0;
}

int sink_finish(struct sink *sink, const json_t *result,
		char cause[SINK_CAUSE_SIZE])
{
	int status = 0;

	for (size_t i = 0; i < sink->n; i++) {
		struct sink_file *f = &sink->files[i];
		int written, saved;

		errno = 0;
		written = write_result(f, result);
		saved = f->error ? f->error : errno;
		if (fclose(f->file) != 0) {
			written = -1;
			saved = saved ? saved : errno;
		}
		f->file = NULL;
		if (written == 0)
			continue;
		(void)snprintf(cause, SINK_CAUSE_SIZE, "output \"%.300s\": %s",
			       f->name,
			       saved ? strerror(saved) : "cannot be written");
		status = -1;
	}
	return status;
}
