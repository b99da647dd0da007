/* SPDX-License-Identifier: MIT */
/*
 * Generated listings of the running daemon: what stands in them and what may
 * not, and names that would like to be markup. Folders of a hundred thousand
 * files are in check_e2e_long_listing.c.
 *
 * HTML and JSON are read with Python's own parsers, where it is installed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_TEXT   "some text\n"
#define SECRET_TEXT "nobody may see this\n"

#define HTML_TYPE   "text/html; charset=utf-8"
#define JSON_TYPE   "application/json"

static char *outside; /* holds the root and what is beside it */
static char *root;
static struct server *server;

static void start(const char *const more[])
{
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .more = more, .obeys_modes = true});
}

static void start_listing(void)
{
	static const char *const more[] = {"--listing", NULL};

	start(more);
}

static void make_root(void)
{
	outside = folder_new();
	folder_write_text(outside, "secret", SECRET_TEXT);
	folder_add(outside, "root");
	root = folder_path(outside, "root");
	folder_write_text(root, "file.txt", FILE_TEXT);
	folder_add(root, "sub");
}

static void set_up(void)
{
	make_root();
	start_listing();
}

static void stop_server(void)
{
	server_stop(server);
}

static void free_root(void)
{
	free(root);
	free(outside);
}

static void tear_down(void)
{
	stop_server();
	free_root();
}

static void make_link(const char *to, const char *name)
{
	char *path = folder_path(root, name);

	ck_assert_int_eq(symlink(to, path), 0);
	free(path);
}

