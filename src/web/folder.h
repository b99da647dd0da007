/* SPDX-License-Identifier: MIT */
#ifndef WEB_FOLDER_H
#define WEB_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "loop/limits.h"
#include "os/docroot.h"
#include "web/body.h"

/* The memory that all listings together take for names. */
struct listing_budget {
	size_t used;		     /* 0 at first */
	const struct limits *limits; /* how much that may be */
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
