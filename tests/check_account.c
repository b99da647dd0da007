/* SPDX-License-Identifier: MIT */
/*
 * Whose connection goes when there is no room: a story in each test, told in
 * milliseconds.
 */
#include "loop/account.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"
#include "os/network.h"
#include "scarce.h"

#define MEMBERS 3000
#define MS	CLOCK_NS_PER_MS

static struct accounts *accounts;
static struct account_member members[MEMBERS];

static void setup(void)
{
	/* What is freed is no account any more, and not by chance either. */
	(void)mallopt(M_PERTURB, 0xa5);
	accounts = accounts_new(1000);
	ck_assert_ptr_nonnull(accounts);
}

static void teardown(void)
{
	for (size_t i = 0; i < MEMBERS; i++)
		account_leave(&members[i]);
	accounts_free(accounts);
}

static struct address host(uint32_t number)
{
	struct address address = address_any(AF_INET, (uint16_t)number);

	address.sa.in4.sin_addr.s_addr = htonl(number);
	return address;
}

/* Members [first, end) are connections of this host from then on. */
static void join(size_t first, size_t end, uint32_t number, uint64_t at_ms)
{
	struct address peer = host(number);

	for (size_t i = first; i < end; i++)
		ck_assert_int_eq(
			account_join(accounts, &members[i], &peer, at_ms * MS),
			0);
}

/* Which member goes; -1 when none can be spared. */
static int spared(uint64_t at_ms)
{
	const struct account_member *member =
		account_to_spare(accounts, at_ms * MS);

	return member ? (int)(member - members) : -1;
}

START_TEST(without_connections_none_can_be_spared)
{
	ck_assert_int_eq(spared(1000), -1);
}
END_TEST

START_TEST(the_address_with_the_most_loses_its_longest_idle_one)
{
	join(0, 2, 1, 1000);
	join(2, 5, 2, 2000);
	ck_assert_int_eq(spared(9000), 2);
	account_note_useful(&members[2], 3000 * MS);
	ck_assert_int_eq(spared(9000), 3);
	account_leave(&members[3]);
	account_leave(&members[4]);
	/* Now the other has more. */
	ck_assert_int_eq(spared(9000), 0);
}
END_TEST

static int sacrificed(const struct account_member *asking, uint64_t at_ms)
{
	const struct account_member *member =
		account_to_sacrifice(accounts, asking, at_ms * MS);

	return member ? (int)(member - members) : -1;
}

/* A flood: nobody has been there for long enough to be spared. */
START_TEST(when_none_can_be_spared_the_most_gives_its_longest_idle_one)
{
	ck_assert_int_eq(sacrificed(NULL, 1000), -1);
	join(0, 1, 1, 1000);
	ck_assert_int_eq(sacrificed(NULL, 1000), -1);
	join(1, 4, 2, 1000);
	ck_assert_int_eq(spared(1001), -1);
	ck_assert_int_eq(sacrificed(NULL, 1001), 1);
	account_note_taking(&members[1], true);
	account_note_useful(&members[2], 1010 * MS);
	account_note_useful(&members[3], 1010 * MS);
	ck_assert_int_eq(sacrificed(NULL, 1011), 1);
	account_note_useful(&members[1], 1020 * MS);
	ck_assert_int_eq(sacrificed(NULL, 1021), 2);
	/* Who asks stays, whoever comes behind him in the same moment. */
	ck_assert_int_eq(sacrificed(&members[2], 1021), 3);
	/* All that rest is the one that asks, in the same moment. */
	account_note_taking(&members[2], true);
	ck_assert_int_eq(sacrificed(&members[3], 1021), 1);
	account_leave(&members[1]);
	account_leave(&members[2]);
	ck_assert_int_eq(sacrificed(&members[3], 1021), -1);
}
END_TEST

static void expect_largest(size_t max, const char *const *wanted)
{
	struct account_share list[8];
	char text[ADDRESS_TEXT_SIZE], all[256];
	size_t n = accounts_largest(accounts, list, max), i;

	for (i = 0; i < n; i++) {
		(void)snprintf(all, sizeof(all), "%s %zu",
			       network_format_owner(&list[i].owner, text),
			       list[i].n);
		ck_assert_ptr_nonnull(wanted[i]);
		ck_assert_str_eq(all, wanted[i]);
	}
	ck_assert_ptr_null(wanted[i]);
}

