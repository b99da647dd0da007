/* SPDX-License-Identifier: MIT */
/*
 * The command line, and nothing else: no file is opened and no name looked up
 * here, so what this file refuses is always wrong usage.
 */
#include "load/load_options.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/units.h"
#include "os/address.h"

#define DEFAULT_CLIENTS	   10
#define DEFAULT_DURATION_S 10
#define DEFAULT_TRY_S	   2 /* of a --find-max */
#define PIPELINE_MAX	   65536
#define STEPS_MAX	   1000
#define UDP_SIZE_MAX	   65507
#define TIME_MAX_NS	   (86400 * CLOCK_NS_PER_S)

const char *load_options_protocol(const struct load_options *options)
{
	static const char *const names[] = {"tcp", "udp", "http"};

	return names[options->protocol];
}

/* --- values of this program's own --- */

static int take_sizes(void *config, const char *text, char *cause)
{
	struct load_options *options = config;

	if (units_parse_sizes(text, MESSAGE_MAX, &options->size_min,
			      &options->size_max) == 0)
		return 0;
	settings_cause(cause, "not BYTES or BYTES-BYTES, as 64, 16k or "
			      "10-1000, up to 16M");
	return -1;
}

static int take_conditions(const char *text, struct thresholds *out,
			   char *cause)
{
	struct slice bad;
	const char *why;

	if (thresholds_parse(out, text, &bad, &why) == 0)
		return 0;
	settings_cause(cause, "'%.*s': %s",
		       (int)(bad.len < 100 ? bad.len : 100), bad.ptr, why);
	return -1;
}

static int take_find_max(void *config, const char *text, char *cause)
{
	struct load_options *options = config;

	options->find_max = (struct thresholds){0};
	return take_conditions(text, &options->find_max, cause);
}

static int take_fail_if(void *config, const char *text, char *cause)
{
	return take_conditions(text, &((struct load_options *)config)->fail_if,
			       cause);
}

/* Splits FROM:TO:STEPS into buf. */
static bool split_ramp(const char *text, char buf[64], char *parts[3])
{
	char *at = buf;

	if (strlen(text) >= 64)
		return false;
	memcpy(buf, text, strlen(text) + 1);
	for (size_t i = 0; i < 3; i++) {
		parts[i] = at;
		at = at ? strchr(at, ':') : NULL;
		if (at)
			*at++ = '\0';
	}
	return parts[1] && parts[2] && !at;
}

static bool parse_rate(const char *text, double *out)
{
	return units_parse_number(text, out) == 0 && *out >= 0.001 &&
	       *out <= 1e9;
}

