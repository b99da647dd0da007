/* SPDX-License-Identifier: MIT */
/*
 * The access log's buffer, within one turn of the loop, where no reader and no
 * flush comes to help: a file takes every line however many there are; a pipe
 * that nobody reads costs lines, and costs them whom it should.
 */
#include "loop/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "harness.h"
#include "http/logline.h"
#include "http/request.h"
#include "leak.h"
#include "spool_fixture.h"

#define AGENT_LEN 4000

/* What the next write(2) fails with; it stands before the C library's. */
static int write_error;
static unsigned n_writes;

ssize_t write(int fd, const void *buf, size_t len)
{
	n_writes++;
	if (write_error == 0)
		return syscall(SYS_write, fd, buf, len);
	errno = write_error;
	write_error = 0;
	return -1;
}

/* Nothing may wait but the loop. */
int poll(struct pollfd *pfds, nfds_t n, int timeout_ms)
{
	struct timespec none = {0};

	ck_assert_int_eq(timeout_ms, 0);
	ck_assert_uint_eq(n, 1);
	return ppoll(pfds, n, &none, NULL);
}

static struct loop loop;
static char *folder;
static char *path;
static char agent[AGENT_LEN];
static int log_fds[2]; /* of the log that is not the access log */

static void set_up(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	folder = folder_new();
	path = folder_path(folder, "log");
	memset(agent, 'a', sizeof(agent));
	harness_pipe(log_fds);
	log_open("test", log_fds[1]);
}

static void tear_down(void)
{
	(void)close(log_fds[0]);
	(void)close(log_fds[1]);
	loop_clear(&loop);
	free(path);
	free(folder);
}

/* What has been said of the access log since the last call. */
static void expect_said(const char *text)
{
	static char got[4096];
	ssize_t n;

	log_warn("the end");
	log_flush();
	n = read(log_fds[0], got, sizeof(got) - 1);
	ck_assert_int_gt(n, 0);
	got[n] = '\0';
	*strstr(got, "test: warning: the end\n") = '\0';
	ck_assert_str_eq(got, text);
}

/* A warning that names the log, and this reason. */
static const char *losing(const char *name, const char *why)
{
	static char text[1024];

	(void)snprintf(text, sizeof(text),
		       "test: warning: access log %s: %s: "
		       "lines are being lost\n",
		       name, why);
	return text;
}

static void write_cb(struct text *text, int form, const void *record)
{
	http_log_write(text, (enum http_log_format)form, record);
}

static void add(struct spool *log, const char *peer, const char *target)
{
	const struct http_log_record record = {
		.peer = slice_of(peer),
		.method = slice_of("GET"),
		.target = slice_of(target),
		.minor = 1,
		.status = 200,
		.user_agent = {agent, sizeof(agent)},
	};

	spool_add(log, record.peer, write_cb, &record);
}

static size_t count_lines_of(int fd, const char *text)
{
	size_t size = 8 << 20, len = 0, n = 0;
	char *all = bytes_new(size);
	ssize_t got;

	while ((got = read(fd, all + len, size - 1 - len)) > 0)
		len += (size_t)got;
	all[len] = '\0';
	for (char *at = all; (at = strstr(at, text)); at++)
		n++;
	free(all);
	return n;
}

