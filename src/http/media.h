/* SPDX-License-Identifier: MIT */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include "base/slice.h"

/*
 * The Content-Type for a file of this path, by its extension, in either case;
 * text types say charset=utf-8. "application/octet-stream" when unknown. A
 * constant string.
 */
const char *http_media_type(struct slice path);

#endif
