/* SPDX-License-Identifier: MIT */
/*
 * The decision about a file, and the head that says it, against any field
 * lines: an input is what stands in a request between Host and the empty line.
 * It is asked for by GET and by HEAD, of a small file, of a large one that
 * stands encoded, too, of an empty one that is changed this very second, and
 * of a directory's listing. These hold:
 *
 *	- The status is one that the fields can lead to: 206 and 416 take a
 *Range and a GET, 304 and 412 a precondition, 406 an Accept-Encoding.
 *	- Without preconditions and ranges, all get the file, or 406.
 *	- HEAD says what GET without Range would.
 *	- The head fits its bound, is made of visible lines, and has just one
 *	  length, which is that of what goes out.
 *	- Last-Modified is not later than Date.
 *	- Every date that is read is written and read as the same moment, and
 *	  every moment that is written is read as itself.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "http/answer.h"
#include "http/head.h"

#define NOW_S	 1795341114
#define BOUNDARY "0123456789abcdef"
#define TAG	 "\"1-2-3-4\""

#define HAS_BR	 (1U << HTTP_CODING_BR)
#define HAS_GZIP (1U << HTTP_CODING_GZIP)

static const struct http_file files[] = {
	{
		.kind = HTTP_FILE_REGULAR,
		.size = 612,
		.mtime_s = 784111777,
		.etag = {TAG, sizeof(TAG) - 1},
		.media_type = "text/plain; charset=utf-8",
	},
	{
		.kind = HTTP_FILE_REGULAR,
		.size = UINT64_C(5000000000),
		.mtime_s = NOW_S + 1000,
		.etag = {TAG, sizeof(TAG) - 1},
		.media_type = "application/vnd.debian.binary-package",
		.codings = HAS_BR | HAS_GZIP,
	},
	{
		.kind = HTTP_FILE_REGULAR,
		.size = 0,
		.mtime_s = NOW_S,
		.etag = {TAG, sizeof(TAG) - 1},
		.media_type = "text/html; charset=utf-8",
	},
};

#define N_FILES (sizeof(files) / sizeof(files[0]))

/* --- dates --- */

static void check_moment(int64_t time_s)
{
	char text[HTTP_DATE_LEN];
	int64_t again_s;

	http_date_format(time_s, text);
	fuzz_require(http_date_parse((struct slice){text, HTTP_DATE_LEN}, NOW_S,
				     &again_s),
		     "a date that is written can be read");
	fuzz_require(again_s == time_s, "and is the same moment");
}

/* Any eight bytes as a moment, of those that can be written. */
static void check_any_moment(const uint8_t *data, size_t size)
{
	uint64_t moment = 0;

	for (size_t i = 0; i < size && i < sizeof(moment); i++)
		moment = moment << 8 | data[i];
	check_moment((int64_t)(moment % UINT64_C(253402300800)));
}

static void check_dates(const struct http_request *request)
{
	for (size_t i = 0; i < request->n_fields; i++) {
		int64_t time_s;

		if (!http_date_parse(request->fields[i].value, NOW_S, &time_s))
			continue;
		fuzz_require(time_s <= INT64_C(253402300800),
			     "no date has five digits of a year");
		if (time_s >= 0 && time_s < INT64_C(253402300800))
			check_moment(time_s);
	}
}

/* --- the status --- */

static bool has(const struct http_request *request, enum http_field_id id)
{
	size_t at = 0;

	return http_request_next(request, id, &at) != NULL;
}

static void check_status(const struct http_request *request,
			 const struct http_answer *answer)
{
	bool may_fail = has(request, HTTP_FIELD_IF_MATCH) ||
			has(request, HTTP_FIELD_IF_UNMODIFIED_SINCE);
	bool may_be_known = has(request, HTTP_FIELD_IF_NONE_MATCH) ||
			    has(request, HTTP_FIELD_IF_MODIFIED_SINCE);
	bool may_be_part = request->method == HTTP_METHOD_GET &&
			   has(request, HTTP_FIELD_RANGE);

	switch (answer->status) {
	case 200:
		fuzz_require(answer->ranges.n == 0, "200 is the whole");
		return;
	case 206:
		fuzz_require(may_be_part, "206 takes GET and Range");
		fuzz_require(answer->ranges.n > 0, "206 has ranges");
		return;
	case 304:
		fuzz_require(may_be_known, "304 takes a precondition");
		return;
	case 406:
		fuzz_require(has(request, HTTP_FIELD_ACCEPT_ENCODING),
			     "406 takes Accept-Encoding");
		return;
	case 412:
		fuzz_require(may_fail, "412 takes a precondition");
		return;
	case 416:
		fuzz_require(may_be_part, "416 takes GET and Range");
		return;
	default:
		fuzz_require(false, "a file has one of six statuses");
	}
}

