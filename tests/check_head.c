/* SPDX-License-Identifier: MIT */
/*
 * A response's head, byte by byte: what each part of a decision adds to it,
 * that nothing which a peer sent can break out of its line, and that it keeps
 * to its bound.
 */
#include "http/head.h"

#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "harness.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

/* What an answer has unless a test says more. */
#define BARE	 .coding = HTTP_CODING_IDENTITY, .max_age_s = -1

#define BOUNDARY "0123456789abcdef"
#define NOSNIFF	 "X-Content-Type-Options: nosniff\r\n"

/* Writes the head to `out`, with a NUL. */
static void write_head(const struct http_answer *answer, uint64_t length,
		       char *out, size_t size)
{
	struct text text = text_in(out, size - 1);

	http_head_write(&text, answer, length, DATE, BOUNDARY);
	ck_assert(!text.overflow);
	out[text.len] = '\0';
	ck_assert_uint_eq(strlen(out), text.len);
}

static void assert_head(const struct http_answer *answer, uint64_t length,
			const char *want)
{
	char got[4096];

	write_head(answer, length, got, sizeof(got));
	ck_assert_str_eq(got, want);
}

START_TEST(a_file_has_its_length_type_and_dates)
{
	struct http_answer answer = {
		BARE,
		.status = 200,
		.content = HTTP_CONTENT_FILE,
		.media_type = "text/plain; charset=utf-8",
		.last_modified_s = 0,
	};

	assert_head(&answer, 12345,
		    "HTTP/1.1 200 OK\r\n"
		    "Server: uppercase-server\r\n"
		    "Date: " DATE "\r\n"
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Length: 12345\r\n"
		    "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		    "Accept-Ranges: bytes\r\n" NOSNIFF "\r\n");
}
END_TEST

START_TEST(an_error_page_has_neither_modification_nor_methods)
{
	struct http_answer answer = {
		BARE,
		.status = 404,
		.content = HTTP_CONTENT_PAGE,
		.media_type = "text/html; charset=utf-8",
		.last_modified_s = HTTP_NO_DATE,
	};

	assert_head(&answer, 200,
		    "HTTP/1.1 404 Not Found\r\n"
		    "Server: uppercase-server\r\n"
		    "Date: " DATE "\r\n"
		    "Content-Type: text/html; charset=utf-8\r\n"
		    "Content-Length: 200\r\n" NOSNIFF "\r\n");
}
END_TEST

START_TEST(options_lists_the_methods_and_has_no_type)
{
	struct http_answer answer = {
		BARE,
		.status = 200,
		.allow = true,
		.last_modified_s = HTTP_NO_DATE,
	};

	assert_head(&answer, 0,
		    "HTTP/1.1 200 OK\r\n"
		    "Server: uppercase-server\r\n"
		    "Date: " DATE "\r\n"
		    "Content-Length: 0\r\n"
		    "Allow: GET, HEAD, OPTIONS\r\n" NOSNIFF "\r\n");
}
END_TEST

START_TEST(the_end_of_a_connection_is_said)
{
	struct http_answer answer = {
		BARE,
		.status = 400,
		.close = true,
		.last_modified_s = HTTP_NO_DATE,
	};
	char got[1024];

	write_head(&answer, 0, got, sizeof(got));
	ck_assert_ptr_nonnull(strstr(got, "\r\nConnection: close\r\n"));
	ck_assert_ptr_null(strstr(got, "keep-alive"));
}
END_TEST

START_TEST(http_1_0_is_told_that_it_may_stay)
{
	struct http_answer answer = {
		BARE,
		.status = 200,
		.keep_said = true,
		.last_modified_s = HTTP_NO_DATE,
	};
	char got[1024];

	write_head(&answer, 0, got, sizeof(got));
	ck_assert_ptr_nonnull(strstr(got, "\r\nConnection: keep-alive\r\n"));
	ck_assert_ptr_null(strstr(got, "close"));
}
END_TEST

START_TEST(a_length_may_have_sixty_four_bits)
{
	struct http_answer answer = {BARE, .status = 200, .last_modified_s = 0};
	char got[1024];

	write_head(&answer, UINT64_MAX, got, sizeof(got));
	ck_assert_ptr_nonnull(
		strstr(got, "\r\nContent-Length: 18446744073709551615\r\n"));
}
END_TEST

/* --- redirects --- */

static const struct location_row {
	const char *path;
	const char *query; /* NULL for none */
	const char *want;
	const char *why;
} locations[] = {
	{"a", NULL, "./a/", "the folder with its slash"},
	{"a", "b=c", "./a/?b=c", "the query goes along as it came"},
	{"a", "", "./a/?", "even an empty one"},
	{"a b", NULL, "./a%20b/", "a space"},
	{"a%b", NULL, "./a%25b/", "a percent sign"},
	{"a?b", NULL, "./a%3Fb/", "a question mark of a name is no query's"},
	{"a#b", NULL, "./a%23b/", "a number sign"},
	{"\xc3\xa4", NULL, "./%C3%A4/", "UTF-8"},
	{"a\r\nSet-Cookie: b", NULL, "./a%0D%0ASet-Cookie%3A%20b/",
	 "no line can be added"},
	{"<script>", NULL, "./%3Cscript%3E/", "no markup"},
	{"\"'\\", NULL, "./%22%27%5C/", "no quotes, no backslash"},
	{"h:80", NULL, "./h%3A80/", "no scheme"},
	{"a..b", NULL, "./a..b/", "dots are plain"},
};

START_TEST(a_redirect_names_the_folder_encoded_again)
{
	const struct location_row *row = &locations[_i];
	struct http_answer answer = {
		BARE,
		.status = 301,
		.redirect = true,
		.location = slice_of(row->path),
		.last_modified_s = HTTP_NO_DATE,
	};
	char got[1024], want[256];

	if (row->query)
		answer.location_query = slice_of(row->query);
	write_head(&answer, 0, got, sizeof(got));
	(void)snprintf(want, sizeof(want), "\r\nLocation: %s\r\n", row->want);
	ck_assert_msg(strstr(got, want), "%s: %s", row->why, got);
}
END_TEST

/* Whatever is in the path: one line, visible ASCII, no second host. */
START_TEST(no_byte_of_a_path_breaks_out_of_its_line)
{
	char path[256], got[2048];
	struct http_answer answer = {
		BARE,
		.status = 301,
		.redirect = true,
		.location = {path, sizeof(path)},
		.last_modified_s = HTTP_NO_DATE,
	};
	const char *line;
	size_t len;

	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = (char)i;
	write_head(&answer, 0, got, sizeof(got));
	line = strstr(got, "Location: ");
	ck_assert_ptr_nonnull(line);
	line += strlen("Location: ");
	len = strcspn(line, "\r");
	for (size_t i = 0; i < len; i++)
		ck_assert(line[i] > ' ' && line[i] < 0x7f);
	ck_assert_str_eq(line + len, "\r\n" NOSNIFF "\r\n");
	ck_assert_int_eq(strncmp(line, "./", 2), 0);
}
END_TEST

/* --- shape and bound --- */

static struct http_answer everything(struct slice path, struct slice query)
{
	return (struct http_answer){
		BARE,
		.status = 431, /* the longest reason */
		.close = true,
		.keep_said = true,
		.allow = true,
		.redirect = true,
		.media_type = "application/vnd.debian.binary-package",
		.last_modified_s = INT64_MAX,
		.location = path,
		.location_query = query,
	};
}

START_TEST(a_head_keeps_to_its_bound)
{
	enum {
		LEN = 300
	};
	static char path[LEN], query[LEN];
	struct http_answer answer = everything((struct slice){path, LEN},
					       (struct slice){query, LEN});
	size_t size = HTTP_HEAD_FIXED_MAX + 3 * LEN + LEN;
	struct text text = text_in(guard_new() - size, size);

	memset(path, 0xff, LEN);
	memset(query, 'q', LEN);
	http_head_write(&text, &answer, UINT64_MAX, DATE, BOUNDARY);
	ck_assert(!text.overflow);
}
END_TEST

START_TEST(a_head_that_does_not_fit_is_an_overflow)
{
	struct http_answer answer = everything(slice_of("a b"), slice_of("q"));
	char whole[1024], *guard = guard_new();
	size_t len;

	write_head(&answer, 5, whole, sizeof(whole));
	len = strlen(whole);
	for (size_t size = 0; size < len; size++) {
		struct text text = text_in(guard - size, size);

		http_head_write(&text, &answer, 5, DATE, BOUNDARY);
		ck_assert(text.overflow);
		ck_assert_uint_le(text.len, size);
	}
}
END_TEST

START_TEST(every_line_is_a_field_and_the_last_is_empty)
{
	struct http_answer answer = everything(slice_of("a"), slice_of("q"));
	char got[1024];
	const char *line, *end;

	write_head(&answer, 5, got, sizeof(got));
	line = strstr(got, "\r\n") + 2;
	while ((end = strstr(line, "\r\n")) != line) {
		const char *colon = strstr(line, ": ");

		ck_assert_ptr_nonnull(end);
		ck_assert(colon && colon < end);
		line = end + 2;
	}
	ck_assert_str_eq(line, "\r\n");
}
END_TEST

START_TEST(a_head_is_added_to_what_is_there)
{
	struct http_answer answer = {BARE, .status = 200,
				     .last_modified_s = HTTP_NO_DATE};
	char buf[1024];
	struct text text = text_in(buf, sizeof(buf));

	text_add_str(&text, "before");
	http_head_write(&text, &answer, 0, DATE, BOUNDARY);
	ck_assert_int_eq(strncmp(buf, "beforeHTTP/1.1 200 OK\r\n", 23), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("head");
	TCase *tcase = harness_case(suite, "fields");

	tcase_add_test(tcase, a_file_has_its_length_type_and_dates);
	tcase_add_test(tcase,
		       an_error_page_has_neither_modification_nor_methods);
	tcase_add_test(tcase, options_lists_the_methods_and_has_no_type);
	tcase_add_test(tcase, the_end_of_a_connection_is_said);
	tcase_add_test(tcase, http_1_0_is_told_that_it_may_stay);
	tcase_add_test(tcase, a_length_may_have_sixty_four_bits);

	tcase = harness_case(suite, "redirects");
	tcase_add_loop_test(tcase, a_redirect_names_the_folder_encoded_again, 0,
			    (int)ARRAY_LEN(locations));
	tcase_add_test(tcase, no_byte_of_a_path_breaks_out_of_its_line);

	tcase = harness_case(suite, "shape");
	tcase_add_test(tcase, a_head_keeps_to_its_bound);
	tcase_add_test(tcase, a_head_that_does_not_fit_is_an_overflow);
	tcase_add_test(tcase, every_line_is_a_field_and_the_last_is_empty);
	tcase_add_test(tcase, a_head_is_added_to_what_is_there);
	return harness_run_together(suite);
}
