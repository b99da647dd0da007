/* SPDX-License-Identifier: MIT */
/*
 * From a request's bytes to the fields of its answer: which of them each status
 * must carry and which it must not (RFC 9110, 15), and that the length which
 * the head says is the length that goes out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "harness.h"
#include "http/answer.h"
#include "http/head.h"
#include "http_fixture.h"

#define TAG	   "\"1f-264-65-0\""
#define MODIFIED_S 784111777
#define MODIFIED   "Sun, 06 Nov 1994 08:49:37 GMT"
#define NOW_S	   1900000000
#define SIZE	   612
#define BOUNDARY   "0123456789abcdef"

static const struct http_file plain = {
	.kind = HTTP_FILE_REGULAR,
	.size = SIZE,
	.mtime_s = MODIFIED_S,
	.etag = {TAG, sizeof(TAG) - 1},
	.media_type = "text/plain; charset=utf-8",
	.coding = HTTP_CODING_IDENTITY,
};

static const struct http_policy policy = {.now_s = NOW_S, .max_age_s = 60};

/* An answer and its head. */
struct got {
	struct http_answer answer;
	uint64_t length;
	char head[2048];
};

/* Decides as the server does, for a file with these codings beside it. */
static struct got *get(const char *method, const char *fields, unsigned codings,
		       const struct http_policy *how)
{
	static struct got got;
	struct asked *asked = http_fixture_ask_with(method, fields);
	struct http_file file = plain;
	struct text text = text_in(got.head, sizeof(got.head) - 1);
	char date[HTTP_DATE_LEN];

	file.codings = codings;
	file.coding = http_coding_choose(&asked->request, codings);
	http_answer_file(&asked->request, &asked->target, &file, how,
			 &got.answer);
	/* A page's length is not this test's concern. */
	got.length = got.answer.content == HTTP_CONTENT_FILE
			     ? http_content_length(&got.answer, BOUNDARY)
			     : 291;
	http_date_format(how->now_s, date);
	http_head_write(&text, &got.answer, got.length, date, BOUNDARY);
	ck_assert(!text.overflow);
	ck_assert_uint_le(text.len, HTTP_HEAD_FIXED_MAX);
	got.head[text.len] = '\0';
	return &got;
}

/* The value of the only field line of this name; NULL when there is none. */
static const char *field(const char *head, const char *name)
{
	static char value[512];
	const char *found = NULL;
	size_t len = strlen(name);

	for (const char *line = strstr(head, "\r\n") + 2;
	     strncmp(line, "\r\n", 2) != 0; line = strstr(line, "\r\n") + 2) {
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		ck_assert_msg(!found, "%s twice: %s", name, head);
		found = line + len + 2;
	}
	if (!found)
		return NULL;
	(void)snprintf(value, sizeof(value), "%.*s",
		       (int)(strstr(found, "\r\n") - found), found);
	return value;
}

#define GZ (1U << HTTP_CODING_GZIP)

