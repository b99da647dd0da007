/* SPDX-License-Identifier: MIT */
/*
 * What to do after a failure: which errors have an advice, that it fits behind
 * a reason in parentheses, and that nothing is said where nothing is known.
 */
#include "cli/advice.h"

#include <errno.h>
#include <string.h>

#include "harness.h"

static const char *for_tcp(int error)
{
	return advice_for(error, false);
}

static const char *for_udp(int error)
{
	return advice_for(error, true);
}

static const struct {
	const char *(*advise)(int error);
	int error;
	const char *has; /* NULL: nothing is known */
} advices[] = {
	{for_tcp, ECONNREFUSED, "is this its TCP port?"},
	{for_udp, ECONNREFUSED, "is this its UDP port?"},
	{for_tcp, ETIMEDOUT, "firewall"},
	{for_tcp, ENETUNREACH, "no way there"},
	{for_tcp, EHOSTUNREACH, "no way there"},
	{for_tcp, ENETDOWN, "no way there"},
	{for_tcp, EHOSTDOWN, "no way there"},
	{for_tcp, ECONNRESET, "see what it says itself"},
	{for_tcp, EPIPE, "see what it says itself"},
	{for_udp, EACCES, "broadcast address"},
	{for_udp, EPERM, "local firewall"},
	{for_tcp, EADDRNOTAVAIL, "another source port"},
	{for_udp, EMSGSIZE, "use TCP"},
	{for_tcp, EINVAL, "from that source address?"},
	{for_tcp, EAFNOSUPPORT, "version of IP"},
	{for_tcp, EIO, NULL},
	{for_tcp, 0, NULL},
	{for_tcp, -1, NULL},
	{advice_for_bind, EADDRINUSE, "another program has this port"},
	{advice_for_bind, EADDRNOTAVAIL, "an address of this host?"},
	{advice_for_bind, EACCES, "below 1024"},
	{advice_for_bind, EINVAL, NULL},
	{advice_for_output, EPIPE, "has left"},
	{advice_for_output, ENOSPC, "make room"},
	{advice_for_output, EDQUOT, "make room"},
	{advice_for_output, EBADF, "it is closed"},
	{advice_for_output, EIO, NULL},
};

START_TEST(an_error_has_its_advice)
{
	const char *text = advices[_i].advise(advices[_i].error);

	if (!advices[_i].has) {
		ck_assert_ptr_null(text);
		return;
	}
	ck_assert_ptr_nonnull(text);
	ck_assert_msg(strstr(text, advices[_i].has), "%s", text);
	ck_assert_msg(!strpbrk(text, "()\n"), "%s", text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("advice");
	TCase *tcase = harness_case(suite, "advice");

	tcase_add_loop_test(tcase, an_error_has_its_advice, 0,
			    (int)ARRAY_LEN(advices));
	return harness_run(suite);
}
