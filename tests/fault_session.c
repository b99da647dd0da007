/* SPDX-License-Identifier: MIT */
/*
 * A script that is played twice for each fault: while it may happen, and then
 * without it. Nothing waits for time: an answer that has not come when the
 * server waits for events again will not come.
 */
#include "fault_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_sock.h"
#include "harness.h"

#define LARGE_SIZE  ((size_t)200 << 10) /* beyond what the cache keeps */
#define STREAM_SIZE ((size_t)300 << 10) /* beyond what the kernel takes */
#define GOT_SIZE    ((size_t)1 << 20)

static char *folder;
static struct server *server;
static const char *rules_now; /* "" when all must succeed */
static const char *rules_tried = "";
static size_t n_descriptors; /* when nobody is connected */
static unsigned char stream[STREAM_SIZE], upper[STREAM_SIZE];

struct step {
	enum service service;
	const char *sent;
	const char *begins; /* what the answer begins with */
	const char *has;    /* what stands in it, near its end */
};

#define HEAD  " HTTP/1.1\r\nHost: localhost\r\n"
#define LAST  "Connection: close\r\n\r\n"
#define OK    "HTTP/1.1 200 "
#define GONE  "HTTP/1.1 404 "
#define SLICE "HTTP/1.1 206 "

static const struct step steps[] = {
	{SERVICE_UDP, "hello", "HELLO", "HELLO"},
	{SERVICE_UDP, "HELLO", "HELLO", "HELLO"},
	{SERVICE_TCP, "hello", "HELLO", "HELLO"},
	{SERVICE_HTTP, "GET /file" HEAD LAST, OK, "some text\n"},
	{SERVICE_HTTP, "HEAD /file" HEAD LAST, OK, "\r\n\r\n"},
	{SERVICE_HTTP, "OPTIONS *" HEAD LAST, "HTTP/1.1 200 ", "Allow: "},
	{SERVICE_HTTP, "GET /large" HEAD LAST, OK, "the end\n"},
	{SERVICE_HTTP, "GET /none" HEAD LAST, GONE, "404"},
	{SERVICE_HTTP, "GET /folder/" HEAD LAST, OK, "</html>"},
	{SERVICE_HTTP, "GET /folder" HEAD LAST, "HTTP/1.1 301 ", "folder/"},
	{SERVICE_HTTP, "GET /folder/" HEAD "Accept: application/json\r\n" LAST,
	 OK, "\"inner\""},
	{SERVICE_HTTP, "GET /file" HEAD "Range: bytes=5-8\r\n" LAST, SLICE,
	 "text"},
	{SERVICE_HTTP, "GET /large" HEAD "Range: bytes=0-9,20-\r\n" LAST, SLICE,
	 "the end\n"},
	{SERVICE_HTTP, "GET /link" HEAD LAST, OK, "some text\n"},
	{SERVICE_HTTP, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "400"},
	{SERVICE_HTTP,
	 "GET /file" HEAD "\r\nGET /none" HEAD "\r\nGET /large" HEAD LAST, OK,
	 "the end\n"},
	{SERVICE_ADMIN, "GET /" HEAD LAST, OK, "</html>"},
	{SERVICE_ADMIN, "GET /metrics" HEAD LAST, OK, "uppercase_build_info"},
	{SERVICE_ADMIN, "GET /status.json" HEAD LAST, OK, "\"sockets\""},
	{SERVICE_ADMIN, "GET /healthz" HEAD LAST, OK, "ok"},
	{SERVICE_ADMIN, "GET /events" HEAD "\r\n", OK, "data:"},
};

static const struct step after_change = {SERVICE_HTTP, "GET /which" HEAD LAST,
					 OK, "two\n"};

/* --- what comes --- */

/* Of an answer, what has come so far. */
struct got {
	size_t len;
	bool has_ended;
	char bytes[GOT_SIZE + 1];
};

static struct got got;

static bool is_strict(void)
{
	return *rules_now == '\0';
}

static void fail_step(const char *what, const char *sent)
{
	harness_fail("%s \"%s\": %s: %.60s: %.60s",
		     is_strict() ? "after" : "with", rules_tried, what, sent,
		     got.bytes);
}

/* It waits for events, and there are none for it. */
static bool server_is_resting(void)
{
	char path[64], text[512] = "";
	const char *state;
	FILE *file;

	if (!call_faults_is_waiting(server->faults))
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)server->pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fread(text, 1, sizeof(text) - 1, file) == 0)
		text[0] = '\0';
	(void)fclose(file);
	state = strrchr(text, ')');
	return state && state[2] == 'S' &&
	       call_faults_is_waiting(server->faults);
}

