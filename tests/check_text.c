/* SPDX-License-Identifier: MIT */
/*
 * Building text in a fixed room: what does not fit is left out whole and said,
 * and every byte that a peer sent comes out harmless.
 */
#include "base/text.h"

#include <string.h>

#include "guard.h"
#include "harness.h"

static struct slice bytes(const char *ptr, size_t len)
{
	return (struct slice){ptr, len};
}

static void assert_text(const struct text *text, const char *want)
{
	ck_assert_msg(slice_is(text_slice(text), want), "\"%.*s\", not \"%s\"",
		      (int)text->len, text->ptr, want);
}

/* --- adding --- */

START_TEST(pieces_are_joined_in_order)
{
	char buf[64];
	struct text text = text_in(buf, sizeof(buf));

	text_add_str(&text, "a");
	text_add(&text, bytes("bcd", 2));
	text_add_char(&text, 'e');
	text_add_uint(&text, 7);
	text_addf(&text, "%s=%d", "x", -1);
	text_add_str(&text, "");
	text_add(&text, bytes(NULL, 0));
	ck_assert(!text.overflow);
	assert_text(&text, "abce7x=-1");
	ck_assert_ptr_eq(text_slice(&text).ptr, buf);
}
END_TEST

START_TEST(a_new_text_is_empty)
{
	char buf[4] = "abc";
	struct text text = text_in(buf, sizeof(buf));

	ck_assert_uint_eq(text.len, 0);
	ck_assert_uint_eq(text.size, sizeof(buf));
	ck_assert(!text.overflow);
	ck_assert_uint_eq(text_slice(&text).len, 0);
}
END_TEST

static const struct uint_row {
	uint64_t value;
	const char *text;
} uints[] = {
	{0, "0"},
	{9, "9"},
	{10, "10"},
	{65535, "65535"},
	{UINT64_C(4294967296), "4294967296"},
	{UINT64_C(9223372036854775808), "9223372036854775808"},
	{UINT64_MAX, "18446744073709551615"},
};

START_TEST(a_number_is_written_in_decimal)
{
	char buf[20];
	struct text text = text_in(buf, sizeof(buf));

	text_add_uint(&text, uints[_i].value);
	ck_assert(!text.overflow);
	assert_text(&text, uints[_i].text);
}
END_TEST

START_TEST(a_padded_number_has_just_its_digits)
{
	char buf[10];
	struct text text = text_in(buf, sizeof(buf));

	text_add_padded(&text, 7, 1);
	text_add_padded(&text, 7, 3);
	text_add_padded(&text, 12345, 2);
	text_add_padded(&text, 0, 4);
	ck_assert(!text.overflow);
	assert_text(&text, "7007450000");
	text_add_padded(&text, 1, 1);
	ck_assert(text.overflow);
	assert_text(&text, "7007450000");
}
END_TEST

static const struct uint_row hexes[] = {
	{0, "0"},
	{9, "9"},
	{10, "a"},
	{15, "f"},
	{16, "10"},
	{0xabcdef, "abcdef"},
	{UINT64_C(0x100000000), "100000000"},
	{UINT64_C(0x8000000000000000), "8000000000000000"},
	{UINT64_MAX, "ffffffffffffffff"},
};

START_TEST(a_number_is_written_in_hexadecimal)
{
	char *guard = guard_new();
	size_t len = strlen(hexes[_i].text);
	struct text text = text_in(guard - len, len);

	text_add_hex(&text, hexes[_i].value);
	ck_assert(!text.overflow);
	assert_text(&text, hexes[_i].text);
	text = text_in(guard - len + 1, len - 1);
	text_add_hex(&text, hexes[_i].value);
	ck_assert(text.overflow);
}
END_TEST

/* --- room --- */

START_TEST(a_piece_may_fill_the_room)
{
	char *start = guard_new() - 4;
	struct text text = text_in(start, 4);

	text_add_str(&text, "abcd");
	ck_assert(!text.overflow);
	assert_text(&text, "abcd");
	text_add_str(&text, "");
	ck_assert(!text.overflow);
	text_add_char(&text, 'e');
	ck_assert(text.overflow);
	assert_text(&text, "abcd");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_whole)
{
	char *start = guard_new() - 4;
	struct text text = text_in(start, 4);

	text_add_str(&text, "ab");
	text_add_str(&text, "cde");
	ck_assert(text.overflow);
	assert_text(&text, "ab");
}
END_TEST

/* Else a line would come out with a hole in it. */
START_TEST(after_an_overflow_nothing_is_added)
{
	char *start = guard_new() - 4;
	struct text text = text_in(start, 4);

	text_add_str(&text, "abcde");
	text_add_str(&text, "x");
	text_add_char(&text, 'x');
	text_add_uint(&text, 1);
	text_add_padded(&text, 1, 2);
	text_add_hex(&text, 1);
	text_addf(&text, "x");
	text_add_json(&text, bytes("x", 1));
	text_add_html(&text, bytes("x", 1));
	text_add_escaped(&text, bytes("x", 1));
	text_add_uri_path(&text, bytes("x", 1));
	ck_assert(text.overflow);
	assert_text(&text, "");
}
END_TEST

