/* SPDX-License-Identifier: MIT */
/*
 * What RFC 9110 asks of an origin server of static files, from the running
 * daemon: conditional requests, methods, expectations, and what the options
 * for media types, freshness and own pages change. Ranges are in
 * check_e2e_ranges.c, encoded siblings in check_e2e_codings.c.
 *
 * Each row names the section that its answer follows from; without a number
 * before the colon it is one of RFC 9110.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_TEXT "some text\n"

static char *root;
static struct server *server;

static void start(const char *const more[])
{
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .more = more});
}

static void make_root(void)
{
	root = folder_new();
	folder_write_text(root, "file.txt", FILE_TEXT);
}

static void set_up(void)
{
	make_root();
	start(NULL);
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

static void set_mtime(const char *name, time_t s, long ns)
{
	char *path = folder_path(root, name);
	const struct timespec times[2] = {{s, ns}, {s, ns}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

/* That the connection goes on as if nothing had been. */
static void expect_file(int fd)
{
	struct response response;

	http_get(fd, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

/* --- conditions --- */

#define MODIFIED_S   784111777 /* the date that RFC 9110 is fond of */
#define MODIFIED     "Sun, 06 Nov 1994 08:49:37 GMT"
#define MODIFIED_850 "Sunday, 06-Nov-94 08:49:37 GMT"
#define MODIFIED_ASC "Sun Nov  6 08:49:37 1994"
#define BEFORE	     "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER	     "Sun, 06 Nov 1994 08:49:38 GMT"
#define IN_FUTURE    "Sun, 06 Nov 2094 08:49:37 GMT"

#define IM(value)    "If-Match: " value "\r\n"
#define INM(value)   "If-None-Match: " value "\r\n"
#define IMS(value)   "If-Modified-Since: " value "\r\n"
#define IUS(value)   "If-Unmodified-Since: " value "\r\n"

/* In the fields, $ stands for the file's entity tag. */
static const struct {
	const char *section;
	const char *fields;
	int status;
} conditions[] = {
	/* If-Match compares strongly. */
	{"13.1.1", IM("$"), 200},
	{"13.1.1", IM("*"), 200},
	{"13.1.1", IM("\"x\""), 412},
	{"13.1.1", IM("\"x\", $"), 200},
	{"13.1.1", IM("\"x\",\"y\",\t$ ,\"z\""), 200},
	{"13.1.1", IM("\"x\"") IM("$"), 200},
	{"13.1.1", IM("\"x\"") IM("\"y\""), 412},
	{"13.1.1", IM("\"a,b\", $"), 200},
	{"8.8.3.2", IM("W/$"), 412},
	{"8.8.3.2", IM("W/$, \"x\""), 412},
	{"13.1.1", IM("x"), 412},
	{"13.1.1", IM("\"*\""), 412},
	{"13.1.1", IM(""), 412},
	/* If-None-Match compares weakly. */
	{"13.1.2", INM("$"), 304},
	{"13.1.2", INM("*"), 304},
	{"13.1.2", INM("\"x\""), 200},
	{"13.1.2", INM("\"x\", $"), 304},
	{"13.1.2", INM(",, $ ,"), 304},
	{"13.1.2", INM("\"x\"") INM("$"), 304},
	{"13.1.2", INM("\"a,b\",$"), 304},
	{"8.8.3.2", INM("W/$"), 304},
	{"8.8.3.2", INM("\"x\", W/$"), 304},
	{"8.8.3", INM("w/$"), 200}, /* W is case-sensitive */
	{"8.8.3", INM("W/\"x\""), 200},
	{"13.1.2", INM("x"), 200},
	{"13.1.2", INM(""), 200},
	{"13.1.2", INM("\"\""), 200},
	/* If-Modified-Since, in the three forms of a date. */
	{"13.1.3", IMS(MODIFIED), 304},
	{"13.1.3", IMS(AFTER), 304},
	{"13.1.3", IMS(IN_FUTURE), 304},
	{"13.1.3", IMS(BEFORE), 200},
	{"5.6.7", IMS(MODIFIED_850), 304},
	{"5.6.7", IMS(MODIFIED_ASC), 304},
	{"5.6.7", IMS("Sunday, 06-Nov-94 08:49:36 GMT"), 200},
	{"5.6.7", IMS("Sun Nov  6 08:49:36 1994"), 200},
	{"13.1.3", IMS("yesterday"), 200},
	{"13.1.3", IMS(""), 200},
	{"13.1.3", IMS("0"), 200},
	{"13.1.3", IMS("784111777"), 200},
	{"5.6.7", IMS("Sun, 06 Nov 1994 08:49:37"), 200},
	{"5.6.7", IMS("Sun, 06 Nov 1994 08:49:37 UTC"), 200},
	{"5.6.7", IMS("Sun, 6 Nov 1994 08:49:37 GMT"), 200},
	{"5.6.7", IMS("Sun, 31 Feb 1995 08:49:37 GMT"), 200},
	{"5.6.7", IMS("Sun, 06 Nov 1994 24:49:37 GMT"), 200},
	{"5.6.7", IMS(MODIFIED "; length=10"), 200},
	{"13.1.3", IMS(MODIFIED) IMS(MODIFIED), 200},
	/* If-Unmodified-Since. */
	{"13.1.4", IUS(MODIFIED), 200},
	{"13.1.4", IUS(AFTER), 200},
	{"13.1.4", IUS(BEFORE), 412},
	{"13.1.4", IUS("Sunday, 06-Nov-94 08:49:36 GMT"), 412},
	{"13.1.4", IUS("Sun Nov  6 08:49:36 1994"), 412},
	{"13.1.4", IUS("yesterday"), 200},
	{"13.1.4", IUS(BEFORE) IUS(BEFORE), 200},
	/* The order, and which makes another void. */
	{"13.2.2", IM("\"x\"") INM("$"), 412},
	{"13.2.2", INM("$") IM("\"x\""), 412},
	{"13.2.2", IM("$") INM("$"), 304},
	{"13.2.2", IM("$") IUS(BEFORE), 200},
	{"13.2.2", IM("\"x\"") IUS(MODIFIED), 412},
	{"13.2.2", IUS(BEFORE) INM("$"), 412},
	{"13.2.2", IUS(BEFORE) IMS(MODIFIED), 412},
	{"13.2.2", IUS(MODIFIED) IMS(MODIFIED), 304},
	{"13.2.2", INM("\"x\"") IMS(MODIFIED), 200},
	{"13.2.2", INM("$") IMS(BEFORE), 304},
	{"13.2.2", IM("$") IUS(MODIFIED) INM("\"x\"") IMS(BEFORE), 200},
	/* The names are case-insensitive. */
	{"5.1", "iF-nONE-mATCH: $\r\n", 304},
};

/* Writes fields with the tag in its places, without the last CRLF. */
static void fill_in(const char *fields, const char *etag, char *text,
		    size_t size)
{
	size_t len = 0;

	for (; *fields; fields++) {
		const char *piece =
			*fields == '$' ? etag : (char[]){*fields, '\0'};

		len += (size_t)snprintf(text + len, size - len, "%s", piece);
		ck_assert_uint_lt(len, size);
	}
	ck_assert_uint_ge(len, 2);
	text[len - 2] = '\0';
}

/* The entity tag: strong, and of the bytes that one may have. */
static void get_etag(int fd, const char *target, char etag[128])
{
	struct response response;
	size_t len;

	http_get(fd, target, &response);
	http_expect_status(&response, 200);
	ck_assert(http_field(&response, "ETag", etag, 128));
	len = strlen(etag);
	ck_assert_uint_gt(len, 2);
	ck_assert_int_eq(etag[0], '"');
	ck_assert_ptr_eq(strchr(etag + 1, '"'), etag + len - 1);
	http_clear(&response);
}

/* 304 says which state of the file it is by its tag alone (15.4.5). */
static void expect_not_modified(const struct response *response,
				const char *etag)
{
	http_expect_field(response, "ETag", etag);
	http_expect_field(response, "Last-Modified", NULL);
	http_expect_field(response, "Transfer-Encoding", NULL);
	http_expect_field(response, "Connection", NULL);
	if (strstr(response->head, "Content-Length"))
		http_expect_field(response, "Content-Length", "10");
}

static void try_condition(int fd, int row, const char *method,
			  const char *fields, const char *etag)
{
	struct response response;

	http_ask(fd, &response, "%s /file.txt HTTP/1.1\r\n%s", method, fields);
	if (response.status != conditions[row].status)
		harness_fail("RFC 9110, %s: %s with %s: %d expected:\n%s",
			     conditions[row].section, method, fields,
			     conditions[row].status, response.head);
	if (response.status == 304)
		expect_not_modified(&response, etag);
	http_clear(&response);
	expect_file(fd);
}

START_TEST(a_condition_is_judged_as_it_should)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char etag[128], fields[1024];

	set_mtime("file.txt", MODIFIED_S, 123456789);
	get_etag(fd, "/file.txt", etag);
	fill_in(conditions[_i].fields, etag, fields, sizeof(fields));
	try_condition(fd, _i, "GET", fields, etag);
	try_condition(fd, _i, "HEAD", fields, etag);
	(void)close(fd);
}
END_TEST

/* RFC 9110, 13.2.1: only where without them it would be a success. */
static const struct {
	const char *request_line;
	int status;
} unconditional[] = {
	{"GET /none HTTP/1.1", 404},	     {"GET /sub HTTP/1.1", 301},
	{"OPTIONS /file.txt HTTP/1.1", 200}, {"POST /file.txt HTTP/1.1", 405},
	{"OPTIONS * HTTP/1.1", 200},
};

START_TEST(a_condition_changes_nothing_else)
{
	static const char *const fields[] = {"If-Match: \"x\"",
					     "If-None-Match: *",
					     "If-Unmodified-Since: " BEFORE,
					     "If-Modified-Since: " IN_FUTURE};
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_add(root, "sub");
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		http_ask(fd, &response, "%s\r\n%s",
			 unconditional[_i].request_line, fields[i]);
		http_expect_status(&response, unconditional[_i].status);
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

/* 8.8.2.1 */
START_TEST(a_modification_is_never_said_to_be_in_the_future)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	char date[64], etag[128];

	set_mtime("file.txt", (time_t)4000000000, 0);
	get_etag(fd, "/file.txt", etag);
	http_ask(fd, &response, "GET /file.txt HTTP/1.1");
	ck_assert(http_field(&response, "Date", date, sizeof(date)));
	http_expect_field(&response, "Last-Modified", date);
	http_clear(&response);
	http_ask(fd, &response, "GET /file.txt HTTP/1.1\r\nIf-None-Match: %s",
		 etag);
	http_expect_status(&response, 304);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

static const struct {
	time_t mtime_s;
	const char *date; /* NULL: none is told */
} dates[] = {
	{0, NULL}, /* where an archive has no times */
	{-86400, NULL},
	{1, "Thu, 01 Jan 1970 00:00:01 GMT"}, /* as early as it gets */
	{951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},
	{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
	{1709164800, "Thu, 29 Feb 2024 00:00:00 GMT"},
	{1735689599, "Tue, 31 Dec 2024 23:59:59 GMT"},
};

START_TEST(a_date_of_any_year_is_written_right)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	set_mtime("file.txt", dates[_i].mtime_s, 999999999);
	http_get(fd, "/file.txt", &response);
	http_expect_field(&response, "Last-Modified", dates[_i].date);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- methods, expectations, upgrades --- */

#define ALLOW "GET, HEAD, OPTIONS"

static const struct {
	const char *section;
	const char *request_line;
	int status;
	const char *allow;
} methods[] = {
	{"9.3.3", "POST /file.txt HTTP/1.1", 405, ALLOW},
	{"9.3.4", "PUT /file.txt HTTP/1.1", 405, ALLOW},
	{"9.3.5", "DELETE /file.txt HTTP/1.1", 405, ALLOW},
	{"9.3.6", "CONNECT localhost:80 HTTP/1.1", 405, ALLOW},
	{"9.3.6", "CONNECT / HTTP/1.1", 405, ALLOW},
	{"9.3.8", "TRACE /file.txt HTTP/1.1", 405, ALLOW},
	{"5789:2", "PATCH /file.txt HTTP/1.1", 405, ALLOW},
	{"15.5.6", "POST /none HTTP/1.1", 405, ALLOW},
	{"9.3.7", "OPTIONS /file.txt HTTP/1.1", 200, ALLOW},
	{"9.3.7", "OPTIONS /none HTTP/1.1", 200, ALLOW},
	{"9.3.7", "OPTIONS * HTTP/1.1", 200, ALLOW},
};

START_TEST(a_method_gets_its_answer_and_the_connection_goes_on)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_ask(fd, &response, "%s\r\nX-Secret: abracadabra",
		 methods[_i].request_line);
	if (response.status != methods[_i].status)
		harness_fail("RFC 9110, %s: %s: %d expected:\n%s",
			     methods[_i].section, methods[_i].request_line,
			     methods[_i].status, response.head);
	http_expect_field(&response, "Allow", methods[_i].allow);
	/* TRACE would send it back, for a script to read. */
	ck_assert_ptr_null(
		strstr((const char *)response.content, "abracadabra"));
	ck_assert_ptr_null(strstr(response.head, "abracadabra"));
	http_clear(&response);
	expect_file(fd);
	(void)close(fd);
}
END_TEST

/* 15.6.2: what is not known at all may have been framed in its own way. */
START_TEST(an_unknown_method_is_not_implemented)
{
	static const char *const unknown[] = {"BREW", "PROPFIND", "get", "X"};
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);

		http_ask(fd, &response, "%s /file.txt HTTP/1.1", unknown[i]);
		http_expect_status(&response, 501);
		http_expect_field(&response, "Connection", "close");
		http_clear(&response);
		tcp_expect_end(fd);
		(void)close(fd);
	}
}
END_TEST

