/* SPDX-License-Identifier: MIT */
/*
 * The decision: a request and the facts about a file go in, an answer comes
 * out. No system call, no output, so each rule can be tested by itself.
 *
 * The order is that of RFC 9110: may the method be performed at all, does the
 * target name something, do the preconditions hold (13.2.2), which part of it
 * is wanted (14.2).
 *
 * A connection stays open only when nothing about the request leaves doubt
 * where the next one begins.
 */
#include "http/answer.h"

#include <stddef.h>
#include <string.h>

#include "http/condition.h"
#include "http/page.h"

/* The list of ranges is long, and mostly of no use: it is left as it was. */
static void set_page(struct http_answer *answer, unsigned status)
{
	memset(answer, 0, offsetof(struct http_answer, ranges.list));
	answer->status = status;
	answer->content = HTTP_CONTENT_PAGE;
	answer->last_modified_s = HTTP_NO_DATE;
	answer->max_age_s = -1;
	answer->coding = HTTP_CODING_IDENTITY;
	answer->media_type = HTTP_PAGE_TYPE;
}

static void set_empty(struct http_answer *answer, unsigned status)
{
	set_page(answer, status);
	answer->content = HTTP_CONTENT_NONE;
	answer->media_type = NULL;
}

void http_answer_bad(const struct http_request *request, unsigned status,
		     struct http_answer *answer)
{
	set_page(answer, status);
	answer->close = true;
	if (!request)
		return;
	answer->head_only = request->method == HTTP_METHOD_HEAD;
	answer->advice = request->advice;
}

/* An absolute-form that names another host than Host does: a proxy's slip. */
static bool is_host_disputed(const struct http_request *request,
			     const struct http_target *target)
{
	const struct http_field *host;

	if (!target->authority.ptr)
		return false;
	host = http_request_only(request, HTTP_FIELD_HOST);
	return host && !slice_eq_nocase(host->value, target->authority);
}

/* What every answer to a well-formed request owes to that request. */
static void answer_settle(struct http_answer *answer,
			  const struct http_request *request,
			  const struct http_target *target)
{
	answer->head_only = request->method == HTTP_METHOD_HEAD;
	answer->close |= !request->keep_alive || request->has_content;
	if (target && is_host_disputed(request, target))
		answer->close = true;
	answer->keep_said = request->minor == 0 && !answer->close;
}

void http_answer_refused(const struct http_request *request, unsigned status,
			 struct http_answer *answer)
{
	/* Content of these would be taken for the next answer. */
	if (status == 204 || status == 205 || status == 304)
		set_empty(answer, status);
	else
		set_page(answer, status);
	answer_settle(answer, request, NULL);
}

/*
 * 100-continue is met by the final answer; nothing else can be (RFC 9110,
 * 10.1.1). HTTP/1.0 has no expectations.
 */
static bool is_expectation_met(const struct http_request *request)
{
	const struct http_field *field;
	size_t at = 0;

	if (request->minor == 0)
		return true;
	while ((field = http_request_next(request, HTTP_FIELD_EXPECT, &at)))
		if (!slice_is_nocase(field->value, "100-continue"))
			return false;
	return true;
}

bool http_answer_early(const struct http_request *request,
		       const struct http_target *target,
		       struct http_answer *answer)
{
	if (request->method == HTTP_METHOD_UNKNOWN) {
		http_answer_bad(request, 501, answer);
	} else if (request->method == HTTP_METHOD_KNOWN) {
		set_page(answer, 405);
		answer->allow = true;
	} else if (!target) {
		http_answer_bad(request, 400, answer);
	} else if (!is_expectation_met(request)) {
		set_page(answer, 417);
	} else if (request->method == HTTP_METHOD_OPTIONS) {
		set_empty(answer, 200);
		answer->allow = true;
	} else if (target->is_asterisk) {
		http_answer_bad(request, 400, answer);
	} else {
		return false;
	}
	answer_settle(answer, request, target);
	return true;
}

/* What 200, 206, 304 and 412 say alike about the representation. */
static void answer_describe(struct http_answer *answer,
			    const struct http_file *file,
			    const struct http_validators *validators,
			    const struct http_policy *policy)
{
	answer->varies = file->codings != 0;
	answer->max_age_s = policy->max_age_s;
	answer->etag = file->etag;
	answer->last_modified_s = validators->last_modified_s;
	answer->size = file->size;
	answer->coding = file->coding;
}

/* Which part of the file is wanted (RFC 9110, 14.2). */
static void answer_content(const struct http_request *request,
			   const struct http_file *file,
			   const struct http_validators *validators,
			   const struct http_policy *policy,
			   struct http_answer *answer)
{
	const struct http_field *range =
		http_request_only(request, HTTP_FIELD_RANGE);

