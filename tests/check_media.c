/* SPDX-License-Identifier: MIT */
/*
 * The Content-Type of a path: what browsers must get right for a lab's pages,
 * that text always says its charset, and what counts as the extension.
 */
#include "http/media.h"

#include <ctype.h>
#include <string.h>

#include "guard.h"
#include "harness.h"

#define UNKNOWN "application/octet-stream"

static const struct media_row {
	const char *path;
	const char *type;
	const char *why;
} rows[] = {
	/* what a page is made of */
	{"index.html", "text/html; charset=utf-8", "a page"},
	{"index.htm", "text/html; charset=utf-8", "a page"},
	{"a/b/style.css", "text/css; charset=utf-8", "a style sheet"},
	{"a.js", "text/javascript; charset=utf-8", "RFC 9239"},
	{"a.mjs", "text/javascript; charset=utf-8", "RFC 9239"},
	{"a.json", "application/json", "RFC 8259: UTF-8 by definition"},
	{"a.wasm", "application/wasm", "browsers insist"},
	{"a.svg", "image/svg+xml", "an image in XML"},
	{"a.png", "image/png", "an image"},
	{"a.jpg", "image/jpeg", "an image"},
	{"a.jpeg", "image/jpeg", "an image"},
	{"a.gif", "image/gif", "an image"},
	{"a.webp", "image/webp", "an image"},
	{"a.avif", "image/avif", "an image"},
	{"favicon.ico", "image/vnd.microsoft.icon", "the browser's own wish"},
	{"a.woff", "font/woff", "a font"},
	{"a.woff2", "font/woff2", "a font"},
	{"a.xml", "text/xml; charset=utf-8", "XML"},
	{"a.webmanifest", "application/manifest+json", "the longest there is"},

	/* what a lab puts there */
	{"file.txt", "text/plain; charset=utf-8", "the lab's file"},
	{"a.md", "text/markdown; charset=utf-8", "RFC 7763"},
	{"a.csv", "text/csv; charset=utf-8", "RFC 4180"},
	{"a.c", "text/plain; charset=utf-8", "one letter"},
	{"a.h", "text/plain; charset=utf-8", "one letter"},
	{"a.log", "text/plain; charset=utf-8", "shown, not downloaded"},
	{"a.pdf", "application/pdf", "a document"},
	{"a.zip", "application/zip", "an archive"},
	{"a.gz", "application/gzip", "an archive"},
	{"a.tar", "application/x-tar", "an archive"},
	{"a.7z", "application/x-7z-compressed", "the first of the table"},
	{"a.zst", "application/zstd", "the last of the table"},
	{"a.mp4", "video/mp4", "a film"},
	{"a.mp3", "audio/mpeg", "music"},
	{"a.pcap", "application/vnd.tcpdump.pcap", "a capture"},

	/* what the extension is */
	{"a.tar.gz", "application/gzip", "the last extension counts"},
	{"a.html.txt", "text/plain; charset=utf-8", "the last one counts"},
	{"INDEX.HTML", "text/html; charset=utf-8", "any case"},
	{"a.JpEg", "image/jpeg", "any case"},
	{"a.b/c.css", "text/css; charset=utf-8", "a dot in a folder's name"},
	{"a..html", "text/html; charset=utf-8", "two dots"},
	{"\xc3\xa4.html", "text/html; charset=utf-8", "bytes above ASCII"},

	/* what is none */
	{"", UNKNOWN, "the root"},
	{"README", UNKNOWN, "no dot"},
	{"a.", UNKNOWN, "nothing after the dot"},
	{".", UNKNOWN, "a dot alone"},
	{"a.html/README", UNKNOWN, "a dot in a folder's name"},
	{"a.html/", UNKNOWN, "a folder"},
	{"a.htmlx", UNKNOWN, "longer than a known one"},
	{"a.htmL ", UNKNOWN, "a space"},
	{"a.ht", UNKNOWN, "shorter than a known one"},
	{"a.unknown", UNKNOWN, "not in the table"},
	{"a.0", UNKNOWN, "before the first of the table"},
	{"a.zzz", UNKNOWN, "after the last of the table"},
	{"a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", UNKNOWN,
	 "longer than any"},
	{"a.\xff\xfe", UNKNOWN, "bytes above ASCII"},
};

START_TEST(a_path_has_this_type)
{
	const struct media_row *row = &rows[_i];
	size_t len = strlen(row->path);
	struct slice path = {guard_copy(guard_new(), row->path, len), len};
	const char *type = http_media_type(NULL, path);

	ck_assert_msg(strcmp(type, row->type) == 0, "%s: %s, not %s: %s",
		      row->path, type, row->type, row->why);
}
END_TEST

/* Every extension of up to three characters: whatever the table holds. */
static void next_extension(char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *at;

	for (; *text != '\0'; text++) {
		at = strchr(letters, *text);
		if (at[1] != '\0') {
			*text = at[1];
			return;
		}
		*text = letters[0];
	}
	text[0] = letters[0];
	text[1] = '\0';
}

START_TEST(text_always_says_its_charset)
{
	char path[16] = "x.a";
	unsigned n_known = 0;

	while (strlen(path + 2) <= 3) {
		const char *type = http_media_type(NULL, slice_of(path));

		if (strncmp(type, "text/", 5) == 0)
			ck_assert_msg(strstr(type, "; charset=utf-8"), "%s: %s",
				      path, type);
		else
			ck_assert_msg(!strchr(type, ';'), "%s: %s", path, type);
		n_known += strcmp(type, UNKNOWN) != 0;
		next_extension(path + 2);
	}
	ck_assert_uint_gt(n_known, 40);
}
END_TEST

START_TEST(case_never_matters)
{
	char path[16] = "x.a", upper[16];

	while (strlen(path + 2) <= 3) {
		for (size_t i = 0; i <= strlen(path); i++)
			upper[i] = (char)toupper((unsigned char)path[i]);
		ck_assert_str_eq(http_media_type(NULL, slice_of(upper)),
				 http_media_type(NULL, slice_of(path)));
		next_extension(path + 2);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("media");
	TCase *tcase = harness_case(suite, "media");

	tcase_add_loop_test(tcase, a_path_has_this_type, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, text_always_says_its_charset);
	tcase_add_test(tcase, case_never_matters);
	return harness_run(suite);
}
