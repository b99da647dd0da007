/* SPDX-License-Identifier: MIT */
/*
 * The access log of the running daemon: one line for each request, in both
 * formats, that says what was sent and not what a peer would like to have
 * said; and a log that cannot be written to costs lines, never service.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
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

static void start_to(const char *option, int stdout_fd)
{
	const char *const more[] = {option, NULL};

	server = server_start(&(struct server_options){.http = "0",
						       .root = root,
						       .more = more,
						       .stdout_fd = stdout_fd});
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

static void free_folders(void)
{
	free(log_path);
	free(logs);
	free(root);
}

static void tear_down(void)
{
	server_stop(server);
	free_folders();
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

/* --- reading the log --- */

/* What is in a file now, NUL-ended; the caller frees it. */
static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *text = bytes_new(1);
	size_t n;

	*len = 0;
	if (!file)
		harness_fail("%s: %s", path, strerror(errno));
	do {
		text = realloc(text, *len + 65536 + 1);
		ck_assert_ptr_nonnull(text);
		n = fread(text + *len, 1, 65536, file);
		*len += n;
	} while (n > 0);
	text[*len] = '\0';
	(void)fclose(file);
	return text;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

/* Waits until a file has n lines, each whole; the caller frees the text. */
static char *wait_lines(const char *path, size_t n)
{
	int64_t deadline = harness_deadline();
	size_t len;

	for (;;) {
		char *text = read_file(path, &len);
		size_t got = count_lines(text);

		if (got == n && (len == 0 || text[len - 1] == '\n'))
			return text;
		if (got > n || harness_left_ms(deadline) == 0)
			harness_fail("%zu lines, not %zu, in:\n%s", got, n,
				     text);
		free(text);
		/* Nothing tells when another process writes to a file. */
		(void)poll(NULL, 0, 5);
	}
}

/*
 * Checks a line of the combined format: the request as it stands in the line,
 * status, bytes of content, referer, user agent. Returns the next line.
 */
