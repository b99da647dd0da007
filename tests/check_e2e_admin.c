/* SPDX-License-Identifier: MIT */
/*
 * The admin pages: what they tell follows what the services do; they are apart
 * from them, whatever crowds there or here; and they stay to the end of a stop
 * without holding it up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "harness.h"
#include "json_reader.h"

#define ADMIN_MOST 32 /* connections, as the manual says */

static char *root;
static struct server *server;

static void set_up(void)
{
	root = folder_new();
	service_write_file(root);
	folder_write_text(root, "a", "one\n");
}

static void tear_down(void)
{
	free(root);
}

/* A server with these options besides; args is NULL-ended. */
static void start_with(size_t n_ready, rlim_t descriptors,
		       const char *const args[])
{
	const char *all[24] = {
		"--listen=127.0.0.1", "-u0", "-t0", "-w0", "--root", root};
	size_t n = 6;

	for (size_t i = 0; args[i]; i++)
		all[n++] = args[i];
	server = server_start(
		&(struct server_options){.args = all,
					 .n_ready = n_ready,
					 .soft_descriptors = descriptors,
					 .hard_descriptors = descriptors});
}

#define START_WITH(n_ready, ...)                                               \
	start_with(n_ready, 0, (const char *const[]){__VA_ARGS__, NULL})

/* All services, and the pages at one place. */
static void start(void)
{
	START_WITH(4, "--admin=127.0.0.1:0");
}

static int connect_admin(void)
{
	const struct endpoint *place = server_endpoint(server, SERVICE_ADMIN);
	int fd = tcp_try_connect(place->host, place->port);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* The text of a page, NUL-ended; the caller frees it. */
static char *fetch(const char *target, int status)
{
	int fd = connect_admin();
	struct response response;
	char *text;

	http_get(fd, target, &response);
	http_expect_status(&response, status);
	text = bytes_new(response.len + 1);
	memcpy(text, response.content, response.len);
	text[response.len] = '\0';
	http_clear(&response);
	(void)close(fd);
	return text;
}

/* The value of a sample, named with its labels. */
static double metric(const char *name)
{
	char *text = fetch("/metrics", 200), key[160];
	const char *at;
	double value;

	(void)snprintf(key, sizeof(key), "\n%s ", name);
	at = strstr(text, key);
	if (!at)
		harness_fail("no %s in:\n%s", name, text);
	value = strtod(at + strlen(key), NULL);
	free(text);
	return value;
}

static void expect_metric(const char *name, double value)
{
	double is = metric(name);

	if (is < value || is > value)
		harness_fail("%s: %g, not %g", name, is, value);
}

/* Waits until it has this value. */
static void wait_metric(const char *name, double value)
{
	int64_t deadline = harness_deadline();
	double is = metric(name);

	while (is < value || is > value) {
		if (harness_left_ms(deadline) <= 0)
			harness_fail("%s: %g, not %g", name, is, value);
		is = metric(name);
	}
}

static void ask_service(const char *line, int status)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_ask(fd, &response, "%s", line);
	http_expect_status(&response, status);
	http_clear(&response);
	(void)close(fd);
}

START_TEST(numbers_move_with_what_the_services_do)
{
	int tcp, udp;

	start();
	expect_metric("uppercase_udp_datagrams_received_total", 0);
	udp = udp_connect(server);
	udp_exchange(udp, "abc", 3);
	udp_exchange(udp, "def", 3);
	tcp = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(tcp, "abc", 3);
	ask_service("GET /a HTTP/1.1", 200);
	ask_service("GET /none HTTP/1.1", 404);
	ask_service("GET /none HTTP/1.1", 404);
	ask_service("PUT /a HTTP/1.1", 405);
	ask_service("GET  /a HTTP/1.1", 400);
	expect_metric("uppercase_udp_datagrams_received_total", 2);
	expect_metric("uppercase_connections_accepted_total{service=\"tcp\"}",
		      1);
	expect_metric("uppercase_connections_active{service=\"tcp\"}", 1);
	expect_metric("uppercase_connections_active{service=\"admin\"}", 1);
	wait_metric("uppercase_connections_active{service=\"http\"}", 0);
	expect_metric("uppercase_http_requests_total{method=\"GET\","
		      "code=\"200\"}",
		      1);
	expect_metric("uppercase_http_requests_total{method=\"GET\","
		      "code=\"404\"}",
		      2);
	expect_metric("uppercase_http_requests_total{method=\"other\","
		      "code=\"405\"}",
		      1);
	expect_metric("uppercase_http_requests_refused_total", 1);
	(void)close(tcp);
	wait_metric("uppercase_connections_active{service=\"tcp\"}", 0);
	ck_assert(metric("process_resident_memory_bytes") > 1e5);
	ck_assert(metric("process_open_fds") > 5);
	ck_assert(metric("process_start_time_seconds") > 1e9);
	(void)close(udp);
	server_stop(server);
}
END_TEST

