/* SPDX-License-Identifier: MIT */
/*
 * The HTTP file service of the running daemon, as a well-behaved client meets
 * it: methods, targets, redirects, media types, persistent connections,
 * pipelining, content with a request. Files of every size and fate are in
 * check_e2e_files.c, what hostile clients meet in check_e2e_strict.c and
 * check_e2e_confined.c.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define MIB	   ((size_t)1 << 20)

#define INDEX_TEXT "<!DOCTYPE html><title>the start page</title>\n"
#define FILE_TEXT  "some text\n"
#define SUB_TEXT   "<!DOCTYPE html><title>a folder's page</title>\n"

static char *root;
static struct server *server;

static void make_root(void)
{
	static const char *const folders[] = {
		"sub", "bare", "evil", "a b", "gr\xc3\xbc\xc3\x9f", "sub/deep"};

	root = folder_new();
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		folder_add(root, folders[i]);
	folder_write_text(root, "index.html", INDEX_TEXT);
	folder_write_text(root, "sub/index.html", SUB_TEXT);
	folder_write_text(root, "file.txt", FILE_TEXT);
	folder_write_text(root, "sub/deep/file.txt", FILE_TEXT);
	folder_write_text(root, "a b/c+d&e.txt", FILE_TEXT);
	folder_write_text(root, "gr\xc3\xbc\xc3\x9f/file.txt", FILE_TEXT);
	folder_write_text(root, "50%.txt", FILE_TEXT);
	folder_write_text(root, "empty.txt", "");
}

static void set_up(void)
{
	make_root();
	server = server_start(
		&(struct server_options){.http = "0", .root = root});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

static void expect_text(const struct response *response, int status,
			const char *text)
{
	http_expect(response, status, text, strlen(text));
}

static void expect_status(const struct response *response, int status)
{
	if (response->status != status)
		harness_fail("status %d expected:\n%s", status, response->head);
}

static void expect_no_field(const struct response *response, const char *name)
{
	char value[256];

	if (http_field(response, name, value, sizeof(value)))
		harness_fail("%s in\n%s", name, response->head);
}

/* --- what a file's answer says --- */

START_TEST(get_serves_a_file_with_its_facts)
{
	const struct timespec times[2] = {{.tv_sec = 1000000000},
					  {.tv_sec = 1000000000}};
	char *path = folder_path(root, "file.txt");
	struct response response;

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	http_fetch(server, "/file.txt", &response);
	expect_text(&response, 200, FILE_TEXT);
	http_expect_field(&response, "Content-Type",
			  "text/plain; charset=utf-8");
	http_expect_field(&response, "Last-Modified",
			  "Sun, 09 Sep 2001 01:46:40 GMT");
	expect_no_field(&response, "Connection");
	http_clear(&response);
	free(path);
}
END_TEST

START_TEST(the_date_is_the_time_of_day)
{
	struct response response;
	char value[64];
	struct tm tm = {0};
	time_t before = time(NULL), date;

	http_fetch(server, "/", &response);
	ck_assert(http_field(&response, "Date", value, sizeof(value)));
	ck_assert_ptr_nonnull(
		strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm));
	date = timegm(&tm);
	ck_assert_int_ge(date, before - 1);
	ck_assert_int_le(date, time(NULL) + 1);
	http_clear(&response);
}
END_TEST

static const struct {
	const char *name;
	const char *type;
} types[] = {
	{"a.html", "text/html; charset=utf-8"},
	{"a.htm", "text/html; charset=utf-8"},
	{"a.txt", "text/plain; charset=utf-8"},
	{"a.css", "text/css; charset=utf-8"},
	{"a.js", "text/javascript; charset=utf-8"},
	{"a.png", "image/png"}, /* no text, no charset */
	{"a.jpg", "image/jpeg"},
	{"a.svg", "image/svg+xml"},
	{"a.json", "application/json"}, /* UTF-8 by definition */
	{"a.pdf", "application/pdf"},
	{"a.HTML", "text/html; charset=utf-8"}, /* whatever the case */
	{"a.b.css", "text/css; charset=utf-8"}, /* the last dot counts */
	{"a.nothing-known", "application/octet-stream"},
	{"a", "application/octet-stream"},
	{"a.", "application/octet-stream"},
};

