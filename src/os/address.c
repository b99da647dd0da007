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

#include "base/room.h"
#include "base/slice.h"
#include "base/units.h"

/* The C library's look-ups can end a program that has no memory for them. */
#define ADDRESS_ROOM ((size_t)256 << 10)

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

struct address address_from_bytes(int family, const uint8_t *host,
				  uint16_t port)
{
	struct address address = address_any(family, port);

	if (family == AF_INET6)
		memcpy(&address.sa.in6.sin6_addr, host, 16);
	else
		memcpy(&address.sa.in4.sin_addr, host, 4);
	address_settle(&address);
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

/* SplitMix64's finish: every bit of x moves every bit of the result. */
static uint64_t address_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t address_hash(const struct address *address, uint64_t seed)
{
	uint64_t halves[2] = {0};

	if (address->sa.any.sa_family == AF_INET6)
		memcpy(halves, &address->sa.in6.sin6_addr, sizeof(halves));
	else
		halves[0] = address->sa.in4.sin_addr.s_addr;
	seed = address_mix(seed ^ address_port(address));
	return address_mix(address_mix(seed + halves[0]) + halves[1]);
}

void address_settle(struct address *address)
{
	const struct in6_addr *in6 = &address->sa.in6.sin6_addr;
	struct address plain = address_any(AF_INET, address_port(address));

	if (address->sa.any.sa_family == AF_UNIX) {
		*address = (struct address){.len = sizeof(sa_family_t)};
		address->sa.any.sa_family = AF_UNIX;
	} else if (address->sa.any.sa_family == AF_INET6 &&
		   IN6_IS_ADDR_V4MAPPED(in6)) {
		memcpy(&plain.sa.in4.sin_addr, in6->s6_addr + 12,
		       sizeof(plain.sa.in4.sin_addr));
		*address = plain;
	}
}

/* The IPv4 address that it is, in IPv6's clothes or its own; or NULL. */
static const uint8_t *address_v4(const struct address *address)
{
	const struct in6_addr *in6 = &address->sa.in6.sin6_addr;

	if (address->sa.any.sa_family != AF_INET6)
		return (const void *)&address->sa.in4.sin_addr;
	return IN6_IS_ADDR_V4MAPPED(in6) ? in6->s6_addr + 12 : NULL;
}

bool address_is_group(const struct address *address)
{
	const uint8_t *v4 = address_v4(address);
	uint32_t host;

	if (!v4)
		return IN6_IS_ADDR_MULTICAST(&address->sa.in6.sin6_addr);
	memcpy(&host, v4, sizeof(host));
	host = ntohl(host);
	return IN_MULTICAST(host) || host == INADDR_BROADCAST;
}

bool address_is_any(const struct address *address)
{
	const uint8_t *v4 = address_v4(address);
	uint32_t host;

	if (!v4)
		return IN6_IS_ADDR_UNSPECIFIED(&address->sa.in6.sin6_addr);
	memcpy(&host, v4, sizeof(host));
	return host == htonl(INADDR_ANY);
}

const char *address_format_host(const struct address *address,
				char buf[ADDRESS_TEXT_SIZE])
{
	if (address->sa.any.sa_family == AF_UNIX)
		return strcpy(buf, "unix");
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
	if (address->sa.any.sa_family == AF_UNIX)
		return strcpy(buf, host);
	(void)snprintf(buf, ADDRESS_TEXT_SIZE, "%s%.64s%s:%u", is_v6 ? "[" : "",
		       host, is_v6 ? "]" : "", (unsigned)address_port(address));
	return buf;
}

/*
 * Finds host and port in what was typed; *port is NULL for none. A single
 * colon ends a host. With more it is an IPv6 address as it stands, which takes
 * a port only behind brackets. A URL, which would pass for such an address, is
 * known by its slashes. Returns NULL or what is wrong.
 */
static const char *find_parts(const char *text, struct slice *host,
			      const char **port)
{
	const char *colon = strchr(text, ':');

	*host = slice_of(text);
	*port = NULL;
	if (strchr(text, '/'))
		return "neither a name nor an address has a slash";
	if (text[0] == '[') {
		colon = strchr(text, ']');
		if (!colon || (colon[1] != '\0' && colon[1] != ':'))
			return "not [ADDRESS] or [ADDRESS]:PORT";
		*host = (struct slice){text + 1, (size_t)(colon - text - 1)};
		if (!memchr(host->ptr, ':', host->len))
			return "only an IPv6 address stands in brackets";
		colon++;
	} else if (!colon || strchr(colon + 1, ':')) {
		return NULL;
	} else {
		host->len = (size_t)(colon - text);
	}
	if (*colon == ':')
		*port = colon + 1;
	return NULL;
}

int address_split(char *text, char **host, char **port, const char **cause)
{
	const char *port_part;
	struct slice host_part;

	*cause = find_parts(text, &host_part, &port_part);
	if (*cause)
		return -1;
	*host = text + (host_part.ptr - text);
	*port = port_part ? text + (port_part - text) : NULL;
	(*host)[host_part.len] = '\0';
	return 0;
}

const char *address_port_missing(const char *host)
{
	return strchr(host, ':') ? "PORT is missing (behind an IPv6 address as "
				   "in [::1]:80)"
				 : "PORT is missing";
}

static const struct servent *address_find_service(const char *name, bool is_udp)
{
	struct room *room = room_begin(ADDRESS_ROOM);
	const struct servent *service = NULL;

	if (room)
		service = getservbyname(name, is_udp ? "udp" : "tcp");
	room_end(room);
	return service;
}

static int address_find_host(const char *name, const struct addrinfo *hints,
			     struct addrinfo **found)
{
	struct room *room = room_begin(ADDRESS_ROOM);
	int error = EAI_MEMORY, saved;

	if (room)
		error = getaddrinfo(name, NULL, hints, found);
	saved = errno;
	room_end(room);
	errno = saved;
	return error;
}

int address_parse_port(const char *text, int socktype, uint16_t *port,
		       const char **cause)
{
	bool is_udp = socktype == SOCK_DGRAM;
	const struct servent *service;
	uint64_t number;

	if (units_parse_uint(text, 1, UINT16_MAX, &number) == 0) {
		*port = (uint16_t)number;
		return 0;
	}
	service = address_find_service(text, is_udp);
	if (service && service->s_port != 0) {
		*port = ntohs((uint16_t)service->s_port);
		return 0;
	}
	*cause = is_udp ? "not a number from 1 to 65535 or the name of a UDP "
			  "service"
			: "not a number from 1 to 65535 or the name of a TCP "
			  "service";
	return -1;
}

/* Copies the host without its brackets. NULL or what is wrong. */
static const char *copy_host(const char *text, char buf[NI_MAXHOST])
{
	struct slice host;
	const char *port, *cause = find_parts(text, &host, &port);

	if (cause)
		return cause;
	if (port)
		return "a port does not belong here";
	if (host.len >= NI_MAXHOST)
		return "longer than a name can be";
	memcpy(buf, host.ptr, host.len);
	buf[host.len] = '\0';
	return NULL;
}

int address_resolve(const char *host, uint16_t port, int family, int socktype,
		    struct address *list, size_t max, size_t *n,
		    const char **cause)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = socktype};
	struct addrinfo *found, *each;
	char name[NI_MAXHOST];
	int error;

	*cause = copy_host(host, name);
	if (*cause)
		return -1;
	error = address_find_host(name, &hints, &found);
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

bool address_is_loopback(const struct address *address)
{
	const struct in6_addr *in6 = &address->sa.in6.sin6_addr;

	if (address->sa.any.sa_family == AF_INET)
		return ntohl(address->sa.in4.sin_addr.s_addr) >> 24 ==
		       IN_LOOPBACKNET;
	return address->sa.any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(in6);
}
