/* SPDX-License-Identifier: MIT */
/*
 * The server's settings: the table, and what no type of the table can judge.
 */
#include "server/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "http/media.h"
#include "http/request.h"
#include "loop/bucket.h"
#include "loop/faults.h"
#include "server/endpoint.h"

#define CONFIG_AT(member) SETTING_AT(struct config, member), .in_file = true
#define LIMIT_AT(member)  CONFIG_AT(limits.member)

#define MAX_AGE_MAX	  INT32_MAX /* RFC 9111, 1.2.2: as good as for ever */
#define CACHE_FILES_MAX	  (1 << 22)
#define CACHE_SIZE_MAX	  (UINT64_C(1) << 40)
#define MAX_COUNT_MAX	  (1 << 22)
#define MIN_RATE_MAX	  (1 << 30)
#define RATE_MAX	  1000000
#define TIMEOUT_MIN	  CLOCK_NS_PER_MS
#define TIMEOUT_MAX	  (UINT64_C(365) * 86400 * CLOCK_NS_PER_S)

bool config_is_off(const struct setting_list *service)
{
	return service->n == 1 && strcmp(service->items[0], "off") == 0;
}

void config_logs(const struct config *config, const char *paths[CONFIG_LOGS])
{
	paths[CONFIG_LOG_ACCESS] = config->access_log;
	paths[CONFIG_LOG_CONNECTIONS] = config->connection_log;
	paths[CONFIG_LOG_FAULTS] = config->fault_log;
	paths[CONFIG_LOG_MESSAGES] = config_log_file(config);
}

const char *config_log(const struct config *config)
{
	if (config->log)
		return config->log;
	return config->daemon ? "syslog" : "stderr";
}

const char *config_log_file(const struct config *config)
{
	const char *log = config_log(config);

	if (strcmp(log, "stderr") == 0 || strcmp(log, "syslog") == 0)
		return NULL;
	return log;
}

/* --- values of the server's own --- */

static int check_endpoint(const char *text, int socktype, char *cause)
{
	struct endpoint endpoint;
	const char *why;

	if (endpoint_parse(text, socktype, &endpoint, &why) == 0)
		return 0;
	settings_cause(cause, "%s", why);
	return -1;
}

static int check_udp_port(void *config, const char *text, char *cause)
{
	(void)config;
	return check_endpoint(text, SOCK_DGRAM, cause);
}

static int check_tcp_port(void *config, const char *text, char *cause)
{
	(void)config;
	return check_endpoint(text, SOCK_STREAM, cause);
}

/* An item of --allow or --deny. */
static int check_network(void *config, const char *text, char *cause)
{
	char why[NETWORK_CAUSE_SIZE];

	(void)config;
	if (access_add(NULL, text, why) == 0)
		return 0;
	settings_cause(cause, "%s", why);
	return -1;
}

static int check_proxy(void *config, const char *text, char *cause)
{
	char why[NETWORK_CAUSE_SIZE];

	(void)config;
	if (access_add_proxy(NULL, text, why) == 0)
		return 0;
	settings_cause(cause, "%s", why);
	return -1;
}

/* The pages are of no service that could be named. */
static int check_admin_network(void *config, const char *text, char *cause)
{
	char why[NETWORK_CAUSE_SIZE];
	struct network network;

	(void)config;
	if (network_parse(text, &network, why) == 0)
		return 0;
	settings_cause(cause, "%s", why);
	return -1;
}

static int check_fault(void *config, const char *text, char *cause)
{
	char why[FAULT_CAUSE_SIZE];

	(void)config;
	if (faults_check(text, why) == 0)
		return 0;
	settings_cause(cause, "%s", why);
	return -1;
}

