/* SPDX-License-Identifier: MIT */
/*
 * The HTTP file service of the running daemon, as a hostile client meets it:
 * heads beyond every limit or without an end, noise. Requests that two readers
 * could read in two ways are in check_e2e_smuggling.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_log.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_TEXT "some text\n"
#define LINGER_MS 5000 /* a peer may take so long to see the end */

static char *root;
static char *logs;
static char *log_path;
static char log_option[256];
static struct server *server;

static void set_up(void)
{
	logs = folder_new();
	log_path = folder_path(logs, "access.log");
	(void)snprintf(log_option, sizeof(log_option), "--access-log=%s",
		       log_path);
	root = folder_new();
	folder_write_text(root, "file.txt", FILE_TEXT);
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .extra = log_option});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
	free(log_path);
	free(logs);
}

static void expect_status(const struct response *response, int status)
{
	if (response->status != status)
		harness_fail("status %d expected:\n%s", status, response->head);
}

/* That the server is there and serves. */
static void expect_service(void)
{
	struct response response;

	http_fetch(server, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

#define MARKER "GET /file.txt HTTP/1.1\r\nHost: h\r\n\r\n"

/* --- limits --- */

/* n times the byte, in memory that the caller frees. */
static char *repeat(char byte, size_t n)
{
	char *text = bytes_new(n + 1);

	memset(text, byte, n);
	text[n] = '\0';
	return text;
}

/* Sends a request of two pieces with n bytes between them; the answer? */
static int status_of(const char *before, char byte, size_t n, const char *after)
{
	char *middle = repeat(byte, n);
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	tcp_send_text(fd, before);
	tcp_send_text(fd, middle);
	tcp_send_text(fd, after);
	http_read(fd, &response, true);
	if (response.status == 414 || response.status == 431)
		tcp_expect_end(fd);
	http_clear(&response);
	free(middle);
	(void)close(fd);
	return response.status;
}

static const struct {
	size_t len; /* of the request-line with its CRLF */
	int status;
} lines[] = {
	{8191, 200}, {8192, 200}, {8193, 414}, {16000, 414}, {100000, 414},
};

START_TEST(a_request_line_may_be_eight_kibibytes_long)
{
	static const char before[] = "GET /file.txt?";
	static const char after[] = " HTTP/1.1\r\n";
	size_t len = lines[_i].len - strlen(before) - strlen(after);
	char tail[64];

	(void)snprintf(tail, sizeof(tail), "%sHost: h\r\n\r\n", after);
	ck_assert_int_eq(status_of(before, 'a', len, tail), lines[_i].status);
}
END_TEST

static const struct {
	size_t len; /* of the head with its empty line */
	int status;
} heads[] = {
	{16383, 200}, {16384, 200}, {16385, 431}, {20000, 431}, {100000, 431},
};

START_TEST(a_head_may_be_sixteen_kibibytes_long)
{
	static const char before[] = "GET /file.txt HTTP/1.1\r\nHost: h\r\nA: ";
	static const char after[] = "\r\n\r\n";
	size_t len = heads[_i].len - strlen(before) - strlen(after);

	ck_assert_int_eq(status_of(before, 'a', len, after), heads[_i].status);
}
END_TEST

static const struct {
	int n; /* fields, with Host */
	int status;
} counts[] = {{99, 200}, {100, 200}, {101, 431}, {1000, 431}};

START_TEST(a_head_may_have_a_hundred_fields)
{
	char *request = bytes_new(16384), *end;
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	end = stpcpy(request, "GET /file.txt HTTP/1.1\r\nHost: h\r\n");
	for (int i = 1; i < counts[_i].n; i++)
		end = stpcpy(end, "A: b\r\n");
	(void)stpcpy(end, "\r\n");
	tcp_send_text(fd, request);
	http_read(fd, &response, true);
	expect_status(&response, counts[_i].status);
	http_clear(&response);
	free(request);
	(void)close(fd);
}
END_TEST

START_TEST(a_head_without_an_end_is_refused_at_the_limit)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	tcp_send_text(fd, "GET / HTTP/1.1\r\nHost: h\r\n");
	/* No more than the limit is sent, so the answer is not due to more. */
	for (int i = 0; i < 2000; i++)
		tcp_send_text(fd, "A: bcde\r\n");
	http_read(fd, &response, true);
	expect_status(&response, 431);
	http_clear(&response);
	tcp_expect_end(fd);
	(void)close(fd);
}
END_TEST

/* --- time --- */

/* The server's default is ten seconds. */
#define HEADER_MS 1500

/*
 * A head has so much time, whatever trickles in meanwhile; and a silent one has
 * no more. Both in one test, since each takes that long.
 */
START_TEST(a_head_that_does_not_end_is_answered_408_after_its_time)
{
	const char *const more[] = {"--header-timeout=1500ms", NULL};
	int trickling, silent;
	int64_t start, took;
	struct response response;
	char *text;

	server_stop(server);
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .extra = log_option, .more = more});
	trickling = tcp_connect(server, SERVICE_HTTP);
	silent = tcp_connect(server, SERVICE_HTTP);
	start = harness_now_ms();
	tcp_send_text(silent, "GET /file.txt HTTP/1.1\r\n");
	tcp_send_text(trickling, "GET /file.txt HTTP/1.1\r\nHost: h\r\nA: ");
	while (sock_wait(trickling, POLLIN, 50) == 0) {
		if (harness_now_ms() - start > 2 * HEADER_MS)
			harness_fail("a trickling head is still waited for");
		tcp_send_text(trickling, "b");
	}
	took = harness_now_ms() - start;
	ck_assert_int_ge(took, HEADER_MS * 9 / 10);
	http_read(trickling, &response, true);
	expect_status(&response, 408);
	http_expect_field(&response, "Connection", "close");
	http_clear(&response);
	tcp_expect_end(trickling);
	http_read(silent, &response, true);
	expect_status(&response, 408);
	http_clear(&response);
	tcp_expect_end(silent);
	/* Its line does not wait for the peer to see the end. */
	text = log_wait_lines(log_path, 2);
	ck_assert_int_lt(harness_now_ms() - start - took, LINGER_MS);
	ck_assert_ptr_nonnull(strstr(text, "\"GET /file.txt HTTP/1.1\" 408 "));
	free(text);
	(void)close(trickling);
	(void)close(silent);
	expect_service();
}
END_TEST

