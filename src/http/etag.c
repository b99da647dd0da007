/* SPDX-License-Identifier: MIT */
/*
 * Entity tags. Made of what the file system tells anyway, so no file is read
 * for its tag, and a restarted server still knows the tags it gave out.
 */
#include "http/etag.h"

#include "base/text.h"

struct slice http_etag_write(char out[HTTP_ETAG_SIZE], uint64_t inode,
			     uint64_t size, struct timespec mtime)
{
	struct text text = text_in(out, HTTP_ETAG_SIZE);

	text_add_char(&text, '"');
	text_add_hex(&text, inode);
	text_add_char(&text, '-');
	text_add_hex(&text, size);
	text_add_char(&text, '-');
	text_add_hex(&text, (uint64_t)mtime.tv_sec);
	text_add_char(&text, '-');
	text_add_hex(&text, (uint64_t)mtime.tv_nsec);
	text_add_char(&text, '"');
	return text_slice(&text);
}
