/* SPDX-License-Identifier: MIT */
#ifndef OS_ADDRESS_H
#define OS_ADDRESS_H

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"

/* An IPv4 or IPv6 address with its port, as the socket calls want it. */
struct address {
	socklen_t len; /* of the member of sa that is in use */
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} sa;
};

/* "[ffff:...:255.255.255.255%interface]:65535" and a NUL fit. */
#define ADDRESS_TEXT_SIZE 80

/* 0.0.0.0 or [::] with the given port. family is AF_INET or AF_INET6. */
struct address address_any(int family, uint16_t port);

uint16_t address_port(const struct address *address);
void address_set_port(struct address *address, uint16_t port);

/*
 * From the bytes of a host, 4 for AF_INET and 16 for AF_INET6, in network byte
 * order; settled, see address_settle().
 */
struct address address_from_bytes(int family, const uint8_t *host,
				  uint16_t port);

/* Same family, address, scope and port. */
bool address_eq(const struct address *a, const struct address *b);

/*
 * A hash of address and port. Who does not know the seed cannot choose
 * addresses whose hashes have something in common.
 */
uint64_t address_hash(const struct address *address, uint64_t seed);

/*
 * Of a peer, as accept(2) tells it: an IPv4 address in IPv6's clothes, as a
 * socket of both families has them, becomes IPv4. A Unix socket's peer has no
 * name; all of them are equal, have port 0, and are shown as "unix".
 */
void address_settle(struct address *address);

/* True for a multicast address of either family and for 255.255.255.255. */
bool address_is_group(const struct address *address);

/* True for 0.0.0.0 and [::], which name no host. */
bool address_is_any(const struct address *address);

/* Writes "127.0.0.1:80" or "[::1]:80"; returns buf. */
const char *address_format(const struct address *address,
			   char buf[ADDRESS_TEXT_SIZE]);

/* Writes the address alone, "127.0.0.1" or "::1"; returns buf. */
const char *address_format_host(const struct address *address,
				char buf[ADDRESS_TEXT_SIZE]);

/*
 * Takes apart what people type for a host: "name", "192.0.2.1", "::1" or
 * "[::1]", and with a port "name:http", "192.0.2.1:80" or "[::1]:80". Cuts
 * text in place, so *host and *port live as long as it does. *host has no
 * brackets and may be empty; *port is NULL when there is none, else still to
 * be read, by address_parse_port() for example. Returns 0, or -1 with *cause.
 */
int address_split(char *text, char **host, char **port,
		  const char **cause) MUST_CHECK;

/*
 * What to say of a host that address_split() found no port with, and that none
 * follows: that it is missing, and where it stands behind an IPv6 address,
 * whose last part may have been meant.
 */
const char *address_port_missing(const char *host);

/*
 * Reads a port that is connected to: a number from 1 to 65535, or the name
 * that services(5) has for it. socktype is SOCK_STREAM or SOCK_DGRAM, which
 * have names of their own. Returns 0, or -1 with *cause.
 */
int address_parse_port(const char *text, int socktype, uint16_t *port,
		       const char **cause) MUST_CHECK;

/*
 * Resolves a name or a numeric address (IPv6 with an optional %scope, with or
 * without brackets) with getaddrinfo(3). family is AF_UNSPEC, AF_INET or
 * AF_INET6, socktype is SOCK_STREAM or SOCK_DGRAM. Returns at most max
 * addresses in list, in the order in which they should be tried, and their
 * number in *n (1 or more). On failure returns -1 and *cause is the reason,
 * valid until the next call.
 */
int address_resolve(const char *host, uint16_t port, int family, int socktype,
		    struct address *list, size_t max, size_t *n,
		    const char **cause) MUST_CHECK;

/* Whether it is of this host alone: 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct address *address);

#endif
