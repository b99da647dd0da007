/* SPDX-License-Identifier: MIT */
/*
 * The bounds of the file cache of the running daemon: however many files are
 * asked for, the memory and the descriptors that it keeps stay within what the
 * operator has set, every answer is right, and a file that is gone does not go
 * on taking room on the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FOLDER_FILES 1000
#define N_CONTENTS   99 /* no part of a batch is like another */
#define SMALL_SIZE   2000
#define LARGE_SIZE   (64 * 1024 + 1)
#define BATCH	     50 /* requests that are on their way at once */

static char *root;
static struct server *server;

static void start(const char *const more[], rlim_t descriptors)
{
	server = server_start(
		&(struct server_options){.http = "0",
					 .root = root,
					 .more = more,
					 .soft_descriptors = descriptors,
					 .hard_descriptors = descriptors});
}

/* Forty thousand files, of which 16,384 are remembered; under a sanitizer
 * fewer, and that is said. */
static int n_small_files(void)
{
	if (!server_is_sanitized(server))
		return 40000;
	harness_skip("20,000 of 40,000 files, under a sanitizer");
	return 20000;
}

static void make_name(char name[32], int i)
{
	(void)snprintf(name, 32, "%03d/%03d", i / FOLDER_FILES,
		       i % FOLDER_FILES);
}

/* What the file of this number has in it: not what its neighbours have. */
static void make_content(char content[SMALL_SIZE], int i)
{
	memset(content, ' ', SMALL_SIZE);
	(void)snprintf(content, SMALL_SIZE, "content %d", i % N_CONTENTS);
}

/* The first ones are files; the others are names of theirs, quickly made. */
static void make_small_file(int dir, int i)
{
	char name[32], first[32], content[SMALL_SIZE];

	make_name(name, i);
	if (i < N_CONTENTS) {
		make_content(content, i);
		folder_write(root, name, content, sizeof(content));
		return;
	}
	make_name(first, i % N_CONTENTS);
	ck_assert_int_eq(linkat(dir, first, dir, name, 0), 0);
}

static void make_small_files(int n)
{
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[32];

	for (int i = 0; i < n; i++) {
		if (i % FOLDER_FILES == 0) {
			(void)snprintf(name, sizeof(name), "%03d",
				       i / FOLDER_FILES);
			folder_add(root, name);
		}
		make_small_file(dir, i);
	}
	(void)close(dir);
}

/* Sparse, so that they cost nothing. */
static void make_large_files(int n)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		char *path;

		(void)snprintf(name, sizeof(name), "large%d", i);
		folder_write_text(root, name, name);
		path = folder_path(root, name);
		ck_assert_int_eq(truncate(path, LARGE_SIZE), 0);
		free(path);
	}
}

static void send_batch(int fd, int first)
{
	char text[BATCH * 64], name[32];
	size_t len = 0;

	for (int i = first; i < first + BATCH; i++) {
		make_name(name, i);
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"GET /%s HTTP/1.1\r\nHost: h\r\n\r\n",
					name);
	}
	tcp_send(fd, text, len);
}

/* The whole size of the answer that begins here; 0 while it is not here. */
static size_t answer_size(const char *at, size_t len)
{
	static const char field[] = "\r\nContent-Length: ";
	const char *end = strstr(at, "\r\n\r\n"), *value;
	size_t size;

	if (!end)
		return 0;
	value = strstr(at, field);
	ck_assert(value && value < end);
	size = (size_t)(end - at) + 4 +
	       strtoul(value + sizeof(field) - 1, NULL, 10);
	return size <= len ? size : 0;
}

static void expect_small(const char *answer, size_t size, int i)
{
	char content[SMALL_SIZE];

	make_content(content, i);
	if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || size < SMALL_SIZE ||
	    memcmp(answer + size - SMALL_SIZE, content, SMALL_SIZE) != 0 ||
	    memcmp(answer + size - SMALL_SIZE - 4, "\r\n\r\n", 4) != 0)
		harness_fail("not file %d: %.*s", i, (int)size, answer);
}

static void expect_absent(const char *answer, size_t size, int i)
{
	if (strncmp(answer, "HTTP/1.1 404 ", 13) != 0)
		harness_fail("file %d: %.*s", i, (int)size, answer);
}

/* Reads what fifty answers need in a few calls, and judges each. */
static void expect_batch(int fd, int first,
			 void (*expect)(const char *answer, size_t size, int i))
{
	static char answers[BATCH * (SMALL_SIZE + 1024)];
	size_t len = 0, off = 0, size, n;

	for (int i = first; i < first + BATCH;) {
		n = tcp_read_some(fd, answers + len, sizeof(answers) - 1 - len);
		ck_assert_uint_gt(n, 0);
		len += n;
		answers[len] = '\0';
		while (i < first + BATCH &&
		       (size = answer_size(answers + off, len - off)) > 0) {
			expect(answers + off, size, i++);
			off += size;
		}
	}
	ck_assert_uint_eq(off, len);
}