static void expect_alive(const char *sent)
{
	if (sock_wait(server->life_fd, POLLIN, 0))
		fail_step("the server has died", sent);
}

static void settle(const char *what)
{
	int64_t deadline = harness_deadline();

	while (!server_is_resting()) {
		expect_alive(what);
		if (harness_left_ms(deadline) == 0)
			fail_step("the server does not come to rest", what);
		(void)poll(NULL, 0, 1);
	}
	(void)server_log(server);
}

/* Takes what is there; false when that is nothing. */
static bool take_some(int fd)
{
	ssize_t n =
		recv(fd, got.bytes + got.len, GOT_SIZE - got.len, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		got.has_ended = true;
		return false;
	}
	got.len += (size_t)n;
	got.bytes[got.len] = '\0';
	return true;
}

static bool has_all(const struct step *step)
{
	return got.len > 0 &&
	       memmem(got.bytes, got.len, step->has, strlen(step->has));
}

/* To the last that will come. */
static void take_answer(int fd, const struct step *step)
{
	int64_t deadline = harness_deadline();
	bool was_resting = false;

	got.len = 0;
	got.has_ended = false;
	while (take_some(fd) || (!got.has_ended && !has_all(step))) {
		if (!is_strict() && was_resting && !sock_is_readable(fd))
			return;
		was_resting = server_is_resting();
		if (!was_resting)
			(void)poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1);
		if (is_strict() && harness_left_ms(deadline) == 0)
			fail_step("no answer in time", step->sent);
	}
}

/* What the server says it cannot do now is an answer, too. */
static bool is_refusal(void)
{
	return strncmp(got.bytes, "HTTP/1.1 5", 10) == 0 ||
	       strncmp(got.bytes, "HTTP/1.1 403 ", 13) == 0 ||
	       strncmp(got.bytes, "HTTP/1.1 404 ", 13) == 0;
}

static void judge(const struct step *step)
{
	size_t len = strlen(step->begins);

	if (is_strict() && !has_all(step))
		fail_step("not the whole answer", step->sent);
	if (len > got.len)
		len = got.len;
	if (memcmp(got.bytes, step->begins, len) != 0 &&
	    (is_strict() || !is_refusal()))
		fail_step("a wrong answer", step->sent);
}

/* --- the script --- */

static int connect_to(enum service service)
{
	const struct endpoint *place = server_endpoint(server, service);
	int fd;

	if (service == SERVICE_UDP)
		return udp_connect(server);
	fd = tcp_try_connect(place->host, place->port);
	if (fd < 0)
		fail_step("no connection", strerror(errno));
	return fd;
}

static void play_step(const struct step *step)
{
	int fd = connect_to(step->service);

	(void)send(fd, step->sent, strlen(step->sent), MSG_NOSIGNAL);
	take_answer(fd, step);
	judge(step);
	(void)close(fd);
	expect_alive(step->sent);
}