/* One client's long lines must not cost another's. */
START_TEST(a_file_takes_every_line_of_a_turn)
{
	enum {
		N = 600
	};
	struct spool *log = spool_fixture_open(&loop, path, HTTP_LOG_COMBINED);
	int fd;

	ck_assert_ptr_nonnull(log);
	for (int i = 0; i < N; i++)
		add(log, "192.0.2.1", "/");
	spool_close(log);
	ck_assert_uint_eq(loop.counters.log_lines_lost, 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_uint_eq(count_lines_of(fd, "192.0.2.1"), N);
	(void)close(fd);
}
END_TEST

/* It waits for nobody, so there is nobody to keep room for. */
START_TEST(a_file_fills_the_whole_buffer)
{
	struct spool *log = spool_fixture_open(&loop, path, HTTP_LOG_COMBINED);
	unsigned before = n_writes;

	/* Some 4,100 bytes each, of one peer. */
	for (int i = 0; i < 60; i++)
		add(log, "192.0.2.1", "/");
	ck_assert_uint_eq(n_writes, before);
	spool_close(log);
	ck_assert_uint_eq(n_writes, before + 1);
}
END_TEST

/* A log to a FIFO; *reader gets its other end. */
static struct spool *open_fifo(int *reader)
{
	struct spool *log;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	*reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(*reader, 0);
	log = spool_fixture_open(&loop, path, HTTP_LOG_COMBINED);
	ck_assert_ptr_nonnull(log);
	return log;
}

START_TEST(a_reader_that_keeps_up_gets_every_line)
{
	enum {
		N = 600
	};
	size_t n = 0;
	int reader;
	struct spool *log = open_fifo(&reader);

	for (int i = 0; i < N; i++) {
		add(log, "192.0.2.1", "/");
		if (i % 16 == 0)
			n += count_lines_of(reader, "192.0.2.1");
	}
	do
		spool_flush(log);
	while ((n += count_lines_of(reader, "192.0.2.1")) < N);
	ck_assert_uint_eq(n, N);
	ck_assert_uint_eq(loop.counters.log_lines_lost, 0);
	spool_close(log);
	(void)close(reader);
}
END_TEST

START_TEST(who_fills_the_log_of_a_slow_reader_loses_his_own_lines)
{
	int reader;
	struct spool *log = open_fifo(&reader);
	size_t lost, n = 0, n_turns = 0;

	while (loop.counters.log_lines_lost < 100)
		add(log, "192.0.2.1", "/");
	lost = loop.counters.log_lines_lost;
	expect_said(losing(path, "its reader is too slow"));
	for (int i = 0; i < 3; i++) {
		add(log, "192.0.2.2", "/bystander");
		add(log, "2001:db8::3", "/bystander");
	}
	ck_assert_uint_eq(loop.counters.log_lines_lost, lost);
	add(log, "192.0.2.1", "/");
	ck_assert_uint_eq(loop.counters.log_lines_lost, lost + 1);
	while (n < 6 && n_turns++ < 1000) {
		n += count_lines_of(reader, " /bystander");
		spool_flush(log);
	}
	ck_assert_uint_eq(n, 6);
	/* When it has been read, there is room for all again. */
	for (int i = 0; i < 20; i++)
		add(log, "192.0.2.1", "/");
	ck_assert_uint_eq(loop.counters.log_lines_lost, lost + 1);
	expect_said("");
	/* It is told once each time. */
	while (loop.counters.log_lines_lost < lost + 100)
		add(log, "192.0.2.1", "/");
	expect_said(losing(path, "its reader is too slow"));
	spool_close(log);
	(void)close(reader);
}
END_TEST

START_TEST(a_full_disk_is_blamed_on_the_disk)
{
	struct spool *log =
		spool_fixture_open(&loop, "/dev/full", HTTP_LOG_COMBINED);

	if (!log) {
		harness_skip("no /dev/full here");
		return;
	}
	for (int i = 0; i < 200; i++)
		add(log, "192.0.2.1", "/");
	ck_assert_uint_gt(loop.counters.log_lines_lost, 0);
	expect_said(losing("/dev/full", strerror(ENOSPC)));
	spool_close(log);
	ck_assert_uint_eq(loop.counters.log_lines_lost, 200);
}
END_TEST

/* --- plain lines --- */

static void plain_cb(struct text *text, int form, const void *record)
{
	text_add_char(text, (char)form);
	text_add_str(text, record);
}

/* A line of this form goes in, from somebody. */
static void add_plain(struct spool *log, const char *line)
{
	spool_add(log, slice_of("192.0.2.1"), plain_cb, line);
}

/* The file has this, and nothing else. */
static void expect_file(const char *name, const char *text)
{
	char got[256];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, got, sizeof(got) - 1);

	ck_assert_int_ge(n, 0);
	got[n] = '\0';
	ck_assert_str_eq(got, text);
	(void)close(fd);
}

static struct spool *open_plain(void)
{
	struct spool *log = spool_fixture_open(&loop, path, 'a');

