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

/* Whether a triplet "%XX" stands there. */
static bool is_triplet(struct slice s, size_t at)
{
	return s.len - at >= 3 && s.ptr[at] == '%' &&
	       http_hex_value(s.ptr[at + 1]) >= 0 &&
	       http_hex_value(s.ptr[at + 2]) >= 0;
}

/* Length of the reg-name or IPv4address that s begins with. */
static size_t reg_name_len(struct slice s)
{
	size_t len = http_span(s, HTTP_BYTE_HOST);

	while (is_triplet(s, len)) {
		len += 3;
		len += http_span((struct slice){s.ptr + len, s.len - len},
				 HTTP_BYTE_HOST);
	}
	return len;
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
	return strlen(text) == s.len &&
	       inet_pton(AF_INET6, text, &address) == 1;
}

/* Length of the IP-literal that s begins with; 0 when it is none. */
static size_t ip_literal_len(struct slice s)
{
	const char *end = memchr(s.ptr, ']', s.len);
	size_t len;

	if (!end)
		return 0;
	len = (size_t)(end - s.ptr) + 1;
	return is_ipv6((struct slice){s.ptr + 1, len - 2}) ? len : 0;
}

bool http_host_is_valid(struct slice s)
{
	size_t len = s.len > 0 && s.ptr[0] == '[' ? ip_literal_len(s)
						  : reg_name_len(s);

	return len > 0 &&
	       is_port_suffix((struct slice){s.ptr + len, s.len - len});
}

/* The four numbers that inet_pton(3) reads. */
static bool is_ipv4(struct slice s)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;

	if (s.len >= sizeof(text))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	return inet_pton(AF_INET, text, &address) == 1;
}

bool http_host_is_literal(struct slice s)
{
	struct slice name = {s.ptr, reg_name_len(s)};

	if (s.len > 0 && s.ptr[0] == '[')
		return http_host_is_valid(s);
	return http_host_is_valid(s) &&
	       (is_ipv4(name) || slice_is_nocase(name, "localhost"));
}
