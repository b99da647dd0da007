/* SPDX-License-Identifier: MIT */
/*
 * Buckets of tokens. A bucket is a ring of the times at which its last tokens
 * were taken: when the oldest is a second ago, there is one to take. So no
 * second sees more than BUCKET_TOKENS, however it is laid.
 *
 * A source finds its bucket in one small set, chosen by a hash that nobody
 * outside can compute. When it has none there it takes over the bucket whose
 * next token has been waiting longest, of several such the one that has rested
 * longest, with what has been taken from it. A bucket thus gives no more for
 * changing hands, and a source that has used up its own gains nothing by being
 * forgotten.
 */
#include "loop/bucket.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"

#define BUCKET_SETS	 256
#define BUCKET_WAYS	 8
#define BUCKET_PERIOD_NS CLOCK_NS_PER_S

struct bucket {
	uint32_t tag; /* of the source's hash; the set is the rest */
	uint32_t next;
	uint64_t taken_ns[BUCKET_TOKENS];
};

struct bucket_table {
	uint64_t seed;
	struct bucket sets[BUCKET_SETS][BUCKET_WAYS];
};

struct bucket_table *bucket_table_new(void)
{
	struct bucket_table *table = calloc(1, sizeof(*table));

	/* Without randomness it is only easier to guess who shares a set. */
	if (table)
		(void)!getrandom(&table->seed, sizeof(table->seed),
				 GRND_NONBLOCK);
	return table;
}

void bucket_table_free(struct bucket_table *table)
{
	free(table);
}

/* When the bucket's next token was taken last. */
static uint64_t *next_token(struct bucket *bucket)
{
	return &bucket->taken_ns[bucket->next];
}

static uint64_t last_taken_ns(const struct bucket *bucket)
{
	return bucket
		->taken_ns[(bucket->next + BUCKET_TOKENS - 1) % BUCKET_TOKENS];
}

/* Whether bucket a is to be taken over rather than b. */
static bool is_idler(struct bucket *a, struct bucket *b)
{
	if (*next_token(a) != *next_token(b))
		return *next_token(a) < *next_token(b);
	return last_taken_ns(a) < last_taken_ns(b);
}

/* The bucket with this tag, or the one to take over. */
static struct bucket *find_bucket(struct bucket *set, uint32_t tag)
{
	struct bucket *best = set;

	for (struct bucket *each = set; each < set + BUCKET_WAYS; each++) {
		if (each->tag == tag)
			return each;
		if (is_idler(each, best))
			best = each;
	}
	best->tag = tag;
	return best;
}

bool bucket_take(struct bucket_table *table, const struct address *source,
		 uint64_t now_ns)
{
	uint64_t hash = address_hash(source, table->seed);
	struct bucket *bucket = find_bucket(table->sets[hash % BUCKET_SETS],
					    (uint32_t)(hash >> 32));
	uint64_t *token = next_token(bucket);

	if (*token > 0 && now_ns - *token < BUCKET_PERIOD_NS)
		return false;
	*token = now_ns;
	bucket->next = (bucket->next + 1) % BUCKET_TOKENS;
	return true;
}
