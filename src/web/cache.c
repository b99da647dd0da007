/* SPDX-License-Identifier: MIT */
/*
 * The file cache. An entry that freshness.c will not vouch for is opened again
 * like any other file; one whose times are too young to be believed is read
 * afresh in every look that asks for it.
 *
 * Entries with content and entries with descriptors stand in lists of their
 * own, most recently used first; each has its own bound, and the last goes.
 */
#include "web/cache.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/coding.h"
#include "http/etag.h"
#include "web/content.h"
#include "web/facts.h"
#include "web/freshness.h"

/* "Recently used" is as exact as that. */
#define CACHE_TOUCH_NS	  CLOCK_NS_PER_S
#define CACHE_SUFFIX_SIZE 8 /* ".zst" and a NUL fit */
#define CACHE_READ_TRIES  3 /* for a file that changes while it is read */

/*
 * What a lookup touches comes first and together: among thousands of files it
 * is the processor's cache misses that a lookup costs.
 */
struct entry {
	struct entry *next; /* of the same hash */
	uint64_t hash;
	uint64_t seen_look;
	uint64_t used_ns;
	struct fresh_name name;
	bool is_settled;
	bool is_buried;	 /* until the turn ends */
	bool is_listed;	 /* can be found; else it lives for its holders only */
	bool is_counted; /* its descriptor is one of loop->n_held */
	struct facts facts;
	struct cache_entry public;
	char etag[HTTP_ETAG_SIZE];

	struct cache *cache;
	struct loop *loop;     /* which outlives the cache */
	struct list_node used; /* of cache->small or cache->large */
	struct loop_corpse corpse;
	unsigned n_holds;
	size_t cost; /* bytes */
	size_t path_len;
	char path[]; /* NUL-ended */
};

struct cache {
	struct loop *loop;
	struct docroot *root;
	struct freshness freshness;
	const struct http_media *media;
	struct cache_limits limits;
	struct cache_limits usage;
	struct entry **entries; /* buckets */
	size_t mask;
	struct list_node small;
	struct list_node large;
	struct event idle_timer;
};

static struct entry *entry_of(struct list_node *node)
{
	return CONTAINER_OF(node, struct entry, used);
}

/* --- tables --- */

static struct entry *find_entry(struct cache *cache, struct slice path,
				uint64_t hash)
{
	struct entry *entry = cache->entries[hash & cache->mask];

	while (entry &&
	       (entry->hash != hash ||
		!slice_eq((struct slice){entry->path, entry->path_len}, path)))
		entry = entry->next;
	return entry;
}

/* --- entries: the end of their lives --- */

/*
 * A descriptor takes the place of a connection's from the first hold until the
 * cache has it for itself again, or else until it is closed.
 */
static void count_descriptor(struct entry *entry, bool is_counted)
{
	if (entry->public.fd < 0 || entry->is_counted == is_counted)
		return;
	entry->is_counted = is_counted;
	if (is_counted)
		entry->loop->n_held++;
	else
		entry->loop->n_held--;
}

static void free_entry(struct entry *entry)
{
	count_descriptor(entry, false);
	if (entry->public.fd >= 0)
		(void)close(entry->public.fd);
	/* The cast takes off the const that is for the readers. */
	free((void *)(uintptr_t)entry->public.content);
	free(entry);
}

/* The turn has ended. Somebody may have taken hold of the entry since. */
static void free_entry_cb(struct loop_corpse *corpse)
{
	struct entry *entry = CONTAINER_OF(corpse, struct entry, corpse);

	entry->is_buried = false;
	if (entry->n_holds == 0)
		free_entry(entry);
}

/* Nobody can find the entry any more; it goes when nobody holds it. */
static void cache_bury(struct entry *entry)
{
	if (entry->n_holds > 0 || entry->is_buried)
		return;
	entry->is_buried = true;
	count_descriptor(entry, true);
	loop_bury(entry->loop, &entry->corpse);
}

/* Takes an entry out of the cache; it lives on for those who use it. */
static void cache_drop(struct entry *entry)
{
	struct cache *cache = entry->cache;
	struct entry **at = &cache->entries[entry->hash & cache->mask];

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	list_remove(&entry->used);
	cache->usage.max_bytes -= entry->cost;
	cache->usage.max_files--;
	cache->usage.max_open -= entry->public.fd >= 0;
	freshness_forget(&cache->freshness, &entry->name);
	entry->is_listed = false;
	cache_bury(entry);
}

