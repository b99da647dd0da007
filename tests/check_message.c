/* SPDX-License-Identifier: MIT */
/*
 * Messages of the load generator and the numbers in them; and the set of those
 * that were given up.
 */
#include "base/message.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "load/missing.h"
#include "scarce.h"

#define SIZE_MAX_HERE 3000

static struct messages *messages;

static void make(size_t min, size_t max)
{
	messages = messages_new(7, min, max);
	ck_assert_ptr_nonnull(messages);
}

START_TEST(an_answer_is_the_message_uppercased)
{
	static char sent[SIZE_MAX_HERE];
	static unsigned char answer[SIZE_MAX_HERE];

	make(0, SIZE_MAX_HERE);
	for (uint64_t n = 0; n < 3000; n++) {
		size_t len = message_size(messages, 3, n);

		ck_assert_uint_le(len, SIZE_MAX_HERE);
		message_write(messages, 3, n, 0, sent, len);
		bytes_upper(answer, (unsigned char *)sent, len);
		ck_assert(message_is_answer(messages, 3, n, 0, (char *)answer,
					    len));
		ck_assert_uint_eq(message_differences(messages, 3, n, 0,
						      (char *)answer, len),
				  0);
		if (len == 0)
			continue;
		answer[n % len] ^= 1;
		ck_assert(!message_is_answer(messages, 3, n, 0, (char *)answer,
					     len));
		ck_assert_uint_eq(message_differences(messages, 3, n, 0,
						      (char *)answer, len),
				  1);
	}
	messages_free(messages);
}
END_TEST

START_TEST(messages_can_be_written_in_any_pieces)
{
	char whole[100], parts[100];

	make(1, 100);
	for (uint64_t n = 0; n < 200; n++) {
		size_t len = message_size(messages, 1, n);

		message_write(messages, 1, n, 0, whole, len);
		for (size_t cut = 0; cut <= len; cut++) {
			message_write(messages, 1, n, 0, parts, cut);
			message_write(messages, 1, n, cut, parts + cut,
				      len - cut);
			ck_assert_mem_eq(whole, parts, len);
		}
	}
	messages_free(messages);
}
END_TEST

/* A server may let an unchanged datagram go unanswered. */
START_TEST(every_message_changes_when_uppercased)
{
	static const size_t sizes[] = {1, 2, 7, 8, 9, 23, 24, 64};
	size_t size = sizes[_i];
	char sent[64];

	make(size, size);
	for (uint64_t n = 0; n < 1000; n++) {
		message_write(messages, 1, n, 0, sent, size);
		ck_assert(!message_is_answer(messages, 1, n, 0, sent, size));
	}
	messages_free(messages);
}
END_TEST

START_TEST(another_clients_answer_is_none)
{
	unsigned char answer[64];
	char sent[64];

	make(64, 64);
	for (uint64_t n = 0; n < 1000; n++) {
		message_write(messages, 1, n, 0, sent, 64);
		bytes_upper(answer, (unsigned char *)sent, 64);
		for (uint32_t other = 2; other < 30; other++)
			ck_assert(!message_is_answer(messages, other, n, 0,
						     (char *)answer, 64));
	}
	messages_free(messages);
}
END_TEST

START_TEST(the_number_survives_uppercasing)
{
	static const uint64_t numbers[] = {
		0, 1, 15, 16, 12345678, (UINT64_C(1) << 32) - 1};
	char sent[64];
	unsigned char answer[64];
	uint64_t n;

	make(64, 64);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		message_write(messages, 1, numbers[i], 0, sent, 64);
		bytes_upper(answer, (unsigned char *)sent, 64);
		ck_assert(message_read_number((char *)answer, MESSAGE_DIGITS,
					      &n));
		ck_assert_uint_eq(n, numbers[i]);
		ck_assert(message_read_second(
			messages, 1, (char *)answer + 64 - MESSAGE_DIGITS, &n));
		ck_assert_uint_eq(n, numbers[i]);
	}
	ck_assert(message_read_number("bB", 2, &n));
	ck_assert_uint_eq(n, 0x11);
	ck_assert(!message_read_number("Q", 1, &n));
	ck_assert(!message_read_number("@", 1, &n));
	ck_assert(!message_read_second(messages, 1, "aaaaaaaQ", &n));
	ck_assert(message_read_second(messages, 1, "aaaaaaap", &n));
	messages_free(messages);
}
END_TEST