static int take_ramp(void *config, const char *text, char *cause)
{
	struct load_options *options = config;
	const char *numbers = text;
	char buf[64], *parts[3];
	uint64_t steps;

	options->ramp = RAMP_RATE;
	options->ramp_is_typed = true;
	if (strncmp(text, "rate:", 5) == 0)
		numbers += 5;
	else if (strncmp(text, "clients:", 8) == 0)
		numbers += 8, options->ramp = RAMP_CLIENTS;
	else
		options->ramp_is_typed = false;
	if (!split_ramp(numbers, buf, parts))
		settings_cause(cause, "not FROM:TO:STEPS");
	else if (!parse_rate(parts[0], &options->ramp_from))
		settings_cause(cause,
			       "FROM '%s': not a number from 0.001 to 1000M",
			       parts[0]);
	else if (!parse_rate(parts[1], &options->ramp_to))
		settings_cause(cause,
			       "TO '%s': not a number from 0.001 to 1000M",
			       parts[1]);
	else if (units_parse_count(parts[2], 1, STEPS_MAX, &steps) < 0)
		settings_cause(cause,
			       "STEPS '%s': not a whole number from 1 "
			       "to %d",
			       parts[2], STEPS_MAX);
	else
		return options->ramp_steps = (unsigned)steps, 0;
	return -1;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

bool load_options_is_standard(const char *name)
{
	return name[0] == '-' && (name[1] == '\0' || name[1] == '.');
}

/* What an output's name ends in says what is written. */
static bool has_output_ending(const char *name)
{
	return has_suffix(name, ".json") || has_suffix(name, ".ndjson") ||
	       has_suffix(name, ".csv") || has_suffix(name, ".html");
}

static int take_output(void *config, const char *text, char *cause)
{
	struct load_options *options = config;

	if (strcmp(text, "-") != 0 && !has_output_ending(text))
		settings_cause(
			cause,
			"the name must end in .json, .ndjson, .csv or "
			".html (standard output is - or -.json, -.ndjson "
			"...)");
	else if (options->n_outputs == LOAD_OUTPUTS_MAX)
		settings_cause(cause, "more than %d", LOAD_OUTPUTS_MAX);
	else if (load_options_is_standard(text) && options->to_standard)
		settings_cause(cause, "standard output takes one result");
	else {
		options->to_standard |= load_options_is_standard(text);
		options->outputs[options->n_outputs++] = text;
		return 0;
	}
	return -1;
}

static int take_header(void *config, const char *text, char *cause)
{
	const char *why =
		fields_add(&((struct load_options *)config)->fields, text);

	if (!why)
		return 0;
	settings_cause(cause, "%s", why);
	return -1;
}

/* --- the table --- */

#define LOAD_AT(member) SETTING_AT(struct load_options, member)
#define LOAD_PROTOCOL(id)                                                      \
	.type = SETTING_PICK, LOAD_AT(protocol_typed), .pick = 1 + (id)

static const struct setting rows[] = {
	{.name = "tcp",
	 .letter = 't',
	 LOAD_PROTOCOL(PROTOCOL_TCP),
	 .help = "uppercase over TCP (default)"},
	{.name = "udp",
	 .letter = 'u',
	 LOAD_PROTOCOL(PROTOCOL_UDP),
	 .help = "uppercase over UDP"},
	{.name = "http",
	 .letter = 'w',
	 LOAD_PROTOCOL(PROTOCOL_HTTP),
	 .help = "GET PATH over HTTP/1.1"},
	{.name = "clients",
	 .letter = 'c',
	 .type = SETTING_COUNT,
	 LOAD_AT(clients),
	 .min = 1,
	 .max = LOAD_CLIENTS_MAX,
	 .value = "N",
	 .help = "concurrent clients (default 10)"},
	{.name = "duration",
	 .letter = 'd',
	 .type = SETTING_TIME,
	 LOAD_AT(duration_ns),
	 .min = CLOCK_NS_PER_MS,
	 .max = TIME_MAX_NS,
	 .takes_seconds = true,
	 .value = "TIME",
	 .help = "10s, 500ms, 2m (default 10s)"},
	{.name = "count",
	 .letter = 'n',
	 .type = SETTING_COUNT,
	 LOAD_AT(count),
	 .min = 1,
	 .max = UINT64_C(1) << 40,
	 .value = "N",
	 .help = "stop after N exchanges instead"},
	{.name = "rate",
	 .letter = 'R',
	 .type = SETTING_RATE,
	 LOAD_AT(rate),
	 .value = "N",
	 .help = "exchanges a second in total, sent on schedule (open loop); "
		 "else each client sends when answered (closed)"},
	{.name = "size",
	 .letter = 's',
	 .type = SETTING_OWN,
	 .take = take_sizes,
	 .standard = "64",
	 .value = "BYTES[-BYTES]",
	 .help = "message size, fixed or uniform"},
	{.name = "pipeline",
	 .letter = 'P',
	 .type = SETTING_COUNT,
	 LOAD_AT(pipeline),
	 .min = 1,
	 .max = PIPELINE_MAX,
	 .standard = "1",
	 .value = "N",
	 .help = "messages in flight per client"},
	{.name = "connect-per-request",
	 .type = SETTING_FLAG,
	 LOAD_AT(connect_per_request),
	 .help = "a new connection for each exchange"},
	{.name = "warmup",
	 .type = SETTING_TIME,
	 LOAD_AT(warmup_ns),
	 .max = TIME_MAX_NS,
	 .takes_seconds = true,
	 .value = "TIME",
	 .help = "load, but do not measure, this long first"},
	{.name = "timeout",
	 .type = SETTING_TIME,
	 LOAD_AT(timeout_ns),
	 .min = CLOCK_NS_PER_MS,
	 .max = TIME_MAX_NS,
	 .takes_seconds = true,
	 .standard = "1s",
	 .value = "TIME",
	 .help = "for an answer, or to connect"},
	{.name = "seed",
	 .type = SETTING_COUNT,
	 LOAD_AT(seed),
	 .max = UINT64_C(1) << 53,
	 .standard = "1",
	 .value = "N",
	 .help = "of the messages' sizes and contents"},
	{.name = "header",
	 .letter = 'H',
	 .type = SETTING_OWN,
	 .take = take_header,
	 .value = "'NAME: VALUE'",
	 .help = "a field of each HTTP request; may be repeated"},
	{.name = "ipv4",
	 .letter = '4',
	 .type = SETTING_PICK,
	 LOAD_AT(family),
	 .pick = AF_INET,
	 .help = "use IPv4 only"},
	{.name = "ipv6",
	 .letter = '6',
	 .type = SETTING_PICK,
	 LOAD_AT(family),
	 .pick = AF_INET6,
	 .help = "use IPv6 only"},
	{.name = "source",
	 .type = SETTING_LIST,
	 LOAD_AT(sources),
	 .max = LOAD_SOURCES_MAX,
	 .value = "ADDRESS",
	 .help = "send from this address; repeated, clients take turns"},
	{.name = "ramp",
	 .type = SETTING_OWN,
	 .take = take_ramp,
	 .value = "[rate:|clients:]FROM:TO:STEPS",
	 .help = "climb in STEPS steps within the duration; the clients when "
		 "-c is given, else the rate"},
	{.name = "find-max",
	 .type = SETTING_OWN,
	 .take = take_find_max,
	 .value = "CONDITION",
	 .help = "the highest rate at which it holds, as in p99<5ms,loss<0.1%; "
		 "each try takes the duration (default 2s)"},
	{.name = "fail-if",
	 .type = SETTING_OWN,
	 .take = take_fail_if,
	 .value = "CONDITION",
	 .help = "exit status 5 when any of it holds, as in "
		 "p99>5ms,loss>0.1%,errors>0"},
	{.name = "compare",
	 .type = SETTING_FLAG,
	 LOAD_AT(is_compare),
	 .help = "show two results, files in JSON, side by side"},
	{.name = "jobs",
	 .letter = 'j',
	 .type = SETTING_COUNT,
	 LOAD_AT(jobs),
	 .min = 1,
	 .max = LOAD_JOBS_MAX,
	 .standard = "1",
	 .value = "N",
	 .help = "load with N processes"},
	{.name = "output",
	 .letter = 'o',
	 .type = SETTING_OWN,
	 .take = take_output,
	 .value = "FILE",
	 .help = ".json, .ndjson, .csv or .html; may be repeated; - is "
		 "standard output, as JSON"},
	{.name = "quiet",
	 .letter = 'q',
	 .type = SETTING_FLAG,
	 LOAD_AT(quiet),
	 .help = "print no result, only errors"},
	{.name = "verbose",
	 .letter = 'v',
	 .type = SETTING_FLAG,
	 LOAD_AT(verbose),
	 .help = "tell each step on standard error"},
	ARGUMENTS_ROWS,
};

/* --- operands --- */

static int load_options_take(void *config, char **words, int n, char *cause)
{
	struct load_options *options = config;

	(void)n;
	if (options->n_words == LOAD_WORDS_MAX) {
		settings_cause(cause, "'%.100s': too many operands", words[0]);
		return -1;
	}
	options->words[options->n_words++] = words[0];
	return 1;
}

/* HOST PORT or HOST:PORT; *n_taken is how many words they were. */
static bool take_host(struct load_options *options, char **words, int n,
		      int *n_taken, char *cause)
{
	int socktype =
		options->protocol == PROTOCOL_UDP ? SOCK_DGRAM : SOCK_STREAM;
	char *host = NULL, *port = NULL;
	const char *why;

	if (n > 0 && address_split(words[0], &host, &port, &why) < 0) {
		settings_cause(cause, "HOST '%.100s': %s", words[0], why);
		return false;
	}
	*n_taken = port ? 1 : 2;
	if (!port && n > 1)
		port = words[1];
	options->host = host;
	if (!host)
		settings_cause(cause, "HOST and PORT are missing");
	else if (host[0] == '\0')
		settings_cause(cause, "HOST is empty");
	else if (!port)
		settings_cause(cause, "%s", address_port_missing(host));
	else if (address_parse_port(port, socktype, &options->port, &why) < 0)
		settings_cause(cause, "port '%.100s': %s", port, why);
	else
		return true;
	return false;
}

/* Whether text begins with that scheme (RFC 3986, 3.1: in any case). */
static bool has_scheme(const char *text, const char *scheme)
{
	return strncasecmp(text, scheme, strlen(scheme)) == 0;
}

/* Takes a zone, which is percent-encoded in a URL (RFC 6874), as it is. */
static void decode_zone(char *authority)
{
	char *zone = strstr(authority, "%25");

	if (zone)
		memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
}

/*
 * Takes a URL apart in place: "http://[::1]:80/path" becomes "[::1]:80", and
 * *path what follows it, without a fragment, which is nobody else's business.
 * False when there is none, of HTTP.
 */
static bool split_url(char *text, const char **path)
{
	char *authority = text + strlen("http://"), *rest;

	if (!has_scheme(text, "http://"))
		return false;
	authority[strcspn(authority, "#")] = '\0';
	rest = authority + strcspn(authority, "/?");
	*path = *rest == '\0' ? "/" : rest;
	memmove(text, authority, (size_t)(rest - authority));
	text[rest - authority] = '\0';
	/* There is room now for the slash that it lacks. */
	if (*rest == '?') {
		*--rest = '/';
		*path = rest;
	}
	decode_zone(text);
	return true;
}

/* http://HOST[:PORT][/PATH] as typed; the scheme says what is loaded. */
static bool take_url(struct load_options *options, char **words, int n,
		     char *cause)
{
	char http[] = "80", *host_and_port[] = {words[0], http};
	const char *why = NULL;
	int n_taken;

	if (n > 1)
		why = "a URL stands alone";
	else if (options->protocol_typed != 0 &&
		 options->protocol != PROTOCOL_HTTP)
		why = "a URL is for --http";
	else if (strchr(words[0], '@'))
		why = "a user is not for a URL (--header='Authorization: ...')";
	if (why) {
		settings_cause(cause, "'%.100s': %s", words[n > 1 ? 1 : 0],
			       why);
		return false;
	}
	options->protocol = PROTOCOL_HTTP;
	return take_host(options, host_and_port, 2, &n_taken, cause);
}

/* HOST PORT [PATH] or a URL, as typed. */
static bool take_operands(struct load_options *options, char **words, int n,
			  char *cause)
{
	int n_taken;

	if (n > 0 && has_scheme(words[0], "https://")) {
		settings_cause(cause, "'%.100s': only http:// is spoken here",
			       words[0]);
		return false;
	}
	if (n > 0 && split_url(words[0], &options->path))
		return take_url(options, words, n, cause);
	if (!take_host(options, words, n, &n_taken, cause))
		return false;
	words += n_taken;
	n -= n_taken;
	if (n > 1 || (n == 1 && options->protocol != PROTOCOL_HTTP)) {
		settings_cause(cause, "'%.100s': %s", words[n > 1 ? 1 : 0],
			       n > 1 ? "too many operands"
				     : "a PATH is for --http only");
		return false;
	}
	options->path = n == 1 ? words[0] : "/";
	return true;
}

/* A request-target that cannot break the request. */
static bool check_path(const char *path, char *cause)
{
	bool ok = path[0] == '/' && strlen(path) <= LOAD_PATH_MAX;

	for (const char *c = path; *c; c++)
		ok = ok && *c > ' ' && *c != 0x7f;
	if (!ok)
		settings_cause(
			cause,
			"path '%.100s': must start with a slash and hold no "
			"blanks (percent-encode them)",
			path);
	return ok;
}

static bool check_sizes(const struct load_options *options, char *cause)
{
	if (options->protocol == PROTOCOL_UDP &&
	    options->size_max > UDP_SIZE_MAX) {
		settings_cause(cause,
			       "size %zu: a datagram holds at most %d bytes",
			       options->size_max, UDP_SIZE_MAX);
		return false;
	}
	if (options->protocol == PROTOCOL_TCP && options->size_min == 0) {
		settings_cause(cause, "size 0: over TCP that is no message");
		return false;
	}
	return true;
}

/* What may not stand together. */
static bool check_together(const struct load_options *options, char *cause)
{
	const char *why = NULL;
	bool finds = options->find_max.n > 0;

	if (finds && options->ramp != RAMP_NONE)
		why = "--find-max and --ramp: one or the other";
	else if ((finds || options->ramp != RAMP_NONE) && options->count > 0)
		why = "--count: not with --ramp or --find-max, whose steps "
		      "take time";
	else if (options->ramp == RAMP_RATE && options->rate > 0)
		why = "--rate: --ramp sets it";
	else if (options->connect_per_request &&
		 options->protocol == PROTOCOL_UDP)
		why = "--connect-per-request: UDP has no connections";
	else if (options->connect_per_request && options->pipeline > 1)
		why = "--pipeline: not with --connect-per-request";
	else if (options->fields.n > 0 && options->protocol != PROTOCOL_HTTP)
		why = "--header: for --http only";
	else if (options->jobs > options->clients &&
		 options->ramp != RAMP_CLIENTS)
		why = "--jobs: more than --clients";
	if (why)
		settings_cause(cause, "%s", why);
	return !why;
}

static bool check_ramp(const struct load_options *options, char *cause)
{
	if (options->ramp == RAMP_CLIENTS &&
	    (options->ramp_from < options->jobs ||
	     options->ramp_to < options->jobs ||
	     options->ramp_from > LOAD_CLIENTS_MAX ||
	     options->ramp_to > LOAD_CLIENTS_MAX)) {
		settings_cause(cause, "ramp of clients: from --jobs to %d",
			       LOAD_CLIENTS_MAX);
		return false;
	}
	return true;
}

/* What was left out, and what depends on what. */
static void complete(struct load_options *options)
{
	if (options->ramp == RAMP_RATE && !options->ramp_is_typed &&
	    options->clients_given)
		options->ramp = RAMP_CLIENTS;
	if (options->duration_ns == 0 && options->count == 0)
		options->duration_ns =
			CLOCK_NS_PER_S * (options->find_max.n > 0
						  ? DEFAULT_TRY_S
						  : DEFAULT_DURATION_S);
}

static int judge_compare(struct load_options *options, char *cause)
{
	if (options->n_words != 2) {
		settings_cause(cause,
			       "--compare: takes two files, A.json B.json");
		return -1;
	}
	options->compare[0] = options->words[0];
	options->compare[1] = options->words[1];
	return 0;
}

static int load_options_judge(void *config, char *cause)
{
	struct load_options *options = config;
	bool ok;

	if (options->is_compare)
		return judge_compare(options, cause);
	options->clients_given = options->clients > 0;
	if (!options->clients_given)
		options->clients = DEFAULT_CLIENTS;
	if (options->protocol_typed)
		options->protocol =
			(enum protocol)(options->protocol_typed - 1);
	ok = take_operands(options, options->words, options->n_words, cause) &&
	     check_path(options->path, cause);
	if (!ok)
		return -1;
	complete(options);
	ok = check_sizes(options, cause) && check_ramp(options, cause) &&
	     check_together(options, cause);
	return ok ? 0 : -1;
}

static const struct arguments arguments = {
	.program = "uppercase-load",
	.usage = "HOST PORT [PATH]\nhttp://HOST[:PORT][/PATH]\n"
		 "HOST:PORT [PATH]\n--compare A.json B.json",
	.what = "Load an uppercase or HTTP server with many clients, and tell "
		"the truth about it.",
	.manual = "TIME is a number and us, ms, s, m, h or d; BYTES a number "
		  "and k, M, G or\n"
		  "nothing; N and rates may have k or M.\n"
		  "\n"
		  "Exit status: 0 success, 1 could not run, 2 wrong usage, 3 "
		  "answers stopped\n"
		  "coming, 4 wrong replies seen, 5 a --fail-if condition held. "
		  "Ctrl-C ends the\n"
		  "run early and still reports.\n"
		  "\n"
		  "Examples:\n"
		  "  uppercase-load -c 100 localhost 12000\n"
		  "  uppercase-load -u -R 20k localhost 12000\n"
		  "  uppercase-load -w -R 5000 -o page.html localhost 6789 "
		  "/\n",
	.rows = rows,
	.n_rows = ARRAY_LEN(rows),
	.take = load_options_take,
	.judge = load_options_judge,
};

enum arguments_verdict load_options_read(struct load_options *options, int argc,
					 char **argv)
{
	struct settings settings;

	settings_init(&settings, rows, ARRAY_LEN(rows), options,
		      sizeof(*options));
	return arguments_read(&arguments, &settings, argc, argv);
}
