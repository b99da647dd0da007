/* SPDX-License-Identifier: MIT */
/*
 * The decision: a request and the facts about a file go in, an answer comes
 * out. No system call, no output, so each rule can be tested by itself.
 *
 * A connection stays open only when nothing about the request leaves doubt
 * where the next one begins.
 */
#include "http/answer.h"

#include "http/media.h"
#include "http/page.h"

static struct http_answer answer_page(unsigned status)
{
	return (struct http_answer){
		.status = status,
		.content = HTTP_CONTENT_PAGE,
		.last_modified_s = HTTP_NO_DATE,
		.media_type = HTTP_PAGE_TYPE,
	};
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
	size_t at = 0;

	if (!target->authority.ptr)
		return false;
	host = http_request_next(request, HTTP_FIELD_HOST, &at);
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
	} else if (request->method == HTTP_METHOD_OPTIONS) {
		*answer = (struct http_answer){
			.status = 200,
			.allow = true,
			.last_modified_s = HTTP_NO_DATE,
		};
	} else if (target->is_asterisk) {
		*answer = http_answer_bad(request, 400);
	} else {
		return false;
	}
	settle(answer, request, target);
	return true;
}

struct http_answer http_answer_file(const struct http_request *request,
				    const struct http_target *target,
				    const struct http_file *file)
{
	struct http_answer answer;

	switch (file->kind) {
	case HTTP_FILE_REGULAR:
		answer = (struct http_answer){
			.status = 200,
			.content = HTTP_CONTENT_FILE,
			.length = file->size,
			.media_type = http_media_type(file->path),
			.last_modified_s = file->mtime_s,
		};
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