/* From that size on the number stands at the end as well. */
START_TEST(a_message_of_24_bytes_has_its_number_twice)
{
	char sent[MESSAGE_TWICE];
	uint64_t n;

	make(MESSAGE_TWICE, MESSAGE_TWICE);
	message_write(messages, 1, 12345, 0, sent, sizeof(sent));
	ck_assert(message_read_second(
		messages, 1, sent + sizeof(sent) - MESSAGE_DIGITS, &n));
	ck_assert_uint_eq(n, 12345);
	messages_free(messages);
}
END_TEST

/* What is not the answer from there on differs in all that is too long. */
START_TEST(bytes_beyond_the_end_are_none_of_the_answer)
{
	char sent[12];
	unsigned char answer[12];

	make(10, 10);
	message_write(messages, 1, 5, 0, sent, 10);
	sent[10] = sent[11] = 'x';
	bytes_upper(answer, (unsigned char *)sent, 12);
	for (size_t off = 0; off <= 10; off++) {
		const char *at = (char *)answer + off;

		ck_assert(message_is_answer(messages, 1, 5, off, at, 10 - off));
		ck_assert(
			!message_is_answer(messages, 1, 5, off, at, 11 - off));
		ck_assert_uint_eq(
			message_differences(messages, 1, 5, off, at, 12 - off),
			2);
	}
	messages_free(messages);
}
END_TEST

START_TEST(the_same_seed_makes_the_same_messages)
{
	struct messages *again = messages_new(7, 10, 90);
	struct messages *other = messages_new(8, 10, 90);
	char a[90], b[90];
	size_t n_same = 0;

	make(10, 90);
	for (uint64_t n = 0; n < 100; n++) {
		size_t len = message_size(messages, 5, n);

		ck_assert_uint_eq(message_size(again, 5, n), len);
		message_write(messages, 5, n, 0, a, len);
		message_write(again, 5, n, 0, b, len);
		ck_assert_mem_eq(a, b, len);
		n_same += message_size(other, 5, n) == len;
	}
	ck_assert_uint_lt(n_same, 20);
	messages_free(messages);
	messages_free(again);
	messages_free(other);
}
END_TEST

START_TEST(sizes_are_spread_evenly)
{
	size_t counts[11] = {0};

	make(10, 20);
	for (uint64_t n = 0; n < 11000; n++)
		counts[message_size(messages, 1, n) - 10]++;
	for (size_t i = 0; i < 11; i++) {
		ck_assert_uint_gt(counts[i], 850);
		ck_assert_uint_lt(counts[i], 1150);
	}
	messages_free(messages);
}
END_TEST

static const struct {
	uint64_t low;
	size_t n_digits;
	uint64_t first, next;
	bool found;
	uint64_t n;
	const char *why;
} resolves[] = {
	{5, 8, 5, 10, true, 5, "the oldest in flight"},
	{9, 8, 5, 10, true, 9, "the newest"},
	{3, 8, 5, 10, true, 3, "one that was answered before"},
	{10, 8, 5, 10, false, 0, "one that was never sent"},
	{0, 8, 0, 0, false, 0, "nothing was sent"},
	{0, 8, 1, 1, true, 0, "the only one, and it is over"},
	{UINT32_MAX, 8, 1, 1, false, 0, "one before the first"},
	{14, 1, 2, 2, false, 0, "two before the first"},
	{0, 1, 2, 2, true, 0, "the first of all"},
	{1, 1, 40, 70, true, 49, "33 is over, so 49 is meant"},
	{1, 1, 30, 70, true, 33, "the first that is in flight"},
	{1, 1, 40, 48, true, 33, "none in flight: the last before"},
	{0, 0, 4, 6, true, 4, "no digits: the oldest in flight"},
	{0, 0, 6, 6, true, 5, "no digits, none in flight: the last"},
};

START_TEST(low_digits_name_a_message)
{
	uint64_t n = 0;
	bool found = message_resolve(resolves[_i].low, resolves[_i].n_digits,
				     resolves[_i].first, resolves[_i].next, &n);

	ck_assert_msg(found == resolves[_i].found, "%s", resolves[_i].why);
	if (found)
		ck_assert_msg(n == resolves[_i].n, "%s: %llu", resolves[_i].why,
			      (unsigned long long)n);
}
END_TEST

