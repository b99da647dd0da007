/* SPDX-License-Identifier: MIT */
/*
 * The limits that an operator sets, through the front door: who is served, and
 * what becomes of who is not. 127.0.0.1, 127.0.0.2 and so on are so many hosts.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

static char *folder, *conf;
static struct server *server;

static void set_up(void)
{
	folder = folder_new();
	conf = folder_path(folder, "conf");
	folder_write_text(folder, "a", "text\n");
}

static void tear_down(void)
{
	free(conf);
	free(folder);
}

/* All three services on this address, and what else is said. */
static void write_conf(const char *host, const char *text)
{
	char all[4096];

	(void)snprintf(all, sizeof(all),
		       "udp-port = \"%s:0\"\ntcp-port = \"%s:0\"\n"
		       "http-port = \"%s:0\"\nroot = %s\n%s",
		       host, host, host, folder, text);
	folder_write_text(folder, "conf", all);
}

static void start_on(const char *host, const char *text)
{
	const char *const args[] = {"--config", conf, NULL};

	write_conf(host, text);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = 3});
}

static void start(const char *text)
{
	start_on("127.0.0.1", text);
}

static void reload(const char *text)
{
	write_conf("127.0.0.1", text);
	server_reload(server);
}

static socklen_t make_sockaddr(struct sockaddr_storage *out, const char *host,
			       uint16_t port)
{
	struct sockaddr_in *in4 = (void *)out;
	struct sockaddr_in6 *in6 = (void *)out;

	*out = (struct sockaddr_storage){0};
	if (inet_pton(AF_INET, host, &in4->sin_addr) == 1) {
		out->ss_family = AF_INET;
		in4->sin_port = htons(port);
		return sizeof(*in4);
	}
	ck_assert_int_eq(inet_pton(AF_INET6, host, &in6->sin6_addr), 1);
	out->ss_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

/* A socket of this host that is connected to the service. */
static int connect_from(const char *from, enum service service)
{
	const struct endpoint *to = server_endpoint(server, service);
	int type = service == SERVICE_UDP ? SOCK_DGRAM : SOCK_STREAM;
	struct sockaddr_storage address;
	socklen_t len = make_sockaddr(&address, from, 0);
	int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	len = make_sockaddr(&address, to->host, to->port);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, len), 0);
	return fd;
}

static void expect_text(int fd)
{
	struct response response;

	http_get(fd, "/a", &response);
	http_expect(&response, 200, "text\n", 5);
	http_clear(&response);
}

static void expect_served(const char *from, enum service service)
{
	int fd = connect_from(from, service);

	if (service == SERVICE_UDP)
		udp_exchange(fd, "hello", 5);
	else if (service == SERVICE_TCP)
		tcp_exchange(fd, "hello", 5);
	else
		expect_text(fd);
	(void)close(fd);
}

/*
 * That the connection is closed without an answer. A datagram has none to wait
 * for: one of another host, sent after it, is answered.
 */
static void expect_refused(const char *from, const char *other,
			   enum service service)
{
	int fd = connect_from(from, service);

	(void)send(fd, "hello", 5, MSG_NOSIGNAL);
	if (service == SERVICE_UDP) {
		expect_served(other, SERVICE_UDP);
		ck_assert(!sock_is_readable(fd));
	} else {
		tcp_expect_gone(fd);
	}
	(void)close(fd);
}

/* What a counter is in the end; the server is stopped. */
static void stop_with(const char *const *lines)
{
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	for (; *lines; lines++)
		ck_assert_msg(server_count_log(server, *lines) == 1, "%s in %s",
			      *lines, server_log(server));
	server_stop(server);
}

/* --- who is served --- */

START_TEST(who_is_denied_is_refused_and_counted)
{
	static const char *const lines[] = {
		"counter: udp_access_refused 1 ",
		"counter: tcp_access_refused 1 ",
		"counter: http_access_refused 1 ",
		"counter: tcp_connections 1 ",
		"tcp: connections refused by --allow and --deny: 1, 1 of them "
		"from 127.0.0.2",
		NULL,
	};

	start("deny = 127.0.0.2\n");
	for (int i = SERVICE_UDP; i <= SERVICE_HTTP; i++) {
		expect_refused("127.0.0.2", "127.0.0.3", (enum service)i);
		expect_served("127.0.0.1", (enum service)i);
	}
	stop_with(lines);
}
END_TEST

