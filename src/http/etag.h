/* SPDX-License-Identifier: MIT */
#ifndef HTTP_ETAG_H
#define HTTP_ETAG_H

#include <stdint.h>
#include <time.h>

#include "base/slice.h"

#define HTTP_ETAG_SIZE 34 /* 128 bits in hexadecimal, and two quotes */

/*
 * Both write a strong entity tag (RFC 9110, 8.8.3), quotes included, and return
 * it as a slice of out.
 *
 * Of content: the same bytes have the same tag, on whichever host and whenever
 * they were written; other bytes have another.
 */
struct slice http_etag_of_content(char out[HTTP_ETAG_SIZE],
				  struct slice content);

/* What a file system tells of a file. */
struct http_etag_facts {
	uint64_t inode;
	uint64_t size;
	struct timespec mtime;
	struct timespec ctime; /* nobody can set it back */
};

/*
 * Of a file whose content is not known. Strong as long as the clock that ctime
 * is from gives no two changes the same time.
 */
struct slice http_etag_of_facts(char out[HTTP_ETAG_SIZE],
				const struct http_etag_facts *facts);

#endif