START_TEST(no_room_at_all_is_an_overflow)
{
	struct text text = text_in(guard_new(), 0);

	text_add_str(&text, "");
	ck_assert(!text.overflow);
	text_add_char(&text, 'a');
	ck_assert(text.overflow);
	ck_assert_uint_eq(text.len, 0);
	/* Nothing needs no room, if there is any. */
	text = text_in(guard_new() - 1, 1);
	text_addf(&text, "%s", "");
	ck_assert(!text.overflow);
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

START_TEST(formatted_text_never_passes_the_end)
{
	char *guard = guard_new();

	for (size_t size = 0; size <= 12; size++) {
		struct text text = text_in(guard - size, size);

		text_addf(&text, "%s %u", "abcdef", 123U);
		ck_assert_uint_le(text.len, size);
		if (size > 10)
			assert_text(&text, "abcdef 123");
		else
			assert_text(&text, "");
		ck_assert_int_eq(text.overflow, text.len == 0);
	}
}
END_TEST

/* --- escaping --- */

typedef void (*add_fn)(struct text *text, struct slice s);

struct escape_row {
	struct slice in;
	const char *out;
};

#define IN(s)                                                                  \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}

static const struct escape_row escaped[] = {
	{IN(""), ""},
	{IN("plain text, 100%!"), "plain text, 100%!"},
	{IN("\r\n"), "\\x0D\\x0A"},
	{IN("\0"), "\\x00"},
	{IN("\x1b[31m"), "\\x1B[31m"},
	{IN("\x7f"), "\\x7F"},
	{IN("\x9b"), "\\x9B"}, /* a control of eight bits */
	{IN("\xc3\xa4"), "\\xC3\\xA4"},
	{IN("\xff"), "\\xFF"},
	{IN("\x1f ~"), "\\x1F ~"}, /* the first and the last that are seen */
	{IN("\""), "\\\""},
	{IN("\\"), "\\\\"},
	{IN("\\x41"), "\\\\x41"}, /* cannot be taken for an escape */
};

static const struct escape_row html[] = {
	{IN(""), ""},
	{IN("plain text"), "plain text"},
	{IN("\x1f ~"), "\xef\xbf\xbd ~"},
	{IN("<script>"), "&lt;script&gt;"},
	{IN("a & b"), "a &amp; b"},
	{IN("&amp;"), "&amp;amp;"},
	{IN("\"'"), "&quot;&#39;"},
	{IN("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f"},
	{IN("a\x1b[1mb\n"),
	 "a\xef\xbf\xbd[1mb\xef\xbf\xbd"}, /* control bytes */
	{IN("\0\x7f"), "\xef\xbf\xbd\xef\xbf\xbd"},
	{IN("\xff<\xc3"), "\xef\xbf\xbd&lt;\xef\xbf\xbd"}, /* no UTF-8 */
};

static const struct escape_row uri[] = {
	{IN(""), ""},
	{IN("a/b-c._~9"), "a/b-c._~9"},
	{IN("a b"), "a%20b"},
	{IN("azAZ09-._~/!$+,=@"), "azAZ09-._~/!$+,=@"},
	{IN("`{[:;"), "%60%7B%5B%3A%3B"}, /* beside those */
	{IN("%41"), "%2541"},
	{IN("?#"), "%3F%23"},
	{IN("\r\n"), "%0D%0A"},
	{IN("\0"), "%00"},
	{IN("\xc3\xa4"), "%C3%A4"},
	{IN("\"<>'"), "%22%3C%3E%27"},
	{IN("\\^`{|}"), "%5C%5E%60%7B%7C%7D"},
	{IN("[]"), "%5B%5D"},
};

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static const struct escape_row json[] = {
	{IN(""), ""},
	{IN("plain text, 100%!"), "plain text, 100%!"},
	{IN("\""), "\\\""},
	{IN("\\"), "\\\\"},
	{IN("/"), "/"},
	{IN("\r\n\t"), "\\u000D\\u000A\\u0009"},
	{IN("\0"), "\\u0000"},
	{IN("\x1f\x20"), "\\u001F "},
	{IN("~\x7f"), "~\\u007F"},
	/* RFC 3629: the first and the last of each length */
	{IN("\xc2\x80"), "\xc2\x80"},
	{IN("\xdf\xbf"), "\xdf\xbf"},
	{IN("\xe0\xa0\x80"), "\xe0\xa0\x80"},
	{IN("\xef\xbf\xbf"), "\xef\xbf\xbf"},
	{IN("\xf0\x90\x80\x80"), "\xf0\x90\x80\x80"},
	{IN("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf"},
	/* around the surrogates, and they */
	{IN("\xed\x9f\xbf"), "\xed\x9f\xbf"},
	{IN("\xee\x80\x80"), "\xee\x80\x80"},
	{IN("\xed\xa0\x80"), BAD BAD BAD},
	{IN("\xed\xbf\xbf"), BAD BAD BAD},
	/* longer than need be: a slash, a NUL, the greatest of each */
	{IN("\xc0\xaf"), BAD BAD},
	{IN("\xc1\xbf"), BAD BAD},
	{IN("\xe0\x80\x80"), BAD BAD BAD},
	{IN("\xe0\x9f\xbf"), BAD BAD BAD},
	{IN("\xf0\x8f\xbf\xbf"), BAD BAD BAD BAD},
	/* beyond U+10FFFF */
	{IN("\xf4\x90\x80\x80"), BAD BAD BAD BAD},
	{IN("\xf5\x80\x80\x80"), BAD BAD BAD BAD},
	{IN("\xff\xfe"), BAD BAD},
	/* broken off, and by what: that byte stands for itself */
	{IN("\x80"), BAD},
	{IN("\xbf"), BAD},
	{IN("\xc3"), BAD},
	{IN("\xe2\x82"), BAD BAD},
	{IN("\xf0\x9f\x98"), BAD BAD BAD},
	{IN("\xc3\""), BAD "\\\""},
	{IN("\xe2\x82\\"), BAD BAD "\\\\"},
	{IN("\xf0\x9f\x98\n"), BAD BAD BAD "\\u000A"},
	{IN("\xc3\xc3\xa4"), BAD "\xc3\xa4"},
};

static void assert_escaped(add_fn add, const struct escape_row *row)
{
	char *guard = guard_new();
	size_t len = strlen(row->out);
	struct text text = text_in(guard - len, len);

	add(&text, row->in);
	ck_assert_msg(!text.overflow, "%s", row->out);
	assert_text(&text, row->out);
	for (size_t size = 0; size < len; size++) {
		text = text_in(guard - size, size);
		add(&text, row->in);
		ck_assert(text.overflow);
		ck_assert_uint_le(text.len, size);
	}
}

START_TEST(what_a_peer_sent_cannot_change_a_log_line)
{
	assert_escaped(text_add_escaped, &escaped[_i]);
}
END_TEST

START_TEST(what_a_peer_sent_is_no_markup)
{
	assert_escaped(text_add_html, &html[_i]);
}
END_TEST

START_TEST(any_bytes_are_the_inside_of_a_json_string)
{
	assert_escaped(text_add_json, &json[_i]);
}
END_TEST

START_TEST(a_path_is_percent_encoded)
{
	assert_escaped(text_add_uri_path, &uri[_i]);
}
END_TEST

START_TEST(every_byte_is_escaped_to_visible_ascii)
{
	char all[256], buf[4 * sizeof(all)];
	struct text text;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	text = text_in(buf, sizeof(buf));
	text_add_escaped(&text, bytes(all, sizeof(all)));
	ck_assert(!text.overflow);
	for (size_t i = 0; i < text.len; i++)
		ck_assert(buf[i] >= 0x20 && buf[i] < 0x7f);

	text = text_in(buf, sizeof(buf));
	text_add_uri_path(&text, bytes(all, sizeof(all)));
	ck_assert(!text.overflow);
	for (size_t i = 0; i < text.len; i++)
		ck_assert(buf[i] > 0x20 && buf[i] < 0x7f &&
			  !strchr("\"'<>\\^`{|}#?", buf[i]));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *tcase = harness_case(suite, "adding");

	tcase_add_test(tcase, pieces_are_joined_in_order);
	tcase_add_test(tcase, a_padded_number_has_just_its_digits);
	tcase_add_test(tcase, a_new_text_is_empty);
	tcase_add_loop_test(tcase, a_number_is_written_in_decimal, 0,
			    (int)ARRAY_LEN(uints));
	tcase_add_loop_test(tcase, a_number_is_written_in_hexadecimal, 0,
			    (int)ARRAY_LEN(hexes));

	tcase = harness_case(suite, "room");
	tcase_add_test(tcase, a_piece_may_fill_the_room);
	tcase_add_test(tcase, what_does_not_fit_is_left_out_whole);
	tcase_add_test(tcase, after_an_overflow_nothing_is_added);
	tcase_add_test(tcase, no_room_at_all_is_an_overflow);
	tcase_add_test(tcase, formatted_text_never_passes_the_end);

	tcase = harness_case(suite, "escaping");
	tcase_add_loop_test(tcase, what_a_peer_sent_cannot_change_a_log_line, 0,
			    (int)ARRAY_LEN(escaped));
	tcase_add_loop_test(tcase, what_a_peer_sent_is_no_markup, 0,
			    (int)ARRAY_LEN(html));
	tcase_add_loop_test(tcase, any_bytes_are_the_inside_of_a_json_string, 0,
			    (int)ARRAY_LEN(json));
	tcase_add_loop_test(tcase, a_path_is_percent_encoded, 0,
			    (int)ARRAY_LEN(uri));
	tcase_add_test(tcase, every_byte_is_escaped_to_visible_ascii);
	return harness_run_together(suite);
}