/* "N" or "N/BURST"; a second's worth at once when nothing is said of that. */
static int take_rate_limit(struct limits_rate *rate, const char *text,
			   char *cause)
{
	char number[32];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t per_s = 0, burst = 0;

	*rate = (struct limits_rate){0};
	if (strcmp(text, "off") == 0)
		return 0;
	(void)snprintf(number, sizeof(number), "%.*s", (int)len, text);
	if (len >= sizeof(number) ||
	    units_parse_uint(number, 1, RATE_MAX, &per_s) < 0 ||
	    (slash &&
	     units_parse_uint(slash + 1, 1, BUCKET_TOKENS_MAX, &burst) < 0)) {
		settings_cause(cause,
			       "not off, a number a second from 1 to %d, or "
			       "that and /BURST, 1 to %d",
			       RATE_MAX, BUCKET_TOKENS_MAX);
		return -1;
	}
	if (!slash)
		burst = per_s < BUCKET_TOKENS_MAX ? per_s : BUCKET_TOKENS_MAX;
	rate->per_s = (uint32_t)per_s;
	rate->burst = (uint32_t)burst;
	return 0;
}

static int take_udp_rate(void *config, const char *text, char *cause)
{
	return take_rate_limit(&((struct config *)config)->limits.udp_rate,
			       text, cause);
}

static int take_request_rate(void *config, const char *text, char *cause)
{
	return take_rate_limit(&((struct config *)config)->limits.request_rate,
			       text, cause);
}

static int take_default_type(void *config, const char *text, char *cause)
{
	if (!http_media_is_type(slice_of(text))) {
		settings_cause(cause, "not a media type, such as text/plain");
		return -1;
	}
	((struct config *)config)->default_type = text;
	return 0;
}

/* --- the table --- */

static const char *const log_formats[] = {
	[HTTP_LOG_COMBINED] = "combined",
	[HTTP_LOG_JSON] = "json",
	NULL,
};

static const char *const log_levels[] = {
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	NULL,
};

/* A time that a peer or this server has. */
#define TIMEOUT(member)                                                        \
	LIMIT_AT(member), .type = SETTING_TIME, .value = "TIME",               \
			  .min = TIMEOUT_MIN, .max = TIMEOUT_MAX

