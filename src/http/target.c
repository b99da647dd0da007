/* SPDX-License-Identifier: MIT */
/*
 * From request-target to a path below the document root. The path that comes
 * out has one spelling only, so it can be compared, cached and redirected to:
 * decoded once, no empty segment, no dot-segment. Nothing is guessed: what has
 * no plain meaning is refused.
 *
 * Dot-segments are resolved after decoding, so "%2e%2e" climbs like "..". The
 * slash is the one byte that must not come out of decoding.
 */
#include "http/target.h"

#include <string.h>

#include "http/host.h"
#include "http/syntax.h"

/* Decodes one %XX; -1 when it is malformed or a slash. */
static int decode_triplet(struct slice s)
{
	int high, low, byte;

	if (s.len < 3)
		return -1;
	high = http_hex_value(s.ptr[1]);
	low = http_hex_value(s.ptr[2]);
	if (high < 0 || low < 0)
		return -1;
	byte = high * 16 + low;
	return byte == '/' ? -1 : byte;
}

/* Decodes one segment to out; returns its length, or -1. Takes no NUL. */
static ptrdiff_t decode_segment(struct slice segment, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < segment.len; i++) {
		int byte = (unsigned char)segment.ptr[i];

		if (byte == '%') {
			byte = decode_triplet((struct slice){segment.ptr + i,
							     segment.len - i});
			i += 2;
		}
		if (byte <= 0)
			return -1;
		out[len++] = (char)byte;
	}
	return (ptrdiff_t)len;
}

/* Takes the last segment, with its slash, off buf[0..*len). */
static bool climb(const char *buf, size_t *len)
{
	if (*len == 0)
		return false;
	while (*len > 0 && buf[--*len] != '/')
		;
	return true;
}

/*
 * Adds one segment to the path at buf[0..*len). *is_directory says whether
 * the path names a directory if this segment is the last one.
 */
static bool add_segment(struct slice segment, char *buf, size_t *len,
			bool *is_directory)
{
	char *out = buf + *len + (*len > 0);
	ptrdiff_t n = decode_segment(segment, out);

	if (n < 0)
		return false;
	*is_directory = true;
	if (n == 0 || (n == 1 && out[0] == '.'))
		return true;
	if (n == 2 && out[0] == '.' && out[1] == '.')
		return climb(buf, len);
	*is_directory = false;
	if (*len > 0)
		buf[*len] = '/';
	*len = (size_t)(out - buf) + (size_t)n;
	return true;
}

/* path is "/" *( segment "/" ) segment. */
static bool parse_path(struct slice path, struct http_target *target, char *buf)
{
	size_t len = 0;

	while (path.len > 0) {
		const char *start = path.ptr + 1; /* past the slash */
		const char *slash = memchr(start, '/', path.len - 1);
		size_t n = slash ? (size_t)(slash - start) : path.len - 1;

		if (!add_segment((struct slice){start, n}, buf, &len,
				 &target->is_directory))
			return false;
		path = (struct slice){start + n, path.len - 1 - n};
	}
	buf[len] = '\0';
	target->path = (struct slice){buf, len};
	return true;
}

/*
 * Cuts "http://authority" off an absolute-form and leaves the path and query.
 * An "https" resource is not to be had over a connection without TLS (RFC
 * 9110, 7.4); user information is a credential or a trick.
 */
static bool cut_authority(struct slice *text, struct http_target *target)
{
	static const char scheme[] = "http://";
	size_t n = sizeof(scheme) - 1, len = 0;

	if (text->len <= n ||
	    !slice_is_nocase((struct slice){text->ptr, n}, scheme))
		return false;
	*text = (struct slice){text->ptr + n, text->len - n};
	while (len < text->len && text->ptr[len] != '/' &&
	       text->ptr[len] != '?')
		len++;
	target->authority = (struct slice){text->ptr, len};
	*text = (struct slice){text->ptr + len, text->len - len};
	return http_host_is_valid(target->authority);
}

bool http_target_parse(struct slice text, struct http_target *target, char *buf,
		       size_t size)
{
	const char *mark;

	*target = (struct http_target){.path = {"", 0}};
	if (size <= text.len)
		return false;
	if (slice_is(text, "*")) {
		target->is_asterisk = true;
		return true;
	}
	if (text.len == 0)
		return false;
	if (text.ptr[0] != '/' && !cut_authority(&text, target))
		return false;
	mark = text.len > 0 ? memchr(text.ptr, '?', text.len) : NULL;
	if (mark) {
		size_t len = (size_t)(mark - text.ptr);

		target->query = (struct slice){mark + 1, text.len - len - 1};
		text.len = len;
	}
	target->is_directory = true; /* an absolute-form may have no path */
	return parse_path(text, target, buf);
}