static const char *expect_combined(const char *line, const char *request,
				   int status, size_t bytes,
				   const char *referer, const char *agent)
{
	char expected[2048];
	int year, day, hour, minute, second, end = 0;
	char month[4];

	if (sscanf(line,
		   "127.0.0.1 - - [%2d/%3[A-Za-z]/%4d:%2d:%2d:%2d +0000] %n",
		   &day, month, &year, &hour, &minute, &second, &end) != 6 ||
	    end != 43)
		harness_fail("not a line's beginning: %s", line);
	line += end;
	(void)snprintf(expected, sizeof(expected),
		       "\"%s\" %d %zu \"%s\" \"%s\"\n", request, status, bytes,
		       referer, agent);
	if (strncmp(line, expected, strlen(expected)) != 0)
		harness_fail("%.*s\nis not\n%s", (int)strcspn(line, "\n"), line,
			     expected);
	return line + strlen(expected);
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
	"    assert list(e) == ['time', 'peer', 'method', 'target', 'status',\n"
	"        'bytes', 'duration_us', 'user_agent', 'referer',\n"
	"        'connection', 'request'], list(e)\n"
	"    time = datetime.datetime.strptime(e['time'] + '+0000',\n"
	"        '%Y-%m-%dT%H:%M:%S.%fZ%z')\n"
	"    assert abs((now - time).total_seconds()) < 120, e['time']\n"
	"    assert e['peer'] == '127.0.0.1'\n"
	"    assert 0 <= e['duration_us'] < 60e6, e\n"
	"    print(e['method'], e['target'], e['status'], e['bytes'],\n"
	"        ascii(e['user_agent']), ascii(e['referer']),\n"
	"        e['connection'], e['request'])\n";

static void expect_json(const char *text)
{
	const char *const argv[] = {"python3", "-c", json_reader, log_path,
				    NULL};
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
	text = wait_lines(log_path, 7);
	at = expect_combined(text, "GET /file.txt HTTP/1.1", 200, 10,
			     "http://h/", "me/1.0");
	at = expect_combined(at, "HEAD /file.txt?a=b HTTP/1.1", 200, 0, "-",
			     "-");
	at = expect_combined(at, "GET /file.txt HTTP/1.1", 304, 0, "-", "-");
	at = expect_combined(at, "GET /file.txt HTTP/1.1", 206, 5, "-", "-");
	at = expect_combined(at, "OPTIONS * HTTP/1.1", 200, 0, "-", "");
	at = expect_combined(at, "GET http://localhost/file.txt HTTP/1.1", 200,
			     10, "-", "-");
	(void)expect_combined(at, "GET /file.txt HTTP/1.0", 200, 10, "-", "-");
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
		{"GET / HTTP/1.1\r\nA : b", "-", 400},
		{"GET / HTTP/2.0", "-", 505},
	};
	const char *at;
	char *text;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);
		struct response response;

		http_ask(fd, &response, "%s", rows[i].head);
		http_expect_status(&response, rows[i].status);
		text = wait_lines(log_path, i + 1);
		at = text;
		for (size_t j = 0; j < i; j++)
			at = strchr(at, '\n') + 1;
		(void)expect_combined(at, rows[i].request, rows[i].status,
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
	at = text = wait_lines(log_path, N);
	for (int i = 0; i < N; i++) {
		(void)snprintf(request, sizeof(request),
			       "GET /file.txt?%d HTTP/1.1", i);
		at = expect_combined(at, request, 200, 10, "-", "-");
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
	text = wait_lines(log_path, 3);
	at = expect_combined(text, "GET /large HTTP/1.1", 200, size, "-", "-");
	at = expect_combined(at, "GET /large HTTP/1.1", 206, response.len, "-",
			     "-");
	(void)expect_combined(at, "GET /file.txt HTTP/1.1", 200, 10, "-", "-");
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
	free(wait_lines(log_path, 4));
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
	free(wait_lines(log_path, 1));
	(void)snprintf(text, sizeof(text), "None None 400 %zu None None 1 1\n",
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
	text = wait_lines(log_path, 1);
	(void)expect_combined(text, "GET /file.txt HTTP/1.1", 200, 10,
			      hostile[_i].combined, hostile[_i].combined);
	for (const char *at = text; *at && *at != '\n'; at++)
		ck_assert(*at >= ' ' && *at <= '~');
	free(text);
}
END_TEST

START_TEST(no_peer_can_forge_a_line_of_json)
{
	char expected[256];

	send_hostile(_i);
	free(wait_lines(log_path, 1));
	(void)snprintf(expected, sizeof(expected),
		       "GET /file.txt 200 10 %s %s 1 1\n", hostile[_i].json,
		       hostile[_i].json);
	expect_json(expected);
}
END_TEST

START_TEST(a_target_cannot_forge_a_line_either)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char *text;

	ask(fd, "GET /file.txt?\"%0a%22\\ HTTP/1.1", 200);
	text = wait_lines(log_path, 1);
	(void)expect_combined(text, "GET /file.txt?\\\"%0a%22\\\\ HTTP/1.1",
			      200, 10, "-", "-");
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
	text = wait_lines(log_path, 50);
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
	char *text = wait_lines(log_path, 1);
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
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: http_files_shrunk 1 ");
	free(path);
	(void)close(fd);
}
END_TEST

/* What stands behind it in the pipeline was not answered, and so not logged. */
START_TEST(requests_behind_a_broken_one_are_not_logged)
{
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;

	make_huge();
	http_send_get(fd, "/huge");
	http_send_get(fd, "/file.txt");
	http_read_head(fd, &response);
	tcp_reset(fd);
	expect_broken_off();
	expect_files(1);
	free(wait_lines(log_path, 2));
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
	free(wait_lines(log_path, 1));
}
END_TEST

/* What is still in memory when the end comes is written. */
START_TEST(nothing_is_lost_at_the_end)
{
	int fds[50];
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = tcp_connect(server, SERVICE_HTTP);
		for (int j = 0; j < 10; j++)
			http_send_get(fds[i], "/file.txt");
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		for (int j = 0; j < 10; j++) {
			http_read(fds[i], &response, true);
			http_clear(&response);
		}
	}
	server_signal(server, SIGTERM);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	server_expect_exit(server, 0);
	free(wait_lines(log_path, 500));
}
END_TEST

