/* SPDX-License-Identifier: MIT */
/*
 * Whether what is known of a file is still true. Each name belongs to the
 * directory that it stands in, and there are two questions:
 *
 *	Does the name still mean that file? Only a change of the directory, or
 *	of one above it, can alter that. The directory is opened anew beneath
 *	the root, once per look for all its names; same inode, same times: same
 *	names.
 *	Has the file itself changed? One fstatat(2) that follows no link.
 *
 * In the root itself, where that call can begin at the root's own name, it
 * answers both.
 *
 * If either answer is not a plain "same as before", the file is to be opened
 * again like any other. Times are believed only once they lie some seconds in
 * the past: a change right after another may leave the same time behind, and
 * what was read between the two would be taken for the second. Until then
 * nothing is known.
 *
 * A path whose last segment is a symbolic link depends on a second directory,
 * which nobody watches: it is opened anew in every look.
 */
#include "web/freshness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* So late may an encoded sibling of a file in the root itself be noticed. */
#define FRESHNESS_ROOT_NS CLOCK_NS_PER_S

struct directory {
	struct directory *next; /* of the same hash */
	uint64_t hash;
	struct facts facts;
	bool is_settled;
	bool is_gone;
	unsigned version; /* grows when the names in it may have changed */
	unsigned n_names;
	uint64_t seen_look;
	size_t path_len;
	char path[]; /* NUL-ended */
};

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/*
 * docroot_stat() needs a descriptor for a moment. One is kept for that, so that
 * what is in the cache can be served when there are no others.
 */
static int stat_directory(struct freshness *freshness, const char *path,
			  struct stat *st)
{
	int result = docroot_stat(freshness->root, path, st);

	if (result == 0 || (errno != EMFILE && errno != ENFILE) ||
	    freshness->spare_fd < 0)
		return result;
	(void)close(freshness->spare_fd);
	result = docroot_stat(freshness->root, path, st);
	freshness->spare_fd = open_spare();
	return result;
}

/*
 * It may be a link that was turned to another folder. Names of the old one are
 * found out by their directories, which are others now.
 */
void freshness_see_root(struct freshness *freshness)
{
	uint64_t look = freshness_look(freshness);
	const char *name = docroot_name(freshness->root);

	if (freshness->root_look == look)
		return;
	freshness->root_look = look;
	freshness->root_ns = loop_now_ns(freshness->loop);
	switch (docroot_look(freshness->root, &freshness->root_stat)) {
	case DOCROOT_SAME:
		break;
	case DOCROOT_TURNED:
		log_info("document root %s: another folder goes by its name "
			 "now",
			 name);
		break;
	case DOCROOT_LOST:
		if (!freshness->is_root_lost)
			log_warn("document root %s: another folder goes by its "
				 "name now: %s: the old one is served",
				 name, strerror(errno));
		freshness->is_root_lost = true;
		return;
	}
	freshness->is_root_lost = false;
}

/* Looks at the directory, the first time in a look that it is asked for. */
static void see_directory(struct freshness *freshness,
			  struct directory *directory)
{
	const struct stat *now = &freshness->root_stat;
	struct facts facts;
	struct stat st;

	if (directory->seen_look == freshness_look(freshness))
		return;
	directory->seen_look = freshness_look(freshness);
	if (directory->path_len > 0) {
		now = &st;
		directory->is_gone =
			stat_directory(freshness, directory->path, &st) < 0 ||
			!S_ISDIR(st.st_mode);
	}
	if (directory->is_gone)
		return;
	facts = facts_of(now);
	if (!directory->is_settled || !facts_eq(&facts, &directory->facts)) {
		directory->version++;
		directory->facts = facts;
		directory->is_settled = facts_are_settled(&facts);
	}
}

/* The directory that path stands in, checked; NULL when out of memory. */
static struct directory *get_directory(struct freshness *freshness,
				       struct slice path)
{
	const char *slash = memrchr(path.ptr, '/', path.len);
	struct slice name = {path.ptr, slash ? (size_t)(slash - path.ptr) : 0};
	uint64_t hash = slice_hash(name);
	struct directory **bucket =
		&freshness->directories[hash & freshness->mask];
	struct directory *directory = *bucket;

