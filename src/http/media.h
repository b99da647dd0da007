/* SPDX-License-Identifier: MIT */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "http/coding.h"

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
 * Whether s is a media type, with or without parameters (RFC 9110, 8.3.1), of
 * at most 100 bytes.
 */
bool http_media_is_type(struct slice s);

/*
 * Sets the type of paths that no table knows: a media type, which is copied. A
 * text type without a charset gets utf-8. "application/octet-stream" without.
 */
void http_media_set_default(struct http_media *media, const char *type);

/*
 * The Content-Type for a file of this path, by its extension, in either case:
 * first from media, which may be NULL, then from the built-in table, whose text
 * types say charset=utf-8; of a name without an extension, such as README, from
 * a table of names. The string lives as long as media.
 */
const char *http_media_type(const struct http_media *media, struct slice path);

/*
 * The type of what is inside, when the path says that the file is stored
 * encoded and it is for a browser to show or a page to load, such as a.js.gz or
 * a.svgz; *coding is how. NULL for all others: an a.tar.gz is what it is.
 */
const char *http_media_inner_type(const struct http_media *media,
				  struct slice path, enum http_coding *coding);

#endif
