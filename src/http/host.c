/* SPDX-License-Identifier: MIT */
/*
 * The host that a request is for. Nothing here depends on which host that is;
 * it is judged since another reader on the way may depend on it, and what is no
 * host at all could be read in two ways.
 *
 * In brackets stands an IPv6 address and nothing else: a zone is local to the
 * client (RFC 9844), and IPvFuture has no user yet.
 */
#include "http/host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "http/syntax.h"

/* ":" port may follow, of digits or of nothing (RFC 3986, 3.2.3). */
static bool is_port_suffix(struct slice s)
{
	unsigned port = 0;

	if (s.len == 0)
		return true;
	if (s.ptr[0] != ':')
		return false;
	for (size_t i = 1; i < s.len; i++) {
		if (!http_is_digit(s.ptr[i]))
			return false;
		port = port * 10 + (unsigned)(s.ptr[i] - '0');
		if (port > UINT16_MAX)
			return false;
	}
	return true;
}

/* reg-name or IPv4address: no brackets, every "%" begins a triplet. */
static bool is_reg_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '[' || s.ptr[i] == ']')
			return false;
		if (s.ptr[i] == '%' &&
		    (s.len - i < 3 || http_hex_value(s.ptr[i + 1]) < 0 ||
		     http_hex_value(s.ptr[i + 2]) < 0))
			return false;
	}
	return s.len > 0;
}

/* IPv6address of RFC 3986, which is what inet_pton(3) reads. */
static bool is_ipv6(struct slice s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (s.len >= sizeof(text))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* Length of the host before its port: to the "]" or the first colon. */
static size_t host_len(struct slice s)
{
	const char *end;

	if (s.len == 0)
		return 0;
	end = memchr(s.ptr, s.ptr[0] == '[' ? ']' : ':', s.len);
	if (!end)
		return s.len;
	return (size_t)(end - s.ptr) + (s.ptr[0] == '[');
}

bool http_host_is_valid(struct slice s)
{
	size_t len = host_len(s);
	struct slice host = {s.ptr, len};

	if (!http_is_all(s, HTTP_BYTE_HOST))
		return false;
	if (len > 1 && host.ptr[0] == '[') {
		if (host.ptr[len - 1] != ']' ||
		    !is_ipv6((struct slice){host.ptr + 1, len - 2}))
			return false;
	} else if (!is_reg_name(host)) {
		return false;
	}
	return is_port_suffix((struct slice){s.ptr + len, s.len - len});
}
