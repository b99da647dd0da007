/* SPDX-License-Identifier: MIT */
/*
 * Requests for the tests of what is decided about them. They go through the
 * real parsers, so a test's row is what a client would send.
 */
#include "http_fixture.h"

#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "harness.h"

struct asked *http_fixture_ask(const char *head)
{
	static struct asked asked;
	static char *guard;
	size_t scanned = 0, len = strlen(head);

	if (!guard)
		guard = guard_new();
	ck_assert_msg(http_request_parse(&asked.request, &http_limits_standard,
					 guard_copy(guard, head, len), len,
					 &scanned) == HTTP_REQUEST_DONE,
		      "not a request: %s", head);
	asked.has_target =
		http_target_parse(asked.request.target, &asked.target,
				  asked.path, sizeof(asked.path));
	return &asked;
}

struct asked *http_fixture_ask_with(const char *method, const char *fields)
{
	char head[HTTP_HEAD_MAX + 1];
	int len =
		snprintf(head, sizeof(head),
			 "%s /a HTTP/1.1\r\n%sHost: h\r\n\r\n", method, fields);

	ck_assert_int_lt(len, (int)sizeof(head));
	return http_fixture_ask(head);
}
