/* SPDX-License-Identifier: MIT */
/*
 * Content that follows its head, over a socket pair with the smallest buffers:
 * every byte that was promised comes, once and in order, whether it lies in
 * memory or behind a descriptor and however it is cut; in slices, so that
 * others have their turn; and a file that shrinks ends the connection.
 */
#include "web/body.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "conn_fixture.h"
#include "harness.h"
#include "http/head.h"
#include "leak.h"
#include "scarce.h"

#define TURN_BYTES (2 << 20) /* by default */
#define SMALL	   1000
#define LARGE	   ((size_t)3 << 20)
#define BOUNDARY   "boundaryboundary"

/* What sendfile(2) fails with, once; 0 for nothing. */
static int send_error;
static bool is_imagined; /* it sends nothing, and says it were all */

ssize_t sendfile(int to, int from, off_t *off, size_t len)
{
	if (send_error != 0) {
		errno = send_error;
		send_error = 0;
		return -1;
	}
	return is_imagined ? (ssize_t)len
			   : syscall(SYS_sendfile, to, from, off, len);
}

static struct fixture *fixture;
static struct docroot *root;
static struct cache *cache;
static char *folder;
static unsigned char *data;

static void set_up(void)
{
	const struct cache_limits limits = {8 << 20, 10, 10};

	send_error = 0;
	is_imagined = false;
	folder = folder_new();
	data = bytes_new(LARGE);
	bytes_pattern(data, LARGE, 1);
	folder_write(folder, "small", data, SMALL);
	folder_write(folder, "large", data, LARGE);
	fixture = fixture_new(LONG_NS);
	root = docroot_open(folder);
	ck_assert_ptr_nonnull(root);
	cache = cache_new(&fixture->loop, root, NULL, &limits);
	ck_assert_ptr_nonnull(cache);
}

static void tear_down(void)
{
	cache_free(cache);
	turn(fixture); /* whose end closes what the cache gave up */
	ck_assert_uint_eq(fixture->loop.n_held, 0);
	fixture_free(fixture);
	docroot_close(root);
	free(folder);
	free(data);
}

static struct http_answer answer_of(const struct cache_entry *entry)
{
	return (struct http_answer){
		.status = 200,
		.content = HTTP_CONTENT_FILE,
		.media_type = "text/plain",
		.coding = HTTP_CODING_IDENTITY,
		.size = entry->file.size,
	};
}

static struct cache_entry *find(const char *path)
{
	struct http_file refusal;
	struct cache_entry *entry = cache_get(cache, slice_of(path), &refusal);

	ck_assert_ptr_nonnull(entry);
	return entry;
}

/* Takes what has come; returns how much of it there is then. */
static size_t drink(char *got, size_t len, size_t size)
{
	ssize_t n;

	while ((n = recv(fixture->peer, got + len, size - len, MSG_DONTWAIT)) >
	       0)
		len += (size_t)n;
	return len;
}

/* The peer reads as it comes; returns how much came in all. */
static size_t send_all(struct body *body, char *got, size_t size)
{
	enum conn_sent sent;
	size_t len = 0;

	do {
		sent = body->send(body, fixture->conn);
		len = drink(got, len, size);
		while (sent == CONN_HELD && conn_has_held(fixture->conn)) {
			conn_wait_writable(fixture->conn, &fixture->stall);
			turn(fixture);
			len = drink(got, len, size);
		}
	} while (sent == CONN_HELD);
	ck_assert_int_eq(sent, CONN_SENT);
	return drink(got, len, size);
}

/* --- ranges --- */

static const struct {
	const char *file;
	size_t n;
	struct http_range list[3];
	const char *why;
} rows[] = {
	{"small", 0, {{0, 0}}, "the whole"},
	{"large", 0, {{0, 0}}, "the whole"},
	{"small", 1, {{0, 1}}, "the first byte"},
	{"small", 1, {{SMALL - 1, 1}}, "the last byte"},
	{"large", 1, {{0, 1}}, "the first byte"},
	{"large", 1, {{LARGE - 1, 1}}, "the last byte"},
	{"large", 1, {{1, LARGE - 2}}, "all but the ends"},
	{"small", 2, {{0, 1}, {10, 5}}, "two parts"},
	{"small", 3, {{0, 1}, {10, 5}, {SMALL - 3, 3}}, "three parts"},
	{"large", 3, {{7, 1}, {99, LARGE / 2}, {LARGE - 9, 9}}, "three parts"},
};

