/* SPDX-License-Identifier: MIT */
/*
 * The Content-Type of a path: what browsers must get right for a lab's pages,
 * that text always says its charset, and what counts as the extension. And the
 * operator's own table in the form of mime.types, which goes before ours.
 */
#include "http/media.h"

#include <ctype.h>
#include <stdio.h>
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
	{"README", "text/plain; charset=utf-8", "a well-known name"},
	{"Makefile", "text/plain; charset=utf-8", "a well-known name"},
	{"LICENSE", "text/plain; charset=utf-8", "a well-known name"},
	{"sub/COPYING", "text/plain; charset=utf-8", "in a folder"},
	{"ChangeLog", "text/plain; charset=utf-8", "in any case"},
	{"readme", "text/plain; charset=utf-8", "in any case"},
	{"authors", "text/plain; charset=utf-8", "the first of the names"},
	{"version", "text/plain; charset=utf-8", "the last of the names"},
	{"a.ini", "text/plain; charset=utf-8", "settings"},
	{"a.patch", "text/plain; charset=utf-8", "a patch"},
	{"a.diff", "text/plain; charset=utf-8", "a patch"},
	{"a.sql", "text/plain; charset=utf-8", "a source"},
	{"a.toml", "text/plain; charset=utf-8", "settings"},
	{"a.yaml", "text/plain; charset=utf-8", "settings"},
	{"a.yml", "text/plain; charset=utf-8", "settings"},
	{"a.cfg", "text/plain; charset=utf-8", "settings"},
	{"a.rst", "text/plain; charset=utf-8", "text"},
	{"a.lua", "text/plain; charset=utf-8", "a source"},
	{"a.sha256", "text/plain; charset=utf-8", "a checksum"},
	{"README.md", "text/markdown; charset=utf-8",
	 "an extension goes first"},
	{"a.pdf", "application/pdf", "a document"},
	{"a.svgz", "application/gzip", "unless its coding is said"},
	{"a.tgz", "application/gzip", "an archive"},
	{"a.js.br", "application/octet-stream", "no type is registered"},
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
	{"plain", UNKNOWN, "no dot"},
	{"a.", UNKNOWN, "nothing after the dot"},
	{".", UNKNOWN, "a dot alone"},
	{"a.html/plain", UNKNOWN, "a dot in a folder's name"},
	{"a.html/", UNKNOWN, "a folder"},
	{"READMES", UNKNOWN, "longer than a known name"},
	{"READM", UNKNOWN, "shorter than a known name"},
	{"README/", UNKNOWN, "a folder"},
	{".readme", UNKNOWN, "an extension, and not a known one"},
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

/* --- what is inside --- */

static const struct inner_row {
	const char *path;
	const char *type; /* NULL: the file is what it is */
	enum http_coding coding;
	const char *why;
} inners[] = {
	{"a.js.gz", "text/javascript; charset=utf-8", HTTP_CODING_GZIP, "js"},
	{"a.wasm.br", "application/wasm", HTTP_CODING_BR, "wasm"},
	{"a.css.zst", "text/css; charset=utf-8", HTTP_CODING_ZSTD, "css"},
	{"a.json.GZ", "application/json", HTTP_CODING_GZIP, "any case"},
	{"a.svgz", "image/svg+xml", HTTP_CODING_GZIP, "a name for both"},
	{"a.SVGZ", "image/svg+xml", HTTP_CODING_GZIP, "any case"},
	{"a/README.gz", "text/plain; charset=utf-8", HTTP_CODING_GZIP, "name"},
	{"a.woff.br", "font/woff", HTTP_CODING_BR, "a font"},
	{"a.tar.gz", NULL, 0, "an archive stays one"},
	{"a.tgz", NULL, 0, "an archive stays one"},
	{"a.pcap.gz", NULL, 0, "saved, not shown"},
	{"a.pdf.gz", NULL, 0, "saved, not shown"},
	{"a.gz", NULL, 0, "nothing is known of the inside"},
	{"a.zzz.gz", NULL, 0, "nothing is known of the inside"},
	{"js.gz", NULL, 0, "a name, and no extension"},
	{".gz", NULL, 0, "nothing is inside"},
	{"a.js/.gz", NULL, 0, "a folder's name is not inside"},
	{".svgz", NULL, 0, "nothing is inside"},
	{"a.js", NULL, 0, "not encoded"},
	{"a.js.xz", NULL, 0, "no coding of HTTP"},
	{"a.js.gz.gz", NULL, 0, "what is inside is encoded again"},
	{"", NULL, 0, "the root"},
	{"z", NULL, 0, "shorter than a suffix"},
};

