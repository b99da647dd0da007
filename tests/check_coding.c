/* SPDX-License-Identifier: MIT */
/*
 * Proactive negotiation (RFC 9110, 12): which coding of a file Accept-Encoding
 * chooses, and whether Accept would rather have JSON than HTML.
 */
#include "http/coding.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "http_fixture.h"

#define BR	 HTTP_CODING_BR
#define ZSTD	 HTTP_CODING_ZSTD
#define GZIP	 HTTP_CODING_GZIP
#define IDENTITY HTTP_CODING_IDENTITY
#define REFUSED	 HTTP_CODING_REFUSED

/* How a file stands encoded beside itself. */
#define A_BR	  (1U << HTTP_CODING_BR)
#define A_ZSTD	  (1U << HTTP_CODING_ZSTD)
#define A_GZIP	  (1U << HTTP_CODING_GZIP)
#define A_ALL	  (A_BR | A_ZSTD | A_GZIP)

#define AE(value) "Accept-Encoding: " value "\r\n"

static const struct coding_row {
	const char *fields;
	unsigned available;
	enum http_coding chosen;
	const char *why; /* with the section of RFC 9110 */
} codings[] = {
	/* what is accepted at all */
	{"", A_ALL, IDENTITY, "12.5.3: any is fine; none is simplest"},
	{AE(""), A_ALL, IDENTITY, "12.5.3: the peer wants none"},
	{AE(" , "), A_ALL, IDENTITY, "5.6.1.2: an empty list"},
	{AE("gzip"), A_ALL, GZIP, "12.5.3: named"},
	{AE("br"), A_ALL, BR, "12.5.3: named"},
	{AE("zstd"), A_ALL, ZSTD, "RFC 8878: named"},
	{AE("gzip"), 0, IDENTITY, "12.5.3: not to be had"},
	{AE("gzip"), A_BR | A_ZSTD, IDENTITY, "not to be had"},
	{AE("deflate, compress"), A_ALL, IDENTITY, "not to be had"},
	{AE("gzip, deflate, br, zstd"), A_ALL, BR, "a browser's; ours is best"},
	{AE("gzip, deflate, br, zstd"), A_ZSTD | A_GZIP, ZSTD, "the next best"},
	{AE("gzip, deflate, br, zstd"), A_GZIP, GZIP, "the one that is there"},
	{AE("gzip, deflate, br, zstd"), 0, IDENTITY, "none of them"},
	{AE("*"), A_ALL, BR, "12.5.3: any of them"},
	{AE("*"), 0, IDENTITY, "12.5.3: any of them"},

	/* names */
	{AE("GZIP"), A_ALL, GZIP, "8.4.1: case-insensitive"},
	{AE("Br"), A_ALL, BR, "8.4.1: case-insensitive"},
	{AE("x-gzip"), A_ALL, GZIP, "8.4.1.3: the same as gzip"},
	{AE("X-GZip"), A_ALL, GZIP, "8.4.1.3: the same as gzip"},
	{AE("x-gzip;q=0, *"), A_GZIP, IDENTITY, "8.4.1.3: refused as gzip"},
	{AE("gzipx"), A_ALL, IDENTITY, "another name"},
	{AE("gzi"), A_ALL, IDENTITY, "another name"},
	{AE("x-br"), A_ALL, IDENTITY, "another name"},
	{AE("\"gzip\""), A_ALL, IDENTITY, "8.4.1: a token, not a string"},
	{AE("gzip br"), A_ALL, IDENTITY, "no comma, no list"},

	/* weights, 12.4.2 */
	{AE("gzip;q=1.0, br;q=0.5"), A_ALL, GZIP, "the heavier"},
	{AE("gzip;q=0.5, br;q=1.0"), A_ALL, BR, "the heavier"},
	{AE("br;q=0.5, gzip"), A_ALL, GZIP, "12.4.2: 1 when unsaid"},
	{AE("br;q=0.998, gzip;q=0.999"), A_ALL, GZIP, "three digits count"},
	{AE("br;q=0.5, zstd;q=0.5, gzip;q=0.5"), A_ALL, BR, "a tie: ours"},
	{AE("gzip;q=0.5"), A_ALL, GZIP, "12.5.3: identity is not named"},
	{AE("gzip;q=0.001"), A_ALL, GZIP, "12.4.2: the least that is not 0"},
	{AE("gzip;q=0"), A_ALL, IDENTITY, "12.4.2: not acceptable"},
	{AE("gzip;q=0.0"), A_ALL, IDENTITY, "12.4.2: not acceptable"},
	{AE("gzip;q=0.000"), A_ALL, IDENTITY, "12.4.2: not acceptable"},
	{AE("gzip;q=0."), A_ALL, IDENTITY, "12.4.2: 0*3 digits may be none"},
	{AE("gzip;q=1."), A_ALL, GZIP, "12.4.2: 0*3 digits may be none"},
	{AE("gzip;q=1.000"), A_ALL, GZIP, "12.4.2: the most"},
	{AE("gzip;Q=0"), A_ALL, IDENTITY, "12.4.2: q in either case"},
	{AE("gzip ; q=0"), A_ALL, IDENTITY, "12.4.2: OWS at the semicolon"},
	{AE("gzip\t;\tq=0.5 , br;q=0.4"), A_ALL, GZIP, "5.6.3: OWS"},
	{AE("br;q=0, gzip"), A_ALL, GZIP, "one refused, one named"},
	{AE("br;q=0, *"), A_ALL, ZSTD, "12.5.3: any but this"},
	{AE("*;q=0.5, br;q=0.1"), A_ALL, ZSTD, "12.5.3: named beats star"},
	{AE("*;q=0, gzip"), A_ALL, GZIP, "12.5.3: named beats star"},
	{AE("*;q=0.1, gzip;q=0.2"), A_ALL, GZIP, "12.5.3: the heavier"},

	/* identity */
	{AE("identity"), A_ALL, IDENTITY, "12.5.3: named alone"},
	{AE("identity, gzip;q=0.5"), A_ALL, IDENTITY, "the heavier"},
	{AE("identity;q=0.5, gzip;q=0.4"), A_ALL, IDENTITY, "the heavier"},
	{AE("identity;q=0.4, gzip;q=0.5"), A_ALL, GZIP, "the heavier"},
	{AE("identity;q=0.5, gzip;q=0.5"), A_ALL, GZIP, "a tie: the smaller"},
	{AE("identity;q=0.001"), 0, IDENTITY, "acceptable"},
	{AE("identity;q=0"), A_ALL, REFUSED, "12.5.3: nothing else is named"},
	{AE("identity;q=0"), 0, REFUSED, "12.5.3: refused"},
	{AE("identity;q=0, gzip"), A_ALL, GZIP, "12.5.3: but this will do"},
	{AE("identity;q=0, gzip"), 0, REFUSED, "12.5.3: not to be had"},
	{AE("identity;q=0, gzip;q=0.001"), A_GZIP, GZIP, "just acceptable"},
	{AE("*;q=0"), A_ALL, REFUSED, "12.5.3: star means identity, too"},
	{AE("*;q=0"), 0, REFUSED, "12.5.3: star means identity, too"},
	{AE("*;q=0, identity"), A_ALL, IDENTITY, "12.5.3: named beats star"},
	{AE("*;q=0, identity;q=0.001"), 0, IDENTITY, "named beats star"},
	{AE("gzip, *;q=0"), 0, REFUSED, "12.5.3: gzip is not to be had"},
	{AE("gzip;q=0, *;q=0"), A_ALL, REFUSED, "12.5.3: nothing is left"},
	{AE("identity;q=0, *"), A_ALL, BR, "12.5.3: anything but plain"},
	{AE("identity;q=0, *"), 0, REFUSED, "12.5.3: nothing but plain"},

	/* what cannot be read weighs nothing */
	{AE("gzip;q="), A_ALL, IDENTITY, "no number"},
	{AE("gzip;q=2"), A_ALL, IDENTITY, "12.4.2: above 1"},
	{AE("gzip;q=1.001"), A_ALL, IDENTITY, "12.4.2: above 1"},
	{AE("gzip;q=10"), A_ALL, IDENTITY, "12.4.2: above 1"},
	{AE("gzip;q=0.5000"), A_ALL, IDENTITY, "12.4.2: four digits"},
	{AE("gzip;q=00.5"), A_ALL, IDENTITY, "12.4.2: two digits ahead"},
	{AE("gzip;q=.5"), A_ALL, IDENTITY, "12.4.2: no digit ahead"},
	{AE("gzip;q=-1"), A_ALL, IDENTITY, "12.4.2: a sign"},
	{AE("gzip;q=0,5"), A_ALL, IDENTITY, "a comma ends the element"},
	{AE("gzip;q=x"), A_ALL, IDENTITY, "a letter"},
	{AE("gzip;q=0x1"), A_ALL, IDENTITY, "hexadecimal"},
	{AE("gzip;q=0.x"), A_ALL, IDENTITY, "a letter"},
	{AE("gzip;q=1 1"), A_ALL, IDENTITY, "two numbers"},
	{AE("gzip;q=\"1\""), A_ALL, IDENTITY, "12.4.2: no string"},
	/* bytes beside the digits, which would add up to a weight */
	{AE("gzip;q=0.:"), A_ALL, IDENTITY, "the byte behind 9"},
	{AE("gzip;q=1./"), A_ALL, IDENTITY, "the byte before 0"},
	{AE("gzip;q=/.;"), A_ALL, IDENTITY, "no digit ahead"},
	{AE("gzip;q=0.9:"), A_ALL, IDENTITY, "the byte behind 9"},
	{AE("gzip;q=0.99:"), A_ALL, IDENTITY, "the byte behind 9"},
	{AE("gzip;q=1.0/"), A_ALL, IDENTITY, "the byte before 0"},
	{AE("gzip;q=1.00/"), A_ALL, IDENTITY, "the byte before 0"},
	{AE("gzip;q=1.00"), A_ALL, GZIP, "12.4.2: two decimals"},
	{AE("gzip;q=1x0"), A_ALL, IDENTITY, "no point"},
	{AE("gzip;r=0"), A_ALL, GZIP, "another parameter"},
	{AE("gzip;q"), A_ALL, GZIP, "a parameter without a value"},
	{AE("gzip;qs=0"), A_ALL, GZIP, "another parameter"},
	{AE("gzip;1=0"), A_ALL, GZIP, "what is q but for one bit"},
	{AE("identity;q=x"), 0, REFUSED, "weighs nothing, too"},
	{AE("gzip;"), A_ALL, GZIP, "no parameter at all"},
	{AE("gzip;level=9"), A_ALL, GZIP, "another parameter"},
	{AE("gzip;level=9;q=0"), A_ALL, IDENTITY, "another one before q"},
	{AE(";q=1"), A_ALL, IDENTITY, "no name"},
	{AE("gzip;q=1,;,br"), A_BR, BR, "the others are read on"},

	/* several field lines are one list, 5.3 */
	{AE("br") AE("gzip"), A_GZIP, GZIP, "the second line"},
	{AE("br") AE("gzip"), A_ALL, BR, "both"},
	{AE("identity;q=0") AE("*;q=0"), A_ALL, REFUSED, "both"},
	{AE("*;q=0") AE("gzip"), A_ALL, GZIP, "star in another line"},
};