/* --- the head --- */

/* The value of a field of ours, of which there may be one at most. */
static struct slice value_of(struct slice head, const char *name)
{
	struct slice value = {NULL, 0};
	size_t line = 0, len = strlen(name);

	for (size_t i = 0; i + 1 < head.len; i++) {
		if (head.ptr[i] != '\r')
			continue;
		if (i - line > len && !memcmp(head.ptr + line, name, len) &&
		    head.ptr[line + len] == ':') {
			fuzz_require(!value.ptr, "a field is said once");
			value.ptr = head.ptr + line + len + 2;
			value.len = (size_t)(head.ptr + i - value.ptr);
		}
		line = i + 2;
	}
	return value;
}

static void check_lines(struct slice head)
{
	fuzz_require(head.len >= 4 && head.ptr[0] == 'H' &&
			     !memcmp(head.ptr + head.len - 4, "\r\n\r\n", 4),
		     "a head ends in an empty line");
	for (size_t i = 0; i < head.len; i++) {
		char c = head.ptr[i];

		if (c == '\r') {
			fuzz_require(head.ptr[i + 1] == '\n', "CR has its LF");
			fuzz_require(head.ptr[i - 1] != '\n' ||
					     i + 2 == head.len,
				     "no line but the last is empty");
		} else if (c == '\n') {
			fuzz_require(head.ptr[i - 1] == '\r', "LF has its CR");
		} else {
			fuzz_require(c >= ' ' && c <= '~',
				     "all else is visible");
		}
	}
}

static void check_length(const struct http_answer *answer, struct slice head,
			 uint64_t length)
{
	struct slice value = value_of(head, "Content-Length");
	char want[32];

	if (answer->status == 304 || answer->content == HTTP_CONTENT_LISTING) {
		fuzz_require(!value.ptr, "304 and a listing have no length");
		return;
	}
	(void)snprintf(want, sizeof(want), "%llu", (unsigned long long)length);
	fuzz_require(value.ptr && slice_is(value, want),
		     "the head says the length");
}

/* The parts and the ranges add up to the length. */
static uint64_t length_written(const struct http_answer *answer)
{
	uint64_t length = 0;

	if (answer->content != HTTP_CONTENT_FILE)
		return 0;
	if (answer->ranges.n == 0)
		return answer->size;
	for (size_t i = 0; i <= answer->ranges.n; i++) {
		struct text part =
			text_in(fuzz_room(1, HTTP_PART_MAX), HTTP_PART_MAX);

		if (answer->ranges.n > 1)
			http_part_write(&part, answer, i, BOUNDARY);
		fuzz_require(!part.overflow, "a part's head fits its bound");
		length += part.len;
		if (i < answer->ranges.n)
			length += answer->ranges.list[i].len;
	}
	return length;
}

static void check_head(const struct http_answer *answer)
{
	uint64_t length = answer->content == HTTP_CONTENT_FILE
				  ? http_content_length(answer, BOUNDARY)
				  : 0;
	char date[HTTP_DATE_LEN];
	struct slice modified, head;
	int64_t modified_s;
	struct text text;

	fuzz_require(length == length_written(answer),
		     "the length is that of what goes out");
	http_date_format(NOW_S, date);
	text = text_in(fuzz_room(1, HTTP_HEAD_FIXED_MAX), HTTP_HEAD_FIXED_MAX);
	http_head_write(&text, answer, length, date, BOUNDARY);
	fuzz_require(!text.overflow, "a head fits its bound");
	head = text_slice(&text);
	check_lines(head);
	check_length(answer, head, length);
	modified = value_of(head, "Last-Modified");
	if (modified.ptr)
		fuzz_require(http_date_parse(modified, NOW_S, &modified_s) &&
				     modified_s <= NOW_S,
			     "Last-Modified is not later than Date");
}

