/* SPDX-License-Identifier: MIT */
/*
 * The running daemon and clients that nobody here wrote: nc, socat, curl, and
 * the two classroom clients of plain Python sockets. What our own clients and
 * our own server might both misunderstand, these do not share.
 *
 * A test whose program is not installed says so and is not run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e_program.h"
#include "e2e_server.h"
#include "harness.h"

#define MIB	  ((size_t)1 << 20)

#define FILE_TEXT "some text\n"

static char *root;
static struct server *server;
static char udp_port[8], tcp_port[8], http_port[8];

static void note_port(enum service service, char port[8])
{
	(void)snprintf(port, 8, "%u",
		       (unsigned)server_endpoint(server, service)->port);
}

static void set_up(void)
{
	root = folder_new();
	folder_write_text(root, "index.html",
			  "<!DOCTYPE html><title>x</title>");
	folder_write_text(root, "file.txt", FILE_TEXT);
	folder_add(root, "sub");
	folder_write_text(root, "sub/index.html", "a folder's page");
	server = server_start_all(root);
	note_port(SERVICE_UDP, udp_port);
	note_port(SERVICE_TCP, tcp_port);
	note_port(SERVICE_HTTP, http_port);
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

/* Fails unless the program ended well and printed exactly this. */
static void expect_output(struct outcome *outcome, const void *data, size_t len)
{
	if (outcome->status != 0)
		harness_fail("status %d: %s", outcome->status, outcome->err);
	if (outcome->out_len != len || memcmp(outcome->out, data, len) != 0)
		harness_fail("%zu bytes came, %zu expected: %.200s",
			     outcome->out_len, len, outcome->out);
	outcome_clear(outcome);
}

static void expect_text(struct outcome *outcome, const char *text)
{
	expect_output(outcome, text, strlen(text));
}

/* A lot of bytes, and what must come back for them. */
struct load {
	size_t len;
	unsigned char *in;
	unsigned char *out;
};

static struct load load_new(size_t len)
{
	struct load load = {len, bytes_new(len), bytes_new(len)};

	bytes_pattern(load.in, len, 9);
	bytes_upper(load.out, load.in, len);
	return load;
}

static void load_clear(struct load *load)
{
	free(load->in);
	free(load->out);
}

/* --- nc --- */

START_TEST(nc_over_tcp_ends_its_input_and_gets_all_of_the_answer)
{
	const char *const argv[] = {"nc", "-N", "127.0.0.1", tcp_port, NULL};
	struct outcome outcome;
	struct load load;

	if (!program_exists("nc"))
		return;
	outcome = program_run(argv, "hello\n", 6);
	expect_text(&outcome, "HELLO\n");
	load = load_new(8 * MIB);
	outcome = program_run(argv, load.in, load.len);
	expect_output(&outcome, load.out, load.len);
	load_clear(&load);
}
END_TEST

START_TEST(nc_over_tcp_gets_its_answer_while_its_input_is_open)
{
	const char *const argv[] = {"nc", "-N", "127.0.0.1", tcp_port, NULL};
	struct outcome outcome;

	if (!program_exists("nc"))
		return;
	outcome = program_run_holding(argv, "no newline", 10, 10);
	expect_text(&outcome, "NO NEWLINE");
}
END_TEST

START_TEST(nc_over_udp_gets_its_answer)
{
	/* It ends after one datagram has come. */
	const char *const argv[] = {"nc",	 "-u",	   "-W", "1",
				    "127.0.0.1", udp_port, NULL};
	struct outcome outcome;

	if (!program_exists("nc"))
		return;
	outcome = program_run_holding(argv, "hello\n", 6, 6);
	expect_text(&outcome, "HELLO\n");
}
END_TEST

START_TEST(nc_speaks_http_by_hand)
{
	static const char request[] = "GET /file.txt HTTP/1.0\r\n\r\n";
	const char *const argv[] = {"nc", "-N", "127.0.0.1", http_port, NULL};
	struct outcome outcome;
	const char *content;

	if (!program_exists("nc"))
		return;
	outcome = program_run(argv, request, strlen(request));
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_int_eq(strncmp(outcome.out, "HTTP/1.1 200 OK\r\n", 17), 0);
	content = strstr(outcome.out, "\r\n\r\n");
	ck_assert_ptr_nonnull(content);
	ck_assert_str_eq(content + 4, FILE_TEXT);
	outcome_clear(&outcome);
}
END_TEST

/* --- socat --- */

START_TEST(socat_over_tcp_gets_all_of_the_answer)
{
	char address[64];
	const char *const argv[] = {"socat", "-t", "10", "-", address, NULL};
	struct outcome outcome;
	struct load load;

	if (!program_exists("socat"))
		return;
	(void)snprintf(address, sizeof(address), "TCP4:127.0.0.1:%s", tcp_port);
	outcome = program_run(argv, "hello\n", 6);
	expect_text(&outcome, "HELLO\n");
	load = load_new(8 * MIB);
	outcome = program_run(argv, load.in, load.len);
	expect_output(&outcome, load.out, load.len);
	load_clear(&load);
}
END_TEST

