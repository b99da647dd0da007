/* SPDX-License-Identifier: MIT */
/*
 * What may stand in a Host field or in the authority of a target: uri-host with
 * an optional port (RFC 9110, 7.2; RFC 3986, 3.2.2), and nothing that only
 * looks like it.
 */
#include "http/request.h"

#include <string.h>

#include "guard.h"
#include "harness.h"

static const struct host_row {
	const char *text;
	bool is_valid;
	const char *why;
} hosts[] = {
	{"", true, "RFC 9110, 7.2: may be empty"},
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
	{"[::1]", true, "RFC 3986, 3.2.2: IP-literal"},
	{"[::1]:80", true, "IP-literal and port"},
	{"[::ffff:127.0.0.1]", true, "IP-literal with an IPv4 tail"},

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
	{"[]", false, "RFC 3986, 3.2.2: nothing in the brackets"},
	{"[:]", false, "RFC 3986, 3.2.2: no address in the brackets"},
	{"[80]", false, "RFC 3986, 3.2.2: no address in the brackets"},
	{"[::1%25eth0]", false, "RFC 9844: a zone is local to its host"},
	{"[a!b]", false, "RFC 3986, 3.2.2: no address in the brackets"},
	{"a%", false, "RFC 3986, 2.1: a percent sign alone"},
	{"a%4", false, "RFC 3986, 2.1: half a triplet"},
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

int main(void)
{
	Suite *suite = suite_create("request_host");
	TCase *tcase = harness_case(suite, "host");
	tcase_add_loop_test(tcase, a_host_is_valid_or_not, 0,
			    (int)ARRAY_LEN(hosts));
	tcase_add_test(tcase,
		       a_host_cut_off_anywhere_is_judged_within_its_length);

	return harness_run(suite);
}