/* --- reopening --- */

START_TEST(after_sighup_lines_go_to_a_new_file)
{
	char *old = folder_path(logs, "access.log.1");

	expect_files(100);
	ck_assert_int_eq(rename(log_path, old), 0);
	/* Nobody has told the server yet. */
	expect_files(50);
	server_signal(server, SIGHUP);
	server_wait_log(server, "opened anew");
	expect_files(30);
	free(wait_lines(old, 150));
	free(wait_lines(log_path, 30));
	free(old);
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_again_stays_as_it_was)
{
	char *moved = folder_path(logs, "moved");

	expect_files(3);
	ck_assert_int_eq(rename(log_path, moved), 0);
	folder_add(logs, "access.log"); /* a folder in its place */
	server_signal(server, SIGHUP);
	server_wait_log(server, "the old file stays open");
	expect_files(4);
	free(wait_lines(moved, 7));
	free(moved);
}
END_TEST

START_TEST(sighup_in_mid_traffic_loses_no_line)
{
	enum {
		N = 20
	};
	char *paths[N];
	size_t total = 0;

	for (size_t i = 0; i < N; i++) {
		char name[32];
		int fd = tcp_connect(server, SERVICE_HTTP);

		(void)snprintf(name, sizeof(name), "old.%zu", i);
		paths[i] = folder_path(logs, name);
		for (int j = 0; j < 20; j++)
			http_send_get(fd, "/file.txt");
		/* It exists: the one before was opened with the last signal. */
		ck_assert_int_eq(rename(log_path, paths[i]), 0);
		server_signal(server, SIGHUP);
		for (int j = 0; j < 20; j++) {
			struct response response;

			http_read(fd, &response, true);
			http_clear(&response);
		}
		(void)close(fd);
		while (server_count_log(server, "opened anew") <= i)
			expect_files(1), total++;
	}
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	for (size_t i = 0; i <= N; i++) {
		size_t len;
		char *text = read_file(i < N ? paths[i] : log_path, &len);

		ck_assert(len == 0 || text[len - 1] == '\n');
		total -= count_lines(text);
		free(text);
		if (i < N)
			free(paths[i]);
	}
	ck_assert_uint_eq(total + N * 20, 0);
}
END_TEST

START_TEST(without_a_log_sighup_changes_nothing)
{
	make_folders();
	start_to(NULL, 0);
	server_signal(server, SIGHUP);
	expect_files(5);
}
END_TEST

/* --- standard output --- */

/* Reads lines from a pipe until n have come; the caller frees the text. */
static char *read_lines(int fd, size_t n)
{
	int64_t deadline = harness_deadline();
	char *text = bytes_new(1);
	size_t len = 0;

	text[0] = '\0';
	while (count_lines(text) < n) {
		ssize_t got;

		text = realloc(text, len + 65536 + 1);
		ck_assert_ptr_nonnull(text);
		sock_must_wait(fd, POLLIN, deadline, "lines in a pipe");
		got = read(fd, text + len, 65536);
		ck_assert_int_gt(got, 0);
		len += (size_t)got;
		text[len] = '\0';
	}
	return text;
}

/* Fails unless all lines in the text are whole ones of this one request. */
static void expect_same_lines(const char *text)
{
	while (*text)
		text = expect_combined(text, "GET /file.txt HTTP/1.1", 200, 10,
				       "-", "-");
}

