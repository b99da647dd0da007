/* SPDX-License-Identifier: MIT */
/*
 * The command line. Everything wrong with it is told with the option and the
 * value that are wrong, and nothing has been done by then.
 */
#include "server/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "http/media.h"
#include "os/address.h"

static const char usage_text[] =
	"Usage: uppercase-server [OPTION]...\n"
	"Serve UDP uppercase, TCP uppercase and HTTP files from one event "
	"loop.\n"
	"\n"
	"  -a, --listen=ADDRESS  serve on this address; may be repeated\n"
	"                        (default: every address, IPv6 and IPv4)\n"
	"  -u, --udp-port=PORT   UDP uppercase service (default 12000)\n"
	"  -t, --tcp-port=PORT   TCP uppercase service (default 12000)\n"
	"  -w, --http-port=PORT  HTTP file service (default 6789)\n"
	"                        PORT 0 takes a free port, \"off\" leaves the "
	"service out\n"
	"  -r, --root=DIR        document root\n"
	"                        (default: " HTDOCS_DIR ")\n"
	"      --defer-accept    accept a connection when its request is "
	"there\n"
	"      --listing         list folders that have no index.html\n"
	"      --hidden          serve and list names with a leading dot\n"
	"      --max-age=SECONDS how long a browser may keep a file unasked\n"
	"      --mime-types=FILE media types by extension, as in "
	"/etc/mime.types\n"
	"      --default-type=TYPE  media type of files that no table knows\n"
	"                        (default: application/octet-stream)\n"
	"      --access-log=FILE a line for each request; - for standard "
	"output\n"
	"      --log-format=combined|json  (default: combined)\n"
	"      --cache-size=BYTES  memory for small files; k, M, G "
	"(default: 64M)\n"
	"      --cache-files=N   files to remember (default: 16384)\n"
	"      --tcp-once        answer one message per connection, then "
	"close\n"
	"  -h, --help            show this help and exit\n"
	"  -V, --version         show the version and exit\n"
	"\n"
	"Stops on SIGTERM or SIGINT when what is in flight is answered; a "
	"second one\n"
	"stops at once. SIGHUP opens the access log anew. SIGUSR1 writes the "
	"counters\n"
	"to standard error.\n"
	"The manual is uppercase-server(8).\n";

/* Options without a letter. */
enum {
	OPTION_TCP_ONCE = 256,
	OPTION_DEFER_ACCEPT,
	OPTION_LISTING,
	OPTION_HIDDEN,
	OPTION_MAX_AGE,
	OPTION_MIME_TYPES,
	OPTION_DEFAULT_TYPE,
	OPTION_ACCESS_LOG,
	OPTION_LOG_FORMAT,
	OPTION_CACHE_SIZE,
	OPTION_CACHE_FILES,
};

#define MAX_AGE_MAX	INT32_MAX /* RFC 9111, 1.2.2: as good as for ever */
#define CACHE_FILES_MAX (1 << 22)
#define CACHE_SIZE_MAX	((uint64_t)1 << 40)

static const struct option options[] = {
	{"listen", required_argument, NULL, 'a'},
	{"udp-port", required_argument, NULL, 'u'},
	{"tcp-port", required_argument, NULL, 't'},
	{"http-port", required_argument, NULL, 'w'},
	{"root", required_argument, NULL, 'r'},
	{"tcp-once", no_argument, NULL, OPTION_TCP_ONCE},
	{"defer-accept", no_argument, NULL, OPTION_DEFER_ACCEPT},
	{"listing", no_argument, NULL, OPTION_LISTING},
	{"hidden", no_argument, NULL, OPTION_HIDDEN},
	{"max-age", required_argument, NULL, OPTION_MAX_AGE},
	{"mime-types", required_argument, NULL, OPTION_MIME_TYPES},
	{"default-type", required_argument, NULL, OPTION_DEFAULT_TYPE},
	{"access-log", required_argument, NULL, OPTION_ACCESS_LOG},
	{"log-format", required_argument, NULL, OPTION_LOG_FORMAT},
	{"cache-size", required_argument, NULL, OPTION_CACHE_SIZE},
	{"cache-files", required_argument, NULL, OPTION_CACHE_FILES},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static enum config_result wrong(void)
{
	/* As it was called: before make install it is in no PATH. */
	fprintf(stderr, "Try '%s --help'.\n", program_invocation_name);
	return CONFIG_WRONG;
}

static enum config_result parse_port(struct config_port *port, int socktype,
				     const char *option, const char *text)
{
	uint64_t number = 0;
	const char *why;

	port->off = strcmp(text, "off") == 0;
	if (port->off || units_parse_uint(text, 0, UINT16_MAX, &number) == 0) {
		port->number = (uint16_t)number;
		return CONFIG_RUN;
	}
	if (address_parse_port(text, socktype, &port->number, &why) == 0)
		return CONFIG_RUN;
	fprintf(stderr,
		"uppercase-server: %s: '%s' is not a port: a number from 0 to "
		"65535, the name of a service, or off\n",
		option, text);
	return wrong();
}

static enum config_result add_listen(struct config *config, const char *text)
{
	if (text[0] == '\0') {
		fputs("uppercase-server: --listen: the address is empty\n",
		      stderr);
		return wrong();
	}
	if (config->n_listen == CONFIG_LISTEN_MAX) {
		fprintf(stderr,
			"uppercase-server: --listen: more than %d addresses\n",
			CONFIG_LISTEN_MAX);
		return wrong();
	}
	config->listen[config->n_listen++] = text;
	return CONFIG_RUN;
}

static enum config_result show(const char *text)
{
	/* Into a full disk or a closed pipe, help is not help. */
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0) {
		perror("uppercase-server: standard output");
		return CONFIG_FAILED;
	}
	return CONFIG_SHOWN;
}

