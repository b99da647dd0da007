/* SPDX-License-Identifier: MIT */
#ifndef WEB_CONTENT_H
#define WEB_CONTENT_H

#include <stddef.h>

#include "base/compiler.h"

/*
 * Reads a file from its beginning to its end, whatever it was told to have for
 * a size, since a file that is made as it is read says 0 or a page. Returns
 * *len bytes, the caller's to free, or NULL with errno: EFBIG for too much.
 */
char *content_read(int fd, size_t told, size_t *len) MUST_CHECK;

#endif
