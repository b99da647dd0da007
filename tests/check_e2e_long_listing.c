/* SPDX-License-Identifier: MIT */
/*
 * Generated listings of folders of a hundred thousand files, by the running
 * daemon: they must neither fill its memory nor keep others waiting, whoever
 * reads them and however slowly, and one that is cut short must say so.
 */
#include <fcntl.h>
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

#define FILE_TEXT "some text\n"

static char *root;
static struct server *server;

static void start_server(void)
{
	static const char *const more[] = {"--listing", NULL};

	server = server_start(&(struct server_options){
		.http = "0", .root = root, .more = more});
}

static void stop_server(void)
{
	server_stop(server);
}

static void make_root(void)
{
	root = folder_new();
	folder_write_text(root, "file.txt", FILE_TEXT);
	folder_write_text(root, "one", "");
	folder_write_text(root, "two", "");
}

static void free_root(void)
{
	free(root);
}

static void expect_file(int fd)
{
	struct response response;

	http_get(fd, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

static void ask(int fd, struct response *response, const char *target,
		const char *accept)
{
	http_ask(fd, response, "GET %s HTTP/1.1\r\nAccept: %s", target, accept);
	http_expect_status(response, 200);
}

static bool has(const struct response *response, const char *text)
{
	return strstr((const char *)response->content, text) != NULL;
}

#define N_FILES	   100000
#define N_SLOW	   8
#define MEMORY_KIB (16 * 1024) /* of one listing */

/* A file has so many names at most, which are quickly made. */
static void make_name(int dir, int i, const char *name)
{
	ck_assert_int_eq(linkat(dir, i % 2 ? "one" : "two", dir, name, 0), 0);
}

static void make_large_root(void)
{
	char name[32];
	int dir;

	make_root();
	folder_add(root, "sub");
	dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < N_FILES; i++) {
		(void)snprintf(name, sizeof(name), "sub/file%06d", i);
		make_name(dir, i, name);
	}
	(void)close(dir);
}

/* All names, in order, each once, and each in a line of its own. */
static void expect_all_names(const struct response *response)
{
	const char *at = (const char *)response->content;
	const char *end = at + response->len;
	char row[64];

	for (int i = 0; i <= N_FILES; i++) {
		/* Not strstr(): a sanitizer lets it read all to the end. */
		at = memchr(at, '\n', (size_t)(end - at));
		ck_assert_ptr_nonnull(at);
		at++;
		(void)snprintf(row, sizeof(row), "{\"name\":\"file%06d\"", i);
		if (i < N_FILES && memcmp(at, row, strlen(row)) != 0)
			harness_fail("row %d is: %.40s", i, at);
	}
	ck_assert_str_eq(at, "],\"complete\":true}\n");
}

START_TEST(a_hundred_thousand_files_are_listed_in_bounded_memory)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	size_t before_kib;
	struct response response;

	expect_file(fd);
	before_kib = server_memory_kib(server);
	for (int i = 0; i < 3; i++) {
		ask(fd, &response, "/sub/", "application/json");
		expect_all_names(&response);
		http_clear(&response);
	}
	if (!server_is_sanitized(server))
		ck_assert_uint_lt(server_memory_kib(server),
				  before_kib + MEMORY_KIB);
	expect_file(fd);
	(void)close(fd);
}
END_TEST

/* Their clients take a few bytes and then wait, for as long as they like. */
START_TEST(slow_readers_of_a_long_listing_cost_no_more_than_it_says)
{
	int slow[N_SLOW], fd = tcp_connect(server, SERVICE_HTTP);
	size_t before_kib, descriptors;
	struct response response;

	expect_file(fd);
	before_kib = server_memory_kib(server);
	descriptors = server_count_descriptors(server, NULL);
	for (int i = 0; i < N_SLOW; i++) {
		slow[i] = tcp_connect_small(server, SERVICE_HTTP);
		tcp_send_text(slow[i], "GET /sub/ HTTP/1.1\r\nHost: h\r\n"
				       "Accept: application/json\r\n\r\n");
		http_read_head(slow[i], &response);
	}
	for (int i = 0; i < 200; i++)
		expect_file(fd);
	if (!server_is_sanitized(server))
		ck_assert_uint_lt(server_memory_kib(server),
				  before_kib + N_SLOW * MEMORY_KIB / 2);
	for (int i = 0; i < N_SLOW; i++)
		tcp_reset(slow[i]);
	/* Those who went away in the middle leave nothing behind. */
	while (server_count_descriptors(server, NULL) > descriptors)
		expect_file(fd);
	(void)close(fd);
}
END_TEST

