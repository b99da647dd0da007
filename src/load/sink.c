/* SPDX-License-Identifier: MIT */
/*
 * Result files. What kind one is, its name's ending says.
 *
 * Files are drafts (os/draft.h) until the end of a run that measured
 * something, so one that did not costs nobody the result of the last.
 */
#include "load/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "os/draft.h"
#include "result/codec.h"
#include "result/report.h"

enum sink_kind {
	KIND_JSON,
	KIND_NDJSON,
	KIND_CSV,
	KIND_HTML
};

struct sink {
	size_t n;
	struct sink_file {
		const char *name;
		enum sink_kind kind;
		struct draft draft;
		FILE *file; /* of the draft's descriptor, once more */
		int error;  /* errno of the first interval that could not be
			       written */
	} files[LOAD_OUTPUTS_MAX];
};

static enum sink_kind kind_of(const char *name)
{
	const char *end = strrchr(name, '.');

	if (end && strcmp(end, ".ndjson") == 0)
		return KIND_NDJSON;
	if (end && strcmp(end, ".csv") == 0)
		return KIND_CSV;
	return end && strcmp(end, ".html") == 0 ? KIND_HTML : KIND_JSON;
}

/* Opens the file that f names; 0 or -1 with errno. */
static int open_file(struct sink_file *f)
{
	int status = load_options_is_standard(f->name)
			     ? draft_open_descriptor(&f->draft, STDOUT_FILENO)
			     : draft_open(&f->draft, f->name);
	int fd, saved;

	if (status < 0)
		return -1;
	fd = fcntl(f->draft.fd, F_DUPFD_CLOEXEC, 0);
	f->file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (f->file)
		return 0;
	saved = errno;
	if (fd >= 0)
		(void)close(fd);
	draft_clear(&f->draft);
	errno = saved;
	return -1;
}

/* Closes it; what was not kept is gone. */
static int close_file(struct sink_file *f)
{
	int status = f->file ? fclose(f->file) : 0;
	int saved = errno;

	f->file = NULL;
	draft_clear(&f->draft);
	errno = saved;
	return status;
}

struct sink *sink_new(const struct load_options *options,
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
		if (open_file(f) < 0) {
			(void)snprintf(cause, SINK_CAUSE_SIZE,
				       "output \"%.300s\": %s", f->name,
				       strerror(errno));
			sink_free(sink);
			return NULL;
		}
		if (f->kind == KIND_CSV)
			codec_write_csv_head(f->file);
	}
	return sink;
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;
	for (size_t i = 0; i < sink->n; i++)
		(void)close_file(&sink->files[i]);
	free(sink);
}

void sink_add_interval(struct sink *sink, const struct result_row *interval)
{
	for (size_t i = 0; i < sink->n; i++) {
		struct sink_file *f = &sink->files[i];

		if (f->kind == KIND_CSV)
			codec_write_csv_row(f->file, interval);
		else if (f->kind == KIND_NDJSON)
			codec_write_interval(f->file, interval);
		else
			continue;
		/* Whoever reads a pipe is to see it now. */
		if (fflush(f->file) != 0 && f->error == 0)
			f->error = errno;
	}
}

/* Writes what comes at the end; 0 or -1 with errno. */
static int write_result(const struct sink_file *f, const struct result *result)
{
	errno = f->error;
	if (f->error != 0)
		return -1;
	if ((f->kind == KIND_HTML && report_write_html(f->file, result) < 0) ||
	    (f->kind == KIND_NDJSON && codec_write_line(f->file, result) < 0) ||
	    (f->kind == KIND_JSON && codec_write(f->file, result) < 0))
		return -1;
	return fflush(f->file) == 0 && !ferror(f->file) ? 0 : -1;
}

/* The same, and puts the file at its place. */
static int finish_file(struct sink_file *f, const struct result *result)
{
	if (write_result(f, result) < 0 || draft_keep(&f->draft) < 0) {
		int saved = errno;

		(void)close_file(f);
		errno = saved;
		return -1;
	}
	return close_file(f) == 0 ? 0 : -1;
}

int sink_finish(struct sink *sink, const struct result *result,
		bool is_measured, char cause[SINK_CAUSE_SIZE])
{
	int status = 0;

	for (size_t i = 0; i < sink->n; i++) {
		struct sink_file *f = &sink->files[i];

		if (!is_measured && draft_replaces(&f->draft)) {
			log_info("output \"%.300s\": the earlier result stays, "
				 "since nothing was measured",
				 f->name);
			continue;
		}
		if (finish_file(f, result) == 0)
			continue;
		(void)snprintf(cause, SINK_CAUSE_SIZE, "output \"%.300s\": %s",
			       f->name,
			       errno ? strerror(errno) : "cannot be written");
		status = -1;
	}
	return status;
}
