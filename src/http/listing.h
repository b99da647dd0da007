/* SPDX-License-Identifier: MIT */
#ifndef HTTP_LISTING_H
#define HTTP_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* One name in a directory. */
struct http_listing_row {
	struct slice name; /* any bytes but NUL and slash */
	bool is_directory;
	uint64_t size;
	int64_t mtime_s;
};

/* The most that one row, and what begins and ends a listing, can add. */
#define HTTP_LISTING_ROW_MAX		 (6 * 255 * 2 + 512)
#define HTTP_LISTING_END_MAX		 512
#define HTTP_LISTING_BEGIN_MAX(path_len) (6 * 2 * (path_len) + 2048)

/* Adds what stands before the rows; path is decoded, "" for the root. */
void http_listing_begin(struct text *text, bool as_json, struct slice path);

/* Adds a row. is_first: no row was added before. */
void http_listing_row(struct text *text, bool as_json,
		      const struct http_listing_row *row, bool is_first);

/* Adds what stands behind the rows. is_cut: there were more names. */
void http_listing_end(struct text *text, bool as_json, bool is_cut);

#endif
