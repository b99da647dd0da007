/* SPDX-License-Identifier: MIT */
/*
 * Tokens for sources: sixteen in any second however it is laid, for each
 * source its own, and in a table that forged sources neither grow nor empty
 * for those who have used up theirs.
 */
#include "loop/bucket.h"

#include <arpa/inet.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"
#include "scarce.h"

#define TOKENS 16
#define MS     CLOCK_NS_PER_MS

static struct bucket_table *table;

static void setup(void)
{
	table = bucket_table_new(TOKENS, CLOCK_NS_PER_S);
	ck_assert_ptr_nonnull(table);
}

static void teardown(void)
{
	bucket_table_free(table);
}

static struct address source_of(uint32_t host, uint16_t port)
{
	struct address address = address_any(AF_INET, port);

	address.sa.in4.sin_addr.s_addr = htonl(host);
	return address;
}

static bool take(uint32_t host, uint16_t port, uint64_t now_ms)
{
	struct address source = source_of(host, port);

	return bucket_take(table, &source, now_ms * MS);
}

/* How many of n are given at once. */
static unsigned take_many(uint32_t host, uint16_t port, uint64_t now_ms,
			  unsigned n)
{
	unsigned given = 0;

	while (n-- > 0)
		given += take(host, port, now_ms);
	return given;
}

static const uint64_t starts_ms[] = {
	1,			   /* the host has just been switched on */
	12345678,		   /* some hours later */
	((uint64_t)1 << 32) - 500, /* after 49 days */
};

START_TEST(sixteen_in_a_second_and_no_more)
{
	uint64_t at_ms = starts_ms[_i];

	ck_assert_uint_eq(take_many(1, 5000, at_ms, 100), TOKENS);
	ck_assert(!take(1, 5000, at_ms + 999));
	ck_assert_uint_eq(take_many(1, 5000, at_ms + 1000, 100), TOKENS);
}
END_TEST

START_TEST(no_second_sees_more_however_it_is_laid)
{
	uint64_t at_ms = 10000, given_ms[4096];
	size_t n = 0;

	/* Steps that fit into no second. */
	for (size_t i = 0; i < 2000; i++, at_ms += i % 13)
		if (take(1, 5000, at_ms))
			given_ms[n++] = at_ms;
	ck_assert_uint_gt(n, 100);
	for (size_t i = TOKENS; i < n; i++)
		ck_assert_uint_ge(given_ms[i] - given_ms[i - TOKENS], 1000);
}
END_TEST

START_TEST(address_and_port_make_a_source)
{
	ck_assert_uint_eq(take_many(1, 5000, 10000, 100), TOKENS);
	ck_assert_uint_eq(take_many(1, 5001, 10000, 100), TOKENS);
	ck_assert_uint_eq(take_many(2, 5000, 10000, 100), TOKENS);
	ck_assert(!take(1, 5000, 10000));
}
END_TEST

/* Many enough for several to meet in one set, and not more than it holds. */
START_TEST(sources_that_meet_in_a_set_keep_apart)
{
	for (uint32_t host = 1; host <= 100; host++)
		ck_assert_uint_eq(take_many(host, 5000, 10000, 100), TOKENS);
	for (uint32_t host = 1; host <= 100; host++)
		ck_assert(!take(host, 5000, 10000));
}
END_TEST

START_TEST(ipv6_sources_are_told_apart_by_the_whole_address)
{
	struct address a = address_any(AF_INET6, 5000), b = a;

	b.sa.in6.sin6_addr.s6_addr[15] = 1;
	for (int i = 0; i < TOKENS; i++)
		ck_assert(bucket_take(table, &a, 10000 * MS));
	ck_assert(!bucket_take(table, &a, 10000 * MS));
	ck_assert(bucket_take(table, &b, 10000 * MS));
}
END_TEST

/* A loop goes on while somebody forges as many sources as he can. */
START_TEST(forged_sources_do_not_give_back_what_a_loop_has_used_up)
{
	unsigned given = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		(void)take(i + 10, (uint16_t)i, 10000);
		given += take(1, 5000, 10000);
	}
	ck_assert_uint_le(given, TOKENS);
}
END_TEST

/*
 * Strangers take over what has rested longest: they are spread over all sets,
 * too few to fill one, so what somebody uses is never theirs.
 */
START_TEST(who_has_tokens_left_is_forgotten_last)
{
	for (int i = 0; i < 30; i++) {
		ck_assert_uint_eq(take_many(1, 5000, 10000, TOKENS - 2),
				  TOKENS - 2);
		for (uint32_t host = 1000; host < 1128; host++)
			ck_assert(take(host, 5000, 10001));
		ck_assert_uint_eq(take_many(1, 5000, 10002, 3), 2);
		teardown();
		setup();
	}
}
END_TEST