static const struct {
	const char *section;
	const char *head;
	int status;
	bool goes_on;
} expectations[] = {
	/* No 100 in front: it would be the first status to be read. */
	{"10.1.1", "GET /file.txt HTTP/1.1\r\nExpect: 100-continue", 200, true},
	{"10.1.1", "GET /file.txt HTTP/1.1\r\nExpect: 100-Continue", 200, true},
	{"10.1.1", "GET /none HTTP/1.1\r\nExpect: 100-continue", 404, true},
	{"10.1.1",
	 "POST /file.txt HTTP/1.1\r\nExpect: 100-continue\r\n"
	 "Content-Length: 1000000",
	 405, false},
	{"10.1.1",
	 "PUT /file.txt HTTP/1.1\r\nExpect: 100-continue\r\n"
	 "Transfer-Encoding: chunked",
	 405, false},
	{"10.1.1",
	 "GET /file.txt HTTP/1.1\r\nExpect: 100-continue\r\n"
	 "Content-Length: 5",
	 200, false},
	{"10.1.1", "GET /file.txt HTTP/1.1\r\nExpect: more", 417, true},
	{"10.1.1", "HEAD /file.txt HTTP/1.1\r\nExpect: more", 417, true},
	{"10.1.1", "GET /file.txt HTTP/1.1\r\nExpect: 100-continue, more", 417,
	 true},
	{"10.1.1",
	 "GET /file.txt HTTP/1.1\r\nExpect: 100-continue\r\nExpect: more", 417,
	 true},
	{"10.1.1", "GET /file.txt HTTP/1.1\r\nExpect: 100-continues", 417,
	 true},
	/* The method is judged first: 417 would promise that it may work. */
	{"15.5.6", "POST /file.txt HTTP/1.1\r\nExpect: more", 405, true},
	{"10.1.1", "GET /file.txt HTTP/1.0\r\nExpect: 100-continue", 200,
	 false},
};

