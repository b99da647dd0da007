/* SPDX-License-Identifier: MIT */
/*
 * What is gathered leaves in the order in which it was added, whether it was
 * copied or stays where it is, and no more is gathered than there is room for.
 */
#include "web/gather.h"

#include <string.h>

#include "harness.h"

#define ROOM 65536

static struct gather gather;
static char room[ROOM];
static char pattern[4 * GATHER_COPY_MAX];

static void set_up(void)
{
	/* What was gathered before is no part of it. */
	memset(&gather, 0xa5, sizeof(gather));
	gather_init(&gather, room, sizeof(room));
	bytes_pattern((unsigned char *)pattern, sizeof(pattern), 1);
}

/* Adds this many bytes of the pattern, as content. */
static void add(size_t len)
{
	gather_add(&gather, (struct slice){pattern, len});
}

static void add_head(const char *head)
{
	text_add_str(&gather.text, head);
	gather_note_text(&gather);
}

/* --- what comes out --- */

/*
 * A row's letters: h a head, s content that is small enough to be copied, S as
 * much as can be, l the least that is not copied, L much more.
 */
static const struct {
	const char *parts;
	size_t n_iov;
	const char *why;
} rows[] = {
	{"", 0, "nothing"},
	{"h", 1, "text alone"},
	{"hh", 1, "text on text"},
	{"s", 1, "a copy alone"},
	{"hS", 1, "the most that is copied joins its head"},
	{"hl", 2, "the least that is not copied stays where it is"},
	{"l", 1, "a piece alone, with no empty text before or behind it"},
	{"lL", 2, "two pieces with nothing between them"},
	{"hlhL", 4, "two answers"},
	{"hlh", 3, "text behind the last piece"},
	{"hlss", 3, "copies behind a piece"},
	{"hLhshlhS", 5, "large and small in turn"},
	{"llllllllllllllll", 16, "as many pieces as can be"},
	{"hlhlhlhlhlhlhlhlhlhlhlhlhlhlhlhlh", 33, "as many iovs as can be"},
};

static size_t size_of(char part)
{
	switch (part) {
	case 's':
		return 10;
	case 'S':
		return GATHER_COPY_MAX;
	case 'l':
		return GATHER_COPY_MAX + 1;
	default:
		return sizeof(pattern);
	}
}

/* Fills expected and returns its length. */
static size_t add_parts(const char *parts, char *expected)
{
	static const char head[] = "head";
	size_t len = 0;

	for (; *parts; parts++) {
		bool is_head = *parts == 'h';
		size_t n = is_head ? strlen(head) : size_of(*parts);

		memcpy(expected + len, is_head ? head : pattern, n);
		len += n;
		if (is_head)
			add_head(head);
		else
			add(n);
		ck_assert_uint_eq(gather.len, len);
	}
	return len;
}

START_TEST(all_comes_out_in_its_order)
{
	static char expected[sizeof(pattern) * 8], got[sizeof(expected)];
	struct iovec iov[GATHER_IOV_MAX];
	size_t len = add_parts(rows[_i].parts, expected), n_got = 0;
	size_t n = gather_iov(&gather, iov);

	ck_assert_msg(n == rows[_i].n_iov, "%zu iovs: %s", n, rows[_i].why);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_gt(iov[i].iov_len, 0);
		memcpy(got + n_got, iov[i].iov_base, iov[i].iov_len);
		n_got += iov[i].iov_len;
	}
	ck_assert_uint_eq(n_got, len);
	ck_assert_mem_eq(got, expected, len);
}
END_TEST

START_TEST(only_what_is_small_is_copied)
{
	struct iovec iov[GATHER_IOV_MAX];

	add(GATHER_COPY_MAX);
	ck_assert_uint_eq(gather.n_pieces, 0);
	ck_assert_uint_eq(gather.text.len, GATHER_COPY_MAX);
	add(GATHER_COPY_MAX + 1);
	ck_assert_uint_eq(gather.n_pieces, 1);
	ck_assert_uint_eq(gather.text.len, GATHER_COPY_MAX);
	ck_assert_uint_eq(gather_iov(&gather, iov), 2);
	ck_assert_ptr_eq(iov[0].iov_base, room);
	ck_assert_ptr_eq(iov[1].iov_base, pattern);
}
END_TEST

START_TEST(text_that_was_taken_back_is_not_counted)
{
	add(GATHER_COPY_MAX + 1);
	add_head("head");
	gather.text.len = 0;
	gather_note_text(&gather);
	ck_assert_uint_eq(gather.len, GATHER_COPY_MAX + 1);
}
END_TEST

/* --- room --- */

START_TEST(there_is_room_for_exactly_as_much_text_as_fits)
{
	ck_assert(gather_has_room(&gather, ROOM));
	ck_assert(!gather_has_room(&gather, ROOM + 1));
	add_head("head");
	ck_assert(gather_has_room(&gather, ROOM - 4));
	ck_assert(!gather_has_room(&gather, ROOM - 3));
	ck_assert(gather_has_room(&gather, 0));
}
END_TEST

START_TEST(there_is_room_for_so_many_pieces)
{
	for (size_t i = 0; i < GATHER_PIECES_MAX; i++) {
		ck_assert(gather_has_room(&gather, 1));
		add(GATHER_COPY_MAX + 1);
	}
	ck_assert(!gather_has_room(&gather, 1));
}
END_TEST

/* However large one piece is: it was asked for before it was known. */
START_TEST(nothing_is_added_to_much)
{
	static char much[GATHER_LEN_MAX];

	gather_add(&gather, (struct slice){much, GATHER_LEN_MAX - 1});
	ck_assert(gather_has_room(&gather, 1));
	add_head("h");
	ck_assert_uint_eq(gather.len, GATHER_LEN_MAX);
	ck_assert(!gather_has_room(&gather, 1));
}
END_TEST

START_TEST(a_new_beginning_forgets_all)
{
	struct iovec iov[GATHER_IOV_MAX];

	add_head("head");
	add(GATHER_COPY_MAX + 1);
	gather_init(&gather, room, sizeof(room));
	ck_assert_uint_eq(gather.len, 0);
	ck_assert_uint_eq(gather_iov(&gather, iov), 0);
	ck_assert(gather_has_room(&gather, ROOM));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gather");
	TCase *tcase = harness_case(suite, "gather");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, all_comes_out_in_its_order, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, only_what_is_small_is_copied);
	tcase_add_test(tcase, text_that_was_taken_back_is_not_counted);
	tcase_add_test(tcase, there_is_room_for_exactly_as_much_text_as_fits);
	tcase_add_test(tcase, there_is_room_for_so_many_pieces);
	tcase_add_test(tcase, nothing_is_added_to_much);
	tcase_add_test(tcase, a_new_beginning_forgets_all);
	return harness_run(suite);
}
