/* SPDX-License-Identifier: MIT */
/*
 * Names of errors. They are the kernel's own where it has one, because that is
 * what people search for; the hint beside it says what it means for somebody
 * who runs a load test.
 */
#include "result/error.h"

#include <errno.h>
#include <stdio.h>

#include "base/compiler.h"

struct known {
	size_t slot;
	const char *name;
	const char *hint;
};

static const struct known table[] = {
	{ECONNREFUSED, "ECONNREFUSED", NULL},
	{ECONNRESET, "ECONNRESET", NULL},
	{EPIPE, "EPIPE", NULL},
	{EADDRNOTAVAIL, "EADDRNOTAVAIL",
	 "out of local ports: add --source addresses, leave out "
	 "--connect-per-request, or widen net.ipv4.ip_local_port_range"},
	{EADDRINUSE, "EADDRINUSE",
	 "out of local ports: add --source addresses, or leave out "
	 "--connect-per-request"},
	{EMFILE, "EMFILE",
	 "out of descriptors: raise the limit (ulimit -n), use more --jobs or "
	 "fewer --clients"},
	{ENFILE, "ENFILE", "the system is out of descriptors (fs.file-max)"},
	{ENOBUFS, "ENOBUFS", "the system is out of buffers: a lower rate?"},
	{ENOMEM, "ENOMEM", "out of memory: fewer --clients?"},
	{EHOSTUNREACH, "EHOSTUNREACH", NULL},
	{ENETUNREACH, "ENETUNREACH", NULL},
	{ETIMEDOUT, "ETIMEDOUT", NULL},
	{EMSGSIZE, "EMSGSIZE", "too long for a datagram: a smaller --size?"},
	{EACCES, "EACCES", NULL},
	{EPERM, "EPERM", NULL},
	{EINVAL, "EINVAL", NULL},
	{EAFNOSUPPORT, "EAFNOSUPPORT", NULL},
	{ECONNABORTED, "ECONNABORTED", NULL},
	{EPROTO, "EPROTO", NULL},
	{ENETDOWN, "ENETDOWN", NULL},
	{EHOSTDOWN, "EHOSTDOWN", NULL},
	{EAGAIN, "EAGAIN", NULL},
	{EIO, "EIO", NULL},
	{ERROR_TIMEOUT, "timeout",
	 "no answer within --timeout: the server or the way there is "
	 "overloaded or loses connections"},
	{ERROR_CLOSED, "closed",
	 "the server ended connections with answers missing: one that takes "
	 "one message per connection needs --connect-per-request"},
	{ERROR_STRAY, "stray", "bytes came that answer nothing"},
	{ERROR_NOT_HTTP, "malformed: not HTTP",
	 "the answer is of another protocol, or of HTTP/0.9: is it the HTTP "
	 "port?"},
	{ERROR_STATUS_LINE, "malformed: status line",
	 "a response begins as in \"HTTP/1.1 200 OK\""},
	{ERROR_BARE_LF, "malformed: bare LF",
	 "lines must end in CR and LF, as in \"\\r\\n\""},
	{ERROR_FIELD, "malformed: field",
	 "a line of the head is no \"Name: value\": is the empty line "
	 "missing?"},
	{ERROR_LENGTH, "malformed: length",
	 "Content-Length is no number, is another one the second time, or "
	 "stands beside Transfer-Encoding"},
	{ERROR_CODING, "malformed: coding",
	 "a Transfer-Encoding other than chunked, or in HTTP/1.0"},
	{ERROR_CONTENT, "malformed: content",
	 "a 1xx or 204 that says it has content"},
	{ERROR_CHUNK, "malformed: chunk",
	 "chunks are \"size in hex, CRLF, data, CRLF\""},
	{ERROR_TOO_LONG, "malformed: too long", "a head or line without end"},
	{ERROR_SWITCH, "malformed: 101",
	 "a switch of protocols that nobody asked for"},
	{ERROR_UNENDED, "malformed: head without end",
	 "the empty line behind the head is missing"},
};

static const struct known *error_find(size_t slot)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].slot == slot)
			return &table[i];
	return NULL;
}

size_t error_of_errno(int error)
{
	return error > 0 && error < ERROR_STATUS ? (size_t)error : (size_t)EIO;
}

const char *error_name(size_t slot, char buf[ERROR_NAME_SIZE])
{
	const struct known *known = error_find(slot);

	if (known)
		(void)snprintf(buf, ERROR_NAME_SIZE, "%s", known->name);
	else if (slot < ERROR_STATUS)
		(void)snprintf(buf, ERROR_NAME_SIZE, "errno %u",
			       (unsigned)slot);
	else
		(void)snprintf(buf, ERROR_NAME_SIZE, "HTTP %u",
			       (unsigned)(slot - ERROR_STATUS));
	return buf;
}

const char *error_hint(size_t slot)
{
	const struct known *known = error_find(slot);

	if (known)
		return known->hint;
	if (slot == ERROR_STATUS + 301)
		return "moved: does PATH lack its final slash?";
	if (slot == ERROR_STATUS + 404)
		return "no such page: is PATH right?";
	return NULL;
}

bool error_is_ours(size_t slot)
{
	return slot == EADDRNOTAVAIL || slot == EADDRINUSE || slot == EMFILE ||
	       slot == ENFILE || slot == ENOBUFS || slot == ENOMEM;
}

bool error_is_wrong_reply(size_t slot)
{
	return (slot >= ERROR_STATUS && slot < ERROR_TIMEOUT) ||
	       (slot >= ERROR_STRAY && slot < ERROR_SLOTS);
}
