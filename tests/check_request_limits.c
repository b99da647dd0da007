/* SPDX-License-Identifier: MIT */
/*
 * The request parser at its limits: exactly at each one a head is accepted, one
 * byte or field beyond it is refused with the status for that limit, however it
 * arrives; and without an end it is refused when the limit is reached, not
 * waited for.
 */
#include "http/request.h"

#include <string.h>

#include "guard.h"
#include "harness.h"
#include "request_ways.h"

/* A whole head in memory, built piece by piece. */
struct head {
	size_t len;
	char text[3 * HTTP_HEAD_MAX];
};

static void add(struct head *head, const char *text)
{
	size_t len = strlen(text);

	ck_assert_uint_le(head->len + len, sizeof(head->text));
	memcpy(head->text + head->len, text, len);
	head->len += len;
}

static void add_run(struct head *head, char c, size_t n)
{
	ck_assert_uint_le(head->len + n, sizeof(head->text));
	memset(head->text + head->len, c, n);
	head->len += n;
}

/* A request whose request-line, with its CRLF, has line_len bytes. */
static void make_line(struct head *head, size_t line_len)
{
	static const char around[] = "GET / HTTP/1.1\r\n";

	head->len = 0;
	add(head, "GET /");
	add_run(head, 'a', line_len - strlen(around));
	add(head, " HTTP/1.1\r\nHost: a\r\n\r\n");
}

/* A request whose head is head_len bytes long. */
static void make_head(struct head *head, const char *lead, size_t head_len)
{
	head->len = 0;
	add(head, lead);
	add(head, GET "X: ");
	add_run(head, 'x', head_len - head->len - strlen(END));
	add(head, END);
	ck_assert_uint_eq(head->len, head_len);
}

static void make_fields(struct head *head, size_t n_fields)
{
	head->len = 0;
	add(head, GET);
	for (size_t i = 1; i < n_fields; i++)
		add(head, "X: y\r\n");
	add(head, "\r\n");
}

static void assert_accepted(const struct head *head)
{
	struct outcome want = {HTTP_REQUEST_DONE, 0, head->len, NULL};

	assert_every_way(head->text, head->len, want);
}

static void assert_refused(const struct head *head, unsigned status)
{
	struct outcome want = {HTTP_REQUEST_BAD, status, 0, NULL};

	assert_every_way(head->text, head->len, want);
}

START_TEST(a_request_line_may_be_as_long_as_the_limit)
{
	static struct head head;

	make_line(&head, HTTP_LINE_MAX);
	assert_accepted(&head);
}
END_TEST

START_TEST(a_request_line_one_byte_longer_is_414)
{
	static struct head head;

	make_line(&head, HTTP_LINE_MAX + 1);
	assert_refused(&head, 414);
}
END_TEST

START_TEST(a_request_line_as_long_as_a_head_is_414)
{
	static struct head head;

	make_line(&head, HTTP_HEAD_MAX + 100);
	assert_refused(&head, 414);
}
END_TEST

START_TEST(a_request_line_without_end_is_refused_at_the_limit)
{
	static struct head head;
	struct outcome more = {HTTP_REQUEST_PARTIAL, 0, 0, NULL};
	struct outcome too_long = {HTTP_REQUEST_BAD, 414, 0, NULL};
	char *guard = guard_new();

	add(&head, "GET /");
	add_run(&head, 'a', HTTP_HEAD_MAX);
	assert_same(parse_anew(guard, head.text, HTTP_LINE_MAX - 1), more,
		    HTTP_LINE_MAX - 1);
	assert_same(parse_anew(guard, head.text, HTTP_LINE_MAX), too_long,
		    HTTP_LINE_MAX);
	assert_grows_to(head.text, head.len, 1, too_long);
}
END_TEST

