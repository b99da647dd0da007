/* SPDX-License-Identifier: MIT */
/*
 * The access log of the running daemon: one line for each request, in both
 * formats, that says what was sent and not what a peer would like to have
 * said. What becomes of the file that it goes to is in check_e2e_logfile.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_log.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define MIB	  ((size_t)1 << 20)

#define FILE_TEXT "some text\n"

static char *root;
static char *logs; /* a folder */
static char *log_path;
static struct server *server;

static void make_folders(void)
{
	root = folder_new();
	logs = folder_new();
	log_path = folder_path(logs, "access.log");
	folder_write_text(root, "file.txt", FILE_TEXT);
}

/* Starts with the log in log_path and one option more, which may be NULL. */
static void start(const char *option)
{
	char log_option[320];
	const char *const more[] = {log_option, option, NULL};

	(void)snprintf(log_option, sizeof(log_option), "--access-log=%s",
		       log_path);
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .more = more});
}

static void set_up(void)
{
	make_folders();
	start(NULL);
}

static void set_up_json(void)
{
	make_folders();
	start("--log-format=json");
}

static void tear_down(void)
{
	server_stop(server);
	free(log_path);
	free(logs);
	free(root);
}

static void expect_file(int fd)
{
	struct response response;

	http_get(fd, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

/* n answers, over a connection of their own. */
static void expect_files(int n)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (int i = 0; i < n; i++)
		expect_file(fd);
	(void)close(fd);
}

static void ask(int fd, const char *head, int status)
{
	struct response response;

	http_ask(fd, &response, "%s", head);
	http_expect_status(&response, status);
	http_clear(&response);
}

/*
 * Prints one line of the log in JSON for each of its own, in which all that
 * changes from run to run has been checked and left out.
 */
static const char json_reader[] =
	"import sys, json, datetime\n"
	"now = datetime.datetime.now(datetime.timezone.utc)\n"
	"for line in open(sys.argv[1], 'rb'):\n"
	"    e = json.loads(line.decode())\n"
	"    line = e.pop('line', None)\n"
	"    assert list(e) == ['time', 'peer', 'port', 'method', 'target',"
	"                       'status',\n"
	"        'bytes', 'duration_us', 'user_agent', 'referer',\n"
	"        'connection', 'request'], list(e)\n"
	"    time = datetime.datetime.strptime(e['time'] + '+0000',\n"
	"        '%Y-%m-%dT%H:%M:%S.%fZ%z')\n"
	"    assert abs((now - time).total_seconds()) < 120, e['time']\n"
	"    assert e['peer'] == '127.0.0.1'\n"
	"    assert 0 <= e['duration_us'] < 60e6, e\n"
	"    print(e['method'], e['target'], e['status'], e['bytes'],\n"
	"        ascii(e['user_agent']), ascii(e['referer']),\n"
	"        e['connection'], e['request'],\n"
	"        *([] if line is None else [ascii(line)]))\n";

static void expect_json(const char *text)
{
	const char *const argv[] = {"python3",	 "-S",	   "-c",
				    json_reader, log_path, NULL};
	struct outcome outcome;

	if (!program_exists("python3"))
		return;
	outcome = program_run(argv, "", 0);
	if (outcome.status != 0)
		harness_fail("%s", outcome.err);
	ck_assert_str_eq(outcome.out, text);
	outcome_clear(&outcome);
}

/* --- what is in a line --- */

START_TEST(each_request_has_its_line_in_order)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	const char *at;
	char *text;

	ask(fd,
	    "GET /file.txt HTTP/1.1\r\nUser-Agent: me/1.0\r\n"
	    "Referer: http://h/",
	    200);
	ask(fd, "HEAD /file.txt?a=b HTTP/1.1", 200);
	ask(fd, "GET /file.txt HTTP/1.1\r\nIf-None-Match: *", 304);
	ask(fd, "GET /file.txt HTTP/1.1\r\nRange: bytes=2-6", 206);
	ask(fd, "OPTIONS * HTTP/1.1\r\nUser-Agent:", 200);
	ask(fd, "GET http://localhost/file.txt HTTP/1.1", 200);
	ask(fd, "GET /file.txt HTTP/1.0", 200);
	(void)close(fd);
	text = log_wait_lines(log_path, 7);
	at = log_expect_combined(text, "GET /file.txt HTTP/1.1", 200, 10,
				 "http://h/", "me/1.0");
	at = log_expect_combined(at, "HEAD /file.txt?a=b HTTP/1.1", 200, 0, "-",
				 "-");
	at = log_expect_combined(at, "GET /file.txt HTTP/1.1", 304, 0, "-",
				 "-");
	at = log_expect_combined(at, "GET /file.txt HTTP/1.1", 206, 5, "-",
				 "-");
	at = log_expect_combined(at, "OPTIONS * HTTP/1.1", 200, 0, "-", "");
	at = log_expect_combined(at, "GET http://localhost/file.txt HTTP/1.1",
				 200, 10, "-", "-");
	(void)log_expect_combined(at, "GET /file.txt HTTP/1.0", 200, 10, "-",
				  "-");
	free(text);
}
END_TEST