/* Sends what there is room for; returns how much has been sent in all. */
static size_t send_stream(int fd, size_t sent)
{
	ssize_t n = send(fd, stream + sent, STREAM_SIZE - sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	return n > 0 ? sent + (size_t)n : sent;
}

/* Until there is no more room on either side. */
static size_t fill_stream(int fd)
{
	size_t sent = 0, before;

	do {
		before = sent;
		sent = send_stream(fd, sent);
	} while (sent > before || !server_is_resting());
	return sent;
}

/* More than anybody takes at once, so that some of it is kept. */
static void play_stream(void)
{
	int fd = tcp_connect_small(server, SERVICE_TCP);
	size_t sent = fill_stream(fd);
	int64_t deadline = harness_deadline();

	got.len = 0;
	got.has_ended = false;
	while (!got.has_ended && got.len < STREAM_SIZE) {
		sent = send_stream(fd, sent);
		if (take_some(fd) || sock_wait(fd, POLLIN, 1))
			continue;
		if (!is_strict() && server_is_resting())
			break;
		if (harness_left_ms(deadline) == 0)
			fail_step("no answer in time", "a stream");
	}
	if ((is_strict() && got.len < STREAM_SIZE) ||
	    memcmp(got.bytes, upper, got.len) != 0)
		fail_step("wrong bytes", "a stream");
	(void)close(fd);
}

/* The last thing said of this kind is this. */
static void expect_counted(const char *text)
{
	const char *log = server_log(server);
	size_t kind = strcspn(text, " "), len = strlen(log);
	const char *at = log + (len > 4096 ? len - 4096 : 0), *last = NULL;

	for (; (at = strstr(at, "counters: ")); at += kind)
		last = at;
	if (!last || strncmp(last, text, strlen(text)) != 0)
		fail_step("other counters", text);
}

static void hang_up(const char *conf)
{
	folder_write_inserted(folder, "conf", conf);
	server_signal(server, SIGHUP);
	settle("SIGHUP");
}

#define PLACES                                                                 \
	"udp-port = \"127.0.0.1:0\"\ntcp-port = \"127.0.0.1:0\"\n"             \
	"http-port = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n"               \
	"spare-root = {\"@/one\", \"@/two\"}\naccept-pause = 1ms\n"            \
	"listing = yes\naccess-log = \"@/logs/access\"\n"

#define CONF_ONE                                                               \
	PLACES "root = @/one\nconnection-log = \"@/logs/connections\"\n"
#define CONF_TWO PLACES "root = @/two\nlog-format = json\nudp-rate = 1000000\n"

/* Two who stay connected meanwhile. */
static void expect_stayed(int tcp, int http)
{
	static const struct step kept[] = {
		{SERVICE_TCP, "hello", "HELLO", "HELLO"},
		{SERVICE_HTTP, "GET /file" HEAD LAST, OK, "some text\n"},
	};
	const int fds[] = {tcp, http};

	for (int i = 0; i < 2; i++) {
		(void)send(fds[i], kept[i].sent, strlen(kept[i].sent),
			   MSG_NOSIGNAL);
		take_answer(fds[i], &kept[i]);
		judge(&kept[i]);
		(void)close(fds[i]);
	}
}

static void play(void)
{
	int tcp = connect_to(SERVICE_TCP), http = connect_to(SERVICE_HTTP);

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		play_step(&steps[i]);
	play_stream();
	server_signal(server, SIGUSR1);
	settle("SIGUSR1");
	if (is_strict())
		expect_counted("counters: 2 connections open\n");
	hang_up(CONF_TWO);
	if (is_strict())
		play_step(&after_change);
	hang_up(CONF_ONE);
	expect_stayed(tcp, http);
	settle("the end");
}

/* --- the server --- */

static void write_files(void)
{
	char *large = bytes_new(LARGE_SIZE + 1);

	memset(large, 'x', LARGE_SIZE);
	(void)stpcpy(large + LARGE_SIZE - 8, "the end\n");
	folder_add(folder, "one");
	folder_add(folder, "two");
	folder_add(folder, "logs");
	folder_write_text(folder, "one/file", "some text\n");
	folder_write_text(folder, "one/large", large);
	folder_add(folder, "one/folder");
	folder_write_text(folder, "one/folder/inner", "inner\n");
	folder_write_text(folder, "one/which", "one\n");
	folder_write_text(folder, "two/which", "two\n");
	free(large);
}

static void make_link(void)
{
	char *path = folder_path(folder, "one/link");
	char *target = folder_path(folder, "one/file");

	ck_assert_int_eq(symlink(target, path), 0);
	free(target);
	free(path);
}

/* Of files whose name has this text, NULL for all; see e2e_server.h. */
static void expect_descriptors(const char *text, size_t wanted)
{
	int64_t deadline = harness_deadline();
	size_t n;

	while ((n = server_count_descriptors(server, text)) != wanted) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("after \"%s\": %zu descriptors, not %zu",
				     rules_tried, n, wanted);
		(void)poll(NULL, 0, 1);
	}
}

void fault_session_start(void)
{
	char *conf;

	folder = folder_new();
	conf = folder_path(folder, "conf");
	write_files();
	make_link();
	bytes_pattern(stream, STREAM_SIZE, 5);
	bytes_upper(upper, stream, STREAM_SIZE);
	folder_write_inserted(folder, "conf", CONF_ONE);
	server = server_start(&(struct server_options){
		.args = (const char *const[]){"--config", conf, NULL},
		.n_ready = 4,
		.faults = ""});
	rules_now = "";
	play();
	expect_descriptors("socket:", server->n_endpoints);
	n_descriptors = server_count_descriptors(server, NULL);
	free(conf);
}

bool fault_session_try(const char *rules)
{
	unsigned n_failed = call_faults_count(server->faults);

	rules_now = rules_tried = rules;
	call_faults_set(server->faults, rules);
	play();
	rules_now = "";
	call_faults_set(server->faults, "");
	if (call_faults_count(server->faults) == n_failed)
		return false;
	/* The last reload may be what has failed; who is choked tries again. */
	hang_up(CONF_ONE);
	expect_descriptors("socket:", server->n_endpoints);
	play();
	expect_descriptors(NULL, n_descriptors);
	return true;
}

void fault_session_stop(void)
{
	server_stop(server);
	free(folder);
}
