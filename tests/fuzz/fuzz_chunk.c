/* SPDX-License-Identifier: MIT */
/*
 * The judge of chunked bodies against any bytes: an input is what has come
 * behind a head. These hold:
 *
 *	- What is sound has only sound prefixes: bytes that have not come yet
 *are nobody's fault, and a verdict is final.
 *	- A second reader, who goes from line to line, knows no blanks and
 *shares no code with the judge, finds no body whole that the judge refuses.
 *	- In what the judge lets pass, that reader finds no line of a size that
 *	  is not a number of at most 63 bits, and no chunk whose end is missing.
 *	- The input as content in chunks of any size is sound.
 *
 * Every look ends at a guard page.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/chunk.h"

#define PREFIXES_MAX 256

static bool is_sound(const void *data, size_t size)
{
	return http_chunk_is_sound(
		(struct slice){fuzz_copy(0, data, size), size});
}

static void check_prefixes(const uint8_t *data, size_t size)
{
	size_t step = 1 + size / PREFIXES_MAX;
	bool was_sound = true;

	for (size_t len = 0; len < size; len += step) {
		bool is = is_sound(data, len);

		fuzz_require(was_sound || !is, "a verdict is final");
		was_sound = is;
	}
	fuzz_require(was_sound || !is_sound(data, size), "a verdict is final");
}

/* --- the second reader --- */

enum reading {
	WHOLE,	   /* a body to its end */
	CUT_SHORT, /* no fault so far */
	FAULTY,
};

/* Where the next CRLF stands, or -1. */
static long find_crlf(const char *p, size_t len)
{
	const char *found = memmem(p, len, "\r\n", 2);

	return found ? (long)(found - p) : -1;
}

/* Reads a line that begins with a size; extensions are passed over. */
static bool read_size(const char *line, size_t len, unsigned long long *size)
{
	char text[64];
	size_t digits, zeros = 0;

	while (zeros < len && line[zeros] == '0')
		zeros++;
	for (digits = zeros; digits < len; digits++)
		if (!line[digits] ||
		    !strchr("0123456789abcdefABCDEF", line[digits]))
			break;
	*size = 0;
	if (digits == 0 || digits - zeros > 16 ||
	    (digits < len && line[digits] != ';'))
		return false;
	memcpy(text, line + zeros, digits - zeros);
	text[digits - zeros] = '\0';
	*size = strtoull(text, NULL, 16);
	return *size <= INT64_MAX;
}

/* *plain: there were neither extensions nor trailers, which he cannot judge. */
static enum reading read_body(const char *p, size_t len, bool *plain)
{
	unsigned long long size;
	long at;

	*plain = true;
	for (;;) {
		at = find_crlf(p, len);
		if (at < 0)
			return CUT_SHORT;
		if (!read_size(p, (size_t)at, &size))
			return FAULTY;
		*plain &= !memchr(p, ';', (size_t)at);
		p += at + 2;
		len -= (size_t)at + 2;
		if (size == 0)
			break;
		if (len < size || len - size < 2)
			return CUT_SHORT;
		if (memcmp(p + size, "\r\n", 2) != 0)
			return FAULTY;
		p += size + 2;
		len -= size + 2;
	}
	if (len < 2)
		return CUT_SHORT;
	*plain &= memcmp(p, "\r\n", 2) == 0;
	return WHOLE;
}

static void check_reader(const uint8_t *data, size_t size)
{
	bool plain;
	enum reading reading = read_body((const char *)data, size, &plain);
	bool is = is_sound(data, size);

	if (reading == FAULTY)
		fuzz_require(!is, "both find a faulty body faulty");
	if (reading == WHOLE && plain)
		fuzz_require(is, "both find a whole body sound");
}

/* --- the input as content --- */

/* Writes it in chunks as long as its own bytes say. */
static void check_content(const uint8_t *data, size_t size)
{
	static char body[2 * FUZZ_INPUT_MAX];
	size_t len = 0, at = 0;

	if (size > FUZZ_INPUT_MAX / 16)
		return;
	while (at < size) {
		size_t n = 1 + data[at] % 64U;

		if (n > size - at)
			n = size - at;
		len += (size_t)snprintf(body + len, 32, "%zx%s\r\n", n,
					n % 2 ? ";a=\"b c\"" : "");
		memcpy(body + len, data + at, n);
		memcpy(body + len + n, "\r\n", 2);
		len += n + 2;
		at += n;
	}
	memcpy(body + len, "0\r\n\r\n", 5);
	fuzz_require(is_sound(body, len + 5), "any content can be chunked");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > FUZZ_INPUT_MAX)
		return 0;
	check_prefixes(data, size);
	check_reader(data, size);
	check_content(data, size);
	return 0;
}