START_TEST(who_is_not_allowed_is_refused)
{
	start("allow = {127.0.0.2, 127.0.0.128/25}\n");
	for (int i = SERVICE_UDP; i <= SERVICE_HTTP; i++) {
		expect_refused("127.0.0.1", "127.0.0.2", (enum service)i);
		expect_served("127.0.0.2", (enum service)i);
		expect_served("127.0.0.200", (enum service)i);
	}
	server_stop(server);
}
END_TEST

START_TEST(a_rule_may_be_for_one_service)
{
	start("allow = \"tcp:127.0.0.1\"\ndeny = \"http:127.0.0.2\"\n");
	expect_served("127.0.0.2", SERVICE_UDP);
	expect_refused("127.0.0.2", "127.0.0.2", SERVICE_TCP);
	expect_refused("127.0.0.2", "127.0.0.2", SERVICE_HTTP);
	expect_served("127.0.0.1", SERVICE_TCP);
	expect_served("127.0.0.1", SERVICE_HTTP);
	server_stop(server);
}
END_TEST

START_TEST(both_families_have_their_rules)
{
	if (!harness_has_ipv6())
		return;
	start_on("[::1]", "deny = 127.0.0.0/8\n");
	for (int i = SERVICE_UDP; i <= SERVICE_HTTP; i++)
		expect_served("::1", (enum service)i);
	server_stop(server);
	start_on("[::1]", "allow = 127.0.0.0/8\ndeny = \"udp:1::/16\"\n");
	for (int i = SERVICE_TCP; i <= SERVICE_HTTP; i++)
		expect_refused("::1", NULL, (enum service)i);
	server_stop(server);
}
END_TEST

/* Whoever is in stays in. */
START_TEST(a_reload_changes_the_lists_for_who_comes_next)
{
	int tcp, http;

	start("");
	tcp = connect_from("127.0.0.2", SERVICE_TCP);
	http = connect_from("127.0.0.2", SERVICE_HTTP);
	tcp_exchange(tcp, "hello", 5);
	expect_text(http);
	reload("deny = 127.0.0.2\n");
	for (int i = SERVICE_UDP; i <= SERVICE_HTTP; i++)
		expect_refused("127.0.0.2", "127.0.0.3", (enum service)i);
	tcp_exchange(tcp, "hello", 5);
	expect_text(http);
	/* A file that is wrong leaves the list as it was. */
	write_conf("127.0.0.1", "deny = 127.0.0.2/8\n");
	server_signal(server, SIGHUP);
	server_wait_log(server, "the one of 8 bits is 127.0.0.0/8");
	expect_refused("127.0.0.2", "127.0.0.3", SERVICE_TCP);
	reload("");
	for (int i = SERVICE_UDP; i <= SERVICE_HTTP; i++)
		expect_served("127.0.0.2", (enum service)i);
	(void)close(tcp);
	(void)close(http);
	server_stop(server);
}
END_TEST

START_TEST(a_flood_of_refused_ones_is_told_in_few_lines)
{
	int64_t began_ms;
	size_t n_lines;

	start("deny = 127.0.0.2\n");
	began_ms = harness_now_ms();
	for (int i = 0; i < 100; i++)
		expect_refused("127.0.0.2", NULL, SERVICE_TCP);
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	n_lines = server_count_log(server, "tcp: connections refused by");
	/* At once, one for each second, and the end. */
	ck_assert_uint_ge(n_lines, 2);
	ck_assert_int_le((int64_t)n_lines,
			 2 + (harness_now_ms() - began_ms) / 1000);
	ck_assert_uint_eq(
		server_count_log(server, "counter: tcp_access_refused 100 "),
		1);
	server_stop(server);
}
END_TEST

/* --- how many connections --- */

static void expect_unavailable(const char *from)
{
	int fd = connect_from(from, SERVICE_HTTP);
	struct response response;

	http_read(fd, &response, true);
	http_expect_status(&response, 503);
	http_expect_field(&response, "Retry-After", "1");
	http_expect_field(&response, "Connection", "close");
	http_clear(&response);
	tcp_expect_end(fd);
	(void)close(fd);
}

