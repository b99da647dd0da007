/* SPDX-License-Identifier: MIT */
/*
 * The TCP uppercase service of the running daemon: a byte stream in, the same
 * stream uppercased out, whatever its pieces, its length and the pace of the
 * client.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define MIB ((size_t)1 << 20)

/*
 * A prime number of bytes: wherever the stream is cut into blocks, a block that
 * is lost, repeated or misplaced shows.
 */
#define PERIOD ((size_t)1048573)

static struct server *start_tcp(void)
{
	return server_start(&(struct server_options){.tcp = "0"});
}

static struct server *start_tcp_once(void)
{
	return server_start(
		&(struct server_options){.tcp = "0", .extra = "--tcp-once"});
}

static unsigned char *new_pattern(size_t len)
{
	unsigned char *data = bytes_new(len);

	bytes_pattern(data, len, 7);
	return data;
}

/* --- bytes --- */

START_TEST(what_has_arrived_is_answered_without_waiting_for_a_newline)
{
	struct server *server = start_tcp();
	int fd = tcp_connect(server, SERVICE_TCP);

	tcp_send_text(fd, "hello");
	tcp_expect_text(fd, "HELLO");
	tcp_send_text(fd, " there");
	tcp_expect_text(fd, " THERE");
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(every_byte_value_follows_the_ascii_rule)
{
	struct server *server = start_tcp();
	int fd = tcp_connect(server, SERVICE_TCP);
	unsigned char data[256], got[256];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	tcp_send(fd, data, sizeof(data));
	tcp_read(fd, got, sizeof(got));
	for (int i = 0; i < 256; i++)
		ck_assert_int_eq(got[i], i >= 'a' && i <= 'z' ? i - 32 : i);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(a_message_split_at_any_position_comes_back_whole)
{
	static const char message[] = "The quick brown fox: gr\xc3\xbc\xc3\x9f";
	struct server *server = start_tcp();

	for (size_t i = 0; i <= strlen(message); i++) {
		int fd = tcp_connect(server, SERVICE_TCP);

		/* The answer to the first part shows that it went alone. */
		tcp_exchange(fd, message, i);
		tcp_exchange(fd, message + i, strlen(message) - i);
		(void)close(fd);
	}
	server_stop(server);
}
END_TEST

START_TEST(a_message_sent_byte_by_byte_comes_back_byte_by_byte)
{
	static const char message[] = "one byte after the other";
	struct server *server = start_tcp();
	int fd = tcp_connect(server, SERVICE_TCP);

	for (size_t i = 0; i < strlen(message); i++)
		tcp_exchange(fd, message + i, 1);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(sixty_four_mebibytes_come_back_right)
{
	struct server *server = start_tcp();
	int fd = tcp_connect(server, SERVICE_TCP);
	unsigned char *data = new_pattern(PERIOD);

	tcp_exchange_long(fd, data, PERIOD, 64 * MIB);
	tcp_finish(fd);
	tcp_expect_end(fd);
	free(data);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(every_listen_address_serves)
{
	bool ipv6 = harness_has_ipv6();
	struct server *server = server_start(&(struct server_options){
		.tcp = "0",
		.listen = {"127.0.0.1", "127.0.0.2", ipv6 ? "::1" : NULL}});

	for (size_t i = 0; i < server->n_endpoints; i++) {
		int fd = tcp_try_connect(server->endpoints[i].host,
					 server->endpoints[i].port);

		ck_assert_int_ge(fd, 0);
		tcp_exchange(fd, "hello", 5);
		(void)close(fd);
	}
	server_stop(server);
}
END_TEST

/* --- ends --- */

START_TEST(a_client_that_says_nothing_and_finishes_gets_a_clean_end)
{
	struct server *server = start_tcp();
	int fd = tcp_connect(server, SERVICE_TCP);

	tcp_finish(fd);
	tcp_expect_end(fd);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(after_a_half_close_the_rest_is_sent_and_then_the_end)
{
	struct server *server = start_tcp();
	int fd = tcp_connect(server, SERVICE_TCP);
	unsigned char *data = new_pattern(PERIOD);
	size_t sent = tcp_send_until_stuck(fd, data, PERIOD, 200);

	tcp_finish(fd);
	tcp_expect_upper(fd, data, PERIOD, sent);
	tcp_expect_end(fd);
	free(data);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(resets_in_mid_reply_do_no_harm)
{
	struct server *server = start_tcp();
	unsigned char *data = new_pattern(MIB);
	int other = tcp_connect(server, SERVICE_TCP);

	for (int i = 0; i < 50; i++) {
		int fd = tcp_connect(server, SERVICE_TCP);
		char byte;

		(void)tcp_send_until_stuck(fd, data, MIB, 1);
		/* Now the server is sending, or waits to. */
		tcp_read(fd, &byte, 1);
		tcp_reset(fd);
		tcp_exchange(other, "still there?", 12);
	}
	free(data);
	(void)close(other);
	server_stop(server);
}
END_TEST

START_TEST(resets_before_the_server_has_read_do_no_harm)
{
	struct server *server = start_tcp();
	int other = tcp_connect(server, SERVICE_TCP);

	/* While it stands still, all of this piles up for it. */
	server_signal(server, SIGSTOP);
	for (int i = 0; i < 50; i++) {
		int fd = tcp_connect(server, SERVICE_TCP);

		tcp_send_text(fd, "hello");
		tcp_reset(fd);
	}
	server_signal(server, SIGCONT);
	tcp_exchange(other, "still there?", 12);
	(void)close(other);
	server_stop(server);
}
END_TEST

START_TEST(urgent_data_does_no_harm)
{
	struct server *server = start_tcp();
	int fd = tcp_connect(server, SERVICE_TCP);
	int other = tcp_connect(server, SERVICE_TCP);

	ck_assert_int_eq(send(fd, "!", 1, MSG_OOB), 1);
	tcp_send_text(fd, "hello");
	tcp_finish(fd);
	/* Whether the urgent byte is part of the stream is not promised. */
	tcp_expect_gone(fd);
	tcp_exchange(other, "still there?", 12);
	(void)close(fd);
	(void)close(other);
	server_stop(server);
}
END_TEST

/* --- backpressure --- */

START_TEST(a_client_that_does_not_read_is_not_read_from)
{
	struct server *server = start_tcp();
	int fd = tcp_connect_small(server, SERVICE_TCP);
	int other = tcp_connect(server, SERVICE_TCP);
	unsigned char *data = new_pattern(64 * MIB);
	size_t sent = tcp_send_until_stuck(fd, data, 64 * MIB, 500);

	/* What went away lies in the kernel's buffers, which are finite. */
	ck_assert_uint_gt(sent, 0);
	ck_assert_uint_lt(sent, 64 * MIB);
	for (int i = 0; i < 100; i++)
		tcp_exchange(other, "still there?", 12);

	tcp_finish(fd);
	tcp_expect_upper(fd, data, 64 * MIB, sent);
	tcp_expect_end(fd);
	free(data);
	(void)close(fd);
	(void)close(other);
	server_stop(server);
}
END_TEST

START_TEST(memory_stays_bounded_with_clients_that_do_not_read)
{
	enum {
		N_CLIENTS = 32
	};
	struct server *server = start_tcp();
	unsigned char *data = new_pattern(8 * MIB);
	size_t sent[N_CLIENTS], before, after;
	int fds[N_CLIENTS];

	fds[0] = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(fds[0], data, MIB);
	(void)close(fds[0]);
	before = server_memory_kib(server);
	for (int i = 0; i < N_CLIENTS; i++) {
		fds[i] = tcp_connect_small(server, SERVICE_TCP);
		sent[i] = tcp_send_until_stuck(fds[i], data, 8 * MIB, 20);
	}
	after = server_memory_kib(server);
	/* A quarter of a MiB each is plenty; what was sent is far more. */
	ck_assert_uint_lt(after, before + N_CLIENTS * 256);
	/* The first has waited longest, and gets all that it is owed. */
	tcp_finish(fds[0]);
	tcp_expect_upper(fds[0], data, 8 * MIB, sent[0]);
	tcp_expect_end(fds[0]);
	for (int i = 0; i < N_CLIENTS; i++)
		tcp_reset(fds[i]);
	free(data);
	server_stop(server);
}
END_TEST

START_TEST(a_client_that_reads_in_small_bites_gets_all_of_it)
{
	struct server *server = start_tcp();
	int fd = tcp_connect_small(server, SERVICE_TCP);
	unsigned char *data = new_pattern(4 * MIB), got[997], expected[997];
	size_t sent = tcp_send_until_stuck(fd, data, 4 * MIB, 200);
	size_t done = 0;

	tcp_finish(fd);
	while (done < sent) {
		size_t n = tcp_read_some(fd, got, sizeof(got));

		ck_assert_uint_gt(n, 0);
		bytes_upper(expected, data + done, n);
		ck_assert_mem_eq(got, expected, n);
		done += n;
	}
	tcp_expect_end(fd);
	free(data);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- one message per connection --- */

START_TEST(once_answers_one_message_and_closes)
{
	struct server *server = start_tcp_once();

	for (int i = 0; i < 20; i++) {
		int fd = tcp_connect(server, SERVICE_TCP);

		tcp_send_text(fd, "hello");
		tcp_expect_text(fd, "HELLO");
		tcp_expect_end(fd);
		(void)close(fd);
	}
	server_stop(server);
}
END_TEST

START_TEST(once_does_not_lose_the_answer_to_bytes_that_come_too_late)
{
	struct server *server = start_tcp_once();
	unsigned char *data = new_pattern(MIB);
	unsigned char got[65536], expected[65536];
	int fd = tcp_connect(server, SERVICE_TCP);
	size_t n, sent;

	/* The server answers the first bytes while the rest is under way. */
	sent = tcp_send_until_stuck(fd, data, MIB, 100);
	tcp_finish(fd);
	n = tcp_read_some(fd, got, sizeof(got));
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_le(n, sent);
	bytes_upper(expected, data, n);
	ck_assert_mem_eq(got, expected, n);
	tcp_expect_gone(fd);
	free(data);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(once_closes_a_client_that_finishes_without_a_word)
{
	struct server *server = start_tcp_once();
	int fd = tcp_connect(server, SERVICE_TCP);

	tcp_finish(fd);
	tcp_expect_end(fd);
	(void)close(fd);
	server_stop(server);
}
END_TEST

static Suite *tcp_suite(void)
{
	Suite *suite = suite_create("e2e tcp");
	TCase *tcase = harness_case(suite, "bytes");

	tcase_add_test(
		tcase,
		what_has_arrived_is_answered_without_waiting_for_a_newline);
	tcase_add_test(tcase, every_byte_value_follows_the_ascii_rule);
	tcase_add_test(tcase, a_message_split_at_any_position_comes_back_whole);
	tcase_add_test(tcase,
		       a_message_sent_byte_by_byte_comes_back_byte_by_byte);
	tcase_add_test(tcase, sixty_four_mebibytes_come_back_right);
	tcase_add_test(tcase, every_listen_address_serves);

	tcase = harness_case(suite, "ends");
	tcase_add_test(
		tcase,
		a_client_that_says_nothing_and_finishes_gets_a_clean_end);
	tcase_add_test(tcase,
		       after_a_half_close_the_rest_is_sent_and_then_the_end);
	tcase_add_test(tcase, resets_in_mid_reply_do_no_harm);
	tcase_add_test(tcase, resets_before_the_server_has_read_do_no_harm);
	tcase_add_test(tcase, urgent_data_does_no_harm);

	tcase = harness_case(suite, "backpressure");
	tcase_add_test(tcase, a_client_that_does_not_read_is_not_read_from);
	tcase_add_test(tcase,
		       memory_stays_bounded_with_clients_that_do_not_read);
	tcase_add_test(tcase,
		       a_client_that_reads_in_small_bites_gets_all_of_it);

	tcase = harness_case(suite, "once");
	tcase_add_test(tcase, once_answers_one_message_and_closes);
	tcase_add_test(
		tcase,
		once_does_not_lose_the_answer_to_bytes_that_come_too_late);
	tcase_add_test(tcase,
		       once_closes_a_client_that_finishes_without_a_word);
	return suite;
}

int main(void)
{
	return harness_run(tcp_suite());
}
