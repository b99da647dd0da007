/* SPDX-License-Identifier: MIT */
/*
 * The program from its command line to its exit status. The result goes to
 * standard output and to files; everything else, errors and hints and the live
 * line, to standard error.
 */
#include "load/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "cli/advice.h"
#include "cli/dial.h"
#include "cli/failure.h"
#include "load/asked.h"
#include "load/load_options.h"
#include "load/monitor.h"
#include "load/plan.h"
#include "load/run.h"
#include "load/search.h"
#include "load/sink.h"
#include "os/process.h"
#include "result/compare.h"
#include "result/error.h"
#include "result/table.h"
#include "result/threshold.h"

#define DESCRIPTORS_SPARE 32 /* besides one for each client */
#define COMMAND_MAX	  4096

/* --- the plan --- */

static int socket_type(const struct load_options *options)
{
	return options->protocol == PROTOCOL_UDP ? SOCK_DGRAM : SOCK_STREAM;
}

/* Looks up --source, of which the first decides the family. */
static bool resolve_sources(struct plan *plan, int *family)
{
	const struct load_options *options = plan->options;
	char cause[DIAL_CAUSE_SIZE];

	for (size_t i = 0; i < options->sources.n; i++) {
		struct address *source = &plan->sources[plan->n_sources];

		if (dial_look_up_source(source, options->sources.items[i], 0,
					*family, socket_type(options),
					cause) < 0) {
			log_info("%s", cause);
			return false;
		}
		*family = source->sa.any.sa_family;
		plan->n_sources++;
	}
	return true;
}

/* Looks up HOST, and chooses among its addresses. */
static bool resolve_host(struct plan *plan, int family)
{
	const struct load_options *options = plan->options;
	char cause[DIAL_CAUSE_SIZE];
	struct dial_list list;

	if (dial_look_up(&list, options->host, options->port, family,
			 socket_type(options), cause) < 0) {
		log_info("%s", cause);
		return false;
	}
	plan->to =
		*dial_choose(&list, socket_type(options), options->timeout_ns);
	return true;
}

static bool resolve_all(struct plan *plan)
{
	int family = plan->options->family;

	return resolve_sources(plan, &family) && resolve_host(plan, family);
}

/* The fields of our own that the user has not set. */
static void add_own_fields(struct text *text,
			   const struct load_options *options)
{
	bool is_ipv6 = strchr(options->host, ':') != NULL;
	/* A zone means something on this host only (RFC 6874, 4). */
	int host_len = (int)strcspn(options->host, is_ipv6 ? "%" : "");

	if (!fields_has(&options->fields, "Host"))
		text_addf(text, "Host: %s%.*s%s:%u\r\n", is_ipv6 ? "[" : "",
			  host_len, options->host, is_ipv6 ? "]" : "",
			  (unsigned)options->port);
	if (!fields_has(&options->fields, "User-Agent"))
		text_add_str(text, "User-Agent: uppercase-load/" PACKAGE_VERSION
				   "\r\n");
	if (options->connect_per_request &&
	    !fields_has(&options->fields, "Connection"))
		text_add_str(text, "Connection: close\r\n");
}

static bool make_request(struct plan *plan)
{
	const struct load_options *options = plan->options;
	size_t size = LOAD_PATH_MAX + strlen(options->host) + 256 +
		      fields_size(&options->fields);
	struct text text;

	plan->request = malloc(size);
	if (!plan->request)
		return false;
	text = text_in(plan->request, size);
	text_addf(&text, "GET %s HTTP/1.1\r\n", options->path);
	add_own_fields(&text, options);
	fields_write(&options->fields, &text);
	text_add_str(&text, "\r\n");
	plan->request_len = text.len;
	return !text.overflow;
}

static bool check_descriptors(const struct plan *plan, unsigned clients)
{
	size_t limit = process_raise_descriptor_limit();
	size_t needed = clients / plan->options->jobs + DESCRIPTORS_SPARE;

	if (needed <= limit)
		return true;
	log_info("%u clients need %zu descriptors, this process may have %zu "
		 "(raise ulimit -n, or use more --jobs)",
		 clients, needed, limit);
	return false;
}

static unsigned most_clients(const struct load_options *options)
{
	double most = options->ramp_from > options->ramp_to ? options->ramp_from
							    : options->ramp_to;

	return options->ramp == RAMP_CLIENTS ? (unsigned)most
					     : options->clients;
}

