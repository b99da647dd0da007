/* SPDX-License-Identifier: MIT */
#ifndef LOOP_ACCOUNT_H
#define LOOP_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/list.h"
#include "os/address.h"

/*
 * Who holds how many connections, over all services: an account for each IPv4
 * address and each IPv6 network of 64 bits, which is what one peer has to
 * choose from. When there is no room for another connection, the accounts tell
 * whose to close, so that nobody who holds many can keep others out.
 */
struct accounts;

/* One connection in its account; zero-initialise. */
struct account_member {
	struct list_node node; /* those that were useful last stand last */
	struct account *account;
	uint32_t useful_at; /* when it was accepted, or last got an answer */
	bool is_taking;	    /* the peer has to take what it asked for */
};

/* For as many connections as n_most, roughly. NULL when out of memory. */
struct accounts *accounts_new(size_t n_most) MUST_CHECK;
void accounts_free(struct accounts *accounts);

/* Puts a new connection into its peer's account. -1 when out of memory. */
int account_join(struct accounts *accounts, struct account_member *member,
		 const struct address *peer, uint64_t now_ns) MUST_CHECK;

/* How many connections this peer's account has. */
size_t account_count(const struct accounts *accounts,
		     const struct address *peer);

/* Whose account it is in; NULL for none. */
const struct address *account_owner(const struct account_member *member);

/* Takes it out again; harmless when it is in none. */
void account_leave(struct account_member *member);

/* The connection was of use just now; cheap, to be called at each answer. */
void account_note_useful(struct account_member *member, uint64_t now_ns);

/* Whether it waits for its peer to take what it asked for, or to ask. */
void account_note_taking(struct account_member *member, bool is_taking);

/* How many connections a peer has; see network_owner(). */
struct account_share {
	struct address owner;
	size_t n;
};

/*
 * Lists those who have most, largest first, at most max of them. Beyond a
 * thousand connections their order is not exact. Returns how many.
 */
size_t accounts_largest(const struct accounts *accounts,
			struct account_share *list, size_t max);

/*
 * The connection that can best be spared: of the account with the most, the one
 * that has been of no use for longest; one that is in the middle of an answer
 * only if it is stuck, or if there are no others. NULL when all of them have
 * been of use just now, or when who would have to give one has less than
 * another whose have come just now.
 */
struct account_member *account_to_spare(struct accounts *accounts,
					uint64_t now_ns);

/*
 * When there is none to spare and room must be made all the same: of an account
 * with the most, the one that has been of no use for longest, however short
 * that is, but for the one that asks, which was of use just now. NULL when
 * nobody has more than one.
 */
struct account_member *account_to_sacrifice(const struct accounts *accounts,
					    const struct account_member *asking,
					    uint64_t now_ns);

#endif
