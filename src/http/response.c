/* SPDX-License-Identifier: MIT */
/*
 * HTTP responses as a client sees them. All of a response but its content is
 * lines. One that comes whole, as nearly every one does, is read where it
 * lies; one that comes in pieces is put together in memory of its own, and
 * each piece is looked at for what can't become a line any more. A head that
 * is byte for byte the last one is not read at all.
 */
#include "http/response.h"

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "base/units.h"
#include "http/syntax.h"

enum response_part {
	/* Lines. */
	PART_STATUS = 0,
	PART_FIELD,
	PART_CHUNK_SIZE,
	PART_CHUNK_END, /* the CRLF after it */
	PART_TRAILER,
	/* Content. */
	PART_LENGTH, /* so many bytes */
	PART_CHUNK_DATA,
	PART_UNTIL_CLOSE,
	PART_DONE
};

#define CHUNK_MAX (UINT64_C(1) << 60)

/* --- what a line, or a part of one, can't be --- */

/* "HTTP/1.1 200" and then a space or the end. */
static enum response_fault status_fault(struct slice line)
{
	static const char form[] = "HTTP/1.d Ddd";
	const size_t len = sizeof(form) - 1;

	for (size_t i = 0; i < len && i < line.len; i++) {
		char c = line.ptr[i];
		bool ok = form[i] == 'd'   ? http_is_digit(c)
			  : form[i] == 'D' ? http_is_digit(c) && c != '0'
					   : c == form[i];

		if (!ok)
			return i < strlen("HTTP/") ? RESPONSE_NOT_HTTP
						   : RESPONSE_STATUS_LINE;
	}
	if (line.len > len && !memchr(" \r\n", line.ptr[len], 3))
		return RESPONSE_STATUS_LINE;
	return RESPONSE_FAULTLESS;
}

/* The empty line that ends a head, or as much of it as there is. */
static bool is_end(struct slice line)
{
	static const char crlf[] = "\r\n";

	return line.len <= 2 &&
	       (memcmp(line.ptr, crlf, line.len) == 0 || line.ptr[0] == '\n');
}

static enum response_fault field_fault(struct slice line)
{
	size_t i = http_span(line, HTTP_BYTE_TOKEN);

	if (i == line.len || (i > 0 && line.ptr[i] == ':') || is_end(line))
		return RESPONSE_FAULTLESS;
	return RESPONSE_FIELD;
}

/* Reads the digits that are there; false when they are too many. */
static bool read_chunk_size(struct slice line, uint64_t *size, size_t *n_digits)
{
	size_t i = 0;

	for (*size = 0; i < line.len && http_hex_value(line.ptr[i]) >= 0; i++) {
		*size = *size * 16 + (uint64_t)http_hex_value(line.ptr[i]);
		if (*size >= CHUNK_MAX)
			return false;
	}
	*n_digits = i;
	return true;
}

static enum response_fault chunk_size_fault(struct slice line)
{
	size_t n_digits;
	uint64_t size;

	if (!read_chunk_size(line, &size, &n_digits))
		return RESPONSE_CHUNK;
	if (n_digits == line.len)
		return RESPONSE_FAULTLESS;
	if (n_digits == 0 || !memchr(";\t \r\n", line.ptr[n_digits], 5))
		return RESPONSE_CHUNK;
	return RESPONSE_FAULTLESS;
}

/*
 * Why that can't be the beginning of such a line, or the whole of it with its
 * LF. What is wrong stays wrong in the same way, whatever follows.
 */
static enum response_fault line_fault(int part, struct slice line)
{
	if (line.len == 0)
		return RESPONSE_FAULTLESS;
	switch (part) {
	case PART_STATUS:
		return status_fault(line);
	case PART_CHUNK_SIZE:
		return chunk_size_fault(line);
	case PART_CHUNK_END:
		return is_end(line) ? RESPONSE_FAULTLESS : RESPONSE_CHUNK;
	default:
		return field_fault(line);
	}
}

/* --- the head --- */

static bool has_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static void parse_status(struct slice text, struct response_head *head)
{
	const char *p = text.ptr + strlen("HTTP/1.");

	*head = (struct response_head){
		.is_old = *p == '0',
		.ends_connection = *p == '0',
		.status = (unsigned)(p[2] - '0') * 100 +
			  (unsigned)(p[3] - '0') * 10 + (unsigned)(p[4] - '0'),
	};
}

static bool parse_uint(struct slice text, uint64_t *out)
{
	char buf[24];

	if (text.len >= sizeof(buf))
		return false;
	memcpy(buf, text.ptr, text.len);
	buf[text.len] = '\0';
	return units_parse_uint(buf, 0, UINT64_MAX, out) == 0;
}

