/* SPDX-License-Identifier: MIT */
/*
 * Proactive negotiation (RFC 9110, 12): lists of names with weights from 0 to
 * 1 in thousandths. What cannot be read weighs nothing.
 */
#include "http/coding.h"

#include <stddef.h>

#define WEIGHT_MAX    1000
#define WEIGHT_UNSAID (-1)

static const struct {
	const char *name;
	const char *alias;
	const char *suffix;
} codings[HTTP_CODING_N] = {
	[HTTP_CODING_BR] = {"br", "br", ".br"},
	[HTTP_CODING_ZSTD] = {"zstd", "zstd", ".zst"},
	[HTTP_CODING_GZIP] = {"gzip", "x-gzip", ".gz"},
	[HTTP_CODING_IDENTITY] = {"identity", "identity", ""},
};

const char *http_coding_name(enum http_coding coding)
{
	return codings[coding].name;
}

const char *http_coding_suffix(enum http_coding coding)
{
	return codings[coding].suffix;
}

/* qvalue: "0" or "1" with up to three decimals; 0 for anything else. */
static int parse_weight(struct slice s)
{
	int value = 0, unit = WEIGHT_MAX;

	if (s.len == 0 || s.len > 5 || (s.len > 1 && s.ptr[1] != '.'))
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (i == 1)
			continue;
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return 0;
		value += (s.ptr[i] - '0') * unit;
		unit /= 10;
	}
	return value <= WEIGHT_MAX ? value : 0;
}

/* Cuts what stands before the next semicolon off *s. */
static struct slice cut_parameter(struct slice *s)
{
	struct slice part;
	size_t i = 0;

	while (i < s->len && s->ptr[i] != ';')
		i++;
	part = slice_trim((struct slice){s->ptr, i});
	i += i < s->len;
	*s = (struct slice){s->ptr + i, s->len - i};
	return part;
}

/* Splits "name;q=0.5" of a list; other parameters are passed over. */
static struct slice split_weight(struct slice element, int *weight)
{
	struct slice name = cut_parameter(&element);

	*weight = WEIGHT_MAX;
	while (element.len > 0) {
		struct slice parameter = cut_parameter(&element);

		if (parameter.len >= 2 && parameter.ptr[1] == '=' &&
		    (parameter.ptr[0] | 0x20) == 'q')
			*weight = parse_weight((struct slice){
				parameter.ptr + 2, parameter.len - 2});
	}
	return name;
}

/* Notes one element's weight for the codings that it names. */
static void coding_weigh(struct slice element, int weights[HTTP_CODING_N],
			 int *others)
{
	int weight;
	struct slice name = split_weight(element, &weight);

	if (slice_is(name, "*"))
		*others = weight;
	for (int i = 0; i < HTTP_CODING_N; i++)
		if (slice_is_nocase(name, codings[i].name) ||
		    slice_is_nocase(name, codings[i].alias))
			weights[i] = weight;
}

enum http_coding http_coding_choose(const struct http_request *request,
				    unsigned available)
{
	int weights[HTTP_CODING_N], others = WEIGHT_UNSAID, best_weight = 0;
	enum http_coding best = HTTP_CODING_REFUSED;
	const struct http_field *field;
	size_t at = 0;

	for (int i = 0; i < HTTP_CODING_N; i++)
		weights[i] = WEIGHT_UNSAID;
	while ((field = http_request_next(request, HTTP_FIELD_ACCEPT_ENCODING,
					  &at))) {
		struct slice list = field->value, element;

		while (slice_next_element(&list, &element))
			coding_weigh(element, weights, &others);
	}
	for (int i = 0; i < HTTP_CODING_N; i++) {
		int weight = weights[i];

		if (weight == WEIGHT_UNSAID)
			weight = others;
		/* Unsaid, only identity is welcome, and it comes last. */
		if (weight == WEIGHT_UNSAID)
			weight = i == HTTP_CODING_IDENTITY &&
				 best == HTTP_CODING_REFUSED;
		if ((available & 1U << i || i == HTTP_CODING_IDENTITY) &&
		    weight > best_weight) {
			best = (enum http_coding)i;
			best_weight = weight;
		}
	}
	return best;
}

/* How specific a media range is for type: 0 when it does not match. */
static int specificity(struct slice range, const char *type,
		       const char *type_all)
{
	if (slice_is_nocase(range, type))
		return 3;
	if (slice_is_nocase(range, type_all))
		return 2;
	return slice_is(range, "*/*") ? 1 : 0;
}

/* The weight that Accept gives to a media type. */
static int accept_weight(const struct http_request *request, const char *type,
			 const char *type_all)
{
	int best = 0, result = 0, weight;
	const struct http_field *field;
	size_t at = 0;

	while ((field = http_request_next(request, HTTP_FIELD_ACCEPT, &at))) {
		struct slice list = field->value, element;

		while (slice_next_element(&list, &element)) {
			struct slice range = split_weight(element, &weight);
			int how = specificity(range, type, type_all);

			if (how > best) {
				best = how;
				result = weight;
			}
		}
	}
	return result;
}

bool http_accept_prefers_json(const struct http_request *request)
{
	return accept_weight(request, "application/json", "application/*") >
	       accept_weight(request, "text/html", "text/*");
}