START_TEST(a_path_has_this_inside)
{
	const struct inner_row *row = &inners[_i];
	size_t len = strlen(row->path);
	struct slice path = {guard_copy(guard_new(), row->path, len), len};
	enum http_coding coding;
	const char *type = http_media_inner_type(NULL, path, &coding);

	ck_assert_msg(!type == !row->type, "%s: %s: %s", row->path,
		      type ? type : "none", row->why);
	if (!type)
		return;
	ck_assert_str_eq(type, row->type);
	ck_assert_int_eq(coding, row->coding);
}
END_TEST

/* --- the default --- */

static const struct {
	const char *type;
	const char *becomes; /* NULL: it is none */
} defaults[] = {
	{"text/plain", "text/plain; charset=utf-8"},
	{"text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1"},
	{"text/plain;charset=KOI8-R", "text/plain;charset=KOI8-R"},
	{"application/x-a", "application/x-a"},
	{"a/b; c=\"d e\"", "a/b; c=\"d e\""},
	{"", NULL},
	{"text", NULL},
	{"text/", NULL},
	{"/plain", NULL},
	{"text/plain/x", NULL},
	{"text plain", NULL},
	{"text/ plain", NULL},
	{"text/plain charset=utf-8", NULL},
	{"text/plain\r\nA: b", NULL},
	{"text/plain; a=\x01", NULL},
	{"text/\xc3\xa4", NULL},
};

START_TEST(what_no_table_knows_has_the_default_type)
{
	unsigned line;
	struct http_media *media;

	ck_assert_int_eq(http_media_is_type(slice_of(defaults[_i].type)),
			 defaults[_i].becomes != NULL);
	if (!defaults[_i].becomes)
		return;
	media = http_media_parse((struct slice){"a/b x\n", 6}, &line);
	ck_assert_ptr_nonnull(media);
	http_media_set_default(media, defaults[_i].type);
	ck_assert_str_eq(http_media_type(media, slice_of("f")),
			 defaults[_i].becomes);
	ck_assert_str_eq(http_media_type(media, slice_of("f.unknown")),
			 defaults[_i].becomes);
	ck_assert_str_eq(http_media_type(media, slice_of("f.x")), "a/b");
	ck_assert_str_eq(http_media_type(media, slice_of("f.png")),
			 "image/png");
	http_media_free(media);
}
END_TEST

/* The usual table says what is inside of one, and nothing of its coding. */
START_TEST(a_table_cannot_make_an_image_of_an_encoded_one)
{
	static const char table[] = "image/svg+xml svg svgz\n";
	unsigned line;
	struct http_media *media = http_media_parse(slice_of(table), &line);

	ck_assert_ptr_nonnull(media);
	ck_assert_str_eq(http_media_type(media, slice_of("a.svgz")),
			 "application/gzip");
	http_media_free(media);
}
END_TEST

/* --- an operator's table --- */

/* Reads a table that ends at a guard page. */
static struct http_media *read_table(const char *text, size_t len,
				     unsigned *line)
{
	static char *guard;

	if (!guard)
		guard = guard_new();
	return http_media_parse(
		(struct slice){guard_copy(guard, text, len), len}, line);
}

