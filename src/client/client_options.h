/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLIENT_OPTIONS_H
#define CLIENT_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* What the command line asks for. Strings belong to argv. */
struct options {
	bool is_udp;
	bool verbose;
	int family; /* AF_UNSPEC, AF_INET or AF_INET6 */
	uint64_t timeout_ns;
	unsigned n_retries;
	bool is_connecting;   /* the UDP socket; one for TCP always is */
	bool is_half_closing; /* behind a MESSAGE over TCP */
	const char *source;   /* NULL: the system chooses */
	uint16_t source_port; /* 0: the system chooses */
	const char *host;     /* without brackets and port */
	uint16_t port;
	char **words; /* of the message; n_words is 0 when there is none */
	size_t n_words;
};

enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_WRONG, /* and cause says what is wrong */
};

#define OPTIONS_CAUSE_SIZE 256

/*
 * Reads the command line. Options may stand before and between HOST, PORT and
 * the first word of MESSAGE; from that word on, or after "--", everything is
 * text. HOST loses its brackets and its port, in argv. Call it once: getopt(3)
 * keeps its place in static memory.
 */
enum options_verdict options_parse(struct options *options, int argc,
				   char **argv,
				   char cause[OPTIONS_CAUSE_SIZE]) MUST_CHECK;

/* The texts of --help and --version, each with its newline. */
const char *options_help(void);
const char *options_version(void);

#endif