START_TEST(accept_encoding_chooses_this)
{
	const struct coding_row *row = &codings[_i];
	struct asked *asked = http_fixture_ask_with("GET", row->fields);
	enum http_coding got =
		http_coding_choose(&asked->request, row->available);

	ck_assert_msg(got == row->chosen, "%s: %d, not %d: %s", row->fields,
		      (int)got, (int)row->chosen, row->why);
}
END_TEST

/* Whatever is asked: something that is there, and not refused by name. */
START_TEST(only_what_is_there_is_ever_chosen)
{
	for (size_t i = 0; i < ARRAY_LEN(codings); i++) {
		const struct http_request *request =
			&http_fixture_ask_with("GET", codings[i].fields)
				 ->request;

		for (unsigned available = 0; available <= A_ALL; available++) {
			enum http_coding got =
				http_coding_choose(request, available);

			ck_assert_msg(got == IDENTITY || got == REFUSED ||
					      available >> got & 1,
				      "%s: %d of %u", codings[i].fields,
				      (int)got, available);
		}
	}
}
END_TEST

/* --- names --- */

static const struct name_row {
	enum http_coding coding;
	const char *name;
	const char *suffix;
	const char *why;
} names[] = {
	{HTTP_CODING_BR, "br", ".br", "RFC 7932"},
	{HTTP_CODING_ZSTD, "zstd", ".zst", "RFC 8878"},
	{HTTP_CODING_GZIP, "gzip", ".gz", "RFC 9110, 8.4.1.3: not x-gzip"},
	{HTTP_CODING_IDENTITY, "identity", "", "the file itself"},
};

