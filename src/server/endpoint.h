/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENDPOINT_H
#define SERVER_ENDPOINT_H

#include <netdb.h>
#include <stdint.h>

#include "base/compiler.h"

/* Where a service is to be found, as an operator writes it. */
enum endpoint_kind {
	ENDPOINT_OFF,	  /* "off": nowhere */
	ENDPOINT_PORT,	  /* "12000", "http": on every address served */
	ENDPOINT_ADDRESS, /* "192.0.2.1:80", "[::1]:80", "eth0:80", "host:80" */
	ENDPOINT_UNIX,	  /* "unix:/run/uppercase/http.sock" */
};

struct endpoint {
	enum endpoint_kind kind;
	uint16_t port;	       /* 0 for a free one */
	char host[NI_MAXHOST]; /* of ADDRESS: a name, an address, an interface
				*/
	const char *path;      /* of UNIX: the end of the text */
};

/*
 * Reads text, which must outlive *endpoint. socktype is SOCK_STREAM or
 * SOCK_DGRAM, which have services of their own; a path takes SOCK_STREAM.
 * Returns 0, or -1 with *cause, a static string.
 */
int endpoint_parse(const char *text, int socktype, struct endpoint *endpoint,
		   const char **cause) MUST_CHECK;

#endif
