/* SPDX-License-Identifier: MIT */
/*
 * The range parser against any bytes: an input is a file's size in decimal, a
 * line's end, and a Range value. Without such a line the size is small. These
 * hold:
 *
 *	- What is to be sent is 1 to 128 ranges, ascending, disjoint, with a
 *	  byte at least between each two, and within the file; several are less
 *	  than the file.
 *	- They name the same bytes as a second reader finds in the value, who
 *	  reads each range by itself and shares no code with the parser; so do
 *	  the bytes that are left out.
 *	- What is refused names none of the file's bytes, or is malformed, also
 *	  for a file of another size.
 *	- Asking for the ranges that came out brings the same ranges again.
 *	- The unit's case, and empty elements of the list, change nothing.
 *
 * The value ends at a guard page.
 */
#include "fuzz.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/range.h"

#define SMALL_SIZE 1000

/* --- what came out --- */

static void check_ranges(const struct http_ranges *ranges, uint64_t size)
{
	uint64_t end = 0, left = size;

	fuzz_require(ranges->n >= 1 && ranges->n <= HTTP_RANGES_MAX,
		     "there are ranges, and not too many");
	for (size_t i = 0; i < ranges->n; i++) {
		const struct http_range *range = &ranges->list[i];

		fuzz_require(range->len > 0, "no range is empty");
		fuzz_require(range->first < size &&
				     range->len <= size - range->first,
			     "a range lies within the file");
		fuzz_require(i == 0 || range->first > end,
			     "ranges ascend and do not touch");
		end = range->first + range->len;
		left -= range->len;
	}
	fuzz_require(ranges->n == 1 || left > 0,
		     "several are less than the file");
}

static bool is_sent(const struct http_ranges *ranges, uint64_t at)
{
	for (size_t i = 0; i < ranges->n; i++)
		if (at >= ranges->list[i].first &&
		    at - ranges->list[i].first < ranges->list[i].len)
			return true;
	return false;
}

/* --- the second reader --- */

/* A number that stops growing at 2^64; -1 for no digits at all. */
static __int128 read_number(const char *p, const char *end)
{
	const __int128 huge = (__int128)1 << 64;
	__int128 value = 0;

	if (p == end)
		return -1;
	for (; p < end; p++)
		value = value < huge ? value * 10 + (*p - '0') : huge;
	return value < huge ? value : huge;
}

/* Whether a number is above another, digit by digit from their ends. */
static bool is_above(struct slice a, struct slice b)
{
	size_t n = a.len > b.len ? a.len : b.len;
	int order = 0;

	for (size_t i = 0; i < n; i++) {
		char x = i < a.len ? a.ptr[a.len - 1 - i] : '0';
		char y = i < b.len ? b.ptr[b.len - 1 - i] : '0';

		if (x != y)
			order = x - y;
	}
	return order > 0;
}

/*
 * Reads first "-" last without blanks, of which one may lack and is -1; false
 * when that is no range.
 */
static bool read_spec(const char *p, const char *end, __int128 *first,
		      __int128 *last)
{
	const char *dash = memchr(p, '-', (size_t)(end - p));

	if (!dash)
		return false;
	for (const char *c = p; c < end; c++)
		if (c != dash && (*c < '0' || *c > '9'))
			return false;
	*first = read_number(p, dash);
	*last = read_number(dash + 1, end);
	return (*first >= 0 || *last >= 0) &&
	       (*first < 0 || *last < 0 ||
		!is_above((struct slice){p, (size_t)(dash - p)},
			  (struct slice){dash + 1, (size_t)(end - dash - 1)}));
}

/* Whether one range names this byte. */
static bool spec_has(const char *p, const char *end, uint64_t size, uint64_t at)
{
	__int128 first, last;

	fuzz_require(read_spec(p, end, &first, &last),
		     "what is served is well-formed");
	if (first < 0)
		return last > 0 && at + last >= size;
	return at >= first && (last < 0 || at <= last);
}

/* Takes the next element, without blanks, off a list; false at its end. */
static bool next_spec(struct slice *list, struct slice *spec)
{
	while (list->len > 0) {
		const char *comma = memchr(list->ptr, ',', list->len);
		size_t n = comma ? (size_t)(comma - list->ptr) : list->len;

		*spec = slice_trim((struct slice){list->ptr, n});
		n += comma != NULL;
		*list = (struct slice){list->ptr + n, list->len - n};
		if (spec->len > 0)
			return true;
	}
	return false;
}

static struct slice list_of(struct slice value)
{
	size_t unit_len = strlen("bytes=");

	return (struct slice){value.ptr + unit_len, value.len - unit_len};
}

static bool is_malformed(struct slice value)
{
	struct slice list = list_of(value), spec;
	__int128 first, last;

	while (next_spec(&list, &spec))
		if (!read_spec(spec.ptr, spec.ptr + spec.len, &first, &last))
			return true;
	return false;
}

