/* SPDX-License-Identifier: MIT */
#ifndef LOAD_FIELDS_H
#define LOAD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/text.h"

#define FIELDS_MAX 32

/* Header fields that a user adds to each request. Strings are the caller's. */
struct fields {
	const char *list[FIELDS_MAX]; /* "Name: value", valid */
	size_t n;
};

/*
 * Adds one, written as "Name: value" (RFC 9110, 5.1 and 5.5; an empty value is
 * fine). Refused is what would break the request or say where it ends:
 * control bytes, Content-Length, Transfer-Encoding. Returns NULL, or why not.
 */
const char *fields_add(struct fields *fields, const char *text) MUST_CHECK;

/* Whether there is one of that name, in whatever case. */
bool fields_has(const struct fields *fields, const char *name);

/* Bytes that fields_write() adds at most. */
size_t fields_size(const struct fields *fields);

/* Adds all as lines of a request. */
void fields_write(const struct fields *fields, struct text *text);

#endif
