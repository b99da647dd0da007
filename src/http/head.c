/* SPDX-License-Identifier: MIT */
/*
 * From a decision to the bytes of a response's head (RFC 9112, 4 and 5).
 * Everything in it is either ours or percent-encoded; a query is repeated as
 * it came, which the parser has limited to visible ASCII.
 */
#include "http/head.h"

#include "http/status.h"

/*
 * The path is written anew from its decoded form, with one slash in front, so
 * that "//host" cannot come out as another host's address.
 */
static void add_location(struct text *text, const struct http_answer *answer)
{
	text_add_str(text, "Location: /");
	text_add_uri_path(text, answer->location);
	text_add_char(text, '/');
	if (answer->location_query.ptr) {
		text_add_char(text, '?');
		text_add(text, answer->location_query);
	}
	text_add_str(text, "\r\n");
}

static void add_date(struct text *text, const char *name, const char *date)
{
	text_add_str(text, name);
	text_add(text, (struct slice){date, HTTP_DATE_LEN});
	text_add_str(text, "\r\n");
}

void http_head_write(struct text *text, const struct http_answer *answer,
		     uint64_t length, const char *date)
{
	char modified[HTTP_DATE_LEN];

	text_add_str(text, "HTTP/1.1 ");
	text_add_uint(text, answer->status);
	text_add_char(text, ' ');
	text_add_str(text, http_status_reason(answer->status));
	text_add_str(text, "\r\nServer: uppercase-server\r\n");
	add_date(text, "Date: ", date);
	if (answer->media_type) {
		text_add_str(text, "Content-Type: ");
		text_add_str(text, answer->media_type);
		text_add_str(text, "\r\n");
	}
	text_add_str(text, "Content-Length: ");
	text_add_uint(text, length);
	text_add_str(text, "\r\n");
	if (answer->last_modified_s != HTTP_NO_DATE) {
		http_date_format(answer->last_modified_s, modified);
		add_date(text, "Last-Modified: ", modified);
	}
	if (answer->redirect)
		add_location(text, answer);
	if (answer->allow)
		text_add_str(text, "Allow: GET, HEAD, OPTIONS\r\n");
	if (answer->close)
		text_add_str(text, "Connection: close\r\n");
	else if (answer->keep_said)
		text_add_str(text, "Connection: keep-alive\r\n");
	text_add_str(text, "\r\n");
}
