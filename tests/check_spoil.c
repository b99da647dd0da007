/* SPDX-License-Identifier: MIT */
/*
 * Heads that lie: each fault alone and on top of another, behind an answer that
 * must stay as it is, with content as text and as a piece.
 */
#include "web/spoil.h"

#include <string.h>

#include "harness.h"

#define FIRST "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define HEAD  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: y\r\n\r\n"

static char memory[4096];
static char large[GATHER_COPY_MAX + 1];
static struct gather out;
static size_t text_at;

static void set_up(void)
{
	gather_init(&out, memory, sizeof(memory));
	memset(large, 'x', sizeof(large));
}

/* An answer, and behind it another one with this head and content. */
static void answer(const char *head, struct slice content)
{
	text_add_str(&out.text, FIRST);
	gather_add(&out, (struct slice){large, sizeof(large)});
	text_at = out.text.len;
	text_add_str(&out.text, head);
	gather_add(&out, content);
}

/* All that would be sent of the second answer. */
static const char *sent(void)
{
	static char all[8192];
	struct iovec iov[GATHER_IOV_MAX];
	size_t n = gather_iov(&out, iov), len = 0;
	const size_t ahead = sizeof(FIRST) - 1 + sizeof(large);

	for (size_t i = 0; i < n; i++) {
		memcpy(all + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	ck_assert_uint_eq(len, out.len);
	ck_assert_mem_eq(all, FIRST, sizeof(FIRST) - 1);
	ck_assert_mem_eq(all + sizeof(FIRST) - 1, large, sizeof(large));
	all[len] = '\0';
	return all + ahead;
}

static const struct {
	enum fault_kind kind;
	int delta;
	const char *head;
	const char *spoilt; /* NULL: it cannot be spoilt so */
} rows[] = {
	{FAULT_LENGTH, 1, HEAD,
	 "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX: y\r\n\r\n"},
	{FAULT_LENGTH, -9, HEAD,
	 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: y\r\n\r\n"},
	{FAULT_LENGTH, 999999991, HEAD,
	 "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\nX: y\r\n\r\n"},
	{FAULT_LENGTH, -10, HEAD, NULL},
	{FAULT_LENGTH, 1, "HTTP/1.1 200 OK\r\nX: y\r\n\r\n", NULL},
	{FAULT_LENGTH, 1, "HTTP/1.1 200 OK\r\n", NULL},
	{FAULT_NO_LENGTH, 0, HEAD, "HTTP/1.1 200 OK\r\nX: y\r\n\r\n"},
	{FAULT_NO_LENGTH, 0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
	 "HTTP/1.1 200 OK\r\n\r\n"},
	{FAULT_NO_LENGTH, 0, "HTTP/1.1 200 OK\r\nX: y\r\n\r\n", NULL},
	{FAULT_LF, 0, HEAD, "HTTP/1.1 200 OK\nContent-Length: 9\nX: y\n\n"},
	{FAULT_NO_EMPTY_LINE, 0, HEAD,
	 "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: y\r\n"},
	{FAULT_CHUNK, 0, HEAD,
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n7\r\n"},
	{FAULT_CHUNK, 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n"},
	{FAULT_CHUNK, 0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL},
	{FAULT_CHUNK, 0, "HTTP/1.1 200 OK\r\nX: y\r\n\r\n", NULL},
	{FAULT_DELAY, 0, HEAD, NULL},
};

static void spoil_row(int i, struct slice content)
{
	const struct fault fault = {.kind = rows[i].kind,
				    .delta = rows[i].delta};
	const char *head = rows[i].spoilt ? rows[i].spoilt : rows[i].head;
	const char *all;

	answer(rows[i].head, content);
	ck_assert_int_eq(spoil_head(&out, text_at, rows[i].kind, &fault),
			 rows[i].spoilt != NULL);
	all = sent();
	ck_assert_msg(strncmp(all, head, strlen(head)) == 0, "%s", all);
	ck_assert_uint_eq(strlen(all), strlen(head) + content.len);
	ck_assert_mem_eq(all + strlen(head), content.ptr, content.len);
}

START_TEST(a_head_is_spoilt_and_nothing_else)
{
	/* Line ends of the content are none of the head's. */
	spoil_row(_i, slice_of("a\r\n\r\nb\r\nc"));
}
END_TEST

START_TEST(a_piece_moves_along)
{
	spoil_row(_i, (struct slice){large, sizeof(large)});
}
END_TEST

START_TEST(faults_stand_on_top_of_each_other)
{
	const struct fault fault = {.delta = 2};

	answer(HEAD, slice_of("123456789"));
	ck_assert(spoil_head(&out, text_at, FAULT_LENGTH, &fault));
	ck_assert(spoil_head(&out, text_at, FAULT_CHUNK, &fault));
	ck_assert(spoil_head(&out, text_at, FAULT_LF, &fault));
	ck_assert_str_eq(sent(),
			 "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nX: y\n\n"
			 "9\r\n123456789");
	ck_assert(!spoil_head(&out, text_at, FAULT_LENGTH, &fault));
	ck_assert(spoil_head(&out, text_at, FAULT_NO_EMPTY_LINE, &fault));
	ck_assert_str_eq(sent(),
			 "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nX: y\n"
			 "9\r\n123456789");
}
END_TEST

START_TEST(empty_lines_of_the_content_are_none_of_the_heads)
{
	const struct fault fault = {0};

	answer(HEAD, slice_of("a\r\n\r\nb\n\n"));
	ck_assert(spoil_head(&out, text_at, FAULT_LF, &fault));
	ck_assert(spoil_head(&out, text_at, FAULT_NO_EMPTY_LINE, &fault));
	ck_assert_str_eq(sent(), "HTTP/1.1 200 OK\nContent-Length: 9\nX: y\n"
				 "a\r\n\r\nb\n\n");
}
END_TEST

START_TEST(what_has_no_room_stays_as_it_is)
{
	const struct fault fault = {.delta = 1};

	answer(HEAD, slice_of("123456789"));
	out.text.size = out.text.len;
	ck_assert(!spoil_head(&out, text_at, FAULT_LENGTH, &fault));
	ck_assert_str_eq(sent(), HEAD "123456789");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spoil");
	TCase *tcase = harness_case(suite, "heads");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, a_head_is_spoilt_and_nothing_else, 0,
			    ARRAY_LEN(rows));
	tcase_add_loop_test(tcase, a_piece_moves_along, 0, ARRAY_LEN(rows));
	tcase_add_test(tcase, faults_stand_on_top_of_each_other);
	tcase_add_test(tcase, empty_lines_of_the_content_are_none_of_the_heads);
	tcase_add_test(tcase, what_has_no_room_stays_as_it_is);
	return harness_run_together(suite);
}
