/* SPDX-License-Identifier: MIT */
/*
 * Accounts of connections. Each account keeps its connections in the order in
 * which they were last of use, those that ask and those that take an answer
 * apart: silence, a request that never ends and a download that nobody takes
 * are no use, so none of them helps to stay.
 *
 * The accounts stand in rows by their number of connections, so that the
 * largest are found without a search:
 *
 *	rows[1] -> account -> account -> ...	oldest in this row first
 *	rows[2] -> account
 *	...
 *	rows[top] -> account
 *
 * The largest pays, but not when all its connections are busy while another's
 * rest: an account counts as many times as it has connections, less when its
 * longest wait is short.
 */
#include "loop/account.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "os/network.h"

/* Accounts with more connections than this are all called the largest. */
#define ACCOUNT_ROWS	    1024

#define ACCOUNT_BUCKETS_MAX (1 << 16)

/* Of use so recently is busy: such a connection is never closed. */
#define ACCOUNT_BUSY_NS (20 * CLOCK_NS_PER_MS)

/* An answer of which nothing was taken for so long is stuck. */
#define ACCOUNT_STUCK_NS CLOCK_NS_PER_S

/* A wait that is longer than this makes nobody more dispensable. */
#define ACCOUNT_WAIT_NS (100 * CLOCK_NS_PER_MS)

/*
 * Times in the accounts are in units of 2^20 ns, about a millisecond: they take
 * half the room, wrap later than any wait ends, and a busy connection is moved
 * in the order once in each, not at each answer.
 */
#define ACCOUNT_TICK_BITS 20

#define ACCOUNT_LOOK	  32 /* accounts that are looked at for one to pay */

static uint32_t tick_of(uint64_t now_ns)
{
	return (uint32_t)(now_ns >> ACCOUNT_TICK_BITS);
}

struct account {
	struct accounts *accounts;
	struct account *next; /* in the same bucket */
	struct list_node row;
	struct list_node members[2]; /* [is_taking]: the useless ones first */
	size_t n;
	uint32_t grown_at; /* when the last one joined */
	struct address owner;
	uint64_t hash;
};

struct accounts {
	uint64_t seed;
	size_t mask;
	struct account **buckets;
	size_t top; /* the highest row that is not empty; 0: all are */
	size_t n_accounts;
	size_t n_members; /* of all of them */
	struct list_node rows[ACCOUNT_ROWS + 1];
};

static size_t count_buckets(size_t n_most)
{
	size_t n = 64;

	while (n < n_most && n < ACCOUNT_BUCKETS_MAX)
		n *= 2;
	return n;
}

struct accounts *accounts_new(size_t n_most)
{
	struct accounts *accounts = calloc(1, sizeof(*accounts));
	size_t n_buckets = count_buckets(n_most);

	if (!accounts)
		return NULL;
	accounts->buckets = calloc(n_buckets, sizeof(*accounts->buckets));
	if (!accounts->buckets) {
		free(accounts);
		return NULL;
	}
	accounts->mask = n_buckets - 1;
	for (size_t i = 0; i <= ACCOUNT_ROWS; i++)
		list_init(&accounts->rows[i]);
	/* Without randomness it is only easier to make a bucket long. */
	(void)!getrandom(&accounts->seed, sizeof(accounts->seed),
			 GRND_NONBLOCK);
	return accounts;
}

void accounts_free(struct accounts *accounts)
{
	if (!accounts)
		return;
	free(accounts->buckets);
	free(accounts);
}

/* --- accounts --- */

/* Puts the account into the row that its number of connections names. */
static void account_place(struct account *account)
{
	struct accounts *accounts = account->accounts;
	size_t row = account->n < ACCOUNT_ROWS ? account->n : ACCOUNT_ROWS;

	list_remove(&account->row);
	if (row > 0)
		list_add_last(&accounts->rows[row], &account->row);
	if (row > accounts->top)
		accounts->top = row;
	/* Only the account itself can have emptied the top row, by one. */
	while (accounts->top > 0 &&
	       list_is_empty(&accounts->rows[accounts->top]))
		accounts->top--;
}

