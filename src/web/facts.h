/* SPDX-License-Identifier: MIT */
#ifndef WEB_FACTS_H
#define WEB_FACTS_H

#include <stdbool.h>
#include <sys/stat.h>

/* By what a file or directory is known to be the same as before. */
struct facts {
	dev_t dev;
	ino_t ino;
	mode_t mode;
	off_t size;
	struct timespec mtime;
	struct timespec ctime;
	bool is_stored; /* takes room on a disk; not compared */
};

struct facts facts_of(const struct stat *st);

bool facts_eq(const struct facts *a, const struct facts *b);

/*
 * Whether the times can be believed: a change from now on must leave other
 * ones behind.
 */
bool facts_are_settled(const struct facts *facts);

/*
 * Whether the time of change tells the versions of a file apart: the clock that
 * it was taken from has moved on since, and it is no whole number of seconds.
 */
bool facts_tell_version(const struct facts *facts);

#endif
