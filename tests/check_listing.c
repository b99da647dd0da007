/* SPDX-License-Identifier: MIT */
/*
 * A directory's listing: its form in HTML and in JSON, and that whatever a file
 * is called, its name is shown, linked to and told, and nothing else.
 */
#include "http/listing.h"

#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "harness.h"
#include "http/target.h"
#include "json_reader.h"

#define HTML   false
#define JSON   true
#define TIME_S 784111777 /* 6 November 1994, 08:49:37 UTC */

static const struct http_listing_row file_row = {
	.name = {"a.txt", 5},
	.size = 612,
	.mtime_s = TIME_S,
};

static const struct http_listing_row folder_row = {
	.name = {"sub", 3},
	.is_directory = true,
	.size = 4096,
	.mtime_s = TIME_S,
};

/* A row, with a NUL, made in no more room than it may take. */
static const char *row_of(bool as_json, const struct http_listing_row *row,
			  bool is_first)
{
	static char *guard;
	static char line[HTTP_LISTING_ROW_MAX + 1];
	struct text text;

	if (!guard)
		guard = guard_new();
	text = text_in(guard - HTTP_LISTING_ROW_MAX, HTTP_LISTING_ROW_MAX);
	http_listing_row(&text, as_json, row, is_first);
	ck_assert(!text.overflow);
	memcpy(line, text.ptr, text.len);
	line[text.len] = '\0';
	return line;
}

/* A whole listing of these rows. */
static const char *listing_of(bool as_json, const char *path,
			      const struct http_listing_row *rows, size_t n,
			      bool is_cut)
{
	static char page[65536];
	struct text text = text_in(page, sizeof(page) - 1);

	http_listing_begin(&text, as_json, slice_of(path));
	for (size_t i = 0; i < n; i++)
		http_listing_row(&text, as_json, &rows[i], i == 0);
	http_listing_end(&text, as_json, is_cut);
	ck_assert(!text.overflow);
	page[text.len] = '\0';
	return page;
}

static void assert_valid(const char *json)
{
	ck_assert_msg(json_is_valid(json, strlen(json)), "%s", json);
}

/* --- the forms --- */

START_TEST(a_row_of_html_is_a_link_a_size_and_a_time)
{
	ck_assert_str_eq(row_of(HTML, &file_row, true),
			 "<tr><td><a href=\"./a.txt\">a.txt</a></td>"
			 "<td title=\"612 bytes\">612 B</td>"
			 "<td>1994-11-06 08:49:37</td></tr>\n");
	ck_assert_str_eq(row_of(HTML, &folder_row, false),
			 "<tr><td><a href=\"./sub/\">sub/</a></td>"
			 "<td></td><td>1994-11-06 08:49:37</td></tr>\n");
}
END_TEST

START_TEST(json_is_one_object_with_its_entries)
{
	const struct http_listing_row rows[] = {folder_row, file_row};

	ck_assert_str_eq(listing_of(JSON, "a b", rows, 2, false),
			 "{\"path\":\"/a b/\",\"entries\":[\n"
			 "{\"name\":\"sub\",\"type\":\"directory\","
			 "\"modified\":\"1994-11-06T08:49:37Z\"},\n"
			 "{\"name\":\"a.txt\",\"type\":\"file\",\"size\":612,"
			 "\"modified\":\"1994-11-06T08:49:37Z\"}\n"
			 "],\"complete\":true}\n");
}
END_TEST

START_TEST(json_is_valid_with_any_number_of_entries)
{
	struct http_listing_row rows[4] = {folder_row, file_row, file_row,
					   folder_row};

	for (size_t n = 0; n <= ARRAY_LEN(rows); n++) {
		assert_valid(listing_of(JSON, "", rows, n, false));
		assert_valid(listing_of(JSON, "a", rows, n, true));
	}
	ck_assert_ptr_nonnull(
		strstr(listing_of(JSON, "", NULL, 0, false), "\"path\":\"/\""));
}
END_TEST