START_TEST(those_who_have_most_are_listed_largest_first)
{
	struct address v6 = address_any(AF_INET6, 80);

	expect_largest(8, (const char *const[]){NULL});
	join(0, 2, 0x0a000001, 1000);
	join(2, 7, 0x0a000002, 1000);
	join(7, 8, 0x0a000003, 1000);
	v6.sa.in6.sin6_addr.s6_addr[0] = 0xfd;
	v6.sa.in6.sin6_addr.s6_addr[15] = 1;
	for (size_t i = 8; i < 11; i++)
		ck_assert_int_eq(
			account_join(accounts, &members[i], &v6, 1000 * MS), 0);
	expect_largest(8,
		       (const char *const[]){"10.0.0.2 5", "fd00::/64 3",
					     "10.0.0.1 2", "10.0.0.3 1", NULL});
	expect_largest(
		2, (const char *const[]){"10.0.0.2 5", "fd00::/64 3", NULL});
}
END_TEST

START_TEST(all_are_closed_one_after_the_other)
{
	join(0, 1000, 1, 1000);
	join(1000, MEMBERS, 2, 1000);
	for (int i = 0; i < MEMBERS; i++) {
		int which = spared(2000);

		ck_assert_int_ge(which, 0);
		account_leave(&members[which]);
	}
	ck_assert_int_eq(spared(2000), -1);
}
END_TEST

START_TEST(the_port_makes_no_other_peer_and_nor_does_the_host_part_of_ipv6)
{
	struct address peer = address_any(AF_INET6, 1);

	join(0, 3, 1, 1000);
	for (size_t i = 10; i < 14; i++) {
		peer.sa.in6.sin6_addr.s6_addr[15] = (uint8_t)i;
		address_set_port(&peer, (uint16_t)i);
		ck_assert_int_eq(
			account_join(accounts, &members[i], &peer, 5000 * MS),
			0);
	}
	ck_assert_int_eq(spared(9000), 10);
	/* Another network is another peer. */
	for (size_t i = 20; i < 24; i++) {
		peer.sa.in6.sin6_addr.s6_addr[7] = (uint8_t)i;
		ck_assert_int_eq(
			account_join(accounts, &members[i], &peer, 1000 * MS),
			0);
	}
	ck_assert_int_eq(spared(9000), 10);
}
END_TEST

START_TEST(busy_ones_stay_and_others_rest)
{
	join(0, 200, 1, 1000);
	join(200, 220, 2, 1000);
	/* Each of the many has been of use within two milliseconds. */
	for (size_t i = 0; i < 200; i++)
		account_note_useful(&members[i], 9000 * MS + i * MS / 100);
	ck_assert_int_eq(spared(9002), 200);
	/* When all are, nobody goes. */
	for (size_t i = 200; i < 220; i++)
		account_note_useful(&members[i], 9001 * MS);
	ck_assert_int_eq(spared(9002), -1);
}
END_TEST

START_TEST(a_flood_does_not_push_out_who_was_there_before)
{
	join(0, 3, 1, 1000);
	/* 600 a second, the oldest of which have just been closed. */
	for (size_t i = 0; i < 220; i++)
		join(10 + i, 11 + i, 2, 60000 + i * 1000 / 600);
	ck_assert_int_eq(spared(60370), 10);
}
END_TEST

/* However fast it comes, and however long he has rested. */
START_TEST(a_burst_does_not_push_out_who_was_there_before)
{
	join(0, 1, 1, 0);
	join(1, 100, 2, 1000);
	ck_assert_int_eq(spared(1000), -1);
	ck_assert_int_eq(spared(1015), -1);
	ck_assert_int_eq(spared(1030), 1);
}
END_TEST

START_TEST(an_answer_that_is_taken_goes_after_those_that_rest)
{
	join(0, 3, 1, 1000);
	account_note_taking(&members[0], true);
	account_note_useful(&members[0], 5000 * MS);
	account_note_useful(&members[1], 5900 * MS);
	account_note_useful(&members[2], 5950 * MS);
	ck_assert_int_eq(spared(5960), 1);
	/* Not before it is stuck. */
	account_note_useful(&members[1], 5960 * MS);
	account_note_useful(&members[2], 5960 * MS);
	ck_assert_int_eq(spared(5970), -1);
	account_note_useful(&members[1], 6100 * MS);
	account_note_useful(&members[2], 6100 * MS);
	ck_assert_int_eq(spared(6101), 0);
}
END_TEST

