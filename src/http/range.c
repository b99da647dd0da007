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

/* The asked ranges, before merging: [first, end). */
struct span {
	uint64_t first;
	uint64_t end;
};

#define NUMBER_MAX (UINT64_MAX - 1) /* one more is still a number */

/*
 * Takes digits off *s; false when there are none. A number beyond 64 bits is
 * taken as the largest: it lies behind every file all the same.
 */
static bool range_take_number(struct slice *s, uint64_t *out)
{
	uint64_t value = 0;
	bool is_huge = false;
	size_t i;

	for (i = 0; i < s->len && s->ptr[i] >= '0' && s->ptr[i] <= '9'; i++)
		is_huge |= __builtin_mul_overflow(value, 10, &value) ||
			   __builtin_add_overflow(
				   value, (uint64_t)(s->ptr[i] - '0'), &value);
	*s = (struct slice){s->ptr + i, s->len - i};
	*out = is_huge || value > NUMBER_MAX ? NUMBER_MAX : value;
	return i > 0;
}

/*
 * int-range "first-last", "first-" or suffix-range "-length". False when it is
 * malformed; an unsatisfiable one comes out empty.
 */
static bool parse_spec(struct slice spec, uint64_t size, struct span *span)
{
	uint64_t first, last = NUMBER_MAX;
	bool has_first = range_take_number(&spec, &first);

	if (spec.len == 0 || spec.ptr[0] != '-')
		return false;
	spec = (struct slice){spec.ptr + 1, spec.len - 1};
	if (!has_first) {
		if (!range_take_number(&spec, &last) || spec.len > 0)
			return false;
		*span = (struct span){last < size ? size - last : 0, size};
		if (last == 0)
			span->first = size;
		return true;
	}
	if (spec.len > 0 &&
	    (!range_take_number(&spec, &last) || spec.len > 0 || last < first))
		return false;
	*span = (struct span){first, last < size ? last + 1 : size};
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
