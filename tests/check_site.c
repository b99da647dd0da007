/* SPDX-License-Identifier: MIT */
/*
 * From a request to its answer over a real folder: which file is found, which
 * of its forms is sent, what takes the place of one that is not there, and what
 * is told of it. No connection is needed for that.
 */
#include "web/site.h"

#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "http_fixture.h"
#include "leak.h"
#include "scarce.h"

#define LARGE ((64 << 10) + 1)

/* The time of the files that a row is about. */
#define THEN 1000000000

enum {
	LISTING = 1,
	HIDDEN = 2,
	BARE = 4, /* without a 404.html */
};

static struct loop loop;
static struct site *site;
static char *folder;
static struct gather out;
static char answer[1 << 20]; /* head and content as sent, NUL-ended */
static size_t answer_len;

/* The allocation of the next answer that fails; 0 for none. */
static unsigned scarce;
static bool was_scarce;

static void write_old(const char *name, const char *text, time_t time_s)
{
	const struct timespec times[2] = {{time_s, 0}, {time_s, 0}};
	char *path = folder_path(folder, name);

	folder_write_text(folder, name, text);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

static void open_site(int flags)
{
	const struct site_options options = {
		.listing = flags & LISTING,
		.hidden = flags & HIDDEN,
		.max_age_s = -1,
		.cache = {.max_bytes = 1 << 20,
			  .max_files = 100,
			  .max_open = 10},
	};

	site = site_new(&loop, docroot_open(folder), NULL, &options);
	ck_assert_ptr_nonnull(site);
}

static void set_up(void)
{
	folder = folder_new();
	ck_assert_int_eq(loop_init(&loop), 0);
	site = NULL;
}

static void tear_down(void)
{
	site_free(site);
	loop_clear(&loop);
	free(folder);
}

static void begin_answer(void)
{
	static char text[SITE_TEXT_MAX];

	gather_init(&out, text, sizeof(text));
}

/* Takes what was gathered. */
static void end_answer(void)
{
	struct iovec iov[GATHER_IOV_MAX];
	size_t n = gather_iov(&out, iov);

	answer_len = 0;
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_lt(answer_len + iov[i].iov_len, sizeof(answer));
		memcpy(answer + answer_len, iov[i].iov_base, iov[i].iov_len);
		answer_len += iov[i].iov_len;
	}
	answer[answer_len] = '\0';
	ck_assert_uint_eq(answer_len, out.len);
}

static struct site_reply ask_for(const char *method, const char *target,
				 const char *fields, bool is_last)
{
	char head[HTTP_HEAD_MAX];
	const struct http_request *request;
	struct site_reply reply;

	(void)snprintf(head, sizeof(head),
		       "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, target,
		       fields);
	request = &http_fixture_ask(head)->request;
	begin_answer();
	scarce_memory(scarce);
	reply = site_answer(site, request, is_last, &out);
	was_scarce = scarce_memory_end();
	end_answer();
	return reply;
}

/* A GET whose answer has no body of its own. */
static struct site_reply ask(const char *target, const char *fields)
{
	struct site_reply reply = ask_for("GET", target, fields, false);

	ck_assert(!reply.failed);
	ck_assert_ptr_null(reply.body);
	return reply;
}

static const char *content(void)
{
	const char *end = strstr(answer, "\r\n\r\n");

	ck_assert_msg(end, "no head: %s", answer);
	return end + 4;
}

static void expect_content(const struct site_reply *reply, const char *text)
{
	ck_assert_msg(!strcmp(content(), text), "\"%s\", not \"%s\"", content(),
		      text);
	ck_assert_uint_eq(reply->content_len, strlen(text));
}

/* Whether the head has this field line, or another beginning like it. */
static bool has_line(const char *line)
{
	char *at = strstr(answer, line);

	return at && at < content() && at > answer && at[-1] == '\n';
}

static void expect_line(const char *line)
{
	ck_assert_msg(has_line(line), "no %s in %s", line, answer);
}

static void expect_no_line(const char *line)
{
	ck_assert_msg(!has_line(line), "%s in %s", line, answer);
}

/* --- which file --- */

#define OWN "our own page\n"

