/* SPDX-License-Identifier: MIT */
/*
 * Telling of refusals: each counted, the first told at once, the rest in a line
 * a second, and who caused most named without keeping everybody.
 */
#include "loop/refusal.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "harness.h"
#include "os/network.h"

static struct event_base *base;
static struct counters counters;
static struct refusals refusals;
static int log_fds[2];

static void setup(void)
{
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	counters = (struct counters){0};
	harness_pipe(log_fds);
	ck_assert_int_eq(fcntl(log_fds[0], F_SETFL, O_NONBLOCK), 0);
	log_open("test", log_fds[1]);
	refusals_init(&refusals, base, &counters);
}

static void teardown(void)
{
	refusals_clear(&refusals);
	refusals_clear(&refusals); /* harmless */
	event_base_free(base);
}

/* The log since the last time. */
static const char *told(void)
{
	static char text[4096];
	ssize_t n;

	log_flush();
	n = read(log_fds[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void note(enum refusal kind, uint32_t host, unsigned n)
{
	struct address peer = address_any(AF_INET, 1);

	peer.sa.in4.sin_addr.s_addr = htonl(host);
	while (n-- > 0) {
		address_set_port(&peer, (uint16_t)(n + 1));
		refusals_note(&refusals, kind, &peer);
	}
}

/* As if a second had passed. */
static void pass_a_second(void)
{
	event_active(&refusals.timer, EV_TIMEOUT, 0);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

START_TEST(the_first_is_told_at_once)
{
	note(REFUSAL_tcp_access_refused, 0x0a000001, 1);
	ck_assert_str_eq(told(), "test: warning: tcp: connections refused by "
				 "--allow and --deny: 1, 1 of them from "
				 "10.0.0.1\n");
	ck_assert_uint_eq(counters.tcp_access_refused, 1);
}
END_TEST

START_TEST(what_follows_is_gathered_for_a_second)
{
	note(REFUSAL_tcp_access_refused, 0x0a000001, 1);
	(void)told();
	note(REFUSAL_tcp_access_refused, 0x0a000001, 2);
	note(REFUSAL_tcp_access_refused, 0x0a000002, 5);
	ck_assert_str_eq(told(), "");
	pass_a_second();
	ck_assert_str_eq(told(), "test: warning: tcp: connections refused by "
				 "--allow and --deny: 7, at least 5 of them "
				 "from 10.0.0.2\n");
	ck_assert_uint_eq(counters.tcp_access_refused, 8);
	/* And again: the lines were told just now. */
	note(REFUSAL_tcp_access_refused, 0x0a000001, 1);
	ck_assert_str_eq(told(), "");
	pass_a_second();
	ck_assert_str_ne(told(), "");
	/* After a second of calm the next is the first. */
	pass_a_second();
	ck_assert_str_eq(told(), "");
	note(REFUSAL_tcp_access_refused, 0x0a000001, 1);
	ck_assert_str_ne(told(), "");
}
END_TEST

START_TEST(kinds_are_counted_and_told_apart)
{
	note(REFUSAL_tcp_access_refused, 0x0a000001, 1);
	(void)told();
	note(REFUSAL_udp_access_refused, 0x0a000002, 2);
	note(REFUSAL_http_access_refused, 0x0a000003, 3);
	pass_a_second();
	ck_assert_str_eq(told(),
			 "test: warning: udp: datagrams refused by --allow and "
			 "--deny: 2, 2 of them from 10.0.0.2\n"
			 "test: warning: http: connections refused by --allow "
			 "and --deny: 3, 3 of them from 10.0.0.3\n");
	ck_assert_uint_eq(counters.udp_access_refused, 2);
	ck_assert_uint_eq(counters.http_access_refused, 3);
}
END_TEST

/* More addresses than are kept, in whichever order. */
START_TEST(who_caused_most_is_found_in_a_crowd)
{
	const char *text;

	note(REFUSAL_udp_access_refused, 1, 1);
	(void)told();
	for (uint32_t i = 0; i < 10000; i++) {
		note(REFUSAL_udp_access_refused, 0x0b000000 + i, 1);
		if (_i == 0 || (_i == 1 && i > 5000) || (_i == 2 && i < 5000))
			note(REFUSAL_udp_access_refused, 0x0a000001, 1);
	}
	pass_a_second();
	text = told();
	ck_assert_msg(strstr(text, " of them from 10.0.0.1\n"), "%s", text);
}
END_TEST

/* As many as are kept, and each of them in turn the worst. */
START_TEST(whoever_of_a_few_is_worst_is_named)
{
	char wanted[64];

	for (uint32_t worst = 0; worst < REFUSAL_SUSPECTS; worst++) {
		note(REFUSAL_udp_access_refused, 1, 1);
		(void)told();
		for (uint32_t i = 0; i < REFUSAL_SUSPECTS; i++)
			note(REFUSAL_udp_access_refused, 0x0a000000 + i,
			     i == worst ? 3 : 2);
		pass_a_second();
		(void)snprintf(wanted, sizeof(wanted),
			       "at least 3 of them from 10.0.0.%u\n", worst);
		ck_assert_ptr_nonnull(strstr(told(), wanted));
		pass_a_second();
	}
}
END_TEST

START_TEST(nobody_is_named_when_nobody_stands_out)
{
	note(REFUSAL_udp_access_refused, 1, 1);
	(void)told();
	for (uint32_t i = 0; i < 9000; i++)
		note(REFUSAL_udp_access_refused, 0x0b000000 + i, 1);
	pass_a_second();
	ck_assert_str_eq(told(),
			 "test: warning: udp: datagrams refused by --allow and "
			 "--deny: 9000, from many addresses\n");
}
END_TEST

START_TEST(the_end_tells_what_was_gathered)
{
	note(REFUSAL_udp_access_refused, 1, 2);
	(void)told();
	refusals_clear(&refusals);
	ck_assert_str_ne(told(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("refusal");
	TCase *tcase = harness_case(suite, "refusal");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_first_is_told_at_once);
	tcase_add_test(tcase, what_follows_is_gathered_for_a_second);
	tcase_add_test(tcase, kinds_are_counted_and_told_apart);
	tcase_add_loop_test(tcase, who_caused_most_is_found_in_a_crowd, 0, 3);
	tcase_add_test(tcase, whoever_of_a_few_is_worst_is_named);
	tcase_add_test(tcase, nobody_is_named_when_nobody_stands_out);
	tcase_add_test(tcase, the_end_tells_what_was_gathered);
	return harness_run(suite);
}
