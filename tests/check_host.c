/* SPDX-License-Identifier: MIT */
/*
 * What may stand in a Host field or in the authority of a target: uri-host with
 * an optional port (RFC 9110, 7.2; RFC 3986, 3.2.2), and nothing that only
 * looks like it.
 */
#include "http/host.h"

#include <string.h>

#include "guard.h"
#include "harness.h"

static const struct host_row {
	const char *text;
	bool is_valid;
	const char *why;
} hosts[] = {
	{"localhost", true, "a name"},
	{"www.example.com", true, "a name with dots"},
	{"www.example.com.", true, "a name with its final dot"},
	{"127.0.0.1", true, "RFC 3986, 3.2.2: IPv4address"},
	{"127.0.0.1:6789", true, "with a port"},
	{"a:", true, "RFC 3986, 3.2.3: a port of no digits"},
	{"a:0", true, "a port of one digit"},
	{"a:65535", true, "the greatest port"},
	{"a_b~c-d", true, "RFC 3986, 2.3: unreserved"},
	{"a!$&'()*+,;=b", true, "RFC 3986, 2.2: sub-delims"},
	{"%41", true, "RFC 3986, 3.2.2: pct-encoded"},
	{"%AF%af%09", true, "RFC 3986, 2.1: hexadecimal digits at their ends"},
	{"%41b%42c", true, "RFC 3986, 3.2.2: between other bytes"},
	{"[::1]", true, "RFC 3986, 3.2.2: IP-literal"},
	{"[::1]:80", true, "IP-literal and port"},
	{"[::1]:", true, "RFC 3986, 3.2.3: a port of no digits"},
	{"a:000080", true, "RFC 3986, 3.2.3: any number of digits"},
	{"[::]", true, "nothing but the gap"},
	{"[1::]", true, "the gap at the end"},
	{"[1:2:3:4:5:6:7:8]", true, "eight groups"},
	{"[1:2:3:4:5:6:7::]", true, "the gap for one group, at the end"},
	{"[::2:3:4:5:6:7:8]", true, "the gap for one group, at the start"},
	{"[1::3:4:5:6:7:8]", true, "the gap for one group, inside"},
	{"[2001:DB8::aBcD]", true, "either case"},
	{"[::ffff:127.0.0.1]", true, "IP-literal with an IPv4 tail"},
	{"[1:2:3:4:5:6:1.2.3.4]", true, "six groups and an IPv4 tail"},
	{"[::255.255.255.255]", true, "the greatest dec-octets"},
	{"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]", true,
	 "as long as an address can be"},

	{"", false, "RFC 9110, 4.2.1: an http URI's host is not empty"},
	{"a b", false, "a space"},
	{" a", false, "a space"},
	{"a\tb", false, "a tab"},
	{"a/b", false, "a slash"},
	{"a\\b", false, "a backslash"},
	{"a?b", false, "a question mark"},
	{"a#b", false, "a number sign"},
	{"u@a", false, "user information"},
	{"a\"b", false, "a quote"},
	{"<a>", false, "angle brackets"},
	{"a|b", false, "a bar"},
	{"a^b", false, "a caret"},
	{"{a}", false, "braces"},
	{":80", false, "RFC 9110, 4.2.1: a port of no host"},
	{":", false, "RFC 9110, 4.2.1: a port of no host"},
	{"a:b", false, "a port of letters"},
	{"a:65536", false, "beyond the greatest port"},
	{"a:4295032832", false, "2^32 + 65536"},
	{"a:-1", false, "a port with a sign"},
	{"a:1:2", false, "two ports"},
	{"::1", false, "an IPv6 address without brackets"},
	{"[::1", false, "no closing bracket"},
	{"::1]", false, "no opening bracket"},
	{"a[b]", false, "brackets after a name"},
	{"[::1]a", false, "a name after the brackets"},
	{"[::1]]", false, "two closing brackets"},
	{"[[::1]", false, "two opening brackets"},
	{"[::1]:a", false, "a port of letters"},
	{"[", false, "an opening bracket alone"},
	{"]", false, "a closing bracket alone"},
	{"[ab..cd::1]", false, "RFC 3986, 3.2.2: dots in a group"},
	{"[1::2::3]", false, "RFC 3986, 3.2.2: two gaps"},
	{"[::1::]", false, "RFC 3986, 3.2.2: two gaps"},
	{"[12345::]", false, "RFC 3986, 3.2.2: h16 has four digits at most"},
	{"[::00001]", false, "RFC 3986, 3.2.2: h16 has four digits at most"},
	{"[1:2:3:4:5:6:7:8:9]", false, "RFC 3986, 3.2.2: nine groups"},
	{"[1:2:3:4:5:6:7]", false, "RFC 3986, 3.2.2: seven groups"},
	{"[1:2:3:4:5:6:7:8::]", false, "RFC 3986, 3.2.2: a gap for nothing"},
	{"[::1:2:3:4:5:6:7:8]", false, "RFC 3986, 3.2.2: a gap for nothing"},
	{"[1:2:3:4::5:6:7:8]", false, "RFC 3986, 3.2.2: a gap for nothing"},
	{"[:1]", false, "RFC 3986, 3.2.2: one colon at the start"},
	{"[:1:2:3:4:5:6:7]", false, "RFC 3986, 3.2.2: one colon at the start"},
	{"[1::2:]", false, "RFC 3986, 3.2.2: one colon at the end"},
	{"[1:2:3:4:5:6:7:]", false, "RFC 3986, 3.2.2: one colon at the end"},
	{"[:::]", false, "RFC 3986, 3.2.2: three colons"},
	{"[1:::2]", false, "RFC 3986, 3.2.2: three colons"},
	{"[::g]", false, "RFC 3986, 3.2.2: no hexadecimal digit"},
	{"[::-1]", false, "a sign"},
	{"[::0x1]", false, "a prefix"},
	{"[::1.2.3.444]", false, "RFC 3986, 3.2.2: dec-octet up to 255"},
	{"[::1.2.3.256]", false, "RFC 3986, 3.2.2: dec-octet up to 255"},
	{"[::1.2.3.04]", false, "RFC 3986, 3.2.2: no leading zero"},
	{"[::1.2.3]", false, "RFC 3986, 3.2.2: three octets"},
	{"[::1.2.3.4.5]", false, "RFC 3986, 3.2.2: five octets"},
	{"[::1.2.3.]", false, "RFC 3986, 3.2.2: an empty octet"},
	{"[::1..3.4]", false, "RFC 3986, 3.2.2: an empty octet"},
	{"[::1.2.3.a]", false, "RFC 3986, 3.2.2: decimal digits"},
	{"[::1.2.3.4:5]", false, "RFC 3986, 3.2.2: IPv4 stands at the end"},
	{"[1.2.3.4::]", false, "RFC 3986, 3.2.2: IPv4 stands at the end"},
	{"[1:2:3:4:5:6:7:1.2.3.4]", false, "RFC 3986, 3.2.2: nine groups"},
	{"[1:2:3:4:5:1.2.3.4]", false, "RFC 3986, 3.2.2: seven groups"},
	{"[1.2.3.4]", false, "RFC 3986, 3.2.2: IPv4 has no brackets"},
	{"[fffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]", false,
	 "longer than an address can be"},
	{"[::1%]", false, "RFC 9844: a zone is local to its host"},
	{"[fe80::1%eth0]", false, "RFC 9844: a zone is local to its host"},
	{"[v1.a]", false, "RFC 3986, 3.2.2: IPvFuture has no user yet"},
	{"[]", false, "RFC 3986, 3.2.2: nothing in the brackets"},
	{"[:]", false, "RFC 3986, 3.2.2: no address in the brackets"},
	{"[80]", false, "RFC 3986, 3.2.2: no address in the brackets"},
	{"[::1%25eth0]", false, "RFC 9844: a zone is local to its host"},
	{"[a!b]", false, "RFC 3986, 3.2.2: no address in the brackets"},
	{"a%", false, "RFC 3986, 2.1: a percent sign alone"},
	{"a%4", false, "RFC 3986, 2.1: half a triplet"},
	{"%G0", false, "RFC 3986, 2.1: no hexadecimal digit"},
	{"%0g", false, "RFC 3986, 2.1: no hexadecimal digit"},
	{"%41%4", false, "RFC 3986, 2.1: half a triplet behind a whole one"},
	{"a%zz", false, "RFC 3986, 2.1: no hexadecimal digits"},
	{"\x7f", false, "DEL"},
	{"\x01", false, "a control byte"},
	{"\xc3\xa4", false, "bytes above ASCII"},
};