/* Results of one seed can be compared, today's with last year's. */
START_TEST(a_message_is_the_same_for_ever)
{
	char text[48];

	make(48, 48);
	message_write(messages, 3, 0x12345678, 0, text, sizeof(text));
	ck_assert_mem_eq(text,
			 "ihgfedcbkAa F a5fJt:7 pt"
			 "Aado.2@4ux6cdu0epeckhadk",
			 sizeof(text));
	messages_free(messages);
}
END_TEST

/* --- what was given up --- */

START_TEST(what_was_put_in_is_taken_out_once)
{
	struct missing set = {0};
	bool measured;

	for (uint64_t n = 0; n < 10000; n++)
		missing_add(&set, (uint32_t)(n % 7), n * 3, n % 2);
	ck_assert_uint_eq(set.n, 10000);
	for (uint64_t n = 10000; n-- > 0;) {
		ck_assert(!missing_take(&set, (uint32_t)(n % 7), n * 3 + 1,
					&measured));
		ck_assert(missing_take(&set, (uint32_t)(n % 7), n * 3,
				       &measured));
		ck_assert(measured == n % 2);
		ck_assert(!missing_take(&set, (uint32_t)(n % 7), n * 3,
					&measured));
	}
	ck_assert_uint_eq(set.n, 0);
	missing_clear(&set);
}
END_TEST

/* Against a plain array, in a random order. */
START_TEST(any_order_of_adding_and_taking_works)
{
	static bool in[500];
	struct missing set = {0};
	uint64_t state = 1;
	bool measured;

	memset(in, 0, sizeof(in));
	for (int i = 0; i < 100000; i++) {
		uint64_t n;

		state = state * UINT64_C(6364136223846793005) + 1;
		n = (state >> 33) % ARRAY_LEN(in);
		if (in[n])
			ck_assert(missing_take(&set, 9, n, &measured));
		else if (state >> 63)
			ck_assert(!missing_take(&set, 9, n, &measured));
		else
			missing_add(&set, 9, n, true);
		in[n] = !in[n] && !(state >> 63);
	}
	missing_clear(&set);
}
END_TEST

START_TEST(it_does_not_grow_without_bound)
{
	struct missing set = {0};

	for (uint64_t n = 0; n < MISSING_MAX; n++)
		missing_add(&set, 1, n, true);
	ck_assert_uint_le(set.size, MISSING_MAX);
	ck_assert_uint_le(set.n, MISSING_MAX / 2);
	missing_clear(&set);
}
END_TEST

START_TEST(messages_need_memory)
{
	struct messages *some;
	unsigned n = 0;
	bool has_failed;

	do {
		scarce_memory(++n);
		some = messages_new(7, 10, 20);
		has_failed = scarce_memory_end();
		ck_assert((some == NULL) == has_failed);
		messages_free(some);
	} while (has_failed && n < 100);
	ck_assert_uint_eq(n, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = harness_case(suite, "message");

	tcase_add_test(tcase, an_answer_is_the_message_uppercased);
	tcase_add_test(tcase, messages_can_be_written_in_any_pieces);
	tcase_add_loop_test(tcase, every_message_changes_when_uppercased, 0, 8);
	tcase_add_test(tcase, another_clients_answer_is_none);
	tcase_add_test(tcase, the_number_survives_uppercasing);
	tcase_add_test(tcase, a_message_of_24_bytes_has_its_number_twice);
	tcase_add_test(tcase, bytes_beyond_the_end_are_none_of_the_answer);
	tcase_add_test(tcase, the_same_seed_makes_the_same_messages);
	tcase_add_test(tcase, sizes_are_spread_evenly);
	tcase_add_loop_test(tcase, low_digits_name_a_message, 0,
			    (int)ARRAY_LEN(resolves));
	tcase_add_test(tcase, a_message_is_the_same_for_ever);
	tcase_add_test(tcase, messages_need_memory);
	tcase = harness_case(suite, "missing");
	tcase_add_test(tcase, what_was_put_in_is_taken_out_once);
	tcase_add_test(tcase, any_order_of_adding_and_taking_works);
	tcase_add_test(tcase, it_does_not_grow_without_bound);
	return harness_run_together(suite);
}
