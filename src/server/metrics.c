/* SPDX-License-Identifier: MIT */
/*
 * What Prometheus reads. The counters come from their one list: rows that share
 * a name are one metric, and must stand together whatever their order there.
 * Every label has few values, all of them ours.
 */
#include "server/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"

#define PREFIX "uppercase_"

/* A row of the list of counters. */
struct metric_row {
	const char *metric; /* its name, and labels behind it */
	const char *meaning;
	size_t at; /* in struct counters */
};

static const struct metric_row metric_rows[] = {
#define X(name, meaning, metric)                                               \
	{metric, meaning, offsetof(struct counters, name)},
	COUNTERS(X)
#undef X
};

#define ROWS ARRAY_LEN(metric_rows)

static size_t name_len(const struct metric_row *row)
{
	return strcspn(row->metric, "{");
}

static bool is_same_metric(const struct metric_row *one,
			   const struct metric_row *other)
{
	size_t len = name_len(one);

	return len == name_len(other) &&
	       memcmp(one->metric, other->metric, len) == 0;
}

static bool is_first_row(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_same_metric(&metric_rows[k], &metric_rows[i]))
			return false;
	return true;
}

/* A number of nanoseconds, in seconds. */
static void add_seconds(struct text *text, uint64_t ns)
{
	text_addf(text, "%" PRIu64 ".%09" PRIu64, ns / CLOCK_NS_PER_S,
		  ns % CLOCK_NS_PER_S);
}

static void add_head(struct text *text, struct slice name, const char *type,
		     const char *help)
{
	text_addf(text, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)name.len,
		  name.ptr, help, (int)name.len, name.ptr, type);
}

/* Whether a row of the same metric before this one means the same. */
static bool is_said(size_t first, size_t i)
{
	for (size_t k = first; k < i; k++)
		if (is_same_metric(&metric_rows[k], &metric_rows[i]) &&
		    strcmp(metric_rows[k].meaning, metric_rows[i].meaning) == 0)
			return true;
	return false;
}

/* What all rows of a metric mean, each meaning once. */
static void add_counter_head(struct text *text, size_t first)
{
	const struct metric_row *row = &metric_rows[first];
	int len = (int)name_len(row);

	text_addf(text, "# HELP " PREFIX "%.*s %s", len, row->metric,
		  row->meaning);
	for (size_t i = first + 1; i < ROWS; i++)
		if (is_same_metric(row, &metric_rows[i]) && !is_said(first, i))
			text_addf(text, "; %s", metric_rows[i].meaning);
	text_addf(text, "\n# TYPE " PREFIX "%.*s counter\n", len, row->metric);
}

static void add_counter(struct text *text, const struct metric_row *row,
			const struct counters *counters)
{
	static const char seconds[] = "_seconds_total";
	const size_t len = sizeof(seconds) - 1;
	uint64_t value;

	memcpy(&value, (const char *)counters + row->at, sizeof(value));
	text_addf(text, PREFIX "%s ", row->metric);
	if (name_len(row) > len &&
	    memcmp(row->metric + name_len(row) - len, seconds, len) == 0)
		add_seconds(text, value);
	else
		text_add_uint(text, value);
	text_add_char(text, '\n');
}

static void add_counters(struct text *text, const struct counters *counters)
{
	for (size_t first = 0; first < ROWS; first++) {
		if (!is_first_row(first))
			continue;
		add_counter_head(text, first);
		for (size_t i = first; i < ROWS; i++)
			if (is_same_metric(&metric_rows[first],
					   &metric_rows[i]))
				add_counter(text, &metric_rows[i], counters);
	}
}

/* --- requests --- */

static void add_outcome(struct text *text, unsigned method, unsigned status,
			uint64_t n)
{
	/* One that is there from the beginning can be asked for its rate. */
	bool is_usual = method == HTTP_METHOD_GET && status == 0;

	if (n == 0 && !is_usual)
		return;
	text_addf(text,
		  PREFIX "http_requests_total{method=\"%s\",code=\"%u\"} "
			 "%" PRIu64 "\n",
		  outcomes_method(method), http_status_at(status), n);
}

static void add_outcomes(struct text *text, const struct outcomes *outcomes)
{
	if (!outcomes)
		return;
	add_head(text, slice_of(PREFIX "http_requests_total"), "counter",
		 "requests by method and status, those refused included");
	for (unsigned method = 0; method < OUTCOMES_METHODS; method++)
		for (unsigned status = 0; status < HTTP_STATUSES; status++)
			add_outcome(text, method, status,
				    outcomes->n[method][status]);
}

static void add_bucket(struct text *text, unsigned i, uint64_t n)
{
	text_add_str(text, PREFIX "http_request_duration_seconds_bucket{le=\"");
	if (i < OUTCOMES_BOUNDS)
		text_addf(text, "%g",
			  (double)outcomes_bound_ns(i) /
				  (double)CLOCK_NS_PER_S);
	else
		text_add_str(text, "+Inf");
	text_addf(text, "\"} %" PRIu64 "\n", n);
}