static struct account *find_account(const struct accounts *accounts,
				    const struct address *owner, uint64_t hash)
{
	struct account *account = accounts->buckets[hash & accounts->mask];

	while (account && !address_eq(&account->owner, owner))
		account = account->next;
	return account;
}

/* The owner's account, which is made when there is none; NULL: no memory. */
static struct account *get_account(struct accounts *accounts,
				   const struct address *owner)
{
	uint64_t hash = address_hash(owner, accounts->seed);
	struct account **bucket = &accounts->buckets[hash & accounts->mask];
	struct account *account = find_account(accounts, owner, hash);

	if (account)
		return account;
	account = calloc(1, sizeof(*account));
	if (!account)
		return NULL;
	account->accounts = accounts;
	account->owner = *owner;
	account->hash = hash;
	account->next = *bucket;
	list_init(&account->row);
	list_init(&account->members[false]);
	list_init(&account->members[true]);
	*bucket = account;
	accounts->n_accounts++;
	return account;
}

static void free_account(struct account *account)
{
	struct accounts *accounts = account->accounts;
	struct account **at =
		&accounts->buckets[account->hash & accounts->mask];

	while (*at != account)
		at = &(*at)->next;
	*at = account->next;
	accounts->n_accounts--;
	free(account);
}

/* --- members --- */

int account_join(struct accounts *accounts, struct account_member *member,
		 const struct address *peer, uint64_t now_ns)
{
	struct address owner = network_owner(peer);
	struct account *account = get_account(accounts, &owner);

	if (!account)
		return -1;
	*member = (struct account_member){.account = account,
					  .useful_at = tick_of(now_ns)};
	list_add_last(&account->members[false], &member->node);
	account->n++;
	account->grown_at = tick_of(now_ns);
	accounts->n_members++;
	account_place(account);
	return 0;
}

size_t account_count(const struct accounts *accounts,
		     const struct address *peer)
{
	struct address owner = network_owner(peer);
	const struct account *account = find_account(
		accounts, &owner, address_hash(&owner, accounts->seed));

	return account ? account->n : 0;
}

const struct address *account_owner(const struct account_member *member)
{
	return member->account ? &member->account->owner : NULL;
}

void account_leave(struct account_member *member)
{
	struct account *account = member->account;

	if (!account)
		return;
	member->account = NULL;
	list_remove(&member->node);
	account->n--;
	account->accounts->n_members--;
	account_place(account);
	if (account->n == 0)
		free_account(account);
}

void account_note_useful(struct account_member *member, uint64_t now_ns)
{
	uint32_t tick = tick_of(now_ns);

	if (!member->account || member->useful_at == tick)
		return;
	member->useful_at = tick;
	list_remove(&member->node);
	list_add_last(&member->account->members[member->is_taking],
		      &member->node);
}

void account_note_taking(struct account_member *member, bool is_taking)
{
	if (!member->account || member->is_taking == is_taking)
		return;
	member->is_taking = is_taking;
	list_remove(&member->node);
	list_add_last(&member->account->members[is_taking], &member->node);
}

/* --- whom to spare --- */

static struct account_member *first_member(struct account *account,
					   bool is_taking)
{
	struct list_node *list = &account->members[is_taking];

	if (list_is_empty(list))
		return NULL;
	return CONTAINER_OF(list->next, struct account_member, node);
}

/* For how long it has been of no use; 0 when there is none. */
static uint64_t wait_of(const struct account_member *member, uint64_t now_ns)
{
	if (!member)
		return 0;
	return (uint64_t)(tick_of(now_ns) - member->useful_at)
	       << ACCOUNT_TICK_BITS;
}

/* Whether it has at least as many as others have on the average. */
static bool has_many(const struct account *account)
{
	const struct accounts *accounts = account->accounts;

	return account->n * accounts->n_accounts >= accounts->n_members;
}

/*
 * For how long an answer of which nothing is taken may stay. Of an account that
 * has many, and nothing but answers, no longer than it is busy; a peer with few
 * has all the time that a slow host or network may need.
 */
static uint64_t patience_with(struct account *account)
{
	return first_member(account, false) || !has_many(account)
		       ? ACCOUNT_STUCK_NS
		       : ACCOUNT_BUSY_NS;
}

/* The one of this account that can best be spared, or NULL. */
static struct account_member *choose(struct account *account, uint64_t now_ns)
{
	struct account_member *rests = first_member(account, false);
	struct account_member *takes = first_member(account, true);

