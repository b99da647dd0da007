/* SPDX-License-Identifier: MIT */
/*
 * Behind a balancer, through the front door: 127.0.0.1 is one, which writes the
 * PROXY headers by hand, and 127.0.0.2 and so on are clients that come by
 * themselves. Whom a header names is whom limits, lists, logs and status see;
 * where none is to be had, nobody is served.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
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

#define BALANCER  "127.0.0.1"
#define DIRECT	  "127.0.0.2"
#define TRUSTED	  "proxy-protocol = 127.0.0.1\n"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define ZEROS_18  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_108 ZEROS_18 ZEROS_18 ZEROS_18 ZEROS_18 ZEROS_18 ZEROS_18
#define SOURCE_6  "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
#define MAPPED_6  "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01"
#define PORTS	  "\x13\x88\x00\x50"

/* A header, and whom it names; host NULL: the balancer itself. */
struct header {
	const char *bytes;
	size_t len;
	const char *host;
};

#define HEADER(text, host)                                                     \
	{                                                                      \
		(text), sizeof(text) - 1, (host)                               \
	}

static const struct header headers[] = {
	HEADER("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n", "192.0.2.1"),
	HEADER("PROXY TCP6 2001:db8::7 2001:db8::8 5000 80\r\n", "2001:db8::7"),
	HEADER("PROXY TCP6 ::ffff:192.0.2.1 ::1 5000 80\r\n", "192.0.2.1"),
	HEADER("PROXY UNKNOWN\r\n", NULL),
	HEADER("PROXY UNKNOWN 192.0.2.1 192.0.2.2 5000 80\r\n", NULL),
	HEADER(SIGNATURE "\x21\x11\x00\x0c\xc0\0\2\1\xc0\0\2\2" PORTS,
	       "192.0.2.1"),
	HEADER(SIGNATURE "\x21\x11\x00\x13\xc0\0\2\1\xc0\0\2\2" PORTS
			 "\x01\x00\x04"
			 "http",
	       "192.0.2.1"),
	HEADER(SIGNATURE "\x21\x21\x00\x24" SOURCE_6 SOURCE_6 PORTS,
	       "2001:db8::7"),
	HEADER(SIGNATURE "\x21\x21\x00\x24" MAPPED_6 SOURCE_6 PORTS,
	       "192.0.2.1"),
	HEADER(SIGNATURE "\x21\x31\x00\xd8" ZEROS_108 ZEROS_108, NULL),
	HEADER(SIGNATURE "\x21\x00\x00\x00", NULL),
	HEADER(SIGNATURE "\x20\x00\x00\x00", NULL),
	HEADER(SIGNATURE "\x20\x11\x00\x0c\xc0\0\2\1\xc0\0\2\2" PORTS, NULL),
};

static const struct header a_client = HEADER(
	SIGNATURE "\x21\x11\x00\x0c\xc0\0\2\1\xc0\0\2\2" PORTS, "192.0.2.1");
static const struct header another =
	HEADER("PROXY TCP4 192.0.2.9 192.0.2.2 5000 80\r\n", "192.0.2.9");
static const struct header local = HEADER(SIGNATURE "\x20\x00\x00\x00", NULL);

static char *folder, *conf, *access_log, *connection_log, *unix_path;
static struct server *server;

static void set_up(void)
{
	folder = folder_new();
	conf = folder_path(folder, "conf");
	access_log = folder_path(folder, "access");
	connection_log = folder_path(folder, "connections");
	unix_path = folder_path(folder, "socket");
	folder_write_text(folder, "a", "text\n");
}

static void tear_down(void)
{
	free(conf);
	free(access_log);
	free(connection_log);
	free(unix_path);
	free(folder);
}

static void write_conf(const char *text)
{
	char all[4096];

	(void)snprintf(all, sizeof(all),
		       "udp-port = off\ntcp-port = \"127.0.0.1:0\"\n"
		       "http-port = \"127.0.0.1:0\"\n"
		       "admin = \"127.0.0.1:0\"\nroot = %s\n%s",
		       folder, text);
	folder_write_text(folder, "conf", all);
}

static void start_limited(const char *text, rlim_t descriptors)
{
	const char *const args[] = {"--config", conf, NULL};

	write_conf(text);
	server = server_start(
		&(struct server_options){.args = args,
					 .n_ready = 3,
					 .soft_descriptors = descriptors,
					 .hard_descriptors = descriptors});
}

static void start(const char *text)
{
	start_limited(text, 0);
}