/* NULL: the field must not be there. "?": any value. */
static const struct field_row {
	const char *method;
	const char *fields;
	unsigned codings;
	unsigned status;
	const char *name;
	const char *value;
	const char *why; /* with the section of RFC 9110 */
} rows[] = {
	/* 200 */
	{"GET", "", 0, 200, "Content-Length", "612", "8.6"},
	{"GET", "", 0, 200, "Content-Type", "text/plain; charset=utf-8", "8.3"},
	{"GET", "", 0, 200, "ETag", TAG, "8.8.3"},
	{"GET", "", 0, 200, "Last-Modified", MODIFIED, "8.8.2"},
	{"GET", "", 0, 200, "Date", "?", "6.6.1"},
	{"GET", "", 0, 200, "Accept-Ranges", "bytes", "14.3"},
	{"GET", "", 0, 200, "Cache-Control", "max-age=60", "RFC 9111, 5.2"},
	{"GET", "", 0, 200, "X-Content-Type-Options", "nosniff", "no sniffing"},
	{"GET", "", 0, 200, "Vary", NULL, "12.5.5: nothing was chosen"},
	{"GET", "", 0, 200, "Content-Encoding", NULL, "8.4: none"},
	{"GET", "", 0, 200, "Content-Range", NULL, "14.4: for 206 and 416"},
	{"GET", "", 0, 200, "Transfer-Encoding", NULL, "RFC 9112, 6.2"},
	{"GET", "", 0, 200, "Location", NULL, "10.2.2: no redirect"},
	{"GET", "", 0, 200, "Allow", NULL, "10.2.1: not asked"},
	{"GET", "", GZ, 200, "Vary", "Accept-Encoding",
	 "12.5.5: another request might have got the other"},
	{"GET", "", GZ, 200, "Content-Encoding", NULL, "8.4: plain"},
	{"GET", "Accept-Encoding: gzip\r\n", GZ, 200, "Vary", "Accept-Encoding",
	 "12.5.5"},
	{"GET", "Accept-Encoding: gzip\r\n", GZ, 200, "Content-Encoding",
	 "gzip", "8.4"},
	{"GET", "Accept-Encoding: x-gzip\r\n", GZ, 200, "Content-Encoding",
	 "gzip", "8.4.1.3: one name"},
	{"GET", "Accept-Encoding: gzip\r\n", GZ, 200, "Content-Type",
	 "text/plain; charset=utf-8", "8.3: of what is encoded"},
	{"GET", "Accept-Encoding: gzip\r\n", 0, 200, "Vary", NULL,
	 "12.5.5: there is only one"},

	/* HEAD: the same, 9.3.2 */
	{"HEAD", "", 0, 200, "Content-Length", "612", "8.6"},
	{"HEAD", "", 0, 200, "Content-Type", "text/plain; charset=utf-8",
	 "9.3.2"},
	{"HEAD", "", 0, 200, "ETag", TAG, "9.3.2"},
	{"HEAD", "", 0, 200, "Last-Modified", MODIFIED, "9.3.2"},
	{"HEAD", "", 0, 200, "Accept-Ranges", "bytes", "14.3"},
	{"HEAD", "Range: bytes=0-1\r\n", 0, 200, "Content-Length", "612",
	 "14.2: Range is for GET"},
	{"HEAD", "Range: bytes=0-1\r\n", 0, 200, "Content-Range", NULL,
	 "14.2: Range is for GET"},
	{"HEAD", "Range: bytes=700-\r\n", 0, 200, "Content-Length", "612",
	 "14.2: Range is for GET"},
	{"HEAD", "Accept-Encoding: gzip\r\n", GZ, 200, "Content-Encoding",
	 "gzip", "9.3.2"},
	{"HEAD", "If-None-Match: *\r\n", 0, 304, "ETag", TAG, "15.4.5"},

	/* 206, one part: 15.3.7.1 */
	{"GET", "Range: bytes=0-1\r\n", 0, 206, "Content-Range",
	 "bytes 0-1/612", "15.3.7.1"},
	{"GET", "Range: bytes=-1\r\n", 0, 206, "Content-Range",
	 "bytes 611-611/612", "15.3.7.1"},
	{"GET", "Range: bytes=600-\r\n", 0, 206, "Content-Length", "12", "8.6"},
	{"GET", "Range: bytes=0-1\r\n", 0, 206, "Content-Type",
	 "text/plain; charset=utf-8", "15.3.7.1: of the whole"},
	{"GET", "Range: bytes=0-1\r\n", 0, 206, "ETag", TAG, "15.3.7"},
	{"GET", "Range: bytes=0-1\r\n", 0, 206, "Last-Modified", MODIFIED,
	 "15.3.7"},
	{"GET", "Range: bytes=0-1\r\n", 0, 206, "Date", "?", "15.3.7"},
	{"GET", "Range: bytes=0-1\r\n", 0, 206, "Cache-Control", "max-age=60",
	 "15.3.7"},
	{"GET", "Range: bytes=0-1\r\n", GZ, 206, "Vary", "Accept-Encoding",
	 "15.3.7"},
	{"GET", "Range: bytes=0-1\r\nAccept-Encoding: gzip\r\n", GZ, 206,
	 "Content-Encoding", "gzip", "14: a range of what is encoded"},
	{"GET", "Range: bytes=0-1,1-2\r\n", 0, 206, "Content-Range",
	 "bytes 0-2/612", "15.3.7.1: one is left"},
	{"GET", "Range: bytes=0-1,1-2\r\n", 0, 206, "Content-Type",
	 "text/plain; charset=utf-8", "15.3.7.2: one is left, no multipart"},

	/* 206, several parts: 15.3.7.2 */
	{"GET", "Range: bytes=0-1,4-5\r\n", 0, 206, "Content-Type",
	 "multipart/byteranges; boundary=" BOUNDARY, "15.3.7.2"},
	{"GET", "Range: bytes=0-1,4-5\r\n", 0, 206, "Content-Range", NULL,
	 "15.3.7.2: not in the head"},
	{"GET", "Range: bytes=0-1,4-5\r\n", 0, 206, "ETag", TAG, "15.3.7"},
	{"GET", "Range: bytes=0-1,4-5\r\n", 0, 206, "Last-Modified", MODIFIED,
	 "15.3.7"},
	{"GET", "Range: bytes=0-1,4-5\r\n", GZ, 206, "Vary", "Accept-Encoding",
	 "15.3.7"},
	{"GET", "Range: bytes=0-1,4-5\r\n", GZ, 206, "Content-Encoding", NULL,
	 "8.4: plain"},

	/* 304: 15.4.5 */
	{"GET", "If-None-Match: *\r\n", 0, 304, "ETag", TAG, "15.4.5"},
	{"GET", "If-None-Match: *\r\n", 0, 304, "Date", "?", "15.4.5"},
	{"GET", "If-None-Match: *\r\n", 0, 304, "Cache-Control", "max-age=60",
	 "15.4.5"},
	{"GET", "If-None-Match: *\r\n", GZ, 304, "Vary", "Accept-Encoding",
	 "15.4.5"},
	{"GET", "If-None-Match: *\r\n", 0, 304, "Vary", NULL,
	 "as in the 200 that it stands for"},
	{"GET", "If-None-Match: *\r\n", 0, 304, "Last-Modified", NULL,
	 "15.4.5: nothing beside the ETag"},
	{"GET", "If-Modified-Since: " MODIFIED "\r\n", 0, 304, "Last-Modified",
	 NULL, "15.4.5: nothing beside the ETag"},
	{"GET", "If-None-Match: *\r\n", 0, 304, "Content-Length", NULL,
	 "8.6: none, or that of the 200"},
	{"GET", "If-None-Match: *\r\n", 0, 304, "Transfer-Encoding", NULL,
	 "no content"},
	{"GET", "If-None-Match: *\r\n", 0, 304, "Content-Type", NULL,
	 "15.4.5: no metadata beyond"},
	{"GET", "If-None-Match: *\r\nAccept-Encoding: gzip\r\n", GZ, 304,
	 "Content-Encoding", NULL, "15.4.5: no metadata beyond"},
	{"GET", "If-None-Match: *\r\nRange: bytes=0-1\r\n", 0, 304,
	 "Content-Range", NULL, "13.2.2: before Range"},
	{"GET", "If-Modified-Since: " MODIFIED "\r\n", 0, 304, "ETag", TAG,
	 "15.4.5"},

	/* 412: 15.5.13 */
	{"GET", "If-Match: \"b\"\r\n", 0, 412, "ETag", TAG,
	 "13.1.1: what there is instead"},
	{"GET", "If-Match: \"b\"\r\n", 0, 412, "Last-Modified", MODIFIED,
	 "what there is instead"},
	{"GET", "If-Match: \"b\"\r\n", 0, 412, "Content-Type",
	 "text/html; charset=utf-8", "15.5: a page"},
	{"GET", "If-Match: \"b\"\r\n", 0, 412, "Content-Length", "291",
	 "8.6: of the page"},
	{"GET", "If-Match: \"b\"\r\n", GZ, 412, "Vary", "Accept-Encoding",
	 "12.5.5: the tag depends on it"},
	{"GET", "If-Match: \"b\"\r\nAccept-Encoding: gzip\r\n", GZ, 412,
	 "Content-Encoding", NULL, "8.4: of the page"},
	{"GET", "If-Match: \"b\"\r\n", 0, 412, "Cache-Control", NULL,
	 "an error is not kept"},
	{"GET", "If-Match: \"b\"\r\nRange: bytes=0-1\r\n", 0, 412,
	 "Content-Range", NULL, "13.2.2: before Range"},
	{"GET", "If-Match: \"b\"\r\n", 0, 412, "Accept-Ranges", NULL,
	 "the page has none"},

	/* 416: 15.5.17 */
	{"GET", "Range: bytes=700-\r\n", 0, 416, "Content-Range", "bytes */612",
	 "15.5.17"},
	{"GET", "Range: bytes=700-\r\n", 0, 416, "Accept-Ranges", "bytes",
	 "14.3: ask again"},
	{"GET", "Range: bytes=700-\r\n", 0, 416, "Content-Type",
	 "text/html; charset=utf-8", "15.5: a page"},
	{"GET", "Range: bytes=700-\r\n", 0, 416, "Content-Length", "291",
	 "8.6: of the page"},
	{"GET", "Range: bytes=700-\r\n", 0, 416, "ETag", NULL,
	 "8.8.3: the page is not the file"},
	{"GET", "Range: bytes=700-\r\n", 0, 416, "Last-Modified", NULL,
	 "8.8.2: the page is not the file"},
	{"GET", "Range: bytes=700-\r\n", 0, 416, "Cache-Control", NULL,
	 "an error is not kept"},
	{"GET", "Range: bytes=700-\r\n", GZ, 416, "Vary", "Accept-Encoding",
	 "12.5.5: the size depends on it"},
	{"GET", "Range: bytes=700-\r\nAccept-Encoding: gzip\r\n", GZ, 416,
	 "Content-Encoding", NULL, "8.4: of the page"},

	/* 406: 15.5.7 */
	{"GET", "Accept-Encoding: identity;q=0\r\n", 0, 406, "Vary",
	 "Accept-Encoding", "12.5.5"},
	{"GET", "Accept-Encoding: *;q=0\r\n", GZ, 406, "Vary",
	 "Accept-Encoding", "12.5.5"},
	{"GET", "Accept-Encoding: *;q=0\r\n", 0, 406, "Content-Type",
	 "text/html; charset=utf-8", "15.5: a page"},
	{"GET", "Accept-Encoding: *;q=0\r\n", 0, 406, "ETag", NULL,
	 "there is none to tag"},
	{"GET", "Accept-Encoding: *;q=0\r\n", 0, 406, "Last-Modified", NULL,
	 "there is none to date"},
	{"GET", "Accept-Encoding: *;q=0\r\n", 0, 406, "Content-Encoding", NULL,
	 "8.4: of the page"},
	{"GET", "Accept-Encoding: *;q=0\r\n", 0, 406, "Accept-Ranges", NULL,
	 "the page has none"},
	{"GET", "Accept-Encoding: *;q=0\r\nIf-None-Match: *\r\n", 0, 406,
	 "ETag", NULL, "13.2.1: only what would be 2xx has preconditions"},
};