/* Downloads that nobody takes, from an address that does nothing else. */
START_TEST(where_all_take_answers_the_longest_without_a_byte_goes)
{
	join(0, 1, 1, 1000);
	join(10, 110, 2, 6000);
	for (size_t i = 10; i < 110; i++)
		account_note_taking(&members[i], true);
	ck_assert_int_eq(spared(6100), 10);
}
END_TEST

/* A host or network that is slow is no reason, while another has most of it. */
START_TEST(the_only_download_of_a_peer_stays_in_a_flood_of_others)
{
	join(0, 1, 1, 1000);
	account_note_taking(&members[0], true);
	join(1, 4, 2, 1000);
	for (size_t i = 1; i < 4; i++) {
		account_note_taking(&members[i], true);
		account_note_useful(&members[i], 1900 * MS);
	}
	ck_assert_int_eq(spared(1900), -1);
	ck_assert_int_eq(spared(1950), 1);
	/* Whoever has taken nothing for so long is gone. */
	for (size_t i = 1; i < 4; i++)
		account_note_useful(&members[i], 2100 * MS);
	ck_assert_int_eq(spared(2100), 0);
	account_note_useful(&members[0], 2100 * MS);
	ck_assert_int_eq(spared(2100), -1);
	/* Among equals a slow one goes as before. */
	account_leave(&members[2]);
	account_leave(&members[3]);
	account_note_useful(&members[1], 2140 * MS);
	ck_assert_int_eq(spared(2150), 0);
}
END_TEST

/* Answers that are not stuck yet, and one that has just come: others stay. */
START_TEST(who_has_most_of_it_weighs_most_whatever_he_does)
{
	join(0, 1, 1, 1000);
	join(1, 4, 2, 1000);
	for (size_t i = 1; i < 4; i++)
		account_note_taking(&members[i], true);
	join(4, 5, 2, 1300);
	account_note_useful(&members[0], 1250 * MS);
	ck_assert_int_eq(spared(1300), -1);
	account_note_useful(&members[4], 1330 * MS);
	ck_assert_int_eq(spared(1330), -1);
	ck_assert_int_eq(spared(1360), 4);
}
END_TEST

START_TEST(leaving_twice_does_no_harm)
{
	join(0, 1, 1, 1000);
	account_leave(&members[0]);
	account_leave(&members[0]);
	account_note_useful(&members[0], 2000 * MS);
	account_note_taking(&members[0], true);
	ck_assert_int_eq(spared(9000), -1);
}
END_TEST

START_TEST(an_account_tells_how_many_it_has)
{
	struct address one = host(1), other = host(2);

	ck_assert_uint_eq(account_count(accounts, &one), 0);
	join(0, 3, 1, 10);
	join(3, 4, 2, 10);
	address_set_port(&one, 4711); /* is no part of it */
	ck_assert_uint_eq(account_count(accounts, &one), 3);
	ck_assert_uint_eq(account_count(accounts, &other), 1);
	account_leave(&members[0]);
	account_leave(&members[3]);
	ck_assert_uint_eq(account_count(accounts, &one), 2);
	ck_assert_uint_eq(account_count(accounts, &other), 0);
}
END_TEST

/* Those who rest and those who take, whichever has waited longer. */
START_TEST(the_longest_wait_goes_whatever_it_waits_for)
{
	join(0, 4, 1, 1000);
	account_note_taking(&members[2], true);
	account_note_taking(&members[3], true);
	ck_assert_int_eq(sacrificed(NULL, 1001), 0);
	account_note_useful(&members[0], 1005 * MS);
	account_note_useful(&members[1], 1010 * MS);
	ck_assert_int_eq(sacrificed(NULL, 1011), 2);
	ck_assert_int_eq(sacrificed(&members[2], 1011), 3);
	account_leave(&members[2]);
	account_leave(&members[3]);
	ck_assert_int_eq(sacrificed(&members[0], 1011), 1);
}
END_TEST

/* Nobody rests, and all have begun in this moment. */
START_TEST(who_takes_goes_when_nobody_rests)
{
	join(0, 2, 1, 1000);
	account_note_taking(&members[0], true);
	account_note_taking(&members[1], true);
	ck_assert_int_eq(sacrificed(NULL, 1000), 0);
	ck_assert_int_eq(sacrificed(&members[0], 1000), 1);
	account_leave(&members[0]);
	account_leave(&members[1]);
	join(0, 2, 1, 2000);
	ck_assert_int_eq(sacrificed(NULL, 2000), 0);
}
END_TEST

