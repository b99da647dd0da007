/* SPDX-License-Identifier: MIT */
/*
 * Networks: what is read, what is refused and why, and who is inside.
 */
#include "os/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "harness.h"

static struct address address_of(const char *text)
{
	struct address address =
		address_any(strchr(text, ':') ? AF_INET6 : AF_INET, 4711);
	void *at = strchr(text, ':') ? (void *)&address.sa.in6.sin6_addr
				     : (void *)&address.sa.in4.sin_addr;

	ck_assert_int_eq(inet_pton(address.sa.any.sa_family, text, at), 1);
	address_settle(&address);
	return address;
}

static const struct {
	const char *network;
	const char *inside[3];
	const char *outside[4];
} networks[] = {
	{"10.0.0.0/8",
	 {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"},
	 {"9.255.255.255", "11.0.0.0", "::a00:0", "a00::"}},
	{"192.0.2.7",
	 {"192.0.2.7", "::ffff:192.0.2.7"},
	 {"192.0.2.6", "192.0.2.8", "::1"}},
	{"192.0.2.6/31",
	 {"192.0.2.6", "192.0.2.7"},
	 {"192.0.2.5", "192.0.2.8"}},
	{"128.0.0.0/1", {"128.0.0.0", "255.1.1.1"}, {"127.255.255.255"}},
	{"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::", "2001:db8::1"}},
	{"::/0",
	 {"::", "ffff::1", "2001:db8::1"},
	 {"1.2.3.4", "::ffff:1.2.3.4"}},
	{"2001:db8::/33",
	 {"2001:db8::", "2001:db8:7fff::1"},
	 {"2001:db8:8000::", "2001:db7::", "32.1.13.184"}},
	{"2001:db8::1", {"2001:db8::1"}, {"2001:db8::", "2001:db8::2"}},
	{"fe80::/10", {"fe80::1", "febf::1"}, {"fec0::1"}},
	/* As peers come: in IPv4's own clothes. */
	{"::ffff:10.0.0.0/104", {"10.1.2.3"}, {"11.0.0.0"}},
	{"::ffff:10.0.0.1", {"10.0.0.1"}, {"10.0.0.2"}},
};

START_TEST(who_is_inside)
{
	struct network network;
	char cause[NETWORK_CAUSE_SIZE] = "";

	ck_assert_msg(network_parse(networks[_i].network, &network, cause) == 0,
		      "%s: %s", networks[_i].network, cause);
	for (size_t i = 0; i < 3 && networks[_i].inside[i]; i++) {
		struct address address = address_of(networks[_i].inside[i]);

		ck_assert_msg(network_contains(&network, &address),
			      "%s is in %s", networks[_i].inside[i],
			      networks[_i].network);
	}
	for (size_t i = 0; i < 4 && networks[_i].outside[i]; i++) {
		struct address address = address_of(networks[_i].outside[i]);

		ck_assert_msg(!network_contains(&network, &address),
			      "%s is not in %s", networks[_i].outside[i],
			      networks[_i].network);
	}
}
END_TEST

static const struct {
	const char *text;
	const char *why; /* a part of the cause */
} refused[] = {
	{"", "not an IPv4 or IPv6 address"},
	{"/8", "not an IPv4 or IPv6 address"},
	{"localhost", "not an IPv4 or IPv6 address"},
	{"10.0.0/8", "not an IPv4 or IPv6 address"},
	{"10.0.0.0.0", "not an IPv4 or IPv6 address"},
	{"010.0.0.0/8", "not an IPv4 or IPv6 address"}, /* octal to some */
	{" 10.0.0.0/8", "not an IPv4 or IPv6 address"},
	{"[::1]", "not an IPv4 or IPv6 address"},
	{"fe80::1%lo", "not an IPv4 or IPv6 address"},
	{"10.0.0.0/", "0 to 32"},
	{"10.0.0.0/33", "0 to 32"},
	{"10.0.0.0/-1", "0 to 32"},
	{"10.0.0.0/+8", "0 to 32"},
	{"10.0.0.0/ 8", "0 to 32"},
	{"10.0.0.0/8/8", "0 to 32"},
	{"10.0.0.0/255.0.0.0", "0 to 32"},
	{"10.0.0.0/4294967304", "0 to 32"},
	{"::/129", "0 to 128"},
	{"10.0.0.1/8", "10.0.0.0/8"},
	{"192.0.2.7/31", "192.0.2.6/31"},
	{"1.2.3.4/0", "0.0.0.0/0"},
	{"2001:db8::1/32", "2001:db8::/32"},
	{"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/128",
	 "not an IPv4 or IPv6 address"},
};

START_TEST(what_is_no_network_is_refused_with_the_reason)
{
	struct network network;
	char cause[NETWORK_CAUSE_SIZE] = "";

	ck_assert_int_eq(network_parse(refused[_i].text, &network, cause), -1);
	ck_assert_msg(strstr(cause, refused[_i].why), "%s: %s",
		      refused[_i].text, cause);
}
END_TEST

START_TEST(peers_of_unix_sockets_are_in_no_network)
{
	struct address unix_peer = {.len = sizeof(sa_family_t)};
	struct network network;
	char cause[NETWORK_CAUSE_SIZE];

	unix_peer.sa.any.sa_family = AF_UNIX;
	ck_assert_int_eq(network_parse("0.0.0.0/0", &network, cause), 0);
	ck_assert(!network_contains(&network, &unix_peer));
	ck_assert_int_eq(network_parse("::/0", &network, cause), 0);
	ck_assert(!network_contains(&network, &unix_peer));
}
END_TEST

static const struct {
	const char *peer, *owner;
} owners[] = {
	{"192.0.2.7", "192.0.2.7"},
	{"::ffff:192.0.2.7", "192.0.2.7"},
	{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
	{"::1", "::/64"},
};

START_TEST(an_owner_is_an_address_or_a_network_of_64_bits)
{
	struct address peer = address_of(owners[_i].peer), owner;
	char text[ADDRESS_TEXT_SIZE];

	owner = network_owner(&peer);
	ck_assert_uint_eq(address_port(&owner), 0);
	ck_assert_str_eq(network_format_owner(&owner, text), owners[_i].owner);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("network");
	TCase *tcase = harness_case(suite, "network");

	tcase_add_loop_test(tcase, who_is_inside, 0, ARRAY_LEN(networks));
	tcase_add_loop_test(tcase,
			    what_is_no_network_is_refused_with_the_reason, 0,
			    ARRAY_LEN(refused));
	tcase_add_test(tcase, peers_of_unix_sockets_are_in_no_network);
	tcase_add_loop_test(tcase,
			    an_owner_is_an_address_or_a_network_of_64_bits, 0,
			    ARRAY_LEN(owners));
	return harness_run(suite);
}