START_TEST(an_answer_has_this_field)
{
	const struct field_row *row = &rows[_i];
	struct got *got = get(row->method, row->fields, row->codings, &policy);
	const char *value = field(got->head, row->name);

	ck_assert_msg(got->answer.status == row->status, "%u, not %u: %s",
		      got->answer.status, row->status, row->why);
	if (!row->value)
		ck_assert_msg(!value, "%u with %s: %s", row->status, row->name,
			      row->why);
	else
		ck_assert_msg(value && (!strcmp(row->value, "?") ||
					!strcmp(value, row->value)),
			      "%u: %s: %s, not %s: %s", row->status, row->name,
			      value ? value : "(none)", row->value, row->why);
}
END_TEST

/* A peer that has Content-Encoding decodes the content: not a multipart. */
START_TEST(a_multipart_is_never_said_to_be_encoded)
{
	struct got *got = get("GET",
			      "Range: bytes=0-1,4-5\r\n"
			      "Accept-Encoding: gzip\r\n",
			      GZ, &policy);
	const char *type = field(got->head, "Content-Type");

	/* RFC 9110, 14.2: a server may always ignore Range. */
	if (got->answer.status == 200)
		ck_assert_str_eq(field(got->head, "Content-Encoding"), "gzip");
	else if (strncmp(type, "multipart/", strlen("multipart/")) == 0)
		ck_assert_ptr_null(field(got->head, "Content-Encoding"));
}
END_TEST

