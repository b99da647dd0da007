/* SPDX-License-Identifier: MIT */
/*
 * HTTP responses as a client sees them. A head that comes whole, as nearly
 * every one does, is parsed where it lies; one that comes in pieces is put
 * together in memory of its own. A head that is byte for byte the last one
 * is not parsed at all.
 */
#include "load/reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "base/units.h"

enum part {
	PART_HEAD = 0,
	PART_LENGTH, /* content, so many bytes */
	PART_UNTIL_CLOSE,
	PART_CHUNK_START,
	PART_CHUNK_SIZE, /* at least one digit of it */
	PART_CHUNK_EXTENSION,
	PART_CHUNK_DATA,
	PART_CHUNK_END,	    /* the CRLF after it */
	PART_TRAILER_START, /* at the start of a trailer line */
	PART_TRAILER_LINE,
	PART_TRAILER_END, /* the last LF */
	PART_DONE
};

#define CHUNK_MAX (UINT64_C(1) << 60)

/* The least that stands before any status. */
#define STATUS_LINE_MIN 12 /* "HTTP/1.1 200" */

static bool parse_status_line(struct slice line, struct reply_head *head)
{
	unsigned status = 0;

	if (line.len < STATUS_LINE_MIN || memcmp(line.ptr, "HTTP/1.", 7) != 0 ||
	    line.ptr[8] != ' ')
		return false;
	for (size_t i = 9; i < STATUS_LINE_MIN; i++) {
		if (line.ptr[i] < '0' || line.ptr[i] > '9')
			return false;
		status = status * 10 + (unsigned)(line.ptr[i] - '0');
	}
	head->status = status;
	head->ends_connection = line.ptr[7] == '0';
	return true;
}

static bool parse_length(struct slice value, struct reply_head *head)
{
	char buf[24];

	if (value.len >= sizeof(buf))
		return false;
	memcpy(buf, value.ptr, value.len);
	buf[value.len] = '\0';
	head->has_length = true;
	return units_parse_uint(buf, 0, UINT64_MAX, &head->length) == 0;
}

static void parse_connection(struct slice value, struct reply_head *head)
{
	struct slice option;

	while (slice_next_element(&value, &option)) {
		if (slice_is_nocase(option, "close"))
			head->ends_connection = true;
		if (slice_is_nocase(option, "keep-alive"))
			head->ends_connection = false;
	}
}

static bool parse_field(struct slice line, struct reply_head *head)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	struct slice name, value;

	if (!colon)
		return false;
	name = (struct slice){line.ptr, (size_t)(colon - line.ptr)};
	value = slice_trim((struct slice){colon + 1, line.len - name.len - 1});
	if (slice_is_nocase(name, "content-length"))
		return parse_length(value, head);
	if (slice_is_nocase(name, "transfer-encoding"))
		head->is_chunked = slice_is_nocase(value, "chunked");
	else if (slice_is_nocase(name, "connection"))
		parse_connection(value, head);
	return true;
}

/* Takes a line without its CRLF off the front. */
static bool next_line(struct slice *rest, struct slice *line)
{
	const char *lf = memchr(rest->ptr, '\n', rest->len);

	if (!lf)
		return false;
	*line = (struct slice){rest->ptr, (size_t)(lf - rest->ptr)};
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	rest->len -= (size_t)(lf + 1 - rest->ptr);
	rest->ptr = lf + 1;
	return true;
}

/* Reads a whole head, its empty line included. */
static bool parse_head(struct slice text, struct reply_head *head)
{
	struct slice line;

	*head = (struct reply_head){0};
	if (!next_line(&text, &line) || !parse_status_line(line, head))
		return false;
	while (next_line(&text, &line) && line.len > 0)
		if (!parse_field(line, head))
			return false;
	return true;
}

/* What follows the head. */
static enum reply_verdict begin_content(struct reply *reply)
{
	const struct reply_head *head = &reply->head;

	if (head->status / 100 == 1) {
		/* An interim response; the real one follows. */
		reply->part = PART_HEAD;
		return head->status == 101 ? REPLY_BAD : REPLY_PARTIAL;
	}
	if (head->status == 204 || head->status == 304) {
		reply->part = PART_DONE;
	} else if (head->is_chunked) {
		reply->part = PART_CHUNK_START;
		reply->left = 0;
	} else if (head->has_length) {
		reply->part = head->length > 0 ? PART_LENGTH : PART_DONE;
		reply->left = head->length;
	} else {
		reply->part = PART_UNTIL_CLOSE;
	}
	return reply->part == PART_DONE ? REPLY_DONE : REPLY_PARTIAL;
}

/* Where the head in text ends, behind its empty line; 0 when it does not. */
static size_t head_end(struct slice text)
{
	const char *at =
		text.len > 0 ? memmem(text.ptr, text.len, "\r\n\r\n", 4) : NULL;

	return at ? (size_t)(at - text.ptr) + 4 : 0;
}

static void remember(struct reply_memo *memo, struct slice text,
		     const struct reply_head *head)
{
	if (text.len > sizeof(memo->bytes))
		return;
	memcpy(memo->bytes, text.ptr, text.len);
	memo->len = text.len;
	memo->head = *head;
}

/* Keeps what there is of a head until the rest comes. */
static enum reply_verdict hold(struct reply *reply, const char *buf, size_t len)
{
	char *held;

	if (len == 0)
		return REPLY_PARTIAL;
	if (reply->n_held + len > REPLY_HEAD_MAX)
		return REPLY_BAD;
	held = realloc(reply->held, reply->n_held + len);
	if (!held)
		return REPLY_BAD;
	memcpy(held + reply->n_held, buf, len);
	reply->held = held;
	reply->n_held += len;
	return REPLY_PARTIAL;
}