static void set_mtime(const char *name, time_t s)
{
	char *path = folder_path(root, name);
	const struct timespec times[2] = {{s, 0}, {s, 0}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

static void expect_file(int fd)
{
	struct response response;

	http_get(fd, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

static void ask(int fd, struct response *response, const char *target,
		const char *accept)
{
	if (accept)
		http_ask(fd, response, "GET %s HTTP/1.1\r\nAccept: %s", target,
			 accept);
	else
		http_ask(fd, response, "GET %s HTTP/1.1", target);
}

static void ask_json(int fd, struct response *response, const char *target)
{
	ask(fd, response, target, JSON_TYPE);
	http_expect_status(response, 200);
	http_expect_field(response, "Content-Type", JSON_TYPE);
}

static void ask_html(int fd, struct response *response, const char *target)
{
	ask(fd, response, target, NULL);
	http_expect_status(response, 200);
	http_expect_field(response, "Content-Type", HTML_TYPE);
}

static bool has(const struct response *response, const char *text)
{
	return strstr((const char *)response->content, text) != NULL;
}

/* --- when there is one --- */

START_TEST(without_the_option_nothing_is_listed)
{
	struct response response;
	int fd;

	start(NULL);
	fd = tcp_connect(server, SERVICE_HTTP);
	http_get(fd, "/", &response);
	http_expect_status(&response, 404);
	ck_assert(!has(&response, "file.txt"));
	http_clear(&response);
	http_get(fd, "/sub/", &response);
	http_expect_status(&response, 404);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(an_index_comes_first)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_write_text(root, "sub/index.html", "the index");
	http_get(fd, "/sub/", &response);
	http_expect(&response, 200, "the index", 9);
	http_clear(&response);
	http_get(fd, "/sub", &response);
	http_expect_status(&response, 301);
	http_expect_field(&response, "Location", "./sub/");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* A folder that may be passed but not read serves what is in it by name. */
START_TEST(a_folder_that_may_only_be_passed_has_its_redirect)
{
	char *path = folder_path(root, "sub");
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_write_text(root, "sub/index.html", "inside");
	ck_assert_int_eq(chmod(path, 0311), 0);
	http_get(fd, "/sub", &response);
	http_expect_status(&response, 301);
	http_expect_field(&response, "Location", "./sub/");
	http_clear(&response);
	http_get(fd, "/sub/", &response);
	http_expect(&response, 200, "inside", 6);
	http_clear(&response);
	ck_assert_int_eq(chmod(path, 0755), 0);
	free(path);
	(void)close(fd);
}
END_TEST

START_TEST(what_may_not_be_read_is_not_listed)
{
	char *path = folder_path(root, "sub");
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_write_text(root, "sub/hard-to-guess", "");
	ck_assert_int_eq(chmod(path, 0311), 0);
	http_get(fd, "/sub/", &response);
	ck_assert(response.status == 403 || response.status == 404);
	ck_assert(!has(&response, "hard-to-guess"));
	http_clear(&response);
	http_get(fd, "/sub/hard-to-guess", &response);
	http_expect_status(&response, 200);
	http_clear(&response);
	ck_assert_int_eq(chmod(path, 0755), 0);
	free(path);
	(void)close(fd);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_not_listed)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_get(fd, "/none/", &response);
	http_expect_status(&response, 404);
	http_clear(&response);
	http_get(fd, "/file.txt/", &response);
	http_expect_status(&response, 404);
	http_clear(&response);
	expect_file(fd);
	(void)close(fd);
}
END_TEST

/* RFC 9110, 12.5.1. A browser prefers HTML, whatever else it takes. */
static const struct {
	const char *accept;
	bool is_json;
} accepts[] = {
	{NULL, false},
	{"", false},
	{"*/*", false},
	{"text/html", false},
	{"application/json", true},
	{"Application/JSON", true},
	{"application/*", true},
	{"application/json, text/html", false},
	{"application/json;q=0.9, text/html;q=0.8", true},
	{"application/json;q=0.8, text/html;q=0.9", false},
	{"application/json, */*;q=0.5", true},
	{"text/*;q=0.5, application/*;q=0.6", true},
	{"application/json;q=0", false},
	{"application/json;q=0, */*", false},
	{"text/html;q=0, */*", true},
	{"application/json; charset=utf-8", true},
	{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
	 "image/webp,*/*;q=0.8",
	 false},
	{"application/jsonl", false},
	{"json", false},
};

START_TEST(it_is_html_or_json_as_the_client_prefers)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	ask(fd, &response, "/", accepts[_i].accept);
	http_expect_status(&response, 200);
	http_expect_field(&response, "Content-Type",
			  accepts[_i].is_json ? JSON_TYPE : HTML_TYPE);
	http_expect_field(&response, "Vary", "Accept");
	http_expect_field(&response, "X-Content-Type-Options", "nosniff");
	http_expect_field(&response, "ETag", NULL);
	http_expect_field(&response, "Last-Modified", NULL);
	http_expect_field(&response, "Accept-Ranges", NULL);
	ck_assert_int_eq(response.content[0], accepts[_i].is_json ? '{' : '<');
	http_clear(&response);
	expect_file(fd);
	(void)close(fd);
}
END_TEST

/* --- what stands in it --- */

/* Prints each row: "name|link or type|size|time", after what it has checked. */
static const char html_reader[] =
	"import sys, html.parser\n"
	"text = sys.stdin.buffer.read().decode()\n"
	"assert text.startswith('<!DOCTYPE html>')\n"
	"class Reader(html.parser.HTMLParser):\n"
	"    rows, cells, seen, stack = [], None, set(), []\n"
	"    void = ('meta', 'link', 'br')\n"
	"    def handle_starttag(self, tag, attrs):\n"
	"        self.seen.add(tag)\n"
	"        attrs = dict(attrs)\n"
	"        if tag not in self.void: self.stack.append(tag)\n"
	"        if 'charset' in attrs: assert attrs['charset'] == 'utf-8'\n"
	"        if 'name' in attrs: self.seen.add(attrs['name'])\n"
	"        if tag == 'tr': self.cells, self.href = [], ''\n"
	"        if tag == 'td': self.cells.append('')\n"
	"        if tag == 'a': self.href = attrs['href']\n"
	"    def handle_endtag(self, tag):\n"
	"        assert self.stack.pop() == tag, tag\n"
	"        if tag == 'tr' and self.cells:\n"
	"            self.rows.append([self.cells[0], self.href] +\n"
	"                             self.cells[1:])\n"
	"    def handle_data(self, data):\n"
	"        if self.stack and 'td' in self.stack: self.cells[-1] += data\n"
	"reader = Reader()\n"
	"reader.feed(text)\n"
	"assert not reader.stack, reader.stack\n"
	"assert reader.seen <= {'html', 'head', 'meta', 'title', 'style',\n"
	"    'body', 'h1', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'a',\n"
	"    'viewport', 'color-scheme'}, reader.seen\n"
	"assert 'viewport' in reader.seen\n"
	"assert 'color-scheme' in text\n"
	"for row in reader.rows: print('|'.join(row))\n";

static const char json_reader[] =
	"import sys, json\n"
	"listing = json.loads(sys.stdin.buffer.read().decode())\n"
	"assert set(listing) == {'path', 'entries', 'complete'}, listing\n"
	"assert listing['complete'] is True\n"
	"print(listing['path'])\n"
	"for e in listing['entries']:\n"
	"    print(e['name'], e['type'], e.get('size', ''), e['modified'],\n"
	"          sep='|')\n";

static void expect_read(const struct response *response, const char *script,
			const char *text)
{
	const char *const argv[] = {"python3", "-S", "-c", script, NULL};
	struct outcome outcome;

	if (!program_exists("python3"))
		return;
	outcome = program_run(argv, response->content, response->len);
	if (outcome.status != 0)
		harness_fail("%s", outcome.err);
	ck_assert_str_eq(outcome.out, text);
	outcome_clear(&outcome);
}

/* Folders first, each group in order; sizes, and times in UTC. */
static void make_mixture(void)
{
	folder_write(root, "sub/b.txt", "12345", 5);
	folder_write(root, "sub/a.txt", "", 0);
	folder_write(root, "sub/Z", "1", 1);
	folder_add(root, "sub/x");
	folder_add(root, "sub/empty");
	set_mtime("sub/b.txt", 784111777);
	set_mtime("sub/a.txt", 951782400);
	set_mtime("sub/Z", 0);
	set_mtime("sub/x", 1735689599);
	set_mtime("sub/empty", 784111777);
}

START_TEST(html_shows_names_sizes_and_times)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	make_mixture();
	ask_html(fd, &response, "/sub/");
	expect_read(&response, html_reader,
		    "../|../||\n"
		    "empty/|./empty/||1994-11-06 08:49:37\n"
		    "x/|./x/||2024-12-31 23:59:59\n"
		    "Z|./Z|1 B|1970-01-01 00:00:00\n"
		    "a.txt|./a.txt|0 B|2000-02-29 00:00:00\n"
		    "b.txt|./b.txt|5 B|1994-11-06 08:49:37\n");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(json_tells_names_types_sizes_and_times)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	make_mixture();
	ask_json(fd, &response, "/sub/");
	expect_read(&response, json_reader,
		    "/sub/\n"
		    "empty|directory||1994-11-06T08:49:37Z\n"
		    "x|directory||2024-12-31T23:59:59Z\n"
		    "Z|file|1|1970-01-01T00:00:00Z\n"
		    "a.txt|file|0|2000-02-29T00:00:00Z\n"
		    "b.txt|file|5|1994-11-06T08:49:37Z\n");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* In runs of a thousand, which are merged: the order is one. */
START_TEST(numbers_in_names_are_counted)
{
	static const char script[] =
		"import sys, json\n"
		"names = [e['name'] for e in json.load(sys.stdin)['entries']]\n"
		"assert len(names) == 2500, len(names)\n"
		"numbers = [int(n[4:]) for n in names]\n"
		"assert numbers == sorted(numbers), names\n";
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	char name[32];

	for (int i = 0; i < 2500; i++) {
		(void)snprintf(name, sizeof(name), "sub/file%d", i);
		folder_write(root, name, "", 0);
	}
	ask_json(fd, &response, "/sub/");
	expect_read(&response, script, "");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(an_empty_folder_has_an_empty_listing)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	ask_html(fd, &response, "/sub/");
	expect_read(&response, html_reader, "../|../||\n");
	http_clear(&response);
	ask_json(fd, &response, "/sub/");
	expect_read(&response, json_reader, "/sub/\n");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(above_the_root_there_is_nothing)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	ask_html(fd, &response, "/");
	ck_assert(!has(&response, "../"));
	ck_assert(has(&response, "file.txt"));
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* What could not be served is not offered; what is a link is what it names. */
START_TEST(only_what_can_be_served_is_listed)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char *fifo = folder_path(root, "sub/fifo"), *file;
	struct response response;

	ck_assert_int_eq(mkfifo(fifo, 0644), 0);
	make_link("../../secret", "sub/out");
	make_link("/etc", "sub/absolute");
	make_link("nothing", "sub/broken");
	make_link("loop", "sub/loop");
	make_link("../file.txt", "sub/inside");
	make_link("..", "sub/up");
	file = folder_path(root, "file.txt");
	make_link(file, "sub/whole-name");
	make_link(root, "sub/whole-folder");
	set_mtime("file.txt", 784111777);
	ask_json(fd, &response, "/sub/");
	ck_assert(has(&response, "\"inside\",\"type\":\"file\",\"size\":10,"
				 "\"modified\":\"1994-11-06T08:49:37Z\""));
	ck_assert(has(&response, "\"up\",\"type\":\"directory\""));
	ck_assert(has(&response, "\"whole-name\",\"type\":\"file\""));
	ck_assert(has(&response, "\"whole-folder\",\"type\":\"directory\""));
	ck_assert(!has(&response, "fifo"));
	ck_assert(!has(&response, "out"));
	ck_assert(!has(&response, "absolute"));
	ck_assert(!has(&response, "broken"));
	ck_assert(!has(&response, "loop"));
	http_clear(&response);
	free(file);
	free(fifo);
	(void)close(fd);
}
END_TEST

/* --- hidden names --- */

static const char *const hidden[] = {
	"/.hidden",
	"/.git/config",
	"/.git/",
	"/.git",
	"/%2ehidden",
	"/%2Egit/config",
	"/sub/.hidden",
	"/sub/../.hidden",
	"/./.hidden",
	"//.hidden",
	"/.git/../.hidden",
	"/...",
	"/..hidden",
	"/sub/.d/file",
	"/.d/index.html",
	"/.d/",
	"/.hidden?a",
	"/.git//config",
	"/.env",
	"/.well-known.txt",
	"/.well-knownx/file",
	"/.well-known/.secret",
	"/sub/.well-known/file",
	"/.Well-Known/file",
	"/.well-known/../.env",
};

static void make_hidden(void)
{
	folder_write_text(root, ".hidden", SECRET_TEXT);
	folder_write_text(root, "..hidden", SECRET_TEXT);
	folder_write_text(root, "...", SECRET_TEXT);
	folder_write_text(root, "sub/.hidden", SECRET_TEXT);
	folder_add(root, ".git");
	folder_write_text(root, ".git/config", SECRET_TEXT);
	folder_add(root, "sub/.d");
	folder_write_text(root, "sub/.d/file", SECRET_TEXT);
	folder_add(root, ".d");
	folder_write_text(root, ".d/index.html", SECRET_TEXT);
	folder_write_text(root, ".env", SECRET_TEXT);
	folder_write_text(root, ".well-known.txt", SECRET_TEXT);
	folder_add(root, ".well-knownx");
	folder_write_text(root, ".well-knownx/file", SECRET_TEXT);
	folder_add(root, ".Well-Known");
	folder_write_text(root, ".Well-Known/file", SECRET_TEXT);
	folder_add(root, "sub/.well-known");
	folder_write_text(root, "sub/.well-known/file", SECRET_TEXT);
	folder_add(root, ".well-known");
	folder_write_text(root, ".well-known/.secret", SECRET_TEXT);
	folder_write_text(root, ".well-known/security.txt", "Contact: a\n");
}

START_TEST(what_is_hidden_is_as_good_as_absent)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response, none;

	make_hidden();
	http_get(fd, "/none", &none);
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
		http_get(fd, hidden[i], &response);
		http_expect(&response, 404, none.content, none.len);
		http_clear(&response);
	}
	ask_json(fd, &response, "/");
	ck_assert(!has(&response, "\"."));
	http_clear(&response);
	ask_html(fd, &response, "/sub/");
	ck_assert(!has(&response, "hidden"));
	http_clear(&response);
	http_clear(&none);
	(void)close(fd);
}
END_TEST

/* RFC 8615: whoever looks there knows the name, and the owner means it. */
START_TEST(what_is_well_known_is_not_hidden)
{
	static const char *const targets[] = {
		"/.well-known/security.txt", "/%2ewell-known/security.txt",
		"//.well-known//security.txt",
		"/sub/../.well-known/security.txt"};
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	make_hidden();
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		http_get(fd, targets[i], &response);
		http_expect(&response, 200, "Contact: a\n", 11);
		http_clear(&response);
	}
	http_get(fd, "/.well-known", &response);
	http_expect_status(&response, 301);
	http_expect_field(&response, "Location", "./.well-known/");
	http_clear(&response);
	ask_json(fd, &response, "/.well-known/");
	ck_assert(has(&response, "security.txt"));
	ck_assert(!has(&response, "secret"));
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(with_the_option_what_is_hidden_is_served_and_listed)
{
	static const char *const more[] = {"--listing", "--hidden", NULL};
	struct response response;
	int fd;

	make_hidden();
	start(more);
	fd = tcp_connect(server, SERVICE_HTTP);
	http_get(fd, "/.git/config", &response);
	http_expect(&response, 200, SECRET_TEXT, strlen(SECRET_TEXT));
	http_clear(&response);
	http_get(fd, "/.d/", &response);
	http_expect(&response, 200, SECRET_TEXT, strlen(SECRET_TEXT));
	http_clear(&response);
	http_get(fd, "/.git", &response);
	http_expect_status(&response, 301);
	http_clear(&response);
	ask_json(fd, &response, "/");
	ck_assert(has(&response, "\".git\",\"type\":\"directory\""));
	ck_assert(has(&response, "\".hidden\",\"type\":\"file\""));
	ck_assert(has(&response, "\"...\""));
	/* But never these two. */
	ck_assert(!has(&response, "\".\""));
	ck_assert(!has(&response, "\"..\""));
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- hostile names --- */

static const char *const names[] = {
	"<script>alert(1)<",
	"\"onmouseover=alert(1) x=\"",
	"'onmouseover='alert(1)",
	"&lt;b&gt;",
	"&amp",
	"<!--",
	"]]>",
	"javascript:alert(1)",
	"http:evil.example",
	"\\\\evil.example",
	"a b",
	" leading and trailing ",
	"a\tb",
	"a\nb",
	"a\r\nSet-Cookie: b",
	"\x01\x1b[2J\x7f",
	"%41",
	"%",
	"%2e%2e",
	"a?b=c",
	"a#b",
	"a;b",
	"a+b",
	"a=b&c",
	"~",
	"-",
	"--version",
	"*",
	"[1]",
	"{}|^`",
	"\xc3\xa4\xc3\x96\xe2\x82\xac",
	"\xf0\x9f\x98\x80",
	"\xe2\x80\xae"
	"gpj.exe", /* turns the direction of writing */
	"\xff\xfe",
	"\xc0\xaf",
	"\xed\xa0\x80",
	"\xc3",
	"x\xe2",
	"index.htm",
	"0123456789012345678901234567890123456789012345678901234567890123456789"
	"0123456789012345678901234567890123456789012345678901234567890123456789"
	"0123456789012345678901234567890123456789012345678901234567890123456789"
	"012345678901234567890123456789012345678901234",
};

/* Each file has its own number in it. */
static void make_names(void)
{
	char content[16], name[300];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(name, sizeof(name), "sub/%s", names[i]);
		(void)snprintf(content, sizeof(content), "%zu", i);
		folder_write_text(root, name, content);
	}
}

/* Follows the link as a browser does that is at /sub/. */
static size_t follow(int fd, const char *href, size_t len)
{
	char target[2048];
	struct response response;
	size_t number;

	ck_assert_uint_gt(len, 2);
	ck_assert_int_eq(strncmp(href, "./", 2), 0);
	(void)snprintf(target, sizeof(target), "/sub/%.*s", (int)len - 2,
		       href + 2);
	http_get(fd, target, &response);
	if (response.status != 200)
		harness_fail("%s:\n%s", target, response.head);
	number = strtoul((const char *)response.content, NULL, 10);
	http_clear(&response);
	return number;
}

START_TEST(each_link_leads_to_its_file_whatever_it_is_called)
{
	static const char mark[] = "<a href=\"";
	bool seen[ARRAY_LEN(names)] = {false};
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	const char *at;
	size_t n = 0;

	make_names();
	ask_html(fd, &response, "/sub/");
	at = strstr((const char *)response.content, mark);
	for (; (at = strstr(at + 1, mark)); n++) {
		const char *href = at + strlen(mark);
		size_t number = follow(fd, href, strcspn(href, "\""));

		ck_assert_uint_lt(number, ARRAY_LEN(names));
		ck_assert(!seen[number]);
		seen[number] = true;
	}
	ck_assert_uint_eq(n, ARRAY_LEN(names));
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* What is no UTF-8 can only be shown as a sign that something was there. */
static const char hostile_html_reader[] =
	"import sys, html, re\n"
	"text = sys.stdin.buffer.read().decode(errors='replace')\n"
	"for cell in re.findall(r'<td><a href=\"[^\"<>]*\">([^<>]*)</a>', "
	"text):\n"
	"    print(ascii(html.unescape(cell)))\n";

static const char hostile_json_reader[] =
	"import sys, json\n"
	"for e in json.loads(sys.stdin.buffer.read().decode())['entries']:\n"
	"    print(ascii(e['name']))\n";

/*
 * The names argv[2:] as Python has them, but for what is no UTF-8 and what
 * matches argv[1].
 */
static const char name_printer[] =
	"import sys, os, re\n"
	"names = [os.fsencode(a) for a in sys.argv[2:]]\n"
	"for name in sorted(names):\n"
	"    print(ascii(re.sub(sys.argv[1], '\\ufffd',\n"
	"                       name.decode(errors='replace'))))\n";

/* HTML has no way to write most control characters; JSON has. */
static const char html_unfit[] = "[\\x00-\\x1f\\x7f]";
static const char json_unfit[] = "(?!)";

static struct outcome print_names(const char *unfit)
{
	const char *argv[6 + ARRAY_LEN(names)] = {"python3", "-S", "-c",
						  name_printer, unfit};
	struct outcome outcome;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		argv[5 + i] = names[i];
	outcome = program_run(argv, "", 0);
	ck_assert_int_eq(outcome.status, 0);
	return outcome;
}

START_TEST(each_name_is_shown_as_far_as_it_can_be)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct outcome expected;
	struct response response;
	char *with_parent;

	if (!program_exists("python3"))
		return;
	make_names();
	expected = print_names(html_unfit);
	ask_html(fd, &response, "/sub/");
	with_parent = bytes_new(expected.out_len + 16);
	(void)stpcpy(stpcpy(with_parent, "'../'\n"), expected.out);
	expect_read(&response, hostile_html_reader, with_parent);
	http_clear(&response);
	outcome_clear(&expected);
	expected = print_names(json_unfit);
	ask_json(fd, &response, "/sub/");
	expect_read(&response, hostile_json_reader, expected.out);
	http_clear(&response);
	free(with_parent);
	outcome_clear(&expected);
	(void)close(fd);
}
END_TEST

START_TEST(the_path_of_the_folder_is_escaped_too)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_add(root, "<script>\"&'");
	ask_html(fd, &response, "/%3cscript%3E%22&'/");
	ck_assert(!has(&response, "<script>"));
	expect_read(&response, html_reader, "../|../||\n");
	http_clear(&response);
	ask_json(fd, &response, "/%3cscript%3E%22&'/");
	expect_read(&response, json_reader, "/<script>\"&'/\n");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- how it is sent --- */

START_TEST(head_gets_the_same_head_and_no_content)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	size_t before = server_count_descriptors(server, NULL);
	struct response response;

	for (int i = 0; i < 100; i++) {
		http_ask(fd, &response, "HEAD / HTTP/1.1");
		http_expect_status(&response, 200);
		http_expect_field(&response, "Content-Type", HTML_TYPE);
		expect_file(fd);
	}
	/* The folder is closed again; but the cache may keep a file. */
	ck_assert_uint_le(server_count_descriptors(server, NULL), before + 2);
	(void)close(fd);
}
END_TEST

