/* SPDX-License-Identifier: MIT */
/*
 * Fields are taken whole or not at all, so that nobody comes to test something
 * else than he wrote. Each is one line, and none says where the request ends.
 */
#include "load/fields.h"

#include <string.h>

#include "base/slice.h"
#include "http/syntax.h"

/* The name of a field that may stand in a list: what is before the colon. */
static struct slice name_of(const char *field)
{
	return (struct slice){field, strcspn(field, ":")};
}

/* Fields by which a server would take the next request for content. */
static bool is_framing(struct slice name)
{
	return slice_eq_nocase(name, slice_of("Content-Length")) ||
	       slice_eq_nocase(name, slice_of("Transfer-Encoding"));
}

const char *fields_add(struct fields *fields, const char *text)
{
	struct slice name = name_of(text);

	if (text[name.len] != ':' || name.len == 0 ||
	    !http_is_all(name, HTTP_BYTE_TOKEN))
		return "not \"Name: value\"";
	if (!http_is_all(slice_of(text), HTTP_BYTE_VALUE))
		return "a control byte would break the request";
	if (is_framing(name))
		return "a GET has no content";
	if (fields->n == FIELDS_MAX)
		return "there are too many";
	fields->list[fields->n++] = text;
	return NULL;
}

bool fields_has(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->n; i++)
		if (slice_eq_nocase(name_of(fields->list[i]), slice_of(name)))
			return true;
	return false;
}

size_t fields_size(const struct fields *fields)
{
	size_t size = 0;

	for (size_t i = 0; i < fields->n; i++)
		size += strlen(fields->list[i]) + 2;
	return size;
}

void fields_write(const struct fields *fields, struct text *text)
{
	for (size_t i = 0; i < fields->n; i++) {
		text_add_str(text, fields->list[i]);
		text_add_str(text, "\r\n");
	}
}
