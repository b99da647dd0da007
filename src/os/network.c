/* SPDX-License-Identifier: MIT */
/*
 * Networks, as lists of addresses name them. Reading is strict, since a list
 * that says other than what was meant lets the wrong people in: what inet_pton
 * and a plain decimal number do not take is refused, and so is an address that
 * is not the network's own.
 */
#include "os/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

#define MAPPED_BITS 96 /* of ::ffff:0:0, in front of the IPv4 address */

static unsigned family_bits(int family)
{
	return family == AF_INET6 ? 128 : 32;
}

static int network_fail(char *cause, const char *why)
{
	(void)snprintf(cause, NETWORK_CAUSE_SIZE, "%s", why);
	return -1;
}

/* Clears the bits behind the prefix; true when one of them was set. */
static bool cut_host_bits(struct network *network)
{
	bool was_set = false;

	for (unsigned i = network->n_bits; i < family_bits(network->family);
	     i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		was_set |= (network->bytes[i / 8] & bit) != 0;
		network->bytes[i / 8] &= (uint8_t)~bit;
	}
	return was_set;
}

/* An IPv4 network in IPv6's clothes: peers come in their own. */
static void unmap(struct network *network)
{
	struct in6_addr in6;

	if (network->family != AF_INET6 || network->n_bits < MAPPED_BITS)
		return;
	memcpy(&in6, network->bytes, sizeof(in6));
	if (!IN6_IS_ADDR_V4MAPPED(&in6))
		return;
	network->family = AF_INET;
	network->n_bits -= MAPPED_BITS;
	memmove(network->bytes, network->bytes + 12, 4);
}

/* The length of the prefix, behind the slash. */
static int parse_bits(const char *text, struct network *network, char *cause)
{
	unsigned most = family_bits(network->family);
	uint64_t n = 0;

	if (units_parse_uint(text, 0, most, &n) == 0) {
		network->n_bits = (unsigned)n;
		return 0;
	}
	(void)snprintf(cause, NETWORK_CAUSE_SIZE,
		       "behind the / stands a number of bits, 0 to %u", most);
	return -1;
}

static int fail_by_host_bits(const struct network *network, char *cause)
{
	char name[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(network->family, network->bytes, name, sizeof(name));
	(void)snprintf(cause, NETWORK_CAUSE_SIZE,
		       "not the address of a network: the one of %u bits is "
		       "%s/%u",
		       network->n_bits, name, network->n_bits);
	return -1;
}

int network_parse(const char *text, struct network *network,
		  char cause[NETWORK_CAUSE_SIZE])
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];

	*network = (struct network){0};
	if (len >= sizeof(host))
		return network_fail(cause, "not an IPv4 or IPv6 address");
	memcpy(host, text, len);
	host[len] = '\0';
	network->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	network->n_bits = family_bits(network->family);
	if (inet_pton(network->family, host, network->bytes) != 1)
		return network_fail(cause, "not an IPv4 or IPv6 address");
	if (slash && parse_bits(slash + 1, network, cause) < 0)
		return -1;
	if (cut_host_bits(network))
		return fail_by_host_bits(network, cause);
	unmap(network);
	return 0;
}

bool network_contains(const struct network *network,
		      const struct address *address)
{
	unsigned n_whole = network->n_bits / 8, n_rest = network->n_bits % 8;
	const uint8_t *bytes = address->sa.in6.sin6_addr.s6_addr;

	if (address->sa.any.sa_family != network->family)
		return false;
	if (network->family == AF_INET)
		bytes = (const void *)&address->sa.in4.sin_addr;
	if (memcmp(bytes, network->bytes, n_whole) != 0)
		return false;
	return n_rest == 0 ||
	       (bytes[n_whole] ^ network->bytes[n_whole]) >> (8 - n_rest) == 0;
}

struct address network_owner(const struct address *peer)
{
	struct address owner = *peer;

	address_set_port(&owner, 0);
	if (owner.sa.any.sa_family == AF_INET6)
		memset(&owner.sa.in6.sin6_addr.s6_addr[NETWORK_OWNER_BYTES], 0,
		       16 - NETWORK_OWNER_BYTES);
	return owner;
}

const char *network_format_owner(const struct address *owner,
				 char buf[ADDRESS_TEXT_SIZE])
{
	size_t len;

	(void)address_format_host(owner, buf);
	len = strlen(buf);
	if (owner->sa.any.sa_family == AF_INET6)
		(void)snprintf(buf + len, ADDRESS_TEXT_SIZE - len, "/64");
	return buf;
}
