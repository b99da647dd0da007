/* SPDX-License-Identifier: MIT */
/*
 * HTTP responses as the load generator reads them: whole, byte by byte, in
 * every pair of pieces, and two in a row.
 */
#include "http/response.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "harness.h"

static const struct row {
	const char *text;
	enum response_verdict verdict;
	unsigned status; /* of what is bad: the fault */
	uint64_t body;
	const char *why;
} rows[] = {
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", RESPONSE_DONE,
	 200, 5, "plain"},
	{"HTTP/1.1 200 OK\r\ncontent-LENGTH:5 \r\n\r\nhello", RESPONSE_DONE,
	 200, 5, "field names in any case, blanks around the value"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RESPONSE_DONE, 200, 0,
	 "no content"},
	{"HTTP/1.1 204 No Content\r\n\r\n", RESPONSE_DONE, 204, 0,
	 "204 has none, and no length"},
	{"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
	 RESPONSE_DONE, 304, 0, "304 has none, whatever length it names"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n",
	 RESPONSE_DONE, 200, 15, "chunks"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5;a=b\r\nhello\r\n0\r\nX: y\r\nZ: 1\r\n\r\n",
	 RESPONSE_DONE, 200, 5, "an extension and trailers"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	 RESPONSE_DONE, 200, 0, "no chunk but the last"},
	{"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
	 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
	 RESPONSE_DONE, 200, 2, "an interim response before it"},
	{"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi", RESPONSE_DONE, 200, 2,
	 "an empty reason"},
	{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", RESPONSE_DONE,
	 404, 2, "an error"},
	{"HTTP/1.1 200 OK\r\n\r\nhello", RESPONSE_PARTIAL, 200, 5,
	 "ends with the connection"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", RESPONSE_PARTIAL,
	 200, 4, "a byte is missing"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r", RESPONSE_PARTIAL, 200, 0,
	 "the head is not whole"},
	{"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", RESPONSE_DONE, 200, 0,
	 "no reason and no space before it: seen, and clear"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\ncontent-length: 2\r\n\r\n"
	 "hi",
	 RESPONSE_DONE, 200, 2, "the same length three times (RFC 9110, 8.6)"},
	{"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", RESPONSE_DONE,
	 204, 0, "useless, but clear"},
	{"HTTP/1.1 200 OK\r\nContent-Length: , 2,, \r\n\r\nhi", RESPONSE_DONE,
	 200, 2, "empty elements of a list (RFC 9110, 5.6.1.2)"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2, x\r\n\r\nhi", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "a second number that is none"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2, 2x\r\n\r\nhi", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "a second number that is one in part"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: -2\r\n"
	 "\r\nhi",
	 RESPONSE_BAD, RESPONSE_LENGTH, 0, "a second number with a sign"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nhi", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "a second number that is another"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 0, 3\r\n\r\nhi", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "a second number, after one of 0"},
	{"HTTP/1.1 200 OK\r\nContent-Length: , \r\n\r\n", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "a list of nothing"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_LENGTH, 0, "2^64"},
	{"HTTP/1.1 200 OK\r\nContent-Length: "
	 "000000000000000000000000000000002\r\n\r\nhi",
	 RESPONSE_BAD, RESPONSE_LENGTH, 0, "more digits than anybody needs"},
	{"HTTP/2.0 200 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0,
	 "another version"},
	{"HTTP/1.1 2x0 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0,
	 "no status"},
	{"HTTP/1.1 2x", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0, "at once"},
	{"HTTP/1.1 099 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0,
	 "no status"},
	{"HTTP/1.1 2000 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0,
	 "no status"},
	{"HTTP/1.1  200 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0,
	 "two spaces"},
	{"HTTP/1.1\t200 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0,
	 "a tab"},
	{"HTTP/1. 200 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0,
	 "no minor version"},
	{"HTTP/1.1 200 O\rK\r\n\r\n", RESPONSE_BAD, RESPONSE_STATUS_LINE, 0,
	 "a bare CR"},
	{"SSH-2.0-OpenSSH_9.2\r\n", RESPONSE_BAD, RESPONSE_NOT_HTTP, 0,
	 "another protocol, which waits for us"},
	{"220 mail.example ESMTP\r\n", RESPONSE_BAD, RESPONSE_NOT_HTTP, 0,
	 "another one"},
	{"\x15\x03\x01", RESPONSE_BAD, RESPONSE_NOT_HTTP, 0, "TLS"},
	{"<!DOCTYPE html>\n<p>hello", RESPONSE_BAD, RESPONSE_NOT_HTTP, 0,
	 "HTTP/0.9: a page and no head"},
	{"http/1.1 200 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_NOT_HTTP, 0,
	 "its name has capitals"},
	{"ICY 200 OK\r\n\r\n", RESPONSE_BAD, RESPONSE_NOT_HTTP, 0, "a radio"},
	{"\r\n\r\n", RESPONSE_BAD, RESPONSE_NOT_HTTP, 0, "nothing"},
	{"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", RESPONSE_BAD,
	 RESPONSE_BARE_LF, 0, "as print() makes it"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\nhello", RESPONSE_BAD,
	 RESPONSE_BARE_LF, 0, "one line only"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nhello", RESPONSE_BAD,
	 RESPONSE_BARE_LF, 0, "the empty line only"},
	{"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", RESPONSE_BAD, RESPONSE_FIELD, 0,
	 "a line that is no field"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nhello", RESPONSE_PARTIAL, 200,
	 0, "no end of the head, but that could be a name"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n<p>hello</p>", RESPONSE_BAD,
	 RESPONSE_FIELD, 0, "no end of the head, and that is no name"},
	{"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", RESPONSE_BAD, RESPONSE_FIELD, 0,
	 "a blank before the colon"},
	{"HTTP/1.1 200 OK\r\n: b\r\n\r\n", RESPONSE_BAD, RESPONSE_FIELD, 0,
	 "no name"},
	{"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", RESPONSE_BAD, RESPONSE_FIELD,
	 0, "a folded line"},
	{"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", RESPONSE_BAD, RESPONSE_FIELD,
	 0, "a bare CR"},
	{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "no length"},
	{"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "no length"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "no length"},
	{"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "no length"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_LENGTH, 0, "beyond 64 bits"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_LENGTH, 0, "two lengths"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", RESPONSE_BAD,
	 RESPONSE_LENGTH, 0, "two lengths in one line"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
	 "Transfer-Encoding: chunked\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_LENGTH, 0, "two framings"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CODING, 0, "a coding that nobody offered"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CODING, 0, "and one that hides the end"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", RESPONSE_BAD,
	 RESPONSE_CODING, 0, "one that is no more"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	 "Transfer-Encoding: chunked\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CODING, 0, "chunks in chunks"},
	{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", RESPONSE_BAD,
	 RESPONSE_CODING, 0, "HTTP/1.0 has no chunks (RFC 9112, 6.1)"},
	{"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
	 RESPONSE_BAD, RESPONSE_CONTENT, 0, "204 with content"},
	{"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CONTENT, 0, "204 with chunks"},
	{"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello",
	 RESPONSE_BAD, RESPONSE_CONTENT, 0, "an interim response with content"},
	{"HTTP/1.1 199 X\r\nContent-Length: 5\r\n\r\nhello", RESPONSE_BAD,
	 RESPONSE_CONTENT, 0, "the last of those"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5\r\nhelloX\r\n0\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CHUNK, 5,
	 "a chunk that is longer than it says"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5\r\nhello\r\r\n0\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CHUNK, 5, "two CR"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5\r\nhello\n0\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_BARE_LF, 5, "a bare LF behind a chunk"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello",
	 RESPONSE_BAD, RESPONSE_BARE_LF, 0, "a bare LF before a chunk"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n",
	 RESPONSE_BAD, RESPONSE_BARE_LF, 0, "a bare LF in the trailer"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno "
	 "colon\r\n",
	 RESPONSE_BAD, RESPONSE_FIELD, 0, "a trailer that is none"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "FFFFFFFFFFFFFFFFF\r\n",
	 RESPONSE_BAD, RESPONSE_CHUNK, 0, "a chunk beyond 64 bits"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CHUNK, 0, "a chunk size that is none"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello",
	 RESPONSE_BAD, RESPONSE_CHUNK, 0, "a chunk size as C has it"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "-5\r\nhello\r\n0\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CHUNK, 0, "a chunk size that is none"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CHUNK, 0, "no chunk size"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5x\r\nhello\r\n0\r\n\r\n",
	 RESPONSE_BAD, RESPONSE_CHUNK, 0, "more than a chunk size"},
	{"HTTP/1.1 101 Switching Protocols\r\n\r\n", RESPONSE_BAD,
	 RESPONSE_SWITCH, 0, "a switch that nobody asked for"},
};

/* Feeds text in pieces that end at each of these offsets, and at its end. */
static enum response_verdict feed(struct response *reply,
				  struct response_memo *memo, const char *text,
				  size_t len, size_t step, size_t *used)
{
	enum response_verdict verdict = RESPONSE_PARTIAL;
	size_t part;

	for (*used = 0; *used < len && verdict == RESPONSE_PARTIAL;) {
		size_t n = len - *used < step ? len - *used : step;

		verdict = response_feed(reply, memo, text + *used, n, &part);
		ck_assert_uint_le(part, n);
		*used += part;
	}
	return verdict;
}

static void expect_row(const struct row *row, size_t step,
		       struct response_memo *memo)
{
	size_t len = strlen(row->text), used;
	struct response reply = {0};
	enum response_verdict verdict =
		feed(&reply, memo, row->text, len, step, &used);

	ck_assert_msg(verdict == row->verdict, "%s, by %zu", row->why, step);
	if (verdict != RESPONSE_BAD) {
		ck_assert_uint_eq(reply.head.status, row->status);
		ck_assert_msg(reply.body == row->body, "%s, by %zu", row->why,
			      step);
		ck_assert_uint_eq(used, len);
	} else {
		ck_assert_msg(reply.fault == row->status, "%s: fault %d",
			      row->why, reply.fault);
	}
	response_clear(&reply);
}

START_TEST(a_response_is_read_in_pieces_of_any_size)
{
	const struct row *row = &rows[_i];

	for (size_t step = 1; step <= strlen(row->text); step++) {
		struct response_memo memo = {0};

		/* The second time from what is remembered. */
		expect_row(row, step, &memo);
		expect_row(row, step, &memo);
		expect_row(row, strlen(row->text), &memo);
	}
}
END_TEST

START_TEST(no_byte_beyond_the_end_is_read)
{
	const struct row *row = &rows[_i];
	size_t len = strlen(row->text), used;
	char *guard = guard_new();

	for (size_t n = 0; n <= len; n++) {
		struct response_memo memo = {0};
		struct response reply = {0};

		(void)response_feed(&reply, &memo,
				    guard_copy(guard, row->text, n), n, &used);
		ck_assert_uint_le(used, n);
		response_clear(&reply);
	}
}
END_TEST

START_TEST(much_may_follow_the_second_half_of_a_head)
{
	static const char first[] = "HTTP/1.1 200 OK\r\nContent-Le";
	static const char second[] = "ngth: 200000\r\n\r\n";
	size_t len = strlen(second) + 200000, used;
	char *text = bytes_new(len);
	struct response_memo memo = {0};
	struct response reply = {0};

	memset(text, 'x', len);
	memcpy(text, second, strlen(second));
	ck_assert_int_eq(
		response_feed(&reply, &memo, first, strlen(first), &used),
		RESPONSE_PARTIAL);
	ck_assert_int_eq(response_feed(&reply, &memo, text, len, &used),
			 RESPONSE_DONE);
	ck_assert_uint_eq(used, len);
	ck_assert_uint_eq(reply.body, 200000);
	response_clear(&reply);
	free(text);
}
END_TEST

START_TEST(what_follows_belongs_to_the_next)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
		"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!";
	struct response_memo memo = {0};
	struct response reply = {0};
	size_t used, more;

	ck_assert_int_eq(
		response_feed(&reply, &memo, text, strlen(text), &used),
		RESPONSE_DONE);
	ck_assert_uint_eq(reply.head.status, 200);
	response_next(&reply);
	ck_assert_int_eq(response_feed(&reply, &memo, text + used,
				       strlen(text) - used, &more),
			 RESPONSE_DONE);
	ck_assert_uint_eq(reply.head.status, 404);
	ck_assert_uint_eq(reply.body, 3);
	ck_assert_uint_eq(used + more, strlen(text));
	response_clear(&reply);
}
END_TEST

/* From its first byte to the one that ends it. */
START_TEST(a_head_is_known_to_be_under_way)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	size_t len = strlen(text), used;
	struct response_memo memo = {0};
	struct response reply = {0};

	ck_assert(!response_is_in_head(&reply));
	for (size_t i = 0; i < len; i++) {
		(void)response_feed(&reply, &memo, text + i, 1, &used);
		ck_assert_uint_eq(used, 1);
		ck_assert_int_eq(response_is_in_head(&reply), i < len - 3);
	}
	response_next(&reply);
	ck_assert(!response_is_in_head(&reply));
	response_clear(&reply);
}
END_TEST

