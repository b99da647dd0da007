/* SPDX-License-Identifier: MIT */
/*
 * The request parser against any bytes. Beyond not crashing and not reading a
 * byte too far, these hold:
 *
 *	- However the bytes arrive, the verdict is the same: what is partial was
 *	  never judged before, what is done stays done with the same length, and
 *	  what is bad is bad in the end. A parser that remembers how far it
 *	  looked and one that starts anew agree on every prefix.
 *	- Bytes behind the head do not change its verdict.
 *	- All slices lie inside the head.
 *	- An accepted head has one reading only. A simple-minded second reader,
 *	  which shares no code with the parser, finds the same lines in it and
 *	  neither a bare CR or LF, nor two framings, nor two hosts.
 */
#include "fuzz.h"

#include <string.h>
#include <strings.h>

#include "http/request.h"

/* All prefixes of a short input, and about this many of a long one. */
#define PREFIXES_MAX 512

static void check_status(const struct http_request *request)
{
	switch (request->status) {
	case 400:
	case 414:
	case 431:
	case 501:
	case 505:
		return;
	default:
		fuzz_require(false, "a bad request has a status to answer");
	}
}

/* --- the second reader --- */

static bool starts_with(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && strncasecmp(line, name, n) == 0;
}

static bool has_bare_cr_or_lf(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			return true;
		if (p[i] == '\r' && (i + 1 == len || p[i + 1] != '\n'))
			return true;
	}
	return false;
}

static void check_lines(const struct http_request *request, const char *head,
			size_t len)
{
	size_t n_lines = 0, n_hosts = 0, n_lengths = 0, n_codings = 0;
	size_t line = 0;

	for (size_t i = 1; i < len; i++) {
		if (head[i] != '\n')
			continue;
		n_hosts += starts_with(head + line, i - line, "host:");
		n_lengths +=
			starts_with(head + line, i - line, "content-length:");
		n_codings += starts_with(head + line, i - line,
					 "transfer-encoding:");
		fuzz_require(head[line] != ' ' && head[line] != '\t',
			     "no line is a continuation");
		n_lines++;
		line = i + 1;
	}
	fuzz_require(n_lines == request->n_fields + 2,
		     "every line but the first and the last is a field");
	fuzz_require(n_hosts == (request->minor > 0) ||
			     (n_hosts == 1 && request->minor == 0),
		     "exactly one Host, which HTTP/1.0 may leave out");
	fuzz_require(n_lengths + n_codings <= 1, "at most one framing");
	fuzz_require(n_codings == 0 || request->has_content,
		     "a transfer coding means content");
	fuzz_require(n_lengths + n_codings > 0 || !request->has_content,
		     "no framing, no content");
}

static void check_head(const struct http_request *request, const char *buf)
{
	size_t start = buf[0] == '\r' ? 2 : 0;
	const char *head = buf + start;
	size_t len = request->head_len - start;

	fuzz_require(len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0,
		     "the head ends in an empty line");
	fuzz_require(!memchr(head, '\0', len), "no NUL in the head");
	fuzz_require(!has_bare_cr_or_lf(head, len), "no bare CR or LF");
	check_lines(request, head, len);
}

/* --- what the parser says --- */

static void check_slices(const struct http_request *request, const char *buf)
{
	size_t len = request->head_len;

	fuzz_require(request->method_text.len > 0 && request->target.len > 0,
		     "there is a method and a target");
	fuzz_require(fuzz_is_inside(request->method_text, buf, len),
		     "the method lies inside the head");
	fuzz_require(fuzz_is_inside(request->target, buf, len),
		     "the target lies inside the head");
	fuzz_require(request->n_fields <= HTTP_FIELDS_MAX,
		     "there are no more fields than room for them");
	for (size_t i = 0; i < request->n_fields; i++)
		fuzz_require(fuzz_is_inside(request->fields[i].value, buf, len),
			     "a field's value lies inside the head");
}

/* http_request_next() gives each field once, under its own id. */
static void check_iteration(const struct http_request *request)
{
	size_t n = 0;

	for (int id = 0; id < HTTP_FIELD_N; id++) {
		const struct http_field *field;
		size_t at = 0;

		while ((field = http_request_next(
				request, (enum http_field_id)id, &at))) {
			fuzz_require(field->id == (enum http_field_id)id,
				     "a field comes under its own id");
			n++;
		}
	}
	fuzz_require(n == request->n_fields, "each field comes once");
}

static enum http_verdict parse_anew(struct http_request *request,
				    const char *buf, size_t len)
{
	size_t scanned = 0;

	return http_request_parse(request, &http_limits_standard, buf, len,
				  &scanned);
}

static void check_done(const struct http_request *request, const char *buf,
		       size_t len)
{
	struct http_request again;

	fuzz_require(request->head_len <= len, "the head lies in the input");
	fuzz_require(request->head_len <= HTTP_HEAD_MAX, "the head is bounded");
	check_slices(request, buf);
	check_iteration(request);
	check_head(request, buf);

	fuzz_require(parse_anew(&again, buf, request->head_len) ==
			     HTTP_REQUEST_DONE,
		     "bytes behind the head do not make it whole");
	fuzz_require(again.head_len == request->head_len &&
			     again.method == request->method &&
			     again.n_fields == request->n_fields &&
			     again.keep_alive == request->keep_alive &&
			     again.has_content == request->has_content,
		     "bytes behind the head do not change its meaning");
}

/*
 * Every prefix, from a room that ends where the prefix ends; remembered and
 * anew. The whole input's verdict is known.
 */
static void check_prefixes(const uint8_t *data, size_t size,
			   enum http_verdict whole, size_t head_len)
{
	static struct http_request anew, remembered;
	size_t step = 1 + size / PREFIXES_MAX, scanned = 0;

	for (size_t len = 0; len <= size; len += step) {
		const char *buf = fuzz_copy(1, data, len);
		enum http_verdict verdict = http_request_parse(
			&remembered, &http_limits_standard, buf, len, &scanned);

		fuzz_require(verdict == parse_anew(&anew, buf, len),
			     "looking on and looking anew agree");
		if (verdict == HTTP_REQUEST_PARTIAL)
			continue;
		fuzz_require(verdict == whole, "a verdict is final");
		if (verdict == HTTP_REQUEST_DONE)
			fuzz_require(remembered.head_len == head_len,
				     "the head's length is final");
		return;
	}
	fuzz_require(step > 1 || whole == HTTP_REQUEST_PARTIAL,
		     "the last prefix is the whole");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_request request;
	enum http_verdict verdict;
	const char *buf;

	if (size > FUZZ_INPUT_MAX)
		return 0;
	buf = fuzz_copy(0, data, size);
	verdict = parse_anew(&request, buf, size);
	if (verdict == HTTP_REQUEST_DONE)
		check_done(&request, buf, size);
	if (verdict == HTTP_REQUEST_BAD)
		check_status(&request);
	if (verdict == HTTP_REQUEST_PARTIAL)
		fuzz_require(size < HTTP_HEAD_MAX, "waiting has an end");
	check_prefixes(data, size, verdict, request.head_len);
	return 0;
}
