/* SPDX-License-Identifier: MIT */
/*
 * What stat(2) says, and how far that can be trusted: times are as fine as the
 * file system's clock, and some are what an archive or a program made them.
 */
#include "web/facts.h"

#include <stdint.h>

#include "base/clock.h"

#define FACTS_SETTLE_S 2 /* the coarsest clock of a file system in use */
#define FACTS_TICK_NS                                                          \
	(20 * (int64_t)CLOCK_NS_PER_MS) /* of a 100 Hz kernel, twice */

struct facts facts_of(const struct stat *st)
{
	return (struct facts){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mode = st->st_mode,
		.size = st->st_size,
		.mtime = st->st_mtim,
		.ctime = st->st_ctim,
		.is_stored = st->st_blocks > 0,
	};
}

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool facts_eq(const struct facts *a, const struct facts *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->mode == b->mode &&
	       a->size == b->size && is_same_time(a->mtime, b->mtime) &&
	       is_same_time(a->ctime, b->ctime);
}

bool facts_are_settled(const struct facts *facts)
{
	int64_t now_s = clock_wall().tv_sec, since_s = now_s - FACTS_SETTLE_S;

	/* Somebody may have set a time to come; the other one tells then. */
	return facts->ctime.tv_sec < since_s &&
	       (facts->mtime.tv_sec < since_s || facts->mtime.tv_sec > now_s);
}

bool facts_tell_version(const struct facts *facts)
{
	struct timespec now = clock_wall(), then = facts->ctime;
	int64_t ns = (now.tv_sec - then.tv_sec) * (int64_t)CLOCK_NS_PER_S +
		     now.tv_nsec - then.tv_nsec;

	/*
	 * In whole seconds it can be that of an image or an archive, as on ISO
	 * 9660 and squashfs, and proves nothing.
	 */
	return then.tv_nsec != 0 && (ns < 0 || ns > FACTS_TICK_NS);
}