static void make_tree(int flags)
{
	char *index;

	folder_add(folder, "sub");
	folder_add(folder, "sub/.hidden");
	folder_add(folder, "indexed");
	folder_add(folder, "odd");
	folder_add(folder, "odd/index.html");
	folder_add(folder, ".well-known");
	folder_add(folder, ".well-known/sub");
	folder_add(folder, ".well-known/.sub");
	folder_write_text(folder, ".file", "dot");
	folder_write_text(folder, ".well-knownx", "x");
	folder_write_text(folder, ".well-known/file", "known");
	folder_write_text(folder, ".well-known/.file", "dot");
	folder_write_text(folder, ".well-known/sub/.file", "dot");
	folder_write_text(folder, ".well-known/.sub/file", "dot");
	folder_write_text(folder, "sub/.hidden/file", "dot");
	folder_write_text(folder, "sub/file.txt", "file");
	folder_write_text(folder, "sub/a", "one letter");
	folder_write_text(folder, "indexed/index.html", "index");
	if (!(flags & BARE))
		folder_write_text(folder, "404.html", OWN);
	index = folder_path(folder, "fifo");
	ck_assert_int_eq(mkfifo(index, 0600), 0);
	free(index);
}

static const struct {
	const char *target;
	int flags;
	unsigned status;
	const char *content; /* NULL: some page of ours */
	const char *why;
} targets[] = {
	{"/sub/file.txt", 0, 200, "file", "a file"},
	{"/sub/a", 0, 200, "one letter", "a name of one letter"},
	{"/indexed/", 0, 200, "index", "the index of a folder"},
	{"/indexed/index.html", 0, 200, "index", "or by its name"},
	{"/indexed", 0, 301, NULL, "a folder without its slash"},
	{"/sub", 0, 301, NULL, "a folder without an index, too"},
	{"/sub/", 0, 404, OWN, "nothing is listed unless it is wished"},
	{"/odd/", 0, 404, OWN, "a folder called index.html is no index"},
	{"/absent", 0, 404, OWN, "nothing there"},
	{"/absent/", 0, 404, OWN, "nothing there"},
	{"/absent", BARE, 404, NULL, "nothing there, and no page for it"},
	{"/fifo", 0, 403, NULL, "what is no file is not absent"},
	{"/404.html", 0, 200, OWN, "the page is a file like any other"},

	/* names with a leading dot */
	{"/.file", 0, 404, OWN, "a name with a dot"},
	{"/.file", HIDDEN, 200, "dot", "a name with a dot, if wished"},
	{"/sub/.hidden/file", 0, 404, OWN, "below a name with a dot"},
	{"/sub/.hidden/file", HIDDEN, 200, "dot", "below it, if wished"},
	{"/sub/.hidden/", LISTING, 404, OWN, "is not listed"},
	{"/.well-known/file", 0, 200, "known", "RFC 8615"},
	{"/.well-known", 0, 301, NULL, "RFC 8615: the folder itself"},
	{"/.well-known/", 0, 404, OWN, "RFC 8615: it has no index"},
	{"/.well-knownx", 0, 404, OWN, "a name that only begins so"},
	{"/.well-knownx", HIDDEN, 200, "x", "a name that only begins so"},
	{"/.well-known/.file", 0, 404, OWN, "a dot below it"},
	{"/.well-known/.sub/file", 0, 404, OWN, "a dot below it"},
	{"/.well-known/sub/.file", 0, 404, OWN, "a dot further below"},
	{"/sub/.well-known", 0, 404, OWN, "RFC 8615: at the root alone"},
};

START_TEST(a_target_finds_its_file)
{
	struct site_reply reply;

	make_tree(targets[_i].flags);
	open_site(targets[_i].flags);
	reply = ask(targets[_i].target, "");
	ck_assert_msg(reply.status == targets[_i].status, "%s: %u: %s",
		      targets[_i].target, reply.status, targets[_i].why);
	ck_assert(!reply.close);
	if (targets[_i].content)
		expect_content(&reply, targets[_i].content);
	else
		ck_assert_uint_eq(reply.content_len, strlen(content()));
}
END_TEST

START_TEST(the_operators_page_is_sent_as_what_it_is)
{
	struct site_reply reply;

	make_tree(0);
	open_site(0);
	reply = ask("/absent", "");
	expect_line("Content-Type: text/html; charset=utf-8\r\n");
	expect_line("Content-Length: 13\r\n");
	expect_no_line("Last-Modified");
	expect_no_line("ETag");
	ck_assert(!reply.close);
	/* Of other troubles our own page tells. */
	reply = ask("/fifo", "");
	ck_assert_ptr_null(strstr(content(), OWN));
	reply = ask_for("HEAD", "/absent", "", false);
	expect_line("Content-Length: 13\r\n");
	expect_content(&reply, "");
}
END_TEST

