/* SPDX-License-Identifier: MIT */
/*
 * Addresses of both families: how they are written and read, when two are the
 * same, and which of them stand for a group.
 */
#include "os/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct address address_of(const char *host, uint16_t port)
{
	struct address address;
	const char *cause = "";
	size_t n = 0;
	int result = address_resolve(host, port, AF_UNSPEC, SOCK_STREAM,
				     &address, 1, &n, &cause);

	ck_assert_msg(result == 0, "%s: %s", host, cause);
	ck_assert_uint_eq(n, 1);
	return address;
}

/* --- reading and writing --- */

static const struct text_row {
	const char *host;
	uint16_t port;
	int family;
	const char *host_text;
	const char *text;
	const char *why;
} texts[] = {
	{"127.0.0.1", 80, AF_INET, "127.0.0.1", "127.0.0.1:80", "IPv4"},
	{"0.0.0.0", 0, AF_INET, "0.0.0.0", "0.0.0.0:0", "the wildcard"},
	{"255.255.255.255", 65535, AF_INET, "255.255.255.255",
	 "255.255.255.255:65535", "the longest of IPv4"},
	{"::1", 80, AF_INET6, "::1", "[::1]:80", "RFC 3986: in brackets"},
	{"::", 0, AF_INET6, "::", "[::]:0", "the wildcard"},
	{"2001:DB8:0:0:0:0:0:1", 1, AF_INET6, "2001:db8::1", "[2001:db8::1]:1",
	 "RFC 5952: one spelling"},
	{"2001:db8:1111:2222:3333:4444:5555:6666", 65535, AF_INET6,
	 "2001:db8:1111:2222:3333:4444:5555:6666",
	 "[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "a long one"},
	{"::ffff:127.0.0.1", 80, AF_INET6, "::ffff:127.0.0.1",
	 "[::ffff:127.0.0.1]:80", "IPv4 in IPv6 stays IPv6"},
	{"[::1]", 80, AF_INET6, "::1", "[::1]:80", "as URIs and logs have it"},
	{"[::]", 0, AF_INET6, "::", "[::]:0", "the wildcard as well"},
};

START_TEST(an_address_is_read_and_written)
{
	const struct text_row *row = &texts[_i];
	struct address address = address_of(row->host, row->port);
	char text[ADDRESS_TEXT_SIZE];

	ck_assert_int_eq(address.sa.any.sa_family, row->family);
	ck_assert_uint_eq(address_port(&address), row->port);
	ck_assert_ptr_eq(address_format(&address, text), text);
	ck_assert_msg(strcmp(text, row->text) == 0, "%s: %s", text, row->why);
	ck_assert_ptr_eq(address_format_host(&address, text), text);
	ck_assert_msg(strcmp(text, row->host_text) == 0, "%s: %s", text,
		      row->why);
}
END_TEST

START_TEST(the_length_is_that_of_the_family)
{
	struct address four = address_of("127.0.0.1", 1);
	struct address six = address_of("::1", 1);

	ck_assert_uint_eq(four.len, sizeof(struct sockaddr_in));
	ck_assert_uint_eq(six.len, sizeof(struct sockaddr_in6));
}
END_TEST

START_TEST(a_scope_is_read_and_written)
{
	struct address address = address_of("fe80::1%lo", 80);
	char text[ADDRESS_TEXT_SIZE];

	ck_assert_uint_ne(address.sa.in6.sin6_scope_id, 0);
	ck_assert_str_eq(address_format(&address, text), "[fe80::1%lo]:80");
	address = address_of("[fe80::1%lo]", 80);
	ck_assert_str_eq(address_format(&address, text), "[fe80::1%lo]:80");
}
END_TEST

/* The longest that there can be: every group, and a scope of 15 letters. */
START_TEST(the_longest_text_fits)
{
	struct address address = {
		.len = sizeof(struct sockaddr_in6),
		.sa.in6 = {.sin6_family = AF_INET6,
			   .sin6_port = htons(65535),
			   .sin6_scope_id = 4294967295},
	};
	char text[ADDRESS_TEXT_SIZE];

	memset(&address.sa.in6.sin6_addr, 0xff, 16);
	address.sa.in6.sin6_addr.s6_addr[0] = 0xfe;
	address.sa.in6.sin6_addr.s6_addr[1] = 0x80;
	address_format(&address, text);
	ck_assert_str_eq(text, "[fe80:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
			       "%4294967295]:65535");
}
END_TEST

START_TEST(a_family_that_is_neither_is_written_as_something)
{
	struct address address = {.len = sizeof(struct sockaddr),
				  .sa.any.sa_family = AF_UNIX};
	char text[ADDRESS_TEXT_SIZE];

	memset(text, 'x', sizeof(text));
	address_format_host(&address, text);
	ck_assert_ptr_nonnull(memchr(text, '\0', sizeof(text)));
	address_format(&address, text);
	ck_assert_ptr_nonnull(memchr(text, '\0', sizeof(text)));
}
END_TEST

START_TEST(a_port_can_be_set)
{
	struct address four = address_of("127.0.0.1", 1);
	struct address six = address_of("::1", 1);

	address_set_port(&four, 65535);
	address_set_port(&six, 258);
	ck_assert_uint_eq(address_port(&four), 65535);
	ck_assert_uint_eq(address_port(&six), 258);
	ck_assert_uint_eq(four.sa.in4.sin_port, htons(65535));
	ck_assert_uint_eq(six.sa.in6.sin6_port, htons(258));
}
END_TEST

START_TEST(any_is_the_wildcard_of_its_family)
{
	struct address four = address_any(AF_INET, 7);
	struct address six = address_any(AF_INET6, 7);
	char text[ADDRESS_TEXT_SIZE];

	ck_assert_str_eq(address_format(&four, text), "0.0.0.0:7");
	ck_assert_str_eq(address_format(&six, text), "[::]:7");
	ck_assert_uint_eq(four.len, sizeof(struct sockaddr_in));
	ck_assert_uint_eq(six.len, sizeof(struct sockaddr_in6));
}
END_TEST

/* --- comparing --- */

START_TEST(two_addresses_are_the_same_in_every_part)
{
	struct address a = address_of("127.0.0.1", 80), b = a;
	struct address six = address_of("fe80::1%lo", 80), other = six;

	ck_assert(address_eq(&a, &b));
	address_set_port(&b, 81);
	ck_assert(!address_eq(&a, &b));
	b = address_of("127.0.0.2", 80);
	ck_assert(!address_eq(&a, &b));
	b = address_of("::ffff:127.0.0.1", 80);
	ck_assert(!address_eq(&a, &b));

	ck_assert(address_eq(&six, &other));
	other.sa.in6.sin6_scope_id++;
	ck_assert(!address_eq(&six, &other));
	other = address_of("fe80::2%lo", 80);
	ck_assert(!address_eq(&six, &other));
}
END_TEST

/* Every part of them: each half of IPv6, the port, and the seed. */
START_TEST(other_addresses_have_other_hashes)
{
	const struct address all[] = {
		address_of("1::1", 80),	     address_of("2::1", 80),
		address_of("1::2", 80),	     address_of("1::1", 81),
		address_of("127.0.0.1", 80), address_of("127.0.0.2", 80),
		address_of("127.0.0.1", 81),
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		uint64_t hash = address_hash(&all[i], 1);

		ck_assert_uint_eq(hash, address_hash(&all[i], 1));
		ck_assert_uint_ne(hash, address_hash(&all[i], 2));
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_ne(hash, address_hash(&all[k], 1));
	}
}
END_TEST

START_TEST(an_address_settles_into_the_form_that_it_is_shown_in)
{
	struct address mapped = address_of("::ffff:127.0.0.1", 80);
	struct address plain = address_of("127.0.0.1", 80), same = plain;
	struct address six = address_of("::1", 80), before = six;
	struct address local = {.len = 20};

	address_settle(&mapped);
	ck_assert(address_eq(&mapped, &plain));
	ck_assert_uint_eq(mapped.len, plain.len);
	address_settle(&plain);
	ck_assert(address_eq(&plain, &same));
	ck_assert_uint_eq(plain.len, same.len);
	address_settle(&six);
	ck_assert(address_eq(&six, &before));
	ck_assert_uint_eq(six.len, before.len);
	/* A peer of a Unix socket has no name. */
	local.sa.any.sa_family = AF_UNIX;
	local.sa.any.sa_data[0] = 'x';
	address_settle(&local);
	ck_assert_uint_eq(local.len, sizeof(sa_family_t));
	ck_assert_int_eq(local.sa.any.sa_family, AF_UNIX);
	ck_assert_int_eq(local.sa.any.sa_data[0], 0);
}
END_TEST

START_TEST(what_is_no_part_of_an_address_does_not_count)
{
	struct address a = address_of("127.0.0.1", 80), b;

	memset(&b, 0xff, sizeof(b));
	b.len = a.len;
	b.sa.in4.sin_family = a.sa.in4.sin_family;
	b.sa.in4.sin_port = a.sa.in4.sin_port;
	b.sa.in4.sin_addr = a.sa.in4.sin_addr;
	ck_assert(address_eq(&a, &b));
}
END_TEST

static const struct group_row {
	const char *host;
	bool is_group;
} groups[] = {
	{"224.0.0.1", true},	    {"239.255.255.255", true},
	{"255.255.255.255", true},  {"ff02::1", true},
	{"ffff::", true},	    {"223.255.255.255", false},
	{"240.0.0.1", false},	    {"127.0.0.1", false},
	{"127.255.255.255", false}, /* only its network knows */
	{"0.0.0.0", false},	    {"::1", false},
	{"fe80::1", false},	    {"::", false},
	{"::ffff:224.0.0.1", true}, {"::ffff:127.0.0.1", false},
};

START_TEST(a_group_is_known_by_its_address)
{
	struct address address = address_of(groups[_i].host, 1);

	ck_assert_msg(address_is_group(&address) == groups[_i].is_group, "%s",
		      groups[_i].host);
}
END_TEST

static const struct {
	const char *host;
	bool is_loopback;
} loopbacks[] = {
	{"127.0.0.1", true},
	{"127.255.255.255", true},
	{"::1", true},
	{"128.0.0.1", false},
	{"126.255.255.255", false},
	{"::2", false},
	{"::", false},
	{"1::1", false},
};

START_TEST(a_loopback_address_is_of_its_host_alone)
{
	struct address address = address_of(loopbacks[_i].host, 1);

	ck_assert_msg(address_is_loopback(&address) ==
			      loopbacks[_i].is_loopback,
		      "%s", loopbacks[_i].host);
}
END_TEST

/* --- resolving --- */

static const struct {
	const char *text;
	bool is_any;
} hosts[] = {
	{"0.0.0.0", true},
	{"::", true},
	{"127.0.0.1", false},
	{"0.0.0.1", false},
	{"1.0.0.0", false},
	{"::1", false},
	{"1::", false},
	{"255.255.255.255", false},
	{"::ffff:0.0.0.0", true}, /* the same, in IPv6's clothes */
	{"::ffff:0.0.0.1", false},
};

START_TEST(only_the_wildcard_names_no_host)
{
	struct address address = address_of(hosts[_i].text, 1);

	ck_assert_msg(address_is_any(&address) == hosts[_i].is_any, "%s",
		      hosts[_i].text);
}
END_TEST

START_TEST(localhost_is_a_name)
{
	struct address list[8];
	const char *cause = "";
	size_t n = 0;

	ck_assert_msg(address_resolve("localhost", 80, AF_INET, SOCK_STREAM,
				      list, ARRAY_LEN(list), &n, &cause) == 0,
		      "%s", cause);
	ck_assert_uint_ge(n, 1);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(list[i].sa.any.sa_family, AF_INET);
		ck_assert_uint_eq(address_port(&list[i]), 80);
	}
}
END_TEST

