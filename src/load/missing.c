/* SPDX-License-Identifier: MIT */
/*
 * Open addressing with linear probing, at most half full. Taking out moves
 * the followers of the gap back to where a search would look for them, so
 * there are no tombstones and the set never degrades.
 */
#include "load/missing.h"

#include <stdlib.h>

#define MISSING_FIRST 256

static size_t place(const struct missing *set, uint32_t client, uint64_t number)
{
	uint64_t x = (number ^ ((uint64_t)client << 40)) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(x >> 32) & (set->size - 1);
}

void missing_clear(struct missing *set)
{
	free(set->keys);
	*set = (struct missing){0};
}

static void put(struct missing *set, struct missing_key key)
{
	size_t i = place(set, key.client, key.number - 1);

	while (set->keys[i].number != 0)
		i = (i + 1) & (set->size - 1);
	set->keys[i] = key;
	set->n++;
}

static bool missing_grow(struct missing *set)
{
	struct missing bigger = {.size = set->size ? set->size * 2
						   : MISSING_FIRST};

	bigger.keys = calloc(bigger.size, sizeof(*bigger.keys));
	if (!bigger.keys)
		return false;
	for (size_t i = 0; i < set->size; i++)
		if (set->keys[i].number != 0)
			put(&bigger, set->keys[i]);
	free(set->keys);
	*set = bigger;
	return true;
}

void missing_add(struct missing *set, uint32_t client, uint64_t number,
		 bool measured)
{
	if (set->n * 2 >= set->size &&
	    (set->size >= MISSING_MAX || !missing_grow(set)))
		return;
	put(set, (struct missing_key){number + 1, client, measured});
}

/* Closes the gap at i. */
static void close_gap(struct missing *set, size_t i)
{
	size_t mask = set->size - 1;

	for (size_t j = (i + 1) & mask; set->keys[j].number != 0;
	     j = (j + 1) & mask) {
		size_t home = place(set, set->keys[j].client,
				    set->keys[j].number - 1);

		/* It may move to the gap unless its home lies behind that. */
		if (((j - home) & mask) < ((j - i) & mask))
			continue;
		set->keys[i] = set->keys[j];
		i = j;
	}
	set->keys[i].number = 0;
	set->n--;
}

bool missing_take(struct missing *set, uint32_t client, uint64_t number,
		  bool *measured)
{
	size_t i;

	if (set->n == 0)
		return false;
	i = place(set, client, number);
	for (; set->keys[i].number != 0; i = (i + 1) & (set->size - 1)) {
		if (set->keys[i].number != number + 1 ||
		    set->keys[i].client != client)
			continue;
		*measured = set->keys[i].measured;
		close_gap(set, i);
		return true;
	}
	return false;
}
