/* SPDX-License-Identifier: MIT */
/*
 * Memory that is there when the system has no more of it: the process may not
 * grow from then on.
 */
#include "base/room.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "harness.h"
#include "scarce.h"

#define SIZE  ((size_t)1 << 20)
#define PIECE ((size_t)4 << 10)

static void grow_no_more(void)
{
	const struct rlimit limit = {PIECE, PIECE};

	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

/* A sanitizer's allocator does not live within such a limit. */
static bool is_sanitized(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#elif defined(__has_feature)
	return __has_feature(address_sanitizer);
#else
	return false;
#endif
}

/* How much there is in pieces of this size, up to most. */
static size_t take_memory(size_t piece, size_t most)
{
	size_t len = 0;

	for (void *volatile at; len < most && (at = malloc(piece));)
		len += piece;
	return len;
}

START_TEST(what_was_seen_to_is_there)
{
	struct room *room;
	size_t len;

	if (is_sanitized()) {
		harness_skip("a sanitizer's allocator");
		return;
	}
	room = room_begin(SIZE);
	grow_no_more();
	len = take_memory(PIECE - 16, SIZE - SIZE / 100);
	ck_assert_ptr_nonnull(room);
	ck_assert_uint_ge(len, SIZE - SIZE / 100);
	/* And there is an end of it. */
	ck_assert_uint_lt(take_memory(PIECE, 8 * SIZE), 8 * SIZE);
}
END_TEST

START_TEST(what_is_not_there_is_told)
{
	struct room *room;

	if (is_sanitized()) {
		harness_skip("a sanitizer's allocator");
		return;
	}
	grow_no_more();
	room = room_begin(8 * SIZE);
	ck_assert_ptr_null(room);
	room_end(room);
}
END_TEST

/* Behind the pieces one more, which keeps them apart from the end. */
static const struct {
	size_t size;
	unsigned n_pieces;
} sizes[] = {
	{0, 1},	       {1, 2},
	{32 << 10, 2}, {(32 << 10) + 1, 3},
	{64 << 10, 3}, {(64 << 10) + 1, 4},
};

START_TEST(a_piece_that_is_not_to_be_had_leaves_no_room)
{
	unsigned n = 0;
	bool has_failed;

	do {
		struct room *room;

		scarce_memory(++n);
		room = room_begin(sizes[_i].size);
		has_failed = scarce_memory_end();
		ck_assert((room == NULL) == has_failed);
		room_end(room);
	} while (has_failed && n < 100);
	ck_assert_uint_eq(n, sizes[_i].n_pieces + 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("room");
	TCase *tcase = harness_case(suite, "room");

	tcase_add_test(tcase, what_was_seen_to_is_there);
	tcase_add_test(tcase, what_is_not_there_is_told);
	tcase_add_loop_test(tcase, a_piece_that_is_not_to_be_had_leaves_no_room,
			    0, (int)ARRAY_LEN(sizes));
	return harness_run(suite);
}
