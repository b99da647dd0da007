/* SPDX-License-Identifier: MIT */
/*
 * When the running daemon takes a connection: at once, so that a capture shows
 * a handshake and nothing sent again, and who says nothing is under its limits;
 * or, with --defer-accept, when its request is there.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

static struct server *start(const char *option)
{
	char *root = folder_new();
	struct server *server;

	folder_write_text(root, "file", "text");
	server = server_start(&(struct server_options){
		.tcp = "0", .http = "0", .root = root, .extra = option});
	free(root);
	return server;
}

/* How many HTTP connections the server has accepted by now. */
static unsigned long count_accepted(struct server *server)
{
	const char *name = "counter: http_connections ", *at;
	int fd = tcp_connect(server, SERVICE_TCP);

	/* What was ready before this exchange has been looked at. */
	tcp_exchange(fd, "now", 3);
	(void)close(fd);
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: tcp_connections");
	at = strstr(server_log(server), name);
	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static const struct {
	const char *option;
	unsigned long accepted;
} silent[] = {
	{NULL, 1},
	{"--defer-accept", 0},
};

START_TEST(a_silent_connection_is_accepted_at_once_by_default)
{
	struct server *server = start(silent[_i].option);
	int fd = tcp_connect(server, SERVICE_HTTP);

	ck_assert_uint_eq(count_accepted(server), silent[_i].accepted);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_request_is_answered_either_way)
{
	struct server *server = start(silent[_i].option);
	struct response response;

	http_fetch(server, "/file", &response);
	http_expect(&response, 200, "text", 4);
	http_clear(&response);
	server_stop(server);
}
END_TEST

/* SYN and SYN-ACK that were sent again in this network. */
static unsigned long count_sent_again(void)
{
	static char names[4096], values[4096];
	FILE *file = fopen("/proc/net/netstat", "re");
	char *name, *value, *names_at = NULL, *values_at = NULL;

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(names, sizeof(names), file));
	ck_assert_ptr_nonnull(fgets(values, sizeof(values), file));
	(void)fclose(file);
	name = strtok_r(names, " \n", &names_at);
	value = strtok_r(values, " \n", &values_at);
	while (name && value && strcmp(name, "TCPSynRetrans") != 0) {
		name = strtok_r(NULL, " \n", &names_at);
		value = strtok_r(NULL, " \n", &values_at);
	}
	ck_assert_ptr_nonnull(value);
	return strtoul(value, NULL, 10);
}

START_TEST(nothing_is_sent_again_to_who_says_nothing)
{
	enum {
		FIRST_TIMEOUT_MS = 1000 /* RFC 6298, 2.1 */
	};
	struct server *server;
	int fd;

	if (!harness_own_network()) {
		harness_skip("a network of its own is not allowed here");
		return;
	}
	server = start(NULL);
	fd = tcp_connect(server, SERVICE_HTTP);
	(void)poll(NULL, 0, FIRST_TIMEOUT_MS + 400);
	ck_assert_uint_eq(count_sent_again(), 0);
	(void)close(fd);
	server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e accept");
	TCase *tcase = harness_case(suite, "accept");

	tcase_add_loop_test(tcase,
			    a_silent_connection_is_accepted_at_once_by_default,
			    0, ARRAY_LEN(silent));
	tcase_add_loop_test(tcase, a_request_is_answered_either_way, 0,
			    ARRAY_LEN(silent));
	tcase_add_test(tcase, nothing_is_sent_again_to_who_says_nothing);
	return harness_run(suite);
}
