/* SPDX-License-Identifier: MIT */
/*
 * The access log's buffer, within one turn of the loop, where no reader and no
 * flush comes to help: a file takes every line however many there are; a pipe
 * that nobody reads costs lines, and costs them whom it should.
 */
#include "loop/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "harness.h"
#include "http/logline.h"
#include "http/request.h"
#include "spool_fixture.h"

#define AGENT_LEN 4000

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

int main(void)
{
	Suite *suite = suite_create("spool");
	TCase *tcase = harness_case(suite, "spool");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_file_takes_every_line_of_a_turn);
	tcase_add_test(tcase, a_reader_that_keeps_up_gets_every_line);
	tcase_add_test(tcase,
		       who_fills_the_log_of_a_slow_reader_loses_his_own_lines);
	tcase_add_test(tcase, a_full_disk_is_blamed_on_the_disk);
	return harness_run(suite);
}
