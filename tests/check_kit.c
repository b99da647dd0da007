/* SPDX-License-Identifier: MIT */
/*
 * What the clients of a job share: all of it or nothing, and what fits the
 * messages.
 */
#include "load/kit.h"

#include <string.h>

#include "harness.h"
#include "scarce.h"

static struct kit kit;
static struct load_options options;

static const struct {
	enum protocol protocol;
	size_t size_min, size_max;
	size_t n_digits;   /* of the number in each */
	unsigned n_pieces; /* of memory, at least */
} kinds[] = {
	{PROTOCOL_TCP, 1, 64, 1, 4},
	{PROTOCOL_TCP, MESSAGE_DIGITS - 1, 64, MESSAGE_DIGITS - 1, 4},
	{PROTOCOL_TCP, MESSAGE_DIGITS, 64, MESSAGE_DIGITS, 4},
	{PROTOCOL_TCP, 64, 64, MESSAGE_DIGITS, 4},
	{PROTOCOL_HTTP, 64, 64, MESSAGE_DIGITS, 4},
	{PROTOCOL_UDP, 64, 64, MESSAGE_DIGITS, 5},
};

static void set_options(int i)
{
	options = (struct load_options){
		.protocol = kinds[i].protocol,
		.size_min = kinds[i].size_min,
		.size_max = kinds[i].size_max,
		.seed = 7,
	};
}

START_TEST(it_fits_the_messages)
{
	set_options(_i);
	ck_assert(kit_init(&kit, &options));
	ck_assert_ptr_nonnull(kit.buf);
	ck_assert_ptr_nonnull(kit.messages);
	ck_assert_int_eq(kit.batch != NULL, kinds[_i].protocol == PROTOCOL_UDP);
	ck_assert_uint_eq(kit.n_digits, kinds[_i].n_digits);
	ck_assert_uint_eq(kit.body_len, 0);
	memset(kit.buf, 1, KIT_BUF_SIZE);
	for (uint64_t n = 0; n < 100; n++) {
		size_t size = message_size(kit.messages, 1, n);

		ck_assert_uint_ge(size, kinds[_i].size_min);
		ck_assert_uint_le(size, kinds[_i].size_max);
	}
	kit_clear(&kit);
}
END_TEST

START_TEST(it_is_whole_or_there_is_none)
{
	unsigned n = 0;
	bool has_failed;

	set_options(_i);
	do {
		bool is_whole;

		scarce_memory(++n);
		is_whole = kit_init(&kit, &options);
		has_failed = scarce_memory_end();
		ck_assert(is_whole != has_failed);
		kit_clear(&kit);
	} while (has_failed && n < 100);
	ck_assert_uint_gt(n, kinds[_i].n_pieces);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kit");
	TCase *tcase = harness_case(suite, "kit");
	int n = (int)ARRAY_LEN(kinds);

	tcase_add_loop_test(tcase, it_fits_the_messages, 0, n);
	tcase_add_loop_test(tcase, it_is_whole_or_there_is_none, 0, n);
	return harness_run_together(suite);
}
