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

#include "http/condition.h"
#include "http/page.h"

static struct http_answer answer_page(unsigned status)
{
	return (struct http_answer){
		.status = status,
		.content = HTTP_CONTENT_PAGE,
		.last_modified_s = HTTP_NO_DATE,
		.max_age_s = -1,
		.coding = HTTP_CODING_IDENTITY,
		.media_type = HTTP_PAGE_TYPE,
	};
}

static struct http_answer answer_empty(unsigned status)
{
	struct http_answer answer = answer_page(status);

	answer.content = HTTP_CONTENT_NONE;
	answer.media_type = NULL;
	return answer;
}

struct http_answer http_answer_bad(const struct http_request *request,
				   unsigned status)
{
	struct http_answer answer = answer_page(status);

	answer.close = true;
	answer.head_only = request && request->method == HTTP_METHOD_HEAD;
	return answer;
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
static void settle(struct http_answer *answer,
		   const struct http_request *request,
		   const struct http_target *target)
{
	answer->head_only = request->method == HTTP_METHOD_HEAD;
	answer->close |= !request->keep_alive || request->has_content;
	if (target && is_host_disputed(request, target))
		answer->close = true;
	answer->keep_said = request->minor == 0 && !answer->close;
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
		*answer = http_answer_bad(request, 501);
	} else if (request->method == HTTP_METHOD_KNOWN) {
		*answer = answer_page(405);
		answer->allow = true;
	} else if (!target) {
		*answer = http_answer_bad(request, 400);
	} else if (!is_expectation_met(request)) {
		*answer = answer_page(417);
	} else if (request->method == HTTP_METHOD_OPTIONS) {
		*answer = answer_empty(200);
		answer->allow = true;
	} else if (target->is_asterisk) {
		*answer = http_answer_bad(request, 400);
	} else {
		return false;
	}
	settle(answer, request, target);
	return true;
}

/* What 200, 206, 304 and 412 say alike about the representation. */
static void describe(struct http_answer *answer, const struct http_file *file,
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
static struct http_answer answer_content(
	const struct http_request *request, const struct http_file *file,
	const struct http_validators *validators,
	const struct http_policy *policy)
{
	struct http_answer answer = answer_empty(200);
	const struct http_field *range =
		http_request_only(request, HTTP_FIELD_RANGE);

	describe(&answer, file, validators, policy);
	answer.content = HTTP_CONTENT_FILE;
	answer.media_type = file->media_type;
	if (!range || request->method != HTTP_METHOD_GET ||
	    !http_condition_range_applies(request, validators))
		return answer;
	switch (http_range_parse(range->value, file->size, &answer.ranges)) {
	case HTTP_RANGE_WHOLE:
		answer.ranges.n = 0;
		break;
	case HTTP_RANGE_PARTIAL:
		answer.status = 206;
		/* Content-Encoding would be taken to be of the multipart. */
		if (answer.ranges.n > 1 &&
		    file->coding != HTTP_CODING_IDENTITY) {
			answer.status = 200;
			answer.ranges.n = 0;
		}
		break;
	case HTTP_RANGE_UNSATISFIABLE:
		answer = answer_page(416);
		answer.size = file->size;
		answer.varies = file->codings != 0;
		break;
	}
	return answer;
}

static struct http_answer answer_regular(const struct http_request *request,
					 const struct http_file *file,
					 const struct http_policy *policy)
{
	struct http_answer answer;
	/* A time to come is not sent (RFC 9110, 8.8.2.1). */
	struct http_validators validators = {
		.etag = file->etag,
		.last_modified_s = file->mtime_s < policy->now_s
					   ? file->mtime_s
					   : policy->now_s,
		.now_s = policy->now_s,
	};

	if (file->coding == HTTP_CODING_REFUSED) {
		answer = answer_page(406);
		answer.varies = true;
		return answer;
	}
	switch (http_condition_judge(request, &validators)) {
	case HTTP_CONDITION_NOT_MODIFIED:
		answer = answer_empty(304);
		describe(&answer, file, &validators, policy);
		answer.coding = HTTP_CODING_IDENTITY;
		return answer;
	case HTTP_CONDITION_FAILED:
		answer = answer_page(412);
		answer.etag = file->etag;
		answer.last_modified_s = validators.last_modified_s;
		answer.varies = file->codings != 0;
		return answer;
	case HTTP_CONDITION_NONE:
		break;
	}
	return answer_content(request, file, &validators, policy);
}

struct http_answer http_answer_file(const struct http_request *request,
				    const struct http_target *target,
				    const struct http_file *file,
				    const struct http_policy *policy)
{
	struct http_answer answer;

	switch (file->kind) {
	case HTTP_FILE_REGULAR:
		answer = answer_regular(request, file, policy);
		break;
	case HTTP_FILE_DIRECTORY:
		answer = answer_page(301);
		answer.redirect = true;
		answer.location = target->path;
		answer.location_query = target->query;
		break;
	default:
		answer = answer_page(file->status);
		answer.close = file->status >= 500;
	}
	settle(&answer, request, target);
	return answer;
}

struct http_answer http_answer_listing(const struct http_request *request,
				       const struct http_target *target,
				       bool as_json)
{
	/* It exists, and that is all that can be known of it. */
	static const struct http_validators none = {
		.etag = {"", 0},
		.last_modified_s = HTTP_NO_DATE,
	};
	struct http_answer answer = answer_page(200);
	enum http_condition condition = http_condition_judge(request, &none);

	if (condition != HTTP_CONDITION_NONE) {
		answer = condition == HTTP_CONDITION_FAILED ? answer_page(412)
							    : answer_empty(304);
		answer.varies_by_type = true;
		settle(&answer, request, target);
		return answer;
	}

	answer.content = HTTP_CONTENT_LISTING;
	answer.varies_by_type = true;
	if (as_json)
		answer.media_type = "application/json";
	settle(&answer, request, target);
	/* Only the end of the connection can tell HTTP/1.0 where it ends. */
	answer.chunked = request->minor > 0;
	if (!answer.chunked) {
		answer.close = true;
		answer.keep_said = false;
	}
	return answer;
}
