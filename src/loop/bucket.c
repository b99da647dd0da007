/* SPDX-License-Identifier: MIT */
/*
 * Buckets of tokens. A bucket is a ring of the times at which its last tokens
 * were taken: when the oldest is a period ago, there is one to take. So no
 * period sees more than that many, however it is laid.
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

#define BUCKET_SETS 256
#define BUCKET_WAYS 8

struct bucket {
	uint32_t tag; /* of the source's hash; the set is the rest */
	uint32_t next;
	uint64_t *taken_ns; /* the ring */
};

struct bucket_table {
	uint64_t seed;
	uint32_t n_tokens;
	uint64_t period_ns;
	uint64_t *rings;
	struct bucket sets[BUCKET_SETS][BUCKET_WAYS];
};

struct bucket_table *bucket_table_new(uint32_t n_tokens, uint64_t period_ns)
{
	struct bucket_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->n_tokens = n_tokens;
	table->period_ns = period_ns;
	table->rings = calloc((size_t)BUCKET_SETS * BUCKET_WAYS * n_tokens,
			      sizeof(*table->rings));
	if (!table->rings) {
		free(table);
		return NULL;
	}
	for (size_t i = 0; i < BUCKET_SETS * BUCKET_WAYS; i++)
		table->sets[i / BUCKET_WAYS][i % BUCKET_WAYS].taken_ns =
			table->rings + i * n_tokens;
	/* Without randomness it is only easier to guess who shares a set. */
	(void)!getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK);
	return table;
}

void bucket_table_free(struct bucket_table *table)
{
	if (!table)
		return;
	free(table->rings);
	free(table);
}

/* When the bucket's next token was taken last. */
static uint64_t next_token_ns(const struct bucket *bucket)
{
	return bucket->taken_ns[bucket->next];
}

static uint64_t last_taken_ns(const struct bucket *bucket, uint32_t n_tokens)
{
	return bucket->taken_ns[(bucket->next + n_tokens - 1) % n_tokens];
}

/* Whether bucket a is to be taken over rather than b. */
static bool is_idler(const struct bucket *a, const struct bucket *b,
		     uint32_t n_tokens)
{
	if (next_token_ns(a) != next_token_ns(b))
		return next_token_ns(a) < next_token_ns(b);
	return last_taken_ns(a, n_tokens) < last_taken_ns(b, n_tokens);
}

/* The bucket with this tag, or the one to take over. */
static struct bucket *find_bucket(struct bucket *set, uint32_t tag,
				  uint32_t n_tokens)
{
	struct bucket *best = set;

	for (struct bucket *each = set; each < set + BUCKET_WAYS; each++) {
		if (each->tag == tag)
			return each;
		if (is_idler(each, best, n_tokens))
			best = each;
	}
	best->tag = tag;
	return best;
}

bool bucket_take(struct bucket_table *table, const struct address *source,
		 uint64_t now_ns)
{
	uint64_t hash = address_hash(source, table->seed);
	struct bucket *bucket =
		find_bucket(table->sets[hash % BUCKET_SETS],
			    (uint32_t)(hash >> 32), table->n_tokens);
	uint64_t token_ns = next_token_ns(bucket);

	if (token_ns > 0 && now_ns - token_ns < table->period_ns)
		return false;
	bucket->taken_ns[bucket->next] = now_ns;
	bucket->next = (bucket->next + 1) % table->n_tokens;
	return true;
}
