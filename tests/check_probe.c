/* SPDX-License-Identifier: MIT */
/*
 * Choosing among a name's addresses: 127.0.0.2 to 127.0.0.4 stand for them.
 */
#include "load/probe.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "e2e_client.h"
#include "e2e_sock.h"
#include "harness.h"

#define N 3

static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

static struct address list[N];

static void make_list(uint16_t port)
{
	for (size_t i = 0; i < N; i++) {
		list[i] = address_any(AF_INET, port);
		list[i].sa.in4.sin_addr.s_addr =
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
	ck_assert_int_eq(bind(fd, &list[i].sa.any, list[i].len), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

START_TEST(the_address_that_answers_is_chosen)
{
	int type = types[_i / N], fd;

	make_list(free_port(type));
	fd = open_server(type, (size_t)_i % N);
	ck_assert_uint_eq(probe_choose(list, N, type, CLOCK_NS_PER_S),
			  (size_t)_i % N);
	(void)close(fd);
}
END_TEST

START_TEST(the_first_is_taken_when_none_answers)
{
	make_list(free_port(types[_i]));
	ck_assert_uint_eq(probe_choose(list, N, types[_i], CLOCK_NS_PER_S), 0);
}
END_TEST

/* A test server that counts datagrams must not see one more. */
START_TEST(a_single_address_is_left_alone)
{
	char byte;
	int fd;

	make_list(free_port(SOCK_DGRAM));
	fd = open_server(SOCK_DGRAM, 0);
	ck_assert_uint_eq(probe_choose(list, 1, SOCK_DGRAM, CLOCK_NS_PER_S), 0);
	ck_assert_int_lt(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	/* While one of several is asked. */
	(void)probe_choose(list, N, SOCK_DGRAM, CLOCK_NS_PER_S);
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	(void)close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe");
	TCase *tcase = harness_case(suite, "probe");

	tcase_add_loop_test(tcase, the_address_that_answers_is_chosen, 0,
			    (int)ARRAY_LEN(types) * N);
	tcase_add_loop_test(tcase, the_first_is_taken_when_none_answers, 0,
			    (int)ARRAY_LEN(types));
	tcase_add_test(tcase, a_single_address_is_left_alone);
	return harness_run(suite);
}