static const struct setting rows[] = {
	{.name = "listen",
	 .letter = 'a',
	 .type = SETTING_LIST,
	 CONFIG_AT(listen),
	 .max = CONFIG_LISTEN_MAX,
	 .value = "ADDRESS",
	 .help = "serve on this address; may be repeated (default: every "
		 "address, IPv6 and IPv4)"},
	{.name = "udp-port",
	 .letter = 'u',
	 .type = SETTING_LIST,
	 CONFIG_AT(udp),
	 .max = CONFIG_LISTEN_MAX,
	 .take = check_udp_port,
	 .standard = "12000",
	 .value = "PORT",
	 .help = "UDP uppercase service, or ADDRESS:PORT; may be repeated; 0 "
		 "takes a free port, off leaves the service out"},
	{.name = "tcp-port",
	 .letter = 't',
	 .type = SETTING_LIST,
	 CONFIG_AT(tcp),
	 .max = CONFIG_LISTEN_MAX,
	 .take = check_tcp_port,
	 .standard = "12000",
	 .value = "PORT",
	 .help = "TCP uppercase service, likewise, or unix:PATH"},
	{.name = "http-port",
	 .letter = 'w',
	 .type = SETTING_LIST,
	 CONFIG_AT(http),
	 .max = CONFIG_LISTEN_MAX,
	 .take = check_tcp_port,
	 .standard = "6789",
	 .value = "PORT",
	 .help = "HTTP file service, likewise, or unix:PATH"},
	{.name = "admin",
	 .type = SETTING_LIST,
	 CONFIG_AT(admin),
	 .max = CONFIG_LISTEN_MAX,
	 .take = check_tcp_port,
	 .standard = "off",
	 .value = "PORT",
	 .help = "pages that show what goes on, for this host alone, or at "
		 "ADDRESS:PORT or unix:PATH"},
	{.name = "admin-allow",
	 .type = SETTING_LIST,
	 CONFIG_AT(admin_allow),
	 .max = ACCESS_RULES_MAX,
	 .take = check_admin_network,
	 .value = "NETWORK",
	 .help = "show those pages to these addresses and no others; may be "
		 "repeated"},
	{.name = "root",
	 .letter = 'r',
	 .type = SETTING_TEXT,
	 CONFIG_AT(root),
	 .standard = HTDOCS_DIR,
	 .value = "DIR",
	 .help = "document root"},
	{.name = "allow",
	 .type = SETTING_LIST,
	 CONFIG_AT(allow),
	 .max = ACCESS_RULES_MAX,
	 .take = check_network,
	 .value = "NETWORK",
	 .help = "serve these addresses and no others; NETWORK is like "
		 "10.0.0.0/8, or udp:10.0.0.0/8 for one service; may be "
		 "repeated"},
	{.name = "deny",
	 .type = SETTING_LIST,
	 CONFIG_AT(deny),
	 .max = ACCESS_RULES_MAX,
	 .take = check_network,
	 .value = "NETWORK",
	 .help = "do not serve these addresses, whatever --allow says; "
		 "likewise"},
	{.name = "proxy-protocol",
	 .type = SETTING_LIST,
	 CONFIG_AT(proxy_protocol),
	 .max = ACCESS_RULES_MAX,
	 .take = check_proxy,
	 .value = "NETWORK",
	 .help = "TCP and HTTP connections from these balancers begin with a "
		 "PROXY header, version 1 or 2; likewise, or unix"},
	{.name = "tcp-once",
	 .type = SETTING_FLAG,
	 CONFIG_AT(tcp_once),
	 .help = "answer one message per TCP connection, then close"},
	{.name = "defer-accept",
	 .type = SETTING_FLAG,
	 CONFIG_AT(defer_accept),
	 .help = "accept an HTTP connection when its request is there"},
	{.name = "reuse-port",
	 .type = SETTING_FLAG,
	 CONFIG_AT(reuse_port),
	 .help = "share the ports with other servers of the same user"},
	{.name = "listing",
	 .type = SETTING_FLAG,
	 CONFIG_AT(listing),
	 .help = "list folders that have no index.html"},
	{.name = "hidden",
	 .type = SETTING_FLAG,
	 CONFIG_AT(hidden),
	 .help = "serve and list names with a leading dot"},
	{.name = "max-age",
	 .type = SETTING_TIME,
	 CONFIG_AT(max_age_ns),
	 .max = MAX_AGE_MAX * CLOCK_NS_PER_S,
	 .takes_seconds = true,
	 .may_be_off = true,
	 .standard = "off",
	 .value = "TIME",
	 .help = "how long a browser may keep a file unasked; a number alone "
		 "is in seconds"},
	{.name = "mime-types",
	 .type = SETTING_TEXT,
	 CONFIG_AT(mime_types),
	 .value = "FILE",
	 .help = "media types by extension, as in /etc/mime.types"},
	{.name = "default-type",
	 .type = SETTING_OWN,
	 CONFIG_AT(default_type),
	 .take = take_default_type,
	 .standard = "application/octet-stream",
	 .value = "TYPE",
	 .help = "media type of files that no table knows"},
	{.name = "access-log",
	 .type = SETTING_TEXT,
	 CONFIG_AT(access_log),
	 .value = "FILE",
	 .help = "a line for each request; - for standard output"},
	{.name = "log",
	 .type = SETTING_TEXT,
	 CONFIG_AT(log),
	 .value = "WHERE",
	 .help = "messages go to stderr, syslog or a file (default: stderr; "
		 "with --daemon syslog)"},
	{.name = "log-level",
	 .type = SETTING_CHOICE,
	 CONFIG_AT(log_level),
	 .choices = log_levels,
	 .standard = "info",
	 .value = "LEVEL",
	 .help = "info, or warning for these alone"},
	{.name = "connection-log",
	 .type = SETTING_TEXT,
	 CONFIG_AT(connection_log),
	 .value = "FILE",
	 .help = "a line for each connection when it ends, and each UDP "
		 "source and minute"},
	{.name = "log-format",
	 .type = SETTING_CHOICE,
	 CONFIG_AT(log_format),
	 .choices = log_formats,
	 .standard = "combined",
	 .value = "FORMAT",
	 .help = "of both logs: combined or json"},

	{.name = "max-connections",
	 .type = SETTING_COUNT,
	 LIMIT_AT(max_connections),
	 .may_be_off = true,
	 .min = 1,
	 .max = MAX_COUNT_MAX,
	 .standard = "off",
	 .value = "N",
	 .help = "of all services together; off: what the descriptors allow"},
	{.name = "max-per-address",
	 .type = SETTING_COUNT,
	 LIMIT_AT(max_per_address),
	 .may_be_off = true,
	 .min = 1,
	 .max = MAX_COUNT_MAX,
	 .standard = "off",
	 .value = "N",
	 .help = "connections of one IPv4 address or IPv6 network of 64 bits"},
	{.name = "udp-rate",
	 .type = SETTING_OWN,
	 LIMIT_AT(udp_rate),
	 .take = take_udp_rate,
	 .standard = "off",
	 .value = "N",
	 .help = "datagrams a second of one address, or N/BURST"},
	{.name = "request-rate",
	 .type = SETTING_OWN,
	 LIMIT_AT(request_rate),
	 .take = take_request_rate,
	 .standard = "off",
	 .value = "N",
	 .help = "HTTP requests a second of one address, likewise"},
	{.name = "min-rate",
	 .type = SETTING_SIZE,
	 LIMIT_AT(min_rate),
	 .max = MIN_RATE_MAX,
	 .standard = "0",
	 .value = "BYTES",
	 .help = "a second that a peer must take of what it is sent; 0: any"},
	{.name = "fault",
	 .type = SETTING_LIST,
	 CONFIG_AT(faults),
	 .max = FAULTS_RULES_MAX,
	 .take = check_fault,
	 .value = "RULE",
	 .help = "do harm on purpose, such as \"udp: drop 30%\", or as "
		 "pinger, satellite, wifi, congested or hostile-http has it; "
		 "see uppercase-fault(7); may be repeated"},
	{.name = "fault-seed",
	 .type = SETTING_COUNT,
	 CONFIG_AT(fault_seed),
	 .may_be_off = true,
	 .max = UINT64_MAX - 1,
	 .standard = "off",
	 .value = "N",
	 .help = "the same number has the same faults; off: one is drawn"},
	{.name = "fault-log",
	 .type = SETTING_TEXT,
	 CONFIG_AT(fault_log),
	 .value = "FILE",
	 .help = "a line of JSON for each fault; - for standard output"},
	{.name = "cache-size",
	 .type = SETTING_SIZE,
	 LIMIT_AT(cache_size),
	 .max = CACHE_SIZE_MAX,
	 .standard = "64M",
	 .value = "BYTES",
	 .help = "memory for small files"},
	{.name = "cache-files",
	 .type = SETTING_COUNT,
	 LIMIT_AT(cache_files),
	 .max = CACHE_FILES_MAX,
	 .standard = "16384",
	 .value = "N",
	 .help = "files to remember"},
	{.name = "cache-file-size",
	 .type = SETTING_SIZE,
	 LIMIT_AT(cache_file_size),
	 .max = 1 << 20,
	 .standard = "64k",
	 .value = "BYTES",
	 .help = "how large a file is small"},
	{.name = "cache-open-time",
	 TIMEOUT(cache_open_ns),
	 .standard = "10s",
	 .help = "how long a large file stays open after its last use"},
	{.name = "tcp-idle-timeout",
	 TIMEOUT(tcp_idle_ns),
	 .standard = "5m",
	 .help = "for a TCP connection that moves no byte"},
	{.name = "http-idle-timeout",
	 TIMEOUT(http_idle_ns),
	 .standard = "65s",
	 .help = "between two requests on a connection"},
	{.name = "header-timeout",
	 TIMEOUT(header_ns),
	 .standard = "10s",
	 .help = "from the first byte of a request's head to its last"},
	{.name = "send-timeout",
	 TIMEOUT(send_ns),
	 .standard = "1m",
	 .help = "for a peer that takes nothing of an HTTP answer"},
	{.name = "linger-timeout",
	 TIMEOUT(linger_ns),
	 .standard = "5s",
	 .help = "for a peer to take the end of a connection"},
	{.name = "drain-timeout",
	 TIMEOUT(drain_ns),
	 .standard = "30s",
	 .help = "for what is in flight when the server stops"},
	{.name = "parting-timeout",
	 TIMEOUT(parting_ns),
	 .standard = "1s",
	 .help = "for idle peers when the server stops"},
	{.name = "accept-pause",
	 TIMEOUT(accept_pause_ns),
	 .standard = "100ms",
	 .help = "before accepting again when nothing could be accepted"},
	{.name = "turn-bytes",
	 .type = SETTING_SIZE,
	 LIMIT_AT(turn_bytes),
	 .min = 64 << 10,
	 .max = 1 << 30,
	 .standard = "2M",
	 .value = "BYTES",
	 .help = "moved in a turn of the loop before each peer gets less"},
	{.name = "turn-requests",
	 .type = SETTING_COUNT,
	 LIMIT_AT(turn_requests),
	 .min = 1,
	 .max = 1024,
	 .standard = "64",
	 .value = "N",
	 .help = "of one connection answered before others have their turn"},
	{.name = "request-line-size",
	 .type = SETTING_SIZE,
	 LIMIT_AT(request_line_size),
	 .min = 64,
	 .max = HTTP_LINE_MAX,
	 .standard = "8k",
	 .value = "BYTES",
	 .help = "of an HTTP request's first line"},
	{.name = "header-size",
	 .type = SETTING_SIZE,
	 LIMIT_AT(header_size),
	 .min = 128,
	 .max = HTTP_HEAD_MAX,
	 .standard = "16k",
	 .value = "BYTES",
	 .help = "of an HTTP request's whole head"},
	{.name = "header-fields",
	 .type = SETTING_COUNT,
	 LIMIT_AT(header_fields),
	 .min = 1,
	 .max = HTTP_FIELDS_MAX,
	 .standard = "100",
	 .value = "N",
	 .help = "field lines of an HTTP request"},
	{.name = "listing-size",
	 .type = SETTING_SIZE,
	 LIMIT_AT(listing_size),
	 .max = 1 << 30,
	 .standard = "16M",
	 .value = "BYTES",
	 .help = "memory for the names of one folder's listing"},
	{.name = "listings-size",
	 .type = SETTING_SIZE,
	 LIMIT_AT(listings_size),
	 .max = 1 << 30,
	 .standard = "64M",
	 .value = "BYTES",
	 .help = "the same of all listings that are being made"},
	{.name = "daemon",
	 .type = SETTING_FLAG,
	 CONFIG_AT(daemon),
	 .help = "go into the background when all is ready"},
	{.name = "pid-file",
	 .type = SETTING_TEXT,
	 CONFIG_AT(pid_file),
	 .value = "FILE",
	 .help = "with the process's number, locked while it runs"},
	{.name = "user",
	 .type = SETTING_TEXT,
	 CONFIG_AT(user),
	 .value = "NAME",
	 .help = "started as root, become this user (without it, "
		 "uppercase if that exists, or nobody)"},
	{.name = "spare-root",
	 .type = SETTING_LIST,
	 CONFIG_AT(spare_roots),
	 .max = CONFIG_LISTEN_MAX,
	 .value = "DIR",
	 .help = "let a reload move the document root there, or below; may be "
		 "repeated"},
	{.name = "no-sandbox",
	 .type = SETTING_FLAG,
	 CONFIG_AT(no_sandbox),
	 .help = "serve without Landlock and seccomp"},
	{.name = "config",
	 .type = SETTING_TEXT,
	 SETTING_AT(struct config, config_file),
	 .value = "FILE",
	 .help = "read settings from this file (without it, from " CONFIG_FILE
		 " if that exists)"},
	{.name = "test-config",
	 .type = SETTING_FLAG,
	 SETTING_AT(struct config, test_config),
	 .help = "try all that a start needs but the sockets, and exit"},
	{.name = "show-config",
	 .type = SETTING_FLAG,
	 SETTING_AT(struct config, show_config),
	 .help = "show what is in force and where it comes from, and exit"},
	ARGUMENTS_ROWS,
};