START_TEST(a_listing_that_was_cut_says_so)
{
	ck_assert_ptr_nonnull(strstr(listing_of(JSON, "", &file_row, 1, true),
				     "\"complete\":false"));
	ck_assert_ptr_nonnull(strstr(listing_of(HTML, "", &file_row, 1, true),
				     "<p>There are more names"));
	ck_assert_ptr_null(
		strstr(listing_of(HTML, "", &file_row, 1, false), "<p>"));
}
END_TEST

START_TEST(only_the_root_has_no_parent)
{
	ck_assert_ptr_null(
		strstr(listing_of(HTML, "", &file_row, 1, false), "../"));
	ck_assert_ptr_nonnull(strstr(listing_of(HTML, "a", &file_row, 1, false),
				     "<a href=\"../\">../</a>"));
	/* A program knows how to go up. */
	ck_assert_ptr_null(
		strstr(listing_of(JSON, "a", &file_row, 1, false), "../"));
}
END_TEST

START_TEST(a_folder_is_named_however_short_its_name_is)
{
	static const struct {
		const char *path, *heading, *member;
	} names[] = {
		{"", "<h1>/</h1>", "{\"path\":\"/\","},
		{"a", "<h1>/a/</h1>", "{\"path\":\"/a/\","},
		{"a/b", "<h1>/a/b/</h1>", "{\"path\":\"/a/b/\","},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ck_assert_ptr_nonnull(strstr(
			listing_of(HTML, names[i].path, &file_row, 1, false),
			names[i].heading));
		ck_assert_ptr_nonnull(strstr(
			listing_of(JSON, names[i].path, &file_row, 1, false),
			names[i].member));
	}
}
END_TEST

/* What a page must have for a phone, for the dark, and to be read right. */
START_TEST(a_page_is_whole)
{
	static const char *const parts[] = {
		"<!DOCTYPE html>\n<html lang=\"en\">",
		"<meta charset=\"utf-8\">",
		"<meta name=\"viewport\" content=\"width=device-width,",
		"<title>/a/b/</title>",
		"color-scheme:light dark",
		"<h1>/a/b/</h1>",
		"<table>\n",
		"</table>\n",
		"</body>\n</html>\n",
	};
	const char *at = listing_of(HTML, "a/b", &file_row, 1, false);

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		at = strstr(at, parts[i]);
		ck_assert_msg(at, "no %s, or not in its place", parts[i]);
		at += strlen(parts[i]);
	}
	ck_assert_str_eq(at, "");
}
END_TEST

static const struct time_row {
	int64_t time_s;
	const char *html; /* NULL: no form is prescribed */
	const char *why;
} times[] = {
	{0, "<td>1970-01-01 00:00:00</td>", "the first second"},
	{-1, "<td>1969-12-31 23:59:59</td>", "before 1970"},
	{951827696, "<td>2000-02-29 12:34:56</td>", "a leap day"},
	{4294967296, "<td>2106-02-07 06:28:16</td>", "beyond 32 bits"},
	{253402300799, "<td>9999-12-31 23:59:59</td>", "the last of 9999"},
	{253402300800, "<td>1970-01-01 00:00:00</td>", "the year 10000"},
	{-62135596801, "<td>1970-01-01 00:00:00</td>", "the year 0"},
	{-62135596800, "<td>0001-01-01 00:00:00</td>", "the year 1"},
	{-99999999999, NULL, "a year before it"},
	{67767976233532800, NULL, "a year that is just an int, and 1900"},
	{67768036191676799, NULL, "the last that gmtime_r(3) can"},
	{67768036191676800, NULL, "one more"},
	{INT64_MAX, NULL, "as late as can be"},
	{INT64_MIN, NULL, "as early as can be"},
};

