/* SPDX-License-Identifier: MIT */
#ifndef SERVER_READINGS_H
#define SERVER_READINGS_H

#include "base/text.h"
#include "server/history.h"
#include "server/snapshot.h"

#define READINGS_MAX	  128
#define READING_TEXT_SIZE 48

/* A number as people read it, under a name. */
struct reading {
	const char *name;
	char text[READING_TEXT_SIZE];
};

/*
 * Every number of the page, formatted in one place, so that it reads the same
 * in the page and in the events that keep it up to date: each counter by its
 * name, and what is derived from them.
 */
struct readings {
	size_t n;
	struct reading list[READINGS_MAX];
};

void readings_take(struct readings *readings, const struct snapshot *snapshot,
		   const struct history *history);

/* The text of that name; "" when there is none. */
const char *readings_get(const struct readings *readings, const char *name);

/* Adds the data of an event: newest samples and readings, as JSON. */
void readings_write(struct text *text, const struct readings *readings,
		    const struct history *history);

/* Adds all samples: an array for each series, oldest first. */
void readings_write_history(struct text *text, const struct history *history);

#endif