START_TEST(a_hyphen_is_standard_output)
{
	int fds[2];
	char *text;

	make_folders();
	harness_pipe(fds);
	start_to("--access-log=-", fds[1]);
	(void)close(fds[1]);
	expect_files(300);
	text = read_lines(fds[0], 300);
	expect_same_lines(text);
	/* There is nothing to open anew. */
	server_signal(server, SIGHUP);
	expect_files(1);
	free(text);
	text = read_lines(fds[0], 1);
	expect_same_lines(text);
	free(text);
	(void)close(fds[0]);
}
END_TEST

/* --- logs that cannot be written to --- */

#define MANY 6000 /* lines: more than can be kept for later */

/* The counter as the server tells it; 0 when it does not. */
static size_t count_lost(void)
{
	static const char mark[] = "counter: log_lines_lost ";
	size_t n = server_count_log(server, "connections open");
	const char *at;

	server_signal(server, SIGUSR1);
	while (server_count_log(server, "connections open") == n)
		expect_files(1);
	at = strstr(server_log(server), mark);
	return at ? strtoul(at + strlen(mark), NULL, 10) : 0;
}

START_TEST(a_full_disk_costs_lines_and_is_said_once)
{
	make_folders();
	start_to("--access-log=/dev/full", 0);
	expect_files(MANY);
	ck_assert_uint_eq(server_count_log(server, "lines are being lost"), 1);
	server_wait_log(server,
			"access log /dev/full: No space left on device");
	ck_assert_uint_gt(count_lost(), 0);
}
END_TEST

START_TEST(a_full_disk_as_standard_output_costs_lines_as_well)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	make_folders();
	start_to("--access-log=-", full);
	(void)close(full);
	expect_files(MANY);
	ck_assert_uint_eq(server_count_log(server, "lines are being lost"), 1);
	ck_assert_uint_gt(count_lost(), 0);
}
END_TEST

START_TEST(a_broken_pipe_costs_lines_and_is_said_once)
{
	int fds[2];

	make_folders();
	harness_pipe(fds);
	start_to("--access-log=-", fds[1]);
	(void)close(fds[1]);
	expect_files(3);
	free(read_lines(fds[0], 3));
	(void)close(fds[0]);
	expect_files(MANY);
	ck_assert_uint_eq(server_count_log(server, "lines are being lost"), 1);
	server_wait_log(server, "Broken pipe");
	ck_assert_uint_gt(count_lost(), 0);
}
END_TEST

/* Reads a pipe to its end; the caller frees the text. */
static char *read_to_end(int fd)
{
	int64_t deadline = harness_deadline();
	char *text = bytes_new(2 * MIB);
	size_t len = 0;
	ssize_t got;

	do {
		sock_must_wait(fd, POLLIN, deadline, "lines in a pipe");
		got = read(fd, text + len, 2 * MIB - 1 - len);
		ck_assert_int_ge(got, 0);
		len += (size_t)got;
	} while (got > 0);
	text[len] = '\0';
	return text;
}

/*
 * Nobody reads, then somebody does. Each line has come out whole, or was
 * counted, or was still in memory at the end, when nobody had room for it.
 */
START_TEST(a_blocked_pipe_costs_lines_and_is_said_once)
{
	size_t lost;
	char *text;
	int fds[2];

	make_folders();
	harness_pipe(fds);
	start_to("--access-log=-", fds[1]);
	(void)close(fds[1]);
	expect_files(MANY);
	server_wait_log(server, "its reader is too slow");
	ck_assert_uint_eq(server_count_log(server, "lines are being lost"), 1);
	lost = count_lost();
	ck_assert_uint_gt(lost, 0);
	/* Room for all that has been kept. */
	ck_assert_int_gt(fcntl(fds[0], F_SETPIPE_SZ, 1 << 20), 0);
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	text = read_to_end(fds[0]);
	expect_same_lines(text);
	ck_assert_uint_ge(count_lines(text) + lost, MANY);
	free(text);
	(void)close(fds[0]);
}
END_TEST

