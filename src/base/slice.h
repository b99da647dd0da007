/* SPDX-License-Identifier: MIT */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A piece of somebody else's memory. It ends by its length, not by a NUL, and
 * lives as long as what it points into. An absent piece has ptr NULL.
 */
struct slice {
	const char *ptr;
	size_t len;
};

/* The whole of a C string. */
struct slice slice_of(const char *text);

/* Equal bytes; slice_eq_nocase takes ASCII letters of either case as equal. */
bool slice_eq(struct slice a, struct slice b);
bool slice_eq_nocase(struct slice a, struct slice b);

/* Compare with a C string. */
bool slice_is(struct slice s, const char *text);
bool slice_is_nocase(struct slice s, const char *text);

/* FNV-1a: for names that hostile people do not choose. */
uint64_t slice_hash(struct slice s);

/* Without leading and trailing spaces and tabs (OWS of RFC 9110, 5.6.3). */
struct slice slice_trim(struct slice s);

/*
 * Takes the next element off a comma-separated list (RFC 9110, 5.6.1), trimmed;
 * empty elements are passed over. A comma inside a quoted string belongs to
 * the element. Returns false when nothing is left; *list is what remains.
 */
bool slice_next_element(struct slice *list, struct slice *element);

#endif