/* Whether a well-formed value names this byte of the file. */
static bool is_asked(struct slice value, uint64_t size, uint64_t at)
{
	struct slice list = list_of(value), spec;

	while (next_spec(&list, &spec))
		if (spec_has(spec.ptr, spec.ptr + spec.len, size, at))
			return true;
	return false;
}

/* Both readers agree about a byte, when it is one of the file. */
static void check_byte(struct slice value, const struct http_ranges *ranges,
		       uint64_t size, uint64_t at)
{
	if (at < size)
		fuzz_require(is_sent(ranges, at) == is_asked(value, size, at),
			     "just the bytes that were asked for are sent");
}

/* Where the readers might part: at the ends of each range, and of the file. */
static void check_bytes(struct slice value, const struct http_ranges *ranges,
			uint64_t size)
{
	check_byte(value, ranges, size, 0);
	check_byte(value, ranges, size, size / 2);
	check_byte(value, ranges, size, size - 1);
	for (size_t i = 0; i < ranges->n; i++) {
		uint64_t first = ranges->list[i].first;
		uint64_t end = first + ranges->list[i].len;

		check_byte(value, ranges, size, first - 1);
		check_byte(value, ranges, size, first);
		check_byte(value, ranges, size, end - 1);
		check_byte(value, ranges, size, end);
	}
}

static void check_refusal(struct slice value, uint64_t size)
{
	fuzz_require(is_malformed(value) || (!is_asked(value, size, 0) &&
					     !is_asked(value, size, size / 2) &&
					     !is_asked(value, size, size - 1)),
		     "what is refused names no byte, or is malformed");
}

/* --- asked again --- */

static void require_same(const struct http_ranges *a,
			 const struct http_ranges *b)
{
	fuzz_require(a->n == b->n, "as many ranges come out again");
	for (size_t i = 0; i < a->n; i++)
		fuzz_require(a->list[i].first == b->list[i].first &&
				     a->list[i].len == b->list[i].len,
			     "the same ranges come out again");
}

static void check_again(const struct http_ranges *ranges, uint64_t size)
{
	char text[64 * HTTP_RANGES_MAX];
	struct http_ranges again;
	size_t len = (size_t)snprintf(text, sizeof(text), "bytes=");

	/* In the other direction, since their order must not matter. */
	for (size_t i = ranges->n; i-- > 0;)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"%" PRIu64 "-%" PRIu64 ",", ranges->list[i].first,
			ranges->list[i].first + (ranges->list[i].len - 1));
	fuzz_require(http_range_parse((struct slice){text, len}, size,
				      &again) == HTTP_RANGE_PARTIAL,
		     "what came out can be asked for");
	require_same(ranges, &again);
}

static void check_spelling(struct slice value, uint64_t size,
			   enum http_range_verdict verdict,
			   const struct http_ranges *ranges)
{
	static char text[FUZZ_INPUT_MAX + 2];
	struct http_ranges again;
	size_t unit_len = strlen("bytes=");

	for (size_t i = 0; i < value.len; i++)
		text[i + (i >= unit_len)] =
			i < unit_len
				? (char)toupper((unsigned char)value.ptr[i])
				: value.ptr[i];
	text[unit_len] = ',';
	text[value.len + 1] = ',';
	fuzz_require(http_range_parse((struct slice){text, value.len + 2}, size,
				      &again) == verdict,
		     "case and empty elements change no verdict");
	if (verdict == HTTP_RANGE_PARTIAL)
		require_same(ranges, &again);
}

/* Takes the size and its line's end off the input; no file is larger. */
static uint64_t take_size(struct slice *input)
{
	uint64_t size = 0;
	size_t i = 0;

	while (i < input->len && input->ptr[i] >= '0' && input->ptr[i] <= '9')
		size = size * 10 + (uint64_t)(input->ptr[i++] - '0');
	if (i == 0 || i == input->len || input->ptr[i] != '\n')
		return SMALL_SIZE;
	*input = (struct slice){input->ptr + i + 1, input->len - i - 1};
	return size & INT64_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum http_range_verdict verdict;
	struct http_ranges ranges;
	struct slice value;
	uint64_t file_size;

	if (size > FUZZ_INPUT_MAX)
		return 0;
	value = (struct slice){fuzz_copy(0, data, size), size};
	file_size = take_size(&value);
	verdict = http_range_parse(value, file_size, &ranges);
	if (verdict == HTTP_RANGE_WHOLE)
		return 0;
	check_spelling(value, file_size, verdict, &ranges);
	fuzz_require(file_size > 0, "an empty file is sent whole");
	if (verdict == HTTP_RANGE_PARTIAL) {
		check_ranges(&ranges, file_size);
		check_again(&ranges, file_size);
		check_bytes(value, &ranges, file_size);
	} else {
		check_refusal(value, file_size);
	}
	return 0;
}
