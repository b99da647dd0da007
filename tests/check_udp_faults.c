/* SPDX-License-Identifier: MIT */
/*
 * UDP answers under --fault, over real sockets and by a clock that the test
 * moves: which leave when and in which order, from where, how many may wait,
 * and what becomes of them in the end.
 */
#include "server/udp_faults.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event_struct.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "leak.h"
#include "loop/faults.h"
#include "scarce.h"
#include "server/udp_service.h"
#include "udp_fixture.h"

static void tear_down(void)
{
	/* What waits may be of a client that they know. */
	struct faults *faults = loop.faults;

	udp_tear_down();
	faults_free(faults);
}

static void use(const char *rule)
{
	char cause[FAULT_CAUSE_SIZE];
	struct faults *faults = NULL;

	if (rule) {
		faults = faults_new(1, &rule, 1, cause);
		ck_assert_msg(faults != NULL, "%s", cause);
	}
	faults_inherit(faults, loop.faults);
	faults_free(loop.faults);
	loop.faults = faults;
}

/* Sends so many messages, m1, m2, ..., which are taken in one turn. */
static void say_many(unsigned n)
{
	char text[] = "m0";

	for (unsigned i = 1; i <= n; i++) {
		text[1] = (char)('0' + i);
		say(text);
	}
	turn();
}

/* All that has come, one behind the other. */
static const char *heard(void)
{
	static char all[256];
	char got[64];
	ssize_t n;

	all[0] = '\0';
	while ((n = recv(client, got, sizeof(got) - 1, MSG_DONTWAIT)) >= 0) {
		got[n] = '\0';
		strcat(strcat(all, got), " ");
	}
	return all;
}

static void later(time_t seconds)
{
	later_s += seconds;
	turn();
	/* What was due has been sent; a second turn finds nothing. */
	turn();
}

static const struct {
	const char *rule;
	const char *at_once;
	const char *in_2_s;
} order_rows[] = {
	{"udp: drop #2", "M1 M3 M4 M5 ", ""},
	{"udp: duplicate #1,3", "M1 M1 M2 M3 M3 M4 M5 ", ""},
	{"udp: delay 1s #2,3", "M1 M4 M5 ", "M2 M3 "},
	{"udp: delay 1s", "", "M1 M2 M3 M4 M5 "},
	{"udp: delay 1s, duplicate #2", "", "M1 M2 M2 M3 M4 M5 "},
	{"udp: reorder #1", "M2 M1 M3 M4 M5 ", ""},
	{"udp: reorder #1-4", "M2 M1 M4 M3 M5 ", ""},
	{"udp: reorder #1, duplicate #1", "M2 M1 M1 M3 M4 M5 ", ""},
	{"udp: reorder #5", "M1 M2 M3 M4 ", "M5 "},
	{"udp: reorder #1, delay 1s #2", "M3 M4 M5 ", "M2 M1 "},
	{"udp: reorder #1, drop #2", "M3 M1 M4 M5 ", ""},
	{"udp: truncate 1 #2", "M1 M M3 M4 M5 ", ""},
	{"udp: truncate 2 #2, delay 1s #2", "M1 M3 M4 M5 ", "M2 "},
	{"udp: delay 0s", "M1 M2 M3 M4 M5 ", ""},
};

START_TEST(answers_leave_in_this_order)
{
	use(order_rows[_i].rule);
	say_many(5);
	ck_assert_str_eq(heard(), order_rows[_i].at_once);
	later(2);
	ck_assert_str_eq(heard(), order_rows[_i].in_2_s);
}
END_TEST

START_TEST(each_leaves_when_it_is_due)
{
	use("udp: delay 3s");
	say_many(1);
	use("udp: delay 1s");
	say_many(2);
	use("udp: delay 2s");
	say_many(3);
	ck_assert_str_eq(heard(), "");
	later(1);
	ck_assert_str_eq(heard(), "M1 M2 ");
	later(1);
	ck_assert_str_eq(heard(), "M1 M2 M3 ");
	later(1);
	ck_assert_str_eq(heard(), "M1 ");
}
END_TEST

