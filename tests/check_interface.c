/* SPDX-License-Identifier: MIT */
/*
 * Interfaces and their addresses, as a host has them that is made up here:
 * getifaddrs() stands before the C library's.
 */
#include "os/interface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>

#include "harness.h"

static struct sockaddr_in first = {.sin_family = AF_INET, .sin_port = 9},
			  second = {.sin_family = AF_INET};
static struct sockaddr_in6 local = {.sin6_family = AF_INET6,
				    .sin6_scope_id = 7};
static struct sockaddr_ll hardware = {.sll_family = AF_PACKET};

static char eth0[] = "eth0", eth1[] = "eth1", eth2[] = "eth2";

static struct ifaddrs rows[] = {
	{.ifa_name = eth0, .ifa_addr = (struct sockaddr *)&hardware},
	{.ifa_name = eth0, .ifa_addr = (struct sockaddr *)&first},
	{.ifa_name = eth1, .ifa_addr = (struct sockaddr *)&second},
	{.ifa_name = eth2, .ifa_addr = (struct sockaddr *)&hardware},
	{.ifa_name = eth0, .ifa_addr = NULL},
	{.ifa_name = eth0, .ifa_addr = (struct sockaddr *)&local},
	{.ifa_name = eth0, .ifa_addr = (struct sockaddr *)&second},
};
static int error;
static unsigned n_freed;

int getifaddrs(struct ifaddrs **list)
{
	if (error != 0) {
		errno = error;
		return -1;
	}
	for (size_t i = 0; i + 1 < ARRAY_LEN(rows); i++)
		rows[i].ifa_next = &rows[i + 1];
	*list = rows;
	return 0;
}

void freeifaddrs(struct ifaddrs *list)
{
	ck_assert_ptr_eq(list, rows);
	n_freed++;
}

static struct address list[4];
static size_t n;
static const char *cause;

static void set_up(void)
{
	first.sin_addr.s_addr = htonl(0xc0000201);
	second.sin_addr.s_addr = htonl(0xc0000202);
	local.sin6_addr.s6_addr[0] = 0xfe;
	local.sin6_addr.s6_addr[1] = 0x80;
	n_freed = 0;
	error = 0;
}

START_TEST(all_its_addresses_are_found_without_a_port)
{
	ck_assert_int_eq(interface_addresses("eth0", list, 4, &n, &cause), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(list[0].sa.in4.sin_addr.s_addr,
			  first.sin_addr.s_addr);
	ck_assert_uint_eq(address_port(&list[0]), 0);
	ck_assert_uint_eq(list[0].len, sizeof(first));
	ck_assert_mem_eq(&list[1].sa.in6.sin6_addr, &local.sin6_addr, 16);
	ck_assert_uint_eq(list[1].sa.in6.sin6_scope_id, 7);
	ck_assert_uint_eq(list[1].len, sizeof(local));
	ck_assert_uint_eq(list[2].sa.in4.sin_addr.s_addr,
			  second.sin_addr.s_addr);
	ck_assert_uint_eq(n_freed, 1);
}
END_TEST

START_TEST(no_more_are_taken_than_there_is_room_for)
{
	ck_assert_int_eq(interface_addresses("eth0", list, 2, &n, &cause), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(list[1].sa.any.sa_family, AF_INET6);
	ck_assert_int_eq(list[2].sa.any.sa_family, AF_UNSPEC);
}
END_TEST

/* It is down, or there is none of that name. */
START_TEST(no_address_is_an_error)
{
	static const char *const names[] = {"eth2", "eth", "eth00", ""};

	ck_assert_int_eq(interface_addresses(names[_i], list, 4, &n, &cause),
			 -1);
	ck_assert_uint_eq(n, 0);
	ck_assert_str_eq(cause, "the interface has no address");
	ck_assert_uint_eq(n_freed, 1);
}
END_TEST

START_TEST(a_host_that_does_not_tell_is_an_error)
{
	error = ENOBUFS;
	ck_assert_int_eq(interface_addresses("eth0", list, 4, &n, &cause), -1);
	ck_assert_uint_eq(n, 0);
	ck_assert_str_eq(cause, strerror(ENOBUFS));
	ck_assert_uint_eq(n_freed, 0);
}
END_TEST

START_TEST(the_loopback_exists_and_others_do_not)
{
	ck_assert(interface_exists("lo"));
	ck_assert(!interface_exists("no-such"));
	ck_assert(!interface_exists(""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interface");
	TCase *tcase = harness_case(suite, "interface");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, all_its_addresses_are_found_without_a_port);
	tcase_add_test(tcase, no_more_are_taken_than_there_is_room_for);
	tcase_add_loop_test(tcase, no_address_is_an_error, 0, 4);
	tcase_add_test(tcase, a_host_that_does_not_tell_is_an_error);
	tcase_add_test(tcase, the_loopback_exists_and_others_do_not);
	return harness_run(suite);
}
