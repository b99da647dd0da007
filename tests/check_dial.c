/* SPDX-License-Identifier: MIT */
/*
 * Dialling: what is said of names that lead nowhere, how a connection ends that
 * does not come about, and choosing among a name's addresses, for which
 * 127.0.0.2 to 127.0.0.4 stand.
 */
#include "cli/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "e2e_client.h"
#include "e2e_sock.h"
#include "harness.h"
#include "leak.h"
#include "os/socket.h"

#define N 3

/* For how long it was last waited at most; see -Wl,--wrap in local.mk. */
static int64_t wait_ns;
static int wait_error; /* it fails with; 0: it does not */

int __real_wait_for(int fd, short events, uint64_t deadline_ns);
int __wrap_wait_for(int fd, short events, uint64_t deadline_ns);

int __wrap_wait_for(int fd, short events, uint64_t deadline_ns)
{
	wait_ns = (int64_t)(deadline_ns - clock_mono_ns());
	if (wait_error == 0)
		return __real_wait_for(fd, events, deadline_ns);
	errno = wait_error;
	return -1;
}

static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

static struct dial_list to;

static void make_list(uint16_t port)
{
	to.n = N;
	for (size_t i = 0; i < N; i++) {
		to.list[i] = address_any(AF_INET, port);
		to.list[i].sa.in4.sin_addr.s_addr =
			htonl(INADDR_LOOPBACK + 1 + (uint32_t)i);
	}
}

static uint16_t free_port(int type)
{
	char text[8];

	return (uint16_t)atoi(port_without_server(type, text));
}

static int open_server(int type, size_t i)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, &to.list[i].sa.any, to.list[i].len), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

/* --- looking up --- */