/* --- all of them together --- */

/* A service that is off is nowhere else. */
static int judge_off(const char *name, const struct setting_list *list,
		     char *cause)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->n > 1 && strcmp(list->items[i], "off") == 0) {
			settings_cause(cause, "--%s: off and something else",
				       name);
			return -1;
		}
	return 0;
}

/* The kernel would find them out too, but could not say it so well. */
static int judge_shared(const struct config *config, char *cause)
{
	struct endpoint tcp, http;
	const char *why;

	for (size_t i = 0; i < config->tcp.n; i++)
		for (size_t k = 0; k < config->http.n; k++) {
			if (endpoint_parse(config->tcp.items[i], SOCK_STREAM,
					   &tcp, &why) < 0 ||
			    endpoint_parse(config->http.items[k], SOCK_STREAM,
					   &http, &why) < 0 ||
			    tcp.kind != ENDPOINT_PORT ||
			    http.kind != ENDPOINT_PORT || tcp.port == 0 ||
			    tcp.port != http.port)
				continue;
			settings_cause(cause,
				       "--tcp-port and --http-port are both "
				       "%u: two TCP services need two ports",
				       tcp.port);
			return -1;
		}
	return 0;
}

/* Reads one of them into a list; access_add() or access_add_proxy(). */
typedef int (*read_network_fn)(struct access_list *list, const char *text,
			       char *cause);

