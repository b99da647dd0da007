/* SPDX-License-Identifier: MIT */
/*
 * Access lists: which rules let whom use which service.
 */
#include "loop/access.h"

#include <arpa/inet.h>
#include <string.h>

#include "harness.h"

#define SERVICES "uth" /* as ACCESS_UDP and so on stand for in the rows */

static struct address address_of(const char *text)
{
	bool is_v6 = strchr(text, ':') != NULL;
	struct address address = address_any(is_v6 ? AF_INET6 : AF_INET, 4711);

	ck_assert_int_eq(inet_pton(address.sa.any.sa_family, text,
				   is_v6 ? (void *)&address.sa.in6.sin6_addr
					 : (void *)&address.sa.in4.sin_addr),
			 1);
	return address;
}

static void add_all(struct access_list *list, const char *const *texts)
{
	char cause[NETWORK_CAUSE_SIZE];

	for (size_t i = 0; i < 3 && texts[i]; i++)
		ck_assert_int_eq(access_add(list, texts[i], cause), 0);
}

static const struct {
	const char *allow[3], *deny[3];
	const char *peer;
	const char *served; /* on these services */
} rows[] = {
	{{NULL}, {NULL}, "10.0.0.1", "uth"},
	{{NULL}, {"10.0.0.0/8"}, "10.0.0.1", ""},
	{{NULL}, {"10.0.0.0/8"}, "11.0.0.1", "uth"},
	{{NULL}, {"10.0.0.0/8"}, "::1", "uth"},
	{{NULL}, {"udp:10.0.0.0/8"}, "10.0.0.1", "th"},
	{{NULL}, {"tcp:10.0.0.0/8", "udp:10.0.0.0/8"}, "10.0.0.1", "h"},
	{{"10.0.0.0/8"}, {NULL}, "10.0.0.1", "uth"},
	{{"10.0.0.0/8"}, {NULL}, "11.0.0.1", ""},
	{{"10.0.0.0/8"}, {NULL}, "::1", ""}, /* the other family, too */
	{{"10.0.0.0/8", "::1"}, {NULL}, "::1", "uth"},
	{{"http:10.0.0.0/8"}, {NULL}, "11.0.0.1", "ut"},
	{{"http:10.0.0.0/8"}, {NULL}, "10.0.0.1", "uth"},
	{{"http:10.0.0.0/8", "11.0.0.0/8"}, {NULL}, "11.0.0.1", "uth"},
	{{"http:10.0.0.0/8", "11.0.0.0/8"}, {NULL}, "10.0.0.1", "h"},
	/* Neither order nor length of the prefix lets anybody in again. */
	{{"10.0.0.1"}, {"10.0.0.0/8"}, "10.0.0.1", ""},
	{{"10.0.0.0/8"}, {"10.0.0.1"}, "10.0.0.1", ""},
	{{"10.0.0.0/8"}, {"10.0.0.1"}, "10.0.0.2", "uth"},
	{{"10.0.0.0/8"}, {"http:10.0.0.1"}, "10.0.0.1", "ut"},
};

START_TEST(deny_beats_allow_and_allow_beats_the_rest)
{
	struct access access = {0};
	struct address peer = address_of(rows[_i].peer);

	add_all(&access.allow, rows[_i].allow);
	add_all(&access.deny, rows[_i].deny);
	for (int i = 0; i < ACCESS_SERVICES; i++)
		ck_assert_msg(
			access_permits(&access, (enum access_service)i,
				       &peer) ==
				(strchr(rows[_i].served, SERVICES[i]) != NULL),
			"row %d, service %c", _i, SERVICES[i]);
	ck_assert(access_is_limited(&access) ==
		  (rows[_i].allow[0] || rows[_i].deny[0]));
}
END_TEST