/* --- what comes back --- */

START_TEST(an_error_page_repeats_nothing_of_the_request)
{
	struct response response;

	http_fetch(server, "/%3Cscript%3Ealert(1)%3C/script%3E?script",
		   &response);
	expect_status(&response, 404);
	ck_assert_ptr_null(strstr((const char *)response.content, "script"));
	http_clear(&response);
}
END_TEST

START_TEST(a_name_cannot_break_out_of_a_redirect)
{
	struct response response;

	folder_add(root, "a\r\nSet-Cookie: b");
	http_fetch(server, "/a%0d%0aSet-Cookie:%20b", &response);
	expect_status(&response, 301);
	ck_assert_ptr_null(strstr(response.head, "\nSet-Cookie"));
	http_clear(&response);
}
END_TEST

/* --- typed by hand --- */

static const struct {
	const char *typed;
	const char *advice; /* what the page says of it */
} typed[] = {
	{"hello\n", "ends in CR LF"},
	{"hello\r\n", "begins with a line such as GET / HTTP/1.1"},
	{"GET / HTTP/1.0\n\n", "GET / HTTP/1.0\\r\\n\\r\\n"},
	{"GET / HTTP/1.1\nHost: h\n\n", "ends in CR LF"},
	{"GET /\r\n", "begins with a line such as"},
	{"GET / HTTP/1.1\r\n\r\n", "Host: localhost"},
	{"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", "percent-encoded"},
	{"GET /a b.txt HTTP/1.1\r\nHost: h\r\n\r\n", "written %20"},
	{"GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n", "percent-encoded"},
};

/* At once, not when the time for a head is up. */
START_TEST(a_mistake_made_by_hand_is_explained_at_once)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	int64_t start = harness_now_ms();
	struct response response;
	char page[2048];

	tcp_send_text(fd, typed[_i].typed);
	http_read(fd, &response, true);
	ck_assert_int_lt(harness_now_ms() - start, 9000);
	expect_status(&response, 400);
	ck_assert_uint_lt(response.len, sizeof(page));
	memcpy(page, response.content, response.len);
	page[response.len] = '\0';
	if (!strstr(page, typed[_i].advice))
		harness_fail("%s is not in the page:\n%s", typed[_i].advice,
			     page);
	http_clear(&response);
	tcp_expect_end(fd);
	(void)close(fd);
}
END_TEST

