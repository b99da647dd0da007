/* SPDX-License-Identifier: MIT */
/*
 * From request-target to a path below the document root: what each target
 * means, which ones have no meaning here, and that nothing, however it is
 * spelt, comes out that climbs, hides a NUL or has two spellings.
 *
 * The target ends at one inaccessible page and the path's buffer, which has
 * just the bytes that the contract asks for, at another.
 */
#include "http/target.h"

#include <string.h>

#include "guard.h"
#include "harness.h"

/* Two rooms, so that neither side can be overrun. */
struct rooms {
	char *text;
	char *path;
};

static struct rooms rooms_new(void)
{
	return (struct rooms){guard_new(), guard_new()};
}

/* Parses text[0..len) into a buffer of size bytes. */
static bool parse(struct rooms rooms, const char *text, size_t len, size_t size,
		  struct http_target *target)
{
	struct slice slice = {guard_copy(rooms.text, text, len), len};

	return http_target_parse(slice, target, rooms.path - size, size);
}

/* --- what a target means --- */

#define DIRECTORY true
#define FILE_NAME false

static const struct good_row {
	const char *text;
	const char *path;
	bool is_directory;
	const char *query;     /* NULL for none */
	const char *authority; /* NULL for none */
	const char *why;
} good_rows[] = {
	{"/", "", DIRECTORY, NULL, NULL, "the root"},
	{"/a", "a", FILE_NAME, NULL, NULL, "a name"},
	{"/a/", "a", DIRECTORY, NULL, NULL,
	 "the final slash is not the path's"},
	{"/a/b.txt", "a/b.txt", FILE_NAME, NULL, NULL, "two segments"},
	{"/A/a", "A/a", FILE_NAME, NULL, NULL, "case is kept"},

	/* slashes */
	{"//", "", DIRECTORY, NULL, NULL, "empty segments are nothing"},
	{"//a", "a", FILE_NAME, NULL, NULL, "no host: it is origin-form"},
	{"/a//b", "a/b", FILE_NAME, NULL, NULL, "one spelling per path"},
	{"///a///b///", "a/b", DIRECTORY, NULL, NULL, "one spelling per path"},

	/* dot-segments (RFC 3986, 5.2.4) */
	{"/.", "", DIRECTORY, NULL, NULL, "this directory"},
	{"/./", "", DIRECTORY, NULL, NULL, "this directory"},
	{"/./a", "a", FILE_NAME, NULL, NULL, "a dot is nothing"},
	{"/a/.", "a", DIRECTORY, NULL, NULL, "a dot at the end is a directory"},
	{"/a/..", "", DIRECTORY, NULL, NULL, "down and up again"},
	{"/a/../", "", DIRECTORY, NULL, NULL, "down and up again"},
	{"/a/../b", "b", FILE_NAME, NULL, NULL, "beside"},
	{"/a/b/..", "a", DIRECTORY, NULL, NULL, "up by one"},
	{"/a/b/../..", "", DIRECTORY, NULL, NULL, "up by two"},
	{"/a/b/../../c", "c", FILE_NAME, NULL, NULL, "up by two, then down"},
	{"/a/./b/../c/.", "a/c", DIRECTORY, NULL, NULL, "both kinds"},
	{"/abc/def/../g", "abc/g", FILE_NAME, NULL, NULL,
	 "a whole segment is taken off"},
	{"/...", "...", FILE_NAME, NULL, NULL, "three dots are a name"},
	{"/a...", "a...", FILE_NAME, NULL, NULL, "dots in a name"},
	{"/..a", "..a", FILE_NAME, NULL, NULL, "dots ahead of a name"},
	{"/a..", "a..", FILE_NAME, NULL, NULL, "dots behind a name"},
	{"/.a", ".a", FILE_NAME, NULL, NULL, "a hidden file is a file"},

	/* percent-encoding (RFC 3986, 2.1) */
	{"/%61", "a", FILE_NAME, NULL, NULL, "a letter"},
	{"/%41%7A", "Az", FILE_NAME, NULL, NULL, "hex digits of either case"},
	{"/%7a%7A", "zz", FILE_NAME, NULL, NULL, "hex digits of either case"},
	{"/a%20b", "a b", FILE_NAME, NULL, NULL, "a space"},
	{"/a+b", "a+b", FILE_NAME, NULL, NULL, "a plus is no space in a path"},
	{"/%25", "%", FILE_NAME, NULL, NULL, "a percent sign"},
	{"/%2541", "%41", FILE_NAME, NULL, NULL, "decoded once, not twice"},
	{"/%252e%252e/a", "%2e%2e/a", FILE_NAME, NULL, NULL,
	 "decoded once: no dot-segment"},
	{"/%252f", "%2f", FILE_NAME, NULL, NULL, "decoded once: no slash"},
	{"/%3f", "?", FILE_NAME, NULL, NULL, "no query begins"},
	{"/%23", "#", FILE_NAME, NULL, NULL, "no fragment begins"},
	{"/%c3%a4", "\xc3\xa4", FILE_NAME, NULL, NULL, "UTF-8"},
	{"/%ff%80", "\xff\x80", FILE_NAME, NULL, NULL,
	 "no UTF-8, still a name"},
	{"/%c0%ae%c0%ae/a", "\xc0\xae\xc0\xae/a", FILE_NAME, NULL, NULL,
	 "an overlong dot is no dot"},
	{"/%c0%af", "\xc0\xaf", FILE_NAME, NULL, NULL,
	 "an overlong slash is no slash"},
	{"/%01%0d%0a", "\x01\r\n", FILE_NAME, NULL, NULL,
	 "what a file system allows in a name"},
	{"/%5c..%5c", "\\..\\", FILE_NAME, NULL, NULL,
	 "a backslash separates nothing"},
	{"/%2e/a", "a", FILE_NAME, NULL, NULL, "an encoded dot-segment"},
	{"/a/%2e%2E", "", DIRECTORY, NULL, NULL, "an encoded dot-segment"},
	{"/a/.%2e/b", "b", FILE_NAME, NULL, NULL, "half encoded"},
	{"/a/%2e./b", "b", FILE_NAME, NULL, NULL, "half encoded"},

	/* other characters */
	{"/a:b@c!$&'()*,;=~", "a:b@c!$&'()*,;=~", FILE_NAME, NULL, NULL,
	 "RFC 3986, 3.3: pchar"},
	{"/a;b=c", "a;b=c", FILE_NAME, NULL, NULL, "a parameter is the name's"},
	{"/a\\..\\b", "a\\..\\b", FILE_NAME, NULL, NULL,
	 "a backslash separates nothing"},
	{"/*", "*", FILE_NAME, NULL, NULL, "a name, not the asterisk-form"},

	/* query */
	{"/a?b=c", "a", FILE_NAME, "b=c", NULL, "RFC 3986, 3.4"},
	{"/?", "", DIRECTORY, "", NULL, "empty, but there"},
	{"/a?b?c", "a", FILE_NAME, "b?c", NULL, "the first mark counts"},
	{"/a?../../b", "a", FILE_NAME, "../../b", NULL, "no path in a query"},
	{"/a?%zz%00%2f", "a", FILE_NAME, "%zz%00%2f", NULL, "kept as sent"},
	{"/a/?b", "a", DIRECTORY, "b", NULL, "after a slash"},
	{"/a?b#c", "a", FILE_NAME, "b#c", NULL,
	 "a fragment is for the request's parser to refuse"},

	/* absolute-form (RFC 9112, 3.2.2) */
	{"http://h/a", "a", FILE_NAME, NULL, "h", "a host"},
	{"http://h", "", DIRECTORY, NULL, "h", "an empty path is the root"},
	{"http://h/", "", DIRECTORY, NULL, "h", "the root"},
	{"http://h:80/a/", "a", DIRECTORY, NULL, "h:80", "host and port"},
	{"http://[::1]:80/a", "a", FILE_NAME, NULL, "[::1]:80", "an address"},
	{"HTTP://H/A", "A", FILE_NAME, NULL, "H", "a scheme of any case"},
	{"http://h?b", "", DIRECTORY, "b", "h", "a query without a path"},
	{"http://h/a?http://i/b", "a", FILE_NAME, "http://i/b", "h",
	 "a URI in the query"},
	{"http://h/a/../b", "b", FILE_NAME, NULL, "h", "dot-segments"},
	{"/http://h/a", "http:/h/a", FILE_NAME, NULL, NULL,
	 "a path that looks like a URI"},
};