/* A head of which a part is held already. */
static enum reply_verdict feed_held(struct reply *reply, const char *buf,
				    size_t len, size_t *used)
{
	size_t before = reply->n_held, end;
	struct slice text;
	bool ok;

	/* Behind its end there may be much more than a head. */
	*used = len < REPLY_HEAD_MAX - before ? len : REPLY_HEAD_MAX - before;
	if (hold(reply, buf, *used) == REPLY_BAD)
		return REPLY_BAD;
	text = (struct slice){reply->held, reply->n_held};
	end = head_end(text);
	if (end == 0)
		return reply->n_held < REPLY_HEAD_MAX ? REPLY_PARTIAL
						      : REPLY_BAD;
	*used = end - before;
	text.len = end;
	ok = parse_head(text, &reply->head);
	reply_clear(reply);
	return ok ? begin_content(reply) : REPLY_BAD;
}

static enum reply_verdict feed_head(struct reply *reply,
				    struct reply_memo *memo, const char *buf,
				    size_t len, size_t *used)
{
	struct slice text = {buf, len};

	if (reply->n_held > 0)
		return feed_held(reply, buf, len, used);
	if (memo->len > 0 && len >= memo->len &&
	    memcmp(buf, memo->bytes, memo->len) == 0) {
		reply->head = memo->head;
		*used = memo->len;
		return begin_content(reply);
	}
	text.len = head_end(text);
	if (text.len == 0) {
		*used = len;
		return hold(reply, buf, len);
	}
	if (!parse_head(text, &reply->head))
		return REPLY_BAD;
	remember(memo, text, &reply->head);
	*used = text.len;
	return begin_content(reply);
}

/* Content of known length: the whole, or a chunk. */
static size_t skip_content(struct reply *reply, size_t len, int after)
{
	size_t n = len < reply->left ? len : (size_t)reply->left;

	reply->left -= n;
	reply->body += n;
	if (reply->left == 0)
		reply->part = after;
	return n;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte of a chunk's first line: at least one digit, then what may follow.
 */
static bool feed_chunk_size(struct reply *reply, char c)
{
	int value = hex_value(c);

	if (reply->part != PART_CHUNK_EXTENSION && value >= 0) {
		reply->part = PART_CHUNK_SIZE;
		reply->left = reply->left * 16 + (uint64_t)value;
		return reply->left < CHUNK_MAX;
	}
	if (reply->part == PART_CHUNK_START ||
	    (reply->part == PART_CHUNK_SIZE && !memchr(";\t \r\n", c, 5)))
		return false;
	if (c == '\n')
		reply->part =
			reply->left > 0 ? PART_CHUNK_DATA : PART_TRAILER_START;
	else
		reply->part = PART_CHUNK_EXTENSION;
	return true;
}

/* One byte of what frames the chunks. */
static bool feed_framing(struct reply *reply, char c)
{
	switch (reply->part) {
	case PART_CHUNK_START:
	case PART_CHUNK_SIZE:
	case PART_CHUNK_EXTENSION:
		return feed_chunk_size(reply, c);
	case PART_CHUNK_END:
		if (c == '\n')
			reply->part = PART_CHUNK_START;
		return c == '\r' || c == '\n';
	case PART_TRAILER_START:
		reply->part = c == '\r'	  ? PART_TRAILER_END
			      : c == '\n' ? PART_DONE
					  : PART_TRAILER_LINE;
		return true;
	case PART_TRAILER_LINE:
		if (c == '\n')
			reply->part = PART_TRAILER_START;
		return true;
	case PART_TRAILER_END:
		reply->part = PART_DONE;
		return c == '\n';
	default:
		return false;
	}
}

static enum reply_verdict feed_content(struct reply *reply, const char *buf,
				       size_t len, size_t *used)
{
	size_t at = 0;

	while (at < len && reply->part != PART_DONE) {
		if (reply->part == PART_LENGTH) {
			at += skip_content(reply, len - at, PART_DONE);
		} else if (reply->part == PART_CHUNK_DATA) {
			at += skip_content(reply, len - at, PART_CHUNK_END);
		} else if (reply->part == PART_UNTIL_CLOSE) {
			reply->body += len - at;
			at = len;
		} else if (!feed_framing(reply, buf[at++])) {
			return REPLY_BAD;
		}
	}
	*used = at;
	return reply->part == PART_DONE ? REPLY_DONE : REPLY_PARTIAL;
}

enum reply_verdict reply_feed(struct reply *reply, struct reply_memo *memo,
			      const char *buf, size_t len, size_t *used)
{
	enum reply_verdict verdict = REPLY_PARTIAL;
	size_t part;

	*used = 0;
	while (verdict == REPLY_PARTIAL && *used < len) {
		part = 0;
		if (reply->part == PART_HEAD)
			verdict = feed_head(reply, memo, buf + *used,
					    len - *used, &part);
		else
			verdict = feed_content(reply, buf + *used, len - *used,
					       &part);
		*used += part;
	}
	return verdict;
}

enum reply_verdict reply_end(const struct reply *reply)
{
	return reply->part == PART_UNTIL_CLOSE ? REPLY_DONE : REPLY_PARTIAL;
}

bool reply_is_begun(const struct reply *reply)
{
	return reply->part != PART_HEAD || reply->n_held > 0;
}

void reply_next(struct reply *reply)
{
	reply_clear(reply);
	reply->part = PART_HEAD;
	reply->body = 0;
	reply->left = 0;
}

void reply_clear(struct reply *reply)
{
	free(reply->held);
	reply->held = NULL;
	reply->n_held = 0;
}