START_TEST(a_reader_that_comes_back_gets_lines_again)
{
	int fds[2];
	char *text;

	make_folders();
	harness_pipe(fds);
	start_to("--access-log=-", fds[1]);
	(void)close(fds[1]);
	expect_files(MANY);
	server_wait_log(server, "its reader is too slow");
	/* What the pipe and the server have kept, and then one of now. */
	text = read_lines(fds[0], 500);
	free(text);
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	for (;;) {
		struct response response;
		char buf[65536];
		int fd = tcp_connect(server, SERVICE_HTTP);
		ssize_t n;

		http_get(fd, "/file.txt?again", &response);
		http_clear(&response);
		(void)close(fd);
		n = read(fds[0], buf, sizeof(buf) - 1);
		if (n <= 0)
			continue;
		buf[n] = '\0';
		if (strstr(buf, "/file.txt?again"))
			break;
	}
	/* And when it fails again, that is said again. */
	expect_files(MANY);
	while (server_count_log(server, "lines are being lost") < 2)
		expect_files(1);
	(void)close(fds[0]);
}
END_TEST

/* --- a log that cannot be had --- */

START_TEST(a_log_that_cannot_be_opened_is_told_at_the_start)
{
	static const char *const paths[] = {"/nonexistent/access.log", "/"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char option[64];
		const char *const argv[] = {server_program(),
					    "--http-port=0",
					    "--udp-port=off",
					    "--tcp-port=off",
					    "--listen=127.0.0.1",
					    "--root=/",
					    option,
					    NULL};
		struct outcome outcome;

		(void)snprintf(option, sizeof(option), "--access-log=%s",
			       paths[i]);
		outcome = program_run(argv, "", 0);
		ck_assert_int_eq(outcome.status, 1);
		ck_assert_ptr_nonnull(strstr(outcome.err, option));
		ck_assert_ptr_null(strstr(outcome.err, "ready"));
		outcome_clear(&outcome);
	}
}
END_TEST

static void add_lines(Suite *suite)
{
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
	tcase_add_test(tcase, requests_behind_a_broken_one_are_not_logged);
	tcase_add_test(tcase, a_connection_without_a_request_has_no_line);
	tcase_add_test(tcase, nothing_is_lost_at_the_end);
	tcase_add_test(tcase, after_sighup_lines_go_to_a_new_file);
	tcase_add_test(tcase,
		       a_log_that_cannot_be_opened_again_stays_as_it_was);
	tcase_add_test(tcase, sighup_in_mid_traffic_loses_no_line);

	tcase = harness_case(suite, "json");
	tcase_add_checked_fixture(tcase, set_up_json, tear_down);
	tcase_add_test(tcase, json_has_a_line_for_each_request);
	tcase_add_test(tcase, json_tells_of_what_was_no_request);
	tcase_add_loop_test(tcase, no_peer_can_forge_a_line_of_json, 0,
			    ARRAY_LEN(hostile));
}

static void add_troubles(Suite *suite)
{
	TCase *tcase = harness_case(suite, "troubles");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, a_hyphen_is_standard_output);
	tcase_add_test(tcase, a_full_disk_costs_lines_and_is_said_once);
	tcase_add_test(tcase,
		       a_full_disk_as_standard_output_costs_lines_as_well);
	tcase_add_test(tcase, a_broken_pipe_costs_lines_and_is_said_once);
	tcase_add_test(tcase, a_blocked_pipe_costs_lines_and_is_said_once);
	tcase_add_test(tcase, a_reader_that_comes_back_gets_lines_again);
	tcase_add_test(tcase, without_a_log_sighup_changes_nothing);

	tcase = harness_case(suite, "no log");
	tcase_add_checked_fixture(tcase, make_folders, free_folders);
	tcase_add_test(tcase, a_log_that_cannot_be_opened_is_told_at_the_start);
}

int main(void)
{
	Suite *suite = suite_create("e2e accesslog");

	add_lines(suite);
	add_troubles(suite);
	return harness_run(suite);
}
