/* SPDX-License-Identifier: MIT */
/*
 * A table of small sets, of which a hash that nobody outside can compute
 * chooses one. It is as large as it will ever be, but the kernel gives memory
 * for what is touched only.
 */
#include "loop/roll.h"

#include <stdlib.h>
#include <sys/random.h>

struct roll {
	uint64_t seed;
	struct roll_entry sets[ROLL_SETS][ROLL_WAYS];
};

struct roll *roll_new(void)
{
	struct roll *roll = calloc(1, sizeof(*roll));

	if (roll)
		(void)!getrandom(&roll->seed, sizeof(roll->seed),
				 GRND_NONBLOCK);
	return roll;
}

void roll_free(struct roll *roll)
{
	free(roll);
}

static uint64_t tag_of(const struct roll *roll, const struct address *client)
{
	uint64_t tag = address_hash(client, roll->seed);

	return tag ? tag : 1;
}

/* The entry with this tag, or the one that has been silent longest. */
static struct roll_entry *find_seat(struct roll *roll, uint64_t tag)
{
	struct roll_entry *set = roll->sets[tag % ROLL_SETS], *best = set;

	for (struct roll_entry *each = set; each < set + ROLL_WAYS; each++) {
		if (each->tag == tag)
			return each;
		if (each->last_ns < best->last_ns)
			best = each;
	}
	return best;
}

struct roll_entry *roll_count(struct roll *roll, const struct address *client,
			      uint64_t now_ns)
{
	uint64_t tag = tag_of(roll, client);
	struct roll_entry *entry = find_seat(roll, tag);

	if (entry->tag != tag)
		*entry = (struct roll_entry){.tag = tag, .first_ns = now_ns};
	entry->n++;
	entry->last_ns = now_ns;
	return entry;
}

struct roll_entry *roll_find(struct roll *roll, const struct address *client)
{
	uint64_t tag = tag_of(roll, client);
	struct roll_entry *entry = find_seat(roll, tag);

	return entry->tag == tag ? entry : NULL;
}
