/* SPDX-License-Identifier: MIT */
/*
 * The command line, and nothing else: no file is opened and no name looked up
 * here, so what this file refuses is always wrong usage. Values are read by a
 * table of setters, one small function an option.
 */
#include "load/load_options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/units.h"
#include "os/address.h"

#define DEFAULT_CLIENTS	   10
#define DEFAULT_SIZE	   64
#define DEFAULT_DURATION_S 10
#define DEFAULT_TRY_S	   2 /* of a --find-max */
#define PIPELINE_MAX	   65536
#define RATE_MAX	   1e9
#define STEPS_MAX	   1000
#define UDP_SIZE_MAX	   65507

/* Options without a letter. */
enum {
	OPTION_PER_REQUEST = 256,
	OPTION_WARMUP,
	OPTION_TIMEOUT,
	OPTION_SEED,
	OPTION_SOURCE,
	OPTION_RAMP,
	OPTION_FIND_MAX,
	OPTION_FAIL_IF,
	OPTION_COMPARE,
};

static const char short_options[] = ":tuwc:d:n:R:s:P:46H:j:o:qvhV";

static const struct option long_options[] = {
	{"tcp", no_argument, NULL, 't'},
	{"udp", no_argument, NULL, 'u'},
	{"http", no_argument, NULL, 'w'},
	{"clients", required_argument, NULL, 'c'},
	{"duration", required_argument, NULL, 'd'},
	{"count", required_argument, NULL, 'n'},
	{"rate", required_argument, NULL, 'R'},
	{"size", required_argument, NULL, 's'},
	{"pipeline", required_argument, NULL, 'P'},
	{"connect-per-request", no_argument, NULL, OPTION_PER_REQUEST},
	{"warmup", required_argument, NULL, OPTION_WARMUP},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"header", required_argument, NULL, 'H'},
	{"source", required_argument, NULL, OPTION_SOURCE},
	{"ramp", required_argument, NULL, OPTION_RAMP},
	{"find-max", required_argument, NULL, OPTION_FIND_MAX},
	{"fail-if", required_argument, NULL, OPTION_FAIL_IF},
	{"compare", no_argument, NULL, OPTION_COMPARE},
	{"jobs", required_argument, NULL, 'j'},
	{"output", required_argument, NULL, 'o'},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

const char *options_help(void)
{
	return "Usage: uppercase-load [OPTION]... HOST PORT [PATH]\n"
	       "       uppercase-load [OPTION]... http://HOST[:PORT][/PATH]\n"
	       "       uppercase-load [OPTION]... HOST:PORT [PATH]\n"
	       "       uppercase-load --compare A.json B.json\n"
	       "Load an uppercase or HTTP server with many clients, and tell "
	       "the truth about it.\n"
	       "\n"
	       "  -t, --tcp              uppercase over TCP (default)\n"
	       "  -u, --udp              uppercase over UDP\n"
	       "  -w, --http             GET PATH over HTTP/1.1\n"
	       "  -c, --clients=N        concurrent clients (default 10)\n"
	       "  -d, --duration=TIME    10s, 500ms, 2m (default 10s)\n"
	       "  -n, --count=N          stop after N exchanges instead\n"
	       "  -R, --rate=N           exchanges a second in total, sent on "
	       "schedule (open\n"
	       "                         loop); else each client sends when "
	       "answered (closed)\n"
	       "  -s, --size=BYTES[-BYTES]  message size, fixed or uniform "
	       "(default 64)\n"
	       "  -P, --pipeline=N       messages in flight per client "
	       "(default 1)\n"
	       "      --connect-per-request  a new connection for each "
	       "exchange\n"
	       "      --warmup=TIME      load, but do not measure, this long "
	       "first\n"
	       "      --timeout=TIME     for an answer, or to connect (default "
	       "1s)\n"
	       "      --seed=N           of the messages' sizes and contents "
	       "(default 1)\n"
	       "  -H, --header='NAME: VALUE'  a field of each HTTP request; "
	       "may be repeated\n"
	       "  -4, -6                 use IPv4 or IPv6 only\n"
	       "      --source=ADDRESS   send from this address; repeated, "
	       "clients take turns\n"
	       "      --ramp=[rate:|clients:]FROM:TO:STEPS\n"
	       "                         climb in STEPS steps within the "
	       "duration; the clients\n"
	       "                         when -c is given, else the rate\n"
	       "      --find-max=CONDITION  the highest rate at which it "
	       "holds, as in\n"
	       "                         p99<5ms,loss<0.1%; each try takes the "
	       "duration\n"
	       "                         (default 2s)\n"
	       "      --fail-if=CONDITION  exit status 5 when any of it holds, "
	       "as in\n"
	       "                         p99>5ms,loss>0.1%,errors>0\n"
	       "  -j, --jobs=N           load with N processes (default 1)\n"
	       "  -o, --output=FILE      .json, .ndjson, .csv or .html; may be "
	       "repeated;\n"
	       "                         - is standard output, as JSON\n"
	       "  -q, --quiet            print no result, only errors\n"
	       "  -v, --verbose          tell each step on standard error\n"
	       "  -h, --help             show this help\n"
	       "  -V, --version          show the version\n"
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
	       "  uppercase-load -w -R 5000 -o page.html localhost 6789 /\n";
}