static void assert_piece(struct slice got, const char *want, const char *what,
			 const char *why)
{
	if (want)
		ck_assert_msg(got.ptr && slice_is(got, want),
			      "%s \"%.*s\", not \"%s\": %s", what, (int)got.len,
			      got.ptr, want, why);
	else
		ck_assert_msg(!got.ptr, "%s is there: %s", what, why);
}

START_TEST(a_target_means_this_path)
{
	const struct good_row *row = &good_rows[_i];
	size_t len = strlen(row->text);
	struct http_target target;

	ck_assert_msg(parse(rooms_new(), row->text, len, len + 1, &target),
		      "refused: %s", row->why);
	assert_piece(target.path, row->path, "path", row->why);
	ck_assert_int_eq(target.path.ptr[target.path.len], '\0');
	ck_assert_msg(target.is_directory == row->is_directory, "%s", row->why);
	ck_assert(!target.is_asterisk);
	assert_piece(target.query, row->query, "query", row->why);
	assert_piece(target.authority, row->authority, "authority", row->why);
}
END_TEST

START_TEST(the_asterisk_names_the_server_itself)
{
	struct http_target target;

	ck_assert(parse(rooms_new(), "*", 1, 2, &target));
	ck_assert(target.is_asterisk);
	ck_assert_ptr_null(target.query.ptr);
	ck_assert_ptr_null(target.authority.ptr);
}
END_TEST

