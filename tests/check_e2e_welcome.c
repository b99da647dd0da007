/* SPDX-License-Identifier: MIT */
/*
 * What meets somebody who is new here: the start page's icon, the ports that
 * the start page shows, and pages that say what helps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define PORTS "/.well-known/uppercase"

static struct server *server;
static char *root;

static void set_up(void)
{
	root = folder_new();
	folder_add(root, "empty");
	server = server_start_all(root);
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

static void ask(const char *target, int status, struct response *response)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	http_get(fd, target, response);
	http_expect_status(response, status);
	(void)close(fd);
}

static bool has(const struct response *response, const char *text)
{
	return memmem(response->content, response->len, text, strlen(text));
}

START_TEST(the_ports_are_the_servers_own)
{
	struct response response;
	char expected[128];

	(void)snprintf(expected, sizeof(expected),
		       "{\"udp\":%u,\"tcp\":%u,\"http\":%u}\n",
		       (unsigned)server_endpoint(server, SERVICE_UDP)->port,
		       (unsigned)server_endpoint(server, SERVICE_TCP)->port,
		       (unsigned)server_endpoint(server, SERVICE_HTTP)->port);
	ask(PORTS, 200, &response);
	http_expect_field(&response, "Content-Type", "application/json");
	http_expect_field(&response, "Cache-Control", "max-age=0");
	ck_assert_uint_eq(response.len, strlen(expected));
	ck_assert(has(&response, expected));
	http_clear(&response);
}
END_TEST

START_TEST(a_file_of_that_name_comes_first)
{
	struct response response;

	server_stop(server);
	folder_add(root, ".well-known");
	folder_write_text(root, ".well-known/uppercase", "my own");
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .extra = "--hidden"});
	ask(PORTS, 200, &response);
	ck_assert(has(&response, "my own"));
	http_clear(&response);
}
END_TEST

/* Nothing near the name is it. */
START_TEST(no_other_name_tells_them)
{
	static const char *const names[] = {
		PORTS "/",    PORTS "x",	"/.well-known/",
		"/uppercase", ("/empty" PORTS), "/.well-known/Uppercase",
	};
	struct response response;

	ask(names[_i], 404, &response);
	ck_assert(!has(&response, "\"udp\""));
	http_clear(&response);
}
END_TEST

START_TEST(a_folder_that_cannot_be_shown_names_the_option)
{
	static const char *const names[] = {"/", "/empty/", "/none/"};
	struct response response;

	ask(names[_i], 404, &response);
	ck_assert(has(&response, "<h1>404 Not Found</h1>"));
	ck_assert(has(&response, "--listing"));
	http_clear(&response);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_called_a_file)
{
	struct response response;

	ask("/none", 404, &response);
	ck_assert(has(&response, "There is no such file"));
	ck_assert(!has(&response, "--listing"));
	http_clear(&response);
}
END_TEST

/* Every browser asks for it, and a 404 stands out in a capture. */
START_TEST(the_start_page_has_its_icon)
{
	const char *htdocs = getenv("HTDOCS");
	struct response response;

	server_stop(server);
	server = server_start_all(htdocs ? htdocs : "htdocs");
	ask("/favicon.ico", 200, &response);
	http_expect_field(&response, "Content-Type",
			  "image/vnd.microsoft.icon");
	ck_assert_uint_lt(response.len, 1000);
	http_clear(&response);
	ask("/none", 404, &response);
	ck_assert(has(&response, "--listing"));
	http_clear(&response);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("welcome");
	TCase *tcase = harness_case(suite, "welcome");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_ports_are_the_servers_own);
	tcase_add_test(tcase, a_file_of_that_name_comes_first);
	tcase_add_loop_test(tcase, no_other_name_tells_them, 0, 6);
	tcase_add_loop_test(
		tcase, a_folder_that_cannot_be_shown_names_the_option, 0, 3);
	tcase_add_test(tcase, a_file_that_is_not_there_is_called_a_file);
	tcase_add_test(tcase, the_start_page_has_its_icon);
	return harness_run(suite);
}
