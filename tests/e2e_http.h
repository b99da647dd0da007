/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_HTTP_H
#define TESTS_E2E_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "e2e_server.h"

#define RESPONSE_HEAD_MAX 8192

struct response {
	int status;
	char head[RESPONSE_HEAD_MAX]; /* NUL-ended, with the empty line */
	unsigned char *content;	      /* NULL for none */
	size_t len;		      /* of the content as the head says it */
	bool is_chunked;	      /* the head says no length */
};

/*
 * Reads one response and not one byte more. Fails the test unless the head
 * follows RFC 9112 and has Date, a reason, and Content-Length (304 need not)
 * or the chunked transfer-coding. has_content says that content follows: not
 * so after HEAD. What came in chunks is put together again, and then
 * response->len is its length.
 */
void http_read_head(int fd, struct response *response);
void http_read(int fd, struct response *response, bool has_content);
void http_clear(struct response *response);

/* The same for content without a length, which ends with the connection. */
void http_read_to_end(int fd, struct response *response);

/* A field's value in value; false when it is absent. Fails when it is twice. */
bool http_field(const struct response *response, const char *name, char *value,
		size_t size);

/* Fails unless the field is there and has this value; NULL: is not there. */
void http_expect_field(const struct response *response, const char *name,
		       const char *value);

/* Fails unless the status is this. */
void http_expect_status(const struct response *response, int status);

/* Fails unless the status and the content are these. */
void http_expect(const struct response *response, int status, const void *data,
		 size_t len);

/*
 * Sends a request and reads the response. fmt and what follows give the lines
 * of the head, from the request-line on, with CRLF between them; Host and the
 * empty line are put behind them.
 */
void http_ask(int fd, struct response *response, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Sends "GET target", HTTP/1.1. */
void http_send_get(int fd, const char *target);

/* The same, and reads the response. */
void http_get(int fd, const char *target, struct response *response);

/* The same over a connection of its own. */
void http_fetch(const struct server *server, const char *target,
		struct response *response);

#endif
