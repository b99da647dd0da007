/* SPDX-License-Identifier: MIT */
/*
 * Entity tags: a hash of what must not be the same by chance. XXH3 is not made
 * to stand against somebody who looks for two contents with one tag; but who
 * can write both files here need not look.
 *
 * A restarted server still knows the tags that it gave out.
 */
#include "http/etag.h"

#include <xxhash.h>

#include "base/text.h"

#define FACTS_SEED 1 /* the facts of one file are no other's content */

static struct slice write_tag(char out[HTTP_ETAG_SIZE], XXH128_hash_t hash)
{
	static const char digits[] = "0123456789abcdef";
	struct text text = text_in(out, HTTP_ETAG_SIZE);
	XXH128_canonical_t bytes;

	XXH128_canonicalFromHash(&bytes, hash);
	text_add_char(&text, '"');
	for (size_t i = 0; i < sizeof(bytes.digest); i++) {
		text_add_char(&text, digits[bytes.digest[i] >> 4]);
		text_add_char(&text, digits[bytes.digest[i] & 15]);
	}
	text_add_char(&text, '"');
	return text_slice(&text);
}

struct slice http_etag_of_content(char out[HTTP_ETAG_SIZE],
				  struct slice content)
{
	return write_tag(out, XXH3_128bits(content.ptr, content.len));
}

struct slice http_etag_of_facts(char out[HTTP_ETAG_SIZE],
				const struct http_etag_facts *facts)
{
	const uint64_t words[] = {
		facts->inode,
		facts->size,
		(uint64_t)facts->mtime.tv_sec,
		(uint64_t)facts->mtime.tv_nsec,
		(uint64_t)facts->ctime.tv_sec,
		(uint64_t)facts->ctime.tv_nsec,
	};

	return write_tag(
		out, XXH3_128bits_withSeed(words, sizeof(words), FACTS_SEED));
}