/* --- the decision --- */

static struct http_answer decide(const struct http_request *request,
				 const struct http_target *target,
				 const struct http_file *file)
{
	const struct http_policy policy = {.now_s = NOW_S, .max_age_s = 60};
	struct http_file chosen = *file;
	struct http_answer answer;

	chosen.coding = http_coding_choose(request, file->codings);
	http_answer_file(request, target, &chosen, &policy, &answer);
	return answer;
}

/* Takes the fields of this kind out of a request. */
static void forget(struct http_request *request, enum http_field_id id)
{
	for (size_t i = 0; i < request->n_fields; i++)
		if (request->fields[i].id == id)
			request->fields[i].id = HTTP_FIELD_OTHER;
	request->present &= ~(1U << id);
}

static void check_without(struct http_request *request,
			  const struct http_target *target,
			  const struct http_file *file)
{
	static struct http_request less;
	struct http_answer whole, got = decide(request, target, file);

	less = *request;
	forget(&less, HTTP_FIELD_RANGE);
	whole = decide(&less, target, file);
	if (request->method == HTTP_METHOD_HEAD)
		fuzz_require(got.status == whole.status &&
				     got.size == whole.size,
			     "HEAD ignores Range");
	fuzz_require(got.status == whole.status ||
			     (whole.status == 200 &&
			      (got.status == 206 || got.status == 416)),
		     "Range comes last");
	forget(&less, HTTP_FIELD_IF_MATCH);
	forget(&less, HTTP_FIELD_IF_UNMODIFIED_SINCE);
	forget(&less, HTTP_FIELD_IF_NONE_MATCH);
	forget(&less, HTTP_FIELD_IF_MODIFIED_SINCE);
	whole = decide(&less, target, file);
	fuzz_require(whole.status == 200 || whole.status == 406,
		     "without conditions there is the file");
	fuzz_require((whole.status == 406) == (got.status == 406),
		     "what is not acceptable has no conditions");
}

static void check_answers(struct http_request *request,
			  const struct http_target *target)
{
	struct http_answer answer;

	if (http_answer_early(request, target, &answer)) {
		fuzz_require(answer.status == 417,
			     "only an expectation can be in the way");
		check_head(&answer);
		return;
	}
	for (size_t i = 0; i < N_FILES; i++) {
		answer = decide(request, target, &files[i]);
		check_status(request, &answer);
		check_head(&answer);
		check_without(request, target, &files[i]);
	}
	http_answer_listing(request, target, http_accept_prefers_json(request),
			    &answer);
	fuzz_require(answer.status == 200 || answer.status == 304 ||
			     answer.status == 412,
		     "a listing has one of three statuses");
	check_status(request, &answer);
	check_head(&answer);
}

/* Asks with these field lines; what is no request is another target's work. */
static void ask(const char *method, const uint8_t *data, size_t size)
{
	static struct http_request request;
	static char head[FUZZ_INPUT_MAX + 64];
	struct http_target target;
	size_t scanned = 0, len;
	char path[8];

	len = (size_t)snprintf(head, sizeof(head),
			       "%s /a HTTP/1.1\r\nHost: h\r\n", method);
	if (size > 0)
		memcpy(head + len, data, size);
	len += size;
	memcpy(head + len, "\r\n\r\n", 4);
	len += 4;
	if (len > FUZZ_INPUT_MAX ||
	    http_request_parse(&request, &http_limits_standard,
			       fuzz_copy(0, head, len), len,
			       &scanned) != HTTP_REQUEST_DONE)
		return;
	fuzz_require(
		http_target_parse(request.target, &target, path, sizeof(path)),
		"the target is ours");
	check_dates(&request);
	check_answers(&request, &target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > FUZZ_INPUT_MAX)
		return 0;
	/* A seed is a file of lines: its last end is ours to write. */
	if (size >= 2 && memcmp(data + size - 2, "\r\n", 2) == 0)
		size -= 2;
	check_any_moment(data, size);
	ask("GET", data, size);
	ask("HEAD", data, size);
	return 0;
}