/* Rules that are gone hold back nothing more; what waits comes all the same. */
START_TEST(what_waits_outlives_its_rule)
{
	use("udp: delay 1s #1, reorder #2");
	say_many(2);
	use(NULL);
	say("now");
	turn();
	ck_assert_str_eq(heard(), "NOW ");
	later(1);
	ck_assert_str_eq(heard(), "M2 M1 ");
}
END_TEST

START_TEST(a_foreign_answer_comes_from_another_port)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int any = socket(AF_INET, SOCK_DGRAM, 0);
	uint16_t ports[3];
	char got[8];

	use("udp: foreign-port #1,3");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
			sendto(any, "x", 1, 0, &server.sa.any, server.len), 1);
		turn();
		ck_assert_int_eq(recvfrom(any, got, sizeof(got), MSG_DONTWAIT,
					  (struct sockaddr *)&from, &len),
				 1);
		ports[i] = ntohs(from.sin_port);
	}
	ck_assert_uint_ne(ports[0], address_port(&server));
	ck_assert_uint_eq(ports[1], address_port(&server));
	ck_assert_uint_eq(ports[2], ports[0]);
	(void)close(any);
}
END_TEST

START_TEST(a_client_may_have_so_many_waiting)
{
	char got[8];

	use("udp: delay 1m");
	for (unsigned i = 0; i < UDP_FAULTS_CLIENT_MOST; i += 8)
		say_many(8);
	ck_assert_str_eq(heard(), "");
	ck_assert_uint_eq(loop.counters.fault_delay, UDP_FAULTS_CLIENT_MOST);
	say_many(2);
	ck_assert_str_eq(heard(), "M1 M2 ");
	ck_assert_uint_eq(loop.counters.fault_skipped, 2);
	/* When they have gone there is room again. */
	later_s += 60;
	for (unsigned i = 0; i < UDP_FAULTS_CLIENT_MOST / 256 + 1; i++) {
		turn();
		while (recv(client, got, sizeof(got), MSG_DONTWAIT) >= 0)
			;
	}
	say_many(1);
	ck_assert_str_eq(heard(), "");
}
END_TEST

START_TEST(in_the_end_what_is_due_soon_is_waited_for)
{
	use("udp: delay 1s");
	say_many(2);
	use("udp: delay 2s");
	say_many(3);
	loop.draining = true;
	udp_service_drain(service);
	ck_assert_uint_eq(loop.n_waiting, 2);
	turn(); /* that of the drain ends */
	later(1);
	ck_assert_str_eq(heard(), "M1 M2 ");
	ck_assert_uint_eq(loop.n_waiting, 0);
	later(1);
	ck_assert_str_eq(heard(), "");
}
END_TEST

static void delay_and_leave(void)
{
	udp_set_up();
	use("udp: delay 1m #1-3, duplicate, foreign-port #4, reorder #5");
	say_many(5);
	tear_down();
}

static void delay_without_memory(void)
{
	bool has_failed = true;

	for (unsigned n = 1; has_failed; n++) {
		udp_set_up();
		use("udp: delay 1m #1-3, duplicate, foreign-port #4");
		for (int i = 0; i < 5; i++)
			say("m");
		scarce_memory(n);
		event_active(&stop, EV_TIMEOUT, 0);
		(void)!loop_run(&loop);
		has_failed = scarce_memory_end();
		tear_down();
	}
}

START_TEST(nothing_is_left_behind)
{
	tear_down();
	leak_check(delay_and_leave);
	leak_check(delay_without_memory);
	udp_faults_free(NULL);
	udp_set_up();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("udp_faults");
	TCase *tcase = harness_case(suite, "udp_faults");

	tcase_add_checked_fixture(tcase, udp_set_up, tear_down);
	tcase_add_loop_test(tcase, answers_leave_in_this_order, 0,
			    ARRAY_LEN(order_rows));
	tcase_add_test(tcase, each_leaves_when_it_is_due);
	tcase_add_test(tcase, what_waits_outlives_its_rule);
	tcase_add_test(tcase, a_foreign_answer_comes_from_another_port);
	tcase_add_test(tcase, a_client_may_have_so_many_waiting);
	tcase_add_test(tcase, in_the_end_what_is_due_soon_is_waited_for);
	tcase_add_test(tcase, nothing_is_left_behind);
	return harness_run(suite);
}