struct slice cache_path(struct cache_entry *public)
{
	const struct entry *entry = CONTAINER_OF(public, struct entry, public);

	return (struct slice){entry->path, entry->path_len};
}

void cache_hold(struct cache_entry *public)
{
	struct entry *entry = CONTAINER_OF(public, struct entry, public);

	entry->n_holds++;
	count_descriptor(entry, true);
}

void cache_release(struct cache_entry *public)
{
	struct entry *entry = CONTAINER_OF(public, struct entry, public);

	entry->n_holds--;
	if (!entry->is_listed)
		cache_bury(entry);
	else if (entry->n_holds == 0)
		count_descriptor(entry, false);
}

/* The least recently used of the list goes. */
static void drop_last(struct list_node *list)
{
	cache_drop(entry_of(list->prev));
}

/* The list whose last entry has been unused for longer. */
static struct list_node *older_list(struct cache *cache)
{
	if (list_is_empty(&cache->large))
		return &cache->small;
	if (list_is_empty(&cache->small))
		return &cache->large;
	return entry_of(cache->small.prev)->used_ns <=
			       entry_of(cache->large.prev)->used_ns
		       ? &cache->small
		       : &cache->large;
}

static void enforce_limits(struct cache *cache)
{
	const struct cache_limits *limits = &cache->limits;
	struct cache_limits *usage = &cache->usage;

	while (usage->max_open > limits->max_open)
		drop_last(&cache->large);
	while (usage->max_bytes > limits->max_bytes ||
	       usage->max_files > limits->max_files)
		drop_last(older_list(cache));
}

/*
 * A descriptor kept open keeps a deleted file's space on the disk in use, so
 * it is given up when nobody has asked for it for some time.
 */
static void idle_cb(evutil_socket_t fd, short what, void *arg)
{
	struct cache *cache = arg;
	uint64_t now_ns = loop_now_ns(cache->loop);

	(void)fd;
	(void)what;
	while (!list_is_empty(&cache->large) &&
	       now_ns - entry_of(cache->large.prev)->used_ns >=
		       cache->loop->limits->cache_open_ns)
		drop_last(&cache->large);
}

/* --- entries: loading --- */

unsigned cache_status_of_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case EINVAL:
		return 404;
	case EACCES:
	case EPERM:
	case EXDEV: /* a symbolic link that leaves the root */
	case ENXIO: /* a FIFO, a socket, a device */
	case ENODEV:
	case EFBIG: /* more of it than is read into memory */
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
	case EINTR:
	case EBUSY:
		return 503;
	default:
		return 500;
	}
}

static int cache_refuse(struct http_file *refusal, unsigned status)
{
	*refusal =
		(struct http_file){.kind = HTTP_FILE_REFUSED, .status = status};
	return -1;
}

/* Opens path and reads its facts. Only a regular file is not refused. */
static int cache_open_regular(struct cache *cache, struct slice path,
			      struct facts *facts, struct http_file *refusal)
{
	struct stat st;
	int fd = docroot_open_file(cache->root, path.ptr, &st);

	if (fd >= 0) {
		*facts = facts_of(&st);
		return fd;
	}
	(void)cache_refuse(refusal, cache_status_of_error(errno));
	if (errno == EISDIR)
		refusal->kind = HTTP_FILE_DIRECTORY;
	return -1;
}

/* The codings that the file stands precompressed in beside itself. */
static unsigned find_siblings(struct cache *cache, struct slice path)
{
	char name[HTTP_LINE_MAX];
	unsigned codings = 0;
	struct stat st;

	if (path.len + CACHE_SUFFIX_SIZE > sizeof(name))
		return 0;
	memcpy(name, path.ptr, path.len);
	for (int i = 0; i < HTTP_CODING_IDENTITY; i++) {
		strcpy(name + path.len,
		       http_coding_suffix((enum http_coding)i));
		/* Only whether the name exists; cache_get() opens it right. */
		if (fstatat(docroot_fd(cache->root), name, &st,
			    AT_SYMLINK_NOFOLLOW) == 0)
			codings |= 1U << i;
	}
	return codings;
}

/* Learns what can only change when the directory does. */
static void learn_names(struct entry *entry)
{
	freshness_learn(&entry->cache->freshness, &entry->name, entry->path,
			&entry->facts);
	entry->public.file.codings = find_siblings(
		entry->cache, (struct slice){entry->path, entry->path_len});
}

/*
 * Content tells the versions of a file apart by itself. Otherwise its time of
 * change must.
 */