/* File systems keep any 64 bits, and anyone may set them with touch(1). */
START_TEST(any_time_leaves_a_row_a_row)
{
	const struct time_row *row = &times[_i];
	struct http_listing_row entry = file_row;
	char modified[64];
	const char *json;
	size_t len;

	entry.mtime_s = row->time_s;
	if (row->html)
		ck_assert_msg(strstr(row_of(HTML, &entry, true), row->html),
			      "%s: %s", row->why, row_of(HTML, &entry, true));
	json = listing_of(JSON, "", &entry, 1, false);
	assert_valid(json);
	len = json_member(json, strlen(json), "modified", modified,
			  sizeof(modified));
	/* RFC 3339, 5.6: four digits for the year, whatever it was. */
	ck_assert_msg(len == strlen("1994-11-06T08:49:37Z"), "%s: %s", row->why,
		      modified);
}
END_TEST

static const struct {
	uint64_t size;
	const char *shown;
} sizes[] = {
	{0, ">0 B<"},
	{1, ">1 B<"},
	{999, ">999 B<"},
	{1000, ">1.00 kB<"},
	{1009, ">1.00 kB<"},
	{1010, ">1.01 kB<"},
	{9999, ">9.99 kB<"},
	{10000, ">10.0 kB<"},
	{99999, ">99.9 kB<"},
	{100000, ">100 kB<"},
	{999999, ">999 kB<"},
	{1000000, ">1.00 MB<"},
	{1999999999, ">1.99 GB<"},
	{1234567890123, ">1.23 TB<"},
	{UINT64_C(999999999999999999), ">999 PB<"},
};

START_TEST(a_size_is_read_at_a_glance_and_known_to_the_byte)
{
	struct http_listing_row entry = file_row;
	const char *row;
	char exact[64];

	entry.size = sizes[_i].size;
	(void)snprintf(exact, sizeof(exact), " title=\"%llu bytes\"",
		       (unsigned long long)sizes[_i].size);
	row = row_of(HTML, &entry, true);
	ck_assert_msg(strstr(row, sizes[_i].shown) != NULL, "%s", row);
	ck_assert_msg(strstr(row, exact) != NULL, "%s", row);
}
END_TEST

START_TEST(a_size_may_have_sixty_four_bits)
{
	struct http_listing_row entry = file_row;

	entry.size = UINT64_MAX;
	ck_assert_ptr_nonnull(strstr(row_of(HTML, &entry, true),
				     "\"18446744073709551615 bytes\">18.4 EB"));
	ck_assert_ptr_nonnull(strstr(row_of(JSON, &entry, true),
				     "\"size\":18446744073709551615,"));
}
END_TEST

/* --- names --- */

static const struct name_row {
	const char *name;
	const char *href;
	const char *shown;
	const char *json;
	const char *why;
} names[] = {
	{"a", "./a", "a", "a", "nothing to escape"},
	{"a b", "./a%20b", "a b", "a b", "a blank"},
	{"<script>alert(1)<script>", "./%3Cscript%3Ealert%281%29%3Cscript%3E",
	 "&lt;script&gt;alert(1)&lt;script&gt;", "<script>alert(1)<script>",
	 "markup"},
	{"\"onclick=\"x", "./%22onclick=%22x", "&quot;onclick=&quot;x",
	 "\\\"onclick=\\\"x", "an attribute"},
	{"'x'", "./%27x%27", "&#39;x&#39;", "'x'", "the other quote"},
	{"&lt;", "./%26lt%3B", "&amp;lt;", "&lt;", "a reference"},
	{"a%41", "./a%2541", "a%41", "a%41", "a percent sign"},
	{"a?b#c", "./a%3Fb%23c", "a?b#c", "a?b#c", "no query, no fragment"},
	{"http:", "./http%3A", "http:", "http:", "no scheme"},
	{"javascript:alert(1)", "./javascript%3Aalert%281%29",
	 "javascript:alert(1)", "javascript:alert(1)", "no scheme"},
	{"\\\\h\\a", "./%5C%5Ch%5Ca", "\\\\h\\a", "\\\\\\\\h\\\\a",
	 "browsers take it for a slash"},
	{"..a", "./..a", "..a", "..a", "dots and more"},
	{"...", "./...", "...", "...", "three dots are a name"},
	{"-rf", "./-rf", "-rf", "-rf", "a dash"},
	{"\xc3\xa4\xe2\x82\xac", "./%C3%A4%E2%82%AC", "\xc3\xa4\xe2\x82\xac",
	 "\xc3\xa4\xe2\x82\xac", "UTF-8"},
	{"a\nb", "./a%0Ab", NULL, "a\\u000Ab", "a line's end"},
	{"a\r\n\r\nb", "./a%0D%0A%0D%0Ab", NULL,
	 "a\\u000D\\u000A\\u000D\\u000Ab", "lines' ends"},
	{"\x1b[2J", "./%1B%5B2J", NULL, "\\u001B[2J", "terminals obey it"},
	{"\xff\xfe", "./%FF%FE", NULL, "\xef\xbf\xbd\xef\xbf\xbd",
	 "no UTF-8: the link works all the same"},
	{"\xc3\"", "./%C3%22", NULL, "\xef\xbf\xbd\\\"",
	 "a sequence that would swallow the quote"},
};

