/* SPDX-License-Identifier: MIT */
/*
 * By what a client may know a file again, from the running daemon: a tag that
 * two contents never share, however their inode, size and times are made to
 * agree, and that one content keeps, however often it is written; and files
 * that do not rest, or are made as they are read.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define SMALL_SIZE 1000		/* read into memory */
#define LARGE_SIZE (100 * 1024) /* of which no byte is looked at */
#define BUILD_S	   1000000000	/* what a build sets all times to */

static char *root;
static struct server *server;

static void set_up(void)
{
	root = folder_new();
	server = server_start(
		&(struct server_options){.http = "0", .root = root});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

static void set_mtime(const char *name, time_t s)
{
	char *path = folder_path(root, name);
	const struct timespec times[2] = {{s, 0}, {s, 0}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

/* Content of one size, whose every byte tells the version. */
static void write_version(const char *name, size_t size, char version)
{
	char *content = bytes_new(size);

	memset(content, version, size);
	folder_write(root, name, content, size);
	set_mtime(name, BUILD_S);
	free(content);
}

static void expect_version(const struct response *response, size_t size,
			   char version)
{
	http_expect_status(response, 200);
	ck_assert_uint_eq(response->len, size);
	for (size_t i = 0; i < size; i++)
		if (response->content[i] != (unsigned char)version)
			harness_fail("byte %zu is of another version", i);
}

/* Asks until there is a tag: of a large file it waits for a tick. */
static void get_etag(int fd, const char *target, char etag[128])
{
	int64_t deadline = harness_deadline();
	struct response response;
	bool has_tag;

	do {
		http_ask(fd, &response,
			 "GET %s HTTP/1.1\r\nAccept-Encoding: gzip", target);
		http_expect_status(&response, 200);
		has_tag = http_field(&response, "ETag", etag, 128);
		http_clear(&response);
		if (!has_tag && harness_left_ms(deadline) == 0)
			harness_fail("%s: no tag", target);
	} while (!has_tag);
}

/* --- two contents never share a tag --- */

static void write_in_place(size_t size)
{
	write_version("file", size, '2');
}

/* The inode of the old file may well be the new one's. */
static void delete_and_write(size_t size)
{
	char *path = folder_path(root, "file");

	ck_assert_int_eq(unlink(path), 0);
	free(path);
	write_version("file", size, '2');
}

static void rename_over(size_t size)
{
	char *path = folder_path(root, "file"), *new = folder_path(root, "new");

	write_version("new", size, '2');
	ck_assert_int_eq(rename(new, path), 0);
	free(path);
	free(new);
}

static const struct {
	void (*change)(size_t size);
	size_t size;
} disguises[] = {
	{write_in_place, SMALL_SIZE},	{write_in_place, LARGE_SIZE},
	{delete_and_write, SMALL_SIZE}, {delete_and_write, LARGE_SIZE},
	{rename_over, SMALL_SIZE},	{rename_over, LARGE_SIZE},
};

START_TEST(a_build_with_the_same_times_has_another_tag)
{
	const size_t size = disguises[_i].size;
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	char etag[128];

	write_version("file", size, '1');
	get_etag(fd, "/file", etag);
	disguises[_i].change(size);
	http_ask(fd, &response, "GET /file HTTP/1.1\r\nIf-None-Match: %s",
		 etag);
	expect_version(&response, size, '2');
	http_clear(&response);
	http_ask(fd, &response,
		 "GET /file HTTP/1.1\r\nRange: bytes=500-\r\nIf-Range: %s",
		 etag);
	expect_version(&response, size, '2');
	http_clear(&response);
	(void)close(fd);
}
END_TEST

static const size_t sizes[] = {SMALL_SIZE, LARGE_SIZE};

START_TEST(an_encoded_sibling_with_the_same_times_has_another_tag)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	char etag[128];

	write_version("file", SMALL_SIZE, 'f');
	write_version("file.gz", sizes[_i], '1');
	get_etag(fd, "/file", etag);
	write_version("file.gz", sizes[_i], '2');
	http_ask(fd, &response,
		 "GET /file HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "If-None-Match: %s",
		 etag);
	expect_version(&response, sizes[_i], '2');
	http_expect_field(&response, "Content-Encoding", "gzip");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* The tags must differ, and the same bytes would have the same. */
START_TEST(a_file_is_no_encoding_of_itself)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_write_text(root, "file", "");
	folder_write_text(root, "file.gz", "");
	http_ask(fd, &response, "GET /file HTTP/1.1\r\nAccept-Encoding: gzip");
	http_expect(&response, 200, "", 0);
	http_expect_field(&response, "Content-Encoding", NULL);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- one content keeps its tag --- */

START_TEST(the_same_content_has_the_same_tag)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	char etag[128];

	write_version("file", SMALL_SIZE, '1');
	get_etag(fd, "/file", etag);
	rename_over(SMALL_SIZE);
	delete_and_write(SMALL_SIZE);
	write_version("file", SMALL_SIZE, '1');
	set_mtime("file", BUILD_S + 1);
	http_ask(fd, &response, "GET /file HTTP/1.1\r\nIf-None-Match: %s",
		 etag);
	http_expect_status(&response, 304);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* As two hosts behind one balancer, or one that was set up anew. */
START_TEST(two_servers_agree_about_a_tag)
{
	char *other_root = folder_new();
	struct server *other = server_start(
		&(struct server_options){.http = "0", .root = other_root});
	int fd = tcp_connect(server, SERVICE_HTTP);
	int other_fd = tcp_connect(other, SERVICE_HTTP);
	char etag[128], other_etag[128];

	folder_write_text(root, "file", "some text");
	folder_write_text(other_root, "name", "some text");
	get_etag(fd, "/file", etag);
	get_etag(other_fd, "/name", other_etag);
	ck_assert_str_eq(etag, other_etag);
	(void)close(fd);
	(void)close(other_fd);
	server_stop(other);
	free(other_root);
}
END_TEST

/* Content needs no clock to have moved on. */
START_TEST(a_small_file_has_a_tag_at_once)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char text[32], etag[128], last[128] = "";
	struct response response;

	for (int i = 0; i < 200; i++) {
		(void)snprintf(text, sizeof(text), "version %d", i % 10);
		folder_write_text(root, "file", text);
		http_get(fd, "/file", &response);
		http_expect(&response, 200, text, strlen(text));
		ck_assert(http_field(&response, "ETag", etag, sizeof(etag)));
		ck_assert_str_ne(etag, last);
		(void)strcpy(last, etag);
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

/* --- times --- */

static const time_t no_times[] = {0, -1, -1000000000};

START_TEST(a_time_before_all_times_is_not_told)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_write_text(root, "file", "some text");
	set_mtime("file", no_times[_i]);
	http_ask(fd, &response,
		 "GET /file HTTP/1.1\r\n"
		 "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT");
	http_expect(&response, 200, "some text", 9);
	http_expect_field(&response, "Last-Modified", NULL);
	http_clear(&response);
	http_ask(fd, &response,
		 "GET /file HTTP/1.1\r\nRange: bytes=1-\r\n"
		 "If-Range: Thu, 01 Jan 1970 00:00:00 GMT");
	http_expect(&response, 200, "some text", 9);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- files that do not rest --- */

static void rewrite(const char *path, size_t size, char byte)
{
	char content[SMALL_SIZE];
	int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	memset(content, byte, sizeof(content));
	if (file < 0 || write(file, content, size) != (ssize_t)size)
		_exit(1);
	(void)close(file);
}

static pid_t start_rewriting(const char *path)
{
	pid_t writer = fork();

	ck_assert_int_ge(writer, 0);
	if (writer > 0)
		return writer;
	for (unsigned i = 0; getppid() != 1; i++)
		rewrite(path, SMALL_SIZE - i % 500, (char)('a' + i % 26));
	_exit(0);
}

START_TEST(a_small_file_that_is_rewritten_without_pause_is_served)
{
	char *path = folder_path(root, "file");
	int64_t end_ms = harness_now_ms() + 1000;
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	pid_t writer;

	folder_write_text(root, "file", "");
	writer = start_rewriting(path);
	while (harness_now_ms() < end_ms) {
		http_get(fd, "/file", &response);
		http_expect_status(&response, 200);
		ck_assert_uint_le(response.len, SMALL_SIZE);
		http_clear(&response);
	}
	ck_assert_int_eq(kill(writer, SIGKILL), 0);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	free(path);
	(void)close(fd);
}
END_TEST

/* --- files that are made as they are read --- */

static struct server *start_at(const char *folder)
{
	return server_start(
		&(struct server_options){.http = "0", .root = folder});
}

/* A file whose content is not what its size says, and does not change. */
static const struct {
	const char *folder;
	const char *name;
} made[] = {
	{"/proc", "version"},		 /* says 0 */
	{"/proc/sys/kernel", "ostype"},	 /* says 0 */
	{"/proc", "filesystems"},	 /* in several reads, perhaps */
	{"/proc", "iomem"},		 /* beyond one page */
	{"/sys/class/net/lo", "mtu"},	 /* says a page */
	{"/sys/kernel", "profiling"},	 /* says a page */
	{"/sys/class/net/lo", "uevent"}, /* says a page */
};

static size_t read_made(const char *folder, const char *name, char *buf,
			size_t size)
{
	char *path = folder_path(folder, name);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	free(path);
	if (file < 0)
		return 0;
	while (n > 0 && len < size) {
		n = read(file, buf + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	(void)close(file);
	return len;
}

START_TEST(what_is_made_as_it_is_read_is_read)
{
	static char want[65536], target[64];
	size_t len =
		read_made(made[_i].folder, made[_i].name, want, sizeof(want));
	struct response response;
	struct server *made_server;

	if (len == 0) {
		harness_skip("no %s/%s here", made[_i].folder, made[_i].name);
		return;
	}
	made_server = start_at(made[_i].folder);
	(void)snprintf(target, sizeof(target), "/%s", made[_i].name);
	http_fetch(made_server, target, &response);
	http_expect(&response, 200, want, len);
	http_expect_field(&response, "Last-Modified", NULL);
	http_clear(&response);
	server_stop(made_server);
}
END_TEST

/* Its times do not tell. */
START_TEST(what_is_made_anew_is_read_anew)
{
	int64_t deadline = harness_deadline();
	struct server *made_server = start_at("/proc");
	int fd = tcp_connect(made_server, SERVICE_HTTP);
	struct response first, next;
	bool is_same = true;

	http_get(fd, "/uptime", &first);
	http_expect_status(&first, 200);
	ck_assert_uint_gt(first.len, 0);
	while (is_same && harness_left_ms(deadline) > 0) {
		http_get(fd, "/uptime", &next);
		http_expect_status(&next, 200);
		is_same = next.len == first.len &&
			  memcmp(next.content, first.content, next.len) == 0;
		http_clear(&next);
	}
	ck_assert(!is_same);
	http_clear(&first);
	(void)close(fd);
	server_stop(made_server);
}
END_TEST

START_TEST(what_is_made_without_end_is_refused)
{
	static char buf[(1 << 20) + 1];
	struct server *made_server;
	struct response response;

	if (read_made("/proc", "kallsyms", buf, sizeof(buf)) < sizeof(buf)) {
		harness_skip("no large file in /proc here");
		return;
	}
	made_server = start_at("/proc");
	http_fetch(made_server, "/kallsyms", &response);
	http_expect_status(&response, 403);
	http_clear(&response);
	server_stop(made_server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e validators");
	TCase *tcase = harness_case(suite, "tags");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_build_with_the_same_times_has_another_tag,
			    0, ARRAY_LEN(disguises));
	tcase_add_loop_test(
		tcase, an_encoded_sibling_with_the_same_times_has_another_tag,
		0, ARRAY_LEN(sizes));
	tcase_add_test(tcase, a_file_is_no_encoding_of_itself);
	tcase_add_test(tcase, the_same_content_has_the_same_tag);
	tcase_add_test(tcase, two_servers_agree_about_a_tag);
	tcase_add_test(tcase, a_small_file_has_a_tag_at_once);
	tcase_add_loop_test(tcase, a_time_before_all_times_is_not_told, 0,
			    ARRAY_LEN(no_times));
	tcase_add_test(tcase,
		       a_small_file_that_is_rewritten_without_pause_is_served);

	tcase = harness_case(suite, "made");
	tcase_add_loop_test(tcase, what_is_made_as_it_is_read_is_read, 0,
			    ARRAY_LEN(made));
	tcase_add_test(tcase, what_is_made_anew_is_read_anew);
	tcase_add_test(tcase, what_is_made_without_end_is_refused);
	return harness_run(suite);
}