START_TEST(an_expectation_gets_the_final_answer)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_ask(fd, &response, "%s", expectations[_i].head);
	if (response.status != expectations[_i].status)
		harness_fail("RFC 9110, %s: %s: %d expected:\n%s",
			     expectations[_i].section, expectations[_i].head,
			     expectations[_i].status, response.head);
	http_clear(&response);
	if (expectations[_i].goes_on)
		expect_file(fd);
	else
		tcp_expect_end(fd);
	(void)close(fd);
}
END_TEST

static const char *const upgrades[] = {
	"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
	"HTTP2-Settings: AAMAAABkAAQAAP__",
	"Connection: Upgrade\r\nUpgrade: websocket\r\n"
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	"Sec-WebSocket-Version: 13",
	"Connection: upgrade\r\nUpgrade: TLS/1.3",
	"Upgrade: HTTP/2.0",
};

/* 7.8 */
START_TEST(an_upgrade_is_ignored)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_ask(fd, &response, "GET /file.txt HTTP/1.1\r\n%s", upgrades[_i]);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_expect_field(&response, "Upgrade", NULL);
	http_expect_field(&response, "Connection", NULL);
	http_clear(&response);
	expect_file(fd);
	(void)close(fd);
}
END_TEST

/* --- redirects --- */

static const struct {
	const char *folder;
	const char *target;
	const char *location;
} redirects[] = {
	{"sub", "/sub", "./sub/"},
	{"sub", "/sub?a=b&c=%20d", "./sub/?a=b&c=%20d"},
	{"sub", "/sub?", "./sub/?"},
	{"sub", "/sub?a?/../", "./sub/?a?/../"},
	{"sub", "/sub?//evil.example/", "./sub/?//evil.example/"},
	{"sub/deep", "/sub/deep", "./deep/"},
	{"sub/deep", "/sub//deep?a", "./deep/?a"},
	{"sub/a:b", "/sub/a:b", "./a%3Ab/"},
	{"sub", "/./sub", "./sub/"},
	{"sub", "/a/../sub", "./sub/"},
	{"sub", "/%73ub", "./sub/"},
	{"sub", "http://localhost/sub?a", "./sub/?a"},
	/* A reference of two slashes would name a host. */
	{"sub", "//sub", "./sub/"},
	{"evil.example", "//evil.example", "./evil.example/"},
	{"evil.example", "///evil.example", "./evil.example/"},
	{"evil.example", "/.//evil.example", "./evil.example/"},
	{"evil.example", "/%2e//evil.example", "./evil.example/"},
	{"evil.example", "/a/..//evil.example", "./evil.example/"},
	{"evil.example", "//evil.example?q", "./evil.example/?q"},
	/* A backslash is a slash to many. */
	{"\\evil.example", "/%5Cevil.example", "./%5Cevil.example/"},
	{"\\\\evil.example", "/%5c%5Cevil.example", "./%5C%5Cevil.example/"},
	{"\tevil", "/%09evil", "./%09evil/"},
	{"http:", "/http:", "./http%3A/"},
	{"a b", "/a%20b", "./a%20b/"},
	{"a\r\nSet-Cookie: b", "/a%0d%0aSet-Cookie:%20b",
	 "./a%0D%0ASet-Cookie%3A%20b/"},
	{"a?b", "/a%3fb", "./a%3Fb/"},
	{"a#b", "/a%23b", "./a%23b/"},
	{"a%41", "/a%2541", "./a%2541/"},
	{"\xc3\xa4", "/%c3%a4", "./%C3%A4/"},
	{"\xff\xfe", "/%ff%FE", "./%FF%FE/"},
	{"\"<>", "/%22%3c%3e", "./%22%3C%3E/"},
};