START_TEST(a_name_is_linked_to_shown_and_told)
{
	const struct name_row *row = &names[_i];
	struct http_listing_row entry = file_row;
	char want[256];

	entry.name = slice_of(row->name);
	(void)snprintf(want, sizeof(want), "<a href=\"%s\">%s", row->href,
		       row->shown ? row->shown : "");
	ck_assert_msg(strstr(row_of(HTML, &entry, true), want),
		      "%s: no %s in %s", row->why, want,
		      row_of(HTML, &entry, true));
	(void)snprintf(want, sizeof(want), "{\"name\":\"%s\",\"type\"",
		       row->json);
	ck_assert_msg(strstr(row_of(JSON, &entry, true), want),
		      "%s: no %s in %s", row->why, want,
		      row_of(JSON, &entry, true));
}
END_TEST

/* What stands between two marks. */
static struct slice between(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from), *end;

	ck_assert_msg(start, "no %s in %s", from, text);
	start += strlen(from);
	end = strstr(start, to);
	ck_assert_msg(end, "no %s in %s", to, text);
	return (struct slice){start, (size_t)(end - start)};
}

/* Follows the link from "/d/" as a browser does: to the file of that name. */
static void assert_leads_to(struct slice href, struct slice name)
{
	struct http_target target;
	char text[2048], path[2048];
	int len = snprintf(text, sizeof(text), "/d/%.*s", (int)href.len,
			   href.ptr);

	ck_assert_int_lt(len, (int)sizeof(text));
	ck_assert_msg(http_target_parse((struct slice){text, (size_t)len},
					&target, path, sizeof(path)),
		      "no target: %s", text);
	ck_assert_ptr_null(target.query.ptr);
	ck_assert_uint_eq(target.path.len, 2 + name.len);
	ck_assert(memcmp(path, "d/", 2) == 0 &&
		  memcmp(path + 2, name.ptr, name.len) == 0);
}

/* A name of any bytes but NUL and slash leads to itself and adds no markup. */
static void assert_harmless(struct slice name)
{
	struct http_listing_row entry = file_row;
	const char *row;
	struct slice shown;

	entry.name = name;
	row = row_of(HTML, &entry, true);
	assert_leads_to(between(row, "<a href=\"", "\">"), name);
	shown = between(row, "\">", "</a></td><td title=\"612 bytes\">612 B<");
	for (size_t i = 0; i < shown.len; i++)
		ck_assert_msg(!strchr("<>\"'", shown.ptr[i]), "%s", row);
	assert_valid(listing_of(JSON, "", &entry, 1, false));
}

START_TEST(every_two_bytes_are_a_harmless_name)
{
	for (int second = 1; second < 256; second++) {
		char name[] = {(char)_i, (char)second};

		if (memchr(name, '/', 2) || memcmp(name, "..", 2) == 0)
			continue;
		assert_harmless((struct slice){name, 2});
	}
}
END_TEST

