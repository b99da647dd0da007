/* SPDX-License-Identifier: MIT */
/*
 * The decision: each request, given as the bytes that a client would send, and
 * each kind of file have one right answer. The tables go through the parsers,
 * so that a row says what a client says.
 */
#include "http/answer.h"

#include <string.h>

#include "harness.h"
#include "http_fixture.h"

#define HOST " HTTP/1.1\r\nHost: h\r\n"

static bool early(const struct asked *asked, struct http_answer *answer)
{
	return http_answer_early(&asked->request,
				 asked->has_target ? &asked->target : NULL,
				 answer);
}

/* --- without a file --- */

#define KEEP  false
#define CLOSE true

static const struct early_row {
	const char *head;
	unsigned status; /* 0 when the file must decide */
	bool close;
	const char *why;
} early_rows[] = {
	{"GET /" HOST "\r\n", 0, KEEP, "a file"},
	{"HEAD /" HOST "\r\n", 0, KEEP, "a file"},
	{"GET http://h/a" HOST "\r\n", 0, KEEP, "absolute-form"},
	{"GET / HTTP/1.0\r\n\r\n", 0, KEEP, "HTTP/1.0"},

	{"OPTIONS *" HOST "\r\n", 200, KEEP, "RFC 9110, 9.3.7"},
	{"OPTIONS /a" HOST "\r\n", 200, KEEP, "RFC 9110, 9.3.7"},
	{"OPTIONS /" HOST "Connection: close\r\n\r\n", 200, CLOSE, "as asked"},
	{"OPTIONS /.." HOST "\r\n", 400, CLOSE, "no valid target"},
	{"GET *" HOST "\r\n", 400, CLOSE, "RFC 9112, 3.2.4: OPTIONS only"},
	{"HEAD *" HOST "\r\n", 400, CLOSE, "RFC 9112, 3.2.4: OPTIONS only"},

	{"GET /%zz" HOST "\r\n", 400, CLOSE, "no valid target"},
	{"GET /.." HOST "\r\n", 400, CLOSE, "above the root"},
	{"GET a" HOST "\r\n", 400, CLOSE, "no valid target"},

	{"POST /" HOST "\r\n", 405, KEEP, "RFC 9110, 15.5.6"},
	{"PUT /a" HOST "\r\n", 405, KEEP, "RFC 9110, 15.5.6"},
	{"DELETE /a" HOST "\r\n", 405, KEEP, "RFC 9110, 15.5.6"},
	{"PATCH /a" HOST "\r\n", 405, KEEP, "RFC 5789"},
	{"TRACE /" HOST "\r\n", 405, KEEP, "RFC 9110, 15.5.6"},
	{"CONNECT h:1" HOST "\r\n", 405, KEEP, "RFC 9110, 15.5.6"},
	{"POST /" HOST "Connection: close\r\n\r\n", 405, CLOSE, "as asked"},
	{"POST /" HOST "Content-Length: 5\r\n\r\n", 405, CLOSE,
	 "content that is not read"},
	{"POST /" HOST "Content-Length: 0\r\n\r\n", 405, KEEP, "no content"},
	{"POST /" HOST "Transfer-Encoding: chunked\r\n\r\n", 405, CLOSE,
	 "content that is not read"},
	{"BREW /" HOST "\r\n", 501, CLOSE, "RFC 9110, 15.6.2"},
	{"get /" HOST "\r\n", 501, CLOSE, "methods are case-sensitive"},
	{"OPTIONS *" HOST "Content-Length: 5\r\n\r\n", 200, CLOSE,
	 "content that is not read"},
};

START_TEST(method_and_target_alone_decide_this)
{
	const struct early_row *row = &early_rows[_i];
	struct http_answer answer = {0};
	bool decided = early(http_fixture_ask(row->head), &answer);

	ck_assert_msg(decided == (row->status != 0), "%s", row->why);
	if (!decided)
		return;
	ck_assert_msg(answer.status == row->status, "%u: %s", answer.status,
		      row->why);
	ck_assert_msg(answer.close == row->close, "close: %s", row->why);
	ck_assert(!answer.redirect);
	ck_assert(!answer.head_only || !strncmp(row->head, "HEAD", 4));
	ck_assert(!answer.keep_said);
	ck_assert_int_eq(answer.last_modified_s, HTTP_NO_DATE);
}
END_TEST

START_TEST(an_error_has_a_page_of_html)
{
	const struct early_row *row = &early_rows[_i];
	struct http_answer answer;

	if (row->status < 400 || !early(http_fixture_ask(row->head), &answer))
		return;
	ck_assert_int_eq(answer.content, HTTP_CONTENT_PAGE);
	ck_assert_str_eq(answer.media_type, "text/html; charset=utf-8");
}
END_TEST

