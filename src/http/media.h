/* SPDX-License-Identifier: MIT */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include "base/compiler.h"
#include "base/slice.h"

/* Media types by extension that an operator adds to the built-in ones. */
struct http_media;

/*
 * Reads the usual mime.types form: a line is a type and its extensions, "#"
 * begins a comment. A text type without a charset gets utf-8. Keeps nothing of
 * the text. Returns NULL when out of memory, or when a line is malformed: then
 * *line is its number, from 1, and 0 for want of memory.
 */
struct http_media *http_media_parse(struct slice text,
				    unsigned *line) MUST_CHECK;
void http_media_free(struct http_media *media);

/*
 * The Content-Type for a file of this path, by its extension, in either case:
 * first from media, which may be NULL, then from the built-in table, whose text
 * types say charset=utf-8. "application/octet-stream" when unknown. The string
 * lives as long as media.
 */
const char *http_media_type(const struct http_media *media, struct slice path);

#endif
