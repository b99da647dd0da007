/* SPDX-License-Identifier: MIT */
#ifndef OS_NETWORK_H
#define OS_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"

/* All addresses that begin with the same bits: "10.0.0.0/8", "2001:db8::/32".
 */
struct network {
	int family; /* AF_INET or AF_INET6 */
	unsigned n_bits;
	uint8_t bytes[16]; /* of the address, network byte order */
};

#define NETWORK_CAUSE_SIZE 160

/*
 * Reads CIDR notation (RFC 4632, RFC 4291 2.3); an address alone is a network
 * of one. Strict: a bit that is set behind the prefix is an error, whose cause
 * names the network that was meant. What is within ::ffff:0:0/96 becomes IPv4,
 * as address_settle() has it. Returns 0, or -1 with a sentence in cause.
 */
int network_parse(const char *text, struct network *network,
		  char cause[NETWORK_CAUSE_SIZE]) MUST_CHECK;

/*
 * Whether it holds this address, which is settled; a Unix peer is in none but
 * that of its family.
 */
bool network_contains(const struct network *network,
		      const struct address *address);

/* Of an IPv6 address, its network of 64 bits. */
#define NETWORK_OWNER_BYTES 8

/*
 * What tells peers apart: an IPv4 address, or an IPv6 network of 64 bits, which
 * is what one peer has to choose from. The port and the scope's interface do
 * not; a Unix socket's peers are one.
 */
struct address network_owner(const struct address *peer);

/* Writes "192.0.2.1" or "2001:db8::/64" for an owner; returns buf. */
const char *network_format_owner(const struct address *owner,
				 char buf[ADDRESS_TEXT_SIZE]);

#endif