/* Said twice it must be the same (RFC 9110, 8.6). */
static enum response_fault parse_length(struct slice value,
					struct response_head *head)
{
	struct slice element;
	uint64_t length;
	bool any = false;

	while (slice_next_element(&value, &element)) {
		if (!parse_uint(element, &length) ||
		    (head->has_length && head->length != length))
			return RESPONSE_LENGTH;
		head->has_length = any = true;
		head->length = length;
	}
	return any ? RESPONSE_FAULTLESS : RESPONSE_LENGTH;
}

/* No other was offered, so no other may come (RFC 9112, 7). */
static enum response_fault parse_coding(struct slice value,
					struct response_head *head)
{
	if (head->is_chunked || !slice_is_nocase(value, "chunked"))
		return RESPONSE_CODING;
	head->is_chunked = true;
	return RESPONSE_FAULTLESS;
}

static void parse_connection(struct slice value, struct response_head *head)
{
	struct slice option;

	while (slice_next_element(&value, &option)) {
		if (slice_is_nocase(option, "close"))
			head->ends_connection = true;
		if (slice_is_nocase(option, "keep-alive"))
			head->ends_connection = false;
	}
}

static enum response_fault parse_field(struct slice text,
				       struct response_head *head)
{
	const char *colon = memchr(text.ptr, ':', text.len);
	struct slice name = {text.ptr, (size_t)(colon - text.ptr)};
	struct slice value =
		slice_trim((struct slice){colon + 1, text.len - name.len - 1});

	if (slice_is_nocase(name, "content-length"))
		return parse_length(value, head);
	if (slice_is_nocase(name, "transfer-encoding"))
		return parse_coding(value, head);
	if (slice_is_nocase(name, "connection"))
		parse_connection(value, head);
	return RESPONSE_FAULTLESS;
}

/* What is wrong with a head as a whole. */
static enum response_fault head_fault(const struct response_head *head)
{
	bool has_content =
		head->is_chunked || (head->has_length && head->length > 0);

	if (head->status == 101)
		return RESPONSE_SWITCH;
	if ((head->status / 100 == 1 || head->status == 204) && has_content)
		return RESPONSE_CONTENT;
	if (head->is_chunked && head->is_old)
		return RESPONSE_CODING;
	if (head->is_chunked && head->has_length)
		return RESPONSE_LENGTH;
	return RESPONSE_FAULTLESS;
}

/* What follows the head. */
static void begin_content(struct response *reply)
{
	const struct response_head *head = &reply->head;

	reply->fault = head_fault(head);
	if (head->status / 100 == 1)
		reply->part = PART_STATUS; /* interim; the real one follows */
	else if (head->status == 204 || head->status == 304)
		reply->part = PART_DONE;
	else if (head->is_chunked)
		reply->part = PART_CHUNK_SIZE;
	else if (head->has_length)
		reply->part = head->length > 0 ? PART_LENGTH : PART_DONE;
	else
		reply->part = PART_UNTIL_CLOSE;
	reply->left = head->length;
	if (head->is_chunked)
		reply->n_lined = 0;
}

/* --- lines --- */

static void take_field(struct response *reply, struct slice text)
{
	if (text.len > 0)
		reply->fault = parse_field(text, &reply->head);
	else
		begin_content(reply);
}

static void take_chunk_size(struct response *reply, struct slice text)
{
	size_t n_digits;

	(void)read_chunk_size(text, &reply->left, &n_digits);
	reply->part = reply->left > 0 ? PART_CHUNK_DATA : PART_TRAILER;
}

/* Acts on a whole line, without its CRLF. */
static void take_text(struct response *reply, struct slice text)
{
	switch (reply->part) {
	case PART_STATUS:
		parse_status(text, &reply->head);
		reply->part = PART_FIELD;
		break;
	case PART_FIELD:
		take_field(reply, text);
		break;
	case PART_CHUNK_SIZE:
		take_chunk_size(reply, text);
		break;
	case PART_CHUNK_END:
		reply->part = PART_CHUNK_SIZE;
		reply->n_lined = 0;
		break;
	default:
		if (text.len == 0)
			reply->part = PART_DONE;
		break;
	}
}

static enum response_fault control_fault(int part)
{
	if (part == PART_STATUS)
		return RESPONSE_STATUS_LINE;
	return part == PART_CHUNK_SIZE ? RESPONSE_CHUNK : RESPONSE_FIELD;
}

/* A whole line with its LF. */
static void take_line(struct response *reply, struct slice line)
{
	size_t end = line.len - 1;
	bool is_bare = end == 0 || line.ptr[end - 1] != '\r';
	struct slice text = {line.ptr, is_bare ? end : end - 1};

	if (has_control(text))
		reply->fault = control_fault(reply->part);
	else if (is_bare)
		reply->fault = RESPONSE_BARE_LF;
	else
		take_text(reply, text);
}

