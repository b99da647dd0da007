/* SPDX-License-Identifier: MIT */
/*
 * The request parser. Pure: bytes in, verdict out. Two passes, so that a head
 * that trickles in costs no parser state:
 *
 *	1. Look for the empty line that ends the head, from where the last call
 *	   stopped. What can never become a head (a bare LF, a NUL, a line that
 *	   is too long) is refused here, as soon as it arrives.
 *	2. When the head is whole, parse it from its start.
 *
 * Every line has been seen to end in CRLF when the second pass runs. It keeps
 * slices into the input and copies nothing. It does not decode the target;
 * http/target.h does.
 */
#include "http/request.h"

#include <string.h>

#include "base/compiler.h"
#include "http/host.h"
#include "http/syntax.h"

static struct slice slice_from(struct slice s, size_t off)
{
	return (struct slice){s.ptr + off, s.len - off};
}

static enum http_verdict bad(struct http_request *request, unsigned status)
{
	request->status = status;
	return HTTP_REQUEST_BAD;
}

/* What the page says of mistakes that are made by hand. */
static const char advice_line_end[] =
	"Each line of a request ends in CR LF, not in LF alone, and an empty "
	"line ends it: printf 'GET / HTTP/1.0\\r\\n\\r\\n'.";
static const char advice_line[] =
	"A request begins with a line such as GET / HTTP/1.1: a method, a path "
	"and the version, with one space between them.";
static const char advice_encode[] =
	"In an address, a space, some other signs and every byte that is not "
	"ASCII must be percent-encoded: a space is written %20.";
static const char advice_host[] =
	"An HTTP/1.1 request names its host, once, in a field such as "
	"Host: localhost.";

/* The status of a malformed request, with a sentence about it. */
static unsigned malformed(struct http_request *request, const char *advice)
{
	request->advice = advice;
	return 400;
}

/* --- first pass: where does the head end? --- */

/* An empty line ahead of the request-line is let pass (RFC 9112, 2.2). */
static size_t leading_crlf(const char *buf, size_t len)
{
	return len >= 2 && buf[0] == '\r' && buf[1] == '\n' ? 2 : 0;
}

/*
 * Finds the CRLF CRLF. Every LF must follow a CR, so the empty line is an LF
 * with "CR LF CR" before it; or with just a CR before it where the head begins,
 * which is the second empty line before a request-line and so an error.
 */
static enum http_verdict find_end(struct http_request *request, const char *buf,
				  size_t limit, size_t start, size_t looked)
{
	size_t at = looked;

	while (at < limit) {
		const char *lf = memchr(buf + at, '\n', limit - at);

		if (!lf)
			break;
		at = (size_t)(lf - buf) + 1;
		if (at < start + 2 || lf[-1] != '\r')
			return bad(request,
				   malformed(request, advice_line_end));
		if (at == start + 2)
			return bad(request, malformed(request, advice_line));
		if (at >= start + 4 && lf[-2] == '\n') {
			request->head_len = at;
			return HTTP_REQUEST_DONE;
		}
	}
	return HTTP_REQUEST_PARTIAL;
}

/* --- second pass: the request-line --- */

static enum http_method method_of(struct slice text)
{
	static const char *const known[] = {
		"POST", "PUT", "DELETE", "CONNECT", "TRACE", "PATCH",
	};

	if (slice_is(text, "GET"))
		return HTTP_METHOD_GET;
	if (slice_is(text, "HEAD"))
		return HTTP_METHOD_HEAD;
	if (slice_is(text, "OPTIONS"))
		return HTTP_METHOD_OPTIONS;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (slice_is(text, known[i]))
			return HTTP_METHOD_KNOWN;
	return HTTP_METHOD_UNKNOWN;
}

/*
 * HTTP-version (RFC 9112, 2.3). Returns 0, or the status for one that is
 * malformed (400) or of another major version (505).
 */
static unsigned parse_version(struct http_request *request, struct slice text)
{
	if (text.len != 8 || memcmp(text.ptr, "HTTP/", 5) != 0 ||
	    !http_is_digit(text.ptr[5]) || text.ptr[6] != '.' ||
	    !http_is_digit(text.ptr[7]))
		return malformed(request, memchr(text.ptr, ' ', text.len)
						  ? advice_encode
						  : advice_line);
	if (text.ptr[5] != '1')
		return 505;
	request->minor = (unsigned)(text.ptr[7] - '0');
	return 0;
}

