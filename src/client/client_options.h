/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLIENT_OPTIONS_H
#define CLIENT_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "cli/arguments.h"

/* What the command line asks for. Strings belong to argv. */
struct client_options {
	bool is_udp;
	bool verbose;
	int family; /* AF_UNSPEC, AF_INET or AF_INET6 */
	uint64_t timeout_ns;
	unsigned n_retries;
	bool is_connecting;   /* the UDP socket; one for TCP always is */
	bool is_half_closing; /* behind a MESSAGE over TCP */
	bool is_pinging;
	uint64_t n_pings; /* 0: until it is interrupted */
	uint64_t interval_ns;
	size_t size; /* of a ping's message; 0: as long as its text */
	bool is_flooding;
	bool is_json;
	bool is_hex;
	const char *transcript; /* NULL: no file */
	const char *source;	/* NULL: the system chooses */
	uint16_t source_port;	/* 0: the system chooses */
	const char *host;	/* without brackets and port */
	const char *port_text;
	uint16_t port;
	char **words; /* of the message; n_words is 0 when there is none */
	size_t n_words;
	const struct settings *settings; /* while the command line is read */
};

/*
 * Reads the command line. Options may stand before and between HOST, PORT and
 * the first word of MESSAGE; from that word on, or after "--", everything is
 * text. HOST loses its brackets and its port, in argv.
 */
enum arguments_verdict client_options_read(struct client_options *options,
					   int argc, char **argv) MUST_CHECK;

#endif
