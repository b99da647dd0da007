/* SPDX-License-Identifier: MIT */
#ifndef LOOP_BUCKET_H
#define LOOP_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"

/*
 * A bucket of tokens for each source (address and port), in a table that does
 * not grow: however many sources there are, or are forged, together they get
 * no more tokens than the table has, and each can take them from few others.
 */
struct bucket_table;

#define BUCKET_TOKENS_MAX 1000

/*
 * Each source may take n_tokens, 1 to BUCKET_TOKENS_MAX, in any period, however
 * it is laid. NULL when out of memory.
 */
struct bucket_table *bucket_table_new(uint32_t n_tokens,
				      uint64_t period_ns) MUST_CHECK;
void bucket_table_free(struct bucket_table *table);

/* Takes a token of this source; false when it has none left. */
bool bucket_take(struct bucket_table *table, const struct address *source,
		 uint64_t now_ns);

#endif