START_TEST(methods_are_listed_where_they_are_asked_for_or_missed)
{
	struct http_answer answer;

	ck_assert(early(http_fixture_ask("OPTIONS *" HOST "\r\n"), &answer));
	ck_assert(answer.allow);
	ck_assert_int_eq(answer.content, HTTP_CONTENT_NONE);
	ck_assert_ptr_null(answer.media_type);
	ck_assert(early(http_fixture_ask("POST /" HOST "\r\n"), &answer));
	ck_assert(answer.allow);
	ck_assert(early(http_fixture_ask("BREW /" HOST "\r\n"), &answer));
	ck_assert(!answer.allow);
	ck_assert(early(http_fixture_ask("GET *" HOST "\r\n"), &answer));
	ck_assert(!answer.allow);
}
END_TEST

static void assert_bad(const struct http_request *request, unsigned status,
		       bool head_only)
{
	struct http_answer answer;

	http_answer_bad(request, status, &answer);
	ck_assert_uint_eq(answer.status, status);
	ck_assert_int_eq(answer.head_only, head_only);
	ck_assert(answer.close);
	ck_assert(!answer.keep_said);
	ck_assert(!answer.allow);
	ck_assert(!answer.redirect);
	ck_assert_int_eq(answer.content, HTTP_CONTENT_PAGE);
	ck_assert_int_eq(answer.last_modified_s, HTTP_NO_DATE);
}

START_TEST(a_head_that_could_not_be_read_ends_the_connection)
{
	static const unsigned statuses[] = {400, 414, 431, 501, 505};
	struct http_request request = {.method = HTTP_METHOD_UNKNOWN};

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		assert_bad(&request, statuses[i], false);
	request.method = HTTP_METHOD_GET;
	assert_bad(&request, 400, false);
	/* RFC 9110, 9.3.2: no content, whatever the status. */
	request.method = HTTP_METHOD_HEAD;
	assert_bad(&request, 400, true);
}
END_TEST

START_TEST(a_head_that_did_not_arrive_ends_the_connection)
{
	assert_bad(NULL, 408, false);
}
END_TEST

/* --- with a file --- */

static const struct http_file regular = {
	.kind = HTTP_FILE_REGULAR,
	.size = UINT64_C(5000000000),
	.mtime_s = 784111777,
	.etag = {"\"tag\"", 5},
	.media_type = "text/html; charset=utf-8",
	.coding = HTTP_CODING_IDENTITY,
};

/* Long after the file was made, and nothing said about caches. */
static const struct http_policy policy = {.now_s = 1900000000, .max_age_s = -1};

static const struct http_file folder = {.kind = HTTP_FILE_DIRECTORY};

static struct http_answer answer_to(const char *head,
				    const struct http_file *file)
{
	struct asked *asked = http_fixture_ask(head);
	struct http_answer answer;

	ck_assert(asked->has_target);
	ck_assert(!early(asked, &answer));
	http_answer_file(&asked->request, &asked->target, file, &policy,
			 &answer);
	return answer;
}

static bool same(struct slice a, const char *b)
{
	return a.ptr && slice_is(a, b);
}

START_TEST(a_regular_file_is_served_whole)
{
	struct http_answer answer =
		answer_to("GET /a/b.html" HOST "\r\n", &regular);

	ck_assert_uint_eq(answer.status, 200);
	ck_assert_int_eq(answer.content, HTTP_CONTENT_FILE);
	ck_assert_uint_eq(answer.size, UINT64_C(5000000000));
	ck_assert_str_eq(answer.media_type, "text/html; charset=utf-8");
	ck_assert_int_eq(answer.last_modified_s, 784111777);
	ck_assert(!answer.head_only);
	ck_assert(!answer.close);
	ck_assert(!answer.keep_said);
	ck_assert(!answer.redirect);
	ck_assert(!answer.allow);
}
END_TEST

START_TEST(head_gets_the_same_answer_without_the_content)
{
	struct http_answer get, head;

	get = answer_to("GET /a/b.html" HOST "\r\n", &regular);
	head = answer_to("HEAD /a/b.html" HOST "\r\n", &regular);
	ck_assert(head.head_only);
	ck_assert_uint_eq(head.status, get.status);
	ck_assert_uint_eq(head.size, get.size);
	ck_assert_str_eq(head.media_type, get.media_type);
	ck_assert_int_eq(head.last_modified_s, get.last_modified_s);
	ck_assert_int_eq(head.content, get.content);
}
END_TEST