/* The bytes of an error page count as any content does. */
START_TEST(refused_requests_have_their_lines_too)
{
	static const struct {
		const char *head;
		const char *request; /* as it stands in the line */
		int status;
	} rows[] = {
		{"GET /none HTTP/1.1", "GET /none HTTP/1.1", 404},
		{"POST / HTTP/1.1", "POST / HTTP/1.1", 405},
		{"BREW /pot HTTP/1.1", "BREW /pot HTTP/1.1", 501},
		{"GET /../x HTTP/1.1", "GET /../x HTTP/1.1", 400},
		{"GET / HTTP/1.1\r\nA : b", "GET / HTTP/1.1", 400},
		{"GET / HTTP/2.0", "GET / HTTP/2.0", 505},
		{"GET  /two HTTP/1.1", "GET  /two HTTP/1.1", 400},
		{"GET /\xff HTTP/1.1", "GET /\\xFF HTTP/1.1", 400},
		{"GET /x HTTP/1.1\r\nTransfer-Encoding: x\r\n"
		 "Content-Length: 1",
		 "GET /x HTTP/1.1", 400},
	};
	const char *at;
	char *text;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);
		struct response response;

		http_ask(fd, &response, "%s", rows[i].head);
		http_expect_status(&response, rows[i].status);
		text = log_wait_lines(log_path, i + 1);
		at = text;
		for (size_t j = 0; j < i; j++)
			at = strchr(at, '\n') + 1;
		(void)log_expect_combined(at, rows[i].request, rows[i].status,
					  response.len, "-", "-");
		free(text);
		http_clear(&response);
		(void)close(fd);
	}
}
END_TEST

START_TEST(a_pipeline_has_as_many_lines_as_requests)
{
	enum {
		N = 500
	};
	int fd = tcp_connect(server, SERVICE_HTTP);
	char target[32], request[64];
	struct response response;
	const char *at;
	char *text;

	for (int i = 0; i < N; i++) {
		(void)snprintf(target, sizeof(target), "/file.txt?%d", i);
		http_send_get(fd, target);
	}
	for (int i = 0; i < N; i++) {
		http_read(fd, &response, true);
		http_clear(&response);
	}
	at = text = log_wait_lines(log_path, N);
	for (int i = 0; i < N; i++) {
		(void)snprintf(request, sizeof(request),
			       "GET /file.txt?%d HTTP/1.1", i);
		at = log_expect_combined(at, request, 200, 10, "-", "-");
	}
	free(text);
	(void)close(fd);
}
END_TEST