START_TEST(one_address_has_no_more_than_its_share)
{
	static const char *const lines[] = {
		"counter: tcp_address_refused 2 ",
		"counter: http_address_refused 2 ",
		NULL,
	};
	int tcp, http;

	start("max-per-address = 2\n");
	tcp = connect_from("127.0.0.2", SERVICE_TCP);
	http = connect_from("127.0.0.2", SERVICE_HTTP);
	tcp_exchange(tcp, "hello", 5);
	expect_text(http);
	for (int i = 0; i < 2; i++) {
		expect_refused("127.0.0.2", NULL, SERVICE_TCP);
		expect_unavailable("127.0.0.2");
	}
	/* Neither those that it has nor others notice. */
	tcp_exchange(tcp, "hello", 5);
	expect_text(http);
	expect_served("127.0.0.3", SERVICE_TCP);
	expect_served("127.0.0.3", SERVICE_HTTP);
	expect_served("127.0.0.2", SERVICE_UDP);
	(void)close(tcp);
	(void)close(http);
	stop_with(lines);
}
END_TEST

/* Those that are told so, and do not leave, are as many again at the most. */
START_TEST(answers_to_surplus_connections_are_bounded)
{
	int told[4];

	start("max-per-address = 2\nlinger-timeout = 1h\n"
	      "parting-timeout = 1ms\n");
	for (int i = 0; i < 4; i++) {
		char byte;

		told[i] = connect_from("127.0.0.2", SERVICE_HTTP);
		if (i < 2)
			expect_text(told[i]);
		else
			ck_assert_uint_eq(tcp_read_some(told[i], &byte, 1), 1);
	}
	for (int i = 0; i < 10; i++)
		expect_refused("127.0.0.2", NULL, SERVICE_HTTP);
	expect_served("127.0.0.3", SERVICE_HTTP);
	for (int i = 0; i < 4; i++)
		(void)close(told[i]);
	server_stop(server);
}
END_TEST