START_TEST(no_more_than_there_is_room_for_are_returned)
{
	struct address list[2];
	const char *cause = "";
	size_t n = 0;

	memset(list, 0xff, sizeof(list));
	ck_assert_int_eq(address_resolve("localhost", 80, AF_UNSPEC,
					 SOCK_STREAM, list, 1, &n, &cause),
			 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(list[1].len, (socklen_t)-1);
}
END_TEST

static const struct {
	const char *host;
	int family;
	bool is_asked; /* a name server might be asked for it */
} failures[] = {
	{"127.0.0.1", AF_INET6, false},	       /* of the other family */
	{"::1", AF_INET, false},	       /* of the other family */
	{"fe80::1%nosuchif", AF_INET6, false}, /* no such interface */
	{"name.invalid", AF_UNSPEC, true},     /* RFC 6761: never a name */
	{"", AF_UNSPEC, true},		       /* nothing */
	{"256.0.0.1", AF_UNSPEC, true},	       /* no number of an address */
	{"127.0.0.1:80", AF_UNSPEC, false},    /* the port comes apart */
	{"[::1]:80", AF_UNSPEC, false},	       /* the same */
	{"[::1]", AF_INET, false},	       /* of the other family */
	{"[::1", AF_UNSPEC, false},	       /* no end of the brackets */
	{"[127.0.0.1]", AF_UNSPEC, false},     /* RFC 3986: for IPv6 alone */
	{"a b", AF_UNSPEC, true},	       /* no name */
};

/* No test waits for a name server that does not answer. */
START_TEST(what_is_no_address_has_a_reason)
{
	struct address address;
	const char *cause = NULL;
	size_t n = 0;

	if (failures[_i].is_asked && !harness_own_network()) {
		harness_skip("no network of its own: \"%s\" is not looked up",
			     failures[_i].host);
		return;
	}
	ck_assert_int_eq(address_resolve(failures[_i].host, 80,
					 failures[_i].family, SOCK_STREAM,
					 &address, 1, &n, &cause),
			 -1);
	ck_assert_ptr_nonnull(cause);
	ck_assert_uint_gt(strlen(cause), 0);
}
END_TEST

START_TEST(a_numeric_address_resolves_for_datagrams_too)
{
	struct address list[4];
	const char *cause;
	size_t n;

	ck_assert_int_eq(address_resolve("127.0.0.1", 53, AF_UNSPEC, SOCK_DGRAM,
					 list, ARRAY_LEN(list), &n, &cause),
			 0);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(a_name_longer_than_any_has_a_reason)
{
	char name[4096];
	struct address address;
	const char *cause = NULL;
	size_t n = 0;

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(address_resolve(name, 80, AF_UNSPEC, SOCK_STREAM,
					 &address, 1, &n, &cause),
			 -1);
	ck_assert_ptr_nonnull(cause);
}
END_TEST

/* --- what people type --- */

static const struct {
	const char *text;
	const char *host; /* NULL: refused */
	const char *port; /* NULL: none */
	const char *why;
} typed[] = {
	{"name", "name", NULL, "a name"},
	{"name:80", "name", "80", "and its port"},
	{"name:http", "name", "http", "by its name"},
	{"127.0.0.1:80", "127.0.0.1", "80", "IPv4"},
	{"::1", "::1", NULL, "IPv6 needs no brackets without a port"},
	{"::1:80", "::1:80", NULL, "and then all of it is the address"},
	{"[::1]", "::1", NULL, "IPv6 as in a URI"},
	{"[::1]:80", "::1", "80", "and its port"},
	{"[fe80::1%lo]:80", "fe80::1%lo", "80", "with its scope"},
	{"name:", "name", "", "whoever reads ports refuses it"},
	{"[::1]:", "::1", "", "the same"},
	{":80", "", "80", "whoever wants a host refuses it"},
	{"", "", NULL, "the same"},
	{":", "", "", "the same"},
	{"[::1", NULL, NULL, "no end"},
	{"[::1]80", NULL, NULL, "no colon"},
	{"[::1]]:80", NULL, NULL, "an end too many"},
	{"[]", NULL, NULL, "nothing"},
	{"[]:80", NULL, NULL, "nothing, and a port"},
	{"[name]:80", NULL, NULL, "RFC 3986: for IPv6 alone"},
	{"http://name:80", NULL, NULL, "a URL is no IPv6 address"},
	{"name/x", NULL, NULL, "nor its path part of a name"},
};

START_TEST(host_and_port_are_taken_apart)
{
	const char *cause = NULL;
	char text[32], *host = NULL, *port = NULL;
	int result;

	(void)snprintf(text, sizeof(text), "%s", typed[_i].text);
	result = address_split(text, &host, &port, &cause);
	if (!typed[_i].host) {
		ck_assert_msg(result == -1, "%s", typed[_i].why);
		ck_assert_ptr_nonnull(cause);
		return;
	}
	ck_assert_msg(result == 0, "%s: %s", typed[_i].why, cause);
	ck_assert_str_eq(host, typed[_i].host);
	ck_assert_pstr_eq(port, typed[_i].port);
}
END_TEST

static const struct {
	const char *text;
	int socktype;
	uint16_t port; /* 0: refused */
} ports[] = {
	{"1", SOCK_STREAM, 1},	    {"65535", SOCK_DGRAM, 65535},
	{"http", SOCK_STREAM, 80},  {"domain", SOCK_STREAM, 53},
	{"domain", SOCK_DGRAM, 53}, {"tftp", SOCK_DGRAM, 69},
	{"0", SOCK_STREAM, 0},	    {"65536", SOCK_STREAM, 0},
	{"", SOCK_STREAM, 0},	    {" 80", SOCK_STREAM, 0},
	{"+80", SOCK_STREAM, 0},    {"80x", SOCK_STREAM, 0},
	{"-1", SOCK_DGRAM, 0},	    {"no such", SOCK_STREAM, 0},
};

START_TEST(a_port_is_a_number_or_the_name_of_a_service)
{
	const char *cause = NULL;
	uint16_t port = 0;
	int result = address_parse_port(ports[_i].text, ports[_i].socktype,
					&port, &cause);

	if (access("/etc/services", R_OK) != 0) {
		harness_skip("no /etc/services");
		return;
	}
	ck_assert_int_eq(result, ports[_i].port != 0 ? 0 : -1);
	ck_assert_uint_eq(port, ports[_i].port);
	if (result != 0)
		ck_assert_ptr_nonnull(strstr(cause, "from 1 to 65535"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tcase = harness_case(suite, "text");

	tcase_add_loop_test(tcase, an_address_is_read_and_written, 0,
			    (int)ARRAY_LEN(texts));
	tcase_add_test(tcase, the_length_is_that_of_the_family);
	tcase_add_test(tcase, a_scope_is_read_and_written);
	tcase_add_test(tcase, the_longest_text_fits);
	tcase_add_test(tcase, a_family_that_is_neither_is_written_as_something);
	tcase_add_test(tcase, a_port_can_be_set);
	tcase_add_test(tcase, any_is_the_wildcard_of_its_family);

	tcase = harness_case(suite, "comparing");
	tcase_add_test(tcase, two_addresses_are_the_same_in_every_part);
	tcase_add_test(tcase, other_addresses_have_other_hashes);
	tcase_add_test(tcase,
		       an_address_settles_into_the_form_that_it_is_shown_in);
	tcase_add_test(tcase, what_is_no_part_of_an_address_does_not_count);
	tcase_add_loop_test(tcase, only_the_wildcard_names_no_host, 0,
			    (int)ARRAY_LEN(hosts));
	tcase_add_loop_test(tcase, a_loopback_address_is_of_its_host_alone, 0,
			    (int)ARRAY_LEN(loopbacks));
	tcase_add_loop_test(tcase, a_group_is_known_by_its_address, 0,
			    (int)ARRAY_LEN(groups));

	tcase = harness_case(suite, "resolving");
	tcase_add_test(tcase, localhost_is_a_name);
	tcase_add_test(tcase, no_more_than_there_is_room_for_are_returned);
	tcase_add_loop_test(tcase, what_is_no_address_has_a_reason, 0,
			    (int)ARRAY_LEN(failures));
	tcase_add_test(tcase, a_numeric_address_resolves_for_datagrams_too);
	tcase_add_test(tcase, a_name_longer_than_any_has_a_reason);

	tcase = harness_case(suite, "typed");
	tcase_add_loop_test(tcase, host_and_port_are_taken_apart, 0,
			    (int)ARRAY_LEN(typed));
	tcase_add_loop_test(tcase, a_port_is_a_number_or_the_name_of_a_service,
			    0, (int)ARRAY_LEN(ports));
	return harness_run_together(suite);
}