START_TEST(who_lists_nothing_says_so)
{
	make_tree(BARE);
	open_site(0);
	(void)ask("/sub/", "");
	ck_assert_ptr_nonnull(strstr(content(), http_page_no_index));
	(void)ask("/absent", "");
	ck_assert_ptr_null(strstr(content(), http_page_no_index));
	site_free(site);
	open_site(LISTING);
	(void)ask("/absent/", "");
	ck_assert_ptr_null(strstr(content(), http_page_no_index));
}
END_TEST

/* --- listings --- */

static const struct {
	const char *target;
	int flags;
	bool is_listed;
} listed[] = {
	{"/sub/", LISTING, true},
	{"/odd/", LISTING, true}, /* an index.html that is a folder */
	{"/.well-known/", LISTING, true},
	{"/sub/.hidden/", LISTING, false},
	{"/sub/.hidden/", LISTING | HIDDEN, true},
	{"/indexed/", LISTING, false},
	{"/absent/", LISTING, false},
	{"/sub/file.txt", LISTING, false},
	{"/sub/", 0, false},
};

START_TEST(a_folder_without_an_index_may_be_listed)
{
	struct site_reply reply;

	make_tree(0);
	open_site(listed[_i].flags);
	reply = ask_for("GET", listed[_i].target, "", false);
	ck_assert_msg((reply.body != NULL) == listed[_i].is_listed, "%s",
		      listed[_i].target);
	if (listed[_i].is_listed) {
		ck_assert_uint_eq(reply.status, 200);
		expect_line("Transfer-Encoding: chunked\r\n");
	}
	body_free(reply.body);
	ck_assert_uint_eq(loop.n_held, 0);
	reply = ask_for("HEAD", listed[_i].target, "", false);
	ck_assert_ptr_null(reply.body);
	ck_assert_uint_eq(loop.n_held, 0);
}
END_TEST

/* What need not be sent is not opened. */
START_TEST(a_condition_is_judged_before_a_folder_is_listed)
{
	struct site_reply reply;

	make_tree(0);
	open_site(LISTING);
	reply = ask("/sub/", "If-None-Match: *\r\n");
	ck_assert_uint_eq(reply.status, 304);
	reply = ask("/sub/", "If-Match: \"x\"\r\n");
	ck_assert_uint_eq(reply.status, 412);
}
END_TEST

START_TEST(a_listing_is_made_of_the_folder_that_was_asked_for)
{
	struct site_reply reply;

	make_tree(0);
	open_site(LISTING);
	reply = ask_for("GET", "/sub/", "Accept: application/json\r\n", false);
	expect_line("Content-Type: application/json\r\n");
	ck_assert_ptr_nonnull(reply.body);
	body_free(reply.body);
}
END_TEST

/* --- which of its forms --- */

#define GZIP "Accept-Encoding: gzip\r\n"
#define BOTH "Accept-Encoding: gzip, br\r\n"

static const struct {
	time_t time_s, br_s, gzip_s; /* -1: there is none */
	const char *br;		     /* its content */
	const char *fields;
	const char *content;
	const char *why;
} forms[] = {
	{THEN, THEN, THEN, "br", BOTH, "br", "the one that is liked best"},
	{THEN, THEN, THEN, "br", GZIP, "gzip", "the one that is wanted"},
	{THEN, THEN, THEN, "br", "", "plain", "none is wanted"},
	{THEN, -1, THEN, "", BOTH, "gzip", "the one that there is"},
	{THEN, -1, -1, "", BOTH, "plain", "there is none"},
	{THEN, THEN + 9, -1, "br", BOTH, "br", "a newer one"},
	{THEN, THEN - 2, -1, "br", BOTH, "br", "as old, to two seconds"},
	{THEN, THEN - 3, -1, "br", BOTH, "plain", "of an older file"},
	{THEN, THEN - 3, THEN, "br", BOTH, "gzip", "the next one then"},
	{THEN, THEN - 3, THEN - 3, "br", BOTH, "plain", "both too old"},
	{THEN, THEN, -1, "plain", BOTH, "plain", "the same is no encoding"},
	{THEN, THEN, THEN, "plain", BOTH, "gzip", "but the next one is"},
	{-THEN, -THEN, -1, "br", BOTH, "br", "a time before all times"},
	{1, -THEN, -1, "br", BOTH, "plain", "of an older file"},
};

