/* SPDX-License-Identifier: MIT */
/*
 * Reading memory that is not a C string: comparing it and cutting it up.
 * Nothing is copied and nothing is written.
 */
#include "base/slice.h"

#include <string.h>

struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.ptr, b.ptr, a.len));
}

/* tolower() without a locale. */
static char slice_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (slice_lower(a.ptr[i]) != slice_lower(b.ptr[i]))
			return false;
	return true;
}

bool slice_is(struct slice s, const char *text)
{
	return slice_eq(s, slice_of(text));
}

bool slice_is_nocase(struct slice s, const char *text)
{
	return slice_eq_nocase(s, slice_of(text));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

uint64_t slice_hash(struct slice s)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.ptr[i]) *
		       UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/* Where the first element ends: at a comma outside quotes, or at the end. */
static size_t element_len(struct slice s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (quoted && s.ptr[i] == '\\' && i + 1 < s.len)
			i++;
		else if (s.ptr[i] == '"')
			quoted = !quoted;
		else if (s.ptr[i] == ',' && !quoted)
			break;
	}
	return i;
}

bool slice_next_element(struct slice *list, struct slice *element)
{
	while (list->len > 0) {
		size_t len = element_len(*list);
		size_t used = len < list->len ? len + 1 : len;

		*element = slice_trim((struct slice){list->ptr, len});
		list->ptr += used;
		list->len -= used;
		if (element->len > 0)
			return true;
	}
	return false;
}
