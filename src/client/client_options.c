/* SPDX-License-Identifier: MIT */
/*
 * The command line, and nothing else: no socket is opened and no host looked
 * up here, so what this file refuses is always wrong usage.
 *
 * getopt_long(3) runs in its "+" mode, which stops at the first operand. The
 * operands HOST and PORT are stepped over by hand; what follows them is the
 * message, in which "-v" is a word like any other.
 */
#include "client/client_options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/units.h"
#include "os/address.h"

#define OPTIONS_TIMEOUT_S   5
#define OPTIONS_RETRIES	    2
#define OPTIONS_RETRIES_MAX 1000 /* more is a typing error */

/* Options without a letter. */
enum {
	OPTION_CONNECT = 256,
	OPTION_HALF_CLOSE,
};

static const char short_options[] = "+:tu46w:r:s:p:vhV";

static const struct option long_options[] = {
	{"tcp", no_argument, NULL, 't'},
	{"udp", no_argument, NULL, 'u'},
	{"timeout", required_argument, NULL, 'w'},
	{"retries", required_argument, NULL, 'r'},
	{"connect", no_argument, NULL, OPTION_CONNECT},
	{"half-close", no_argument, NULL, OPTION_HALF_CLOSE},
	{"source", required_argument, NULL, 's'},
	{"source-port", required_argument, NULL, 'p'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

const char *options_help(void)
{
	return "Usage: uppercase-client [OPTION]... HOST PORT [MESSAGE]...\n"
	       "       uppercase-client [OPTION]... HOST:PORT [MESSAGE]...\n"
	       "Send text to an uppercase server and print what comes back.\n"
	       "\n"
	       "  -t, --tcp                use TCP (default)\n"
	       "  -u, --udp                use UDP\n"
	       "  -4                       use IPv4 only\n"
	       "  -6                       use IPv6 only\n"
	       "  -w, --timeout=SECONDS    how long to wait for a connection,\n"
	       "                           and for a reply (default 5)\n"
	       "  -r, --retries=N          UDP: send again this often when no\n"
	       "                           reply came (default 2)\n"
	       "      --connect            UDP: connect the socket, so that a\n"
	       "                           refusal is an error at once\n"
	       "      --half-close         TCP: say behind MESSAGE that no "
	       "more\n"
	       "                           will come, before the reply\n"
	       "  -s, --source=ADDRESS     send from this address of this "
	       "host\n"
	       "  -p, --source-port=PORT   send from this port\n"
	       "  -v, --verbose            tell each step and its time on\n"
	       "                           standard error\n"
	       "  -h, --help               show this help\n"
	       "  -V, --version            show the version\n"
	       "\n"
	       "HOST is a name or an address; with :PORT behind it, an IPv6\n"
	       "address stands in brackets: [::1]:12000. PORT is a number or\n"
	       "the name of a service.\n"
	       "\n"
	       "With MESSAGE, the words are sent with single spaces between\n"
	       "them and the reply is printed. Without, on a terminal, the\n"
	       "client asks for one sentence after the other. Without, in a\n"
	       "pipe, it is a filter: TCP passes standard input through the\n"
	       "server byte for byte, UDP sends each line as a datagram.\n"
	       "\n"
	       "Exit status: 0 success, 1 network failure, 2 wrong usage,\n"
	       "3 no reply in time, 130 interrupted at the prompt.\n"
	       "\n"
	       "Examples:\n"
	       "  uppercase-client localhost 12000 hello world\n"
	       "  uppercase-client -u localhost 12000 hello world\n"
	       "  uppercase-client localhost 12000 < notes.txt\n";
}

const char *options_version(void)
{
	return "uppercase-client " PACKAGE_VERSION "\n";
}

static void PRINTF_LIKE(2, 3)
	set_cause(char cause[OPTIONS_CAUSE_SIZE], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(cause, OPTIONS_CAUSE_SIZE, fmt, args);
	va_end(args);
}

/* Port 0 is for servers, which may ask for any free one. */
static bool parse_port(const char *what, const char *text, uint16_t *out,
		       char cause[OPTIONS_CAUSE_SIZE])
{
	uint64_t port;

	if (units_parse_uint(text, 1, UINT16_MAX, &port) < 0) {
		set_cause(cause, "%s \"%.100s\": not a number from 1 to 65535",
			  what, text);
		return false;
	}
	*out = (uint16_t)port;
	return true;
}

static bool parse_timeout(struct options *options, const char *text,
			  char cause[OPTIONS_CAUSE_SIZE])
{
	uint64_t ns;

	if (units_parse_time(text, true, &ns) == 0 && ns >= CLOCK_NS_PER_MS &&
	    ns <= 86400 * CLOCK_NS_PER_S) {
		options->timeout_ns = ns;
		return true;
	}
	set_cause(cause,
		  "timeout \"%.100s\": not a number of seconds "
		  "from 0.001 to 86400",
		  text);
	return false;
}

static bool parse_retries(struct options *options, const char *text,
			  char cause[OPTIONS_CAUSE_SIZE])
{
	uint64_t n;

	if (units_parse_uint(text, 0, OPTIONS_RETRIES_MAX, &n) < 0) {
		set_cause(cause,
			  "retries \"%.100s\": not a number from 0 to %d", text,
			  OPTIONS_RETRIES_MAX);
		return false;
	}
	options->n_retries = (unsigned)n;
	return true;
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

/* Takes in one option that getopt_long found. */
static enum options_verdict apply(struct options *options, int option,
				  char **argv, char cause[OPTIONS_CAUSE_SIZE])
{
	bool ok = true;

	switch (option) {
	case 't':
	case 'u':
		options->is_udp = option == 'u';
		break;
	case '4':
		options->family = AF_INET;
		break;
	case '6':
		options->family = AF_INET6;
		break;
	case 'w':
		ok = parse_timeout(options, optarg, cause);
		break;
	case 'r':
		ok = parse_retries(options, optarg, cause);
		break;
	case 's':
		options->source = optarg;
		break;
	case 'p':
		ok = parse_port("source port", optarg, &options->source_port,
				cause);
		break;
	case OPTION_CONNECT:
		options->is_connecting = true;
		break;
	case OPTION_HALF_CLOSE:
		options->is_half_closing = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'h':
		return OPTIONS_HELP;
	case 'V':
		return OPTIONS_VERSION;
	default:
		explain_refusal(option, argv, cause);
		return OPTIONS_WRONG;
	}
	return ok ? OPTIONS_RUN : OPTIONS_WRONG;
}

/*
 * Takes in options up to the next operand. *is_text is set by "--", which is
 * the only thing that getopt_long steps over without reporting it.
 */
static enum options_verdict parse_run(struct options *options, int argc,
				      char **argv, bool *is_text,
				      char cause[OPTIONS_CAUSE_SIZE])
{
	enum options_verdict verdict;
	int before, option;

	for (;;) {
		before = optind;
		option = getopt_long(argc, argv, short_options, long_options,
				     NULL);
		if (option == -1)
			break;
		verdict = apply(options, option, argv, cause);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	*is_text = optind > before;
	return OPTIONS_RUN;
}

/* What of HOST and PORT was typed. PORT may stand in HOST's operand. */
struct operands {
	char *host, *port;
};

static bool want_operand(const struct operands *operands)
{
	return !operands->host || !operands->port;
}

static bool take_operand(struct operands *operands, char *text,
			 char cause[OPTIONS_CAUSE_SIZE])
{
	const char *why;

	if (operands->host) {
		operands->port = text;
		return true;
	}
	if (address_split(text, &operands->host, &operands->port, &why) == 0)
		return true;
	set_cause(cause, "HOST \"%.100s\": %s", text, why);
	return false;
}

/* Judges them when it is known what the options say. */
static enum options_verdict judge_operands(struct options *options,
					   const struct operands *operands,
					   char cause[OPTIONS_CAUSE_SIZE])
{
	const char *why;

	if (!operands->host)
		set_cause(cause, "HOST and PORT are missing");
	else if (operands->host[0] == '\0')
		set_cause(cause, "HOST is empty");
	else if (!operands->port)
		set_cause(cause, "%s", address_port_missing(operands->host));
	else if (address_parse_port(operands->port,
				    options->is_udp ? SOCK_DGRAM : SOCK_STREAM,
				    &options->port, &why) < 0)
		set_cause(cause, "port \"%.100s\": %s", operands->port, why);
	else
		return OPTIONS_RUN;
	return OPTIONS_WRONG;
}

enum options_verdict options_parse(struct options *options, int argc,
				   char **argv, char cause[OPTIONS_CAUSE_SIZE])
{
	enum options_verdict verdict;
	struct operands operands = {NULL, NULL};
	bool is_text = false;

	*options = (struct options){
		.family = AF_UNSPEC,
		.timeout_ns = OPTIONS_TIMEOUT_S * CLOCK_NS_PER_S,
		.n_retries = OPTIONS_RETRIES,
	};
	opterr = 0;
	for (;;) {
		if (!is_text) {
			verdict =
				parse_run(options, argc, argv, &is_text, cause);
			if (verdict != OPTIONS_RUN)
				return verdict;
		}
		if (optind >= argc || !want_operand(&operands))
			break;
		if (!take_operand(&operands, argv[optind++], cause))
			return OPTIONS_WRONG;
	}
	options->host = operands.host;
	options->words = argv + optind;
	options->n_words = (size_t)(argc - optind);
	return judge_operands(options, &operands, cause);
}
