/* SPDX-License-Identifier: MIT */
/*
 * Who sent datagrams: a line for each source in a minute, whatever it sent, and
 * a bounded number of them however many sources there are.
 */
#include "server/udp_log.h"

#include <arpa/inet.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"
#include "scarce.h"
#include "spool_fixture.h"

/* How far the monotonic clock is ahead; stands before the C library's. */
static time_t later_s;

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (id != CLOCK_REALTIME)
		now->tv_sec += later_s;
	return result;
}

static struct loop loop;
static struct event stop;
static struct udp_log *udp_log;
static char *folder, *path;
static char text[1 << 20];

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static void set_up(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	(void)event_assign(&stop, loop.base, -1, 0, stop_cb, &loop);
	folder = folder_new();
	path = folder_path(folder, "log");
	loop.connlog = spool_fixture_open(&loop, path, 0);
	ck_assert_ptr_nonnull(loop.connlog);
	udp_log = udp_log_new(&loop);
	ck_assert_ptr_nonnull(udp_log);
}

static void tear_down(void)
{
	udp_log_free(udp_log);
	spool_close(loop.connlog);
	(void)event_del(&stop);
	loop_clear(&loop);
	free(path);
	free(folder);
}

static void turn(void)
{
	event_active(&stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&loop), 0);
}

static void pass(time_t seconds)
{
	turn();
	later_s += seconds;
	turn();
	turn();
}

static void add(uint32_t host, uint16_t port, size_t len,
		enum udp_verdict verdict)
{
	struct address source = address_any(AF_INET, port);

	source.sa.in4.sin_addr.s_addr = htonl(host);
	udp_log_add(udp_log, &source, len, verdict);
}

/* All that has been written; returns how many lines have this. */
static size_t count(const char *piece)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	size_t lines = 0;

	spool_flush(loop.connlog);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	for (const char *at = text; (at = strstr(at, piece)); at++)
		lines++;
	(void)close(fd);
	return lines;
}

START_TEST(a_source_has_a_line_whatever_its_ports)
{
	add(0x0a000001, 1, 10, UDP_ANSWERED);
	add(0x0a000001, 2, 5, UDP_SOURCE_REFUSED);
	add(0x0a000001, 2, 5, UDP_SOURCE_REFUSED);
	add(0x0a000002, 1, 7, UDP_LIMIT_REFUSED);
	for (int i = 0; i < 3; i++)
		add(0x0a000002, 1, 1, UDP_LOOP_REFUSED);
	ck_assert_uint_eq(count("\n"), 0);
	udp_log_write(udp_log);
	ck_assert_uint_eq(count("\n"), 2);
	ck_assert_uint_eq(count(" udp peer=10.0.0.1 seconds=0 datagrams=3 "
				"bytes=20 refused_source=2 refused_limit=0 "
				"refused_loop=0\n"),
			  1);
	ck_assert_uint_eq(count(" udp peer=10.0.0.2 seconds=0 datagrams=4 "
				"bytes=10 refused_source=0 refused_limit=1 "
				"refused_loop=3\n"),
			  1);
	/* It is told once. */
	udp_log_write(udp_log);
	udp_log_write(NULL);
	ck_assert_uint_eq(count("\n"), 2);
}
END_TEST

START_TEST(lines_come_every_minute_while_there_is_something)
{
	add(0x0a000001, 1, 10, UDP_ANSWERED);
	pass(59);
	ck_assert_uint_eq(count("\n"), 0);
	pass(2);
	ck_assert_uint_eq(count(" seconds=61 datagrams=1 "), 1);
	pass(200);
	ck_assert_uint_eq(count("\n"), 1);
	add(0x0a000001, 1, 10, UDP_ANSWERED);
	pass(30);
	add(0x0a000001, 1, 10, UDP_ANSWERED);
	pass(31);
	ck_assert_uint_eq(count(" seconds=61 datagrams=2 "), 1);
	ck_assert_uint_eq(count("\n"), 2);
	ck_assert_int_eq(
		event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED),
		0);
}
END_TEST

START_TEST(what_is_counted_is_written_at_the_end)
{
	add(0x0a000001, 1, 10, UDP_ANSWERED);
	udp_log_free(udp_log);
	udp_log = NULL;
	ck_assert_uint_eq(count(" datagrams=1 "), 1);
	ck_assert_int_eq(
		event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED),
		0);
}
END_TEST

static size_t sum_of(const char *name)
{
	size_t sum = 0;

	for (const char *at = text; (at = strstr(at, name)); at++)
		sum += strtoul(at + strlen(name), NULL, 10);
	return sum;
}

/* Those who find no place are one line, and nothing is lost. */
START_TEST(forged_sources_make_no_more_lines)
{
	enum {
		N = 20000
	};
	size_t n;

	for (uint32_t i = 0; i < N; i++)
		add(i + 1, 1, 2, UDP_ANSWERED);
	udp_log_write(udp_log);
	n = count("\n");
	ck_assert_uint_eq(n, UDP_LOG_SOURCES + 1);
	ck_assert_uint_eq(count(" peer=others "), 1);
	(void)count("\n");
	ck_assert_uint_eq(sum_of(" datagrams="), N);
	ck_assert_uint_eq(sum_of(" bytes="), 2 * N);
}
END_TEST

/* Some few have places of their own, wherever they meet. */
START_TEST(a_few_sources_are_all_told)
{
	for (int round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < 64; i++)
			add((uint32_t)round * 64 + i + 1, 1, 2, UDP_ANSWERED);
		udp_log_write(udp_log);
		ck_assert_uint_eq(count("\n"), (size_t)(round + 1) * 64);
		ck_assert_uint_eq(count("others"), 0);
		udp_log_free(udp_log);
		udp_log = udp_log_new(&loop);
	}
}
END_TEST

/* Nobody can choose whom he meets: it is another matter in each log. */
START_TEST(who_finds_a_place_cannot_be_known)
{
	static char first[sizeof(text)];

	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(truncate(path, 0), 0);
		for (uint32_t i = 0; i < 2000; i++)
			add(i + 1, 1, 2, UDP_ANSWERED);
		loop.wall_turn = loop.turn;
		udp_log_free(udp_log);
		udp_log = udp_log_new(&loop);
		(void)count("\n");
		if (round == 0)
			strcpy(first, text);
	}
	ck_assert_str_ne(text, first);
}
END_TEST

static void make_and_free(void)
{
	udp_log_free(udp_log_new(&loop));
}

START_TEST(a_log_leaves_nothing_behind)
{
	struct udp_log *none;

	leak_check(make_and_free);
	scarce_memory(1);
	none = udp_log_new(&loop);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(none);
	udp_log_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("udp_log");
	TCase *tcase = harness_case(suite, "udp_log");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_source_has_a_line_whatever_its_ports);
	tcase_add_test(tcase, lines_come_every_minute_while_there_is_something);
	tcase_add_test(tcase, what_is_counted_is_written_at_the_end);
	tcase_add_test(tcase, forged_sources_make_no_more_lines);
	tcase_add_test(tcase, a_few_sources_are_all_told);
	tcase_add_test(tcase, who_finds_a_place_cannot_be_known);
	tcase_add_test(tcase, a_log_leaves_nothing_behind);
	return harness_run(suite);
}
