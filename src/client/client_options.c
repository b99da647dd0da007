/* SPDX-License-Identifier: MIT */
/*
 * The command line, and nothing else: no socket is opened and no host looked
 * up here, so what this file refuses is always wrong usage.
 */
#include "client/client_options.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "os/address.h"

#define CLIENT_AT(member) SETTING_AT(struct client_options, member)

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
		return 0;
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
		"Exit status: 0 success, 1 network failure, 2 wrong usage,\n"
		"3 no reply in time, 130 interrupted at the prompt.\n"
		"\n"
		"Examples:\n"
		"  uppercase-client localhost 12000 hello world\n"
		"  uppercase-client -u localhost 12000 hello world\n"
		"  uppercase-client localhost 12000 < notes.txt\n",
	.rows = rows,
	.n_rows = ARRAY_LEN(rows),
	.take = take_operand,
	.judge = judge,
};

enum arguments_verdict client_options_read(struct client_options *options,
					   int argc, char **argv)
{
	struct settings settings;

	settings_init(&settings, rows, ARRAY_LEN(rows), options,
		      sizeof(*options));
	return arguments_read(&arguments, &settings, argc, argv);
}