static const struct {
	const char *host;
	int family;
	const char *said;
} nowhere[] = {
	{"host.invalid", AF_UNSPEC,
	 " (is the name spelt right, and does this host find other names?)"},
	{"127.0.0.1", AF_INET6,
	 " (is the name spelt right, has it an IPv6 address, and does this "
	 "host find other names?)"},
	{"::1", AF_INET,
	 " (is the name spelt right, has it an IPv4 address, and does this "
	 "host find other names?)"},
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

START_TEST(a_name_that_leads_nowhere_is_said_with_what_to_look_at)
{
	char cause[DIAL_CAUSE_SIZE] = "", begin[64];

	(void)snprintf(begin, sizeof(begin),
		       "lookup of \"%s\": ", nowhere[_i].host);
	ck_assert_int_eq(dial_look_up(&to, nowhere[_i].host, 80,
				      nowhere[_i].family, SOCK_STREAM, cause),
			 -1);
	ck_assert_msg(strncmp(cause, begin, strlen(begin)) == 0, "%s", cause);
	ck_assert_msg(ends_with(cause, nowhere[_i].said), "%s", cause);
}
END_TEST

START_TEST(a_name_cannot_command_the_terminal)
{
	char cause[DIAL_CAUSE_SIZE] = "";

	ck_assert_int_eq(
		dial_look_up(&to, "a\033b", 80, AF_UNSPEC, SOCK_STREAM, cause),
		-1);
	ck_assert_msg(strncmp(cause, "lookup of \"a?b\": ", 17) == 0, "%s",
		      cause);
}
END_TEST

START_TEST(an_address_is_its_own_name)
{
	char cause[DIAL_CAUSE_SIZE] = "";

	ck_assert_int_eq(dial_look_up(&to, "127.0.0.2", 80, AF_UNSPEC,
				      SOCK_STREAM, cause),
			 0);
	ck_assert_uint_eq(to.n, 1);
	ck_assert_int_eq(address_port(&to.list[0]), 80);
	ck_assert_str_eq(cause, "");
}
END_TEST

START_TEST(a_source_that_is_none_is_said)
{
	char cause[DIAL_CAUSE_SIZE] = "";
	struct address source;

	ck_assert_int_eq(dial_look_up_source(&source, "::1", 7, AF_INET,
					     SOCK_DGRAM, cause),
			 -1);
	ck_assert_msg(strncmp(cause, "source address \"::1\": ", 22) == 0, "%s",
		      cause);
	ck_assert_int_eq(dial_look_up_source(&source, "224.0.0.1", 7, AF_INET,
					     SOCK_DGRAM, cause),
			 -1);
	ck_assert_ptr_nonnull(strstr(cause, "a group of hosts"));
	ck_assert_int_eq(dial_look_up_source(&source, "255.255.255.255", 7,
					     AF_INET, SOCK_DGRAM, cause),
			 -1);
	ck_assert_int_eq(dial_look_up_source(&source, "127.0.0.1", 7, AF_INET,
					     SOCK_DGRAM, cause),
			 0);
	ck_assert_int_eq(address_port(&source), 7);
}
END_TEST

START_TEST(the_longest_name_leaves_a_whole_sentence)
{
	char cause[DIAL_CAUSE_SIZE], name[2000];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(
		dial_look_up(&to, name, 80, AF_UNSPEC, SOCK_STREAM, cause), -1);
	ck_assert_msg(ends_with(cause, "other names?)"), "%s", cause);
}
END_TEST

/* --- connecting --- */

static int connect_to(size_t i, uint64_t timeout_ns, int *fd)
{
	*fd = socket_open(&to.list[i], SOCK_STREAM);
	ck_assert_int_ge(*fd, 0);
	return dial_connect(*fd, &to.list[i], timeout_ns);
}

START_TEST(a_connection_is_made)
{
	int server, fd;

	make_list(free_port(SOCK_STREAM));
	server = open_server(SOCK_STREAM, 0);
	ck_assert_int_eq(connect_to(0, CLOCK_NS_PER_S, &fd), 0);
	ck_assert(!dial_is_own(fd, &to.list[0]));
	(void)close(fd);
	(void)close(server);
}
END_TEST

START_TEST(a_refusal_is_told)
{
	int fd;

	make_list(free_port(SOCK_STREAM));
	ck_assert_int_eq(connect_to(0, CLOCK_NS_PER_S, &fd), ECONNREFUSED);
	(void)close(fd);
}
END_TEST

/* A queue that is full answers nobody. */
START_TEST(silence_ends_with_the_time)
{
	int server, fds[16], error = 0;
	size_t n = 0;

	make_list(free_port(SOCK_STREAM));
	server = open_server(SOCK_STREAM, 0);
	while (error == 0 && n < ARRAY_LEN(fds))
		error = connect_to(0, 50 * CLOCK_NS_PER_MS, &fds[n++]);
	ck_assert_int_eq(error, ETIMEDOUT);
	while (n > 0)
		(void)close(fds[--n]);
	(void)close(server);
}
END_TEST

START_TEST(a_wait_that_fails_is_told)
{
	int server, fds[16], error = 0;
	size_t n = 0;

	make_list(free_port(SOCK_STREAM));
	server = open_server(SOCK_STREAM, 0);
	wait_error = ENOMEM;
	/* Until one has to be waited for, since the queue is full. */
	while (error == 0 && n < ARRAY_LEN(fds))
		error = connect_to(0, CLOCK_NS_PER_S, &fds[n++]);
	ck_assert_int_eq(error, ENOMEM);
	while (n > 0)
		(void)close(fds[--n]);
	(void)close(server);
}
END_TEST

START_TEST(whoever_reaches_himself_is_refused)
{
	int fd;

	make_list(free_port(SOCK_STREAM));
	fd = socket_open(&to.list[0], SOCK_STREAM);
	ck_assert_int_eq(bind(fd, &to.list[0].sa.any, to.list[0].len), 0);
	ck_assert_int_eq(dial_connect(fd, &to.list[0], CLOCK_NS_PER_S),
			 ECONNREFUSED);
	ck_assert(dial_is_own(fd, &to.list[0]));
	(void)close(fd);
}
END_TEST

/* --- choosing --- */

START_TEST(the_address_that_answers_is_chosen)
{
	int type = types[_i / N], fd;

	make_list(free_port(type));
	fd = open_server(type, (size_t)_i % N);
	ck_assert_ptr_eq(dial_choose(&to, type, CLOCK_NS_PER_S),
			 &to.list[_i % N]);
	(void)close(fd);
}
END_TEST

START_TEST(of_two_the_one_that_answers_is_chosen)
{
	int fd;

	make_list(free_port(SOCK_STREAM));
	to.n = 2;
	fd = open_server(SOCK_STREAM, 1);
	ck_assert_ptr_eq(dial_choose(&to, SOCK_STREAM, CLOCK_NS_PER_S),
			 &to.list[1]);
	(void)close(fd);
}
END_TEST

START_TEST(the_first_is_taken_when_none_answers)
{
	make_list(free_port(types[_i]));
	ck_assert_ptr_eq(dial_choose(&to, types[_i], CLOCK_NS_PER_S),
			 &to.list[0]);
}
END_TEST

/* A test server that counts datagrams must not see one more. */
START_TEST(a_single_address_is_left_alone)
{
	char byte;
	int fd;

	make_list(free_port(SOCK_DGRAM));
	fd = open_server(SOCK_DGRAM, 0);
	to.n = 1;
	ck_assert_ptr_eq(dial_choose(&to, SOCK_DGRAM, CLOCK_NS_PER_S),
			 &to.list[0]);
	ck_assert_int_lt(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	/* While one of several is asked. */
	to.n = N;
	(void)dial_choose(&to, SOCK_DGRAM, CLOCK_NS_PER_S);
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	(void)close(fd);
}
END_TEST

/* The server has the datagram while nothing else is there to be read. */
START_TEST(for_a_refusal_it_is_waited_for_a_moment)
{
	int fd;

	make_list(free_port(SOCK_DGRAM));
	fd = open_server(SOCK_DGRAM, 1);
	ck_assert_ptr_eq(dial_choose(&to, SOCK_DGRAM, CLOCK_NS_PER_S),
			 &to.list[1]);
	/* Some of it may have gone by. */
	ck_assert_int_gt(wait_ns, 0);
	ck_assert_int_le(wait_ns, 100 * (int64_t)CLOCK_NS_PER_MS);
	(void)close(fd);
}
END_TEST

/* An answer is no refusal, though there is something to be read. */
START_TEST(an_address_that_answers_datagrams_is_chosen)
{
	pid_t child;
	int fd;

	make_list(free_port(SOCK_DGRAM));
	fd = open_server(SOCK_DGRAM, 1);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct address from = {.len = sizeof(from.sa)};
		char byte;

		if (recvfrom(fd, &byte, 1, 0, &from.sa.any, &from.len) == 1)
			(void)sendto(fd, &byte, 1, 0, &from.sa.any, from.len);
		_exit(0);
	}
	ck_assert_ptr_eq(dial_choose(&to, SOCK_DGRAM, CLOCK_NS_PER_S),
			 &to.list[1]);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	(void)close(fd);
}
END_TEST

static void choose_all_ways(void)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		(void)dial_choose(&to, types[i], CLOCK_NS_PER_S);
}