START_TEST(socat_over_udp_gets_its_answer)
{
	char address[64];
	const char *const argv[] = {"socat", "-t", "10", "-", address, NULL};
	struct outcome outcome;

	if (!program_exists("socat"))
		return;
	(void)snprintf(address, sizeof(address),
		       "UDP4:127.0.0.1:%s,readbytes=5", udp_port);
	outcome = program_run(argv, "hello", 5);
	expect_text(&outcome, "HELLO");
}
END_TEST

/* --- Python: the classroom's clients --- */

/* Runs a script with the three ports as arguments. */
static struct outcome run_python(const char *script)
{
	const char *const argv[] = {"python3", "-S",	 "-c",	    script,
				    udp_port,  tcp_port, http_port, NULL};

	return program_run(argv, "", 0);
}

static void expect_python(const char *script, const char *text)
{
	struct outcome outcome;

	if (!program_exists("python3"))
		return;
	outcome = run_python(script);
	expect_text(&outcome, text);
}

static const char udp_client[] =
	"import sys\n"
	"from socket import *\n"
	"clientSocket = socket(AF_INET, SOCK_DGRAM)\n"
	"message = 'input lowercase sentence'\n"
	"clientSocket.sendto(message.encode(),\n"
	"                    ('127.0.0.1', int(sys.argv[1])))\n"
	"modifiedMessage, serverAddress = clientSocket.recvfrom(2048)\n"
	"print(modifiedMessage.decode())\n"
	"clientSocket.close()\n";

START_TEST(the_classroom_udp_client_works)
{
	expect_python(udp_client, "INPUT LOWERCASE SENTENCE\n");
}
END_TEST

static const char tcp_client[] =
	"import sys\n"
	"from socket import *\n"
	"clientSocket = socket(AF_INET, SOCK_STREAM)\n"
	"clientSocket.connect(('127.0.0.1', int(sys.argv[2])))\n"
	"sentence = 'input lowercase sentence'\n"
	"clientSocket.send(sentence.encode())\n"
	"modifiedSentence = clientSocket.recv(1024)\n"
	"print('From Server:', modifiedSentence.decode())\n"
	"clientSocket.close()\n";

START_TEST(the_classroom_tcp_client_works)
{
	expect_python(tcp_client, "From Server: INPUT LOWERCASE SENTENCE\n");
}
END_TEST

START_TEST(the_classroom_tcp_client_works_with_one_answer_per_connection)
{
	struct server *once = server_start(
		&(struct server_options){.tcp = "0", .extra = "--tcp-once"});

	(void)snprintf(tcp_port, sizeof(tcp_port), "%u",
		       (unsigned)server_endpoint(once, SERVICE_TCP)->port);
	expect_python(tcp_client, "From Server: INPUT LOWERCASE SENTENCE\n");
	server_stop(once);
}
END_TEST

static const char many_clients[] =
	"import socket, sys\n"
	"a = [socket.create_connection(('127.0.0.1', int(sys.argv[2])))\n"
	"     for _ in range(100)]\n"
	"for i, s in enumerate(a): s.sendall(b'client %d' % i)\n"
	"for i, s in reversed(list(enumerate(a))):\n"
	"    assert s.recv(1024) == b'CLIENT %d' % i\n"
	"    s.shutdown(socket.SHUT_WR)\n"
	"    assert s.recv(1024) == b''\n"
	"print('all')\n";

START_TEST(a_hundred_python_clients_at_once_work)
{
	expect_python(many_clients, "all\n");
}
END_TEST

static const char http_client[] =
	"import http.client, sys\n"
	"c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[3]))\n"
	"for method, path, status in [\n"
	"        ('GET', '/', 200), ('HEAD', '/', 200),\n"
	"        ('GET', '/file.txt', 200), ('GET', '/none', 404),\n"
	"        ('GET', '/sub', 301), ('OPTIONS', '*', 200),\n"
	"        ('DELETE', '/', 405), ('GET', '/file.txt', 200)]:\n"
	"    c.request(method, path)\n"
	"    s = c.sock\n"
	"    r = c.getresponse()\n"
	"    data = r.read()\n"
	"    assert r.status == status, (method, path, r.status)\n"
	"    assert c.sock is s, 'the connection did not persist'\n"
	"print(data.decode(), end='')\n";

START_TEST(the_http_client_of_python_keeps_its_connection)
{
	expect_python(http_client, FILE_TEXT);
}
END_TEST

/* --- curl --- */

START_TEST(curl_gets_a_file)
{
	char url[64];
	const char *const argv[] = {"curl", "-sS", "--fail", url, NULL};
	struct outcome outcome;

	if (!program_exists("curl"))
		return;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%s/file.txt",
		       http_port);
	outcome = program_run(argv, "", 0);
	expect_text(&outcome, FILE_TEXT);
}
END_TEST