static const struct table_row {
	const char *text;
	const char *path;
	const char *type;
	const char *why;
} tables[] = {
	{"a/b x\n", "f.x", "a/b", "a line"},
	{"a/b x", "f.x", "a/b", "no line's end"},
	{"a/b x\r\n", "f.x", "a/b", "CRLF"},
	{"a/b\tx\n", "f.x", "a/b", "a tab"},
	{"a/b\t\t  x\n", "f.x", "a/b", "many blanks"},
	{"  a/b x  \n", "f.x", "a/b", "blanks around"},
	{"a/b x y z\n", "f.x", "a/b", "the first of several"},
	{"a/b x y z\n", "f.z", "a/b", "the last of several"},
	{"a/b x y z\r\n", "f.z", "a/b", "the last one, and CRLF"},
	{"a/b x\nc/d y\n", "f.y", "c/d", "the second line"},
	{"\n\n  \n\t\r\n\na/b x\n", "f.x", "a/b", "empty lines"},
	{"# a/c x\na/b x\n", "f.x", "a/b", "a comment"},
	{"  # a/c x\na/b x\n", "f.x", "a/b", "a comment behind blanks"},
	{"a/b x # y\n", "f.x", "a/b", "a comment behind a line"},
	{"a/b x # y\n", "f.y", UNKNOWN, "a comment holds no extension"},
	{"a/b x#y\n", "f.x", "a/b", "a comment without a blank"},
	{"#\na/b x\n", "f.x", "a/b", "an empty comment"},
	{"a/b\n", "f.b", UNKNOWN, "a type without an extension"},
	{"a/b\na/c x\n", "f.x", "a/c", "a type without an extension"},
	{"a/b X\n", "f.x", "a/b", "an extension in capitals"},
	{"a/b x\n", "f.X", "a/b", "a path in capitals"},
	{"A/B x\n", "f.x", "a/b", "a type in capitals"},
	{"a/b x\n", "x", UNKNOWN, "no extension"},
	{"a/b x\n", "f.xx", UNKNOWN, "another one"},
	{"", "f.html", "text/html; charset=utf-8", "an empty table"},

	/* above ours */
	{"a/b html\n", "f.html", "a/b", "it goes before ours"},
	{"a/b html\n", "f.htm", "text/html; charset=utf-8", "ours is left"},
	{"a/b x\na/c x\n", "f.x", "a/c", "a later line wins"},
	{"a/b x\na/c y\na/d x\n", "f.x", "a/d", "a later line wins"},
	{"a/b x x\n", "f.x", "a/b", "the same twice"},

	/* charset */
	{"text/x-a x\n", "f.x", "text/x-a; charset=utf-8", "text has one"},
	{"text/x-a;charset=koi8-r x\n", "f.x", "text/x-a;charset=koi8-r",
	 "text that has one keeps it"},
	{"TEXT/X-A x\n", "f.x", "text/x-a; charset=utf-8",
	 "RFC 9110, 8.3.1: types ignore case"},
	{"text/x-a;format=flowed x\n", "f.x",
	 "text/x-a;format=flowed; charset=utf-8", "another parameter is none"},
	{"texts/x-a x\n", "f.x", "texts/x-a", "another type"},
	{"application/json x\n", "f.x", "application/json", "no text"},
	{"image/svg+xml x\n", "f.x", "image/svg+xml", "no text"},
};

START_TEST(a_table_says_this)
{
	const struct table_row *row = &tables[_i];
	unsigned line = 4711;
	struct http_media *media =
		read_table(row->text, strlen(row->text), &line);
	const char *type;

	ck_assert_msg(media, "%s: line %u: %s", row->text, line, row->why);
	type = http_media_type(media, slice_of(row->path));
	ck_assert_msg(!strcmp(type, row->type), "%s: %s, not %s: %s", row->text,
		      type, row->type, row->why);
	http_media_free(media);
}
END_TEST

#define LONG_100                                                               \
	"a/"                                                                   \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"                    \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct malformed_row {
	const char *text;
	unsigned line; /* 0: it is fine */
	const char *why;
} malformeds[] = {
	{"x\n", 1, "no slash"},
	{"x", 1, "no slash, no line's end"},
	{"x y\n", 1, "no slash"},
	{"/b x\n", 1, "nothing before the slash"},
	{"a/ x\n", 1, "nothing behind the slash"},
	{"/ x\n", 1, "a slash alone"},
	{"a/b x\nc d\n", 2, "the second line"},
	{"a/b x\n\n# c\nd\n", 4, "empty lines and comments count"},
	{"a/b x\r\n\r\nd\r\n", 3, "CRLF is one end"},
	{"a/\x01 x\n", 1, "a control byte would be in a head"},
	{"a/b\x7f x\n", 1, "DEL"},
	{"a/\xc3\xa4 x\n", 1, "a type is ASCII"},
	{"\xef\xbb\xbf"
	 "a/b x\n",
	 1, "a byte order mark is no type"},
	{"a/b\rx y\n", 1, "a bare CR would be in a head"},
	{LONG_100 " x\n", 0, "as long as may be"},
	{LONG_100 "b x\n", 1, "longer than may be: a head has a bound"},
};

