/* SPDX-License-Identifier: MIT */
/*
 * A head is text that was written a moment ago, so it is changed as text; what
 * stands behind it, content and pieces, moves along.
 */
#include "web/spoil.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FIELD "Content-Length: "

/* Puts `by` in the place of len bytes of the text, from `at` on. */
static bool replace_text(struct gather *out, size_t at, size_t len,
			 const char *by)
{
	struct text *text = &out->text;
	size_t by_len = strlen(by);

	if (text->len - len + by_len > text->size)
		return false;
	memmove(text->ptr + at + by_len, text->ptr + at + len,
		text->len - at - len);
	memcpy(text->ptr + at, by, by_len);
	text->len = text->len - len + by_len;
	out->len = out->len - len + by_len;
	for (size_t i = 0; i < out->n_pieces; i++)
		if (out->pieces[i].at >= at + len)
			out->pieces[i].at = out->pieces[i].at - len + by_len;
	return true;
}

/* Where `what` begins within text[from..to), or to. */
static size_t find_in_head(const struct gather *out, size_t from, size_t to,
			   const char *what)
{
	const char *at =
		memmem(out->text.ptr + from, to - from, what, strlen(what));

	return at ? (size_t)(at - out->text.ptr) : to;
}

/* The line of Content-Length with its end; false: there is none. */
static bool find_length(const struct gather *out, size_t from, size_t to,
			size_t *at, size_t *len, uint64_t *value)
{
	*at = find_in_head(out, from, to, FIELD);
	if (*at == to ||
	    sscanf(out->text.ptr + *at, FIELD "%" SCNu64, value) != 1)
		return false;
	*len = find_in_head(out, *at, to, "\r\n") + 2 - *at;
	return true;
}

static bool spoil_length(struct gather *out, size_t from, size_t to,
			 int64_t delta)
{
	char line[64];
	size_t at, len;
	uint64_t value;

	if (!find_length(out, from, to, &at, &len, &value) ||
	    (delta < 0 && value < (uint64_t)-delta))
		return false;
	(void)snprintf(line, sizeof(line), FIELD "%" PRIu64 "\r\n",
		       value + (uint64_t)delta);
	return replace_text(out, at, len, line);
}

static bool remove_length(struct gather *out, size_t from, size_t to)
{
	size_t at, len;
	uint64_t value;

	return find_length(out, from, to, &at, &len, &value) &&
	       replace_text(out, at, len, "");
}

/* The chunk says two bytes less than there are, so what ends it is no line's
 * end. */
static bool spoil_chunk(struct gather *out, size_t from, size_t to)
{
	char line[64];
	size_t at, len;
	uint64_t value;

	if (!find_length(out, from, to, &at, &len, &value) || value == 0)
		return false;
	(void)snprintf(line, sizeof(line), "%" PRIx64 "\r\n",
		       value > 2 ? value - 2 : value + 2);
	return replace_text(out, to + 2, 0, line) &&
	       replace_text(out, at, len, "Transfer-Encoding: chunked\r\n");
}

static bool remove_returns(struct gather *out, size_t from, size_t to)
{
	size_t at;

	/* Those of the last line and of the empty one behind it, too. */
	for (to += 3; (at = find_in_head(out, from, to, "\r")) < to; to--)
		(void)replace_text(out, at, 1, "");
	return true;
}

bool spoil_head(struct gather *out, size_t text_at, enum fault_kind kind,
		const struct fault *fault)
{
	size_t len = out->text.len;
	size_t end = find_in_head(out, text_at, len, "\r\n\r\n");
	size_t bare_end = find_in_head(out, text_at, len, "\n\n");

	/* What is further on is content: of a head LF left no return. */
	if (bare_end < end)
		return kind == FAULT_NO_EMPTY_LINE &&
		       replace_text(out, bare_end + 1, 1, "");
	if (end == len)
		return false;
	switch (kind) {
	case FAULT_LENGTH:
		return spoil_length(out, text_at, end + 2, fault->delta);
	case FAULT_NO_LENGTH:
		return remove_length(out, text_at, end + 2);
	case FAULT_CHUNK:
		return spoil_chunk(out, text_at, end + 2);
	case FAULT_LF:
		return remove_returns(out, text_at, end);
	case FAULT_NO_EMPTY_LINE:
		return replace_text(out, end + 2, 2, "");
	default:
		return false;
	}
}