START_TEST(the_name_decides_the_media_type)
{
	char target[64];
	struct response response;

	folder_write_text(root, types[_i].name, "x");
	(void)snprintf(target, sizeof(target), "/%s", types[_i].name);
	http_fetch(server, target, &response);
	expect_text(&response, 200, "x");
	http_expect_field(&response, "Content-Type", types[_i].type);
	http_clear(&response);
}
END_TEST

/* --- methods --- */

static const char *const head_targets[] = {
	"/", "/file.txt", "/empty.txt", "/sub", "/none", "/%zz",
};

/* Takes the Date line out: the second may have changed. */
static void drop_date(char *head)
{
	char *line = strstr(head, "\r\nDate: ");
	char *end = strstr(line + 2, "\r\n");

	memmove(line, end, strlen(end) + 1);
}

/* Asks for the end too, and reads up to it. */
static void ask_once(const char *method, const char *target,
		     struct response *response)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char request[128];

	(void)snprintf(request, sizeof(request),
		       "%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		       method, target);
	tcp_send_text(fd, request);
	http_read(fd, response, strcmp(method, "HEAD") != 0);
	tcp_expect_end(fd);
	(void)close(fd);
}

START_TEST(head_says_what_get_says_without_content)
{
	struct response get, head;

	ask_once("GET", head_targets[_i], &get);
	ask_once("HEAD", head_targets[_i], &head);
	drop_date(head.head);
	drop_date(get.head);
	ck_assert_str_eq(head.head, get.head);
	http_clear(&get);
}
END_TEST

static void expect_allow(const struct response *response)
{
	char allow[128];

	ck_assert(http_field(response, "Allow", allow, sizeof(allow)));
	ck_assert_ptr_nonnull(strstr(allow, "GET"));
	ck_assert_ptr_nonnull(strstr(allow, "HEAD"));
	ck_assert_ptr_nonnull(strstr(allow, "OPTIONS"));
	ck_assert_ptr_null(strstr(allow, "POST"));
}

/* Sends a request without content for "/" and reads the answer. */
static void ask(int fd, const char *method, const char *target,
		struct response *response)
{
	char request[256];

	(void)snprintf(request, sizeof(request),
		       "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method,
		       target);
	tcp_send_text(fd, request);
	http_read(fd, response, strcmp(method, "HEAD") != 0);
}

static const char *const option_targets[] = {"*", "/", "/file.txt", "/none"};

START_TEST(options_says_what_is_allowed)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	ask(fd, "OPTIONS", option_targets[_i], &response);
	expect_status(&response, 200);
	ck_assert_uint_eq(response.len, 0);
	expect_allow(&response);
	http_clear(&response);
	/* And the connection goes on. */
	http_get(fd, "/file.txt", &response);
	expect_text(&response, 200, FILE_TEXT);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

static const struct {
	const char *method;
	int status;
} methods[] = {
	{"POST", 405},
	{"PUT", 405},
	{"DELETE", 405},
	{"PATCH", 405},
	{"TRACE", 405},
	{"BREW", 501}, /* not a method of HTTP */
	{"get", 501},  /* methods are case-sensitive */
	{"GETS", 501}, /* no prefix counts */
	{"GE", 501},
	{"OPTION", 501},
	{"!#$%&'*+-.^_`|~", 501},
};

START_TEST(other_methods_are_refused)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	ask(fd, methods[_i].method, "/file.txt", &response);
	expect_status(&response, methods[_i].status);
	if (methods[_i].status == 405)
		expect_allow(&response);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- targets --- */

