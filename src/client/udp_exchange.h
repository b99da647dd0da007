/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_UDP_EXCHANGE_H
#define CLIENT_UDP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "client/answers.h"
#include "client/route.h"
#include "client/status.h"

#define UDP_MESSAGE_MAX	  65507 /* 65535 - 20 (IPv4 header) - 8 (UDP header) */
#define UDP_DATAGRAM_SIZE 65536 /* whatever comes, it fits */

/* A conversation by datagrams. The caller's storage; large. */
struct udp {
	struct route *route;
	int fd;		   /* -1: none */
	bool is_confirmed; /* an answer came from the address in use */
	struct answers answers;
	/* Of the try at hand, or with the message at hand: */
	bool is_leaving;    /* an ICMP error ends the try: more addresses */
	bool has_told_icmp; /* a line on standard error has */
	unsigned n_sent;    /* copies to the address in use */
	uint64_t n_late;    /* datagrams ignored: earlier answers */
	uint64_t n_foreign; /* datagrams ignored: not from there */
	uint64_t n_refused; /* ICMP errors */
	char expected[UDP_MESSAGE_MAX];
	char reply[UDP_DATAGRAM_SIZE];
};

/* route must be resolved and outlive udp. Nothing is opened yet. */
void udp_init(struct udp *udp, struct route *route);

/*
 * Sends the message, waits for its answer and sends again as the options say.
 * Until a first answer came, the addresses are tried in turn. That nobody
 * listens there (ICMP) is told, but ends nothing: the server may yet start.
 * *reply points into udp and lives until the next call. Tells its own failure.
 */
enum client_status udp_exchange(struct udp *udp, struct slice message,
				struct slice *reply) MUST_CHECK;

/* Closes the socket. */
void udp_clear(struct udp *udp);

#endif