static int read_networks(const struct setting_list *texts,
			 struct access_list *list, read_network_fn add,
			 char *cause)
{
	char why[NETWORK_CAUSE_SIZE];

	*list = (struct access_list){0};
	for (size_t i = 0; i < texts->n; i++)
		if (add(list, texts->items[i], why) < 0) {
			settings_cause(cause, "%s: %s", texts->items[i], why);
			return -1;
		}
	return 0;
}

static int judge_networks(struct config *config, char *cause)
{
	const struct {
		const struct setting_list *texts;
		struct access_list *list;
		read_network_fn add;
	} each[] = {
		{&config->admin_allow, &config->admin_access.allow, access_add},
		{&config->allow, &config->access.allow, access_add},
		{&config->deny, &config->access.deny, access_add},
		{&config->proxy_protocol, &config->proxies, access_add_proxy},
	};

	for (size_t i = 0; i < ARRAY_LEN(each); i++)
		if (read_networks(each[i].texts, each[i].list, each[i].add,
				  cause) < 0)
			return -1;
	return 0;
}

/* What a terminal was is /dev/null then. */
static int judge_daemon(const struct config *config, char *cause)
{
	const char *paths[CONFIG_LOGS];

	config_logs(config, paths);
	for (int i = 0; config->daemon && i < CONFIG_SPOOLS; i++)
		if (paths[i] && strcmp(paths[i], "-") == 0) {
			settings_cause(cause, "--daemon has no standard output "
					      "for a log");
			return -1;
		}
	if (config->daemon && strcmp(config_log(config), "stderr") == 0) {
		settings_cause(cause, "--daemon has no standard error: "
				      "--log=syslog, or a file");
		return -1;
	}
	if (strcmp(config_log(config), "-") == 0) {
		settings_cause(cause, "--log: stderr, syslog or a file");
		return -1;
	}
	return 0;
}

