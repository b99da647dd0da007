/* SPDX-License-Identifier: MIT */
#ifndef LOOP_BUCKET_H
#define LOOP_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"

#define BUCKET_TOKENS 16 /* that one source may take in any second */

/*
 * A bucket of tokens for each source (address and port), in a table that does
 * not grow: however many sources there are, or are forged, together they get
 * no more tokens than the table has, and each can take them from few others.
 */
struct bucket_table;

/* NULL when out of memory. */
struct bucket_table *bucket_table_new(void) MUST_CHECK;
void bucket_table_free(struct bucket_table *table);

/* Takes a token of this source; false when it has none left. */
bool bucket_take(struct bucket_table *table, const struct address *source,
		 uint64_t now_ns);

#endif
