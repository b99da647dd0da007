/* SPDX-License-Identifier: MIT */
/*
 * Preconditions. What a peer has is compared with what is here; the answer is
 * one of three. Tags and dates come from the peer as it got them, or mangled:
 * whatever is not exactly right does not match.
 */
#include "http/condition.h"

#include "http/date.h"

/* An entity tag of a list: its opaque part with quotes, and W/ or not. */
struct tag {
	struct slice opaque;
	bool is_weak;
};

/* Reads entity-tag (RFC 9110, 8.8.3); false when it is malformed. */
static bool parse_tag(struct slice text, struct tag *tag)
{
	tag->is_weak = text.len > 2 && text.ptr[0] == 'W' && text.ptr[1] == '/';
	if (tag->is_weak)
		text = (struct slice){text.ptr + 2, text.len - 2};
	tag->opaque = text;
	return text.len >= 2 && text.ptr[0] == '"' &&
	       text.ptr[text.len - 1] == '"';
}

/*
 * Takes the next element of a list of entity tags. A backslash escapes nothing
 * inside one, and a comma may stand in it, so lists of other fields are cut
 * differently.
 */
static bool next_tag(struct slice *list, struct slice *text)
{
	size_t i = 0;

	for (;;) {
		*list = slice_trim(*list);
		if (list->len == 0)
			return false;
		if (list->ptr[0] != ',')
			break;
		*list = (struct slice){list->ptr + 1, list->len - 1};
	}
	for (bool quoted = false; i < list->len; i++) {
		if (list->ptr[i] == '"')
			quoted = !quoted;
		else if (list->ptr[i] == ',' && !quoted)
			break;
	}
	*text = slice_trim((struct slice){list->ptr, i});
	*list = (struct slice){list->ptr + i, list->len - i};
	return true;
}

/* Whether the list names etag, which is strong; weakly: W/ does not matter. */
static bool list_has(struct slice list, struct slice etag, bool weakly)
{
	struct slice text;
	struct tag tag;

	if (slice_is(list, "*"))
		return true;
	while (next_tag(&list, &text))
		if (parse_tag(text, &tag) && (weakly || !tag.is_weak) &&
		    slice_eq(tag.opaque, etag))
			return true;
	return false;
}

/* Whether any line of the field names etag. *present: is there a line? */
static bool field_has(const struct http_request *request, enum http_field_id id,
		      struct slice etag, bool weakly, bool *present)
{
	const struct http_field *field;
	size_t at = 0;

	*present = false;
	while ((field = http_request_next(request, id, &at))) {
		*present = true;
		if (list_has(field->value, etag, weakly))
			return true;
	}
	return false;
}

/* The field's date; false when it is absent, repeated or not a date. */
static bool field_date(const struct http_request *request,
		       enum http_field_id id, int64_t now_s, int64_t *out_s)
{
	const struct http_field *field = http_request_only(request, id);

	return field && http_date_parse(field->value, now_s, out_s);
}

enum http_condition http_condition_judge(
	const struct http_request *request,
	const struct http_validators *validators)
{
	int64_t date_s, now_s = validators->now_s;
	bool present, matches;
	bool has_date = validators->last_modified_s != HTTP_NO_DATE;

	matches = field_has(request, HTTP_FIELD_IF_MATCH, validators->etag,
			    false, &present);
	if (present && !matches)
		return HTTP_CONDITION_FAILED;
	if (!present && has_date &&
	    field_date(request, HTTP_FIELD_IF_UNMODIFIED_SINCE, now_s,
		       &date_s) &&
	    validators->last_modified_s > date_s)
		return HTTP_CONDITION_FAILED;
	matches = field_has(request, HTTP_FIELD_IF_NONE_MATCH, validators->etag,
			    true, &present);
	if (present)
		return matches ? HTTP_CONDITION_NOT_MODIFIED
			       : HTTP_CONDITION_NONE;
	if (has_date &&
	    field_date(request, HTTP_FIELD_IF_MODIFIED_SINCE, now_s, &date_s) &&
	    validators->last_modified_s <= date_s)
		return HTTP_CONDITION_NOT_MODIFIED;
	return HTTP_CONDITION_NONE;
}

bool http_condition_range_applies(const struct http_request *request,
				  const struct http_validators *validators)
{
	size_t at = 0;
	const struct http_field *field;
	struct tag tag;
	int64_t date_s;

	if (!http_request_next(request, HTTP_FIELD_IF_RANGE, &at))
		return true;
	field = http_request_only(request, HTTP_FIELD_IF_RANGE);
	if (!field)
		return false;
	if (parse_tag(field->value, &tag))
		return !tag.is_weak && slice_eq(tag.opaque, validators->etag);
	/* A second ago is strong: the file may change twice in one (8.8.2.2).
	 */
	return http_date_parse(field->value, validators->now_s, &date_s) &&
	       date_s == validators->last_modified_s &&
	       validators->last_modified_s < validators->now_s;
}