START_TEST(a_file_is_sent_in_the_form_that_is_wanted)
{
	struct site_reply reply;
	bool is_plain = !strcmp(forms[_i].content, "plain");

	write_old("a.txt", "plain", forms[_i].time_s);
	if (forms[_i].br_s != -1)
		write_old("a.txt.br", forms[_i].br, forms[_i].br_s);
	if (forms[_i].gzip_s != -1)
		write_old("a.txt.gz", "gzip", forms[_i].gzip_s);
	open_site(0);
	reply = ask("/a.txt", forms[_i].fields);
	ck_assert_uint_eq(reply.status, 200);
	ck_assert_msg(!strcmp(content(), forms[_i].content), "%s, not %s: %s",
		      content(), forms[_i].content, forms[_i].why);
	ck_assert(has_line("Content-Encoding: ") == !is_plain);
	ck_assert(has_line("Vary: Accept-Encoding\r\n") ==
		  (forms[_i].br_s != -1 || forms[_i].gzip_s != -1));
	expect_line("Content-Type: text/plain");
}
END_TEST

/* The value of this field, to be compared. */
static char *copy_of_field(const char *name)
{
	const char *at = strstr(answer, name);
	char *value;

	ck_assert_msg(at, "no %s in %s", name, answer);
	at += strlen(name);
	value = strndup(at, strcspn(at, "\r"));
	ck_assert_ptr_nonnull(value);
	return value;
}

START_TEST(every_form_has_its_own_validators)
{
	char *plain, *encoded;

	write_old("a.txt", "plain", THEN);
	write_old("a.txt.gz", "gzip", THEN + 1);
	open_site(0);
	(void)ask("/a.txt", "");
	expect_line("Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n");
	plain = copy_of_field("ETag: ");
	(void)ask("/a.txt", GZIP);
	expect_line("Last-Modified: Sun, 09 Sep 2001 01:46:41 GMT\r\n");
	encoded = copy_of_field("ETag: ");
	ck_assert_str_ne(plain, encoded);
	/* The same as that of the file that it is. */
	(void)ask("/a.txt.gz", "");
	free(plain);
	plain = copy_of_field("ETag: ");
	ck_assert_str_eq(plain, encoded);
	free(plain);
	free(encoded);
}
END_TEST

START_TEST(a_folder_with_a_codings_name_is_no_form)
{
	struct site_reply reply;

	folder_write_text(folder, "a.txt", "plain");
	folder_add(folder, "a.txt.br");
	folder_write_text(folder, "a.txt.gz", "gzip");
	open_site(0);
	reply = ask("/a.txt", BOTH);
	expect_content(&reply, "gzip");
}
END_TEST

START_TEST(what_is_stored_encoded_is_sent_as_what_it_is_or_holds)
{
	char *plain, *inner;
	struct site_reply reply;

	folder_write_text(folder, "a.js.gz", "gzip");
	folder_write_text(folder, "a.js.gz.br", "br");
	open_site(0);
	reply = ask("/a.js.gz", BOTH);
	expect_content(&reply, "gzip");
	expect_line("Content-Encoding: gzip\r\n");
	expect_line("Content-Type: text/javascript");
	expect_line("Vary: Accept-Encoding\r\n");
	inner = copy_of_field("ETag: ");
	reply = ask("/a.js.gz", "Accept-Encoding: br\r\n");
	expect_content(&reply, "gzip");
	expect_no_line("Content-Encoding");
	expect_line("Content-Type: application/gzip\r\n");
	expect_line("Vary: Accept-Encoding\r\n");
	plain = copy_of_field("ETag: ");
	/* The one tag is the other, with the coding's name. */
	ck_assert_uint_eq(strlen(inner), strlen(plain) + strlen("-gzip"));
	ck_assert_mem_eq(inner, plain, strlen(plain) - 1);
	ck_assert_str_eq(inner + strlen(plain) - 1, "-gzip\"");
	free(inner);
	free(plain);
}
END_TEST