START_TEST(a_coding_has_a_name_and_a_suffix)
{
	const struct name_row *row = &names[_i];

	ck_assert_msg(!strcmp(http_coding_name(row->coding), row->name), "%s",
		      row->why);
	ck_assert_msg(!strcmp(http_coding_suffix(row->coding), row->suffix),
		      "%s", row->why);
}
END_TEST

/* --- JSON or HTML --- */

#define A(value) "Accept: " value "\r\n"
#define HTML	 false
#define JSON	 true

static const struct accept_row {
	const char *fields;
	bool json;
	const char *why; /* with the section of RFC 9110 */
} accepts[] = {
	{"", HTML, "12.5.1: anything"},
	{A(""), HTML, "nothing: people read HTML"},
	{A("application/json"), JSON, "12.5.1: named"},
	{A("APPLICATION/JSON"), JSON, "8.3.1: case-insensitive"},
	{A("text/html"), HTML, "12.5.1: named"},
	{A("*/*"), HTML, "curl's: a tie"},
	{A("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
	 HTML, "a browser's"},
	{A("application/json, text/html"), HTML, "a tie"},
	{A("text/html, application/json"), HTML, "a tie"},
	{A("application/json, */*"), HTML, "a tie: star is of weight 1"},
	{A("application/json, */*;q=0.9"), JSON, "the heavier"},
	{A("application/json, text/plain, */*"), HTML, "a tie"},
	{A("application/json;q=0.9, text/html;q=0.8"), JSON, "the heavier"},
	{A("application/json;q=0.8, text/html;q=0.9"), HTML, "the heavier"},
	{A("application/json;q=0.001"), JSON, "12.4.2: the least"},
	{A("application/json;q=0"), HTML, "12.4.2: refused"},
	{A("application/json;q=0, text/html;q=0"), HTML, "neither"},
	{A("application/json;q=x"), HTML, "a weight that cannot be read"},
	{A("application/*"), JSON, "12.5.1: a range of types"},
	{A("application/*;q=0.5, text/*;q=0.4"), JSON, "ranges of types"},
	{A("text/*"), HTML, "a range of types"},
	{A("*/*;q=0.1, application/*"), JSON, "12.5.1: the more specific wins"},
	{A("application/*;q=0.1, application/json, text/html;q=0.5"), JSON,
	 "12.5.1: the more specific wins"},
	{A("application/json;q=0.1, application/*, text/html;q=0.5"), HTML,
	 "12.5.1: the more specific wins, though it weighs less"},
	{A("text/html;q=0, */*"), JSON, "12.5.1: anything but HTML"},
	{A("text/*;q=0, */*"), JSON, "12.5.1: anything but text"},
	{A("application/json") A("text/html;q=0.5"), JSON, "5.3: two lines"},
	{A("application/json;q=0.5") A("text/html"), HTML, "5.3: two lines"},
	{A("application/json; charset=utf-8; q=0.9"), JSON, "a parameter"},
	{A("image/png"), HTML, "neither is wanted"},
	{A("application/jsonp"), HTML, "another type"},
	{A("application/ld+json"), HTML, "another type"},
	{A("json"), HTML, "no type"},
	{A("application"), HTML, "no type"},
	{A("*"), HTML, "no media range"},
};

START_TEST(accept_prefers_this)
{
	const struct accept_row *row = &accepts[_i];
	struct asked *asked = http_fixture_ask_with("GET", row->fields);

	ck_assert_msg(http_accept_prefers_json(&asked->request) == row->json,
		      "%s: %s", row->fields, row->why);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("coding");
	TCase *tcase = harness_case(suite, "codings");

	tcase_add_loop_test(tcase, accept_encoding_chooses_this, 0,
			    (int)ARRAY_LEN(codings));
	tcase_add_test(tcase, only_what_is_there_is_ever_chosen);
	tcase_add_loop_test(tcase, a_coding_has_a_name_and_a_suffix, 0,
			    (int)ARRAY_LEN(names));

	tcase = harness_case(suite, "types");
	tcase_add_loop_test(tcase, accept_prefers_this, 0,
			    (int)ARRAY_LEN(accepts));
	return harness_run_together(suite);
}