START_TEST(the_query_and_the_authority_point_into_the_target)
{
	struct rooms rooms = rooms_new();
	const char text[] = "http://h:80/a?b";
	struct http_target target;

	ck_assert(parse(rooms, text, strlen(text), sizeof(text), &target));
	ck_assert_ptr_eq(target.query.ptr, rooms.text - 1);
	ck_assert_ptr_eq(target.authority.ptr, rooms.text - strlen("h:80/a?b"));
}
END_TEST

/* --- what has no meaning --- */

#define TEXT(s) s, sizeof(s) - 1

static const struct bad_row {
	const char *text;
	size_t len;
	const char *why;
} bad_rows[] = {
	/* above the root */
	{TEXT("/.."), "above the root"},
	{TEXT("/../"), "above the root"},
	{TEXT("/../a"), "above the root"},
	{TEXT("/a/../.."), "down once, up twice"},
	{TEXT("/a/../../a"), "above and back again"},
	{TEXT("/./.."), "a dot is no step down"},
	{TEXT("//.."), "an empty segment is no step down"},
	{TEXT("/a/b/../../../etc/passwd"), "above the root"},
	{TEXT("/%2e%2e"), "encoded"},
	{TEXT("/%2E%2E/a"), "encoded"},
	{TEXT("/.%2e/a"), "half encoded"},
	{TEXT("/%2e./a"), "half encoded"},
	{TEXT("http://h/../a"), "above the root of a host"},
	{TEXT("/../../../../../../../../etc/passwd"), "the classic"},

	/* encodings */
	{TEXT("/%00"), "an encoded NUL"},
	{TEXT("/a%00.html"), "an encoded NUL, which cuts a name off"},
	{TEXT("/a\0b"), "a NUL"},
	{TEXT("/%2f"), "an encoded slash"},
	{TEXT("/%2F"), "an encoded slash"},
	{TEXT("/..%2fa"), "an encoded slash after dots"},
	{TEXT("/a%2f..%2f..%2fb"), "an encoded slash"},
	{TEXT("/%"), "a percent sign alone"},
	{TEXT("/%a"), "half a triplet"},
	{TEXT("/a%4"), "half a triplet"},
	{TEXT("/%/a"), "half a triplet"},
	{TEXT("/%4/a"), "half a triplet"},
	{TEXT("/%4?1"), "a query cuts a triplet"},
	{TEXT("/%zz"), "no hex digits"},
	{TEXT("/%4g"), "one hex digit"},
	{TEXT("/%g4"), "one hex digit"},
	{TEXT("/%-1"), "a sign"},
	{TEXT("/%+1"), "a sign"},
	{TEXT("/% 1"), "a space"},
	{TEXT("/%0x41"), "C's way of writing"},
	{TEXT("/%u0041"), "another server's way of writing"},
	{TEXT("/%%41"), "a percent sign alone"},

	/* forms */
	{TEXT(""), "nothing"},
	{TEXT("a"), "no slash ahead"},
	{TEXT("a/b"), "no slash ahead"},
	{TEXT("?a"), "a query alone"},
	{TEXT("./a"), "a relative path"},
	{TEXT("../a"), "a relative path"},
	{TEXT("\\a"), "a backslash ahead"},
	{TEXT("**"), "two asterisks"},
	{TEXT("*/"), "more than an asterisk"},
	{TEXT("*?a"), "more than an asterisk"},
	{TEXT("h:80"), "authority-form, for CONNECT alone"},
	{TEXT("http:"), "a scheme alone"},
	{TEXT("http:/a"), "one slash"},
	{TEXT("http://"), "RFC 9110, 4.2.1: no host"},
	{TEXT("http:///a"), "RFC 9110, 4.2.1: no host"},
	{TEXT("http://?a"), "RFC 9110, 4.2.1: no host"},
	{TEXT("http://u@h/a"), "RFC 9110, 4.2.4: user information"},
	{TEXT("http://u:p@h/a"), "RFC 9110, 4.2.4: user information"},
	{TEXT("http://h:x/a"), "a port of letters"},
	{TEXT("http://[::1/a"), "no closing bracket"},
	{TEXT("http://h\\i/a"), "a backslash in a host"},
	{TEXT("https://h/a"), "RFC 9110, 7.4: no TLS here"},
	{TEXT("ftp://h/a"), "another scheme"},
	{TEXT("file:///etc/passwd"), "another scheme"},
	{TEXT("javascript:alert(1)"), "another scheme"},
	{TEXT("httpx://h/a"), "another scheme"},
	{TEXT("http://h/%2f"), "an encoded slash after a host"},
};

