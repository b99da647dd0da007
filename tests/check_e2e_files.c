/* SPDX-License-Identifier: MIT */
/*
 * The HTTP file service of the running daemon: files of every size and fate,
 * byte for byte, for clients of every pace.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define MIB ((size_t)1 << 20)

/* A prime number of bytes, so that no misplaced block goes unseen. */
#define PERIOD	  ((size_t)1048573)

#define FILE_TEXT "some text\n"

static char *root;
static struct server *server;

static void set_up(void)
{
	root = folder_new();
	folder_write_text(root, "file.txt", FILE_TEXT);
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .obeys_modes = true});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

/* That all is well, over this connection. */
static void expect_small_file(int fd)
{
	struct response response;

	http_get(fd, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

static void expect_service(void)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	expect_small_file(fd);
	(void)close(fd);
}

static unsigned char *new_pattern(void)
{
	unsigned char *data = bytes_new(PERIOD);

	bytes_pattern(data, PERIOD, 3);
	return data;
}

static void write_pattern(const char *name, const unsigned char *data,
			  size_t size)
{
	char *path = folder_path(root, name);
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	while (size > 0) {
		size_t n = size < PERIOD ? size : PERIOD;

		ck_assert_uint_eq(fwrite(data, 1, n, file), n);
		size -= n;
	}
	ck_assert_int_eq(fclose(file), 0);
	free(path);
}

/* Reads size bytes of the pattern, as they are. */
static void expect_pattern(int fd, const unsigned char *data, size_t size)
{
	unsigned char got[65536];
	size_t done = 0;

	while (done < size) {
		size_t off = done % PERIOD;
		size_t most =
			PERIOD - off < size - done ? PERIOD - off : size - done;
		size_t n = tcp_read_some(
			fd, got, most < sizeof(got) ? most : sizeof(got));

		if (n == 0 || memcmp(got, data + off, n) != 0)
			harness_fail("wrong bytes or end after byte %zu", done);
		done += n;
	}
}

/* Below, at and above what is kept in memory, sent in one go, buffered. */
static const size_t sizes[] = {
	1, 4095, 4096, 65535, 65536, 65537, 131072, 524288, 524289, 4 * MIB + 1,
};

START_TEST(a_file_of_this_size_arrives_whole)
{
	unsigned char *data = new_pattern();
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	write_pattern("file.bin", data, sizes[_i]);
	/* Twice: what follows a file on the connection is not disturbed. */
	for (int i = 0; i < 2; i++) {
		http_send_get(fd, "/file.bin");
		http_read_head(fd, &response);
		ck_assert_int_eq(response.status, 200);
		ck_assert_uint_eq(response.len, sizes[_i]);
		expect_pattern(fd, data, sizes[_i]);
	}
	free(data);
	(void)close(fd);
}
END_TEST

START_TEST(large_and_small_files_arrive_in_the_order_of_the_pipeline)
{
	unsigned char *data = new_pattern();
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	write_pattern("large.bin", data, 3 * MIB);
	for (int i = 0; i < 5; i++) {
		http_send_get(fd, "/large.bin");
		http_send_get(fd, "/file.txt");
	}
	for (int i = 0; i < 5; i++) {
		http_read_head(fd, &response);
		ck_assert_uint_eq(response.len, 3 * MIB);
		expect_pattern(fd, data, 3 * MIB);
		http_read(fd, &response, true);
		http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
		http_clear(&response);
	}
	free(data);
	(void)close(fd);
}
END_TEST

START_TEST(sixty_four_mebibytes_arrive_byte_for_byte)
{
	unsigned char *data = new_pattern();
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	size_t before;

	write_pattern("huge.bin", data, 64 * MIB);
	expect_small_file(fd);
	before = server_memory_kib(server);
	http_send_get(fd, "/huge.bin");
	http_read_head(fd, &response);
	ck_assert_uint_eq(response.len, 64 * MIB);
	expect_pattern(fd, data, 64 * MIB);
	/* In bounded memory. */
	ck_assert_uint_lt(server_memory_kib(server), before + 8 * 1024);
	free(data);
	(void)close(fd);
}
END_TEST

START_TEST(a_file_beyond_four_gibibytes_has_its_true_length)
{
	char *path = folder_path(root, "sparse.bin");
	int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	char byte;

	ck_assert_int_eq(ftruncate(file, (off_t)5 << 30), 0);
	tcp_send_text(fd, "HEAD /sparse.bin HTTP/1.1\r\nHost: h\r\n\r\n");
	http_read(fd, &response, false);
	http_expect_field(&response, "Content-Length", "5368709120");
	http_send_get(fd, "/sparse.bin");
	http_read_head(fd, &response);
	ck_assert_uint_eq(response.len, (size_t)5 << 30);
	tcp_read(fd, &byte, 1);
	(void)close(file);
	tcp_reset(fd);
	free(path);
}
END_TEST

START_TEST(a_file_that_shrinks_ends_the_connection)
{
	unsigned char *data = new_pattern();
	char *path = folder_path(root, "huge.bin");
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;
	char buf[65536];
	size_t done = 0;
	ssize_t n;

	write_pattern("huge.bin", data, 64 * MIB);
	http_send_get(fd, "/huge.bin");
	http_read_head(fd, &response);
	ck_assert_int_eq(truncate(path, MIB), 0);
	/* An end or a reset; but not all the bytes, nor a wait for ever. */
	for (;;) {
		sock_must_wait(fd, POLLIN, harness_deadline(), "an end");
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	ck_assert_uint_lt(done, response.len);
	(void)close(fd);
	expect_service();
	free(path);
	free(data);
}
END_TEST

START_TEST(a_file_that_grows_is_sent_as_long_as_promised)
{
	unsigned char *data = new_pattern();
	char *path = folder_path(root, "huge.bin");
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;

	write_pattern("huge.bin", data, 16 * MIB);
	http_send_get(fd, "/huge.bin");
	http_read_head(fd, &response);
	ck_assert_int_eq(truncate(path, 32 * MIB), 0);
	http_send_get(fd, "/file.txt");
	expect_pattern(fd, data, 16 * MIB);
	http_read(fd, &response, true);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
	(void)close(fd);
	free(path);
	free(data);
}
END_TEST

START_TEST(a_file_that_is_replaced_arrives_as_it_was)
{
	unsigned char *data = new_pattern();
	char *from = folder_path(root, "new.bin");
	char *to = folder_path(root, "huge.bin");
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;

	write_pattern("huge.bin", data, 16 * MIB);
	folder_write_text(root, "new.bin", "new");
	http_send_get(fd, "/huge.bin");
	http_read_head(fd, &response);
	ck_assert_int_eq(rename(from, to), 0);
	expect_pattern(fd, data, 16 * MIB);
	http_get(fd, "/huge.bin", &response);
	http_expect(&response, 200, "new", 3);
	http_clear(&response);
	(void)close(fd);
	free(from);
	free(to);
	free(data);
}
END_TEST

START_TEST(a_changed_file_is_served_as_it_is_now)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char text[32];
	struct response response;

	for (int i = 0; i < 50; i++) {
		(void)snprintf(text, sizeof(text), "version %d", i);
		folder_write_text(root, "changing.txt", text);
		http_get(fd, "/changing.txt", &response);
		http_expect(&response, 200, text, strlen(text));
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

START_TEST(slow_readers_of_a_large_file_do_not_delay_others)
{
	enum {
		N_SLOW = 16
	};
	unsigned char *data = new_pattern();
	int slow[N_SLOW], fd;
	struct response response;

	write_pattern("huge.bin", data, 16 * MIB);
	for (int i = 0; i < N_SLOW; i++) {
		slow[i] = tcp_connect_small(server, SERVICE_HTTP);
		http_send_get(slow[i], "/huge.bin");
		http_read_head(slow[i], &response);
	}
	fd = tcp_connect(server, SERVICE_HTTP);
	for (int i = 0; i < 100; i++) {
		expect_small_file(fd);
	}
	/* And each gets all of it when it reads at last. */
	expect_pattern(slow[0], data, 16 * MIB);
	expect_pattern(slow[N_SLOW - 1], data, 16 * MIB);
	for (int i = 0; i < N_SLOW; i++)
		tcp_reset(slow[i]);
	(void)close(fd);
	free(data);
}
END_TEST

START_TEST(late_bytes_do_not_cost_the_client_a_large_answer)
{
	unsigned char *data = new_pattern();
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;

	write_pattern("huge.bin", data, 8 * MIB);
	tcp_send_text(fd, "GET /huge.bin HTTP/1.1\r\nHost: h\r\n"
			  "Connection: close\r\n\r\n");
	http_read_head(fd, &response);
	/* The server is sending, and will have no wish to read this. */
	tcp_send_text(fd, "\r\n");
	expect_pattern(fd, data, 8 * MIB);
	tcp_expect_end(fd);
	(void)close(fd);
	free(data);
}
END_TEST

START_TEST(resets_in_mid_download_do_no_harm)
{
	unsigned char *data = new_pattern();
	struct response response;

	write_pattern("huge.bin", data, 16 * MIB);
	for (int i = 0; i < 50; i++) {
		int fd = tcp_connect_small(server, SERVICE_HTTP);

		http_send_get(fd, "/huge.bin");
		http_read_head(fd, &response);
		tcp_reset(fd);
	}
	expect_service();
	free(data);
}
END_TEST

/* --- what could not be served, and now can --- */

static void ask_status(int fd, const char *target, int status)
{
	struct response response;

	http_get(fd, target, &response);
	http_expect_status(&response, status);
	http_clear(&response);
}

START_TEST(a_refusal_is_not_kept)
{
	char *path = folder_path(root, "changing");
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (int i = 0; i < 20; i++) {
		ask_status(fd, "/changing", 404);
		folder_write_text(root, "changing", "text");
		ask_status(fd, "/changing", 200);
		ck_assert_int_eq(chmod(path, 0), 0);
		ask_status(fd, "/changing", 403);
		ck_assert_int_eq(chmod(path, 0644), 0);
		ask_status(fd, "/changing", 200);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_int_eq(mkdir(path, 0755), 0);
		ask_status(fd, "/changing", 301);
		ck_assert_int_eq(rmdir(path), 0);
	}
	free(path);
	(void)close(fd);
}
END_TEST

START_TEST(an_index_comes_and_goes)
{
	char *path = folder_path(root, "sub/index.html");
	int fd = tcp_connect(server, SERVICE_HTTP);

	folder_add(root, "sub");
	for (int i = 0; i < 20; i++) {
		ask_status(fd, "/sub/", 404);
		folder_write_text(root, "sub/index.html", "text");
		ask_status(fd, "/sub/", 200);
		ck_assert_int_eq(unlink(path), 0);
	}
	free(path);
	(void)close(fd);
}
END_TEST

/* --- files that shrink --- */

START_TEST(a_file_that_was_truncated_is_served_as_it_is_now)
{
	static const off_t lens[] = {1000, 0, 1, 65536, 65537, 0, 65537, 3};
	char *path = folder_path(root, "changing");
	struct response response;
	int fd = tcp_connect(server, SERVICE_HTTP);

	folder_write_text(root, "changing", "");
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		ck_assert_int_eq(truncate(path, lens[i]), 0);
		http_get(fd, "/changing", &response);
		http_expect_status(&response, 200);
		ck_assert_uint_eq(response.len, (size_t)lens[i]);
		http_clear(&response);
	}
	free(path);
	(void)close(fd);
}
END_TEST

/* Reads what comes; returns how much, up to the end of whichever kind. */
static size_t read_to_end(int fd)
{
	static char buf[65536];
	size_t done = 0;
	ssize_t n;

	for (;;) {
		sock_must_wait(fd, POLLIN, harness_deadline(), "an end");
		n = recv(fd, buf, sizeof(buf), 0);
		if (n <= 0)
			return done;
		done += (size_t)n;
	}
}

START_TEST(a_file_that_shrinks_while_many_fetch_it_ends_them_all)
{
	enum {
		N_FDS = 20
	};
	char *path = folder_path(root, "huge");
	struct response response;
	int fds[N_FDS];

	folder_write_text(root, "huge", "");
	ck_assert_int_eq(truncate(path, 64 * MIB), 0);
	for (int i = 0; i < N_FDS; i++) {
		fds[i] = tcp_connect_small(server, SERVICE_HTTP);
		http_send_get(fds[i], "/huge");
		http_read_head(fds[i], &response);
		ck_assert_uint_eq(response.len, 64 * MIB);
	}
	ck_assert_int_eq(truncate(path, 0), 0);
	for (int i = 0; i < N_FDS; i++) {
		ck_assert_uint_lt(read_to_end(fds[i]), 64 * MIB);
		(void)close(fds[i]);
	}
	fds[0] = tcp_connect(server, SERVICE_HTTP);
	http_get(fds[0], "/huge", &response);
	http_expect(&response, 200, "", 0);
	http_clear(&response);
	(void)close(fds[0]);
	free(path);
}
END_TEST

/* A writer that never rests: each answer is whole, of whichever moment. */
START_TEST(a_file_that_changes_all_the_time_is_served_as_long_as_it_is_said)
{
	char *path = folder_path(root, "changing");
	int64_t end_ms = harness_now_ms() + 1000;
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;
	pid_t writer;

	folder_write_text(root, "changing", "");
	writer = fork();
	ck_assert_int_ge(writer, 0);
	if (writer == 0) {
		for (off_t len = 0; getppid() != 1; len = (len + 12345) % 65536)
			if (truncate(path, len) != 0)
				_exit(1);
		_exit(0);
	}
	while (harness_now_ms() < end_ms) {
		http_get(fd, "/changing", &response);
		http_expect_status(&response, 200);
		http_clear(&response);
	}
	ck_assert_int_eq(kill(writer, SIGKILL), 0);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	free(path);
	(void)close(fd);
}
END_TEST

static Suite *files_suite(void)
{
	Suite *suite = suite_create("e2e files");
	TCase *tcase = harness_case(suite, "files");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_file_of_this_size_arrives_whole, 0,
			    ARRAY_LEN(sizes));
	tcase_add_test(
		tcase,
		large_and_small_files_arrive_in_the_order_of_the_pipeline);
	tcase_add_test(tcase, sixty_four_mebibytes_arrive_byte_for_byte);
	tcase_add_test(tcase, a_file_beyond_four_gibibytes_has_its_true_length);
	tcase_add_test(tcase, a_file_that_shrinks_ends_the_connection);
	tcase_add_test(tcase, a_file_that_grows_is_sent_as_long_as_promised);
	tcase_add_test(tcase, a_file_that_is_replaced_arrives_as_it_was);
	tcase_add_test(tcase, a_changed_file_is_served_as_it_is_now);
	tcase_add_test(tcase, slow_readers_of_a_large_file_do_not_delay_others);
	tcase_add_test(tcase, late_bytes_do_not_cost_the_client_a_large_answer);
	tcase_add_test(tcase, resets_in_mid_download_do_no_harm);

	tcase = harness_case(suite, "changes");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_refusal_is_not_kept);
	tcase_add_test(tcase, an_index_comes_and_goes);
	tcase_add_test(tcase, a_file_that_was_truncated_is_served_as_it_is_now);
	tcase_add_test(tcase,
		       a_file_that_shrinks_while_many_fetch_it_ends_them_all);
	tcase_add_test(
		tcase,
		a_file_that_changes_all_the_time_is_served_as_long_as_it_is_said);
	return suite;
}

int main(void)
{
	return harness_run(files_suite());
}