const char *options_version(void)
{
	return "uppercase-load " PACKAGE_VERSION "\n";
}

const char *options_protocol_name(const struct options *options)
{
	static const char *const names[] = {"tcp", "udp", "http"};

	return names[options->protocol];
}

/* Writes the cause as one line, whatever was typed. */
static void PRINTF_LIKE(2, 3)
	set_cause(char cause[OPTIONS_CAUSE_SIZE], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(cause, OPTIONS_CAUSE_SIZE, fmt, args);
	va_end(args);
	for (char *c = cause; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static bool take_count(const char *what, const char *text, uint64_t min,
		       uint64_t max, uint64_t *out, char *cause)
{
	if (units_parse_count(text, min, max, out) == 0)
		return true;
	set_cause(cause, "%s \"%.100s\": not a whole number from %llu to %llu",
		  what, text, (unsigned long long)min, (unsigned long long)max);
	return false;
}

static bool take_unsigned(const char *what, const char *text, unsigned max,
			  unsigned *out, char *cause)
{
	uint64_t n;

	if (!take_count(what, text, 1, max, &n, cause))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool take_time(const char *what, const char *text, uint64_t min_ns,
		      uint64_t *out_ns, char *cause)
{
	uint64_t ns;

	if (units_parse_time(text, true, &ns) < 0 || ns < min_ns ||
	    ns > 86400 * CLOCK_NS_PER_S) {
		set_cause(cause,
			  "%s \"%.100s\": not a time up to a day%s, as 10s, "
			  "500ms or 2m",
			  what, text, min_ns > 0 ? " and of at least 1ms" : "");
		return false;
	}
	*out_ns = ns;
	return true;
}

static bool take_rate(const char *what, const char *text, double *out,
		      char *cause)
{
	double rate;

	if (units_parse_number(text, &rate) < 0 || rate < 0.001 ||
	    rate > RATE_MAX) {
		set_cause(cause,
			  "%s \"%.100s\": not a number a second from 0.001 to "
			  "1000M",
			  what, text);
		return false;
	}
	*out = rate;
	return true;
}

static bool take_sizes(struct options *options, const char *text, char *cause)
{
	if (units_parse_sizes(text, MESSAGE_MAX, &options->size_min,
			      &options->size_max) == 0)
		return true;
	set_cause(cause,
		  "size \"%.100s\": not BYTES or BYTES-BYTES, as 64, 16k or "
		  "10-1000, up to 16M",
		  text);
	return false;
}

static bool take_conditions(const char *what, const char *text,
			    struct thresholds *out, char *cause)
{
	struct slice bad;
	const char *why;

	if (thresholds_parse(out, text, &bad, &why) == 0)
		return true;
	set_cause(cause, "%s \"%.*s\": %s", what,
		  (int)(bad.len < 100 ? bad.len : 100), bad.ptr, why);
	return false;
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

static bool take_ramp(struct options *options, const char *text, char *cause)
{
	const char *numbers = text;
	char buf[64], *parts[3];

	options->ramp = RAMP_RATE;
	options->ramp_is_typed = true;
	if (strncmp(text, "rate:", 5) == 0)
		numbers += 5;
	else if (strncmp(text, "clients:", 8) == 0)
		numbers += 8, options->ramp = RAMP_CLIENTS;
	else
		options->ramp_is_typed = false;
	if (!split_ramp(numbers, buf, parts)) {
		set_cause(cause, "ramp \"%.100s\": not FROM:TO:STEPS", text);
		return false;
	}
	return take_rate("ramp from", parts[0], &options->ramp_from, cause) &&
	       take_rate("ramp to", parts[1], &options->ramp_to, cause) &&
	       take_unsigned("ramp steps", parts[2], STEPS_MAX,
			     &options->ramp_steps, cause);
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

bool options_output_is_standard(const char *name)
{
	return name[0] == '-' && (name[1] == '\0' || name[1] == '.');
}

/* What an output's name ends in says what is written. */
static bool has_output_ending(const char *name)
{
	return has_suffix(name, ".json") || has_suffix(name, ".ndjson") ||
	       has_suffix(name, ".csv") || has_suffix(name, ".html");
}

static bool take_output(struct options *options, const char *text, char *cause)
{
	if (strcmp(text, "-") != 0 && !has_output_ending(text)) {
		set_cause(cause,
			  "output \"%.100s\": the name must end in .json, "
			  ".ndjson, .csv or .html (standard output is - or "
			  "-.json, -.ndjson ...)",
			  text);
		return false;
	}
	if (options->n_outputs == OPTIONS_OUTPUTS_MAX) {
		set_cause(cause, "output \"%.100s\": more than %d", text,
			  OPTIONS_OUTPUTS_MAX);
		return false;
	}
	if (options_output_is_standard(text) && options->to_standard) {
		set_cause(cause,
			  "output \"%.100s\": standard output takes one result",
			  text);
		return false;
	}
	options->to_standard |= options_output_is_standard(text);
	options->outputs[options->n_outputs++] = text;
	return true;
}

static bool take_source(struct options *options, const char *text, char *cause)
{
	if (options->n_sources == OPTIONS_SOURCES_MAX) {
		set_cause(cause, "source \"%.100s\": more than %d", text,
			  OPTIONS_SOURCES_MAX);
		return false;
	}
	options->sources[options->n_sources++] = text;
	return true;
}

static bool take_field(struct options *options, const char *text, char *cause)
{
	const char *why = fields_add(&options->fields, text);

	if (why)
		set_cause(cause, "header \"%.100s\": %s", text, why);
	return !why;
}

/* What getopt_long answered '?' or ':' to, in words. */
static void explain_refusal(int answer, char **argv,
			    char cause[OPTIONS_CAUSE_SIZE])
{
	const char *word = argv[optind - 1];
	bool is_long = strncmp(word, "--", 2) == 0;

	if (answer == ':' && is_long)
		set_cause(cause, "option \"%.100s\": needs a value", word);
	else if (answer == ':')
		set_cause(cause, "option \"-%c\": needs a value", optopt);
	else if (!is_long)
		set_cause(cause, "option \"-%c\": unknown", optopt);
	else if (optopt != 0)
		set_cause(cause, "option \"%.100s\": takes no value", word);
	else
		set_cause(cause, "option \"%.100s\": unknown or ambiguous",
			  word);
}

/* Options with a value. */
static bool apply_value(struct options *options, int option, const char *text,
			char *cause)
{
	switch (option) {
	case 'c':
		options->clients_given = true;
		return take_unsigned("clients", text, OPTIONS_CLIENTS_MAX,
				     &options->clients, cause);
	case 'd':
		return take_time("duration", text, CLOCK_NS_PER_MS,
				 &options->duration_ns, cause);
	case 'n':
		return take_count("count", text, 1, UINT64_C(1) << 40,
				  &options->count, cause);
	case 'R':
		return take_rate("rate", text, &options->rate, cause);
	case 's':
		return take_sizes(options, text, cause);
	case 'P':
		return take_unsigned("pipeline", text, PIPELINE_MAX,
				     &options->pipeline, cause);
	case 'j':
		return take_unsigned("jobs", text, OPTIONS_JOBS_MAX,
				     &options->jobs, cause);
	case 'H':
		return take_field(options, text, cause);
	case 'o':
		return take_output(options, text, cause);
	case OPTION_WARMUP:
		return take_time("warmup", text, 0, &options->warmup_ns, cause);
	case OPTION_TIMEOUT:
		return take_time("timeout", text, CLOCK_NS_PER_MS,
				 &options->timeout_ns, cause);
	case OPTION_SEED:
		return take_count("seed", text, 0, UINT64_C(1) << 53,
				  &options->seed, cause);
	case OPTION_SOURCE:
		return take_source(options, text, cause);
	case OPTION_RAMP:
		return take_ramp(options, text, cause);
	case OPTION_FIND_MAX:
		options->find_max = (struct thresholds){0};
		return take_conditions("find-max", text, &options->find_max,
				       cause);
	case OPTION_FAIL_IF:
		return take_conditions("fail-if", text, &options->fail_if,
				       cause);
	default:
		return false;
	}
}

/* Takes in one option that getopt_long found. */
static enum options_verdict apply(struct options *options, int option,
				  char **argv, char cause[OPTIONS_CAUSE_SIZE])
{
	options->protocol_given |=
		option == 't' || option == 'u' || option == 'w';
	switch (option) {
	case 't':
		options->protocol = PROTOCOL_TCP;
		break;
	case 'u':
		options->protocol = PROTOCOL_UDP;
		break;
	case 'w':
		options->protocol = PROTOCOL_HTTP;
		break;
	case '4':
		options->family = AF_INET;
		break;
	case '6':
		options->family = AF_INET6;
		break;
	case 'q':
		options->quiet = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case OPTION_PER_REQUEST:
		options->connect_per_request = true;
		break;
	case OPTION_COMPARE:
		options->is_compare = true;
		break;
	case 'h':
		return OPTIONS_HELP;
	case 'V':
		return OPTIONS_VERSION;
	case '?':
	case ':':
		explain_refusal(option, argv, cause);
		return OPTIONS_WRONG;
	default:
		if (!apply_value(options, option, optarg, cause))
			return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

/* HOST PORT or HOST:PORT; *n_taken is how many words they were. */
static bool take_host(struct options *options, char **words, int n,
		      int *n_taken, char cause[OPTIONS_CAUSE_SIZE])
{
	int socktype =
		options->protocol == PROTOCOL_UDP ? SOCK_DGRAM : SOCK_STREAM;
	char *host = NULL, *port = NULL;
	const char *why;

	if (n > 0 && address_split(words[0], &host, &port, &why) < 0) {
		set_cause(cause, "HOST \"%.100s\": %s", words[0], why);
		return false;
	}
	*n_taken = port ? 1 : 2;
	if (!port && n > 1)
		port = words[1];
	options->host = host;
	if (!host)
		set_cause(cause, "HOST and PORT are missing");
	else if (host[0] == '\0')
		set_cause(cause, "HOST is empty");
	else if (!port)
		set_cause(cause, "%s", address_port_missing(host));
	else if (address_parse_port(port, socktype, &options->port, &why) < 0)
		set_cause(cause, "port \"%.100s\": %s", port, why);
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
static bool take_url(struct options *options, char **words, int n,
		     char cause[OPTIONS_CAUSE_SIZE])
{
	char http[] = "80", *host_and_port[] = {words[0], http};
	const char *why = NULL;
	int n_taken;

	if (n > 1)
		why = "a URL stands alone";
	else if (options->protocol_given && options->protocol != PROTOCOL_HTTP)
		why = "a URL is for --http";
	else if (strchr(words[0], '@'))
		why = "a user is not for a URL (--header='Authorization: ...')";
	if (why) {
		set_cause(cause, "\"%.100s\": %s", words[n > 1 ? 1 : 0], why);
		return false;
	}
	options->protocol = PROTOCOL_HTTP;
	return take_host(options, host_and_port, 2, &n_taken, cause);
}

/* HOST PORT [PATH] or a URL, as typed. */
static bool take_operands(struct options *options, char **words, int n,
			  char cause[OPTIONS_CAUSE_SIZE])
{
	int n_taken;

	if (n > 0 && has_scheme(words[0], "https://")) {
		set_cause(cause, "\"%.100s\": only http:// is spoken here",
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
		set_cause(cause, "\"%.100s\": %s", words[n > 1 ? 1 : 0],
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
	bool ok = path[0] == '/' && strlen(path) <= OPTIONS_PATH_MAX;

	for (const char *c = path; *c; c++)
		ok = ok && *c > ' ' && *c != 0x7f;
	if (!ok)
		set_cause(
			cause,
			"path \"%.100s\": must start with a slash and hold no "
			"blanks (percent-encode them)",
			path);
	return ok;
}

static bool check_sizes(const struct options *options, char *cause)
{
	if (options->protocol == PROTOCOL_UDP &&
	    options->size_max > UDP_SIZE_MAX) {
		set_cause(cause, "size %zu: a datagram holds at most %d bytes",
			  options->size_max, UDP_SIZE_MAX);
		return false;
	}
	if (options->protocol == PROTOCOL_TCP && options->size_min == 0) {
		set_cause(cause, "size 0: over TCP that is no message");
		return false;
	}
	return true;
}

/* What may not stand together. */
static bool check_together(const struct options *options, char *cause)
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
		set_cause(cause, "%s", why);
	return !why;
}

static bool check_ramp(const struct options *options, char *cause)
{
	if (options->ramp == RAMP_CLIENTS &&
	    (options->ramp_from < options->jobs ||
	     options->ramp_to < options->jobs ||
	     options->ramp_from > OPTIONS_CLIENTS_MAX ||
	     options->ramp_to > OPTIONS_CLIENTS_MAX)) {
		set_cause(cause, "ramp of clients: from --jobs to %d",
			  OPTIONS_CLIENTS_MAX);
		return false;
	}
	return true;
}

/* What was left out, and what depends on what. */
static void complete(struct options *options)
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

static enum options_verdict take_compare(struct options *options, char **words,
					 int n, char *cause)
{
	if (n != 2) {
		set_cause(cause, "compare: takes two files, A.json B.json");
		return OPTIONS_WRONG;
	}
	options->compare[0] = words[0];
	options->compare[1] = words[1];
	return OPTIONS_COMPARE;
}

enum options_verdict options_parse(struct options *options, int argc,
				   char **argv, char cause[OPTIONS_CAUSE_SIZE])
{
	enum options_verdict verdict;
	int option;

	*options = (struct options){
		.family = AF_UNSPEC,
		.clients = DEFAULT_CLIENTS,
		.jobs = 1,
		.pipeline = 1,
		.size_min = DEFAULT_SIZE,
		.size_max = DEFAULT_SIZE,
		.timeout_ns = CLOCK_NS_PER_S,
		.seed = 1,
	};
	opterr = 0;
	while ((option = getopt_long(argc, argv, short_options, long_options,
				     NULL)) != -1) {
		verdict = apply(options, option, argv, cause);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (options->is_compare)
		return take_compare(options, argv + optind, argc - optind,
				    cause);
	if (!take_operands(options, argv + optind, argc - optind, cause) ||
	    !check_path(options->path, cause))
		return OPTIONS_WRONG;
	complete(options);
	if (!check_sizes(options, cause) || !check_ramp(options, cause) ||
	    !check_together(options, cause))
		return OPTIONS_WRONG;
	return OPTIONS_RUN;
}