/* More than there are buckets, so that some share one. */
START_TEST(accounts_come_and_go_beside_others)
{
	for (uint32_t i = 0; i < MEMBERS; i++)
		join(i, i + 1, i, 1000);
	for (uint32_t i = 0; i < MEMBERS; i += 2)
		account_leave(&members[i]);
	for (uint32_t i = 0; i < MEMBERS; i++) {
		struct address peer = host(i);

		ck_assert_uint_eq(account_count(accounts, &peer), i % 2);
	}
	for (uint32_t i = 0; i < MEMBERS; i += 2)
		join(i, i + 1, i, 1000);
	for (uint32_t i = 0; i < MEMBERS; i++) {
		struct address peer = host(i);

		ck_assert_uint_eq(account_count(accounts, &peer), 1);
	}
}
END_TEST

START_TEST(a_member_knows_its_owner)
{
	struct address peer = host(7);

	ck_assert_ptr_null(account_owner(&members[0]));
	join(0, 1, 7, 1000);
	address_set_port(&peer, 0);
	ck_assert(address_eq(account_owner(&members[0]), &peer));
	account_leave(&members[0]);
	ck_assert_ptr_null(account_owner(&members[0]));
}
END_TEST

static void come_and_go(void)
{
	struct address peer = host(1);
	struct account_member member = {0};
	struct accounts *some = accounts_new(10);

	ck_assert_ptr_nonnull(some);
	ck_assert_int_eq(account_join(some, &member, &peer, MS), 0);
	account_leave(&member);
	accounts_free(some);
}

static void come_without_memory(void)
{
	struct address peer = host(1);
	struct account_member member = {0};
	int result;

	for (unsigned n = 1; n <= 2; n++) {
		struct accounts *none;

		scarce_memory(n);
		none = accounts_new(10);
		ck_assert(scarce_memory_end());
		ck_assert_ptr_null(none);
	}
	scarce_memory(1);
	result = account_join(accounts, &member, &peer, MS);
	ck_assert(scarce_memory_end());
	ck_assert_int_eq(result, -1);
	ck_assert_ptr_null(member.account);
}

START_TEST(accounts_leave_nothing_behind)
{
	leak_check(come_and_go);
	leak_check(come_without_memory);
	accounts_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account");
	TCase *tcase = harness_case(suite, "account");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_account_tells_how_many_it_has);
	tcase_add_test(tcase, without_connections_none_can_be_spared);
	tcase_add_test(tcase,
		       the_address_with_the_most_loses_its_longest_idle_one);
	tcase_add_test(
		tcase,
		when_none_can_be_spared_the_most_gives_its_longest_idle_one);
	tcase_add_test(tcase, those_who_have_most_are_listed_largest_first);
	tcase_add_test(tcase, all_are_closed_one_after_the_other);
	tcase_add_test(
		tcase,
		the_port_makes_no_other_peer_and_nor_does_the_host_part_of_ipv6);
	tcase_add_test(tcase, busy_ones_stay_and_others_rest);
	tcase_add_test(tcase, a_flood_does_not_push_out_who_was_there_before);
	tcase_add_test(tcase, a_burst_does_not_push_out_who_was_there_before);
	tcase_add_test(tcase,
		       an_answer_that_is_taken_goes_after_those_that_rest);
	tcase_add_test(tcase,
		       where_all_take_answers_the_longest_without_a_byte_goes);
	tcase_add_test(tcase,
		       the_only_download_of_a_peer_stays_in_a_flood_of_others);
	tcase_add_test(tcase, who_has_most_of_it_weighs_most_whatever_he_does);
	tcase_add_test(tcase, leaving_twice_does_no_harm);
	tcase_add_test(tcase, the_longest_wait_goes_whatever_it_waits_for);
	tcase_add_test(tcase, who_takes_goes_when_nobody_rests);
	tcase_add_test(tcase, accounts_come_and_go_beside_others);
	tcase_add_test(tcase, a_member_knows_its_owner);
	tcase_add_test(tcase, accounts_leave_nothing_behind);
	return harness_run(suite);
}
