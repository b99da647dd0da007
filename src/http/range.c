/* SPDX-License-Identifier: MIT */
/*
 * Byte ranges. A field is either wholly well-formed or refused; of a
 * well-formed one, the ranges that lie beyond the file are left out, and the
 * others are cut to its size, sorted and merged, so that no byte is sent twice
 * however the request overlaps itself.
 */
#include "http/range.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The asked ranges, before merging: [first, end). */
struct span {
	uint64_t first;
	uint64_t end;
};

#define NUMBER_MAX (UINT64_MAX - 1) /* one more is still a number */

/* Takes the digits, perhaps none, off *s. */
static struct slice range_take_digits(struct slice *s)
{
	struct slice digits = {s->ptr, 0};

	while (digits.len < s->len && s->ptr[digits.len] >= '0' &&
	       s->ptr[digits.len] <= '9')
		digits.len++;
	*s = (struct slice){s->ptr + digits.len, s->len - digits.len};
	return digits;
}

/*
 * A number beyond 64 bits is taken as the largest: it lies behind every file
 * all the same.
 */
static uint64_t range_value(struct slice digits)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.len; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(
			    value, (uint64_t)(digits.ptr[i] - '0'), &value))
			return NUMBER_MAX;
	return value < NUMBER_MAX ? value : NUMBER_MAX;
}

/* Whether a is less than b, however many digits they have. */
static bool is_below(struct slice a, struct slice b)
{
	while (a.len > 0 && *a.ptr == '0')
		a = (struct slice){a.ptr + 1, a.len - 1};
	while (b.len > 0 && *b.ptr == '0')
		b = (struct slice){b.ptr + 1, b.len - 1};
	return a.len != b.len ? a.len < b.len : memcmp(a.ptr, b.ptr, a.len) < 0;
}

/*
 * int-range "first-last", "first-" or suffix-range "-length". False when it is
 * malformed; an unsatisfiable one comes out empty.
 */
static bool parse_spec(struct slice spec, uint64_t size, struct span *span)
{
	struct slice first = range_take_digits(&spec), last;
	uint64_t end = NUMBER_MAX;

	if (spec.len == 0 || spec.ptr[0] != '-')
		return false;
	spec = (struct slice){spec.ptr + 1, spec.len - 1};
	last = range_take_digits(&spec);
	if (spec.len > 0 || (first.len == 0 && last.len == 0))
		return false;
	if (last.len > 0)
		end = range_value(last);
	if (first.len == 0) {
		*span = (struct span){end < size ? size - end : 0, size};
		if (end == 0)
			span->first = size;
		return true;
	}
	if (last.len > 0 && is_below(last, first))
		return false;
	*span = (struct span){range_value(first), end < size ? end + 1 : size};
	return true;
}

static int by_first(const void *a, const void *b)
{
	uint64_t x = ((const struct span *)a)->first;
	uint64_t y = ((const struct span *)b)->first;

	return (x > y) - (x < y);
}

/* Whether several ranges are worth it: together they are less than the file. */
static bool is_less(const struct span *spans, size_t n, uint64_t size)
{
	uint64_t left = size;

	for (size_t i = 0; i < n; i++) {
		uint64_t len = spans[i].end - spans[i].first;

		if (len >= left)
			return n == 1;
		left -= len;
	}
	return true;
}

/* Sorts the spans and joins those that touch; false when too many overlap. */
static bool merge(struct span *spans, size_t n, struct http_ranges *ranges)
{
	size_t n_overlaps = 0;
	uint64_t end = 0;

	ranges->n = 0;
	qsort(spans, n, sizeof(spans[0]), by_first);
	for (size_t i = 0; i < n; i++) {
		n_overlaps += spans[i].first < end;
		if (ranges->n > 0 && spans[i].first <= end) {
			struct http_range *last = &ranges->list[ranges->n - 1];

			if (spans[i].end > end)
				end = spans[i].end;
			last->len = end - last->first;
			continue;
		}
		end = spans[i].end;
		ranges->list[ranges->n++] = (struct http_range){
			spans[i].first, end - spans[i].first};
	}
	return n_overlaps <= HTTP_RANGES_OVERLAPS_MAX;
}

/* Cuts "bytes=" off; false for any other unit. */
static bool cut_unit(struct slice *value)
{
	static const char unit[] = "bytes=";
	size_t len = sizeof(unit) - 1;

	if (value->len < len ||
	    !slice_is_nocase((struct slice){value->ptr, len}, unit))
		return false;
	*value = (struct slice){value->ptr + len, value->len - len};
	return true;
}

enum http_range_verdict http_range_parse(struct slice value, uint64_t size,
					 struct http_ranges *ranges)
{
	struct span spans[HTTP_RANGES_MAX];
	size_t n_asked = 0, n = 0;
	struct slice spec;

	if (!cut_unit(&value) || size == 0)
		return HTTP_RANGE_WHOLE;
	while (slice_next_element(&value, &spec)) {
		if (n_asked++ == HTTP_RANGES_MAX)
			return HTTP_RANGE_WHOLE;
		if (!parse_spec(spec, size, &spans[n]))
			return HTTP_RANGE_UNSATISFIABLE;
		n += spans[n].first < spans[n].end;
	}
	if (n == 0)
		return HTTP_RANGE_UNSATISFIABLE;
	if (!is_less(spans, n, size) || !merge(spans, n, ranges))
		return HTTP_RANGE_WHOLE;
	return HTTP_RANGE_PARTIAL;
}