START_TEST(peers_of_unix_sockets_are_let_in)
{
	static const char *const every[] = {"0.0.0.0/0", "::/0", NULL};
	struct address peer = {.len = sizeof(sa_family_t)};
	struct access access = {0};

	peer.sa.any.sa_family = AF_UNIX;
	add_all(&access.deny, every);
	ck_assert(access_permits(&access, ACCESS_TCP, &peer));
}
END_TEST

static const char *const wrong[] = {
	"",
	"udp:",
	"ftp:10.0.0.0/8",
	"admin:10.0.0.0/8",
	"UDP:::1",
	"tcp:udp:::1",
	"tcp",
	"10.0.0.1/8",
};

START_TEST(what_is_no_rule_is_refused)
{
	struct access_list list = {0};
	char cause[NETWORK_CAUSE_SIZE] = "";

	ck_assert_int_eq(access_add(&list, wrong[_i], cause), -1);
	ck_assert_str_ne(cause, "");
	ck_assert_uint_eq(list.n, 0);
}
END_TEST

START_TEST(a_list_that_is_full_takes_no_more)
{
	struct access_list list = {0};
	char cause[NETWORK_CAUSE_SIZE] = "";

	for (int i = 0; i < ACCESS_RULES_MAX; i++)
		ck_assert_int_eq(access_add(&list, "10.0.0.1", cause), 0);
	ck_assert_int_eq(access_add(&list, "10.0.0.1", cause), -1);
	ck_assert_str_eq(cause, "more than 64 of them");
}
END_TEST

static const struct {
	const char *text;
	const char *cause; /* NULL: it is one */
	const char *peer;  /* whom it names then, "" a Unix socket's */
} proxies[] = {
	{"10.0.0.0/8", NULL, "10.1.2.3"},
	{"tcp:10.0.0.1", NULL, "10.0.0.1"},
	{"http:::1", NULL, "::1"},
	{"unix", NULL, ""},
	{"http:unix", NULL, ""},
	{"udp:10.0.0.1", "datagrams have no PROXY header here", ""},
	{"udp:unix", "datagrams have no PROXY header here", ""},
	{"tcp:unix:", "", ""},
	{"nobody", "", ""},
};

START_TEST(balancers_speak_no_udp_and_may_be_on_a_unix_socket)
{
	struct access_list list = {0};
	struct address peer = {.len = sizeof(sa_family_t)};
	char cause[NETWORK_CAUSE_SIZE] = "";
	bool is_http = strncmp(proxies[_i].text, "tcp:", 4) != 0;

	ck_assert_int_eq(access_add_proxy(&list, proxies[_i].text, cause),
			 proxies[_i].cause ? -1 : 0);
	ck_assert_uint_eq(list.n, !proxies[_i].cause);
	if (proxies[_i].cause) {
		ck_assert_str_ne(cause, "");
		if (*proxies[_i].cause)
			ck_assert_str_eq(cause, proxies[_i].cause);
		return;
	}
	peer.sa.any.sa_family = AF_UNIX;
	if (*proxies[_i].peer)
		peer = address_of(proxies[_i].peer);
	ck_assert(access_list_has(&list, ACCESS_HTTP, &peer) == is_http);
	peer = address_of("192.0.2.1");
	ck_assert(!access_list_has(&list, ACCESS_HTTP, &peer));
	/* Or it is only judged. */
	ck_assert_int_eq(access_add_proxy(NULL, proxies[_i].text, cause), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = harness_case(suite, "access");

	tcase_add_loop_test(tcase, deny_beats_allow_and_allow_beats_the_rest, 0,
			    ARRAY_LEN(rows));
	tcase_add_test(tcase, peers_of_unix_sockets_are_let_in);
	tcase_add_loop_test(tcase, what_is_no_rule_is_refused, 0,
			    ARRAY_LEN(wrong));
	tcase_add_test(tcase, a_list_that_is_full_takes_no_more);
	tcase_add_loop_test(tcase,
			    balancers_speak_no_udp_and_may_be_on_a_unix_socket,
			    0, ARRAY_LEN(proxies));
	return harness_run(suite);
}