/* Cuts what stands before the space off *line; false when there is none. */
static inline bool cut_word(struct slice *line, enum http_byte class,
			    struct slice *word)
{
	size_t len = http_span(*line, class);

	*word = (struct slice){line->ptr, len};
	if (len == 0 || len == line->len || line->ptr[len] != ' ')
		return false;
	*line = slice_from(*line, len + 1);
	return true;
}

/*
 * method SP request-target SP HTTP-version; returns 0 or a status. Of a line
 * that is not whole, 0 means that the rest of it may still make it good.
 */
static unsigned parse_request_line(struct http_request *request,
				   struct slice line, bool is_whole)
{
	struct slice word;

	if (!cut_word(&line, HTTP_BYTE_TOKEN, &word)) {
		if (!is_whole && word.len == line.len)
			return 0;
		return malformed(request, advice_line);
	}
	request->method_text = word;
	request->method = method_of(word);
	if (!cut_word(&line, HTTP_BYTE_TARGET, &word)) {
		if (!is_whole && word.len == line.len)
			return 0;
		if (word.len == line.len || line.ptr[word.len] == ' ')
			return malformed(request, advice_line);
		return malformed(request, advice_encode);
	}
	request->target = word;
	return is_whole ? parse_version(request, line) : 0;
}

/* What is wrong with the first bytes of a request-line that is too long. */
static unsigned judge_long_line(struct http_request *request, struct slice line,
				size_t size)
{
	unsigned status;

	line.len = size;
	status = parse_request_line(request, line, false);
	if (status != 0)
		return status;
	return memchr(line.ptr, ' ', line.len) ? 414 : 501;
}

/* --- second pass: the fields --- */

static enum http_field_id field_id(struct slice name)
{
#define NAME(text)                                                             \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}
	static const struct slice names[HTTP_FIELD_N] = {
		[HTTP_FIELD_ACCEPT] = NAME("accept"),
		[HTTP_FIELD_ACCEPT_ENCODING] = NAME("accept-encoding"),
		[HTTP_FIELD_CONNECTION] = NAME("connection"),
		[HTTP_FIELD_CONTENT_LENGTH] = NAME("content-length"),
		[HTTP_FIELD_EXPECT] = NAME("expect"),
		[HTTP_FIELD_HOST] = NAME("host"),
		[HTTP_FIELD_IF_MATCH] = NAME("if-match"),
		[HTTP_FIELD_IF_MODIFIED_SINCE] = NAME("if-modified-since"),
		[HTTP_FIELD_IF_NONE_MATCH] = NAME("if-none-match"),
		[HTTP_FIELD_IF_RANGE] = NAME("if-range"),
		[HTTP_FIELD_IF_UNMODIFIED_SINCE] = NAME("if-unmodified-since"),
		[HTTP_FIELD_RANGE] = NAME("range"),
		[HTTP_FIELD_REFERER] = NAME("referer"),
		[HTTP_FIELD_TRANSFER_ENCODING] = NAME("transfer-encoding"),
		[HTTP_FIELD_USER_AGENT] = NAME("user-agent"),
	};
#undef NAME

	for (int id = HTTP_FIELD_OTHER + 1; id < HTTP_FIELD_N; id++)
		if (names[id].len == name.len &&
		    slice_eq_nocase(name, names[id]))
			return (enum http_field_id)id;
	return HTTP_FIELD_OTHER;
}

/*
 * field-name ":" OWS field-value OWS (RFC 9112, 5). A line that begins with
 * white space is obs-fold, and has no name: refused like any other.
 */
static unsigned request_parse_field(struct http_request *request,
				    const struct http_limits *limits,
				    struct slice line)
{
	size_t len = http_span(line, HTTP_BYTE_TOKEN);
	struct http_field *field;
	struct slice value;