/* --- how it is sent --- */

START_TEST(small_content_leaves_with_its_head)
{
	struct site_reply reply;

	folder_write_text(folder, "a", "0123456789");
	open_site(0);
	reply = ask("/a", "");
	expect_content(&reply, "0123456789");
	expect_line("Content-Length: 10\r\n");
	reply = ask("/a", "Range: bytes=2-4\r\n");
	ck_assert_uint_eq(reply.status, 206);
	expect_content(&reply, "234");
	reply = ask("/a", "Range: bytes=9-\r\n");
	expect_content(&reply, "9");
	reply = ask_for("HEAD", "/a", "", false);
	expect_content(&reply, "");
	expect_line("Content-Length: 10\r\n");
	ck_assert_ptr_null(reply.body);
	reply = ask_for("OPTIONS", "/a", "", false);
	ck_assert_uint_eq(reply.status, 200);
	expect_content(&reply, "");
}
END_TEST

START_TEST(several_ranges_come_as_a_body)
{
	struct site_reply reply;

	folder_write_text(folder, "a", "0123456789");
	open_site(0);
	reply = ask_for("GET", "/a", "Range: bytes=0-0,5-5\r\n", false);
	ck_assert_uint_eq(reply.status, 206);
	ck_assert_ptr_nonnull(reply.body);
	expect_content(&reply, "");
	expect_line("Content-Type: multipart/byteranges; boundary=");
	body_free(reply.body);
}
END_TEST

START_TEST(large_content_comes_as_a_body)
{
	char *data = bytes_new(LARGE);
	struct site_reply reply;

	memset(data, 'x', LARGE);
	folder_write(folder, "large", data, LARGE);
	free(data);
	open_site(0);
	reply = ask_for("GET", "/large", "", false);
	ck_assert_ptr_nonnull(reply.body);
	expect_content(&reply, "");
	ck_assert_uint_eq(loop.n_held, 1);
	body_free(reply.body);
	ck_assert_uint_eq(loop.n_held, 0);
	reply = ask_for("HEAD", "/large", "", false);
	ck_assert_ptr_null(reply.body);
	expect_line("Content-Length: 65537\r\n");
}
END_TEST

START_TEST(the_last_answer_says_so)
{
	struct site_reply reply;

	folder_write_text(folder, "a", "0123456789");
	open_site(0);
	reply = ask_for("GET", "/a", "", false);
	ck_assert(!reply.close);
	expect_no_line("Connection: ");
	reply = ask_for("GET", "/a", "", true);
	ck_assert(reply.close);
	expect_line("Connection: close\r\n");
	begin_answer();
	reply = site_answer(site,
			    &http_fixture_ask("GET /a HTTP/1.0\r\n"
					      "Connection: keep-alive\r\n\r\n")
				     ->request,
			    true, &out);
	end_answer();
	ck_assert(reply.close);
	expect_no_line("Connection: keep-alive");
}
END_TEST

START_TEST(the_date_is_now)
{
	char date[HTTP_DATE_LEN + 1], line[64];

	folder_write_text(folder, "a", "0123456789");
	open_site(0);
	(void)ask("/a", "");
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT",
		       gmtime(&loop.wall.tv_sec));
	(void)snprintf(line, sizeof(line), "Date: %s\r\n", date);
	expect_line(line);
}
END_TEST

START_TEST(what_is_no_request_gets_a_page_and_the_end)
{
	struct site_reply reply;

	open_site(0);
	begin_answer();
	reply = site_answer_bad(site, NULL, 408, &out);
	end_answer();
	ck_assert_uint_eq(reply.status, 408);
	ck_assert(reply.close);
	ck_assert_uint_eq(reply.content_len, strlen(content()));
	ck_assert_uint_gt(reply.content_len, 0);
	expect_line("Connection: close\r\n");
	begin_answer();
	reply = site_answer_bad(
		site, &http_fixture_ask_with("HEAD", "")->request, 431, &out);
	end_answer();
	expect_content(&reply, "");
	ck_assert_uint_eq(reply.status, 431);
}
END_TEST

/* --- the ports --- */