static const struct {
	const char *args[6];
	const char *path;
	const char *status; /* and the number of connections */
} curls[] = {
	{{NULL}, "/", "200 1"},
	{{"-0"}, "/file.txt", "200 1"}, /* HTTP/1.0 */
	{{"-I"}, "/file.txt", "200 1"},
	{{"-L"}, "/sub?a=b", "200 1"}, /* one for both */
	{{NULL}, "/none", "404 1"},
	{{"-X", "OPTIONS", "--request-target", "*"}, "/", "200 1"},
	{{"-d", "a=b"}, "/", "405 1"},
	{{"-T", "/dev/null"}, "/x", "405 1"},
	{{"-X", "BREW"}, "/", "501 1"},
	{{"--path-as-is"}, "/../../../../etc/passwd", "400 1"},
	{{"-H", "Host:"}, "/", "400 1"}, /* sends none */
	{{"-H", "Content-Length: 5", "-H", "Transfer-Encoding: chunked"},
	 "/",
	 "400 1"},
	{{"--compressed"}, "/file.txt", "200 1"},
	{{"--http2"}, "/file.txt", "200 1"}, /* asks to upgrade; is not */
};

START_TEST(curl_gets_the_status_it_should)
{
	char url[128];
	const char *argv[16] = {"curl", "-sS",
				"-o",	"/dev/null",
				"-w",	"%{http_code} %{num_connects}"};
	size_t n = 6;
	struct outcome outcome;

	if (!program_exists("curl"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(curls[_i].args); i++)
		if (curls[_i].args[i])
			argv[n++] = curls[_i].args[i];
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%s%s", http_port,
		       curls[_i].path);
	argv[n++] = url;
	outcome = program_run(argv, "", 0);
	expect_text(&outcome, curls[_i].status);
}
END_TEST

START_TEST(curl_uses_one_connection_for_many_files)
{
	char url[64];
	const char *const argv[] = {"curl", "-sS",
				    "-o",   "/dev/null",
				    "-w",   "%{http_code} %{num_connects},",
				    url,    NULL};
	struct outcome outcome;

	if (!program_exists("curl"))
		return;
	/* Its own globbing makes four of this. */
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%s/file.txt?[1-4]",
		       http_port);
	outcome = program_run(argv, "", 0);
	expect_text(&outcome, "200 1,200 0,200 0,200 0,");
}
END_TEST

START_TEST(curl_gets_a_large_file_byte_for_byte)
{
	char url[64];
	const char *const argv[] = {"curl", "-sS", "--fail", url, NULL};
	struct load load;
	struct outcome outcome;

	if (!program_exists("curl"))
		return;
	load = load_new(16 * MIB);
	folder_write(root, "large.bin", load.in, load.len);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%s/large.bin",
		       http_port);
	outcome = program_run(argv, "", 0);
	expect_output(&outcome, load.in, load.len);
	load_clear(&load);
}
END_TEST

START_TEST(curl_that_sends_a_large_file_gets_the_refusal)
{
	char url[64];
	char *path = folder_path(root, "large.bin");
	const char *const argv[] = {
		"curl", "-sS",	   "-o", "/dev/null", "-w", "%{http_code}",
		"-H",	"Expect:", "-T", path,	      url,  NULL};
	struct load load;
	struct outcome outcome;

	if (!program_exists("curl"))
		return;
	load = load_new(16 * MIB);
	folder_write(root, "large.bin", load.in, load.len);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%s/x", http_port);
	outcome = program_run(argv, "", 0);
	expect_text(&outcome, "405");
	load_clear(&load);
	free(path);
}
END_TEST

static Suite *foreign_suite(void)
{
	Suite *suite = suite_create("e2e foreign");
	TCase *tcase = harness_case(suite, "foreign");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
		       nc_over_tcp_ends_its_input_and_gets_all_of_the_answer);
	tcase_add_test(tcase,
		       nc_over_tcp_gets_its_answer_while_its_input_is_open);
	tcase_add_test(tcase, nc_over_udp_gets_its_answer);
	tcase_add_test(tcase, nc_speaks_http_by_hand);
	tcase_add_test(tcase, socat_over_tcp_gets_all_of_the_answer);
	tcase_add_test(tcase, socat_over_udp_gets_its_answer);
	tcase_add_test(tcase, the_classroom_udp_client_works);
	tcase_add_test(tcase, the_classroom_tcp_client_works);
	tcase_add_test(
		tcase,
		the_classroom_tcp_client_works_with_one_answer_per_connection);
	tcase_add_test(tcase, a_hundred_python_clients_at_once_work);
	tcase_add_test(tcase, the_http_client_of_python_keeps_its_connection);
	tcase_add_test(tcase, curl_gets_a_file);
	tcase_add_loop_test(tcase, curl_gets_the_status_it_should, 0,
			    ARRAY_LEN(curls));
	tcase_add_test(tcase, curl_uses_one_connection_for_many_files);
	tcase_add_test(tcase, curl_gets_a_large_file_byte_for_byte);
	tcase_add_test(tcase, curl_that_sends_a_large_file_gets_the_refusal);
	return suite;
}

int main(void)
{
	return harness_run(foreign_suite());
}