	if (len == 0 || len == line.len || line.ptr[len] != ':')
		return 400;
	value = slice_from(line, len + 1);
	if (!http_is_all(value, HTTP_BYTE_VALUE))
		return 400;
	if (request->n_fields == limits->n_fields)
		return 431;
	field = &request->fields[request->n_fields++];
	field->id = field_id((struct slice){line.ptr, len});
	field->value = slice_trim(value);
	request->present |= 1U << field->id;
	return 0;
}

const struct http_field *http_request_next(const struct http_request *request,
					   enum http_field_id id, size_t *at)
{
	if (!(request->present & 1U << id))
		return NULL;
	while (*at < request->n_fields) {
		const struct http_field *field = &request->fields[(*at)++];

		if (field->id == id)
			return field;
	}
	return NULL;
}

const struct http_field *http_request_only(const struct http_request *request,
					   enum http_field_id id)
{
	size_t at = 0;
	const struct http_field *field = http_request_next(request, id, &at);

	return field && !http_request_next(request, id, &at) ? field : NULL;
}

/* The number of field lines with this id; *first is the first one. */
static size_t find_field(const struct http_request *request,
			 enum http_field_id id, const struct http_field **first)
{
	size_t at = 0, n = 0;
	const struct http_field *field;

	*first = NULL;
	while ((field = http_request_next(request, id, &at))) {
		if (n++ == 0)
			*first = field;
	}
	return n;
}

/* --- second pass: what the fields say about the message --- */

/*
 * Content-Length: one line, one number (RFC 9112, 6.3). Repeated ones are
 * refused even when they agree. A number too large for any content is refused.
 */
static unsigned judge_content_length(struct http_request *request)
{
	const struct http_field *field;
	size_t n = find_field(request, HTTP_FIELD_CONTENT_LENGTH, &field);

	if (n == 0)
		return 0;
	if (n > 1 || field->value.len == 0 || field->value.len > 18)
		return 400;
	for (size_t i = 0; i < field->value.len; i++) {
		if (!http_is_digit(field->value.ptr[i]))
			return 400;
		if (field->value.ptr[i] != '0')
			request->has_content = true;
	}
	return 0;
}

/*
 * Transfer-Encoding (RFC 9112, 6.1): alone, in HTTP/1.1, with "chunked" last
 * and once. A coding that we do not know before it is 501.
 */
static unsigned judge_transfer_encoding(struct http_request *request)
{
	const struct http_field *field, *content_length;
	size_t n = find_field(request, HTTP_FIELD_TRANSFER_ENCODING, &field);
	size_t n_codings = 0;
	struct slice list, coding;
	bool is_chunked = false;

	if (n == 0)
		return 0;
	if (n > 1 || request->minor == 0 ||
	    find_field(request, HTTP_FIELD_CONTENT_LENGTH, &content_length) > 0)
		return 400;
	list = field->value;
	for (; slice_next_element(&list, &coding); n_codings++) {
		if (is_chunked)
			return 400;
		is_chunked = slice_is_nocase(coding, "chunked");
	}
	if (!is_chunked)
		return 400;
	request->has_content = request->is_chunked = true;
	return n_codings > 1 ? 501 : 0;
}

/* Exactly one valid Host in HTTP/1.1, at most one in 1.0 (RFC 9112, 3.2). */
static unsigned judge_host(struct http_request *request)
{
	const struct http_field *field;
	size_t n = find_field(request, HTTP_FIELD_HOST, &field);

	if (n > 1 || (n == 0 && request->minor > 0) ||
	    (n == 1 && !http_host_is_valid(field->value)))
		return malformed(request, advice_host);
	return 0;
}

/* Persistence (RFC 9112, 9.3): "close" wins over "keep-alive". */
static bool wants_keep_alive(const struct http_request *request)
{
	const struct http_field *field;
	struct slice list, option;
	size_t at = 0;
	bool keep = request->minor > 0;

	/* A later 1.x may frame what follows in ways we do not know. */
	if (request->minor > 1)
		return false;
	while ((field = http_request_next(request, HTTP_FIELD_CONNECTION,
					  &at))) {
		list = field->value;
		while (slice_next_element(&list, &option)) {
			if (slice_is_nocase(option, "close"))
				return false;
			if (slice_is_nocase(option, "keep-alive"))
				keep = true;
		}
	}
	return keep;
}