static const struct {
	struct site_ports ports;
	const char *json;
} ports[] = {
	{{1, 2, 3}, "{\"udp\":1,\"tcp\":2,\"http\":3}\n"},
	{{0, 0, 80}, "{\"udp\":null,\"tcp\":null,\"http\":80}\n"},
	{{65535, 65535, 65535},
	 "{\"udp\":65535,\"tcp\":65535,\"http\":65535}\n"},
};

START_TEST(the_ports_are_told)
{
	struct site_reply reply;

	make_tree(0);
	open_site(0);
	site_set_ports(site, &ports[_i].ports);
	reply = ask("/.well-known/uppercase", "");
	ck_assert_uint_eq(reply.status, 200);
	expect_content(&reply, ports[_i].json);
	expect_line("Content-Type: application/json\r\n");
	reply = ask_for("HEAD", "/.well-known/uppercase", "", false);
	expect_content(&reply, "");
	reply = ask("/.well-known/uppercase/", "");
	ck_assert_uint_eq(reply.status, 404);
	reply = ask("/sub/.well-known/uppercase", "");
	ck_assert_uint_eq(reply.status, 404);
}
END_TEST

START_TEST(a_file_of_that_name_comes_first)
{
	struct site_reply reply;

	make_tree(0);
	folder_write_text(folder, ".well-known/uppercase", "mine");
	open_site(0);
	site_set_ports(site, &ports[0].ports);
	reply = ask("/.well-known/uppercase", "");
	expect_content(&reply, "mine");
}
END_TEST

/* Names are put together in the same place of the stack. */
START_TEST(a_short_name_behind_a_long_one_is_whole)
{
	struct site_reply reply;
	char target[512];

	make_tree(0);
	folder_write_text(folder, "s", "plain");
	folder_write_text(folder, "s.gz", "coded");
	open_site(0);
	memset(target, 'a', sizeof(target));
	target[0] = target[sizeof(target) - 2] = '/';
	target[sizeof(target) - 1] = '\0';
	(void)ask(target, "");
	reply = ask("/indexed/", "");
	expect_content(&reply, "index");
	target[100] = '\0';
	folder_write_text(folder, target + 1, "plain");
	strcpy(target + 100, ".gz");
	folder_write_text(folder, target + 1, "coded");
	target[100] = '\0';
	reply = ask(target, "Accept-Encoding: gzip\r\n");
	expect_content(&reply, "coded");
	reply = ask("/s", "Accept-Encoding: gzip\r\n");
	expect_content(&reply, "coded");
}
END_TEST

/* --- the end of a site --- */

static void write_large(void)
{
	char *data = bytes_new(LARGE);

	memset(data, 'x', LARGE);
	folder_write(folder, "large", data, LARGE);
	free(data);
}

/* It is there for those that are being sent, and not longer. */
START_TEST(a_site_that_is_retired_goes_with_its_last_body)
{
	struct site_reply first, second;
	struct body *body;

	write_large();
	open_site(0);
	first = ask_for("GET", "/large", "", false);
	second = ask_for("GET", "/large", "", false);
	body = second.body;
	ck_assert_ptr_nonnull(first.body);
	ck_assert_ptr_nonnull(body);
	site_retire(site);
	ck_assert_ptr_nonnull(body->owner);
	body_free(first.body);
	ck_assert_uint_eq(body->owner->n_bodies, 1);
	ck_assert_uint_eq(loop.n_held, 1);
	body_free(body);
	site = NULL;
	site_retire(NULL);
}
END_TEST

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

/* What is dead is freed at its end. */
static void turn(void)
{
	struct event stop;

	(void)event_assign(&stop, loop.base, -1, 0, stop_cb, &loop);
	event_active(&stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&loop), 0);
}

/* In each way in which it may end. */
static void open_and_end(void)
{
	struct site_reply reply;
	const struct site_options options = {
		.max_age_s = -1,
		.cache = {.max_bytes = 1 << 20,
			  .max_files = 100,
			  .max_open = 10},
	};
	struct docroot *root;

	open_site(LISTING);
	reply = ask_for("GET", "/large", "", false);
	body_free(reply.body);
	body_free(ask_for("GET", "/sub/", "", false).body);
	site_free(site);
	open_site(0);
	site_retire(site);
	open_site(0);
	reply = ask_for("GET", "/large", "", false);
	site_retire(site);
	body_free(reply.body);
	root = docroot_open(folder);
	scarce_memory(2);
	site = site_new(&loop, root, NULL, &options);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(site);
	docroot_close(root);
	turn();
}