/* With both logs. */
static void start_logged(const char *text)
{
	char all[2048];

	(void)snprintf(all, sizeof(all),
		       "access-log = %s\nconnection-log = %s\n%s", access_log,
		       connection_log, text);
	start(all);
}

static void reload(const char *text)
{
	write_conf(text);
	server_reload(server);
}

static int connect_from(const char *from, enum service service)
{
	const struct endpoint *to = server_endpoint(server, service);
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	ck_assert_int_ge(fd, 0);
	/* Pieces of a header leave when they are sent. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	ck_assert_int_eq(inet_pton(AF_INET, from, &address.sin_addr), 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	ck_assert_int_eq(inet_pton(AF_INET, to->host, &address.sin_addr), 1);
	address.sin_port = htons(to->port);
	ck_assert_msg(
		connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
		"connect: %s", strerror(errno));
	return fd;
}

/* A connection of this client, through the balancer. */
static int connect_for(const struct header *header, enum service service)
{
	int fd = connect_from(BALANCER, service);

	tcp_send(fd, header->bytes, header->len);
	return fd;
}

static void expect_status(int fd, int status)
{
	struct response response;

	http_get(fd, "/a", &response);
	http_expect_status(&response, status);
	http_clear(&response);
}

/* That the service works on this connection. */
static void expect_service(int fd, enum service service)
{
	if (service == SERVICE_TCP)
		tcp_exchange(fd, "hello", 5);
	else
		expect_status(fd, 200);
}

static void expect_served(const struct header *header, enum service service)
{
	int fd = connect_for(header, service);

	expect_service(fd, service);
	(void)close(fd);
}

static void expect_gone(const struct header *header, enum service service)
{
	int fd = connect_for(header, service);

	tcp_expect_gone(fd);
	(void)close(fd);
}

/* What has arrived before this began has been read when it returns. */
static void pass_a_turn(void)
{
	int fd = connect_from(DIRECT, SERVICE_TCP);

	tcp_exchange(fd, "one", 3);
	tcp_exchange(fd, "two", 3);
	(void)close(fd);
}

/* Stops the server; it must have said each of these once. */
static void stop_with(const char *const *lines)
{
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	for (; *lines; lines++)
		ck_assert_msg(server_count_log(server, *lines) == 1, "%s in %s",
			      *lines, server_log(server));
	server_stop(server);
}

/* --- whom a header names --- */

/* The n-th line of a log has each of these. */
static void expect_line(const char *path, size_t n, const char *part,
			const char *other)
{
	char *all = log_wait_lines(path, n), *line = all;

	for (size_t i = 1; i < n; i++)
		line = strchr(line, '\n') + 1;
	line[strcspn(line, "\n")] = '\0';
	ck_assert_msg(strstr(line, part) && strstr(line, other),
		      "%s and %s in %s", part, other, line);
	free(all);
}

START_TEST(the_logs_tell_whom_the_header_names)
{
	char peer[64], port[32];

	start_logged(TRUSTED);
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		const char *host = headers[i].host;

		(void)snprintf(peer, sizeof(peer), " peer=%s ",
			       host ? host : BALANCER);
		(void)snprintf(port, sizeof(port), " port=%s",
			       host ? "5000 bytes_in=5 " : "");
		expect_served(&headers[i], SERVICE_TCP);
		expect_line(connection_log, 2 * i + 1, " tcp ", peer);
		expect_line(connection_log, 2 * i + 1, port, " end=finished ");
		expect_served(&headers[i], SERVICE_HTTP);
		expect_line(connection_log, 2 * i + 2, " http ", peer);
		(void)snprintf(peer, sizeof(peer), "%s - - [",
			       host ? host : BALANCER);
		expect_line(access_log, i + 1, peer, " 200 5 ");
	}
	server_stop(server);
}
END_TEST