START_TEST(a_network_of_64_bits_is_one_address)
{
	int fd;

	if (!harness_has_ipv6())
		return;
	start_on("[::1]", "max-per-address = 1\n");
	fd = connect_from("::1", SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	expect_refused("::1", NULL, SERVICE_TCP);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_reload_changes_how_many)
{
	int fd, other;

	start("");
	fd = connect_from("127.0.0.2", SERVICE_TCP);
	other = connect_from("127.0.0.2", SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	tcp_exchange(other, "hello", 5);
	reload("max-per-address = 1\n");
	expect_refused("127.0.0.2", NULL, SERVICE_TCP);
	/* Both stay. */
	tcp_exchange(fd, "hello", 5);
	tcp_exchange(other, "hello", 5);
	reload("max-per-address = 3\n");
	expect_served("127.0.0.2", SERVICE_TCP);
	(void)close(fd);
	(void)close(other);
	server_stop(server);
}
END_TEST

/* The holder's loses the one that has been idle for longest. */
START_TEST(at_the_cap_the_one_with_most_makes_room)
{
	int held[4], last = -1;

	start("max-connections = 4\n");
	for (int i = 0; i < 4; i++) {
		held[i] = connect_from("127.0.0.2",
				       i % 2 ? SERVICE_TCP : SERVICE_HTTP);
		if (i % 2)
			tcp_exchange(held[i], "hello", 5);
		else
			expect_text(held[i]);
	}
	last = connect_from("127.0.0.3", SERVICE_HTTP);
	expect_text(last);
	tcp_expect_gone(held[0]);
	tcp_exchange(held[1], "hello", 5);
	expect_text(held[2]);
	tcp_exchange(held[3], "hello", 5);
	/* A file that is sent takes no place of a connection. */
	expect_text(last);
	tcp_exchange(held[1], "hello", 5);
	(void)close(last);
	for (int i = 0; i < 4; i++)
		(void)close(held[i]);
	server_stop(server);
}
END_TEST

#define BUSY_CONNECTIONS 2

/*
 * Exchanges without a pause, on connections that are made anew when the server
 * takes them for its own when this process was kept from the processor.
 */
static void keep_busy(void)
{
	int fds[BUSY_CONNECTIONS] = {-1, -1};

	for (size_t i = 0;; i = (i + 1) % BUSY_CONNECTIONS) {
		char byte = 'a';

		if (fds[i] < 0)
			fds[i] = connect_from("127.0.0.2", SERVICE_TCP);
		if (send(fds[i], &byte, 1, MSG_NOSIGNAL) == 1 &&
		    recv(fds[i], &byte, 1, 0) == 1)
			continue;
		(void)close(fds[i]);
		fds[i] = -1;
	}
}

/* The first bytes of what a newcomer is answered, or "" for none. */
static void knock(enum service service, char answer[13])
{
	static const char request[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
	int fd = connect_from("127.0.0.3", service);
	ssize_t n;

	(void)send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
	n = recv(fd, answer, 12, MSG_WAITALL);
	answer[n > 0 ? n : 0] = '\0';
	(void)close(fd);
}

static void knock_until(enum service service, const char *answer)
{
	int64_t deadline = harness_deadline();
	char got[13];

	do {
		if (harness_left_ms(deadline) <= 0)
			harness_fail("never answered \"%s\"", answer);
		knock(service, got);
	} while (strcmp(got, answer) != 0);
}

/* Nobody can be spared: that is said, and soon. */
START_TEST(at_the_cap_with_all_busy_newcomers_are_told)
{
	pid_t pid;

	start("max-connections = 2\naccept-pause = 10ms\n");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		keep_busy();
	knock_until(SERVICE_HTTP, "HTTP/1.1 503");
	knock_until(SERVICE_TCP, "");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	server_wait_log(server, "http: connections refused by "
				"--max-connections");
	/* With room again they are served. */
	knock_until(SERVICE_HTTP, "HTTP/1.1 200");
	server_stop(server);
}
END_TEST

/* Those that have been idle for longest; who is in the middle may go on. */
START_TEST(a_lower_cap_closes_who_can_be_spared)
{
	int held[6];

	start("");
	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		held[i] = connect_from("127.0.0.2", SERVICE_TCP);
		tcp_exchange(held[i], "hello", 5);
	}
	(void)poll(NULL, 0, 300);
	reload("max-connections = 2\n");
	for (size_t i = 0; i < 4; i++)
		tcp_expect_gone(held[i]);
	tcp_exchange(held[4], "hello", 5);
	tcp_exchange(held[5], "hello", 5);
	reload("");
	expect_served("127.0.0.2", SERVICE_TCP);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		(void)close(held[i]);
	server_stop(server);
}
END_TEST

/* --- how fast --- */

#define SLOW_BYTES (32 << 20) /* more than sockets hold */
#define SIP_BYTES  (1 << 20)

/* Asks for a large file, and takes a part now and then. */
static int sip_begin(void)
{
	char *path = folder_path(folder, "large");
	int fd;

	folder_write_text(folder, "large", "");
	ck_assert_int_eq(truncate(path, SLOW_BYTES), 0);
	free(path);
	fd = connect_from("127.0.0.2", SERVICE_HTTP);
	http_send_get(fd, "/large");
	return fd;
}

/* True when all came, false when it was cut off before. */
static bool sip(int fd, size_t total)
{
	char *buf = bytes_new(SIP_BYTES);
	size_t done = 0;
	ssize_t n = 1;

	while (done < total && n > 0) {
		(void)poll(NULL, 0, 10);
		n = recv(fd, buf, SIP_BYTES, 0);
		done += n > 0 ? (size_t)n : 0;
	}
	free(buf);
	return done >= total;
}

START_TEST(who_takes_too_little_is_cut_off)
{
	static const char *const lines[] = {
		"counter: http_slow 1 ",
		NULL,
	};
	int fd;

	start("send-timeout = 50ms\nmin-rate = 1G\n");
	fd = sip_begin();
	ck_assert(!sip(fd, SLOW_BYTES));
	(void)close(fd);
	stop_with(lines);
}
END_TEST

START_TEST(who_takes_enough_is_not)
{
	int fd;

	start("send-timeout = 50ms\nmin-rate = 100\n");
	fd = sip_begin();
	ck_assert(sip(fd, SLOW_BYTES));
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* In the TCP service it is the answers that are taken too slowly. */
START_TEST(who_sends_more_than_he_takes_is_cut_off)
{
	static const char *const lines[] = {"counter: tcp_slow 1 ", NULL};
	char *data = bytes_new(SLOW_BYTES);
	int fd;

	start("send-timeout = 50ms\nmin-rate = 1G\n");
	fd = connect_from("127.0.0.2", SERVICE_TCP);
	memset(data, 'a', SLOW_BYTES);
	ck_assert_uint_gt(tcp_send_until_stuck(fd, (unsigned char *)data,
					       SLOW_BYTES, 100),
			  0);
	ck_assert(!sip(fd, SLOW_BYTES));
	(void)close(fd);
	free(data);
	stop_with(lines);
}
END_TEST

/* Nothing is owed to him, so he may take as long as he likes. */
START_TEST(who_asks_for_little_is_never_too_slow)
{
	int fd;

	start("send-timeout = 50ms\nmin-rate = 1G\n");
	fd = connect_from("127.0.0.2", SERVICE_TCP);
	for (int i = 0; i < 3; i++) {
		tcp_exchange(fd, "a", 1);
		(void)poll(NULL, 0, 60);
	}
	tcp_exchange(fd, "a", 1);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- how often --- */

static void ask(int fd, const char *target, int status)
{
	struct response response;

	http_get(fd, target, &response);
	http_expect_status(&response, status);
	http_expect_field(&response, "Retry-After", status == 429 ? "1" : NULL);
	http_expect_field(&response, "Connection", NULL);
	http_clear(&response);
}

/* A second would bring a token, if a minute did not bring just one. */
START_TEST(requests_beyond_the_rate_are_told_to_wait)
{
	static const char *const lines[] = {
		"counter: http_rate_refused 4 ",
		NULL,
	};
	int fd, again;

	start("request-rate = \"1/1000\"\n");
	fd = connect_from("127.0.0.2", SERVICE_HTTP);
	for (int i = 0; i < 1000; i++)
		ask(fd, "/a", 200);
	ask(fd, "/a", 429);
	ask(fd, "/b", 429);
	/* Another connection is the same address; another address is not. */
	again = connect_from("127.0.0.2", SERVICE_HTTP);
	ask(again, "/a", 429);
	expect_served("127.0.0.3", SERVICE_HTTP);
	/* A reload that says the same forgives nothing. */
	reload("request-rate = \"1/1000\"\nmax-age = 5s\n");
	ask(again, "/a", 429);
	reload("request-rate = 1000\n");
	ask(again, "/a", 200);
	reload("");
	ask(fd, "/a", 200);
	(void)close(fd);
	(void)close(again);
	stop_with(lines);
}
END_TEST

START_TEST(datagrams_beyond_the_rate_are_not_answered)
{
	static const char *const lines[] = {
		"counter: udp_rate_refused 3 ",
		NULL,
	};
	int fd, other;

	start("udp-rate = \"1/100\"\n");
	fd = connect_from("127.0.0.2", SERVICE_UDP);
	other = connect_from("127.0.0.2", SERVICE_UDP); /* another port */
	for (int i = 0; i < 50; i++) {
		udp_exchange(fd, "hello", 5);
		udp_exchange(other, "hello", 5);
	}
	expect_refused("127.0.0.2", "127.0.0.3", SERVICE_UDP);
	expect_refused("127.0.0.2", "127.0.0.3", SERVICE_UDP);
	reload("udp-rate = \"1/100\"\nmax-age = 5s\n");
	expect_refused("127.0.0.2", "127.0.0.3", SERVICE_UDP);
	reload("");
	for (int i = 0; i < 200; i++)
		udp_exchange(fd, "hello", 5);
	(void)close(fd);
	(void)close(other);
	stop_with(lines);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e_limits");
	TCase *tcase = harness_case(suite, "access");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, who_is_denied_is_refused_and_counted);
	tcase_add_test(tcase, who_is_not_allowed_is_refused);
	tcase_add_test(tcase, a_rule_may_be_for_one_service);
	tcase_add_test(tcase, both_families_have_their_rules);
	tcase_add_test(tcase, a_reload_changes_the_lists_for_who_comes_next);
	tcase_add_test(tcase, a_flood_of_refused_ones_is_told_in_few_lines);
	tcase = harness_case(suite, "connections");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, one_address_has_no_more_than_its_share);
	tcase_add_test(tcase, answers_to_surplus_connections_are_bounded);
	tcase_add_test(tcase, a_network_of_64_bits_is_one_address);
	tcase_add_test(tcase, a_reload_changes_how_many);
	tcase_add_test(tcase, at_the_cap_the_one_with_most_makes_room);
	tcase_add_test(tcase, at_the_cap_with_all_busy_newcomers_are_told);
	tcase_add_test(tcase, a_lower_cap_closes_who_can_be_spared);
	tcase_add_test(tcase, who_takes_too_little_is_cut_off);
	tcase_add_test(tcase, who_takes_enough_is_not);
	tcase_add_test(tcase, who_sends_more_than_he_takes_is_cut_off);
	tcase_add_test(tcase, who_asks_for_little_is_never_too_slow);
	tcase = harness_case(suite, "rates");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, requests_beyond_the_rate_are_told_to_wait);
	tcase_add_test(tcase, datagrams_beyond_the_rate_are_not_answered);
	return harness_run(suite);
}