START_TEST(choosing_leaves_nothing_behind)
{
	make_list(free_port(SOCK_STREAM));
	leak_check(choose_all_ways);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dial");
	TCase *tcase = harness_case(suite, "dial");

	tcase_add_loop_test(
		tcase, a_name_that_leads_nowhere_is_said_with_what_to_look_at,
		0, (int)ARRAY_LEN(nowhere));
	tcase_add_test(tcase, a_name_cannot_command_the_terminal);
	tcase_add_test(tcase, an_address_is_its_own_name);
	tcase_add_test(tcase, a_source_that_is_none_is_said);
	tcase_add_test(tcase, the_longest_name_leaves_a_whole_sentence);
	tcase_add_test(tcase, a_connection_is_made);
	tcase_add_test(tcase, a_refusal_is_told);
	tcase_add_test(tcase, silence_ends_with_the_time);
	tcase_add_test(tcase, a_wait_that_fails_is_told);
	tcase_add_test(tcase, whoever_reaches_himself_is_refused);

	tcase_add_loop_test(tcase, the_address_that_answers_is_chosen, 0,
			    (int)ARRAY_LEN(types) * N);
	tcase_add_test(tcase, of_two_the_one_that_answers_is_chosen);
	tcase_add_loop_test(tcase, the_first_is_taken_when_none_answers, 0,
			    (int)ARRAY_LEN(types));
	tcase_add_test(tcase, a_single_address_is_left_alone);
	tcase_add_test(tcase, for_a_refusal_it_is_waited_for_a_moment);
	tcase_add_test(tcase, an_address_that_answers_datagrams_is_chosen);
	tcase_add_test(tcase, choosing_leaves_nothing_behind);
	return harness_run(suite);
}
