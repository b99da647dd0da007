/* SPDX-License-Identifier: MIT */
/*
 * Lines of the connection log, byte for byte, of what the kernel knows and of
 * what it does not, in both forms.
 */
#include "loop/connlog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"
#include "os/socket.h"
#include "scarce.h"
#include "spool_fixture.h"

static struct loop loop;
static char *folder, *path;
static uint64_t least_us, most_us; /* that the last line may tell */

static void open_log(int form)
{
	spool_close(loop.connlog);
	(void)unlink(path);
	loop.connlog = spool_fixture_open(&loop, path, form);
	ck_assert_ptr_nonnull(loop.connlog);
}

static void set_up(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	folder = folder_new();
	path = folder_path(folder, "log");
	open_log(CONNLOG_TEXT);
	/* 2026-11-26, 19:11:34 */
	loop.wall = (struct timespec){1795720294, 125000000};
	loop.wall_turn = loop.turn;
}

static void tear_down(void)
{
	spool_close(loop.connlog);
	loop_clear(&loop);
	free(path);
	free(folder);
}

static const char *logged(void)
{
	static char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	spool_flush(loop.connlog);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	(void)close(fd);
	return text;
}

static struct address somebody(void)
{
	struct address peer = address_any(AF_INET, 5000);

	peer.sa.in4.sin_addr.s_addr = htonl(0xc0000201);
	return peer;
}

/* A connection of before, with nothing but a descriptor that is no TCP. */
static struct connlog_end end_of(int fd)
{
	return (struct connlog_end){
		.service = "tcp",
		.why = "finished",
		.since_ns = clock_mono_ns() - 2 * CLOCK_NS_PER_S,
		.n_sent = 34,
		.fd = fd,
	};
}

static void log_one(int fd)
{
	struct address peer = somebody();
	struct connlog_note *note = connlog_begin(&loop, &peer);
	struct connlog_end end = end_of(fd);

	ck_assert_ptr_nonnull(note);
	ck_assert_uint_eq(note->n_received, 0);
	note->n_received = 12;
	least_us = (clock_mono_ns() - end.since_ns) / 1000;
	connlog_end(&loop, note, &end);
	most_us = (clock_mono_ns() - end.since_ns) / 1000;
}

/* The microseconds are cut out of the text: about two seconds. */
static void expect_line(const char *before, const char *behind)
{
	char text[4096], *rest;
	unsigned long us;

	strcpy(text, logged());
	ck_assert_msg(strncmp(text, before, strlen(before)) == 0, "%s", text);
	us = strtoul(text + strlen(before), &rest, 10);
	ck_assert_uint_ge(us, least_us);
	ck_assert_uint_le(us, most_us);
	ck_assert_str_eq(rest, behind);
}

#define TIME "2026-11-26T19:11:34.125000Z"

START_TEST(what_the_kernel_does_not_know_is_left_out)
{
	log_one(STDIN_FILENO);
	expect_line(TIME " tcp peer=192.0.2.1 port=5000 bytes_in=12 "
			 "bytes_out=34 duration_us=",
		    " end=finished\n");
}
END_TEST

START_TEST(as_json_it_is_an_object)
{
	open_log(CONNLOG_JSON);
	log_one(STDIN_FILENO);
	expect_line("{\"time\":\"" TIME "\",\"service\":\"tcp\",\"peer\":"
		    "\"192.0.2.1\",\"port\":5000,\"bytes_in\":12,"
		    "\"bytes_out\":34,\"duration_us\":",
		    ",\"end\":\"finished\"}\n");
}
END_TEST

/* What of it are numbers; the last one of a connection that has just begun. */
START_TEST(what_the_kernel_knows_is_told)
{
	struct address at = address_any(AF_INET, 0);
	int server, client, fd;
	const char *text;
	unsigned rtt, retransmissions;
	unsigned long rate;

	at.sa.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket_listen_tcp(&at, 0);
	ck_assert_int_eq(socket_local_address(server, &at), 0);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(client, &at.sa.any, at.len), 0);
	fd = accept(server, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	log_one(fd);
	text = strstr(logged(), " end=finished ");
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(sscanf(text,
				" end=finished rtt_us=%u retransmissions=%u "
				"delivery_rate=%lu\n",
				&rtt, &retransmissions, &rate),
			 3);
	ck_assert_uint_gt(rtt, 0);
	ck_assert_uint_lt(rtt, 10000000);
	ck_assert_uint_eq(retransmissions, 0);
	(void)close(fd);
	(void)close(client);
	(void)close(server);
}
END_TEST

static const struct connlog_source source = {
	.service = "udp",
	.n_datagrams = 1,
	.n_bytes = 2,
	.n_source_refused = 3,
	.n_limit_refused = 4,
	.n_loop_refused = 5,
	.seconds = 6,
};

/* Of somebody, or of many together. */
START_TEST(a_source_is_told_by_its_numbers)
{
	struct connlog_source one = source;

	if (_i == 0)
		one.peer = somebody();
	connlog_add_source(&loop, &one);
	ck_assert_str_eq(
		logged(),
		_i == 0 ? TIME
			" udp peer=192.0.2.1 seconds=6 datagrams=1 bytes=2 "
			"refused_source=3 refused_limit=4 refused_loop=5\n"
			: TIME
			" udp peer=others seconds=6 datagrams=1 bytes=2 "
			"refused_source=3 refused_limit=4 refused_loop=5\n");
	open_log(CONNLOG_JSON);
	connlog_add_source(&loop, &one);
	ck_assert_ptr_nonnull(
		strstr(logged(), "\"seconds\":6,\"datagrams\":1,\"bytes\":2,"
				 "\"refused_source\":3,\"refused_limit\":4,"
				 "\"refused_loop\":5}\n"));
}
END_TEST

START_TEST(a_log_that_is_off_takes_no_notes)
{
	struct address peer = somebody();

	spool_use(loop.connlog, -1, "", 0);
	ck_assert_ptr_null(connlog_begin(&loop, &peer));
	ck_assert_uint_eq(loop.counters.log_lines_lost, 0);
}
END_TEST

START_TEST(without_memory_a_line_is_lost)
{
	struct address peer = somebody();
	struct connlog_note *none;

	scarce_memory(1);
	none = connlog_begin(&loop, &peer);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(none);
	ck_assert_uint_eq(loop.counters.log_lines_lost, 1);
}
END_TEST

static void log_some(void)
{
	log_one(STDIN_FILENO);
	spool_flush(loop.connlog);
}

START_TEST(a_line_leaves_nothing_behind)
{
	leak_check(log_some);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("connlog");
	TCase *tcase = harness_case(suite, "connlog");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_the_kernel_does_not_know_is_left_out);
	tcase_add_test(tcase, as_json_it_is_an_object);
	tcase_add_test(tcase, what_the_kernel_knows_is_told);
	tcase_add_loop_test(tcase, a_source_is_told_by_its_numbers, 0, 2);
	tcase_add_test(tcase, a_log_that_is_off_takes_no_notes);
	tcase_add_test(tcase, without_memory_a_line_is_lost);
	tcase_add_test(tcase, a_line_leaves_nothing_behind);
	return harness_run(suite);
}