START_TEST(a_target_without_a_plain_meaning_is_refused)
{
	const struct bad_row *row = &bad_rows[_i];
	struct http_target target;

	ck_assert_msg(
		!parse(rooms_new(), row->text, row->len, row->len + 1, &target),
		"let pass: %s", row->why);
}
END_TEST

/* --- what holds for any target --- */

static bool is_dots(const char *segment, size_t len)
{
	return (len == 1 && segment[0] == '.') ||
	       (len == 2 && segment[0] == '.' && segment[1] == '.');
}

/* A path has one spelling: no empty segment, no dot-segment, no NUL. */
static void assert_canonical(struct slice path, const char *text, size_t len)
{
	size_t start = 0;

	/* An assertion that holds takes longer than what it asserts. */
	if (path.ptr[path.len] != '\0' || strlen(path.ptr) != path.len)
		ck_abort_msg("a NUL in \"%.*s\"", (int)len, text);
	for (size_t i = 0; path.len > 0 && i <= path.len; i++) {
		if (i < path.len && path.ptr[i] != '/')
			continue;
		if (i == start || is_dots(path.ptr + start, i - start))
			ck_abort_msg("\"%s\" of \"%.*s\"", path.ptr, (int)len,
				     text);
		start = i + 1;
	}
}

static bool check_any(struct rooms rooms, const char *text, size_t len)
{
	struct http_target target;

	if (!parse(rooms, text, len, len + 1, &target))
		return false;
	if (!target.is_asterisk) {
		assert_canonical(target.path, text, len);
		if (target.path.len == 0 && !target.is_directory)
			ck_abort_msg("no directory: \"%.*s\"", (int)len, text);
	}
	return true;
}