/* Header and request in two pieces, whichever. */
START_TEST(a_header_may_be_cut_anywhere)
{
	static const char request[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
	const struct header *header = &headers[_i];
	struct response response;
	char bytes[512];
	size_t len = header->len + sizeof(request) - 1;

	memcpy(bytes, header->bytes, header->len);
	memcpy(bytes + header->len, request, sizeof(request) - 1);
	start(TRUSTED);
	/* The addresses of Unix sockets are zeros, and alike anywhere. */
	for (size_t cut = 1; cut < len; cut += cut < 40 ? 1 : len / 25) {
		int fd = connect_from(BALANCER, SERVICE_HTTP);

		tcp_send(fd, bytes, cut);
		pass_a_turn();
		tcp_send(fd, bytes + cut, len - cut);
		http_read(fd, &response, true);
		http_expect(&response, 200, "text\n", 5);
		http_clear(&response);
		(void)close(fd);
	}
	server_stop(server);
}
END_TEST

START_TEST(a_header_may_come_byte_by_byte)
{
	start(TRUSTED);
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		int fd = connect_from(BALANCER, SERVICE_TCP);

		for (size_t at = 0; at < headers[i].len && at < 100; at++) {
			tcp_send(fd, headers[i].bytes + at, 1);
			pass_a_turn();
		}
		if (headers[i].len > 100)
			tcp_send(fd, headers[i].bytes + 100,
				 headers[i].len - 100);
		tcp_exchange(fd, "hello", 5);
		(void)close(fd);
	}
	server_stop(server);
}
END_TEST

START_TEST(the_longest_header_is_taken)
{
	static char bytes[4096] = SIGNATURE "\x21\x11\x0f\xf0\xc0\0\2\1";
	const struct header header = {bytes, sizeof(bytes), NULL};

	start(TRUSTED);
	expect_served(&header, SERVICE_TCP);
	expect_served(&header, SERVICE_HTTP);
	server_stop(server);
}
END_TEST

/* --- who has none --- */