START_TEST(a_site_leaves_nothing_behind)
{
	make_tree(BARE);
	write_large();
	leak_check(open_and_end);
	site_free(NULL);
}
END_TEST

/* --- scarcity --- */

START_TEST(a_site_needs_memory)
{
	const struct site_options options = {.cache = {1 << 20, 10, 10}};
	struct docroot *root = docroot_open(folder);
	bool has_failed;
	unsigned n = 0;

	do {
		scarce_memory(++n);
		site = site_new(&loop, root, NULL, &options);
		has_failed = scarce_memory_end();
		ck_assert_msg((site == NULL) == has_failed, "%u", n);
	} while (has_failed && n < 100);
	ck_assert_uint_ge(n, 5);
}
END_TEST

/* A head must not go out without the content that it promises. */
START_TEST(without_memory_for_a_body_nothing_is_said)
{
	struct site_reply reply;
	char *data = bytes_new(LARGE);

	memset(data, 'x', LARGE);
	folder_write(folder, "large", data, LARGE);
	free(data);
	open_site(0);
	(void)ask_for("HEAD", "/large", "", false);
	scarce = 1;
	reply = ask_for("GET", "/large", "", false);
	ck_assert(was_scarce);
	ck_assert(reply.failed);
	ck_assert_ptr_null(reply.body);
	ck_assert_uint_eq(answer_len, 0);
	ck_assert_uint_eq(loop.n_held, 0);
}
END_TEST

START_TEST(a_listing_without_memory_is_refused_for_a_moment)
{
	struct site_reply reply;
	unsigned n_refused = 0;

	make_tree(BARE);
	open_site(LISTING);
	do {
		scarce++;
		reply = ask_for("GET", "/sub/", "", false);
		if (!reply.body) {
			n_refused++;
			ck_assert_uint_eq(reply.status, 503);
		}
		body_free(reply.body);
		ck_assert_uint_eq(loop.n_held, 0);
	} while (was_scarce && scarce < 100);
	ck_assert_uint_eq(reply.status, 200);
	ck_assert_uint_ge(n_refused, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("site");
	TCase *tcase = harness_case(suite, "site");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_target_finds_its_file, 0,
			    (int)ARRAY_LEN(targets));
	tcase_add_test(tcase, the_operators_page_is_sent_as_what_it_is);
	tcase_add_test(tcase, who_lists_nothing_says_so);
	tcase_add_loop_test(tcase, a_folder_without_an_index_may_be_listed, 0,
			    (int)ARRAY_LEN(listed));
	tcase_add_test(tcase, a_condition_is_judged_before_a_folder_is_listed);
	tcase_add_test(tcase,
		       a_listing_is_made_of_the_folder_that_was_asked_for);
	tcase_add_loop_test(tcase, a_file_is_sent_in_the_form_that_is_wanted, 0,
			    (int)ARRAY_LEN(forms));
	tcase_add_test(tcase, every_form_has_its_own_validators);
	tcase_add_test(tcase, a_folder_with_a_codings_name_is_no_form);
	tcase_add_test(tcase,
		       what_is_stored_encoded_is_sent_as_what_it_is_or_holds);
	tcase_add_test(tcase, small_content_leaves_with_its_head);
	tcase_add_test(tcase, several_ranges_come_as_a_body);
	tcase_add_test(tcase, large_content_comes_as_a_body);
	tcase_add_test(tcase, the_last_answer_says_so);
	tcase_add_test(tcase, the_date_is_now);
	tcase_add_test(tcase, what_is_no_request_gets_a_page_and_the_end);
	tcase_add_loop_test(tcase, the_ports_are_told, 0,
			    (int)ARRAY_LEN(ports));
	tcase_add_test(tcase, a_file_of_that_name_comes_first);
	tcase_add_test(tcase, a_short_name_behind_a_long_one_is_whole);
	tcase_add_test(tcase, a_site_that_is_retired_goes_with_its_last_body);
	tcase_add_test(tcase, a_site_leaves_nothing_behind);
	tcase_add_test(tcase, a_site_needs_memory);
	tcase_add_test(tcase, without_memory_for_a_body_nothing_is_said);
	tcase_add_test(tcase, a_listing_without_memory_is_refused_for_a_moment);
	return harness_run(suite);
}