START_TEST(a_host_is_valid_or_not)
{
	const struct host_row *row = &hosts[_i];
	size_t len = strlen(row->text);
	struct slice host = {guard_copy(guard_new(), row->text, len), len};

	ck_assert_msg(http_host_is_valid(host) == row->is_valid, "\"%s\": %s",
		      row->text, row->why);
}
END_TEST

START_TEST(a_host_cut_off_anywhere_is_judged_within_its_length)
{
	char *guard = guard_new();

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		for (size_t len = 0; len < strlen(hosts[i].text); len++) {
			struct slice host = {
				guard_copy(guard, hosts[i].text, len), len};

			(void)http_host_is_valid(host);
		}
}
END_TEST

static const struct {
	const char *text;
	bool is_literal;
} names[] = {
	{"127.0.0.1", true},
	{"192.0.2.1:8080", true},
	{"[::1]", true},
	{"[2001:db8::1]:80", true},
	{"localhost", true},
	{"LocalHost:8080", true},
	{"localhost.", false},
	{"a.localhost", false},
	{"localhost.example", false},
	{"127.0.0.1.example", false},
	{"127.1", false},
	{"2130706433", false},
	{"0x7f.0.0.1", false},
	{"%6cocalhost", false},
	{"example", false},
	{"[::1", false},
	{"", false},
	{"1234567890123456", false},
	{"localhost:x", false},
};

START_TEST(what_no_name_server_has_a_say_in_is_literal)
{
	struct slice host = slice_of(names[_i].text);

	ck_assert_msg(http_host_is_literal(host) == names[_i].is_literal, "%s",
		      names[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = harness_case(suite, "host");
	tcase_add_loop_test(tcase, a_host_is_valid_or_not, 0,
			    (int)ARRAY_LEN(hosts));
	tcase_add_loop_test(tcase, what_no_name_server_has_a_say_in_is_literal,
			    0, (int)ARRAY_LEN(names));
	tcase_add_test(tcase,
		       a_host_cut_off_anywhere_is_judged_within_its_length);

	return harness_run_together(suite);
}