/*
 * Two hundred at a time are a class and its neighbours. In which sets they meet
 * is another matter in each table.
 */
START_TEST(many_sources_at_a_normal_pace_are_all_answered)
{
	for (int i = 0; i < 300; i++) {
		for (uint32_t at = 0; at < 2 * 200 * 3; at++)
			ck_assert(take(at / 3 % 200, 5000,
				       10000 + 1000 * (at / 600)));
		teardown();
		setup();
	}
}
END_TEST

static const struct {
	uint32_t n_tokens;
	uint64_t period_ms;
} paces[] = {
	{1, 1000},
	{1, 1},
	{3, 100},
	{BUCKET_TOKENS_MAX, 10000},
};

/* As many at once, none in the rest of the period, and a steady pace always. */
START_TEST(tokens_and_period_are_a_choice)
{
	uint32_t n = paces[_i].n_tokens;
	uint64_t period_ms = paces[_i].period_ms;

	teardown();
	table = bucket_table_new(n, period_ms * MS);
	ck_assert_ptr_nonnull(table);
	ck_assert_uint_eq(take_many(1, 5000, 10000, n + 10), n);
	ck_assert(period_ms == 1 || !take(1, 5000, 10000 + period_ms - 1));
	ck_assert_uint_eq(take_many(1, 5000, 10000 + period_ms, n + 10), n);
	for (uint64_t i = 0; i < 3 * n; i++) {
		struct address source = source_of(2, 5000);

		ck_assert(bucket_take(table, &source,
				      (20000 + i * period_ms) * MS));
		ck_assert(take(3, 5000, 20000 + (i + n - 1) / n * period_ms));
	}
}
END_TEST

/* The same where the number of tokens is no power of two. */
START_TEST(three_tokens_are_forgotten_last_as_well)
{
	for (int i = 0; i < 30; i++) {
		teardown();
		table = bucket_table_new(3, CLOCK_NS_PER_S);
		ck_assert_ptr_nonnull(table);
		ck_assert_uint_eq(take_many(1, 5000, 10000, 2), 2);
		for (uint32_t host = 1000; host < 1128; host++)
			ck_assert(take(host, 5000, 10001));
		ck_assert_uint_eq(take_many(1, 5000, 10002, 2), 1);
	}
}
END_TEST

/* Who meets whom is another matter in each table: nobody can choose it. */
START_TEST(which_sources_meet_cannot_be_known)
{
	enum {
		N = 4000
	};
	bool given[2][N];

	for (int i = 0; i < 2; i++) {
		teardown();
		table = bucket_table_new(1, CLOCK_NS_PER_S);
		ck_assert_ptr_nonnull(table);
		for (uint32_t host = 0; host < N; host++)
			(void)take(host, 5000, 10000);
		for (uint32_t host = 0; host < N; host++)
			given[i][host] = take(host, 5000, 11000);
	}
	ck_assert_mem_ne(given[0], given[1], sizeof(given[0]));
}
END_TEST

static void make_and_free(void)
{
	bucket_table_free(bucket_table_new(TOKENS, CLOCK_NS_PER_S));
}

/* The first or the second allocation fails. */
static void make_without_memory(void)
{
	for (unsigned n = 1; n <= 2; n++) {
		struct bucket_table *none;

		scarce_memory(n);
		none = bucket_table_new(TOKENS, CLOCK_NS_PER_S);
		ck_assert(scarce_memory_end());
		ck_assert_ptr_null(none);
	}
}

START_TEST(a_table_leaves_nothing_behind)
{
	leak_check(make_and_free);
	leak_check(make_without_memory);
	bucket_table_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bucket");
	TCase *tcase = harness_case(suite, "bucket");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, sixteen_in_a_second_and_no_more, 0,
			    ARRAY_LEN(starts_ms));
	tcase_add_test(tcase, no_second_sees_more_however_it_is_laid);
	tcase_add_test(tcase, address_and_port_make_a_source);
	tcase_add_test(tcase, sources_that_meet_in_a_set_keep_apart);
	tcase_add_test(tcase, ipv6_sources_are_told_apart_by_the_whole_address);
	tcase_add_test(tcase,
		       forged_sources_do_not_give_back_what_a_loop_has_used_up);
	tcase_add_test(tcase, who_has_tokens_left_is_forgotten_last);
	tcase_add_test(tcase, many_sources_at_a_normal_pace_are_all_answered);
	tcase_add_loop_test(tcase, tokens_and_period_are_a_choice, 0,
			    ARRAY_LEN(paces));
	tcase_add_test(tcase, three_tokens_are_forgotten_last_as_well);
	tcase_add_test(tcase, which_sources_meet_cannot_be_known);
	tcase_add_test(tcase, a_table_leaves_nothing_behind);
	return harness_run(suite);
}
