/* SPDX-License-Identifier: MIT */
#ifndef WEB_FRESHNESS_H
#define WEB_FRESHNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "loop/loop.h"
#include "os/docroot.h"
#include "web/facts.h"

/*
 * The rule: nobody is served a file older than the turn of the loop that serves
 * him, and under load all requests of a turn share the cost of looking. What
 * has been looked at is as good as looked at now until the turn ends, or until
 * freshness_expire(), for a request that may have been sent since; both begin
 * another look.
 *
 * Paths are decoded, relative to the root and NUL-ended.
 */
struct freshness {
	struct loop *loop;
	struct docroot *root;
	uint64_t look; /* its number, as of the turn */
	uint64_t turn;
	uint64_t root_look;
	uint64_t root_ns;
	struct stat root_stat;		/* as of root_look */
	bool is_root_lost;		/* told already */
	int spare_fd;			/* or -1 */
	struct directory **directories; /* buckets */
	size_t mask;
};

/* What is known of a file's name. The caller's storage, zeroed at first. */
struct fresh_name {
	struct directory *directory;
	unsigned version; /* of the directory, when the name was learnt */
	bool is_watched;  /* a change of the directory tells of the name */
};

/* size, a power of two: about as many as there will be names. 0 or -1. */
int freshness_init(struct freshness *freshness, struct loop *loop,
		   struct docroot *root, size_t size) MUST_CHECK;

/* All names must have been forgotten. Harmless on a zeroed one. */
void freshness_clear(struct freshness *freshness);

/* The present look: what was looked at in an earlier one is too old. */
static inline uint64_t freshness_look(struct freshness *freshness)
{
	if (freshness->turn != freshness->loop->turn) {
		freshness->turn = freshness->loop->turn;
		freshness->look++;
	}
	return freshness->look;
}

/* What has been looked at until now is too old from now on. */
void freshness_expire(struct freshness *freshness);

/*
 * Sees to it that the root is the folder that goes by its name now. Call it
 * before anything is opened in a look.
 */
void freshness_see_root(struct freshness *freshness);

/* Begins to keep a name: looks at its directory. -1 when out of memory. */
int freshness_keep(struct freshness *freshness, struct fresh_name *name,
		   struct slice path) MUST_CHECK;
void freshness_forget(struct freshness *freshness, struct fresh_name *name);

/*
 * Learns what can only change when the directory of a kept name does: whether
 * the name is a plain one of the file that was opened by it.
 */
void freshness_learn(struct freshness *freshness, struct fresh_name *name,
		     const char *path, const struct facts *facts);

/*
 * Whether a fresh look would find the same names in the directory as when the
 * name was learnt, and by the name the very file of these facts.
 */
bool freshness_holds(struct freshness *freshness, struct fresh_name *name,
		     const char *path, const struct facts *facts);

#endif
