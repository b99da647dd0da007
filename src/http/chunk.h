/* SPDX-License-Identifier: MIT */
#ifndef HTTP_CHUNK_H
#define HTTP_CHUNK_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Whether the bytes that have arrived behind a head can be a chunked body, or
 * the beginning of one (RFC 9112, 7.1). What stands behind the body's end is
 * not looked at, and of no bytes there is nothing to be said against.
 */
bool http_chunk_is_sound(struct slice arrived);

#endif