START_TEST(promtool_finds_nothing_wrong)
{
	static const char *const args[] = {"promtool", "check", "metrics",
					   NULL};
	struct outcome outcome;
	char *text;

	if (!program_exists("promtool"))
		return;
	start();
	ask_service("GET /a HTTP/1.1", 200);
	text = fetch("/metrics", 200);
	outcome = program_run(args, text, strlen(text));
	if (outcome.status != 0 || outcome.out_len + outcome.err_len > 0)
		harness_fail("promtool: %s%s", outcome.out, outcome.err);
	outcome_clear(&outcome);
	free(text);
	server_stop(server);
}
END_TEST

/* A member of /status.json, the first of this name. */
static void expect_state(const char *name, const char *value)
{
	char *text = fetch("/status.json", 200), got[512];
	size_t len = strlen(text);

	ck_assert_msg(json_is_valid(text, len), "%s", text);
	(void)json_member(text, len, name, got, sizeof(got));
	ck_assert_str_eq(got, value);
	free(text);
}

START_TEST(the_state_tells_connections_one_by_one)
{
	char port[16], *text;
	int tcp, fds[3];

	start();
	(void)snprintf(port, sizeof(port), "%u",
		       server_endpoint(server, SERVICE_TCP)->port);
	tcp = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(tcp, "abcdef", 6);
	expect_state("state", "serving");
	expect_state("root", root);
	expect_state("tcp", "1");
	expect_state("bytes_sent", "6");
	expect_state("bytes_received", "6");
	expect_state("segments_retransmitted", "0");
	expect_state("last_reload", "null");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = tcp_connect(server, SERVICE_HTTP);
	wait_metric("uppercase_connections_active{service=\"http\"}", 3);
	text = fetch("/status.json", 200);
	ck_assert_ptr_nonnull(strstr(
		text,
		"\"sources\":[{\"address\":\"127.0.0.1\",\"connections\":4}]"));
	/* The newest comes first. */
	ck_assert_ptr_nonnull(
		strstr(text, "\"newest\":[{\"service\":\"http\""));
	ck_assert_ptr_nonnull(strstr(text, "ready: udp 127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(text, port));
	free(text);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	(void)close(tcp);
	server_stop(server);
}
END_TEST

START_TEST(a_crowd_is_told_in_part)
{
	int fds[150];
	char *text, *at;
	size_t n = 0;

	start();
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = tcp_connect(server, SERVICE_TCP);
	wait_metric("uppercase_connections_active{service=\"tcp\"}",
		    ARRAY_LEN(fds));
	at = text = fetch("/status.json", 200);
	while ((at = strstr(at, "\"age_s\":"))) {
		at++;
		n++;
	}
	ck_assert_uint_eq(n, 100);
	free(text);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	server_stop(server);
}
END_TEST

/* --- the live page --- */

/* A client of the TCP service who has not taken his answer. */
static int connect_stuck(void)
{
	unsigned char *data = bytes_new((size_t)1 << 20);
	int fd = tcp_connect_small(server, SERVICE_TCP);

	memset(data, 'a', (size_t)1 << 20);
	(void)tcp_send_until_stuck(fd, data, (size_t)1 << 20, 100);
	free(data);
	return fd;
}

/* The nonce that the page's policy names. */
static void read_nonce(char nonce[64])
{
	struct response response;
	char policy[512], *at;
	int fd = connect_admin();

	http_get(fd, "/", &response);
	http_expect_status(&response, 200);
	ck_assert(http_field(&response, "Content-Security-Policy", policy,
			     sizeof(policy)));
	ck_assert_int_eq(strncmp(policy, "default-src 'none'; ", 20), 0);
	ck_assert_ptr_null(strstr(policy, "unsafe"));
	at = strstr(policy, "script-src 'nonce-");
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "script-src 'nonce-%32[0-9a-f]'", nonce),
			 1);
	ck_assert_uint_eq(strlen(nonce), 32);
	ck_assert_ptr_nonnull(
		memmem(response.content, response.len, nonce, 32));
	http_clear(&response);
	(void)close(fd);
}