static int config_judge(void *arg, char *cause)
{
	struct config *config = arg;

	if (config->max_age_ns > 0 && config->max_age_ns < CLOCK_NS_PER_S) {
		settings_cause(cause, "--max-age: less than a second, but it "
				      "is told in whole ones (0 for none)");
		return -1;
	}
	if (config_is_off(&config->udp) && config_is_off(&config->tcp) &&
	    config_is_off(&config->http)) {
		settings_cause(cause, "every service is off: nothing to do");
		return -1;
	}
	if (judge_off("udp-port", &config->udp, cause) < 0 ||
	    judge_off("tcp-port", &config->tcp, cause) < 0 ||
	    judge_off("http-port", &config->http, cause) < 0 ||
	    judge_off("admin", &config->admin, cause) < 0)
		return -1;
	if (judge_networks(config, cause) < 0)
		return -1;
	if (judge_daemon(config, cause) < 0)
		return -1;
	return judge_shared(config, cause);
}

static const struct arguments arguments = {
	.program = "uppercase-server",
	.usage = "",
	.what = "Serve UDP uppercase, TCP uppercase and HTTP files from one "
		"event loop.",
	.manual = "TIME is a number and ms, s, m, h or d; BYTES a number and "
		  "k, M, G or nothing.\n"
		  "Stops on SIGTERM or SIGINT when what is in flight is "
		  "answered; a second one\n"
		  "stops at once. SIGHUP reads the configuration again and "
		  "opens logs anew.\n"
		  "SIGUSR1 writes the counters to the log.\n"
		  "The manual is uppercase-server(8).\n",
	.rows = rows,
	.n_rows = ARRAY_LEN(rows),
	.judge = config_judge,
};