/* --- dates --- */

static const struct future_row {
	int64_t now_s;
	const char *modified;
	const char *why;
} futures[] = {
	{MODIFIED_S + 1, MODIFIED, "a second ago"},
	{MODIFIED_S, MODIFIED, "now"},
	{MODIFIED_S - 1, "Sun, 06 Nov 1994 08:49:36 GMT", "a second ahead"},
	{0, "Thu, 01 Jan 1970 00:00:00 GMT", "far ahead"},
};

/* RFC 9110, 8.8.2.1 */
START_TEST(last_modified_is_never_later_than_date)
{
	const struct future_row *row = &futures[_i];
	static const char *const fields[] = {"", "Range: bytes=0-1\r\n",
					     "If-Match: \"b\"\r\n"};
	struct http_policy at = {.now_s = row->now_s, .max_age_s = -1};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct got *got = get("GET", fields[i], 0, &at);

		ck_assert_msg(!strcmp(field(got->head, "Last-Modified"),
				      row->modified),
			      "%s: %s", row->why, got->head);
	}
}
END_TEST

/* A clock that was set back must not make a new file look unmodified. */
START_TEST(a_file_from_the_future_is_newer_than_what_was_sent_before)
{
	struct http_policy at = {.now_s = MODIFIED_S - 100, .max_age_s = -1};

	ck_assert_uint_eq(get("GET",
			      "If-Modified-Since: "
			      "Sun, 06 Nov 1994 08:47:56 GMT\r\n",
			      0, &at)
				  ->answer.status,
			  200);
	ck_assert_uint_eq(get("GET",
			      "If-Unmodified-Since: "
			      "Sun, 06 Nov 1994 08:47:56 GMT\r\n",
			      0, &at)
				  ->answer.status,
			  412);
	ck_assert_uint_eq(get("GET",
			      "Range: bytes=0-1\r\nIf-Range: "
			      "Sun, 06 Nov 1994 08:47:57 GMT\r\n",
			      0, &at)
				  ->answer.status,
			  200);
}
END_TEST