static bool make_plan(struct plan *plan, const struct load_options *options)
{
	*plan = (struct plan){
		.options = options,
		.clients = options->clients,
		.rate = options->rate,
		.duration_ns = options->duration_ns,
		.warmup_ns = options->warmup_ns,
		.count = options->count,
	};
	if (!check_descriptors(plan, most_clients(options)) ||
	    !resolve_all(plan))
		return false;
	if (options->protocol != PROTOCOL_HTTP || make_request(plan))
		return true;
	log_info("out of memory");
	return false;
}

/* --- telling --- */

static void tell_plan(const struct plan *plan)
{
	char to[ADDRESS_TEXT_SIZE];

	log_info("%s %s: %u clients, jobs: %u",
		 load_options_protocol(plan->options),
		 address_format(&plan->to, to), plan->clients,
		 plan->options->jobs);
	log_flush();
}

/* What nothing is changed in may be part of a loop between two servers. */
static void tell_empty(const struct load_options *options)
{
	if (options->protocol == PROTOCOL_UDP && options->size_min == 0)
		log_warn("empty messages have no letter to change: a server "
			 "may answer only a few of them a second (--size=1 or "
			 "more)");
}

/* Of what only the network can mean, what it means to every program. */
static const char *hint_for(size_t slot, bool is_udp)
{
	const char *hint = error_hint(slot);

	return hint || slot >= ERROR_STATUS ? hint
					    : advice_for((int)slot, is_udp);
}

/* Names each error, and what can be done. */
static void tell_errors(const struct stats *stats, bool is_udp)
{
	char name[ERROR_NAME_SIZE], count[24], text[FAILURE_SIZE];

	for (size_t i = 0; i < ERROR_SLOTS; i++) {
		if (stats->errors[i] == 0)
			continue;
		(void)snprintf(count, sizeof(count), "%llu",
			       (unsigned long long)stats->errors[i]);
		log_info("%s %s", error_name(i, name),
			 failure_text(text, count, hint_for(i, is_udp)));
	}
}

static void tell_trouble(const struct load_options *options,
			 const struct tally *tally)
{
	tell_errors(&tally->stats, options->protocol == PROTOCOL_UDP);
	/* An answer with another status has a latency: that is HTTP. */
	if (tally->stats.latency.n == 0)
		log_info("no exchange succeeded: is this the right port, for "
			 "the right one of --tcp, --udp and --http?");
	if (tally->has_failed)
		log_warn("a job ended before its time: its counts are "
			 "incomplete");
	if (tally->own_drops > 0)
		log_warn("%llu answers were lost in our own sockets: what is "
			 "counted as lost is partly ours",
			 (unsigned long long)tally->own_drops);
}

/* Whether any --fail-if condition holds; tells which. */
static bool judge_conditions(const struct load_options *options,
			     const struct tally *tally)
{
	const struct thresholds *conditions = &options->fail_if;
	bool any = false;

	for (size_t i = 0; i < conditions->n; i++) {
		const struct threshold *c = &conditions->list[i];

		switch (threshold_judge(c, &tally->stats, tally_rate(tally))) {
		case THRESHOLD_FALSE:
			break;
		case THRESHOLD_TRUE:
			any = true;
			log_info("fail-if %.*s: holds", (int)c->text_len,
				 c->text);
			break;
		case THRESHOLD_UNKNOWN:
			log_warn("fail-if %.*s: not judged, %llu exchanges "
				 "are too few",
				 (int)c->text_len, c->text,
				 (unsigned long long)tally->stats.exchanges);
			break;
		}
	}
	return any;
}

static enum load_status load_judge(const struct load_options *options,
				   const struct tally *tally)
{
	bool holds = judge_conditions(options, tally);

	if (tally->has_failed)
		return LOAD_FAILED;
	if (tally->saw_wrong)
		return LOAD_WRONG;
	if (holds)
		return LOAD_CONDITION;
	if (tally->stats.exchanges == 0 && !tally->is_interrupted)
		return LOAD_FAILED;
	return tally_has_stopped(tally) ? LOAD_STOPPED : LOAD_OK;
}

/* --- the whole --- */

