/* SPDX-License-Identifier: MIT */
/*
 * From a decision to the bytes of a response's head (RFC 9112, 4 and 5), and
 * of the little heads between the parts of a multipart one. Everything in them
 * is either ours or percent-encoded; a query is repeated as it came, which the
 * parser has limited to visible ASCII.
 */
#include "http/head.h"

#include "http/status.h"

/*
 * A relative reference: a proxy that serves this server's root as a folder of
 * its own passes it on as it is, and it cannot name another host. The name is
 * written anew from its decoded form; the "./" keeps one with a colon from
 * looking like a scheme.
 */
static void add_location(struct text *text, const struct http_answer *answer)
{
	text_add_str(text, "Location: ./");
	text_add_uri_path(text, answer->location);
	text_add_char(text, '/');
	if (answer->location_query.ptr) {
		text_add_char(text, '?');
		text_add(text, answer->location_query);
	}
	text_add_str(text, "\r\n");
}

/* "bytes first-last/size", or "bytes" and a star when nothing is sent. */
static void add_content_range(struct text *text,
			      const struct http_answer *answer,
			      const struct http_range *range)
{
	text_add_str(text, "Content-Range: bytes ");
	if (range) {
		text_add_uint(text, range->first);
		text_add_char(text, '-');
		text_add_uint(text, range->first + range->len - 1);
	} else {
		text_add_char(text, '*');
	}
	text_add_char(text, '/');
	text_add_uint(text, answer->size);
	text_add_str(text, "\r\n");
}

static void add_content_type(struct text *text, const char *media_type)
{
	text_add_str(text, "Content-Type: ");
	text_add_str(text, media_type);
	text_add_str(text, "\r\n");
}

/* What kind of content it is, and how much. */
static void add_content_fields(struct text *text,
			       const struct http_answer *answer,
			       uint64_t length, const char *boundary)
{
	if (answer->ranges.n > 1) {
		text_add_str(text, "Content-Type: multipart/byteranges; "
				   "boundary=");
		text_add(text, (struct slice){boundary, HTTP_BOUNDARY_LEN});
		text_add_str(text, "\r\n");
	} else if (answer->media_type) {
		add_content_type(text, answer->media_type);
	}
	if (answer->coding != HTTP_CODING_IDENTITY) {
		text_add_str(text, "Content-Encoding: ");
		text_add_str(text, http_coding_name(answer->coding));
		text_add_str(text, "\r\n");
	}
	if (answer->status == 416)
		add_content_range(text, answer, NULL);
	else if (answer->ranges.n == 1)
		add_content_range(text, answer, &answer->ranges.list[0]);
	if (answer->chunked) {
		text_add_str(text, "Transfer-Encoding: chunked\r\n");
	} else if (answer->status != 304 && answer->status != 204 &&
		   answer->content != HTTP_CONTENT_LISTING) {
		text_add_str(text, "Content-Length: ");
		text_add_uint(text, length);
		text_add_str(text, "\r\n");
	}
}

/* By what a cache may keep and compare it. */
static void add_cache_fields(struct text *text,
			     const struct http_answer *answer)
{
	char modified[HTTP_DATE_LEN];

	if (answer->last_modified_s != HTTP_NO_DATE) {
		http_date_format(answer->last_modified_s, modified);
		text_add_str(text, "Last-Modified: ");
		text_add(text, (struct slice){modified, HTTP_DATE_LEN});
		text_add_str(text, "\r\n");
	}
	if (answer->etag.ptr) {
		text_add_str(text, "ETag: ");
		text_add(text, answer->etag);
		text_add_str(text, "\r\n");
	}
	if (answer->varies)
		text_add_str(text, "Vary: Accept-Encoding\r\n");
	if (answer->varies_by_type)
		text_add_str(text, "Vary: Accept\r\n");
	if (answer->max_age_s >= 0) {
		text_add_str(text, "Cache-Control: max-age=");
		text_add_uint(text, (uint64_t)answer->max_age_s);
		text_add_str(text, "\r\n");
	}
	if (answer->status == 416 ||
	    (answer->content == HTTP_CONTENT_FILE && answer->status < 300))
		text_add_str(text, "Accept-Ranges: bytes\r\n");
}

void http_head_write(struct text *text, const struct http_answer *answer,
		     uint64_t length, const char *date, const char *boundary)
{
	text_add_str(text, "HTTP/1.1 ");
	text_add_uint(text, answer->status);
	text_add_char(text, ' ');
	text_add_str(text, http_status_reason(answer->status));
	text_add_str(text, "\r\nServer: uppercase-server\r\nDate: ");
	text_add(text, (struct slice){date, HTTP_DATE_LEN});
	text_add_str(text, "\r\n");
	add_content_fields(text, answer, length, boundary);
	add_cache_fields(text, answer);
	if (answer->redirect)
		add_location(text, answer);
	if (answer->allow)
		text_add_str(text, "Allow: GET, HEAD, OPTIONS\r\n");
	if (answer->status == 503 || answer->status == 429)
		text_add_str(text, "Retry-After: 1\r\n");
	if (answer->close)
		text_add_str(text, "Connection: close\r\n");
	else if (answer->keep_said)
		text_add_str(text, "Connection: keep-alive\r\n");
	text_add_str(text, "X-Content-Type-Options: nosniff\r\n\r\n");
}

void http_part_write(struct text *text, const struct http_answer *answer,
		     size_t i, const char *boundary)
{
	/* The line break before a boundary belongs to it. */
	text_add_str(text, "\r\n--");
	text_add(text, (struct slice){boundary, HTTP_BOUNDARY_LEN});
	if (i == answer->ranges.n) {
		text_add_str(text, "--\r\n");
		return;
	}
	text_add_str(text, "\r\n");
	add_content_type(text, answer->media_type);
	add_content_range(text, answer, &answer->ranges.list[i]);
	text_add_str(text, "\r\n");
}

uint64_t http_content_length(const struct http_answer *answer,
			     const char *boundary)
{
	char buf[HTTP_PART_MAX];
	const struct http_ranges *ranges = &answer->ranges;
	uint64_t length = 0;

	if (ranges->n == 0)
		return answer->size;
	for (size_t i = 0; i < ranges->n; i++)
		length += ranges->list[i].len;
	for (size_t i = 0; ranges->n > 1 && i <= ranges->n; i++) {
		struct text part = text_in(buf, sizeof(buf));

		http_part_write(&part, answer, i, boundary);
		length += part.len;
	}
	return length;
}
