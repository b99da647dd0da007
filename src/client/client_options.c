/* SPDX-License-Identifier: MIT */
/*
 * The command line, and nothing else: no socket is opened and no host looked
 * up here, so what this file refuses is always wrong usage.
 */
#include "client/client_options.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/units.h"
#include "client/probe.h"
#include "os/address.h"

#define CLIENT_AT(member)   SETTING_AT(struct client_options, member)

#define CLIENT_PINGS_MAX    UINT64_C(1000000000)
#define CLIENT_PING_WAIT_NS CLOCK_NS_PER_S /* as the textbook's pinger */

/* --ping, and --ping=N. */
static int take_ping(void *config, const char *text,
		     char cause[SETTINGS_CAUSE_SIZE])
{
	struct client_options *options = config;

	options->is_pinging = true;
	options->n_pings = 0;
	if (text[0] == '\0' || units_parse_count(text, 1, CLIENT_PINGS_MAX,
						 &options->n_pings) == 0)
		return 0;
	settings_cause(cause, "not a whole number from 1 to 1000M");
	return -1;
}

static const struct setting rows[] = {
	{.name = "tcp",
	 .letter = 't',
	 .type = SETTING_PICK,
	 CLIENT_AT(is_udp),
	 .pick = false,
	 .help = "use TCP (default)"},
	{.name = "udp",
	 .letter = 'u',
	 .type = SETTING_PICK,
	 CLIENT_AT(is_udp),
	 .pick = true,
	 .help = "use UDP"},
	{.name = "ipv4",
	 .letter = '4',
	 .type = SETTING_PICK,
	 CLIENT_AT(family),
	 .pick = AF_INET,
	 .help = "use IPv4 only"},
	{.name = "ipv6",
	 .letter = '6',
	 .type = SETTING_PICK,
	 CLIENT_AT(family),
	 .pick = AF_INET6,
	 .help = "use IPv6 only"},
	{.name = "timeout",
	 .letter = 'w',
	 .type = SETTING_TIME,
	 CLIENT_AT(timeout_ns),
	 .takes_seconds = true,
	 .min = CLOCK_NS_PER_MS,
	 .max = 86400 * CLOCK_NS_PER_S,
	 .standard = "5s",
	 .value = "TIME",
	 .help = "how long to wait for a connection, and for a reply; a number "
		 "alone is in seconds"},
	{.name = "retries",
	 .letter = 'r',
	 .type = SETTING_COUNT,
	 CLIENT_AT(n_retries),
	 .max = 1000,
	 .standard = "2",
	 .value = "N",
	 .help = "UDP: send again this often when no reply came"},
	{.name = "connect",
	 .type = SETTING_FLAG,
	 CLIENT_AT(is_connecting),
	 .help = "UDP: connect the socket, so that a refusal is an error at "
		 "once"},
	{.name = "half-close",
	 .type = SETTING_FLAG,
	 CLIENT_AT(is_half_closing),
	 .help = "TCP: say behind MESSAGE that no more will come, before the "
		 "reply"},
	{.name = "ping",
	 .type = SETTING_OWN,
	 .value = "N",
	 .bare = "",
	 .take = take_ping,
	 .help = "send numbered messages and time their replies, N of them or "
		 "until Ctrl-C; the timeout is then 1s unless given"},
	{.name = "interval",
	 .letter = 'i',
	 .type = SETTING_TIME,
	 CLIENT_AT(interval_ns),
	 .takes_seconds = true,
	 .min = CLOCK_NS_PER_MS,
	 .max = 3600 * CLOCK_NS_PER_S,
	 .standard = "1s",
	 .value = "TIME",
	 .help = "ping: from one message to the next"},
	{.name = "size",
	 .type = SETTING_SIZE,
	 CLIENT_AT(size),
	 .min = PROBE_SIZE_MIN,
	 .max = PROBE_SIZE_MAX,
	 .value = "BYTES",
	 .help = "ping: of each message; else as long as its text is"},
	{.name = "flood",
	 .type = SETTING_FLAG,
	 CLIENT_AT(is_flooding),
	 .help = "ping: the next message when the last was answered, or after "
		 "10 ms; at most 1000 a second"},
	{.name = "json",
	 .type = SETTING_FLAG,
	 CLIENT_AT(is_json),
	 .help = "ping: write a JSON object a line"},
	{.name = "hex",
	 .type = SETTING_FLAG,
	 CLIENT_AT(is_hex),
	 .help = "show what is sent and received in hexadecimal, on standard "
		 "error or in the transcript"},
	{.name = "transcript",
	 .type = SETTING_TEXT,
	 CLIENT_AT(transcript),
	 .value = "FILE",
	 .help = "append what is sent and received, with times, to FILE"},
	{.name = "source",
	 .letter = 's',
	 .type = SETTING_TEXT,
	 CLIENT_AT(source),
	 .value = "ADDRESS",
	 .help = "send from this address of this host"},
	{.name = "source-port",
	 .letter = 'p',
	 .type = SETTING_COUNT,
	 CLIENT_AT(source_port),
	 .min = 1,
	 .max = UINT16_MAX,
	 .value = "PORT",
	 .help = "send from this port"},
	{.name = "verbose",
	 .letter = 'v',
	 .type = SETTING_FLAG,
	 CLIENT_AT(verbose),
	 .help = "tell each step and its time on standard error"},
	ARGUMENTS_ROWS,
};