static const struct age_row {
	int64_t max_age_s;
	const char *value;
	const char *why;
} ages[] = {
	{-1, NULL, "not wished"},
	{0, "max-age=0", "ask each time"},
	{86400, "max-age=86400", "a day"},
	{INT64_MAX, "max-age=9223372036854775807", "for ever"},
};

START_TEST(cache_control_says_what_the_operator_chose)
{
	const struct age_row *row = &ages[_i];
	struct http_policy how = {.now_s = NOW_S, .max_age_s = row->max_age_s};
	const char *value =
		field(get("GET", "", 0, &how)->head, "Cache-Control");

	if (!row->value)
		ck_assert_msg(!value, "%s", row->why);
	else
		ck_assert_str_eq(value, row->value);
}
END_TEST

/* --- lengths --- */

/* What goes out: the parts' heads, and as many bytes as the ranges say. */
static uint64_t written(const struct http_answer *answer)
{
	const struct http_ranges *ranges = &answer->ranges;
	char *guard = guard_new();
	uint64_t len = 0;

	if (ranges->n == 0)
		return answer->size;
	for (size_t i = 0; i <= ranges->n; i++) {
		struct text text =
			text_in(guard - HTTP_PART_MAX, HTTP_PART_MAX);

		if (ranges->n > 1)
			http_part_write(&text, answer, i, BOUNDARY);
		ck_assert(!text.overflow);
		len += text.len;
		if (i < ranges->n)
			len += ranges->list[i].len;
	}
	return len;
}

