/* SPDX-License-Identifier: MIT */
/*
 * Entity tags (RFC 9110, 8.8.3): strong, well-formed, and different as soon as
 * anything that they are made of is.
 */
#include "http/etag.h"

#include <string.h>

#include "guard.h"
#include "harness.h"

/* What a tag is made of. */
struct state {
	uint64_t inode;
	uint64_t size;
	struct timespec mtime;
};

static struct slice tag_of(const struct state *state, char *out)
{
	return http_etag_write(out, state->inode, state->size, state->mtime);
}

static const struct tag_row {
	struct state state;
	const char *tag;
	const char *why;
} tags[] = {
	{{0, 0, {0, 0}}, "\"0-0-0-0\"", "nothing but zeros"},
	{{1, 2, {3, 4}}, "\"1-2-3-4\"", "one digit each"},
	{{255, 4096, {784111777, 999999999}},
	 "\"ff-1000-2ebc98a1-3b9ac9ff\"",
	 "hexadecimal, lower case"},
	{{UINT64_MAX, UINT64_MAX, {-1, 999999999}},
	 "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff-3b9ac9ff\"",
	 "the longest; a time before 1970"},
};

START_TEST(a_tag_is_made_of_what_the_file_system_tells)
{
	const struct tag_row *row = &tags[_i];
	char out[HTTP_ETAG_SIZE];

	ck_assert_msg(slice_is(tag_of(&row->state, out), row->tag), "%.*s: %s",
		      (int)tag_of(&row->state, out).len, out, row->why);
}
END_TEST

START_TEST(a_tag_is_strong_and_of_etagc_alone)
{
	char out[HTTP_ETAG_SIZE];
	struct slice tag = tag_of(&tags[_i].state, out);

	ck_assert_uint_gt(tag.len, 2);
	ck_assert_int_eq(tag.ptr[0], '"'); /* no W/ */
	ck_assert_int_eq(tag.ptr[tag.len - 1], '"');
	for (size_t i = 1; i + 1 < tag.len; i++)
		ck_assert(tag.ptr[i] > ' ' && tag.ptr[i] < 0x7f &&
			  tag.ptr[i] != '"' && tag.ptr[i] != ',');
}
END_TEST

START_TEST(a_tag_keeps_to_its_room)
{
	char *edge = guard_new() - HTTP_ETAG_SIZE;
	struct slice tag = tag_of(&tags[ARRAY_LEN(tags) - 1].state, edge);

	ck_assert_ptr_eq(tag.ptr, edge);
	ck_assert_uint_le(tag.len, HTTP_ETAG_SIZE);
	ck_assert(slice_is(tag, tags[ARRAY_LEN(tags) - 1].tag));
}
END_TEST

/* Pairs that a careless way of writing would take for the same. */
static const struct pair_row {
	struct state a;
	struct state b;
	const char *why;
} pairs[] = {
	{{1, 2, {3, 4}}, {2, 2, {3, 4}}, "renamed over: another inode"},
	{{1, 2, {3, 4}}, {1, 3, {3, 4}}, "another size"},
	{{1, 2, {3, 4}}, {1, 2, {4, 4}}, "another second"},
	{{1, 2, {3, 4}}, {1, 2, {3, 5}}, "a nanosecond later"},
	{{1, 2, {3, 4}}, {2, 1, {3, 4}}, "inode and size change places"},
	{{1, 2, {3, 4}}, {1, 2, {4, 3}}, "the two of the time do"},
	{{0x11, 0x1, {0, 0}}, {0x1, 0x11, {0, 0}}, "the same digits in a row"},
	{{1, 0, {1, 0x10}}, {1, 0, {0x11, 0}}, "the same digits in a row"},
	{{1, 2, {3, 0}}, {1, 2, {3, 1}}, "a whole second, and a nanosecond"},
	{{1, UINT64_C(1) << 32, {0, 0}}, {1, 0, {0, 0}}, "beyond 32 bits"},
	{{UINT64_C(1) << 32, 1, {0, 0}}, {0, 1, {0, 0}}, "beyond 32 bits"},
	{{1, 2, {1L << 32, 0}}, {1, 2, {0, 0}}, "beyond 32 bits"},
	{{1, 2, {-1, 0}}, {1, 2, {1, 0}}, "before 1970"},
};

START_TEST(two_states_of_a_file_have_two_tags)
{
	const struct pair_row *row = &pairs[_i];
	char a[HTTP_ETAG_SIZE], b[HTTP_ETAG_SIZE];

	ck_assert_msg(!slice_eq(tag_of(&row->a, a), tag_of(&row->b, b)), "%s",
		      row->why);
}
END_TEST

START_TEST(the_same_state_has_the_same_tag)
{
	char a[HTTP_ETAG_SIZE], b[HTTP_ETAG_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		memset(b, 'x', sizeof(b));
		ck_assert(slice_eq(tag_of(&pairs[i].a, a),
				   tag_of(&pairs[i].a, b)));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("etag");
	TCase *tcase = harness_case(suite, "etag");

	tcase_add_loop_test(tcase, a_tag_is_made_of_what_the_file_system_tells,
			    0, (int)ARRAY_LEN(tags));
	tcase_add_loop_test(tcase, a_tag_is_strong_and_of_etagc_alone, 0,
			    (int)ARRAY_LEN(tags));
	tcase_add_test(tcase, a_tag_keeps_to_its_room);
	tcase_add_loop_test(tcase, two_states_of_a_file_have_two_tags, 0,
			    (int)ARRAY_LEN(pairs));
	tcase_add_test(tcase, the_same_state_has_the_same_tag);
	return harness_run(suite);
}
