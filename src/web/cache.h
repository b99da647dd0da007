/* SPDX-License-Identifier: MIT */
#ifndef WEB_CACHE_H
#define WEB_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/list.h"
#include "base/slice.h"
#include "http/answer.h"
#include "http/media.h"
#include "loop/loop.h"
#include "os/docroot.h"

/*
 * The file cache: what was read from the document root, by decoded path.
 * When an entry is checked against the file system, freshness.h says.
 */
struct cache;

/* A regular file. Read it, do not change it. */
struct cache_entry {
	struct http_file file; /* what http_answer_file() wants to know */
	const char *content;   /* file.size bytes, or NULL: use fd */
	int fd;		       /* -1 when content is there */
};

struct cache_limits {
	size_t max_bytes; /* of content and entries */
	size_t max_files; /* entries */
	size_t max_open;  /* entries that keep a descriptor */
};

/*
 * root must outlive the cache, which also sees to it that the root is the
 * folder that goes by its name. media tells the type of a path. NULL: out of
 * memory.
 */
struct cache *cache_new(struct loop *loop, struct docroot *root,
			const struct http_media *media,
			const struct cache_limits *limits) MUST_CHECK;
void cache_free(struct cache *cache);

/*
 * The regular file at path (decoded, relative to the root, NUL-ended). The
 * entry may be used until the turn ends; longer between cache_hold() and
 * cache_release(). NULL when there is none: then *refusal says what to answer,
 * or that it is a directory.
 */
struct cache_entry *cache_get(struct cache *cache, struct slice path,
			      struct http_file *refusal) MUST_CHECK;

/*
 * What a failure to open means to the peer. Names that cannot exist are as
 * good as absent; what exists and may not be read is forbidden; only what may
 * be better in a moment is 503.
 */
unsigned cache_status_of_error(int error);

/* What cache_get() found it by. */
struct slice cache_path(struct cache_entry *entry);

/* Keep an entry, its content and descriptor, beyond the end of the turn. */
void cache_hold(struct cache_entry *entry);
void cache_release(struct cache_entry *entry);

/* A request has come that may have been sent since files were looked at. */
void cache_expire(struct cache *cache);

/* For tests and the log: what is in the cache now. */
struct cache_limits cache_usage(const struct cache *cache);

#endif