/* "/" opens the index: the file says its type, not the target. */
START_TEST(the_type_is_that_of_the_file_that_was_opened)
{
	struct http_file file = regular;

	file.media_type = "text/x-other";
	ck_assert_str_eq(answer_to("GET /a.txt/" HOST "\r\n", &file).media_type,
			 "text/x-other");
}
END_TEST

START_TEST(a_file_of_the_first_second_has_its_date)
{
	struct http_file file = regular;

	file.mtime_s = 0;
	ck_assert_int_eq(answer_to("GET /a" HOST "\r\n", &file).last_modified_s,
			 0);
}
END_TEST

/* Content-Encoding would be taken to be of the multipart. */
START_TEST(an_encoded_file_comes_in_one_range_or_whole)
{
	struct http_file file = regular;
	struct http_answer answer;

	file.size = 100;
	file.coding = HTTP_CODING_GZIP;
	answer = answer_to("GET /a" HOST "Range: bytes=2-4\r\n\r\n", &file);
	ck_assert_uint_eq(answer.status, 206);
	ck_assert_uint_eq(answer.ranges.n, 1);
	answer = answer_to("GET /a" HOST "Range: bytes=2-4,9-\r\n\r\n", &file);
	ck_assert_uint_eq(answer.status, 200);
	ck_assert_uint_eq(answer.ranges.n, 0);
	file.coding = HTTP_CODING_IDENTITY;
	answer = answer_to("GET /a" HOST "Range: bytes=2-4,9-\r\n\r\n", &file);
	ck_assert_uint_eq(answer.status, 206);
	ck_assert_uint_eq(answer.ranges.n, 2);
}
END_TEST

static const struct redirect_row {
	const char *head;
	const char *name;
	const char *query; /* NULL for none */
	const char *why;
} redirects[] = {
	{"GET /a" HOST "\r\n", "a", NULL, "a folder"},
	{"GET /a/b" HOST "\r\n", "b", NULL, "a folder in a folder"},
	{"GET /a?b=c" HOST "\r\n", "a", "b=c", "the query goes along"},
	{"GET /a?" HOST "\r\n", "a", "", "even an empty one"},
	{"GET /%61%20b" HOST "\r\n", "a b", NULL, "decoded"},
	{"GET //h//a" HOST "\r\n", "a", NULL, "no other host"},
	{"GET http://h/a?b" HOST "\r\n", "a", "b", "absolute-form"},
	{"HEAD /a" HOST "\r\n", "a", NULL, "HEAD"},
};

START_TEST(a_folder_without_its_slash_is_redirected)
{
	const struct redirect_row *row = &redirects[_i];
	struct http_answer answer = answer_to(row->head, &folder);

	ck_assert_uint_eq(answer.status, 301);
	ck_assert(answer.redirect);
	ck_assert_msg(same(answer.location, row->name), "%s", row->why);
	if (row->query)
		ck_assert_msg(same(answer.location_query, row->query), "%s",
			      row->why);
	else
		ck_assert_ptr_null(answer.location_query.ptr);
	ck_assert_int_eq(answer.content, HTTP_CONTENT_PAGE);
	ck_assert(!answer.close);
}
END_TEST

static const struct {
	unsigned status;
	bool close;
} refusals[] = {{403, KEEP}, {404, KEEP}, {500, CLOSE}, {503, CLOSE}};

START_TEST(a_file_that_cannot_be_served_has_its_status)
{
	struct http_file file = {.kind = HTTP_FILE_REFUSED,
				 .status = refusals[_i].status};
	struct http_answer answer = answer_to("GET /a" HOST "\r\n", &file);

	ck_assert_uint_eq(answer.status, refusals[_i].status);
	ck_assert_int_eq(answer.content, HTTP_CONTENT_PAGE);
	ck_assert_str_eq(answer.media_type, "text/html; charset=utf-8");
	ck_assert_int_eq(answer.close, refusals[_i].close);
	ck_assert_int_eq(answer.last_modified_s, HTTP_NO_DATE);
	ck_assert(!answer.redirect);
	ck_assert(!answer.allow);
}
END_TEST

static const struct {
	const char *head;
	bool close;
} refused_heads[] = {
	{"GET /a" HOST "\r\n", KEEP},
	{"GET /a" HOST "Connection: close\r\n\r\n", CLOSE},
	{"POST /a" HOST "Content-Length: 3\r\n\r\n", CLOSE},
};

START_TEST(what_is_refused_unread_keeps_the_connection)
{
	struct asked *asked = http_fixture_ask(refused_heads[_i].head);
	struct http_answer answer;

	http_answer_refused(&asked->request, 429, &answer);
	ck_assert_uint_eq(answer.status, 429);
	ck_assert_int_eq(answer.content, HTTP_CONTENT_PAGE);
	ck_assert_int_eq(answer.close, refused_heads[_i].close);
}
END_TEST

