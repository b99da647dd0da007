/* SPDX-License-Identifier: MIT */
/*
 * The set of what was given up: whatever is added, taken and added again, it
 * holds what a plain list would.
 */
#include "load/missing.h"

#include "harness.h"

static struct missing set;

static void tear_down(void)
{
	missing_clear(&set);
}

START_TEST(what_was_added_is_taken_once)
{
	bool measured = true;

	ck_assert(!missing_take(&set, 1, 5, &measured));
	missing_add(&set, 1, 5, false);
	missing_add(&set, 2, 0, true);
	ck_assert_uint_eq(set.n, 2);
	ck_assert(!missing_take(&set, 1, 6, &measured));
	ck_assert(!missing_take(&set, 3, 5, &measured));
	ck_assert(measured);
	ck_assert(missing_take(&set, 1, 5, &measured));
	ck_assert(!measured);
	ck_assert(!missing_take(&set, 1, 5, &measured));
	ck_assert(missing_take(&set, 2, 0, &measured));
	ck_assert(measured);
	ck_assert_uint_eq(set.n, 0);
}
END_TEST

/* Many clients and few numbers, so that places collide and wrap around. */
#define CLIENTS 64
#define NUMBERS 64

START_TEST(it_holds_what_a_list_would)
{
	static bool in[CLIENTS][NUMBERS];
	uint32_t random = 1;
	size_t n = 0;

	for (int i = 0; i < 200000; i++) {
		uint32_t client, number;
		bool measured;

		random = random * 1664525 + 1013904223;
		client = (random >> 10) % CLIENTS;
		number = (random >> 20) % NUMBERS;
		if (in[client][number] || n > 1000) {
			ck_assert(
				missing_take(&set, client, number, &measured) ==
				in[client][number]);
			n -= in[client][number];
			in[client][number] = false;
		} else {
			missing_add(&set, client, number, client % 2 == 0);
			in[client][number] = true;
			n++;
		}
		ck_assert_uint_eq(set.n, n);
	}
	for (uint32_t client = 0; client < CLIENTS; client++)
		for (uint32_t number = 0; number < NUMBERS; number++) {
			bool measured = false;

			ck_assert(
				missing_take(&set, client, number, &measured) ==
				in[client][number]);
			if (in[client][number])
				ck_assert(measured == (client % 2 == 0));
		}
	ck_assert_uint_eq(set.n, 0);
}
END_TEST

START_TEST(it_never_grows_beyond_its_bound)
{
	bool measured;

	for (uint64_t i = 0; i < MISSING_MAX; i++)
		missing_add(&set, 0, i, true);
	ck_assert_uint_eq(set.size, MISSING_MAX);
	ck_assert_uint_eq(set.n, MISSING_MAX / 2);
	ck_assert(missing_take(&set, 0, 0, &measured));
	ck_assert(missing_take(&set, 0, MISSING_MAX / 2 - 1, &measured));
	ck_assert(!missing_take(&set, 0, MISSING_MAX / 2, &measured));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("missing");
	TCase *tcase = harness_case(suite, "missing");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, what_was_added_is_taken_once);
	tcase_add_test(tcase, it_holds_what_a_list_would);
	tcase_add_test(tcase, it_never_grows_beyond_its_bound);
	return harness_run(suite);
}