START_TEST(the_end_of_the_connection_ends_only_what_has_no_length)
{
	static const char open[] = "HTTP/1.1 200 OK\r\n\r\nhel";
	static const char closed[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel";
	struct response_memo memo = {0};
	struct response reply = {0};
	size_t used;

	ck_assert_int_eq(response_end(&reply), RESPONSE_PARTIAL);
	(void)response_feed(&reply, &memo, open, strlen(open), &used);
	ck_assert_int_eq(response_end(&reply), RESPONSE_DONE);
	response_next(&reply);
	(void)response_feed(&reply, &memo, closed, strlen(closed), &used);
	ck_assert_int_eq(response_end(&reply), RESPONSE_PARTIAL);
	response_clear(&reply);
}
END_TEST

static const struct {
	const char *head;
	bool ends;
} connections[] = {
	{"HTTP/1.1 204 x\r\n\r\n", false},
	{"HTTP/1.1 204 x\r\nConnection: close\r\n\r\n", true},
	{"HTTP/1.1 204 x\r\nConnection: foo, Close\r\n\r\n", true},
	{"HTTP/1.0 204 x\r\n\r\n", true},
	{"HTTP/1.0 204 x\r\nConnection: keep-alive\r\n\r\n", false},
};

START_TEST(whether_the_connection_ends_is_known)
{
	struct response_memo memo = {0};
	struct response reply = {0};
	size_t used;

	(void)response_feed(&reply, &memo, connections[_i].head,
			    strlen(connections[_i].head), &used);
	ck_assert(reply.head.ends_connection == connections[_i].ends);
	response_clear(&reply);
}
END_TEST

START_TEST(a_head_without_end_is_bad_at_last)
{
	static const char line[] = "X: 0123456789012345678901234567890\r\n";
	struct response_memo memo = {0};
	struct response reply = {0};
	enum response_verdict verdict;
	size_t used, n = 0;

	verdict =
		response_feed(&reply, &memo, "HTTP/1.1 200 OK\r\n", 17, &used);
	while (verdict == RESPONSE_PARTIAL && n++ < RESPONSE_HEAD_MAX)
		verdict =
			response_feed(&reply, &memo, line, strlen(line), &used);
	ck_assert_int_eq(verdict, RESPONSE_BAD);
	ck_assert_int_eq(reply.fault, RESPONSE_TOO_LONG);
	ck_assert_uint_le(n, RESPONSE_HEAD_MAX / strlen(line) + 1);
	response_clear(&reply);
}
END_TEST

/* Each of these would go on for ever. */
static const struct {
	const char *start, *more;
	const char *why;
} endless[] = {
	{"HTTP/1.1 200 ", "O", "a status line"},
	{"HTTP/1.1 200 OK\r\nA: ", "b", "a field"},
	{"", "HTTP/1.1 100 Continue\r\n\r\n", "interim responses"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0", "0",
	 "zeros of a chunk's size"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", "x",
	 "an extension"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
	 "A: b\r\n", "a trailer"},
};

START_TEST(no_line_goes_on_for_ever)
{
	const char *text = endless[_i].start;
	struct response_memo memo = {0};
	struct response reply = {0};
	enum response_verdict verdict = RESPONSE_PARTIAL;
	size_t used;

	for (size_t n = 0;
	     n <= 2 * RESPONSE_HEAD_MAX && verdict == RESPONSE_PARTIAL;
	     n += used, text = endless[_i].more)
		verdict =
			response_feed(&reply, &memo, text, strlen(text), &used);
	ck_assert_msg(verdict == RESPONSE_BAD, "%s", endless[_i].why);
	ck_assert_int_eq(reply.fault, RESPONSE_TOO_LONG);
	response_clear(&reply);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reply");
	TCase *tcase = harness_case(suite, "reply");

	tcase_add_loop_test(tcase, a_response_is_read_in_pieces_of_any_size, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_loop_test(tcase, no_byte_beyond_the_end_is_read, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, much_may_follow_the_second_half_of_a_head);
	tcase_add_test(tcase, what_follows_belongs_to_the_next);
	tcase_add_test(tcase, a_head_is_known_to_be_under_way);
	tcase_add_test(tcase,
		       the_end_of_the_connection_ends_only_what_has_no_length);
	tcase_add_loop_test(tcase, whether_the_connection_ends_is_known, 0,
			    (int)ARRAY_LEN(connections));
	tcase_add_test(tcase, a_head_without_end_is_bad_at_last);
	tcase_add_loop_test(tcase, no_line_goes_on_for_ever, 0,
			    (int)ARRAY_LEN(endless));
	return harness_run_together(suite);
}