	set_empty(answer, 200);
	answer_describe(answer, file, validators, policy);
	answer->content = HTTP_CONTENT_FILE;
	answer->media_type = file->media_type;
	if (!range || request->method != HTTP_METHOD_GET ||
	    !http_condition_range_applies(request, validators))
		return;
	switch (http_range_parse(range->value, file->size, &answer->ranges)) {
	case HTTP_RANGE_WHOLE:
		answer->ranges.n = 0;
		break;
	case HTTP_RANGE_PARTIAL:
		answer->status = 206;
		/* Content-Encoding would be taken to be of the multipart. */
		if (answer->ranges.n > 1 &&
		    file->coding != HTTP_CODING_IDENTITY) {
			answer->status = 200;
			answer->ranges.n = 0;
		}
		break;
	case HTTP_RANGE_UNSATISFIABLE:
		set_page(answer, 416);
		answer->size = file->size;
		answer->varies = file->codings != 0;
		break;
	}
}

static void answer_regular(const struct http_request *request,
			   const struct http_file *file,
			   const struct http_policy *policy,
			   struct http_answer *answer)
{
	/* A time to come is not sent (RFC 9110, 8.8.2.1). */
	struct http_validators validators = {
		.etag = file->etag,
		.last_modified_s = file->mtime_s < policy->now_s
					   ? file->mtime_s
					   : policy->now_s,
		.now_s = policy->now_s,
	};

	if (file->coding == HTTP_CODING_REFUSED) {
		set_page(answer, 406);
		answer->varies = true;
		return;
	}
	switch (http_condition_judge(request, &validators)) {
	case HTTP_CONDITION_NOT_MODIFIED:
		set_empty(answer, 304);
		answer_describe(answer, file, &validators, policy);
		answer->coding = HTTP_CODING_IDENTITY;
		/* The tag says it all (RFC 9110, 15.4.5). */
		if (answer->etag.ptr)
			answer->last_modified_s = HTTP_NO_DATE;
		break;
	case HTTP_CONDITION_FAILED:
		set_page(answer, 412);
		answer->etag = file->etag;
		answer->last_modified_s = validators.last_modified_s;
		answer->varies = file->codings != 0;
		break;
	case HTTP_CONDITION_NONE:
		answer_content(request, file, &validators, policy, answer);
		break;
	}
}

static struct slice last_segment(struct slice path)
{
	const char *slash = memrchr(path.ptr, '/', path.len);
	size_t off = slash ? (size_t)(slash - path.ptr) + 1 : 0;

	return (struct slice){path.ptr + off, path.len - off};
}

void http_answer_file(const struct http_request *request,
		      const struct http_target *target,
		      const struct http_file *file,
		      const struct http_policy *policy,
		      struct http_answer *answer)
{
	switch (file->kind) {
	case HTTP_FILE_REGULAR:
		answer_regular(request, file, policy, answer);
		break;
	case HTTP_FILE_DIRECTORY:
		set_page(answer, 301);
		answer->redirect = true;
		answer->location = last_segment(target->path);
		answer->location_query = target->query;
		break;
	default:
		set_page(answer, file->status);
		answer->close = file->status >= 500;
	}
	answer_settle(answer, request, target);
}

void http_answer_ports(struct http_answer *answer)
{
	answer->status = 200;
	answer->content = HTTP_CONTENT_PORTS;
	answer->media_type = "application/json";
	answer->max_age_s = 0;
}

void http_answer_listing(const struct http_request *request,
			 const struct http_target *target, bool as_json,
			 struct http_answer *answer)
{
	/* It exists, and that is all that can be known of it. */
	static const struct http_validators none = {
		.etag = {"", 0},
		.last_modified_s = HTTP_NO_DATE,
	};

	switch (http_condition_judge(request, &none)) {
	case HTTP_CONDITION_NOT_MODIFIED:
		set_empty(answer, 304);
		break;
	case HTTP_CONDITION_FAILED:
		set_page(answer, 412);
		break;
	case HTTP_CONDITION_NONE:
		set_page(answer, 200);
		answer->content = HTTP_CONTENT_LISTING;
		if (as_json)
			answer->media_type = "application/json";
		break;
	}
	answer->varies_by_type = true;
	answer_settle(answer, request, target);
	if (answer->content != HTTP_CONTENT_LISTING)
		return;
	/* Only the end of the connection can tell HTTP/1.0 where it ends. */
	answer->chunked = request->minor > 0;
	if (!answer->chunked) {
		answer->close = true;
		answer->keep_said = false;
	}
}