/* Keeps a piece of a line until the rest comes. False when out of memory. */
static bool hold(struct response *reply, const char *buf, size_t len)
{
	char *held;

	if (len == 0)
		return true;
	held = realloc(reply->held, reply->n_held + len);
	if (!held)
		return false;
	memcpy(held + reply->n_held, buf, len);
	reply->held = held;
	reply->n_held += len;
	return true;
}

/* Takes a line, or a piece of one. Returns how much of buf it took. */
static size_t feed_line(struct response *reply, const char *buf, size_t len)
{
	const char *lf = memchr(buf, '\n', len);
	size_t n = lf ? (size_t)(lf + 1 - buf) : len;
	size_t room = RESPONSE_HEAD_MAX - reply->n_lined;
	bool is_whole = lf && n <= room, is_long = n > room;
	struct slice line = {buf, is_long ? room : n};

	reply->n_lined += line.len;
	if (!is_whole || reply->n_held > 0) {
		if (!hold(reply, buf, line.len)) {
			reply->fault = RESPONSE_TOO_LONG;
			return n;
		}
		line = (struct slice){reply->held, reply->n_held};
	}
	reply->fault = line_fault(reply->part, line);
	if (reply->fault == RESPONSE_FAULTLESS && is_whole)
		take_line(reply, line);
	else if (reply->fault == RESPONSE_FAULTLESS && is_long)
		reply->fault = RESPONSE_TOO_LONG;
	if (is_whole)
		response_clear(reply);
	return n;
}

/* --- content --- */

/* Content of known length: the whole, or a chunk. */
static size_t skip_content(struct response *reply, size_t len, int after)
{
	size_t n = len < reply->left ? len : (size_t)reply->left;

	reply->left -= n;
	reply->body += n;
	if (reply->left == 0)
		reply->part = after;
	return n;
}

static size_t feed_part(struct response *reply, const char *buf, size_t len)
{
	switch (reply->part) {
	case PART_LENGTH:
		return skip_content(reply, len, PART_DONE);
	case PART_CHUNK_DATA:
		return skip_content(reply, len, PART_CHUNK_END);
	case PART_UNTIL_CLOSE:
		reply->body += len;
		return len;
	default:
		return feed_line(reply, buf, len);
	}
}

/* --- the whole --- */

static bool is_in_head(int part)
{
	return part == PART_STATUS || part == PART_FIELD;
}

/* Nothing of the response has been read. */
static bool is_at_start(const struct response *reply)
{
	return reply->part == PART_STATUS && reply->n_lined == 0;
}

/* Takes the whole head from memory. Returns its length, or 0. */
static size_t recall(struct response *reply, const struct response_memo *memo,
		     const char *buf, size_t len)
{
	if (memo->len == 0 || len < memo->len ||
	    memcmp(buf, memo->bytes, memo->len) != 0)
		return 0;
	reply->head = memo->head;
	begin_content(reply);
	return memo->len;
}

static void remember(struct response_memo *memo, const char *buf, size_t len,
		     const struct response_head *head)
{
	if (len > sizeof(memo->bytes))
		return;
	memcpy(memo->bytes, buf, len);
	memo->len = len;
	memo->head = *head;
}

enum response_verdict response_feed(struct response *reply,
				    struct response_memo *memo, const char *buf,
				    size_t len, size_t *used)
{
	bool is_fresh = is_at_start(reply);
	size_t at = is_fresh ? recall(reply, memo, buf, len) : 0;

	is_fresh = is_fresh && at == 0;
	while (at < len && reply->part != PART_DONE &&
	       reply->fault == RESPONSE_FAULTLESS) {
		bool was_in_head = is_in_head(reply->part);

		at += feed_part(reply, buf + at, len - at);
		if (was_in_head && !is_in_head(reply->part) && is_fresh &&
		    reply->fault == RESPONSE_FAULTLESS)
			remember(memo, buf, at, &reply->head);
	}
	*used = at;
	if (reply->fault != RESPONSE_FAULTLESS)
		return RESPONSE_BAD;
	return reply->part == PART_DONE ? RESPONSE_DONE : RESPONSE_PARTIAL;
}

enum response_verdict response_end(const struct response *reply)
{
	return reply->part == PART_UNTIL_CLOSE ? RESPONSE_DONE
					       : RESPONSE_PARTIAL;
}

bool response_is_in_head(const struct response *reply)
{
	return reply->part == PART_FIELD ||
	       (reply->part == PART_STATUS && reply->n_held > 0);
}

void response_next(struct response *reply)
{
	response_clear(reply);
	*reply = (struct response){0};
}

void response_clear(struct response *reply)
{
	free(reply->held);
	reply->held = NULL;
	reply->n_held = 0;
}