START_TEST(a_redirect_keeps_the_query_and_stays_on_its_host)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	if (strchr(redirects[_i].folder, '/'))
		folder_add(root, "sub");
	folder_add(root, redirects[_i].folder);
	http_get(fd, redirects[_i].target, &response);
	http_expect_status(&response, 301);
	http_expect_field(&response, "Location", redirects[_i].location);
	http_clear(&response);
	expect_file(fd);
	(void)close(fd);
}
END_TEST

/* --- media types --- */

static const struct {
	const char *name;
	const char *type;
} types[] = {
	{"a.html", "text/html; charset=utf-8"},
	{"a.htm", "text/html; charset=utf-8"},
	{"A.HTML", "text/html; charset=utf-8"},
	{"a.tar.css", "text/css; charset=utf-8"},
	{"a.js", "text/javascript; charset=utf-8"},
	{"a.mjs", "text/javascript; charset=utf-8"},
	{"a.json", "application/json"},
	{"a.txt", "text/plain; charset=utf-8"},
	{"a.svg", "image/svg+xml"},
	{"a.png", "image/png"},
	{"a.jpg", "image/jpeg"},
	{"a.webp", "image/webp"},
	{"a.woff2", "font/woff2"},
	{"a.wasm", "application/wasm"},
	{"a.pdf", "application/pdf"},
	{"a.mp4", "video/mp4"},
	{"a.gz", "application/gzip"},
	{"a.unheard-of", "application/octet-stream"},
	{"a", "application/octet-stream"},
	{"README", "text/plain; charset=utf-8"},
	{"Makefile", "text/plain; charset=utf-8"},
	{"LICENSE", "text/plain; charset=utf-8"},
	{"a.ini", "text/plain; charset=utf-8"},
	{"a.patch", "text/plain; charset=utf-8"},
	{"a.sql", "text/plain; charset=utf-8"},
	{"a.toml", "text/plain; charset=utf-8"},
	{"a.log", "text/plain; charset=utf-8"},
	{"a.", "application/octet-stream"},
	{"html", "application/octet-stream"},
};