	ck_assert_ptr_nonnull(log);
	return log;
}

START_TEST(lines_wait_for_the_end_of_the_turn)
{
	struct spool *log = open_plain();
	unsigned before = n_writes;

	add_plain(log, "1\n");
	add_plain(log, "2\n");
	expect_file(path, "");
	spool_flush(log);
	expect_file(path, "a1\na2\n");
	ck_assert_uint_eq(n_writes, before + 1);
	spool_flush(log);
	ck_assert_uint_eq(n_writes, before + 1);
	spool_close(log);
	expect_file(path, "a1\na2\n");
}
END_TEST

START_TEST(an_interrupted_write_is_made_again)
{
	struct spool *log = open_plain();

	add_plain(log, "1\n");
	write_error = EINTR;
	spool_flush(log);
	expect_file(path, "a1\n");
	expect_said("");
	spool_close(log);
}
END_TEST

/* What is kept goes out when the disk has room, and it is said once. */
START_TEST(a_failed_write_is_told_once_and_made_good)
{
	struct spool *log = open_plain();

	add_plain(log, "1\n");
	write_error = EIO;
	spool_flush(log);
	expect_said(losing(path, strerror(EIO)));
	write_error = ENOSPC;
	spool_flush(log);
	expect_said("");
	spool_flush(log);
	expect_file(path, "a1\n");
	ck_assert_uint_eq(loop.counters.log_lines_lost, 0);
	add_plain(log, "2\n");
	write_error = EAGAIN;
	spool_flush(log);
	expect_said("");
	write_error = EIO;
	spool_flush(log);
	expect_said(losing(path, strerror(EIO)));
	spool_close(log);
	expect_file(path, "a1\na2\n");
}
END_TEST

/* Of a full disk it is asked once a turn whether it is still full. */
START_TEST(a_full_disk_is_asked_once_in_a_turn)
{
	struct spool *log =
		spool_fixture_open(&loop, "/dev/full", HTTP_LOG_COMBINED);
	unsigned before;

	if (!log) {
		harness_skip("no /dev/full here");
		return;
	}
	while (loop.counters.log_lines_lost == 0)
		add(log, "192.0.2.1", "/");
	before = n_writes;
	for (int i = 0; i < 10; i++)
		add(log, "192.0.2.1", "/");
	ck_assert_uint_eq(n_writes, before);
	loop.turn++;
	add(log, "192.0.2.1", "/");
	ck_assert_uint_eq(n_writes, before + 1);
	spool_close(log);
}
END_TEST

/* A line is what ends with a line feed, were it nothing but that. */
START_TEST(each_line_that_cannot_be_written_is_counted)
{
	struct spool *log = open_plain();

	spool_use(log, open("/dev/full", O_WRONLY | O_CLOEXEC), "/dev/full",
		  '\n');
	add_plain(log, "");
	add_plain(log, "2\n");
	spool_close(log);
	ck_assert_uint_eq(loop.counters.log_lines_lost, 3);
}
END_TEST

/* --- files --- */

START_TEST(another_file_takes_the_lines_from_then_on)
{
	struct spool *log = open_plain();
	char *other = folder_path(folder, "other");

	ck_assert(spool_is_on(log));
	ck_assert(spool_is_at(log, path, 'a'));
	ck_assert(!spool_is_at(log, path, 'b'));
	ck_assert(!spool_is_at(log, other, 'a'));
	add_plain(log, "1\n");
	spool_use(log, spool_open_file(other), other, 'b');
	ck_assert(spool_is_at(log, other, 'b'));
	expect_file(path, "a1\n");
	add_plain(log, "2\n");
	spool_use(log, -1, "", 'b');
	ck_assert(!spool_is_on(log));
	ck_assert(!spool_is_at(log, other, 'b'));
	expect_file(other, "b2\n");
	add_plain(log, "3\n");
	spool_close(log);
	expect_file(path, "a1\n");
	expect_file(other, "b2\n");
	ck_assert_uint_eq(loop.counters.log_lines_lost, 0);
	free(other);
}
END_TEST