/* What must come, made in one piece; returns its length. */
static size_t expected_of(const struct http_answer *answer, char *expected)
{
	size_t len = 0, n = answer->ranges.n;

	if (n == 0) {
		memcpy(expected, data, answer->size);
		return answer->size;
	}
	for (size_t i = 0; i < n + (n > 1); i++) {
		struct text text = text_in(expected + len, HTTP_PART_MAX);

		if (n > 1)
			http_part_write(&text, answer, i, BOUNDARY);
		len += text.len;
		if (i == n)
			break;
		memcpy(expected + len, data + answer->ranges.list[i].first,
		       answer->ranges.list[i].len);
		len += answer->ranges.list[i].len;
	}
	return len;
}

START_TEST(what_was_promised_comes_once_and_in_order)
{
	size_t size = LARGE + 4 * HTTP_PART_MAX, len;
	char *expected = bytes_new(size), *got = bytes_new(size);
	struct cache_entry *entry = find(rows[_i].file);
	struct http_answer answer = answer_of(entry);
	struct body *body;

	answer.ranges.n = rows[_i].n;
	memcpy(answer.ranges.list, rows[_i].list, sizeof(rows[_i].list));
	len = expected_of(&answer, expected);
	ck_assert_uint_eq(http_content_length(&answer, BOUNDARY), len);
	body = body_new_file(entry, &answer, BOUNDARY);
	ck_assert_ptr_nonnull(body);
	memset(&answer, '!', sizeof(answer)); /* it was copied */
	ck_assert_msg(send_all(body, got, size) == len, "%s", rows[_i].why);
	ck_assert_msg(!memcmp(got, expected, len), "%s", rows[_i].why);
	ck_assert_uint_eq(fixture->conn->n_sent, len);
	/* There is no more of it. */
	ck_assert_int_eq(body->send(body, fixture->conn), CONN_SENT);
	ck_assert_uint_eq(drink(got, 0, size), 0);
	body_free(body);
	free(expected);
	free(got);
}
END_TEST

/* --- turns --- */

/* A peer that reads whatever comes, as fast as it comes. */
static void read_on(void)
{
	char buf[65536];

	while (drink(buf, 0, sizeof(buf)) == sizeof(buf))
		;
}

static const struct {
	size_t spent; /* before */
	size_t most;
	const char *why;
} slices[] = {
	{0, 2 << 20, "a young turn has time"},
	{TURN_BYTES, 256 << 10, "an old one less"},
};

/* A socket with room for all, so that only the budget ends a slice. */
START_TEST(a_slice_is_bounded)
{
	struct cache_entry *entry = find("large");
	struct http_answer answer = answer_of(entry);
	struct body *body = body_new_file(entry, &answer, BOUNDARY);
	enum conn_sent sent;

	is_imagined = true;
	fixture->loop.spent = slices[_i].spent;
	sent = body->send(body, fixture->conn);
	ck_assert_int_eq(sent, CONN_HELD);
	ck_assert(!conn_has_held(fixture->conn));
	ck_assert_uint_eq(fixture->loop.spent - slices[_i].spent,
			  fixture->conn->n_sent);
	ck_assert_msg(fixture->conn->n_sent == slices[_i].most, "%s",
		      slices[_i].why);
	body_free(body);
}
END_TEST

/* Each part costs two system calls, however short it is. */
START_TEST(parts_count_in_the_turn)
{
	struct cache_entry *entry = find("small");
	struct http_answer answer = answer_of(entry);
	struct body *body;
	size_t n = 0;
	int room = 1 << 20; /* for all of it: the socket ends no step */

	ck_assert_int_eq(setsockopt(fixture->conn->fd, SOL_SOCKET, SO_SNDBUF,
				    &room, sizeof(room)),
			 0);
	answer.ranges.n = HTTP_RANGES_MAX;
	for (size_t i = 0; i < HTTP_RANGES_MAX; i++)
		answer.ranges.list[i] = (struct http_range){2 * i, 1};
	body = body_new_file(entry, &answer, BOUNDARY);
	do {
		enum conn_sent sent;
		size_t before = fixture->conn->n_sent;

		fixture->loop.spent = TURN_BYTES;
		sent = body->send(body, fixture->conn);
		read_on();
		ck_assert_uint_le(fixture->loop.spent,
				  TURN_BYTES + (300 << 10));
		if (sent == CONN_SENT)
			break;
		ck_assert_uint_gt(fixture->conn->n_sent, before);
		while (conn_has_held(fixture->conn)) {
			conn_wait_writable(fixture->conn, &fixture->stall);
			turn(fixture);
			read_on();
		}
	} while (++n < 100);
	ck_assert_uint_ge(n, 7);
	ck_assert_uint_lt(n, 100);
	body_free(body);
}
END_TEST

