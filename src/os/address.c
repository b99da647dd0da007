/* SPDX-License-Identifier: MIT */
/*
 * Socket addresses of both families behind one struct, so that nothing above
 * this file has to ask which one it holds.
 */
#include "os/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

struct address address_any(int family, uint16_t port)
{
	struct address address = {0};

	if (family == AF_INET6) {
		address.len = sizeof(address.sa.in6);
		address.sa.in6.sin6_family = AF_INET6;
		address.sa.in6.sin6_addr = in6addr_any;
	} else {
		address.len = sizeof(address.sa.in4);
		address.sa.in4.sin_family = AF_INET;
		address.sa.in4.sin_addr.s_addr = htonl(INADDR_ANY);
	}
	address_set_port(&address, port);
	return address;
}

/* sin_port and sin6_port lie at the same place, but C does not promise it. */
uint16_t address_port(const struct address *address)
{
	if (address->sa.any.sa_family == AF_INET6)
		return ntohs(address->sa.in6.sin6_port);
	return ntohs(address->sa.in4.sin_port);
}

void address_set_port(struct address *address, uint16_t port)
{
	if (address->sa.any.sa_family == AF_INET6)
		address->sa.in6.sin6_port = htons(port);
	else
		address->sa.in4.sin_port = htons(port);
}

bool address_eq(const struct address *a, const struct address *b)
{
	if (a->sa.any.sa_family != b->sa.any.sa_family ||
	    address_port(a) != address_port(b))
		return false;
	if (a->sa.any.sa_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&a->sa.in6.sin6_addr,
					  &b->sa.in6.sin6_addr) &&
		       a->sa.in6.sin6_scope_id == b->sa.in6.sin6_scope_id;
	return a->sa.in4.sin_addr.s_addr == b->sa.in4.sin_addr.s_addr;
}

bool address_is_group(const struct address *address)
{
	in_addr_t host;

	if (address->sa.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_MULTICAST(&address->sa.in6.sin6_addr);
	host = ntohl(address->sa.in4.sin_addr.s_addr);
	return IN_MULTICAST(host) || host == INADDR_BROADCAST;
}

bool address_is_any(const struct address *address)
{
	if (address->sa.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&address->sa.in6.sin6_addr);
	return address->sa.in4.sin_addr.s_addr == htonl(INADDR_ANY);
}

const char *address_format_host(const struct address *address,
				char buf[ADDRESS_TEXT_SIZE])
{
	if (getnameinfo(&address->sa.any, address->len, buf, ADDRESS_TEXT_SIZE,
			NULL, 0, NI_NUMERICHOST) != 0)
		(void)snprintf(buf, ADDRESS_TEXT_SIZE, "?");
	return buf;
}

const char *address_format(const struct address *address,
			   char buf[ADDRESS_TEXT_SIZE])
{
	char host[ADDRESS_TEXT_SIZE];
	bool is_v6 = address->sa.any.sa_family == AF_INET6;

	address_format_host(address, host);
	(void)snprintf(buf, ADDRESS_TEXT_SIZE, "%s%.64s%s:%u", is_v6 ? "[" : "",
		       host, is_v6 ? "]" : "", (unsigned)address_port(address));
	return buf;
}

int address_resolve(const char *host, uint16_t port, int family, int socktype,
		    struct address *list, size_t max, size_t *n,
		    const char **cause)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = socktype};
	struct addrinfo *found, *each;
	int error = getaddrinfo(host, NULL, &hints, &found);

	if (error != 0) {
		*cause = error == EAI_SYSTEM ? strerror(errno)
					     : gai_strerror(error);
		return -1;
	}
	*n = 0;
	for (each = found; each && *n < max; each = each->ai_next) {
		struct address *address = &list[*n];

		if (each->ai_addrlen > sizeof(address->sa))
			continue;
		memset(address, 0, sizeof(*address));
		memcpy(&address->sa, each->ai_addr, each->ai_addrlen);
		address->len = each->ai_addrlen;
		address_set_port(address, port);
		(*n)++;
	}
	freeaddrinfo(found);
	*cause = "no IPv4 or IPv6 address";
	return *n > 0 ? 0 : -1;
}