static const struct {
	const char *target;
	int status;
	const char *content; /* NULL: not looked at */
} targets[] = {
	{"/", 200, INDEX_TEXT},
	{"/index.html", 200, INDEX_TEXT},
	{"/file.txt", 200, FILE_TEXT},
	{"/empty.txt", 200, ""},
	{"/sub/", 200, SUB_TEXT}, /* a folder is its index */
	{"/sub/deep/file.txt", 200, FILE_TEXT},
	{"/file.txt?", 200, FILE_TEXT},		   /* an empty query */
	{"/file.txt?a=b/../c%00", 200, FILE_TEXT}, /* a query is not a path */
	{"/?file.txt", 200, INDEX_TEXT},
	{"/f%69le.txt", 200, FILE_TEXT},
	{"/%66%69%6C%65%2e%74%78%74", 200, FILE_TEXT}, /* either case */
	{"/a%20b/c+d&e.txt", 200, FILE_TEXT},	       /* a plus is a plus */
	{"/gr%C3%BC%C3%9F/file.txt", 200, FILE_TEXT},
	{"/50%25.txt", 200, FILE_TEXT}, /* decoded once */
	{"/./file.txt", 200, FILE_TEXT},
	{"/sub/../file.txt", 200, FILE_TEXT},
	{"/none/../file.txt", 200, FILE_TEXT}, /* text, not folders */
	{"/sub/deep/../../file.txt", 200, FILE_TEXT},
	{"/sub/.", 200, SUB_TEXT},
	{"/sub/deep/..", 200, SUB_TEXT},
	{"//file.txt", 200, FILE_TEXT}, /* an empty segment names nothing */
	{"http://localhost/file.txt", 200, FILE_TEXT}, /* absolute-form */
	{"HTTP://localhost/file.txt", 200, FILE_TEXT},
	{"http://localhost", 200, INDEX_TEXT},
	{"http://localhost?a", 200, INDEX_TEXT},
	{"/none", 404, NULL},
	{"/sub/none", 404, NULL},
	{"/FILE.TXT", 404, NULL},  /* names have a case */
	{"/file.txt/", 404, NULL}, /* a file is no folder */
	{"/file.txt/more", 404, NULL},
	{"/50%2525.txt", 404, NULL}, /* not decoded twice */
};

START_TEST(a_target_names_a_file)
{
	struct response response;

	http_fetch(server, targets[_i].target, &response);
	expect_status(&response, targets[_i].status);
	if (targets[_i].content)
		expect_text(&response, 200, targets[_i].content);
	http_clear(&response);
}
END_TEST

START_TEST(a_folder_without_an_index_shows_nothing)
{
	struct response response;

	http_fetch(server, "/bare/", &response);
	ck_assert(response.status == 403 || response.status == 404);
	http_clear(&response);
}
END_TEST

static const struct {
	const char *target;
	const char *location;
} redirects[] = {
	{"/sub", "./sub/"},
	{"/sub/deep", "./deep/"},
	{"/sub?a=b&c=d", "./sub/?a=b&c=d"}, /* the query is kept */
	{"/sub?", "./sub/?"},
	{"/sub?/../x%0d%0a", "./sub/?/../x%0d%0a"}, /* and stays encoded */
	{"/./sub", "./sub/"},
	{"/a%20b", "./a%20b/"},
	{"/gr%c3%bc%c3%9f", "./gr%C3%BC%C3%9F/"},
	{"//evil", "./evil/"}, /* never another host's address */
	{"///evil", "./evil/"},
	{"/.//evil", "./evil/"},
	{"//localhost/../evil", "./evil/"},
	{"//evil?//evil", "./evil/?//evil"},
	{"http://localhost/evil", "./evil/"},
	{"http://localhost//evil", "./evil/"},
};

START_TEST(a_folder_without_its_slash_is_redirected)
{
	struct response response;

	http_fetch(server, redirects[_i].target, &response);
	expect_status(&response, 301);
	http_expect_field(&response, "Location", redirects[_i].location);
	http_clear(&response);
}
END_TEST