	while (directory &&
	       !slice_eq((struct slice){directory->path, directory->path_len},
			 name))
		directory = directory->next;
	if (!directory) {
		directory = calloc(1, sizeof(*directory) + name.len + 1);
		if (!directory)
			return NULL;
		memcpy(directory->path, name.ptr, name.len);
		directory->path_len = name.len;
		directory->hash = hash;
		directory->next = *bucket;
		*bucket = directory;
	}
	see_directory(freshness, directory);
	return directory;
}

/* Frees a directory that no name stands in any more. */
static void put_directory(struct freshness *freshness,
			  struct directory *directory)
{
	struct directory **at =
		&freshness->directories[directory->hash & freshness->mask];

	if (directory->n_names > 0)
		return;
	while (*at != directory)
		at = &(*at)->next;
	*at = directory->next;
	free(directory);
}

/* --- names --- */

int freshness_keep(struct freshness *freshness, struct fresh_name *name,
		   struct slice path)
{
	name->directory = get_directory(freshness, path);
	if (!name->directory)
		return -1;
	name->directory->n_names++;
	return 0;
}

void freshness_forget(struct freshness *freshness, struct fresh_name *name)
{
	name->directory->n_names--;
	put_directory(freshness, name->directory);
	name->directory = NULL;
}

static int freshness_stat_name(const struct freshness *freshness,
			       const char *path, struct stat *st)
{
	return fstatat(docroot_fd(freshness->root), path, st,
		       AT_SYMLINK_NOFOLLOW);
}

/*
 * The directory has been looked at before: a name that means the opened file
 * now is watched from then on. One that does not is a link, or was replaced
 * this moment.
 */
void freshness_learn(struct freshness *freshness, struct fresh_name *name,
		     const char *path, const struct facts *facts)
{
	struct stat st;

	name->version = name->directory->version;
	name->is_watched = freshness_stat_name(freshness, path, &st) == 0 &&
			   st.st_ino == facts->ino && st.st_dev == facts->dev;
}

/*
 * Of a file that stands in the root itself one call tells both: what the root's
 * name means, and what the file's name means there. All that it does not tell
 * is what other names have come to stand beside the file.
 */
static bool holds_at_top(struct freshness *freshness,
			 const struct fresh_name *name, const char *path,
			 const struct facts *facts)
{
	uint64_t since_ns = loop_now_ns(freshness->loop) - freshness->root_ns;
	struct facts now;
	struct stat st;

	if (name->directory->path_len > 0 || since_ns > FRESHNESS_ROOT_NS ||
	    docroot_stat_top(freshness->root, path, &st) < 0)
		return false;
	now = facts_of(&st);
	return facts_eq(&now, facts);
}

bool freshness_holds(struct freshness *freshness, struct fresh_name *name,
		     const char *path, const struct facts *facts)
{
	struct directory *directory = name->directory;
	struct facts now;
	struct stat st;

	if (name->is_watched && name->version == directory->version &&
	    holds_at_top(freshness, name, path, facts))
		return true;
	freshness_see_root(freshness);
	see_directory(freshness, directory);
	if (directory->is_gone || !name->is_watched ||
	    name->version != directory->version ||
	    freshness_stat_name(freshness, path, &st) < 0)
		return false;
	now = facts_of(&st);
	return facts_eq(&now, facts);
}

/* --- the whole --- */

int freshness_init(struct freshness *freshness, struct loop *loop,
		   struct docroot *root, size_t size)
{
	*freshness = (struct freshness){.loop = loop,
					.root = root,
					.mask = size - 1,
					.spare_fd = open_spare()};
	freshness->directories = calloc(size, sizeof(*freshness->directories));
	return freshness->directories ? 0 : -1;
}

void freshness_clear(struct freshness *freshness)
{
	/* A zeroed one has no loop. */
	if (freshness->loop && freshness->spare_fd >= 0)
		(void)close(freshness->spare_fd);
	free(freshness->directories);
	*freshness = (struct freshness){0};
}

void freshness_expire(struct freshness *freshness)
{
	freshness->look++;
}