static void set_etag(struct entry *entry)
{
	struct http_file *file = &entry->public.file;
	const struct facts *facts = &entry->facts;
	const struct http_etag_facts told = {
		.inode = (uint64_t)facts->ino,
		.size = (uint64_t)facts->size,
		.mtime = facts->mtime,
		.ctime = facts->ctime,
	};

	if (entry->public.content)
		file->etag = http_etag_of_content(
			entry->etag, (struct slice){entry->public.content,
						    (size_t)file->size});
	else if (facts_tell_version(facts))
		file->etag = http_etag_of_facts(entry->etag, &told);
}

/*
 * What takes no room on a disk is empty, or a hole, or made as it is read, as
 * in /proc and /sys, where times tell of no change: it is read each time.
 */
static bool is_believed(const struct entry *entry)
{
	const struct facts *facts = &entry->facts;

	return facts_are_settled(facts) &&
	       (!entry->public.content ||
		(facts->is_stored &&
		 entry->public.file.size == (uint64_t)facts->size));
}

static void cache_describe(struct entry *entry, const struct facts *facts)
{
	struct http_file *file = &entry->public.file;
	struct slice path = {entry->path, entry->path_len};

	entry->facts = *facts;
	entry->is_settled = is_believed(entry);
	file->kind = HTTP_FILE_REGULAR;
	/* A time before all times, or of a file that is made as it is read. */
	file->mtime_s = facts->mtime.tv_sec;
	if (file->mtime_s <= 0 || file->size != (uint64_t)facts->size)
		file->mtime_s = HTTP_NO_DATE;
	set_etag(entry);
	file->coding = HTTP_CODING_IDENTITY;
	file->media_type = http_media_type(entry->cache->media, path);
	file->inner_type = http_media_inner_type(entry->cache->media, path,
						 &file->inner_coding);
}

/* Puts a loaded entry where it can be found, as the most recently used. */
static void cache_add(struct entry *entry)
{
	struct cache *cache = entry->cache;
	struct entry **bucket = &cache->entries[entry->hash & cache->mask];
	bool is_large = entry->public.fd >= 0;

	entry->next = *bucket;
	*bucket = entry;
	entry->is_listed = true;
	entry->cost = sizeof(*entry) + entry->path_len +
		      (is_large ? 0 : (size_t)entry->public.file.size);
	cache->usage.max_bytes += entry->cost;
	cache->usage.max_files++;
	cache->usage.max_open += is_large;
	entry->used_ns = loop_now_ns(cache->loop);
	list_add_first(is_large ? &cache->large : &cache->small, &entry->used);
}

/* The entry has its content in memory, and no descriptor. */
static void keep_content(struct entry *entry, char *content, size_t len)
{
	entry->public.content = content;
	entry->public.file.size = len;
	(void)close(entry->public.fd);
	entry->public.fd = -1;
}

/*
 * Gives a new entry its content, and *facts as of then. A file that changes
 * while it is read is read again; one that never rests is served as it was
 * read. Returns 0, or -1 with errno.
 */
static int read_entry(struct entry *entry, int fd, struct facts *facts,
		      size_t max_small)
{
	bool is_whole = false;

	entry->public.fd = fd;
	for (int i = 0; !is_whole && facts->size <= (off_t)max_small; i++) {
		struct facts before = *facts;
		size_t len;
		char *content = content_read(fd, (size_t)facts->size, &len);
		int error = errno;
		struct stat st;

		if (fstat(fd, &st) == 0)
			*facts = facts_of(&st);
		is_whole = facts_eq(facts, &before) || i == CACHE_READ_TRIES;
		if (content && is_whole)
			keep_content(entry, content, len);
		else
			free(content);
		errno = error;
		if (!content && is_whole)
			return -1;
	}
	if (!entry->public.content)
		entry->public.file.size = (uint64_t)facts->size;
	cache_describe(entry, facts);
	return 0;
}

/* A new entry for an open file, which it takes over; NULL with errno. */
static struct entry *new_entry(struct cache *cache, struct slice path,
			       uint64_t hash, int fd, struct facts *facts)
{
	struct entry *entry = calloc(1, sizeof(*entry) + path.len + 1);
	int error;

	if (!entry) {
		(void)close(fd);
		errno = ENOMEM;
		return NULL;
	}
	memcpy(entry->path, path.ptr, path.len);
	entry->path_len = path.len;
	entry->cache = cache;
	entry->loop = cache->loop;
	entry->hash = hash;
	entry->corpse.free_cb = free_entry_cb;
	list_init(&entry->used);
	if (read_entry(entry, fd, facts,
		       (size_t)cache->loop->limits->cache_file_size) == 0 &&
	    freshness_keep(&cache->freshness, &entry->name, path) == 0)
		return entry;
	error = errno;
	free_entry(entry);
	errno = error;
	return NULL;
}

