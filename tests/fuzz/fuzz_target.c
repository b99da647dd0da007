/* SPDX-License-Identifier: MIT */
/*
 * The target decoder against any bytes. What it lets through must name
 * something below the document root, in the one spelling that the cache and
 * the redirects rely on:
 *
 *	- no empty segment, no dot-segment, no NUL, no slash at either end;
 *	- no longer than the target was, and ended by a NUL;
 *	- decoded once: encoding every byte of the path again gives a target
 *	  that decodes to the same path;
 *	- as deep as a simple-minded second reader finds it, who counts segments
 *	  and shares no code with the decoder, and never above the root on the
 *	  way.
 *
 * The path is written to a room that has just the bytes that the contract asks
 * for, before a guard page.
 */
#include "fuzz.h"

#include <string.h>

#include "http/target.h"

static void check_segment(const char *segment, size_t len)
{
	fuzz_require(len > 0, "no segment is empty");
	fuzz_require(!(len == 1 && segment[0] == '.'), "no segment is a dot");
	fuzz_require(!(len == 2 && memcmp(segment, "..", 2) == 0),
		     "no segment climbs");
}

static void check_path(struct slice path)
{
	size_t start = 0;

	fuzz_require(path.ptr[path.len] == '\0', "the path ends in a NUL");
	fuzz_require(strlen(path.ptr) == path.len, "the path holds no NUL");
	if (path.len == 0)
		return;
	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.ptr[i] != '/')
			continue;
		check_segment(path.ptr + start, i - start);
		start = i + 1;
	}
}

/* Writes "/" and the path with every byte but the slashes as %XX. */
static size_t encode(struct slice path, bool is_directory, char *out)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	out[len++] = '/';
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.ptr[i];

		if (c == '/') {
			out[len++] = '/';
			continue;
		}
		out[len++] = '%';
		out[len++] = hex[c >> 4];
		out[len++] = hex[c & 15];
	}
	if (is_directory && path.len > 0)
		out[len++] = '/';
	return len;
}

static void check_once_decoded(const struct http_target *target)
{
	static char text[3 * FUZZ_INPUT_MAX + 2], path[sizeof(text) + 1];
	struct http_target again;
	size_t len = encode(target->path, target->is_directory, text);

	fuzz_require(http_target_parse((struct slice){text, len}, &again, path,
				       sizeof(path)),
		     "an encoded path is a target");
	fuzz_require(slice_eq(again.path, target->path),
		     "an encoded path decodes to the same path");
	fuzz_require(again.is_directory == target->is_directory,
		     "an encoded path names the same kind of thing");
}

/* --- the second reader --- */

/* The dots in a segment that holds nothing else, plain or encoded; or -1. */
static int only_dots(const char *p, const char *end)
{
	int n = 0;

	for (; p < end; n++) {
		if (*p == '.')
			p++;
		else if (end - p >= 3 && p[0] == '%' && p[1] == '2' &&
			 (p[2] == 'e' || p[2] == 'E'))
			p += 3;
		else
			return -1;
	}
	return n;
}

static size_t count_segments(struct slice path)
{
	size_t n = path.len > 0;

	for (size_t i = 0; i < path.len; i++)
		n += path.ptr[i] == '/';
	return n;
}

/* Walks the undecoded path, which begins with a slash unless it is empty. */
static void check_walk(const struct http_target *target, const char *p,
		       const char *end)
{
	size_t depth = 0;
	bool is_directory = true;

	while (p < end && *p != '?') {
		const char *segment = ++p;
		int dots;

		while (p < end && *p != '/' && *p != '?')
			p++;
		dots = only_dots(segment, p);
		is_directory = dots >= 0 && dots <= 2;
		if (dots == 2) {
			fuzz_require(depth > 0,
				     "no path climbs above the root");
			depth--;
		} else if (!is_directory) {
			depth++;
		}
	}
	fuzz_require(count_segments(target->path) == depth,
		     "the path is as deep as its target");
	fuzz_require(target->is_directory == is_directory,
		     "only a slash or a dot-segment at the end is a directory");
}

static void check_target(const struct http_target *target, struct slice text,
			 const char *buf, size_t size)
{
	fuzz_require(fuzz_is_inside(target->path, buf, size),
		     "the path lies in the caller's buffer");
	fuzz_require(target->path.len < size, "the path leaves room for a NUL");
	fuzz_require(target->path.len > 0 || target->is_directory,
		     "the root is a directory");
	fuzz_require(!target->query.ptr ||
			     fuzz_is_inside(target->query, text.ptr, text.len),
		     "the query lies in the target");
	fuzz_require(
		!target->authority.ptr ||
			fuzz_is_inside(target->authority, text.ptr, text.len),
		"the authority lies in the target");
	check_path(target->path);
	check_once_decoded(target);
	check_walk(target,
		   target->authority.ptr
			   ? target->authority.ptr + target->authority.len
			   : text.ptr,
		   text.ptr + text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_target target;
	struct slice text;
	char *buf;

	if (size >= FUZZ_INPUT_MAX)
		return 0;
	text = (struct slice){fuzz_copy(0, data, size), size};
	buf = fuzz_room(1, size + 1);
	if (!http_target_parse(text, &target, buf, size + 1))
		return 0;
	fuzz_require(target.is_asterisk == slice_is(text, "*"),
		     "the asterisk is a form of its own");
	if (!target.is_asterisk)
		check_target(&target, text, buf, size + 1);
	return 0;
}