static const struct length_row {
	const char *range;
	const char *why;
} lengths[] = {
	{"", "the whole"},
	{"0-", "a range of everything"},
	{"0-0", "a byte"},
	{"0-0,-1", "two bytes"},
	{"0-1,4-5,8-9", "three parts"},
	{"9-9,99-99", "numbers of several lengths"},
	{"0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,"
	 "26-26,28-28,30-30",
	 "the most parts"},
	{"0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,"
	 "26-26,28-28,30-30,32-32",
	 "a part too many: the whole"},
};

START_TEST(the_length_is_that_of_what_goes_out)
{
	const struct length_row *row = &lengths[_i];
	char fields[512] = "", want[32];
	struct got *got;

	if (row->range[0] != '\0')
		(void)snprintf(fields, sizeof(fields), "Range: bytes=%s\r\n",
			       row->range);
	got = get("GET", fields, 0, &policy);
	ck_assert_uint_eq(got->length, written(&got->answer));
	(void)snprintf(want, sizeof(want), "%" PRIu64, got->length);
	ck_assert_msg(!strcmp(field(got->head, "Content-Length"), want), "%s",
		      row->why);
}
END_TEST

/* The longest that a part's head can be: 64 bits thrice, a long type. */
START_TEST(the_length_holds_for_the_largest_files)
{
	static char type[128];
	struct http_answer answer = {
		.status = 206,
		.content = HTTP_CONTENT_FILE,
		.media_type = type,
		.coding = HTTP_CODING_IDENTITY,
		.size = UINT64_MAX,
		.ranges = {.n = HTTP_RANGES_MAX},
	};

	memset(type, 't', sizeof(type) - 1);
	for (size_t i = 0; i < HTTP_RANGES_MAX; i++)
		answer.ranges.list[i] =
			(struct http_range){UINT64_MAX - 100 + 2 * i, 1};
	ck_assert_uint_eq(http_content_length(&answer, BOUNDARY),
			  written(&answer));
	answer.ranges.n = 1;
	answer.ranges.list[0] = (struct http_range){1, UINT64_MAX - 1};
	ck_assert_uint_eq(http_content_length(&answer, BOUNDARY),
			  UINT64_MAX - 1);
}
END_TEST

/* --- multipart --- */

static void assert_part(const struct http_answer *answer, size_t i,
			const char *want)
{
	char buf[HTTP_PART_MAX];
	struct text text = text_in(buf, sizeof(buf));

	http_part_write(&text, answer, i, BOUNDARY);
	ck_assert(!text.overflow);
	ck_assert_msg(slice_is(text_slice(&text), want), "%.*s", (int)text.len,
		      buf);
}