/* A file too large for one go, ranges of it, a listing: the bytes are right. */
START_TEST(what_is_sent_in_pieces_is_counted_whole)
{
	const size_t size = 20 * MIB + 1;
	unsigned char *bytes = bytes_new(size);
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;
	const char *at;
	char *text;

	bytes_pattern(bytes, size, 1);
	folder_write(root, "large", bytes, size);
	http_get(fd, "/large", &response);
	http_expect(&response, 200, bytes, size);
	http_clear(&response);
	http_ask(fd, &response,
		 "GET /large HTTP/1.1\r\nRange: bytes=0-4999999,-1000");
	http_expect_status(&response, 206);
	expect_file(fd);
	text = log_wait_lines(log_path, 3);
	at = log_expect_combined(text, "GET /large HTTP/1.1", 200, size, "-",
				 "-");
	at = log_expect_combined(at, "GET /large HTTP/1.1", 206, response.len,
				 "-", "-");
	(void)log_expect_combined(at, "GET /file.txt HTTP/1.1", 200, 10, "-",
				  "-");
	http_clear(&response);
	free(text);
	free(bytes);
	(void)close(fd);
}
END_TEST

START_TEST(json_has_a_line_for_each_request)
{
	int first = tcp_connect(server, SERVICE_HTTP), second;

	ask(first,
	    "GET /file.txt HTTP/1.1\r\nUser-Agent: me/1.0\r\n"
	    "Referer: http://h/",
	    200);
	ask(first, "HEAD /file.txt?a=b HTTP/1.1\r\nUser-Agent:", 200);
	second = tcp_connect(server, SERVICE_HTTP);
	ask(second, "GET /file.txt HTTP/1.1\r\nRange: bytes=2-6", 206);
	ask(first, "GET /file.txt HTTP/1.1\r\nIf-None-Match: *", 304);
	(void)close(first);
	(void)close(second);
	free(log_wait_lines(log_path, 4));
	expect_json("GET /file.txt 200 10 'me/1.0' 'http://h/' 1 1\n"
		    "HEAD /file.txt?a=b 200 0 '' None 1 2\n"
		    "GET /file.txt 206 5 None None 2 1\n"
		    "GET /file.txt 304 0 None None 1 3\n");
}
END_TEST

START_TEST(json_tells_of_what_was_no_request)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	char text[128];

	http_ask(fd, &response, "GET / HTTP/1.1\r\nA : b");
	http_expect_status(&response, 400);
	free(log_wait_lines(log_path, 1));
	(void)snprintf(text, sizeof(text),
		       "None None 400 %zu None None 1 1 'GET / HTTP/1.1'\n",
		       response.len);
	expect_json(text);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- what a peer would like to say --- */

/* All bytes that can get there, and how they must come out. */
static const struct {
	const char *sent;
	const char *combined;
	const char *json; /* as Python's ascii() shows it */
} hostile[] = {
	{"\"", "\\\"", "'\"'"},
	{"a\\nb", "a\\\\nb", "'a\\\\nb'"},
	{"\\", "\\\\", "'\\\\'"},
	{"\\\"", "\\\\\\\"", "'\\\\\"'"},
	{"\" 200 0 \"-\" \"-", "\\\" 200 0 \\\"-\\\" \\\"-",
	 "'\" 200 0 \"-\" \"-'"},
	{"a\tb", "a\\x09b", "'a\\tb'"},
	{"<script>", "<script>", "'<script>'"},
	{"%n%s%0a", "%n%s%0a", "'%n%s%0a'"},
	{"\xc3\xa4", "\\xC3\\xA4", "'\\xe4'"},
	{"\xff\xfe", "\\xFF\\xFE", "'\\ufffd\\ufffd'"},
	{"\xc2\x9b"
	 "31m",
	 "\\xC2\\x9B31m", "'\\x9b31m'"},
	{"\xe2\x80\xa8", "\\xE2\\x80\\xA8", "'\\u2028'"},
};

static void send_hostile(int i)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_ask(fd, &response,
		 "GET /file.txt HTTP/1.1\r\nUser-Agent: %s\r\nReferer: %s",
		 hostile[i].sent, hostile[i].sent);
	http_expect_status(&response, 200);
	http_clear(&response);
	(void)close(fd);
}

START_TEST(no_peer_can_forge_a_line)
{
	char *text;

	send_hostile(_i);
	text = log_wait_lines(log_path, 1);
	(void)log_expect_combined(text, "GET /file.txt HTTP/1.1", 200, 10,
				  hostile[_i].combined, hostile[_i].combined);
	for (const char *at = text; *at && *at != '\n'; at++)
		ck_assert(*at >= ' ' && *at <= '~');
	free(text);
}
END_TEST