/* In a process of its own: fetches the listing whole, then ends. */
static pid_t start_reader(void)
{
	struct response response;
	pid_t pid = fork();
	int fd;

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	fd = tcp_connect(server, SERVICE_HTTP);
	ask(fd, &response, "/sub/", "application/json");
	_exit(strstr((const char *)response.content, "\"complete\":true") ? 0
									  : 1);
}

/*
 * A server that listed in one go would answer once before it, and once after.
 */
START_TEST(others_are_served_while_a_long_listing_is_made)
{
	int fd = tcp_connect(server, SERVICE_HTTP), status;
	pid_t reader = start_reader();
	int n = 0;

	while (waitpid(reader, &status, WNOHANG) == 0) {
		expect_file(fd);
		n++;
	}
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	if (n < 50)
		harness_fail("only %d answers meanwhile", n);
	(void)close(fd);
}
END_TEST

/* Whether content has come behind the head; none of it is taken. */
static bool has_content_come(int fd)
{
	char buf[4096];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_PEEK | MSG_DONTWAIT);
	const char *end;

	if (n <= 0)
		return false;
	buf[n] = '\0';
	end = strstr(buf, "\r\n\r\n");
	return end && end[4] != '\0';
}

/* The same before the first row, when the names are being gathered. */
START_TEST(others_are_served_while_many_names_are_read)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	int listing = tcp_connect(server, SERVICE_HTTP);
	int n = 0;

	expect_file(fd);
	http_send_get(listing, "/sub/");
	for (; !has_content_come(listing); n++)
		expect_file(fd);
	if (n < 20)
		harness_fail("only %d answers meanwhile", n);
	(void)close(listing);
	(void)close(fd);
}
END_TEST

/* --- more names than there may be --- */

#define LONG_LEN 250

static void make_long_names(void)
{
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[sizeof("long/") + LONG_LEN] = "long/", *end = name + 5;

	for (int i = 0; i < 70000; i++) {
		memset(end, 'x', LONG_LEN);
		end[snprintf(end, 8, "%06d", i)] = 'x';
		make_name(dir, i, name);
	}
	(void)close(dir);
}

START_TEST(a_listing_that_is_cut_short_says_so)
{
	int fd;
	size_t before_kib;
	struct response response;

	make_root();
	folder_add(root, "long");
	make_long_names();
	start_server();
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_file(fd);
	before_kib = server_memory_kib(server);
	ask(fd, &response, "/long/", "application/json");
	ck_assert(has(&response, "\"complete\":false}\n"));
	ck_assert_uint_gt(response.len, (size_t)10 << 20);
	http_clear(&response);
	if (!server_is_sanitized(server))
		ck_assert_uint_lt(server_memory_kib(server),
				  before_kib + MEMORY_KIB + 4096);
	ask(fd, &response, "/long/", "text/html");
	ck_assert(has(&response, "more names than can be listed"));
	ck_assert(has(&response, "</html>\n"));
	http_clear(&response);
	(void)close(fd);
}
END_TEST

static Suite *long_listing_suite(void)
{
	Suite *suite = suite_create("e2e long listing");
	TCase *tcase = harness_case(suite, "long");

	/* Once for all tests, since it takes time to make. */
	tcase_add_unchecked_fixture(tcase, make_large_root, free_root);
	tcase_add_checked_fixture(tcase, start_server, stop_server);
	tcase_add_test(tcase,
		       a_hundred_thousand_files_are_listed_in_bounded_memory);
	tcase_add_test(
		tcase,
		slow_readers_of_a_long_listing_cost_no_more_than_it_says);
	tcase_add_test(tcase, others_are_served_while_a_long_listing_is_made);
	tcase_add_test(tcase, others_are_served_while_many_names_are_read);

	tcase = harness_case(suite, "too long");
	tcase_add_checked_fixture(tcase, NULL, stop_server);
	tcase_add_test(tcase, a_listing_that_is_cut_short_says_so);
	return suite;
}

int main(void)
{
	return harness_run(long_listing_suite());
}
