/* SPDX-License-Identifier: MIT */
/*
 * Entity tags (RFC 9110, 8.8.3): strong, well-formed, and different as soon as
 * anything that they are made of is.
 */
#include "http/etag.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "harness.h"

#define TAG_LEN 34

/* --- of content --- */

static struct slice tag_of_text(const char *text, char *out)
{
	return http_etag_of_content(out, slice_of(text));
}

/* From "xxhsum -H2" and from python3-xxhash, which agree. */
static const struct {
	const char *content;
	const char *tag;
} known[] = {
	{"", "\"99aa06d3014798d86001c324468d497f\""},
	{"a", "\"a96faf705af16834e6c632b61e964e1f\""},
	{"Hello, world\n", "\"24fc8f5a6cbeb786f8c0ee959b4de10c\""},
};

/* Any host, of whichever byte order, must agree. */
START_TEST(content_has_the_tag_that_others_compute)
{
	char out[HTTP_ETAG_SIZE];
	struct slice tag = tag_of_text(known[_i].content, out);

	ck_assert_msg(slice_is(tag, known[_i].tag), "%.*s", (int)tag.len,
		      tag.ptr);
}
END_TEST

START_TEST(one_bit_anywhere_makes_another_tag)
{
	enum {
		N = 3000
	};
	char *content = bytes_new(N);
	char a[HTTP_ETAG_SIZE], b[HTTP_ETAG_SIZE];
	struct slice whole = {content, N};

	bytes_pattern((unsigned char *)content, N, 1);
	(void)http_etag_of_content(a, whole);
	for (size_t i = 0; i < N; i++) {
		content[i] ^= 1;
		(void)http_etag_of_content(b, whole);
		content[i] ^= 1;
		if (memcmp(a, b, TAG_LEN) == 0)
			ck_abort_msg("byte %zu does not count", i);
	}
	(void)http_etag_of_content(b, (struct slice){content, N - 1});
	ck_assert_mem_ne(a, b, TAG_LEN);
	(void)http_etag_of_content(b, whole);
	ck_assert_mem_eq(a, b, TAG_LEN);
	free(content);
}
END_TEST

START_TEST(content_is_read_to_its_end_and_not_beyond)
{
	char *end = guard_new();
	char out[HTTP_ETAG_SIZE];

	for (size_t len = 0; len < 600; len++) {
		memset(end - len, 'x', len);
		(void)http_etag_of_content(out, (struct slice){end - len, len});
	}
}
END_TEST

/* --- of facts --- */

/* Pairs that a careless way of writing would take for the same. */
static const struct pair_row {
	struct http_etag_facts a;
	struct http_etag_facts b;
	const char *why;
} pairs[] = {
	{{1, 2, {3, 4}, {5, 6}},
	 {2, 2, {3, 4}, {5, 6}},
	 "renamed over: another inode"},
	{{1, 2, {3, 4}, {5, 6}}, {1, 3, {3, 4}, {5, 6}}, "another size"},
	{{1, 2, {3, 4}, {5, 6}}, {1, 2, {4, 4}, {5, 6}}, "another second"},
	{{1, 2, {3, 4}, {5, 6}}, {1, 2, {3, 5}, {5, 6}}, "a nanosecond later"},
	{{1, 2, {3, 4}, {5, 6}},
	 {1, 2, {3, 4}, {6, 6}},
	 "written anew, its time put back"},
	{{1, 2, {3, 4}, {5, 6}},
	 {1, 2, {3, 4}, {5, 7}},
	 "the same within one second"},
	{{1, 2, {3, 4}, {5, 6}},
	 {2, 1, {3, 4}, {5, 6}},
	 "inode and size change places"},
	{{1, 2, {3, 4}, {5, 6}},
	 {1, 2, {5, 6}, {3, 4}},
	 "the two times change places"},
	{{1, 2, {3, 0}, {0, 0}},
	 {1, 2, {3, 1}, {0, 0}},
	 "a whole second, and a nanosecond"},
	{{1, UINT64_C(1) << 32, {0, 0}, {0, 0}},
	 {1, 0, {0, 0}, {0, 0}},
	 "a size beyond 32 bits"},
	{{UINT64_C(1) << 32, 1, {0, 0}, {0, 0}},
	 {0, 1, {0, 0}, {0, 0}},
	 "an inode beyond 32 bits"},
	{{1, 2, {0, 0}, {1L << 32, 0}},
	 {1, 2, {0, 0}, {0, 0}},
	 "a time beyond 32 bits"},
	{{1, 2, {-1, 0}, {0, 0}}, {1, 2, {1, 0}, {0, 0}}, "before 1970"},
};

START_TEST(two_states_of_a_file_have_two_tags)
{
	const struct pair_row *row = &pairs[_i];
	char a[HTTP_ETAG_SIZE], b[HTTP_ETAG_SIZE];

	ck_assert_msg(!slice_eq(http_etag_of_facts(a, &row->a),
				http_etag_of_facts(b, &row->b)),
		      "%s", row->why);
}
END_TEST

START_TEST(the_same_state_has_the_same_tag)
{
	char a[HTTP_ETAG_SIZE], b[HTTP_ETAG_SIZE];

	memset(b, 'x', sizeof(b));
	ck_assert(slice_eq(http_etag_of_facts(a, &pairs[_i].a),
			   http_etag_of_facts(b, &pairs[_i].a)));
}
END_TEST

/* A file whose bytes are another one's facts. */
START_TEST(facts_are_nobodys_content)
{
	const uint64_t words[6] = {1, 2, 3, 4, 5, 6};
	char a[HTTP_ETAG_SIZE], b[HTTP_ETAG_SIZE];

	ck_assert(!slice_eq(
		http_etag_of_facts(a, &pairs[0].a),
		http_etag_of_content(b, (struct slice){(const char *)words,
						       sizeof(words)})));
}
END_TEST

/* --- of both --- */

static void assert_strong(struct slice tag)
{
	ck_assert_uint_eq(tag.len, TAG_LEN);
	ck_assert_int_eq(tag.ptr[0], '"'); /* no W/ */
	ck_assert_int_eq(tag.ptr[tag.len - 1], '"');
	for (size_t i = 1; i + 1 < tag.len; i++)
		ck_assert_ptr_nonnull(strchr("0123456789abcdef", tag.ptr[i]));
}

START_TEST(a_tag_is_strong_and_keeps_to_its_room)
{
	char *edge = guard_new() - HTTP_ETAG_SIZE;

	assert_strong(tag_of_text("", edge));
	assert_strong(tag_of_text("some text", edge));
	assert_strong(http_etag_of_facts(edge, &pairs[0].a));
	ck_assert_ptr_eq(http_etag_of_facts(edge, &pairs[0].a).ptr, edge);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("etag");
	TCase *tcase = harness_case(suite, "etag");

	tcase_add_loop_test(tcase, content_has_the_tag_that_others_compute, 0,
			    ARRAY_LEN(known));
	tcase_add_test(tcase, one_bit_anywhere_makes_another_tag);
	tcase_add_test(tcase, content_is_read_to_its_end_and_not_beyond);
	tcase_add_loop_test(tcase, two_states_of_a_file_have_two_tags, 0,
			    ARRAY_LEN(pairs));
	tcase_add_loop_test(tcase, the_same_state_has_the_same_tag, 0,
			    ARRAY_LEN(pairs));
	tcase_add_test(tcase, facts_are_nobodys_content);
	tcase_add_test(tcase, a_tag_is_strong_and_keeps_to_its_room);
	return harness_run_together(suite);
}