START_TEST(a_method_of_nine_thousand_letters_is_501)
{
	ck_assert_int_eq(status_of("", 'M', 9000, " / HTTP/1.1\r\n\r\n"), 501);
}
END_TEST

/* --- noise --- */

static const char tls_hello[] =
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on";

START_TEST(a_browser_that_tries_tls_is_told_at_once)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	tcp_send(fd, tls_hello, sizeof(tls_hello));
	http_read(fd, &response, true);
	expect_status(&response, 400);
	http_clear(&response);
	tcp_expect_end(fd);
	(void)close(fd);
}
END_TEST

START_TEST(noise_is_refused_or_waited_for_but_never_served)
{
	unsigned char noise[2048];
	char buf[4096];

	for (uint32_t i = 0; i < 200; i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);
		ssize_t n;

		bytes_pattern(noise, sizeof(noise), i);
		tcp_send(fd, noise, 1 + i * 10);
		tcp_finish(fd);
		sock_must_wait(fd, POLLIN, harness_deadline(), "a verdict");
		n = recv(fd, buf, sizeof(buf), 0);
		if (n > 0)
			ck_assert_mem_ne(buf, "HTTP/1.1 200", 12);
		(void)close(fd);
	}
	expect_service();
}
END_TEST

#define VALUES_EACH 16

/* Sends the marker with one byte changed; any verdict will do, but none. */
static void try_changed(size_t at, int value)
{
	char changed[] = MARKER, buf[4096];
	int fd = tcp_connect(server, SERVICE_HTTP);

	changed[at] = (char)value;
	tcp_send(fd, changed, sizeof(changed) - 1);
	tcp_finish(fd);
	/* An answer, or an end when more of it was expected. */
	sock_must_wait(fd, POLLIN, harness_deadline(), "a verdict");
	ck_assert_int_ge(recv(fd, buf, sizeof(buf), 0), 0);
	(void)close(fd);
}

START_TEST(a_request_with_one_wrong_byte_does_no_harm)
{
	for (int value = 0; value < VALUES_EACH; value++)
		for (size_t i = 0; i < sizeof(MARKER) - 1; i++)
			try_changed(i, _i * VALUES_EACH + value);
	expect_service();
}
END_TEST

static TCase *served_case(Suite *suite, const char *name)
{
	TCase *tcase = harness_case(suite, name);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	return tcase;
}

static void add_requests(Suite *suite)
{
	TCase *tcase = served_case(suite, "limits");

	tcase_add_loop_test(tcase, a_request_line_may_be_eight_kibibytes_long,
			    0, ARRAY_LEN(lines));
	tcase_add_loop_test(tcase, a_head_may_be_sixteen_kibibytes_long, 0,
			    ARRAY_LEN(heads));
	tcase_add_loop_test(tcase, a_head_may_have_a_hundred_fields, 0,
			    ARRAY_LEN(counts));
	tcase_add_test(tcase, a_head_without_an_end_is_refused_at_the_limit);
	tcase_add_test(tcase, a_method_of_nine_thousand_letters_is_501);

	tcase = served_case(suite, "time");
	tcase_add_test(tcase,
		       a_head_that_does_not_end_is_answered_408_after_its_time);
}

static void add_noise(Suite *suite)
{
	TCase *tcase = served_case(suite, "what comes back");

	tcase_add_test(tcase, an_error_page_repeats_nothing_of_the_request);
	tcase_add_test(tcase, a_name_cannot_break_out_of_a_redirect);

	tcase = served_case(suite, "typed by hand");
	tcase_add_loop_test(tcase, a_mistake_made_by_hand_is_explained_at_once,
			    0, ARRAY_LEN(typed));

	tcase = served_case(suite, "noise");
	tcase_add_test(tcase, a_browser_that_tries_tls_is_told_at_once);
	tcase_add_test(tcase, noise_is_refused_or_waited_for_but_never_served);
	tcase_add_loop_test(tcase, a_request_with_one_wrong_byte_does_no_harm,
			    0, 256 / VALUES_EACH);
}

int main(void)
{
	Suite *suite = suite_create("e2e strict");

	add_requests(suite);
	add_noise(suite);
	return harness_run(suite);
}
