/* SPDX-License-Identifier: MIT */
/*
 * The smallest HTTP client that can check a server: it reads one response and
 * leaves what follows in the socket, and it is strict about what it reads.
 */
#include "e2e_http.h"

#include <errno.h>
#include <stdarg.h>
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
	bool is_there = http_field(response, name, got, sizeof(got));

	if (is_there != (value != NULL))
		harness_fail("%s field %s in\n%s", is_there ? "a" : "no", name,
			     response->head);
	if (value && strcmp(got, value) != 0)
		harness_fail("%s: %s expected in\n%s", name, value,
			     response->head);
}

void http_expect_status(const struct response *response, int status)
{
	if (response->status != status)
		harness_fail("status %d expected:\n%s", status, response->head);
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

static void read_head(int fd, struct response *response)
{
	size_t len = 0;
	int end = 0;

	*response = (struct response){0};
	while (!read_head_part(fd, response, &len))
		;
	if (sscanf(response->head, "HTTP/1.1 %3d %n", &response->status,
		   &end) != 1 ||
	    end != 13 || response->head[end] == '\r')
		harness_fail("not a status line:\n%s", response->head);
	check_lines(response->head);
	check_date(response);
}

void http_read_head(int fd, struct response *response)
{
	char value[32], *rest;

	read_head(fd, response);
	response->is_chunked =
		http_field(response, "Transfer-Encoding", value, sizeof(value));
	if (response->is_chunked)
		ck_assert_str_eq(value, "chunked");
	if (http_field(response, "Content-Length", value, sizeof(value))) {
		ck_assert(!response->is_chunked);
		response->len = strtoull(value, &rest, 10);
		ck_assert_str_eq(rest, "");
	} else if (!response->is_chunked && response->status != 304) {
		harness_fail("no Content-Length in\n%s", response->head);
	}
}

/* The room that is made for content of this length, and for the NUL. */
static size_t room_for(size_t len)
{
	size_t size = 4096;

	while (size < len + 1)
		size *= 2;
	return size;
}

/* Makes room for n more bytes of content and the NUL. */
static unsigned char *grow_content(struct response *response, size_t n)
{
	size_t size = room_for(response->len + n);
	unsigned char *grown = response->content;

	if (!grown || size > room_for(response->len))
		grown = realloc(grown, size);
	if (!grown)
		harness_fail("out of memory for content");
	response->content = grown;
	return grown + response->len;
}

/* "SIZE CRLF", in hexadecimal and with no extension. */
static size_t read_chunk_size(int fd)
{
	char line[20], *rest;
	size_t len = 0;

	while (len < 2 || line[len - 1] != '\n') {
		if (len + 1 == sizeof(line))
			harness_fail("not a chunk's size: %.*s", (int)len,
				     line);
		tcp_read(fd, line + len++, 1);
	}
	line[len] = '\0';
	len = strtoull(line, &rest, 16);
	if (rest == line || strcmp(rest, "\r\n") != 0)
		harness_fail("not a chunk's size: %s", line);
	return len;
}

/* Chunks up to the last one, without trailers (RFC 9112, 7.1). */
static void read_chunks(int fd, struct response *response)
{
	size_t n;

	while ((n = read_chunk_size(fd)) > 0) {
		tcp_read(fd, grow_content(response, n), n);
		response->len += n;
		tcp_expect_text(fd, "\r\n");
	}
	tcp_expect_text(fd, "\r\n");
	*grow_content(response, 0) = '\0';
}

void http_read(int fd, struct response *response, bool has_content)
{
	http_read_head(fd, response);
	if (!has_content)
		return;
	if (response->is_chunked) {
		read_chunks(fd, response);
		return;
	}
	response->content = bytes_new(response->len + 1);
	tcp_read(fd, response->content, response->len);
	response->content[response->len] = '\0';
}

void http_read_to_end(int fd, struct response *response)
{
	size_t n;

	read_head(fd, response);
	http_expect_field(response, "Content-Length", NULL);
	http_expect_field(response, "Transfer-Encoding", NULL);
	do {
		n = tcp_read_some(fd, grow_content(response, 65536), 65536);
		response->len += n;
	} while (n > 0);
	*grow_content(response, 0) = '\0';
}

void http_clear(struct response *response)
{
	free(response->content);
	response->content = NULL;
}

void http_expect(const struct response *response, int status, const void *data,
		 size_t len)
{
	http_expect_status(response, status);
	ck_assert_uint_eq(response->len, len);
	ck_assert_mem_eq(response->content, data, len);
}

void http_ask(int fd, struct response *response, const char *fmt, ...)
{
	char request[16384];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(request, sizeof(request), fmt, args);
	va_end(args);
	ck_assert_int_lt(len, (int)sizeof(request) - 32);
	(void)stpcpy(request + len, "\r\nHost: localhost\r\n\r\n");
	tcp_send_text(fd, request);
	http_read(fd, response, strncmp(request, "HEAD ", 5) != 0);
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
