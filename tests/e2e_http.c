/* SPDX-License-Identifier: MIT */
/*
 * The smallest HTTP client that can check a server: it reads one response and
 * leaves what follows in the socket, and it is strict about what it reads.
 */
#include "e2e_http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_sock.h"
#include "harness.h"

/* Appends to the head what has arrived, up to the empty line and no further. */
static bool read_head_part(int fd, struct response *response, size_t *len)
{
	size_t old = *len, size = sizeof(response->head) - 1 - old;
	const char *end;
	ssize_t n;

	if (size == 0)
		harness_fail("a response head that does not end");
	sock_must_wait(fd, POLLIN, harness_deadline(),
		       "reading a response head");
	n = recv(fd, response->head + old, size, MSG_PEEK);
	if (n <= 0)
		harness_fail("no whole response head: %s\n%.*s",
			     n == 0 ? "end" : strerror(errno), (int)old,
			     response->head);
	response->head[old + (size_t)n] = '\0';
	end = strstr(response->head, "\r\n\r\n");
	*len = end ? (size_t)(end - response->head) + 4 : old + (size_t)n;
	response->head[*len] = '\0';
	ck_assert_int_eq(recv(fd, response->head + old, *len - old, 0),
			 (ssize_t)(*len - old));
	return end != NULL;
}

/* The value of a field in a line, NULL when the line has another name. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	return line + strspn(line, " \t");
}

bool http_field(const struct response *response, const char *name, char *value,
		size_t size)
{
	const char *line = response->head;
	size_t n = 0;

	while ((line = strstr(line, "\r\n")) && line[2] != '\r') {
		const char *found = value_of(line += 2, name);

		if (!found)
			continue;
		(void)snprintf(value, size, "%.*s", (int)strcspn(found, "\r"),
			       found);
		n++;
	}
	if (n > 1)
		harness_fail("field %s stands there %zu times", name, n);
	return n == 1;
}

void http_expect_field(const struct response *response, const char *name,
		       const char *value)
{
	char got[512];

	if (!http_field(response, name, got, sizeof(got)))
		harness_fail("no field %s in\n%s", name, response->head);
	ck_assert_str_eq(got, value);
}

/* Every line ends in CRLF and is "name: value" of visible bytes. */
static void check_lines(const char *head)
{
	static const char token[] =
		"!#$%&'*+-.^_`|~0123456789"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *line = strstr(head, "\r\n") + 2;

	while (*line != '\r') {
		size_t name = strspn(line, token);
		size_t len = strcspn(line, "\r\n");

		if (name == 0 || line[name] != ':' || line[name + 1] != ' ' ||
		    line[len] != '\r' || line[len + 1] != '\n')
			harness_fail("a malformed field line in\n%s", head);
		line += len + 2;
	}
}

static void check_date(const struct response *response)
{
	char value[64], day[4], month[4];
	int d, y, h, m, s, end = 0;

	if (!http_field(response, "Date", value, sizeof(value)))
		harness_fail("no Date in\n%s", response->head);
	if (sscanf(value, "%3[A-Z a-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n",
		   day, &d, month, &y, &h, &m, &s, &end) != 7 ||
	    end != 29 || value[29] != '\0')
		harness_fail("not an IMF-fixdate: %s", value);
}

void http_read_head(int fd, struct response *response)
{
	size_t len = 0;
	int end = 0;
	char value[32], *rest;

	*response = (struct response){0};
	while (!read_head_part(fd, response, &len))
		;
	if (sscanf(response->head, "HTTP/1.1 %3d %n", &response->status,
		   &end) != 1 ||
	    end != 13 || response->head[end] == '\r')
		harness_fail("not a status line:\n%s", response->head);
	check_lines(response->head);
	check_date(response);
	if (!http_field(response, "Content-Length", value, sizeof(value)))
		harness_fail("no Content-Length in\n%s", response->head);
	response->len = strtoull(value, &rest, 10);
	ck_assert_str_eq(rest, "");
}

void http_read(int fd, struct response *response, bool has_content)
{
	http_read_head(fd, response);
	if (!has_content)
		return;
	response->content = bytes_new(response->len + 1);
	tcp_read(fd, response->content, response->len);
	response->content[response->len] = '\0';
}

void http_clear(struct response *response)
{
	free(response->content);
	response->content = NULL;
}

void http_expect(const struct response *response, int status, const void *data,
		 size_t len)
{
	if (response->status != status)
		harness_fail("status %d expected:\n%s", status, response->head);
	ck_assert_uint_eq(response->len, len);
	ck_assert_mem_eq(response->content, data, len);
}

void http_send_get(int fd, const char *target)
{
	char request[16384];
	int len =
		snprintf(request, sizeof(request),
			 "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);

	ck_assert_int_lt(len, (int)sizeof(request));
	tcp_send(fd, request, (size_t)len);
}

void http_get(int fd, const char *target, struct response *response)
{
	http_send_get(fd, target);
	http_read(fd, response, true);
}

void http_fetch(const struct server *server, const char *target,
		struct response *response)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	http_get(fd, target, response);
	(void)close(fd);
}