/* The file that is named, or the standard one if there is one, or NULL. */
static const char *config_path(const struct config *config)
{
	if (config->config_file)
		return config->config_file;
	return access(CONFIG_FILE, F_OK) == 0 ? CONFIG_FILE : NULL;
}

/* What is wrong with the file: where what is wrong with the options goes. */
static enum arguments_verdict fail_by_file(const struct arguments *told,
					   const char *cause)
{
	if (told->cause)
		settings_cause(told->cause, "%s", cause);
	else
		fprintf(stderr, "%s: %s\n", told->program, cause);
	return ARGUMENTS_FAILED;
}

enum arguments_verdict config_read(struct config_set *set, int argc,
				   char **argv, char *cause)
{
	return config_read_open(set, argc, argv, -1, cause);
}

enum arguments_verdict config_read_open(struct config_set *set, int argc,
					char **argv, int fd, char *cause)
{
	struct arguments all = arguments, ahead;
	struct config *config = &set->config;
	char why[SETTINGS_CAUSE_SIZE];
	enum arguments_verdict verdict;
	const char *path;

	set->file = NULL;
	all.cause = cause;
	/* Which file to read stands in the command line. */
	ahead = all;
	ahead.judge = NULL;
	settings_init(&set->settings, rows, ARRAY_LEN(rows), config,
		      sizeof(*config));
	verdict = arguments_read(&ahead, &set->settings, argc, argv);
	if (verdict != ARGUMENTS_RUN)
		return verdict;
	path = config_path(config);
	settings_init(&set->settings, rows, ARRAY_LEN(rows), config,
		      sizeof(*config));
	if (path)
		set->file = config_file_read(&set->settings, path, fd, why);
	if (path && !set->file)
		return fail_by_file(&all, why);
	config->file_read = path;
	return arguments_read(&all, &set->settings, argc, argv);
}

void config_set_free(struct config_set *set)
{
	if (!set)
		return;
	config_file_free(set->file);
	free(set);
}