static const unsigned empty_statuses[] = {204, 205, 304};

START_TEST(some_statuses_have_no_content)
{
	struct asked *asked = http_fixture_ask("GET /a" HOST "\r\n");
	struct http_answer answer;

	http_answer_refused(&asked->request, empty_statuses[_i], &answer);
	ck_assert_uint_eq(answer.status, empty_statuses[_i]);
	ck_assert_int_eq(answer.content, HTTP_CONTENT_NONE);
	ck_assert_ptr_null(answer.media_type);
}
END_TEST

/* --- persistence --- */

static const struct persistence_row {
	const char *head;
	bool close;
	bool keep_said;
	const char *why;
} persistence[] = {
	{"GET /" HOST "\r\n", KEEP, false, "HTTP/1.1 stays"},
	{"GET /" HOST "Connection: keep-alive\r\n\r\n", KEEP, false,
	 "HTTP/1.1 stays without being told"},
	{"GET /" HOST "Connection: close\r\n\r\n", CLOSE, false, "as asked"},
	{"GET / HTTP/1.0\r\n\r\n", CLOSE, false, "HTTP/1.0 closes"},
	{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", KEEP, true,
	 "HTTP/1.0 stays when it asks, and is told"},
	{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", CLOSE,
	 false, "close wins"},
	{"GET / HTTP/1.2\r\nHost: h\r\n\r\n", CLOSE, false,
	 "a later 1.x may frame in other ways"},
	{"GET /" HOST "Content-Length: 1\r\n\r\n", CLOSE, false,
	 "content that is not read"},
	{"GET /" HOST "Transfer-Encoding: chunked\r\n\r\n", CLOSE, false,
	 "content that is not read"},
	{"GET / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n"
	 "\r\n",
	 CLOSE, false, "content that is not read"},
	{"GET http://h/" HOST "\r\n", KEEP, false, "the same host twice"},
	{"GET http://H/" HOST "\r\n", KEEP, false, "the same in another case"},
	{"GET http://i/" HOST "\r\n", CLOSE, false,
	 "two hosts: whoever sends this mixes up messages"},
	{"GET http://h:80/" HOST "\r\n", CLOSE, false, "two hosts"},
};

START_TEST(the_connection_stays_only_without_a_doubt)
{
	const struct persistence_row *row = &persistence[_i];
	static const struct http_file not_found = {.kind = HTTP_FILE_REFUSED,
						   .status = 404};
	const struct http_file *const files[] = {&regular, &folder, &not_found};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct http_answer answer = answer_to(row->head, files[i]);

		ck_assert_msg(answer.close == row->close, "close: %s",
			      row->why);
		ck_assert_msg(answer.keep_said == row->keep_said, "said: %s",
			      row->why);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tcase = harness_case(suite, "without a file");

	tcase_add_loop_test(tcase, method_and_target_alone_decide_this, 0,
			    (int)ARRAY_LEN(early_rows));
	tcase_add_loop_test(tcase, an_error_has_a_page_of_html, 0,
			    (int)ARRAY_LEN(early_rows));
	tcase_add_test(tcase,
		       methods_are_listed_where_they_are_asked_for_or_missed);
	tcase_add_test(tcase,
		       a_head_that_could_not_be_read_ends_the_connection);
	tcase_add_test(tcase, a_head_that_did_not_arrive_ends_the_connection);

	tcase = harness_case(suite, "with a file");
	tcase_add_test(tcase, a_regular_file_is_served_whole);
	tcase_add_test(tcase, head_gets_the_same_answer_without_the_content);
	tcase_add_test(tcase, the_type_is_that_of_the_file_that_was_opened);
	tcase_add_test(tcase, a_file_of_the_first_second_has_its_date);
	tcase_add_test(tcase, an_encoded_file_comes_in_one_range_or_whole);
	tcase_add_loop_test(tcase, a_folder_without_its_slash_is_redirected, 0,
			    (int)ARRAY_LEN(redirects));
	tcase_add_loop_test(tcase, a_file_that_cannot_be_served_has_its_status,
			    0, (int)ARRAY_LEN(refusals));
	tcase_add_loop_test(tcase, what_is_refused_unread_keeps_the_connection,
			    0, (int)ARRAY_LEN(refused_heads));
	tcase_add_loop_test(tcase, some_statuses_have_no_content, 0,
			    (int)ARRAY_LEN(empty_statuses));
	tcase_add_loop_test(tcase, the_connection_stays_only_without_a_doubt, 0,
			    (int)ARRAY_LEN(persistence));
	return harness_run_together(suite);
}