static enum config_result bad_value(const char *option, const char *text,
				    const char *wanted)
{
	fprintf(stderr, "uppercase-server: %s: '%s' is not %s\n", option, text,
		wanted);
	return wrong();
}

static enum config_result parse_max_age(struct config *config, const char *text)
{
	uint64_t seconds;

	if (units_parse_uint(text, 0, MAX_AGE_MAX, &seconds) < 0)
		return bad_value("--max-age", text, "a number of seconds");
	config->max_age_s = (int64_t)seconds;
	return CONFIG_RUN;
}

static enum config_result parse_default_type(struct config *config,
					     const char *text)
{
	if (!http_media_is_type(slice_of(text)))
		return bad_value("--default-type", text,
				 "a media type, such as text/plain");
	config->default_type = text;
	return CONFIG_RUN;
}

static enum config_result parse_log_format(struct config *config,
					   const char *text)
{
	if (strcmp(text, "combined") == 0)
		config->log_format = HTTP_LOG_COMBINED;
	else if (strcmp(text, "json") == 0)
		config->log_format = HTTP_LOG_JSON;
	else
		return bad_value("--log-format", text, "combined or json");
	return CONFIG_RUN;
}

static enum config_result parse_cache_size(struct config *config,
					   const char *text)
{
	uint64_t size;

	if (units_parse_size(text, &size) < 0 || size > CACHE_SIZE_MAX)
		return bad_value("--cache-size", text,
				 "a number of bytes, such as 64M");
	config->cache_size = size;
	return CONFIG_RUN;
}

static enum config_result parse_cache_files(struct config *config,
					    const char *text)
{
	if (units_parse_uint(text, 0, CACHE_FILES_MAX, &config->cache_files) <
	    0)
		return bad_value("--cache-files", text, "a number of files");
	return CONFIG_RUN;
}

/* The options that are about files. */
static enum config_result apply_http(struct config *config, int option)
{
	switch (option) {
	case OPTION_DEFER_ACCEPT:
		config->defer_accept = true;
		return CONFIG_RUN;
	case OPTION_LISTING:
		config->listing = true;
		return CONFIG_RUN;
	case OPTION_HIDDEN:
		config->hidden = true;
		return CONFIG_RUN;
	case OPTION_MAX_AGE:
		return parse_max_age(config, optarg);
	case OPTION_MIME_TYPES:
		config->mime_types = optarg;
		return CONFIG_RUN;
	case OPTION_DEFAULT_TYPE:
		return parse_default_type(config, optarg);
	case OPTION_ACCESS_LOG:
		config->access_log = optarg;
		return CONFIG_RUN;
	case OPTION_LOG_FORMAT:
		return parse_log_format(config, optarg);
	case OPTION_CACHE_SIZE:
		return parse_cache_size(config, optarg);
	case OPTION_CACHE_FILES:
		return parse_cache_files(config, optarg);
	default:
		return wrong(); /* getopt_long() has said what is wrong */
	}
}

static enum config_result apply(struct config *config, int option)
{
	switch (option) {
	case 'a':
		return add_listen(config, optarg);
	case 'u':
		return parse_port(&config->udp, SOCK_DGRAM, "--udp-port",
				  optarg);
	case 't':
		return parse_port(&config->tcp, SOCK_STREAM, "--tcp-port",
				  optarg);
	case 'w':
		return parse_port(&config->http, SOCK_STREAM, "--http-port",
				  optarg);
	case 'r':
		config->root = optarg;
		return CONFIG_RUN;
	case OPTION_TCP_ONCE:
		config->tcp_once = true;
		return CONFIG_RUN;
	case 'h':
		return show(usage_text);
	case 'V':
		return show("uppercase-server " PACKAGE_VERSION "\n");
	default:
		return apply_http(config, option);
	}
}

/* What only the whole command line can show to be wrong. */
static enum config_result check(const struct config *config)
{
	if (config->udp.off && config->tcp.off && config->http.off) {
		fputs("uppercase-server: every service is off: nothing to do\n",
		      stderr);
		return wrong();
	}
	if (!config->tcp.off && !config->http.off && config->tcp.number != 0 &&
	    config->tcp.number == config->http.number) {
		fprintf(stderr,
			"uppercase-server: --tcp-port and --http-port are both "
			"%u: two TCP services need two ports\n",
			config->tcp.number);
		return wrong();
	}
	return CONFIG_RUN;
}

enum config_result config_parse(struct config *config, int argc, char **argv)
{
	enum config_result result;
	int option;

	*config = (struct config){
		.udp = {.number = 12000},
		.tcp = {.number = 12000},
		.http = {.number = 6789},
		.root = HTDOCS_DIR,
		.max_age_s = -1,
		.cache_size = 64 << 20,
		.cache_files = 16384,
	};
	while ((option = getopt_long(argc, argv, "a:u:t:w:r:hV", options,
				     NULL)) != -1) {
		result = apply(config, option);
		if (result != CONFIG_RUN)
			return result;
	}
	if (optind < argc) {
		fprintf(stderr, "uppercase-server: '%s' is not an option\n",
			argv[optind]);
		return wrong();
	}
	return check(config);
}