/* Adds a word so that a shell reads it as it was. */
static void add_word(struct text *text, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"-_=.,:/%+@";

	if (*word != '\0' && word[strspn(word, plain)] == '\0') {
		text_add_str(text, word);
		return;
	}
	text_add_char(text, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			text_add_str(text, "'\\''");
		else
			text_add_char(text, *word);
	text_add_char(text, '\'');
}

/* The command line as one string. */
static void join(int argc, char **argv, char buf[COMMAND_MAX])
{
	struct text text = text_in(buf, COMMAND_MAX - 1);

	text_add_str(&text, "uppercase-load");
	for (int i = 1; i < argc; i++) {
		text_add_char(&text, ' ');
		add_word(&text, argv[i]);
	}
	buf[text.len] = '\0';
}

/* Writes the result everywhere it has to go. */
static int report(const struct load_options *options, struct sink *sink,
		  const struct result *result, bool is_measured)
{
	char cause[SINK_CAUSE_SIZE], text[FAILURE_SIZE];
	int status = sink_finish(sink, result, is_measured, cause);

	if (status < 0)
		log_info("%s", cause);
	if (!options->quiet && !options->to_standard)
		table_print(stdout, result);
	if (failure_flush_output(text) < 0) {
		log_info("%s", text);
		status = -1;
	}
	return status;
}

/* The totals are whole all the same. */
static void tell_lost(const struct result *result)
{
	size_t n = result->intervals.n_lost + result->steps.n_lost;

	if (n > 0)
		log_warn("out of memory: %zu intervals or steps are missing in "
			 "the result",
			 n);
}

static enum load_status load_and_report(struct plan *plan,
					struct monitor *monitor,
					struct sink *sink,
					struct result *result,
					struct tally *tally)
{
	const struct load_options *options = plan->options;
	enum load_status status;

	if (search_run(plan, monitor, result, tally) < 0) {
		log_info("start of a job: %s", strerror(errno));
		return LOAD_FAILED;
	}
	tell_lost(result);
	result_set_tally(result, tally);
	tell_trouble(options, tally);
	status = load_judge(options, tally);
	if (report(options, sink, result,
		   tally->stats.exchanges > 0 && !tally->has_failed) < 0)
		status = LOAD_FAILED;
	return status;
}

static enum load_status load_once(const struct load_options *options,
				  const char *command)
{
	enum load_status status = LOAD_FAILED;
	struct monitor *monitor = NULL;
	struct tally *tally = calloc(1, sizeof(*tally));
	char cause[SINK_CAUSE_SIZE];
	struct result result;
	struct sink *sink;
	struct plan plan;

	result_init(&result);
	sink = sink_new(options, cause);
	if (!sink)
		log_info("%s", cause);
	if (sink)
		monitor = monitor_new(sink, &result.intervals,
				      !options->quiet && isatty(STDERR_FILENO));
	if (sink && (!tally || !monitor))
		log_info("out of memory");
	if (tally && monitor && make_plan(&plan, options)) {
		if (options->verbose)
			tell_plan(&plan);
		tell_empty(options);
		run_catch_signals();
		asked_set(&result, options, command);
		status = load_and_report(&plan, monitor, sink, &result, tally);
		free(plan.request);
	}
	monitor_free(monitor);
	sink_free(sink);
	result_clear(&result);
	free(tally);
	return status;
}

static enum load_status run_as_told(int argc, char **argv)
{
	struct load_options options;
	char command[COMMAND_MAX];

	join(argc, argv, command);
	switch (load_options_read(&options, argc, argv)) {
	case ARGUMENTS_RUN:
		break;
	case ARGUMENTS_SHOWN:
		return LOAD_OK;
	case ARGUMENTS_FAILED:
		return LOAD_FAILED;
	case ARGUMENTS_WRONG:
		return LOAD_USAGE;
	}
	if (!options.is_compare)
		return load_once(&options, command);
	return compare_print(options.compare[0], options.compare[1], stdout) ==
			       0
		       ? LOAD_OK
		       : LOAD_FAILED;
}

enum load_status load_main(int argc, char **argv)
{
	enum load_status status;

	if (process_begin() < 0)
		return LOAD_FAILED;
	log_open("uppercase-load", STDERR_FILENO);
	status = run_as_told(argc, argv);
	log_flush();
	return status;
}