/* All of them in one log, which is read by one Python. */
START_TEST(no_peer_can_forge_a_line_of_json)
{
	char expected[256 * ARRAY_LEN(hostile)];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		send_hostile((int)i);
		free(log_wait_lines(log_path, i + 1));
		len += (size_t)snprintf(expected + len, sizeof(expected) - len,
					"GET /file.txt 200 10 %s %s %zu 1\n",
					hostile[i].json, hostile[i].json,
					i + 1);
	}
	expect_json(expected);
}
END_TEST

START_TEST(a_target_cannot_forge_a_line_either)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char *text;

	ask(fd, "GET /file.txt?'%0a%22' HTTP/1.1", 200);
	text = log_wait_lines(log_path, 1);
	(void)log_expect_combined(text, "GET /file.txt?'%0a%22' HTTP/1.1", 200,
				  10, "-", "-");
	free(text);
	(void)close(fd);
}
END_TEST

/* The longest head there may be, every byte of it escaped. */
START_TEST(a_line_may_be_long)
{
	const size_t len = 15000;
	char *agent = bytes_new(len + 1), *text;
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	memset(agent, 0xff, len);
	agent[len] = '\0';
	for (int i = 0; i < 50; i++) {
		http_ask(fd, &response,
			 "GET /file.txt HTTP/1.1\r\nUser-Agent: %s", agent);
		http_expect_status(&response, 200);
		http_clear(&response);
	}
	text = log_wait_lines(log_path, 50);
	ck_assert_uint_gt(strlen(text), 50 * 4 * len);
	free(agent);
	free(text);
	(void)close(fd);
}
END_TEST

/* --- requests that did not end well --- */

#define HUGE_SIZE (64 * MIB)

static void make_huge(void)
{
	char *path = folder_path(root, "huge");

	folder_write_text(root, "huge", "");
	ck_assert_int_eq(truncate(path, HUGE_SIZE), 0);
	free(path);
}

/* Status and bytes of the first line, which is of the huge file. */
static void expect_broken_off(void)
{
	char *text = log_wait_lines(log_path, 1);
	const char *at = strstr(text, "\"GET /huge HTTP/1.1\" ");
	size_t bytes;
	int status;

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(
		sscanf(at, "\"GET /huge HTTP/1.1\" %d %zu ", &status, &bytes),
		2);
	ck_assert_int_eq(status, 499);
	ck_assert_uint_gt(bytes, 0);
	ck_assert_uint_lt(bytes, HUGE_SIZE);
	free(text);
}

START_TEST(a_download_that_is_broken_off_is_said_to_be)
{
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;

	make_huge();
	http_send_get(fd, "/huge");
	http_read_head(fd, &response);
	tcp_reset(fd);
	expect_broken_off();
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: http_aborted 1 ");
}
END_TEST

START_TEST(a_file_that_shrinks_while_it_is_sent_is_said_to_be_broken_off)
{
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	char *path = folder_path(root, "huge");
	struct response response;

	make_huge();
	http_send_get(fd, "/huge");
	http_read_head(fd, &response);
	ck_assert_int_eq(truncate(path, MIB), 0);
	tcp_expect_gone(fd);
	expect_broken_off();
	server_wait_log(server, "warning: huge: shrank while it was sent");
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: http_files_shrunk 1 ");
	free(path);
	(void)close(fd);
}
END_TEST

/* What stands behind it in the pipeline was asked for, and never answered. */
START_TEST(requests_behind_a_broken_one_are_broken_off_too)
{
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;
	const char *at;
	char *text;

	make_huge();
	/* In one piece: what is not read before the reset nobody has seen. */
	tcp_send_text(fd, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n"
			  "GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
			  "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
			  "GET /half");
	http_read_head(fd, &response);
	tcp_reset(fd);
	text = log_wait_lines(log_path, 4);
	at = strchr(text, '\n') + 1;
	at = log_expect_combined(at, "GET /first HTTP/1.1", 499, 0, "-", "-");
	at = log_expect_combined(at, "GET /second HTTP/1.1", 499, 0, "-", "-");
	(void)log_expect_combined(at, "GET /half", 499, 0, "-", "-");
	free(text);
}
END_TEST