/* --- trouble --- */

START_TEST(a_file_that_shrinks_ends_the_connection)
{
	struct cache_entry *entry = find("large");
	struct http_answer answer = answer_of(entry);
	struct body *body = body_new_file(entry, &answer, BOUNDARY);

	folder_write(folder, "large", data, 10);
	while (body->send(body, fixture->conn) == CONN_HELD)
		read_on();
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_SHRUNK);
	body_free(body);
	turn(fixture);
}
END_TEST

/* What is logged of a file with this name that shrinks. */
static const char *log_of_shrunk(const char *name)
{
	static char text[4096];
	struct cache_entry *entry;
	struct http_answer answer;
	struct body *body;
	int fds[2];
	ssize_t n;

	harness_pipe(fds);
	log_open("test", fds[1]);
	folder_write(folder, name, data, LARGE);
	entry = find(name);
	answer = answer_of(entry);
	body = body_new_file(entry, &answer, BOUNDARY);
	folder_write(folder, name, data, 10);
	while (body->send(body, fixture->conn) == CONN_HELD)
		read_on();
	body_free(body);
	turn(fixture);
	log_flush();
	n = read(fds[0], text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	(void)close(fds[0]);
	(void)close(fds[1]);
	return text;
}

START_TEST(a_file_that_shrinks_is_named_in_the_log)
{
	static const char name[] = "a\033b";

	ck_assert_ptr_nonnull(strstr(log_of_shrunk(name), ": a\\x1Bb: shrank"));
}
END_TEST

/* Each byte of it is four then. */
START_TEST(a_path_that_is_all_escaped_is_whole_in_the_log)
{
	char name[201], seen[900] = ": ";

	memset(name, 1, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		strcat(seen, "\\x01");
	strcat(seen, ": shrank");
	ck_assert_ptr_nonnull(strstr(log_of_shrunk(name), seen));
}
END_TEST

START_TEST(a_long_path_is_cut_in_the_log)
{
	char name[302], seen[272];

	memset(name, 'd', 150);
	name[150] = '\0';
	folder_add(folder, name);
	memset(name, 'd', sizeof(name) - 1);
	name[150] = '/';
	name[sizeof(name) - 1] = '\0';
	(void)snprintf(seen, sizeof(seen), ": %.256s: shrank", name);
	ck_assert_ptr_nonnull(strstr(log_of_shrunk(name), seen));
}
END_TEST

static const struct {
	int error;
	bool is_broken;
	enum conn_reason reason;
} errors[] = {
	{EAGAIN, false, CONN_FINISHED}, {EINTR, false, CONN_FINISHED},
	{EPIPE, true, CONN_FAILED},	{ECONNRESET, true, CONN_FAILED},
	{EIO, true, CONN_FAILED},
};

START_TEST(an_error_ends_the_connection_or_is_waited_out)
{
	char *got = bytes_new(LARGE + 1);
	struct cache_entry *entry = find("large");
	struct http_answer answer = answer_of(entry);
	struct body *body = body_new_file(entry, &answer, BOUNDARY);

	send_error = errors[_i].error;
	if (errors[_i].is_broken) {
		ck_assert_int_eq(body->send(body, fixture->conn), CONN_BROKEN);
		ck_assert_uint_eq(fixture->seen.n_closed, 1);
		ck_assert_int_eq(fixture->seen.reason, errors[_i].reason);
	} else {
		ck_assert_uint_eq(send_all(body, got, LARGE + 1), LARGE);
		ck_assert_mem_eq(got, data, LARGE);
	}
	body_free(body);
	turn(fixture);
	free(got);
}
END_TEST

START_TEST(a_peer_that_is_gone_ends_it)
{
	struct cache_entry *entry = find(_i == 0 ? "small" : "large");
	struct http_answer answer = answer_of(entry);
	struct body *body = body_new_file(entry, &answer, BOUNDARY);

	(void)signal(SIGPIPE, SIG_IGN); /* sendfile(2) knows no other way */
	close_peer(fixture);
	ck_assert_int_eq(body->send(body, fixture->conn), CONN_BROKEN);
	ck_assert_uint_eq(fixture->seen.n_closed, 1);
	body_free(body);
	turn(fixture);
}
END_TEST

/* A signal came, and then the file was shorter: that is no signal again. */
START_TEST(a_file_that_shrinks_behind_a_signal_ends_it)
{
	struct cache_entry *entry = find("large");
	struct http_answer answer = answer_of(entry);
	struct body *body = body_new_file(entry, &answer, BOUNDARY);

	folder_write(folder, "large", data, 0);
	send_error = EINTR;
	ck_assert_int_eq(body->send(body, fixture->conn), CONN_BROKEN);
	ck_assert_int_eq(fixture->seen.reason, CONN_SHRUNK);
	body_free(body);
	turn(fixture);
}
END_TEST

/* Nor that of one who would have had to wait before. */
START_TEST(a_file_without_bytes_is_not_waited_for)
{
	struct cache_entry *entry = find("large");
	struct http_answer answer = answer_of(entry);
	struct body *body = body_new_file(entry, &answer, BOUNDARY);

	folder_write(folder, "large", data, 0);
	errno = EAGAIN;
	ck_assert_int_eq(body->send(body, fixture->conn), CONN_BROKEN);
	ck_assert_int_eq(fixture->seen.reason, CONN_SHRUNK);
	body_free(body);
	turn(fixture);
}
END_TEST

START_TEST(content_from_memory_counts_in_the_turn)
{
	struct cache_entry *entry = find("small");
	struct http_answer answer = answer_of(entry);
	struct body *body = body_new_file(entry, &answer, BOUNDARY);

	fixture->loop.spent = 0;
	ck_assert_int_eq(body->send(body, fixture->conn), CONN_SENT);
	ck_assert_uint_eq(fixture->loop.spent, SMALL);
	body_free(body);
}
END_TEST

static struct body_owner owner;
static unsigned n_left;

static void left_cb(struct body_owner *left)
{
	ck_assert_ptr_eq(left, &owner);
	n_left++;
}

static struct body *small_body(void)
{
	struct cache_entry *entry = find("small");
	struct http_answer answer = answer_of(entry);

	return body_new_file(entry, &answer, BOUNDARY);
}

/* Who has been replaced stays for those that are still being sent. */
START_TEST(an_owner_is_told_when_its_last_body_goes)
{
	struct body *first = small_body(), *second = small_body(),
		    *nobodys = small_body();

	owner.left_cb = left_cb;
	body_set_owner(first, &owner);
	body_set_owner(second, &owner);
	body_set_owner(NULL, &owner);
	ck_assert_uint_eq(owner.n_bodies, 2);
	body_free(nobodys);
	body_free(first);
	ck_assert_uint_eq(n_left, 0);
	ck_assert_uint_eq(owner.n_bodies, 1);
	body_free(second);
	ck_assert_uint_eq(n_left, 1);
}
END_TEST

static void make_and_free(void)
{
	body_free(small_body());
}

START_TEST(a_body_leaves_nothing_behind)
{
	leak_check(make_and_free);
}
END_TEST

START_TEST(an_entry_is_held_until_the_end)
{
	struct cache_entry *entry = find("large");
	struct http_answer answer = answer_of(entry);
	struct body *body;

	scarce_memory(1);
	body = body_new_file(entry, &answer, BOUNDARY);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(body);
	ck_assert_uint_eq(fixture->loop.n_held, 0);
	body = body_new_file(entry, &answer, BOUNDARY);
	ck_assert_uint_eq(fixture->loop.n_held, 1);
	body_free(body);
	ck_assert_uint_eq(fixture->loop.n_held, 0);
	body_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("body");
	TCase *tcase = harness_case(suite, "body");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_was_promised_comes_once_and_in_order, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_loop_test(tcase, a_slice_is_bounded, 0,
			    (int)ARRAY_LEN(slices));
	tcase_add_test(tcase, parts_count_in_the_turn);
	tcase_add_test(tcase, a_file_that_shrinks_ends_the_connection);
	tcase_add_test(tcase, a_file_that_shrinks_is_named_in_the_log);
	tcase_add_test(tcase, a_path_that_is_all_escaped_is_whole_in_the_log);
	tcase_add_test(tcase, a_long_path_is_cut_in_the_log);
	tcase_add_loop_test(tcase,
			    an_error_ends_the_connection_or_is_waited_out, 0,
			    (int)ARRAY_LEN(errors));
	tcase_add_loop_test(tcase, a_peer_that_is_gone_ends_it, 0, 2);
	tcase_add_test(tcase, a_file_that_shrinks_behind_a_signal_ends_it);
	tcase_add_test(tcase, a_file_without_bytes_is_not_waited_for);
	tcase_add_test(tcase, content_from_memory_counts_in_the_turn);
	tcase_add_test(tcase, an_owner_is_told_when_its_last_body_goes);
	tcase_add_test(tcase, a_body_leaves_nothing_behind);
	tcase_add_test(tcase, an_entry_is_held_until_the_end);
	return harness_run(suite);
}