/* Asks for the files [first, end), many at once. */
static void fetch(int fd, int first, int end,
		  void (*expect)(const char *answer, size_t size, int i))
{
	for (int at = first; at < end; at += BATCH) {
		send_batch(fd, at);
		expect_batch(fd, at, expect);
	}
}

static void expect_large(int fd, int i)
{
	struct response response;
	char target[48];

	(void)snprintf(target, sizeof(target), "/large%d", i);
	http_get(fd, target, &response);
	http_expect_status(&response, 200);
	ck_assert_uint_eq(response.len, LARGE_SIZE);
	ck_assert_str_eq((const char *)response.content, target + 1);
	http_clear(&response);
}

/* Memory that the allocator may take beyond what is accounted for. */
#define SLACK_KIB (6 * 1024)

static const struct {
	const char *options[4];
	size_t most_kib; /* the cache and its tables */
} bounds[] = {
	{{"--cache-size=8M", NULL}, 8 * 1024},
	{{"--cache-size=0", NULL}, 0},
	{{"--cache-files=1000", NULL}, 1000 * (SMALL_SIZE + 1000) / 1024},
	{{"--cache-files=0", NULL}, 0},
	{{"--cache-size=1G", "--cache-files=5000", NULL},
	 5000 * (SMALL_SIZE + 1000) / 1024},
};

/* All of the bounds upon the same files, since it takes time to make them. */
START_TEST(forty_thousand_files_take_no_more_than_allowed)
{
	int n = 0;

	root = folder_new();
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		size_t before_kib, descriptors;
		int fd;

		start(bounds[i].options, 0);
		if (i == 0) {
			n = n_small_files();
			make_small_files(n);
		}
		fd = tcp_connect(server, SERVICE_HTTP);
		before_kib = server_memory_kib(server);
		descriptors = server_count_descriptors(server, NULL);
		/* Every one of them upon the first bound, then enough. */
		fetch(fd, 0, i == 0 ? n : n / 10, expect_small);
		fetch(fd, 0, FOLDER_FILES, expect_small);
		if (!server_is_sanitized(server))
			ck_assert_uint_lt(server_memory_kib(server),
					  before_kib + bounds[i].most_kib +
						  SLACK_KIB);
		ck_assert_uint_le(server_count_descriptors(server, NULL),
				  descriptors + 1);
		(void)close(fd);
		server_stop(server);
	}
	free(root);
}
END_TEST

/*
 * How many descriptors the process may have, and how many of them, of a
 * thousand large files, may be the cache's: a part that leaves the clients
 * theirs.
 */
static const struct {
	rlim_t limit;
	size_t most;
} descriptors[] = {
	{64, 16},
	{256, 64},
	{1024, 256},
};

START_TEST(a_thousand_large_files_leave_descriptors_for_clients)
{
	size_t most = descriptors[_i].most, held;
	int fd, others[16];

	root = folder_new();
	make_large_files(1000);
	start(NULL, descriptors[_i].limit);
	fd = tcp_connect(server, SERVICE_HTTP);
	for (int i = 0; i < 1000; i++)
		expect_large(fd, i);
	held = server_count_descriptors(server, "/large");
	ck_assert_uint_gt(held, 0);
	ck_assert_uint_le(held, most);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		others[i] = tcp_connect(server, SERVICE_HTTP);
		expect_large(others[i], (int)i);
	}
	ck_assert_uint_le(server_count_descriptors(server, "/large"), most);
	/* And once more: what was given up is opened again. */
	expect_large(fd, 0);
	server_stop(server);
	free(root);
}
END_TEST

START_TEST(large_files_count_against_the_number_of_files)
{
	static const char *const more[] = {"--cache-files=10", NULL};
	struct response response;
	int fd;

	root = folder_new();
	make_large_files(100);
	start(more, 0);
	fd = tcp_connect(server, SERVICE_HTTP);
	for (int i = 0; i < 100; i++)
		expect_large(fd, i);
	/* The last one may still be in hand until the server is asked again. */
	http_send_get(fd, "/nothing");
	http_read(fd, &response, true);
	http_clear(&response);
	ck_assert_uint_le(server_count_descriptors(server, "/large"), 10);
	(void)close(fd);
	server_stop(server);
	free(root);
}
END_TEST