/*
 * Opens the path anew. What an old entry has is kept when it is the same file
 * and cannot have changed unseen.
 */
static struct entry *cache_load(struct cache *cache, struct slice path,
				uint64_t hash, struct entry *old,
				struct http_file *refusal)
{
	struct facts facts;
	struct entry *entry = NULL;
	int fd;

	freshness_see_root(&cache->freshness);
	fd = cache_open_regular(cache, path, &facts, refusal);

	if (fd >= 0 && old && old->is_settled &&
	    facts_eq(&facts, &old->facts)) {
		(void)close(fd);
		learn_names(old);
		return old;
	}
	if (fd >= 0) {
		entry = new_entry(cache, path, hash, fd, &facts);
		if (!entry)
			(void)cache_refuse(refusal,
					   cache_status_of_error(errno));
	}
	if (entry) {
		cache_add(entry);
		learn_names(entry);
	}
	if (old)
		cache_drop(old);
	return entry;
}

static bool cache_is_current(struct cache *cache, struct entry *entry)
{
	return entry->is_settled &&
	       freshness_holds(&cache->freshness, &entry->name, entry->path,
			       &entry->facts);
}

/*
 * The entry was asked for: to the front of its list, unless it was brought
 * there a moment ago, since that costs its neighbours' cache lines too.
 */
static void cache_touch(struct cache *cache, struct entry *entry)
{
	struct list_node *list =
		entry->public.fd >= 0 ? &cache->large : &cache->small;
	uint64_t now_ns = loop_now_ns(cache->loop);

	if (now_ns - entry->used_ns < CACHE_TOUCH_NS)
		return;
	entry->used_ns = now_ns;
	list_remove(&entry->used);
	list_add_first(list, &entry->used);
}

struct cache_entry *cache_get(struct cache *cache, struct slice path,
			      struct http_file *refusal)
{
	uint64_t hash = slice_hash(path);
	struct entry *entry = find_entry(cache, path, hash);

	if (!entry || entry->seen_look != freshness_look(&cache->freshness)) {
		if (!entry || !cache_is_current(cache, entry))
			entry = cache_load(cache, path, hash, entry, refusal);
		if (!entry)
			return NULL;
		entry->seen_look = freshness_look(&cache->freshness);
	}
	cache_touch(cache, entry);
	enforce_limits(cache);
	return &entry->public;
}

/* --- the cache --- */

/* Twice the entries, as a power of two: short chains. */
static size_t table_size(size_t max_files)
{
	size_t size = 64;

	while (size < max_files * 2 && size < (size_t)1 << 24)
		size *= 2;
	return size;
}

struct cache *cache_new(struct loop *loop, struct docroot *root,
			const struct http_media *media,
			const struct cache_limits *limits)
{
	struct timeval period = clock_timeval(loop->limits->cache_open_ns / 2);
	struct cache *cache = calloc(1, sizeof(*cache));
	size_t size = table_size(limits->max_files);

	if (!cache)
		return NULL;
	cache->loop = loop;
	cache->root = root;
	cache->media = media;
	cache->limits = *limits;
	cache->mask = size - 1;
	cache->entries = calloc(size, sizeof(*cache->entries));
	list_init(&cache->small);
	list_init(&cache->large);
	(void)event_assign(&cache->idle_timer, loop->base, -1, EV_PERSIST,
			   idle_cb, cache);
	if (freshness_init(&cache->freshness, loop, root, size) == 0 &&
	    cache->entries && event_add(&cache->idle_timer, &period) == 0)
		return cache;
	cache_free(cache);
	return NULL;
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	(void)event_del(&cache->idle_timer);
	while (!list_is_empty(&cache->small))
		drop_last(&cache->small);
	while (!list_is_empty(&cache->large))
		drop_last(&cache->large);
	freshness_clear(&cache->freshness);
	free(cache->entries);
	free(cache);
}

void cache_expire(struct cache *cache)
{
	freshness_expire(&cache->freshness);
}

struct cache_limits cache_usage(const struct cache *cache)
{
	return cache->usage;
}