static const struct header hostile[] = {
	HEADER("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "a request"),
	HEADER("hello", "a message"),
	HEADER("PROXY TCP4 192.0.2.256 192.0.2.2 5000 80\r\n", "no address"),
	HEADER("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\n\n", "no CR"),
	HEADER("PROXY TCP4  192.0.2.1 192.0.2.2 5000 80\r\n", "two spaces"),
	HEADER("PROXY " ZEROS_108, "no line"),
	HEADER(SIGNATURE "\x22\x11\x00\x0c\xc0\0\2\1\xc0\0\2\2" PORTS,
	       "no command"),
	HEADER(SIGNATURE "\x21\x11\x00\x0b\xc0\0\2\1\xc0\0\2\2" PORTS,
	       "too short"),
	HEADER(SIGNATURE "\x21\x11\xff\xff\xc0\0\2\1\xc0\0\2\2" PORTS,
	       "too long"),
	HEADER(SIGNATURE SIGNATURE, "the beginning twice"),
};

START_TEST(who_has_no_valid_header_is_refused_and_counted)
{
	char tcp[64], http[64];
	const char *const lines[] = {tcp, http, "counter: tcp_connections 1 ",
				     NULL};
	size_t n = ARRAY_LEN(hostile);

	(void)snprintf(tcp, sizeof(tcp), "counter: tcp_proxy_refused %zu ", n);
	(void)snprintf(http, sizeof(http), "counter: http_proxy_refused %zu ",
		       n);
	start(TRUSTED);
	for (size_t i = 0; i < n; i++) {
		expect_gone(&hostile[i], SERVICE_TCP);
		expect_gone(&hostile[i], SERVICE_HTTP);
	}
	server_wait_log(server,
			"tcp: connections without a valid PROXY header: "
			"1, 1 of them from 127.0.0.1");
	expect_served(&a_client, SERVICE_TCP);
	stop_with(lines);
}
END_TEST

/* Others say so by no header at all. */
START_TEST(who_comes_by_himself_has_no_header)
{
	struct response response;
	int fd;

	start(TRUSTED);
	fd = connect_from(DIRECT, SERVICE_TCP);
	tcp_send_text(fd, "proxy tcp4 192.0.2.1 192.0.2.2 5000 80\r\n");
	tcp_expect_text(fd, "PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n");
	(void)close(fd);
	fd = connect_from(DIRECT, SERVICE_HTTP);
	expect_status(fd, 200);
	tcp_send(fd, another.bytes, another.len);
	http_read(fd, &response, true);
	http_expect_status(&response, 400);
	http_clear(&response);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(without_the_setting_nobody_has_one)
{
	int fd;

	start("");
	fd = connect_from(BALANCER, SERVICE_TCP);
	tcp_send_text(fd, "proxy unknown\r\n");
	tcp_expect_text(fd, "PROXY UNKNOWN\r\n");
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_rule_is_for_the_service_that_it_names)
{
	int fd;

	start("proxy-protocol = \"http:127.0.0.0/8\"\n");
	fd = connect_from(BALANCER, SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	(void)close(fd);
	expect_served(&a_client, SERVICE_HTTP);
	server_stop(server);
}
END_TEST

START_TEST(a_header_must_come_in_time)
{
	static const char *const lines[] = {"counter: tcp_proxy_refused 2 ",
					    "counter: http_proxy_refused 2 ",
					    NULL};
	static const struct header part = HEADER("PROXY TCP4 192", NULL);
	static const struct header nothing = HEADER("", NULL);

	start(TRUSTED "header-timeout = 50ms\n");
	expect_gone(&nothing, SERVICE_TCP);
	expect_gone(&part, SERVICE_TCP);
	expect_gone(&nothing, SERVICE_HTTP);
	expect_gone(&part, SERVICE_HTTP);
	stop_with(lines);
}
END_TEST

/* Balancers do that to see whether somebody listens. */
START_TEST(who_says_nothing_and_leaves_is_not_counted)
{
	static const char *const lines[] = {"counter: tcp_proxy_refused 1 ",
					    NULL};
	int fd;

	start_logged(TRUSTED);
	fd = connect_from(BALANCER, SERVICE_TCP);
	tcp_finish(fd);
	tcp_expect_end(fd);
	(void)close(fd);
	expect_line(connection_log, 1, " peer=127.0.0.1 ", " end=finished ");
	fd = connect_from(BALANCER, SERVICE_TCP);
	tcp_send_text(fd, "PROXY TCP4");
	tcp_finish(fd);
	tcp_expect_gone(fd);
	(void)close(fd);
	expect_line(connection_log, 2, " peer=127.0.0.1 ", " end=refused ");
	stop_with(lines);
}
END_TEST

/* --- limits --- */

START_TEST(the_lists_are_asked_for_the_client)
{
	static const char *const lines[] = {
		"counter: tcp_access_refused 1 ",
		"counter: http_access_refused 1 ",
		"tcp: connections refused by --allow and --deny: 1, 1 of them "
		"from 192.0.2.1",
		NULL,
	};

	start(TRUSTED "deny = 192.0.2.1\nallow = {192.0.2.0/24, 127.0.0.2}\n");
	expect_gone(&a_client, SERVICE_TCP);
	expect_gone(&a_client, SERVICE_HTTP);
	expect_served(&another, SERVICE_TCP);
	expect_served(&another, SERVICE_HTTP);
	stop_with(lines);
}
END_TEST

START_TEST(each_client_has_its_own_share)
{
	static const char *const lines[] = {
		"counter: tcp_address_refused 1 ",
		"tcp: connections refused by --max-per-address: 1, 1 of them "
		"from 192.0.2.1",
		NULL};
	struct response response;
	int held[3], fd;

	start(TRUSTED "max-per-address = 1\n");
	held[0] = connect_for(&a_client, SERVICE_TCP);
	expect_service(held[0], SERVICE_TCP);
	expect_gone(&a_client, SERVICE_TCP);
	held[1] = connect_for(&another, SERVICE_HTTP);
	expect_service(held[1], SERVICE_HTTP);
	fd = connect_for(&a_client, SERVICE_HTTP);
	http_read(fd, &response, true);
	http_expect_status(&response, 503);
	http_clear(&response);
	(void)close(fd);
	(void)close(held[0]);
	(void)close(held[1]);
	stop_with(lines);
}
END_TEST

/* Neither on its own behalf nor while headers are to come. */
START_TEST(the_balancer_may_have_as_many_as_it_likes)
{
	int own[5], waiting[5];

	start(TRUSTED "max-per-address = 1\n");
	for (int i = 0; i < 5; i++) {
		waiting[i] = connect_from(BALANCER, SERVICE_TCP);
		own[i] = connect_for(&local, SERVICE_HTTP);
		expect_service(own[i], SERVICE_HTTP);
	}
	tcp_send(waiting[0], a_client.bytes, a_client.len);
	expect_service(waiting[0], SERVICE_TCP);
	for (int i = 0; i < 5; i++) {
		(void)close(own[i]);
		(void)close(waiting[i]);
	}
	server_stop(server);
}
END_TEST

START_TEST(each_client_has_its_own_rate)
{
	int fd, other;

	start(TRUSTED "request-rate = 1/2\n");
	fd = connect_for(&a_client, SERVICE_HTTP);
	other = connect_for(&another, SERVICE_HTTP);
	expect_status(fd, 200);
	expect_status(fd, 200);
	expect_status(fd, 429);
	expect_status(other, 200);
	server_wait_log(server, "from 192.0.2.1");
	(void)close(fd);
	(void)close(other);
	server_stop(server);
}
END_TEST

/* At the limit the client with most pays, and no other of the same balancer. */
START_TEST(who_has_most_makes_room)
{
	static int held[400];
	int rests;

	harness_raise_descriptors();
	start_limited(TRUSTED, 256);
	rests = connect_for(&another, SERVICE_TCP);
	expect_service(rests, SERVICE_TCP);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		held[i] = connect_for(&a_client, SERVICE_TCP);
	expect_served(&another, SERVICE_HTTP);
	expect_service(rests, SERVICE_TCP);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		(void)close(held[i]);
	(void)close(rests);
	server_stop(server);
}
END_TEST

/* A balancer whose headers do not come keeps nobody out. */
START_TEST(who_waits_for_a_header_makes_room)
{
	static int held[400];
	int fd;

	harness_raise_descriptors();
	start_limited(TRUSTED, 256);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		held[i] = connect_from(BALANCER, SERVICE_TCP);
	fd = connect_from(DIRECT, SERVICE_HTTP);
	expect_service(fd, SERVICE_HTTP);
	(void)close(fd);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		(void)close(held[i]);
	server_stop(server);
}
END_TEST

/* --- what is seen --- */

START_TEST(the_status_tells_the_client)
{
	static const char *const parts[] = {"\"192.0.2.1\"", "5000",
					    "\"2001:db8::/64\"",
					    "\"2001:db8::7\""};
	int fd = -1, other, waits, admin;
	struct response response;
	char *text;

	start(TRUSTED);
	fd = connect_for(&a_client, SERVICE_TCP);
	expect_service(fd, SERVICE_TCP);
	other = connect_for(&headers[1], SERVICE_HTTP);
	expect_service(other, SERVICE_HTTP);
	waits = connect_from(BALANCER, SERVICE_HTTP);
	admin = connect_from(DIRECT, SERVICE_ADMIN);
	http_get(admin, "/status.json", &response);
	http_expect_status(&response, 200);
	text = strndup((char *)response.content, response.len);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		ck_assert_msg(strstr(text, parts[i]), "%s in %s", parts[i],
			      text);
	free(text);
	http_clear(&response);
	(void)close(fd);
	(void)close(other);
	(void)close(waits);
	(void)close(admin);
	server_stop(server);
}
END_TEST

/* --- reload and the end --- */

START_TEST(a_reload_changes_it_for_who_comes_next)
{
	int fd, waits;

	start("");
	fd = connect_from(BALANCER, SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	reload(TRUSTED);
	tcp_exchange(fd, "hello", 5);
	(void)close(fd);
	expect_served(&a_client, SERVICE_TCP);
	expect_gone(&hostile[0], SERVICE_HTTP);
	fd = connect_for(&a_client, SERVICE_HTTP);
	expect_service(fd, SERVICE_HTTP);
	waits = connect_from(BALANCER, SERVICE_HTTP);
	pass_a_turn();
	reload("");
	expect_service(fd, SERVICE_HTTP);
	tcp_send(waits, a_client.bytes, a_client.len);
	expect_service(waits, SERVICE_HTTP);
	(void)close(waits);
	(void)close(fd);
	fd = connect_from(BALANCER, SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_wrong_network_changes_nothing)
{
	start(TRUSTED);
	write_conf("proxy-protocol = 127.0.0.1/8\n");
	server_signal(server, SIGHUP);
	server_wait_log(server, "the one of 8 bits is 127.0.0.0/8");
	write_conf("proxy-protocol = \"udp:127.0.0.1\"\n");
	server_signal(server, SIGHUP);
	server_wait_log(server, "datagrams have no PROXY header here");
	expect_served(&a_client, SERVICE_TCP);
	server_stop(server);
}
END_TEST

/* The connection's own peer is not who made it. */
START_TEST(a_log_that_is_turned_on_later_tells_the_client)
{
	char text[512];
	int fd;

	start(TRUSTED "no-sandbox = yes\n");
	fd = connect_for(&a_client, SERVICE_HTTP);
	expect_service(fd, SERVICE_HTTP);
	(void)snprintf(text, sizeof(text),
		       TRUSTED "no-sandbox = yes\naccess-log = %s\n",
		       access_log);
	reload(text);
	expect_service(fd, SERVICE_HTTP);
	expect_line(access_log, 1, "192.0.2.1 - - [", " 200 5 ");
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* A header that has begun is waited for, and what it is for is answered. */
START_TEST(the_end_waits_for_a_header_and_not_for_long)
{
	int fd, silent, tcp;
	char text[1];

	start(TRUSTED "parting-timeout = 2s\n");
	fd = connect_from(BALANCER, SERVICE_HTTP);
	tcp = connect_from(BALANCER, SERVICE_TCP);
	silent = connect_from(BALANCER, SERVICE_TCP);
	tcp_send(fd, a_client.bytes, 10);
	pass_a_turn();
	server_signal(server, SIGTERM);
	server_wait_log(server, "stopping: draining");
	tcp_send(tcp, another.bytes, another.len);
	tcp_exchange(tcp, "hello", 5);
	tcp_send(fd, a_client.bytes + 10, a_client.len - 10);
	expect_status(fd, 200);
	ck_assert_uint_eq(tcp_read_some(fd, text, 1), 0);
	tcp_expect_gone(silent);
	(void)close(fd);
	(void)close(tcp);
	server_expect_exit(server, 0);
	server_stop(server);
}
END_TEST

/* --- Unix sockets --- */

static void start_on_unix(const char *text)
{
	const char *const args[] = {"--config", conf, NULL};
	char all[2048];

	(void)snprintf(all, sizeof(all),
		       "udp-port = off\ntcp-port = off\nroot = %s\n"
		       "http-port = \"unix:%s\"\naccess-log = %s\n%s",
		       folder, unix_path, access_log, text);
	folder_write_text(folder, "conf", all);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = 1});
}

static int connect_to_unix(void)
{
	const struct endpoint *to = server_endpoint(server, SERVICE_HTTP);
	int fd = tcp_try_connect(to->host, 0);

	ck_assert_msg(fd >= 0, "connect: %s", strerror(errno));
	return fd;
}

START_TEST(a_unix_socket_may_have_headers)
{
	int fd;

	start_on_unix("proxy-protocol = \"http:unix\"\ndeny = 192.0.2.9\n");
	for (size_t cut = 0; cut < a_client.len; cut += 9) {
		fd = connect_to_unix();
		tcp_send(fd, a_client.bytes, cut);
		tcp_send(fd, a_client.bytes + cut, a_client.len - cut);
		expect_status(fd, 200);
		(void)close(fd);
		expect_line(access_log, 1 + cut / 9, "192.0.2.1 - - [",
			    " 200 ");
	}
	fd = connect_to_unix();
	tcp_send(fd, another.bytes, another.len);
	tcp_expect_gone(fd);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_unix_socket_is_no_network)
{
	int fd;

	start_on_unix("proxy-protocol = {0.0.0.0/0, ::/0, \"tcp:unix\"}\n");
	fd = connect_to_unix();
	expect_status(fd, 200);
	(void)close(fd);
	server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e proxy");
	TCase *tcase = harness_case(suite, "proxy");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_logs_tell_whom_the_header_names);
	tcase_add_loop_test(tcase, a_header_may_be_cut_anywhere, 0,
			    ARRAY_LEN(headers));
	tcase_add_test(tcase, a_header_may_come_byte_by_byte);
	tcase_add_test(tcase, the_longest_header_is_taken);
	tcase_add_test(tcase, who_has_no_valid_header_is_refused_and_counted);
	tcase_add_test(tcase, who_comes_by_himself_has_no_header);
	tcase_add_test(tcase, without_the_setting_nobody_has_one);
	tcase_add_test(tcase, a_rule_is_for_the_service_that_it_names);
	tcase_add_test(tcase, a_header_must_come_in_time);
	tcase_add_test(tcase, who_says_nothing_and_leaves_is_not_counted);
	tcase_add_test(tcase, the_lists_are_asked_for_the_client);
	tcase_add_test(tcase, each_client_has_its_own_share);
	tcase_add_test(tcase, the_balancer_may_have_as_many_as_it_likes);
	tcase_add_test(tcase, each_client_has_its_own_rate);
	tcase_add_test(tcase, who_has_most_makes_room);
	tcase_add_test(tcase, who_waits_for_a_header_makes_room);
	tcase_add_test(tcase, the_status_tells_the_client);
	tcase_add_test(tcase, a_reload_changes_it_for_who_comes_next);
	tcase_add_test(tcase, a_wrong_network_changes_nothing);
	tcase_add_test(tcase, a_log_that_is_turned_on_later_tells_the_client);
	tcase_add_test(tcase, the_end_waits_for_a_header_and_not_for_long);
	tcase_add_test(tcase, a_unix_socket_may_have_headers);
	tcase_add_test(tcase, a_unix_socket_is_no_network);
	return harness_run(suite);
}