/* As much as has come; nothing of what is only the end of a line. */
static const struct {
	const char *sent;
	const char *request;
} halves[] = {
	{"GET /half HTTP/1.1\r\nHost: h\r\n", "GET /half HTTP/1.1"},
	{"GET /half", "GET /half"},
	{"\r\nG", "G"},
	{"\x16\x03\x01", "\\x16\\x03\\x01"},
};

START_TEST(a_head_that_is_given_up_has_its_line)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char *text, want[64];

	tcp_send_text(fd, halves[_i].sent);
	tcp_finish(fd);
	tcp_expect_gone(fd);
	(void)close(fd);
	text = log_wait_lines(log_path, 1);
	(void)snprintf(want, sizeof(want), "] \"%s\" ", halves[_i].request);
	ck_assert_ptr_nonnull(strstr(text, want));
	ck_assert_uint_eq(log_count_lines(text), 1);
	free(text);
}
END_TEST

START_TEST(a_long_line_that_is_refused_is_logged_in_part)
{
	const size_t len = 9000, shown = 1024;
	char *head = bytes_new(len + 1), *text;
	int fd = tcp_connect(server, SERVICE_HTTP);
	const char *at;

	memset(head, 'a', len);
	memcpy(head, "GET /", 5);
	head[len] = '\0';
	tcp_send_text(fd, head);
	tcp_send_text(fd, " HTTP/1.1\r\n\r\n");
	text = log_wait_lines(log_path, 1);
	at = strstr(text, "] \"GET /aaa");
	ck_assert_ptr_nonnull(at);
	ck_assert_uint_eq(strspn(at + 8, "a"), shown - 5);
	ck_assert_ptr_nonnull(strstr(text, "a\" 414 "));
	free(text);
	free(head);
	(void)close(fd);
}
END_TEST

START_TEST(a_connection_without_a_request_has_no_line)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	tcp_finish(fd);
	tcp_expect_end(fd);
	(void)close(fd);
	fd = tcp_connect(server, SERVICE_HTTP);
	tcp_reset(fd);
	expect_files(1);
	free(log_wait_lines(log_path, 1));
}
END_TEST

static Suite *accesslog_suite(void)
{
	Suite *suite = suite_create("e2e accesslog");
	TCase *tcase = harness_case(suite, "combined");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_request_has_its_line_in_order);
	tcase_add_test(tcase, refused_requests_have_their_lines_too);
	tcase_add_test(tcase, a_pipeline_has_as_many_lines_as_requests);
	tcase_add_test(tcase, what_is_sent_in_pieces_is_counted_whole);
	tcase_add_loop_test(tcase, no_peer_can_forge_a_line, 0,
			    ARRAY_LEN(hostile));
	tcase_add_test(tcase, a_target_cannot_forge_a_line_either);
	tcase_add_test(tcase, a_line_may_be_long);
	tcase_add_test(tcase, a_download_that_is_broken_off_is_said_to_be);
	tcase_add_test(
		tcase,
		a_file_that_shrinks_while_it_is_sent_is_said_to_be_broken_off);
	tcase_add_test(tcase, requests_behind_a_broken_one_are_broken_off_too);
	tcase_add_test(tcase, a_long_line_that_is_refused_is_logged_in_part);
	tcase_add_loop_test(tcase, a_head_that_is_given_up_has_its_line, 0,
			    ARRAY_LEN(halves));
	tcase_add_test(tcase, a_connection_without_a_request_has_no_line);

	tcase = harness_case(suite, "json");
	tcase_add_checked_fixture(tcase, set_up_json, tear_down);
	tcase_add_test(tcase, json_has_a_line_for_each_request);
	tcase_add_test(tcase, json_tells_of_what_was_no_request);
	tcase_add_test(tcase, no_peer_can_forge_a_line_of_json);
	return suite;
}

int main(void)
{
	return harness_run(accesslog_suite());
}