START_TEST(a_path_is_escaped_like_a_name)
{
	const char *page =
		listing_of(HTML, "<b>&\"'\xc3\xa4", &file_row, 1, false);

	ck_assert_ptr_nonnull(strstr(
		page, "<title>/&lt;b&gt;&amp;&quot;&#39;\xc3\xa4/</title>"));
	ck_assert_ptr_nonnull(
		strstr(page, "<h1>/&lt;b&gt;&amp;&quot;&#39;\xc3\xa4/</h1>"));
	page = listing_of(JSON, "a\"\\\x01\xff", &file_row, 1, false);
	ck_assert_ptr_nonnull(
		strstr(page, "{\"path\":\"/a\\\"\\\\\\u0001\xef\xbf\xbd/\","));
	assert_valid(page);
}
END_TEST

/* --- room --- */

START_TEST(every_part_keeps_to_its_bound)
{
	static const char worst[] = {'"', '\x01', '\xff', '\'', '&'};
	enum {
		LEN = 4000
	};
	static char bytes[LEN];
	char *guard = guard_new();
	struct http_listing_row entry = {
		.name = {bytes, 255},
		.size = UINT64_MAX,
		.mtime_s = 253402300799,
	};

	memset(bytes, worst[_i], LEN);
	for (int as_json = 0; as_json <= 1; as_json++) {
		for (size_t len = 0; len <= LEN; len += 1000) {
			size_t size = HTTP_LISTING_BEGIN_MAX(len);
			struct text text = text_in(guard - size, size);

			http_listing_begin(&text, as_json,
					   (struct slice){bytes, len});
			ck_assert(!text.overflow);
		}
		(void)row_of(as_json, &entry, false);
		entry.is_directory = !entry.is_directory;
		(void)row_of(as_json, &entry, false);
	}
}
END_TEST

START_TEST(an_end_keeps_to_its_bound)
{
	char *guard = guard_new();

	for (int i = 0; i < 4; i++) {
		struct text text = text_in(guard - HTTP_LISTING_END_MAX,
					   HTTP_LISTING_END_MAX);

		http_listing_end(&text, i & 1, i & 2);
		ck_assert(!text.overflow);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("listing");
	TCase *tcase = harness_case(suite, "forms");

	tcase_add_test(tcase, a_row_of_html_is_a_link_a_size_and_a_time);
	tcase_add_test(tcase, json_is_one_object_with_its_entries);
	tcase_add_test(tcase, json_is_valid_with_any_number_of_entries);
	tcase_add_test(tcase, a_listing_that_was_cut_says_so);
	tcase_add_test(tcase, only_the_root_has_no_parent);
	tcase_add_test(tcase, a_folder_is_named_however_short_its_name_is);
	tcase_add_test(tcase, a_page_is_whole);
	tcase_add_loop_test(tcase, any_time_leaves_a_row_a_row, 0,
			    (int)ARRAY_LEN(times));
	tcase_add_loop_test(tcase,
			    a_size_is_read_at_a_glance_and_known_to_the_byte, 0,
			    (int)ARRAY_LEN(sizes));
	tcase_add_test(tcase, a_size_may_have_sixty_four_bits);

	tcase = harness_case(suite, "names");
	tcase_add_loop_test(tcase, a_name_is_linked_to_shown_and_told, 0,
			    (int)ARRAY_LEN(names));
	tcase_add_loop_test(tcase, every_two_bytes_are_a_harmless_name, 1, 256);
	tcase_add_test(tcase, a_path_is_escaped_like_a_name);

	tcase = harness_case(suite, "room");
	tcase_add_loop_test(tcase, every_part_keeps_to_its_bound, 0, 5);
	tcase_add_test(tcase, an_end_keeps_to_its_bound);
	return harness_run_together(suite);
}