START_TEST(a_file_has_the_type_of_its_extension)
{
	char target[64];
	struct response response;

	folder_write_text(root, types[_i].name, FILE_TEXT);
	(void)snprintf(target, sizeof(target), "/%s", types[_i].name);
	http_fetch(server, target, &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_expect_field(&response, "Content-Type", types[_i].type);
	http_expect_field(&response, "X-Content-Type-Options", "nosniff");
	http_clear(&response);
}
END_TEST

static const struct {
	const char *name;
	const char *type;
} own_types[] = {
	{"a.one", "application/x-one"},
	{"a.two", "application/x-two"},
	{"a.TWO", "application/x-two"},
	{"a.deux", "application/x-two"},
	{"a.txt", "text/x-mine; charset=utf-8"}, /* wins over ours */
	{"a.html", "text/html; charset=utf-8"},	 /* ours stay */
	{"a.three", "application/octet-stream"}, /* in a comment */
	{"a.none", "application/octet-stream"},	 /* a type of no extension */
	{"a.last", "application/x-last"},	 /* no line end behind it */
};

START_TEST(a_table_of_media_types_is_read)
{
	char option[320], *path = folder_path(root, "mime.types");
	const char *const more[] = {option, NULL};
	struct response response;
	char target[64];

	(void)snprintf(option, sizeof(option), "--mime-types=%s", path);
	folder_write_text(root, "mime.types",
			  "# type\textensions\n"
			  "\n"
			  "application/x-one\tone\n"
			  "  Application/X-Two   two deux # three\r\n"
			  "application/x-none\n"
			  "text/x-mine txt\n"
			  "application/x-last last");
	start(more);
	for (size_t i = 0; i < ARRAY_LEN(own_types); i++) {
		folder_write_text(root, own_types[i].name, "x");
		(void)snprintf(target, sizeof(target), "/%s",
			       own_types[i].name);
		http_fetch(server, target, &response);
		http_expect_field(&response, "Content-Type", own_types[i].type);
		http_clear(&response);
	}
	free(path);
}
END_TEST

START_TEST(what_no_table_knows_has_the_type_that_the_operator_says)
{
	static const char *const more[] = {"--default-type=text/plain", NULL};
	struct response response;

	start(more);
	folder_write_text(root, "a.unheard-of", "x");
	folder_write_text(root, "a.png", "x");
	http_fetch(server, "/a.unheard-of", &response);
	http_expect_field(&response, "Content-Type",
			  "text/plain; charset=utf-8");
	http_clear(&response);
	http_fetch(server, "/a.png", &response);
	http_expect_field(&response, "Content-Type", "image/png");
	http_clear(&response);
}
END_TEST

/* --- freshness --- */

static const struct {
	const char *head;
	int status;
	bool is_fresh;
} fresh[] = {
	{"GET /file.txt HTTP/1.1", 200, true},
	{"HEAD /file.txt HTTP/1.1", 200, true},
	{"GET /file.txt HTTP/1.1\r\nRange: bytes=0-0", 206, true},
	{"GET /file.txt HTTP/1.1\r\nIf-None-Match: *", 304, true},
	{"GET /file.txt HTTP/1.1\r\nRange: bytes=99-", 416, false},
	{"GET /file.txt HTTP/1.1\r\nIf-Match: \"x\"", 412, false},
	{"GET /none HTTP/1.1", 404, false},
	{"GET /file.txt HTTP/1.1\r\nExpect: more", 417, false},
	{"POST /file.txt HTTP/1.1", 405, false},
};

START_TEST(what_may_be_kept_says_for_how_long)
{
	static const char *const more[] = {"--max-age=3600", NULL};
	struct response response;
	int fd;

	start(more);
	fd = tcp_connect(server, SERVICE_HTTP);
	for (size_t i = 0; i < ARRAY_LEN(fresh); i++) {
		http_ask(fd, &response, "%s", fresh[i].head);
		http_expect_status(&response, fresh[i].status);
		http_expect_field(&response, "Cache-Control",
				  fresh[i].is_fresh ? "max-age=3600" : NULL);
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

START_TEST(no_time_and_no_time_at_all_are_two_things)
{
	static const char *const more[] = {"--max-age=0", NULL};
	struct response response;

	start(more);
	http_fetch(server, "/file.txt", &response);
	http_expect_field(&response, "Cache-Control", "max-age=0");
	http_clear(&response);
	server_stop(server);
	start(NULL);
	http_fetch(server, "/file.txt", &response);
	http_expect_field(&response, "Cache-Control", NULL);
	http_clear(&response);
}
END_TEST

/* --- an own page --- */

#define OWN_PAGE "<!DOCTYPE html><title>Not here</title>"

static const char *const absent[] = {
	"GET /none HTTP/1.1",
	"GET /none/none?a HTTP/1.1",
	"GET /none/ HTTP/1.1",
	"GET /.hidden HTTP/1.1",
	/* It is no representation of what was asked for. */
	"GET /none HTTP/1.1\r\nIf-None-Match: *",
	("GET /none HTTP/1.1\r\nIf-Modified-Since: " IN_FUTURE),
	"GET /none HTTP/1.1\r\nRange: bytes=0-0",
	"GET /none HTTP/1.1\r\nAccept-Encoding: gzip",
};

START_TEST(an_own_page_tells_of_what_is_not_there)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_write_text(root, "404.html", OWN_PAGE);
	folder_write_text(root, "404.html.gz", "not asked for");
	folder_write_text(root, ".hidden", "hidden");
	http_ask(fd, &response, "%s", absent[_i]);
	http_expect(&response, 404, OWN_PAGE, strlen(OWN_PAGE));
	http_expect_field(&response, "Content-Type",
			  "text/html; charset=utf-8");
	http_expect_field(&response, "ETag", NULL);
	http_expect_field(&response, "Last-Modified", NULL);
	http_expect_field(&response, "Accept-Ranges", NULL);
	http_expect_field(&response, "Content-Encoding", NULL);
	http_clear(&response);
	expect_file(fd);
	(void)close(fd);
}
END_TEST

START_TEST(an_own_page_has_its_length_said_to_head)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_write_text(root, "404.html", OWN_PAGE);
	http_ask(fd, &response, "HEAD /none HTTP/1.1");
	http_expect_status(&response, 404);
	ck_assert_uint_eq(response.len, strlen(OWN_PAGE));
	expect_file(fd);
	/* And by its own name it is a file like any other. */
	http_get(fd, "/404.html", &response);
	http_expect(&response, 200, OWN_PAGE, strlen(OWN_PAGE));
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(an_own_page_may_be_large)
{
	const size_t size = 300000;
	unsigned char *page = bytes_new(size);
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	bytes_pattern(page, size, 4);
	folder_write(root, "404.html", page, size);
	http_get(fd, "/none", &response);
	http_expect(&response, 404, page, size);
	http_clear(&response);
	expect_file(fd);
	free(page);
	(void)close(fd);
}
END_TEST

static void add_served(Suite *suite)
{
	TCase *tcase =
		harness_shared_case(suite, "conditions", set_up, tear_down);

	tcase_add_loop_test(tcase, a_condition_is_judged_as_it_should, 0,
			    ARRAY_LEN(conditions));

	tcase = harness_case(suite, "times");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_condition_changes_nothing_else, 0,
			    ARRAY_LEN(unconditional));
	tcase_add_test(tcase, a_modification_is_never_said_to_be_in_the_future);
	tcase_add_loop_test(tcase, a_date_of_any_year_is_written_right, 0,
			    ARRAY_LEN(dates));

	tcase = harness_shared_case(suite, "methods", set_up, tear_down);
	tcase_add_loop_test(tcase,
			    a_method_gets_its_answer_and_the_connection_goes_on,
			    0, ARRAY_LEN(methods));
	tcase_add_test(tcase, an_unknown_method_is_not_implemented);
	tcase_add_loop_test(tcase, an_expectation_gets_the_final_answer, 0,
			    ARRAY_LEN(expectations));
	tcase_add_loop_test(tcase, an_upgrade_is_ignored, 0,
			    ARRAY_LEN(upgrades));

	tcase = harness_case(suite, "names and pages");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
			    a_redirect_keeps_the_query_and_stays_on_its_host, 0,
			    ARRAY_LEN(redirects));
	tcase_add_loop_test(tcase, a_file_has_the_type_of_its_extension, 0,
			    ARRAY_LEN(types));
	tcase_add_loop_test(tcase, an_own_page_tells_of_what_is_not_there, 0,
			    ARRAY_LEN(absent));
	tcase_add_test(tcase, an_own_page_has_its_length_said_to_head);
	tcase_add_test(tcase, an_own_page_may_be_large);
}

static void add_options(Suite *suite)
{
	TCase *tcase = harness_case(suite, "options");

	tcase_add_checked_fixture(tcase, make_root, tear_down);
	tcase_add_test(tcase, a_table_of_media_types_is_read);
	tcase_add_test(tcase,
		       what_no_table_knows_has_the_type_that_the_operator_says);
	tcase_add_test(tcase, what_may_be_kept_says_for_how_long);
	tcase_add_test(tcase, no_time_and_no_time_at_all_are_two_things);
}

int main(void)
{
	Suite *suite = suite_create("e2e semantics");

	add_served(suite);
	add_options(suite);
	return harness_run_together(suite);
}