/* RFC 9110, 14.6, and RFC 2046, 5.1.1 */
START_TEST(parts_stand_between_boundaries)
{
	struct got *got = get("GET", "Range: bytes=0-1,-2\r\n", 0, &policy);

	assert_part(&got->answer, 0,
		    "\r\n--" BOUNDARY "\r\n"
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Range: bytes 0-1/612\r\n\r\n");
	assert_part(&got->answer, 1,
		    "\r\n--" BOUNDARY "\r\n"
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Range: bytes 610-611/612\r\n\r\n");
	assert_part(&got->answer, 2, "\r\n--" BOUNDARY "--\r\n");
}
END_TEST

/* --- listings --- */

static const struct listing_row {
	const char *head;
	bool as_json;
	const char *name;
	const char *value; /* NULL: must not be there */
	const char *why;
} listings[] = {
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Content-Type",
	 "text/html; charset=utf-8", "for people"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", true, "Content-Type",
	 "application/json", "for programs"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Vary", "Accept",
	 "RFC 9110, 12.5.5"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Transfer-Encoding",
	 "chunked", "RFC 9112, 6.1: of unknown length"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Content-Length", NULL,
	 "RFC 9112, 6.2: never both"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Connection", NULL,
	 "stays"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "ETag", NULL,
	 "made anew each time"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Last-Modified", NULL,
	 "made anew each time"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Accept-Ranges", NULL,
	 "RFC 9110, 14.3: none"},
	{"HEAD /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Content-Type",
	 "text/html; charset=utf-8", "RFC 9110, 9.3.2"},
	{"HEAD /a/ HTTP/1.1\r\nHost: h\r\n\r\n", false, "Content-Length", NULL,
	 "RFC 9110, 8.6: not known"},
	{"GET /a/ HTTP/1.0\r\n\r\n", false, "Transfer-Encoding", NULL,
	 "RFC 9112, 6.1: not to HTTP/1.0"},
	{"GET /a/ HTTP/1.0\r\n\r\n", false, "Content-Length", NULL,
	 "not known"},
	{"GET /a/ HTTP/1.0\r\n\r\n", false, "Connection", "close",
	 "RFC 9112, 6.3: the end is the end"},
	{"GET /a/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false,
	 "Connection", "close", "RFC 9112, 6.3: whatever was asked"},
	{"GET /a/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false,
	 "Transfer-Encoding", "chunked", "the end can be told from a failure"},
};

START_TEST(a_listing_has_this_field)
{
	const struct listing_row *row = &listings[_i];
	struct asked *asked = http_fixture_ask(row->head);
	char head[2048], date[HTTP_DATE_LEN];
	struct text text = text_in(head, sizeof(head) - 1);
	struct http_answer answer;
	const char *value;

	http_answer_listing(&asked->request, &asked->target, row->as_json,
			    &answer);
	http_date_format(NOW_S, date);
	http_head_write(&text, &answer, 0, date, BOUNDARY);
	ck_assert(!text.overflow);
	head[text.len] = '\0';
	ck_assert_uint_eq(answer.status, 200);
	ck_assert_int_eq(answer.content, HTTP_CONTENT_LISTING);
	ck_assert_int_eq(answer.head_only, row->head[0] == 'H');
	value = field(head, row->name);
	if (!row->value)
		ck_assert_msg(!value, "%s: %s", row->name, row->why);
	else
		ck_assert_msg(value && !strcmp(value, row->value), "%s: %s: %s",
			      row->name, value ? value : "(none)", row->why);
}
END_TEST

#define LIST(fields) "GET /a/ HTTP/1.1\r\nHost: h\r\n" fields "\r\n"

/* A listing exists, but has neither a tag nor a date. */
static const struct listing_condition_row {
	const char *head;
	unsigned status;
	const char *why; /* with the section of RFC 9110 */
} listing_conditions[] = {
	{LIST("If-Match: *\r\n"), 200, "13.1.1: it exists"},
	{LIST("If-Match: \"a\"\r\n"), 412, "13.1.1: it has no tag"},
	{LIST("If-Match: \"\"\r\n"), 412, "13.1.1: not even an empty one"},
	{LIST("If-Match: \r\n"), 412, "13.1.1: none is named"},
	{LIST("If-None-Match: *\r\n"), 304, "13.1.2: it exists"},
	{LIST("If-None-Match: \"a\"\r\n"), 200, "13.1.2: it has no tag"},
	{LIST("If-None-Match: \"\"\r\n"), 200, "not even an empty one"},
	{LIST("If-None-Match: W/\"\"\r\n"), 200, "not even an empty one"},
	{LIST("If-Modified-Since: " MODIFIED "\r\n"), 200,
	 "13.1.3: without a date it is ignored"},
	{LIST("If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT\r\n"), 200,
	 "13.1.3: without a date it is ignored"},
	{LIST("If-Unmodified-Since: " MODIFIED "\r\n"), 200,
	 "13.1.4: without a date it is ignored"},
	{LIST("If-Unmodified-Since: Wed, 01 Jan 1960 00:00:00 GMT\r\n"), 200,
	 "13.1.4: without a date it is ignored, before 1970 as well"},
	{LIST("If-Modified-Since: Wed, 31 Dec 1969 23:59:59 GMT\r\n"), 200,
	 "13.1.3: the moment that stands for no date"},
	{LIST("Range: bytes=0-1\r\n"), 200, "14.2: no ranges of it"},
	{LIST("Range: bytes=0-1\r\nIf-Range: \"\"\r\n"), 200, "no ranges"},
	{LIST("If-Match: \"a\"\r\nIf-None-Match: *\r\n"), 412,
	 "13.2.2: If-Match comes first"},
};

START_TEST(a_listing_has_conditions_of_its_own)
{
	const struct listing_condition_row *row = &listing_conditions[_i];
	struct asked *asked = http_fixture_ask(row->head);
	char head[2048], date[HTTP_DATE_LEN];
	struct text text = text_in(head, sizeof(head) - 1);
	struct http_answer answer;

	http_answer_listing(&asked->request, &asked->target, _i % 2 == 0,
			    &answer);
	ck_assert_msg(answer.status == row->status, "%u, not %u: %s",
		      answer.status, row->status, row->why);
	http_date_format(NOW_S, date);
	http_head_write(&text, &answer, 291, date, BOUNDARY);
	head[text.len] = '\0';
	ck_assert(!text.overflow);
	ck_assert_ptr_null(field(head, "ETag"));
	ck_assert_ptr_null(field(head, "Last-Modified"));
	ck_assert_ptr_null(field(head, "Content-Range"));
	if (row->status == 412) {
		ck_assert_str_eq(field(head, "Content-Length"), "291");
		ck_assert_ptr_null(field(head, "Transfer-Encoding"));
		return;
	}
	/* 15.4.5: a 304 has the Vary of the 200 that it stands for. */
	ck_assert_msg(field(head, "Vary"), "%u without Vary: %s", row->status,
		      row->why);
	ck_assert_str_eq(field(head, "Vary"), "Accept");
	ck_assert_ptr_null(field(head, "Content-Length"));
	if (row->status == 304) {
		ck_assert_ptr_null(field(head, "Transfer-Encoding"));
		ck_assert_ptr_null(field(head, "Content-Type"));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer head");
	TCase *tcase = harness_case(suite, "fields");

	tcase_add_loop_test(tcase, an_answer_has_this_field, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, a_multipart_is_never_said_to_be_encoded);
	tcase_add_loop_test(tcase, a_listing_has_this_field, 0,
			    (int)ARRAY_LEN(listings));
	tcase_add_loop_test(tcase, a_listing_has_conditions_of_its_own, 0,
			    (int)ARRAY_LEN(listing_conditions));

	tcase = harness_case(suite, "dates");
	tcase_add_loop_test(tcase, last_modified_is_never_later_than_date, 0,
			    (int)ARRAY_LEN(futures));
	tcase_add_test(
		tcase,
		a_file_from_the_future_is_newer_than_what_was_sent_before);
	tcase_add_loop_test(tcase, cache_control_says_what_the_operator_chose,
			    0, (int)ARRAY_LEN(ages));

	tcase = harness_case(suite, "lengths");
	tcase_add_loop_test(tcase, the_length_is_that_of_what_goes_out, 0,
			    (int)ARRAY_LEN(lengths));
	tcase_add_test(tcase, the_length_holds_for_the_largest_files);
	tcase_add_test(tcase, parts_stand_between_boundaries);
	return harness_run_together(suite);
}