START_TEST(each_page_has_a_nonce_of_its_own)
{
	char one[64], other[64];

	start();
	read_nonce(one);
	read_nonce(other);
	ck_assert_str_ne(one, other);
	server_stop(server);
}
END_TEST

/* Reads on until the text has come; returns all that came, NUL-ended. */
static char *read_until(int fd, char *all, size_t size, const char *text)
{
	size_t len = strlen(all);
	char *at;

	while (!(at = strstr(all, text))) {
		size_t n = tcp_read_some(fd, all + len, size - 1 - len);

		if (n == 0)
			harness_fail("it ended before %s: %s", text, all);
		len += n;
		all[len] = '\0';
	}
	return at + strlen(text);
}

static int read_events(char *all, size_t size)
{
	int fd = connect_admin();

	all[0] = '\0';
	tcp_send_text(fd, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
	(void)read_until(fd, all, size, "\r\n\r\n");
	ck_assert_ptr_nonnull(
		strstr(all, "Content-Type: text/event-stream\r\n"));
	ck_assert_ptr_null(strstr(all, "Content-Length"));
	(void)read_until(fd, all, size, "event: history\ndata: [[");
	return fd;
}

START_TEST(events_bring_the_numbers_as_they_move)
{
	char *all = bytes_new(1 << 20), *event;
	int udp, fd;

	start();
	fd = read_events(all, 1 << 20);
	event = read_until(fd, all, 1 << 20, "\n\ndata: {\"values\":[");
	(void)read_until(fd, event, 1 << 16, "}}\n\n");
	ck_assert_ptr_nonnull(strstr(event, "\"udp_datagrams\":\"0\""));
	udp = udp_connect(server);
	udp_exchange(udp, "abc", 3);
	(void)read_until(fd, event, 1 << 16, "\"udp_datagrams\":\"1\"");
	/* What a reader sends is nothing to anybody. */
	tcp_send_text(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
	(void)read_until(fd, event, 1 << 16, "\"http_open\":\"0\"");
	expect_metric("uppercase_connections_active{service=\"admin\"}", 2);
	(void)close(fd);
	wait_metric("uppercase_connections_active{service=\"admin\"}", 1);
	(void)close(udp);
	free(all);
	server_stop(server);
}
END_TEST

/* It holds nothing up, and sees the end. */
START_TEST(who_reads_events_sees_the_drain)
{
	char *all = bytes_new(1 << 20);
	int stuck, fd;

	start();
	fd = read_events(all, 1 << 20);
	stuck = connect_stuck();
	server_signal(server, SIGTERM);
	(void)read_until(fd, all, 1 << 20, "\"state\":\"draining\"");
	tcp_reset(stuck);
	server_expect_exit(server, 0);
	tcp_expect_gone(fd);
	(void)close(fd);
	free(all);
	server_stop(server);
}
END_TEST

START_TEST(the_head_of_the_events_is_without_events)
{
	char *all = bytes_new(4096);
	int fd;

	start();
	fd = connect_admin();
	all[0] = '\0';
	tcp_send_text(fd, "HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
	ck_assert_str_eq(read_until(fd, all, 4096, "\r\n\r\n"), "");
	tcp_expect_end(fd);
	(void)close(fd);
	free(all);
	server_stop(server);
}
END_TEST

#define DURATION    "uppercase_http_request_duration_seconds_"
#define LARGE_BYTES (32 << 20) /* more than sockets hold */

/* One that its reader holds up, among those that are answered at once. */
START_TEST(an_answer_takes_as_long_as_its_reader_needs)
{
	char *path = folder_path(root, "large"), *content;
	struct response response;
	int fd;

	folder_write_text(root, "large", "");
	ck_assert_int_eq(truncate(path, LARGE_BYTES), 0);
	free(path);
	content = bytes_new(LARGE_BYTES);
	start();
	ask_service("GET /a HTTP/1.1", 200);
	fd = tcp_connect(server, SERVICE_HTTP);
	http_send_get(fd, "/large");
	http_read_head(fd, &response);
	(void)poll(NULL, 0, 120);
	expect_metric(DURATION "count", 1);
	tcp_read(fd, content, LARGE_BYTES);
	free(content);
	wait_metric(DURATION "count", 2);
	expect_metric(DURATION "bucket{le=\"0.1\"}", 1);
	ck_assert(metric(DURATION "sum") > 0.1);
	http_clear(&response);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/*
 * Speaks to the browser through the pipe of its debugger, since what comes
 * after a page was loaded is nowhere else to be seen: the page shows a datagram
 * from before, becomes live, shows one that is sent then, renews its tables,
 * and has no complaint, of its policy or its script.
 */
static const char browser_script[] =
	"import fcntl, json, os, signal, socket, subprocess, sys\n"
	"\n"
	"url, profile, port = sys.argv[1], sys.argv[2], int(sys.argv[3])\n"
	"signal.alarm(50)\n"
	"\n"
	"def high(fd):\n"
	"    return fcntl.fcntl(fd, fcntl.F_DUPFD, 64)\n"
	"\n"
	"(to_r, to_w), (from_r, from_w) = os.pipe(), os.pipe()\n"
	"to_r, from_w = high(to_r), high(from_w)\n"
	"\n"
	"def pipes():\n"
	"    os.dup2(to_r, 3)\n"
	"    os.dup2(from_w, 4)\n"
	"\n"
	"browser = subprocess.Popen(\n"
	"    ['chromium', '--headless', '--no-sandbox', '--disable-gpu',\n"
	"     '--no-first-run', '--disable-background-networking',\n"
	"     '--disable-component-update', '--disable-sync',\n"
	"     '--user-data-dir=' + profile, '--remote-debugging-pipe', "
	"'about:blank'],\n"
	"    preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL,\n"
	"    stderr=subprocess.DEVNULL)\n"
	"number, buf, wrong = 0, b'', []\n"
	"\n"
	"def receive():\n"
	"    global buf\n"
	"    while b'\\0' not in buf:\n"
	"        got = os.read(from_r, 65536)\n"
	"        assert got, 'the browser has gone'\n"
	"        buf += got\n"
	"    message, buf = buf.split(b'\\0', 1)\n"
	"    message = json.loads(message)\n"
	"    if message.get('method') in ('Log.entryAdded', "
	"'Runtime.exceptionThrown',\n"
	"                                 'Runtime.consoleAPICalled'):\n"
	"        wrong.append(message['params'])\n"
	"    return message\n"
	"\n"
	"def ask(method, session=None, **params):\n"
	"    global number\n"
	"    number += 1\n"
	"    request = {'id': number, 'method': method, 'params': params}\n"
	"    if session:\n"
	"        request['sessionId'] = session\n"
	"    os.write(to_w, json.dumps(request).encode() + b'\\0')\n"
	"    while True:\n"
	"        answer = receive()\n"
	"        if answer.get('id') == number:\n"
	"            return answer['result']\n"
	"\n"
	"target = ask('Target.createTarget', url='about:blank')['targetId']\n"
	"page = ask('Target.attachToTarget', targetId=target, "
	"flatten=True)['sessionId']\n"
	"ask('Log.enable', page)\n"
	"ask('Runtime.enable', page)\n"
	"ask('Page.navigate', page, url=url)\n"
	"\n"
	"# The page looks by itself, so that nobody here is busy with asking.\n"
	"def wait_for(expression):\n"
	"    ask('Runtime.evaluate', page, awaitPromise=True, expression=\n"
	"        'new Promise(done => { const look = () => %s ? done() :'\n"
	"        ' setTimeout(look, 20); look(); })' % expression)\n"
	"    assert not wrong, wrong\n"
	"\n"
	"def shows(n):\n"
	"    return "
	"('[...document.querySelectorAll(\"[data-k=udp_datagrams]\")]'\n"
	"            '.filter(e => e.textContent === \"%d\").length === 2' % "
	"n)\n"
	"\n"
	"wait_for('document.documentElement.className === \"live\"')\n"
	"wait_for(shows(1))\n"
	"client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
	"client.sendto(b'abc', ('127.0.0.1', port))\n"
	"wait_for(shows(2))\n"
	"wait_for('[...document.querySelectorAll(\"polyline\")]'\n"
	"         '.every(e => e.getAttribute(\"points\").split(\" \").length "
	"> 1)')\n"
	"# The tables are asked for again; the new ones are of this page, "
	"too.\n"
	"wait_for('(window.old = window.old || "
	"document.getElementById(\"tables\"))'\n"
	"         ' !== document.getElementById(\"tables\")')\n"
	"wait_for(shows(2))\n"
	"wait_for('document.querySelector(\"footer\")')\n"
	"assert not wrong, wrong\n"
	"ask('Browser.close')\n"
	"browser.wait()\n"
	"print('live')\n";

START_TEST(a_browser_shows_it_live)
{
	char profile[160], page[64], port[16];
	const char *const argv[] = {"python3", "-S",	"-c", browser_script,
				    page,      profile, port, NULL};
	struct outcome outcome;
	int udp;

	if (!program_exists("chromium") || !program_exists("python3"))
		return;
	start();
	udp = udp_connect(server);
	udp_exchange(udp, "abc", 3);
	(void)snprintf(profile, sizeof(profile), "%s/profile", root);
	(void)snprintf(page, sizeof(page), "http://127.0.0.1:%u/",
		       server_endpoint(server, SERVICE_ADMIN)->port);
	(void)snprintf(port, sizeof(port), "%u",
		       server_endpoint(server, SERVICE_UDP)->port);
	outcome = program_run(argv, "", 0);
	if (outcome.status != 0 || strcmp(outcome.out, "live\n") != 0)
		harness_fail("%s%s", outcome.out, outcome.err);
	outcome_clear(&outcome);
	(void)close(udp);
	server_stop(server);
}
END_TEST

/* --- what is asked for, and how --- */

static const struct {
	const char *request;
	int status;
	const char *type; /* the beginning of the media type */
	const char *text; /* the whole content; NULL for any */
} asked[] = {
	{"GET /healthz HTTP/1.1", 200, "text/plain", "ok\n"},
	/* A cache is to be gone round that way. */
	{"GET /healthz?now=1 HTTP/1.1", 200, "text/plain", "ok\n"},
	{"GET /%68ealthz HTTP/1.1", 200, "text/plain", "ok\n"},
	/* RFC 9112, 3.2.2: as a proxy asks */
	{"GET http://admin/healthz HTTP/1.1", 200, "text/plain", "ok\n"},
	{"GET /metrics HTTP/1.1", 200,
	 "text/plain; version=0.0.4; charset=utf-8", NULL},
	{"GET / HTTP/1.1", 200, "text/html; charset=utf-8", NULL},
	{"GET /status.json HTTP/1.1", 200, "application/json", NULL},
	{"GET /healthz/ HTTP/1.1", 404, "text/html", NULL},
	{"GET /HEALTHZ HTTP/1.1", 404, "text/html", NULL},
	/* A file of the document root is none here. */
	{"GET /a HTTP/1.1", 404, "text/html", NULL},
	{"GET /../healthz HTTP/1.1", 400, "text/html", NULL},
	{"GET /%00 HTTP/1.1", 400, "text/html", NULL},
	{"POST /healthz HTTP/1.1", 405, "text/html", NULL},
	{"OPTIONS /healthz HTTP/1.1", 405, "text/html", NULL},
	{"BREW /healthz HTTP/1.1", 501, "text/html", NULL},
};

START_TEST(a_request_has_the_answer_of_its_row)
{
	struct response response;
	char type[128];
	int fd;

	start();
	fd = connect_admin();
	http_ask(fd, &response, "%s", asked[_i].request);
	http_expect_status(&response, asked[_i].status);
	ck_assert(http_field(&response, "Content-Type", type, sizeof(type)));
	ck_assert_int_eq(strncmp(type, asked[_i].type, strlen(asked[_i].type)),
			 0);
	http_expect_field(&response, "Cache-Control", "no-store");
	http_expect_field(&response, "Allow",
			  asked[_i].status == 405 ? "GET, HEAD" : NULL);
	if (asked[_i].text)
		http_expect(&response, asked[_i].status, asked[_i].text,
			    strlen(asked[_i].text));
	http_clear(&response);
	(void)close(fd);
	/* And nothing of it is in the document root. */
	ask_service("GET /metrics HTTP/1.1", 404);
	server_stop(server);
}
END_TEST

START_TEST(head_leaves_the_content_out)
{
	struct response response;
	int fd;

	start();
	fd = connect_admin();
	tcp_send_text(fd, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
			  "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
	http_read(fd, &response, false);
	http_expect_field(&response, "Content-Length", "3");
	http_clear(&response);
	http_read(fd, &response, true);
	http_expect(&response, 200, "ok\n", 3);
	http_clear(&response);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* What is no request, or none that could be served: answer, then close. */
static const struct {
	const char *bytes;
	int status;
} malformed[] = {
	{"GET /healthz HTTP/1.1\nHost: localhost\n\n", 400},
	{"GET /healthz HTTP/1.1\r\n\r\n", 400},
	{"GET /healthz HTTP/3.0\r\nHost: localhost\r\n\r\n", 505},
	{"\x16\x03\x01\x02", 400}, /* TLS */
	{"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
	 "5\r\n\r\nabcde",
	 200},
	{"GET /healthz HTTP/1.0\r\n\r\n", 200},
	{"GET /healthz HTTP/1.1\r\nHost: rebound.example\r\n\r\n", 421},
	{"GET / HTTP/1.1\r\nHost: localhost.example:8080\r\n\r\n", 421},
	{"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: "
	 "close\r\n\r\n",
	 200},
};

START_TEST(a_connection_ends_with_what_cannot_be_followed)
{
	struct response response;
	int fd;

	start();
	fd = connect_admin();
	tcp_send_text(fd, malformed[_i].bytes);
	http_read(fd, &response, true);
	http_expect_status(&response, malformed[_i].status);
	http_expect_field(&response, "Connection", "close");
	http_clear(&response);
	tcp_expect_end(fd);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
	static const char request[] =
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct response response;
	int fd, on = 1;

	start();
	fd = connect_admin();
	(void)setsockopt(fd, 6, 1, &on, sizeof(on)); /* TCP_NODELAY */
	for (size_t i = 0; i + 1 < sizeof(request); i++)
		tcp_send(fd, request + i, 1);
	http_read(fd, &response, true);
	http_expect(&response, 200, "ok\n", 3);
	http_clear(&response);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_request_that_takes_too_long_is_told_so)
{
	struct response response;
	int fd;

	START_WITH(4, "--admin=127.0.0.1:0", "--header-timeout=100ms");
	fd = connect_admin();
	tcp_send_text(fd, "GET /healthz HTTP/1.1\r\nHo");
	http_read(fd, &response, true);
	http_expect_status(&response, 408);
	http_clear(&response);
	tcp_expect_end(fd);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(an_idle_connection_is_closed)
{
	int fd;

	START_WITH(4, "--admin=127.0.0.1:0", "--http-idle-timeout=100ms");
	fd = connect_admin();
	tcp_expect_end(fd);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* More answers than its socket holds, before it reads the first. */
START_TEST(many_requests_at_once_are_answered_in_order)
{
	const int n = 300;
	struct response response;
	int fd;

	start();
	fd = tcp_connect_small(server, SERVICE_ADMIN);
	for (int i = 0; i < n; i++)
		tcp_send_text(fd, i % 2 ? "GET /metrics HTTP/1.1\r\n"
					  "Host: localhost\r\n\r\n"
					: "GET /none HTTP/1.1\r\n"
					  "Host: localhost\r\n\r\n");
	for (int i = 0; i < n; i++) {
		http_read(fd, &response, true);
		http_expect_status(&response, i % 2 ? 200 : 404);
		http_clear(&response);
	}
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- apart from the services --- */

START_TEST(one_connection_too_many_takes_the_place_of_the_oldest)
{
	int fds[2 * ADMIN_MOST];
	struct response response;

	start();
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = connect_admin();
	for (size_t i = 0; i < ADMIN_MOST; i++)
		tcp_expect_gone(fds[i]);
	/* Who asks something now is no longer the one to go. */
	http_get(fds[ADMIN_MOST], "/healthz", &response);
	http_clear(&response);
	expect_metric("uppercase_connections_active{service=\"admin\"}",
		      ADMIN_MOST);
	ck_assert(metric("uppercase_connections_rejected_total"
			 "{service=\"admin\",reason=\"limit\"}") > ADMIN_MOST);
	http_get(fds[ADMIN_MOST], "/healthz", &response);
	http_expect_status(&response, 200);
	http_clear(&response);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	server_stop(server);
}
END_TEST

/* Each of them is in the middle of something, so that none can be spared. */
START_TEST(a_full_house_does_not_keep_the_operator_out)
{
	static const char *const args[] = {"--admin=127.0.0.1:0", NULL};
	double most;
	int fds[200];
	size_t n = 0;

	start_with(4, 128, args);
	most = metric("uppercase_connections_max");
	ck_assert(most >= 16 && most < (double)ARRAY_LEN(fds));
	while ((double)n < most)
		fds[n++] = tcp_connect(server, SERVICE_TCP);
	wait_metric("uppercase_connections_active{service=\"tcp\"}", most);
	for (int i = 0; i < 10; i++)
		fds[n++] = tcp_connect(server, SERVICE_TCP);
	free(fetch("/healthz", 200));
	while (n > 0)
		(void)close(fds[--n]);
	server_stop(server);
}
END_TEST

START_TEST(a_drain_can_be_watched)
{
	struct response response;
	int stuck, fd;
	char *text;

	start();
	fd = connect_admin();
	http_get(fd, "/healthz", &response);
	http_expect_status(&response, 200);
	http_clear(&response);
	stuck = connect_stuck();
	server_signal(server, SIGTERM);
	server_wait_log(server, "stopping: ");
	text = fetch("/healthz", 503);
	ck_assert_str_eq(text, "draining\n");
	free(text);
	expect_metric("uppercase_draining", 1);
	/* One that was there before is told, too. */
	http_get(fd, "/healthz", &response);
	http_expect_status(&response, 503);
	http_clear(&response);
	(void)close(fd);
	/* And one that stays holds nothing up. */
	fd = connect_admin();
	tcp_reset(stuck);
	server_expect_exit(server, 0);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- where it is --- */

START_TEST(a_port_alone_is_on_this_host_alone)
{
	size_t n = harness_has_ipv6() ? 2 : 1;
	static const char *const args[] = {
		"--listen=127.0.0.2", "-uoff", "-woff", "-t0",
		"--admin=0",	      NULL};
	char *text;

	server = server_start(
		&(struct server_options){.args = args, .n_ready = 1 + n});
	(void)server_endpoint_on(server, SERVICE_ADMIN, "127.0.0.1");
	if (n == 2)
		(void)server_endpoint_on(server, SERVICE_ADMIN, "::1");
	text = fetch("/metrics", 200);
	/* There is no HTTP service whose requests could be counted. */
	ck_assert_ptr_null(strstr(text, "http_requests_total{"));
	free(text);
	server_stop(server);
}
END_TEST

static int connect_from(const char *host)
{
	const struct endpoint *place = server_endpoint(server, SERVICE_ADMIN);
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(place->port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(inet_pton(AF_INET, host, &from.sin_addr), 1);
	ck_assert_int_eq(inet_pton(AF_INET, place->host, &to.sin_addr), 1);
	ck_assert_int_eq(bind(fd, (const void *)&from, sizeof(from)), 0);
	ck_assert_int_eq(connect(fd, (const void *)&to, sizeof(to)), 0);
	return fd;
}

/* Each list is for its own; of a Unix socket the file's mode decides. */
START_TEST(only_who_is_allowed_gets_in)
{
	char option[160], *path = folder_path(root, "admin");
	struct response response;
	int fd;

	(void)snprintf(option, sizeof(option), "--admin=unix:%s", path);
	START_WITH(5, "--admin=127.0.0.1:0", "--admin-allow=127.0.0.8/30",
		   "--allow=127.0.0.1", option);
	fd = connect_from("127.0.0.9");
	http_get(fd, "/healthz", &response);
	http_expect_status(&response, 200);
	http_clear(&response);
	tcp_expect_gone(connect_from("127.0.0.1"));
	server_wait_log(server,
			"admin: connections refused by --admin-allow: 1, "
			"1 of them from 127.0.0.1");
	http_get(fd, "/metrics", &response);
	ck_assert_ptr_nonnull(
		memmem(response.content, response.len,
		       "{service=\"admin\",reason=\"access\"} 1\n", 36));
	http_clear(&response);
	(void)close(fd);
	(void)snprintf(option, sizeof(option), "unix:%s", path);
	fd = tcp_try_connect(option, 0);
	http_get(fd, "/healthz", &response);
	http_expect_status(&response, 200);
	http_clear(&response);
	(void)close(fd);
	server_stop(server);
	free(path);
}
END_TEST

START_TEST(a_unix_socket_leads_there_until_the_end)
{
	char option[160], *path = folder_path(root, "admin");
	char *text;
	int stuck;

	(void)snprintf(option, sizeof(option), "--admin=unix:%s", path);
	START_WITH(4, option);
	text = fetch("/healthz", 200);
	free(text);
	stuck = connect_stuck();
	server_signal(server, SIGTERM);
	server_wait_log(server, "stopping: ");
	text = fetch("/healthz", 503);
	free(text);
	tcp_reset(stuck);
	server_expect_exit(server, 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	server_stop(server);
	free(path);
}
END_TEST

START_TEST(off_is_the_default)
{
	server = server_start_all(root);
	ck_assert_uint_eq(server->n_endpoints, 3);
	server_stop(server);
}
END_TEST

/* Writes the configuration and has it read. */
static void reload_admin(const char *admin, const char *answer)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "udp-port = off\nhttp-port = off\n"
		       "tcp-port = \"127.0.0.1:0\"\nadmin = \"%s\"\n",
		       admin);
	folder_write_text(root, "conf", text);
	if (!server)
		return;
	server_signal(server, SIGHUP);
	server_wait_log(server, answer);
}

/* What the pages at this place tell of the last reload. */
static void expect_reload(const char *place, const char *text)
{
	int fd = tcp_try_connect(place, 0);
	struct response response;

	http_get(fd, "/status.json", &response);
	if (!memmem(response.content, response.len, text, strlen(text)))
		harness_fail("no %s in %.*s", text, (int)response.len,
			     (const char *)response.content);
	http_clear(&response);
	(void)close(fd);
}

START_TEST(a_reload_turns_it_on_and_off_and_moves_it)
{
	char *conf = folder_path(root, "conf"), one[160], other[160];
	/* The folder of its socket is in no sandbox of the start. */
	const char *const args[] = {"--config", conf, "--no-sandbox", NULL};
	struct response response;
	int fd;

	(void)snprintf(one, sizeof(one), "unix:%s/one", root);
	(void)snprintf(other, sizeof(other), "unix:%s/other", root);
	server = NULL;
	reload_admin("off", NULL);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = 1});
	reload_admin(one, "ready: admin unix:");
	fd = tcp_try_connect(one, 0);
	ck_assert_int_ge(fd, 0);
	reload_admin(other, "closed: admin unix:");
	server_wait_log_times(server, "reloaded: ", 2);
	ck_assert_int_eq(tcp_try_connect(one, 0), -1);
	/* Who is connected stays so. */
	http_get(fd, "/healthz", &response);
	http_expect_status(&response, 200);
	http_clear(&response);
	/* What cannot be had changes nothing. */
	reload_admin("192.0.2.1:0", "all stays as it was");
	expect_reload(other,
		      "\"succeeded\":false,\"cause\":\"admin 192.0.2.1:");
	ck_assert_int_eq(close(tcp_try_connect(other, 0)), 0);
	reload_admin("off", "");
	server_wait_log_times(server, "closed: admin unix:", 2);
	ck_assert_int_eq(tcp_try_connect(other, 0), -1);
	(void)close(fd);
	server_stop(server);
	free(conf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e_admin");
	TCase *tcase = harness_case(suite, "admin");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, numbers_move_with_what_the_services_do);
	tcase_add_test(tcase, promtool_finds_nothing_wrong);
	tcase_add_test(tcase, the_state_tells_connections_one_by_one);
	tcase_add_test(tcase, a_crowd_is_told_in_part);
	tcase_add_test(tcase, each_page_has_a_nonce_of_its_own);
	tcase_add_test(tcase, events_bring_the_numbers_as_they_move);
	tcase_add_test(tcase, who_reads_events_sees_the_drain);
	tcase_add_test(tcase, the_head_of_the_events_is_without_events);
	tcase_add_test(tcase, an_answer_takes_as_long_as_its_reader_needs);
	tcase_add_test(tcase, a_browser_shows_it_live);
	tcase_add_loop_test(tcase, a_request_has_the_answer_of_its_row, 0,
			    ARRAY_LEN(asked));
	tcase_add_test(tcase, head_leaves_the_content_out);
	tcase_add_loop_test(tcase,
			    a_connection_ends_with_what_cannot_be_followed, 0,
			    ARRAY_LEN(malformed));
	tcase_add_test(tcase, a_request_may_come_byte_by_byte);
	tcase_add_test(tcase, a_request_that_takes_too_long_is_told_so);
	tcase_add_test(tcase, an_idle_connection_is_closed);
	tcase_add_test(tcase, many_requests_at_once_are_answered_in_order);
	tcase_add_test(tcase,
		       one_connection_too_many_takes_the_place_of_the_oldest);
	tcase_add_test(tcase, a_full_house_does_not_keep_the_operator_out);
	tcase_add_test(tcase, a_drain_can_be_watched);
	tcase_add_test(tcase, a_port_alone_is_on_this_host_alone);
	tcase_add_test(tcase, only_who_is_allowed_gets_in);
	tcase_add_test(tcase, a_unix_socket_leads_there_until_the_end);
	tcase_add_test(tcase, off_is_the_default);
	tcase_add_test(tcase, a_reload_turns_it_on_and_off_and_moves_it);
	return harness_run(suite);
}