/* Cuts the next line, without its CRLF, off the head. */
static struct slice next_line(struct slice *head)
{
	const char *lf = memchr(head->ptr, '\n', head->len);
	size_t len = (size_t)(lf - head->ptr) + 1;
	struct slice line = {head->ptr, len - 2};

	*head = slice_from(*head, len);
	return line;
}

/*
 * Parses a head whose every line is known to end in CRLF. A malformed line wins
 * over all; then another major version, whose framing is not ours to judge.
 */
static unsigned parse_head(struct http_request *request,
			   const struct http_limits *limits, struct slice head)
{
	unsigned status, line_status;
	struct slice line = next_line(&head);

	if (line.len + 2 > limits->line_size)
		return judge_long_line(request, line, limits->line_size);
	line_status = parse_request_line(request, line, true);
	if (line_status == 400)
		return 400;
	for (line = next_line(&head); line.len > 0; line = next_line(&head)) {
		status = request_parse_field(request, limits, line);
		if (status != 0)
			return status;
	}
	if (line_status != 0)
		return line_status;
	status = judge_content_length(request);
	if (status == 0)
		status = judge_transfer_encoding(request);
	if (status == 0)
		status = judge_host(request);
	return status;
}

/*
 * Judges the line that a partial head begins with, which may be partial itself:
 * TLS, another protocol, a word typed by hand are told at once, and not when
 * their time is up. Once it is whole and was judged, it is passed over.
 */
static unsigned judge_first_line(struct http_request *request,
				 const struct http_limits *limits,
				 struct slice head, size_t looked)
{
	const char *lf = memchr(head.ptr, '\n', head.len);
	struct slice line = head;

	if (lf) {
		line.len = (size_t)(lf - head.ptr) - 1;
		if (line.len + 2 <= looked)
			return 0;
	}
	if (line.len + (lf ? 2 : 1) > limits->line_size)
		return judge_long_line(request, line, limits->line_size);
	return parse_request_line(request, line, lf != NULL);
}

/* Refuses a partial head that no further byte can make good. */
static enum http_verdict judge_partial(struct http_request *request,
				       const struct http_limits *limits,
				       const char *buf, size_t limit,
				       size_t start, size_t looked)
{
	struct slice head = {buf + start, limit - start};
	unsigned status;

	/* An empty line may begin here. */
	if (start == 0 && slice_is(head, "\r"))
		return HTTP_REQUEST_PARTIAL;
	status = judge_first_line(request, limits, head, looked - start);
	/* A field of another version's may still be malformed, which wins. */
	if (status != 0 && status != 505)
		return bad(request, status);
	if (limit == limits->head_size)
		return bad(request, 431);
	if (memchr(buf + looked, '\0', limit - looked))
		return bad(request, 400);
	return HTTP_REQUEST_PARTIAL;
}

const struct http_limits http_limits_standard = {
	.line_size = HTTP_LINE_MAX,
	.head_size = HTTP_HEAD_MAX,
	.n_fields = HTTP_FIELDS_MAX,
};

enum http_verdict http_request_parse(struct http_request *request,
				     const struct http_limits *limits,
				     const char *buf, size_t len,
				     size_t *scanned)
{
	size_t limit = len < limits->head_size ? len : limits->head_size;
	size_t start = leading_crlf(buf, limit);
	size_t looked = *scanned > start ? *scanned : start;
	enum http_verdict verdict =
		find_end(request, buf, limit, start, looked);
	unsigned status;

	request->method = HTTP_METHOD_UNKNOWN;
	request->minor = 0;
	if (verdict == HTTP_REQUEST_BAD)
		return verdict;
	request->advice = NULL;
	if (verdict == HTTP_REQUEST_PARTIAL) {
		*scanned = limit;
		return judge_partial(request, limits, buf, limit, start,
				     looked);
	}
	request->n_fields = 0;
	request->present = 0;
	request->has_content = request->is_chunked = false;
	status = parse_head(
		request, limits,
		(struct slice){buf + start, request->head_len - start});
	if (status != 0)
		return bad(request, status);
	request->keep_alive = wants_keep_alive(request);
	return HTTP_REQUEST_DONE;
}