static void add_durations(struct text *text, const struct outcomes *outcomes)
{
	uint64_t n = 0;

	if (!outcomes)
		return;
	add_head(text, slice_of(PREFIX "http_request_duration_seconds"),
		 "histogram",
		 "from the turn of the event loop that found a request to that "
		 "in which the last byte of its answer was with the kernel");
	for (unsigned i = 0; i <= OUTCOMES_BOUNDS; i++) {
		n += outcomes->n_within[i];
		add_bucket(text, i, n);
	}
	text_add_str(text, PREFIX "http_request_duration_seconds_sum ");
	add_seconds(text, outcomes->duration_ns);
	text_addf(text,
		  "\n" PREFIX "http_request_duration_seconds_count %" PRIu64
		  "\n",
		  n);
}

/* --- gauges --- */

static void add_gauge(struct text *text, const char *name, const char *help,
		      uint64_t value)
{
	add_head(text, slice_of(name), "gauge", help);
	text_addf(text, "%s %" PRIu64 "\n", name, value);
}

static void add_open(struct text *text, const struct snapshot *snapshot)
{
	static const char *const names[SERVER_SERVICES] = {
		[SERVER_TCP] = "tcp",
		[SERVER_HTTP] = "http",
		[SERVER_ADMIN] = "admin",
	};

	add_head(text, slice_of(PREFIX "connections_active"), "gauge",
		 "connections open now");
	for (int i = 0; i < SERVER_SERVICES; i++)
		if (names[i])
			text_addf(text,
				  PREFIX
				  "connections_active{service=\"%s\"} %zu\n",
				  names[i], snapshot->n_open[i]);
	add_gauge(text, PREFIX "connections_max",
		  "connections that the services may have open together",
		  snapshot->n_open_most);
}

static void add_lag(struct text *text, uint64_t lag_ns)
{
	add_head(text, slice_of(PREFIX "loop_lag_seconds"), "gauge",
		 "how late the event loop's last one-second timer was");
	text_add_str(text, PREFIX "loop_lag_seconds ");
	add_seconds(text, lag_ns);
	text_add_char(text, '\n');
}

/* As nobody has reloaded, it is the start that succeeded. */
static void add_last_reload(struct text *text, const struct reload_note *reload)
{
	bool is_good = !reload || reload->at_s == 0 || reload->is_good;

	add_gauge(text, PREFIX "config_last_reload_successful",
		  "1 unless the last reload has failed", is_good);
}

/* A rule in force is a label: there are FAULTS_RULES_MAX at the most. */
static void add_fault_info(struct text *text, const struct faults *faults)
{
	const char *rule = faults_rule(faults, 0);

	if (!rule)
		return;
	add_head(text, slice_of(PREFIX "fault_rule_info"), "gauge",
		 "always 1; a rule of --fault that is in force");
	for (size_t i = 0; (rule = faults_rule(faults, i)); i++) {
		text_addf(text, PREFIX "fault_rule_info{rule=\"%zu\",text=\"",
			  i + 1);
		text_add_json(text, slice_of(rule));
		text_add_str(text, "\"} 1\n");
	}
}

/* --- the process --- */

static void add_process(struct text *text, const struct snapshot *snapshot)
{
	const struct usage *usage = &snapshot->usage;

	add_head(text, slice_of("process_cpu_seconds_total"), "counter",
		 "processor time of user and system");
	text_add_str(text, "process_cpu_seconds_total ");
	add_seconds(text, usage->cpu_ns);
	text_add_char(text, '\n');
	if (usage->n_descriptors > 0)
		add_gauge(text, "process_open_fds", "open descriptors",
			  usage->n_descriptors);
	add_gauge(text, "process_max_fds", "descriptors that may be open",
		  snapshot->n_descriptors_most);
	if (usage->resident_bytes > 0)
		add_gauge(text, "process_resident_memory_bytes",
			  "memory that is resident", usage->resident_bytes);
	add_head(text, slice_of("process_start_time_seconds"), "gauge",
		 "when the process began, in seconds since 1970");
	text_addf(text, "process_start_time_seconds %.3f\n",
		  snapshot->started_s);
}

void metrics_write(struct text *text, const struct snapshot *snapshot)
{
	add_head(text, slice_of(PREFIX "build_info"), "gauge",
		 "always 1; what runs stands in the labels");
	text_add_str(text,
		     PREFIX "build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
	add_gauge(text, PREFIX "draining", "1 while the server is stopping",
		  snapshot->is_draining);
	add_counters(text, snapshot->counters);
	add_outcomes(text, snapshot->outcomes);
	add_durations(text, snapshot->outcomes);
	add_fault_info(text, snapshot->faults);
	add_open(text, snapshot);
	add_last_reload(text, snapshot->reload);
	add_lag(text, snapshot->lag_ns);
	add_process(text, snapshot);
}