/* HTTP/1.0 knows no chunks: the end of the connection is the end. */
START_TEST(http_1_0_gets_it_without_chunks)
{
	static const char *const fields[] = {"", "Connection: keep-alive\r\n"};
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);
		char request[128];

		(void)snprintf(request, sizeof(request),
			       "GET / HTTP/1.0\r\n%s\r\n", fields[i]);
		tcp_send_text(fd, request);
		http_read_to_end(fd, &response);
		http_expect_status(&response, 200);
		http_expect_field(&response, "Connection", "close");
		ck_assert(has(&response, "file.txt"));
		ck_assert(has(&response, "</html>\n"));
		http_clear(&response);
		(void)close(fd);
	}
}
END_TEST

START_TEST(conditions_and_ranges_do_not_apply)
{
	static const char *const fields[] = {
		"Range: bytes=0-0", "If-None-Match: \"x\"",
		"If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT",
		"Accept-Encoding: gzip, br", "Accept-Encoding: *;q=0"};
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		http_ask(fd, &response, "GET / HTTP/1.1\r\n%s", fields[i]);
		http_expect_status(&response, 200);
		ck_assert(has(&response, "</html>\n"));
		http_expect_field(&response, "Content-Encoding", NULL);
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

START_TEST(listings_stand_in_a_pipeline_like_anything_else)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	for (int i = 0; i < 20; i++) {
		http_send_get(fd, "/");
		http_send_get(fd, "/file.txt");
		http_send_get(fd, "/sub/");
	}
	for (int i = 0; i < 20; i++) {
		http_read(fd, &response, true);
		ck_assert(has(&response, "file.txt"));
		http_clear(&response);
		http_read(fd, &response, true);
		http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
		http_clear(&response);
		http_read(fd, &response, true);
		ck_assert(has(&response, "/sub/"));
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

static void add_plain(Suite *suite)
{
	TCase *tcase = harness_case(suite, "listing");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, an_index_comes_first);
	tcase_add_test(tcase,
		       a_folder_that_may_only_be_passed_has_its_redirect);
	tcase_add_test(tcase, what_may_not_be_read_is_not_listed);
	tcase_add_test(tcase, a_folder_that_is_not_there_is_not_listed);
	tcase_add_loop_test(tcase, it_is_html_or_json_as_the_client_prefers, 0,
			    ARRAY_LEN(accepts));
	tcase_add_test(tcase, html_shows_names_sizes_and_times);
	tcase_add_test(tcase, json_tells_names_types_sizes_and_times);
	tcase_add_test(tcase, numbers_in_names_are_counted);
	tcase_add_test(tcase, an_empty_folder_has_an_empty_listing);
	tcase_add_test(tcase, above_the_root_there_is_nothing);
	tcase_add_test(tcase, only_what_can_be_served_is_listed);
	tcase_add_test(tcase, what_is_hidden_is_as_good_as_absent);
	tcase_add_test(tcase, what_is_well_known_is_not_hidden);
	tcase_add_test(tcase,
		       each_link_leads_to_its_file_whatever_it_is_called);
	tcase_add_test(tcase, each_name_is_shown_as_far_as_it_can_be);
	tcase_add_test(tcase, the_path_of_the_folder_is_escaped_too);
	tcase_add_test(tcase, head_gets_the_same_head_and_no_content);
	tcase_add_test(tcase, http_1_0_gets_it_without_chunks);
	tcase_add_test(tcase, conditions_and_ranges_do_not_apply);
	tcase_add_test(tcase, listings_stand_in_a_pipeline_like_anything_else);
}

int main(void)
{
	Suite *suite = suite_create("e2e listing");
	TCase *tcase;

	add_plain(suite);
	tcase = harness_case(suite, "options");
	tcase_add_checked_fixture(tcase, make_root, tear_down);
	tcase_add_test(tcase, without_the_option_nothing_is_listed);
	tcase_add_test(tcase,
		       with_the_option_what_is_hidden_is_served_and_listed);
	return harness_run(suite);
}