START_TEST(a_redirect_leads_to_the_folder)
{
	struct response response;
	char location[64];
	int fd = tcp_connect(server, SERVICE_HTTP);

	http_get(fd, "/sub?x", &response);
	ck_assert(
		http_field(&response, "Location", location, sizeof(location)));
	http_clear(&response);
	/* Beside /sub, "./" is the root. */
	http_get(fd, location + 1, &response);
	expect_text(&response, 200, SUB_TEXT);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(an_error_page_is_html_with_the_status_as_heading)
{
	struct response response;
	const char *page;

	http_fetch(server, "/none", &response);
	expect_status(&response, 404);
	http_expect_field(&response, "Content-Type",
			  "text/html; charset=utf-8");
	page = (const char *)response.content;
	ck_assert_int_eq(strncmp(page, "<!DOCTYPE html>", 15), 0);
	ck_assert_ptr_nonnull(strstr(page, "<h1>404 Not Found</h1>"));
	ck_assert_ptr_nonnull(strstr(page, "<title>"));
	ck_assert_ptr_nonnull(strstr(page, "</html>"));
	http_clear(&response);
}
END_TEST

/* --- persistent connections --- */

static const struct {
	const char *request;
	bool keeps;
} persistence[] = {
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\n\r\n", true},
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
	 false},
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\nconnection: Close\r\n\r\n",
	 false}, /* whatever the case */
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n",
	 false}, /* an element of a list */
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\nConnection: x\r\n"
	 "Connection: close\r\n\r\n",
	 false}, /* of two lines */
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\n"
	 "Connection: close, keep-alive\r\n\r\n",
	 false}, /* close wins */
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\nConnection: closed\r\n\r\n",
	 true}, /* another word */
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\nX-Connection: close\r\n\r\n",
	 true}, /* another field */
	{"GET /file.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
	 true}, /* no content is no doubt */
	{"GET /file.txt HTTP/1.0\r\n\r\n", false},
	{"GET /file.txt HTTP/1.0\r\nHost: h\r\n\r\n", false},
	{"GET /file.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
	{"GET /file.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
	{"GET /file.txt HTTP/1.0\r\n"
	 "Connection: keep-alive, close\r\n\r\n",
	 false},
};

START_TEST(a_connection_persists_as_the_request_says)
{
	bool is_old = strstr(persistence[_i].request, "HTTP/1.0") != NULL;
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	tcp_send_text(fd, persistence[_i].request);
	http_read(fd, &response, true);
	expect_text(&response, 200, FILE_TEXT);
	if (persistence[_i].keeps && is_old)
		http_expect_field(&response, "Connection", "keep-alive");
	else if (persistence[_i].keeps)
		expect_no_field(&response, "Connection");
	else
		http_expect_field(&response, "Connection", "close");
	http_clear(&response);
	if (persistence[_i].keeps) {
		http_get(fd, "/", &response);
		expect_text(&response, 200, INDEX_TEXT);
		http_clear(&response);
	} else {
		tcp_expect_end(fd);
	}
	(void)close(fd);
}
END_TEST

START_TEST(an_error_of_the_target_does_not_end_the_connection)
{
	static const char *const wrong[] = {"/none", "/sub", "/file.txt/"};
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		http_get(fd, wrong[i], &response);
		expect_no_field(&response, "Connection");
		http_clear(&response);
	}
	http_get(fd, "/file.txt", &response);
	expect_text(&response, 200, FILE_TEXT);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(a_thousand_requests_pass_over_one_connection)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	for (int i = 0; i < 1000; i++) {
		http_get(fd, i % 2 ? "/file.txt" : "/", &response);
		expect_text(&response, 200, i % 2 ? FILE_TEXT : INDEX_TEXT);
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

/* The kernel keeps the connection for a second, in case the request comes. */
START_TEST(who_says_nothing_at_first_is_let_in_all_the_same)
{
	size_t n_before = server_count_descriptors(server, "socket");
	int64_t deadline = harness_deadline();
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	while (server_count_descriptors(server, "socket") == n_before) {
		ck_assert_int_gt(harness_left_ms(deadline), 0);
		(void)poll(NULL, 0, 10);
	}
	http_get(fd, "/file.txt", &response);
	http_expect_status(&response, 200);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(a_request_is_answered_after_a_half_close)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	tcp_send_text(fd, "GET /file.txt HTTP/1.1\r\nHost: h\r\n\r\n"
			  "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	tcp_finish(fd);
	http_read(fd, &response, true);
	expect_text(&response, 200, FILE_TEXT);
	http_clear(&response);
	http_read(fd, &response, true);
	expect_text(&response, 200, INDEX_TEXT);
	http_clear(&response);
	tcp_expect_end(fd);
	(void)close(fd);
}
END_TEST

/* --- pipelining --- */

static const char pipeline[] =
	"GET /file.txt HTTP/1.1\r\nHost: h\r\n\r\n"
	"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
	"\r\nGET /sub HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n"
	"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"
	"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/* Returns when the server has seen what other clients sent before. */
static void pass_a_turn(int barrier)
{
	struct response response;

	http_get(barrier, "/empty.txt", &response);
	http_clear(&response);
}

static void expect_pipeline(int fd)
{
	struct response response;

	http_read(fd, &response, true);
	expect_text(&response, 200, FILE_TEXT);
	http_clear(&response);
	http_read(fd, &response, false);
	expect_status(&response, 200);
	ck_assert_uint_eq(response.len, strlen(INDEX_TEXT));
	http_read(fd, &response, true);
	expect_status(&response, 301);
	http_clear(&response);
	http_read(fd, &response, true);
	expect_allow(&response);
	http_clear(&response);
	http_read(fd, &response, true);
	expect_text(&response, 200, INDEX_TEXT);
	http_clear(&response);
	tcp_expect_end(fd);
}

START_TEST(a_pipeline_split_at_any_byte_is_answered_in_order)
{
	int barrier = tcp_connect(server, SERVICE_HTTP);
	size_t len = strlen(pipeline);

	for (size_t i = 0; i <= len; i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);

		tcp_send(fd, pipeline, i);
		pass_a_turn(barrier);
		tcp_send(fd, pipeline + i, len - i);
		expect_pipeline(fd);
		(void)close(fd);
	}
	(void)close(barrier);
}
END_TEST

START_TEST(a_pipeline_sent_byte_by_byte_is_answered_in_order)
{
	int barrier = tcp_connect(server, SERVICE_HTTP);
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (size_t i = 0; i < strlen(pipeline); i++) {
		tcp_send(fd, pipeline + i, 1);
		pass_a_turn(barrier);
	}
	expect_pipeline(fd);
	(void)close(fd);
	(void)close(barrier);
}
END_TEST

#define LONG_PIPELINE 1000

START_TEST(a_long_pipeline_is_answered_whole)
{
	static const char a[] = "GET /file.txt HTTP/1.1\r\nHost: h\r\n\r\n";
	static const char b[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
	char *requests = bytes_new(LONG_PIPELINE * sizeof(a)), *end = requests;
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	for (int i = 0; i < LONG_PIPELINE; i++)
		end = stpcpy(end, i % 2 ? b : a);
	tcp_send_text(fd, requests);
	for (int i = 0; i < LONG_PIPELINE; i++) {
		http_read(fd, &response, true);
		expect_text(&response, 200, i % 2 ? INDEX_TEXT : FILE_TEXT);
		http_clear(&response);
	}
	free(requests);
	(void)close(fd);
}
END_TEST

/* --- requests with content --- */

#define MARKER "GET /file.txt HTTP/1.1\r\nHost: h\r\n\r\n"

static const struct {
	const char *request;
	int status;
} contents[] = {
	{"GET /sub/ HTTP/1.1\r\nHost: h\r\nContent-Length: "
	 "5\r\n\r\nhello" MARKER,
	 200},
	{"HEAD /sub/ HTTP/1.1\r\nHost: h\r\nContent-Length: "
	 "5\r\n\r\nhello" MARKER,
	 200},
	{"POST /sub/ HTTP/1.1\r\nHost: h\r\nContent-Length: "
	 "5\r\n\r\nhello" MARKER,
	 405},
	{"PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5\r\nhello\r\n0\r\n\r\n" MARKER,
	 405},
	{"GET /sub/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "0\r\n\r\n" MARKER,
	 200},
	{"GET /none HTTP/1.1\r\nHost: h\r\nContent-Length: "
	 "5\r\n\r\nhello" MARKER,
	 404},
	/* The content may be the next request: it must not be taken for one. */
	{"GET /sub/ HTTP/1.1\r\nHost: h\r\nContent-Length: 35\r\n\r\n" MARKER,
	 200},
	/* The answer does not wait for content that does not come. */
	{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n"
	 "Expect: 100-continue\r\n\r\n",
	 405},
};

START_TEST(a_request_with_content_is_the_last_one)
{
	bool is_head = strncmp(contents[_i].request, "HEAD", 4) == 0;
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	tcp_send_text(fd, contents[_i].request);
	http_read(fd, &response, !is_head);
	expect_status(&response, contents[_i].status);
	http_expect_field(&response, "Connection", "close");
	http_clear(&response);
	tcp_expect_end(fd);
	(void)close(fd);
}
END_TEST

START_TEST(long_content_does_not_cost_the_client_its_answer)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	unsigned char *data = bytes_new(8 * MIB);
	struct response response;

	bytes_pattern(data, 8 * MIB, 1);
	tcp_send_text(fd, "POST / HTTP/1.1\r\nHost: h\r\n"
			  "Content-Length: 8388608\r\n\r\n");
	/* All of it, as a simple client does, before it looks for an answer. */
	tcp_send(fd, data, 8 * MIB);
	http_read(fd, &response, true);
	expect_status(&response, 405);
	http_clear(&response);
	tcp_expect_end(fd);
	free(data);
	(void)close(fd);
}
END_TEST

/* --- what is shipped --- */

/* The shipped document root, where the build says or in the source tree. */
static const char *shipped_root(void)
{
	const char *htdocs = getenv("HTDOCS");

	return htdocs ? htdocs : "htdocs";
}

static char *read_shipped(const char *name, size_t *len)
{
	char *path = folder_path(shipped_root(), name);
	FILE *file = fopen(path, "re");
	char *data = bytes_new(65536);

	if (!file)
		harness_fail("cannot read %s", path);
	*len = fread(data, 1, 65536, file);
	(void)fclose(file);
	free(path);
	return data;
}

static const struct {
	const char *target;
	const char *name;
	int status;
} shipped[] = {
	{"/", "index.html", 200},
	{"/file.txt", "file.txt", 200},
};

START_TEST(the_shipped_page_is_served)
{
	struct server *site = server_start(
		&(struct server_options){.http = "0", .root = shipped_root()});
	struct response response;
	size_t len;
	char *data = read_shipped(shipped[_i].name, &len);

	http_fetch(site, shipped[_i].target, &response);
	http_expect(&response, shipped[_i].status, data, len);
	http_clear(&response);
	free(data);
	server_stop(site);
}
END_TEST

START_TEST(the_shipped_root_has_a_page_for_what_is_missing)
{
	struct server *site = server_start(
		&(struct server_options){.http = "0", .root = shipped_root()});
	struct response response;

	http_fetch(site, "/nothing-here", &response);
	expect_status(&response, 404);
	ck_assert_ptr_nonnull(strstr((const char *)response.content,
				     "<h1>404 Not Found</h1>"));
	http_clear(&response);
	server_stop(site);
}
END_TEST

static TCase *served_case(Suite *suite, const char *name)
{
	return harness_shared_case(suite, name, set_up, tear_down);
}

static void add_basics(Suite *suite)
{
	TCase *tcase = served_case(suite, "facts");

	tcase_add_test(tcase, get_serves_a_file_with_its_facts);
	tcase_add_test(tcase, the_date_is_the_time_of_day);
	tcase_add_loop_test(tcase, the_name_decides_the_media_type, 0,
			    ARRAY_LEN(types));

	tcase = served_case(suite, "methods");
	tcase_add_loop_test(tcase, head_says_what_get_says_without_content, 0,
			    ARRAY_LEN(head_targets));
	tcase_add_loop_test(tcase, options_says_what_is_allowed, 0,
			    ARRAY_LEN(option_targets));
	tcase_add_loop_test(tcase, other_methods_are_refused, 0,
			    ARRAY_LEN(methods));

	tcase = served_case(suite, "targets");
	tcase_add_loop_test(tcase, a_target_names_a_file, 0,
			    ARRAY_LEN(targets));
	tcase_add_test(tcase, a_folder_without_an_index_shows_nothing);
	tcase_add_loop_test(tcase, a_folder_without_its_slash_is_redirected, 0,
			    ARRAY_LEN(redirects));
	tcase_add_test(tcase, a_redirect_leads_to_the_folder);
	tcase_add_test(tcase, an_error_page_is_html_with_the_status_as_heading);
}

static void add_connections(Suite *suite)
{
	TCase *tcase = served_case(suite, "persistence");

	tcase_add_loop_test(tcase, a_connection_persists_as_the_request_says, 0,
			    ARRAY_LEN(persistence));
	tcase_add_test(tcase,
		       an_error_of_the_target_does_not_end_the_connection);
	tcase_add_test(tcase, a_thousand_requests_pass_over_one_connection);
	tcase_add_test(tcase, a_request_is_answered_after_a_half_close);

	tcase = harness_case(suite, "alone");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, who_says_nothing_at_first_is_let_in_all_the_same);

	tcase = served_case(suite, "pipelining");
	tcase_add_test(tcase,
		       a_pipeline_split_at_any_byte_is_answered_in_order);
	tcase_add_test(tcase,
		       a_pipeline_sent_byte_by_byte_is_answered_in_order);
	tcase_add_test(tcase, a_long_pipeline_is_answered_whole);

	tcase = served_case(suite, "content");
	tcase_add_loop_test(tcase, a_request_with_content_is_the_last_one, 0,
			    ARRAY_LEN(contents));
	tcase_add_test(tcase, long_content_does_not_cost_the_client_its_answer);
}

static void add_shipped(Suite *suite)
{
	TCase *tcase = harness_case(suite, "shipped");

	tcase_add_loop_test(tcase, the_shipped_page_is_served, 0,
			    ARRAY_LEN(shipped));
	tcase_add_test(tcase, the_shipped_root_has_a_page_for_what_is_missing);
}

int main(void)
{
	Suite *suite = suite_create("e2e http");

	add_basics(suite);
	add_connections(suite);
	add_shipped(suite);
	return harness_run_together(suite);
}
