/* SPDX-License-Identifier: MIT */
/*
 * Counting clients: each its own, from 1, in memory that does not grow, where
 * who has been silent longest is forgotten first.
 */
#include "loop/roll.h"

#include <arpa/inet.h>

#include "harness.h"
#include "leak.h"

static struct roll *roll;

static void set_up(void)
{
	roll = roll_new();
	ck_assert_ptr_nonnull(roll);
}

static void tear_down(void)
{
	roll_free(roll);
}

static struct address client(uint32_t host, uint16_t port)
{
	struct address address = address_any(AF_INET, port);

	address.sa.in4.sin_addr.s_addr = htonl(host);
	return address;
}

static uint64_t count(uint32_t host, uint16_t port, uint64_t now_ns)
{
	const struct address address = client(host, port);

	return roll_count(roll, &address, now_ns)->n;
}

START_TEST(each_client_has_its_own_number)
{
	const struct address known = client(1, 5000), other = client(3, 5000);
	const struct roll_entry *entry;

	ck_assert_uint_eq(count(1, 5000, 10), 1);
	ck_assert_uint_eq(count(1, 5000, 20), 2);
	ck_assert_uint_eq(count(2, 5000, 30), 1);
	ck_assert_uint_eq(count(1, 5001, 40), 1);
	ck_assert_uint_eq(count(1, 5000, 50), 3);
	entry = roll_find(roll, &known);
	ck_assert_ptr_nonnull(entry);
	ck_assert_uint_eq(entry->n, 3);
	ck_assert_uint_eq(entry->first_ns, 10);
	ck_assert_uint_eq(entry->last_ns, 50);
	ck_assert_ptr_null(roll_find(roll, &other));
}
END_TEST

/* Half of what there is room for has it for sure, but for bad luck. */
START_TEST(ten_thousand_clients_are_all_known)
{
	for (uint64_t round = 1; round <= 3; round++)
		for (uint32_t i = 0; i < 10000; i++)
			ck_assert_uint_eq(count(i, 1024, round), round);
}
END_TEST

START_TEST(who_goes_on_is_not_forgotten_for_a_million_others)
{
	for (uint32_t i = 0; i < 1000000; i++) {
		(void)count(0x0a000000 + i, 1024, i + 1);
		if (i % 1000 == 0)
			ck_assert_uint_eq(count(1, 5000, i + 1), i / 1000 + 1);
	}
	/* Who came first has been forgotten long ago. */
	ck_assert_uint_eq(count(0x0a000000, 1024, 2000000), 1);
}
END_TEST

static void make_and_free(void)
{
	roll_free(roll_new());
}

START_TEST(a_roll_leaves_nothing_behind)
{
	leak_check(make_and_free);
	roll_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("roll");
	TCase *tcase = harness_case(suite, "roll");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_client_has_its_own_number);
	tcase_add_test(tcase, ten_thousand_clients_are_all_known);
	tcase_add_test(tcase,
		       who_goes_on_is_not_forgotten_for_a_million_others);
	tcase_add_test(tcase, a_roll_leaves_nothing_behind);
	return harness_run_together(suite);
}