	if (wait_of(rests, now_ns) >= ACCOUNT_BUSY_NS)
		return rests;
	return wait_of(takes, now_ns) >= patience_with(account) ? takes : NULL;
}

/* How well the account can do without one: its size times its longest wait. */
static uint64_t account_weigh(struct account *account, uint64_t now_ns)
{
	uint64_t wait_ns = wait_of(first_member(account, false), now_ns);
	uint64_t other_ns = wait_of(first_member(account, true), now_ns);

	/* Of one with few, an answer that is only slow does not count. */
	if (wait_ns < other_ns &&
	    (has_many(account) || other_ns >= ACCOUNT_STUCK_NS))
		wait_ns = other_ns;
	if (wait_ns > ACCOUNT_WAIT_NS)
		wait_ns = ACCOUNT_WAIT_NS;
	return account->n * wait_ns;
}

/* The account that is to pay, which may be busy; NULL when there is none. */
static struct account *find_payer(struct accounts *accounts, uint64_t now_ns)
{
	struct list_node *node, *following;
	struct account *best = NULL;
	uint64_t best_weight = 0;
	size_t n_looked = 0;

	for (size_t row = accounts->top; row > 0; row--) {
		/* None in this row or below can weigh more. */
		if (best_weight >= row * ACCOUNT_WAIT_NS)
			break;
		LIST_FOR_EACH (node, following, &accounts->rows[row]) {
			struct account *account =
				CONTAINER_OF(node, struct account, row);
			uint64_t weight = account_weigh(account, now_ns);

			if (weight > best_weight) {
				best = account;
				best_weight = weight;
			}
			if (++n_looked == ACCOUNT_LOOK)
				return best;
		}
	}
	return best;
}

/*
 * Whether the account with the most grows just now. What has come in a burst
 * has not waited yet: who has less must not pay for it meanwhile.
 */
static bool is_outgrown(const struct account *payer, uint64_t now_ns)
{
	const struct accounts *accounts = payer->accounts;
	const struct account *largest = CONTAINER_OF(
		accounts->rows[accounts->top].next, struct account, row);
	uint64_t since_ns = (uint64_t)(tick_of(now_ns) - largest->grown_at)
			    << ACCOUNT_TICK_BITS;

	return largest->n > payer->n && since_ns < ACCOUNT_BUSY_NS;
}

struct account_member *account_to_spare(struct accounts *accounts,
					uint64_t now_ns)
{
	struct account *payer = find_payer(accounts, now_ns);

	return payer && !is_outgrown(payer, now_ns) ? choose(payer, now_ns)
						    : NULL;
}

/* The one that comes first, apart from the one that asks. */
static struct account_member *first_other(struct account *account,
					  bool is_taking,
					  const struct account_member *asking)
{
	const struct list_node *list = &account->members[is_taking];

	for (struct list_node *node = list->next; node != list;
	     node = node->next) {
		struct account_member *member =
			CONTAINER_OF(node, struct account_member, node);

		if (member != asking)
			return member;
	}
	return NULL;
}

struct account_member *account_to_sacrifice(const struct accounts *accounts,
					    const struct account_member *asking,
					    uint64_t now_ns)
{
	struct account_member *rests, *takes;
	struct account *account;

	if (accounts->top < 2)
		return NULL;
	account = CONTAINER_OF(accounts->rows[accounts->top].next,
			       struct account, row);
	rests = first_other(account, false, asking);
	takes = first_other(account, true, asking);
	if (!rests || !takes)
		return rests ? rests : takes;
	return wait_of(rests, now_ns) >= wait_of(takes, now_ns) ? rests : takes;
}

size_t accounts_largest(const struct accounts *accounts,
			struct account_share *list, size_t max)
{
	size_t n = 0;

	for (size_t row = accounts->top; row > 0; row--) {
		const struct list_node *head = &accounts->rows[row];

		for (struct list_node *node = head->next;
		     node != head && n < max; node = node->next) {
			const struct account *account =
				CONTAINER_OF(node, struct account, row);

			list[n++] = (struct account_share){account->owner,
							   account->n};
		}
	}
	return n;
}