START_TEST(a_malformed_line_is_named)
{
	const struct malformed_row *row = &malformeds[_i];
	unsigned line = 4711;
	struct http_media *media =
		read_table(row->text, strlen(row->text), &line);

	ck_assert_msg(!media == (row->line != 0), "%s", row->why);
	ck_assert_msg(line == row->line, "line %u, not %u: %s", line, row->line,
		      row->why);
	http_media_free(media);
}
END_TEST

START_TEST(nothing_of_the_text_is_kept)
{
	char text[] = "text/x-a x\n";
	unsigned line;
	struct http_media *media = http_media_parse(slice_of(text), &line);

	ck_assert_ptr_nonnull(media);
	memset(text, '#', sizeof(text) - 1);
	ck_assert_str_eq(http_media_type(media, slice_of("f.x")),
			 "text/x-a; charset=utf-8");
	http_media_free(media);
}
END_TEST

/* More than any table grows by at once, and in no order. */
START_TEST(a_large_table_is_found_in)
{
	enum {
		N = 3000
	};
	static char text[N * 32];
	struct http_media *media;
	size_t len = 0;
	unsigned line;
	char path[16], type[32];

	for (unsigned i = 0; i < N; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"a/t%u e%u\n", i * 7 % N, i * 7 % N);
	media = read_table(text, len, &line);
	ck_assert_ptr_nonnull(media);
	for (unsigned i = 0; i < N; i++) {
		(void)snprintf(path, sizeof(path), "f.e%u", i);
		(void)snprintf(type, sizeof(type), "a/t%u", i);
		ck_assert_str_eq(http_media_type(media, slice_of(path)), type);
	}
	http_media_free(media);
}
END_TEST

/* What takes the most memory for its length: short lines of text. */
START_TEST(a_table_of_the_shortest_lines_fits)
{
	enum {
		N = 2000
	};
	static char text[N * 10];

	for (int i = 0; i < 3; i++) {
		static const char *const lines[] = {"text/a b\n", "a/b c\n",
						    "text/a\n\n\n"};
		size_t len = strlen(lines[i]);
		struct http_media *media;
		unsigned line;

		for (size_t n = 0; n < N; n++)
			memcpy(text + n * len, lines[i], len);
		media = read_table(text, N * len - 1, &line);
		ck_assert_ptr_nonnull(media);
		http_media_free(media);
	}
}
END_TEST

START_TEST(no_table_is_freed_like_one)
{
	http_media_free(NULL);
}
END_TEST

/* The real thing, where it is installed. */
START_TEST(the_table_of_the_system_is_read)
{
	static char text[1 << 20];
	FILE *file = fopen("/etc/mime.types", "rb");
	struct http_media *media;
	unsigned line;
	size_t len;

	if (!file) {
		harness_skip("no /etc/mime.types here");
		return;
	}
	len = fread(text, 1, sizeof(text), file);
	(void)fclose(file);
	media = http_media_parse((struct slice){text, len}, &line);
	ck_assert_msg(media, "line %u", line);
	ck_assert_str_eq(http_media_type(media, slice_of("a.html")),
			 "text/html; charset=utf-8");
	ck_assert_str_eq(http_media_type(media, slice_of("a.png")),
			 "image/png");
	http_media_free(media);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("media");
	TCase *tcase = harness_case(suite, "ours");

	tcase_add_loop_test(tcase, a_path_has_this_type, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, text_always_says_its_charset);
	tcase_add_test(tcase, case_never_matters);

	tcase = harness_case(suite, "an operator's");
	tcase_add_loop_test(tcase, a_path_has_this_inside, 0,
			    (int)ARRAY_LEN(inners));
	tcase_add_loop_test(tcase, what_no_table_knows_has_the_default_type, 0,
			    (int)ARRAY_LEN(defaults));
	tcase_add_test(tcase, a_table_cannot_make_an_image_of_an_encoded_one);
	tcase_add_loop_test(tcase, a_table_says_this, 0,
			    (int)ARRAY_LEN(tables));
	tcase_add_loop_test(tcase, a_malformed_line_is_named, 0,
			    (int)ARRAY_LEN(malformeds));
	tcase_add_test(tcase, nothing_of_the_text_is_kept);
	tcase_add_test(tcase, a_large_table_is_found_in);
	tcase_add_test(tcase, a_table_of_the_shortest_lines_fits);
	tcase_add_test(tcase, no_table_is_freed_like_one);
	tcase_add_test(tcase, the_table_of_the_system_is_read);
	return harness_run_together(suite);
}