/* HOST and PORT, or both in one; from the next word on it is MESSAGE. */
static int take_operand(void *config, char **words, int n, char *cause)
{
	struct client_options *options = config;
	char *host = NULL, *port = NULL;
	const char *why;

	if (options->port_text) {
		options->words = words;
		options->n_words = (size_t)n;
		return n;
	}
	if (options->host) {
		options->port_text = words[0];
		return 1;
	}
	if (address_split(words[0], &host, &port, &why) < 0) {
		settings_cause(cause, "HOST '%.100s': %s", words[0], why);
		return -1;
	}
	options->host = host;
	options->port_text = port;
	return 1;
}

static bool is_given(const struct client_options *options, const char *name)
{
	const struct settings *settings = options->settings;
	const struct setting *row = settings_find(settings, name);

	return settings->given[row - settings->rows].text != NULL;
}

static const struct {
	const char *name;
	bool is_for_ping;
} ping_rules[] = {
	{"interval", true}, {"size", true},	{"flood", true},
	{"json", true},	    {"retries", false}, {"half-close", false},
};

/* What has a meaning only for a ping, or only without one. */
static int judge_ping(struct client_options *options, char *cause)
{
	for (size_t i = 0; i < ARRAY_LEN(ping_rules); i++) {
		if (!is_given(options, ping_rules[i].name) ||
		    ping_rules[i].is_for_ping == options->is_pinging)
			continue;
		settings_cause(cause, "--%s: %s with --ping",
			       ping_rules[i].name,
			       options->is_pinging ? "has no meaning" : "only");
		return -1;
	}
	if (options->is_pinging && options->n_words > 0)
		settings_cause(cause, "MESSAGE '%.100s': --ping makes its own",
			       options->words[0]);
	else if (options->is_flooding && is_given(options, "interval"))
		settings_cause(cause, "--flood and --interval: one of them");
	else
		return 0;
	return -1;
}

/* The port, now that it is known of which protocol it is. */
static int judge(void *config, char *cause)
{
	struct client_options *options = config;
	int socktype = options->is_udp ? SOCK_DGRAM : SOCK_STREAM;
	const char *why;

	if (!options->host)
		settings_cause(cause, "HOST and PORT are missing");
	else if (options->host[0] == '\0')
		settings_cause(cause, "HOST is empty");
	else if (!options->port_text)
		settings_cause(cause, "%s",
			       address_port_missing(options->host));
	else if (address_parse_port(options->port_text, socktype,
				    &options->port, &why) < 0)
		settings_cause(cause, "port '%.100s': %s", options->port_text,
			       why);
	else
		return judge_ping(options, cause);
	return -1;
}

static const struct arguments arguments = {
	.program = "uppercase-client",
	.usage = "HOST PORT [MESSAGE]...\nHOST:PORT [MESSAGE]...",
	.what = "Send text to an uppercase server and print what comes back.",
	.manual =
		"HOST is a name or an address; with :PORT behind it, an IPv6\n"
		"address stands in brackets: [::1]:12000. PORT is a number "
		"or\n"
		"the name of a service. TIME is a number and ms, s, m or h.\n"
		"\n"
		"With MESSAGE, the words are sent with single spaces between\n"
		"them and the reply is printed. Without, on a terminal, the\n"
		"client asks for one sentence after the other. Without, in "
		"a\n"
		"pipe, it is a filter: TCP passes standard input through the\n"
		"server byte for byte, UDP sends each line as a datagram.\n"
		"\n"
		"With --ping it sends numbered messages, prints what became "
		"of\n"
		"each, and at the end, or on Ctrl-C, the statistics.\n"
		"\n"
		"Exit status: 0 success, 1 network failure, 2 wrong usage,\n"
		"3 no reply in time, 130 interrupted at the prompt.\n"
		"\n"
		"Examples:\n"
		"  uppercase-client localhost 12000 hello world\n"
		"  uppercase-client -u localhost 12000 hello world\n"
		"  uppercase-client localhost 12000 < notes.txt\n"
		"  uppercase-client -u --ping=10 localhost 12000\n",
	.rows = rows,
	.n_rows = ARRAY_LEN(rows),
	.take = take_operand,
	.judge = judge,
};

enum arguments_verdict client_options_read(struct client_options *options,
					   int argc, char **argv)
{
	enum arguments_verdict verdict;
	struct settings settings;

	settings_init(&settings, rows, ARRAY_LEN(rows), options,
		      sizeof(*options));
	options->settings = &settings;
	verdict = arguments_read(&arguments, &settings, argc, argv);
	if (options->is_pinging && !is_given(options, "timeout"))
		options->timeout_ns = CLIENT_PING_WAIT_NS;
	options->settings = NULL;
	return verdict;
}
