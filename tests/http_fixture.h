/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HTTP_FIXTURE_H
#define TESTS_HTTP_FIXTURE_H

#include <stdbool.h>

#include "http/request.h"
#include "http/target.h"

/* A request as a client sends it, parsed. */
struct asked {
	struct http_request request;
	struct http_target target;
	bool has_target; /* it has a valid one */
	char path[512];
};

/*
 * Parses a whole head, which ends at a guard page while it is looked at; fails
 * the running test when it is none. It lives until the next call.
 */
struct asked *http_fixture_ask(const char *head);

/*
 * "METHOD /a HTTP/1.1" with these field lines, each of which ends in CRLF, and
 * then a Host.
 */
struct asked *http_fixture_ask_with(const char *method, const char *fields);

#endif
