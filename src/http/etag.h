/* SPDX-License-Identifier: MIT */
#ifndef HTTP_ETAG_H
#define HTTP_ETAG_H

#include <stdint.h>
#include <time.h>

#include "base/slice.h"

#define HTTP_ETAG_SIZE 72 /* two quotes, four numbers, three dashes */

/*
 * Writes a file's strong entity tag (RFC 9110, 8.8.3), quotes included: two
 * states of a file have different tags unless inode, size and time of change
 * to the nanosecond are all the same. Returns it as a slice of out.
 */
struct slice http_etag_write(char out[HTTP_ETAG_SIZE], uint64_t inode,
			     uint64_t size, struct timespec mtime);

#endif