/* Names that do not exist, are refused, or are folders: nothing is kept. */
START_TEST(forty_thousand_absent_names_take_no_memory)
{
	size_t before_kib;
	int fd;

	root = folder_new();
	start(NULL, 0);
	fd = tcp_connect(server, SERVICE_HTTP);
	before_kib = server_memory_kib(server);
	fetch(fd, 0, 40000, expect_absent);
	if (!server_is_sanitized(server))
		ck_assert_uint_lt(server_memory_kib(server),
				  before_kib + SLACK_KIB);
	(void)close(fd);
	server_stop(server);
	free(root);
}
END_TEST

/* --- files that are gone --- */

static void wait_for_no_deleted(void)
{
	int64_t deadline = harness_deadline();

	while (server_count_descriptors(server, "(deleted)") > 0) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("a deleted file is still open");
		/* Nothing tells when another process closes a file. */
		(void)poll(NULL, 0, 20);
	}
}

static void delete_large(int i)
{
	char name[32], *path;

	(void)snprintf(name, sizeof(name), "large%d", i);
	path = folder_path(root, name);
	ck_assert_int_eq(unlink(path), 0);
	free(path);
}

START_TEST(a_deleted_file_is_given_up_though_nobody_asks_for_it)
{
	static const char *const more[] = {"--cache-open-time=1500ms", NULL};
	int fd;

	root = folder_new();
	make_large_files(20);
	start(more, 0);
	fd = tcp_connect(server, SERVICE_HTTP);
	for (int i = 0; i < 20; i++)
		expect_large(fd, i);
	for (int i = 0; i < 20; i++)
		delete_large(i);
	/* They are kept, or this test says nothing. */
	ck_assert_uint_eq(server_count_descriptors(server, "(deleted)"), 20);
	wait_for_no_deleted();
	(void)close(fd);
	server_stop(server);
	free(root);
}
END_TEST

START_TEST(a_deleted_file_is_given_up_when_somebody_asks_for_it)
{
	struct response response;
	int fd;

	root = folder_new();
	make_large_files(1);
	start(NULL, 0);
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_large(fd, 0);
	delete_large(0);
	http_get(fd, "/large0", &response);
	http_expect_status(&response, 404);
	http_clear(&response);
	/* One more answer: then the turn of the one before has ended. */
	http_get(fd, "/large0", &response);
	http_clear(&response);
	ck_assert_uint_eq(server_count_descriptors(server, "(deleted)"), 0);
	(void)close(fd);
	server_stop(server);
	free(root);
}
END_TEST

/* It is sent to its end all the same, and then given up. */
START_TEST(a_deleted_file_that_is_being_sent_is_given_up_afterwards)
{
	const size_t size = (size_t)32 << 20;
	struct response response;
	char *path;
	int fd;

	root = folder_new();
	make_large_files(1);
	path = folder_path(root, "large0");
	ck_assert_int_eq(truncate(path, (off_t)size), 0);
	start(NULL, 0);
	fd = tcp_connect_small(server, SERVICE_HTTP);
	http_send_get(fd, "/large0");
	http_read_head(fd, &response);
	delete_large(0);
	response.content = bytes_new(size);
	tcp_read(fd, response.content, size);
	http_clear(&response);
	http_get(fd, "/large0", &response);
	http_expect_status(&response, 404);
	http_clear(&response);
	http_get(fd, "/large0", &response);
	http_clear(&response);
	ck_assert_uint_eq(server_count_descriptors(server, "(deleted)"), 0);
	(void)close(fd);
	server_stop(server);
	free(path);
	free(root);
}
END_TEST

static Suite *bounds_suite(void)
{
	Suite *suite = suite_create("e2e bounds");
	TCase *tcase = harness_case(suite, "bounds");

	tcase_add_test(tcase, forty_thousand_files_take_no_more_than_allowed);
	tcase_add_loop_test(
		tcase, a_thousand_large_files_leave_descriptors_for_clients, 0,
		ARRAY_LEN(descriptors));
	tcase_add_test(tcase, large_files_count_against_the_number_of_files);
	tcase_add_test(tcase, forty_thousand_absent_names_take_no_memory);

	tcase = harness_case(suite, "files that are gone");
	tcase_add_test(tcase,
		       a_deleted_file_is_given_up_though_nobody_asks_for_it);
	tcase_add_test(tcase,
		       a_deleted_file_is_given_up_when_somebody_asks_for_it);
	tcase_add_test(
		tcase,
		a_deleted_file_that_is_being_sent_is_given_up_afterwards);
	return suite;
}

int main(void)
{
	return harness_run(bounds_suite());
}
