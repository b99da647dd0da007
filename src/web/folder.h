/* SPDX-License-Identifier: MIT */
#ifndef WEB_FOLDER_H
#define WEB_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "os/docroot.h"
#include "web/body.h"

/* Memory for names: of one listing, and of all that are under way. */
#define LISTING_BYTES_MAX     (16 << 20)
#define LISTING_ALL_BYTES_MAX (64 << 20)

/* What all listings together take; zero-initialise. */
struct listing_budget {
	size_t used;
	size_t *n_held; /* where their descriptors are counted, or NULL */
};

/*
 * A directory being listed: its names are read, sorted (directories first) and
 * written row by row, a bounded step at a time.
 */
struct listing;

/*
 * Opens the directory at path (decoded, NUL-ended) below the root, which must
 * outlive the listing, as must the budget. NULL with errno when it cannot be
 * read, ENOMEM when all listings together have too much memory already.
 */
struct listing *listing_open(struct listing_budget *budget,
			     const struct docroot *root, struct slice path,
			     bool hidden, bool as_json) MUST_CHECK;

/* For a listing that will not be sent. */
void listing_free(struct listing *listing);

/* The listing as a body, which owns it; chunked: in chunks (RFC 9112, 7.1). */
struct body *listing_body(struct listing *listing, bool chunked);

#endif