START_TEST(every_prefix_is_judged_within_its_length)
{
	struct rooms rooms = rooms_new();

	for (size_t i = 0; i < ARRAY_LEN(good_rows); i++)
		for (size_t n = 0; n <= strlen(good_rows[i].text); n++)
			(void)check_any(rooms, good_rows[i].text, n);
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++)
		for (size_t n = 0; n <= bad_rows[i].len; n++)
			(void)check_any(rooms, bad_rows[i].text, n);
}
END_TEST

/* What the spellings of a way out of the root are made of. */
static const char *const pieces[] = {
	"/", ".", "%2e", "%2E", "%2f", "%5c", "%25", "2e", "a", "?",
};

#define PIECES_MAX 6 /* a million combinations */

START_TEST(no_spelling_gets_out_of_the_root)
{
	struct rooms rooms = rooms_new();
	size_t n_passed = 0, total = 1;

	for (size_t i = 0; i < PIECES_MAX; i++)
		total *= ARRAY_LEN(pieces);
	for (size_t which = 0; which < total; which++) {
		char text[4 * PIECES_MAX + 1] = "/";
		size_t rest = which;

		for (size_t i = 0; i < PIECES_MAX; i++) {
			strcat(text, pieces[rest % ARRAY_LEN(pieces)]);
			rest /= ARRAY_LEN(pieces);
		}
		n_passed += check_any(rooms, text, strlen(text));
	}
	ck_assert_uint_gt(n_passed, total / 10);
}
END_TEST

START_TEST(every_byte_comes_out_of_its_encoding_but_nul_and_slash)
{
	static const char hex[] = "0123456789abcdef";
	struct rooms rooms = rooms_new();

	for (unsigned byte = 0; byte < 256; byte++) {
		const char text[] = {
			'/', 'x', '%', hex[byte >> 4], hex[byte & 15], 'y'};
		const char want[] = {'x', (char)byte, 'y'};
		struct http_target target;
		bool passed = parse(rooms, text, sizeof(text), sizeof(text) + 1,
				    &target);

		ck_assert_int_eq(passed, byte != 0 && byte != '/');
		if (passed)
			ck_assert(
				slice_eq(target.path, (struct slice){want, 3}));
	}
}
END_TEST

START_TEST(a_buffer_that_is_too_small_is_not_overrun)
{
	struct rooms rooms = rooms_new();
	struct http_target target;

	for (size_t i = 0; i < ARRAY_LEN(good_rows); i++) {
		size_t len = strlen(good_rows[i].text);

		for (size_t size = 0; size <= len; size++)
			(void)parse(rooms, good_rows[i].text, len, size,
				    &target);
	}
}
END_TEST

START_TEST(a_long_target_is_decoded_whole)
{
	enum {
		N = 8000
	};
	static char text[N];
	struct http_target target;

	for (size_t i = 0; i < N; i++)
		text[i] = i % 2 ? 'a' : '/';
	ck_assert(parse(rooms_new(), text, N, N + 1, &target));
	ck_assert_uint_eq(target.path.len, N - 1);
	assert_canonical(target.path, text, N);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("target");
	TCase *tcase = harness_case(suite, "meaning");

	tcase_add_loop_test(tcase, a_target_means_this_path, 0,
			    (int)ARRAY_LEN(good_rows));
	tcase_add_test(tcase, the_asterisk_names_the_server_itself);
	tcase_add_test(tcase,
		       the_query_and_the_authority_point_into_the_target);

	tcase = harness_case(suite, "refused");
	tcase_add_loop_test(tcase, a_target_without_a_plain_meaning_is_refused,
			    0, (int)ARRAY_LEN(bad_rows));

	tcase = harness_case(suite, "any");
	tcase_add_test(tcase, every_prefix_is_judged_within_its_length);
	tcase_add_test(tcase, no_spelling_gets_out_of_the_root);
	tcase_add_test(tcase,
		       every_byte_comes_out_of_its_encoding_but_nul_and_slash);
	tcase_add_test(tcase, a_buffer_that_is_too_small_is_not_overrun);
	tcase_add_test(tcase, a_long_target_is_decoded_whole);
	return harness_run_together(suite);
}