START_TEST(a_file_that_was_moved_away_is_made_anew)
{
	struct spool *log = open_plain();
	char *old = folder_path(folder, "old");
	char said[1024];

	add_plain(log, "1\n");
	ck_assert_int_eq(rename(path, old), 0);
	spool_reopen(log);
	(void)snprintf(said, sizeof(said), "test: access log %s: opened anew\n",
		       path);
	expect_said(said);
	add_plain(log, "2\n");
	spool_close(log);
	expect_file(old, "a1\n");
	expect_file(path, "a2\n");
	free(old);
}
END_TEST

START_TEST(where_none_can_be_made_the_old_one_stays)
{
	struct spool *log = open_plain();
	char *old = folder_path(folder, "old");
	char said[1024];

	ck_assert_int_eq(rename(path, old), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	spool_reopen(log);
	(void)snprintf(said, sizeof(said),
		       "test: warning: access log %s: %s: the old file stays "
		       "open\n",
		       path, strerror(EISDIR));
	expect_said(said);
	add_plain(log, "1\n");
	spool_close(log);
	expect_file(old, "a1\n");
	free(old);
}
END_TEST

/* Whoever has started us may have closed it. */
START_TEST(descriptor_0_is_a_log_like_others)
{
	struct spool *log = spool_new(&loop, "access log");
	char *old = folder_path(folder, "old");
	int fd;

	(void)close(STDIN_FILENO);
	fd = spool_open_file(path);
	ck_assert_int_eq(fd, 0);
	spool_use(log, fd, path, 'a');
	add_plain(log, "1\n");
	spool_flush(log);
	ck_assert_int_eq(rename(path, old), 0);
	spool_use(log, -1, "", 'a');
	ck_assert_int_eq(fcntl(0, F_GETFD), -1);
	expect_file(old, "a1\n");
	spool_use(log, dup(log_fds[1]), path, 'a');
	spool_use(log, fcntl(log_fds[1], F_DUPFD_CLOEXEC, 50), path, 'a');
	(void)close(STDIN_FILENO);
	spool_reopen(log);
	ck_assert_int_ge(fcntl(0, F_GETFD), 0);
	add_plain(log, "2\n");
	spool_close(log);
	expect_file(path, "a2\n");
	ck_assert_int_eq(fcntl(0, F_GETFD), -1);
	free(old);
}
END_TEST

START_TEST(a_log_that_is_off_is_not_opened_anew)
{
	struct spool *log = spool_new(&loop, "access log");

	ck_assert_ptr_nonnull(log);
	spool_reopen(log);
	expect_said("");
	add_plain(log, "1\n");
	spool_close(log);
	spool_close(NULL);
	ck_assert_uint_eq(loop.counters.log_lines_lost, 0);
}
END_TEST

static const struct {
	size_t len;
	int error;
} long_paths[] = {
	{PATH_MAX, ENAMETOOLONG},
	{PATH_MAX - 1, ENOENT}, /* the system's word */
};

START_TEST(a_path_that_is_too_long_is_none)
{
	char name[PATH_MAX + 1];

	for (size_t i = 0; i < long_paths[_i].len; i++)
		name[i] = i % 2 == 0 ? '/' : 'x';
	name[long_paths[_i].len] = '\0';
	errno = 0;
	ck_assert_int_eq(spool_open_file(name), -1);
	ck_assert_int_eq(errno, long_paths[_i].error);
}
END_TEST

/* --- standard output --- */

/* It becomes this; the test has a process of its own. */
static void become_stdout(int fd)
{
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	(void)close(fd);
}

START_TEST(a_dash_is_standard_output)
{
	int fds[2], fd, own_flags;
	struct spool *log = spool_new(&loop, "access log");

	harness_pipe(fds);
	become_stdout(fds[1]);
	own_flags = fcntl(STDOUT_FILENO, F_GETFL);
	fd = spool_open_file("-");
	ck_assert_int_ne(fd, STDOUT_FILENO);
	spool_use(log, fd, "-", 'a');
	add_plain(log, "1\n");
	spool_flush(log);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_uint_eq(count_lines_of(fds[0], "a1\n"), 1);
	/* The shell's descriptor waits as before, and nothing is opened. */
	ck_assert_int_eq(fcntl(STDOUT_FILENO, F_GETFL), own_flags);
	spool_reopen(log);
	expect_said("");
	spool_close(log);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_ge(fcntl(STDOUT_FILENO, F_GETFD), 0);
}
END_TEST

/* A socket cannot be opened anew: what it takes at once is all it gets. */
START_TEST(standard_output_that_may_block_is_never_waited_for)
{
	int fds[2];
	struct spool *log = spool_new(&loop, "access log");
	size_t n_lost;

	harness_pipe(fds);
	become_stdout(fds[1]);
	spool_use(log, STDOUT_FILENO, "-", HTTP_LOG_COMBINED);
	/* More than the pipe holds; a write that waits would never return. */
	for (int i = 0; i < 200; i++)
		add(log, "192.0.2.1", "/");
	spool_flush(log);
	n_lost = loop.counters.log_lines_lost;
	ck_assert_uint_gt(n_lost, 0);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_uint_gt(count_lines_of(fds[0], "192.0.2.1"), 10);
	spool_close(log);
	/* Nor is it the spool's to close. */
	ck_assert_int_ge(fcntl(STDOUT_FILENO, F_GETFD), 0);
}
END_TEST

START_TEST(standard_output_that_is_a_file_takes_every_line)
{
	struct spool *log = spool_new(&loop, "access log");
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	become_stdout(fd);
	fd = spool_open_file("-");
	ck_assert_int_eq(fd, STDOUT_FILENO);
	spool_use(log, fd, "-", HTTP_LOG_COMBINED);
	for (int i = 0; i < 200; i++)
		add(log, "192.0.2.1", "/");
	spool_close(log);
	ck_assert_uint_eq(loop.counters.log_lines_lost, 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_uint_eq(count_lines_of(fd, "192.0.2.1"), 200);
	(void)close(fd);
}
END_TEST

static void open_and_close(void)
{
	struct spool *log = open_plain();

	add_plain(log, "1\n");
	spool_reopen(log);
	spool_use(log, spool_open_file(path), path, 'b');
	spool_close(log);
}

START_TEST(a_log_leaves_nothing_behind)
{
	leak_check(open_and_close);
}
END_TEST

static void add_files(Suite *suite)
{
	TCase *tcase = harness_case(suite, "files");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, another_file_takes_the_lines_from_then_on);
	tcase_add_test(tcase, a_file_that_was_moved_away_is_made_anew);
	tcase_add_test(tcase, where_none_can_be_made_the_old_one_stays);
	tcase_add_test(tcase, descriptor_0_is_a_log_like_others);
	tcase_add_test(tcase, a_log_that_is_off_is_not_opened_anew);
	tcase_add_loop_test(tcase, a_path_that_is_too_long_is_none, 0,
			    ARRAY_LEN(long_paths));
	tcase_add_test(tcase, a_dash_is_standard_output);
	tcase_add_test(tcase,
		       standard_output_that_may_block_is_never_waited_for);
	tcase_add_test(tcase, standard_output_that_is_a_file_takes_every_line);
	tcase_add_test(tcase, a_log_leaves_nothing_behind);
}

int main(void)
{
	Suite *suite = suite_create("spool");
	TCase *tcase = harness_case(suite, "spool");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_file_takes_every_line_of_a_turn);
	tcase_add_test(tcase, a_file_fills_the_whole_buffer);
	tcase_add_test(tcase, a_reader_that_keeps_up_gets_every_line);
	tcase_add_test(tcase,
		       who_fills_the_log_of_a_slow_reader_loses_his_own_lines);
	tcase_add_test(tcase, a_full_disk_is_blamed_on_the_disk);
	tcase_add_test(tcase, lines_wait_for_the_end_of_the_turn);
	tcase_add_test(tcase, an_interrupted_write_is_made_again);
	tcase_add_test(tcase, a_failed_write_is_told_once_and_made_good);
	tcase_add_test(tcase, a_full_disk_is_asked_once_in_a_turn);
	tcase_add_test(tcase, each_line_that_cannot_be_written_is_counted);
	add_files(suite);
	return harness_run(suite);
}