START_TEST(a_method_as_long_as_a_line_is_501)
{
	static struct head head;
	struct outcome more = {HTTP_REQUEST_PARTIAL, 0, 0, NULL};

	add_run(&head, 'M', 9000);
	assert_same(parse_anew(guard_new(), head.text, HTTP_LINE_MAX - 1), more,
		    HTTP_LINE_MAX - 1);
	assert_refused(&head, 501);
	add(&head, " / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_refused(&head, 501);
}
END_TEST

START_TEST(a_long_line_that_is_malformed_is_400)
{
	static struct head head;

	add(&head, "GET /\"");
	add_run(&head, 'a', 9000);
	add(&head, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_refused(&head, 400);
}
END_TEST

START_TEST(an_empty_line_ahead_does_not_count_for_the_request_line)
{
	static struct head line, head;

	make_line(&line, HTTP_LINE_MAX);
	add(&head, "\r\n");
	memcpy(head.text + head.len, line.text, line.len);
	head.len += line.len;
	assert_accepted(&head);
}
END_TEST

START_TEST(a_head_may_be_as_long_as_the_limit)
{
	static struct head head;

	make_head(&head, "", HTTP_HEAD_MAX);
	assert_accepted(&head);
}
END_TEST

START_TEST(a_head_one_byte_longer_is_431)
{
	static struct head head;

	make_head(&head, "", HTTP_HEAD_MAX + 1);
	assert_refused(&head, 431);
}
END_TEST

START_TEST(an_empty_line_ahead_counts_for_the_head)
{
	static struct head head;

	make_head(&head, "\r\n", HTTP_HEAD_MAX);
	assert_accepted(&head);
	make_head(&head, "\r\n", HTTP_HEAD_MAX + 1);
	assert_refused(&head, 431);
}
END_TEST

START_TEST(a_head_without_end_is_refused_at_the_limit)
{
	static struct head head;
	struct outcome more = {HTTP_REQUEST_PARTIAL, 0, 0, NULL};
	struct outcome too_long = {HTTP_REQUEST_BAD, 431, 0, NULL};
	char *guard = guard_new();

	make_head(&head, "", 2 * HTTP_HEAD_MAX);
	assert_same(parse_anew(guard, head.text, HTTP_HEAD_MAX - 1), more,
		    HTTP_HEAD_MAX - 1);
	assert_same(parse_anew(guard, head.text, HTTP_HEAD_MAX), too_long,
		    HTTP_HEAD_MAX);
}
END_TEST

START_TEST(no_byte_beyond_the_limit_of_a_head_is_looked_at)
{
	static struct head head;
	static struct http_request request;
	size_t scanned = 0;
	char *buf;

	make_head(&head, "", 2 * HTTP_HEAD_MAX);
	buf = guard_copy(guard_new(), head.text, HTTP_HEAD_MAX);
	ck_assert_int_eq(http_request_parse(&request, &http_limits_standard,
					    buf, 2 * HTTP_HEAD_MAX, &scanned),
			 HTTP_REQUEST_BAD);
	ck_assert_uint_eq(request.status, 431);

	scanned = 0;
	make_head(&head, "", HTTP_HEAD_MAX);
	buf = guard_copy(guard_new(), head.text, HTTP_HEAD_MAX);
	ck_assert_int_eq(http_request_parse(&request, &http_limits_standard,
					    buf, 2 * HTTP_HEAD_MAX, &scanned),
			 HTTP_REQUEST_DONE);
}
END_TEST

START_TEST(a_head_may_have_as_many_fields_as_the_limit)
{
	static struct head head;

	make_fields(&head, HTTP_FIELDS_MAX);
	assert_accepted(&head);
}
END_TEST

START_TEST(a_head_with_one_field_more_is_431)
{
	static struct head head;

	make_fields(&head, HTTP_FIELDS_MAX + 1);
	assert_refused(&head, 431);
}
END_TEST

START_TEST(a_host_among_too_many_fields_does_not_save_them)
{
	static struct head head;

	add(&head, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < HTTP_FIELDS_MAX; i++)
		add(&head, "X: y\r\n");
	add(&head, "Host: a\r\n\r\n");
	assert_refused(&head, 431);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request_limits");
	TCase *tcase = harness_case(suite, "limits");

	tcase_add_test(tcase, a_request_line_may_be_as_long_as_the_limit);
	tcase_add_test(tcase, a_request_line_one_byte_longer_is_414);
	tcase_add_test(tcase, a_request_line_as_long_as_a_head_is_414);
	tcase_add_test(tcase,
		       a_request_line_without_end_is_refused_at_the_limit);
	tcase_add_test(tcase, a_method_as_long_as_a_line_is_501);
	tcase_add_test(tcase, a_long_line_that_is_malformed_is_400);
	tcase_add_test(tcase,
		       an_empty_line_ahead_does_not_count_for_the_request_line);
	tcase_add_test(tcase, a_head_may_be_as_long_as_the_limit);
	tcase_add_test(tcase, a_head_one_byte_longer_is_431);
	tcase_add_test(tcase, an_empty_line_ahead_counts_for_the_head);
	tcase_add_test(tcase, a_head_without_end_is_refused_at_the_limit);
	tcase_add_test(tcase, no_byte_beyond_the_limit_of_a_head_is_looked_at);
	tcase_add_test(tcase, a_head_may_have_as_many_fields_as_the_limit);
	tcase_add_test(tcase, a_head_with_one_field_more_is_431);
	tcase_add_test(tcase, a_host_among_too_many_fields_does_not_save_them);
	return harness_run_together(suite);
}
